"""The real ``az aks check-acr``, with the real kubectl, against the simulated Kubernetes API."""

import base64
import json
import os
import shutil
import signal
import subprocess
import time

import pytest

from azext_acrpulldiag.collect.ask.deadline import Deadline
from azext_acrpulldiag.collect.az import check_acr
from azext_acrpulldiag.facts import Unreadable
from azext_acrpulldiag.targets import ClusterTarget
from tests import build
from tests.azure import arm
from tests.azure.kubernetes import Canipull, Kubernetes
from tests.azure.messages import answer as json_answer
from tests.collect import in_az

HOST = "contosoreg.azurecr.io"
TIME = "[2026-11-22T12:00:00Z] "
RESOLVED = f"{TIME}Checking host name resolution ({HOST}): SUCCEEDED\n"
IDENTITY = f"{TIME}Validating managed identity existance: SUCCEEDED\n"
PULLS = (
    RESOLVED
    + IDENTITY
    + f"{TIME}Validating image pull permission: SUCCEEDED\n{TIME}\nYour cluster can pull images from {HOST}!\n"
)
REFUSED = (
    RESOLVED
    + IDENTITY
    + f"{TIME}Validating image pull permission: FAILED\n{TIME}ACR {HOST} rejected token exchange: ACR token exchange "
    "endpoint returned error status: 401. body: \n"
)
SCRIPT = f"""
cluster = ClusterTarget("{build.SUBSCRIPTION}", "rg-app", "prod")
result = check_acr.run_check_acr(cluster, "{HOST}", Deadline({{seconds}}))
"""

# Seconds for az and kubectl to come to the point where they wait, on a busy machine too.
ENOUGH_TO_START = 12

needs_kubectl = pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")


@pytest.fixture
def run(az, cloud, tmp_path):
    """Give the cluster an API server, run check-acr, and see that nothing is left of it."""

    def against(api, seconds=60, **changes):
        cloud.kubernetes = api
        collected = in_az.collect(az, tmp_path, SCRIPT.format(seconds=seconds), **changes)
        assert (collected.out, collected.err) == ("", "")
        assert [key for key in api.objects if key[2].startswith("canipull-")] == []
        return collected.answer

    return against


@needs_kubectl
def test_a_cluster_that_may_pull(run):
    answer = run(Kubernetes(canipull=Canipull(log=PULLS)))
    assert (answer["type"], answer["exit_code"], answer["failed_step"]) == ("CheckAcrReport", 0, None)
    assert len(answer["steps"]) == 3


@needs_kubectl
@pytest.mark.parametrize("warnings", [(), ("[azurepolicy-x] Container <canipull> has no <livenessProbe>",)])
def test_a_refused_exchange_is_read_from_the_text_as_kubectl_loses_the_code(run, warnings):
    answer = run(Kubernetes(canipull=Canipull(log=REFUSED, exit_code=60, phase="Failed"), warnings=warnings))
    assert (answer["exit_code"], answer["refused_status"]) == (60, 401)
    assert answer["failed_step"] == "Validating image pull permission"


@needs_kubectl
def test_an_attach_that_fails_falls_back_to_the_log(run):
    answer = run(Kubernetes(canipull=Canipull(log=PULLS, phase="Running", attach="refused")))
    assert answer["exit_code"] == 0


@needs_kubectl
@pytest.mark.parametrize(
    ("api", "reason", "said"),
    [
        (Kubernetes(git_version="v1.30.100-akslts", minor="30"), "unsupported", "100-akslts"),
        (Kubernetes(git_version="v1.17.3", minor="17+"), "unsupported", "17+"),
        (Kubernetes(tokens=set()), "not-logged-in", "refused the login"),
        (Kubernetes(denied_by='"validation.gatekeeper.sh" denied the request: no'), "forbidden", "denies its pod"),
        (Kubernetes(forbidden={("create", "pods")}), "forbidden", "no permission to create a pod"),
        (Kubernetes(canipull=Canipull(log=RESOLVED)), "malformed", "no result"),
    ],
)
def test_what_keeps_it_from_an_answer_is_unknown(run, api, reason, said):
    answer = run(api)
    assert (answer["type"], answer["reason"]) == ("Unreadable", reason)
    assert said in answer["detail"]


@needs_kubectl
@pytest.mark.parametrize("pod", [Canipull(phase="Pending"), Canipull(phase="Running", attach="silent")])
def test_a_pod_that_does_not_end_is_deleted_at_the_deadline(run, pod):
    api = Kubernetes(canipull=pod)
    began = time.monotonic()
    answer = run(api, seconds=check_acr.CLEAN_UP_SECONDS + ENOUGH_TO_START)
    assert time.monotonic() - began < 120
    assert (answer["reason"], "pod did not complete" in answer["detail"]) == ("timeout", True)
    assert [plural for plural, _, name in api.deleted if name.startswith("canipull-")] == ["pods"]


@needs_kubectl
def test_an_api_server_that_never_answers_is_named(run, cloud):
    cloud.fault("GET prod-dns-.*/version", "timeout")
    answer = run(Kubernetes(), seconds=check_acr.CLEAN_UP_SECONDS + ENOUGH_TO_START)
    assert (answer["reason"], "authorized IP ranges" in answer["detail"]) == ("unreachable", True)


