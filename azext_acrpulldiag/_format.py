"""Tables for ``-o table``: plain dictionaries in, ordered rows out."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

_WORDS = {"fail": "FAIL", "warn": "WARN", "unknown": "UNKNOWN", "skipped": "skipped", "pass": "ok"}


def pull_report_table(result: Any) -> list[OrderedDict[str, str]]:
    """One row a finding, worst first; with several clusters each row names its own."""
    reports = result if isinstance(result, list) else [result]
    return [_row(report, finding, len(reports) > 1) for report in reports for finding in report["findings"]]


def _row(report: dict[str, Any], finding: dict[str, Any], name_cluster: bool) -> OrderedDict[str, str]:
    row: OrderedDict[str, str] = OrderedDict()
    if name_cluster:
        row["Cluster"] = report["target"]["cluster"]["name"]
    row["Result"] = _WORDS[finding["status"]]
    row["Check"] = finding["check"]
    row["Resource"] = finding["resource"].rstrip("/").rpartition("/")[2]
    row["Finding"] = finding["summary"]
    return row
