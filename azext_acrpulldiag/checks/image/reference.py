"""Checks on the image reference itself: valid, and naming the registry's login server?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date

from ...catalogue import Outcome, check, skipped, unknown
from ...details import Details
from ...facts import AgentPool, Facts, Image, Kubernetes, Registry, Unreadable, known
from ...images.node_images import NodeImage, node_image
from ...images.references import (
    DOCKER_HUB,
    Resemblance,
    parse_reference,
    resemblance_of,
    same_but_for_label,
    written,
)
from ...model import Confidence, Finding, Reach, Severity
from ...path.regions import regions_of
from ...pull_errors.symptoms import failed_pulls, scope_unread
from ...quoting import quoted
from ...repairs import Step
from .._named import ClusterNames

_ARTICLE = (
    "https://learn.microsoft.com/troubleshoot/azure/azure-kubernetes/extensions/"
    "cannot-pull-image-from-acr-to-aks-cluster"
)
NO_IMAGE = "No image was given with --image, and no failing pod names one."
_LONGEST = 400


@dataclass(frozen=True)
class InvalidReference(Details):
    """A text that is no image reference, and the registry that it is meant for, where that is known."""

    image: str
    reason: str
    registry: str | None
    subscription: str | None


@dataclass(frozen=True)
class OtherHost(Details):
    """A host that resembles a registry's login server, and is not it."""

    host: str
    login_server: str
    problem: str
    suggestion: str
    """The image at the login server."""
    registry: str
    subscription: str
    path: str
    """The image without its host."""


@dataclass(frozen=True)
class RegionalHost(Details):
    """A node pool whose nodes do not know the regional hosts of registries."""

    pool: str
    node_image: str
    host: str
    login_server: str


_LIST = "Write the reference as LOGIN-SERVER/REPOSITORY:TAG"
_LOOK = Step(
    "Use {suggestion} as the image; this shows whether the registry has it",
    "az acr repository show --name {registry} --image {path} --subscription {subscription}",
)

INVALID_REFERENCE = Outcome(
    id="image.invalid-reference",
    severity=Severity.ERROR,
    summary="The image reference {image} is not valid, so kubelet refuses it without asking a registry: {reason}",
    url="https://learn.microsoft.com/azure/container-registry/container-registry-image-formats",
    details=(InvalidReference,),
    repairs=(
        Step(
            f"{_LIST}; this lists the repositories",
            "az acr repository list --name {registry} --subscription {subscription} --output table",
            instead=_LIST,
        ),
    ),
    explains=("invalid-image-name",),
    article="2",
)
LOGIN_SERVER_TYPO = Outcome(
    id="image.login-server-typo",
    severity=Severity.ERROR,
    summary="The image's host {host} is not the registry's login server {login_server}: {problem}.",
    url=_ARTICLE,
    details=(OtherHost,),
    repairs=(_LOOK,),
    explains=("dns-failure", "tls-trust", "timeout-network", "unauthorized-401", "image-not-found"),
    article="2",
)
LOGIN_SERVER_MISMATCH = Outcome(
    id="image.login-server-mismatch",
    severity=Severity.ERROR,
    summary="The image's host {host} resembles the registry's login server {login_server}, but is not it: {problem}.",
    url=_ARTICLE,
    details=(OtherHost,),
    repairs=(_LOOK,),
    explains=(
        "dns-failure",
        "unauthorized-401",
        "forbidden-403",
        "image-not-found",
        "timeout-network",
        "image.regional-host-unsupported",
    ),
    article="2",
)
REGIONAL_HOST_UNSUPPORTED = Outcome(
    id="image.regional-host-unsupported",
    severity=Severity.ERROR,
    summary="Node pool {pool} has node image {node_image}, whose kubelet offers no credential to the regional host "
    "{host}; node image 202607.29 or newer does.",
    url="https://learn.microsoft.com/azure/container-registry/container-registry-geo-replication",
    confidence=Confidence.INFERRED,
    details=(RegionalHost, ClusterNames),
    repairs=(
        Step(
            "Upgrade the node image of the pool (or name the image by the login server {login_server})",
            "az aks nodepool upgrade --resource-group {resource_group} --cluster-name {cluster} --name {pool} "
            "--subscription {subscription} --node-image-only",
            requires=("Microsoft.ContainerService/managedClusters/agentPools/upgradeNodeImageVersion/action",),
            changes="the pool's nodes are reimaged, a few at a time",
            untold="Nodes are made again, and how new the newest image of their kind is nobody can tell from here.",
        ),
    ),
    explains=("unauthorized-401",),
)

