"""What pods report about a registry's images: containers that wait, each with the class of its error. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import lru_cache

from ..facts import Facts, FailingContainer, Image, Kubernetes, PulledImage, Registry, Unreadable
from ..images.mirrors import MIRRORED, bootstrap_of, is_bootstrap_registry, is_mirrored
from ..images.references import parse_reference, resemblance_of, written
from ..model import Symptom
from ..quoting import printable, quoted
from . import PullError, classify
from .asked import asked_for, hosts_of, requests_in
from .virtual_nodes import is_of_the_add_on, is_on_virtual_node, virtual_nodes

LONGEST_MESSAGE = 2000
# Kubernetes keeps events for an hour.
RECENT = timedelta(hours=1)

# Where the text tells nothing, the reason why kubelet waits may.
_CLASS_OF_REASON = {
    "InvalidImageName": "invalid-image-name",
    "ErrImageNeverPull": "never-pull",
    "SignatureValidationFailed": "signature-verification",
    "RegistryUnavailable": "server-error",
    "ImagePullBackOff": "backoff-only",
}
_SAYS_NOTHING = ("negative", "backoff-only", "other")
# Where the registry refuses a credential, and where it is not known what happened.
_MAY_BE_REFUSED = frozenset({"unauthorized-401", "credential-provider", "aad-token", *_SAYS_NOTHING})
MIRROR_FAILED = 503
"""What the artifact streaming mirror answers where it could not reach the registry or sign in to it, see
https://learn.microsoft.com/azure/container-registry/troubleshoot-artifact-streaming."""
# What is said of the host that a node asked after its mirror had failed, where there is no way to that host.
_AFTER_THE_MIRROR = ("timeout-network", "dns-failure")


@dataclass(frozen=True)
class FailedPull:
    """A container that waits, and what its message says."""

    container: FailingContainer
    error: PullError
    symptom_class: str
    asked: Image | None = None
    """The image of the registry that the node asked for, whatever the pod calls it; ``None``: that is not known."""
    virtual_node: bool = False
    """Whether Container Instances was to pull, and no node of a pool."""


def symptoms_of(facts: Facts) -> tuple[tuple[Symptom, ...], tuple[Symptom, ...]]:
    """Return (in scope, out of scope), each sorted; both empty where pods were not read.

    In scope is what the target registry is asked for. The rest is listed and never judged, and so is what fails on a
    virtual node of which it is not known who pulls.
    """
    inside, outside = failed_pulls(facts)
    return written_down(inside, facts), written_down(outside, facts)


def written_down(pulls: Iterable[FailedPull], facts: Facts) -> tuple[Symptom, ...]:
    """Failing pulls as a report shows them."""
    pools = _pools_by_node(facts)
    return tuple(_symptom(pull, pools) for pull in pulls)


def failed_pulls(facts: Facts) -> tuple[tuple[FailedPull, ...], tuple[FailedPull, ...]]:
    """Like :func:`symptoms_of`, as facts: with raw text, which only a mapping to a symptom makes printable."""
    kubernetes = facts.kubernetes
    if not isinstance(kubernetes, Kubernetes) or isinstance(kubernetes.failing, Unreadable) or not kubernetes.failing:
        return (), ()
    cluster = facts.cluster if _any_mirrored(kubernetes.failing) else None  # else it is of no account
    return _parted(_Pods(facts, kubernetes, facts.registry, facts.targets, cluster))


def _any_mirrored(failing: Iterable[FailingContainer]) -> bool:
    """Tell whether pods wait for images that a bootstrap registry may have."""
    return any(is_mirrored(each.image) for each in failing)


class _Pods:
    """What parts failing pulls, compared by identity: what is in a mapping has no hash."""

    def __init__(self, facts: Facts, *decisive: object) -> None:
        self.facts = facts
        self._decisive = decisive

    def __eq__(self, other: object) -> bool:
        # pylint: disable=protected-access
        return isinstance(other, _Pods) and all(a is b for a, b in zip(self._decisive, other._decisive, strict=True))

    def __hash__(self) -> int:
        return hash(tuple(map(id, self._decisive)))


@lru_cache(maxsize=4)
def _parted(pods: _Pods) -> tuple[tuple[FailedPull, ...], tuple[FailedPull, ...]]:
    """Once for all checks that ask; several runs may be under way."""
    kubernetes = pods.facts.kubernetes
    assert isinstance(kubernetes, Kubernetes) and isinstance(kubernetes.failing, tuple)
    answers: dict[str, bool] = {}  # thousands of pods have few images
    sides: tuple[list[FailedPull], list[FailedPull]] = ([], [])
    mirrors = _any_mirrored(kubernetes.failing) and is_bootstrap_registry(pods.facts)
    nodes = virtual_nodes(kubernetes)
    for pull in sorted((failed_pull(each, mirrors) for each in kubernetes.failing), key=_order):
        if is_on_virtual_node(pull.container, nodes):
            if not is_of_the_add_on(pull.container, nodes):
                sides[1].append(pull)  # who pulls there is not known
                continue
            pull = replace(pull, virtual_node=True)
        image = pull.container.image
        if image not in answers:
            answers[image] = is_of_registry(image, pods.facts)
        if answers[image] or _registry_was_asked(pull, pods.facts):
            sides[0].append(replace(pull, asked=asked_for(pull.container, pods.facts)))
        else:
            sides[1].append(pull)
    return tuple(sides[0]), tuple(sides[1])


def may_be_refused(symptom_class: str) -> bool:
    """Tell whether a pull of this class may have failed for want of a credential that the registry accepts."""
    return symptom_class in _MAY_BE_REFUSED


