"""The pods of a probe, held against Kubernetes' own definitions and rules."""

import pytest

from azext_acrpulldiag.facts.probe import ProbeSubject
from azext_acrpulldiag.probe.plan import host_from
from azext_acrpulldiag.probe.pod import CONTAINER, LABEL, Pods, body_of
from tests.azure.kubernetes_state import selector
from tests.azure.pod_security import not_on_windows, restricted
from tests.contracts.compare import of_type
from tests.contracts.kubernetes import models
from tests.probe.nodes import IMAGE, SPOT, SYSTEM, arm64, node, provisioned, windows

CUSTOM = {"key": "sku", "value": "gpu", "effect": "NoExecute"}
KINDS = {
    "linux": node("n"),
    "windows": windows("n"),
    "system": node("n", "sys", SYSTEM),
    "spot": node("n", "spot", SPOT),
    "tainted": node("n", "gpu", CUSTOM, SPOT),
    "arm64": arm64("n"),
    "provisioned": provisioned("n"),
}
SUBJECT = ProbeSubject(IMAGE, "web", "builder", ("regcred",))
PODS = Pods("abc123", SUBJECT, 360)


def made(kind="linux", subject=SUBJECT):
    return body_of(Pods("abc123", subject, 360), 0, host_from(KINDS[kind], IMAGE))


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_as_kubernetes_defines_a_pod(kind):
    assert [str(each) for each in of_type(models(), "V1Pod", made(kind), "")] == []


def test_what_kubernetes_does_not_define_would_be_told():
    pod = made()
    pod["spec"]["restartPolice"] = "Never"
    assert list(of_type(models(), "V1Pod", pod, ""))


@pytest.mark.parametrize("kind", KINDS)
def test_it_meets_pod_security_restricted(kind):
    spec = made(kind)["spec"]
    assert (restricted(spec), not_on_windows(spec)) == ([], [])
    assert (spec["os"]["name"] == "windows") == (kind == "windows")


def test_a_pod_that_does_not_meet_it_would_be_told():
    spec = made()["spec"]
    spec["os"] = {"name": "windows"}
    assert "spec.securityContext.runAsUser" in not_on_windows(spec)
    assert restricted({"containers": [{}]}) == [
        "runAsNonRoot != true",
        "allowPrivilegeEscalation != false",
        "unrestricted capabilities",
        "seccompProfile",
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_it_tolerates_the_taints_of_its_node_and_no_others(kind):
    taints = KINDS[kind]["spec"]["taints"]
    tolerated = made(kind)["spec"].get("tolerations", [])
    assert [{key: each[key] for key in ("key", "value", "effect")} for each in tolerated] == taints


def test_no_line_of_the_image_runs():
    (container,) = made()["spec"]["containers"]
    assert (container["name"], container["image"], container["imagePullPolicy"]) == (CONTAINER, IMAGE, "Always")
    assert container["command"] == ["/.acr-pull-probe/no-such-command"]
    assert "args" not in container
    spec = made()["spec"]
    assert (spec["restartPolicy"], spec["activeDeadlineSeconds"]) == ("Never", 360)
    assert container["livenessProbe"]["initialDelaySeconds"] > spec["activeDeadlineSeconds"]


def test_it_is_pinned_to_a_node_that_there_is():
    affinity = made()["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    by_name = {"key": "metadata.name", "operator": "In", "values": ["n"]}
    assert affinity == {"nodeSelectorTerms": [{"matchFields": [by_name]}]}


def test_it_pulls_as_the_workload_does():
    spec = made()["spec"]
    assert (spec["serviceAccountName"], spec["imagePullSecrets"]) == ("builder", [{"name": "regcred"}])
    assert spec["automountServiceAccountToken"] is False
    assert "imagePullSecrets" not in made(subject=ProbeSubject(IMAGE, "web", "default"))["spec"]


def test_it_says_what_it_is():
    pod = made()
    assert selector("", LABEL)(pod)
    assert selector("", PODS.label)(pod)
    assert "az aks diagnose-pull --probe" in pod["metadata"]["annotations"]["acrpulldiag/purpose"]
    assert pod["metadata"]["name"] == "acr-pull-probe-abc123-0"
    assert not [key for key in pod["metadata"]["labels"] if key.startswith("kubernetes.azure.com/")]
