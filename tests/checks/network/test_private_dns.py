"""Mirror of checks/network_names.py."""

from __future__ import annotations

from dataclasses import replace

import pytest

from azext_acrpulldiag.checks.network.private_dns import names_lead_to_the_endpoint
from azext_acrpulldiag.diagnosis.evaluate import evaluate
from azext_acrpulldiag.diagnosis.root_causes import diagnose
from azext_acrpulldiag.facts import Forwarding, LinkedRulesets, NodePlace, Unreadable, ZoneSearch
from azext_acrpulldiag.model import Confidence, Status, Verdict
from azext_acrpulldiag.pull_errors.symptoms import symptoms_of
from tests.build import (
    DATA_HOST,
    ENDPOINT_ID,
    HUB_NETWORK_ID,
    SUBNET_ID,
    SUBSCRIPTION,
    VNET_ID,
    ZONE_ID,
    failing,
    forwarded_facts,
    forwarding,
    forwarding_rule,
    inbound_endpoint,
    kubernetes,
    node,
    private_endpoint,
    private_link_facts,
    private_link_network,
    private_registry,
    private_zone,
    registry,
    ruleset,
    zone_link,
)

HOST = "contosoreg.azurecr.io"
NO_RIGHT = Unreadable("forbidden", "HTTP 403: no right to read it", "Some/read", "Some/read")
FORBIDDEN = (
    "failed to authorize: failed to fetch anonymous token: unexpected status from GET request to "
    "https://contosoreg.azurecr.io/oauth2/token: 403 Forbidden"
)
NOTHING = {"contosoreg": None, "contosoreg.westeurope.data": None}
ZONE = f"--resource-group rg-net --subscription {SUBSCRIPTION} --zone-name privatelink.azurecr.io"


def facts(*zones, whole=(SUBSCRIPTION,), endpoint=None, unread=None, **changes):
    net = private_link_network(zones=ZoneSearch(zones, whole, unread), endpoints=(endpoint or private_endpoint(),))
    return private_link_facts(**{"network": net, **changes})


def judged(of):
    return evaluate(names_lead_to_the_endpoint, of)


def outcome_of(of):
    (finding,) = judged(of)
    return finding.outcome


def commands(finding):
    return [remedy.command for remedy in finding.remedies]


def added(record, address):
    return f"az network private-dns record-set a add-record {ZONE} --record-set-name {record} --ipv4-address {address}"


def corrected(record, addresses):
    return f"az network private-dns record-set a update {ZONE} --name {record} --set {addresses}"


GROUP = (
    f"az network private-endpoint dns-zone-group create --resource-group rg-net --subscription {SUBSCRIPTION} "
    f"--endpoint-name acr-pe --name default --private-dns-zone {ZONE_ID} --zone-name privatelink-azurecr-io"
)
LINK = (
    f"az network private-dns link vnet create {ZONE} --name aks-vnet-14326078 --virtual-network {VNET_ID} "
    "--registration-enabled false"
)


def test_the_names_lead_to_the_endpoint():
    assert [finding.status for finding in judged(private_link_facts())] == [Status.PASS]


def test_a_registry_without_endpoint_has_public_names():
    assert [finding.status for finding in judged(private_link_facts(registry=registry(), network=None))] == [
        Status.SKIPPED
    ]
    others = facts(private_zone(records=NOTHING), registry=registry())
    none = replace(others, network=replace(others.network, endpoints=()))
    assert [finding.status for finding in judged(none)] == [Status.PASS]


@pytest.mark.parametrize(
    "unread",
    [
        private_link_facts(network=NO_RIGHT),
        private_link_facts(registry=NO_RIGHT),
        private_link_facts(network=private_link_network(zones=NO_RIGHT)),
        private_link_facts(network=private_link_network(endpoints=NO_RIGHT)),
        facts(private_zone(links=NO_RIGHT)),
        facts(whole=(), endpoint=private_endpoint(zone_ids=())),
    ],
)
def test_what_is_unread_is_unknown(unread):
    findings = judged(unread)
    assert {finding.status for finding in findings} == {Status.UNKNOWN}
    assert all(finding.permission for finding in findings)


