"""login.microsoftonline.com: discovery and the token endpoint."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import jwt

from tests.recordings import body, recording

from .faults import replay_with_status
from .messages import Request, Response, answer

if TYPE_CHECKING:
    from .state import Cloud

HOST = "login.microsoftonline.com"
LIFETIME = 86399
# Seconds that clocks may differ, as in Entra ID; a machine's own clock may be set back, too.
CLOCK_SKEW = 300
SIGNING_KEY = "the simulated cloud signs with this, and nobody checks it"

# The application ids whose tokens the CLI asks for by GUID.
AKS_SERVER_APP = "6dae42f8-4368-4678-94ff-3960e28e3630"


def handle(cloud: Cloud, request: Request) -> Response:
    path = request.path.lower()
    if path == "/common/discovery/instance":
        return answer(_instances())
    tenant = path.strip("/").split("/")[0]
    if path.endswith("/.well-known/openid-configuration"):
        return answer(_openid_configuration(cloud, tenant))
    if path.endswith("/oauth2/v2.0/token") and request.method == "POST":
        return _token(cloud, request, tenant)
    return answer({"error": "invalid_request", "error_description": f"AADSTS900561: {request.path}"}, 400)


def token(cloud: Cloud, audience: str, tenant: str | None = None, **claims: Any) -> str:
    """A token of the caller for ``audience``, with the claims that clients look at."""
    now = int(time.time())
    tenant = tenant or cloud.tenant
    payload = {
        "aud": audience,
        "iss": f"https://sts.windows.net/{tenant}/",
        "iat": now,
        "nbf": now,
        "exp": now + LIFETIME,
        "appid": cloud.caller_app_id,
        "appidacr": "1",
        "idtyp": "app",
        "oid": cloud.caller_object_id,
        "sub": cloud.caller_object_id,
        "tid": tenant,
        "ver": "1.0",
    }
    return jwt.encode(payload | claims, SIGNING_KEY, algorithm="HS256")


def claims(bearer: str | None) -> dict[str, Any] | None:
    """What a token says, or ``None`` if it is no token of ours."""
    try:
        return jwt.decode(
            bearer or "", SIGNING_KEY, algorithms=["HS256"], options={"verify_aud": False}, leeway=CLOCK_SKEW
        )
    except jwt.InvalidTokenError:
        return None


def _token(cloud: Cloud, request: Request, tenant: str) -> Response:
    form = request.form
    if cloud.login_error:
        return replay_with_status(recording(cloud.login_error), 401)
    if form.get("client_id") != cloud.caller_app_id:
        return replay_with_status(recording("aad/error_700016_app_not_found"), 400)
    if form.get("client_secret") != cloud.caller_secret:
        return replay_with_status(recording("aad/error_7000215_wrong_secret"), 401)
    audience = form.get("scope", "").removesuffix("/.default") or AKS_SERVER_APP
    granted = body("aad/token_client_credentials_200")
    granted["access_token"] = token(cloud, audience, _tenant_id(cloud, tenant))
    return answer(granted)


def _tenant_id(cloud: Cloud, tenant: str) -> str:
    return cloud.tenant if tenant in ("common", "organizations") else tenant


def _openid_configuration(cloud: Cloud, tenant: str) -> dict[str, Any]:
    base = f"https://{HOST}/{tenant}"
    return {
        "token_endpoint": f"{base}/oauth2/v2.0/token",
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "jwks_uri": f"{base}/discovery/v2.0/keys",
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": f"https://{HOST}/{_tenant_id(cloud, tenant)}/v2.0",
        "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
        "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
        "end_session_endpoint": f"{base}/oauth2/v2.0/logout",
        "tenant_region_scope": "EU",
        "cloud_instance_name": "microsoftonline.com",
        "cloud_graph_host_name": "graph.windows.net",
        "msgraph_host": "graph.microsoft.com",
    }


def _instances() -> dict[str, Any]:
    aliases = [HOST, "login.windows.net", "login.microsoft.com", "sts.windows.net"]
    return {
        "tenant_discovery_endpoint": f"https://{HOST}/common/v2.0/.well-known/openid-configuration",
        "api-version": "1.1",
        "metadata": [{"preferred_network": HOST, "preferred_cache": "login.windows.net", "aliases": aliases}],
    }
