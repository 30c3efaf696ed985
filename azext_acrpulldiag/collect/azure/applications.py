"""Read applications and service principals from Microsoft Graph."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from ...facts import PasswordCredential, ServicePrincipal, Unreadable
from ..ask.arm import (
    MAX_BODY_BYTES,
    Json,
    ReadError,
    answered,
    in_parallel,
    interpret,
    pipeline,
    read_body,
    refusal,
    translated_errors,
)
from ..ask.session import Session
from ..times import utc
from .cluster import home_tenant

T = TypeVar("T")

PERMISSION = "Application.Read.All (Microsoft Graph)"
_ABSENT = "Request_ResourceNotFound"
_APPLICATION = "id,appId,passwordCredentials"
_SERVICE_PRINCIPAL = "id,appId,accountEnabled,appOwnerOrganizationId,passwordCredentials"


class GraphReader:
    """Reads Microsoft Graph v1.0 in the tenant of a subscription; safe to use from many threads."""

    def __init__(self, session: Session, subscription: str) -> None:
        from azure.cli.core.auth.util import resource_to_scopes
        from azure.core import PipelineClient
        from azure.core.pipeline.policies import BearerTokenCredentialPolicy

        resource = session.cli_ctx.cloud.endpoints.microsoft_graph_resource_id
        credential, self.tenant_id = session.credential(subscription)
        self.session = session
        self.endpoint = resource.rstrip("/")
        settings = session.policies()
        authentication = BearerTokenCredentialPolicy(credential, *resource_to_scopes(resource))
        self._client = PipelineClient(
            self.endpoint, policies=pipeline(settings, authentication), transport=settings["transport"]
        )

    def get(self, path: str, **query: str) -> Json | None:
        """GET one object (``applications(appId='...')``). ``None``: Graph says that it does not exist.

        Raises :class:`~.arm.ReadError`.
        """
        # Graph names its options "$select"; a "$" cannot be a keyword here.
        options = urlencode({f"${name}": value for name, value in query.items()}, safe="$,")
        url = f"{self.endpoint}/v1.0/{path}?{options}"
        return answered(self.session, path, lambda: self._exchange(url, f"{self.endpoint}/{path}"))

    def _exchange(self, url: str, path: str) -> Json | None:
        from azure.core.rest import HttpRequest

        with translated_errors(path, PERMISSION):
            response = self._client.send_request(HttpRequest("GET", url), stream=True)
            return answer_of(response.status_code, read_body(response, self.session, path, MAX_BODY_BYTES), path)


def answer_of(status: int, payload: bytes, path: str) -> Json | None:
    """Turn Graph's status and body into JSON, an absence or a :class:`~.arm.ReadError`."""
    if status < 300:
        return interpret(status, payload, path)
    code = _error_code(payload)
    if status == 404 and code == _ABSENT:
        return None
    raise ReadError(refusal(status, code, path, PERMISSION))


def read_service_principal(session: Session, subscription: str, app_id: str) -> ServicePrincipal | Unreadable:
    """Read an application id's application and service principal, at once.

    ``subscription`` is the cluster's: its tenant is where they are looked for. What only one
    of the two shows stays readable where the other is refused; unreadable as a whole only
    where Graph cannot be asked at all, or would be asked in another tenant (Lighthouse).
    """
    try:
        with translated_errors("Microsoft Graph", PERMISSION):
            reader = GraphReader(session, subscription)
    except ReadError as error:
        return error.why
    home = home_tenant(session, subscription)
    if isinstance(home, str) and home.lower() != reader.tenant_id.lower():
        where = f"The cluster is of tenant {home}, and the login is of {reader.tenant_id}, which manages it"
        return Unreadable("unsupported", f"{where}: Microsoft Graph shows applications to a login of their own tenant")
    key = f"(appId='{quote(app_id, safe='')}')"
    application, principal = in_parallel(
        [
            lambda: reader.get(f"applications{key}", select=_APPLICATION),
            lambda: reader.get(f"servicePrincipals{key}", select=_SERVICE_PRINCIPAL),
        ]
    )
    return service_principal_from(app_id, reader.tenant_id, application, principal)