def test_a_zone_that_is_not_linked():
    (finding,) = judged(facts(private_zone(links=())))
    assert (finding.outcome, finding.resource) == ("network.private-dns-link-missing", ZONE_ID)
    assert finding.confidence is Confidence.INFERRED
    assert finding.evidence["hosts"] == [HOST, DATA_HOST]
    assert (finding.evidence["pools"], finding.evidence["subnet"]) == (["pool1"], SUBNET_ID)
    assert [hop["state"] for hop in finding.evidence["path"]].index("broken") + 1 == finding.hop
    assert commands(finding) == [LINK]
    assert "forbidden-403" in finding.explains


def steps(finding):
    return [(remedy.option, remedy.step) for remedy in finding.remedies]


def test_each_repair_is_one_option_in_steps():
    (no_zone,) = judged(facts(endpoint=private_endpoint(zone_ids=(ZONE_ID,))))
    assert steps(no_zone) == [(1, 1), (1, 2), (1, 3), (1, 4)]
    (no_records,) = judged(facts(private_zone(records=NOTHING), endpoint=private_endpoint(zone_ids=())))
    assert steps(no_records) == [(1, 1), (2, 1), (2, 2)]
    (wrong,) = judged(facts(private_zone(records={**private_zone().records, "contosoreg": ("10.9.9.9",)})))
    assert steps(wrong) == [(1, 1)]
    remedies = (*no_zone.remedies, *no_records.remedies, *wrong.remedies)
    assert {right for remedy in remedies for right in remedy.requires} == {
        "Microsoft.Network/privateDnsZones/write",
        "Microsoft.Network/privateDnsZones/virtualNetworkLinks/write",
        "Microsoft.Network/virtualNetworks/join/action",
        "Microsoft.Network/privateDnsZones/A/write",
        "Microsoft.Network/privateEndpoints/privateDnsZoneGroups/write",
        "Microsoft.Network/privateDnsZones/join/action",
    }


def test_an_endpoint_whose_name_is_not_shown_is_put_in_words():
    (finding,) = judged(facts(private_zone(records=NOTHING), endpoint=private_endpoint(id=None)))
    assert commands(finding)[0] == added("contosoreg", "10.225.0.6")
    assert "of the private endpoint of the registry" in finding.remedies[0].description


def test_a_wrong_record_without_an_endpoint_is_put_in_words():
    of = facts(private_zone(name="azurecr.io", records={"contosoreg": ("10.9.9.9",)}), registry=registry())
    (finding,) = judged(replace(of, network=replace(of.network, endpoints=())))
    assert finding.outcome == "network.private-dns-record-wrong"
    assert commands(finding) == [None]
    assert "contosoreg" in finding.remedies[0].description


def test_no_zone_is_not_claimed_where_those_that_the_endpoint_keeps_are_unread():
    (finding,) = judged(facts(endpoint=private_endpoint(zone_ids=NO_RIGHT)))
    assert (finding.status, finding.permission) == (Status.UNKNOWN, NO_RIGHT.permission)


def test_a_zone_that_may_shadow_the_others_leaves_open_only_what_pods_complain_of():
    of = facts(private_zone(), whole=())
    (finding,) = judged(of)
    assert (finding.status, finding.decisive) == (Status.UNKNOWN, False)
    assert (finding.permission or "").startswith("Microsoft.Network/privateDnsZones/read on ")
    (finding,) = judged(replace(of, kubernetes=kubernetes(failing(FORBIDDEN), nodes=(node(),))))
    assert (finding.status, finding.decisive) == (Status.UNKNOWN, None)


