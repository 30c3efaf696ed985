"""What real pulls came to, pool by pool, and pods that were left."""

from dataclasses import replace

import pytest

from azext_acrpulldiag.checks.probe import every_pool_pulls_the_image as check
from azext_acrpulldiag.diagnosis.evaluate import evaluate
from azext_acrpulldiag.facts import Unreadable
from azext_acrpulldiag.facts.probe import ENDED, FAILED, NOT_PROBED, NOT_SCHEDULABLE, REFUSED, TIMED_OUT, LeftPod
from azext_acrpulldiag.model import Reach, SeenFrom, Severity, Status
from tests import build
from tests.build.probe import pool_probe, probe_report

FORBIDDEN = Unreadable("forbidden", "No pod was started: no permission", "create pods", "create pods")
NO_PLATFORM = "no match for platform in manifest: not found"


def judged(*pools, probe=None, **changes):
    told = probe if probe is not None else probe_report(*pools, **changes)
    return evaluate(check, build.healthy_facts(probe=told))


def test_a_pool_that_pulled_passes_with_time_and_size():
    (finding,) = judged()
    assert (finding.status, finding.seen_from) == (Status.PASS, SeenFrom.NODE)
    assert finding.summary == f"Node pool pool1 pulled {build.IMAGE} in 1.2 s (29 MB)."
    assert finding.evidence["layers"] is True


def test_a_node_that_may_have_had_the_image_proves_sign_in_only():
    (finding,) = judged(pool_probe(layers=False, milliseconds=None, size=None))
    assert finding.status is Status.PASS
    assert finding.summary.endswith("; its node may have had the image, so this proves sign-in and manifest only.")


def test_a_pool_that_failed_is_an_error_of_its_pod_alone():
    (finding,) = judged(pool_probe(FAILED, message=build.UNAUTHORIZED))
    assert (finding.outcome, finding.status) == ("probe.pull-failed", Status.FAIL)
    assert finding.evidence["symptom_class"] == "unauthorized-401"
    assert finding.summary.startswith("Node pool pool1 cannot pull contosoreg.azurecr.io/team/app:1.2 as default")
    assert finding.reach == Reach(pods=frozenset({("web", "acr-pull-probe-0a1b2c3d-0")}))


def test_an_image_of_another_platform_fails_where_no_pool_has_it():
    of_windows = pool_probe(FAILED, pool="win", message=NO_PLATFORM)
    assert [each.status for each in judged(pool_probe(), of_windows)] == [Status.PASS, Status.SKIPPED]
    (alone,) = judged(of_windows)
    assert alone.status is Status.FAIL


@pytest.mark.parametrize(
    ("result", "words", "decisive", "code"),
    [
        (NOT_SCHEDULABLE, "its pod found no room there: text", False, "unsupported"),
        (REFUSED, "admission took no such pod (a-policy): text", False, "unsupported"),
        (TIMED_OUT, "the pull did not end in time: text", True, "timeout"),
        (ENDED, "its pod was ended before it had pulled: text", False, "unsupported"),
        (NOT_PROBED, "it was not tried: text", False, "unsupported"),
    ],
)
def test_where_no_pod_came_to_pull_it_is_unknown(result, words, decisive, code):
    policy = "a-policy" if result == REFUSED else None
    (finding,) = judged(pool_probe(result, message="text", policy=policy))
    assert (finding.status, finding.decisive, finding.code) == (Status.UNKNOWN, decisive, code)
    assert finding.reason == f"Node pool pool1 was not seen to pull: {words}."


def test_pools_that_are_alike_are_told_of_once():
    refused = [pool_probe(REFUSED, name, policy="p", message=f"{name} is forbidden") for name in "ab"]
    both, other = judged(*refused, pool_probe(REFUSED, "c", policy="q", message="c"))
    assert both.reason == "Node pools a, b were not seen to pull: admission took no such pod (p): a is forbidden."
    assert both.resource.lower() == build.CLUSTER_ID.lower()
    assert other.reason.startswith("Node pool c was not seen to pull")


def test_reasons_that_differ_are_told_each():
    empty = pool_probe(NOT_PROBED, "a", message="It has no nodes.")
    full = [pool_probe(REFUSED, name, message=f'pods "acr-pull-probe-1-{name}" is forbidden') for name in "bc"]
    told = [finding.reason for finding in judged(empty, replace(empty, pool="d", message="Cordoned."), *full)]
    assert told == [
        "Node pool d was not seen to pull: it was not tried: Cordoned.",
        "Node pool a was not seen to pull: it was not tried: It has no nodes.",
        'Node pools b, c were not seen to pull: admission took no such pod: pods "acr-pull-probe-1-b" is forbidden.',
    ]


def test_a_node_of_no_pool_is_told_by_its_name():
    (finding,) = judged(pool_probe(pool=None, node="alone"))
    assert (finding.resource, finding.summary.partition(" pulled")[0]) == ("nodes/alone", "Node alone")


def test_text_of_the_cluster_is_not_shown_as_it_is():
    (finding,) = judged(pool_probe(REFUSED, message="\x1b[31mred\u202e", policy="\x1b[31m"))
    assert "\x1b" not in finding.summary
    assert "\u202e" not in finding.summary


def test_what_was_not_asked_for_is_skipped_and_what_was_not_run_unknown():
    (finding,) = evaluate(check, build.healthy_facts())
    assert (finding.status, finding.summary) == (Status.SKIPPED, "No image was pulled for real (--probe).")
    (finding,) = judged(probe=FORBIDDEN)
    assert (finding.status, finding.permission) == (Status.UNKNOWN, "create pods")


def test_each_pod_that_is_left_is_named():
    pulled, first, second = judged(left=(LeftPod("web", "acr-pull-probe-1-0"), LeftPod("other", "acr-pull-probe-2-0")))
    assert pulled.status is Status.PASS
    assert (first.outcome, first.status, first.severity) == ("probe.pod-left", Status.WARN, Severity.WARNING)
    assert first.evidence == {"pod": "acr-pull-probe-1-0", "namespace": "web"}
    assert [each.command for each in first.remedies] == [None]
    assert second.resource == "namespaces/other/pods/acr-pull-probe-2-0"
