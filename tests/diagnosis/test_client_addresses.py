"""What the registry saw of nodes, against what Azure shows of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from azext_acrpulldiag.checks.network.private_dns import names_lead_to_the_endpoint
from azext_acrpulldiag.diagnosis.counter_evidence import weigh
from azext_acrpulldiag.diagnosis.evaluate import judge
from azext_acrpulldiag.facts import Unreadable, ZoneSearch
from azext_acrpulldiag.model import Status
from azext_acrpulldiag.pull_errors.symptoms import symptoms_of
from tests.build import (
    SUBSCRIPTION,
    failing,
    kubernetes,
    private_link_facts,
    private_link_network,
    private_zone,
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
