"""What may have brought an outcome about: a table of operations that the Activity Log keeps, and on which resources.

What is changed in Entra ID, in the cluster or in the content of a registry is not in that log. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..arm_ids import key_of
from ..details import Named
from ..facts import Change, Facts, Registry
from ..model import Finding
from ..quoting import fill, placeholders

_NAME = re.compile(r"[\w.()@*-]+")
AUTHORIZATION = "Microsoft.Authorization"
ASSIGNMENT_WRITE = f"{AUTHORIZATION}/roleAssignments/write"
ASSIGNMENT_DELETE = f"{AUTHORIZATION}/roleAssignments/delete"
_ASSIGNMENTS = f"/providers/{AUTHORIZATION}/roleAssignments/".lower()
_NETWORK = "Microsoft.Network"
_CLUSTERS = "Microsoft.ContainerService/managedClusters"
_REGISTRIES = "Microsoft.ContainerRegistry/registries"
_SCALE_SETS = "Microsoft.Compute/virtualMachineScaleSets"
_GROUPS, _TABLES = f"{_NETWORK}/networkSecurityGroups", f"{_NETWORK}/routeTables"
_ZONES, _PEERINGS = f"{_NETWORK}/privateDnsZones", f"{_NETWORK}/virtualNetworks/virtualNetworkPeerings"


@dataclass(frozen=True)
class ChangedBy:
    """Operations that may bring an outcome about, on what a place names, or ``below`` it.

    ``at`` is ``resource`` (the finding's), ``cluster_id``, ``registry_id``, or a detail with an id or several;
    ``then`` is a path from there, a template over the details (without ``at``: the whole id). ``is_it``: that resource
    is the very thing at fault, so that the newest such change is about the cause, whatever else may be.
    """

    operations: tuple[str, ...]
    at: str
    then: str = ""
    below: bool = False
    is_it: bool = False


@dataclass(frozen=True)
class RoleGone:
    """A role assignment that was deleted at one of ``scopes``: the registry and what is above it, or a detail."""

    principals: tuple[str, ...]
    """The details with the object ids that are meant."""
    scopes: str = ""


@dataclass(frozen=True)
class Suspect:
    """A resource, and what to look for about it."""

    resource: str
    operations: tuple[str, ...]
    below: bool = False
    is_it: bool = False
    holders: frozenset[str] = frozenset()
    """The object ids, in lower case, whose role assignment at this scope may have been deleted; empty: it is about no
    role assignment."""

    def fits(self, change: Change) -> bool:
        """Tell whether the log shows one of the operations on this resource."""
        if change.operation.lower() not in (each.lower() for each in self.operations):
            return False
        mine, theirs = key_of(self.resource), key_of(change.resource_id)
        if self.holders:
            return self.is_at_its_scope(change)
        return theirs == mine or (self.below and theirs.startswith(f"{mine}/"))

    def is_at_its_scope(self, change: Change) -> bool:
        """Tell whether a change is one of a role assignment at this scope."""
        scope = scope_of_assignment(key_of(change.resource_id))
        return bool(self.holders) and key_of(scope or "?") == key_of(self.resource)

    @property
    def making_again(self) -> tuple[str, ...]:
        """The operations that make again what is at fault for being gone: an earlier delete is not what ended it."""
        ends = (each.rpartition("/") for each in self.operations)
        return tuple(f"{kind}/write" for kind, _, verb in ends if verb == "delete") if self.is_it else ()

    def is_made_again_by(self, change: Change) -> bool:
        """Tell whether the log shows the very thing at fault being made, where deletes of it are looked for."""
        made = change.operation.lower() in (each.lower() for each in self.making_again)
        return made and key_of(change.resource_id) == key_of(self.resource)

    def is_part_of(self, resource_id: str) -> bool:
        """Tell whether a resource contains this one, so that a write of the whole may have written this."""
        return key_of(self.resource).startswith(f"{key_of(resource_id)}/")


def scope_of_assignment(resource_id: str) -> str | None:
    """The scope of a role assignment, by its id; ``None``: it is the id of something else."""
    at = resource_id.lower().rfind(_ASSIGNMENTS)
    return None if at < 0 else resource_id[:at] or "/"


def suspects_of(finding: Finding, facts: Facts) -> tuple[Suspect, ...]:
    """What may have brought a finding about, as far as its details name it."""
    places = _places(finding, facts)
    found: list[Suspect] = []
    for each in CHANGED_BY.get(finding.outcome or "", ()):
        found += _roles(each, places) if isinstance(each, RoleGone) else _resources(each, places)
    return tuple(dict.fromkeys(found))


def _places(finding: Finding, facts: Facts) -> Mapping[str, Any]:
    registry = facts.registry.id if isinstance(facts.registry, Registry) else None
    mine = {"resource": finding.resource, "cluster_id": facts.targets.cluster.id, "registry_id": registry}
    return {**mine, **Named(finding.details)}


def _resources(changed: ChangedBy, places: Mapping[str, Any]) -> Iterator[Suspect]:
    if any(not _NAME.fullmatch(str(places.get(name) or "")) for name in placeholders(changed.then)):
        return  # it is not known, or it is a user's of a secret, which may be anything
    then = fill(changed.then, lambda name: str(places[name]))
    for base in _texts(places.get(changed.at)) if changed.at else ("",):
        if f"{base}{then}".lower().startswith("/subscriptions/"):
            yield Suspect(f"{base}{then}", changed.operations, changed.below, changed.is_it)


def _roles(gone: RoleGone, places: Mapping[str, Any]) -> Iterator[Suspect]:
    holders = frozenset(text.lower() for name in gone.principals for text in _texts(places.get(name)))
    registry = places["registry_id"]
    for scope in _texts(places.get(gone.scopes)) if gone.scopes else _line_of(registry):
        if holders:
            yield Suspect(scope, (ASSIGNMENT_DELETE,), holders=holders)


def _line_of(registry: str | None) -> tuple[str, ...]:
    """A registry, its resource group and its subscription."""
    if registry is None:
        return ()
    group = registry.lower().find("/providers/")
    parts = registry.split("/")
    return registry, registry[:group], "/".join(parts[:3])


def _texts(value: Any) -> tuple[str, ...]:
    listed = value if isinstance(value, tuple) else (value,)
    return tuple(each for each in listed if isinstance(each, str) and each)


def _written(*types: str, deleted: bool = True) -> tuple[str, ...]:
    verbs = ("write", "delete") if deleted else ("write",)
    return tuple(f"{each}/{verb}" for each in types for verb in verbs)


def _deleted(*types: str) -> tuple[str, ...]:
    return tuple(f"{each}/delete" for each in types)


# --- the table -----------------------------------------------------------------------------

_ROLE = RoleGone(("principal", "principals"), "scopes")
_CLUSTER = ChangedBy(_written(_CLUSTERS, deleted=False), "cluster_id")
_REGISTRY = ChangedBy(_written(_REGISTRIES, deleted=False), "registry_id")
_SUBNET = ChangedBy(_written(f"{_NETWORK}/virtualNetworks/subnets", deleted=False), "subnet")
_LINKS = ChangedBy(_written(f"{_ZONES}/virtualNetworkLinks"), "zone_id", below=True)
_ZONE_GROUPS = ChangedBy(_written(f"{_NETWORK}/privateEndpoints/privateDnsZoneGroups"), "endpoint_id", below=True)
_JOINED = tuple(ChangedBy(_written(_PEERINGS), at, below=True) for at in ("near_network", "far_network"))
_PASSWORD = ChangedBy((f"{_REGISTRIES}/regenerateCredential/action",), "registry_id")
_TOKEN_PASSWORD = ChangedBy((f"{_REGISTRIES}/generateCredentials/action",), "registry_id")
_TOKEN = ChangedBy(_written(f"{_REGISTRIES}/tokens"), "registry_id", "/tokens/{user}")
_LINK_GONE = (_LINKS, ChangedBy(_deleted(_ZONES), "zone_id"))

CHANGED_BY: dict[str, tuple[ChangedBy | RoleGone, ...]] = {
    "access.pull-role-missing": (_ROLE,),
    "access.pull-role-on-other-principal": (_ROLE,),
    "access.pull-role-wrong-mode": (_ROLE, _REGISTRY),
    "access.condition-excludes-repository": (_ROLE,),
    "access.denied": (ChangedBy(_written(f"{AUTHORIZATION}/denyAssignments", deleted=False), "denial_id", is_it=True),),
    "cluster.stopped": (ChangedBy((f"{_CLUSTERS}/stop/action",), "cluster_id", is_it=True),),
    "cluster.not-ready": (
        ChangedBy(_written(_CLUSTERS, f"{_CLUSTERS}/agentPools", deleted=False), "resource", below=True),
    ),
    "identity.kubelet-identity-missing": (
        ChangedBy(_deleted("Microsoft.ManagedIdentity/userAssignedIdentities"), "identity", is_it=True),
        _CLUSTER,
    ),
    "identity.node-identity-outdated": (_CLUSTER,),
    "nodes.kubelet-identity-unassigned": (
        ChangedBy(_written(_SCALE_SETS, f"{_SCALE_SETS}/virtualMachines", deleted=False), "resource"),
        ChangedBy(_written("Microsoft.Compute/virtualMachines", deleted=False), "resource"),
    ),
    "image.quarantined": (_REGISTRY,),
    "network.admin-rule-blocks-registry": (
        ChangedBy(
            _written(f"{_NETWORK}/networkManagers/securityAdminConfigurations/ruleCollections/rules", deleted=False),
            "admin_rule",
            is_it=True,
        ),
    ),
    "network.outbound-ip-not-allowed": (_REGISTRY, _SUBNET),
    "network.firewall-blocks-registry": (
        ChangedBy(_written(f"{_NETWORK}/azureFirewalls", deleted=False), "firewall_id"),
        ChangedBy(
            _written(f"{_NETWORK}/firewallPolicies", f"{_NETWORK}/firewallPolicies/ruleCollectionGroups"),
            "",
            "/subscriptions/{repair_policy_subscription}/resourceGroups/{repair_policy_group}/providers/"
            "Microsoft.Network/firewallPolicies/{repair_policy}",
            below=True,
        ),
    ),
    "network.peering-missing": _JOINED,
    "network.peering-disconnected": _JOINED,
    "network.private-dns-zone-missing": _LINK_GONE,
    "network.private-dns-link-missing": _LINK_GONE,
    "network.custom-dns-unlinked": _LINK_GONE,
    "network.dns-forwarded-elsewhere": (
        ChangedBy(_written(f"{_NETWORK}/dnsForwardingRulesets/forwardingRules", deleted=False), "rule_id", is_it=True),
        ChangedBy(_written(f"{_NETWORK}/dnsForwardingRulesets/virtualNetworkLinks"), "ruleset_id", below=True),
        _LINKS,
    ),
    "network.private-dns-record-missing": (
        ChangedBy(_deleted(f"{_ZONES}/A"), "zone_id", "/A/{record}", is_it=True),
        _ZONE_GROUPS,
    ),
    "network.private-dns-record-wrong": (
        ChangedBy(_written(f"{_ZONES}/A", deleted=False), "zone_id", "/A/{record}", is_it=True),
        _ZONE_GROUPS,
    ),
    "network.private-endpoint-not-approved": (
        ChangedBy(
            _written(f"{_REGISTRIES}/privateEndpointConnections", deleted=False),
            "registry_id",
            "/privateEndpointConnections/{connection}",
            is_it=True,
        ),
    ),
    "network.proxy-or-tls": (_CLUSTER,),
    "network.public-access-disabled": (
        _REGISTRY,
        ChangedBy(_deleted(f"{_REGISTRIES}/privateEndpointConnections"), "registry_id", below=True),
    ),
    "network.route-drops-registry": (
        ChangedBy(_written(f"{_TABLES}/routes", deleted=False), "route_table", "/routes/{route}", is_it=True),
        ChangedBy(_written(_TABLES, f"{_TABLES}/routes"), "route_table", below=True),
        _SUBNET,
    ),
    "network.nsg-blocks-registry": (
        ChangedBy(
            _written(f"{_GROUPS}/securityRules", deleted=False), "security_group", "/securityRules/{rule}", is_it=True
        ),
        ChangedBy(_written(_GROUPS, f"{_GROUPS}/securityRules"), "security_group", below=True),
        _SUBNET,
    ),
    "network.service-endpoint-missing": (_SUBNET, _REGISTRY),
    "network.subnet-not-allowed": (_SUBNET, _REGISTRY),
    "network.storage-policy-blocks-layers": (_SUBNET,),
    "pull-secret.admin-disabled": (_REGISTRY,),
    "pull-secret.admin-password-mismatch": (_PASSWORD,),
    "pull-secret.credential-refused": (_PASSWORD, _TOKEN_PASSWORD, _TOKEN),
    "pull-secret.service-principal-no-role": (RoleGone(("object_id",)),),
    "pull-secret.token-unknown": (
        ChangedBy(_deleted(f"{_REGISTRIES}/tokens"), "registry_id", "/tokens/{user}", is_it=True),
    ),
    "pull-secret.token-disabled": (_TOKEN,),
    "pull-secret.token-expired": (_TOKEN_PASSWORD, _TOKEN),
    "pull-secret.token-scope-excludes-repository": (
        ChangedBy(_written(f"{_REGISTRIES}/scopeMaps"), "registry_id", "/scopeMaps/{scope_map}", is_it=True),
        _TOKEN,
    ),
    "registry.cache-rule-missing": (ChangedBy(_written(f"{_REGISTRIES}/cacheRules"), "registry_id", below=True),),
    "registry.cache-upstream": (
        ChangedBy(_written(f"{_REGISTRIES}/cacheRules"), "resource"),
        ChangedBy(_written(f"{_REGISTRIES}/credentialSets"), "credential_set"),
    ),
    "registry.not-ready": (_REGISTRY,),
    "registry.replica-unhealthy": (ChangedBy(_written(f"{_REGISTRIES}/replications", deleted=False), "resource"),),
}
"""By outcome. Those that are not here are of what the log does not have; the tests list them."""
