"""From the models of azure-mgmt-authorization to facts. Pure; each raises ``TypeError`` for what it cannot hold.

Works on both generations of the package, by the names of attributes that they share.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timezone
from typing import Any

from ...facts import DenyAssignment, Permission, RoleAssignment, RoleDefinition
from ..ask.arm import Json

EVERYONE = "00000000-0000-0000-0000-000000000000"


def assignment_from(model: Any) -> RoleAssignment:
    """Map a ``RoleAssignment`` model. Raises ``TypeError`` where a member that is always there is not."""
    shown = _properties(model)
    return RoleAssignment(
        id=_text(model.id),
        scope=_text(shown.scope),
        role_definition_id=_text(shown.role_definition_id),
        principal_id=_text(shown.principal_id),
        principal_type=_optional(shown.principal_type),
        condition=_optional(shown.condition),
        created=_moment(shown.created_on),
    )


def definition_from(model: Any) -> RoleDefinition:
    """Map a ``RoleDefinition`` model. A type that is not shown counts as custom."""
    shown = _properties(model)
    return RoleDefinition(
        id=_text(model.id),
        name=_text(shown.role_name),
        custom=_optional(shown.role_type) != "BuiltInRole",
        permissions=tuple(_permission_from_model(element) for element in _present(shown.permissions)),
    )


def denial_from(model: Any) -> DenyAssignment:
    """Map a ``DenyAssignment`` model. ``doNotApplyToChildScopes`` is false unless it is set."""
    shown = _properties(model)
    named, excluded = _present(shown.principals), list(shown.exclude_principals or ())
    effect = _optional(getattr(shown, "deny_assignment_effect", None))
    return DenyAssignment(
        id=_text(model.id),
        name=_optional(shown.deny_assignment_name) or _text(model.name),
        scope=_text(shown.scope),
        permissions=tuple(_permission_from_model(element) for element in _present(shown.permissions)),
        principal_ids=tuple(_text(principal.id) for principal in named),
        excluded_principal_ids=tuple(_text(principal.id) for principal in excluded),
        everyone=any(_text(principal.id) == EVERYONE for principal in named),
        condition=_optional(getattr(shown, "condition", None)),
        applies_to_child_scopes=shown.do_not_apply_to_child_scopes is not True,
        group_ids=tuple(
            _text(principal.id)
            for principal in (*named, *excluded)
            if "group" in (_optional(principal.type) or "").lower()
        ),
        enforced=(effect or "enforced").lower() != "audit",
    )


def permissions_from(elements: Iterable[Json]) -> tuple[Permission, ...]:
    """Map the JSON elements of a ``permissions`` list."""
    return tuple(
        Permission(
            actions=_texts(element.get("actions")),
            not_actions=_texts(element.get("notActions")),
            data_actions=_texts(element.get("dataActions")),
            not_data_actions=_texts(element.get("notDataActions")),
            condition=_optional(element.get("condition")),
        )
        for element in elements
    )


def _properties(model: Any) -> Any:
    """What Azure nests in ``properties``: there in 5.x, in the model itself in 4.x.

    5.x flattens too, and takes the whole apart again for every attribute: seconds for thousands.
    """
    return getattr(model, "properties", None) or model


def _permission_from_model(model: Any) -> Permission:
    return Permission(
        actions=_texts(model.actions),
        not_actions=_texts(model.not_actions),
        data_actions=_texts(model.data_actions),
        not_data_actions=_texts(model.not_data_actions),
        condition=_optional(getattr(model, "condition", None)),
    )


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError("a text is missing")
    return str(getattr(value, "value", value))


def _optional(value: Any) -> str | None:
    return _text(value) if value else None


def _texts(values: Any) -> tuple[str, ...]:
    if isinstance(values, str):
        raise TypeError("a list of texts is one text")
    return tuple(_text(value) for value in values or ())


def _present(values: Any) -> list[Any]:
    if values is None or isinstance(values, str):
        raise TypeError("a list is missing")
    return list(values)


def _moment(value: Any) -> datetime | None:
    if value is None:
        return None
    if not isinstance(value, datetime):
        raise TypeError("a time is none")
    return value.astimezone(timezone.utc) if value.tzinfo else value.replace(tzinfo=timezone.utc)
