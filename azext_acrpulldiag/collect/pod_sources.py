"""The functions behind the table's rows about pods, and about what pods lead to: their images, accounts and secrets.

Each takes the run and the answers of the rows that it comes after, and asks one source.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from ..access.puller import accounts_pull
from ..access.standing import Held, may_pull
from ..facts import (
    Access,
    Cluster,
    FailingContainer,
    HostlessImage,
    Image,
    ImageLookup,
    Kubernetes,
    ManagedIdentity,
    Permission,
    Puller,
    PullSecret,
    Registry,
    RoleAssignment,
    RunningPods,
    Unreadable,
)
from ..pull_errors import classify
from ..pull_errors.left_out import may_lack_its_host
from ..pull_errors.symptoms import may_be_refused
from .ask.arm import ReadError, by_key
from .azure.accounts import client_id_of
from .kubernetes.api import KubeApi
from .kubernetes.running import read_running_pods
from .kubernetes.ways import api_by, find_way
from .kubernetes.workloads import of_another_cluster, read_kubernetes
from .members import MemberError
from .registry.api import CliLogin, RegistryApi
from .registry.hostless import read_hostless_images
from .registry.image_models import joined, references_of
from .registry.images import read_images
from .request import Run
from .secrets.pull_secrets import Asked, AzureSide, read_pull_secrets, served_images
from .sources import MISSING

_MAX_ACCOUNTS = 64
_TOO_MANY_ACCOUNTS = Unreadable(
    "unsupported", f"Failing pods use more than {_MAX_ACCOUNTS} service accounts; give --namespace to have others read"
)

Clients = Mapping[tuple[str, str], str | Unreadable | None]
Images = tuple[ImageLookup, ...]
Assignments = tuple[RoleAssignment, ...]
Permissions = tuple[Permission, ...]
Secrets = tuple[PullSecret, ...]


# --- pods ---------------------------------------------------------------------------------


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


# --- service accounts ---------------------------------------------------------------------


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


# --- images -------------------------------------------------------------------------------


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


# --- pull secrets -------------------------------------------------------------------------


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
