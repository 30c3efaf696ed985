"""Reports as one page for a browser: self-contained, without script, escaped by construction. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree.ElementTree import Element

from ..answer import Report, headline
from ..table import rank_of
from .causes import causes
from .elements import Child, bdi, code, document, el, pairs, resource, some
from .marks import OF_VERDICT, chip, mark, symbols
from .seen import beside, failing, pools, ruled_out, unread
from .style import CSS
from .ways import ways

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""The page loads nothing, and runs nothing, whatever is in it."""
_MOST_NAMES = 3
_VERDICTS = {"broken": "Broken", "at-risk": "At risk", "inconclusive": "Inconclusive", "healthy": "Healthy"}


def page(reports: Sequence[Report]) -> str:
    """The page of these reports, a section each, the worst first."""
    ordered = sorted(reports, key=rank_of)
    several = len(ordered) != 1
    title = f"{len(ordered)} reports of az aks diagnose-pull" if several else headline(ordered[0])
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", http_equiv="Content-Security-Policy", content=POLICY),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", name="color-scheme", content="light dark"),
        el("meta", name="referrer", content="no-referrer"),
        el("title", title),
        el("style", CSS),
    )
    index = _index(ordered, title) if several else None
    sections = (_report(each, number, "h2" if several else "h1") for number, each in enumerate(ordered, 1))
    return document(el("html", head, el("body", symbols(), index, el("main", *sections)), lang="en"))


def _index(reports: Sequence[Report], title: str) -> Element:
    entries = [
        el(
            "li",
            mark(OF_VERDICT[each["verdict"]]),
            el("span", _to(each, number), el("small", *_causes(each)) if each["rootCauses"] else None),
        )
        for number, each in enumerate(reports, 1)
    ]
    return el("header", el("h1", title), el("nav", el("ol", *entries), aria_label="Reports"), class_="index")


def _to(report: Report, number: int) -> Element:
    return el("a", el("b", _VERDICTS[report["verdict"]]), " ", _subject(report), href=f"#report-{number}")


def _causes(report: Report) -> list[Child]:
    """What tells reports apart whose clusters have one name."""
    return [" ", *some([root["outcome"] for root in report["rootCauses"]], _MOST_NAMES)]


def _subject(report: Report) -> Element:
    """The cluster, and the registry or the image."""
    target = report["target"]
    registry = target["registry"] or {}
    what = target["image"] or registry.get("loginServer") or registry.get("given")
    parts: list[Child] = [bdi(target["cluster"]["name"])]
    if what:
        parts += [" cannot pull from " if _is_broken(report) else " and ", bdi(what)]
    return el("span", *parts)


def _is_broken(report: Report) -> bool:
    return bool(report["verdict"] == "broken")


def _report(report: Report, number: int, heading: str) -> Element:
    below = f"h{int(heading[1]) + 1}"
    verdict = report["verdict"]
    registry = report["target"]["registry"] or {}
    title = el(heading, chip(OF_VERDICT[verdict], _VERDICTS[verdict]), " ", _subject(report), class_="title")
    return el(
        "section",
        el(
            "div",
            title,
            el("p", report["summary"], class_="summary"),
            _target(report),
            class_=f"head {OF_VERDICT[verdict]}",
        ),
        causes(report, below),
        None if report["rootCauses"] else unread(report, below),
        ways(report.get("paths", ()), registry.get("loginServer"), below),
        failing(report, below),
        pools(report.get("pools", ()), below),
        beside(report, below),
        unread(report, below) if report["rootCauses"] else None,
        ruled_out(report, below),
        _cost(report),
        id=f"report-{number}",
        class_="report",
    )


def _target(report: Report) -> Element | None:
    """What was judged, by its ids."""
    target = report["target"]
    cluster, registry = target["cluster"], target["registry"] or {}
    return pairs(
        [
            ("Cluster", [resource(cluster["id"]) if cluster.get("id") else bdi(cluster["name"])]),
            (
                "Registry",
                [resource(registry["id"]) if registry.get("id") else bdi(registry.get("given") or "none was named")],
            ),
            ("Image", [code(target["image"]) if target["image"] else None]),
        ],
        class_="target",
    )


def _cost(report: Report) -> Element | None:
    elapsed = report.get("elapsed")
    if not elapsed:
        return None
    words = f"az aks diagnose-pull read this with {elapsed['requests']} requests in {elapsed['seconds']:.1f} seconds."
    return el("footer", el("p", words))
