"""Promises that no single story shows: secrets, commands, the end of a run."""

from __future__ import annotations

import base64
import re
import shutil
import signal
import time
from pathlib import Path

import pytest

from azext_acrpulldiag.collect.az.check_acr import LOOK_SECONDS
from tests import build
from tests.azure.az import Az
from tests.azure.kubernetes_state import Canipull, Kubernetes
from tests.azure.state import Cloud
from tests.collect.in_az import processes_of

from .remedies import objection
from .running import CLUSTER, Run, assert_clean, run
from .test_bad_input import forget_tokens

REGISTRY = ("--acr", "contosoreg")


# --- secrets ---------------------------------------------------------------------------


@pytest.mark.parametrize("by_service_principal", [False, True])
def test_no_secret_is_told_logged_or_left(az: Az, cloud: Cloud, by_service_principal: bool) -> None:
    if by_service_principal:
        cloud.service_principal_cluster()
        cloud.grant(build.SP_OBJECT_ID)
    az.logged_in()
    forget_tokens(az)
    done = run(az, *REGISTRY, "--debug")
    said = done.result.out + done.result.err
    assert "Request URL" in said, "nothing was logged, so nothing is shown by this"
    secrets = {cloud.caller_secret, *cloud.data_plane().admin_passwords}
    tokens = {entry.request.bearer for entry in done.requests if entry.request.bearer}
    assert tokens
    for secret in secrets | tokens:
        assert secret not in said
        assert base64.b64encode(secret.encode()).decode() not in said
    assert not done.left_behind


# --- commands --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "accepted"),
    [
        ("az aks update -n prod -g rg-app --attach-acr contosoreg", True),
        ("az role assignment create --assignee-object-id x --assignee-principal-type ServicePrincipal "
         "--role 'AcrPull' --scope /subscriptions/s", True),
        ("az aks update -n prod -g rg-app --no-such-option x", False),
        ("az aks no-such-command -n prod", False),
        ("az aks update --attach-acr contosoreg", False),
        ("az network private-dns link vnet create -g g -z z -n n -v v", False),
        ("az identity show --ids /subscriptions/s/resourceGroups/g/providers/M.I/userAssignedIdentities/n", True),
        ("kubectl --kubeconfig ./prod.kubeconfig get pods", True),
        ("kubectl get pods", False),
        ("rm -rf /", False),
    ],
)  # fmt: skip
def test_the_parser_of_commands_can_tell_good_from_bad(command: str, accepted: bool) -> None:
    pytest.importorskip("azure.cli", reason="azure-cli is not installed for this Python")
    assert (objection(command) is None) == accepted


# --- the end of a run ------------------------------------------------------------------


def test_ctrl_c_leaves_neither_child_nor_file(az: Az, cloud: Cloud) -> None:
    az.logged_in()
    temporary = az.folder / "tmp"
    temporary.mkdir()
    cloud.fault("/registries/contosoreg/providers/Microsoft.Authorization", "timeout")
    process = az.start(*CLUSTER, *REGISTRY, "--timeout", "600", env={"TMPDIR": str(temporary)})
    _wait_until(lambda: any("/roleAssignments?" in entry.request.line for entry in cloud.log))
    process.send_signal(signal.SIGINT)
    out, said = process.communicate(timeout=60)
    assert out == ""
    assert process.returncode in (1, 130)
    assert "Traceback" not in said
    assert list(temporary.rglob("*")) == []
    _wait_until(lambda: not list(processes_of(az)))


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="needs kubectl")
def test_an_interrupted_check_acr_leaves_neither_pod_nor_folder_nor_child(az: Az, cloud: Cloud, tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    cloud.grant()
    cloud.kubernetes = Kubernetes(canipull=Canipull(phase="Pending"))
    az.logged_in()
    process = az.start(*CLUSTER, *REGISTRY, "--check-acr", "--yes", "--timeout", "600", env={"TMPDIR": str(temporary)})
    _wait_until(lambda: any(name.startswith("canipull-") for _, _, name in cloud.kubernetes.objects))
    time.sleep(2 * LOOK_SECONDS)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode in (1, 130)
    assert "Traceback" not in said
    assert list(temporary.rglob("*")) == []
    assert not any(name.startswith("canipull-") for _, _, name in cloud.kubernetes.objects)
    _wait_until(lambda: not list(processes_of(az)))


@pytest.mark.parametrize("kind", ["timeout", "drip"])
def test_no_host_can_hold_a_run_beyond_its_time(az: Az, cloud: Cloud, kind: str) -> None:
    az.logged_in()
    forget_tokens(az)
    for host in (r"login\.microsoftonline\.com/.*/token", r"contosoreg\.azurecr\.io"):
        cloud.faults.active.clear()
        cloud.fault(host, kind)
        began = time.monotonic()
        done = run(az, *REGISTRY, "--timeout", "4")
        assert time.monotonic() - began < 4 + 60
        assert_clean(done)
        assert done.report["unknowns"]
        _wait_until(lambda: not list(processes_of(az)))


_OF_PYTHON = re.compile(r"internal error|It needs |\b(Type|Attribute|Key|Index)Error\b", re.IGNORECASE)


def _without_login(az: Az, cloud: Cloud, kind: str) -> Run:
    az.logged_in()
    forget_tokens(az)
    cloud.fault(r"login\.microsoftonline\.com/.*/token", kind)
    done = run(az, *REGISTRY, "--timeout", "8")
    assert_clean(done)
    return done


@pytest.mark.parametrize("kind", ["401", "403", "html", "reset", "truncated", "mistyped", "nulls", "list"])
def test_without_a_login_there_is_an_error_of_azs_and_no_report(az: Az, cloud: Cloud, kind: str) -> None:
    done = _without_login(az, cloud, kind)
    assert (done.result.code, done.result.out) == (1, "")
    assert "\nERROR: " in f"\n{done.result.err}"
    assert not _OF_PYTHON.search(done.result.err), done.result.err


def test_a_login_service_that_is_down_is_an_unknown(az: Az, cloud: Cloud) -> None:
    done = _without_login(az, cloud, "503")
    assert (done.result.code, done.report["verdict"]) == (5, "inconclusive")
    assert not [each for each in done.report["unknowns"] if _OF_PYTHON.search(each["reason"])]


def _wait_until(what: object, seconds: float = 60.0) -> None:
    assert callable(what)
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.05)
