"""Debian's containerds pull from the simulated registry: their true error texts, understood."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from azext_acrpulldiag.pull_errors import classify
from azext_acrpulldiag.pull_errors.parse import Stage
from tests.azure.containerd import RUNTIMES, Containerd, UnavailableError, events
from tests.azure.nodes import Nodes, running
from tests.azure.registry import SIGNATURE
from tests.azure.server import Server
from tests.azure.state import Cloud
from tests.azure.tiny_image import push
from tests.pull_errors.runtimes import RealPull, last_recorded, noted, table
from tests.pull_errors.told import told
from tests.record_pull_errors import OLDEST_KUBELET, event_of, recorded, settled
from tests.scenarios.pulls import ADMIN, BLOB_HOST, HOST, IMAGE, PULLS, Expected, tidy


@pytest.fixture(scope="session", params=RUNTIMES)
def runtime(request: pytest.FixtureRequest) -> str:
    """The installed containerd, and those of other suites."""
    return str(request.param)


@pytest.fixture(scope="session")
def nodes(simulated_azure: Server, runtime: str) -> Iterator[Nodes]:
    """Containerds by their way to the network, each started when first asked for."""
    with running(simulated_azure, runtime) as nodes:
        try:
            nodes["proxied"].version()
        except UnavailableError as why:
            pytest.skip(str(why))
        yield nodes


def understood(text: str) -> Expected:
    error = classify(text)
    return Expected(error.symptom_class, error.stage, error.host, error.status, error.credential, error.mechanism)


@pytest.mark.parametrize("name", PULLS)
def test_a_failed_pull_is_understood(
    name: str, runtime: str, nodes: Nodes, cloud: Cloud, record_property: Callable[[str, object], None]
) -> None:
    said = event_of(PULLS[name], cloud, nodes)
    version = nodes["proxied"].version()
    last = recorded().get(last_recorded(version, recorded()) or "", {})
    is_new = settled(said[OLDEST_KUBELET]) != last.get(name)
    noted(record_property, RealPull(runtime, version, name, is_new))
    for since, text in said.items():
        assert understood(text) == PULLS[name].expected_of(text), f"as kubelet says it since {since}: {text}"
        assert SIGNATURE not in told(text)


@pytest.mark.parametrize(("version", "name"), [(version, name) for version, of in recorded().items() for name in of])
def test_a_recorded_error_is_understood(version: str, name: str) -> None:
    text = recorded()[version][name]
    assert understood(text) == PULLS[name].expected_of(text)
    assert SIGNATURE not in told(text)


def test_some_containerds_write_the_signature_of_a_storage_address_into_their_error() -> None:
    """Else the assertions above would prove nothing."""
    for of_version in recorded().values():
        assert any(SIGNATURE in text for text in of_version.values())


@pytest.mark.parametrize(
    ("version", "held_against"), [("1.6.20", "1.6.20"), ("1.6.33", "1.6.20"), ("2.10.0", "2.1.9"), ("1.5.1", None)]
)
def test_a_version_is_held_against_the_last_recording(version: str, held_against: str | None) -> None:
    assert last_recorded(version, ["1.6.20", "2.1.9", "1.7.24"]) == held_against


def test_the_summary_names_containerds_and_what_they_say_otherwise() -> None:
    rows = [RealPull("sid", "2.1.9", "down", True), RealPull("sid", "2.1.9", "reset", False)]
    rows += [RealPull("installed", "1.6.20", "down", False)]
    assert table(rows) == [
        "containerd 1.6.20 (installed): 1 pulls",
        "containerd 2.1.9 (sid): 2 pulls",
        "  other texts than recorded, see tests.record_pull_errors: down",
    ]


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
    error = node.error(image, *ADMIN, seconds=2)
    assert error.code == "DeadlineExceeded"
    assert understood(events(image, error)["1.6"]).symptom_class == "timeout-network"
    logged = next(line for line in _lines(node, seen) if 'level=error msg="PullImage' in line)
    if BLOB_HOST in logged:
        expected = replace(expected, host=BLOB_HOST)  # since 1.7
    assert understood(logged) == expected, logged
    assert SIGNATURE not in told(logged)


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
