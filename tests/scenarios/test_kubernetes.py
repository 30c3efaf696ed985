"""The Kubernetes API through the real ``az``: what it costs, what it keeps to itself, which arguments are refused."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from tests.azure.arm import USER_TOKEN
from tests.azure.az import Az
from tests.azure.state import Cloud
from tests.collect.kube_here import kubeconfig

from .running import assert_promises, cluster_id, run

ACR = ("--acr", "contosoreg", "--skip", "registry.health")
# The run would wait until half of its time is over.
MOST_SECONDS_FOR_NOTHING = 25


def test_a_silent_api_server_costs_seconds_only(cloud: Cloud, warm_az: Az) -> None:
    cloud.silence_api_server()
    report = run(warm_az, *ACR).report
    assert [each["outcome"] for each in report["rootCauses"]] == ["access.pull-role-missing"]
    assert report["elapsed"]["collectors"]["kubernetes"] < MOST_SECONDS_FOR_NOTHING


def test_a_stopped_cluster_is_not_connected_to(cloud: Cloud, warm_az: Az) -> None:
    cloud.stop_cluster()
    done = run(warm_az, *ACR)
    assert not [each for each in done.requests if "azmk8s" in each.request.line]
    assert "stopped" in next(each["reason"] for each in done.report["unknowns"] if each["check"] == "symptom.pods")


def test_nothing_is_asked_of_kubernetes_where_the_user_says_so(cloud: Cloud, warm_az: Az) -> None:
    done = run(warm_az, *ACR, "--cluster-access", "none")
    lines = [each.request.line for each in done.requests]
    assert not [line for line in lines if "azmk8s" in line or "listClusterUserCredential" in line]


def test_the_clusters_credential_is_nowhere_to_be_read(cloud: Cloud, az: Az) -> None:
    cloud.failing_pod()
    done = run(az, *ACR, "--debug")
    everything = done.result.out + done.result.err
    for secret in (USER_TOKEN, base64.b64encode(USER_TOKEN.encode()).decode()[:-4]):
        assert secret not in everything
    assert not done.left_behind


def test_a_cluster_with_entra_id_needs_no_kubelogin(cloud: Cloud, warm_az: Az) -> None:
    cloud.entra_cluster()
    cloud.failing_pod()
    done = run(warm_az, *ACR)
    assert [each["class"] for each in done.report["symptoms"]] == ["unauthorized-401"]
    audiences = [each.request.form.get("scope") for each in done.requests if "oauth2/v2.0/token" in each.request.line]
    assert [scope for scope in audiences if "6dae42f8" in str(scope)] == [
        "6dae42f8-4368-4678-94ff-3960e28e3630/.default"
    ]


def test_a_kubeconfig_of_the_user(cloud: Cloud, warm_az: Az, tmp_path: Path) -> None:
    cloud.failing_pod()
    path = tmp_path / "config"
    path.write_text(json.dumps(kubeconfig(cloud.cluster["properties"]["fqdn"])), encoding="utf-8")
    done = run(warm_az, *ACR, "--kubeconfig", str(path), "--context", "prod")
    assert [each["class"] for each in done.report["symptoms"]] == ["unauthorized-401"]
    assert not [each for each in done.requests if "listClusterUserCredential" in each.request.line]
    assert_promises(done)


def test_a_kubeconfig_of_another_cluster_is_not_judged(cloud: Cloud, warm_az: Az, tmp_path: Path) -> None:
    cloud.node()["metadata"]["labels"]["kubernetes.azure.com/cluster"] = "MC_rg-app_test_westeurope"
    cloud.failing_pod()
    path = tmp_path / "config"
    path.write_text(json.dumps(kubeconfig(cloud.cluster["properties"]["fqdn"])), encoding="utf-8")
    done = run(warm_az, *ACR, "--kubeconfig", str(path))
    assert (done.result.code, done.result.out) == (1, "")
    assert "another cluster" in done.result.err


def test_a_context_that_is_not_there_is_an_error(cloud: Cloud, warm_az: Az, tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text(json.dumps(kubeconfig(cloud.cluster["properties"]["fqdn"])), encoding="utf-8")
    done = run(warm_az, *ACR, "--kubeconfig", str(path), "--context", "prdo")
    assert (done.result.code, done.result.out) == (1, "")
    assert "cannot be used" in done.result.err
    assert "Traceback" not in done.result.err


def test_every_registry_of_failing_pods_gets_a_report(cloud: Cloud, warm_az: Az) -> None:
    cloud.add_registry("fabrikamreg")
    cloud.failing_pod()
    cloud.failing_pod("fabrikamreg.azurecr.io/a:1", "401 Unauthorized", name="other-0")
    done = run(warm_az, "--skip", "registry.health")
    reports = json.loads(done.result.out)
    assert [each["target"]["registry"]["given"] for each in reports] == [
        "contosoreg.azurecr.io",
        "fabrikamreg.azurecr.io",
    ]
    assert [len(each["symptoms"]) for each in reports] == [1, 1]
    assert [len(each["outOfScope"]) for each in reports] == [1, 1]
    assert [each["verdict"] for each in reports] == ["broken", "broken"]
    assert done.result.code == 4
    # Pods are read once, and each registry for itself.
    assert len([each for each in done.requests if "/api/v1/pods" in each.request.line]) == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--cluster-access", "none"), "No registry was named"),
        (("--acr", "contosoreg", "--pod", "web,status.phase=x"), "--pod"),
        (("--acr", "contosoreg", "--namespace", "Web"), "--namespace"),
        (("--acr", "contosoreg", "--kubeconfig", "/no/such/file"), "there is no file"),
        (("--acr", "contosoreg", "--context", "x", "--cluster-access", "none"), "no effect"),
        (("--acr", "contosoreg", "--context", "x", "--cluster-access", "command-invoke"), "no effect"),
        (("--acr", "contosoreg", "--pull-secret", "x", "--cluster-access", "command-invoke"), "no Secret is read"),
    ],
)
def test_arguments_that_are_refused(cloud: Cloud, warm_az: Az, arguments: tuple[str, ...], words: str) -> None:
    done = run(warm_az, *arguments)
    assert done.result.code == 1
    assert done.result.out == ""
    assert words in done.result.err
    assert "Traceback" not in done.result.err


def test_no_registry_and_an_api_server_that_refuses_names_the_right(cloud: Cloud, warm_az: Az) -> None:
    cloud.forbid_in_cluster("list pods")
    done = run(warm_az)
    assert_promises(done)
    assert (done.report["verdict"], done.result.code) == ("inconclusive", 5)
    assert done.report["target"]["registry"] is None
    assert "list pods (Kubernetes RBAC" in done.report["summary"]


def test_no_registry_and_nothing_that_fails_is_one_report(cloud: Cloud, warm_az: Az) -> None:
    cloud.node()
    done = run(warm_az)
    assert_promises(done)
    assert (done.report["verdict"], done.result.code) == ("healthy", 0)
    assert done.report["target"]["registry"] is None
    assert done.report["summary"] == "No pod of prod fails to pull from a container registry of Azure."
    assert not [each for each in done.requests if "/registries/" in each.request.line]


def test_no_registry_and_pods_that_fail_elsewhere_is_one_report(cloud: Cloud, warm_az: Az) -> None:
    cloud.node()
    cloud.failing_pod("quay.io/team/app:1", "401 Unauthorized")
    done = run(warm_az)
    assert_promises(done)
    assert (done.report["verdict"], len(done.report["outOfScope"])) == ("healthy", 1)
    assert done.report["summary"] == (
        "No pod of prod fails to pull from a container registry of Azure. "
        "1 pod fails to pull from quay.io (unauthorized-401), which is not judged here."
    )


def test_no_registry_and_an_image_without_a_host_says_what_to_give(cloud: Cloud, warm_az: Az) -> None:
    cloud.node()
    cloud.failing_pod("shop/web:v1", "pull access denied, repository does not exist or may require authorization")
    done = run(warm_az)
    assert_promises(done)
    assert done.report["target"]["registry"] is None
    assert done.report["summary"].endswith(
        "1 pod fails to pull from docker.io (unauthorized-401), which is not judged here. An image without a host, "
        "such as shop/web:v1, is one of docker.io; with --acr a registry is asked for it."
    )
    assert [(each["host"], each["class"]) for each in done.report["outOfScopeGroups"]] == [
        ("docker.io", "unauthorized-401")
    ]


def test_no_registry_and_a_stopped_cluster_is_broken(cloud: Cloud, warm_az: Az) -> None:
    cloud.stop_cluster()
    done = run(warm_az)
    assert_promises(done)
    assert [each["outcome"] for each in done.report["rootCauses"]] == ["cluster.stopped"]
    assert done.result.code == 4


def test_of_several_clusters_one_where_nothing_fails_is_healthy(cloud: Cloud, warm_az: Az) -> None:
    cloud.node()
    done = run(warm_az, "--ids", cluster_id(), cluster_id("gone"), command=("aks", "diagnose-pull"))
    assert sorted(each["verdict"] for each in json.loads(done.result.out)) == ["healthy", "inconclusive"]
    assert done.result.code == 5


def test_a_missing_cluster_is_not_found_without_a_registry_too(cloud: Cloud, warm_az: Az) -> None:
    done = run(warm_az, command=("aks", "diagnose-pull", "-g", "rg-app", "-n", "prdo"))
    assert done.result.code == 3
    assert "prod" in done.result.err
