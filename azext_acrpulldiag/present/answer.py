"""The answer as rows: the verdict, each cause with its repair, what follows, what was seen, what was not read. Pure.

Rows are made of the report (schema version 1) alone, so that a table, the words after another format and a saved
report say the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .parts import beside, counted, in_no_log, options_of, ruled_out, unread

Report = Mapping[str, Any]

VERDICTS = {"broken": "BROKEN", "at-risk": "AT RISK", "inconclusive": "UNKNOWN", "healthy": "HEALTHY"}


WHERE_TO_PASTE = (
    "Commands are for a POSIX shell: Cloud Shell, WSL or Git Bash. A single az command without variables can be pasted "
    "into PowerShell as well."
)
"""What is said once where the terminal's own shell is none (Windows)."""


OUT_OF_SCOPE = "out of scope"
"""The check of a row about pods that fail to pull from other registries."""


@dataclass(frozen=True)
class Row:
    """One row: what kind of statement, about which outcome or check, and the words. A command is folded as one."""

    result: str
    check: str
    words: str = ""
    command: str | None = None


def rows_of(report: Report) -> Iterator[Row]:
    """Yield the answer, the most important first."""
    yield Row(VERDICTS[report["verdict"]], "", headline(report))
    for root in report["rootCauses"]:
        yield from _cause(root)
    yield from planned(report)
    yield from unchanged(report)
    for kind, finding in beside(report):
        yield Row(kind.value, finding["outcome"], finding["summary"])
    yield from _probed(report.get("probe"))
    yield from _seen(report)
    for each in unread(report):
        yield Row("UNKNOWN", each.checks[0], f"{each.reason} ({each.more})" if each.more else each.reason)
    for category, found in ruled_out(report).items():
        yield Row("ok" if any(each["status"] == "pass" for each in found) else "skipped", category, counted(found))


def headline(report: Report) -> str:
    """What was judged, and how it stands."""
    target = report["target"]
    cluster, registry = target["cluster"]["name"], target["registry"] or {}
    server = registry.get("loginServer") or registry.get("given")
    image = target["image"]
    if report["verdict"] != "broken":
        subject = " and ".join(filter(None, (cluster, server))) + (f", image {image}" if image else "")
        return f"{subject}: {report['summary']}"
    causes = len(report["rootCauses"])
    what = image or server
    how_many = f"{causes} cause{'s' if causes > 1 else ''}."
    where = f" {report['where']}" if report["where"] else ""
    return (
        (f"{cluster} cannot pull from {what}: " if not image else f"{cluster} cannot pull {what}: ") + how_many + where
    )


def _cause(root: Mapping[str, Any]) -> Iterator[Row]:
    yield Row("CAUSE", root["outcome"], root["summary"])
    yield from changed(root)
    for number, steps in options_of(root):
        name = "fix" if number == 1 else "or"
        for place, step in enumerate(steps, 1):
            label = f"{name} {place}/{len(steps)}" if len(steps) > 1 else name
            yield Row(label, "", step["description"], step["command"])
        yield from after(steps)
    yield Row("more", "", command=f"az aks list-pull-checks --outcome {root['outcome']} -o table")


def changed(root: Mapping[str, Any]) -> Iterator[Row]:
    """The newest thing that was done before to what a cause names: proven to be about it, else near it."""
    newest = next((each for each in root["changes"] if each["proven"]), next(iter(root["changes"]), None))
    if newest is not None:
        left = len(root["changes"]) + root["furtherChanges"] - 1
        more = f" ({left} more: see changes of the cause.)" if left else ""
        yield Row("changed" if newest["proven"] else "near it", "", newest["summary"] + more)


def unchanged(report: Report) -> Iterator[Row]:
    """Where the Activity Log was read, and shows nothing of any cause; or what of their changes no log shows."""
    if not any(root["changes"] for root in report["rootCauses"]):
        for finding in report["findings"]:
            if finding["category"] == "changes" and finding["status"] == "pass":
                yield Row("changed", "", f"{finding['summary'].partition('. ')[0].rstrip('.')}.")
    for unknown in filter(in_no_log, report["unknowns"]):
        yield Row("changed", "", f"Not known: {_lower(unknown['reason'])}")


_AFTER = {
    "healthy": "Healthy.",
    "at-risk": "Nothing stops a pull; warnings are left.",
    "inconclusive": "Nothing is known to stop a pull; what could not be read stays open.",
}


def after(steps: Sequence[Mapping[str, Any]]) -> Iterator[Row]:
    """What an option leads to, or why nobody can tell; nothing where it is advice, or was not tried."""
    last = steps[-1]
    if last["leadsTo"] is not None:
        yield Row("after", "", _leads_to(last["leadsTo"]))
    elif last["notTold"] is not None and any(step["command"] for step in steps):
        yield Row("after", "", f"Not known: {last['notTold']}")


def _leads_to(leads_to: Mapping[str, Any]) -> str:
    if leads_to["verdict"] == "broken":
        return f"The next cause shows: {_some(leads_to['rootCauses'])}."
    return _AFTER[leads_to["verdict"]]


def planned(report: Report) -> Iterator[Row]:
    """What all repairs together lead to, where there are several causes."""
    plan, causes = report["repairPlan"], len(report["rootCauses"])
    if causes < 2 or plan is None or plan["leadsTo"] is None:
        return
    options = list(dict.fromkeys((each["outcome"], each["resource"], each["option"]) for each in plan["steps"]))
    named = ", then ".join(f"{outcome} (option {option})" for outcome, _, option in options)
    yield Row("plan", "", f"Repair {named}. After that: {_lower(_leads_to(plan['leadsTo']))}")


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def _probed(probe: Mapping[str, Any] | None) -> Iterator[Row]:
    """What real pulls came to, a row a pool; why there were none stands in the summary."""
    for each in (probe or {}).get("pools", ()):
        took = "" if each["milliseconds"] is None else f" in {each['milliseconds'] / 1000:.1f} s"
        part = "" if each["layersFetched"] or each["result"] != "pulled" else " (sign-in and manifest only)"
        yield Row("probed", each["pool"] or each["node"] or "", f"{each['result']}{took}{part}")


def _seen(report: Report) -> Iterator[Row]:
    for group in report["symptomGroups"]:
        namespaces, pods, count = group["namespaces"], group["pods"], group["count"]
        words = f"{count} container{'s' if count > 1 else ''} of {pods} pod{'s' if pods > 1 else ''} in "
        only = f", only {group['only'].replace('-', ' ')} {_only(group)}" if group["only"] else ""
        yield Row("seen", "pods", f"{words}{_some(namespaces)}: {group['class']}{only}")
    for group in report["outOfScopeGroups"]:
        pods, images = group["pods"], f"{_some(group['images'])} from {group['host']}"
        words = f"{pods} {'pods' if pods > 1 else 'pod'} in {_some(group['namespaces'])}: {group['class']} for {images}"
        yield Row("seen", OUT_OF_SCOPE, f"{words}; not judged.")


def _only(group: Mapping[str, Any]) -> str:
    key = {"node": "nodes", "image": "images", "namespace": "namespaces", "node-pool": "nodePools"}[group["only"]]
    return _some(group[key])


def _some(names: Iterable[str], most: int = 3) -> str:
    listed = list(names)
    more = f" and {len(listed) - most} more" if len(listed) > most else ""
    return ", ".join(listed[:most]) + more
