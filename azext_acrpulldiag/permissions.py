"""What each fact is read with: the rights of the login, declared here and nowhere else.

Pure data. The pages of the reference, the role in docs/permissions.md and the command
``az aks list-pull-checks`` are made of it; tests/scenarios/test_rights.py compares it with
the requests that runs really make. A new read is one line in :data:`READINGS`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum


class Kind(str, Enum):
    """Who grants a right."""

    ACTION = "azure-action"
    """Resource Manager: an action of an Azure role."""
    DATA_ACTION = "azure-data-action"
    """A service itself: a data action of an Azure role."""
    GRAPH = "microsoft-graph"
    """Microsoft Graph: a permission of an application, or of a user's directory role."""
    KUBERNETES = "kubernetes"
    """The cluster: a verb and a resource of Kubernetes RBAC."""


@dataclass(frozen=True)
class Right:
    """One right. ``where`` is where it has to hold; ``when``, a clause, says which runs ask for it (empty: every one).

    ``left_out`` says why the ready role does without it; empty: the role has it.
    """

    kind: Kind
    name: str
    where: str
    when: str = ""
    left_out: str = ""

    @property
    def verb(self) -> str:
        """Of Kubernetes: ``list`` in ``list pods``."""
        return self.name.partition(" ")[0]

    @property
    def resource(self) -> str:
        """Of Kubernetes: ``pods`` in ``list pods``."""
        return self.name.partition(" ")[2]


@dataclass(frozen=True)
class Reading:
    """How one field of ``Facts`` is read: its own rights, and the fields without which it is not."""

    rights: tuple[Right, ...] = ()
    after: tuple[str, ...] = ()


CLUSTER = "cluster"
NODE_GROUP = "node resource group"
REGISTRY = "registry"
REGISTRY_SUBSCRIPTION = "registry's subscription"
NETWORKS = "networks between the nodes and the registry"
FIREWALLS = "subscription of the firewall"
HUBS = "virtual hubs"
ENDPOINTS = "private endpoints of the registry"
INTERFACES = "node resource group, and interfaces of the registry's private endpoints"
ZONES = "private DNS zones for registries"
TENANT = "tenant"


def _action(name: str, where: str, when: str = "", left_out: str = "") -> Right:
    return Right(Kind.ACTION, name, where, when, left_out)


def _kubernetes(name: str, when: str = "", left_out: str = "") -> Right:
    return Right(Kind.KUBERNETES, name, CLUSTER, when, left_out)


_OR = ", or "
_SECRETS = "pods that fail name a pull secret, or --pull-secret does"
_FILTERED = "the registry filters by address"
_APPLIANCE = "a route leads to an appliance, or a DNS server may be one"
_POLICY = "that firewall is an Azure Firewall with a policy"
_CONNECTED = "the nodes' network is connected to a hub of Virtual WAN"
_PRIVATE = "the registry has private endpoints"
_POOL_MACHINES = "nodes run on machines of their own (auto-provisioning, virtual-machine pools)"
_ABAC = 'the registry\'s permissions mode is "RBAC Registry + ABAC Repository Permissions"'
_LEGACY = 'the registry\'s permissions mode is "RBAC Registry Permissions"'
_STARTS_A_POD = "--check-acr starts a pod; everything else only reads"
# What kubectl asks for; an attach is a POST of old versions and a GET of newer ones.
_OF_CHECK_ACR = (
    "create pods", "watch pods", "delete pods", "get pods/log", "get pods/attach", "create pods/attach"
)  # fmt: skip

CREDENTIAL = _action(
    "Microsoft.ContainerService/managedClusters/listClusterUserCredential/action",
    CLUSTER,
    "no --kubeconfig is given",
)
GRAPH = Right(Kind.GRAPH, "Application.Read.All", TENANT, "the cluster pulls as a service principal")
PULL = (
    _action("Microsoft.ContainerRegistry/registries/pull/read", REGISTRY, _LEGACY),
    Right(Kind.DATA_ACTION, "Microsoft.ContainerRegistry/registries/repositories/content/read", REGISTRY, _ABAC),
    Right(Kind.DATA_ACTION, "Microsoft.ContainerRegistry/registries/repositories/metadata/read", REGISTRY, _ABAC),
)
ROLES = (
    _action("Microsoft.Authorization/roleAssignments/read", REGISTRY),
    _action("Microsoft.Authorization/roleDefinitions/read", REGISTRY_SUBSCRIPTION),
)

