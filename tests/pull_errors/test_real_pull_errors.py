"""Debian's containerd pulls from the simulated registry: its true error texts, understood."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from azext_acrpulldiag.pull_errors import classify
from azext_acrpulldiag.pull_errors.parse import Stage
from tests.azure.containerd import Containerd, UnavailableError, events
from tests.azure.nodes import Nodes, running
from tests.azure.server import Server
from tests.azure.state import Cloud
from tests.azure.tiny_image import push
from tests.record_pull_errors import OLDEST_KUBELET, event_of, recorded, settled
from tests.scenarios.pulls import ADMIN, BLOB_HOST, HOST, IMAGE, PULLS, Expected, tidy


@pytest.fixture(scope="session")
def nodes(simulated_azure: Server) -> Iterator[Nodes]:
    """Containerds by their way to the network, each started when first asked for."""
    with running(simulated_azure) as nodes:
        try:
            nodes["proxied"].version()
        except UnavailableError as why:
            pytest.skip(str(why))
        yield nodes


def understood(text: str) -> Expected:
    error = classify(text)
    return Expected(error.symptom_class, error.stage, error.host, error.status, error.credential, error.mechanism)


@pytest.mark.parametrize("name", PULLS)
def test_a_failed_pull_is_understood(name: str, nodes: Nodes, cloud: Cloud) -> None:
    said = event_of(PULLS[name], cloud, nodes)
    for since, text in said.items():
        assert understood(text) == PULLS[name].expected, f"as kubelet says it since {since}: {text}"
    of_this_version = recorded().get(nodes["proxied"].version(), {})
    if of_this_version:
        assert settled(said[OLDEST_KUBELET]) == of_this_version[name]


@pytest.mark.parametrize(("version", "name"), [(version, name) for version, of in recorded().items() for name in of])
def test_a_recorded_error_is_understood(version: str, name: str) -> None:
    assert understood(recorded()[version][name]) == PULLS[name].expected


@pytest.mark.parametrize(
    ("silent", "expected"),
    [
        (f"HEAD {HOST}/", Expected("timeout-network")),
        ("/oauth2/token", Expected("timeout-network", Stage.TOKEN, credential="credentialed")),
        (BLOB_HOST, Expected("blob-download", Stage.LAYER, mechanism="storage-unreachable")),
    ],
)
def test_what_containerd_logs_when_kubelet_gave_up_waiting(
    silent: str, expected: Expected, nodes: Nodes, cloud: Cloud
) -> None:
    tidy(cloud)
    cloud.fault(silent, "timeout")
    node, image = nodes["proxied"], f"{HOST}/team/web:v1"
    seen = len(node.log())
    error = node.error(image, *ADMIN, seconds=5)
    assert error.code == "DeadlineExceeded"
    assert understood(events(image, error)["1.6"]).symptom_class == "timeout-network"
    logged = next(line for line in _lines(node, seen) if "level=error" in line)
    assert understood(logged) == expected, logged


def _lines(node: Containerd, seen: int, seconds: float = 60.0) -> Iterator[str]:
    """Complete lines of the log behind ``seen``, waiting for more."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        complete, newline, _ = node.log()[seen:].rpartition("\n")
        yield from complete.splitlines()
        seen += len(complete + newline)
        time.sleep(0.05)


def test_the_simulation_is_a_registry_to_containerd(nodes: Nodes, cloud: Cloud) -> None:
    tidy(cloud)
    assert nodes["proxied"].pull(IMAGE, *ADMIN).startswith("sha256:")
    asked = [(entry.method, entry.status) for entry in cloud.log.to(HOST) if "/blobs/" in entry.path]
    assert asked == [("GET", 307), ("GET", 307)], "config and layer"
    assert [entry.status for entry in cloud.log if entry.host.endswith(".blob.core.windows.net")] == [200, 200]


def test_a_single_manifest_is_pulled_whatever_its_platform(nodes: Nodes, cloud: Cloud) -> None:
    """Only an index is searched for the node's platform; what a lone manifest holds shows when it starts."""
    tidy(cloud)
    push(cloud.data_plane(HOST), "team/web", "v1", "linux/s390x")
    assert nodes["proxied"].pull(IMAGE, *ADMIN).startswith("sha256:")
