"""The pods of a probe, held against Kubernetes' own definitions and rules."""

import pytest

from azext_acrpulldiag.facts.probe import ProbeSubject
from azext_acrpulldiag.probe.plan import host_from
from azext_acrpulldiag.probe.pod import CONTAINER, LABEL, Pods, body_of
from tests.azure.kubernetes_state import selector
from tests.azure.pod_security import APP_ARMOR, not_on_windows, restricted
from tests.contracts import schemas
from tests.contracts.compare import of_type
from tests.contracts.kubernetes import models
from tests.probe.nodes import IMAGE, SPOT, SYSTEM, arm64, node, provisioned, windows

CUSTOM = {"key": "sku", "value": "gpu", "effect": "NoExecute"}
KINDS = {
    "linux": node("n"),
    "windows": windows("n"),
    "windows-tainted": windows("n", SPOT, CUSTOM),
    "system": node("n", "sys", SYSTEM),
    "spot": node("n", "spot", SPOT),
    "tainted": node("n", "gpu", CUSTOM, SPOT),
    "arm64": arm64("n"),
    "arm64-spot": arm64("n", SPOT),
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


@pytest.mark.parametrize("version", schemas.versions() or ["none"])
def test_the_schema_of_every_version_of_kubernetes_takes_it(version):
    """Of AKS's oldest under long-term support and of its newest preview alike."""
    if version == "none":
        pytest.skip("Kubernetes' schemas are not there: make setup-contracts")
    said = {kind: schemas.complaints(version, "io.k8s.api.core.v1.Pod", made(kind)) for kind in KINDS}
    assert not any(said.values()), said
    wrong = made()
    wrong["spec"]["restartPolice"] = "Never"
    wrong["spec"]["containers"][0]["livenessProbe"]["periodSeconds"] = "often"
    said = schemas.complaints(version, "io.k8s.api.core.v1.Pod", wrong)
    assert sorted(each.partition(":")[0] for each in said) == [
        "$.spec",
        "$.spec.containers[0].livenessProbe.periodSeconds",
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_it_meets_pod_security_restricted(kind):
    pod = made(kind)
    assert (restricted(pod), not_on_windows(pod["spec"])) == ([], [])
    assert (pod["spec"]["os"]["name"] == "windows") == kind.startswith("windows")


def changed(where, value):
    """A probe's pod with one member of another value; where a number is, it is the container's."""
    pod = made()
    *path, last = where.split(".")
    found = pod
    for each in path:
        found = found[int(each)] if each.isdecimal() else found.setdefault(each, {})
    found[last] = value
    return pod


CONTAINER_CONTEXT = "spec.containers.0.securityContext"
BOTH = ("spec.securityContext", CONTAINER_CONTEXT)
ELSEWHERE = {"host": "169.254.169.254", "port": 80}


@pytest.mark.parametrize(
    ("where", "value", "said"),
    [
        *((f"spec.{each}", True, "host namespaces") for each in ("hostNetwork", "hostPID", "hostIPC")),
        ("spec.securityContext.windowsOptions", {"hostProcess": True}, "hostProcess"),
        (f"{CONTAINER_CONTEXT}.windowsOptions", {"hostProcess": True}, "hostProcess"),
        (f"{CONTAINER_CONTEXT}.privileged", True, "privileged"),
        (f"{CONTAINER_CONTEXT}.capabilities", {"drop": ["ALL"], "add": ["CHOWN"]}, "unrestricted capabilities"),
        (f"{CONTAINER_CONTEXT}.capabilities", {"drop": ["NET_RAW"]}, "unrestricted capabilities"),
        ("spec.volumes", [{"name": "v", "hostPath": {"path": "/"}}], "restricted volume types"),
        ("spec.containers.0.ports", [{"containerPort": 80, "hostPort": 80}], "hostPort"),
        ("spec.containers.0.livenessProbe.httpGet", ELSEWHERE, "probe or lifecycle host"),
        ("spec.containers.0.lifecycle.preStop.tcpSocket", ELSEWHERE, "probe or lifecycle host"),
        ("metadata.annotations", {f"{APP_ARMOR}pull": "unconfined"}, "forbidden AppArmor profile"),
        *((f"{each}.appArmorProfile", {"type": "Unconfined"}, "forbidden AppArmor profile") for each in BOTH),
        *((f"{each}.seLinuxOptions", {"type": "spc_t"}, "seLinuxOptions") for each in BOTH),
        *((f"{each}.seLinuxOptions", {"user": "root"}, "seLinuxOptions") for each in BOTH),
        (f"{CONTAINER_CONTEXT}.procMount", "Unmasked", "procMount"),
        ("spec.securityContext.sysctls", [{"name": "kernel.msgmax", "value": "1"}], "forbidden sysctls"),
        *((f"{each}.seccompProfile", {"type": "Unconfined"}, "seccompProfile") for each in BOTH),
        ("spec.securityContext.seccompProfile", None, "seccompProfile"),
        (f"{CONTAINER_CONTEXT}.allowPrivilegeEscalation", None, "allowPrivilegeEscalation != false"),
        *((f"{each}.runAsNonRoot", False, "runAsNonRoot != true") for each in BOTH),
        *((f"{each}.runAsUser", 0, "runAsUser=0") for each in BOTH),
    ],
)
def test_a_pod_that_does_not_meet_it_would_be_told(where, value, said):
    assert set(restricted(changed(where, value))) == {said}


def test_what_a_windows_pod_must_not_have_would_be_told():
    spec = made()["spec"]
    spec["os"] = {"name": "windows"}
    assert "spec.securityContext.runAsUser" in not_on_windows(spec)


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
