"""Checks on the path to the registry: do routes and peerings carry traffic to it?"""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterator

from ...catalogue import Outcome, check, skipped, unknown
from ...effects.network.routing import (
    peering_made,
    peering_removed,
    peering_synced,
    peering_updated,
    route_led,
    tag_routed,
)
from ...facts import Facts, Network, Unreadable, known
from ...model import Confidence, Finding, Severity
from ...path import BROKEN, UNKNOWN, unmet, walks, why_lost
from ...path.managers import CONNECTIVITY, unless
from ...path.routing import connected
from ...path.routing.gateways import as_if_none_joined
from ...path.routing.peering import DISCONNECTED, MISSING, BrokenPeering, JoinedNetworks, NoPeering
from ...path.routing.start import DROPS, DroppingRoute
from ...repairs import Step, option
from ._caveats import Caveat, reported
from ._findings import Met, OnPath, Unless, finding_of, findings_of, ignorance, met_hops, outcome_of

_WRITE = "Microsoft.Network/virtualNetworks/virtualNetworkPeerings/write"
_PEER = "Microsoft.Network/virtualNetworks/peer/action"


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
    return Step(description, command, when=when, requires=(_WRITE, _PEER), effect=peering_made(side, name))


def _updated(description: str, side: str, name: str) -> Step:
    command = f"{_on(side, 'update', name)} --set allowVirtualNetworkAccess=true"
    return Step(description, command, when=name, requires=(_WRITE, _PEER), effect=peering_updated(side))


def _synced(description: str, side: str, name: str) -> Step:
    command = _on(side, "sync", name)
    return Step(description, command, when=name, requires=(_WRITE, _PEER), effect=peering_synced(side))


ROUTE_DROPS = Outcome(
    id=DROPS,
    severity=Severity.ERROR,
    confidence=Confidence.INFERRED,
    summary="The nodes of {pools} cannot reach {hosts}: route {route} ({prefix}) of route table {table_name} "
    "{problem}, so the traffic is dropped.",
    url="https://learn.microsoft.com/azure/virtual-network/virtual-networks-udr-overview",
    details=(OnPath, DroppingRoute),
    repairs=(
        Step(
            "Change the next hop to the firewall that the nodes' network reaches",
            "az network route-table route update --resource-group {resource_group} --subscription {subscription} "
            "--route-table-name {table_name} --name {route} --next-hop-type VirtualAppliance "
            "--next-hop-ip-address {appliance}",
            when="appliance",
            requires=("Microsoft.Network/routeTables/routes/write",),
            changes="all traffic for {prefix} of every subnet with route table {table_name}",
            effect=route_led("VirtualAppliance", "appliance"),
        ),
        option(
            Step(
                "Keep the route, and add one for service tag {tag} that goes to the internet: it is more specific. The "
                "nodes need an outbound IP (load balancer, NAT gateway or public IP)",
                "az network route-table route create --resource-group {resource_group} --subscription {subscription} "
                "--route-table-name {table_name} --name {tag_route} --address-prefix {tag} --next-hop-type Internet",
                each="tags",
                requires=("Microsoft.Network/routeTables/routes/write",),
                changes="opens the route to every address of {tag}, for every subnet with route table {table_name}",
                effect=tag_routed,
            ),
            when=("tags", "table_name"),
        ),
        Step(
            "Change the next hop to the internet, which the system route has",
            "az network route-table route update --resource-group {resource_group} --subscription {subscription} "
            "--route-table-name {table_name} --name {route} --next-hop-type Internet",
            when=("for_service", "table_name"),
            requires=("Microsoft.Network/routeTables/routes/write",),
            changes="all traffic for {prefix} of every subnet with route table {table_name}",
            effect=route_led("Internet"),
        ),
        Step(
            "Or have the route removed if nothing else depends on it (the system route then applies), or add a more "
            "specific one for {destinations} with the right next hop "
            "(https://learn.microsoft.com/azure/virtual-network/manage-route-table)"
        ),
    ),
    explains=("timeout-network", "blob-download"),
)

