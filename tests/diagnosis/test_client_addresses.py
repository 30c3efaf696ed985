"""What the registry saw of nodes, against what Azure shows of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from azext_acrpulldiag.checks.network.client_address import no_node_is_refused_by_its_address
from azext_acrpulldiag.checks.network.private_dns import names_lead_to_the_endpoint
from azext_acrpulldiag.checks.network.public_side import nodes_leave_by_allowed_addresses
from azext_acrpulldiag.diagnosis.counter_evidence import weigh
from azext_acrpulldiag.diagnosis.evaluate import judge
from azext_acrpulldiag.facts import HttpProxy, NetworkRules, Unreadable, ZoneSearch
from azext_acrpulldiag.model import Confidence, Status
from azext_acrpulldiag.pull_errors.symptoms import symptoms_of
from tests.build import (
    SUBNET_ID,
    SUBSCRIPTION,
    cluster,
    failing,
    healthy_facts,
    kubernetes,
    network,
    node,
    outbound,
    private_link_facts,
    private_link_network,
    private_zone,
    registry,
    service_endpoint_facts,
    subnet,
)

HOST = "contosoreg.azurecr.io"
NOT_SHOWN = Unreadable("not-shown", "the answer does not show it", "Microsoft.X/read", "Microsoft.X/read")


def refused(address, host=HOST, **changes):
    text = (
        f'failed to resolve reference "{host}/team/app:1.2": unexpected status from HEAD request to '
        f"https://{host}/v2/team/app/manifests/1.2: 403 Forbidden: denied: client with IP '{address}' is not allowed "
        "access. Refer https://aka.ms/acr/firewall to grant access."
    )
    return failing(text, **changes)


def weighed(facts, *checks):
    """What checks find, held against what the registry saw."""
    return weigh(judge(checks, facts), facts, symptoms_of(facts)[0])


# --- names -------------------------------------------------------------------------------


def named(facts):
    return weighed(facts, names_lead_to_the_endpoint)


def test_nodes_that_come_by_a_public_address_have_another_answer_than_azures():
    (finding,) = named(private_link_facts(kubernetes=kubernetes(refused("20.88.7.6"))))
    assert (finding.status, finding.decisive, finding.check) == (Status.UNKNOWN, False, "network.private-dns")
    assert "20.88.7.6 as the client of pods of pool1" in finding.reason


@pytest.mark.parametrize("address", ["10.224.0.5", "::1"])
def test_nodes_that_come_by_a_private_address_have_azures_answer(address):
    (finding,) = named(private_link_facts(kubernetes=kubernetes(refused(address))))
    assert finding.status is Status.PASS


@pytest.mark.parametrize("unread", [NOT_SHOWN, replace(kubernetes(refused("20.88.7.6")), nodes=NOT_SHOWN)])
def test_where_it_is_not_known_whose_address_it_is_azures_answer_stands(unread):
    (finding,) = named(private_link_facts(kubernetes=unread))
    assert finding.status is Status.PASS


def test_a_zone_that_is_not_linked_is_why_nodes_come_by_a_public_address():
    unlinked = private_link_network(zones=ZoneSearch((private_zone(links=()),), (SUBSCRIPTION,)))
    found = named(private_link_facts(network=unlinked, kubernetes=kubernetes(refused("20.88.7.6"))))
    assert [finding.outcome for finding in found] == ["network.private-dns-link-missing"]


# --- addresses ---------------------------------------------------------------------------

SHOWN = "20.50.60.70"


def left(*containers, rules=(SHOWN,), action="Deny", shown=(SHOWN,), **facts):
    """What is said of the nodes' outbound IPs from Azure, once what the registry saw is held against it."""
    told = {
        "registry": registry(network_rules=NetworkRules(action, tuple(rules), ())),
        "network": network(),
        "outbound": outbound(*shown),
        "kubernetes": kubernetes(*containers),
    }
    return weighed(healthy_facts(**{**told, **facts}), nodes_leave_by_allowed_addresses)


