"""Checks on the way to the registry: do routes and peerings lead there?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ...catalogue import Outcome, check, skipped, unknown
from ...facts import Facts, Unreadable, known
from ...model import Confidence, Finding, Severity
from ...path import BROKEN, UNKNOWN, unmet, walks, why_lost
from ...path.routing.peering import DISCONNECTED, MISSING, BrokenPeering, JoinedNetworks, NoPeering
from ...path.routing.start import DROPS, DroppingRoute
from ...repairs import Step, option
from ._findings import OnPath, findings_of

_WRITE = "Microsoft.Network/virtualNetworks/virtualNetworkPeerings/write"
_PEER = "Microsoft.Network/virtualNetworks/peer/action"
_DELETE = "Microsoft.Network/virtualNetworks/virtualNetworkPeerings/delete"


def _on(side: str, verb: str, name: str) -> str:
    return (
        f"az network vnet peering {verb} --resource-group {{{side}_group}} --subscription {{{side}_subscription}} "
        f"--vnet-name {{{side}_name}} --name {{{name}}}"
    )


def _made(description: str, side: str, name: str, when: str = "") -> Step:
    """Make one side of a peering."""
    other = "far" if side == "near" else "near"
    command = (
        f"{_on(side, 'create', name)} --remote-vnet {{{other}_network}} --allow-vnet-access true "
        "--allow-forwarded-traffic {forwarded}"
    )
    return Step(description, command, when=when, requires=(_WRITE, _PEER))


def _removed(description: str, side: str, name: str) -> Step:
    return Step(description, _on(side, "delete", name), when=name, requires=(_DELETE,))


def _opened(description: str, side: str, name: str) -> Step:
    command = f"{_on(side, 'update', name)} --set allowVirtualNetworkAccess=true"
    return Step(description, command, when=name, requires=(_WRITE, _PEER))


def _synced(description: str, side: str, name: str) -> Step:
    return Step(description, _on(side, "sync", name), when=name, requires=(_WRITE, _PEER))


ROUTE_DROPS = Outcome(
    id=DROPS,
    severity=Severity.ERROR,
    confidence=Confidence.INFERRED,
    summary="The nodes of {pools} do not reach {hosts}: route {route} ({prefix}) of route table {table_name} "
    "{problem}, so what they send is dropped.",
    url="https://learn.microsoft.com/azure/virtual-network/virtual-networks-udr-overview",
    details=(OnPath, DroppingRoute),
    repairs=(
        Step(
            "Send it to the firewall that the nodes' network does reach",
            "az network route-table route update --resource-group {resource_group} --subscription {subscription} "
            "--route-table-name {table_name} --name {route} --next-hop-type VirtualAppliance "
            "--next-hop-ip-address {appliance}",
            when="appliance",
            requires=("Microsoft.Network/routeTables/routes/write",),
            changes="all traffic for {prefix} of every subnet with route table {table_name}",
        ),
        Step(
            "Remove the route, if nothing else depends on it: Azure's own route then carries the traffic",
            "az network route-table route delete --resource-group {resource_group} --subscription {subscription} "
            "--route-table-name {table_name} --name {route}",
            requires=("Microsoft.Network/routeTables/routes/delete",),
            changes="all traffic for {prefix} of every subnet with route table {table_name}",
        ),
        Step(
            "Or keep it, and add a more specific route for {destinations} that leads where traffic is to go "
            "(https://learn.microsoft.com/azure/virtual-network/manage-route-table)"
        ),
    ),
    explains=("timeout-network", "blob-download"),
)

PEERING_MISSING = Outcome(
    id=MISSING,
    severity=Severity.ERROR,
    confidence=Confidence.INFERRED,
    summary="The nodes of {pools} do not reach the registry's private endpoint at {addresses}: their virtual network "
    "{near_name} is not peered with {far_name}, where the endpoint is.",
    url="https://learn.microsoft.com/azure/virtual-network/virtual-network-peering-overview",
    details=(OnPath, JoinedNetworks, NoPeering),
    repairs=(
        option(
            _made("Peer the nodes' network {near_name} with {far_name}", "near", "near_to_far"),
            _made("And {far_name} with {near_name}: a peering takes both sides", "far", "far_to_near"),
        ),
        Step(
            "Or peer {far_name} with {via_name} instead, both sides with forwarded traffic allowed, if what the nodes "
            "send is to pass the appliance that their route leads to",
            when="via_name",
        ),
    ),
    explains=("timeout-network", "blob-download"),
    article="4.1",
)

PEERING_DISCONNECTED = Outcome(
    id=DISCONNECTED,
    severity=Severity.ERROR,
    confidence=Confidence.INFERRED,
    summary="The nodes of {pools} do not reach {hosts}: the peering of virtual networks {near_name} and {far_name} "
    "carries nothing, because {faults}.",
    url="https://learn.microsoft.com/azure/virtual-network/virtual-network-troubleshoot-peering-issues",
    details=(OnPath, JoinedNetworks, BrokenPeering),
    repairs=(
        option(
            _removed(
                "Remove the side of {near_name}: one whose other side was deleted cannot be mended",
                "near",
                "remove_near",
            ),
            _removed("Remove the side of {far_name}", "far", "remove_far"),
            _made("Make the side of {near_name}", "near", "create_near", when="create_near"),
            _made("Make the side of {far_name}", "far", "create_far", when="create_far"),
            _opened("Let {near_name} have access to {far_name}", "near", "open_near"),
            _opened("Let {far_name} have access to {near_name}", "far", "open_far"),
            _synced(
                "Let the peering of {near_name} take over the address ranges that {far_name} has now",
                "near",
                "sync_near",
            ),
            _synced(
                "Let the peering of {far_name} take over the address ranges that {near_name} has now",
                "far",
                "sync_far",
            ),
        ),
    ),
    explains=("timeout-network", "blob-download"),
    article="4.1",
)


@check("network.routes", needs=("registry", "network", "cluster"), outcomes=(ROUTE_DROPS,))
def routes_lead_to_the_registry(facts: Facts) -> Iterator[Finding]:
    """The effective route from every node subnet leads to the registry.

    A route with next hop None, or to an appliance that is in no network the nodes reach, drops
    what nodes send, and the pull ends as an i/o timeout. The longest prefix wins, and of equal
    ones a user's route beats Azure's. A private endpoint brings a route for its one address into
    its own network and those peered with it: a default route does not take its place, a user's
    route for that address does, and one for the endpoint's network where its subnet lets route
    tables apply. To the public side a route for the registry's service tag beats the default one,
    and the route of a service endpoint beats everything.

    Decided from the route tables of the node subnets. Which addresses the registry's public side has is not
    known: a route for a wide range of public addresses (a /12 or wider), or for the service tag of a region that a
    replica may be in, may or may not be about it, and where it would end otherwise the answer is unknown; so
    it is where a narrower range would save what another route drops. Routes that a gateway announces are not
    shown by any read; the default route of a subnet in a network with a gateway is told with that
    restriction. What a third-party appliance or an on-premises network does is not seen.

    Sources: https://learn.microsoft.com/azure/virtual-network/virtual-networks-udr-overview,
    https://learn.microsoft.com/azure/private-link/disable-private-endpoint-network-policy
    """
    yield from _findings(
        facts,
        {ROUTE_DROPS.id: ROUTE_DROPS},
        "route",
        "Where the nodes are to go is not known, or no network on the way there is joined with theirs.",
    )


@check("network.peerings", needs=("registry", "network", "cluster"), outcomes=(PEERING_MISSING, PEERING_DISCONNECTED))
def peerings_join_nodes_and_endpoint(facts: Facts) -> Iterator[Finding]:
    """The nodes' networks are joined with that of the registry's private endpoint.

    A private endpoint answers in its own virtual network, and in those that are peered with it.
    Peering joins two networks: both sides must be Connected and allow access, and it does not
    reach through a third network, unless a route leads to an appliance there that passes traffic
    on. Otherwise nodes resolve the registry's name, and connections to its address time out.

    Decided from both sides of the peering, and from the address ranges that each has taken over:
    one that was added to a network later is not peered until the peering is synchronised. Where
    both networks use the gateway of another, or a hub of Virtual WAN, routes that nobody shows may
    join them, and it is unknown.

    Sources: https://learn.microsoft.com/azure/virtual-network/virtual-network-peering-overview,
    https://learn.microsoft.com/azure/virtual-network/update-virtual-network-peering-address-space
    """
    outcomes = {each.id: each for each in (PEERING_MISSING, PEERING_DISCONNECTED)}
    none = "As far as the way from the nodes to the registry is known, it crosses no peering."
    yield from _findings(facts, outcomes, "peering", none)


def _findings(facts: Facts, outcomes: Mapping[str, Outcome], kind: str, none: str) -> Iterator[Finding]:
    if facts.network is None:
        yield skipped(facts.targets.cluster.id, "The network of the nodes was not asked for.")
        return
    if not any(hop.kind == kind for walk in walks(facts) for hop in walk.hops):
        lost = _lost_behind_a_fault(facts)
        yield unknown(*lost) if lost else skipped(facts.targets.cluster.id, unmet(walks(facts), none))
        return
    yield from findings_of(facts, outcomes, {kind})


def _lost_behind_a_fault(facts: Facts) -> tuple[str, Unreadable] | None:
    """The nodes' subnet, and why it is not known where its names lead once repaired.

    Where it is unknown where they lead now, ``network.private-dns`` says so for the whole way.
    """
    registry, network = known(facts.registry), known(facts.network)
    for walk in walks(facts):
        states = {hop.state for hop in walk.hops}
        why = why_lost(registry, network, walk) if network and BROKEN in states and UNKNOWN not in states else None
        if why is not None:
            return str(walk.place.subnet_id), why
    return None
