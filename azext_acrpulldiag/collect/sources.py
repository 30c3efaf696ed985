"""The functions behind the table's rows, but for those about the network.

Each takes the run and the answers of the rows that it comes after, and asks one source.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from ..access.grants import definition_key
from ..access.principals import other_principals
from ..access.puller import accounts_pull, default_identity, puller_of
from ..access.standing import Held, may_pull
from ..facts import (
    Access,
    AccountIdentity,
    AccountPull,
    ActivityLog,
    CacheRule,
    CheckAcrReport,
    Cluster,
    DenyAssignment,
    FailingContainer,
    HealthReport,
    HostlessImage,
    Image,
    ImageLookup,
    Kubernetes,
    ManagedIdentity,
    NodeHost,
    Permission,
    Puller,
    PullSecret,
    Registry,
    Replication,
    RoleAssignment,
    RoleDefinition,
    RunningPods,
    ServicePrincipal,
    Unreadable,
)
from ..pull_errors import classify
from ..pull_errors.left_out import may_lack_its_host
from ..pull_errors.symptoms import may_be_refused
from .activity.log import read_log
from .ask.arm import Json, ReadError, by_key, in_parallel
from .az.check_acr import run_check_acr
from .azure import access as rbac
from .azure.accounts import AtRegistry, Bindings, client_id_of, pulls_of, read_account_pull, read_identity_bindings
from .azure.applications import read_service_principal
from .azure.cluster import read_cluster
from .azure.identity import read_managed_identity
from .azure.nodes import read_models, read_node_hosts
from .kubernetes.api import KubeApi
from .kubernetes.running import read_running_pods
from .kubernetes.ways import api_by, find_way
from .kubernetes.workloads import of_another_cluster, read_kubernetes
from .members import MemberError
from .registry.api import CliLogin, RegistryApi
from .registry.hostless import read_hostless_images
from .registry.image_models import joined, references_of
from .registry.images import read_images
from .registry.registry import find_registry, read_cache_rules, read_replications, registry_of
from .request import Run
from .secrets.pull_secrets import Asked, AzureSide, read_pull_secrets, served_images

MISSING = Unreadable("not-found", "The cluster does not exist")

_MAX_ACCOUNTS = 64
_TOO_MANY_ACCOUNTS = Unreadable(
    "unsupported", f"Failing pods use more than {_MAX_ACCOUNTS} service accounts; give --namespace to have others read"
)

Clients = Mapping[tuple[str, str], str | Unreadable | None]
Hosts = tuple[NodeHost, ...]
Images = tuple[ImageLookup, ...]
Assignments = tuple[RoleAssignment, ...]
Definitions = Mapping[str, RoleDefinition | Unreadable]
Denials = tuple[DenyAssignment, ...]
Permissions = tuple[Permission, ...]
Secrets = tuple[PullSecret, ...]


# --- cluster, nodes and registry -----------------------------------------------------------


def cluster(run: Run) -> Cluster | Unreadable:
    """The cluster; :data:`MISSING`: Azure says that it does not exist."""
    if run.request.known is not None:
        return run.request.known.cluster
    found = read_cluster(run.arm, run.request.targets.cluster)
    return MISSING if found is None else found


def host_models(run: Run, found: Cluster) -> Hosts | Unreadable:
    """Scale sets, and machines outside them."""
    return read_models(run.arm, found)


def hosts(run: Run, models: Hosts) -> Hosts:
    """The same with the instances of scale sets."""
    return read_node_hosts(run.arm, models)


def kubelet_identity(run: Run, found: Cluster) -> ManagedIdentity | Unreadable | None:
    """The identity that the profile names; ``None``: it is gone, or none is named."""
    identity = found.kubelet_identity
    if identity is None or isinstance(identity, Unreadable):
        return identity
    return read_managed_identity(run.session, identity.resource_id)


def service_principal(run: Run, found: Cluster) -> ServicePrincipal | Unreadable | None:
    """The service principal that the cluster pulls as; ``None``: it uses managed identities."""
    app_id = found.service_principal_client_id
    if app_id is not None:
        return read_service_principal(run.session, found.subscription, app_id)
    # An answer that shows neither kind of identity is not one of a cluster with managed identities.
    if isinstance(found.identity_type, Unreadable) and isinstance(found.kubelet_identity, Unreadable):
        return found.identity_type
    return None


def registry_body(run: Run) -> Json | Unreadable:
    """The registry as Resource Manager tells it."""
    targets = run.request.targets
    return find_registry(run.arm, run.session, targets.registry, targets.cluster.subscription)


def registry(run: Run, body: Json) -> Registry | Unreadable:
    """The registry."""
    return registry_of(run.session, body)


def cache_rules(run: Run, found: Registry) -> tuple[CacheRule, ...] | Unreadable:
    """The registry's cache rules."""
    return read_cache_rules(run.arm, found)


