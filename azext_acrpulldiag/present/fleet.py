"""The answer about many clusters: a line as each ends, one row a cluster, and one screen at the end. Pure."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterable, Sequence
from typing import Any

from .answer import VERDICTS, Report
from .folding import DEFAULT_WIDTH, folded, folded_id
from .table import rank_of
from .terminal import SCREEN, Line, Style

ASKED = "acrpulldiag_all_clusters"
"""The key under which az's invocation remembers that all clusters were asked for."""
_WIDEST = 24
_NARROWEST_TEXT = 30
_BETWEEN = 2
_STYLES = {"broken": Style.ERROR, "inconclusive": Style.WARNING, "at-risk": Style.WARNING}


def worst_first(reports: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same reports; among those of one verdict by cluster and registry."""
    return sorted(reports, key=lambda report: (rank_of(report), _id(report), str(_registry(report))))


def line_of(reports: Sequence[Report]) -> str:
    """One cluster in one line: verdict, name, group, and its first cause or what there is to say."""
    worst = min(reports, key=rank_of)
    cluster = worst["target"]["cluster"]
    check, words = _cause(worst)
    said = " ".join(f"{check}: {words}".split() if check else words.split())
    others = f" ({_more(reports)})" if len(reports) > 1 else ""
    return f"{VERDICTS[worst['verdict']]:<8} {cluster['name']} ({cluster['resourceGroup']}){others}: {said}"


def fleet_table(reports: Iterable[dict[str, Any]], width: int = DEFAULT_WIDTH) -> list[OrderedDict[str, str]]:
    """One row a cluster, the worst first, no line wider than ``width`` where words allow it.

    Subscriptions are told where there are several, groups where there is room or a name stands for several clusters.
    """
    rows = [_row(each) for each in by_cluster(reports)]
    if len({row["Subscription"] for row in rows}) < 2:
        _drop(rows, "Subscription")
    if _left(rows, width) < _NARROWEST_TEXT and len({row["Cluster"] for row in rows}) == len(rows):
        _drop(rows, "ResourceGroup")
    left = max(_NARROWEST_TEXT, _left(rows, width))
    for row in rows:
        row["Finding"] = "\n".join(folded(row["Finding"], left))
    return rows


def screen_of(reports: Sequence[dict[str, Any]], width: int) -> list[Line]:
    """How many clusters there are of each verdict, then those that are not healthy, on one screen."""
    clusters = by_cluster(reports)
    verdicts = Counter(each[0]["verdict"] for each in clusters)
    told = ", ".join(f"{verdicts[verdict]} {verdict}" for verdict in VERDICTS if verdicts[verdict])
    lines = [Line(Style.PLAIN, f"{len(clusters)} cluster{'' if len(clusters) == 1 else 's'}: {told}.")]
    for each in clusters:
        if each[0]["verdict"] in _STYLES:
            lines += [Line(_STYLES[each[0]["verdict"]], text) for text in folded(line_of(each), width)]
    if len(lines) > SCREEN:
        lines = [*lines[: SCREEN - 1], Line(Style.SECONDARY, "... the rest with -o table")]
    return lines


def by_cluster(reports: Iterable[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """The reports of each cluster, the worst of it first, and the worst cluster first."""
    found: dict[str, list[dict[str, Any]]] = {}
    for report in worst_first(reports):
        found.setdefault(_id(report), []).append(report)
    return list(found.values())


def _row(reports: Sequence[Report]) -> OrderedDict[str, str]:
    worst = reports[0]
    cluster = worst["target"]["cluster"]
    check, words = _cause(worst)
    return OrderedDict(
        Result=VERDICTS[worst["verdict"]],
        Cluster=str(cluster["name"]),
        ResourceGroup=str(cluster["resourceGroup"]),
        Subscription=_subscription(str(cluster["id"])),
        Check="\n".join(folded_id(check, _WIDEST)),
        Finding=words if len(reports) == 1 else f"{words} ({_more(reports)}.)",
    )


def _cause(report: Report) -> tuple[str, str]:
    """The outcome of the first cause and its sentence; without a cause the summary."""
    causes = report["rootCauses"]
    return (causes[0]["outcome"], report["summary"]) if causes else ("", report["summary"])


def _more(reports: Sequence[Report]) -> str:
    others = len(reports) - 1
    return f"and {others} more {'registries' if others > 1 else 'registry'}"


def _drop(rows: Iterable[OrderedDict[str, str]], name: str) -> None:
    for row in rows:
        del row[name]


def _left(rows: Sequence[OrderedDict[str, str]], width: int) -> int:
    """The columns that are left for the finding."""
    return width - sum(_widest(rows, name) + _BETWEEN for name in (rows[0] if rows else ()) if name != "Finding")


def _widest(rows: Iterable[OrderedDict[str, str]], name: str) -> int:
    header = len(name) + _BETWEEN
    return max(header, *(len(line) for row in rows for line in row[name].split("\n")))


def _subscription(cluster_id: str) -> str:
    return cluster_id.lower().partition("/subscriptions/")[2].partition("/")[0]


def _id(report: Report) -> str:
    return str(report["target"]["cluster"]["id"]).lower()


def _registry(report: Report) -> Any:
    return (report["target"]["registry"] or {}).get("given")
