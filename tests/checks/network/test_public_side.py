"""Mirror of checks/network/public_side.py."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from azext_acrpulldiag.checks.network.public_side import nodes_leave_by_allowed_addresses, registry_has_a_way_in
from azext_acrpulldiag.diagnosis.evaluate import evaluate
from azext_acrpulldiag.diagnosis.root_causes import diagnose
from azext_acrpulldiag.facts import (
    Firewall,
    HttpProxy,
    Network,
    NetworkRules,
    NodeAddresses,
    NodePlace,
    Outbound,
    PrivateEndpointConnection,
    RouteTable,
    Unreadable,
    UserRoute,
    firewall_key,
)
from azext_acrpulldiag.model import Confidence, Status, Verdict
from azext_acrpulldiag.path import UNKNOWN, Destination, Hop
from tests.build import (
    CLUSTER_ID,
    REGISTRY_ID,
    SUBNET_ID,
    SUBSCRIPTION,
    cluster,
    failing,
    healthy_facts,
    kubernetes,
    network,
    node,
    private_endpoint,
    pulled,
    registry,
    subnet,
)

NOT_SHOWN = Unreadable("not-shown", "the answer does not show it", "Microsoft.X/read", "Microsoft.X/read")


def endpoint(status):
    return PrivateEndpointConnection(f"{REGISTRY_ID}/privateEndpointConnections/contosoreg.1", status, None)


def public_access(**changes):
    (finding,) = evaluate(registry_has_a_way_in, healthy_facts(registry=registry(**changes)))
    return finding


NETWORK_ID, _, _ = SUBNET_ID.rpartition("/subnets/")
OTHER = f"{NETWORK_ID}/subnets/other"
FIREWALL_SUBNET = f"{NETWORK_ID}/subnets/AzureFirewallSubnet"
VIA = "/nat"


@dataclass(frozen=True)
class Way:
    """How some nodes are to leave: facts are made of that."""

    addresses: tuple[str, ...] | Unreadable
    pools: tuple[str, ...] = ("pool1",)
    subnet_id: str | None = SUBNET_ID
    path: str = "load-balancer"
    via: str | None = None
    service_endpoint: bool = False

    @property
    def nodes(self):
        own = self.path == "node-public-ip"
        return NodeAddresses(self.pools, self.subnet_id or NOT_SHOWN, own, self.addresses if own else ())

    @property
    def subnet(self):
        return subnet(
            self.subnet_id,
            nat_gateway_id=self.via if self.path == "nat-gateway" else None,
            route_table_id=f"{self.subnet_id}/table" if self.path in ("firewall", "none") else None,
            service_endpoints=("microsoft.containerregistry",) if self.service_endpoint else (),
        )

    @property
    def table(self):
        to = ("VirtualAppliance", "10.224.9.4") if self.path == "firewall" else ("None", None)
        return RouteTable(f"{self.subnet_id}/table", (UserRoute("default", "0.0.0.0/0", *to),), True)


def way(*addresses, **changes):
    return Way(**({"addresses": addresses} | changes))


def read_of(ways, found):
    """The outbound addresses and the network of which these ways follow."""
    by_path = {each.path: each for each in ways}
    balanced = by_path.get("load-balancer")
    outbound = Outbound(
        nodes=tuple(each.nodes for each in ways),
        cluster=balanced.addresses if balanced else NOT_SHOWN,
        nat_gateways={each.via.lower(): each.addresses for each in ways if each.path == "nat-gateway"},
        firewalls={each.via.lower(): each.addresses for each in ways if each.path == "firewall"},
    )
    if not isinstance(found, Network):
        return outbound, found
    placed = [each for each in ways if each.subnet_id]
    walls = {
        firewall_key(NETWORK_ID, "10.224.9.4"): Firewall(
            each.via, ("10.224.9.4",), NETWORK_ID, None, ("/address",), None, ()
        )
        for each in ways
        if each.path == "firewall"
    }
    inside = {FIREWALL_SUBNET.lower(): subnet(FIREWALL_SUBNET, "10.224.9.0/26")}
    return outbound, replace(
        found,
        subnets={**found.subnets, **inside, **{each.subnet_id.lower(): each.subnet for each in placed}},
        route_tables={f"{each.subnet_id}/table".lower(): each.table for each in placed},
        firewalls=walls,
    )


def outbound_ip(*ways, rules=("20.1.2.3",), subnets=(), action="Deny", facts=None, **changes):
    filtered = registry(**({"network_rules": NetworkRules(action, tuple(rules), subnets)} | changes))
    outbound, found = read_of(ways, (facts or {}).get("network", network()))
    whole = {"registry": filtered, "outbound": outbound, **(facts or {}), "network": found}
    return evaluate(nodes_leave_by_allowed_addresses, healthy_facts(**whole))


PRIVATE = Destination("contosoreg.azurecr.io", ("10.225.0.5",), private_endpoint())


def leads_to(monkeypatch, destination, *hops):
    """Let every name lead there."""
    monkeypatch.setattr(
        "azext_acrpulldiag.path.walk.resolved", lambda registry, network, place, host: (hops, destination)
    )


def statuses(findings):
    return [finding.status for finding in findings]


# --- public access ---


@pytest.mark.parametrize("access", ["Enabled", "enabled"])
def test_public_access_is_a_way_in(access):
    assert public_access(public_network_access=access).status is Status.PASS


@pytest.mark.parametrize("status", ["Approved", "Pending", "Rejected", "Disconnected", NOT_SHOWN])
def test_a_private_endpoint_in_any_state_is_another_checks_matter(status):
    finding = public_access(public_network_access="Disabled", private_endpoints=(endpoint(status),))
    assert finding.status is Status.PASS


def test_neither_public_access_nor_an_endpoint():
    finding = public_access(public_network_access="Disabled", network_rules=NetworkRules("Deny", ("20.1.2.3",), ()))
    assert (finding.outcome, finding.status) == ("network.public-access-disabled", Status.FAIL)
    assert finding.resource == REGISTRY_ID
    assert finding.confidence is Confidence.OBSERVED
    assert finding.evidence["public_network_access"] == "Disabled"
    assert (finding.evidence["default_action"], finding.evidence["rules"]) == ("Deny", ["20.1.2.3"])
    assert [remedy.command for remedy in finding.remedies] == [
        f"az acr update --name contosoreg --resource-group rg-shared --subscription {SUBSCRIPTION} "
        "--public-network-enabled true",
        None,
    ]


@pytest.mark.parametrize("suffix", ["azurecr.io", "azurecr.us", "azurecr.cn"])
def test_the_private_zone_is_named_as_in_the_registrys_cloud(suffix):
    finding = public_access(public_network_access="Disabled", login_server=f"contosoreg-a1b2c3.{suffix}")
    assert finding.evidence["private_dns_zone"] == f"privatelink.{suffix}"
    assert f"zone privatelink.{suffix} to the nodes' network" in finding.remedies[-1].description


def test_without_shown_rules_the_finding_stands():
    finding = public_access(public_network_access="Disabled", network_rules=NOT_SHOWN)
    assert finding.outcome == "network.public-access-disabled"
    assert finding.evidence["default_action"] == "not shown"


@pytest.mark.parametrize(
    "changes",
    [
        {"public_network_access": NOT_SHOWN},
        {"public_network_access": "SecuredByPerimeter"},
        {"public_network_access": "Sideways"},
        {"public_network_access": "Disabled", "private_endpoints": NOT_SHOWN},
    ],
)
def test_what_public_access_means_may_be_unknown(changes):
    finding = public_access(**changes)
    assert (finding.status, finding.outcome) == (Status.UNKNOWN, None)


@pytest.mark.parametrize("judge", [registry_has_a_way_in, nodes_leave_by_allowed_addresses])
def test_an_unreadable_registry_is_unknown(judge):
    (finding,) = evaluate(judge, healthy_facts(registry=NOT_SHOWN))
    assert (finding.status, finding.permission) == (Status.UNKNOWN, "Microsoft.X/read")


# --- outbound addresses ---


@pytest.mark.parametrize(
    ("addresses", "rules"),
    [
        (("20.1.2.3",), ("20.1.2.3",)),
        (("20.1.2.3",), ("20.1.2.3/32",)),
        (("20.1.2.3",), (" 20.1.2.0/24 ",)),
        (("20.1.2.3",), ("20.1.2.9/24",)),
        (("20.1.2.3", "20.1.2.200"), ("2603:1030::/64", "20.1.2.0/24")),
        (("20.5.0.0/30",), ("20.5.0.0/29",)),
        (("20.5.0.0/30",), ("20.5.0.0/31", "20.5.0.2", "20.5.0.3")),
    ],
)
def test_allowed_addresses_pass(addresses, rules):
    assert statuses(outbound_ip(way(*addresses), rules=rules)) == [Status.PASS]


@pytest.mark.parametrize(
    ("addresses", "rules", "uncovered"),
    [
        (("20.1.2.3",), (), ["20.1.2.3"]),
        (("20.1.2.3",), ("20.1.2.4", "20.1.3.0/24"), ["20.1.2.3"]),
        (("20.1.2.3", "20.9.9.9"), ("20.1.2.3",), ["20.9.9.9"]),
        (("20.5.0.0/30",), ("20.5.0.0/31",), ["20.5.0.0/30"]),
        (("20.5.0.0/30", "20.1.2.3"), ("20.5.0.0", "20.1.2.3"), ["20.5.0.0/30"]),
        (("20.1.2.3",), ("2603:1030::/64", "::/0"), ["20.1.2.3"]),
    ],
)
@pytest.mark.parametrize("path", ["nat-gateway", "node-public-ip", "load-balancer", "firewall"])
def test_an_address_without_a_rule_fails(path, addresses, rules, uncovered):
    via = VIA if path in ("nat-gateway", "firewall") else None
    (finding,) = outbound_ip(way(*addresses, path=path, via=via), rules=rules)
    assert (finding.outcome, finding.status) == ("network.outbound-ip-not-allowed", Status.FAIL)
    assert (finding.resource, finding.confidence) == (SUBNET_ID, Confidence.INFERRED)
    assert finding.evidence["uncovered"] == uncovered
    assert finding.evidence["addresses"] == list(addresses)
    assert finding.evidence["pools"] == ["pool1"]
    assert (finding.evidence["path"], finding.evidence["via"]) == (path, via)
    assert (finding.evidence["rules"], finding.evidence["subnet"]) == (list(rules), SUBNET_ID)


def test_each_address_gets_its_command():
    (finding,) = outbound_ip(way("20.1.2.3", "20.9.9.9", "20.5.0.0/30"))
    start = f"az acr network-rule add --name contosoreg --resource-group rg-shared --subscription {SUBSCRIPTION}"
    assert [remedy.command for remedy in finding.remedies] == [
        f"{start} --ip-address 20.9.9.9",
        f"{start} --ip-address 20.5.0.0/30",
        None,
    ]
    assert set(OUTBOUND_KEYS) <= set(finding.evidence)


OUTBOUND_KEYS = nodes_leave_by_allowed_addresses.outcomes[0].evidence_keys


def test_more_addresses_than_a_firewall_takes_rules_get_no_rule_commands():
    addresses = tuple(f"20.1.{number // 250}.{number % 250}" for number in range(201))
    (finding,) = outbound_ip(way(*addresses, path="node-public-ip"), rules=())
    assert [remedy.command for remedy in finding.remedies] == [None]
    assert "and 198 more" in finding.summary
    assert len(finding.evidence["uncovered"]) == 201


def test_only_the_pool_that_is_refused_is_named():
    findings = outbound_ip(
        way("20.1.2.3"), way("20.7.7.7", pools=("batch",), subnet_id=OTHER, path="nat-gateway", via=VIA)
    )
    (finding,) = findings
    assert (finding.evidence["pools"], finding.resource) == (["batch"], OTHER)


def test_without_a_known_subnet_the_cluster_is_the_resource():
    (finding,) = outbound_ip(way(subnet_id=None))
    assert (finding.status, finding.resource.lower()) == (Status.UNKNOWN, CLUSTER_ID.lower())


def test_an_unread_service_endpoint_leaves_the_source_open():
    outbound, found = read_of([way("20.9.9.9")], network())
    filtered = registry(network_rules=NetworkRules("Deny", ("20.1.2.3",), ()))
    hidden = replace(found, subnets={SUBNET_ID.lower(): NOT_SHOWN})
    facts = healthy_facts(registry=filtered, outbound=outbound, network=hidden)
    assert statuses(evaluate(nodes_leave_by_allowed_addresses, facts)) == [Status.UNKNOWN]


def test_an_unreadable_way_hides_no_other():
    findings = outbound_ip(way(addresses=NOT_SHOWN), way("20.9.9.9", subnet_id=OTHER, path="nat-gateway", via=VIA))
    assert statuses(findings) == [Status.UNKNOWN, Status.FAIL]
    assert findings[0].permission == "Microsoft.X/read"


FORBIDDEN_BY_IP = (
    "failed to authorize: failed to fetch anonymous token: unexpected status from GET request to "
    "https://contosoreg.azurecr.io/oauth2/token: 403 Forbidden"
)
TOLD = kubernetes(failing(FORBIDDEN_BY_IP))


def beside_a_gateway(*addresses, rules=("20.1.2.3",), pods=None, subnets=(), **changes):
    """Nodes whose network has a gateway, and what their pods report."""
    around = network()
    here = replace(around.networks[NETWORK_ID.lower()], gateways=("/virtualNetworkGateways/vpn",))
    facts = {"network": replace(around, networks={NETWORK_ID.lower(): here}), "kubernetes": pods or kubernetes()}
    return outbound_ip(way(*addresses, **changes), rules=rules, facts=facts, subnets=subnets)


@pytest.mark.parametrize(
    ("address", "pods"),
    [
        ("20.1.2.3", kubernetes()),
        ("20.1.2.3", TOLD),
        ("20.9.9.9", kubernetes()),
        ("20.9.9.9", kubernetes(failing())),
        ("20.9.9.9", kubernetes(failing(FORBIDDEN_BY_IP), nodes=(node(pool="batch"),))),
        ("20.9.9.9", kubernetes(failing(FORBIDDEN_BY_IP), pulled=(pulled(),))),
        ("20.9.9.9", NOT_SHOWN),
    ],
)
def test_a_gateway_may_advertise_a_default_route(address, pods):
    (finding,) = beside_a_gateway(address, pods=pods)
    assert (finding.status, finding.decisive) == (Status.UNKNOWN, None)
    assert "virtual network gateway vpn" in finding.reason


@pytest.mark.parametrize(("rules", "pods"), [(("20.1.2.3",), TOLD), ((), kubernetes()), ((), TOLD)])
def test_what_is_refused_for_certain_beside_a_gateway(rules, pods):
    """Pods get the 403 that follows where it advertises none; or no rule allows anybody."""
    (finding,) = beside_a_gateway("20.9.9.9", rules=rules, pods=pods)
    assert (finding.outcome, finding.confidence) == ("network.outbound-ip-not-allowed", Confidence.INFERRED)
    assert finding.evidence["unread"] in finding.summary and "could not be read" in finding.summary


def test_pods_say_nothing_of_an_address_that_was_not_read():
    (finding,) = beside_a_gateway(addresses=NOT_SHOWN, pods=TOLD)
    assert (finding.status, finding.permission) == (Status.UNKNOWN, "Microsoft.X/read")


def test_no_way_out_is_no_pass():
    (finding,) = outbound_ip(way(path="none"))
    assert (finding.status, finding.decisive) == (Status.UNKNOWN, True)


def test_a_pool_without_nodes_leaves_the_verdict_alone():
    (finding,) = outbound_ip(way(path="node-public-ip"))
    assert (finding.status, finding.decisive) == (Status.UNKNOWN, False)


# --- service endpoint: network.service-endpoint tells ---


@pytest.mark.parametrize("subnets", [(), (SUBNET_ID.upper(),), ("/another",), NOT_SHOWN])
def test_what_a_service_endpoint_sends_is_another_checks_matter(subnets):
    assert statuses(outbound_ip(way("20.9.9.9", service_endpoint=True), subnets=subnets)) == [Status.PASS]


def test_a_subnet_that_a_rule_names_in_vain_is_another_checks_matter():
    assert statuses(outbound_ip(way("20.9.9.9"), subnets=(SUBNET_ID.upper(),))) == [Status.PASS]


@pytest.mark.parametrize("subnets", [("/another",), NOT_SHOWN])
def test_other_subnets_rules_help_nobody(subnets):
    (finding,) = outbound_ip(way("20.9.9.9"), subnets=subnets)
    assert finding.outcome == "network.outbound-ip-not-allowed"


# --- private endpoint, and rules that say nothing ---


@pytest.mark.parametrize("addresses", [("20.9.9.9",), (), NOT_SHOWN])
def test_the_address_does_not_matter_to_nodes_that_come_to_a_private_endpoint(monkeypatch, addresses):
    leads_to(monkeypatch, PRIVATE)
    findings = outbound_ip(
        way(addresses=addresses, path="nat-gateway", via=VIA), private_endpoints=(endpoint("Approved"),)
    )
    assert statuses(findings) == [Status.PASS]


def test_an_endpoint_that_dns_does_not_lead_to_is_no_way(monkeypatch):
    leads_to(monkeypatch, Destination("contosoreg.azurecr.io"))
    (finding,) = outbound_ip(way("20.9.9.9"), private_endpoints=(endpoint("Approved"),))
    assert finding.outcome == "network.outbound-ip-not-allowed"


def test_only_the_subnet_that_is_led_to_an_endpoint_is_left_alone(monkeypatch):
    elsewhere = NodePlace(("batch",), OTHER)
    monkeypatch.setattr(
        "azext_acrpulldiag.path.walk.resolved",
        lambda registry, network, place, host: ((), Destination(host) if place == elsewhere else PRIVATE),
    )
    findings = outbound_ip(
        way("20.9.9.9"),
        way("20.7.7.7", pools=("batch",), subnet_id=OTHER.upper(), path="nat-gateway", via=VIA),
        private_endpoints=(endpoint("Approved"),),
        facts={"network": network(places=(*network().places, elsewhere))},
    )
    assert [(finding.status, finding.evidence.get("pools")) for finding in findings] == [(Status.FAIL, ["batch"])]


def test_of_a_subnet_that_is_not_known_the_pool_tells(monkeypatch):
    leads_to(monkeypatch, PRIVATE)
    assert statuses(outbound_ip(way(subnet_id=None), private_endpoints=(endpoint("Approved"),))) == [Status.PASS]


def test_where_the_name_leads_may_not_be_known(monkeypatch):
    hop = Hop("dns-server", "10.0.0.4", None, UNKNOWN, "Whom it asks is not read.", unread=NOT_SHOWN)
    leads_to(monkeypatch, None, hop)
    (finding,) = outbound_ip(way("20.9.9.9"), private_endpoints=(endpoint("Approved"),))
    assert (finding.status, finding.permission) == (Status.UNKNOWN, "Microsoft.X/read")
    assert diagnose((nodes_leave_by_allowed_addresses,), (finding,)).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("found", [None, NOT_SHOWN, network(places=())])
@pytest.mark.parametrize("endpoints", [(endpoint("Approved"),), (endpoint(NOT_SHOWN),), NOT_SHOWN])
def test_an_unread_way_leaves_an_address_without_rule_undecided(endpoints, found):
    findings = outbound_ip(way("20.9.9.9"), private_endpoints=endpoints, facts={"network": found})
    assert statuses(findings) == [Status.UNKNOWN]


# --- a proxy asks the registry for the nodes ---


@pytest.mark.parametrize("addresses", [("20.1.2.3",), ("20.9.9.9",)])
def test_behind_a_proxy_the_nodes_addresses_say_nothing(addresses):
    proxied = cluster(http_proxy=HttpProxy("http://proxy:3128", "http://proxy:3128", ("localhost",), False))
    (finding,) = outbound_ip(way(*addresses), facts={"cluster": proxied})
    assert finding.status is Status.UNKNOWN
    assert "http://proxy:3128" in finding.reason


def test_whether_a_proxy_asks_may_not_be_known():
    proxied = cluster(http_proxy=HttpProxy("http://proxy:3128", "http://proxy:3128", NOT_SHOWN, False))
    (finding,) = outbound_ip(way("20.1.2.3"), facts={"cluster": proxied})
    assert (finding.status, finding.permission) == (Status.UNKNOWN, "Microsoft.X/read")


@pytest.mark.parametrize(
    "proxy",
    [
        HttpProxy("http://proxy:3128", "http://proxy:3128", (".azurecr.io",), False),
        HttpProxy("http://proxy:3128", None, (), False),
        None,
    ],
)
def test_past_the_proxy_they_count(proxy):
    (finding,) = outbound_ip(way("20.9.9.9"), facts={"cluster": cluster(http_proxy=proxy)})
    assert finding.outcome == "network.outbound-ip-not-allowed"


@pytest.mark.parametrize("status", ["Pending", "Rejected", "Disconnected"])
def test_an_endpoint_that_is_not_approved_is_no_way(status):
    (finding,) = outbound_ip(way("20.9.9.9"), private_endpoints=(endpoint(status),))
    assert finding.outcome == "network.outbound-ip-not-allowed"


def test_an_allowed_address_passes_beside_a_private_endpoint():
    assert statuses(outbound_ip(way("20.1.2.3"), private_endpoints=(endpoint("Approved"),))) == [Status.PASS]


def test_a_rule_that_cannot_be_read_may_cover_the_address():
    (finding,) = outbound_ip(way("20.9.9.9"), rules=("20.1.2.3", "nonsense"))
    assert finding.status is Status.UNKNOWN
    assert "nonsense" in finding.summary


@pytest.mark.parametrize("action", ["Allow", "allow"])
def test_a_firewall_that_allows_by_default_passes(action):
    (finding,) = evaluate(
        nodes_leave_by_allowed_addresses,
        healthy_facts(registry=registry(network_rules=NetworkRules(action, (), ())), outbound=None),
    )
    assert finding.status is Status.PASS


@pytest.mark.parametrize("changes", [{"network_rules": None, "sku": "Standard"}, {"public_network_access": "Disabled"}])
def test_without_a_firewall_in_force_the_check_does_not_apply(changes):
    (finding,) = outbound_ip(way("20.9.9.9"), **changes)
    assert finding.status is Status.SKIPPED
    assert "contosoreg" in finding.reason


@pytest.mark.parametrize(
    "changes",
    [
        {"public_network_access": NOT_SHOWN},
        {"public_network_access": "SecuredByPerimeter"},
        {"network_rules": NOT_SHOWN},
        {"action": "Perhaps"},
    ],
)
def test_a_firewall_that_is_not_known_is_unknown(changes):
    assert statuses(outbound_ip(way("20.1.2.3"), **changes)) == [Status.UNKNOWN]


@pytest.mark.parametrize("outbound", [None, NOT_SHOWN])
def test_unread_addresses_are_unknown(outbound):
    filtered = registry(network_rules=NetworkRules("Deny", (), ()))
    (finding,) = evaluate(nodes_leave_by_allowed_addresses, healthy_facts(registry=filtered, outbound=outbound))
    assert finding.status is Status.UNKNOWN


@pytest.mark.parametrize("judge", [registry_has_a_way_in, nodes_leave_by_allowed_addresses])
def test_an_open_registry_is_healthy(judge):
    findings = evaluate(judge, healthy_facts())
    assert diagnose((judge,), findings).verdict is Verdict.HEALTHY
