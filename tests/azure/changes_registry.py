"""What can be the matter with the registry."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from tests import build
from tests.recordings import body

from . import resources as make

if TYPE_CHECKING:
    from .state import Cloud


class RegistryChanges:
    """Part of :class:`~tests.azure.state.Cloud`; all are about the default registry."""

    def abac(self: Cloud) -> None:
        """Switch to "RBAC registry + ABAC repository permissions"."""
        self.registry["properties"]["roleAssignmentMode"] = "AbacRepositoryPermissions"

    def anonymous_pull(self: Cloud) -> None:
        self.registry["properties"]["anonymousPullEnabled"] = True

    def sku(self: Cloud, name: str) -> None:
        """Change the tier; Basic and Standard registries show no ``networkRuleSet``."""
        self.registry["sku"] = {"name": name, "tier": name}
        if name != "Premium":
            self.registry["properties"].pop("networkRuleSet", None)

    def firewall(
        self: Cloud,
        ip_rules: Iterable[str] = (),
        subnet_ids: Iterable[str] = (),
        default: str = "Deny",
        subnet_member: str = "virtualNetworkSubnetResourceId",
    ) -> None:
        """Let only these addresses (as the user entered them) and subnets in.

        ``subnet_member``: answers until 2022 have ``id``
        (``acr/docs_registry_vnetrules_virtualNetworkSubnetResourceId_2026`` has today's form).
        """
        self.registry["properties"]["networkRuleSet"] = {
            "defaultAction": default,
            "virtualNetworkRules": [{"action": "Allow", subnet_member: each} for each in subnet_ids],
            "ipRules": [{"action": "Allow", "value": each} for each in ip_rules],
        }

    def public_access(self: Cloud, enabled: bool) -> None:
        """Switch public access; switching it off turns the default action to Deny, as recorded."""
        properties = self.registry["properties"]
        properties["publicNetworkAccess"] = "Enabled" if enabled else "Disabled"
        if not enabled:
            properties["networkRuleSet"] = {"defaultAction": "Deny", "virtualNetworkRules": [], "ipRules": []}

    def arm_audience_tokens(self: Cloud, enabled: bool) -> None:
        """``az acr config authentication-as-arm update``."""
        policy = self.registry["properties"]["policies"]["azureADAuthenticationAsArmPolicy"]
        policy["status"] = "enabled" if enabled else "disabled"

    def registry_state(self: Cloud, provisioning_state: str) -> None:
        self.registry["properties"]["provisioningState"] = provisioning_state

    def registry_in(self: Cloud, group: str, subscription: str = build.SUBSCRIPTION, tenant: str | None = None) -> str:
        """Move the registry to another group, subscription or tenant; returns its new id."""
        from .state import Subscription

        if tenant is not None:
            self.subscriptions[subscription] = Subscription("Fabrikam", tenant, management_group=None)
        resource = self.registry
        self.remove(resource["id"])
        self.ensure_group(group, subscription)
        resource["id"] = (
            f"/subscriptions/{subscription}/resourceGroups/{group}"
            f"/providers/Microsoft.ContainerRegistry/registries/{resource['name']}"
        )
        return str(self.resources.add(resource)["id"])

    def add_registry(self: Cloud, name: str, group: str = "rg-shared", subscription: str = build.SUBSCRIPTION) -> str:
        """Add another registry; returns its id. The default registry stays the first one made."""
        self.ensure_group(group, subscription)
        group_id = f"/subscriptions/{subscription}/resourceGroups/{group}"
        resource_id = f"{group_id}/providers/Microsoft.ContainerRegistry/registries/{name}"
        return str(self.resources.add(make.registry(name, resource_id))["id"])

    def cache_rule(self: Cloud, name: str, source: str, target: str, healthy: bool | None = None) -> None:
        """Add a cache rule; ``healthy`` adds a credential set that is, or is not."""
        registry_id = self.registry["id"]
        rule = body("acr/cacherules_list")["value"][0]
        rule |= {"id": f"{registry_id}/cacheRules/{name}", "name": name}
        rule["properties"] |= {"sourceRepository": source, "targetRepository": target, "credentialSetResourceId": None}
        if healthy is None:
            del rule["properties"]["credentialSetResourceId"]
        else:
            credential_id = f"{registry_id}/credentialSets/{name}"
            rule["properties"]["credentialSetResourceId"] = credential_id
            credential = _credential_set(healthy) | {"id": credential_id, "name": name}
            self.resources.add(credential)
        self.resources.add(rule)

    def without_cache_rules(self: Cloud) -> None:
        """Delete every cache rule of the registry; what they cached stays."""
        for rule in list(self.resources.children(self.registry["id"], "cacheRules")):
            self.remove(rule["id"])

    def replica(
        self: Cloud, region: str, status: str = "Ready", message: str | None = None, routed: bool = True
    ) -> str:
        """Let the registry be in a region; returns the replication's id. With the first, its home is listed too.

        A data endpoint, and a regional one, come with it where the registry has them.
        """
        registry = self.registry
        properties, home = registry["properties"], registry["location"]
        if region != home and not self.resources.children(registry["id"], "replications"):
            self.replica(home)
        replication_id = f"{registry['id']}/replications/{region}"
        resource = body("acr/replication_get_2026_09_01_preview")
        resource |= {"id": replication_id, "name": region, "location": region}
        told = {"displayStatus": status, "timestamp": resource["properties"]["status"]["timestamp"]}
        resource["properties"] |= {
            "status": told if message is None else {**told, "message": message},
            "regionEndpointEnabled": routed,
        }
        self.remove(replication_id)
        self.resources.add(resource)
        label, _, suffix = self.login_server.partition(".")
        hosts = (
            ("dataEndpointHostNames", "data", properties["dataEndpointEnabled"]),
            ("regionalEndpointHostNames", "geo", properties["regionalEndpoints"] == "Enabled"),
        )
        for name, kind, enabled in hosts:
            host = f"{label}.{region}.{kind}.{suffix}"
            if enabled and host not in properties[name]:
                properties[name] = [*properties[name], host]
        return replication_id

    def refuse_this_machine(self: Cloud) -> None:
        """Let the registry answer 403 to whoever runs ``az``, as its firewall does."""
        self.data_plane().refuses_this_machine = True

    def refuse_exchange(self: Cloud) -> None:
        """Let the registry refuse the caller at the token exchange, as for one without any role."""
        self.data_plane().refuses_exchange = True


def _credential_set(healthy: bool) -> dict[str, Any]:
    if healthy:
        return body("acr/spec_credentialset_get_2025_11_01")  # type: ignore[no-any-return]
    return body("acr/credentialsets_list_unhealthy")["value"][0]  # type: ignore[no-any-return]
