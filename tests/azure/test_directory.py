"""The simulated Entra and Microsoft Graph answer as recorded."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import build
from tests.azure import entra
from tests.azure.changes_access import ago
from tests.azure.client import Client
from tests.azure.server import Server
from tests.azure.state import Cloud
from tests.recordings import body

LOGIN = "login.microsoftonline.com"


@pytest.fixture
def client(simulated_azure: Server, cloud: Cloud) -> Iterator[Client]:
    client = Client(simulated_azure)
    yield client
    client.close()


def sign_in(client: Client, **changes: str) -> object:
    cloud = client.cloud
    form = {
        "grant_type": "client_credentials",
        "client_id": cloud.caller_app_id,
        "client_secret": cloud.caller_secret,
        "scope": "https://graph.microsoft.com/.default",
    }
    return client.form(LOGIN, f"/{cloud.tenant}/oauth2/v2.0/token", **(form | changes))


@pytest.mark.parametrize(
    ("scope", "audience"),
    [
        ("https://management.core.windows.net//.default", "https://management.core.windows.net/"),
        ("https://graph.microsoft.com/.default", "https://graph.microsoft.com"),
        ("https://containerregistry.azure.net/.default", "https://containerregistry.azure.net"),
        (f"{entra.AKS_SERVER_APP}/.default", entra.AKS_SERVER_APP),
    ],
)
def test_tokens_are_of_the_audience_that_was_asked_for(client: Client, cloud: Cloud, scope: str, audience: str) -> None:
    claims = entra.claims(sign_in(client, scope=scope).json["access_token"])
    assert claims is not None
    assert (claims["aud"], claims["tid"], claims["appid"]) == (audience, cloud.tenant, cloud.caller_app_id)


@pytest.mark.parametrize(
    ("changes", "code"), [({"client_secret": "wrong"}, 7000215), ({"client_id": build.APP_ID}, 700016)]
)
def test_wrong_credentials(client: Client, changes: dict[str, str], code: int) -> None:
    assert sign_in(client, **changes).json["error_codes"] == [code]


def test_a_login_can_be_refused(client: Client, cloud: Cloud) -> None:
    cloud.refuse_login()
    refused = sign_in(client)
    assert (refused.status, refused.json["error_codes"]) == (401, [7000222])


def test_an_application_and_its_service_principal_have_the_recorded_members(client: Client, cloud: Cloud) -> None:
    cloud.service_principal_cluster(secrets=[(ago(days=400), ago(days=35)), (ago(days=30), ago(days=-335))])
    application = client.graph(f"/v1.0/applications(appId='{build.APP_ID}')").json
    assert application.keys() == body("graph/application_get").keys()
    assert len(application["passwordCredentials"]) == 2
    assert all(each["secretText"] is None for each in application["passwordCredentials"])
    principal = client.graph(f"/v1.0/servicePrincipals?$filter=appId eq '{build.APP_ID}'").json["value"][0]
    assert principal.keys() == body("graph/serviceprincipals_filter_aks_sp")["value"][0].keys()
    assert (principal["id"], principal["accountEnabled"]) == (build.SP_OBJECT_ID, True)


def test_select_leaves_members_out(client: Client, cloud: Cloud) -> None:
    cloud.application()
    got = client.graph(f"/v1.0/servicePrincipals(appId='{build.APP_ID}')?$select=id,accountEnabled").json
    assert got.keys() == {"@odata.context", "id", "accountEnabled"}


def test_absence_and_refusal_differ(client: Client, cloud: Cloud) -> None:
    absent = client.graph(f"/v1.0/applications(appId='{build.APP_ID}')")
    assert (absent.status, absent.json["error"]["code"]) == (404, "Request_ResourceNotFound")
    assert client.graph(f"/v1.0/applications?$filter=appId eq '{build.APP_ID}'").json["value"] == []
    cloud.graph_forbidden = True
    refused = client.graph(f"/v1.0/applications(appId='{build.APP_ID}')")
    assert (refused.status, refused.json["error"]["code"]) == (403, "Authorization_RequestDenied")


def test_graph_wants_a_token_of_its_own(client: Client, cloud: Cloud) -> None:
    token = entra.token(cloud, "https://management.azure.com")
    headers = {"Authorization": f"Bearer {token}"}
    assert client.send("GET", "graph.microsoft.com", "/v1.0/applications", headers=headers).status == 401
