"""Checks on the registry's public endpoint: is it enabled, and does its firewall allow the nodes' outbound IPs?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ...arm_ids import same_id
from ...catalogue import Outcome, check, skipped, unknown
from ...details import Details, internal
from ...effects.network.registry import address_allowed, public_access_enabled
from ...facts import Facts, NetworkRules, Registry, Unreadable, known
from ...model import Confidence, Finding, SeenFrom, Severity
from ...path import egresses
from ...path.admission import addresses_of, admitted, refused, some
from ...path.dns.zones import zone_name
from ...path.proxy import proxy_for
from ...path.reached import come_to_an_endpoint
from ...path.routing.outbound import Egress
from ...repairs import Step, option
from .._named import RegistryNames
from ._caveats import Caveat, as_pods_show
from ._clients import ANSWER, Told

MAX_IP_RULES = 200  # https://learn.microsoft.com/azure/container-registry/container-registry-access-selected-networks


@dataclass(frozen=True)
class NoWayIn(Details):
    """What of a registry is closed."""

    public_network_access: str
    private_endpoints: tuple[str, ...]
    default_action: str
    rules: tuple[str, ...]
    private_dns_zone: str


@dataclass(frozen=True)
class OneAddress(Details):
    """An address or prefix that a rule is to be made for."""

    address: str


@dataclass(frozen=True)
class RefusedAddresses(Details):
    """What nodes leave by, and what of it the registry's firewall does not allow."""

    pools: tuple[str, ...]
    subnet: str | None
    path: str
    via: str | None
    addresses: tuple[str, ...]
    uncovered: tuple[str, ...]
    address: str
    """The first of them."""
    refused: str
    """Them in words."""
    rules: tuple[str, ...]
    private_dns_zone: str
    has_room: bool = internal(default=True)
    """The firewall takes a rule for each."""

    @property
    def to_allow(self) -> tuple[OneAddress, ...]:
        """The addresses that are to be allowed, one by one: IP rules take IPv4 only."""
        return tuple(OneAddress(each) for each in self.uncovered if ":" not in each)

    @property
    def over_ipv6(self) -> bool:
        """Whether nodes come from an address that no rule can be made for."""
        return len(self.to_allow) < len(self.uncovered)

    @property
    def none_to_allow(self) -> bool:
        """Whether no rule at all can be made."""
        return not self.to_allow

    @property
    def by(self) -> str:
        """How it is known, for a sentence."""
        return "named in its own answer" if self.path == ANSWER else self.path

    @property
    def whose(self) -> str:
        """The nodes, for a sentence."""
        return f"the nodes of {', '.join(self.pools)}" if self.pools else "nodes"


PRIVATE_ENDPOINT = Step(
    "Or create a private endpoint for registry {registry} in a network that the nodes reach, link its private DNS "
    "zone {private_dns_zone} to the nodes' network, and leave the public endpoint as it is "
    "(https://learn.microsoft.com/azure/container-registry/container-registry-private-link)"
)

_TO_IPV4 = Step(
    "IP rules take IPv4 addresses only: set the endpoint protocol of registry {registry} to IPv4 (az acr update "
    "--endpoint-protocol IPv4), so that nodes come from an IPv4 address, and allow that",
    when="over_ipv6",
    untold="Which IPv4 addresses the nodes then come from nobody can tell beforehand.",
)

