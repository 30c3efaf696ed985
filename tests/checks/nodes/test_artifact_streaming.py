"""Mirror of checks/nodes/artifact_streaming.py."""

from __future__ import annotations

from dataclasses import replace

import pytest

from azext_acrpulldiag.checks import ALL
from azext_acrpulldiag.checks.nodes.artifact_streaming import streaming_mirrors_answer as check
from azext_acrpulldiag.diagnosis.evaluate import evaluate, judge
from azext_acrpulldiag.diagnosis.root_causes import diagnose
from azext_acrpulldiag.facts import Unreadable
from azext_acrpulldiag.model import Status
from azext_acrpulldiag.pull_errors.symptoms import symptoms_of
from tests.build import (
    SUBSCRIPTION,
    access,
    agent_pool,
    cluster,
    failing,
    failing_pods_facts,
    healthy_facts,
    kubernetes,
    lookup,
    node,
)

HEAD = "http://localhost:8578/v2/team/app/manifests/1.2?ns=contosoreg.azurecr.io"
SILENT = [
    f'failed to do request: Head "{HEAD}": dial tcp 127.0.0.1:8578: connect: connection refused',
    f'failed to do request: Head "{HEAD}": dial tcp [::1]:8578: connect: connection refused',
    f'failed to do request: Head "{HEAD.replace("http:", "https:")}": context canceled',
    f'failed to do request: Head "{HEAD}": EOF',
    f"unexpected status from HEAD request to {HEAD}: 500 Internal Server Error",
]
FAILED = failing(f"unexpected status from HEAD request to {HEAD}: 503 Service Unavailable")
OF_POOL = f"--resource-group rg-app --cluster-name prod --name pool1 --subscription {SUBSCRIPTION}"


STREAMED = (agent_pool(artifact_streaming=True),)


def judged(*containers, pools=STREAMED, **changes):
    return evaluate(check, failing_pods_facts(containers, cluster=cluster(agent_pools=pools), **changes))


def diagnosed(*containers, **changes):
    facts = failing_pods_facts(containers, images=(lookup(),), **changes)
    return diagnose(ALL, judge(ALL, facts), *symptoms_of(facts))


@pytest.mark.parametrize("text", SILENT)
def test_a_mirror_that_does_not_answer_is_named(text):
    (finding,) = judged(failing(text))
    assert (finding.outcome, finding.status) == ("nodes.artifact-streaming", Status.WARN)
    assert (finding.evidence["pools"], finding.evidence["streaming_pools"]) == (["pool1"], ["pool1"])
    assert [each.command for each in finding.remedies if each.command] == [
        f"az aks nodepool upgrade {OF_POOL} --node-image-only",
        f"az aks nodepool update {OF_POOL} --disable-artifact-streaming",
    ]
    assert [root.finding.outcome for root in diagnosed(failing(text)).root_causes] == ["nodes.artifact-streaming"]


def test_the_port_is_proof_where_azure_shows_nothing():
    (finding,) = judged(failing(SILENT[0]), pools=(agent_pool(),))
    assert (finding.outcome, finding.evidence["streaming_pools"]) == ("nodes.artifact-streaming", None)
    assert "AKS shows" not in finding.summary


def test_streaming_that_is_off_is_not_to_be_turned_off():
    (finding,) = judged(failing(SILENT[0]), pools=(agent_pool(artifact_streaming=False),))
    assert [each.command for each in finding.remedies if each.command] == [
        f"az aks nodepool upgrade {OF_POOL} --node-image-only"
    ]
    assert "off for every node pool" in finding.summary
    assert finding.evidence["streaming_pools"] == []


def test_all_pools_that_have_it_on_are_named():
    pools = (
        agent_pool("b", artifact_streaming=True),
        agent_pool(artifact_streaming=True),
        agent_pool("c", artifact_streaming=False),
    )
    (finding,) = judged(failing(SILENT[0]), pools=pools)
    assert finding.evidence["streaming_pools"] == ["b", "pool1"]


def test_a_pool_that_aks_does_not_manage_gets_no_command():
    alone = kubernetes(failing(SILENT[0]), nodes=(node(pool="karpenter"),))
    (finding,) = evaluate(check, healthy_facts(kubernetes=alone))
    assert [each.command for each in finding.remedies] == [None]
    (finding,) = evaluate(check, healthy_facts(kubernetes=replace(alone, nodes=Unreadable("forbidden", "HTTP 403"))))
    assert "on some nodes" in finding.summary


def test_503_of_the_mirror_is_what_the_registry_answered():
    (finding,) = judged(FAILED)
    assert finding.status is Status.PASS
    missing = diagnosed(FAILED, access=replace(access(), effective=()))
    assert [root.finding.outcome for root in missing.root_causes] == ["access.pull-role-missing"]


def test_503_without_a_reason_is_unexplained_and_says_whose_it_is():
    (root,) = diagnosed(FAILED).root_causes
    assert root.finding.outcome == "symptom.unexplained"
    assert "mirror on the node (localhost:8578) answered 503" in root.finding.summary
    words = " ".join(each.description for each in root.finding.remedies)
    assert "acr-mirror" in words
    assert "has expired" not in words


@pytest.mark.parametrize(
    "container",
    [failing(), failing("dial tcp 127.0.0.1:5000: connect: connection refused", image="localhost:5000/a:1")],
)
def test_other_failures_are_another_checks_matter(container):
    (finding,) = judged(container)
    assert finding.status is Status.PASS


def test_without_pods_nothing_is_told():
    (finding,) = evaluate(check, healthy_facts())
    assert finding.status is Status.SKIPPED
    (finding,) = evaluate(check, healthy_facts(kubernetes=Unreadable("forbidden", "HTTP 403")))
    assert (finding.status, finding.decisive) == (Status.UNKNOWN, False)
