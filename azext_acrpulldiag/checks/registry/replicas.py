"""The check on geo-replicas: do those that may serve the nodes serve?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ...catalogue import Outcome, check, skipped, unknown
from ...details import Details, internal
from ...effects.registry import routed
from ...facts import Cluster, Facts, Registry, Replication, Unreadable, known, region_key
from ...model import Confidence, Finding, Reach, Severity
from ...path.regions import region_of_host
from ...pull_errors.symptoms import FailedPull, failed_pulls
from ...repairs import Step, option

_WRITE = "Microsoft.ContainerRegistry/registries/replications/write"
_UPDATE = "az acr replication update --registry {registry} --subscription {subscription} --name {replica}"
READY, FAILED = "ready", "failed"
_WHERE_A_REGION_FAILS = ("timeout-network", "server-error", "blob-download")


@dataclass(frozen=True)
class Replica(Details):
    """A geo-replica, and what Azure says of it."""

    registry: str
    subscription: str
    replica: str
    region: str
    display_status: str | None
    """``None``: not shown."""
    status_message: str
    provisioning_state: str | None
    global_routing: bool | None
    cluster_region: str | None
    others: tuple[str, ...]
    """The regions that the login server leads to besides, whose replicas are well."""
    degraded: bool = internal()
    serves_the_nodes: bool = internal()
    """Pulls that fail are of this region or may be; where none does, those of the nodes may be."""

    @property
    def problem(self) -> str:
        """What is wrong, as the end of a sentence."""
        said = f" ({self.status_message.rstrip('.')})" if self.status_message else ""
        told = [
            f"has status {self.display_status}{said}" if self.display_status and not self._is_ready else "",
            f"is in provisioning state {self.provisioning_state}" if self._has_failed else "",
            "is out of global routing, so that the login server leads nobody there" if self.is_out else "",
        ]
        return " and ".join(filter(None, told))

    @property
    def consequence(self) -> str:
        """What that does to pulls, as a sentence."""
        if self.serves_the_nodes:
            return "Pulls that are led there may time out or end in server errors."
        if self.degraded and self.cluster_region is None:
            return "Whether pulls of this cluster are led there is not known."
        if self.degraded:
            return "Pulls of this cluster are led elsewhere."
        return "Its data is still synced, and its own host still serves."

    @property
    def is_out(self) -> bool:
        """The login server does not lead there."""
        return self.global_routing is False

    @property
    def only_out(self) -> bool:
        """It is out of global routing, and well."""
        return self.is_out and not self.degraded

    @property
    def can_go_out(self) -> bool:
        """It is degraded, and others take over where the login server no longer leads there."""
        return self.degraded and not self.is_out and bool(self.others)

    @property
    def _is_ready(self) -> bool:
        return (self.display_status or "").lower() == READY

    @property
    def _has_failed(self) -> bool:
        return (self.provisioning_state or "").lower() == FAILED


REPLICA_UNHEALTHY = Outcome(
    id="registry.replica-unhealthy",
    severity=Severity.WARNING,
    confidence=Confidence.INFERRED,
    summary="The geo-replica of registry {registry} in {region} {problem}. {consequence}",
    url="https://learn.microsoft.com/azure/container-registry/container-registry-geo-replication",
    details=(Replica,),
    repairs=(
        option(
            Step(
                "Take the replica out of global routing until its status is Ready: pulls by the login server then go "
                "to {others}, once DNS answers that are kept have run out",
                f"{_UPDATE} --set regionEndpointEnabled=false",
                requires=(_WRITE,),
                changes="the login server leads every client to other regions than {region}, whose data is still "
                "synced; --set regionEndpointEnabled=true brings it back",
                effect=routed(False),
            ),
            when="can_go_out",
        ),
        Step(
            "Bring it back into global routing, unless somebody took it out on purpose",
            f"{_UPDATE} --set regionEndpointEnabled=true",
            when="only_out",
            requires=(_WRITE,),
            changes="the login server leads clients to {region} again",
            effect=routed(True),
        ),
        Step(
            "Check its status again; if it stays so, Azure Service Health and support know of the region",
            "az acr replication show --registry {registry} --subscription {subscription} --name {replica}",
            when="degraded",
        ),
    ),
    explains=_WHERE_A_REGION_FAILS,
    explains_when=dict.fromkeys(_WHERE_A_REGION_FAILS, "serves_the_nodes"),
)


@check(
    "registry.replicas",
    needs=("registry", "replications", "cluster", "kubernetes"),
    outcomes=(REPLICA_UNHEALTHY,),
)
def replicas_are_well(facts: Facts) -> Iterator[Finding]:
    """Every geo-replica of the registry is ready and in global routing.

    The login server of a geo-replicated registry leads each client to one region, mostly the nearest. Where that one
    is degraded, pulls time out or end in server errors until routing has led them elsewhere, which takes minutes and
    the time for which DNS answers are kept. Images and their layers come from the same region.

    Decided from the replica's status, which is Ready where it serves, and from its provisioning state, which tells of
    its last operation alone: Succeeded proves nothing, and Failed is a warning. Which region serves the nodes is not
    shown. It is taken to be the cluster's own, where the registry has a replica there that is well; else it may be any
    that global routing leads to. A pull that names a region's own host, in the image or in what the pod reports, is
    that region's. A replica that is only out of global routing (its regional endpoint is disabled) is told, and
    explains no failing pull: its data is synced, and its own host serves. Does not apply to a registry that is in its
    home region alone.

    Source: https://learn.microsoft.com/azure/container-registry/container-registry-geo-replication
    """
    registry, replications = known(facts.registry), known(facts.replications)
    if not replications:
        yield skipped(registry.id, f"Registry {registry.name} is in its home region alone.")
    for each in replications:
        if is_degraded(each) or each.global_routing is False:
            yield from _told(facts, registry, each, replications)
        else:
            yield from _not_shown(each)


def is_degraded(replica: Replication) -> bool:
    """Tell whether Azure says of a replica that it is not ready, or failed."""
    status, state = replica.display_status, replica.provisioning_state
    return (isinstance(status, str) and status.lower() != READY) or (isinstance(state, str) and state.lower() == FAILED)


def _not_shown(replica: Replication) -> Iterator[Finding]:
    for each in (replica.display_status, replica.provisioning_state, replica.global_routing):
        if isinstance(each, Unreadable):
            yield unknown(replica.id, each)
            return


def _told(
    facts: Facts, registry: Registry, replica: Replication, replications: Sequence[Replication]
) -> Iterator[Finding]:
    degraded = is_degraded(replica)
    here = region_key(facts.cluster.location) if degraded and isinstance(facts.cluster, Cluster) else None
    well = _well(registry, replications)
    led_there = degraded and here is not None and _may_lead(replica, here, well)
    pulls = failed_pulls(facts)[0] if degraded else ()
    mine = [pull for pull in pulls if _is_of(pull, replica, led_there)]
    told = Replica(
        registry=registry.name,
        subscription=registry.subscription,
        replica=replica.name,
        region=replica.location,
        display_status=_shown(replica.display_status),
        status_message=replica.status_message,
        provisioning_state=_shown(replica.provisioning_state),
        global_routing=replica.global_routing if isinstance(replica.global_routing, bool) else None,
        cluster_region=here,
        others=tuple(each for each in well if each != replica.location),
        degraded=degraded,
        serves_the_nodes=bool(mine) if pulls else led_there,
    )
    some = 0 < len(mine) < len(pulls)
    pods = frozenset((pull.container.namespace, pull.container.pod) for pull in mine if some)
    yield REPLICA_UNHEALTHY.at(
        replica.id, told, reach=Reach(pods=pods), confidence=None if degraded else Confidence.OBSERVED
    )
    if degraded and isinstance(facts.cluster, Unreadable):
        yield unknown(replica.id, facts.cluster)


def _shown(word: str | Unreadable) -> str | None:
    return word if isinstance(word, str) else None


def _well(registry: Registry, replications: Sequence[Replication]) -> tuple[str, ...]:
    """The regions that the login server leads to and whose replicas are well."""
    listed = {each.location for each in replications}
    home = [each for each in (region_key(registry.location),) if each and each not in listed]
    in_routing = (each for each in replications if each.global_routing is not False and not is_degraded(each))
    return (*home, *(each.location for each in in_routing))


def _may_lead(replica: Replication, here: str, well: Sequence[str]) -> bool:
    """Whether the login server may lead clients of region ``here`` to a replica that is degraded."""
    return replica.global_routing is not False and (replica.location == here or here not in well)


def _is_of(pull: FailedPull, replica: Replication, led_there: bool) -> bool:
    """Whether a pull is of the replica's region, or may be."""
    regions = {region for host in _hosts(pull) if (region := region_of_host(host))}
    return replica.location in regions if regions else led_there


def _hosts(pull: FailedPull) -> Iterator[str]:
    """What the pod reports to have asked, and where its image is."""
    yield pull.error.host or ""
    yield pull.container.image.partition("/")[0]
