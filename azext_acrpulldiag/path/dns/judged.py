"""Whether DNS, as the nodes of a place ask for it, leads a host to the registry. Pure."""

from __future__ import annotations

from ...facts import Network, NodePlace, Registry, Unreadable
from ..hops import BROKEN, UNKNOWN
from .names import resolved
from .resolvers import resolvers_of


def answers_rightly(registry: Registry, network: Network, place: NodePlace, host: str) -> bool | Unreadable:
    """Judge private DNS and the network's DNS servers together, for one of the registry's hosts.

    False: something there is broken. The servers count for a public name, too.
    """
    found, _ = resolved(registry, network, place, host)
    hops = (*found, *(each.hop for each in resolvers_of(network, place, host)))
    if any(hop.state == BROKEN for hop in hops):
        return False
    doubtful = next((hop for hop in hops if hop.state == UNKNOWN), None)
    return True if doubtful is None else doubtful.unread or Unreadable("not-shown", doubtful.why)
