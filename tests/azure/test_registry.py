"""The simulated login server answers challenges, tokens and content as recorded."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import pytest

from tests.azure import entra
from tests.azure.client import Client
from tests.azure.images import digest_of, encoded
from tests.azure.registry import THIS_MACHINE
from tests.azure.server import Server
from tests.azure.state import Cloud, Repository

HOST = "contosoreg.azurecr.io"
ARM = "https://management.azure.com"
ACR = "https://containerregistry.azure.net"
MANIFEST = {
    "schemaVersion": 2,
    "mediaType": "application/vnd.oci.image.manifest.v1+json",
    "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "size": 2, "digest": digest_of(b"{}")},
    "layers": [],
}
DIGEST = digest_of(encoded(MANIFEST))


@pytest.fixture
def client(simulated_azure: Server, cloud: Cloud) -> Iterator[Client]:
    plane = cloud.data_plane(HOST)
    plane.repositories.clear()
    plane.repositories["web"] = Repository({DIGEST: MANIFEST}, {"v1": DIGEST, "v2": DIGEST}, {digest_of(b"{}"): b"{}"})
    plane.repositories["team/api"] = Repository()
    client = Client(simulated_azure)
    yield client
    client.close()


def exchange(client: Client, audience: str = ACR) -> object:
    token = entra.token(client.cloud, audience)
    return client.form(HOST, "/oauth2/exchange", grant_type="access_token", service=HOST, access_token=token)


def bearer(client: Client, scope: str) -> dict[str, str]:
    refresh = exchange(client).json["refresh_token"]
    answer = client.form(
        HOST, "/oauth2/token", grant_type="refresh_token", service=HOST, scope=scope, refresh_token=refresh
    )
    return {"Authorization": f"Bearer {answer.json['access_token']}"}


def test_the_root_challenges_without_detail(client: Client) -> None:
    answer = client.send("GET", HOST, "/v2/")
    assert answer.status == 401
    assert answer.headers["www-authenticate"] == f'Bearer realm="https://{HOST}/oauth2/token",service="{HOST}"'
    assert answer.json["errors"][0]["detail"] is None


def test_a_manifest_is_had_with_a_token_of_its_scope(client: Client) -> None:
    target = "/v2/web/manifests/v1"
    challenged = client.send("GET", HOST, target)
    assert 'scope="repository:web:pull"' in challenged.headers["www-authenticate"]
    assert challenged.json["errors"][0]["detail"] == [{"Type": "repository", "Name": "web", "Action": "pull"}]
    headers = bearer(client, "repository:web:pull")
    got = client.send("GET", HOST, target, headers=headers)
    assert got.headers["docker-content-digest"] == DIGEST == digest_of(got.content)
    head = client.send("HEAD", HOST, f"/v2/web/manifests/{DIGEST}", headers=headers)
    assert (head.status, head.content, int(head.headers["content-length"])) == (200, b"", len(got.content))


def test_a_token_is_given_for_any_scope_and_refused_where_it_does_not_cover(client: Client) -> None:
    headers = bearer(client, "repository:web:pull")
    answer = client.send("GET", HOST, "/v2/team/api/manifests/v1", headers=headers)
    assert answer.status == 401
    assert 'error="insufficient_scope"' in answer.headers["www-authenticate"]
    metadata = client.send("GET", HOST, "/acr/v1/web/_tags", headers=headers)
    assert 'scope="repository:web:metadata_read"' in metadata.headers["www-authenticate"]


@pytest.mark.parametrize(
    ("target", "code"),
    [("/v2/web/manifests/v9", "MANIFEST_UNKNOWN"), ("/v2/nothere/manifests/v1", "NAME_UNKNOWN")],
)
def test_absent_images(client: Client, target: str, code: str) -> None:
    headers = bearer(client, f"repository:{target.split('/')[2]}:pull")
    answer = client.send("GET", HOST, target, headers=headers)
    assert (answer.status, answer.json["errors"][0]["code"]) == (404, code)


def test_tags_and_catalog_are_paged_with_relative_links(client: Client) -> None:
    headers = bearer(client, "repository:web:pull")
    first = client.send("GET", HOST, "/v2/web/tags/list?n=1", headers=headers)
    assert first.json == {"name": "web", "tags": ["v1"]}
    assert first.headers["link"] == '</v2/web/tags/list?last=v1&n=1&orderby=>; rel="next"'
    last = client.send("GET", HOST, "/v2/web/tags/list?last=v1&n=1&orderby=", headers=headers)
    assert (last.json["tags"], "link" in last.headers) == (["v2"], False)
    catalog = client.send("GET", HOST, "/v2/_catalog", headers=bearer(client, "registry:catalog:*"))
    assert catalog.json == {"repositories": ["team/api", "web"]}


def test_attributes_tell_of_locks(client: Client, cloud: Cloud) -> None:
    cloud.data_plane(HOST).repositories["web"].locked |= {"v2", DIGEST}
    headers = bearer(client, "repository:web:metadata_read")
    readable = {
        row["name"]: row["changeableAttributes"]["readEnabled"]
        for row in client.send("GET", HOST, "/acr/v1/web/_tags", headers=headers).json["tags"]
    }
    assert readable == {"v1": True, "v2": False}
    manifest = client.send("GET", HOST, f"/acr/v1/web/_manifests/{DIGEST}", headers=headers).json["manifest"]
    assert (manifest["tags"], manifest["changeableAttributes"]["readEnabled"]) == (["v1", "v2"], False)
    assert client.send("GET", HOST, "/acr/v1/web", headers=headers).json["tagCount"] == 2


def test_layers_are_redirected_to_storage(client: Client) -> None:
    headers = bearer(client, "repository:web:pull")
    answer = client.send("GET", HOST, f"/v2/web/blobs/{digest_of(b'{}')}", headers=headers)
    assert answer.status == 307
    host, _, path = answer.headers["location"].removeprefix("https://").partition("/")
    assert host.endswith(".blob.core.windows.net")
    assert client.send("GET", host, f"/{path}").content == b"{}"


def test_a_registry_that_refuses_this_machine_names_its_address(client: Client, cloud: Cloud) -> None:
    cloud.refuse_this_machine()
    answer = client.send("GET", HOST, "/v2/")
    assert (answer.status, answer.json["errors"][0]["code"]) == (403, "DENIED")
    assert f"client with IP '{THIS_MACHINE}'" in answer.json["errors"][0]["message"]


def test_the_exchange_refuses_a_caller_without_a_role(client: Client, cloud: Cloud) -> None:
    assert exchange(client).status == 200
    cloud.refuse_exchange()
    refused = exchange(client)
    assert (refused.status, refused.json["errors"][0]["code"]) == (401, "UNAUTHORIZED")


def test_tokens_for_resource_manager_are_refused_where_that_is_switched_off(client: Client, cloud: Cloud) -> None:
    assert exchange(client, ARM).status == 200
    cloud.arm_audience_tokens(False)
    assert exchange(client, ARM).status == 401
    assert exchange(client, ACR).status == 200


def test_anonymous_tokens_pull_only_and_only_when_allowed(client: Client, cloud: Cloud) -> None:
    target = f"/oauth2/token?service={HOST}&scope=repository:web:pull,push"
    assert client.send("GET", HOST, target).status == 401
    cloud.anonymous_pull()
    claims = entra.claims(client.send("GET", HOST, target).json["access_token"])
    assert claims is not None
    assert claims["access"] == [{"Type": "repository", "Name": "web", "Actions": ["pull"]}]


@pytest.mark.parametrize(
    ("user", "password", "admin_on", "status"),
    [
        ("contosoreg", "sim-admin-two+ACRx2", True, 200),
        ("contosoreg", "sim-admin-two+ACRx2", False, 401),
        ("contosoreg", "wrong", True, 401),
        ("puller", "sim-token", False, 200),
        ("puller", "", False, 401),
        ("nobody", "x", True, 401),
    ],
)
def test_users_with_passwords(
    client: Client, cloud: Cloud, user: str, password: str, admin_on: bool, status: int
) -> None:
    cloud.registry["properties"]["adminUserEnabled"] = admin_on
    cloud.data_plane(HOST).tokens["puller"] = "sim-token"
    basic = base64.b64encode(f"{user}:{password}".encode()).decode()
    target = f"/oauth2/token?service={HOST}&scope=repository:web:pull"
    assert client.send("GET", HOST, target, headers={"Authorization": f"Basic {basic}"}).status == status
