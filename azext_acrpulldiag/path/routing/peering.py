"""Peerings of virtual networks, judged from both sides. Pure.

Traffic passes where both sides are Connected and let it; a peering joins two networks and no third one.
Source: https://learn.microsoft.com/azure/virtual-network/virtual-network-peering-overview
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ...arm_ids import group_of, name_of, same_id, subscription_of
from ...details import Details
from ...facts import Network, Peering, Unreadable, VirtualNetwork
from ..addresses import address_set
from ..hops import BROKEN, OK, UNKNOWN, Hop
from ..lookups import is_connected, looked_up

MISSING, DISCONNECTED = "network.peering-missing", "network.peering-disconnected"
LONGEST_NAME = 80

Side = Peering | Unreadable | None


@dataclass(frozen=True)
class JoinedNetworks(Details):
    """Two networks that are to be joined, and what commands call them and the sides of their peering."""

    near_network: str
    near_name: str
    near_group: str | None
    near_subscription: str | None
    far_network: str
    far_name: str
    far_group: str | None
    far_subscription: str | None
    near_to_far: str
    """The name of a side that is to be made."""
    far_to_near: str
    forwarded: str
    """``true``: what passes comes from a third network, too."""


@dataclass(frozen=True)
class NoPeering(Details):
    """For whom two networks would have to be joined."""

    endpoint: str | None
    addresses: tuple[str, ...]
    via: str | None
    """The network of an appliance that the nodes' route leads to; ``None``: there is none."""
    via_name: str | None


@dataclass(frozen=True)
class BrokenPeering(Details):
    """What is broken of a peering, and which repairs it takes: the name of a side that one is for, or ``None``."""

    faults: tuple[str, ...]
    near_peering: str | None
    far_peering: str | None
    near_state: str
    far_state: str
    renew_near: str | None
    """Disconnected, since its other side was deleted. An update makes it Initiated again: Azure refuses to create the
    other side before ("RemotePeeringIsDisconnected: Update or re-create the remote peering to get it back to Initiated
    state", as https://github.com/hashicorp/terraform-provider-azurerm/issues/14051 shows it)."""
    renew_far: str | None
    remove_far: str | None
    """Where both sides are Disconnected, Azure updates neither: one has to go first."""
    create_near: str | None
    create_far: str | None
    open_near: str | None
    open_far: str | None
    sync_near: str | None
    sync_far: str | None


@dataclass(frozen=True)
class Joint:
    """Two networks, and what each has of a peering with the other; ``None``: nothing."""

    near_id: str
    far_id: str
    near: Side
    far: Side
    forwards: bool = False
    """What passes comes from a third network, by an appliance in the near one."""
    there: tuple[str, ...] = ()
    """What the near side has to reach in the far network: addresses and prefixes."""
    back: tuple[str, ...] = ()
    """What the far side has to reach in the near one."""

    @property
    def exists(self) -> bool:
        """At least one side has it."""
        return isinstance(self.near, Peering) or isinstance(self.far, Peering)

    @property
    def missing(self) -> bool:
        """A side that was read has nothing of it, nor has the other one that was read."""
        return not self.exists and (self.near is None or self.far is None)


def joint_of(
    network: Network,
    near_id: str,
    far_id: str,
    *,
    forwards: bool = False,
    there: tuple[str, ...] = (),
    back: tuple[str, ...] = (),
) -> Joint:
    """Look at both sides of a peering."""
    near, far = _side(network, near_id, far_id), _side(network, far_id, near_id)
    return Joint(near_id, far_id, near, far, forwards, there, back)


def _side(network: Network, here_id: str, there_id: str) -> Side:
    here = looked_up(network.networks, here_id, "Virtual network")
    return here if isinstance(here, Unreadable) else peering_with(here, there_id)


def peering_with(here: VirtualNetwork, there_id: str) -> Peering | None:
    """The side of a peering that ``here`` has."""
    return next((each for each in here.peerings if same_id(each.remote_network_id, there_id)), None)


def peering_hop(joint: Joint) -> Hop:
    """Judge a peering that at least one side has."""
    faults = list(_faults(joint))
    if faults:
        return _hop(joint, BROKEN, f"{_and(faults)}.", DISCONNECTED, (_names(joint), _broken(joint, faults)))
    doubt = _doubt(joint)
    if doubt is not None:
        return _hop(joint, UNKNOWN, doubt.sentence, unread=doubt)
    return _hop(joint, OK, f"{_both(joint)} are peered, Connected on both sides.")


def missing_hop(joint: Joint, why: str, wanted: NoPeering) -> Hop:
    """Say that two networks should be joined and are not."""
    return _hop(joint, BROKEN, why, MISSING, (_names(joint), wanted))


def doubtful_hop(joint: Joint, why: Unreadable) -> Hop:
    """Say that it is not known whether the networks are joined."""
    return _hop(joint, UNKNOWN, why.sentence, unread=why)