def replications(run: Run, found: Registry) -> tuple[Replication, ...] | Unreadable:
    """The regions that the registry is in."""
    return read_replications(run.arm, found)


# --- pods ----------------------------------------------------------------------------------


def kube_api(run: Run) -> KubeApi | Unreadable | None:
    """The way to the Kubernetes API; ``None``: it is not to be asked."""
    request = run.request
    if request.access.mode == "none":
        return None
    if request.known is not None:
        way = request.known.way
        return way if isinstance(way, Unreadable) else api_by(way, run.arm)
    return api_by(find_way(run.arm, run.session, request.targets.cluster, request.access), run.arm)


def kubernetes(
    run: Run, api: KubeApi | Unreadable | None, found: Cluster | Unreadable
) -> Kubernetes | Unreadable | None:
    """Nodes and pods; ``None``: they are not to be asked for.

    Waits for the cluster too, which takes no longer than the login: a stopped one is not worth asking.
    """
    if api is None or found is MISSING:
        return None
    if isinstance(found, Cluster) and str(found.power_state).lower() == "stopped":
        return Unreadable("unsupported", "The cluster is stopped, so its Kubernetes API does not answer")
    read = _pods_of(run, api)
    group = found.node_resource_group if isinstance(found, Cluster) else None
    if run.request.access.by_file and isinstance(read, Kubernetes) and isinstance(group, str):
        return of_another_cluster(read, group) or read
    return read


def _pods_of(run: Run, api: KubeApi | Unreadable) -> Kubernetes | Unreadable:
    request = run.request
    if request.known is not None:
        return request.known.kubernetes
    return api if isinstance(api, Unreadable) else read_kubernetes(api, request.scope)


def _failing(pods: Kubernetes | Unreadable | None) -> tuple[FailingContainer, ...] | None:
    """The containers that wait; ``None``: pods were not read."""
    failing = pods.failing if isinstance(pods, Kubernetes) else None
    return failing if isinstance(failing, tuple) else None


# --- images --------------------------------------------------------------------------------


def registry_api(run: Run, found: Registry) -> RegistryApi:
    """The registry's own API, whose tokens both readings of images share."""
    return RegistryApi(run.session, found.login_server, CliLogin(found.subscription))


def named_image(run: Run, found: Registry | Unreadable, api: RegistryApi | Unreadable) -> Images | Unreadable | None:
    """The image of the argument, which does not wait for Kubernetes; ``None``: none was given."""
    image = run.request.options.image
    if image is None:
        return None
    if isinstance(found, Unreadable):
        return found
    if isinstance(api, Unreadable):
        return api
    return _looked_up(run, api, found, references_of(image, (), found))


def failing_images(
    run: Run,
    found: Registry | Unreadable,
    api: RegistryApi | Unreadable,
    pods: Kubernetes | Unreadable | None,
) -> Images | Unreadable | None:
    """The other images that pods wait for; ``None``: none is known to."""
    failing = _failing(pods)
    if not failing:
        return None
    if isinstance(found, Unreadable):
        return found
    if isinstance(api, Unreadable):
        return api
    named = references_of(run.request.options.image, (), found)
    others = references_of(None, failing, found)
    return _looked_up(run, api, found, [image for image in others if image not in named])


def _looked_up(run: Run, api: RegistryApi, found: Registry, wanted: Sequence[Image]) -> Images | Unreadable:
    """What the registry says of images, asked once for all clusters that name the same."""
    return run.session.once((found.id, *wanted), lambda: read_images(api, found, wanted))


