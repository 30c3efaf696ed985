"""Findings of hops: what is broken on the way to the registry, with the way as evidence. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ...catalogue import Outcome, unknown
from ...details import Details, united
from ...facts import Facts, Network, Unreadable
from ...model import Finding
from ...path.hops import UNKNOWN, Hop, Walk
from ...path.walk import walks


@dataclass(frozen=True)
class OnPath(Details):
    """Whose way a hop breaks, and the whole way of the first host that meets it."""

    pools: tuple[str, ...]
    subnet: str | None
    hosts: tuple[str, ...]
    path: tuple[Mapping[str, Any], ...]
    """Each hop as :meth:`~azext_acrpulldiag.path.hops.Hop.told` tells it."""


WAY_KEYS = ("pools", "subnet", "hosts", "path")
"""Transitional: the keys of :class:`OnPath`."""


@dataclass(frozen=True)
class Met:
    """The same hop on the ways of several hosts from the same node pools. ``step`` is its place on the first."""

    walk: Walk
    step: int
    hop: Hop
    """Its details are those of all hosts together."""
    hosts: tuple[str, ...]

    @property
    def subnet(self) -> str | None:
        """The node subnet, where it is known."""
        return self.walk.place.subnet_id if isinstance(self.walk.place.subnet_id, str) else None

    @property
    def on_path(self) -> OnPath:
        """What is true of the whole way."""
        return OnPath(self.walk.place.pools, self.subnet, self.hosts, tuple(self.walk.path))

    def resource(self, facts: Facts) -> str:
        """What a finding about it speaks of."""
        return self.hop.resource_id or self.subnet or facts.targets.cluster.id


def findings_of(
    facts: Facts, outcomes: Mapping[str, Outcome], kinds: Collection[str], network: Network | None = None
) -> Iterator[Finding]:
    """Yield what the hops say for a check with these ``outcomes`` (by id).

    A hop whose outcome is among them becomes its finding, with :class:`OnPath` before the hop's own details. A hop
    of one of ``kinds`` that is unknown becomes an unknown. ``network`` stands in for that of the facts.
    """
    for met in met_hops(facts, outcomes, kinds, network):
        hop = met.hop
        yield ignorance(facts, met) if hop.outcome is None else finding_of(facts, met, outcomes[hop.outcome])


def finding_of(facts: Facts, met: Met, outcome: Outcome, *further: Details, **changes: Any) -> Finding:
    """The finding of ``outcome`` at a hop, with ``further`` details behind the hop's own. ``changes`` are of ``at``."""
    hop = met.hop
    told: dict[str, Any] = {"severity": hop.severity, "confidence": hop.confidence, "hop": met.step, **changes}
    if hop.details or further:
        return outcome.at(met.resource(facts), met.on_path, *hop.details, *further, **told)
    evidence: dict[str, Any] = {"pools": list(met.walk.place.pools), "subnet": met.subnet, "hosts": list(met.hosts)}
    return outcome.at(met.resource(facts), **told, **evidence, path=met.walk.path, **hop.evidence)


def ignorance(facts: Facts, met: Met) -> Finding:
    """The unknown of a hop."""
    return unknown(met.resource(facts), met.hop.unread or Unreadable("not-shown", met.hop.why))


def met_hops(
    facts: Facts, outcomes: Collection[str], kinds: Collection[str], network: Network | None = None
) -> list[Met]:
    """The hops to speak of, in path order: those with one of ``outcomes``, and those of ``kinds`` that are unknown.

    The same fault met by several hosts is one; node pools in different subnets have their own.
    """
    found: dict[tuple[object, ...], Met] = {}
    for walk in walks(facts, network):
        for step, hop in enumerate(walk.hops, 1):
            if hop.outcome not in outcomes and not (hop.state == UNKNOWN and hop.kind in kinds):
                continue
            key = (walk.place.pools, hop.kind, (hop.resource_id or "").lower(), hop.outcome, hop.unread)
            known = found.get(key)
            found[key] = _with(known, walk, hop) if known else Met(walk, step, hop, (walk.host,))
    return sorted(found.values(), key=lambda met: (met.step, met.walk.place.pools))


def _with(known: Met, walk: Walk, hop: Hop) -> Met:
    """The same hop, met by one host more."""
    details = tuple(united(one, other) for one, other in zip(known.hop.details, hop.details, strict=True))
    evidence = _together(known.hop.evidence, hop.evidence)
    hosts = tuple(dict.fromkeys((*known.hosts, walk.host)))
    return replace(known, hop=replace(known.hop, details=details, evidence=evidence), hosts=hosts)


def _together(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """The evidence of the first, its lists with what those of the other add."""
    return {key: _united(value, other.get(key)) for key, value in one.items()}


def _united(one: Any, other: Any) -> Any:
    both = isinstance(one, list) and isinstance(other, list)
    return [*one, *(each for each in other if each not in one)] if both else one