@pytest.mark.parametrize("zone_ids", [(), (ZONE_ID,)])
def test_no_zone_at_all(zone_ids):
    (finding,) = judged(facts(endpoint=private_endpoint(zone_ids=zone_ids)))
    assert (finding.outcome, finding.resource) == ("network.private-dns-zone-missing", VNET_ID)
    assert commands(finding) == [
        f"az network private-dns zone create --resource-group rg-net --subscription {SUBSCRIPTION} "
        "--name privatelink.azurecr.io",
        LINK,
        *(
            [GROUP]
            if zone_ids == ()
            else [added("contosoreg", "10.225.0.6"), added("contosoreg.westeurope.data", "10.225.0.5")]
        ),
    ]


def test_the_servers_network_is_not_linked():
    net = private_link_network()
    own = replace(net.networks[VNET_ID.lower()], dns_servers=("10.224.0.10",))
    zone = private_zone(links=())
    (finding,) = judged(
        private_link_facts(
            network=replace(net, networks={VNET_ID.lower(): own}, zones=ZoneSearch((zone,), (SUBSCRIPTION,)))
        )
    )
    assert finding.outcome == "network.custom-dns-unlinked"
    assert finding.evidence["dns_servers"] == ["10.224.0.10"]
    assert commands(finding) == [LINK, None]


@pytest.mark.parametrize("access", ["Enabled", "Disabled"])
@pytest.mark.parametrize("zone_ids", [(), (ZONE_ID,)])
def test_a_zone_without_the_records(access, zone_ids):
    of = facts(
        private_zone(records=NOTHING),
        endpoint=private_endpoint(zone_ids=zone_ids),
        registry=private_registry(public_network_access=access),
    )
    (finding,) = judged(of)
    assert (finding.outcome, finding.resource) == ("network.private-dns-record-missing", ZONE_ID)
    assert finding.confidence is Confidence.OBSERVED
    assert finding.evidence["hosts"] == [HOST, DATA_HOST]
    records = [added("contosoreg", "10.225.0.6"), added("contosoreg.westeurope.data", "10.225.0.5")]
    assert commands(finding) == ([] if zone_ids else [GROUP]) + records
    assert finding.explains == ("dns-failure",)


def test_only_the_data_endpoint_lacks_its_record():
    (finding,) = judged(facts(private_zone(records={**private_zone().records, "contosoreg.westeurope.data": None})))
    assert finding.outcome == "network.private-dns-record-missing"
    assert finding.evidence["hosts"] == [DATA_HOST]
    assert commands(finding) == [added("contosoreg.westeurope.data", "10.225.0.5")]
    assert finding.explains == ("dns-failure", "blob-download")


def test_a_link_that_falls_back_to_a_closed_registry():
    (finding,) = judged(facts(private_zone(records=NOTHING, links=(zone_link(falls_back=True),))))
    assert finding.outcome == "network.private-dns-record-missing"
    assert finding.explains == ("forbidden-403",)


def test_a_link_that_falls_back_to_an_open_registry():
    zone = private_zone(records=NOTHING, links=(zone_link(falls_back=True),))
    of = facts(zone, registry=private_registry(public_network_access="Enabled"))
    assert [finding.status for finding in judged(of)] == [Status.PASS]


def test_the_address_of_a_missing_record_may_not_be_known():
    (finding,) = judged(facts(private_zone(records=NOTHING), endpoint=private_endpoint(addresses=NO_RIGHT)))
    assert commands(finding) == [None, None]
    assert all("could not be read" in remedy.description for remedy in finding.remedies)


def test_records_that_lead_elsewhere_are_set_to_the_right_addresses():
    records = {"contosoreg": ("10.9.9.9",), "contosoreg.westeurope.data": ("10.225.0.5", "10.9.9.8")}
    (finding,) = judged(facts(private_zone(records=records)))
    assert (finding.outcome, finding.resource) == ("network.private-dns-record-wrong", ZONE_ID)
    assert finding.evidence["found"] == ["10.9.9.9", "10.9.9.8"]
    assert commands(finding) == [
        corrected("contosoreg", "'aRecords[0].ipv4Address=10.225.0.6'"),
        corrected("contosoreg.westeurope.data", """'aRecords=[{"ipv4Address": "10.225.0.5"}]'"""),
    ]
    assert finding.explains == ("timeout-network", "tls-trust", "network.proxy-or-tls")


