"""Networks without a peering between them, or with a broken one: are they connected otherwise? Pure."""

from __future__ import annotations

from dataclasses import replace

from ...arm_ids import name_of
from ...facts import Unreadable
from ..hops import BROKEN, OK, UNKNOWN, Hop
from ..lookups import is_connected, looked_up
from .connected import group_hop, joined_by_group, overlaps
from .gateways import listens, perhaps_joined
from .peering import Joint, NoPeering, doubtful_hop, joint_of, missing_hop, peering_hop, peering_with
from .start import Way


def crossing(way: Way, joint: Joint, address: str = "") -> Hop | None:
    """How traffic to ``address`` comes from one network into another: by their peering, else by a connected group.

    ``None``: the networks have no peering, and no group joins them for certain.
    """
    if not joint.exists:
        group = _group(way, joint, address)
        return group if group is not None and group.state == OK else None
    hop = peering_hop(joint)
    group = None if hop.state == OK else _group(way, joint, address)
    if group is None:
        return hop
    return group if group.state == OK else _suspected(hop, group, hop.why)


def _group(way: Way, joint: Joint, address: str) -> Hop | None:
    """The connected group that joins two networks, or may; ``None``: none does."""
    group = joined_by_group(way.network, joint.near_id, joint.far_id)
    if group is None:
        return None
    if isinstance(group, Unreadable):
        return doubtful_hop(joint, group)
    if overlaps(way.here, address):
        why = f"{group_hop(group, joint.near_id, joint.far_id).why.rstrip('.')}, but {address} is an address of both"
        return doubtful_hop(joint, Unreadable("unsupported", f"{why}, and such traffic is dropped"))
    return group_hop(group, joint.near_id, joint.far_id)


def _suspected(hop: Hop, group: Hop, problem: str) -> Hop:
    """What is broken unless a connected group, of which it is not known, joins the networks all the same."""
    if hop.state != BROKEN or group.unread is None:
        return hop
    detail = f"{problem.rstrip('.')}, unless a Virtual Network Manager joins the networks, which is not known"
    unread = replace(group.unread, detail=f"{detail}: {group.unread.detail}")
    return replace(hop, state=UNKNOWN, why=unread.sentence, outcome=None, suspected=hop.outcome, unread=unread)


def unjoined(way: Way, joint: Joint, address: str) -> Hop:
    """Say that the nodes' network and the endpoint's are not peered, unless they may be connected otherwise."""
    doubt = perhaps_joined(way.network, way.here, joint.far_id) if listens(way.table) else None
    if doubt is not None:
        return doubtful_hop(joint, doubt)
    names = f"{name_of(joint.near_id)} and {name_of(joint.far_id)}"
    why = f"Virtual networks {names} are not peered, and no other route of the nodes reaches {address}."
    return _missing(way, joint, missing_hop(joint, why, _of_endpoint(way, None)), address)


def _missing(way: Way, joint: Joint, hop: Hop, address: str) -> Hop:
    group = _group(way, joint, address)
    problem = f"Virtual networks {name_of(joint.near_id)} and {name_of(joint.far_id)} are not peered"
    return hop if group is None else _suspected(hop, group, problem)


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
    return _missing(
        way, joint_of(way.network, hub_id, there_id), missing_hop(joint, why, _of_endpoint(way, hub_id)), address
    )


def _of_endpoint(way: Way, via: str | None) -> NoPeering:
    endpoint = way.destination.endpoint
    return NoPeering(endpoint.id if endpoint else None, way.destination.addresses, via, name_of(via) if via else None)
