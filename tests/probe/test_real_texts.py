"""What real containerds say of a pull that fails, told by a probe: classified as ever, and masked."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from azext_acrpulldiag.facts.probe import ProbeSubject
from azext_acrpulldiag.pull_errors import classify
from tests.azure.containerd import INSTALLED, UnavailableError
from tests.azure.kubernetes import Pulling
from tests.azure.nodes import Nodes, running
from tests.azure.registry import SIGNATURE
from tests.azure.server import Server
from tests.azure.state import Cloud
from tests.probe.nodes import node
from tests.probe.probing import a_cloud, probe
from tests.record_pull_errors import event_of, recorded
from tests.scenarios.pulls import PULLS

NEWEST = max(recorded(), key=lambda version: tuple(map(int, version.split("."))))
PULLED_HERE = ("no_credential", "credential_refused")


@pytest.fixture(scope="module")
def nodes(simulated_azure: Server) -> Iterator[Nodes]:
    """The installed containerd."""
    with running(simulated_azure, INSTALLED) as found:
        try:
            found["proxied"].version()
        except UnavailableError as why:
            pytest.skip(str(why))
        yield found


def told_by_a_probe(text: str, image: str) -> str:
    """The message of a pool whose runtime says so."""
    cluster = a_cloud(node("a-1", "a"))
    message = text.removeprefix(f'Failed to pull image "{image}": ')
    cluster.api.pulling["a"] = Pulling(message=message)
    report = probe(cluster, subject=ProbeSubject(image, "web", "default"))
    (only,) = report.pools
    assert only.result == "failed"
    return str(only.message)


@pytest.mark.parametrize("name", recorded()[NEWEST])
def test_a_recorded_text_is_understood(name: str) -> None:
    text = recorded()[NEWEST][name]
    message = told_by_a_probe(text, PULLS[name].image)
    assert classify(message).symptom_class == PULLS[name].expected_of(text).symptom_class
    assert SIGNATURE not in message


@pytest.mark.parametrize("name", PULLED_HERE)
def test_a_real_pull_is_understood(name: str, nodes: Nodes, cloud: Cloud) -> None:
    text = list(event_of(PULLS[name], cloud, nodes).values())[-1]
    message = told_by_a_probe(text, PULLS[name].image)
    assert classify(message).symptom_class == PULLS[name].expected_of(text).symptom_class