def test_only_the_data_endpoint_leads_elsewhere():
    (finding,) = judged(
        facts(private_zone(records={**private_zone().records, "contosoreg.westeurope.data": ("10.9.9.8",)}))
    )
    assert finding.evidence["hosts"] == [DATA_HOST]
    assert "blob-download" in finding.explains


def test_a_zone_over_the_public_name_has_no_command():
    zone = private_zone(name="azurecr.io", records={"contosoreg": None})
    of = facts(zone, registry=registry())
    (finding,) = judged(replace(of, network=replace(of.network, endpoints=())))
    assert finding.outcome == "network.private-dns-record-missing"
    assert commands(finding) == [None]


OTHER_VNET = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-gpu/providers/Microsoft.Network/virtualNetworks/gpu"


def with_pool(of, subnet_id):
    """Beside the others, a pool in another subnet, which may be of another network."""
    own = of.network.networks[VNET_ID.lower()]
    rules = of.network.forwarding
    return replace(
        of,
        network=replace(
            of.network,
            places=(*of.network.places, NodePlace(("gpu",), subnet_id)),
            networks={**of.network.networks, OTHER_VNET.lower(): replace(own, id=OTHER_VNET)},
            forwarding=replace(rules, linked={**rules.linked, OTHER_VNET.lower(): LinkedRulesets(())}),
        ),
    )


def test_pools_of_one_network_share_what_it_answers():
    (finding,) = judged(with_pool(facts(private_zone(links=())), f"{VNET_ID}/subnets/gpu"))
    assert finding.evidence["pools"] == ["gpu", "pool1"]
    assert finding.evidence["hosts"] == [HOST, DATA_HOST]
    assert "gpu, pool1" in finding.summary
    assert finding.reach.pools == {"pool1", "gpu"}


def test_what_is_unknown_of_a_network_is_said_once():
    (finding,) = judged(with_pool(facts(whole=(), endpoint=private_endpoint(zone_ids=())), f"{VNET_ID}/subnets/gpu"))
    assert finding.status is Status.UNKNOWN


def test_pools_of_different_networks_have_their_own_findings():
    findings = judged(with_pool(facts(private_zone(links=())), f"{OTHER_VNET}/subnets/gpu"))
    assert [finding.evidence["pools"] for finding in findings] == [["gpu"], ["pool1"]]
    assert [finding.evidence["network"] for finding in findings] == ["gpu", "aks-vnet-14326078"]
    (finding,) = judged(with_pool(facts(private_zone()), f"{OTHER_VNET}/subnets/gpu"))
    assert finding.evidence["pools"] == ["gpu"]


# --- what pods show ---

UNSEEN = {"whole": (), "unread": NO_RIGHT}


@pytest.mark.parametrize(
    ("message", "node_name", "expected"),
    [
        (FORBIDDEN, "aks-pool1-87752918-vmss000000", "network.private-dns-link-missing"),
        (FORBIDDEN, "another-node", None),
        ("dial tcp: lookup contosoreg.azurecr.io: no such host", "aks-pool1-87752918-vmss000000", None),
    ],
)
@pytest.mark.parametrize(
    "seen",
    [(), (private_zone(links=()),), (private_zone(links=NO_RIGHT),)],
    ids=["zone unseen", "zone seen", "links unread"],
)
def test_pods_that_get_403_show_that_no_unseen_zone_leads_them(seen, message, node_name, expected):
    endpoint = private_endpoint(zone_ids=(ZONE_ID,) if not seen else ())
    pods = kubernetes(failing(message, node=node_name))
    assert outcome_of(facts(*seen, endpoint=endpoint, kubernetes=pods, **UNSEEN)) == expected


