"""Check on what an index names: does the registry still have what nodes take of it?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ...catalogue import Outcome, check, skipped, unknown
from ...details import Details, internal
from ...effects.image import built_for
from ...facts import CacheRule, Facts, ImageLookup, Offered, Unreadable, known
from ...images.cache_rules import rule_for
from ...images.manifests import taken
from ...images.platforms import NodePlatform
from ...model import Confidence, Finding, Reach, SeenFrom, Severity
from ...repairs import Step, option
from ._hosts import Host, hosts_of
from .content import Asked, manifests_read

_PUSH_RIGHT = "Microsoft.ContainerRegistry/registries/push/write"


@dataclass(frozen=True)
class MissingManifest(Details):
    """An index, and what is gone of what it names."""

    missing: tuple[str, ...]
    """Digests."""
    node_platforms: tuple[str, ...]
    pools: tuple[str, ...]
    nodes: tuple[str, ...]
    pods: tuple[str, ...]
    """``NAMESPACE/NAME`` of those that wait for it."""
    remaining_platforms: tuple[str, ...]
    """Those of which the registry still has the manifest."""
    cache_rule: str | None
    """What fills the repository; ``None``: nobody but who pushes, as far as rules were read."""
    platforms_to_build: str | None = internal()
    """As ``docker buildx`` takes them; ``None``: it is not built so."""

    @property
    def where(self) -> str:
        """The nodes, in words."""
        if not self.pools:
            return f"node {', '.join(self.nodes)}"
        return f"node pool{'s' if len(self.pools) > 1 else ''} {', '.join(self.pools)}"

    @property
    def left(self) -> str:
        """A clause that tells what is still there; empty: nothing that was asked for."""
        return f"; it still has those for {', '.join(self.remaining_platforms)}" if self.remaining_platforms else ""

    @property
    def pushed(self) -> bool:
        """The repository takes pushes."""
        return self.cache_rule is None


MANIFEST_MISSING = Outcome(
    id="image.manifest-missing",
    severity=Severity.ERROR,
    summary="The image {image} is an index that names a manifest which the registry no longer has, for "
    "{node_platforms}, the platform of {where}{left}.",
    url="https://learn.microsoft.com/azure/container-registry/container-registry-auto-purge",
    seen_from=SeenFrom.REGISTRY,
    details=(Asked, MissingManifest),
    repairs=(
        option(
            Step(
                "Push the image again, for all its platforms",
                "docker buildx build --platform {platforms_to_build} --tag {image} --push .",
                instead="Push the very image again from where it was built",
                requires=(_PUSH_RIGHT,),
                effect=built_for("platforms_to_build"),
            ),
            Step(
                "Then keep what deletes untagged manifests from those that an index names: they have no tag of their "
                "own. acr purge leaves them alone since acr-cli 0.11; a script has to look into each index"
            ),
            when="pushed",
        ),
        Step(
            "Or import it again from the registry that it came from (az acr import with --force)",
            when="pushed",
        ),
        Step(
            "Name a tag that nobody deleted from: cache rule {cache_rule} fills the repository, which takes no push",
            when="cache_rule",
        ),
    ),
    explains=("image-not-found",),
    article="2",
)


@check(
    "image.manifest",
    needs=("images", "registry", "cluster", "kubernetes", "cache_rules"),
    outcomes=(MANIFEST_MISSING,),
    seen_from=SeenFrom.REGISTRY,
)
def the_registry_has_what_nodes_take(facts: Facts) -> Iterator[Finding]:
    """The registry has the manifest that each node takes of an index.

    A tag of several platforms points to an index, and the manifests that it names have no tag: whatever deletes
    untagged manifests (acr purge of old versions, scripts) may take them away and leave tag and index behind
    (https://github.com/Azure/acr-cli/issues/131). containerd chooses the manifest that fits the node best and
    fails with "not found" where that one is gone, though another would fit.

    Decided by asking the registry for each manifest of the index, and of indexes in it, that a node of AKS can take:
    a 404 for the one that a node takes on which a pod waits; for an image that no pod waits for, for one that some
    node or pool of the cluster takes. An index that has nothing for a node is another matter.
    """
    for each in manifests_read(facts):
        if isinstance(each, Finding):
            yield each
        elif not each[0].is_index:
            yield skipped(each[0].reference, "The image is a single manifest.")
        else:
            yield from _judged(facts, *each)


def _judged(facts: Facts, one: ImageLookup, offered: tuple[Offered, ...]) -> Iterator[Finding]:
    hosts, _ = hosts_of(facts, one)
    takes = [(host, _taken(offered, host)) for host in hosts]
    gone = [(host, each) for host, each in takes if isinstance(each, Offered) and each.manifest is None]
    if gone:
        yield _missing(facts, one, offered, gone)
        return
    for _, each in takes:
        why = each.manifest if isinstance(each, Offered) else each
        if isinstance(why, Unreadable):
            yield unknown(one.reference, why)
            return
    if isinstance(facts.kubernetes, Unreadable):
        # What every pool takes is there; on which nodes pods wait, only Kubernetes tells.
        yield unknown(one.reference, facts.kubernetes, decisive=False)


def _taken(offered: tuple[Offered, ...], host: Host) -> Offered | Unreadable | None:
    """What a node takes; ``None``: nothing is for it, which the check on platforms says."""
    if isinstance(host.platform, Unreadable):
        return host.platform if any(each.manifest is None for each in offered) else None
    fitting = taken(offered, host.platform)
    if not fitting:
        return None
    if host.platform.os == "windows" and host.platform.windows_build is None:
        return _of_some_build(fitting, host)
    return fitting[0]


def _of_some_build(fitting: tuple[Offered, ...], host: Host) -> Offered | Unreadable:
    """What a Windows node of an unknown build takes: known only where all that may be are there, or none is."""
    gone = [each for each in fitting if each.manifest is None]
    if not gone or len(gone) == len(fitting):
        return fitting[0]
    return Unreadable("not-shown", f"The Windows build of {host.name} is not known, which decides what it takes")


def _missing(facts: Facts, one: ImageLookup, offered: tuple[Offered, ...], gone: list[tuple[Host, Offered]]) -> Finding:
    hosts = [host for host, _ in gone]
    pools = tuple(sorted({host.pool for host in hosts if host.pool}))
    every_pool_is_named = all(host.pool for host in hosts)
    waiting = hosts_of(facts, one)[1]
    nodes = {host.name for host in hosts if host.node}
    missing = MissingManifest(
        missing=tuple(sorted({each.digest for _, each in gone})),
        node_platforms=tuple(sorted({str(host.platform) for host in hosts if isinstance(host.platform, NodePlatform)})),
        pools=pools if every_pool_is_named else (),
        nodes=tuple(sorted(nodes)),
        pods=tuple(sorted({f"{each.namespace}/{each.pod}" for each in waiting if each.node in (None, *nodes)})),
        remaining_platforms=_remaining(offered),
        cache_rule=_rule(facts.cache_rules, one),
        platforms_to_build=_to_build(one, offered),
    )
    return MANIFEST_MISSING.at(
        one.reference,
        Asked.of(one, known(facts.registry)),
        missing,
        reach=Reach(pools=frozenset(missing.pools), images=frozenset({one.reference})),
        confidence=None if all(host.node for host in hosts) else Confidence.INFERRED,
    )


def _remaining(offered: tuple[Offered, ...]) -> tuple[str, ...]:
    there = [each for each in offered if each.manifest is not None and not isinstance(each.manifest, Unreadable)]
    return tuple(sorted({f"{each.platform.os}/{each.platform.architecture}" for each in there if each.platform}))


def _to_build(one: ImageLookup, offered: tuple[Offered, ...]) -> str | None:
    """Whatever the index named; a digest is not had again by building, and Windows images are not built so."""
    named = {f"{each.platform.os}/{each.platform.architecture}" for each in offered if each.platform}
    if one.digest is not None or not named or any(each.startswith("windows/") for each in named):
        return None
    return ",".join(sorted(named))


def _rule(rules: tuple[CacheRule, ...] | Unreadable, one: ImageLookup) -> str | None:
    rule = None if isinstance(rules, Unreadable) else rule_for(rules, one.repository)
    return rule.name if rule else None
