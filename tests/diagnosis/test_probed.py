"""Real pulls against what was only read."""

from dataclasses import replace
from datetime import timedelta

import pytest

from azext_acrpulldiag.diagnosis.probed import in_words, without_overtaken
from azext_acrpulldiag.diagnosis.whole import diagnosed, proven
from azext_acrpulldiag.facts import Unreadable
from azext_acrpulldiag.facts.probe import FAILED, REFUSED
from azext_acrpulldiag.model import Status, Verdict
from azext_acrpulldiag.probe.facts import with_report
from tests import build
from tests.build.kubernetes import failing
from tests.build.probe import SUBJECT, pool_probe, probe_report

MISSING = {"access": build.access(effective=(), at_scope=())}
OTHER_IMAGE = "contosoreg.azurecr.io/team/other:1"
FIRST, SECOND = build.node(), build.node("n2", pool="pool2")
DISK_FULL = f'failed to pull and unpack image "{build.IMAGE}": write /x: no space left on device'


def facts_of(*pools, pods=(), nodes=(FIRST,), probe=None, **changes):
    facts = build.healthy_facts(kubernetes=build.kubernetes(*pods, nodes=nodes), **changes)
    return with_report(facts, probe or probe_report(*pools))


def told(*pools, **changes):
    found = diagnosed(facts_of(*pools, **changes))
    return found.verdict, [root.finding.outcome for root in found.root_causes]


def statuses(outcome, *pools, **changes):
    return [each.status for each in diagnosed(facts_of(*pools, **changes)).findings if each.outcome == outcome]


# --- a pool that pulled is not called broken -------------------------------------------------


def test_what_was_read_makes_it_broken_without_a_probe():
    facts = build.healthy_facts(kubernetes=build.kubernetes(nodes=(FIRST,)), **MISSING)
    assert diagnosed(facts).verdict is Verdict.BROKEN


def test_a_pull_makes_a_warning_of_it():
    assert told(pool_probe(), **MISSING) == (Verdict.AT_RISK, [])
    assert statuses("access.pull-role-missing", pool_probe(), **MISSING) == [Status.WARN]


@pytest.mark.parametrize(
    "change",
    [
        {"nodes": (FIRST, SECOND)},
        {"probe": probe_report(subject=replace(SUBJECT, pull_secrets=("regcred",)))},
        {"probe": probe_report(pool_probe(), pool_probe(REFUSED))},
        {"pods": (failing(),), "probe": probe_report(subject=replace(SUBJECT, namespace="other"))},
        {"pods": (failing(),), "probe": probe_report(subject=replace(SUBJECT, image=OTHER_IMAGE))},
    ],
    ids=["another pool", "a pull secret", "another kind of node", "another namespace", "another image"],
)
def test_it_speaks_of_nothing_else(change):
    assert told(pool_probe(), **change, **MISSING)[0] is Verdict.BROKEN


def test_pods_of_another_registry_are_not_overtaken():
    fabrikam = failing(image=build.IMAGE.replace("contosoreg", "fabrikamreg"), last_seen=None)
    facts = facts_of(pool_probe(), pods=(fabrikam,))
    assert without_overtaken(facts) == facts
    assert without_overtaken(facts_of(pool_probe(), pods=(failing(last_seen=None),))).kubernetes.failing == ()


def test_a_node_that_had_the_image_says_nothing_of_the_way_to_its_layers():
    facts = facts_of(pool_probe(layers=False), **MISSING)
    assert [each.status for each in diagnosed(facts).findings if each.outcome == "access.pull-role-missing"] == [
        Status.WARN
    ]
    assert facts.kubernetes.pulled == ()
    no_way = {"registry": build.registry(public_network_access="Disabled")}
    assert told(pool_probe(layers=False), **no_way)[0] is Verdict.BROKEN
    assert told(pool_probe(), **no_way)[0] is Verdict.AT_RISK


UNREAD = Unreadable("forbidden", "No right to read it", "A/b/read", "A/b/read")
NOTHING_READ = {"access": build.healthy_facts().access.unread(UNREAD), "registry": build.healthy_facts().registry}


def test_what_could_not_be_read_decides_nothing_where_every_pool_pulled():
    unread = build.healthy_facts(kubernetes=build.kubernetes(nodes=(FIRST,)), **NOTHING_READ)
    assert diagnosed(unread).verdict is Verdict.INCONCLUSIVE
    found = diagnosed(facts_of(pool_probe(), **NOTHING_READ))
    assert found.verdict is Verdict.HEALTHY
    assert [each.decisive for each in found.findings if each.check == "access.pull-role"] == [False]
    assert told(pool_probe(), nodes=(FIRST, SECOND), **NOTHING_READ)[0] is Verdict.INCONCLUSIVE
    by_secret = probe_report(subject=replace(SUBJECT, pull_secrets=("regcred",)))
    assert told(probe=by_secret, **NOTHING_READ)[0] is Verdict.INCONCLUSIVE


