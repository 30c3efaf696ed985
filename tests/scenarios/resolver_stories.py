"""Do forwarding rules of DNS Private Resolver lead the registry's names to its private endpoint?"""

from __future__ import annotations

from tests import build
from tests.azure import resources as make
from tests.azure.state import Cloud

from .access_stories import OTHER_SUBSCRIPTION
from .private_dns_stories import FORBIDDEN, HUB, LINK, NO_SUCH_HOST, NODES, _ask, _hub
from .stories import story

INBOUND = "10.0.2.4"
ON_PREMISES = "192.168.10.4"
OWN_LIST = "Microsoft.Network/virtualNetworks/listDnsForwardingRulesets/action"
OF_RULE = f"--resource-group rg-hub --subscription {build.SUBSCRIPTION} --ruleset-name ruleset --name registries"
UPDATE_RULE = f"az dns-resolver forwarding-rule update {OF_RULE}"
SPOKE = f"/subscriptions/{build.SUBSCRIPTION}/resourceGroups/rg-spoke/providers/Microsoft.Network/virtualNetworks/other"


def _resolver(cloud: Cloud, linked: bool = True) -> str:
    """The registry's endpoint and a resolver in a hub, to which the zone is linked (or not); returns the zone's id."""
    zone_id = cloud.private_zone()
    if linked:
        cloud.link_zone(zone_id, HUB)
    cloud.private_endpoint(subnet_id=_hub(cloud), zone_id=zone_id)
    cloud.public_access(False)
    cloud.inbound_endpoint(cloud.subnet("inbound", "10.0.2.0/28", HUB), INBOUND)
    return zone_id


def _platform(cloud: Cloud) -> None:
    """The registry's endpoint beside the nodes, and a resolver in a network that is not peered, which has the zone."""
    zone_id = cloud.private_zone()
    cloud.link_zone(zone_id, HUB)
    cloud.private_endpoint(zone_id=zone_id)
    cloud.public_access(False)
    cloud.ensure_group("rg-hub")
    cloud.resources.add(make.virtual_network(HUB, "10.0.0.0/16"))
    cloud.inbound_endpoint(cloud.subnet("inbound", "10.0.2.0/28", HUB), INBOUND)


# --- nothing is wrong ------------------------------------------------------------------


@story(verdict="healthy")
def zone_in_the_hub_and_ruleset_here(cloud: Cloud) -> None:
    """The zone is linked to the hub alone; a ruleset linked to the nodes' network forwards to the hub's resolver."""
    cloud.grant()
    _resolver(cloud)
    cloud.ruleset(INBOUND)


@story(verdict="healthy")
def resolver_in_a_network_that_is_not_peered(cloud: Cloud) -> None:
    """A ruleset forwards to a resolver in a network that is not peered with the nodes': a lookup needs no peering."""
    cloud.grant()
    _platform(cloud)
    cloud.ruleset(INBOUND)


@story(verdict="healthy")
def ruleset_for_the_public_name(cloud: Cloud) -> None:
    """The ruleset's rule is for azurecr.io itself, beside a rule for all names that leads on premises."""
    cloud.grant()
    _resolver(cloud)
    cloud.ruleset(INBOUND, domain="azurecr.io.")
    cloud.ruleset(ON_PREMISES, domain=".", name="all-names")


@story(verdict="healthy")
def ruleset_seen_without_the_list_of_the_network(cloud: Cloud) -> None:
    """Reader may not ask the network for its rulesets; Resource Graph and their links show the one that forwards."""
    cloud.grant()
    _resolver(cloud)
    cloud.ruleset(INBOUND)
    cloud.forbid(OWN_LIST)


@story(verdict="healthy")
def ruleset_seen_without_resource_graph(cloud: Cloud) -> None:
    """Neither the network's list nor Resource Graph may be asked; the lists of the subscription show the ruleset."""
    cloud.grant()
    _platform(cloud)
    cloud.ruleset(INBOUND)
    cloud.forbid(OWN_LIST)
    cloud.fault(r"POST management\.azure\.com/providers/Microsoft\.ResourceGraph", "403")


