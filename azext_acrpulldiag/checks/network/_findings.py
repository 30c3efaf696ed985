"""Findings of hops: what is broken on the way, with the way as evidence. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ...catalogue import Outcome, unknown
from ...facts import Facts, Network, Unreadable
from ...model import Finding
from ...path.hops import UNKNOWN, Hop, Walk
from ...path.walk import walks

WAY_KEYS = ("pools", "subnet", "hosts", "path")
"""The evidence that :func:`findings_of` gives beside that of a hop."""


@dataclass(frozen=True)
class _Place:
    """One hop on the ways of several hosts from the same node pools."""

    walk: Walk
    step: int
    hop: Hop
    hosts: tuple[str, ...]


def findings_of(
    facts: Facts, outcomes: Mapping[str, Outcome], kinds: Collection[str], network: Network | None = None
) -> Iterator[Finding]:
    """Yield what the hops say for a check with these ``outcomes`` (by id).

    A hop whose outcome is among them becomes its finding, with ``pools``, ``subnet``, ``hosts`` and ``path`` beside
    the hop's own evidence. A hop of one of ``kinds`` that is unknown becomes an unknown. The same fault met by several
    hosts is one finding; node pools in different subnets have their own. ``network`` stands in for that of the facts.
    """
    for place in _places(walks(facts, network), outcomes, kinds):
        walk, hop = place.walk, place.hop
        resource = hop.resource_id or _subnet(walk) or facts.targets.cluster.id
        if hop.outcome is None:
            yield unknown(resource, hop.unread or Unreadable("not-shown", hop.why))
            continue
        yield outcomes[hop.outcome].at(
            resource,
            severity=hop.severity,
            confidence=hop.confidence,
            hop=place.step,
            pools=list(walk.place.pools),
            subnet=_subnet(walk),
            hosts=list(place.hosts),
            path=walk.path,
            **hop.evidence,
        )


def _places(found: tuple[Walk, ...], outcomes: Mapping[str, Outcome], kinds: Collection[str]) -> list[_Place]:
    """The hops to speak of, in path order; the way shown is that of the first host that meets them."""
    places: dict[tuple[object, ...], _Place] = {}
    for walk in found:
        for step, hop in enumerate(walk.hops, 1):
            told = hop.outcome in outcomes or (hop.state == UNKNOWN and hop.kind in kinds)
            if not told:
                continue
            key = (walk.place.pools, hop.kind, (hop.resource_id or "").lower(), hop.outcome, hop.unread)
            known = places.get(key)
            hosts = (*known.hosts, walk.host) if known else (walk.host,)
            first = known or _Place(walk, step, hop, ())
            told_of = replace(first.hop, evidence=_together(first.hop.evidence, hop.evidence))
            places[key] = _Place(first.walk, first.step, told_of, tuple(dict.fromkeys(hosts)))
    return sorted(places.values(), key=lambda place: (place.step, place.walk.place.pools))


def _together(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """The evidence of the first, its lists with what those of the other add."""
    return {key: _united(value, other.get(key)) for key, value in one.items()}


def _united(one: Any, other: Any) -> Any:
    both = isinstance(one, list) and isinstance(other, list)
    return [*one, *(each for each in other if each not in one)] if both else one


def _subnet(walk: Walk) -> str | None:
    return walk.place.subnet_id if isinstance(walk.place.subnet_id, str) else None
