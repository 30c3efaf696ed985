"""The permissions of the login, each declared here only; collect/readings.py has which reading needs which.

Pure data. tests/scenarios/test_rights.py compares it with the requests that runs really make.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Kind(str, Enum):
    """Who gives a permission."""

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
    """One permission. ``where`` is its scope; ``when``, a clause, says which runs need it (empty: every one).

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


_CLUSTER = "cluster"
_NODE_GROUP = "node resource group"
_REGISTRY = "registry"
_REGISTRY_SUBSCRIPTION = "registry's subscription"
_NETWORKS = "networks between the nodes and the registry"
_FIREWALLS = "subscription of the firewall"
_HUBS = "virtual hubs"
_ENDPOINTS = "private endpoints of the registry"
_INTERFACES = "node resource group, and interfaces of the registry's private endpoints"
_ZONES = "private DNS zones for registries"
_RULESETS = "DNS forwarding rulesets"
_RESOLVERS = "DNS private resolvers"
_TENANT = "tenant"
_CAUSES = "subscriptions of what the causes name"


def _action(name: str, where: str, when: str = "", left_out: str = "") -> Right:
    return Right(Kind.ACTION, name, where, when, left_out)


def _kubernetes(name: str, when: str = "", left_out: str = "") -> Right:
    return Right(Kind.KUBERNETES, name, _CLUSTER, when, left_out)


_WHO_PULLS = "the identity that pulls has no pull role, and no pod of the registry is refused"
_SECRETS = f"pods that fail name a pull secret, or --pull-secret does, or pods that run do where {_WHO_PULLS}"
_ACCOUNT_PULLS = "pods pull as the identities of their service accounts (preview)"
_FILTERED = "the registry's firewall allows certain addresses only"
_APPLIANCE = "the next hop of a route is a firewall or NVA, or a DNS server may be one"
_POLICY = "that firewall is an Azure Firewall with a policy"
_CONNECTED = "the nodes' network is connected to a Virtual WAN hub"
_PRIVATE = "the registry has private endpoints"
_REPLICATED = "the registry is a Premium one"
_UNLISTED = f"{_PRIVATE}, and the network's own list of rulesets may not be read"
_FORWARDED = f"{_PRIVATE}, and a linked ruleset has a rule for its names"
_POOL_MACHINES = "nodes are single VMs (node auto-provisioning, Virtual Machines node pools)"
_ABAC = 'the registry\'s permissions mode is "RBAC Registry + ABAC Repository Permissions"'
_LEGACY = 'the registry\'s permissions mode is "RBAC Registry Permissions"'
_STARTS_A_POD = "--check-acr and --probe start pods; everything else only reads"
_INVOKED = "--cluster-access command-invoke is given"
_STARTS_PODS = "--cluster-access command-invoke starts pods, with whatever command; everything else only reads"
# What kubectl asks for; an attach is a POST of old versions and a GET of newer ones.
_OF_CHECK_ACR = (
    "create pods", "watch pods", "delete pods", "get pods/log", "get pods/attach", "create pods/attach"
)  # fmt: skip

_CREDENTIAL = _action(
    "Microsoft.ContainerService/managedClusters/listClusterUserCredential/action",
    _CLUSTER,
    "no --kubeconfig is given",
)
_PULL = (
    _action("Microsoft.ContainerRegistry/registries/pull/read", _REGISTRY, _LEGACY),
    Right(Kind.DATA_ACTION, "Microsoft.ContainerRegistry/registries/repositories/content/read", _REGISTRY, _ABAC),
    Right(Kind.DATA_ACTION, "Microsoft.ContainerRegistry/registries/repositories/metadata/read", _REGISTRY, _ABAC),
)
_READ_NETWORKS = _action("Microsoft.Network/virtualNetworks/read", _NETWORKS)
_READ_FIREWALLS = _action("Microsoft.Network/azureFirewalls/read", _FIREWALLS, _APPLIANCE)
_AROUND_SUBNETS = (
    _READ_NETWORKS,
    _action("Microsoft.Network/virtualNetworks/subnets/read", _NETWORKS, "a virtual network does not show the subnet"),
    _action("Microsoft.Network/networkSecurityGroups/read", _NETWORKS, "a subnet or a node has a security group"),
    _action("Microsoft.Network/routeTables/read", _NETWORKS, "a subnet has a route table"),
    _action("Microsoft.Network/serviceEndpointPolicies/read", _NETWORKS, "a subnet has a service endpoint policy"),
)
_OF_POLICIES = (
    _action("Microsoft.Network/firewallPolicies/read", _FIREWALLS, _POLICY),
    _action("Microsoft.Network/firewallPolicies/ruleCollectionGroups/read", _FIREWALLS, _POLICY),
    _action("Microsoft.Network/ipGroups/read", _FIREWALLS, "the rules of that firewall name IP groups"),
)


# --- by what they are asked for --------------------------------------------------------