PEERING_MISSING = Outcome(
    id=MISSING,
    severity=Severity.ERROR,
    confidence=Confidence.INFERRED,
    summary="The nodes of {pools} cannot reach the registry's private endpoint at {addresses}: their virtual network "
    "{near_name} is not peered with {far_name}, where the endpoint is.{caveat}{unless}",
    url="https://learn.microsoft.com/azure/virtual-network/virtual-network-peering-overview",
    details=(OnPath, JoinedNetworks, NoPeering, Caveat, Unless),
    repairs=(
        option(
            _made("Create the peering from the nodes' network {near_name} to {far_name}", "near", "near_to_far"),
            _made("And the peering from {far_name} to {near_name}: both sides are needed", "far", "far_to_near"),
        ),
        Step(
            "Or peer {far_name} with {via_name} instead, with forwarded traffic allowed on both sides, if the traffic "
            "should pass the firewall or NVA that is the next hop of the nodes' route",
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
    summary="The nodes of {pools} cannot reach {hosts}: the peering of virtual networks {near_name} and {far_name} "
    "does not work, because {faults}.{unless}",
    url="https://learn.microsoft.com/azure/virtual-network/virtual-network-troubleshoot-peering-issues",
    details=(OnPath, JoinedNetworks, BrokenPeering, Unless),
    repairs=(
        option(
            Step(
                "Have peering {remove_far} of {far_name} removed by hand first: both sides are Disconnected and carry "
                "nothing, and Azure updates no peering whose other side is Disconnected",
                when="remove_far",
                effect=peering_removed("far"),
            ),
            _updated(
                "Update the peering of {near_name}, which brings it from Disconnected to Initiated",
                "near",
                "renew_near",
            ),
            _updated(
                "Update the peering of {far_name}, which brings it from Disconnected to Initiated", "far", "renew_far"
            ),
            _made("Create the peering from {near_name} to {far_name}", "near", "create_near", when="create_near"),
            _made("Create the peering from {far_name} to {near_name}", "far", "create_far", when="create_far"),
            _updated("Allow virtual network access from {near_name} to {far_name}", "near", "open_near"),
            _updated("Allow virtual network access from {far_name} to {near_name}", "far", "open_far"),
            _synced(
                "Sync the peering of {near_name} with the current address space of {far_name}",
                "near",
                "sync_near",
            ),
            _synced(
                "Sync the peering of {far_name} with the current address space of {near_name}",
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
    """The effective route from every node subnet carries traffic to the registry.

    A route with next hop None, or with a next hop address in no network that the nodes reach, drops
    the traffic, and the pull ends as an i/o timeout. The longest prefix wins, and of equal prefixes a
    user-defined route takes precedence over a system route. A private endpoint adds a /32 route in its
    own network and in those peered with it. A default route does not override that; a user-defined
    route for the address does, and so does one for the endpoint's network where network policies for
    route tables are enabled on the endpoint's subnet. To the public endpoint, a route for the
    registry's service tag overrides the default route, and the route of a service endpoint overrides
    everything.

    Decided from the route tables of the node subnets. The public addresses of a registry are not
    known: a route for a wide range of public addresses (a /12 or wider), or for the service tag of one
    of the regions that the registry is in, as its geo-replications tell, may or may not cover it, and
    where it makes a difference the answer is unknown. So it is where a narrower range would save what
    another route drops. Routes that a gateway advertises cannot be read; the default route of a subnet
    in a network with a gateway is reported with that restriction. What an NVA or an on-premises network
    does is not known.

    Sources: https://learn.microsoft.com/azure/virtual-network/virtual-networks-udr-overview,
    https://learn.microsoft.com/azure/private-link/disable-private-endpoint-network-policy
    """
    none = "The registry's address is not known, or no network on the path is peered with the nodes' network."
    if (yield from _unmet(facts, {"route"}, none)):
        return
    yield from findings_of(facts, {ROUTE_DROPS.id: ROUTE_DROPS}, {"route"})


@check(
    "network.peerings",
    needs=("registry", "network", "cluster", "kubernetes"),
    outcomes=(PEERING_MISSING, PEERING_DISCONNECTED),
)
def peerings_join_nodes_and_endpoint(facts: Facts) -> Iterator[Finding]:
    """The nodes' networks are joined with the network of the registry's private endpoint.

    A private endpoint is reachable in its own virtual network, and in those that are joined with it: by
    a peering, or without one by a connected group of a Virtual Network Manager. Both sides of a peering
    must be Connected and allow virtual network access. Peering is not transitive: traffic does not
    cross a third network unless a route has a firewall or NVA there as its next hop, which forwards it.
    Otherwise nodes resolve the registry's name, and connections to its address time out.

    Decided from both sides of the peering, and from the address space that each has synced: a range
    that was added to a network later is not peered until the peering is synced. Where that is not
    enough, from the connectivity configurations that are in force on both networks: a mesh joins the
    networks of a network group, hub-and-spoke with direct connectivity those and the hub, in one region
    unless the mesh is global. Where those could not be read, a peering that is missing or broken is an
    error if the login sees no Virtual Network Manager that could join the networks, or if pods report
    that connections time out; otherwise it is unknown. Where both networks have a virtual network
    gateway or route server, or use that of another or a Virtual WAN hub, routes that cannot be read may
    join them without a peering (VNet-to-VNet), and it is unknown; where pods time out on nodes that
    pulled nothing within the hour, gateways do not, and the peering is missing.

    Sources: https://learn.microsoft.com/azure/virtual-network/virtual-network-peering-overview,
    https://learn.microsoft.com/azure/virtual-network/update-virtual-network-peering-address-space,
    https://learn.microsoft.com/azure/virtual-network-manager/concept-connectivity-configuration,
    https://learn.microsoft.com/azure/vpn-gateway/vpn-gateway-howto-vnet-vnet-resource-manager-portal
    """
    none = "As far as the path from the nodes to the registry is known, it crosses no peering."
    if (yield from _unmet(facts, {"peering", connected.KIND}, none)):
        return
    for met in met_hops(facts, _PEERINGS, {"peering"}):
        yield _told_of_peering(facts, met)


_PEERINGS = {each.id: each for each in (PEERING_MISSING, PEERING_DISCONNECTED)}


def _told_of_peering(facts: Facts, met: Met, gateways: Unreadable | None = None) -> Finding:
    """``gateways``: why they may join the networks, where pods show that they do not."""
    outcome = outcome_of(facts, met, _PEERINGS)
    if outcome is None:
        shown = None if gateways else _as_pods_show(facts, met)
        return _told_of_peering(facts, shown, met.hop.unread) if shown else ignorance(facts, met)
    caveat = (Caveat.of(gateways),) if outcome is PEERING_MISSING else ()
    return finding_of(facts, met, outcome, *caveat, _unless_joined(facts, met))


def _as_pods_show(facts: Facts, met: Met) -> Met | None:
    """What is missing where no gateway joins the networks, if pods time out as they then do."""
    if not isinstance(facts.network, Network) or not reported(facts, PEERING_MISSING.explains, met.pools):
        return None
    there = met_hops(facts, {MISSING}, {"peering"}, as_if_none_joined(facts.network))
    lacking = [each for each in there if MISSING in (each.hop.outcome, each.hop.suspected)]
    return next((each for each in lacking if each.pools == met.pools and each.hop.name == met.hop.name), None)


def _unless_joined(facts: Facts, met: Met) -> Unless:
    network = known(facts.network)
    between = next(each for each in met.hop.details if isinstance(each, JoinedNetworks))
    if network is None:
        return Unless("")
    ids = between.near_network, between.far_network
    return Unless(unless(network, CONNECTIVITY, *ids, otherwise="joins the networks without it"))


def _unmet(facts: Facts, kinds: Collection[str], none: str) -> Generator[Finding, None, bool]:
    """Yield why there is nothing to judge, and tell whether that is so: no hop of these ``kinds``."""
    if facts.network is None:
        yield skipped(facts.targets.cluster.id, "The nodes' network was not read.")
        return True
    if any(hop.kind in kinds for walk in walks(facts) for hop in walk.hops):
        return False
    lost = _lost_behind_a_fault(facts)
    yield unknown(*lost) if lost else skipped(facts.targets.cluster.id, unmet(walks(facts), none))
    return True


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