def test_pods_that_get_403_do_not_show_which_zone_is_missing():
    pods = kubernetes(failing(FORBIDDEN))
    assert outcome_of(facts(endpoint=private_endpoint(zone_ids=()), kubernetes=pods, **UNSEEN)) is None


@pytest.mark.parametrize(
    ("network_id", "told"),
    [
        (VNET_ID, [("network.private-dns-link-missing", ["gpu", "pool1"])]),
        (OTHER_VNET, [("network.private-dns-link-missing", ["pool1"]), (None, None)]),
    ],
    ids=["same network", "another"],
)
def test_pods_that_get_403_speak_of_their_network(network_id, told):
    nodes = (node(), node("aks-gpu-1-vmss000000", "gpu"))
    of = facts(private_zone(links=()), endpoint=private_endpoint(zone_ids=()), **UNSEEN)
    pods = kubernetes(failing(FORBIDDEN), nodes=nodes)
    findings = judged(replace(with_pool(of, f"{network_id}/subnets/gpu"), kubernetes=pods))
    assert [(finding.outcome, finding.evidence.get("pools")) for finding in findings] == told


def test_an_endpoint_that_nobody_keeps_in_a_zone_is_read_by_its_record():
    of = facts(private_zone(links=()), endpoint=private_endpoint(id=ENDPOINT_ID, zone_ids=()))
    assert outcome_of(of) == "network.private-dns-link-missing"


@pytest.mark.parametrize(
    "zones", [(), (private_zone(links=()),), (private_zone(records=NOTHING),)], ids=["zone", "link", "record"]
)
def test_it_is_the_root_cause(zones):
    findings = judged(facts(*zones))
    result = diagnose([names_lead_to_the_endpoint], findings)
    assert (result.verdict, len(result.root_causes)) == (Verdict.BROKEN, 1)


# --- forwarding rules ---

NO_SUCH_HOST = "dial tcp: lookup contosoreg.azurecr.io on 168.63.129.16:53: no such host"
ELSEWHERE = "network.dns-forwarded-elsewhere"
IN_HUB = private_zone(links=(zone_link(HUB_NETWORK_ID, "hub"),))
RULE = (
    f"az dns-resolver forwarding-rule update --resource-group rg-hub --subscription {SUBSCRIPTION} "
    "--ruleset-name ruleset --name registries"
)


def forwarded(zone, *rules, inbound=(), **changes):
    """A ruleset with these rules is linked to the nodes' network."""
    given = forwarding({VNET_ID: ruleset(*rules)}, *inbound)
    net = private_link_network(zones=ZoneSearch((zone,), (SUBSCRIPTION,)), forwarding=given)
    return private_link_facts(**{"network": net, **changes})


def failing_with(message):
    return kubernetes(failing(message), nodes=(node(),))


def test_a_zone_in_the_hub_behind_a_rule_is_well():
    (finding,) = judged(forwarded_facts())
    assert finding.status is Status.PASS


def test_a_rule_that_leads_to_the_public_endpoint_is_an_error_with_both_repairs():
    (finding,) = judged(forwarded(private_zone(links=()), forwarding_rule(), inbound=[inbound_endpoint()]))
    assert (finding.outcome, finding.status, finding.confidence) == (ELSEWHERE, Status.FAIL, Confidence.INFERRED)
    assert "sends contosoreg.azurecr.io" in finding.summary
    assert "is not linked to their network hub" in finding.summary
    link, change = finding.remedies
    assert (link.option, change.option) == (1, 2)
    assert f"--virtual-network {VNET_ID} " in link.command
    assert change.command is None  # no inbound endpoint is right
    assert set(finding.explains) == {"forbidden-403", "network.outbound-ip-not-allowed"}


