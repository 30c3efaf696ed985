"""The path through the network from node pools to the registry, as Azure has it configured. Pure.

``names`` follows the DNS query, ``filtering`` the security groups, ``routing`` routes, peerings and
firewalls, ``arriving`` the registry's end; ``walk`` puts them in order.
"""

from __future__ import annotations

from .hops import BROKEN, OK, UNKNOWN, Destination, Hop, Walk
from .walk import egresses, hosts_of, unmet, walks, why_lost

__all__ = [
    "BROKEN",
    "OK",
    "UNKNOWN",
    "Destination",
    "Hop",
    "Walk",
    "egresses",
    "hosts_of",
    "unmet",
    "walks",
    "why_lost",
]