_TYPOS = {
    Resemblance.SUFFIX_TYPO: "the part after the name is misspelt",
    Resemblance.SUFFIX_MISSING: "the part after the name is missing, so Docker Hub or a bare name is asked",
    Resemblance.OTHER_CLOUD: "the ending belongs to another cloud",
    Resemblance.PRIVATE_LINK: "private link names are for DNS alone, and no certificate covers them",
}
_MISMATCHES = {
    Resemblance.SHORT_NAME: "the login server has a domain name label",
    Resemblance.OTHER_LABEL: "the domain name label behind its name is another, so another registry is asked",
    Resemblance.PORT: "kubelet does not offer the cluster's credential to a host with a port",
    Resemblance.DATA_ENDPOINT: "that is the data endpoint, which serves layers only",
    Resemblance.NEAR_MISS: "one letter differs",
}
# Another registry may bear the name with one letter changed; a pull secret may name the port.
_INFERRED = (Resemblance.NEAR_MISS, Resemblance.PORT)


@check("image.reference", needs=("options", "kubernetes", "registry", "cluster"), outcomes=(INVALID_REFERENCE,))
def reference_is_valid(facts: Facts) -> Iterator[Finding]:
    """Every image reference follows the rules for references.

    Kubelet refuses an invalid reference without asking a registry, and the container waits with InvalidImageName.
    Decided with the grammar that kubelet, containerd and CRI-O share (github.com/distribution/reference): an
    optional host, a lower-case repository, an optional tag and an optional digest. It applies to the image of
    ``--image`` and to those of failing pods that are meant for this registry.
    """
    texts = _texts(facts)
    if not texts:
        yield skipped(facts.targets.registry.given, NO_IMAGE)
    for text in texts:
        try:
            parse_reference(text)
        except ValueError as invalid:
            registry = facts.registry if isinstance(facts.registry, Registry) else None
            shown = quoted(text, _LONGEST)
            of = InvalidReference(
                shown,
                quoted(str(invalid), _LONGEST),
                registry.name if registry else None,
                registry.subscription if registry else None,
            )
            yield INVALID_REFERENCE.at(shown or "(empty)", of, reach=Reach(images=frozenset({text})))
    if texts:
        yield from _not_seen(facts)


@check(
    "image.login-server",
    needs=("options", "kubernetes", "registry", "cluster", "replications"),
    outcomes=(LOGIN_SERVER_TYPO, LOGIN_SERVER_MISMATCH),
)
def host_is_the_login_server(facts: Facts) -> Iterator[Finding]:
    """The host of every image is the registry's login server.

    A host that only looks like it does not resolve, shows a certificate for another name, or is asked without the
    cluster's credential. Decided by comparing the host with ``loginServer`` as the registry shows it; it is never
    built from the registry's name, because a registry may have a domain name label (https://aka.ms/acr/dnl). A
    regional host (registry.region.geo.azurecr.io) is one where the registry has a replica in that region, or its home.

    A plainly different host is out of scope: the image is another registry's.
    """
    named = _by_host(facts)
    if not named:
        yield skipped(facts.targets.registry.given, NO_IMAGE)
        return
    registry = known(facts.registry)
    relations = {host: _relation(images[0], registry, facts) for host, images in named.items()}
    if not any(relations.values()):
        image = written(_first(named))
        through = any(pull.asked is not None for pull in failed_pulls(facts)[0])
        reason = "is not of the registry" if not through else "has a host of its own, and nodes get it through"
        yield skipped(image, f"The image {reason} {registry.login_server}.")
    for host, images in named.items():
        relation, reach = relations[host], Reach(images=frozenset(map(written, images)))
        if relation in _TYPOS:
            host_named = _other_host(images[0], registry, _TYPOS[relation], relation)
            yield LOGIN_SERVER_TYPO.at(written(images[0]), host_named, reach=reach)
        elif relation in _MISMATCHES:
            host_named = _other_host(images[0], registry, _MISMATCHES[relation], relation)
            confidence = Confidence.INFERRED if relation in _INFERRED else None
            yield LOGIN_SERVER_MISMATCH.at(written(images[0]), host_named, confidence=confidence, reach=reach)
        elif relation is Resemblance.REGIONAL:
            yield from _of_no_region(facts, registry, images[0], reach)
    yield from _not_seen(facts)


def _relation(image: Image, registry: Registry, facts: Facts) -> Resemblance | None:
    """How an image's host relates to the registry; ``None``: it is plainly another's.

    A registry of that name with another domain name label is another's too, but where ``--image`` names it beside
    ``--acr``: then what is to be pulled is not at the registry that was named.
    """
    found = resemblance_of(image, registry.login_server)
    if found is None and image == facts.options.image and same_but_for_label(image.host, registry.login_server):
        return Resemblance.OTHER_LABEL
    return found


