"""Networks without a peering between them: are they connected otherwise? Pure."""

from __future__ import annotations

from ...arm_ids import name_of
from ...facts import Unreadable
from ..hops import Hop
from ..lookups import is_connected, is_virtual_hub, looked_up
from .peering import Joint, NoPeering, doubtful_hop, joint_of, missing_hop, peering_with
from .start import Way, may_route


def unjoined(way: Way, joint: Joint, address: str) -> Hop:
    """Say that the nodes' network and the endpoint's are not peered, unless they may be connected otherwise."""
    doubt = _other_ways(way, joint)
    if doubt is not None:
        return doubtful_hop(joint, doubt)
    names = f"{name_of(joint.near_id)} and {name_of(joint.far_id)}"
    why = f"Virtual networks {names} are not peered, and no other route of the nodes reaches {address}."
    return missing_hop(joint, why, _of_endpoint(way, None))


def _other_ways(way: Way, joint: Joint) -> Unreadable | None:
    """Why two networks without a peering may be connected all the same: by a gateway or hub that both use."""
    near = [each for each in way.here.peerings if may_route(each)]
    if not near or (way.table is not None and way.table.gateway_routes is False):
        return None
    there = looked_up(way.network.networks, joint.far_id, "Virtual network")
    if isinstance(there, Unreadable):
        return there
    far = [each for each in there.peerings if may_route(each)]
    if not far:
        return None
    what = "Virtual WAN hubs" if is_virtual_hub(near[0].remote_network_id) else "gateways"
    why = (
        f"Networks {name_of(joint.near_id)} and {name_of(joint.far_id)} are not peered, but both use {what}, whose "
        "routes could not be read; the effective routes of a node's network interface show them"
    )
    return Unreadable("unsupported", why)


def unjoined_hub(way: Way, hub_id: str, there_id: str, address: str) -> Hop:
    """Say that neither the NVA's network nor the nodes' is peered with the endpoint's, unless through another."""
    joint = joint_of(way.network, way.here.id, there_id)
    hub = looked_up(way.network.networks, hub_id, "Virtual network")
    there = looked_up(way.network.networks, there_id, "Virtual network")
    if isinstance(there, Unreadable):
        return doubtful_hop(joint, there)
    onward = [each for each in there.peerings if is_connected(each)]
    if onward and (isinstance(hub, Unreadable) or any(peering_with(hub, each.remote_network_id) for each in onward)):
        others = ", ".join(sorted(name_of(each.remote_network_id) for each in onward))
        why = f"{name_of(there_id)} is not peered with {name_of(hub_id)}, but with {others}, which may forward traffic"
        return doubtful_hop(joint, Unreadable("unsupported", why))
    why = (
        f"The next hop of the nodes' route is in network {name_of(hub_id)}; neither that network nor "
        f"{name_of(way.here.id)} is peered with {name_of(there_id)}, where {address} is."
    )
    return missing_hop(joint, why, _of_endpoint(way, hub_id))


def _of_endpoint(way: Way, via: str | None) -> NoPeering:
    endpoint = way.destination.endpoint
    return NoPeering(endpoint.id if endpoint else None, way.destination.addresses, via, name_of(via) if via else None)