def hostless_images(
    _: Run,
    found: Registry | Unreadable,
    api: RegistryApi | Unreadable,
    pods: Kubernetes | Unreadable | None,
) -> tuple[HostlessImage, ...] | Unreadable | None:
    """Whether the registry has what pods wait for by a name without a host; ``None``: they wait for nothing such."""
    failing = _failing(pods)
    if isinstance(found, Unreadable):
        return found if may_lack_its_host(failing or (), "") else None
    wanted = may_lack_its_host(failing or (), found.login_server)
    if not wanted:
        return None
    return api if isinstance(api, Unreadable) else read_hostless_images(api, wanted)


def images(
    run: Run,
    named: Images | Unreadable | None,
    failing: Images | Unreadable | None,
    pods: Kubernetes | Unreadable | None,
) -> Images | Unreadable | None:
    """Both; what nobody names is known without a read, also where no time was left to say so."""
    return joined(None if run.request.options.image is None else named, failing if _failing(pods) else None)


# --- who may pull --------------------------------------------------------------------------


def assignments_at(run: Run, found: Registry) -> Assignments | Unreadable:
    """Every role assignment at the registry."""
    return rbac.read_assignments_at(run.session, found.id)


def denials(run: Run, found: Registry) -> Denials | Unreadable:
    """Every deny assignment at the registry."""
    return rbac.read_denials(run.session, found.id)


def own_permissions(run: Run, found: Registry) -> Permissions | Unreadable:
    """What the login itself may do at the registry."""
    return rbac.read_caller_permissions(run.arm, found.id)


def puller(
    _: Run, found: Cluster | Unreadable, principal: ServicePrincipal | Unreadable | None
) -> Puller | Unreadable | None:
    """Who pulls; ``None``: nobody. Asks for nothing."""
    return puller_of(found, principal)


def effective(run: Run, found: Registry, who: Puller | None) -> Assignments | Unreadable:
    """The puller's assignments; ``()`` where there is none: nothing can be granted to it then."""
    return () if who is None else rbac.read_effective(run.session, found.id, who.object_id)


def definitions(
    run: Run, found: Registry | Unreadable, held: Assignments | Unreadable, at_scope: Assignments | Unreadable
) -> Definitions | Unreadable:
    """The roles that decide; they do not wait for the nodes."""
    if isinstance(found, Unreadable):
        return found
    return rbac.read_definitions(run.session, found.id, rbac.wanted_definitions(found.id, held, at_scope))


def other_definitions(
    run: Run,
    found: Registry | Unreadable,
    who: Puller | Unreadable | None,
    at_scope: Assignments | Unreadable,
    read: Definitions | Unreadable,
    of_cluster: Cluster | Unreadable,
    principal: ServicePrincipal | Unreadable | None,
    nodes: Hosts | Unreadable,
) -> Definitions:
    """The roles of principals that may hold them by mistake, where they are not read yet."""
    if isinstance(found, Unreadable) or isinstance(who, Unreadable) or who is None:
        return {}
    suspects = other_principals(who, of_cluster, principal, nodes)
    wanted = rbac.wanted_definitions(found.id, (), at_scope, suspects)
    known = {} if isinstance(read, Unreadable) else read
    missing = [role for role in wanted if definition_key(role) not in known]
    return rbac.read_definitions(run.session, found.id, missing)


def access(
    _: Run,
    who: Puller | Unreadable | None,
    held: Assignments | Unreadable,
    at_scope: Assignments | Unreadable,
    roles: Definitions | Unreadable,
    other_roles: Definitions | Unreadable,
    denied: Denials | Unreadable,
    own: Permissions | Unreadable,
    by_account: tuple[AccountPull, ...] | Unreadable | None,
    found: Cluster | Unreadable,
) -> Access:
    """Put together who may pull, empty lists settled.

    Where pods do not pull as their service accounts, it does not matter that those were not read in time.
    """
    both = [{} if isinstance(each, Unreadable) else each for each in (roles, other_roles)]
    together = rbac.assemble(who, held, at_scope, {**both[0], **both[1]}, denied, own)
    alike = isinstance(found, Cluster) and not accounts_pull(found)
    return together if alike else replace(together, by_account=by_account)


