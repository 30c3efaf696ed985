"""The whole of ``make smoke`` against the simulated cloud, with canaries for all that is a user's."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests import build
from tests.azure.extension import PROJECT
from tests.azure.state import Cloud
from tests.contracts.definitions import installed

pytestmark = pytest.mark.skipif(not installed(), reason="Microsoft's definitions are not installed")

CANARY = "canary"


def poison(cloud: Cloud) -> None:
    """Canaries as keys and values of tags and labels, and as an identity's name, of everything that a run reads."""
    for resource in cloud.resources.values():
        resource["tags"] = {f"{CANARY}Key": CANARY, f"{CANARY}.a/b": CANARY}
    properties = cloud.cluster["properties"]
    for pool in properties["agentPoolProfiles"]:
        pool["nodeLabels"] = {f"{CANARY}/label": CANARY}
    identity = f"/subscriptions/{CANARY}/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/i"
    cloud.cluster["identity"] = {"type": "UserAssigned", "userAssignedIdentities": {identity: {}}}


def smoke(az, file, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = az.environment()
    environment["PYTHONPATH"] = os.pathsep.join((environment["PYTHONPATH"], str(PROJECT)))
    return subprocess.run(
        [sys.executable, "-m", "scripts.smoke", *arguments, "--file", str(file)],
        env=environment, cwd=PROJECT, capture_output=True, text=True, timeout=300, stdin=subprocess.DEVNULL,
    )  # fmt: skip


def test_the_file_has_shapes_and_no_value(az, cloud, tmp_path):
    cloud.grant()
    cloud.endpoint_elsewhere()
    cloud.node()
    cloud.failing_pod(f"{cloud.login_server}/team/{CANARY}:1.2", f"{CANARY}: 401 Unauthorized")
    poison(cloud)
    az.logged_in()
    file = tmp_path / "smoke.json"
    done = smoke(az, file, "rg-app", "prod", "--acr", "contosoreg")
    assert done.returncode == 0, done.stderr
    text = file.read_text(encoding="utf-8")
    for word in (CANARY, "contoso", "rg-app", "prod", build.SUBSCRIPTION, build.TENANT, cloud.caller_object_id):
        assert word not in text
        assert word not in done.stdout
    told = json.loads(text)
    requests = [each["request"] for each in told["answers"]]
    assert sum("Microsoft.ContainerService/managedClusters/{resourceName} in" in each for each in requests) == 2
    assert "GET /api/v1/pods" in requests
    assert "POST /providers/Microsoft.ResourceGraph/resources in 2022-10-01" in requests
    by_request = {each["request"]: each["shape"] for each in told["answers"]}
    pods = by_request["GET /api/v1/pods"]["items"][0]
    assert pods["spec"]["containers"][0]["image"] == "text"
    compared = told["compared"]
    assert "Microsoft.Network/networkInterfaces kind" in compared["shown and not defined"]
    assert compared["of another type than defined"] == []
    assert (
        f"{cluster_type()} properties.securityProfile.serviceAccountImagePullProfile"
        in (compared["looked for by us and not shown"])
    )
    assert f"{cluster_type()} properties.agentPoolProfiles[].nodeLabels" in compared["shown and not simulated"]


def cluster_type() -> str:
    return "Microsoft.ContainerService/managedClusters"


def test_a_cluster_that_is_not_there_ends_in_one_sentence(az, cloud, tmp_path):
    az.logged_in()
    done = smoke(az, tmp_path / "smoke.json", "rg-app", "no-such-cluster", "--acr", "contosoreg")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "no-such-cluster" in done.stderr
    assert "no-such-cluster" not in (tmp_path / "smoke.json").read_text(encoding="utf-8")


def test_a_registry_that_cannot_be_one_ends_in_one_sentence(az, tmp_path):
    done = smoke(az, tmp_path / "smoke.json", "rg-app", "prod", "--acr", "x")
    assert done.returncode == 1
    assert done.stderr.startswith("'x' is not a registry name")
    assert not (tmp_path / "smoke.json").exists()
