"""The table of what is read: a row a reading, with its function, the readings that it comes after and its rights.

A run makes those that the checks need which are to run, see :func:`needed`, each as early as what it
comes after allows. ``docs/permissions.md`` and ``az aks list-pull-checks`` tell the rights from here.
A new source is a row and a function.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol, TypeVar

from .. import rights
from ..facts import Access, Facts, Unreadable
from . import pod_sources, sources
from .network import sources as network
from .reading import Reading, at_once, needing, told
from .request import ReadRequest

T = TypeVar("T")

# fmt: off
# --- cluster and registry ------------------------------------------------------------------
CLUSTER = Reading("cluster", at_once(sources.cluster), "cluster", rights.CLUSTER)
REGISTRY_BODY = Reading("registry", at_once(sources.registry_body), None, rights.REGISTRY)
REGISTRY = Reading(
    "registryFacts", needing(sources.registry, REGISTRY_BODY), "registry",
    asked=lambda request: request.targets.registry.is_named,
)
# --- nodes and identities ------------------------------------------------------------------
HOST_MODELS = Reading("scaleSets", needing(sources.host_models, CLUSTER), None, rights.HOST_MODELS)
HOSTS = Reading("nodes", needing(sources.hosts, HOST_MODELS), "node_hosts", rights.INSTANCES)
IDENTITY = Reading(
    "kubeletIdentity", needing(sources.kubelet_identity, CLUSTER), "kubelet_identity_resource", rights.KUBELET_IDENTITY,
)
PRINCIPAL = Reading(
    "servicePrincipal", needing(sources.service_principal, CLUSTER), "service_principal", rights.SERVICE_PRINCIPAL,
)
# --- who may pull --------------------------------------------------------------------------
AT_SCOPE = Reading("roleAssignments", needing(sources.assignments_at, REGISTRY), None, rights.ROLE_ASSIGNMENTS)
DENIALS = Reading("denyAssignments", needing(sources.denials, REGISTRY), None, rights.DENY_ASSIGNMENTS)
OWN = Reading("permissions", needing(sources.own_permissions, REGISTRY), None, rights.OWN_PERMISSIONS)
PULLER = Reading("puller", told(sources.puller, CLUSTER, PRINCIPAL))
EFFECTIVE = Reading("effectiveRoles", needing(sources.effective, REGISTRY, PULLER), None, rights.ROLE_ASSIGNMENTS)
DEFINITIONS = Reading(
    "roleDefinitions", told(sources.definitions, REGISTRY, EFFECTIVE, AT_SCOPE), None, rights.ROLE_DEFINITIONS,
)
OTHER_DEFINITIONS = Reading(
    "otherDefinitions",
    told(sources.other_definitions, REGISTRY, PULLER, AT_SCOPE, DEFINITIONS, CLUSTER, PRINCIPAL, HOSTS),
    None, rights.ROLE_DEFINITIONS, spares=(HOSTS,),
)
CACHE_RULES = Reading("cacheRules", needing(sources.cache_rules, REGISTRY), "cache_rules", rights.CACHE_RULES)
REPLICATIONS = Reading(
    "replications", needing(sources.replications, REGISTRY), "replications", rights.REPLICATIONS,
)
# --- the way to the registry ---------------------------------------------------------------
NAMED = Reading("networks", needing(network.named_networks, CLUSTER), None, rights.NETWORKS)
SIDE = Reading("nodeNetworks", told(network.node_side, CLUSTER, HOST_MODELS, NAMED), None, rights.NODE_NETWORKS)
HUBS = Reading("hubs", needing(network.hubs, SIDE), None, rights.HUBS)
RULES = Reading("firewallRules", needing(network.firewall_rules, HUBS), None, rights.FIREWALL_RULES)
ANNOUNCED = Reading("virtualHubs", needing(network.virtual_hubs, SIDE), None, rights.VIRTUAL_HUBS)
ENDPOINTS = Reading("privateEndpoints", needing(network.endpoints, REGISTRY), None, rights.PRIVATE_ENDPOINTS)
GRAPH = Reading("zonesInGraph", told(network.zones_in_graph, REGISTRY, CLUSTER), None, rights.ZONES_IN_GRAPH)
ZONES = Reading(
    "privateZones", told(network.private_zones, REGISTRY, CLUSTER, ENDPOINTS, SIDE, GRAPH), None, rights.PRIVATE_ZONES,
)
FORWARDING = Reading(
    "forwardingRules", told(network.forwarding, REGISTRY, SIDE, HUBS, RULES, GRAPH), None, rights.FORWARDING_RULES,
)
PRIVATE_DNS = Reading("privateDns", told(network.private_dns, ZONES, FORWARDING), at_end=True)
WHOLE = Reading(
    "endpointNetworks", told(network.endpoint_side, SIDE, HUBS, ENDPOINTS), None, rights.ENDPOINT_NETWORKS,
)
ADMIN_RULES = Reading("adminRules", told(network.admin_rules, CLUSTER, NAMED), None, rights.ADMIN_RULES)
MANAGED = Reading(
    "networkManagers",
    told(network.managed_networks, REGISTRY, CLUSTER, SIDE, HUBS, ENDPOINTS, WHOLE, ADMIN_RULES),
    None, rights.NETWORK_MANAGERS,
)
_OF_NETWORK = told(network.network, SIDE, HUBS, RULES, ANNOUNCED, ENDPOINTS, PRIVATE_DNS, WHOLE, REPLICATIONS, MANAGED)
NETWORK = Reading("network", _OF_NETWORK, "network", at_end=True, otherwise=None)
OUTBOUND = Reading(
    "outbound", told(network.outbound, REGISTRY, CLUSTER, SIDE, HUBS), "outbound", rights.OUTBOUND,
)
# --- pods, their pull secrets and images ---------------------------------------------------
KUBE_API = Reading("kubernetesLogin", at_once(pod_sources.kube_api), None, rights.KUBERNETES_LOGIN)
KUBERNETES = Reading(
    "kubernetes", told(pod_sources.kubernetes, KUBE_API, CLUSTER), "kubernetes", (*rights.KUBERNETES, *rights.COMMANDS),
    spares=(CLUSTER,), otherwise=None,
)
ACCOUNTS = Reading(
    "serviceAccounts", told(pod_sources.service_accounts, CLUSTER, REGISTRY, KUBE_API, KUBERNETES),
    None, rights.SERVICE_ACCOUNTS,
)
BINDINGS = Reading("identityBindings", needing(sources.identity_bindings, CLUSTER), None, rights.IDENTITY_BINDINGS)
IDENTITIES = Reading(
    "accountIdentities", told(sources.account_identities, CLUSTER, REGISTRY, ACCOUNTS, BINDINGS), "account_identities",
    otherwise=None,
)
BY_ACCOUNT = Reading(
    "accountPulls", told(sources.account_pulls, REGISTRY, IDENTITIES, AT_SCOPE, DENIALS, OWN),
    None, (*rights.ROLE_ASSIGNMENTS, *rights.ROLE_DEFINITIONS),
)
_OF_ACCESS = told(
    sources.access, PULLER, EFFECTIVE, AT_SCOPE, DEFINITIONS, OTHER_DEFINITIONS, DENIALS, OWN, BY_ACCOUNT, CLUSTER
)
ACCESS = Reading("access", _OF_ACCESS, "access", at_end=True)
HELD = Reading(
    "heldByIdentity", told(sources.held_by_identity, PULLER, EFFECTIVE, AT_SCOPE, DEFINITIONS, DENIALS, OWN, CLUSTER)
)
RUNNING = Reading(
    "runningPods", told(pod_sources.running_pods, REGISTRY, CLUSTER, KUBE_API, KUBERNETES, HELD, IDENTITY),
    "running", rights.RUNNING_PODS, spares=(IDENTITY,), otherwise=None,
)
OPENED = Reading(
    "pullSecrets", told(pod_sources.opened_secrets, REGISTRY, KUBE_API, KUBERNETES, AT_SCOPE, OWN),
    None, rights.PULL_SECRETS,
)
OF_RUNNING = Reading(
    "runningPullSecrets", told(pod_sources.secrets_of_running_pods, REGISTRY, KUBE_API, RUNNING, AT_SCOPE, OWN),
    None, rights.PULL_SECRETS,
)
PULL_SECRETS = Reading(
    "pull_secrets", told(pod_sources.pull_secrets, OPENED, KUBERNETES, OF_RUNNING), "pull_secrets",
    at_end=True, otherwise=None,
    # Nobody's secret is opened for what a check of something else might make of it.
    asked=lambda request: any(check.startswith("pull-secret.") for check in request.needs),
)
REGISTRY_API = Reading("registryApi", needing(pod_sources.registry_api, REGISTRY))
NAMED_IMAGE = Reading("image", told(pod_sources.named_image, REGISTRY, REGISTRY_API), None, rights.IMAGES)
FAILING_IMAGES = Reading(
    "failingImages", told(pod_sources.failing_images, REGISTRY, REGISTRY_API, KUBERNETES), None, rights.IMAGES,
)
IMAGES = Reading("images", told(pod_sources.images, NAMED_IMAGE, FAILING_IMAGES, KUBERNETES), "images", at_end=True)
HOSTLESS = Reading(
    "hostlessImages", told(pod_sources.hostless_images, REGISTRY, REGISTRY_API, KUBERNETES), "hostless_images",
    rights.IMAGES_BY_NAME, otherwise=None,
)
# --- commands of az ------------------------------------------------------------------------
CHECK_HEALTH = Reading(
    "checkHealth", needing(sources.check_health, REGISTRY, REGISTRY_BODY), "check_health", rights.CHECK_HEALTH,
    otherwise=None,
)
CHECK_ACR = Reading(
    "checkAcr", needing(sources.check_acr, REGISTRY, CLUSTER), "check_acr", rights.CHECK_ACR,
    otherwise=None, asked=lambda request: request.check_acr,
)
# --- what changed before, once a verdict is known -------------------------------------------
CHANGES = Reading(
    "activityLog", at_once(sources.changes), "changes", rights.ACTIVITY_LOG, otherwise=None,
    asked=lambda request: bool(request.questions),
)
# --- by azext_acrpulldiag.probe, once all else is known -------------------------------------
PROBE = Reading(
    "probe", at_once(sources.left_to_the_probe), "probe", rights.PROBE, otherwise=None, asked=lambda _: False,
)
# fmt: on

FACTS: dict[str, Reading[object]] = {
    row.fact: row for row in list(globals().values()) if isinstance(row, Reading) and row.fact
}
"""The rows that are facts, by field of ``Facts``."""

ALWAYS = ("cluster", "registry", "kubernetes")
"""What a report names whatever is judged: its target, and the pods that fail, with what they say of the causes."""


def needed(request: ReadRequest) -> tuple[Reading[object], ...]:
    """Return the rows of the facts that a run needs for its checks, as far as the arguments let them be read."""
    fields = {*ALWAYS, *(field for needs in request.needs.values() for field in needs)}
    return tuple(row for field, row in FACTS.items() if field in fields and row.asked(request))


class Answers(Protocol):
    """Gives the answer of a reading, see :class:`~.reading.Underway`."""

    def __call__(self, reading: Reading[T]) -> T | Unreadable:
        """Return the answer, or why there is none."""


def facts_of(answers: Answers, request: ReadRequest, now: datetime) -> Facts:
    """Return the facts of a run."""
    access = answers(ACCESS)
    return Facts(
        now=now,
        targets=request.targets,
        options=request.options,
        cluster=answers(CLUSTER),
        registry=answers(REGISTRY),
        node_hosts=answers(HOSTS),
        kubelet_identity_resource=answers(IDENTITY),
        service_principal=answers(PRINCIPAL),
        account_identities=answers(IDENTITIES),
        access=Access.unread(access) if isinstance(access, Unreadable) else access,
        cache_rules=answers(CACHE_RULES),
        replications=answers(REPLICATIONS),
        outbound=answers(OUTBOUND),
        network=answers(NETWORK),
        kubernetes=answers(KUBERNETES),
        running=answers(RUNNING),
        images=answers(IMAGES),
        hostless_images=answers(HOSTLESS),
        pull_secrets=answers(PULL_SECRETS),
        check_health=answers(CHECK_HEALTH),
        check_acr=answers(CHECK_ACR),
        changes=answers(CHANGES),
    )
