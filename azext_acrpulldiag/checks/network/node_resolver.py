"""The check on the resolver that a node may have of its own: does it keep an answer that DNS no longer gives?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta, timezone

from ...catalogue import Outcome, check, skipped, unknown
from ...details import Details, internal
from ...facts import AgentPool, Cluster, Facts, Network, Registry, Unreadable, known
from ...model import Confidence, Finding, Reach, Severity
from ...path.dns.judged import answers_rightly
from ...path.endpoints import own_hosts
from ...pull_errors.parse import NODE_RESOLVER
from ...pull_errors.symptoms import FailedPull, failed_pulls, symptoms_of
from ...quoting import printable, quoted
from ...repairs import Step, option
from .._kubernetes import LONGEST_MESSAGE, failing_pods_of, not_seen, pod_names
from .._named import ClusterNames

# The longest that LocalDNS keeps an answer, also that a name does not exist (cacheDurationInSeconds of the recorded
# profiles; https://learn.microsoft.com/azure/aks/localdns-custom).
LONGEST_KEPT = timedelta(seconds=3600)
ON = "Enabled"


@dataclass(frozen=True)
class PoolResolver(Details):
    """LocalDNS of one node pool, in Azure's words; ``None``: not shown."""

    pool: str
    mode: str | None
    state: str | None


@dataclass(frozen=True)
class NodeResolver(Details):
    """Who fails at the node's resolver, and since when everybody may be answered anew."""

    pools: tuple[str, ...]
    local_dns: tuple[PoolResolver, ...]
    address: str
    hosts: tuple[str, ...]
    pods: tuple[str, ...]
    message: str
    last_failed: str | None
    kept_until: str
    """In UTC: by then every answer that is kept now is gone."""
    managed: tuple[PoolResolver, ...] = internal()
    """Of those, the pools that AKS scales and upgrades as such."""
    provisioned: bool = internal()
    """Some of the nodes are in no such pool."""

    @property
    def who(self) -> str:
        """Whose nodes, for a sentence."""
        return f"The nodes of {', '.join(self.pools)}" if self.pools else "Some nodes"


NODE_RESOLVER_FAILS = Outcome(
    id="network.node-resolver",
    severity=Severity.WARNING,
    confidence=Confidence.INFERRED,
    summary="{who} ask their own resolver, LocalDNS ({address}), which does not resolve {hosts}, though private DNS "
    "and the network's DNS servers do as far as Azure shows. It keeps old answers for up to an hour, after which "
    "kubelet's next try succeeds, and learns of other DNS servers of the network only when a node is made anew.",
    url="https://learn.microsoft.com/azure/aks/localdns-custom",
    details=(NodeResolver, ClusterNames),
    repairs=(
        Step(
            "If a record or link was changed within the last hour: wait. Kubelet tries again within five minutes, and "
            "what the resolver keeps now is gone by {kept_until} (UTC), mostly far sooner"
        ),
        option(
            Step(
                "If the network's DNS servers were changed, or waiting did not help: upgrade the node image of node "
                "pool {pool}, which makes its nodes anew; if the image is the newest already, drain and reimage its "
                "nodes one by one",
                "az aks nodepool upgrade --resource-group {resource_group} --cluster-name {cluster} --name {pool} "
                "--subscription {subscription} --node-image-only",
                each="managed",
                requires=("Microsoft.ContainerService/managedClusters/agentPools/upgradeNodeImageVersion/action",),
                changes="every node of the pool is cordoned, drained and reimaged",
                untold="Whether the image is the newest already, so that no node is made anew, nobody can tell from "
                "here.",
            ),
            when="managed",
        ),
        Step(
            "If the network's DNS servers were changed: have node auto-provisioning replace its nodes",
            when="provisioned",
        ),
    ),
    explains=("dns-failure",),
    article="3.1",
)