def _hop(
    joint: Joint,
    state: str,
    why: str,
    outcome: str | None = None,
    details: tuple[Details, ...] = (),
    unread: Unreadable | None = None,
) -> Hop:
    sides = [each for each in (joint.near, joint.far) if isinstance(each, Peering)]
    side = next((each for each in sides if not _works(each)), sides[0] if sides else None)
    name = side.name if side else f"{name_of(joint.near_id)} with {name_of(joint.far_id)}"
    resource_id = side.id if side else joint.near_id
    return Hop("peering", name, resource_id, state, why, outcome, unread=unread, details=details)


def _works(side: Peering) -> bool:
    return is_connected(side) and side.allows_access is True


def _faults(joint: Joint) -> Iterable[str]:
    sides = (
        (joint.near_id, joint.near, joint.far_id, joint.there),
        (joint.far_id, joint.far, joint.near_id, joint.back),
    )
    for here_id, side, there_id, wanted in sides:
        if side is None:
            yield f"{name_of(here_id)} has no peering with {name_of(there_id)}"
        elif isinstance(side, Peering):
            if isinstance(side.state, str) and not is_connected(side):
                yield f"peering {side.name} of {name_of(here_id)} is {side.state}"
            if side.allows_access is False:
                yield f"peering {side.name} of {name_of(here_id)} has allowVirtualNetworkAccess off"
            if _lacks(side, wanted):
                held = ", ".join(side.remote_prefixes)
                yield f"peering {side.name} of {name_of(here_id)} covers {held} but not {', '.join(wanted)}"


def _lacks(side: Peering, wanted: tuple[str, ...]) -> bool:
    """Tell whether a peering has not taken over the range that is wanted: it was added to the other network later."""
    held, needed = address_set(side.remote_prefixes), address_set(wanted)
    return bool(held.spans and needed.spans) and not held.overlaps(needed)


def _doubt(joint: Joint) -> Unreadable | None:
    for side in (joint.near, joint.far):
        if isinstance(side, Unreadable):
            return side
        if isinstance(side, Peering):
            for fact in (side.state, side.allows_access):
                if isinstance(fact, Unreadable):
                    return fact
    if joint.forwards and isinstance(joint.far, Peering):
        if isinstance(joint.far.allows_forwarded, Unreadable):
            return joint.far.allows_forwarded
        if not joint.far.allows_forwarded:
            what = f"Peering {joint.far.name} of {name_of(joint.far_id)} has allowForwardedTraffic off"
            why = f"{what}: traffic through {name_of(joint.near_id)} passes only if the NVA there applies SNAT"
            return Unreadable("unsupported", why)
    return None


def _broken(joint: Joint, faults: list[str]) -> BrokenPeering:
    near, far = _readable(joint.near), _readable(joint.far)
    connected = near is not None and far is not None and is_connected(near) and is_connected(far)
    waits = (near is None and _is(far, "initiated")) or (far is None and _is(near, "initiated"))
    left = not connected and not waits and not isinstance(joint.near, Unreadable)
    both_ended = _is(near, "disconnected") and _is(far, "disconnected")
    names = _names(joint)
    return BrokenPeering(
        faults=tuple(faults),
        near_peering=near.name if near else None,
        far_peering=far.name if far else None,
        near_state=_state(joint.near),
        far_state=_state(joint.far),
        renew_near=near.name if near and left and not is_connected(near) else None,
        renew_far=far.name if far and left and not is_connected(far) and not both_ended else None,
        remove_far=far.name if far and both_ended else None,
        create_near=names.near_to_far if near is None and (left or waits) else None,
        create_far=names.far_to_near if far is None and (left or waits) else far.name if far and both_ended else None,
        open_near=near.name if near and connected and near.allows_access is False else None,
        open_far=far.name if far and connected and far.allows_access is False else None,
        sync_near=near.name if near and connected and _lacks(near, joint.there) else None,
        sync_far=far.name if far and connected and _lacks(far, joint.back) else None,
    )


def _names(joint: Joint) -> JoinedNetworks:
    near, far = name_of(joint.near_id), name_of(joint.far_id)
    return JoinedNetworks(
        near_network=joint.near_id,
        near_name=near,
        near_group=group_of(joint.near_id),
        near_subscription=subscription_of(joint.near_id),
        far_network=joint.far_id,
        far_name=far,
        far_group=group_of(joint.far_id),
        far_subscription=subscription_of(joint.far_id),
        near_to_far=f"{near}-to-{far}"[:LONGEST_NAME],
        far_to_near=f"{far}-to-{near}"[:LONGEST_NAME],
        forwarded="true" if joint.forwards else "false",
    )


def _readable(side: Side) -> Peering | None:
    return side if isinstance(side, Peering) else None


def _is(side: Peering | None, state: str) -> bool:
    return side is not None and isinstance(side.state, str) and side.state.lower() == state


def _state(side: Side) -> str:
    if side is None:
        return "missing"
    if isinstance(side, Unreadable) or isinstance(side.state, Unreadable):
        return "not read"
    return side.state


def _both(joint: Joint) -> str:
    return f"Virtual networks {name_of(joint.near_id)} and {name_of(joint.far_id)}"


def _and(faults: list[str]) -> str:
    text = ", and ".join(faults)
    return text[0].upper() + text[1:]
