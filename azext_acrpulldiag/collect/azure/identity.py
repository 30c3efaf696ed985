"""Read a user-assigned managed identity, through azure-mgmt-msi as the CLI ships it."""

from __future__ import annotations

import re
from typing import Any

from ...facts import ManagedIdentity, Unreadable
from ..ask.arm import ReadError, answered, translated_errors
from ..ask.session import Session

_IDENTITY_ID = re.compile(
    r"^/subscriptions/(?P<subscription>[^/]+)/resourcegroups/(?P<group>[^/]+)"
    r"/providers/Microsoft\.ManagedIdentity/userAssignedIdentities/(?P<name>[^/]+)/?$",
    re.IGNORECASE,
)
_GUID = re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", re.IGNORECASE)
# The codes of a 404 that say that the identity is gone: its own, or its resource group's.
_GONE = {"resourcenotfound", "resourcegroupnotfound", "notfound"}


def read_managed_identity(session: Session, resource_id: str) -> ManagedIdentity | Unreadable | None:
    """GET the identity. ``None``: it, or its resource group, does not exist.

    One request. Does not raise for what Azure answers.
    """
    match = _IDENTITY_ID.match(resource_id)
    if match is None:
        return Unreadable("malformed", f"{resource_id} is not the id of a user-assigned identity")
    try:
        return answered(session, resource_id, lambda: _exchange(session, resource_id, match))
    except ReadError as error:
        return error.why


def _exchange(session: Session, resource_id: str, match: re.Match[str]) -> ManagedIdentity | Unreadable | None:
    with translated_errors(resource_id):
        return _read(session, match["subscription"], match["group"], match["name"])


def _read(session: Session, subscription: str, group: str, name: str) -> ManagedIdentity | Unreadable | None:
    from azure.cli.core.profiles import ResourceType
    from azure.core.exceptions import ResourceNotFoundError

    client = session.management_client(ResourceType.MGMT_MSI, subscription)
    try:
        answer = client.user_assigned_identities.get(group, name)
    except ResourceNotFoundError as error:
        code = getattr(error.error, "code", None) or ""
        if code.lower() in _GONE:
            return None
        raise
    return managed_identity_from(answer)


def managed_identity_from(answer: Any) -> ManagedIdentity | Unreadable:
    """Map azure-mgmt-msi's ``Identity``; an id that is not shown, or is none, makes it unreadable."""
    shown = {name: getattr(answer, name, None) for name in ("id", "client_id", "principal_id", "tenant_id")}
    missing = sorted(name for name, value in shown.items() if not (isinstance(value, str) and value))
    if missing:
        return Unreadable("not-shown", f"The answer about the managed identity does not show {', '.join(missing)}")
    # The SDK turns a member of any other type into text.
    strange = sorted(name for name in ("client_id", "principal_id") if not _GUID.match(str(shown[name])))
    if strange:
        return Unreadable("malformed", f"The answer about the managed identity has an unexpected {', '.join(strange)}")
    resource_id, client_id, principal_id, tenant_id = (str(value) for value in shown.values())
    return ManagedIdentity(resource_id, client_id, principal_id, tenant_id)
