"""Read applications and service principals from Microsoft Graph."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import ParamSpec, TypeVar
from urllib.parse import quote

from ...facts import PasswordCredential, ServicePrincipal, Unreadable
from ..ask.arm import Json, ReadError, in_parallel, translated_errors
from ..ask.graph import PERMISSION, GraphReader
from ..ask.session import Session
from ..members import Body, shown
from .cluster import home_tenant

T = TypeVar("T")
P = ParamSpec("P")

OF = "this application in Microsoft Graph"
_APPLICATION = "id,appId,passwordCredentials"
_SERVICE_PRINCIPAL = "id,appId,accountEnabled,appOwnerOrganizationId,passwordCredentials"


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
        where = f"The cluster is in tenant {home}, and the login in {reader.tenant_id}, which manages it"
        return Unreadable(
            "unsupported", f"{where}: Microsoft Graph shows an application only to logins of its own tenant"
        )
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
        of_application = _of(application, _passwords) or ()
    both = (of_application, _of(principal, _passwords) or ())
    unread = next((part for part in both if isinstance(part, Unreadable)), None)
    seen = tuple(password for part in both if not isinstance(part, Unreadable) for password in part)
    return ServicePrincipal(
        app_id=app_id,
        object_id=_of(principal, lambda body: body.text("id")),
        enabled=_enabled(app_id, principal),
        application_object_id=_of(application, lambda body: body.text("id")),
        home_tenant_id=home,
        passwords=unread or seen,
        seen_passwords=seen if unread else (),
    )


def passwords_from(answer: Json) -> tuple[PasswordCredential, ...] | Unreadable:
    """Map ``passwordCredentials`` to their validity. ``hint``, name and ``secretText`` are left behind."""
    return _graph(_passwords, Body(answer, OF))


def _passwords(body: Body) -> tuple[PasswordCredential, ...]:
    return tuple(
        PasswordCredential(item.text("keyId"), _moment(item, "startDateTime"), _moment(item, "endDateTime"))
        for item in body.objects("passwordCredentials")
    )


def _moment(credential: Body, name: str) -> datetime | None:
    """Null where there is none, which differs from a member that is left out."""
    if name in credential.json and credential.json[name] is None:
        return None
    return credential.moment(name)


def _home_tenant(
    tenant_id: str, application: Json | Unreadable | None, principal: Json | Unreadable | None
) -> str | Unreadable | None:
    """An application object lives in its home tenant only, so to see it is to know that."""
    if isinstance(application, dict):
        return tenant_id
    if isinstance(principal, dict) and principal.get("appOwnerOrganizationId", "") is None:
        return None
    return _of(principal, lambda body: body.text("appOwnerOrganizationId"))


def _enabled(app_id: str, principal: Json | Unreadable | None) -> bool | Unreadable:
    if principal is None:
        return Unreadable("not-found", f"{app_id} has no service principal in this tenant")
    return principal if isinstance(principal, Unreadable) else _graph(Body(principal, OF).flag, "accountEnabled")


def _of(answer: Json | Unreadable | None, read: Callable[[Body], T]) -> T | Unreadable | None:
    """What one of the two objects shows; what is absent or unreadable stays so."""
    return answer if answer is None or isinstance(answer, Unreadable) else _graph(read, Body(answer, OF))


def _graph(read: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | Unreadable:
    """As :func:`shown`. Graph leaves out what the login may not see."""
    found = shown(read, *args, **kwargs)
    if isinstance(found, Unreadable) and found.reason == "not-shown":
        return replace(found, permission=PERMISSION)
    return found


def _other_tenants(app_id: str, home: str | Unreadable | None) -> Unreadable:
    where = f"tenant {home}" if isinstance(home, str) else "a tenant that Graph does not name"
    return Unreadable(
        "not-shown", f"Application {app_id} is registered in {where}; its client secrets can only be read there"
    )
