"""Pods of virtual nodes, and the pull secrets that they name."""

import json
import shlex
from dataclasses import replace

import pytest

from azext_acrpulldiag.checks.pull_secret.virtual_nodes import pods_of_virtual_nodes_bring_a_secret as check
from azext_acrpulldiag.diagnosis.evaluate import evaluate
from azext_acrpulldiag.facts import Offer, Unreadable
from azext_acrpulldiag.model import Confidence, Reach, Status
from azext_acrpulldiag.pull_errors.symptoms import symptoms_of
from tests import build

HOST = "contosoreg.azurecr.io"
UNREAD = Unreadable("forbidden", "HTTP 403")
REFUSED = Offer(False, 401, "token", "team/app")
GOOD = build.pull_secret(build.secret_entry())


def judged(*secrets, message=None, **changes):
    facts = build.virtual_node_facts(secrets)
    if message is not None:
        (pod,) = facts.kubernetes.failing
        facts = replace(facts, kubernetes=replace(facts.kubernetes, failing=(replace(pod, message=message),)))
    return evaluate(check, replace(facts, **changes))


def test_a_pod_without_any_secret():
    (finding,) = judged()
    assert (finding.outcome, finding.confidence) == ("pull-secret.virtual-node-needs-secret", Confidence.OBSERVED)
    assert finding.evidence["fault"] == "no pull secret is named"
    assert finding.reach == Reach(pods=frozenset({("team", "web-5d4f-x2x9z")}))
    (symptom,), _ = symptoms_of(build.virtual_node_facts(()))
    assert (symptom.virtual_node, (symptom.symptom_class,)) == (True, finding.explains)
    patch = next(each.command for each in finding.remedies if each.command and " patch " in each.command)
    named = json.loads(shlex.split(patch)[-1])["spec"]["template"]["spec"]["imagePullSecrets"]
    assert named == [{"name": "acr-pull"}]


def test_secrets_that_are_named_stay_named():
    gone = build.pull_secret(name="acr-pull", exists=False, hosts=(), entries=())
    (finding,) = judged(gone)
    patch = next(each.command for each in finding.remedies if each.command and " patch " in each.command)
    named = json.loads(shlex.split(patch)[-1])["spec"]["template"]["spec"]["imagePullSecrets"]
    assert named == [{"name": "acr-pull"}, {"name": "acr-pull-2"}]


@pytest.mark.parametrize(
    ("secret", "fault"),
    [
        (build.pull_secret(exists=False, hosts=(), entries=()), "which its namespace does not have"),
        (build.pull_secret(malformed="its type is 'Opaque'", hosts=(), entries=()), "its type is 'Opaque'"),
        (build.pull_secret(hosts=("index.docker.io",), entries=()), f"which has no entry for {HOST}"),
        (build.pull_secret(build.secret_entry(unusable="it has no password")), "it has no password"),
        (build.pull_secret(build.secret_entry(host=f"https://{HOST}")), f"Container Instances needs {HOST} alone"),
        (build.pull_secret(build.secret_entry(offers=(REFUSED,))), f"whose credential {HOST} refuses"),
    ],
)
def test_a_secret_that_container_instances_gets_nothing_out_of(secret, fault):
    (finding,) = judged(secret)
    assert fault in finding.evidence["fault"]
    assert finding.evidence["secrets"] == [secret.name]


def test_the_provider_itself_says_that_an_entry_has_no_username():
    (finding,) = judged(GOOD, message=f"no username present in auth config for server: {HOST}")
    assert finding.evidence["fault"].endswith("has no username of its own")


def test_a_secret_that_is_right_passes():
    (finding,) = judged(GOOD)
    assert finding.status is Status.PASS


def test_without_a_secret_an_anonymous_pull_needs_none():
    (finding,) = judged(registry=build.registry(anonymous_pull=True))
    assert finding.status is Status.PASS


def test_a_text_that_speaks_of_no_credential_leaves_it_inferred():
    (finding,) = judged(message=f"the image {HOST}/team/app:1.2 of the group is not there to be had")
    assert finding.confidence is Confidence.INFERRED


@pytest.mark.parametrize("text", ["no space left on device", 'status code 409 error code "RegistryErrorResponse"'])
def test_a_pull_that_got_further_than_any_credential_is_not_judged(text):
    (finding,) = judged(message=f'Failed to pull image "{HOST}/team/app:1.2": {text}')
    assert finding.status is Status.PASS


@pytest.mark.parametrize(
    "changes",
    [
        {"kubernetes": build.kubernetes(failing=UNREAD)},
        {"kubernetes": UNREAD},
        {"pull_secrets": UNREAD},
        {"registry": UNREAD},
    ],
)
def test_what_was_not_read_is_unknown(changes):
    assert {each.status for each in judged(GOOD, **changes)} == {Status.UNKNOWN}


def test_a_secret_that_was_not_read_is_unknown():
    (finding,) = judged(build.pull_secret(exists=UNREAD, hosts=(), entries=()))
    assert (finding.status, finding.code) == (Status.UNKNOWN, "forbidden")
    (finding,) = judged(GOOD, pull_secrets=())
    assert (finding.status, finding.code) == (Status.UNKNOWN, "not-shown")


def test_no_pod_on_a_virtual_node_is_no_pass():
    (finding,) = evaluate(check, build.failing_pods_facts((build.failing(),)))
    assert finding.status is Status.SKIPPED
    (finding,) = judged(kubernetes=None)
    assert finding.status is Status.SKIPPED


@pytest.mark.parametrize("reason", ["ErrImagePull", "ProviderFailed"])
def test_virtual_nodes_of_another_kind_are_left_out_and_said_to_be(reason):
    node = build.node("vn2", labels={"type": "virtual-kubelet", "virtualization": "virtualnode2"})
    pods = build.kubernetes(build.failing(node="vn2", reason=reason), nodes=(node,))
    facts = build.healthy_facts(kubernetes=pods)
    (finding,) = evaluate(check, facts)
    assert (finding.status, finding.decisive) == (Status.UNKNOWN, True)
    assert "web/web-5d4f-x2x9z" in finding.reason
    inside, outside = symptoms_of(facts)
    assert (len(inside), len(outside)) == (0, 1)