def held_by_identity(
    run: Run,
    who: Puller | Unreadable | None,
    held: Assignments | Unreadable,
    at_scope: Assignments | Unreadable,
    roles: Definitions | Unreadable,
    denied: Denials | Unreadable,
    own: Permissions | Unreadable,
    found: Cluster | Unreadable,
) -> Access:
    """What the puller holds, without the roles of others that may hold them by mistake. Asks for nothing."""
    return access(run, who, held, at_scope, roles, {}, denied, own, None, found)


def running_pods(
    run: Run,
    found: Registry | Unreadable,
    of_cluster: Cluster | Unreadable,
    api: KubeApi | Unreadable | None,
    pods: Kubernetes | Unreadable | None,
    holds: Access | Unreadable,
    identity: ManagedIdentity | Unreadable | None,
) -> RunningPods | Unreadable | None:
    """One page of the pods that run, which show who pulls.

    ``None``: nobody needs to know, since the identity may pull, or since pods of the registry are refused and show it.
    So it is where everybody may pull, and where pods pull as their service accounts.
    """
    failing = _failing(pods)
    if not isinstance(found, Registry) or not isinstance(of_cluster, Cluster) or isinstance(holds, Unreadable):
        return None
    if not isinstance(api, KubeApi) or failing is None:
        return None
    if any(may_be_refused(classify(pod.message).symptom_class) for pod, _ in served_images(failing, found)):
        return None
    if found.anonymous_pull is True or accounts_pull(of_cluster):
        return None
    if _identity_may_pull(found, holds) and not _of_another_tenant(found, identity):
        return None
    return read_running_pods(api, run.request.scope)


def _identity_may_pull(found: Registry, holds: Access) -> bool:
    """Whether it is certain that the roles of the nodes' identity let it pull some repository at least."""
    who = holds.puller
    return isinstance(who, Puller) and may_pull(found, Held.by(who, holds)) is True


def _of_another_tenant(found: Registry, identity: ManagedIdentity | Unreadable | None) -> bool:
    tenant = found.tenant_id
    known = isinstance(identity, ManagedIdentity) and isinstance(tenant, str)
    return known and identity.tenant_id.lower() != tenant.lower()  # type: ignore[union-attr]


def service_accounts(
    _: Run,
    found: Cluster | Unreadable,
    of_registry: Registry | Unreadable,
    api: KubeApi | Unreadable | None,
    pods: Kubernetes | Unreadable | None,
) -> Clients:
    """The client ids of failing pods' service accounts; none where pods do not pull as those, or were not read."""
    failing = _failing(pods)
    asked = isinstance(found, Cluster) and accounts_pull(found) and isinstance(of_registry, Registry)
    if not asked or not failing or not isinstance(api, KubeApi):
        return {}
    assert isinstance(of_registry, Registry)
    accounts = sorted({(pod.namespace, pod.service_account) for pod, _ in served_images(failing, of_registry)})
    read = by_key({each: partial(_client_id, api, *each) for each in accounts[:_MAX_ACCOUNTS]})
    return {**read, **dict.fromkeys(accounts[_MAX_ACCOUNTS:], _TOO_MANY_ACCOUNTS)}


def _client_id(api: KubeApi, namespace: str, name: str) -> str | None:
    account = api.service_account(namespace, name)
    if account is None:
        return None
    try:
        return client_id_of(account)
    except MemberError as error:
        raise ReadError(error.why) from error


def identity_bindings(run: Run, found: Cluster) -> Bindings | Unreadable:
    """The identities that pods may use; none where pods do not pull as those."""
    return read_identity_bindings(run.arm, found.id) if accounts_pull(found) else ()


def account_identities(
    _: Run,
    found: Cluster | Unreadable,
    of_registry: Registry | Unreadable,
    clients: Clients | Unreadable,
    bindings: Bindings | Unreadable,
) -> tuple[AccountIdentity, ...] | Unreadable | None:
    """Who pulls in the place of the kubelet identity; ``None``: that identity pulls. Asks for nothing."""
    if not isinstance(found, Cluster) or not isinstance(of_registry, Registry) or not accounts_pull(found):
        return None
    if isinstance(clients, Unreadable):
        return clients
    return bindings if isinstance(bindings, Unreadable) else pulls_of(clients, default_identity(found), bindings)


