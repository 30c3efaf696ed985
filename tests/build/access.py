"""Role assignments and definitions, and who may do what."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from azext_acrpulldiag.facts import Access, DenyAssignment, Permission, Puller, RoleAssignment, RoleDefinition

from .ids import ACR_PULL, KUBELET_CLIENT_ID, KUBELET_OBJECT_ID, NOW, REGISTRY_ID, SUBSCRIPTION


def role_definition(guid: str, name: str, custom: bool = False, **permission: tuple[str, ...]) -> RoleDefinition:
    return RoleDefinition(
        f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{guid}",
        name,
        custom,
        (Permission(**permission),),
    )


def acr_pull() -> RoleDefinition:
    return role_definition(ACR_PULL, "AcrPull", actions=("Microsoft.ContainerRegistry/registries/pull/read",))


def assignment(
    principal: str = KUBELET_OBJECT_ID,
    role: str = ACR_PULL,
    scope: str = REGISTRY_ID,
    condition: str | None = None,
    created: datetime | None = NOW - timedelta(days=90),
    principal_type: str = "ServicePrincipal",
) -> RoleAssignment:
    return RoleAssignment(
        id=f"{scope}/providers/Microsoft.Authorization/roleAssignments/6a5b{principal[4:]}",
        scope=scope,
        role_definition_id=f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{role}",
        principal_id=principal,
        principal_type=principal_type,
        condition=condition,
        created=created,
    )


def deny_assignment(*principals: str, **changes: object) -> DenyAssignment:
    """What takes everything from these principals, at the registry."""
    return replace(
        DenyAssignment(
            id="/d",
            name="no pulls",
            scope=REGISTRY_ID,
            permissions=(Permission(actions=("*",), data_actions=("*",)),),
            principal_ids=principals,
            excluded_principal_ids=(),
            everyone=False,
            condition=None,
            applies_to_child_scopes=True,
        ),
        **changes,
    )


def access(*effective: RoleAssignment, **changes: object) -> Access:
    held = effective or (assignment(),)
    return replace(
        Access(
            puller=Puller(KUBELET_OBJECT_ID, KUBELET_CLIENT_ID, "kubelet-identity", "prod-agentpool"),
            effective=held,
            at_scope=held,
            definitions={ACR_PULL: acr_pull()},
            denials=(),
        ),
        **changes,
    )
