"""The ways from node pools to the registry, drawn: a list of hops each, the broken one marked, each opening. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from xml.etree.ElementTree import Element

from ...arm_ids import name_of
from .elements import Child, bdi, code, el, more, pairs, some
from .marks import WORDS, mark

_MOST_WAYS, _MOST_POOLS, _MOST_SUBNETS, _SHOWN_ANYWAY = 12, 6, 4, 3
"""Drawn at most; of ways that work no more than the last stand open."""
_KINDS = {
    "node-subnet": "Node subnet",
    "dns-server": "DNS server",
    "private-dns-zone": "Private DNS zone",
    "private-dns-link": "Link of the zone",
    "private-dns-record": "DNS record",
    "dns-forwarding-rule": "DNS forwarding rule",
    "public-dns": "Public DNS",
    "node-resolver": "Resolver on the node",
    "security-admin-rule": "Security admin rule",
    "security-group": "Security group",
    "route": "Route",
    "peering": "Peering",
    "connected-group": "Connected group",
    "firewall": "Firewall",
    "appliance": "Network appliance",
    "private-endpoint": "Private endpoint",
    "service-endpoint": "Service endpoint",
    "endpoint-policy": "Endpoint policy",
    "http-proxy": "HTTP proxy",
    "registry": "Registry",
}
_LEADS_TO = {
    "private-endpoint": "through the private endpoint",
    "public-endpoint": "through the public endpoint",
    "proxy": "through the cluster's HTTP proxy",
}
_ENDS = {
    "blocks": "Not reached",
    "may-block": "Perhaps not reached",
    "unknown": "Not known whether it is reached",
    "works": "Reached",
    "not-applicable": "Not judged whether it is reached",
}
_STATES = {"blocks": "blocked", "may-block": "perhaps blocked", "unknown": "not known", "not-applicable": "not judged"}

Path = Mapping[str, Any]


def ways(paths: Sequence[Path], login_server: str | None, heading: str) -> Element | None:
    """The section of the ways; ``heading`` is the tag of its heading. Nothing where no way is known."""
    if not paths:
        return None
    shown = paths[:_MOST_WAYS]
    open_ones = [each for each in shown if each["state"] != "works"]
    sound = [each for each in shown if each["state"] == "works"]
    if len(shown) <= _SHOWN_ANYWAY:
        open_ones, sound = list(shown), []
    below = f"h{int(heading[1]) + 1}"
    cards = [_way(each, login_server, below) for each in open_ones]
    rest = [_way(each, login_server, below) for each in sound]
    left = len(paths) - len(shown)
    return el(
        "section",
        el(heading, "The way from the nodes to the registry"),
        el("p", _counted(paths), class_="lead"),
        el("div", *cards, class_="ways") if cards else None,
        more(_sound(sound), el("div", *rest, class_="ways"), class_="rest") if rest else None,
        el("p", f"and {left} more ways (paths in the JSON report)") if left else None,
        class_="part",
    )


def _counted(paths: Sequence[Path]) -> str:
    found = {word: sum(each["state"] == state for each in paths) for state, word in _STATES.items()}
    told = [f"{count} {word}" for word, count in found.items() if count]
    works = len(paths) - sum(found.values())
    if not told:
        return "1 way, and it works." if works == 1 else f"{works} ways, and all work."
    told += [f"{works} {'works' if works == 1 else 'work'}"] if works else []
    return f"{len(paths)} {'way' if len(paths) == 1 else 'ways'}: {', '.join(told)}."


def _sound(paths: Sequence[Path]) -> str:
    return f"{len(paths)} {'way that works' if len(paths) == 1 else 'ways that work'}"


def _way(path: Path, login_server: str | None, heading: str) -> Element:
    title = el(heading, *_from(path), " to ", bdi(path["host"]))
    stops = [_start(path), *map(_hop, _merged(path["hops"])), _end(path, login_server)]
    return el("article", title, el("ol", *stops, class_="hops"), class_=f"way {path['state']}")


def _from(path: Path) -> list[Child]:
    pools = path["pools"]
    if not pools:
        return ["All node pools"]
    return [f"Node pool{'s' if len(pools) > 1 else ''} ", *some(pools, _MOST_POOLS)]


def _start(path: Path) -> Element:
    subnets = path["subnets"]
    names = some([name_of(each) for each in subnets], _MOST_SUBNETS)
    where: list[Child] = [" in ", "subnet " if len(subnets) == 1 else "subnets ", *names] if subnets else []
    count = len(path["pools"])
    nodes = f"Nodes of {count} pool{'s' if count > 1 else ''}" if count else "Nodes"
    return el("li", el("div", el("span", class_="stop"), el("span", nodes, *where), class_="row"), class_="hop end")


def _end(path: Path, login_server: str | None) -> Element:
    host, state = path["host"], path["state"]
    what = "Login server" if host == login_server else "Data endpoint" if ".data." in host else "Registry"
    if host.startswith("*."):
        what = "Storage that layers come from"
    way = _LEADS_TO.get(path["leadsTo"] or "")
    addresses = [" (", *some(path["addresses"], _MOST_SUBNETS), ")"] if path["addresses"] else []
    told = el("span", what, f", {way}" if way else None, *addresses)
    row = el("div", mark(state), told, el("span", _ENDS[state], class_="state"), class_="row")
    return el("li", row, class_=f"hop end {state}")


def _merged(hops: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """The hops, each once: what a name and its addresses pass may be the same."""
    seen: list[Mapping[str, Any]] = []
    for hop in hops:
        if hop not in seen:
            seen.append(hop)
            yield hop


def _hop(hop: Mapping[str, Any]) -> Element:
    state = hop["state"]
    kind = _KINDS.get(hop["kind"], hop["kind"])
    row = el(
        "span",
        mark(state),
        el("span", el("span", kind, class_="kind"), " ", bdi(hop["name"], class_="name")),
        el("span", WORDS[state], class_="state"),
        class_="row",
    )
    said = [
        [f"{each['status']}: ", code(each["outcome"] or each["check"]), el("br") if number else None]
        for number, each in enumerate(reversed(hop["findings"]))
    ]
    facts = pairs(
        [
            ("Rule", [bdi(hop["rule"]) if hop["rule"] else None]),
            ("Resource", [bdi(hop["resource"]) if hop["resource"] else None]),
            ("Said by", [part for parts in reversed(said) for part in parts]),
        ]
    )
    opens = more(row, el("p", hop["why"]), facts, is_open=state in ("blocks", "may-block"))
    return el("li", opens, class_=f"hop {state}")
