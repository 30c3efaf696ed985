"""The addresses from which nodes came to the registry, as its own refusals name them. Pure.

ACR's error body names the client (``client with IP '20.88.7.6' is not allowed access``, see
https://learn.microsoft.com/azure/container-registry/container-registry-troubleshoot-access), and containerd quotes it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from ...details import Details
from ...facts import Facts, FailingContainer, NotKnownError, Registry, Unreadable
from ...images.references import parse_reference
from ...path import egresses
from ...path.addresses import PUBLIC, address_set
from ...path.admission import addresses_of
from ...path.endpoints import is_approved
from ...path.routing.outbound import Egress
from ...pull_errors.symptoms import failed_pulls, pool_of
from ...quoting import printable, quoted
from .._kubernetes import LONGEST_MESSAGE, pod_names

ANSWER = "registry-answer"
"""The path of an outbound IP that is known from the registry's answer to a pod."""
_PRIVATE_IPV6 = tuple(map(ipaddress.IPv6Network, ("fc00::/7", "fe80::/10", "::1/128")))


@dataclass(frozen=True)
class Client:
    """A pull that the registry refused for its client's address."""

    address: str
    public: bool
    """Whether it is one that an IP rule can be about; else it came by a service endpoint or a private network."""
    pool: str | None
    container: FailingContainer


@dataclass(frozen=True)
class Told(Details):
    """What the registry's answer to pods tells of the nodes; all empty where it follows from what Azure shows."""

    message: str | None = None
    pods: tuple[str, ...] = ()
    shown_addresses: tuple[str, ...] = ()
    """What Azure shows as outbound IPs of these nodes, where the answer names none of them."""
    past_the_endpoint: bool = False
    """The registry has a private endpoint, and these nodes came to its public one."""

    @property
    def no_endpoint(self) -> bool:
        """As far as the answer tells, there is no private endpoint that these nodes could be led to."""
        return not self.past_the_endpoint

    @property
    def beside(self) -> str:
        """What else follows, in sentences with a space before them."""
        shown, endpoint = "", ""
        if self.shown_addresses:
            shown = (
                f" Azure shows {', '.join(self.shown_addresses)} for them, so a firewall, gateway or proxy on the way "
                "has another address."
            )
        if self.past_the_endpoint:
            endpoint = (
                " They came to the registry's public endpoint although it has a private one: their DNS does not lead "
                "them there."
            )
        return shown + endpoint

    @classmethod
    def of(cls, facts: Facts, registry: Registry, clients: tuple[Client, ...]) -> Told:
        """What these refusals, which are not none, tell."""
        pools, named = pools_of(clients), {each.address for each in clients}
        shown = _shown(facts, pools)
        endpoints = () if isinstance(registry.private_endpoints, Unreadable) else registry.private_endpoints
        return cls(
            message=quoted(clients[0].container.message, LONGEST_MESSAGE),
            pods=pod_names(each.container for each in clients),
            shown_addresses=() if named & {*shown} else shown,
            past_the_endpoint=any(is_approved(each.status) for each in endpoints),
        )


def clients_of(facts: Facts, registry: Registry) -> tuple[Client, ...]:
    """Every pull that the registry itself refused for its client's address, in the order of the pods.

    What another registry answered, though its name resembles this one's, tells nothing of this one's rules.
    """
    hosts = _hosts(registry)
    found = []
    for pull in failed_pulls(facts)[0]:
        for cause in pull.error.causes:
            address = _canonical(cause.client_address)
            if address is not None and (cause.host or _host_of(pull.container.image)).lower() in hosts:
                pool = pool_of(pull.container.node, facts)
                found.append(Client(address, _is_public(address), pool, pull.container))
                break
    return tuple(found)


def came_by_private_addresses(facts: Facts, registry: Registry, pools: Collection[str]) -> bool:
    """Tell whether the registry refused nodes of these pools by a private address: they come by a service endpoint."""
    return any(not each.public and each.pool in (None, *pools) for each in clients_of(facts, registry))


def pools_of(clients: Iterable[Client]) -> tuple[str, ...]:
    """The node pools of these pulls, as far as they are known, sorted."""
    return tuple(sorted({printable(each.pool) for each in clients if each.pool}))


def by_way(clients: Iterable[Client], egress: Egress) -> tuple[Client, ...]:
    """Those that came by this way out: from its nodes (or nodes of no known pool), with an address that it has."""
    addresses = addresses_of(egress)
    return tuple(each for each in clients if each.pool in (None, *egress.pools) and each.address in addresses)


def not_shown(facts: Facts, clients: tuple[Client, ...]) -> tuple[Client, ...]:
    """Those that came by no way out that Azure shows for their nodes."""
    shown = {id(each) for egress in ways_of(facts) for each in by_way(clients, egress)}  # there may be thousands
    return tuple(each for each in clients if id(each) not in shown)


def _shown(facts: Facts, pools: tuple[str, ...]) -> tuple[str, ...]:
    theirs = (each for each in ways_of(facts) if not pools or set(pools).intersection(each.pools))
    return tuple(dict.fromkeys(address for each in theirs for address in addresses_of(each)))


def ways_of(facts: Facts) -> tuple[Egress, ...]:
    """What Azure shows of how the nodes leave; empty where it was not read."""
    try:
        return egresses(facts)
    except NotKnownError:
        return ()


def _hosts(registry: Registry) -> frozenset[str]:
    further = (registry.data_endpoint_hosts, registry.regional_hosts)
    known = (host for hosts in further if not isinstance(hosts, Unreadable) for host in hosts)
    return frozenset(host.lower() for host in (registry.login_server, *known))


def _host_of(image: str) -> str:
    """Whom a pull of an image asks, where its message names no host."""
    try:
        return parse_reference(image).host
    except ValueError:
        return ""


def _canonical(text: str | None) -> str | None:
    """An address as Azure writes it; ``None``: it is none."""
    try:
        address = ipaddress.ip_address((text or "").partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


def _is_public(address: str) -> bool:
    if ":" in address:
        return not any(ipaddress.IPv6Address(address) in each for each in _PRIVATE_IPV6)
    return PUBLIC.covers(address_set((address,)))
