"""Checks on the way to the registry: is its public side open, and open to where the nodes come from?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ...arm_ids import same_id
from ...catalogue import Outcome, RemedyTemplate, check, skipped, unknown
from ...facts import Facts, NetworkRules, Outbound, Registry, Unreadable, known
from ...model import Confidence, Finding, Remedy, Severity
from ...path.proxy import proxy_for
from ...quoting import fill_command
from ._destinations import Leads
from ._ip_rules import AllowList, allow_list

MAX_IP_RULES = 200  # https://learn.microsoft.com/azure/container-registry/container-registry-access-selected-networks
_SHOWN = 3

PRIVATE_ENDPOINT = RemedyTemplate(
    "Or make a private endpoint for registry {registry} in a network that the nodes reach, link its private DNS "
    "zone {private_dns_zone} there, and leave the public side as it is "
    "(https://learn.microsoft.com/azure/container-registry/container-registry-private-link)"
)

PUBLIC_ACCESS_DISABLED = Outcome(
    id="network.public-access-disabled",
    severity=Severity.ERROR,
    summary="Registry {registry} has public access switched off and no private endpoint: nothing can reach it.",
    url="https://learn.microsoft.com/azure/container-registry/container-registry-access-selected-networks",
    evidence_keys=(
        "registry",
        "resource_group",
        "subscription",
        "public_network_access",
        "private_endpoints",
        "default_action",
        "rules",
        "private_dns_zone",
    ),
    remedies=(
        RemedyTemplate(
            "Switch public access on. The registry's firewall then decides who may come in (its default action "
            "is {default_action}, its rules are {rules}): the nodes' outbound addresses must be among them if that "
            "is Deny. It takes some minutes",
            "az acr update --name {registry} --resource-group {resource_group} --subscription {subscription} "
            "--public-network-enabled true",
        ),
        PRIVATE_ENDPOINT,
    ),
    explains=("forbidden-403",),
    article="3.2",
)

OUTBOUND_IP_NOT_ALLOWED = Outcome(
    id="network.outbound-ip-not-allowed",
    severity=Severity.ERROR,
    confidence=Confidence.INFERRED,
    summary="The nodes of {pools} leave by {refused} ({path}), which no firewall rule of registry {registry} allows.",
    url="https://learn.microsoft.com/azure/container-registry/container-registry-access-selected-networks",
    evidence_keys=(
        "registry",
        "resource_group",
        "subscription",
        "pools",
        "subnet",
        "path",
        "via",
        "addresses",
        "uncovered",
        "address",
        "refused",
        "rules",
        "private_dns_zone",
    ),
    remedies=(
        RemedyTemplate(
            "Allow {address} in the registry's firewall",
            "az acr network-rule add --name {registry} --resource-group {resource_group} "
            "--subscription {subscription} --ip-address {address}",
        ),
        PRIVATE_ENDPOINT,
    ),
    explains=("forbidden-403",),
    article="3.2",
)


@check("network.public-access", needs=("registry",), outcomes=(PUBLIC_ACCESS_DISABLED,))
def registry_has_a_way_in(facts: Facts) -> Iterator[Finding]:
    """The registry has public access or a private endpoint.

    With public access off, the registry answers every caller on its public address with 403,
    whatever its IP and subnet rules say; only private endpoints remain. Where it has none, no
    node can pull. An endpoint that exists but does not work (not approved, no DNS record) is
    not judged here.

    Decided from ``publicNetworkAccess`` and ``privateEndpointConnections``. Source:
    https://learn.microsoft.com/azure/container-registry/container-registry-access-selected-networks
    """
    registry = known(facts.registry)
    access = known(registry.public_network_access)
    if access.lower() == "enabled":
        return
    if access.lower() != "disabled":
        yield unknown(registry.id, _not_understood(access))
        return
    if known(registry.private_endpoints):
        return
    rules = registry.network_rules if isinstance(registry.network_rules, NetworkRules) else None
    yield PUBLIC_ACCESS_DISABLED.at(
        registry.id,
        registry=registry.name,
        resource_group=registry.resource_group,
        subscription=registry.subscription,
        public_network_access=access,
        private_endpoints=[],
        default_action=rules.default_action if rules else "not shown",
        rules=list(rules.ip_rules) if rules else [],
        private_dns_zone=_private_dns_zone(registry),
    )


@check("network.outbound-ip", needs=("registry", "outbound", "network", "cluster"), outcomes=(OUTBOUND_IP_NOT_ALLOWED,))
def nodes_leave_by_allowed_addresses(facts: Facts) -> Iterator[Finding]:
    """The registry's firewall allows every public address that the nodes leave by.

    A registry whose firewall denies by default answers 403 to every address that is in no IP
    rule. Which address it sees is not what the cluster's profile says: a route to a firewall
    beats a NAT gateway, that beats addresses of the nodes, those beat the load balancer, and
    each node subnet may differ. Where a subnet has several addresses, any of them may be used,
    so each must be allowed. Letting trusted Azure services through does not help: AKS is none.

    Decided by comparing the addresses read for each node subnet with the IPv4 rules. Does not
    apply to a registry whose SKU has no firewall, or whose public access is off. Left to another
    check is a subnet with the registry's service endpoint, which arrives with a private source, and
    one that the subnet rules name. Where DNS leads the nodes of a subnet to a private endpoint,
    the address that they leave by does not matter; where it is not known whether it does, an
    address without a rule is unknown. So it is where a proxy asks the registry for the nodes.

    Sources: https://learn.microsoft.com/azure/nat-gateway/nat-overview,
    https://learn.microsoft.com/azure/container-registry/container-registry-vnet,
    https://learn.microsoft.com/azure/container-registry/allow-access-trusted-services
    """
    registry = known(facts.registry)
    if registry.network_rules is None:
        yield skipped(registry.id, f"The SKU of registry {registry.name} has no firewall: it admits every address.")
        return
    access = known(registry.public_network_access)
    if access.lower() == "disabled":
        yield skipped(registry.id, f"Registry {registry.name} has no public access, so its address rules are idle.")
        return
    if access.lower() != "enabled":
        yield unknown(registry.id, _not_understood(access))
        return
    rules = known(registry.network_rules)
    if rules.default_action.lower() == "allow":
        return
    outbound = known(facts.outbound)
    if rules.default_action.lower() != "deny" or outbound is None:
        why = f"The firewall's default action is {rules.default_action}, and the nodes' addresses were not read"
        yield unknown(registry.id, Unreadable("not-shown", why))
        return
    asking = proxy_for(registry.login_server, facts.cluster)
    if asking is not None:
        yield unknown(registry.id, _asked_by(asking, registry))
        return
    allowed = allow_list(rules.ip_rules)
    leads = Leads(facts, registry)
    for way in outbound:
        if not _is_anothers_matter(way, rules):
            yield from _judge_way(way, way.subnet_id or facts.targets.cluster.id, registry, rules, allowed, leads)


def _asked_by(proxy: str | Unreadable, registry: Registry) -> Unreadable:
    if isinstance(proxy, Unreadable):
        return proxy
    why = f"The nodes ask {registry.login_server} through the cluster's proxy {proxy}"
    return Unreadable("not-shown", f"{why}, whose public address is not read")


def _is_anothers_matter(way: Outbound, rules: NetworkRules) -> bool:
    """The subnet has the service endpoint, or a rule that names it in vain: network.service-endpoint tells."""
    if isinstance(way.service_endpoint, Unreadable):
        return False
    named = () if isinstance(rules.subnet_ids, Unreadable) else rules.subnet_ids
    return way.service_endpoint or any(same_id(way.subnet_id or "", each) for each in named)


def _judge_way(
    way: Outbound, resource: str, registry: Registry, rules: NetworkRules, allowed: AllowList, leads: Leads
) -> Iterator[Finding]:
    uncovered = _uncovered(way, allowed)
    if uncovered == ():
        return
    private = leads.to_an_endpoint(way.subnet_id, way.pools)
    if private is True:
        return
    for fact in (uncovered, private):
        if isinstance(fact, Unreadable):
            yield unknown(resource, fact)
            return
    if uncovered is None:
        yield _without_address(way, resource)
    elif allowed.strange:
        why = (
            f"The IP rules {', '.join(allowed.strange)} cannot be read; they may cover {_some(list(known(uncovered)))}"
        )
        yield unknown(resource, Unreadable("malformed", why))
    else:
        yield _refused(way, resource, registry, rules, list(known(uncovered)))


def _uncovered(way: Outbound, allowed: AllowList) -> tuple[str, ...] | Unreadable | None:
    """The addresses that no rule allows; ``None``: the nodes have no address at all."""
    for fact in (way.addresses, way.service_endpoint):
        if isinstance(fact, Unreadable):
            return fact
    addresses = known(way.addresses)
    return tuple(each for each in addresses if not allowed.covers(each)) if addresses else None


def _without_address(way: Outbound, resource: str) -> Finding:
    pools = ", ".join(way.pools)
    if way.path == "node-public-ip":
        why = f"Node pool {pools} has no node now, and new ones come with addresses that are not known yet"
        return unknown(resource, Unreadable("not-shown", why), decisive=False)
    why = f"The nodes of {pools} have no public IPv4 address to leave by, and come to the registry's public side"
    return unknown(resource, Unreadable("unsupported", why), decisive=True)


def _refused(way: Outbound, resource: str, registry: Registry, rules: NetworkRules, uncovered: list[str]) -> Finding:
    finding = OUTBOUND_IP_NOT_ALLOWED.at(
        resource,
        registry=registry.name,
        resource_group=registry.resource_group,
        subscription=registry.subscription,
        pools=list(way.pools),
        subnet=way.subnet_id,
        path=way.path,
        via=way.via,
        addresses=list(known(way.addresses)),
        uncovered=uncovered,
        address=uncovered[0],
        refused=_some(uncovered),
        rules=list(rules.ip_rules),
        private_dns_zone=_private_dns_zone(registry),
    )
    first, *others = finding.remedies
    if len(rules.ip_rules) + len(uncovered) > MAX_IP_RULES:
        return replace(finding, remedies=tuple(others))
    more = (_rule_for(address, finding) for address in uncovered[1:])
    return replace(finding, remedies=(first, *more, *others))


def _private_dns_zone(registry: Registry) -> str:
    """``privatelink.azurecr.io``, or what it is called in the registry's cloud."""
    return f"privatelink.{registry.login_server.partition('.')[2]}"


def _rule_for(address: str, finding: Finding) -> Remedy:
    """The remedy of the outcome for one more address: `az acr network-rule add` takes one at a time."""
    template = OUTBOUND_IP_NOT_ALLOWED.remedies[0]
    values = {**finding.evidence, "address": address}
    return Remedy(template.description.format(**values), fill_command(template.command or "", values))


def _some(addresses: list[str]) -> str:
    shown = ", ".join(addresses[:_SHOWN])
    return f"{shown} and {len(addresses) - _SHOWN} more" if len(addresses) > _SHOWN else shown


def _not_understood(access: str) -> Unreadable:
    if access.lower() == "securedbyperimeter":
        why = "A network security perimeter decides who reaches the registry, and its rules are not read"
    else:
        why = f"The registry's publicNetworkAccess is {access!r}, whose meaning is not known here"
    return Unreadable("unsupported", why)
