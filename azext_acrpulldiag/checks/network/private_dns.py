"""Checks on the path to the registry: do its names resolve to a private endpoint for the nodes?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from ...arm_ids import key_of, name_of, network_id_of
from ...catalogue import Outcome, check, skipped, unknown
from ...effects.network.dns import (
    record_added,
    record_set,
    rule_enabled,
    rule_led_aright,
    zone_group_made,
    zone_linked,
    zone_made,
)
from ...facts import Facts, Network, NodePlace, Registry, Unreadable, known
from ...model import Confidence, Finding, Severity
from ...path import OK, Hop, unmet, walks
from ...path.dns.answers import FORWARDING_RULE
from ...path.dns.details import (
    Fallback,
    ForwardedName,
    LinkNames,
    MissingRecords,
    NoRule,
    PrivateName,
    WrongRecords,
    ZoneNames,
)
from ...path.dns.names import KINDS
from ...path.dns.query import as_if_all_zones_were_seen
from ...path.endpoints import perhaps_awaited
from ...pull_errors.symptoms import symptoms_of
from ...repairs import Step, option
from ._findings import Met, OnPath, finding_of, ignorance, met_hops
from ._link_policies import as_pods_resolve

_PRIVATE_DNS = "https://learn.microsoft.com/azure/private-link/private-endpoint-dns-integration"
_RULESETS = "https://learn.microsoft.com/azure/dns/private-resolver-endpoints-rulesets"
_EXTENSION = "The command is in the dns-resolver extension, which az offers to install"
_OF_ZONE = (OnPath, PrivateName, ZoneNames, LinkNames)
# What pods report whose nodes are answered wrongly, or not at all.
_UNANSWERED = ("dns-failure", "forbidden-403")
_WRITE_RECORD = ("Microsoft.Network/privateDnsZones/A/write",)

_MAKE_ZONE = Step(
    "Create private DNS zone {zone} in the resource group of the private endpoint",
    "az network private-dns zone create --resource-group {zone_resource_group} "
    "--subscription {zone_subscription} --name {zone}",
    requires=("Microsoft.Network/privateDnsZones/write",),
    effect=zone_made,
)
_LINK = Step(
    "Link private DNS zone {zone} to network {network}",
    "az network private-dns link vnet create --resource-group {zone_resource_group} "
    "--subscription {zone_subscription} --zone-name {zone} --name {link} --virtual-network {network_id} "
    "--registration-enabled false",
    requires=(
        "Microsoft.Network/privateDnsZones/virtualNetworkLinks/write",
        "Microsoft.Network/virtualNetworks/join/action",
    ),
    changes="in network {network}, names in the zone then resolve from its records only; a name without a record no "
    "longer resolves there",
    effect=zone_linked,
)
_WRITE_RULE = ("Microsoft.Network/dnsForwardingRulesets/forwardingRules/write",)
_ENABLE_RULE = Step(
    "Enable rule {disabled_rule} of DNS forwarding ruleset {disabled_ruleset}, linked to network {network}: it "
    f"forwards the name to where it resolves to the private endpoint. {_EXTENSION}",
    "az dns-resolver forwarding-rule update --resource-group {disabled_ruleset_resource_group} "
    "--subscription {disabled_ruleset_subscription} --ruleset-name {disabled_ruleset} --name {disabled_rule} "
    "--forwarding-rule-state Enabled",
    requires=_WRITE_RULE,
    changes="all names in the rule's domain are then forwarded, in every network that the ruleset is linked to",
    effect=rule_enabled,
)
_CHANGE_TARGET = Step(
    "Let rule {rule} of DNS forwarding ruleset {ruleset} forward to {right_server}, an inbound endpoint that resolves "
    f"the name to the private endpoint. {_EXTENSION}",
    "az dns-resolver forwarding-rule update --resource-group {ruleset_resource_group} "
    "--subscription {ruleset_subscription} --ruleset-name {ruleset} --name {rule} "
    "--target-dns-servers {right_servers}",
    instead="Let rule {rule} of DNS forwarding ruleset {ruleset} forward to an inbound endpoint (DNS Private Resolver) "
    "in a network to which private DNS zone {zone_wanted} is linked",
    requires=_WRITE_RULE,
    changes="all names in {domain} are then asked for there, in every network that the ruleset is linked to",
    effect=rule_led_aright,
)
_ZONE_GROUP = Step(
    "Create a DNS zone group for private endpoint {endpoint} in zone {zone}: it writes the A records of the login "
    "server and of each data endpoint, and updates them when addresses change",
    "az network private-endpoint dns-zone-group create --resource-group {endpoint_resource_group} "
    "--subscription {endpoint_subscription} --endpoint-name {endpoint} --name default --private-dns-zone {zone_id} "
    "--zone-name {zone_label}",
    when="kept_by_endpoint",
    requires=(
        "Microsoft.Network/privateEndpoints/privateDnsZoneGroups/write",
        "Microsoft.Network/privateDnsZones/join/action",
    ),
    effect=zone_group_made,
)
_ADD_RECORD = Step(
    "Add A record {name} to zone {zone}, with address {address} of {its_endpoint}",
    "az network private-dns record-set a add-record --resource-group {zone_resource_group} "
    "--subscription {zone_subscription} --zone-name {zone} --record-set-name {name} --ipv4-address {address}",
    each="records",
    instead="Add A record {name} to zone {zone}, with the address of {its_endpoint} for it, which could not be read",
    requires=_WRITE_RECORD,
    effect=record_added,
)
_SET_RECORD = Step(
    "Set A record {name} of zone {zone} to {address} of {its_endpoint}: no approved endpoint has {remove}",
    "az network private-dns record-set a update --resource-group {zone_resource_group} "
    "--subscription {zone_subscription} --zone-name {zone} --name {name} --set {right_addresses}",
    each="records",
    instead="Set A record {name} of zone {zone} to the address of {its_endpoint} for it, which could not be read",
    requires=_WRITE_RECORD,
    effect=record_set,
)
_UNHIDE = Step(
    "In network {network}, names in zone {zone} do not resolve in public DNS: remove virtual network link {link}, or "
    "give A record {name} the right address",
    each="records",
)

ZONE_MISSING = Outcome(
    id="network.private-dns-zone-missing",
    severity=Severity.ERROR,
    confidence=Confidence.INFERRED,
    summary="No private DNS zone {zone} has the record of registry {registry}: for the nodes of {pools}, {hosts} "
    "resolves to the public endpoint, where public network access is disabled.{caveat}",
    url="https://learn.microsoft.com/azure/container-registry/container-registry-private-endpoints",
    details=(*_OF_ZONE, NoRule, MissingRecords),
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
    "the nodes of {pools} reach the public endpoint, where public network access is disabled.{caveat}",
    url=_PRIVATE_DNS,
    details=(*_OF_ZONE, NoRule),
    repairs=(_LINK, option(_ENABLE_RULE, when="disabled_rule")),
    explains=("forbidden-403", "network.outbound-ip-not-allowed"),
    article="3.1",
)

CUSTOM_DNS_UNLINKED = Outcome(
    id="network.custom-dns-unlinked",
    severity=Severity.ERROR,
    confidence=Confidence.INFERRED,
    summary="The nodes of {pools} use DNS servers {dns_servers}, and private DNS zone {zone} is not linked to the "
    "servers' network {network}: {hosts} resolves to the public endpoint, where public network access is "
    "disabled.{caveat}",
    url=_PRIVATE_DNS,
    details=(*_OF_ZONE, NoRule),
    repairs=(
        option(
            _LINK,
            Step(
                "If the DNS servers do not forward to Azure DNS (168.63.129.16), add a conditional forwarder for the "
                "registry's domain"
            ),
        ),
        option(_ENABLE_RULE, when="disabled_rule"),
    ),
    explains=("forbidden-403", "network.outbound-ip-not-allowed"),
    article="3.1",
)

FORWARDED_ELSEWHERE = Outcome(
    id="network.dns-forwarded-elsewhere",
    severity=Severity.ERROR,
    confidence=Confidence.INFERRED,
    summary="In network {ruleset_network}, forwarding rule {rule} of DNS forwarding ruleset {ruleset} sends {hosts} to "
    "DNS servers {servers}, which {answer}. Node pools: {pools}.{caveat}",
    url=_RULESETS,
    details=(OnPath, PrivateName, ForwardedName),
    repairs=(_LINK, _CHANGE_TARGET),
    explains=(*_UNANSWERED, "network.outbound-ip-not-allowed"),
    explains_when={
        "dns-failure": "may_not_resolve",
        "forbidden-403": "may_be_public",
        "network.outbound-ip-not-allowed": "may_be_public",
    },
    article="3.1",
)

RECORD_MISSING = Outcome(
    id="network.private-dns-record-missing",
    severity=Severity.ERROR,
    summary="DNS record missing: private DNS zone {zone}, linked to network {network}, has no A record for {hosts}, "
    "{result}. Node pools: {pools}.",
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
    summary="In private DNS zone {zone}, {hosts} resolves to {found}, which is no address of an approved private "
    "endpoint of registry {registry}. Node pools: {pools}.",
    url="https://learn.microsoft.com/azure/container-registry/container-registry-private-endpoints",
    details=(*_OF_ZONE, WrongRecords),
    repairs=(
        option(_SET_RECORD, when="has_endpoint"),
        option(_UNHIDE, when="has_no_endpoint"),
    ),
    # What a wrong address makes of a pull: nobody answers, or somebody with a certificate of his own.
    explains=("timeout-network", "tls-trust", "network.proxy-or-tls", "blob-download"),
    explains_when={"blob-download": "layers_alone"},
    article="3.1",
)

_OUTCOMES = (ZONE_MISSING, LINK_MISSING, CUSTOM_DNS_UNLINKED, FORWARDED_ELSEWHERE, RECORD_MISSING, RECORD_WRONG)
_BY_ID = {outcome.id: outcome for outcome in _OUTCOMES}


@check("network.private-dns", needs=("registry", "network", "cluster", "kubernetes"), outcomes=_OUTCOMES)
def names_lead_to_the_endpoint(facts: Facts) -> Iterator[Finding]:
    """The registry's names resolve to an approved private endpoint for the nodes, where the registry has one.

    Once a registry has an approved private endpoint, public DNS answers for its login server and data
    endpoints with a CNAME in ``privatelink`` for everybody. Where a private DNS zone of that name is
    linked to the network whose DNS is used, only its records count. With the A record missing, the
    name does not exist, even if public network access is enabled, unless the link falls back to
    internet resolution; with a stale record, connections go to the wrong address. Where no zone is
    linked, the name resolves to the public endpoint, which is a fault only if public network access is
    disabled: then the registry answers 403. Before that, a rule of a DNS forwarding ruleset that is
    linked to the network may forward the name to servers that resolve it, such as an inbound endpoint in
    a hub network; a rule that sends it anywhere else keeps the nodes from the endpoint. A registry
    without an approved private endpoint is not affected by the zones and rules of others.

    Decided for the nodes of each network from the network's DNS servers, the zones' links and records,
    the rules of linked rulesets, and the addresses of the registry's private endpoints. Nodes of a
    network with custom DNS servers use those, so the links of the servers' network count; what a server
    outside the known networks answers is unknown. A zone or link is reported as missing only where all
    zones of every subscription concerned, and the zone groups of every endpoint, could be read, or where
    pods get 403. A record that is missing or wrong is unknown where another endpoint's connection is not
    approved yet and its network could not be read: the nodes may need that one. A zone of the
    registry's public name, which would take precedence, is ruled out where all zones can be read.
    Of enabled rules the one with the longest domain counts, and its first server; a rule for all names
    does not capture those of registries. An inbound endpoint answers as its own network does. That a rule
    for the name under ``privatelink`` is met on the way from the public name is taken from the documented
    designs. Where a network's own list of rulesets may not be read, those that this login sees count, and
    the finding says so; where not even they could all be read, a missing link is unknown unless pods get
    403. What servers answer that are in no known network is unknown, and a warning where pods there
    cannot resolve the name or get 403. Forwarding rules within DNS servers are not read.

    Where all of that is right, and the registry names a public address as the client of pods, the nodes have another
    answer than Azure's: an old one that is cached, or one of a hosts file. The diagnosis then takes the pass back.

    Whether a link falls back is told by pods where Azure did not show it: nodes of its network that
    are told "no such host" have none that does, and nodes that get 403 have one.

    Sources: https://learn.microsoft.com/azure/private-link/private-endpoint-dns-integration,
    https://learn.microsoft.com/azure/dns/private-dns-fallback,
    https://learn.microsoft.com/azure/dns/private-resolver-endpoints-rulesets,
    https://learn.microsoft.com/azure/dns/private-resolver-architecture,
    https://learn.microsoft.com/azure/container-registry/container-registry-private-endpoints
    """
    known(facts.registry)
    if facts.network is None:
        yield skipped(facts.targets.cluster.id, "The nodes' network was not read.")
        return
    network = known(facts.network)
    proxied = unmet(walks(facts), "")
    if proxied:
        yield skipped(facts.targets.cluster.id, proxied)
        return
    network = as_pods_resolve(facts, network, known(facts.registry))
    found = met_hops(facts, _BY_ID, KINDS, network)
    if any(met.hop.outcome is None for met in found):
        found = _as_pods_show(facts, network, found)
    shadow = next((hop.unread for walk in walks(facts) for hop in walk.hops if _is_shadowed(hop)), None)
    if shadow is not None:
        # What hardly anybody has leaves no preflight open.
        yield unknown(facts.targets.cluster.id, shadow, decisive=None if symptoms_of(facts)[0] else False)
    for met in _once(found):
        if met.hop.outcome is None:
            yield from tuple(_unread_servers(facts, network, met)) or (ignorance(facts, met),)
        else:
            finding = finding_of(facts, met, _BY_ID[met.hop.outcome])
            yield _awaiting(finding, network, known(facts.registry)) or finding


def _unread_servers(facts: Facts, network: Network, met: Met) -> Iterator[Finding]:
    """A warning for servers that a rule names and nobody can ask here, if pods report what they then make of names.

    Beside it, why it is not known where they are to lead: then nothing behind them is judged.
    """
    if met.hop.kind != FORWARDING_RULE or not met.hop.details:
        return
    inside, _ = symptoms_of(facts)
    if not any(each.symptom_class in _UNANSWERED and each.node_pool in met.pools for each in inside):
        return
    yield finding_of(facts, met, FORWARDED_ELSEWHERE, severity=Severity.WARNING)
    endpoints = () if isinstance(network.endpoints, Unreadable) else network.endpoints
    unread = next((each.addresses for each in endpoints if isinstance(each.addresses, Unreadable)), None)
    if met.walk.destination is None and unread is not None:
        yield unknown(met.resource(facts), unread)


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
            f"{finding.summary.rstrip('.')}. Whether the nodes need private endpoint {name}, whose connection is "
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
