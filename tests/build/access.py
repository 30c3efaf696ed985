"""Role assignments and definitions, and who may do what."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from azext_acrpulldiag.facts import Access, AccountPull, DenyAssignment, Permission, Puller, RoleAssignment, RoleDefinition

from .ids import ACR_PULL, KUBELET_CLIENT_ID, KUBELET_OBJECT_ID, NOW, REGISTRY_ID, SUBSCRIPTION, TENANT


ACCOUNT_OBJECT_ID = "5f0d3b1a-9c44-4a75-8f27-6f1f6f5f3d21"
ACCOUNT_CLIENT_ID = "c2f5a1de-3b7e-4f0e-9a61-0d7b7f0b9e12"


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


def account_pull(*effective: RoleAssignment, **changes: object) -> AccountPull:
    """Pods of service account ``web/default``, whose identity may pull unless assignments are given."""
    held = effective or (assignment(principal=ACCOUNT_OBJECT_ID),)
    puller = Puller(ACCOUNT_OBJECT_ID, ACCOUNT_CLIENT_ID, "account-identity", "web-puller")
    own = access(*held, puller=puller)
    return replace(AccountPull((("web", "default"),), ACCOUNT_CLIENT_ID, TENANT, own), **changes)


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
