"""``--report`` through the real ``az``: opened before anything is read, whole with every exit code, or not there."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from junitparser import JUnitXml

from tests import build
from tests.azure.az import Az
from tests.azure.state import Cloud

from .running import CLUSTER, assert_clean, assert_promises, cluster_id, run
from .stories import STORIES
from .test_interrupts import assert_ended, started, wait_for_requests

ACR = ("--acr", "contosoreg")


def left(folder: Path) -> set[str]:
    return {each.name for each in folder.iterdir() if each.is_file() and not each.name.startswith("std")}


def test_files_are_beside_the_report_which_stays_as_it_is(az: Az, cloud: Cloud) -> None:
    before = left(az.folder)
    done = run(az, *ACR, "--report", "a.html", "--report", "b.xml", "c.md", "d.HTM")
    assert_promises(done)
    assert done.result.code == 4
    assert left(az.folder) - before == {"a.html", "b.xml", "c.md", "d.HTM"}
    names = ("a.html", "b.xml", "c.md", "d.HTM")
    page, results, summary, same = ((az.folder / name).read_text() for name in names)
    assert page == same
    for text in (page, results, summary):
        assert "access.pull-role-missing" in text and build.KUBELET_OBJECT_ID in text
    assert page.endswith("</html>\n")
    (suite,) = JUnitXml.fromstring(results.encode())
    assert (suite.failures, suite.errors) == (1, 0)
    assert summary.startswith("## ❌ Broken: prod cannot pull from contosoreg.azurecr.io: 1 cause.\n")


@pytest.mark.parametrize(("level", "code", "failures"), [("error", 0, 0), ("warning", 4, 1), ("never", 0, 0)])
def test_results_fail_where_the_exit_code_does(warm_az: Az, cloud: Cloud, level: str, code: int, failures: int) -> None:
    cloud.anonymous_pull()
    done = run(warm_az, *ACR, "--fail-on", level, "--report", "a.xml")
    (suite,) = JUnitXml.fromstring((warm_az.folder / "a.xml").read_bytes())
    assert (done.report["verdict"], done.result.code, suite.failures) == ("at-risk", code, failures)


def test_an_inconclusive_run_has_its_files_too(warm_az: Az, cloud: Cloud) -> None:
    STORIES["assignments-forbidden"].tell(cloud)
    done = run(warm_az, *ACR, "--report", "a.xml", "a.md")
    assert done.result.code == 5
    (suite,) = JUnitXml.fromstring((warm_az.folder / "a.xml").read_bytes())
    assert suite.failures == 0 < suite.errors
    right = "Microsoft.Authorization/roleAssignments/read"
    assert f"Right that is missing: {right}" in (warm_az.folder / "a.xml").read_text()
    assert right in (warm_az.folder / "a.md").read_text()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("report.txt", "has to end in .html, .md or .xml"),
        ("no/such/folder.html", "cannot be written: No such file or directory"),
        ("folder.html", "cannot be written: it is there, and is no regular file"),
    ],
)
def test_a_file_that_cannot_be_written_ends_the_run_before_its_first_request(warm_az: Az, name: str, said: str) -> None:
    (warm_az.folder / "folder.html").mkdir(exist_ok=True)
    before = left(warm_az.folder)
    for command in (CLUSTER, ("aks", "diagnose-pull", "--ids", cluster_id("a"), cluster_id("b"))):
        done = run(warm_az, *ACR, "--report", "good.html", name, command=command)
        assert_clean(done)
        assert (done.result.code, done.result.out, done.requests) == (1, "", ())
        assert said in done.result.err
        assert left(warm_az.folder) == before


def test_an_error_leaves_what_was(warm_az: Az) -> None:
    (warm_az.folder / "a.html").write_text("before")
    before = left(warm_az.folder)
    done = run(warm_az, *ACR, "--report", "a.html", command=("aks", "diagnose-pull", "-g", "rg-app", "-n", "nobody"))
    assert (done.result.code, done.result.out) == (3, "")
    assert left(warm_az.folder) == before
    assert (warm_az.folder / "a.html").read_text() == "before"


@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c_leaves_what_was(
    az: Az, cloud: Cloud, times: int, record_property: Callable[[str, object], None]
) -> None:
    cloud.fault(r"contosoreg\.azurecr\.io", "timeout")
    (az.logged_in().folder / "a.html").write_text("before")
    before = left(az.folder)
    process = started(az, "--report", "a.html")
    wait_for_requests(cloud, 10)
    since = time.monotonic()
    for _ in range(times):
        process.send_signal(signal.SIGINT)
        time.sleep(0.02)
    assert_ended(process, az, since, record_property, (1, -signal.SIGINT))
    assert left(az.folder) == before
    assert (az.folder / "a.html").read_text() == "before"


def test_ctrl_c_leaves_what_was_of_several_clusters(az: Az, cloud: Cloud) -> None:
    """az waits for the jobs that it has begun; what they come to is not written."""
    cloud.fault(r"contosoreg\.azurecr\.io", "timeout")
    (az.logged_in().folder / "a.html").write_text("before")
    before = left(az.folder)
    ids = ("--ids", cluster_id("prod"), cluster_id("nobody"))
    process = az.start("aks", "diagnose-pull", *ids, *ACR, "--timeout", "5", "--report", "a.html", cwd=az.folder)
    wait_for_requests(cloud, 10)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 1
    assert left(az.folder) == before
    assert (az.folder / "a.html").read_text() == "before"


def test_several_clusters_are_in_one_file_the_worst_first(warm_az: Az, cloud: Cloud) -> None:
    cloud.add_cluster("second")
    command = ("aks", "diagnose-pull", "--ids", cluster_id("second"), cluster_id("prod"), cluster_id("nobody"))
    done = run(warm_az, *ACR, "--report", "a.html", "a.xml", command=command)
    assert_clean(done)
    assert done.result.code == 4
    assert sorted(each["verdict"] for each in done.report) == ["broken", "broken", "inconclusive"]
    suites = list(JUnitXml.fromstring((warm_az.folder / "a.xml").read_bytes()))
    assert [suite.name.partition(" ")[0] for suite in suites] == ["prod", "second", "nobody"]
    page = (warm_az.folder / "a.html").read_text()
    assert all(name in page for name in ("prod", "second", "nobody"))


def test_a_snapshot_makes_the_same_file_and_redaction_holds_in_it(warm_az: Az, cloud: Cloud) -> None:
    names = ("a.md", "a.html", "a.xml")
    done = run(warm_az, *ACR, "--save-snapshot", "run.json", "--redact", "--report", *names)
    assert_promises(done)
    again = run(warm_az, "--snapshot", "run.json", "--report", "b.md", command=("aks", "diagnose-pull"))
    assert (again.result.code, again.requests) == (4, ())
    assert (warm_az.folder / "a.md").read_text() == (warm_az.folder / "b.md").read_text()
    for text in ((warm_az.folder / name).read_text() for name in names):
        assert "access.pull-role-missing" in text
        assert not [name for name in ("contosoreg", "prod", "rg-app", build.KUBELET_OBJECT_ID) if name in text]
