"""Pulls that worked, against errors that were only inferred."""

from dataclasses import replace
from datetime import timedelta

import pytest

from azext_acrpulldiag.diagnosis.counter_evidence import weigh
from azext_acrpulldiag.facts import PulledImage, Unreadable
from azext_acrpulldiag.model import Confidence, Finding, Reach, Severity, Status, Symptom
from tests.build import NOW, healthy_facts, kubernetes, node

IMAGE = "contosoreg.azurecr.io/team/app:1"
FIRST, SECOND = node("n1", pool="pool1"), node("n2", pool="pool2")
ERROR = Finding(
    "network.outbound-ip",
    Status.FAIL,
    "Refused.",
    "prod",
    outcome="network.outbound-ip-not-allowed",
    severity=Severity.ERROR,
    confidence=Confidence.INFERRED,
    reach=Reach(pools=frozenset({"pool1"})),
    explains=("forbidden-403",),
)


def pulled(pool="pool1", image=IMAGE, minutes=5):
    return PulledImage(image, "n1", pool, NOW - timedelta(minutes=minutes))


PULLED = (pulled(),)


def weighed(finding=ERROR, pulls=PULLED, symptoms=(), nodes=(FIRST, SECOND)):
    facts = replace(healthy_facts(), kubernetes=kubernetes(pulled=pulls, nodes=nodes))
    (found,) = weigh([finding], facts, symptoms)
    return found


def symptom(symptom_class="forbidden-403", pool="pool1"):
    return Symptom("web", "web-0", "app", IMAGE, "n1", pool, symptom_class, "text", 1, NOW)


def test_a_pull_demotes_an_inferred_error_of_its_pool():
    found = weighed()
    assert (found.status, found.severity) == (Status.WARN, Severity.WARNING)
    assert found.evidence["pulled_by_pools"] == ["pool1"]


@pytest.mark.parametrize(
    "change",
    [
        {"pulls": ()},
        {"pulls": (pulled("pool2"),)},
        {"pulls": (pulled(minutes=61),)},
        {"pulls": (replace(pulled(), at=None),)},
        {"pulls": (pulled(image="docker.io/library/nginx:1"),)},
        {"pulls": (pulled(image="fabrikam.azurecr.io/a:1"),)},
        {"pulls": Unreadable("forbidden", "HTTP 403")},
        {"finding": replace(ERROR, confidence=Confidence.OBSERVED)},
        {"finding": replace(ERROR, reach=Reach(pools=frozenset({"pool1", "pool2"})))},
        {"finding": replace(ERROR, reach=Reach())},
        {"symptoms": (symptom(),)},
        {"symptoms": (symptom(pool=None),)},
    ],
)
def test_it_stays_an_error_where_the_pull_does_not_contradict_it(change):
    assert weighed(**change).status is Status.FAIL


@pytest.mark.parametrize("symptoms", [(symptom("disk-full"),), (symptom(pool="pool2"),)])
def test_other_symptoms_do_not_speak_for_it(symptoms):
    assert weighed(symptoms=symptoms).status is Status.WARN


def test_an_error_of_the_whole_cluster_needs_a_pull_of_every_pool():
    everywhere = replace(ERROR, reach=Reach())
    assert weighed(everywhere, (pulled(), pulled("pool2"))).status is Status.WARN
    assert weighed(replace(ERROR, reach=Reach(pools=frozenset({"pool2"}))), (pulled("pool2"),)).status is Status.WARN


@pytest.mark.parametrize("status", [Status.WARN, Status.UNKNOWN, Status.PASS])
def test_only_errors_are_weighed(status):
    finding = replace(ERROR, status=status)
    assert weighed(finding) is finding


# --- what is not known of the way ----------------------------------------------------------


UNKNOWN = Finding("network.private-dns", Status.UNKNOWN, "Not read.", "prod", reason="Not read.")


def test_a_way_that_nodes_of_every_pool_have_gone_leaves_nothing_open():
    assert weighed(UNKNOWN, (pulled(), pulled("pool2"))).decisive is False


@pytest.mark.parametrize(
    "change",
    [
        {"pulls": PULLED},
        {"pulls": (pulled(), pulled("pool2", minutes=90))},
        {"finding": replace(UNKNOWN, check="access.pull-role")},
        {"symptoms": (symptom("disk-full"),)},
    ],
)
def test_an_unknown_stays_open(change):
    assert weighed(**{"finding": UNKNOWN, "pulls": (pulled(), pulled("pool2"))} | change).decisive is None