READINGS: dict[str, Reading] = {
    "cluster": Reading(
        (
            _action("Microsoft.ContainerService/managedClusters/read", CLUSTER),
            _action(
                "Microsoft.Resources/subscriptions/resourceGroups/read",
                "cluster's subscription",
                "there is no such cluster, to name the nearest",
                "no check needs it; it makes an error message better",
            ),
        )
    ),
    "registry": Reading(
        (
            _action("Microsoft.ContainerRegistry/registries/read", REGISTRY),
            _action(
                "Microsoft.ResourceGraph/resources/read",
                REGISTRY_SUBSCRIPTION,
                "--acr is no resource ID and the login has several subscriptions",
            ),
        )
    ),
    "node_hosts": Reading(
        (
            _action("Microsoft.Compute/virtualMachineScaleSets/read", NODE_GROUP),
            _action("Microsoft.Compute/virtualMachineScaleSets/virtualMachines/read", NODE_GROUP),
            _action("Microsoft.Compute/virtualMachines/read", NODE_GROUP, _POOL_MACHINES),
            _action("Microsoft.Network/networkInterfaces/read", INTERFACES, _POOL_MACHINES),
        ),
        after=("cluster",),
    ),
    "kubelet_identity_resource": Reading(
        (_action("Microsoft.ManagedIdentity/userAssignedIdentities/read", "kubelet identity"),), after=("cluster",)
    ),
    "service_principal": Reading((GRAPH,), after=("cluster",)),
    "access": Reading(
        (
            *ROLES,
            _action("Microsoft.Authorization/denyAssignments/read", REGISTRY),
            _action("Microsoft.Authorization/permissions/read", REGISTRY),
        ),
        after=("registry", "cluster", "service_principal"),
    ),
    "cache_rules": Reading(
        (
            _action("Microsoft.ContainerRegistry/registries/cacheRules/read", REGISTRY),
            _action("Microsoft.ContainerRegistry/registries/credentialSets/read", REGISTRY),
        ),
        after=("registry",),
    ),
    "network": Reading(
        (
            _action("Microsoft.Network/virtualNetworks/read", NETWORKS),
            _action("Microsoft.Network/virtualNetworks/subnets/read", NETWORKS, "a network does not show its subnet"),
            _action(
                "Microsoft.Network/networkSecurityGroups/read", NETWORKS, "a subnet or a node has a security group"
            ),
            _action("Microsoft.Network/routeTables/read", NETWORKS, "a subnet has a route table"),
            _action("Microsoft.Network/serviceEndpointPolicies/read", NETWORKS, "a subnet has such a policy"),
            _action("Microsoft.Network/azureFirewalls/read", FIREWALLS, _APPLIANCE),
            _action("Microsoft.Network/firewallPolicies/read", FIREWALLS, _POLICY),
            _action("Microsoft.Network/firewallPolicies/ruleCollectionGroups/read", FIREWALLS, _POLICY),
            _action("Microsoft.Network/ipGroups/read", FIREWALLS, "the rules of that firewall name IP groups"),
            _action("Microsoft.Network/virtualHubs/read", HUBS, _CONNECTED),
            _action("Microsoft.Network/virtualHubs/hubVirtualNetworkConnections/read", HUBS, _CONNECTED),
            _action("Microsoft.Network/virtualHubs/routingIntent/read", HUBS, _CONNECTED),
            _action("Microsoft.Network/virtualHubs/hubRouteTables/read", HUBS, _CONNECTED),
            _action("Microsoft.Network/privateEndpoints/read", ENDPOINTS, _PRIVATE),
            _action("Microsoft.Network/privateEndpoints/privateDnsZoneGroups/read", ENDPOINTS, _PRIVATE),
            _action("Microsoft.Network/networkInterfaces/read", INTERFACES, _PRIVATE),
            _action("Microsoft.Network/privateDnsZones/read", ZONES, _PRIVATE),
            _action("Microsoft.Network/privateDnsZones/virtualNetworkLinks/read", ZONES, _PRIVATE),
            _action("Microsoft.Network/privateDnsZones/A/read", ZONES, _PRIVATE),
            _action(
                "Microsoft.Network/privateDnsZones/CNAME/read", ZONES, f"{_PRIVATE}, and a zone is of public names"
            ),
            _action("Microsoft.ResourceGraph/resources/read", REGISTRY_SUBSCRIPTION, _PRIVATE),
        ),
        after=("registry", "cluster", "node_hosts"),
    ),
    "outbound": Reading(
        (
            _action("Microsoft.Network/natGateways/read", NETWORKS, f"{_FILTERED}, and a subnet has a NAT gateway"),
            _action("Microsoft.Network/publicIPAddresses/read", "public addresses that nodes leave by", _FILTERED),
            _action(
                "Microsoft.Network/publicIPPrefixes/read",
                "public addresses that nodes leave by",
                f"{_FILTERED}, and a NAT gateway has a prefix",
            ),
            _action(
                "Microsoft.Compute/virtualMachineScaleSets/publicIPAddresses/read",
                NODE_GROUP,
                f"{_FILTERED}, and nodes have public addresses",
            ),
        ),
        after=("registry", "cluster", "node_hosts", "network"),
    ),
    "kubernetes": Reading(
        (
            CREDENTIAL,
            _kubernetes("list nodes"),
            _kubernetes("list pods"),
            _kubernetes("list events"),
            _kubernetes("get pods", "events of failed pulls name a pod that is not Pending, or --pod does"),
            _kubernetes("get namespaces", "--namespace is given"),
        )
    ),
    "pull_secrets": Reading(
        (
            CREDENTIAL,
            _kubernetes(
                "get secrets", _SECRETS, "it would open every secret; give it for the pull secrets alone, see below"
            ),
            _kubernetes("get serviceaccounts", "pods that fail name no pull secret themselves"),
            Right(Kind.GRAPH, "Application.Read.All", TENANT, "a pull secret signs in as an application"),
            *ROLES,
            _action(
                "Microsoft.ContainerRegistry/registries/listCredentials/action",
                REGISTRY,
                "a pull secret signs in as the registry's admin account",
                "it hands out the admin account's passwords, with which anybody may push; without it, whether the "
                "password in a pull secret is a current one is told by offering it to the registry",
            ),
            _action(
                "Microsoft.ContainerRegistry/registries/tokens/read",
                REGISTRY,
                "a pull secret signs in with a registry token",
            ),
            _action(
                "Microsoft.ContainerRegistry/registries/scopeMaps/read",
                REGISTRY,
                "a pull secret signs in with a registry token",
            ),
        ),
        after=("registry", "kubernetes", "access"),
    ),
    "images": Reading(
        (
            *PULL,
            Right(
                Kind.DATA_ACTION,
                "Microsoft.ContainerRegistry/registries/catalog/read",
                REGISTRY,
                f"a repository is missing, to name the nearest, and {_ABAC}",
            ),
        ),
        after=("registry", "kubernetes"),
    ),
    "check_health": Reading(
        (
            *PULL,
            _action(
                "Microsoft.Resources/subscriptions/resources/read",
                REGISTRY_SUBSCRIPTION,
                "az acr check-health runs as a command of its own: failing pods name the registry, or not on Linux",
                "the command finds the registry with it; its view changes no verdict",
            ),
        ),
        after=("registry",),
    ),
    "check_acr": Reading(
        (
            CREDENTIAL,
            *(_kubernetes(name, "--check-acr is given", _STARTS_A_POD) for name in _OF_CHECK_ACR),
        ),
        after=("registry", "cluster"),
    ),
}
"""By the name of the field of ``Facts``. Fields that are not here are not read: arguments, the clock."""