@pytest.mark.parametrize(
    ("rules", "shown"),
    [
        ((SHOWN,), (SHOWN,)),
        ((), (SHOWN,)),
        (("20.88.7.6",), (SHOWN,)),
        ((SHOWN,), ("20.88.7.6", "20.88.7.7")),
        ((), ()),
    ],
    ids=["another is allowed", "another is not", "the named one is by now", "a shown one is not", "none is shown"],
)
def test_what_azure_shows_decides_nothing_where_the_registry_names_the_client(rules, shown):
    (finding,) = left(refused("20.88.7.6"), rules=rules, shown=shown)
    assert (finding.status, finding.decisive, finding.resource) == (Status.UNKNOWN, False, SUBNET_ID)
    assert (finding.check, finding.outcome) == ("network.outbound-ip", None)
    assert "names 20.88.7.6 as the client of pods of pool1" in finding.reason


def test_the_fault_is_found_once():
    facts = healthy_facts(
        registry=registry(network_rules=NetworkRules("Deny", (), ())),
        network=network(),
        outbound=outbound("20.88.7.6"),
        kubernetes=kubernetes(refused("20.88.7.6")),
    )
    found = weighed(facts, no_node_is_refused_by_its_address, nodes_leave_by_allowed_addresses)
    assert [(each.check, each.status) for each in found] == [
        ("network.client-address", Status.FAIL),
        ("network.outbound-ip", Status.UNKNOWN),
    ]


@pytest.mark.parametrize("address", ["10.224.0.5", "fde4:8dba::5"])
def test_nodes_that_come_by_a_private_address_leave_by_none_that_azure_shows(address):
    (finding,) = left(refused(address), rules=())
    assert (finding.status, finding.decisive) == (Status.UNKNOWN, False)


OTHER = "contosoregg.azurecr.io"


@pytest.mark.parametrize(
    ("containers", "changes"),
    [
        ((refused(SHOWN),), {}),
        ((refused("20.88.7.6"),), {"rules": (), "action": "Allow"}),
        ((), {}),
        ((refused("20.88.7.6", OTHER, image=f"{OTHER}/team/app:1.2"),), {}),
    ],
    ids=["it is the shown one", "every address is allowed", "no answer", "another registry's"],
)
def test_a_pass_that_nothing_contradicts_stands(containers, changes):
    (finding,) = left(*containers, **changes)
    assert finding.status is Status.PASS


def test_a_pool_that_nothing_is_known_of_is_judged_as_azure_shows():
    elsewhere = kubernetes(refused("20.88.7.6"), nodes=(node(pool="batch"),))
    (finding,) = left(kubernetes=elsewhere, rules=())
    assert (finding.confidence, finding.evidence["pools"]) == (Confidence.INFERRED, ["pool1"])


def test_where_it_does_not_apply_it_stays_left_out():
    for closed in (registry(network_rules=None), registry(public_network_access="Disabled")):
        (finding,) = left(refused("20.88.7.6"), registry=closed)
        assert finding.status is Status.SKIPPED


def test_the_address_of_a_proxy_is_open_only_until_the_registry_names_it():
    proxied = cluster(http_proxy=HttpProxy("http://10.0.0.9:3128", "http://10.0.0.9:3128", (), False))
    (finding,) = left(cluster=proxied)
    assert (finding.status, finding.decisive) == (Status.UNKNOWN, None)
    (finding,) = left(refused("20.88.7.6"), cluster=proxied)
    assert (finding.status, finding.decisive) == (Status.UNKNOWN, False)


def test_what_was_not_read_is_as_unknown_as_before():
    (finding,) = left(refused("20.88.7.6"), outbound=NOT_SHOWN)
    assert (finding.status, finding.permission) == (Status.UNKNOWN, "Microsoft.X/read")


def test_nodes_with_a_service_endpoint_leave_by_no_address_of_that_kind():
    here = subnet(service_endpoints=("microsoft.containerregistry",))
    facts = service_endpoint_facts(
        registry=registry(network_rules=NetworkRules("Deny", (), (SUBNET_ID,))),
        network=network(subnets={SUBNET_ID.lower(): here}),
        kubernetes=kubernetes(refused("10.224.0.5")),
    )
    (finding,) = weighed(facts, nodes_leave_by_allowed_addresses)
    assert finding.status is Status.PASS
