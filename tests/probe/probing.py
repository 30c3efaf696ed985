"""Probes of a simulated cluster through the real transport."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from azext_acrpulldiag.collect.kubernetes.login import api_server_from
from azext_acrpulldiag.facts import Unreadable
from azext_acrpulldiag.facts.probe import ProbeReport, ProbeSubject
from azext_acrpulldiag.probe.api import ProbeApi
from azext_acrpulldiag.probe.pod import MANAGED_BY
from azext_acrpulldiag.probe.run import Wanted, probed
from tests.azure.state import Cloud
from tests.collect.kube_here import KubeSession, kube_here, kubeconfig
from tests.probe.nodes import IMAGE

SUBJECT = ProbeSubject(IMAGE, "web", "default")


def a_cloud(*nodes: dict[str, Any]) -> Cloud:
    """A cluster with these nodes and the namespace ``web``."""
    cloud = Cloud()
    for item in nodes:
        cloud.api.add("nodes", item)
    cloud.api.add("namespaces", {"metadata": {"name": "web"}})
    return cloud


def probe(cloud: Cloud, seconds: float = 60.0, subject: ProbeSubject = SUBJECT, **more: Any) -> Any:
    """What a probe of ``cloud`` tells."""
    with connecting(cloud) as connect:
        return probed(connect, Wanted(subject, seconds=seconds, **more))


@contextmanager
def connecting(cloud: Cloud) -> Iterator[Any]:
    """Give the way to the API server that a probe takes."""
    with kube_here(cloud):
        config = kubeconfig(cloud.cluster["properties"]["fqdn"])
        server = api_server_from(config, lambda: "entra-token")

        @contextmanager
        def connect(seconds: float) -> Iterator[ProbeApi]:
            yield ProbeApi(KubeSession(seconds), server)  # type: ignore[arg-type]

        yield connect


def results(report: ProbeReport | Unreadable) -> dict[str | None, str]:
    """The result of each pool."""
    assert isinstance(report, ProbeReport), report
    return {each.pool: each.result for each in report.pools}


def pods(cloud: Cloud) -> list[str]:
    """The pods of probes that are there."""
    label = ("app.kubernetes.io/managed-by", MANAGED_BY)
    return [
        each["metadata"]["name"]
        for each in cloud.api.select("pods", "")
        if label in (each["metadata"].get("labels") or {}).items()
    ]
