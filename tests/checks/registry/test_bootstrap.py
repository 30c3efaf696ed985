"""Mirror of checks/registry/bootstrap.py."""

from __future__ import annotations

from dataclasses import replace

import pytest

from azext_acrpulldiag.checks.registry.bootstrap import nodes_get_the_images_of_aks
from azext_acrpulldiag.diagnosis.evaluate import evaluate
from azext_acrpulldiag.facts import Bootstrap, CacheRule, Kubernetes, Unreadable
from azext_acrpulldiag.model import Confidence, Status
from tests.build import REGISTRY_ID, cluster, healthy_facts, lookup, waiting_container

HIDDEN = Unreadable("forbidden", "No right", permission="x/read")
PAUSE = "mcr.microsoft.com/oss/kubernetes/pause:3.6"
SCALER = "mcr.microsoft.com/autoscaler/a:1"
PREFIX = "aks-managed-repository"
MCR = "mcr.microsoft.com/*"


def rule(target=f"{PREFIX}/*", source=MCR):
    return CacheRule("aks", source, target, None, None)


def one(*rules, **changes):
    isolated = {"cluster": cluster(bootstrap=Bootstrap("Cache", REGISTRY_ID)), "cache_rules": rules}
    (finding,) = evaluate(nodes_get_the_images_of_aks, replace(healthy_facts(), **{**isolated, **changes}))
    return finding


NARROW = rule(f"{PREFIX}/autoscaler/*", "mcr.microsoft.com/autoscaler/*")


def pods(*images):
    message = "failed to resolve reference: dial tcp 150.171.69.10:443: i/o timeout"
    waiting = [waiting_container(f"p{number}", each) for number, each in enumerate(images)]
    return Kubernetes((), tuple(replace(each, message=message) for each in waiting), ())


def test_the_rule_that_nodes_need_passes():
    assert one(rule()).status is Status.PASS
    assert one(rule(), kubernetes=pods(PAUSE)).status is Status.PASS
    assert one(rule(), rule("*")).status is Status.PASS


def test_no_rule_at_all():
    finding = one(rule("hub/*", "docker.io/*"))
    assert (finding.outcome, finding.status) == ("registry.cache-rule-missing", Status.FAIL)
    assert finding.confidence is Confidence.INFERRED
    assert [remedy.command for remedy in finding.remedies] == [
        "az acr cache create --registry contosoreg --subscription 5c1f2a60-7a3e-4a53-8d0e-2f3e1c9b7a10 --name "
        "aks-managed-mcr --source-repo 'mcr.microsoft.com/*' --target-repo 'aks-managed-repository/*'"
    ]


@pytest.mark.parametrize("target", ["*", "mcr/*"])
def test_a_rule_with_the_target_of_earlier_clusters_is_a_warning_while_no_pod_fails(target):
    assert one(rule(target)).status is Status.WARN


@pytest.mark.parametrize("rules", [(), (rule("*"),), (NARROW,)])
def test_what_pods_wait_for_and_no_rule_gets(rules):
    finding = one(*rules, kubernetes=pods(PAUSE))
    assert (finding.status, finding.confidence) == (Status.FAIL, Confidence.OBSERVED)
    assert finding.evidence["images"] == [f"contosoreg.azurecr.io/{PREFIX}/oss/kubernetes/pause:3.6"]
    assert finding.reach.images == {PAUSE}


def test_a_narrow_rule_serves_what_it_is_for():
    assert one(NARROW).status is Status.PASS
    assert one(NARROW, kubernetes=pods(SCALER)).status is Status.PASS
    assert one(NARROW, kubernetes=pods(SCALER, PAUSE)).evidence["pods"] == ["shop/p1"]


def test_an_image_that_was_imported_needs_no_rule():
    there = lookup(repository=f"{PREFIX}/oss/kubernetes/pause", tag="3.6")
    assert one(rule("*"), kubernetes=pods(PAUSE), images=(there,)).status is Status.WARN


def test_a_rule_that_overlaps_is_named():
    finding = one(rule("*"), kubernetes=pods(PAUSE))
    assert finding.summary.endswith("no cache rule gets these from mcr.microsoft.com; rule aks asks for other paths.")
    assert "rule aks has to go first" in finding.remedies[-1].description


@pytest.mark.parametrize("bootstrap", [Bootstrap("Direct", None), Bootstrap("Cache", f"{REGISTRY_ID}x"), None])
def test_it_does_not_apply(bootstrap):
    assert one(cluster=cluster(bootstrap=bootstrap)).status is Status.SKIPPED


@pytest.mark.parametrize(
    "changes", [{"cache_rules": HIDDEN}, {"cluster": HIDDEN}, {"cluster": cluster(bootstrap=HIDDEN)}]
)
def test_what_could_not_be_read_is_unknown(changes):
    assert one(**changes).status is Status.UNKNOWN
