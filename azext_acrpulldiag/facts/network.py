"""How nodes leave for the internet."""

from __future__ import annotations

from dataclasses import dataclass

from .envelope import Unreadable


@dataclass(frozen=True)
class Outbound:
    """How the nodes of some pools leave for the internet."""

    pools: tuple[str, ...]
    subnet_id: str | None
    path: str
    """``nat-gateway``, ``node-public-ip``, ``load-balancer``, ``firewall``, ``none`` or ``unknown``."""
    addresses: tuple[str, ...] | Unreadable
    """Public IPv4 addresses and prefixes in CIDR form."""
    service_endpoint: bool | Unreadable
    """The subnet has a service endpoint for registries: traffic arrives with a private source."""
    via: str | None = None
    """The NAT gateway or firewall whose addresses they are; ``None``: no such resource on the way."""
