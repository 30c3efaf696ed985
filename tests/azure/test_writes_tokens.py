"""New passwords are shown once, and the login server takes them from then on; principals and images are changed."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests import build
from tests.azure import entra
from tests.azure import secrets as make
from tests.azure.changes_access import ago, iso
from tests.azure.client import Answer, Client
from tests.azure.server import Server
from tests.azure.state import Cloud
from tests.recordings import body

HOST = "contosoreg.azurecr.io"
OLD = "sim-token-password+ACRt1"


@pytest.fixture
def client(simulated_azure: Server, cloud: Cloud) -> Iterator[Client]:
    client = Client(simulated_azure)
    yield client
    client.close()


def signs_in(client: Client, user: str, password: str) -> bool:
    both = base64.b64encode(f"{user}:{password}".encode()).decode()
    target = f"/oauth2/token?service={HOST}&scope=repository:team/app:pull"
    return client.send("GET", HOST, target, headers={"Authorization": f"Basic {both}"}).status == 200


def generate(client: Client, name: str = "pull-app", **changes: Any) -> Answer:
    registry = client.cloud.registry["id"]
    return client.arm(
        f"{registry}/generateCredentials", method="POST", body={"tokenId": f"{registry}/tokens/{name}", **changes}
    )


def test_a_token_has_no_password_until_some_are_generated(client: Client, cloud: Cloud) -> None:
    registry = cloud.registry["id"]
    actions = {"actions": ["repositories/team/app/content/read"]}
    client.arm(f"{registry}/scopeMaps/new-scope-map", method="PUT", body={"properties": actions})
    scope_map = {"scopeMapId": f"{registry}/scopeMaps/new-scope-map"}
    made = client.arm(f"{registry}/tokens/new-token", method="PUT", body={"properties": scope_map})
    assert made.status == 201
    assert made.json["properties"].keys() == body("acr/token_get_new_no_password")["properties"].keys()
    assert (made.json["properties"]["status"], made.json["properties"]["credentials"]) == ("enabled", {"passwords": []})
    answer = generate(client, "new-token").json
    recorded = body("acr/token_generate_credentials_two_passwords")
    assert answer.keys() == recorded.keys()
    assert [each["name"] for each in answer["passwords"]] == [each["name"] for each in recorded["passwords"]]
    assert {len(each["value"]) for each in answer["passwords"]} == {52}
    assert all(signs_in(client, "new-token", each["value"]) for each in answer["passwords"])
    # Nothing else ever shows them.
    shown = client.arm(f"{registry}/tokens/new-token").content.decode()
    assert not any(each["value"] in shown for each in answer["passwords"])


def test_a_new_password_takes_the_place_of_that_name_alone(client: Client, cloud: Cloud) -> None:
    make.registry_token(cloud, ends=(ago(days=90), ago(days=-9)))
    assert signs_in(client, "pull-app", OLD)
    registry = cloud.registry["id"]
    asked = {"tokenId": f"{registry}/tokens/pull-app", "name": "password2"}
    (fresh,) = client.arm(f"{registry}/generateCredentials", method="POST", body=asked).json["passwords"]
    assert signs_in(client, "pull-app", fresh["value"])
    # What it replaced was the only one that had not ended.
    assert not signs_in(client, "pull-app", OLD)


def test_a_password_ends_and_a_disabled_token_has_none_that_works(client: Client, cloud: Cloud) -> None:
    make.registry_token(cloud)
    ended = generate(client, expiry=iso(ago(hours=1))).json["passwords"][0]["value"]
    assert not signs_in(client, "pull-app", ended)
    holds = generate(client, expiry=iso(ago(hours=-1))).json["passwords"][0]["value"]
    assert signs_in(client, "pull-app", holds)
    token = f"{cloud.registry['id']}/tokens/pull-app"
    client.arm(token, method="PATCH", body={"properties": {"status": "disabled"}})
    assert not signs_in(client, "pull-app", holds)
    # A change of one member leaves the others.
    shown = client.arm(token).json["properties"]
    assert len(shown["credentials"]["passwords"]) == 2
    assert shown["scopeMapId"].endswith("/scopeMaps/pull-app-scope-map")


def test_what_is_not_there_or_not_allowed_is_refused(client: Client, cloud: Cloud) -> None:
    assert generate(client, "nobody").status == 404
    registry = cloud.registry["id"]
    nowhere = {"properties": {"scopeMapId": f"{registry}/scopeMaps/none"}}
    assert client.arm(f"{registry}/tokens/some-token", method="PUT", body=nowhere).status == 404
    make.registry_token(cloud)
    cloud.forbid("Microsoft.ContainerRegistry/registries/generateCredentials/action")
    assert generate(client).json["error"]["code"] == "AuthorizationFailed"
    assert signs_in(client, "pull-app", OLD)


def test_the_admin_account_gets_another_password(client: Client, cloud: Cloud) -> None:
    cloud.registry["properties"]["adminUserEnabled"] = True
    first, second = cloud.data_plane().admin_passwords
    path = f"{cloud.registry['id']}/regenerateCredential"
    answer = client.arm(path, method="POST", body={"name": "password"}).json
    assert answer.keys() == body("acr/regenerate_credential").keys()
    assert answer == client.arm(f"{cloud.registry['id']}/listCredentials", method="POST").json
    assert not signs_in(client, "contosoreg", first)
    assert signs_in(client, "contosoreg", second)
    assert signs_in(client, "contosoreg", answer["passwords"][0]["value"])


# --- the directory -----------------------------------------------------------------------


def directory(client: Client, method: str, path: str, content: Any) -> Answer:
    token = entra.token(client.cloud, "https://graph.microsoft.com")
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    return client.send(method, "graph.microsoft.com", f"/v1.0/{path}", json.dumps(content), headers)


def test_a_secret_is_added_beside_the_others(client: Client, cloud: Cloud) -> None:
    cloud.application(secrets=[(ago(days=400), ago(days=35))])
    make.application_password(cloud, build.APP_ID, "old")
    asked = {"passwordCredential": {"displayName": None, "endDateTime": iso(ago(days=-365), 0)}}
    added = directory(client, "POST", f"servicePrincipals/{build.SP_OBJECT_ID}/addPassword", asked).json
    recorded = body("graph/applications_filter_appid_passwordcredentials")["value"][0]["passwordCredentials"][0]
    assert added.keys() == recorded.keys() | {"@odata.context"}
    assert signs_in(client, build.APP_ID, added["secretText"])
    assert not signs_in(client, build.APP_ID, "old")
    shown = client.graph(f"/v1.0/servicePrincipals/{build.SP_OBJECT_ID}").json["passwordCredentials"]
    assert [each["secretText"] for each in shown] == [None]


def test_a_principal_is_changed_and_then_signs_in(client: Client, cloud: Cloud) -> None:
    cloud.application(secrets=[(ago(days=1), ago(days=-9))], enabled=False)
    make.application_password(cloud, build.APP_ID, "good")
    assert not signs_in(client, build.APP_ID, "good")
    path = f"servicePrincipals/{build.SP_OBJECT_ID}"
    assert directory(client, "PATCH", path, {"accountEnabled": True}).status == 204
    assert signs_in(client, build.APP_ID, "good")
    assert directory(client, "PATCH", "servicePrincipals/0", {"accountEnabled": True}).status == 404


def test_a_principal_is_made_once_and_of_an_application_only(client: Client, cloud: Cloud) -> None:
    refused = directory(client, "POST", "servicePrincipals", {"appId": build.APP_ID})
    assert (refused.status, refused.json["error"]["code"]) == (400, "Request_BadRequest")
    cloud.application()
    cloud.service_principals.clear()
    made = directory(client, "POST", "servicePrincipals", {"appId": build.APP_ID, "accountEnabled": True})
    assert (made.status, made.json["appId"], made.json["passwordCredentials"]) == (201, build.APP_ID, [])
    # It is another object than the one that was deleted.
    assert made.json["id"] != build.SP_OBJECT_ID
    again = directory(client, "POST", "servicePrincipals", {"appId": build.APP_ID})
    assert (again.status, again.json["error"]["code"]) == (409, "Request_MultipleObjectsWithSameKeyValue")
    cloud.graph_forbidden = True
    assert directory(client, "POST", "servicePrincipals", {"appId": build.APP_ID}).status == 403


# --- images ------------------------------------------------------------------------------


def test_an_image_is_locked_and_unlocked(client: Client, cloud: Cloud) -> None:
    cloud.registry["properties"]["adminUserEnabled"] = True
    both = base64.b64encode(f"contosoreg:{cloud.data_plane().admin_passwords[0]}".encode()).decode()

    def change(scope: str, path: str, enabled: bool) -> Answer:
        target = f"/oauth2/token?service={HOST}&scope=repository:team/app:{scope}"
        token = client.send("GET", HOST, target, headers={"Authorization": f"Basic {both}"}).json["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        return client.send("PATCH", HOST, path, json.dumps({"readEnabled": enabled}), headers)

    write, tag = "metadata_write,metadata_read", "/acr/v1/team/app/_tags/1.2"
    locked = change(write, tag, enabled=False)
    assert (locked.status, locked.json["tag"]["changeableAttributes"]["readEnabled"]) == (200, False)
    assert cloud.data_plane().repositories["team/app"].locked == {"1.2"}
    assert change("metadata_read", tag, enabled=True).status == 401
    assert change(write, tag, enabled=True).json["tag"]["changeableAttributes"]["readEnabled"]
    assert change(write, "/acr/v1/team/app", enabled=False).json["changeableAttributes"]["readEnabled"] is False
    assert cloud.data_plane().repositories["team/app"].locked == {"team/app"}
    assert change(write, "/acr/v1/team/app/_tags/9", enabled=False).status == 404
