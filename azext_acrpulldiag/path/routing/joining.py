"""Networks without a peering between them: are they connected otherwise? Pure."""

from __future__ import annotations

from ...arm_ids import name_of
from ...facts import Unreadable
from ..hops import Hop
from ..lookups import is_connected, looked_up
from .gateways import listens, perhaps_joined
from .peering import Joint, NoPeering, doubtful_hop, joint_of, missing_hop, peering_with
from .start import Way


def unjoined(way: Way, joint: Joint, address: str) -> Hop:
    """Say that the nodes' network and the endpoint's are not peered, unless they may be connected otherwise."""
    doubt = perhaps_joined(way.network, way.here, joint.far_id) if listens(way.table) else None
    if doubt is not None:
        return doubtful_hop(joint, doubt)
    names = f"{name_of(joint.near_id)} and {name_of(joint.far_id)}"
    why = f"Virtual networks {names} are not peered, and no other route of the nodes reaches {address}."
    return missing_hop(joint, why, _of_endpoint(way, None))


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
    onward_by_gateway = None if isinstance(hub, Unreadable) else perhaps_joined(way.network, hub, there_id)
    if onward_by_gateway is not None:
        return doubtful_hop(joint, onward_by_gateway)
    why = (
        f"The next hop of the nodes' route is in network {name_of(hub_id)}; neither that network nor "
        f"{name_of(way.here.id)} is peered with {name_of(there_id)}, where {address} is."
    )
    return missing_hop(joint, why, _of_endpoint(way, hub_id))


def _of_endpoint(way: Way, via: str | None) -> NoPeering:
    endpoint = way.destination.endpoint
    return NoPeering(endpoint.id if endpoint else None, way.destination.addresses, via, name_of(via) if via else None)
