"""The words for a path through the network: hops, what a name resolves to, and the whole path. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..details import Details
from ..facts import NodePlace, PrivateEndpoint, Unreadable
from ..model import Confidence, Severity

OK, BROKEN, UNKNOWN = "ok", "broken", "unknown"


@dataclass(frozen=True)
class Hop:
    """One thing that a packet or a DNS query passes, and whether it allows it."""

    kind: str
    """``node-subnet``, ``dns-server``, ``private-dns-zone``, ``private-dns-link``, ``private-dns-record``,
    ``dns-forwarding-rule``, ``public-dns``, ``security-admin-rule``, ``security-group``, ``route``, ``peering``,
    ``connected-group``, ``firewall``, ``appliance``, ``private-endpoint``, ``service-endpoint``, ``endpoint-policy``,
    ``http-proxy`` or ``registry``."""
    name: str
    resource_id: str | None
    state: str
    """``ok``, ``broken`` or ``unknown``."""
    why: str
    """A whole sentence."""
    outcome: str | None = None
    """The catalogue's id for what is broken here; ``None`` where nothing is."""
    unread: Unreadable | None = None
    """Why it is unknown; where it is ``ok``, what was not read that could make it untrue."""
    suspected: str | None = None
    """Where it is ``unknown``: the outcome that it is if pods report what that causes. ``details`` are that one's."""
    severity: Severity | None = None
    """``None``: the outcome's own."""
    confidence: Confidence | None = None
    """Of what is broken; ``None``: that of its outcome."""
    details: tuple[Details, ...] = ()
    """What is broken here, in parts of types of their own; a finding about it carries them."""

    def told(self) -> dict[str, Any]:
        """The hop as evidence, JSON values only."""
        return {
            "name": self.name,
            "kind": self.kind,
            "resourceId": self.resource_id,
            "state": self.state,
            "why": self.why,
        }


@dataclass(frozen=True)
class Destination:
    """Where traffic for a host goes."""

    host: str
    """The login server, a data endpoint's host, or ``*.blob.core.windows.net``."""
    addresses: tuple[str, ...] = ()
    """Private IPv4 addresses; empty: the public endpoint."""
    endpoint: PrivateEndpoint | None = None
    """That has those addresses."""

    @property
    def private(self) -> bool:
        """It is a private address."""
        return bool(self.addresses)


@dataclass(frozen=True)
class Walk:
    """The path of one host's name and packets from the nodes of one place, hops in their order."""

    place: NodePlace
    host: str
    hops: tuple[Hop, ...]
    destination: Destination | None = None
    """What the name resolves to, or should where a hop is broken; ``None``: not known."""

    @property
    def path(self) -> list[dict[str, Any]]:
        """``evidence.path``."""
        return [hop.told() for hop in self.hops]
