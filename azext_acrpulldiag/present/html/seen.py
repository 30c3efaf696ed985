"""What pods report, what nodes are, what was not read, and what was ruled out. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from xml.etree.ElementTree import Element

from .. import parts
from ..parts import Kind, Unread
from .elements import Child, bdi, code, el, instant, more, pairs, some, table
from .marks import OF_POOL, OF_STATUS, chip, mark

_MOST_PODS, _MOST_GROUPS, _MOST_NAMES, _MOST_ROWS, _QUOTED, _LONGEST = 10, 20, 5, 60, 600, 4000
_PULLS = {"fails": "Fails", "both": "Some pulls fail", "works": "Works", "unknown": "Not seen"}
_GIVEN_RIGHT = "Right that is missing"

Json = Mapping[str, Any]


def failing(report: Json, heading: str) -> Element | None:
    """The pods that fail, by class, with what they report in their own words; also those that are not judged."""
    groups = [_group(each, _of(report["symptoms"], each)) for each in report["symptomGroups"]]
    others = report["outOfScopeGroups"]
    outside = [_group(each, _of(report["outOfScope"], each), each["host"]) for each in others[:_MOST_GROUPS]]
    left = len(others) - _MOST_GROUPS
    outside += [el("p", f"and {left:,} more groups")] if left > 0 else []
    if not groups and not outside:
        return None
    below = f"h{int(heading[1]) + 1}"
    others_too = [el(below, "From other registries, not judged"), *outside] if outside else []
    return el("section", el(heading, "What pods report"), *groups, *others_too, class_="part")


def _of(symptoms: Iterable[Json], group: Json) -> list[Json]:
    images = frozenset(group["images"])
    return [each for each in symptoms if each["class"] == group["class"] and each["image"] in images]


def _group(group: Json, symptoms: Sequence[Json], host: str | None = None) -> Element:
    pods, count = group["pods"], group["count"]
    head = f"{count:,} container{'s' if count > 1 else ''} of {pods:,} pod{'s' if pods > 1 else ''}"
    first = max(symptoms, key=lambda each: each["lastSeen"] or "", default=None)
    only = f" ({group['only'].replace('-', ' ')} only)" if group["only"] else ""
    where = pairs(
        [
            ("Namespaces", some(group["namespaces"], _MOST_NAMES)),
            ("Node pools", some(group["nodePools"], _MOST_NAMES)),
            ("Nodes", some(group["nodes"], _MOST_NAMES)),
            ("Images", some(group["images"], _MOST_NAMES)),
        ]
    )
    listed = [el("li", *_pod(each)) for each in symptoms[:_MOST_PODS]]
    left = len(symptoms) - _MOST_PODS
    rest = el("li", f"and {left:,} more") if left > 0 else None
    return el(
        "article",
        el("p", chip("blocks" if host is None else "not-applicable", group["class"]), " ", head, only, _host(host)),
        _quote(first) if first else None,
        where,
        more("Pods", el("ul", *listed, rest, class_="pods")) if listed else None,
        class_="group",
    )


def _host(host: str | None) -> Child:
    return el("span", " from ", bdi(host)) if host else None


def _quote(symptom: Json) -> Element:
    """The text of the pod that failed last, as Kubernetes shows it."""
    text = symptom["message"]
    whole = text if len(text) <= _LONGEST else f"{text[:_LONGEST]} ..."
    begins = whole if len(whole) <= _QUOTED else f"{whole[:_QUOTED]} ..."
    rest = more("The whole text", el("blockquote", el("p", bdi(whole)))) if begins != whole else None
    said: list[Child] = [bdi(f"{symptom['namespace']}/{symptom['pod']}")]
    if symptom["lastSeen"]:
        said += [", last seen ", instant(symptom["lastSeen"])]
    return el("figure", el("blockquote", el("p", bdi(begins))), rest, el("figcaption", *said))


def _pod(symptom: Json) -> Iterator[Child]:
    yield bdi(f"{symptom['namespace']}/{symptom['pod']}")
    yield ", container "
    yield bdi(symptom["container"])
    if symptom["node"]:
        yield " on "
        yield bdi(symptom["node"])
    yield ": "
    yield bdi(symptom["image"])


# --- pools -------------------------------------------------------------------------------


def pools(rows: Sequence[Json], heading: str) -> Element | None:
    """Pools by what their nodes are, with works and fails."""
    if not rows:
        return None
    heads = ("Node pool", "Pulls", "System", "Node image", "containerd", "Nodes")
    left = len(rows) - _MOST_ROWS
    return el(
        "section",
        el(heading, "Node pools"),
        table("Whether pulls work, by what the nodes are", heads, map(_pool, rows[:_MOST_ROWS]), class_="pools"),
        el("p", f"and {left} more (pools in the JSON report)") if left > 0 else None,
        class_="part",
    )


def _pool(row: Json) -> list[Element]:
    told = [f"{row['failingPods']:,} failing pod{'s' if row['failingPods'] > 1 else ''}"] if row["failingPods"] else []
    told += [f"pulled on {row['pulledOn']:,} node{'s' if row['pulledOn'] > 1 else ''}"] if row["pulledOn"] else []
    told += [f"probe: {row['probed']}"] if row["probed"] else []
    system = [row["osSku"] or row["os"], row["architecture"]]
    ready = f", {row['ready']:,} ready" if row["ready"] is not None and row["nodes"] else ""
    return [
        el("th", bdi(row["pool"]) if row["pool"] else "in no pool"),
        el(
            "td",
            el("div", chip(OF_POOL[row["state"]], _PULLS[row["state"]])),
            el("small", "; ".join(told)) if told else None,
        ),
        el("td", bdi(" ".join(each for each in system if each)) if any(system) else "not known"),
        el("td", bdi(row["nodeImage"]) if row["nodeImage"] else "not known"),
        el("td", bdi(row["containerd"]) if row["containerd"] else "not known"),
        el("td", "not known" if row["nodes"] is None else f"{row['nodes']:,}{ready}"),
    ]


# --- what was not read -------------------------------------------------------------------


def unread(report: Json, heading: str) -> Element | None:
    """What could not be read: the reason, the right that would let it, and which checks wait for it."""
    found = parts.unread(report)
    if not found:
        return None
    left = len(found) - _MOST_ROWS
    rest = el("p", f"and {left} more") if left > 0 else None
    cards = el("ul", *map(_unread, found[:_MOST_ROWS]), class_="cards")
    return el("section", el(heading, "What could not be read"), cards, rest, class_="part")


def _unread(found: Unread) -> Element:
    word, state = ("Decides", "unknown") if found.decisive else ("Does not decide", "not-applicable")
    facts = pairs(
        [
            (_GIVEN_RIGHT, [code(found.permission) if found.permission else None]),
            ("Waiting checks", some(found.checks, _MOST_NAMES)),
        ]
    )
    return el("li", el("p", chip(state, word), " ", found.reason), facts, class_=f"card {state}")


# --- findings ----------------------------------------------------------------------------


def beside(report: Json, heading: str) -> Element | None:
    """Faults that follow from a cause, and warnings."""
    rest = parts.beside(report)
    if not rest:
        return None
    items = [
        el(
            "li",
            chip(OF_STATUS[each["status"]], _WORDS[kind]),
            " ",
            code(each["outcome"]),
            el("p", each["summary"]),
            class_=f"card {OF_STATUS[each['status']]}",
        )
        for kind, each in rest[:_MOST_ROWS]
    ]
    left = len(rest) - _MOST_ROWS
    more_of_them = el("p", f"and {left} more") if left > 0 else None
    return el("section", el(heading, "Beside that"), el("ul", *items, class_="cards"), more_of_them, class_="part")


_WORDS = {Kind.FOLLOWS: "Follows from the cause", Kind.WARNING: "Warning", Kind.FAULT: "Fault"}


def ruled_out(report: Json, heading: str) -> Element | None:
    """What was read and found sound, and what does not apply, by category."""
    found = parts.ruled_out(report)
    if not found:
        return None
    groups = [_category(category, alike) for category, alike in found.items()]
    return el("section", el(heading, "Ruled out, and by what"), el("div", *groups, class_="groups"), class_="part")


def _category(category: str, findings: Sequence[Json]) -> Element:
    left = len(findings) - _MOST_ROWS
    rest = el("li", f"and {left:,} more") if left > 0 else None
    return more(
        f"{category}: {parts.counted(findings)}", el("ul", *map(_sound, findings[:_MOST_ROWS]), rest, class_="sound")
    )


def _sound(finding: Json) -> Element:
    state = OF_STATUS[finding["status"]]
    word = "ok" if state == "works" else "does not apply"
    return el("li", mark(state), el("span", code(finding["check"]), f" {word}: ", finding["summary"]))
