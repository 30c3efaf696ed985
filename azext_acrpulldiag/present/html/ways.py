"""The ways from node pools to the registry, drawn: a list of hops each, the broken one marked, each opening. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from xml.etree.ElementTree import Element

from ...arm_ids import name_of
from .elements import Child, bdi, code, el, more, pairs, resource, some, table
from .marks import WORDS, chip, mark

_MOST_WAYS, _MOST_ROWS, _MOST_POOLS, _MOST_SUBNETS, _SHOWN_ANYWAY = 12, 60, 6, 4, 3
"""At most, in the order of the names: drawn, in the table, named, named, and drawn without a table."""
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
    "may-block": "Perhaps reached",
    "unknown": "Not known",
    "works": "Reached",
    "not-applicable": "Not judged",
}
_WAYS = {
    "blocks": "Blocked",
    "may-block": "Perhaps blocked",
    "unknown": "Not known",
    "works": "Works",
    "not-applicable": "Not judged",
}
_STATES = {"blocks": "blocked", "may-block": "perhaps blocked", "unknown": "not known", "not-applicable": "not judged"}

Path = Mapping[str, Any]


def ways(paths: Sequence[Path], login_server: str | None, heading: str) -> Element | None:
    """The section of the ways; ``heading`` is the tag of its heading. Nothing where no way is known.

    Of many there is a table first, and those that work are closed.
    """
    if not paths:
        return None
    shown, many = paths[:_MOST_WAYS], len(paths) > _SHOWN_ANYWAY
    below, told = f"h{int(heading[1]) + 1}", _Told()
    cards = [_way(each, login_server, below, told) for each in shown if not many or each["state"] != "works"]
    rest = [_way(each, login_server, below, told) for each in shown if many and each["state"] == "works"]
    left = len(paths) - len(shown)
    return el(
        "section",
        el(heading, "The way from the nodes to the registry"),
        el("p", _counted(paths), class_="lead"),
        _overview(paths) if many else None,
        el("div", *cards, class_="ways") if cards else None,
        more(_sound(len(rest)), el("div", *rest, class_="ways"), class_="rest") if rest else None,
        el("p", f"{left} more are in the JSON report, under paths.", class_="note") if left else None,
        class_="part",
    )


class _Told:
    """What was opened before: the same fault on many ways is told on the first."""

    def __init__(self) -> None:
        self._seen: set[tuple[str, ...]] = set()

    def is_new(self, hop: Mapping[str, Any]) -> bool:
        """Whether a hop is the first with its fault."""
        state, why = hop["state"], hop["why"]
        key = (state, why) if state == "unknown" else (hop["kind"], str(hop["resource"]), state, why)
        if state not in ("blocks", "may-block", "unknown") or key in self._seen:
            return False
        self._seen.add(key)
        return True


def _overview(paths: Sequence[Path]) -> Element:
    left = len(paths) - _MOST_ROWS
    rows = (
        [
            el("th", *(some(each["pools"], _MOST_POOLS) if each["pools"] else ["all"])),
            el("td", bdi(each["host"])),
            el("td", el("div", chip(each["state"], _WAYS[each["state"]]), *_where(each))),
        ]
        for each in paths[:_MOST_ROWS]
    )
    rest = f", and {left} more" if left > 0 else ""
    return table(f"All ways, the worst first{rest}", ("Node pools", "To", "Way"), rows)


def _where(path: Path) -> list[Child]:
    """The hops that make a way what it is."""
    found = [hop for hop in path["hops"] if hop["state"] == path["state"] != "works"]
    named: list[Child] = []
    for hop in found[:_MOST_POOLS]:
        named += [", " if named else " at ", f"{_KINDS.get(hop['kind'], hop['kind']).lower()} ", bdi(hop["name"])]
    return named


def _counted(paths: Sequence[Path]) -> str:
    found = {word: sum(each["state"] == state for each in paths) for state, word in _STATES.items()}
    told = [f"{count} {word}" for word, count in found.items() if count]
    works = len(paths) - sum(found.values())
    if not told:
        return "1 way, and it works." if works == 1 else f"{works} ways, and all work."
    told += [f"{works} {'works' if works == 1 else 'work'}"] if works else []
    return f"{len(paths)} {'way' if len(paths) == 1 else 'ways'}: {', '.join(told)}."


def _sound(count: int) -> str:
    return f"{count} {'way that works' if count == 1 else 'ways that work'}"


def _way(path: Path, login_server: str | None, heading: str, told: _Told) -> Element:
    title = el(heading, *_from(path), " to ", bdi(path["host"]))
    hops = [_hop(each, told.is_new(each)) for each in _merged(path["hops"])]
    stops = [_start(path), *hops, _end(path, login_server)]
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


def _hop(hop: Mapping[str, Any], is_open: bool) -> Element:
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
            ("Resource", [resource(hop["resource"]) if hop["resource"] else None]),
            ("Said by", [part for parts in reversed(said) for part in parts]),
        ]
    )
    opens = more(row, el("p", hop["why"]), facts, is_open=is_open)
    return el("li", opens, class_=f"hop {state}")
