"""Routes whose next hop is a firewall or NVA, and the path on from there. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from ...arm_ids import same_id
from ...facts import Firewall, Peering, Unreadable, firewall_key
from ..filters.firewall import admitted, unknown_appliance
from ..hops import BROKEN, UNKNOWN, Hop
from ..lookups import home_of, is_connected
from .connected import may_be_in_a_group
from .joining import crossing, unjoined, unjoined_hub
from .peering import MISSING, Joint, joint_of, peering_hop
from .routes import APPLIANCE, Route
from .start import Way, dropped, route_hop, sound


def by_appliance(way: Way, route: Route) -> Iterator[Hop]:
    """The route to a firewall or NVA, the peering that it takes, and whether the firewall allows the traffic."""
    address = route.address or ""
    hub = home_of(address, way.here)
    found = appliance_at(way, address)
    if hub is None and not isinstance(found, Firewall):
        unseen = found if isinstance(found, Unreadable) else may_be_in_a_group(way.network, way.here.id)
        if unseen is not None:
            yield route_hop(way, route, UNKNOWN, unseen.sentence, unread=unseen)
        else:
            where = f"has next hop {address or 'no address'}, which is in no network that the nodes' network reaches"
            yield dropped(way, route, where)
        return
    yield sound(way, route, f"firewall or NVA {address}")
    if hub is not None and not same_id(hub, way.here.id):
        yield _entered(way, joint_of(way.network, way.here.id, hub), address)
    if isinstance(found, Unreadable):
        yield Hop("firewall", address, None, UNKNOWN, found.sentence, unread=found)
    elif found is None:
        yield unknown_appliance(way.destination, address, hub or way.here.id)
    else:
        yield from admitted(way.registry, way.network, way.place, way.destination, found)


def appliance_at(way: Way, address: str) -> Firewall | Unreadable | None:
    """Who answers at an address that a route of the nodes' network names; ``None``: no Azure Firewall."""
    key = firewall_key(way.here.id, address)
    if key not in way.network.firewalls:
        return Unreadable(
            "not-shown", f"Which resource has address {address}, the next hop of a route of the nodes, was not read"
        )
    return way.network.firewalls[key]


def _entered(way: Way, joint: Joint, address: str) -> Hop:
    """The peering with the appliance's network, which the nodes' one is seen to have."""
    if isinstance(joint.far, Unreadable) and isinstance(joint.near, Peering) and is_connected(joint.near):
        # Azure sets this only where both sides are made. Of a hub that another team owns, nobody sees more.
        return peering_hop(Joint(joint.near_id, joint.far_id, joint.near, joint.near))
    return crossing(way, joint, address) or peering_hop(joint)


def leads_on(way: Way, route: Route, there: str) -> bool:
    """Tell whether a user's route goes to an appliance in a third network that is peered with the endpoint's."""
    hub = home_of(route.address or "", way.here) if route.next_hop == APPLIANCE else None
    if hub is None or same_id(hub, there) or same_id(hub, way.here.id):
        return False
    onward = crossing(way, joint_of(way.network, hub, there, forwards=True))
    return onward is not None and onward.state != BROKEN


def roundabout(way: Way, route: Route, there: str, address: str) -> Iterator[Hop]:
    """Follow a route to an appliance that stands between the nodes and the endpoint's network ``there``."""
    hub = home_of(route.address or "", way.here)
    onward = _onward(way, hub, there, address)
    if onward is not None and MISSING in (onward.outcome, onward.suspected):
        # Once the networks are joined, the endpoint's own route bypasses the firewall or NVA.
        yield sound(way, route, f"firewall or NVA {route.address}")
        yield onward
        return
    yield from by_appliance(way, route)
    if onward is not None:
        yield onward


def _onward(way: Way, hub: str | None, there: str, address: str) -> Hop | None:
    """The peering from the appliance's network to the endpoint's; ``None``: none is needed, or it leads nowhere."""
    if hub is None or same_id(hub, there):
        return None
    at_home = same_id(hub, way.here.id)
    joint = joint_of(way.network, hub, there, forwards=not at_home, there=(address,))
    hop = crossing(way, joint, address)
    if hop is not None:
        return hop
    return unjoined(way, joint, address) if at_home else unjoined_hub(way, hub, there, address)
