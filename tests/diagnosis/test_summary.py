"""What a verdict rests on, in words."""

from dataclasses import replace

import pytest

from azext_acrpulldiag.catalogue import skipped, unknown
from azext_acrpulldiag.diagnosis.summary import NODES, PODS, elsewhere, summary_of, without_host
from azext_acrpulldiag.facts import Unreadable
from azext_acrpulldiag.model import Finding, Status, Symptom, Verdict

NO_RIGHT = Unreadable("forbidden", "HTTP 403 for role assignments", permission="Some/thing/read")
TIMED_OUT = Unreadable("timeout", "No time was left")
SILENT = Unreadable("unreachable", "No answer from the API server")


def unread(check, why=NO_RIGHT, decisive=True):
    return replace(unknown("/r", why, decisive=decisive), check=check)


def passed(check):
    return Finding(check, Status.PASS, "Well.", "/r")


SEEN = (passed(PODS), passed(NODES))


def test_what_was_not_read_is_named_with_its_right_and_the_checks_that_need_it():
    words = summary_of(Verdict.INCONCLUSIVE, (), [unread("a.b"), unread("c.d"), unread("e.f"), *SEEN])
    assert words.endswith("HTTP 403 for role assignments. It needs Some/thing/read (a.b and 2 more checks).")


def test_one_reason_is_said_once_and_the_most_telling_comes_first():
    findings = [unread("a.b", TIMED_OUT), unread("c.d"), unread("e.f"), *SEEN]
    words = summary_of(Verdict.INCONCLUSIVE, (), findings)
    assert words.count("HTTP 403") == 1
    assert words.index("HTTP 403") < words.index("No time was left")


def test_many_reasons_are_counted_beyond_the_first():
    findings = [unread(f"a.{number}", Unreadable("forbidden", f"HTTP 403 {number}")) for number in range(5)]
    assert summary_of(Verdict.INCONCLUSIVE, (), findings).endswith("; 3 more reasons, see unknowns.")


def test_what_does_not_decide_is_not_named():
    findings = [unread("a.b"), unread("c.d", TIMED_OUT, decisive=False), *SEEN]
    assert "No time was left" not in summary_of(Verdict.INCONCLUSIVE, (), findings)


@pytest.mark.parametrize("verdict", [Verdict.HEALTHY, Verdict.AT_RISK])
def test_nothing_is_well_without_saying_that_pods_and_nodes_were_not_seen(verdict):
    findings = [unread(PODS, SILENT, decisive=False), unread(NODES, SILENT, decisive=False)]
    words = summary_of(verdict, (), findings)
    assert words.endswith("Pods and nodes were not seen, or not all of them: No answer from the API server.")


def test_what_was_not_asked_for_is_said_too():
    not_asked = "The Kubernetes API was not asked (--cluster-access none)."
    findings = [replace(skipped("/r", not_asked), check=check) for check in (PODS, NODES)]
    assert not_asked in summary_of(Verdict.HEALTHY, (), findings)


def test_with_all_seen_nothing_is_added():
    assert summary_of(Verdict.HEALTHY, (), SEEN).count(".") == 1


def fails(image, pod="web-0", found="unauthorized-401"):
    return Symptom("shop", pod, "app", image, None, None, found, "text", 1, None)


def test_who_fails_at_other_registries_is_told_by_host_with_what_is_reported():
    outside = [fails("shop/web:v1"), fails("shop/web:v1", "web-1", "dns-failure"), fails("quay.io/a:1", "a")]
    assert elsewhere(outside, "contosoreg.azurecr.io") == (
        "No pod that was seen fails to pull from contosoreg.azurecr.io; 2 pods fail to pull from docker.io "
        "(dns-failure, unauthorized-401), 1 pod fails to pull from quay.io (unauthorized-401), which is not judged "
        "here."
    )
    assert elsewhere(outside[2:], None).startswith("1 pod fails to pull from quay.io (unauthorized-401), which")
    assert elsewhere([], "contosoreg.azurecr.io") == ""


def test_many_hosts_are_counted_beyond_the_fifth():
    outside = [fails(f"host{number}.example/a:1") for number in range(7)]
    assert "host4.example (unauthorized-401) and from 2 more hosts, which" in elsewhere(outside, None)


def test_what_is_no_reference_is_told_by_what_stands_for_its_host():
    assert "from ///" not in elsewhere([fails("Team App/x")], None)
    assert "pull from Team App (" in elsewhere([fails("Team App/x")], None)


def test_an_image_without_a_host_needs_a_registry_to_be_named():
    assert "such as a:1, is one of docker.io; with --acr" in without_host(["b:1", "a:1"])
    assert without_host([]) == ""
