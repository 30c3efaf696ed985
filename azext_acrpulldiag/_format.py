"""Tables for ``-o table``: plain dictionaries in, ordered rows out."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

_HEALTHY_CELL = 70


def pull_report_table(result: Any) -> list[OrderedDict[str, str]]:
    """The whole answer, folded to the terminal; with several clusters or registries a block each, worst first."""
    from .present.table import table_of

    return table_of(flat(result), *_look())


def report_table(cli_ctx: Any) -> Callable[[Any], list[OrderedDict[str, str]]]:
    """The same; of all clusters, which az's invocation knows of, a row each."""

    def table(result: Any) -> list[OrderedDict[str, str]]:
        from .present.fleet import ASKED, fleet_table

        if cli_ctx.invocation.data.get(ASKED):
            return fleet_table(result, _look()[0])
        return pull_report_table(result)

    return table


def flat(result: Any) -> list[dict[str, Any]]:
    """The reports; several clusters, each with several registries, give lists of lists."""
    return [report for each in result for report in flat(each)] if isinstance(result, list) else [result]


def pull_checks_table(result: Any) -> list[OrderedDict[str, str]]:
    """One row an outcome; of a single outcome its page, a row a part. What is read for it is shown by ``-o json``."""
    if isinstance(result, dict):
        return _page(result)
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


def _page(outcome: dict[str, Any]) -> list[OrderedDict[str, str]]:
    from .present.page import page_rows

    return [OrderedDict(Part=part, Text=text) for part, text in page_rows(outcome, *_look())]


def _look() -> tuple[int, str]:
    """The width of the terminal (100 where there is none), and how its shell continues a line."""
    from .present.folding import DEFAULT_WIDTH, continued_on

    return shutil.get_terminal_size((DEFAULT_WIDTH, 0)).columns, continued_on(sys.platform)