def _registry_was_asked(pull: FailedPull, facts: Facts) -> bool:
    """Tell whether a message shows a request to the registry, whatever the image is called."""
    if not facts.targets.registry.is_named:
        return False
    hosts = _hosts(facts)
    shown = {each.host for each in requests_in(pull.container.message)}
    return not hosts.isdisjoint({*shown, (pull.error.host or "").lower()})


def is_of_registry(image: str, facts: Facts) -> bool:
    """Tell whether an image is meant for the target registry by its name alone.

    Its host is the registry's (or nearly), or nodes of a network-isolated cluster get the images of that host
    through it.
    """
    if not facts.targets.registry.is_named:
        return False
    if is_mirrored(image) and is_bootstrap_registry(facts):
        return True
    server, hosts = login_server_of(facts), _hosts(facts)
    try:
        reference = parse_reference(image)
    except ValueError:
        return server.partition(".")[0] in image.lower()
    return reference.host.lower() in hosts or resemblance_of(reference, server) is not None


def scope_unread(facts: Facts) -> Unreadable | None:
    """Why it is not known which failing pulls are the registry's; ``None``: it is, or nothing fails.

    Without the registry a host is compared with the name that the user gave. Without the cluster, or where it does not
    show its bootstrap registry, images of AKS itself may be of any.
    """
    kubernetes = facts.kubernetes
    failing = kubernetes.failing if isinstance(kubernetes, Kubernetes) else ()
    if isinstance(failing, Unreadable) or not failing:
        return None
    if facts.targets.registry.is_named and isinstance(facts.registry, Unreadable):
        return facts.registry
    bootstrap = bootstrap_of(facts.cluster) if _any_mirrored(failing) else None
    if not isinstance(bootstrap, Unreadable):
        return None
    pods = f"pods wait for images of {MIRRORED}, which nodes may get through that registry"
    return bootstrap if facts.cluster is bootstrap else replace(bootstrap, detail=f"{bootstrap.detail}; {pods}")


def login_server_of(facts: Facts) -> str:
    """The login server, as far as it is known: of the registry, else of what the user wrote."""
    if isinstance(facts.registry, Registry):
        return facts.registry.login_server.lower()
    target = facts.targets.registry
    return (target.login_server or f"{target.name or target.given}.azurecr.io").lower()


def recent_pulls(facts: Facts) -> tuple[PulledImage, ...]:
    """What nodes fetched from the login server itself within :data:`RECENT`; empty where events were not read."""
    kubernetes, server = facts.kubernetes, login_server_of(facts)
    if not isinstance(kubernetes, Kubernetes) or isinstance(kubernetes.pulled, Unreadable):
        return ()
    recent = (each for each in kubernetes.pulled if each.at is not None and facts.now - each.at <= RECENT)
    return tuple(each for each in recent if each.image.partition("/")[0].lower() == server)


def _hosts(facts: Facts) -> frozenset[str]:
    registry = facts.registry
    return hosts_of(registry) if isinstance(registry, Registry) else frozenset({login_server_of(facts)})


def is_of_streaming_mirror(error: PullError) -> bool:
    """Tell whether the request that failed went to the artifact streaming mirror on the node, localhost:8578."""
    return any(cause.mechanism == "artifact-streaming" for cause in error.causes)


_classified = lru_cache(maxsize=4096)(classify)


def failed_pull(container: FailingContainer, mirrors: bool = False) -> FailedPull:
    """Read a container's message.

    ``mirrors``: nodes get images through the registry that is judged, and ask their own host only after it.
    """
    error = _classified(container.message)
    found = error.symptom_class
    if mirrors and is_mirrored(container.image) and is_mirrored(error.host or "") and found in _AFTER_THE_MIRROR:
        return FailedPull(container, error, "backoff-only")  # the text tells nothing of what the registry answered
    if is_of_streaming_mirror(error) and error.status == MIRROR_FAILED:
        return FailedPull(container, error, "backoff-only")  # so it is here: any error may be behind the mirror's
    if found in _SAYS_NOTHING and error.mechanism is None:
        found = _CLASS_OF_REASON.get(container.reason, "other" if found == "negative" else found)
    return FailedPull(container, error, found)


def _symptom(pull: FailedPull, pools: Mapping[str, str | None]) -> Symptom:
    container = pull.container
    return Symptom(
        namespace=printable(container.namespace),
        pod=printable(container.pod),
        container=printable(container.container),
        image=_short(container.image),
        node=None if container.node is None else printable(container.node),
        node_pool=pools.get(container.node or ""),
        symptom_class=pull.symptom_class,
        message=quoted(container.message, LONGEST_MESSAGE),
        count=container.count,
        last_seen=container.last_seen,
        first_seen=container.first_seen,
        asked=None if pull.asked is None else written(pull.asked),
        virtual_node=pull.virtual_node,
    )


def pool_of(node: str | None, facts: Facts) -> str | None:
    """The pool of a node, where nodes were read."""
    return _pools_by_node(facts).get(node or "")


def _pools_by_node(facts: Facts) -> dict[str, str | None]:
    kubernetes = facts.kubernetes
    nodes = () if not isinstance(kubernetes, Kubernetes) else kubernetes.nodes
    return {} if isinstance(nodes, Unreadable) else {each.name: each.pool for each in nodes}


def _short(text: str) -> str:
    """A name, printable and cut: it may be of any length."""
    shown = printable(text[:LONGEST_MESSAGE])
    return shown if len(shown) <= LONGEST_MESSAGE and len(text) <= LONGEST_MESSAGE else f"{shown[:LONGEST_MESSAGE]}..."


def _order(pull: FailedPull) -> tuple[str, ...]:
    container = pull.container
    return container.namespace, container.pod, container.container