def test_the_target_to_set_is_an_inbound_endpoint_in_a_network_with_the_zone():
    other = inbound_endpoint("10.7.0.4", HUB_NETWORK_ID.replace("hub", "far"))
    zone = private_zone(links=(zone_link(other.network_id, "far"),))
    (finding,) = judged(forwarded(zone, forwarding_rule(), inbound=[inbound_endpoint(), other]))
    assert commands(finding)[1] == f"{RULE} --target-dns-servers '[{{ip-address:10.7.0.4,port:53}}]'"


def test_a_disabled_rule_that_would_do_may_be_enabled():
    (finding,) = judged(forwarded(IN_HUB, forwarding_rule(enabled=False), inbound=[inbound_endpoint()]))
    assert finding.outcome == "network.private-dns-link-missing"
    assert finding.summary.endswith("public network access is disabled.")
    assert commands(finding)[1] == f"{RULE} --forwarding-rule-state Enabled"


@pytest.mark.parametrize("message", [NO_SUCH_HOST, FORBIDDEN])
def test_servers_that_nobody_can_ask_here_are_a_cause_where_pods_are_not_led_there(message):
    of = forwarded(IN_HUB, forwarding_rule("192.168.10.4"), kubernetes=failing_with(message))
    (finding,) = judged(of)
    assert (finding.outcome, finding.status) == (ELSEWHERE, Status.WARN)
    found = diagnose([names_lead_to_the_endpoint], [finding], *symptoms_of(of))
    assert found.verdict is Verdict.BROKEN
    assert [root.finding.outcome for root in found.root_causes] == [ELSEWHERE]


@pytest.mark.parametrize("kube", [None, failing_with("dial tcp 10.225.0.6:443: i/o timeout")])
def test_else_they_are_unknown(kube):
    (finding,) = judged(forwarded(IN_HUB, forwarding_rule("192.168.10.4"), kubernetes=kube or kubernetes()))
    assert (finding.status, finding.code) == (Status.UNKNOWN, "unsupported")
    assert "nslookup contosoreg.azurecr.io" in finding.reason


def test_that_a_ruleset_may_be_unseen_stands_in_the_summary():
    seen = Forwarding({VNET_ID.lower(): LinkedRulesets((), NO_RIGHT)})
    net = private_link_network(zones=ZoneSearch((IN_HUB,), (SUBSCRIPTION,)), forwarding=seen)
    (finding,) = judged(private_link_facts(network=net))
    assert (finding.outcome, finding.confidence) == ("network.private-dns-link-missing", Confidence.INFERRED)
    assert "ruleset that this login does not see" in finding.summary


@pytest.mark.parametrize(
    ("kube", "expected"), [(None, None), (failing_with(FORBIDDEN), "network.private-dns-link-missing")]
)
def test_rules_that_could_not_be_read_leave_an_absent_link_unknown_unless_pods_get_403(kube, expected):
    seen = Forwarding({VNET_ID.lower(): LinkedRulesets((), NO_RIGHT, NO_RIGHT)})
    net = private_link_network(zones=ZoneSearch((IN_HUB,), (SUBSCRIPTION,)), forwarding=seen)
    (finding,) = judged(private_link_facts(network=net, kubernetes=kube or kubernetes()))
    assert finding.outcome == expected
    assert expected or finding.permission == NO_RIGHT.permission


def test_a_rule_that_leads_elsewhere_is_told_with_the_same_caveat():
    given = forwarding({VNET_ID: ruleset(forwarding_rule())}, inbound_endpoint())
    hub = LinkedRulesets((), NO_RIGHT)
    unlisted = replace(given, linked={**given.linked, HUB_NETWORK_ID.lower(): hub})
    net = private_link_network(zones=ZoneSearch((private_zone(links=()),), (SUBSCRIPTION,)), forwarding=given)
    for seen, said in ((given, False), (unlisted, True)):
        (finding,) = judged(private_link_facts(network=replace(net, forwarding=seen)))
        assert finding.outcome == ELSEWHERE
        assert ("that this login does not see" in finding.summary) is said
