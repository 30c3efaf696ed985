"""The whole judgement of one run: from facts to the diagnosis, in one call. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from functools import partial

from ..checks import ALL
from ..facts import Facts
from ..model import Diagnosis
from ..pull_errors.left_out import hostless_texts, symptoms_by_scope
from ..pull_errors.symptoms import login_server_of
from .after import with_repairs_tried
from .apart import surroundings_of
from .counter_evidence import weigh
from .evaluate import judge
from .grouping import grouped
from .probed import in_words, overruled, without_overtaken
from .reach import LiveSymptoms
from .root_causes import diagnose
from .summary import WELL, elsewhere, no_registry, without_host


def proven(facts: Facts, skip: Collection[str] = (), narrowed: str = "") -> Diagnosis:
    """Judge everything that was read, and try the repairs on it. Arguments are those of :func:`diagnosed`."""
    return repairs_tried(diagnosed(facts, skip, narrowed), facts, skip)


def repairs_tried(diagnosis: Diagnosis, facts: Facts, skip: Collection[str] = ()) -> Diagnosis:
    """Try the repairs of a diagnosis on the facts that it came from."""
    return with_repairs_tried(diagnosis, facts, partial(diagnosed, skip=skip))


def diagnosed(facts: Facts, skip: Collection[str] = (), narrowed: str = "") -> Diagnosis:
    """Judge everything that was read.

    ``skip`` names the categories and checks that are left out, ``narrowed`` how that came about, in the user's words.
    """
    facts = without_overtaken(facts)
    in_scope, out_of_scope = symptoms_by_scope(facts)
    findings = overruled(weigh(judge(ALL, facts, skip), facts, in_scope), facts, LiveSymptoms(in_scope))
    named = facts.targets.registry.is_named
    well = WELL if named else no_registry(facts.targets.cluster.name)
    beside = elsewhere(out_of_scope, login_server_of(facts) if named and not in_scope else None)
    if not named:
        beside = " ".join(filter(None, (beside, without_host(hostless_texts(facts)))))
    beside = " ".join(filter(None, (in_words(facts), beside)))
    around = surroundings_of(facts, in_scope)
    grouping = grouped(facts, in_scope, out_of_scope)
    diagnosis = diagnose(ALL, findings, in_scope, out_of_scope, grouping, well, beside, around)
    if narrowed:
        return replace(diagnosis, summary=f"Of what was judged ({narrowed}): {diagnosis.summary}")
    return diagnosis