def test_nodes_that_could_not_be_read_are_those_that_were_probed():
    seen = replace(build.kubernetes(), nodes=UNREAD)
    facts = with_report(build.healthy_facts(kubernetes=seen, **MISSING), probe_report())
    assert diagnosed(facts).verdict is Verdict.AT_RISK


def test_what_failed_before_waits_for_its_next_try():
    before = failing(last_seen=build.NOW - timedelta(minutes=4), owner=None)
    found = diagnosed(facts_of(pool_probe(), pods=(before,)))
    assert (found.verdict, found.symptoms) == (Verdict.HEALTHY, ())


@pytest.mark.parametrize(
    "change",
    [
        {"last_seen": build.NOW},
        {"pull_secrets": ("regcred",)},
        {"service_account": "builder"},
        {"namespace": "other"},
        {"image": OTHER_IMAGE},
        {"node": "n2"},
    ],
)
def test_what_fails_otherwise_or_since_still_does(change):
    before = failing(**{"last_seen": build.NOW - timedelta(minutes=4), **change})
    assert len(diagnosed(facts_of(pool_probe(), pods=(before,), nodes=(FIRST, SECOND))).symptoms) == 1


# --- one that failed is not called healthy ----------------------------------------------------


def test_a_pull_that_fails_is_explained_as_that_of_any_pod():
    found = diagnosed(facts_of(pool_probe(FAILED, message=build.UNAUTHORIZED), **MISSING))
    assert found.verdict is Verdict.BROKEN
    (root,) = found.root_causes
    assert root.finding.outcome == "access.pull-role-missing"
    assert root.explains == ("unauthorized-401", "probe.pull-failed")
    assert [(each.pod, each.node_pool) for each in found.symptoms] == [("acr-pull-probe-0a1b2c3d-0", "pool1")]


def test_a_repair_of_its_cause_is_told_to_lead_out():
    found = proven(facts_of(pool_probe(FAILED, message=build.UNAUTHORIZED), **MISSING))
    assert found.root_causes[0].finding.remedies[0].leads_to.verdict is Verdict.HEALTHY


def test_a_pull_that_nothing_explains_says_so_and_names_no_pod_that_is_gone():
    found = diagnosed(facts_of(pool_probe(FAILED, message=DISK_FULL)))
    (root,) = found.root_causes
    assert (root.finding.outcome, root.explains) == ("symptom.unexplained", ("disk-full", "probe.pull-failed"))
    assert not [each for each in root.finding.remedies if each.command and "acr-pull-probe" in each.command]
    assert not [each for each in root.finding.remedies if "tries again" in each.description]


def test_a_pool_that_failed_beside_one_that_pulled():
    failed = pool_probe(FAILED, "pool2", node="n2", message=DISK_FULL)
    found = diagnosed(facts_of(pool_probe(), failed, nodes=(FIRST, SECOND)))
    assert found.verdict is Verdict.BROKEN
    assert "Node pool pool1 pulled the image for real. Node pool pool2 could not pull it (disk-full)." in found.summary


def test_pods_that_could_not_be_listed_do_not_hide_it():
    why = Unreadable("forbidden", "HTTP 403")
    seen = replace(build.kubernetes(nodes=(FIRST,)), failing=why)
    report = probe_report(pool_probe(FAILED, message=DISK_FULL))
    facts = with_report(build.healthy_facts(kubernetes=seen), report)
    assert (len(facts.kubernetes.failing), facts.kubernetes.overlooked) == (1, why)
    assert diagnosed(facts).verdict is Verdict.BROKEN


# --- in words ----------------------------------------------------------------------------------


def test_the_summary_says_which_pools_can_and_cannot():
    refused = pool_probe(REFUSED, "pool3", message="not here.", policy="p")
    report = probe_report(pool_probe(pool="b"), pool_probe(pool="a"), refused)
    assert in_words(build.healthy_facts(probe=report)) == (
        "Node pools a, b pulled the image for real. "
        "Node pool pool3 was not seen to pull: admission took no such pod (p): not here."
    )
    differ = (pool_probe(node_image="old"), pool_probe(FAILED, node_image="new", message=DISK_FULL))
    assert in_words(build.healthy_facts(probe=probe_report(*differ))) == (
        "Node pool pool1 (old) pulled the image for real. Node pool pool1 (new) could not pull it (disk-full)."
    )
    many = probe_report(*(pool_probe(REFUSED, f"p{number:03}", message="not here") for number in range(100)))
    assert in_words(build.healthy_facts(probe=many)) == (
        "Node pools p000, p001, p002, p003, p004, p005, p006, p007, p008, p009 and 90 more were not seen to pull: "
        "admission took no such pod: not here."
    )
    why = Unreadable("not-found", "No image is known")
    assert in_words(build.healthy_facts(probe=why)) == "The probe was not run: No image is known."
    assert in_words(build.healthy_facts()) == ""
