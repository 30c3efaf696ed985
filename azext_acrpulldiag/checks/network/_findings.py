"""Findings of hops: what is broken on the way to the registry, with the way as evidence. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ...arm_ids import key_of
from ...catalogue import Outcome, unknown
from ...details import Details, internal, united
from ...facts import Facts, Network, Unreadable
from ...model import Finding
from ...path.arrival import Egresses
from ...path.hops import UNKNOWN, Hop, Walk
from ...path.walk import walks
from ...pull_errors.symptoms import symptoms_of


@dataclass(frozen=True)
class OnPath(Details):
    """Whose way a hop breaks, and the whole way of the first host that meets it."""

    pools: tuple[str, ...]
    subnet: str | None
    hosts: tuple[str, ...]
    path: tuple[Mapping[str, Any], ...]
    """Each hop as :meth:`~azext_acrpulldiag.path.hops.Hop.told` tells it."""

    @property
    def layers_alone(self) -> bool:
        """Only data endpoints meet it: manifests arrive, and layers do not."""
        return all(".data." in host for host in self.hosts)


@dataclass(frozen=True)
class Unless(Details):
    """What would make a finding untrue and could not be read."""

    unless: str = internal()
    """A sentence with a space before it, for the end of a summary; empty: nothing."""


@dataclass(frozen=True)
class Met:
    """The same hop on several ways, of several hosts or places. ``step`` is its place on the first."""

    walk: Walk
    """The first of them."""
    step: int
    hop: Hop
    """Its details are those of all ways together."""
    hosts: tuple[str, ...]
    pools: tuple[str, ...]

    @property
    def subnet(self) -> str | None:
        """The node subnet, where it is known."""
        return self.walk.place.subnet_id if isinstance(self.walk.place.subnet_id, str) else None

    @property
    def on_path(self) -> OnPath:
        """What is true of the whole way."""
        return OnPath(self.pools, self.subnet, self.hosts, tuple(self.walk.path))

    def resource(self, facts: Facts) -> str:
        """What a finding about it speaks of."""
        return self.hop.resource_id or self.subnet or facts.targets.cluster.id

    def with_another(self, other: Met) -> Met:
        """Both as one."""
        details = tuple(united(mine, theirs) for mine, theirs in zip(self.hop.details, other.hop.details, strict=True))
        return replace(
            self,
            hop=replace(self.hop, details=details),
            hosts=tuple(dict.fromkeys((*self.hosts, *other.hosts))),
            pools=tuple(dict.fromkeys((*self.pools, *other.pools))),
        )


def findings_of(
    facts: Facts,
    outcomes: Mapping[str, Outcome],
    kinds: Collection[str],
    network: Network | None = None,
    leaving: Egresses = None,
) -> Iterator[Finding]:
    """Yield what the hops say for a check with these ``outcomes`` (by id).

    A hop whose outcome is among them becomes its finding, with :class:`OnPath` before the hop's own details. A hop
    of one of ``kinds`` that is unknown becomes an unknown. ``network`` stands in for that of the facts, ``leaving`` is
    that of :func:`~azext_acrpulldiag.path.walks`.
    """
    for met in met_hops(facts, outcomes, kinds, network, leaving=leaving):
        hop = met.hop
        yield ignorance(facts, met) if hop.outcome is None else finding_of(facts, met, outcomes[hop.outcome])


def outcome_of(facts: Facts, met: Met, outcomes: Mapping[str, Outcome]) -> Outcome | None:
    """The outcome of a hop, also of one that is only suspected where pods of the nodes report what it causes.

    ``None``: it is unknown.
    """
    if met.hop.outcome is not None:
        return outcomes[met.hop.outcome]
    suspected = outcomes.get(met.hop.suspected or "")
    if suspected is None:
        return None
    return suspected if pods_report(facts, suspected.explains, met.pools) else None


def pods_report(facts: Facts, classes: Collection[str], pools: Collection[str]) -> bool:
    """Tell whether pods of some node pools report one of these classes; a pod of no known pool may be one of theirs."""
    inside, _ = symptoms_of(facts)
    return any(each.symptom_class in classes and each.node_pool in (None, *pools) for each in inside)


def finding_of(facts: Facts, met: Met, outcome: Outcome, *further: Details, **changes: Any) -> Finding:
    """The finding of ``outcome`` at a hop, with ``further`` details behind the hop's own. ``changes`` are of ``at``."""
    hop = met.hop
    told: dict[str, Any] = {"severity": hop.severity, "confidence": hop.confidence, "hop": met.step, **changes}
    return outcome.at(met.resource(facts), met.on_path, *hop.details, *further, **told)


def ignorance(facts: Facts, met: Met) -> Finding:
    """The unknown of a hop."""
    return unknown(met.resource(facts), met.hop.unread or Unreadable("not-shown", met.hop.why))


def met_hops(
    facts: Facts,
    outcomes: Collection[str],
    kinds: Collection[str],
    network: Network | None = None,
    apart: Callable[[Hop], object] = lambda _: None,
    leaving: Egresses = None,
) -> list[Met]:
    """The hops to speak of, in path order: those with one of ``outcomes``, and those of ``kinds`` that are unknown.

    The same fault met by several hosts is one; node pools in different subnets have their own, and so have hops of
    one resource that ``apart`` tells apart.
    """
    found: dict[tuple[object, ...], Met] = {}
    for walk in walks(facts, network, leaving):
        for step, hop in enumerate(walk.hops, 1):
            if hop.outcome not in outcomes and not (hop.state == UNKNOWN and hop.kind in kinds):
                continue
            met = Met(walk, step, hop, (walk.host,), walk.place.pools)
            key = (
                met.pools,
                hop.kind,
                key_of(hop.resource_id or ""),
                hop.outcome,
                hop.suspected,
                hop.unread,
                apart(hop),
            )
            found[key] = found[key].with_another(met) if key in found else met
    return sorted(found.values(), key=lambda met: (met.step, met.pools))
