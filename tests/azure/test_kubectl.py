"""The real ``kubectl`` changes what the simulated API server has, and is refused what a real one refuses."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.azure import secrets as make
from tests.azure.server import Server
from tests.azure.state import Cloud
from tests.collect.kube_here import kubeconfig

pytestmark = pytest.mark.skipif(shutil.which("kubectl") is None, reason="needs kubectl")

CREDENTIAL = "--docker-server=contosoreg.azurecr.io --docker-username=me --docker-password=new"
CREATE = f"kubectl create secret docker-registry {{}} --namespace team {CREDENTIAL}"
WRITE = f"{CREATE} --dry-run=client -o yaml | kubectl apply --server-side --force-conflicts --namespace team -f -"

Shell = Callable[[str], "subprocess.CompletedProcess[str]"]


@pytest.fixture
def shell(simulated_azure: Server, cloud: Cloud, tmp_path: Path) -> Shell:
    """A shell whose kubectl asks the simulated cluster."""
    file = tmp_path / "kubeconfig"
    file.write_text(json.dumps(kubeconfig(cloud.cluster["properties"]["fqdn"])))
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "KUBECONFIG": str(file)}
    environment["HTTPS_PROXY"] = simulated_azure.proxy

    def run(command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-c", f"set -o pipefail; {command}"],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


def entry(cloud: Cloud, name: str) -> Any:
    content = cloud.api.objects["secrets", "team", name]["data"][".dockerconfigjson"]
    return json.loads(base64.b64decode(content))["auths"]["contosoreg.azurecr.io"]


def pods(cloud: Cloud) -> list[Any]:
    return cloud.api.select("pods", "team")


def test_a_secret_is_written_over_and_owned(cloud: Cloud, shell: Shell) -> None:
    make.pull_secret(cloud, "me", "old")
    done = shell(WRITE.format("regcred"))
    assert (done.returncode, done.stdout) == (0, "secret/regcred serverside-applied\n"), done.stderr
    assert entry(cloud, "regcred")["password"] == "new"
    kept = cloud.api.objects["secrets", "team", "regcred"]["metadata"]
    # Nobody finds the password in an annotation.
    assert "annotations" not in kept
    assert [each["manager"] for each in kept["managedFields"]] == ["before-first-apply", "kubectl"]


def test_a_conflict_is_refused_without_force(cloud: Cloud, shell: Shell) -> None:
    make.pull_secret(cloud, "me", "old")
    done = shell(WRITE.format("regcred").replace(" --force-conflicts", ""))
    assert done.returncode != 0
    assert 'conflict with "before-first-apply" using v1: .data..dockerconfigjson' in done.stderr
    assert entry(cloud, "regcred")["password"] == "old"


def test_a_secret_is_made_by_apply_and_by_create(cloud: Cloud, shell: Shell) -> None:
    assert shell(WRITE.format("one")).returncode == 0
    created = shell(CREATE.format("two"))
    assert (created.returncode, created.stdout) == (0, "secret/two created\n"), created.stderr
    assert entry(cloud, "one") == entry(cloud, "two")
    again = shell(CREATE.format("two"))
    assert again.returncode != 0
    assert 'secrets "two" already exists' in again.stderr


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"immutable": True}, "data: Forbidden: field is immutable when `immutable` is set"),
        ({"type": "Opaque"}, 'type: Invalid value: "kubernetes.io/dockerconfigjson": field is immutable'),
    ],
)
def test_what_cannot_be_changed_is_refused(cloud: Cloud, shell: Shell, changes: dict[str, Any], said: str) -> None:
    make.pull_secret(cloud, "me", "old")
    cloud.api.objects["secrets", "team", "regcred"] |= changes
    done = shell(WRITE.format("regcred"))
    assert done.returncode != 0
    assert done.stderr == f'The Secret "regcred" is invalid: {said}\n'
    assert entry(cloud, "regcred")["password"] == "old"


def test_a_secret_wants_the_content_of_its_type(cloud: Cloud, shell: Shell) -> None:
    make.pull_secret(cloud, "me", "old")
    patch = json.dumps({"data": {".dockerconfigjson": base64.b64encode(b"{").decode()}})
    done = shell(f"kubectl patch secret regcred --namespace team --type merge --patch '{patch}'")
    assert done.returncode != 0
    assert "data[.dockerconfigjson]: Invalid value" in done.stderr


def test_a_workload_whose_template_changes_gets_new_pods(cloud: Cloud, shell: Shell) -> None:
    make.failing_pod(cloud)
    patch = '{"spec":{"template":{"spec":{"imagePullSecrets":[{"name":"regcred"},{"name":"regcred-acr"}]}}}}'
    done = shell(f"kubectl patch deployment/web --namespace team --type strategic --patch '{patch}'")
    assert (done.returncode, done.stdout) == (0, "deployment.apps/web patched\n"), done.stderr
    (pod,) = pods(cloud)
    assert pod["spec"]["imagePullSecrets"] == [{"name": "regcred"}, {"name": "regcred-acr"}]
    assert pod["metadata"]["name"] != "web-1"
    assert pod["metadata"]["ownerReferences"][0]["name"].startswith("web-")
    unchanged = shell(f"kubectl patch deployment/web --namespace team --type strategic --patch '{patch}'")
    assert "(no change)" in unchanged.stdout
    assert pods(cloud) == [pod]


def test_a_restart_gives_pods_what_their_account_has_by_now(cloud: Cloud, shell: Shell) -> None:
    make.failing_pod(cloud, secrets=())
    make.service_account(cloud, ["regcred"])
    addition = '[{"op":"add","path":"/imagePullSecrets/-","value":{"name":"regcred-acr"}}]'
    done = shell(f"kubectl patch serviceaccount/default --namespace team --type json --patch '{addition}'")
    assert done.returncode == 0, done.stderr
    assert pods(cloud)[0]["spec"]["imagePullSecrets"] == []
    assert shell("kubectl rollout restart deployment/web --namespace team").returncode == 0
    assert pods(cloud)[0]["spec"]["imagePullSecrets"] == [{"name": "regcred"}, {"name": "regcred-acr"}]


def test_an_image_is_set_at_a_workload_and_at_a_bare_pod(cloud: Cloud, shell: Shell) -> None:
    make.failing_pod(cloud)
    make.failing_pod(cloud, name="bare")
    cloud.api.objects["pods", "team", "bare"]["metadata"]["ownerReferences"] = []
    for what in ("deployment/web", "pod/bare"):
        done = shell(f"kubectl set image {what} app=contosoreg.azurecr.io/team/app:9 --namespace team")
        assert done.returncode == 0, done.stderr
    assert {each["spec"]["containers"][0]["image"] for each in pods(cloud)} == {"contosoreg.azurecr.io/team/app:9"}
    assert ("pods", "team", "bare") in cloud.api.objects
    moved = shell('kubectl patch pod bare --namespace team --type merge --patch \'{"spec":{"nodeName":"other"}}\'')
    assert "pod updates may not change fields other than" in moved.stderr


@pytest.mark.parametrize(("kind", "keeps_names"), [("DaemonSet", False), ("StatefulSet", True)])
def test_every_kind_of_workload_gets_new_pods(cloud: Cloud, shell: Shell, kind: str, keeps_names: bool) -> None:
    for name in ("web-0", "web-1"):
        pod = make.running_pod(cloud, name)
        pod["metadata"]["ownerReferences"] = [{"apiVersion": "apps/v1", "kind": kind, "name": "web", "uid": "1"}]
    done = shell(f"kubectl set image {kind.lower()}/web app=contosoreg.azurecr.io/team/app:9 --namespace team")
    assert done.returncode == 0, done.stderr
    assert ({each["metadata"]["name"] for each in pods(cloud)} == {"web-0", "web-1"}) is keeps_names
    for each in pods(cloud):
        (status,) = each["status"]["containerStatuses"]
        # They have not pulled yet, whatever the pods before them had.
        assert (each["status"]["phase"], status["state"]) == ("Pending", {"waiting": {"reason": "ContainerCreating"}})
        assert status["image"] == "contosoreg.azurecr.io/team/app:9"
        assert each["metadata"]["ownerReferences"][0]["kind"] == kind


def test_pods_land_where_their_template_says(cloud: Cloud, shell: Shell) -> None:
    cloud.node()
    cloud.node("aks-arm-1", "arm", **{"kubernetes.io/arch": "arm64"})
    make.failing_pod(cloud)
    patch = '{"spec":{"template":{"spec":{"nodeSelector":{"kubernetes.io/arch":"arm64"}}}}}'
    assert shell(f"kubectl patch deployment web --namespace team --patch '{patch}'").returncode == 0
    assert pods(cloud)[0]["spec"]["nodeName"] == "aks-arm-1"
    assert shell(f"kubectl patch deployment web --namespace team --patch '{patch.replace('arm64', 's390x')}'").stdout
    assert "nodeName" not in pods(cloud)[0]["spec"]


def test_what_is_not_there_or_not_allowed_is_said(cloud: Cloud, shell: Shell) -> None:
    make.failing_pod(cloud)
    missing = shell("kubectl rollout restart deployment/api --namespace team")
    assert 'deployments.apps "api" not found' in missing.stderr
    cloud.forbid_in_cluster("patch deployments", "create secrets")
    refused = shell("kubectl rollout restart deployment/web --namespace team")
    assert 'cannot patch resource "deployments"' in refused.stderr
    assert "cannot create resource" in shell(CREATE.format("regcred")).stderr
    assert [each["metadata"]["name"] for each in pods(cloud)] == ["web-1"]


def test_what_is_described_is_what_is_there(cloud: Cloud, shell: Shell) -> None:
    cloud.node()
    make.failing_pod(cloud)
    for what in ("pod web-1 --namespace team", "deployment/web --namespace team", "node aks-pool1-87752918-vmss000000"):
        done = shell(f"kubectl describe {what}")
        assert done.returncode == 0, done.stderr
