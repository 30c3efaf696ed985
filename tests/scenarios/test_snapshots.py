"""Snapshots through the real ``az``: saved in a run, judged without a login and without a network."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from azext_acrpulldiag import engine
from azext_acrpulldiag.facts import Facts
from azext_acrpulldiag.report import Elapsed
from azext_acrpulldiag.snapshot.aliases import ZERO_GUID, Aliases
from azext_acrpulldiag.snapshot.codec import codec_of
from azext_acrpulldiag.snapshot.document import Judged, Snapshot, from_json, to_json
from azext_acrpulldiag.snapshot.redaction import redacted
from tests import build
from tests.azure.az import Az
from tests.azure.state import Cloud
from tests.recordings import body

from .conftest import ReadStory
from .running import assert_clean, assert_promises, cluster_id, run
from .stories import STORIES
from .test_secrets_stay import _forms, _plant

JUDGED = ("aks", "diagnose-pull")
NO_NETWORK = {"HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"}
# In a new folder az loads the commands of every service to write this: seconds, and nothing of ours.
COMMANDS = "commandIndex.json"
TOLD = ("pull-role-missing", "healthy", "assignments-forbidden", "azure-firewall-allows-the-names", "isolated-cluster")


def offline(az: Az, *arguments: str, **options: Any) -> Any:
    """Run where nobody ever logged in, and every proxy refuses."""
    nobody = az.folder / "nobody"
    nobody.mkdir(exist_ok=True)
    if not (az.config / COMMANDS).exists():
        az.logged_in()
    shutil.copy(az.config / COMMANDS, nobody)
    done = run(az, *arguments, command=JUDGED, env={"AZURE_CONFIG_DIR": str(nobody), **NO_NETWORK}, **options)
    assert not done.requests
    return done


def untimed(report: Any) -> Any:
    """A report, or several, without what no two runs have in common."""
    if isinstance(report, list):
        return [untimed(each) for each in report]
    return {name: value for name, value in report.items() if name != "elapsed"}


@pytest.mark.parametrize("name", TOLD)
def test_a_snapshot_is_judged_to_the_same_report(name: str, cloud: Cloud, warm_az: Az) -> None:
    story = STORIES[name]
    story.tell(cloud)
    file = warm_az.folder / "run.snapshot"
    done = run(warm_az, *story.arguments, "--save-snapshot", str(file))
    assert_clean(done)
    assert done.result.code == story.exit_code
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    again = offline(warm_az, "--snapshot", str(file))
    assert_clean(again)
    assert again.result.code == story.exit_code
    assert untimed(again.report) == untimed(done.report)
    if not isinstance(again.report, list):
        assert_promises(again)


def test_every_report_of_a_run_is_in_it(cloud: Cloud, warm_az: Az) -> None:
    cloud.add_registry("fabrikamreg")
    cloud.failing_pod()
    cloud.failing_pod("fabrikamreg.azurecr.io/a:1", "401 Unauthorized", name="other-0")
    file = warm_az.folder / "run.snapshot"
    done = run(warm_az, "--save-snapshot", str(file), "--redact")
    again = offline(warm_az, "--snapshot", str(file))
    assert (len(done.report), done.result.code, again.result.code) == (2, 4, 4)
    assert untimed(again.report) == untimed(done.report)
    servers = [each["target"]["registry"]["loginServer"] for each in again.report]
    assert len(set(servers)) == 2
    assert not [name for name in ("contosoreg", "fabrikamreg") if name in done.result.out + file.read_text()]


def test_a_redacted_run_says_nothing_of_names(cloud: Cloud, warm_az: Az) -> None:
    file = warm_az.folder / "run.snapshot"
    done = run(warm_az, "--acr", "contosoreg", "--save-snapshot", str(file), "--redact")
    assert_promises(done)
    assert [each["outcome"] for each in done.report["rootCauses"]] == ["access.pull-role-missing"]
    shown = done.result.out + file.read_text()
    for original in ("contosoreg", "prod", "rg-app", build.SUBSCRIPTION, build.KUBELET_OBJECT_ID, build.TENANT):
        assert original not in shown
    again = offline(warm_az, "--snapshot", str(file), "--redact")
    assert untimed(again.report) == untimed(done.report)
    assert again.result.code == 4


def test_how_it_is_judged_may_be_said_again(cloud: Cloud, warm_az: Az) -> None:
    file = warm_az.folder / "run.snapshot"
    run(warm_az, "--acr", "contosoreg", "--skip", "registry.health", "--save-snapshot", str(file))
    done = offline(warm_az, "--snapshot", str(file), "--only", "cluster")
    assert (done.result.code, done.report["verdict"]) == (0, "healthy")
    assert done.report["summary"].startswith("Of what was judged (all but registry.health; of that only cluster): ")
    assert offline(warm_az, "--snapshot", str(file), "--fail-on", "never").result.code == 0
    line = offline(warm_az, "--snapshot", str(file), "--query", "rootCauses[0].outcome", output="tsv")
    assert (line.result.code, line.result.out) == (4, "access.pull-role-missing\n")
    table = offline(warm_az, "--snapshot", str(file), output="table")
    assert "access.pull-role-missing" in table.result.out


def test_no_secret_is_in_a_snapshot(cloud: Cloud, warm_az: Az) -> None:
    _plant(cloud)
    file = warm_az.folder / "run.snapshot"
    assert_clean(run(warm_az, "--acr", "contosoreg", "--save-snapshot", str(file)))
    written = file.read_text()
    assert "pull-app" in written
    assert not [form for form in _forms() if form in written]


# --- arguments --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("-g", "rg-app"), "(--name | --ids) are required"),
        (("-n", "prod"), "(--resource-group | --ids) are required"),
        ((), "(--resource-group --name | --ids) are required"),
    ],
)
def test_name_and_group_are_missed_in_azs_words(warm_az: Az, command: tuple[str, ...], said: str) -> None:
    done = run(warm_az, "--acr", "contosoreg", command=(*JUDGED, *command))
    assert_clean(done)
    assert (done.result.code, done.result.out) == (1, "")
    assert said in done.result.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("-n", "prod", "-g", "rg-app"),
        ("--ids", cluster_id()),
        ("--subscription", build.SUBSCRIPTION),
        ("--acr", "contosoreg"),
        ("--cluster-access", "auto"),
        ("--timeout", "60"),
        ("--check-acr", "--yes"),
        ("--save-snapshot", "other"),
    ],
)
def test_nothing_that_reads_goes_with_a_snapshot(warm_az: Az, arguments: tuple[str, ...]) -> None:
    done = offline(warm_az, "--snapshot", "there-is-none", *arguments)
    assert_clean(done)
    assert (done.result.code in (1, 2), done.result.out) == (True, "")
    assert f"{arguments[0].replace('-n', '--name', 1) if arguments[0] == '-n' else arguments[0]}" in done.result.err
    assert "cannot be given with --snapshot" in done.result.err


def test_a_default_group_is_no_argument(cloud: Cloud, az: Az) -> None:
    file = az.folder / "run.snapshot"
    run(az, "--acr", "contosoreg", "--save-snapshot", str(file))
    az.run("configure", "--defaults", "group=rg-app")
    done = run(az, "--snapshot", str(file), command=JUDGED)
    assert done.result.code == 4
    assert done.report["target"]["cluster"]["name"] == "prod"


def test_one_file_is_not_for_several_clusters(warm_az: Az) -> None:
    command = (*JUDGED, "--ids", cluster_id(), cluster_id("other"))
    done = run(warm_az, "--acr", "contosoreg", "--save-snapshot", "file", command=command)
    assert (done.result.code, done.result.out) == (1, "")
    assert "--ids names several clusters" in done.result.err


# --- files ------------------------------------------------------------------------------


def test_a_file_that_cannot_be_written_is_told_before_anything_is_read(warm_az: Az) -> None:
    warm_az.logged_in()
    done = run(warm_az, "--acr", "contosoreg", "--save-snapshot", str(warm_az.folder / "no-such-folder" / "file"))
    assert_clean(done)
    assert (done.result.code, done.result.out) == (1, "")
    assert "cannot be written: No such file or directory" in done.result.err
    assert not done.requests


def test_a_run_without_a_report_leaves_the_file_as_it_was(warm_az: Az, cloud: Cloud) -> None:
    file = warm_az.folder / "run.snapshot"
    file.write_text("before")
    cloud.fault("/managedClusters/prod", "html")
    done = run(warm_az, "--acr", "contosoreg", "--save-snapshot", str(file))
    assert done.result.code == 1
    assert file.read_text() == "before"
    assert not [each for each in file.parent.iterdir() if each.name.startswith(".run.snapshot")]


def _bad_files(folder: Path) -> dict[str, str]:
    """By file what is said of it."""
    sparse = folder / "sparse"
    with sparse.open("wb") as file:
        file.truncate(2**30)
    (folder / "folder").mkdir()
    os.mkfifo(folder / "pipe")
    (folder / "cut").write_text('{"program": "acrpulldiag", "snapshotVersion": 1, "repor')
    (folder / "another").write_text(json.dumps({"program": "other", "snapshotVersion": 1}))
    (folder / "newer").write_text(json.dumps({"program": "acrpulldiag", "snapshotVersion": 2}))
    (folder / "deep").write_text("[" * 100_000)
    (folder / "bytes").write_bytes(b'{"program": "\xff"}')
    return {
        str(sparse): "larger than a snapshot may be",
        str(folder / "folder"): "is a directory",
        str(folder / "pipe"): "is no regular file",
        "/dev/zero": "is no regular file",
        str(folder / "nothing"): "No such file or directory",
        str(folder / "cut"): "Was it cut off?",
        str(folder / "another"): "is no snapshot of `az aks diagnose-pull`",
        str(folder / "newer"): "is of a newer version",
        str(folder / "deep"): "nested deeper than any",
        str(folder / "bytes"): "is no text in UTF-8",
    }


def test_bad_files_are_one_clear_error(warm_az: Az, tmp_path: Path) -> None:
    folder = tmp_path / "bad"
    folder.mkdir()
    for file, said in _bad_files(folder).items():
        done = offline(warm_az, "--snapshot", file)
        assert_clean(done)
        assert (done.result.code, done.result.out) == (1, ""), file
        assert said in done.result.err, done.result.err
        lines = [line for line in done.result.err.splitlines() if not line.startswith("WARNING: This command is in")]
        assert len(lines) == 2, done.result.err


# --- every story is a snapshot too ------------------------------------------------------

SKIP = ("registry.health",)
# Judged by how names are spelled, which aliases do not keep.
BY_SPELLING = {"host-misspelt-in-pods", "image-login-server-typo"}
# What some stories call things by, and words that everybody has, or sentences of reports.
NO_NAMES = {
    "argument", "default", "kube-system", "kubelet", "latest", "library", "linux", "localhost", "other", "proxy",
    "resolver", "ruleset", "windows",
}  # fmt: skip


def judged(facts: Facts) -> Any:
    return untimed(engine.judged(facts, engine.Request(facts.targets, skip=SKIP), Elapsed(0.0, 0, 0)))


def told(report: Any) -> Any:
    """What redaction must keep."""
    return (
        report["verdict"],
        sorted(each["outcome"] for each in report["rootCauses"]),
        sorted((each["check"], each["status"], each["outcome"] or "") for each in report["findings"]),
        sorted(each["class"] for each in report["symptoms"]),
        sorted(each["class"] for each in report["outOfScope"]),
    )


@pytest.fixture(scope="module")
def reports(read_stories: dict[str, ReadStory]) -> dict[str, Any]:
    return {name: judged(story.facts) for name, story in read_stories.items()}


def test_every_story_is_a_snapshot_too(read_stories: dict[str, ReadStory], reports: dict[str, Any]) -> None:
    assert len(read_stories) > 400
    for name, story in read_stories.items():
        snapshot = Snapshot("1.0", story.facts.now, False, (Judged(story.facts, SKIP),))
        again = from_json(to_json(snapshot), name)
        assert again == snapshot, name
        assert judged(again.reports[0].facts) == reports[name], name


def test_every_story_redacted_is_judged_alike_and_names_nobody(
    read_stories: dict[str, ReadStory], reports: dict[str, Any]
) -> None:
    assert set(read_stories) >= BY_SPELLING
    differ = set()
    for name, story in read_stories.items():
        facts = redacted(story.facts, Aliases())
        text = to_json(Snapshot("1.0", facts.now, True, (Judged(facts, SKIP),)))
        report = judged(from_json(text, name).reports[0].facts)
        if told(report) != told(reports[name]):
            differ.add(name)
        shown = text + json.dumps(report)
        words = set(re.findall(r"[\w-]+", shown)) | set(re.findall(r"[\w.-]+", shown))
        assert not originals(story.facts) & words, name
    assert differ == BY_SPELLING


def originals(facts: Facts) -> set[str]:
    """Names, ids and public addresses that somebody chose, looked for by their form, not by redaction's table."""
    text = json.dumps(codec_of(Facts).write(facts))
    found = set(re.findall(r"/resourceGroups/([\w.-]+)", text, re.IGNORECASE))
    found |= set(re.findall(r"/providers/Microsoft\.\w+/\w+/([\w.-]+)", text, re.IGNORECASE))
    found |= set(re.findall(r'"(?:pod|container|namespace|node|loginServer|host|tag)": "([\w.-]+)"', text))
    built_in = {role["name"] for role in body("authz/roledefinitions_list_builtin_real_guids")["value"]}
    guids = set(re.findall(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", text)) - {*built_in, ZERO_GUID}
    addresses = set(re.findall(r"\b(?:\d{1,3}\.){3}\d{1,3}\b", text))
    public = {each for each in addresses if ip_address(each).is_global and each != "168.63.129.16"}
    public |= {each for each in addresses if each.startswith("203.0.113.")}
    chosen = {
        each for each in found if not re.fullmatch(r"v?[\d.-]*|privatelink\..*", each) and each not in PUBLIC_HOSTS
    }
    return (chosen | guids | public) - {*NO_NAMES, *built_in}


PUBLIC_HOSTS = {
    "azurecr.io",
    "mcr.microsoft.com",
    "docker.io",
    "index.docker.io",
    "quay.io",
    "ghcr.io",
    "registry.k8s.io",
}