def _of_no_region(facts: Facts, registry: Registry, image: Image, reach: Reach) -> Iterator[Finding]:
    """Speak of a regional host of a region that the registry is not in; nothing of one that is shown."""
    host, region = image.host.lower(), image.host.lower().split(".")[1]
    listed = registry.regional_hosts
    if (isinstance(listed, tuple) and host in map(str.lower, listed)) or region in regions_of(registry, ()).names:
        return
    replications = facts.replications
    if isinstance(replications, Unreadable):
        yield unknown(written(image), replications)
    elif region not in {each.location for each in replications}:
        problem = f"the registry has no replica in {region}, so that there is no such host"
        yield LOGIN_SERVER_MISMATCH.at(
            written(image), _other_host(image, registry, problem, Resemblance.REGIONAL), reach=reach
        )


@check(
    "image.regional-host",
    needs=("options", "kubernetes", "registry", "cluster"),
    outcomes=(REGIONAL_HOST_UNSUPPORTED,),
)
def nodes_know_regional_hosts(facts: Facts) -> Iterator[Finding]:
    """The credential provider of every node pool matches the image's host.

    Kubelet asks for the cluster's credential only for hosts that its credential provider configuration lists.
    Regional hosts (registry.region.geo.azurecr.io) are listed from node image 202607.29 on; an older node pulls
    anonymously and gets 401. Decided by the node image version of each pool.
    """
    named = _by_host(facts)
    if not named:
        yield skipped(facts.targets.registry.given, NO_IMAGE)
        return
    server = known(facts.registry).login_server
    regional = [
        image for images in named.values() for image in images if resemblance_of(image, server) is Resemblance.REGIONAL
    ]
    if not regional:
        yield skipped(written(_first(named)), "No image names a regional host of the registry.")
        return
    cluster = known(facts.cluster)
    for pool in known(cluster.agent_pools):
        image = _image_of(pool)
        if isinstance(image, Unreadable):
            yield unknown(_pool_id(cluster.id, pool), image)
        elif image.day < _FIRST_WITH_REGIONAL_HOSTS:
            regional_host = RegionalHost(pool.name, known(pool.node_image_version), regional[0].host, server)
            yield REGIONAL_HOST_UNSUPPORTED.at(
                _pool_id(cluster.id, pool),
                regional_host,
                ClusterNames.of(cluster),
                reach=Reach(pools=frozenset({pool.name}), images=frozenset(map(written, regional))),
            )


# --- what is named -----------------------------------------------------------------------


def _texts(facts: Facts) -> tuple[str, ...]:
    """The references to judge, each once: the argument's, and those of failing pods that mean this registry."""
    argument = facts.options.image_text
    pods = sorted({pull.container.image for pull in failed_pulls(facts)[0]})
    return tuple(dict.fromkeys([*([] if argument is None else [argument]), *pods]))


def _not_seen(facts: Facts) -> Iterator[Finding]:
    """What keeps the images that were judged from standing for those of all pods."""
    kubernetes = facts.kubernetes
    failing = kubernetes.failing if isinstance(kubernetes, Kubernetes) else kubernetes
    if isinstance(failing, Unreadable):
        yield unknown(facts.targets.cluster.id, failing, decisive=False)
    else:
        known(scope_unread(facts))


def _by_host(facts: Facts) -> dict[str, list[Image]]:
    """The valid ones, by host; names of Docker Hub by what may be a registry's name in front."""
    found: dict[str, list[Image]] = {}
    images = [] if facts.options.image is None else [facts.options.image]
    for text in _texts(facts):
        with suppress(ValueError):
            images.append(parse_reference(text))
    for image in dict.fromkeys(images):
        front = image.repository.partition("/")[0] if image.host == DOCKER_HUB else ""
        found.setdefault(f"{image.host}/{front}".lower(), []).append(image)
    return found


def _first(named: dict[str, list[Image]]) -> Image:
    return next(iter(named.values()))[0]


# --- node images -------------------------------------------------------------------------

_FIRST_WITH_REGIONAL_HOSTS = date(2026, 7, 29)


def _image_of(pool: AgentPool) -> NodeImage | Unreadable:
    version = pool.node_image_version
    return version if isinstance(version, Unreadable) else node_image(version)


def _pool_id(cluster_id: str, pool: AgentPool) -> str:
    return f"{cluster_id}/agentPools/{pool.name}"


def _other_host(image: Image, registry: Registry, problem: str, relation: Resemblance) -> OtherHost:
    path = image.repository
    if relation is Resemblance.SUFFIX_MISSING and image.host == DOCKER_HUB:
        path = path.partition("/")[2]
    path += (f":{image.tag}" if image.tag else "") if image.digest is None else f"@{image.digest}"
    return OtherHost(
        host=image.host,
        login_server=registry.login_server,
        problem=problem,
        suggestion=f"{registry.login_server}/{path}",
        registry=registry.name,
        subscription=registry.subscription,
        path=path,
    )