@needs_kubectl
def test_ctrl_c_leaves_neither_folder_nor_child_nor_pod(az, cloud, tmp_path):
    cloud.kubernetes = api = Kubernetes(canipull=Canipull(phase="Pending"))
    command = in_az.command(SCRIPT.format(seconds=200), tmp_path / "answer.json")
    process = subprocess.Popen(command, env=in_az.environment(az, tmp_path), stderr=subprocess.PIPE, text=True)
    end = time.monotonic() + 60
    while not api.objects and time.monotonic() < end:
        time.sleep(0.1)
    time.sleep(2 * check_acr.LOOK_SECONDS)
    os.kill(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=120)
    assert err.rstrip().endswith("KeyboardInterrupt")
    in_az.assert_nothing_left(az, tmp_path)
    assert api.objects == {}


KUBELOGIN = """#!/bin/sh
if [ "$1" = convert-kubeconfig ]; then
    test ! -f "$KUBECONFIG" || echo converted > "$KUBECONFIG"
elif [ "$AAD_LOGIN_METHOD" = azurecli ]; then
    echo '{"kind": "ExecCredential", "apiVersion": "client.authentication.k8s.io/v1beta1",'
    echo '"status": {"token": "entra"}}'
else
    echo "To sign in, use a web browser to open the page https://microsoft.com/devicelogin" >&2
    exec sleep 60
fi
"""


@pytest.fixture
def entra(monkeypatch, tmp_path):
    """The cluster's kubeconfig asks kubelogin for a device-code login; answers a folder for programs."""
    original = arm._user_credential
    arguments = ["get-token", "--login", "devicecode", "--server-id", "6dae42f8-4368-4678-94ff-3960e28e3630"]
    login = {"apiVersion": "client.authentication.k8s.io/v1beta1", "command": "kubelogin", "args": arguments}

    def credential(cloud, cluster):
        (entry,) = json.loads(original(cloud, cluster).body)["kubeconfigs"]
        config = json.loads(base64.b64decode(entry["value"]))
        config["users"][0]["user"] = {"exec": login}
        return json_answer(
            {"kubeconfigs": [{**entry, "value": base64.b64encode(json.dumps(config).encode()).decode()}]}
        )

    monkeypatch.setattr(arm, "_user_credential", credential)
    programs = tmp_path / "programs"
    programs.mkdir()
    return programs


@needs_kubectl
def test_a_cluster_with_entra_id_uses_the_login_of_az_and_leaves_the_user_s_kubeconfig(run, entra, tmp_path):
    (entra / "kubelogin").write_text(KUBELOGIN)
    (entra / "kubelogin").chmod(0o755)
    mine = tmp_path / "mine"
    mine.write_text("my own")
    path = f"{entra}{os.pathsep}{os.environ['PATH']}"
    answer = run(Kubernetes(tokens={"entra"}, canipull=Canipull(log=PULLS)), PATH=path, KUBECONFIG=str(mine))
    assert (answer["type"], answer.get("exit_code")) == ("CheckAcrReport", 0), answer
    assert mine.read_text() == "my own"


@needs_kubectl
@pytest.mark.skipif(shutil.which("kubelogin") is not None, reason="kubelogin is installed")
def test_a_cluster_with_entra_id_and_no_kubelogin_is_unknown(run, entra):
    answer = run(Kubernetes(tokens={"entra"}))
    assert (answer["reason"], "az aks install-cli" in answer["detail"]) == ("unsupported", True), answer


@needs_kubectl
def test_a_sign_in_in_a_browser_is_not_waited_for_beyond_the_deadline(run, entra):
    (entra / "kubelogin").write_text(KUBELOGIN)
    (entra / "kubelogin").chmod(0o755)
    path = f"{entra}{os.pathsep}{os.environ['PATH']}"
    seconds = check_acr.CLEAN_UP_SECONDS + ENOUGH_TO_START
    answer = run(Kubernetes(tokens={"entra"}), seconds=seconds, PATH=path, AAD_LOGIN_METHOD="devicecode")
    assert (answer["reason"], "browser" in answer["detail"]) == ("not-logged-in", True), answer


def test_without_kubectl_the_way_out_is_named(monkeypatch):
    monkeypatch.setenv("PATH", "/nonexistent")
    answer = check_acr.run_check_acr(ClusterTarget(build.SUBSCRIPTION, "rg-app", "prod"), HOST, Deadline(10))
    assert isinstance(answer, Unreadable)
    assert (answer.reason, "az aks install-cli" in answer.detail) == ("unsupported", True)


def test_the_private_folder_is_only_ours_and_goes_with_all_in_it(tmp_path, monkeypatch):
    unsafe = tmp_path / "a b;c"
    unsafe.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(unsafe))
    with check_acr.private_folder() as folder:
        (folder / "kubeconfig").write_text(json.dumps({"token": "x"}))
        assert folder.stat().st_mode & 0o777 == 0o700
        assert ";" not in str(folder)
        environment = check_acr.child_environment(folder)
        assert {environment[name] for name in ("TMPDIR", "TEMP", "TMP")} == {str(folder)}
    assert not folder.exists()
