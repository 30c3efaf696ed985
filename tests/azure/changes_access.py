"""Who may do what: the caller's own rights, roles, denials, groups, Entra objects."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from tests import build
from tests.recordings import body

from .authorization import EVERYONE

if TYPE_CHECKING:
    from .state import Cloud

ROLE_DEFINITIONS = "/providers/Microsoft.Authorization/roleDefinitions"


def ago(**span: float) -> datetime:
    """A moment in the past (``days=90``); a negative span lies ahead. By the real clock, as ``az`` reads it."""
    return datetime.now(timezone.utc) - timedelta(**span)


def iso(moment: datetime, digits: int = 7) -> str:
    """A time as Azure writes it, with that many digits of a second's fraction."""
    fraction = f".{moment.microsecond:06d}0"[: digits + 1] if digits else ""
    return moment.strftime("%Y-%m-%dT%H:%M:%S") + fraction + "Z"


class AccessChanges:
    """Part of :class:`~tests.azure.state.Cloud`."""

    def grant(
        self: Cloud,
        principal_id: str = build.KUBELET_OBJECT_ID,
        role: str = build.ACR_PULL,
        scope: str | None = None,
        condition: str | None = None,
        created: datetime | None = None,
        principal_type: str = "ServicePrincipal",
    ) -> dict[str, Any]:
        """Assign a role (GUID) to a principal.

        By default AcrPull on the registry to the kubelet identity, 90 days ago.
        """
        scope = self.registry["id"] if scope is None else scope
        assignment = body("authz/roleassignment_get_msi")
        name = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{scope}|{principal_id}|{role}|{condition}"))
        when = iso(created or ago(days=90))
        prefix = f"/subscriptions/{scope.split('/')[2]}" if scope.lower().startswith("/subscriptions/") else ""
        assignment["properties"] |= {
            "roleDefinitionId": f"{prefix}{ROLE_DEFINITIONS}/{role}",
            "principalId": principal_id,
            "principalType": principal_type,
            "scope": scope,
            "condition": condition,
            "conditionVersion": "2.0" if condition else None,
            "createdOn": when,
            "updatedOn": when,
        }
        base = "" if scope == "/" else scope
        assignment |= {"id": f"{base}/providers/Microsoft.Authorization/roleAssignments/{name}", "name": name}
        self.role_assignments.append(assignment)
        return assignment  # type: ignore[no-any-return]

    def moved_out_of(self: Cloud, tenant: str) -> None:
        """Let the identities be of a tenant that the subscription was in before; they keep their ids."""
        self.resources[build.IDENTITY_ID]["properties"]["tenantId"] = tenant
        self.cluster["identity"]["tenantId"] = tenant

    def kubelet_identity_in(self: Cloud, subscription: str, tenant: str) -> None:
        """Let the kubelet identity be one of another subscription, which says that it is of ``tenant``; same ids."""
        from .state import Subscription

        self.subscriptions[subscription] = Subscription("Fabrikam", tenant, management_group=None)
        self.ensure_group("rg-ids", subscription)
        identity = self.resources[build.IDENTITY_ID]
        self.remove(build.IDENTITY_ID)
        own = f"/subscriptions/{subscription}/resourceGroups/rg-ids"
        identity["id"] = f"{own}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{identity['name']}"
        identity["properties"]["tenantId"] = tenant
        self.resources.add(identity)
        self.cluster["properties"]["identityProfile"]["kubeletidentity"]["resourceId"] = identity["id"]
        for resource in self.resources.of_type("Microsoft.Compute/virtualMachineScaleSets"):
            resource["identity"]["userAssignedIdentities"] = {identity["id"]: {}}
        for resource in self.resources.of_type("Microsoft.Compute/virtualMachineScaleSets/virtualMachines"):
            resource["identity"]["userAssignedIdentities"] = {identity["id"]: {}}

    def deny(
        self: Cloud,
        principal_id: str | None = build.KUBELET_OBJECT_ID,
        actions: Iterable[str] = ("Microsoft.ContainerRegistry/registries/pull/read",),
        scope: str | None = None,
        data_actions: Iterable[str] = (),
        exclude: Iterable[str] = (),
        principal_type: str = "ServicePrincipal",
        only_here: bool = False,
    ) -> dict[str, Any]:
        """Add a deny assignment; ``principal_id=None`` means everyone (the zero GUID, SystemDefined)."""
        scope = self.registry["id"] if scope is None else scope
        denial = body("authz/spec_denyassignments_list_for_scope")["value"][0]
        name = str(uuid.uuid5(uuid.NAMESPACE_URL, f"deny|{scope}|{principal_id}|{len(self.deny_assignments)}"))
        principal = {"id": principal_id, "type": principal_type}
        if principal_id is None:
            principal = {"id": EVERYONE, "type": "SystemDefined"}
        denial["properties"] |= {
            "denyAssignmentName": "Deny pulls",
            "description": "Made by a deployment stack",
            "permissions": [
                {"actions": list(actions), "notActions": [], "dataActions": list(data_actions), "notDataActions": []}
            ],
            "scope": scope,
            "doNotApplyToChildScopes": only_here,
            "principals": [principal],
            "excludePrincipals": [{"id": each, "type": principal_type} for each in exclude],
        }
        denial |= {"id": f"{scope}/providers/Microsoft.Authorization/denyAssignments/{name}", "name": name}
        self.deny_assignments.append(denial)
        return denial  # type: ignore[no-any-return]

    def custom_role(
        self: Cloud,
        name: str,
        actions: Iterable[str] = (),
        not_actions: Iterable[str] = (),
        data_actions: Iterable[str] = (),
        not_data_actions: Iterable[str] = (),
    ) -> str:
        """Define a custom role; returns its GUID."""
        guid = str(uuid.uuid5(uuid.NAMESPACE_URL, f"role|{name}"))
        definition = body("authz/roledefinition_get_custom")
        scope = f"/subscriptions/{build.SUBSCRIPTION}"
        definition["properties"] |= {
            "roleName": name,
            "assignableScopes": [scope],
            "permissions": [
                {
                    "actions": list(actions),
                    "notActions": list(not_actions),
                    "dataActions": list(data_actions),
                    "notDataActions": list(not_data_actions),
                }
            ],
        }
        definition |= {"id": f"{scope}{ROLE_DEFINITIONS}/{guid}", "name": guid}
        self.role_definitions[guid] = definition
        return guid

    def group(self: Cloud, members: Iterable[str], group_id: str | None = None) -> str:
        """Make a group of principals (or of groups); returns its object id."""
        group_id = group_id or str(uuid.uuid5(uuid.NAMESPACE_URL, f"group|{len(self.groups)}"))
        self.groups[group_id] = list(members)
        return group_id

    def caller_permissions(
        self: Cloud, actions: Iterable[str], not_actions: Iterable[str] = (), scope: str = "/"
    ) -> None:
        """Let the caller do only this at ``scope`` and below; more calls add to the first.

        The caller's own row among the assignments follows: it holds a custom role with these actions there.
        """
        from .state import Grant

        if self.caller_grants == [Grant("/")]:
            self.caller_grants = []
            own = self.caller_object_id
            self.role_assignments = [each for each in self.role_assignments if each["properties"]["principalId"] != own]
        grant = Grant(scope, tuple(actions), tuple(not_actions))
        self.caller_grants.append(grant)
        role = self.custom_role(f"Caller's role {len(self.caller_grants)}", grant.actions, grant.not_actions)
        self.grant(self.caller_object_id, role, scope)

    def forbid(self: Cloud, pattern: str) -> None:
        """Refuse the caller an operation (``Microsoft.X/y/read``, wildcards allowed) or a path (``/...``) and below."""
        self.forbidden.append(pattern)

    def hide_role_assignments(self: Cloud) -> None:
        """Answer lists of role assignments with an empty list instead of a refusal."""
        self.assignments_hidden = True

    def refuse_login(self: Cloud, recording: str = "aad/error_7000222_expired_secret_2026") -> None:
        """Make the token endpoint refuse the caller with a recorded error."""
        self.login_error = recording

    def application(
        self: Cloud,
        app_id: str = build.APP_ID,
        secrets: Iterable[tuple[datetime, datetime]] = (),
        on_principal: Iterable[tuple[datetime, datetime]] = (),
        enabled: bool = True,
        has_application: bool = True,
        home_tenant: str | None = None,
    ) -> None:
        """Add an application and its service principal; ``secrets`` are (start, end) of password credentials."""
        principal = body("graph/serviceprincipals_filter_aks_sp")["value"][0]
        principal |= {
            "id": build.SP_OBJECT_ID,
            "appId": app_id,
            "accountEnabled": enabled,
            "appOwnerOrganizationId": home_tenant or self.tenant,
            "servicePrincipalNames": [app_id],
            "passwordCredentials": _credentials(on_principal),
        }
        self.service_principals.append(principal)
        if has_application:
            application = body("graph/application_get")
            application.pop("@odata.context", None)
            application |= {"id": build.APP_OBJECT_ID, "appId": app_id, "passwordCredentials": _credentials(secrets)}
            self.applications.append(application)


def _credentials(secrets: Iterable[tuple[datetime, datetime]]) -> list[dict[str, Any]]:
    recorded = body("graph/applications_filter_appid_passwordcredentials")["value"][0]["passwordCredentials"][0]
    return [
        recorded
        | {
            "keyId": str(uuid.uuid5(uuid.NAMESPACE_URL, f"key|{start}|{end}")),
            "startDateTime": iso(start, 0),
            "endDateTime": iso(end, 0),
        }
        for start, end in secrets
    ]