@check(
    "network.node-resolver",
    needs=("registry", "network", "cluster", "kubernetes", "now"),
    outcomes=(NODE_RESOLVER_FAILS,),
)
def nodes_resolve_what_dns_answers(facts: Facts) -> Iterator[Finding]:
    """No pod fails to resolve the registry at its node's own resolver while DNS itself is right.

    With LocalDNS, a default of new Kubernetes versions, a node's kubelet asks a resolver on the node, at
    169.254.10.10, which passes queries on to the network's DNS servers. It keeps answers, also that a name does not
    exist, for up to an hour, and may give an old one once more while it asks again. It is told the network's DNS
    servers when the node is made, and of other servers only when the node is made anew. So a pull may fail
    for a while after everything was repaired, or until the node is reimaged.

    Decided by the messages of failing pods that name this address, or no DNS server on nodes of a pool whose
    ``localDNSProfile.state`` is Enabled (``mode`` is what was asked for), and only where private DNS and the network's
    DNS servers, as the other checks judge them, resolve the host rightly: where a record, link or server is at fault,
    that is the cause. The address in a message proves that the resolver is on.

    Source: https://learn.microsoft.com/azure/aks/localdns-custom
    """
    failing = failing_pods_of(facts)
    if failing is None or isinstance(failing, Unreadable):
        yield not_seen(facts, failing)
        return
    cluster, registry = known(facts.cluster), known(facts.registry)
    failed = [each for each in _failed(facts) if _fails_at_node(each, cluster)]
    if not failed:
        return
    if facts.network is None:
        yield skipped(cluster.id, "The nodes' network was not read.")
        return
    judged = _judged(registry, known(facts.network), failed)
    stuck = [each for each in failed if judged[each.asked] is True]
    if stuck:
        yield _finding(facts, cluster, stuck)
    doubts = dict.fromkeys(each for each in judged.values() if isinstance(each, Unreadable))
    yield from (unknown(cluster.id, why) for why in doubts)


@dataclass(frozen=True)
class _Failed:
    """A failing pull, and the pool of its node where that is known."""

    pull: FailedPull
    pool: str | None

    @property
    def asked(self) -> tuple[str | None, str]:
        """Where nodes asked for which host: what one answer is for."""
        return self.pool, (self.pull.error.host or "").lower()


def _failed(facts: Facts) -> Iterable[_Failed]:
    """The failing pulls of the registry; symptoms are in the same order, and carry the pool."""
    pairs = zip(failed_pulls(facts)[0], symptoms_of(facts)[0], strict=True)
    return (_Failed(pull, symptom.node_pool) for pull, symptom in pairs)


def _fails_at_node(failed: _Failed, cluster: Cluster) -> bool:
    if failed.pull.symptom_class != "dns-failure":
        return False
    asked = failed.pull.error.resolver
    return asked == NODE_RESOLVER if asked else any(_local_dns(pool).state == ON for pool in _of(cluster, failed.pool))


def _of(cluster: Cluster, *names: str | None) -> tuple[AgentPool, ...]:
    """The cluster's node pools of these names; auto-provisioned nodes are in none."""
    wanted = {name.lower() for name in names if name}
    pools = () if isinstance(cluster.agent_pools, Unreadable) else cluster.agent_pools
    return tuple(pool for pool in pools if pool.name.lower() in wanted)


def _local_dns(pool: AgentPool) -> PoolResolver:
    profile = pool.local_dns
    if isinstance(profile, Unreadable):
        return PoolResolver(pool.name, None, None)
    mode, state = (None if isinstance(each, Unreadable) else each for each in (profile.mode, profile.state))
    return PoolResolver(pool.name, mode, state)


def _judged(
    registry: Registry, network: Network, failed: Iterable[_Failed]
) -> dict[tuple[str | None, str], bool | Unreadable]:
    """Whether what stands behind the nodes' resolver is right, for each host that nodes of a pool asked for.

    What other hosts' names resolve to is not judged.
    """
    hosts = {host.lower() for host in own_hosts(registry, network.endpoints, network.replications)}
    return {
        (pool, host): host in hosts and _behind(registry, network, pool, host)
        for pool, host in dict.fromkeys(each.asked for each in failed)
    }


def _behind(registry: Registry, network: Network, pool: str | None, host: str) -> bool | Unreadable:
    """In every place that the node may be in."""
    own = tuple(place for place in network.places if pool in place.pools)
    judged = [answers_rightly(registry, network, place, host) for place in own or network.places]
    if False in judged:
        return False
    return next((each for each in judged if isinstance(each, Unreadable)), bool(judged))


def _finding(facts: Facts, cluster: Cluster, stuck: Sequence[_Failed]) -> Finding:
    pools = tuple(sorted({each.pool for each in stuck if each.pool}))
    resolvers = tuple(map(_local_dns, _of(cluster, *pools)))
    containers = [each.pull.container for each in stuck]
    seen = [container.last_seen for container in containers if container.last_seen is not None]
    found = NodeResolver(
        pools=tuple(map(printable, pools)),
        local_dns=resolvers,
        address=NODE_RESOLVER,
        hosts=tuple(sorted({each.asked[1] for each in stuck})),
        pods=pod_names(containers),
        message=quoted(containers[0].message, LONGEST_MESSAGE),
        last_failed=max(seen).isoformat() if seen else None,
        kept_until=(facts.now + LONGEST_KEPT).astimezone(timezone.utc).strftime("%Y-%m-%d %H:%M"),
        managed=resolvers,
        provisioned=len(resolvers) < len(pools),
    )
    reach = Reach(pods=frozenset((container.namespace, container.pod) for container in containers))
    return NODE_RESOLVER_FAILS.at(cluster.id, found, ClusterNames.of(cluster), reach=reach)
