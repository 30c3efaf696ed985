"""The proxy: nothing gets past it, faults look as they do on a real wire, and it costs little."""

from __future__ import annotations

import http.client
import json
import pickle
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests import build
from tests.azure.client import Client
from tests.azure.faults import KINDS, exactly
from tests.azure.log import Entry, longest_chain
from tests.azure.messages import Request
from tests.azure.process import in_own_process
from tests.azure.server import Server
from tests.azure.state import Cloud

TARGET = f"{build.CLUSTER_ID}?api-version=2026-06-01"


@pytest.fixture
def client(simulated_azure: Server, cloud: Cloud) -> Iterator[Client]:
    client = Client(simulated_azure)
    yield client
    client.close()


@pytest.mark.parametrize("host", ["example.com", "otherreg.azurecr.io", "management.azure.us"])
def test_other_hosts_are_refused_and_noted(client: Client, cloud: Cloud, host: str) -> None:
    with pytest.raises(OSError, match="403"):
        client.send("GET", host, "/")
    assert cloud.log.refused == [f"{host}:443"]


def test_a_plain_http_request_is_refused(simulated_azure: Server, cloud: Cloud) -> None:
    with socket.create_connection(("127.0.0.1", simulated_azure.port)) as plain:
        plain.sendall(b"GET http://169.254.169.254/metadata HTTP/1.1\r\nhost: 169.254.169.254\r\n\r\n")
        assert plain.recv(100).startswith(b"HTTP/1.1 403")
    assert cloud.log.refused == ["http://169.254.169.254/metadata"]


def test_a_connection_serves_many_requests(client: Client, cloud: Cloud) -> None:
    for _ in range(3):
        assert client.arm_target(TARGET).status == 200
    assert {entry.connection for entry in cloud.log} == {cloud.log.entries[0].connection}


def test_the_log_tells_what_was_asked(client: Client, cloud: Cloud) -> None:
    client.arm("/providers/Microsoft.ResourceGraph/resources", "2022-10-01", "POST", {"query": "resources"})
    (entry,) = cloud.log
    assert (entry.method, entry.host, entry.status) == ("POST", "management.azure.com", 200)
    assert json.loads(entry.body) == {"query": "resources"}
    assert entry.query == {"api-version": "2022-10-01"}


def test_latency_is_paid_by_each_request_and_shows_in_the_chain(client: Client, cloud: Cloud) -> None:
    cloud.latency = 0.2
    start = time.monotonic()
    for _ in range(3):
        client.arm_target(TARGET)
    assert time.monotonic() - start >= 0.6
    assert (len(cloud.log), longest_chain(cloud.log)) == (3, 3)


def test_latency_is_paid_at_once_by_requests_of_many_connections(simulated_azure: Server, cloud: Cloud) -> None:
    cloud.latency, clients = 0.5, 40

    def ask(_: int) -> None:
        client = Client(simulated_azure)
        client.arm_target(TARGET)
        client.close()

    start = time.monotonic()
    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(ask, range(clients)))
    assert 0.5 <= time.monotonic() - start < clients * 0.5


def test_the_longest_chain_is_of_requests_that_do_not_overlap() -> None:
    def entry(started: float, ended: float) -> Entry:
        return Entry(Request("GET", "host", "/"), 1, started, ended)

    assert longest_chain([]) == 0
    assert longest_chain([entry(1, 9), entry(1, 2), entry(2, 3), entry(2.5, 4), entry(4, 5)]) == 3


@pytest.mark.parametrize(
    ("kind", "status"), [("401", 401), ("403", 403), ("404", 404), ("429", 429), ("500", 500), ("503", 503)]
)
@pytest.mark.parametrize("host", ["management.azure.com", "graph.microsoft.com", "contosoreg.azurecr.io"])
def test_a_status_can_be_asked_for(client: Client, cloud: Cloud, kind: str, status: int, host: str) -> None:
    cloud.fault(host, kind)
    answer = client.send("GET", host, "/v2/")
    assert answer.status == status
    assert "retry-after" not in answer.headers


def test_a_503_of_resource_manager_is_html(client: Client, cloud: Cloud) -> None:
    cloud.fault("managedClusters", "503")
    assert client.arm_target(TARGET).headers["content-type"] == "text/html"


def test_retry_after_is_sent_when_asked_for(client: Client, cloud: Cloud) -> None:
    cloud.fault("managedClusters", "429-retry-after", retry_after=7)
    assert client.arm_target(TARGET).headers["retry-after"] == "7"


def test_a_fault_ends_after_its_times(client: Client, cloud: Cloud) -> None:
    cloud.fault("managedClusters", "500", times=2)
    assert [client.arm_target(TARGET).status for _ in range(3)] == [500, 500, 200]