REGISTRY = (
    _action("Microsoft.ContainerRegistry/registries/read", _REGISTRY),
    _action(
        "Microsoft.ResourceGraph/resources/read",
        _REGISTRY_SUBSCRIPTION,
        "--acr is no resource ID and the login has several subscriptions",
    ),
)
CLUSTER = (
    _action("Microsoft.ContainerService/managedClusters/read", _CLUSTER),
    _action(
        "Microsoft.Resources/subscriptions/resourceGroups/read",
        "cluster's subscription",
        "there is no such cluster, to suggest similar names",
        "no check needs it; it improves an error message",
    ),
)
KUBERNETES_LOGIN = (_CREDENTIAL,)
KUBERNETES = (
    _kubernetes("list nodes"),
    _kubernetes("list pods"),
    _kubernetes("list events"),
    _kubernetes("get pods", "events of failed pulls name a pod that is not Pending, or --pod does"),
    _kubernetes("get namespaces", "--namespace is given"),
)
COMMANDS = (
    _action("Microsoft.ContainerService/managedClusters/runCommand/action", _CLUSTER, _INVOKED, _STARTS_PODS),
    _action("Microsoft.ContainerService/managedClusters/commandResults/read", _CLUSTER, _INVOKED, _STARTS_PODS),
    _kubernetes("list serviceaccounts", _INVOKED),
)
HOST_MODELS = (
    _action("Microsoft.Compute/virtualMachineScaleSets/read", _NODE_GROUP),
    _action("Microsoft.Compute/virtualMachines/read", _NODE_GROUP, _POOL_MACHINES),
    _action("Microsoft.Network/networkInterfaces/read", _INTERFACES, _POOL_MACHINES),
)
INSTANCES = (_action("Microsoft.Compute/virtualMachineScaleSets/virtualMachines/read", _NODE_GROUP),)
KUBELET_IDENTITY = (_action("Microsoft.ManagedIdentity/userAssignedIdentities/read", "kubelet identity"),)
SERVICE_PRINCIPAL = (Right(Kind.GRAPH, "Application.Read.All", _TENANT, "the cluster pulls as a service principal"),)
CACHE_RULES = (
    _action("Microsoft.ContainerRegistry/registries/cacheRules/read", _REGISTRY),
    _action("Microsoft.ContainerRegistry/registries/credentialSets/read", _REGISTRY),
)
REPLICATIONS = (_action("Microsoft.ContainerRegistry/registries/replications/read", _REGISTRY, _REPLICATED),)
ROLE_ASSIGNMENTS = (_action("Microsoft.Authorization/roleAssignments/read", _REGISTRY),)
ROLE_DEFINITIONS = (_action("Microsoft.Authorization/roleDefinitions/read", _REGISTRY_SUBSCRIPTION),)
DENY_ASSIGNMENTS = (_action("Microsoft.Authorization/denyAssignments/read", _REGISTRY),)
OWN_PERMISSIONS = (_action("Microsoft.Authorization/permissions/read", _REGISTRY),)
NETWORKS = (_READ_NETWORKS,)
NODE_NETWORKS = _AROUND_SUBNETS
HUBS = (*_AROUND_SUBNETS, _READ_FIREWALLS)
FIREWALL_RULES = _OF_POLICIES
VIRTUAL_HUBS = (
    _action("Microsoft.Network/virtualHubs/read", _HUBS, _CONNECTED),
    _action("Microsoft.Network/virtualHubs/hubVirtualNetworkConnections/read", _HUBS, _CONNECTED),
    _action("Microsoft.Network/virtualHubs/routingIntent/read", _HUBS, _CONNECTED),
    _action("Microsoft.Network/virtualHubs/hubRouteTables/read", _HUBS, _CONNECTED),
    _READ_FIREWALLS,
    *_OF_POLICIES,
)
PRIVATE_ENDPOINTS = (
    _action("Microsoft.Network/privateEndpoints/read", _ENDPOINTS, _PRIVATE),
    _action("Microsoft.Network/privateEndpoints/privateDnsZoneGroups/read", _ENDPOINTS, _PRIVATE),
    _action("Microsoft.Network/networkInterfaces/read", _INTERFACES, _PRIVATE),
)
ZONES_IN_GRAPH = (_action("Microsoft.ResourceGraph/resources/read", _REGISTRY_SUBSCRIPTION, _PRIVATE),)
PRIVATE_ZONES = (
    _action("Microsoft.Network/privateDnsZones/read", _ZONES, _PRIVATE),
    _action("Microsoft.Network/privateDnsZones/virtualNetworkLinks/read", _ZONES, _PRIVATE),
    _action("Microsoft.Network/privateDnsZones/A/read", _ZONES, _PRIVATE),
    _action("Microsoft.Network/privateDnsZones/CNAME/read", _ZONES, f"{_PRIVATE}, and a zone has a public name"),
)
FORWARDING_RULES = (
    _action("Microsoft.Network/virtualNetworks/listDnsForwardingRulesets/action", _NETWORKS, _PRIVATE),
    _action("Microsoft.Network/dnsForwardingRulesets/read", _RULESETS, _UNLISTED),
    _action("Microsoft.Network/dnsForwardingRulesets/virtualNetworkLinks/read", _RULESETS, _UNLISTED),
    _action(
        "Microsoft.Network/dnsForwardingRulesets/forwardingRules/read",
        _RULESETS,
        f"{_PRIVATE}, and a ruleset is linked to the network",
    ),
    _action("Microsoft.Network/dnsResolvers/read", _RESOLVERS, _FORWARDED),
    _action("Microsoft.Network/dnsResolvers/inboundEndpoints/read", _RESOLVERS, _FORWARDED),
)
ADMIN_RULES = (
    _action(
        "Microsoft.Network/virtualNetworks/listNetworkManagerEffectiveSecurityAdminRules/read",
        "networks of the nodes",
    ),
)
NETWORK_MANAGERS = (
    *ADMIN_RULES,
    _action(
        "Microsoft.Network/virtualNetworks/listNetworkManagerEffectiveConnectivityConfigurations/read",
        _NETWORKS,
        "no peering joins the nodes' network with that of a private endpoint or an appliance",
    ),
    _action(
        "Microsoft.ResourceGraph/resources/read",
        _REGISTRY_SUBSCRIPTION,
        "what Virtual Network Managers do to a network may not be read",
    ),
)
ENDPOINT_NETWORKS = (*HUBS, *_OF_POLICIES)
OUTBOUND = (
    _action("Microsoft.Network/natGateways/read", _NETWORKS, f"{_FILTERED}, and a subnet has a NAT gateway"),
    _action("Microsoft.Network/publicIPAddresses/read", "outbound public IPs of the nodes", _FILTERED),
    _action(
        "Microsoft.Network/publicIPPrefixes/read",
        "outbound public IPs of the nodes",
        f"{_FILTERED}, and a NAT gateway has a public IP prefix",
    ),
    _action(
        "Microsoft.Compute/virtualMachineScaleSets/publicIPAddresses/read",
        _NODE_GROUP,
        f"{_FILTERED}, and nodes have public IPs",
    ),
)
RUNNING_PODS = (_kubernetes("list pods", _WHO_PULLS),)
SERVICE_ACCOUNTS = (_kubernetes("get serviceaccounts", _ACCOUNT_PULLS),)
IDENTITY_BINDINGS = (
    _action("Microsoft.ContainerService/managedClusters/identityBindings/read", _CLUSTER, _ACCOUNT_PULLS),
)
PULL_SECRETS = (
    _kubernetes(
        "get secrets", _SECRETS, "it allows reading every secret; allow it for the pull secrets only, see below"
    ),
    _kubernetes("get serviceaccounts", "pods that fail name no pull secret themselves"),
    Right(Kind.GRAPH, "Application.Read.All", _TENANT, "a pull secret signs in as an application"),
    *ROLE_ASSIGNMENTS,
    *ROLE_DEFINITIONS,
    _action(
        "Microsoft.ContainerRegistry/registries/listCredentials/action",
        _REGISTRY,
        "a pull secret signs in as the registry's admin account",
        "it returns the admin account's passwords, with which anybody can push; without it, the password in a pull "
        "secret is tested at the registry instead",
    ),
    _action(
        "Microsoft.ContainerRegistry/registries/tokens/read", _REGISTRY, "a pull secret signs in with a registry token"
    ),
    _action(
        "Microsoft.ContainerRegistry/registries/scopeMaps/read",
        _REGISTRY,
        "a pull secret signs in with a registry token",
    ),
)
IMAGES_BY_NAME = _PULL
IMAGES = (
    *_PULL,
    Right(
        Kind.DATA_ACTION,
        "Microsoft.ContainerRegistry/registries/catalog/read",
        _REGISTRY,
        f"a repository does not exist, to suggest similar names, and {_ABAC}",
    ),
)
ACTIVITY_LOG = (
    _action("Microsoft.Insights/eventtypes/values/read", _CAUSES, "a cause is found, to tell what changed before"),
)
CHECK_HEALTH = (
    *_PULL,
    _action(
        "Microsoft.Resources/subscriptions/resources/read",
        _REGISTRY_SUBSCRIPTION,
        "az acr check-health runs as a separate command: failing pods name the registry, or not on Linux",
        "the command finds the registry with it; its result changes no verdict",
    ),
)
PROBE = (
    _CREDENTIAL,
    *(_kubernetes(name) for name in ("list nodes", "list pods", "list events")),
    *(_kubernetes(f"{verb} pods", "--probe is given", _STARTS_A_POD) for verb in ("create", "delete", "watch")),
)
CHECK_ACR = (
    _CREDENTIAL,
    *(_kubernetes(name, "--check-acr is given", _STARTS_A_POD) for name in _OF_CHECK_ACR),
)
