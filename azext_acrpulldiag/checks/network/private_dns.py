"""Checks on the way to the registry: do the nodes' DNS servers lead its names to a private endpoint?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from ...arm_ids import key_of, name_of, network_id_of
from ...catalogue import Outcome, check, skipped, unknown
from ...facts import Facts, Network, NodePlace, Registry, Unreadable, known
from ...model import Confidence, Finding, Severity
from ...path import OK, Hop, unmet, walks
from ...path.dns.details import Fallback, LinkNames, MissingRecords, PrivateName, WrongRecords, ZoneNames
from ...path.dns.names import KINDS
from ...path.dns.query import as_if_all_zones_were_seen
from ...path.endpoints import perhaps_awaited
from ...pull_errors.symptoms import symptoms_of
from ...repairs import Step, option
from ._findings import Met, OnPath, finding_of, ignorance, met_hops

_PRIVATE_DNS = "https://learn.microsoft.com/azure/private-link/private-endpoint-dns-integration"
_OF_ZONE = (OnPath, PrivateName, ZoneNames, LinkNames)
_WRITE_RECORD = ("Microsoft.Network/privateDnsZones/A/write",)

_MAKE_ZONE = Step(
    "Make the private DNS zone {zone} beside the private endpoint",
    "az network private-dns zone create --resource-group {zone_resource_group} "
    "--subscription {zone_subscription} --name {zone}",
    requires=("Microsoft.Network/privateDnsZones/write",),
)
_LINK = Step(
    "Link zone {zone} to network {network}, so that Azure's DNS answers there from the zone's records; a name of that "
    "zone without a record there no longer resolves in that network",
    "az network private-dns link vnet create --resource-group {zone_resource_group} "
    "--subscription {zone_subscription} --zone-name {zone} --name {link} --virtual-network {network_id} "
    "--registration-enabled false",
    requires=(
        "Microsoft.Network/privateDnsZones/virtualNetworkLinks/write",
        "Microsoft.Network/virtualNetworks/join/action",
    ),
)
_ZONE_GROUP = Step(
    "Let private endpoint {endpoint} keep its records in zone {zone}: that writes one for the login server and one for "
    "each data endpoint, and keeps them right when addresses change",
    "az network private-endpoint dns-zone-group create --resource-group {endpoint_resource_group} "
    "--subscription {endpoint_subscription} --endpoint-name {endpoint} --name default --private-dns-zone {zone_id} "
    "--zone-name {zone_label}",
    when="kept_by_endpoint",
    requires=(
        "Microsoft.Network/privateEndpoints/privateDnsZoneGroups/write",
        "Microsoft.Network/privateDnsZones/join/action",
    ),
)
_ADD_RECORD = Step(
    "Add record {name} to zone {zone}, with the address {address} of {its_endpoint}",
    "az network private-dns record-set a add-record --resource-group {zone_resource_group} "
    "--subscription {zone_subscription} --zone-name {zone} --record-set-name {name} --ipv4-address {address}",
    each="records",
    instead="Add record {name} to zone {zone}, with the address that {its_endpoint} has for it, which could not be "
    "read",
    requires=_WRITE_RECORD,
)
_REMOVE_RECORD = Step(
    "Then remove address {stale}, which no approved endpoint of the registry has, from record {name} of zone {zone}",
    "az network private-dns record-set a remove-record --resource-group {zone_resource_group} "
    "--subscription {zone_subscription} --zone-name {zone} --record-set-name {name} --ipv4-address {stale}",
    each="stale_addresses",
    requires=_WRITE_RECORD,
)
_UNHIDE = Step(
    "Zone {zone} takes every name in it out of public DNS in network {network}: remove its link {link}, or add a "
    "record {name} with the address that is meant",
    each="records",
)

ZONE_MISSING = Outcome(
    id="network.private-dns-zone-missing",
    severity=Severity.ERROR,
    confidence=Confidence.INFERRED,
    summary="No private DNS zone {zone} leads {hosts} to the private endpoint of registry {registry}: the nodes of "
    "{pools} arrive at its public side, which is off.",
    url="https://learn.microsoft.com/azure/container-registry/container-registry-private-endpoints",
    details=(*_OF_ZONE, MissingRecords),
    repairs=(
        option(_MAKE_ZONE, _LINK, _ZONE_GROUP, when="kept_by_endpoint"),
        option(_MAKE_ZONE, _LINK, _ADD_RECORD, when="kept_by_hand"),
    ),
    explains=("forbidden-403", "network.outbound-ip-not-allowed"),
    article="3.1",
)

LINK_MISSING = Outcome(
    id="network.private-dns-link-missing",
    severity=Severity.ERROR,
    confidence=Confidence.INFERRED,
    summary="Private DNS zone {zone} has the record of registry {registry} but is not linked to network {network}: "
    "the nodes of {pools} arrive at the registry's public side, which is off.",
    url=_PRIVATE_DNS,
    details=_OF_ZONE,
    repairs=(_LINK,),
    explains=("forbidden-403", "network.outbound-ip-not-allowed"),
    article="3.1",
)

CUSTOM_DNS_UNLINKED = Outcome(
    id="network.custom-dns-unlinked",
    severity=Severity.ERROR,
    confidence=Confidence.INFERRED,
    summary="The nodes of {pools} ask DNS servers {dns_servers}, and private DNS zone {zone} is not linked to their "
    "network {network}: {hosts} leads to the registry's public side, which is off.",
    url=_PRIVATE_DNS,
    details=_OF_ZONE,
    repairs=(
        option(
            _LINK,
            Step(
                "If the DNS servers do not ask Azure's DNS (168.63.129.16), have them forward the registry's domain "
                "there"
            ),
        ),
    ),
    explains=("forbidden-403", "network.outbound-ip-not-allowed"),
    article="3.1",
)

RECORD_MISSING = Outcome(
    id="network.private-dns-record-missing",
    severity=Severity.ERROR,
    summary="Private DNS zone {zone}, linked to network {network}, has no record for {hosts}: {result}. Node pools: "
    "{pools}.",
    url="https://learn.microsoft.com/azure/dns/private-dns-fallback",
    details=(*_OF_ZONE, MissingRecords, Fallback),
    repairs=(_ZONE_GROUP, option(_ADD_RECORD, when="has_endpoint"), option(_UNHIDE, when="has_no_endpoint")),
    explains=("dns-failure", "forbidden-403", "blob-download"),
    explains_when={"dns-failure": "ends_there", "forbidden-403": "falls_back", "blob-download": "layers_alone"},
    article="3.1",
)

RECORD_WRONG = Outcome(
    id="network.private-dns-record-wrong",
    severity=Severity.ERROR,
    summary="Private DNS zone {zone} leads {hosts} to {found}, where no approved private endpoint of registry "
    "{registry} is. Node pools: {pools}.",
    url="https://learn.microsoft.com/azure/container-registry/container-registry-private-endpoints",
    details=(*_OF_ZONE, WrongRecords),
    repairs=(
        option(replace(_ADD_RECORD, when="lacks_address"), _REMOVE_RECORD, when="has_endpoint"),
        option(_UNHIDE, _REMOVE_RECORD, when="has_no_endpoint"),
    ),
    # What a wrong address makes of a pull: nobody answers, or somebody with a certificate of his own.
    explains=("timeout-network", "tls-trust", "network.proxy-or-tls", "blob-download"),
    explains_when={"blob-download": "layers_alone"},
    article="3.1",
)

_OUTCOMES = (ZONE_MISSING, LINK_MISSING, CUSTOM_DNS_UNLINKED, RECORD_MISSING, RECORD_WRONG)
_BY_ID = {outcome.id: outcome for outcome in _OUTCOMES}


@check("network.private-dns", needs=("registry", "network", "cluster", "kubernetes"), outcomes=_OUTCOMES)
def names_lead_to_the_endpoint(facts: Facts) -> Iterator[Finding]:
    """The DNS servers that the nodes ask lead the registry's names to an approved private endpoint, where it has one.

    Once a registry has an approved private endpoint, public DNS leads its login server and data
    endpoints on through ``privatelink`` for everybody. Where a private zone of that name is linked
    to the network whose DNS is asked, only its records count: a record that lacks is a name that
    does not exist, even if public access is open, unless the link falls back; a stale one leads
    nowhere. Where none is linked, the name stays public, which is a fault only if public access is
    off: then the registry answers 403. A registry without an approved endpoint is untouched by the
    zones of others.

    Decided for the nodes of each network from their network's DNS settings, the zones' links and
    records, and the addresses of the registry's endpoints. Nodes of a network with DNS servers of
    its own ask those, so the links of the servers' network count; what a server outside the known
    networks answers is unknown. That a zone or link is missing is claimed only where every
    subscription concerned shows all its zones and every endpoint those that it keeps, or where pods
    are refused with 403. A record that lacks or is wrong is unknown where another endpoint's
    connection waits for approval and its network could not be read: it may be what the nodes wait
    for. A zone of the registry's public name, which would shadow the others, is ruled out where all
    zones can be seen. Not read: forwarding rules of servers and resolvers.

    Sources: https://learn.microsoft.com/azure/private-link/private-endpoint-dns-integration,
    https://learn.microsoft.com/azure/dns/private-dns-fallback,
    https://learn.microsoft.com/azure/container-registry/container-registry-private-endpoints
    """
    known(facts.registry)
    if facts.network is None:
        yield skipped(facts.targets.cluster.id, "The network was not looked at.")
        return
    network = known(facts.network)
    proxied = unmet(walks(facts), "")
    if proxied:
        yield skipped(facts.targets.cluster.id, proxied)
        return
    found = met_hops(facts, _BY_ID, KINDS)
    if any(met.hop.outcome is None for met in found):
        found = _as_pods_show(facts, network, found)
    shadow = next((hop.unread for walk in walks(facts) for hop in walk.hops if _is_shadowed(hop)), None)
    if shadow is not None:
        # What hardly anybody has leaves no preflight open.
        yield unknown(facts.targets.cluster.id, shadow, decisive=None if symptoms_of(facts)[0] else False)
    for met in _once(found):
        if met.hop.outcome is None:
            yield ignorance(facts, met)
        else:
            finding = finding_of(facts, met, _BY_ID[met.hop.outcome])
            yield _awaiting(finding, network, known(facts.registry)) or finding


def _is_shadowed(hop: Hop) -> bool:
    return hop.kind == "private-dns-record" and hop.state == OK and hop.unread is not None


def _as_pods_show(facts: Facts, network: Network, found: list[Met]) -> list[Met]:
    """What is ``found``, settled for networks whose pods get 403: no zone that was not seen leads them elsewhere."""
    left = list(network.places)
    settled: list[Met] = []
    for refused in _networks_refused(facts, network):
        places = tuple(place for place in left if _network_of(place) == refused)
        there = as_if_all_zones_were_seen(known(facts.registry), replace(network, places=places))
        shown = met_hops(facts, _BY_ID, KINDS, there)
        if not any(met.hop.outcome in (None, ZONE_MISSING.id) for met in shown):
            settled.extend(shown)
            left = [place for place in left if place not in places]
    if len(left) == len(network.places):
        return found
    return [*settled, *met_hops(facts, _BY_ID, KINDS, replace(network, places=tuple(left)))]


def _networks_refused(facts: Facts, network: Network) -> list[str]:
    """Networks of nodes with pods that the registry answers 403: a name is answered alike in all of a network."""
    inside, _ = symptoms_of(facts)
    pools = {each.node_pool for each in inside if each.symptom_class == "forbidden-403"}
    found = (_network_of(place) for place in network.places if not pools.isdisjoint(place.pools))
    return sorted({each for each in found if each is not None})


def _network_of(place: NodePlace) -> str | None:
    return key_of(network_id_of(place.subnet_id)) if isinstance(place.subnet_id, str) else None


def _awaiting(finding: Finding, network: Network, registry: Registry) -> Finding | None:
    """An unknown for a record that may only wait until a connection is approved, if that is what it depends on."""
    if finding.outcome not in (RECORD_MISSING.id, RECORD_WRONG.id):
        return None
    for endpoint in perhaps_awaited(registry, network):
        assert isinstance(endpoint.subnet_id, Unreadable)
        name = name_of(endpoint.id or endpoint.connection_id)
        detail = (
            f"{finding.summary.rstrip('.')}. Whether the nodes wait for private endpoint {name}, whose connection is "
            f"{endpoint.status}, depends on its network: {endpoint.subnet_id.detail}"
        )
        return unknown(finding.resource, replace(endpoint.subnet_id, detail=detail))
    return None


def _once(found: Iterable[Met]) -> Iterable[Met]:
    """A name is answered alike in all subnets of a network: what differs in the nodes alone is one fault."""
    alike: dict[object, Met] = {}
    for met in found:
        hop = met.hop
        key = (hop.outcome, key_of(hop.resource_id or ""), hop.unread, hop.confidence, hop.details)
        alike[key] = alike[key].with_another(met) if key in alike else met
    return alike.values()
