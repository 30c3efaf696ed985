"""Read a user-assigned managed identity, through azure-mgmt-msi as the CLI ships it."""

from __future__ import annotations

import re
from typing import Any

from ...arm_ids import resource_parts
from ...facts import ManagedIdentity, Unreadable
from ..ask.arm import ReadError, answered, translated_errors
from ..ask.session import Session
from ..members import Model, shown

_TYPE = "/providers/microsoft.managedidentity/userassignedidentities/"
_GUID = re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", re.IGNORECASE)
# The codes of a 404 that say that the identity is gone: its own, or its resource group's.
_GONE = {"resourcenotfound", "resourcegroupnotfound", "notfound"}


def read_managed_identity(session: Session, resource_id: str) -> ManagedIdentity | Unreadable | None:
    """GET the identity. ``None``: it, or its resource group, does not exist.

    One request. Does not raise for what Azure answers.
    """
    parts = resource_parts(resource_id)
    if parts is None or _TYPE not in resource_id.lower():
        return Unreadable("malformed", f"{resource_id} is not the id of a user-assigned identity")
    subscription, group, name = parts
    try:
        return answered(session, resource_id, lambda: _exchange(session, resource_id, subscription, group, name))
    except ReadError as error:
        return error.why


def _exchange(
    session: Session, resource_id: str, subscription: str, group: str, name: str
) -> ManagedIdentity | Unreadable | None:
    with translated_errors(resource_id):
        return _read(session, subscription, group, name)


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
    return shown(_identity, Model(answer))


def _identity(model: Model) -> ManagedIdentity:
    return ManagedIdentity(
        resource_id=model.text("id"),
        client_id=_guid(model, "client_id"),
        principal_id=_guid(model, "principal_id"),
        tenant_id=model.text("tenant_id"),
    )


def _guid(model: Model, name: str) -> str:
    """The SDK turns a member of any other type into text."""
    value = model.text(name)
    if not _GUID.match(value):
        raise model.malformed(name)
    return value
