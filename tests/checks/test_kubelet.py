"""Limits that pods run into."""

import json
import shlex
from dataclasses import replace

import pytest

from azext_acrpulldiag.checks.kubelet import kubelet_starts_every_pull_that_it_is_asked_for as qps
from azext_acrpulldiag.checks.kubelet import the_registry_answers_every_pull as throttling
from azext_acrpulldiag.diagnosis.evaluate import evaluate
from azext_acrpulldiag.facts import Unreadable
from azext_acrpulldiag.model import Status
from tests.build import (
    SUBSCRIPTION,
    failing,
    failing_pods_facts,
    healthy_facts,
    kubernetes,
    registry,
)
from tests.build.ids import GET_CREDENTIALS

AT = f"--subscription {SUBSCRIPTION}"

LIMITED = failing("pull QPS exceeded", pull_policy="Always")
REFUSED = failing("unexpected status from HEAD request to https://contosoreg.azurecr.io/v2/a: 429 Too Many Requests")
UNREAD = Unreadable("unreachable", "No answer")


def one(check, *containers, **changes):
    (finding,) = evaluate(check, failing_pods_facts(containers, **changes))
    return finding


def commands(finding):
    return [remedy.command for remedy in finding.remedies if remedy.command]


def test_kubelets_limit_names_who_always_pulls_and_patches_them():
    init = replace(LIMITED, kind="initContainers", container="migrate")
    elsewhere = failing(pod="elsewhere", node="another", pull_policy="Always", owner="Deployment/elsewhere")
    finding = one(qps, LIMITED, init, elsewhere)
    assert finding.outcome == "kubelet.pull-qps-exceeded"
    assert finding.evidence["always_pulling"] == ["web/web-5d4f-x2x9z"]
    login, *others = commands(finding)
    assert login == GET_CREDENTIALS
    patches = [json.loads(shlex.split(command)[-1]) for command in others]
    assert patches == [
        {"spec": {"template": {"spec": {"containers": [{"name": "app", "imagePullPolicy": "IfNotPresent"}]}}}},
        {"spec": {"template": {"spec": {"initContainers": [{"name": "migrate", "imagePullPolicy": "IfNotPresent"}]}}}},
    ]
    assert others[0].startswith("kubectl --kubeconfig ./prod.kubeconfig patch deployment/web --namespace web ")
    assert [(each.option, each.step) for each in finding.remedies] == [(1, 1), (1, 2), (1, 3), (2, 1), (3, 1)]
    assert "patches" not in finding.evidence


@pytest.mark.parametrize("owner", [None, "Job/nightly", "Deployment/", "Strange/kind"])
def test_what_cannot_be_patched_is_advised_only(owner):
    finding = one(qps, replace(LIMITED, owner=owner))
    assert commands(finding) == []
    assert len(finding.remedies) == 2


def test_replicas_of_one_workload_are_patched_once():
    assert len(commands(one(qps, LIMITED, replace(LIMITED, pod="web-2")))) == 2  # credentials, and the patch


def test_a_hostile_name_stays_one_argument():
    finding = one(qps, replace(LIMITED, owner="Deployment/a;reboot", container="x'$(id)"))
    words = shlex.split(commands(finding)[1])
    assert words[4] == "deployment/a;reboot"
    assert json.loads(words[-1])["spec"]["template"]["spec"]["containers"][0]["name"] == "x'$(id)"


def test_many_workloads_are_patched_as_far_as_the_report_lists_them():
    many = [replace(LIMITED, pod=f"p-{number}", owner=f"Deployment/d-{number}") for number in range(12)]
    finding = one(qps, *many)
    assert (len(commands(finding)), len(finding.evidence["pods"])) == (1 + 10, 10)


@pytest.mark.parametrize(("sku", "higher"), [("Basic", "Standard"), ("Standard", "Premium"), ("Premium", None)])
def test_a_throttling_registry_is_offered_the_next_tier(sku, higher):
    finding = one(throttling, REFUSED, registry=registry(sku=sku))
    assert finding.outcome == "registry.throttled"
    offered = [command for command in commands(finding) if command.startswith("az acr update")]
    assert offered == ([f"az acr update --name contosoreg {AT} --sku {higher}"] if higher else [])


def test_a_throttling_upstream_is_not_the_registry():
    upstream = failing("429 Too Many Requests: source registry for cache rule hub is throttling")
    assert one(throttling, upstream).status is Status.PASS


@pytest.mark.parametrize("check", [qps, throttling])
def test_other_failures_other_registries_and_ignorance(check):
    assert one(check, failing()).status is Status.PASS
    other_registry = (replace(LIMITED, image="nginx"), replace(REFUSED, image="nginx", message="429 Too Many Requests"))
    assert one(check, *other_registry).status is Status.PASS
    assert one(check, failing(), registry=UNREAD).status is Status.UNKNOWN
    statuses = [
        evaluate(check, replace(healthy_facts(), kubernetes=read))[0].status
        for read in (kubernetes(), None, UNREAD, kubernetes(failing=UNREAD), kubernetes(overlooked=UNREAD))
    ]
    assert statuses == [Status.PASS, Status.SKIPPED, Status.UNKNOWN, Status.UNKNOWN, Status.UNKNOWN]


@pytest.mark.parametrize(("check", "container"), [(qps, LIMITED), (throttling, REFUSED)])
def test_what_was_seen_is_found_although_not_all_pods_were_read(check, container):
    seen = kubernetes(container, overlooked=UNREAD)
    (finding,) = evaluate(check, replace(healthy_facts(), kubernetes=seen))
    assert finding.status is Status.FAIL