def test_a_fault_strikes_only_what_it_matches(client: Client, cloud: Cloud) -> None:
    client.arm_target(TARGET)
    cloud.fault(exactly(cloud.log.entries[0].request.line), "500")
    assert client.arm_target(TARGET).status == 500
    assert client.arm(f"{build.CLUSTER_ID}/agentPools", "2026-06-01").status == 200


def test_a_reset_is_a_reset(client: Client, cloud: Cloud) -> None:
    cloud.fault("managedClusters", "reset")
    with pytest.raises((ConnectionResetError, http.client.RemoteDisconnected)):
        client.arm_target(TARGET)


@pytest.mark.parametrize("kind", ["timeout", "drip"])
def test_silence_and_drips_outlast_the_client(simulated_azure: Server, cloud: Cloud, kind: str) -> None:
    cloud.fault("managedClusters", kind)
    client = Client(simulated_azure, timeout=0.2)
    with pytest.raises(TimeoutError):
        client.arm_target(TARGET)


def test_a_cut_answer_is_incomplete(client: Client, cloud: Cloud) -> None:
    cloud.fault("managedClusters", "cut")
    with pytest.raises((http.client.IncompleteRead, ConnectionError, OSError)):
        client.arm_target(TARGET)


def test_truncated_json_is_a_whole_http_message(client: Client, cloud: Cloud) -> None:
    cloud.fault("managedClusters", "truncated")
    answer = client.arm_target(TARGET)
    assert answer.status == 200
    with pytest.raises(ValueError, match=r"."):
        answer.json  # noqa: B018


def test_a_proxy_page_is_html_with_status_200(client: Client, cloud: Cloud) -> None:
    cloud.fault("managedClusters", "html")
    answer = client.arm_target(TARGET)
    assert (answer.status, answer.headers["content-type"]) == (200, "text/html")


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("mistyped", lambda body: body["properties"]["identityProfile"] == "text"),
        ("list", lambda body: isinstance(body, list)),
        ("text", lambda body: body == "text"),
        ("no-properties", lambda body: "properties" not in body and body["name"] == "prod"),
        ("nulls", lambda body: body["properties"]["identityProfile"] is None),
    ],
)
def test_json_of_the_wrong_shape(client: Client, cloud: Cloud, kind: str, expected: object) -> None:
    cloud.fault("managedClusters", kind)
    assert callable(expected)
    assert expected(client.arm_target(TARGET).json)


def test_a_list_of_the_wrong_shape(client: Client, cloud: Cloud) -> None:
    cloud.fault("agentPools", "mistyped")
    assert client.arm(f"{build.CLUSTER_ID}/agentPools").json == {"value": "text"}


def test_a_failure_of_the_simulation_itself_is_kept(client: Client, cloud: Cloud) -> None:
    del cloud.resources[build.CLUSTER_ID]["properties"]["agentPoolProfiles"]
    cloud.resources[build.CLUSTER_ID]["properties"] = None  # type: ignore[assignment]
    assert client.arm(f"{build.CLUSTER_ID}/agentPools").status == 500
    assert "TypeError" in cloud.log.errors[0] or "AttributeError" in cloud.log.errors[0]
    cloud.log.clear()


def test_a_big_cloud_answers_for_one_principal(client: Client, cloud: Cloud) -> None:
    for number in range(4000):
        cloud.grant(f"{number:08d}-0000-4000-8000-000000000000", scope=f"/subscriptions/{build.SUBSCRIPTION}")
    path = f"{build.REGISTRY_ID}/providers/Microsoft.Authorization/roleAssignments"
    mine = f"assignedTo('{build.KUBELET_OBJECT_ID}')"
    assert client.arm(path, "2022-04-01", filter=mine).json == {"value": []}


def test_an_unknown_kind_of_fault_is_an_error(cloud: Cloud) -> None:
    with pytest.raises(ValueError, match="no-such-kind"):
        cloud.fault("x", "no-such-kind")
    assert len(KINDS) > 10


def test_a_cloud_survives_pickling(cloud: Cloud) -> None:
    cloud.grant()
    cloud.fault("x", "500", times=1)
    copy = pickle.loads(pickle.dumps(cloud))
    assert copy == cloud
    assert copy.resources[build.CLUSTER_ID.upper()]["name"] == "prod"


def test_a_cloud_is_served_by_a_process_of_its_own(cloud: Cloud) -> None:
    cloud.grant()
    with in_own_process(cloud) as server:
        client = Client(server)
        listed = client.arm(f"{build.REGISTRY_ID}/providers/Microsoft.Authorization/roleAssignments", "2022-04-01")
        client.close()
        assert [each["properties"]["principalId"] for each in listed.json["value"]][1:] == [build.KUBELET_OBJECT_ID]
        assert [entry.status for entry in server.log()] == [200]
        server.clear()
        assert server.log() == []
    assert len(cloud.log) == 0
