"""Tables for ``-o table``: plain dictionaries in, ordered rows out."""

from __future__ import annotations

import textwrap
from collections import OrderedDict
from typing import Any

_HEALTHY_CELL = 70
_WORDS = {"fail": "FAIL", "warn": "WARN", "unknown": "UNKNOWN", "skipped": "skipped", "pass": "ok"}


def pull_report_table(result: Any) -> list[OrderedDict[str, str]]:
    """One row a finding, worst first; with several clusters or registries each row names its own."""
    reports = _flat(result)
    several = {part: len({_name(report, part) for report in reports}) > 1 for part in ("cluster", "registry")}
    several["cluster"] |= len(reports) > 1 and not several["registry"]
    named = [part for part, needed in several.items() if needed]
    return [_row(report, finding, named) for report in reports for finding in report["findings"]]


def _flat(result: Any) -> list[dict[str, Any]]:
    """The reports; several clusters, each with several registries, give lists of lists."""
    return [report for each in result for report in _flat(each)] if isinstance(result, list) else [result]


def _name(report: dict[str, Any], part: str) -> str:
    target = report["target"].get(part) or {}
    return str(target.get("id") or target.get("given") or target.get("name"))


def _row(report: dict[str, Any], finding: dict[str, Any], named: list[str]) -> OrderedDict[str, str]:
    row: OrderedDict[str, str] = OrderedDict()
    for part in named:
        row[part.capitalize()] = _name(report, part).rstrip("/").rpartition("/")[2]
    row["Result"] = _WORDS[finding["status"]]
    row["Check"] = finding["check"]
    row["Resource"] = finding["resource"].rstrip("/").rpartition("/")[2]
    row["Finding"] = finding["summary"]
    return row


def pull_checks_table(result: list[dict[str, Any]]) -> list[OrderedDict[str, str]]:
    """One row an outcome. What it needs to read is too long for a table: ``-o json`` shows it."""
    return [
        OrderedDict(
            Check=row["check"],
            Outcome=row["outcome"],
            Severity=row["severity"],
            Article=row["articleSection"] or "",
            HealthyWhen=textwrap.fill(row["healthyWhen"], _HEALTHY_CELL),
        )
        for row in result
    ]
