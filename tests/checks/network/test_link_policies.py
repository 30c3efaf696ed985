"""What pods show of a zone link's policy; mirror of checks/network/_link_policies.py."""

from __future__ import annotations

from dataclasses import replace

import pytest

from azext_acrpulldiag.checks.network.private_dns import names_lead_to_the_endpoint
from azext_acrpulldiag.diagnosis.evaluate import evaluate
from azext_acrpulldiag.facts import Unreadable, ZoneSearch
from azext_acrpulldiag.model import Confidence, Status
from tests.build import (
    HUB_NETWORK_ID,
    SUBSCRIPTION,
    failing,
    kubernetes,
    node,
    private_link_facts,
    private_link_network,
    private_registry,
    private_zone,
    zone_link,
)

HOST = "contosoreg.azurecr.io"
NOT_SHOWN = Unreadable("not-shown", "API version 2018-09-01 does not show resolutionPolicy")
NOTHING = {"contosoreg": None, "contosoreg.westeurope.data": None}


def told(text, host=HOST, **changes):
    return failing(f'failed to do request: Head "https://{host}/v2/team/app/manifests/1.2": {text}', **changes)


NO_SUCH_HOST = told(f"dial tcp: lookup {HOST} on 168.63.129.16:53: no such host")
FORBIDDEN = failing(f"unexpected status from HEAD request to https://{HOST}/v2/team/app/manifests/1.2: 403 Forbidden")


HIDDEN = zone_link(falls_back=NOT_SHOWN)


def judged(*containers, link=HIDDEN, access="Enabled", nodes=None):
    network = private_link_network(zones=ZoneSearch((private_zone(records=NOTHING, links=(link,)),), (SUBSCRIPTION,)))
    pods = kubernetes(*containers)
    return evaluate(
        names_lead_to_the_endpoint,
        private_link_facts(
            network=network,
            registry=private_registry(public_network_access=access),
            kubernetes=replace(pods, nodes=nodes) if nodes else pods,
        ),
    )


def test_without_pods_a_policy_that_is_not_shown_is_unknown():
    assert {each.status for each in judged()} == {Status.UNKNOWN}


def test_no_such_host_means_that_the_link_does_not_fall_back():
    (finding,) = judged(NO_SUCH_HOST)
    assert (finding.outcome, finding.confidence) == ("network.private-dns-record-missing", Confidence.OBSERVED)
    assert "dns-failure" in finding.explains


def test_a_403_means_that_it_does():
    (finding,) = judged(FORBIDDEN)
    assert finding.status is Status.PASS
    (finding,) = judged(FORBIDDEN, access="Disabled")
    assert (finding.outcome, finding.explains) == ("network.private-dns-record-missing", ("forbidden-403",))


@pytest.mark.parametrize(
    "containers",
    [
        (NO_SUCH_HOST, replace(FORBIDDEN, pod="b")),
        (told(f"dial tcp: lookup {HOST} on 168.63.129.16:53: server misbehaving"),),
        (told("dial tcp: lookup contosoregg.azurecr.io: no such host", "contosoregg.azurecr.io"),),
        (told("dial tcp 10.225.0.6:443: i/o timeout"),),
    ],
    ids=["both", "no answer", "another host", "another fault"],
)
def test_what_pods_do_not_tell_or_not_alike_stays_unknown(containers):
    assert {each.status for each in judged(*containers)} == {Status.UNKNOWN}


def test_pods_elsewhere_tell_nothing_of_this_network():
    assert {each.status for each in judged(NO_SUCH_HOST, nodes=(node(pool="other"),))} == {Status.UNKNOWN}


def test_what_azure_shows_is_not_contradicted():
    (finding,) = judged(NO_SUCH_HOST, link=zone_link(falls_back=True))
    assert finding.status is Status.PASS
    elsewhere = judged(NO_SUCH_HOST, link=zone_link(HUB_NETWORK_ID, "hub", falls_back=NOT_SHOWN))
    assert "network.private-dns-record-missing" not in {each.outcome for each in elsewhere}