def account_pulls(
    run: Run,
    of_registry: Registry | Unreadable,
    identities: tuple[AccountIdentity, ...] | Unreadable | None,
    at_scope: Assignments | Unreadable,
    denied: Denials | Unreadable,
    own: Permissions | Unreadable,
) -> tuple[AccountPull, ...] | Unreadable | None:
    """The same, each with what it holds."""
    if identities is None or isinstance(identities, Unreadable):
        return identities
    if isinstance(of_registry, Unreadable):
        return of_registry
    there = AtRegistry(run.session, of_registry.id, at_scope, denied, own)
    read = in_parallel([partial(read_account_pull, there, each) for each in identities])
    unread = next((each for each in read if isinstance(each, Unreadable)), None)
    return unread or tuple(each for each in read if not isinstance(each, Unreadable))


# --- pull secrets --------------------------------------------------------------------------


def opened_secrets(
    run: Run,
    found: Registry | Unreadable,
    api: KubeApi | Unreadable | None,
    pods: Kubernetes | Unreadable | None,
    at_scope: Assignments | Unreadable,
    own: Permissions | Unreadable,
) -> Secrets | Unreadable | None:
    """The secrets that failing pods and the argument name. Offers credentials where the check of that is to run."""
    request = run.request
    if not _names_secrets(run, pods):
        return None
    if isinstance(found, Unreadable):
        return found
    asked = Asked(
        failing=_failing(pods) or (),
        namespace=request.scope.namespace or "default",
        pull_secret=request.pull_secret,
        image=request.options.image,
        offer=request.credential_test and "pull-secret.credential" in request.needs,
    )
    not_asked = Unreadable("unsupported", "The Kubernetes API was not read (--cluster-access none)")
    azure = AzureSide(run.session, run.arm, found, at_scope, own)
    return read_pull_secrets(not_asked if api is None else api, azure, asked)


def secrets_of_running_pods(
    run: Run,
    found: Registry | Unreadable,
    api: KubeApi | Unreadable | None,
    running: RunningPods | Unreadable | None,
    at_scope: Assignments | Unreadable,
    own: Permissions | Unreadable,
) -> Secrets | Unreadable:
    """The secrets that pods which run name; they are not offered to the registry."""
    if not isinstance(running, RunningPods) or not isinstance(found, Registry) or api is None:
        return ()
    azure = AzureSide(run.session, run.arm, found, at_scope, own)
    return read_pull_secrets(api, azure, Asked(running=running.pods, offer=False))


def pull_secrets(
    run: Run,
    opened: Secrets | Unreadable | None,
    pods: Kubernetes | Unreadable | None,
    of_running: Secrets | Unreadable,
) -> Secrets | Unreadable | None:
    """All of them; what nobody names is known without a read. ``None``: pods were not seen, and no argument names one.

    What the argument names as well is told once, as the argument's. Where secrets of running pods are not read, those
    that failing pods name are told all the same.
    """
    if not _names_secrets(run, pods) and _failing(pods) is None:
        return None
    named = opened if _names_secrets(run, pods) else ()
    if named is None or isinstance(named, Unreadable) or isinstance(of_running, Unreadable):
        return named
    keys = {(each.namespace, each.name) for each in named}
    return (*named, *(each for each in of_running if (each.namespace, each.name) not in keys))


def _names_secrets(run: Run, pods: Kubernetes | Unreadable | None) -> bool:
    return run.request.pull_secret is not None or bool(_failing(pods))


# --- what changed before -------------------------------------------------------------------


def changes(run: Run) -> ActivityLog:
    """What the Activity Log answers to the questions of the run."""
    return read_log(run.arm, run.request.questions)


# --- commands of az ------------------------------------------------------------------------


def check_health(run: Run, found: Registry, body: Json) -> HealthReport | Unreadable | None:
    """What ``az acr check-health`` says."""
    return None if run.health is None else run.health.run(found, body, run.session.deadline)


def check_acr(run: Run, found: Registry, _: Cluster) -> CheckAcrReport | Unreadable:
    """What ``az aks check-acr`` says. Starts a pod."""
    return run_check_acr(run.request.targets.cluster, found.login_server, run.session.deadline)


def left_to_the_probe(_: Run) -> None:
    """What a probe tells is read after all else, see :mod:`azext_acrpulldiag.probe`; the table has its rights."""