def rights_of(fields: Iterable[str]) -> tuple[Right, ...]:
    """Every right that facts are read with, each once by kind and name: those without which nothing is read first."""
    found: dict[tuple[Kind, str], Right] = {}
    for name in _in_order(fields):
        for right in READINGS[name].rights:
            key = right.kind, right.name
            found[key] = _merged(found[key], right) if key in found else right
    return tuple(found.values())


def _merged(one: Right, other: Right) -> Right:
    """One right that two reads ask for, each in its own case."""
    cases = list(dict.fromkeys((*one.when.split(_OR), *other.when.split(_OR))))
    return replace(one, when="" if "" in cases else _OR.join(cases), left_out=one.left_out and other.left_out)


def every_right() -> tuple[Right, ...]:
    """Every right that any run asks for, each once."""
    return rights_of(READINGS)


def fields_read_with(name: str) -> frozenset[str]:
    """The fields that lack something where the right ``name`` is missing, those that are read after them included."""
    return frozenset(field for field in READINGS if any(right.name == name for right in rights_of((field,))))


def _in_order(fields: Iterable[str]) -> Iterator[str]:
    """The fields that are read, each after those that it is read after."""
    seen: set[str] = set()

    def visit(name: str) -> Iterator[str]:
        if name in READINGS and name not in seen:
            seen.add(name)
            for before in READINGS[name].after:
                yield from visit(before)
            yield name

    for name in fields:
        yield from visit(name)