PUBLIC_ACCESS_DISABLED = Outcome(
    id="network.public-access-disabled",
    severity=Severity.ERROR,
    summary="Registry {registry} has public network access disabled and no private endpoint: nothing can reach it.",
    url="https://learn.microsoft.com/azure/container-registry/container-registry-access-selected-networks",
    details=(RegistryNames, NoWayIn),
    repairs=(
        Step(
            "Enable public network access. The registry's firewall then decides which addresses are allowed (default "
            "action: {default_action}, IP rules: {rules}). If the default action is Deny, add the nodes' outbound IPs. "
            "The change takes a few minutes",
            "az acr update --name {registry} --resource-group {resource_group} --subscription {subscription} "
            "--public-network-enabled true",
            requires=("Microsoft.ContainerRegistry/registries/write",),
            changes="opens the registry's public endpoint to every address that its firewall allows",
            effect=public_access_enabled,
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
    summary="The firewall of registry {registry} does not allow outbound IP {refused} ({by}) of {whose}."
    "{caveat}{beside}",
    url="https://learn.microsoft.com/azure/container-registry/container-registry-access-selected-networks",
    details=(RegistryNames, RefusedAddresses, Caveat, Told),
    repairs=(
        option(
            Step(
                "Allow outbound IP {address} in the registry's firewall",
                "az acr network-rule add --name {registry} --resource-group {resource_group} "
                "--subscription {subscription} --ip-address {address}",
                each="to_allow",
                requires=("Microsoft.ContainerRegistry/registries/write",),
                effect=address_allowed,
            ),
            _TO_IPV4,
            when=("has_room", "to_allow"),
        ),
        option(_TO_IPV4, when="none_to_allow"),
        replace(PRIVATE_ENDPOINT, when="no_endpoint"),
        Step(
            "Or let the nodes' DNS lead registry {registry} to its private endpoint: link private DNS zone "
            "{private_dns_zone} to their network, or see to it that their own DNS servers forward to Azure DNS "
            "(168.63.129.16)",
            when="past_the_endpoint",
        ),
    ),
    explains=("forbidden-403",),
    article="3.2",
)


@check("network.public-access", needs=("registry",), outcomes=(PUBLIC_ACCESS_DISABLED,))
def registry_has_a_way_in(facts: Facts) -> Iterator[Finding]:
    """The registry has public network access enabled or a private endpoint.

    With public network access disabled, the public endpoint answers every request with 403, whatever
    the IP and subnet rules say; only private endpoints remain. Where the registry has none, no node
    can pull. An endpoint that exists but does not work (not approved, DNS record missing) is left to
    other checks.

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
        RegistryNames.of(registry),
        NoWayIn(
            public_network_access=access,
            private_endpoints=(),
            default_action=rules.default_action if rules else "not shown",
            rules=rules.ip_rules if rules else (),
            private_dns_zone=zone_name(registry),
        ),
    )


@check(
    "network.outbound-ip",
    needs=("registry", "outbound", "network", "cluster", "kubernetes"),
    outcomes=(OUTBOUND_IP_NOT_ALLOWED,),
)
def nodes_leave_by_allowed_addresses(facts: Facts) -> Iterator[Finding]:
    """The registry's firewall allows every outbound IP of the nodes.

    A registry whose firewall denies by default answers 403 to every address that no IP rule covers.
    The outbound IP is not always what the cluster's profile says: a route to a firewall takes
    precedence over a NAT gateway, that over public IPs of the nodes, those over the load balancer, and
    each node subnet may differ. Where a subnet has several outbound IPs, any of them may be used, so
    each must be allowed. Allowing trusted Azure services does not help: AKS is not one of them.

    Decided by comparing the outbound IPs of each node subnet with the IPv4 rules. Where the registry's own answer
    names another address of those nodes, network.client-address tells, and the diagnosis takes back what is said here,
    from Azure alone. The outbound IPs follow from the
    route that network.routes evaluates too, and behind an Azure Firewall from the firewall's own
    subnet. Where a route may or may not cover the registry (a wide range of public addresses, the
    service tag of a region that the registry may be in) and the two paths differ in what is allowed,
    it is unknown. Does not apply to a registry whose SKU has no firewall, or with public network
    access disabled. A subnet with the registry's service endpoint has a private source address, and is
    left to network.service-endpoint; so is a subnet that the subnet rules name. Where the registry's
    name resolves to a private endpoint for the nodes of a subnet, the outbound IP does not matter;
    where that is not known, an outbound IP without a rule is unknown. So is the outbound IP of an HTTP
    proxy that the nodes use, and that of outbound type ``none``, where Azure lends the nodes one (default
    outbound access). A virtual network gateway or route server in the nodes' network, or in one whose
    gateway it uses, may advertise a default route, which no request that only reads shows: then the
    outbound IP is unknown, unless a user-defined default route overrides it, the subnet's route table
    takes no such routes, or pods get 403 on nodes that pulled nothing within the hour and whose own
    outbound IP no rule allows.

    Sources: https://learn.microsoft.com/azure/nat-gateway/nat-overview,
    https://learn.microsoft.com/azure/virtual-network/virtual-networks-udr-overview,
    https://learn.microsoft.com/azure/virtual-network/ip-services/default-outbound-access,
    https://learn.microsoft.com/azure/container-registry/container-registry-vnet,
    https://learn.microsoft.com/azure/container-registry/allow-access-trusted-services
    """
    registry = known(facts.registry)
    if registry.network_rules is None:
        yield skipped(registry.id, f"The SKU of registry {registry.name} has no firewall: every address is allowed.")
        return
    access = known(registry.public_network_access)
    if access.lower() == "disabled":
        yield skipped(
            registry.id, f"Registry {registry.name} has public network access disabled, so its IP rules have no effect."
        )
        return
    if access.lower() != "enabled":
        yield unknown(registry.id, _not_understood(access))
        return
    rules = known(registry.network_rules)
    if rules.default_action.lower() == "allow":
        return
    if rules.default_action.lower() != "deny" or known(facts.outbound) is None:
        why = f"The firewall's default action is {rules.default_action}, and the nodes' outbound IPs were not read"
        yield unknown(registry.id, Unreadable("not-shown", why))
        return
    asking = proxy_for(registry.login_server, facts.cluster)
    if asking is not None:
        yield unknown(registry.id, _asked_by(asking, registry))
        return
    for egress in egresses(facts):
        if not _is_anothers_matter(egress, rules):
            yield from _judge(facts, egress, registry, rules)


def _asked_by(proxy: str | Unreadable, registry: Registry) -> Unreadable:
    if isinstance(proxy, Unreadable):
        return proxy
    why = f"The nodes reach {registry.login_server} through the cluster's HTTP proxy {proxy}"
    return Unreadable("not-shown", f"{why}, whose outbound IP is not read")


def _is_anothers_matter(egress: Egress, rules: NetworkRules) -> bool:
    """The subnet has the service endpoint, or a rule that names it in vain: network.service-endpoint tells."""
    if isinstance(egress.private_source, Unreadable):
        return False
    named = () if isinstance(rules.subnet_ids, Unreadable) else rules.subnet_ids
    return egress.private_source or any(same_id(egress.subnet_id or "", each) for each in named)


def _judge(facts: Facts, egress: Egress, registry: Registry, rules: NetworkRules) -> Iterator[Finding]:
    told = admitted(rules.ip_rules, as_pods_show(facts, egress, rules.ip_rules))
    if told is True:
        return
    private = come_to_an_endpoint(facts, egress.subnet_id, egress.pools)
    if private is True:
        return
    resource = egress.subnet_id or facts.targets.cluster.id
    for fact in (told, private):
        if isinstance(fact, Unreadable):
            yield unknown(resource, fact)
            return
    if not refused(rules.ip_rules, addresses_of(egress)):
        yield _without_address(egress, resource)
    else:
        yield not_allowed(resource, registry, rules, Leaving.by(egress), caveat=Caveat.of(egress.learnt))


def _without_address(egress: Egress, resource: str) -> Finding:
    pools = ", ".join(egress.pools)
    if any(way.path == "node-public-ip" for way in egress.ways):
        why = f"Node pool {pools} has no nodes now, and the public addresses of new nodes are not known yet"
        return unknown(resource, Unreadable("not-shown", why), decisive=False)
    why = f"The nodes of {pools} have no outbound IPv4 address, and the registry's name resolves to its public endpoint"
    return unknown(resource, Unreadable("unsupported", why), decisive=True)


@dataclass(frozen=True)
class Leaving:
    """Who leaves by what."""

    pools: tuple[str, ...]
    subnet: str | None
    path: str
    via: str | None
    addresses: tuple[str, ...]

    @classmethod
    def by(cls, egress: Egress) -> Leaving:
        """As Azure shows it."""
        way = next(each for each in egress.ways if each.addresses)
        return cls(egress.pools, egress.subnet_id, way.path, way.via, addresses_of(egress))


def not_allowed(
    resource: str,
    registry: Registry,
    rules: NetworkRules,
    leaving: Leaving,
    told: Told | None = None,
    caveat: Caveat | None = None,
) -> Finding:
    """The finding about ``leaving``, some of whose addresses no rule covers.

    ``told``: the registry itself named the client, so that it is observed; ``None``: it follows from what Azure shows.
    """
    uncovered = refused(rules.ip_rules, leaving.addresses)
    return OUTBOUND_IP_NOT_ALLOWED.at(
        resource,
        RegistryNames.of(registry),
        RefusedAddresses(
            pools=leaving.pools,
            subnet=leaving.subnet,
            path=leaving.path,
            via=leaving.via,
            addresses=leaving.addresses,
            uncovered=uncovered,
            address=uncovered[0],
            refused=some(uncovered),
            rules=rules.ip_rules,
            private_dns_zone=zone_name(registry),
            has_room=len(rules.ip_rules) + len(uncovered) <= MAX_IP_RULES,
        ),
        caveat or Caveat(),
        told or Told(),
        confidence=Confidence.OBSERVED if told else None,
        seen_from=SeenFrom.KUBERNETES if told else None,
    )


def _not_understood(access: str) -> Unreadable:
    if access.lower() == "securedbyperimeter":
        why = "A network security perimeter decides who can reach the registry, and its rules are not read"
    else:
        why = f"The registry's publicNetworkAccess is {access!r}, whose meaning is not known here"
    return Unreadable("unsupported", why)
