"""What pods show of a zone link's policy that Azure did not: does it fall back to public DNS? Pure."""

from __future__ import annotations

from dataclasses import replace

from ...arm_ids import key_of, network_id_of
from ...facts import Facts, Network, PrivateZone, Registry, Unreadable, ZoneLink, ZoneSearch
from ...path.endpoints import own_hosts
from ...pull_errors.symptoms import failed_pulls, pool_of

_NO_SUCH_NAME = "no such host"


def as_pods_resolve(facts: Facts, network: Network, registry: Registry) -> Network:
    """Return ``network`` with the policy of zone links as pods show it, where ``resolutionPolicy`` was not shown.

    Nodes that are told that a name of the registry does not exist are in a network whose link does not fall back; those
    that the registry answers 403 have the address of its public endpoint, so theirs does. Only the link to the nodes'
    own network is settled: what servers of another network make of a name, its own links decide. Where pods of
    a network report both, nothing is.
    """
    if not isinstance(network.zones, ZoneSearch) or not any(map(_hidden, network.zones.zones)):
        return network
    told = _told(facts, network, registry)
    zones = tuple(replace(zone, links=_settled(zone.links, told)) for zone in network.zones.zones)
    return replace(network, zones=replace(network.zones, zones=zones)) if told else network


def _hidden(zone: PrivateZone) -> bool:
    return isinstance(zone.links, tuple) and any(isinstance(link.falls_back, Unreadable) for link in zone.links)


def _settled(links: tuple[ZoneLink, ...] | Unreadable, told: dict[str, bool]) -> tuple[ZoneLink, ...] | Unreadable:
    if isinstance(links, Unreadable):
        return links
    return tuple(
        replace(link, falls_back=told[key])
        if isinstance(link.falls_back, Unreadable) and (key := key_of(link.network_id)) in told
        else link
        for link in links
    )


def _told(facts: Facts, network: Network, registry: Registry) -> dict[str, bool]:
    """By network, whether names that its zones lack resolve publicly, as far as pods tell and agree."""
    hosts = {host.lower() for host in own_hosts(registry, network.endpoints, network.replications)}
    reported: dict[str, set[bool]] = {}
    for pull in failed_pulls(facts)[0]:
        pool, found = pool_of(pull.container.node, facts), None
        if (pull.error.host or "").lower() not in hosts:
            continue
        if pull.symptom_class == "dns-failure" and _NO_SUCH_NAME in pull.container.message.lower():
            found = False
        elif pull.symptom_class == "forbidden-403":
            found = True
        for place in network.places if found is not None else ():
            if pool in place.pools and isinstance(place.subnet_id, str):
                reported.setdefault(key_of(network_id_of(place.subnet_id)), set()).add(bool(found))
    return {where: falls_back for where, (falls_back, *more) in reported.items() if not more}