@story(verdict="healthy")
def ruleset_to_on_premises_beside_a_linked_zone(cloud: Cloud) -> None:
    """A rule forwards the registry's zone on premises, but the zone is linked here, and links come first."""
    cloud.grant()
    cloud.private_link()
    cloud.ruleset(ON_PREMISES)


@story(verdict="healthy")
def custom_dns_is_a_resolver(cloud: Cloud) -> None:
    """The nodes ask the inbound endpoint of a hub, whose own ruleset forwards on to the network with the zone."""
    cloud.grant()
    _resolver(cloud, linked=False)
    zone_id = cloud.private_zone("rg-platform")
    cloud.link_zone(zone_id, SPOKE)
    cloud.record(zone_id, "contosoreg", "10.0.1.4")
    cloud.record(zone_id, "contosoreg.westeurope.data", "10.0.1.5")
    cloud.ensure_group("rg-spoke")
    cloud.resources.add(make.virtual_network(SPOKE, "10.7.0.0/16"))
    cloud.inbound_endpoint(cloud.subnet("inbound", "10.7.2.0/28", SPOKE), "10.7.2.4", "rg-spoke")
    cloud.ruleset("10.7.2.4", network_id=HUB)
    _ask(cloud, INBOUND)


# --- something is ----------------------------------------------------------------------


@story(
    verdict="broken",
    root_causes=("network.dns-forwarded-elsewhere",),
    symptoms=("forbidden-403",),
    evidence={
        "network.dns-forwarded-elsewhere": {
            "rule": "registries",
            "domain": "privatelink.azurecr.io",
            "servers": ["10.0.0.10"],
            "rulesetNetwork": NODES,
        }
    },
    commands=(
        f"{LINK} --name {NODES} --virtual-network {make.VNET_ID} --registration-enabled false",
        f"{UPDATE_RULE} --target-dns-servers '[{{ip-address:10.7.2.4,port:53}}]'",
    ),
)
def ruleset_to_another_server(cloud: Cloud) -> None:
    """The rule forwards to a DNS server in a hub without the zone, not to the resolver in the network that has it."""
    cloud.grant()
    _hub(cloud)
    zone_id = cloud.private_zone()
    cloud.link_zone(zone_id, SPOKE)
    cloud.private_endpoint(zone_id=zone_id)
    cloud.public_access(False)
    cloud.ensure_group("rg-spoke")
    cloud.resources.add(make.virtual_network(SPOKE, "10.7.0.0/16"))
    cloud.inbound_endpoint(cloud.subnet("inbound", "10.7.2.0/28", SPOKE), "10.7.2.4", "rg-spoke")
    cloud.ruleset("10.0.0.10")
    cloud.node()
    cloud.failing_pod(message=FORBIDDEN)


@story(
    verdict="broken",
    root_causes=("network.dns-forwarded-elsewhere",),
    evidence={"network.dns-forwarded-elsewhere": {"servers": [INBOUND], "resolves": True}},
    commands=(f"{LINK} --name {NODES}",),
)
def ruleset_to_a_hub_without_the_zone(cloud: Cloud) -> None:
    """The rule forwards to the inbound endpoint of a hub to which the zone is not linked."""
    cloud.grant()
    _resolver(cloud, linked=False)
    cloud.ruleset(INBOUND)


@story(
    verdict="broken",
    root_causes=("network.private-dns-link-missing",),
    evidence={"network.private-dns-link-missing": {"disabledRule": "registries", "rulesetsUnlisted": False}},
    commands=(f"{LINK} --name {NODES}", f"{UPDATE_RULE} --forwarding-rule-state Enabled"),
)
def ruleset_with_a_disabled_rule(cloud: Cloud) -> None:
    """The ruleset that is linked here would forward to the hub's resolver, but its rule is disabled."""
    cloud.grant()
    _resolver(cloud)
    cloud.ruleset(INBOUND, enabled=False)


