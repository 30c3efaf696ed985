"""Checks on the way to the registry: do the nodes' DNS servers lead its names to a private endpoint?"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from ...arm_ids import named, network_id_of
from ...catalogue import Outcome, RemedyTemplate, check, skipped, unknown
from ...facts import Facts, Network, NodePlace, Registry, Unreadable, known
from ...model import Confidence, Finding, Remedy, Severity
from ...path import OK, Hop, unmet, walks
from ...path.dns.names import KINDS
from ...path.dns.query import as_if_all_zones_were_seen
from ...path.endpoints import perhaps_awaited
from ...pull_errors.symptoms import symptoms_of
from ...quoting import fill_command
from ._findings import WAY_KEYS, findings_of

_PRIVATE_DNS = "https://learn.microsoft.com/azure/private-link/private-endpoint-dns-integration"
_ENDPOINT_KEYS = (
    "registry",
    "private_name",
    "address",
    "endpoint",
    "endpoint_id",
    "endpoint_resource_group",
    "endpoint_subscription",
    "endpoint_zones",
    "dns_servers",
)
_ZONE_KEYS = ("zone", "zone_id", "zone_resource_group", "zone_subscription")

_LINK = RemedyTemplate(
    "Link zone {zone} to network {network}, so that Azure's DNS answers there from the zone's records; a name of that "
    "zone without a record there no longer resolves in that network",
    "az network private-dns link vnet create --resource-group {zone_resource_group} "
    "--subscription {zone_subscription} --zone-name {zone} --name {link} --virtual-network {network_id} "
    "--registration-enabled false",
)
_ZONE_GROUP = RemedyTemplate(
    "Let private endpoint {endpoint} keep its records in zone {zone}: that writes one for the login server and one for "
    "each data endpoint, and keeps them right when addresses change",
    "az network private-endpoint dns-zone-group create --resource-group {endpoint_resource_group} "
    "--subscription {endpoint_subscription} --endpoint-name {endpoint} --name default --private-dns-zone {zone_id} "
    "--zone-name {zone_label}",
)
_ADD_RECORD = RemedyTemplate(
    "Add record {record} to zone {zone}, with the address {address} of private endpoint {endpoint}",
    "az network private-dns record-set a add-record --resource-group {zone_resource_group} "
    "--subscription {zone_subscription} --zone-name {zone} --record-set-name {record} --ipv4-address {address}",
)
_REMOVE_RECORD = RemedyTemplate(
    "Then remove address {stale}, which no approved endpoint of the registry has, from record {record} of zone {zone}",
    "az network private-dns record-set a remove-record --resource-group {zone_resource_group} "
    "--subscription {zone_subscription} --zone-name {zone} --record-set-name {record} --ipv4-address {stale}",
)

ZONE_MISSING = Outcome(
    id="network.private-dns-zone-missing",
    severity=Severity.ERROR,
    confidence=Confidence.INFERRED,
    summary="No private DNS zone {zone} leads {hosts} to the private endpoint of registry {registry}: the nodes of "
    "{pools} arrive at its public side, which is off.",
    url="https://learn.microsoft.com/azure/container-registry/container-registry-private-endpoints",
    evidence_keys=(
        *WAY_KEYS,
        *_ENDPOINT_KEYS,
        "zone",
        "zone_resource_group",
        "zone_subscription",
        "zone_id",
        "zone_label",
        "network",
        "network_id",
        "link",
        "record",
        "records",
    ),
    remedies=(
        RemedyTemplate(
            "Make the private DNS zone {zone} beside the private endpoint",
            "az network private-dns zone create --resource-group {zone_resource_group} "
            "--subscription {zone_subscription} --name {zone}",
        ),
        _LINK,
        _ZONE_GROUP,
        _ADD_RECORD,
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
    evidence_keys=(*WAY_KEYS, *_ENDPOINT_KEYS, *_ZONE_KEYS, "network", "network_id", "link"),
    remedies=(_LINK,),
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
    evidence_keys=(*WAY_KEYS, *_ENDPOINT_KEYS, *_ZONE_KEYS, "network", "network_id", "link"),
    remedies=(
        _LINK,
        RemedyTemplate(
            "If the DNS servers do not ask Azure's DNS (168.63.129.16), have them forward the registry's domain there"
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
    evidence_keys=(
        *WAY_KEYS,
        *_ENDPOINT_KEYS,
        *_ZONE_KEYS,
        "zone_label",
        "network",
        "link",
        "record",
        "records",
        "falls_back",
        "result",
    ),
    remedies=(_ZONE_GROUP, _ADD_RECORD),
    explains=("dns-failure", "blob-download", "forbidden-403"),
    article="3.1",
)

# What a wrong address makes of a pull: nobody answers, or somebody with a certificate of his own.
_LED_ELSEWHERE = ("timeout-network", "tls-trust", "network.proxy-or-tls")

RECORD_WRONG = Outcome(
    id="network.private-dns-record-wrong",
    severity=Severity.ERROR,
    summary="Private DNS zone {zone} leads {hosts} to {found}, where no approved private endpoint of registry "
    "{registry} is. Node pools: {pools}.",
    url="https://learn.microsoft.com/azure/container-registry/container-registry-private-endpoints",
    evidence_keys=(
        *WAY_KEYS,
        *_ENDPOINT_KEYS,
        *_ZONE_KEYS,
        "network",
        "link",
        "record",
        "records",
        "found",
        "stale",
    ),
    remedies=(_ADD_RECORD, _REMOVE_RECORD),
    explains=(*_LED_ELSEWHERE, "blob-download"),
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
    found = list(findings_of(facts, _BY_ID, KINDS))
    if any(finding.outcome is None for finding in found):
        found = _as_pods_show(facts, network, found)
    shadow = next((hop.unread for walk in walks(facts) for hop in walk.hops if _is_shadowed(hop)), None)
    if shadow is not None:
        # What hardly anybody has leaves no preflight open.
        yield unknown(facts.targets.cluster.id, shadow, decisive=None if symptoms_of(facts)[0] else False)
    for finding in _united(found):
        yield _awaiting(finding, network, known(facts.registry)) or _finished(finding)


def _is_shadowed(hop: Hop) -> bool:
    return hop.kind == "private-dns-record" and hop.state == OK and hop.unread is not None


def _as_pods_show(facts: Facts, network: Network, found: list[Finding]) -> list[Finding]:
    """What is ``found``, settled for networks whose pods get 403: no zone that was not seen leads them elsewhere."""
    left = list(network.places)
    settled: list[Finding] = []
    for refused in _networks_refused(facts, network):
        places = tuple(place for place in left if _network_of(place) == refused)
        there = as_if_all_zones_were_seen(known(facts.registry), replace(network, places=places))
        shown = list(findings_of(facts, _BY_ID, KINDS, there))
        if not any(finding.outcome in (None, ZONE_MISSING.id) for finding in shown):
            settled.extend(shown)
            left = [place for place in left if place not in places]
    if len(left) == len(network.places):
        return found
    return [*settled, *findings_of(facts, _BY_ID, KINDS, replace(network, places=tuple(left)))]


def _networks_refused(facts: Facts, network: Network) -> list[str]:
    """Networks of nodes with pods that the registry answers 403: a name is answered alike in all of a network."""
    inside, _ = symptoms_of(facts)
    pools = {each.node_pool for each in inside if each.symptom_class == "forbidden-403"}
    found = (_network_of(place) for place in network.places if not pools.isdisjoint(place.pools))
    return sorted({each for each in found if each is not None})


def _network_of(place: NodePlace) -> str | None:
    return network_id_of(place.subnet_id).lower() if isinstance(place.subnet_id, str) else None


def _awaiting(finding: Finding, network: Network, registry: Registry) -> Finding | None:
    """An unknown for a record that may only wait until a connection is approved, if that is what it depends on."""
    if finding.outcome not in (RECORD_MISSING.id, RECORD_WRONG.id):
        return None
    for endpoint in perhaps_awaited(registry, network):
        assert isinstance(endpoint.subnet_id, Unreadable)
        name = named(endpoint.id or endpoint.connection_id).name
        detail = (
            f"{finding.summary.rstrip('.')}. Whether the nodes wait for private endpoint {name}, whose connection is "
            f"{endpoint.status}, depends on its network: {endpoint.subnet_id.detail}"
        )
        return unknown(finding.resource, replace(endpoint.subnet_id, detail=detail))
    return None


# --- one finding for one fault ---------------------------------------------------------


def _united(findings: Iterable[Finding]) -> Iterator[Finding]:
    """A name is answered alike in all subnets of a network: what differs in the nodes alone is one finding."""
    alike: dict[str, list[Finding]] = {}
    for finding in findings:
        fault = {name: value for name, value in finding.evidence.items() if name not in WAY_KEYS}
        told = (finding.outcome, finding.resource.lower(), finding.reason, finding.confidence.value, fault)
        alike.setdefault(json.dumps(told), []).append(finding)
    for same in alike.values():
        yield same[0] if len(same) == 1 else _of_all(same)


def _of_all(same: list[Finding]) -> Finding:
    first = same[0]
    if first.outcome is None:
        return first
    together = {
        name: list(dict.fromkeys(each for finding in same for each in finding.evidence[name]))
        for name in ("pools", "hosts")
    }
    evidence = {**first.evidence, **together}
    return _BY_ID[first.outcome].at(first.resource, confidence=first.confidence, hop=first.hop, **evidence)


# --- findings with all their repairs ---------------------------------------------------


def _finished(finding: Finding) -> Finding:
    finish = _FINISH.get(finding.outcome or "")
    return finish(finding) if finish else finding


def _zone_missing(finding: Finding) -> Finding:
    make, link, group, _ = finding.remedies
    evidence = finding.evidence
    records = (group,) if _may_keep_records(evidence) else tuple(_added(evidence, each) for each in evidence["records"])
    return replace(finding, remedies=(make, link, *records))


def _record_missing(finding: Finding) -> Finding:
    evidence = finding.evidence
    group = finding.remedies[:1] if _may_keep_records(evidence) else ()
    added = tuple(_added(evidence, each) for each in evidence["records"])
    said = ("forbidden-403",) if evidence["falls_back"] else ("dns-failure",)
    return replace(finding, remedies=(*group, *added), explains=(*said, *_layers(evidence)))


def _record_wrong(finding: Finding) -> Finding:
    evidence = finding.evidence
    remedies: list[Remedy] = []
    for each in evidence["records"]:
        if each["add"] is not None or each["address"] is None:
            remedies.append(_added(evidence, each))
        for stale in each["remove"]:
            remedies.append(_remedy(_REMOVE_RECORD, {**evidence, "record": each["name"], "stale": stale}))
    return replace(finding, remedies=tuple(remedies), explains=(*_LED_ELSEWHERE, *_layers(evidence)))


_FINISH = {ZONE_MISSING.id: _zone_missing, RECORD_MISSING.id: _record_missing, RECORD_WRONG.id: _record_wrong}


def _layers(evidence: Mapping[str, Any]) -> tuple[str, ...]:
    """Where only data endpoints are met, manifests arrive and layers do not."""
    return ("blob-download",) if all(".data." in host for host in evidence["hosts"]) else ()


def _may_keep_records(evidence: Mapping[str, Any]) -> bool:
    """An endpoint has one zone group at most, and it is for the zone of its own name."""
    of_endpoint = evidence["zone"].replace(".", "-").lower() == evidence["zone_label"]
    return of_endpoint and evidence["endpoint"] is not None and evidence["endpoint_zones"] == []


def _added(evidence: Mapping[str, Any], record: Mapping[str, Any]) -> Remedy:
    if record["address"] is not None:
        values = {**evidence, "record": record["name"], "address": record["address"]}
        return _remedy(_ADD_RECORD, values)
    if evidence["endpoint"] is None:
        return Remedy(
            f"Zone {evidence['zone']} takes every name in it out of public DNS in network {evidence['network']}: "
            f"remove its link {evidence['link']}, or add a record {record['name']} with the address that is meant"
        )
    return Remedy(
        f"Add record {record['name']} to zone {evidence['zone']}, with the address that private endpoint "
        f"{evidence['endpoint']} has for it, which could not be read"
    )


def _remedy(template: RemedyTemplate, values: Mapping[str, Any]) -> Remedy:
    return Remedy(template.description.format(**values), fill_command(template.command or "", values))
