"""Run a story through the real ``az``, and hold every run to the same promises."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema

from azext_acrpulldiag.diagnosis.changed import CHECK as CHANGES
from tests import build
from tests.azure.az import Az, Result
from tests.azure.log import Entry

from .pasting import harm, harm_where_az_fails
from .remedies import objection
from .stories import Story

CLUSTER = ("aks", "diagnose-pull", "-g", "rg-app", "-n", "prod")
SCHEMA = Path(__file__).resolve().parents[2] / "docs" / "report.schema.json"

READING_POSTS = (
    r"POST login\.microsoftonline\.com/[^/]+/oauth2/v2\.0/token",
    r"POST management\.azure\.com/providers/Microsoft\.ResourceGraph/resources\?",
    r"POST management\.azure\.com/.*/listClusterUserCredential\?",
    r"POST management\.azure\.com/.*/virtualNetworks/[^/]+/listNetworkManagerEffective\w+\?",
    r"POST management\.azure\.com/.*/registries/[^/]+/listCredentials\?",
    r"POST management\.azure\.com/.*/virtualNetworks/[^/]+/listDnsForwardingRulesets\?",
    r"POST [^/]+\.azurecr\.io/oauth2/(exchange|token)",
)
# With each of these somebody agreed to more than reading.
CONSENTS = ("--check-acr", "--probe", "command-invoke")


@dataclass(frozen=True)
class Run:
    """One ``az`` process: what it was asked, what it left behind."""

    arguments: tuple[str, ...]
    result: Result
    requests: tuple[Entry, ...]
    left_behind: tuple[str, ...]

    @property
    def report(self) -> Any:
        return self.result.json

    def findings(self, *statuses: str) -> list[Any]:
        return [each for each in self.report["findings"] if each["status"] in statuses]


def run(az: Az, *arguments: str, command: tuple[str, ...] = CLUSTER, output: str = "json", **options: Any) -> Run:
    """Run ``az aks diagnose-pull`` for the default cluster, in a temporary folder of its own."""
    temporary = az.folder / "tmp"
    temporary.mkdir(exist_ok=True)
    az.cloud.log.clear()
    environment = {"TMPDIR": str(temporary), **options.pop("env", {})}
    asked = (*command, *arguments, "-o", output)
    result = az.run(*asked, env=environment, cwd=az.folder, **options)
    left = tuple(sorted(str(each.relative_to(temporary)) for each in temporary.rglob("*")))
    return Run(asked, result, tuple(az.cloud.log), left)


def assert_promises(done: Run) -> None:
    """What holds for every run that ends with a report, whatever is the matter."""
    assert_clean(done)
    report = done.report
    jsonschema.Draft202012Validator(schema()).validate(report)
    assert not [each for each in report["unknowns"] if "internal error" in each["reason"].lower()]
    assert done.result.out == json.dumps(report, indent=2, ensure_ascii=False) + "\n"
    assert_stable(report)
    for command in commands_of(report):
        assert objection(command) is None
        assert harm(command) is None, command
    for steps in options_of(report):
        assert harm_where_az_fails(*steps) is None


def commands_of(report: Any) -> list[str]:
    """Every command that a report tells its reader to run."""
    return [
        remedy["command"]
        for finding in report["findings"]
        for remedy in finding["remedies"]
        if remedy["command"] is not None
    ]


def options_of(report: Any) -> list[list[str]]:
    """The commands of each option, in the order of its steps."""
    options: dict[tuple[int, int], list[str]] = {}
    for at, finding in enumerate(report["findings"]):
        for remedy in finding["remedies"]:
            if remedy["command"] is not None:
                options.setdefault((at, remedy["option"]), []).append(remedy["command"])
    return [*options.values()]


def assert_clean(done: Run) -> None:
    """What holds for every run at all."""
    assert "Traceback" not in done.result.err, done.result.err
    assert "internal error" not in done.result.err.lower()
    assert not done.left_behind
    if not any(consent in done.arguments for consent in CONSENTS):
        assert not changes(done.requests)


def changes(requests: tuple[Entry, ...]) -> list[str]:
    """The requests that are not on the list of those that read."""
    return [
        each.request.line
        for each in requests
        if each.method not in ("GET", "HEAD")
        and not any(re.match(reading, each.request.line, re.IGNORECASE) for reading in READING_POSTS)
    ]


def assert_stable(report: Any) -> None:
    """Two runs compare line by line: what has no order of its own is sorted."""
    order = ("fail", "warn", "unknown", "skipped", "pass")
    ranks = [order.index(each["status"]) for each in report["findings"]]
    assert ranks == sorted(ranks)


@cache
def schema() -> Any:
    return json.loads(SCHEMA.read_text(encoding="utf-8"))


def assert_told(story: Story, done: Run) -> None:
    """The run says what the story expects: no more, no less."""
    report = done.report
    said = {
        "verdict": report["verdict"],
        "root causes": [each["outcome"] for each in report["rootCauses"]],
        "outcomes": sorted(each["outcome"] for each in done.findings("fail", "warn")),
        "unknowns": {each["check"]: each["permission"] for each in report["unknowns"] if not _is_open(each, story)},
        "symptoms": sorted(each["class"] for each in report["symptoms"]),
        "exit code": done.result.code,
    }
    expected = {
        "verdict": story.verdict,
        "root causes": list(story.root_causes),
        "outcomes": sorted(story.outcomes),
        "unknowns": dict(story.unknowns),
        "symptoms": sorted(story.symptoms),
        "exit code": story.exit_code,
    }
    assert said == expected, f"{report['summary']}\n{unread(report)}"
    for outcome, evidence in story.evidence.items():
        found = next(each for each in report["findings"] if each["outcome"] == outcome)
        shown = {key: found["evidence"].get(key, "(no such key)") for key in evidence}
        assert shown == dict(evidence)
    if story.where is not None:
        assert report["where"] == story.where
        assert report["summary"].endswith(story.where)
    if story.changes is not None:
        told = report["rootCauses"][0]["changes"]
        assert [each["proven"] for each in told] == [proven for proven, _ in story.changes], told
        for each, (_, words) in zip(told, story.changes, strict=True):
            assert words in each["summary"]
    if story.commands:
        commands = [each["command"] for each in report["rootCauses"][0]["remedies"] if each["command"]]
        assert len(commands) == len(story.commands), commands
        for command, beginning in zip(commands, story.commands, strict=True):
            assert command.startswith(beginning)


def _is_open(unknown: Any, story: Story) -> bool:
    """What happened at management groups is open in every story in which a role is missing, told or not."""
    return unknown["check"] == CHANGES and unknown["code"] == "unsupported" and CHANGES not in story.unknowns


def unread(report: Any) -> str:
    """What a report could not tell, and why: for the messages of failed assertions."""
    return (
        "\n".join(f"unknown {each['check']}: {each['code']}: {each['reason']}" for each in report["unknowns"])
        or "nothing is unknown"
    )


def cluster_id(name: str = "prod", group: str = "rg-app") -> str:
    """The resource ID of a cluster, as ``--ids`` takes it."""
    return (
        f"/subscriptions/{build.SUBSCRIPTION}/resourceGroups/{group}"
        f"/providers/Microsoft.ContainerService/managedClusters/{name}"
    )
