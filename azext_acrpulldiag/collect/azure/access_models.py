"""From the models of azure-mgmt-authorization, and the JSON of permissions, to facts. Pure.

Works on both generations of the package, by the names of attributes that they share. Functions raise
:class:`~..members.MemberError` for what is not there or of another type.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timezone
from typing import Any

from ...facts import DenyAssignment, Permission, RoleAssignment, RoleDefinition
from ..ask.arm import Json
from ..members import Body, Model, maybe

EVERYONE = "00000000-0000-0000-0000-000000000000"
# As of azure-mgmt-authorization's models/_enums.py; a role's type is a plain string there.
PRINCIPAL_TYPES = ("User", "Group", "ServicePrincipal", "ForeignGroup", "Device")
AUDIT = "audit"
EFFECTS = ("enforced", AUDIT)
BUILT_IN = "BuiltInRole"
ROLE_TYPES = (BUILT_IN, "CustomRole")


def assignment_from(answer: Any) -> RoleAssignment:
    """Map a ``RoleAssignment`` model."""
    model, properties = _read(answer)
    return RoleAssignment(
        id=model.text("id"),
        scope=properties.text("scope"),
        role_definition_id=properties.text("role_definition_id"),
        principal_id=properties.text("principal_id"),
        principal_type=maybe(properties.enum, PRINCIPAL_TYPES, "principal_type"),
        condition=maybe(properties.text, "condition"),
        created=_moment(properties, "created_on"),
    )


def definition_from(answer: Any) -> RoleDefinition:
    """Map a ``RoleDefinition`` model. A type that is not shown counts as custom."""
    model, properties = _read(answer)
    return RoleDefinition(
        id=model.text("id"),
        name=properties.text("role_name"),
        custom=maybe(properties.enum, ROLE_TYPES, "role_type") != BUILT_IN,
        permissions=tuple(map(_permission_of_model, properties.models("permissions"))),
    )


def denial_from(answer: Any) -> DenyAssignment:
    """Map a ``DenyAssignment`` model. ``doNotApplyToChildScopes`` is false unless it is set."""
    model, properties = _read(answer)
    named, excluded = properties.models("principals"), maybe(properties.models, "exclude_principals") or ()
    return DenyAssignment(
        id=model.text("id"),
        name=maybe(properties.text, "deny_assignment_name") or model.text("name"),
        scope=properties.text("scope"),
        permissions=tuple(map(_permission_of_model, properties.models("permissions"))),
        principal_ids=tuple(principal.text("id") for principal in named),
        excluded_principal_ids=tuple(principal.text("id") for principal in excluded),
        everyone=any(principal.text("id") == EVERYONE for principal in named),
        condition=maybe(properties.text, "condition"),
        applies_to_child_scopes=maybe(properties.flag, "do_not_apply_to_child_scopes") is not True,
        group_ids=tuple(
            principal.text("id")
            for principal in (*named, *excluded)
            if "group" in (maybe(principal.text, "type") or "").lower()
        ),
        enforced=maybe(properties.enum, EFFECTS, "deny_assignment_effect") != AUDIT,
    )


def permissions_from(answer: Iterable[Json]) -> tuple[Permission, ...]:
    """Map the JSON elements of a ``permissions`` list."""
    return tuple(
        Permission(
            actions=maybe(element.texts, "actions") or (),
            not_actions=maybe(element.texts, "notActions") or (),
            data_actions=maybe(element.texts, "dataActions") or (),
            not_data_actions=maybe(element.texts, "notDataActions") or (),
            condition=maybe(element.text, "condition"),
        )
        for element in map(Body, answer)
    )


def _read(answer: Any) -> tuple[Model, Model]:
    """The model, and what Azure nests in ``properties``: there in 5.x, in the model itself in 4.x.

    5.x flattens too, and takes the whole apart again for every attribute: seconds for thousands.
    """
    return Model(answer), Model(getattr(answer, "properties", None) or answer)


def _permission_of_model(model: Model) -> Permission:
    return Permission(
        actions=maybe(model.texts, "actions") or (),
        not_actions=maybe(model.texts, "not_actions") or (),
        data_actions=maybe(model.texts, "data_actions") or (),
        not_data_actions=maybe(model.texts, "not_data_actions") or (),
        condition=maybe(model.text, "condition"),
    )


def _moment(model: Model, name: str) -> datetime | None:
    """A time that the SDK has read already."""
    moment = maybe(model.value, datetime, name)
    if moment is None:
        return None
    return moment.astimezone(timezone.utc) if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