def service_principal_from(
    app_id: str, tenant_id: str, application: Json | Unreadable | None, principal: Json | Unreadable | None
) -> ServicePrincipal:
    """Map the two objects, each as Graph showed it, absent (``None``) or unreadable.

    ``tenant_id`` is the tenant that was asked.
    """
    home = _home_tenant(tenant_id, application, principal)
    elsewhere = application is None and (not isinstance(home, str) or home.lower() != tenant_id.lower())
    if elsewhere and principal is not None:
        of_application: tuple[PasswordCredential, ...] | Unreadable = _other_tenants(app_id, home)
    else:
        of_application = _passwords(application)
    both = (of_application, _passwords(principal))
    unread = next((part for part in both if isinstance(part, Unreadable)), None)
    seen = tuple(password for part in both if not isinstance(part, Unreadable) for password in part)
    return ServicePrincipal(
        app_id=app_id,
        object_id=_member(principal, "id", str),
        enabled=_enabled(app_id, principal),
        application_object_id=_member(application, "id", str),
        home_tenant_id=home,
        passwords=unread or seen,
        seen_passwords=seen if unread else (),
    )


def passwords_from(body: Json) -> tuple[PasswordCredential, ...] | Unreadable:
    """Map ``passwordCredentials`` to their validity. ``hint``, name and ``secretText`` are left behind."""
    listed = body.get("passwordCredentials")
    if not isinstance(listed, list):
        return _not_shown("passwordCredentials")
    try:
        return tuple(
            PasswordCredential(str(item["keyId"]), _time(item["startDateTime"]), _time(item["endDateTime"]))
            for item in listed
        )
    except (KeyError, TypeError, ValueError) as error:
        return Unreadable("malformed", f"A password credential could not be read ({type(error).__name__})")


def _passwords(body: Json | Unreadable | None) -> tuple[PasswordCredential, ...] | Unreadable:
    if body is None:
        return ()
    return body if isinstance(body, Unreadable) else passwords_from(body)


def _home_tenant(
    tenant_id: str, application: Json | Unreadable | None, principal: Json | Unreadable | None
) -> str | Unreadable | None:
    """An application object lives in its home tenant only, so to see it is to know that."""
    if isinstance(application, dict):
        return tenant_id
    if isinstance(principal, dict) and principal.get("appOwnerOrganizationId", "") is None:
        return None
    return _member(principal, "appOwnerOrganizationId", str)


def _enabled(app_id: str, principal: Json | Unreadable | None) -> bool | Unreadable:
    if principal is None:
        return Unreadable("not-found", f"{app_id} has no service principal in this tenant")
    enabled = _member(principal, "accountEnabled", bool)
    return _not_shown("accountEnabled") if enabled is None else enabled


def _member(body: Json | Unreadable | None, name: str, kind: Callable[..., T]) -> T | Unreadable | None:
    if body is None or isinstance(body, Unreadable):
        return body
    value: Any = body.get(name)
    return value if isinstance(value, kind) and value != "" else _not_shown(name)  # type: ignore[arg-type]


def _other_tenants(app_id: str, home: str | Unreadable | None) -> Unreadable:
    where = f"tenant {home}" if isinstance(home, str) else "a tenant that Graph does not name"
    return Unreadable("not-shown", f"The application {app_id} lives in {where}, which alone shows its client secrets")


def _not_shown(name: str) -> Unreadable:
    return Unreadable("not-shown", f"Microsoft Graph does not show {name}", permission=PERMISSION)


def _time(text: Any) -> Any:
    return None if text is None else utc(text)


def _error_code(payload: bytes) -> str | None:
    try:
        code = json.loads(payload)["error"]["code"]
    except (ValueError, KeyError, TypeError):
        return None
    return code if isinstance(code, str) else None