@story(
    verdict="broken",
    root_causes=("network.dns-forwarded-elsewhere",),
    symptoms=("dns-failure",),
    evidence={"network.dns-forwarded-elsewhere": {"servers": [INBOUND], "resolves": False}},
)
def ruleset_that_forwards_to_itself(cloud: Cloud) -> None:
    """The nodes ask the hub's resolver, and the hub's own ruleset forwards the registry's zone back to it."""
    cloud.grant()
    _resolver(cloud, linked=False)
    cloud.ruleset(INBOUND, network_id=HUB)
    _ask(cloud, INBOUND)
    cloud.node()
    cloud.failing_pod(message=NO_SUCH_HOST)


@story(
    verdict="broken",
    root_causes=("network.dns-forwarded-elsewhere",),
    symptoms=("dns-failure",),
    evidence={"network.dns-forwarded-elsewhere": {"servers": [ON_PREMISES], "resolves": None}},
    commands=(f"{LINK} --name {NODES}",),
)
def ruleset_to_on_premises_and_no_such_host(cloud: Cloud) -> None:
    """The rule forwards the registry's zone on premises, which cannot be asked here, and pods find no such host."""
    cloud.grant()
    cloud.private_endpoint(subnet_id=_hub(cloud), zone_id=cloud.private_zone())
    cloud.public_access(False)
    cloud.ruleset(ON_PREMISES)
    cloud.node()
    cloud.failing_pod(message=NO_SUCH_HOST)


@story(
    verdict="broken",
    root_causes=("network.private-dns-link-missing",),
    evidence={"network.private-dns-link-missing": {"rulesetsUnlisted": True}},
    commands=(f"{LINK} --name {NODES}",),
)
def no_ruleset_seen_anywhere(cloud: Cloud) -> None:
    """The zone is linked to the hub alone; Reader may not ask for the network's rulesets, and none links it."""
    cloud.grant()
    _resolver(cloud)
    cloud.ensure_group("rg-spoke")
    cloud.resources.add(make.virtual_network(SPOKE, "10.7.0.0/16"))
    cloud.ruleset(INBOUND, network_id=SPOKE)
    cloud.forbid(OWN_LIST)


@story(
    verdict="broken",
    root_causes=("network.private-dns-link-missing",),
    symptoms=("forbidden-403",),
    commands=(f"{LINK} --name {NODES}",),
)
def rulesets_unread_and_pods_refused(cloud: Cloud) -> None:
    """Nothing may be read of rulesets, but pods get 403: no rule leads their nodes to the endpoint."""
    cloud.grant()
    _resolver(cloud)
    cloud.forbid(OWN_LIST)
    cloud.fault(r"POST management\.azure\.com/providers/Microsoft\.ResourceGraph", "403")
    cloud.node()
    cloud.failing_pod(message=FORBIDDEN)


# --- what cannot be told ---------------------------------------------------------------


@story(verdict="inconclusive", unknowns={"network.private-dns": None})
def ruleset_to_on_premises(cloud: Cloud) -> None:
    """The rule forwards the registry's zone to a server on premises, and what that answers is not in Azure."""
    cloud.grant()
    cloud.private_endpoint(subnet_id=_hub(cloud), zone_id=cloud.private_zone())
    cloud.public_access(False)
    cloud.ruleset(ON_PREMISES)


@story(verdict="inconclusive", unknowns={"network.private-dns": OWN_LIST})
def rulesets_unread(cloud: Cloud) -> None:
    """Neither the network's list of rulesets nor Resource Graph may be asked, and the zone is not linked here."""
    cloud.grant()
    _resolver(cloud)
    cloud.forbid(OWN_LIST)
    cloud.fault(r"POST management\.azure\.com/providers/Microsoft\.ResourceGraph", "403")


@story(
    verdict="inconclusive",
    unknowns={"network.private-dns": "Microsoft.Network/dnsForwardingRulesets/forwardingRules/read"},
)
def rules_unread(cloud: Cloud) -> None:
    """A ruleset of another subscription is linked to the nodes' network, and its rules may not be read."""
    cloud.grant()
    _resolver(cloud)
    cloud.ruleset(INBOUND, subscription=OTHER_SUBSCRIPTION)
    cloud.forbid("Microsoft.Network/dnsForwardingRulesets/forwardingRules/*")
