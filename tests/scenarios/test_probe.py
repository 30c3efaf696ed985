"""Probes through the real ``az``: who agrees, Ctrl-C, and what the command prints."""

from __future__ import annotations

import signal
import time

import pytest

from azext_acrpulldiag.probe.deletion import INTERRUPTED_SECONDS
from tests.azure.az import Az
from tests.azure.kubernetes_state import Pulling
from tests.azure.state import Cloud
from tests.probe.probing import pods

from .probe_stories import FULL, IMAGE, POOL2, two_pools
from .running import CLUSTER, assert_clean, run
from .test_interrupts import wait_until

ASKED = ("--image", IMAGE, "--probe")
PROBE = (*ASKED, "--yes")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (ASKED, "Add --yes"),
        ((*PROBE, "--cluster-access", "none"), "--cluster-access none does not ask it"),
        ((*PROBE, "--only", "access"), "leave its check out"),
    ],
)
def test_a_probe_that_cannot_be_is_a_usage_error(az: Az, arguments: tuple[str, ...], said: str) -> None:
    done = run(az, *arguments)
    assert (done.result.code in (1, 2), done.result.out, done.requests) == (True, "", ())
    assert said in done.result.err


def test_a_namespace_that_does_not_exist_is_told_and_no_pod_is_made(warm_az: Az, cloud: Cloud) -> None:
    two_pools(cloud)
    done = run(warm_az, *PROBE, "--namespace", "nowhere")
    assert_clean(done)
    assert (done.report["verdict"], done.result.code) == ("inconclusive", 5)
    assert "The probe was not run: No pod was started: there is no namespace nowhere." in done.report["summary"]
    assert done.report["probe"]["notRun"] == "No pod was started: there is no namespace nowhere."
    assert cloud.api.deleted == []


def test_a_stopped_cluster_is_asked_for_nothing(warm_az: Az, cloud: Cloud) -> None:
    two_pools(cloud)
    cloud.cluster["properties"]["powerState"] = {"code": "Stopped"}
    done = run(warm_az, *PROBE)
    assert_clean(done)
    assert [each["outcome"] for each in done.report["rootCauses"]] == ["cluster.stopped"]
    assert "The cluster is stopped" in done.report["probe"]["notRun"]
    assert not [each for each in done.requests if each.method == "POST" and each.path.endswith("/pods")]


def test_the_report_and_the_table_say_which_pools_can(warm_az: Az, cloud: Cloud) -> None:
    two_pools(cloud)
    cloud.api.pulling["pool2"] = Pulling(message=FULL)
    done = run(warm_az, *PROBE)
    told = done.report["probe"]
    assert (told["image"], told["namespace"], told["serviceAccount"], told["podsLeft"]) == (
        IMAGE,
        "default",
        "default",
        [],
    )
    first, second = told["pools"]
    assert (first["pool"], first["result"], first["milliseconds"], first["sizeBytes"]) == (
        "pool1",
        "pulled",
        200,
        29112312,
    )
    assert (second["node"], second["result"], "no space left" in second["message"]) == (POOL2, "failed", True)
    (passed,) = [each for each in done.findings("pass") if each["check"] == "probe.pull"]
    assert passed["seenFrom"] == "node"
    table = run(warm_az, *PROBE, output="table").result.out
    assert "probed pool1 pulled in 0.2 s" in " ".join(table.split())
    assert "probed pool2 failed" in " ".join(table.split())
    assert pods(cloud) == []


def pulling(az: Az, cloud: Cloud) -> tuple[object, float]:
    """A probe that waits for a pull which does not end."""
    two_pools(cloud)
    cloud.api.pulling["pool2"] = Pulling(never_ends=True)
    temporary = az.folder / "tmp"
    temporary.mkdir(exist_ok=True)
    process = az.logged_in().start(*CLUSTER, *PROBE, env={"TMPDIR": str(temporary)}, cwd=az.folder)
    wait_until(lambda: len(pods(cloud)) == 2, 60)
    time.sleep(0.3)
    return process, time.monotonic()


def test_ctrl_c_deletes_the_pods(az: Az, cloud: Cloud) -> None:
    process, since = pulling(az, cloud)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out, pods(cloud)) == (1, "", [])
    assert "Traceback" not in err
    assert "may be left" not in err
    assert time.monotonic() - since < INTERRUPTED_SECONDS + 1


def test_a_second_ctrl_c_ends_at_once_and_names_what_is_left(az: Az, cloud: Cloud) -> None:
    process, since = pulling(az, cloud)
    cloud.fault(r"DELETE .*/pods/", "timeout")
    process.send_signal(signal.SIGINT)
    time.sleep(0.7)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (1, "")
    assert time.monotonic() - since < 3
    assert "Traceback" not in err
    label = pods(cloud)[0].split("-")[3]
    assert f"kubectl delete pods --namespace default --selector app.kubernetes.io/instance={label}" in err


def test_pods_that_the_first_ctrl_c_could_not_delete_are_named(az: Az, cloud: Cloud) -> None:
    process, since = pulling(az, cloud)
    cloud.fault(r"DELETE .*/pods/", "500")
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert time.monotonic() - since < INTERRUPTED_SECONDS + 2
    assert "Pods of the probe may be left" in err
