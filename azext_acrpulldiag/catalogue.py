"""How a check and its outcomes are declared.

A check is a module-level generator from :class:`~azext_acrpulldiag.facts.Facts` to findings.
It yields what is wrong (``OUTCOME.at(...)``), yields or returns early with ``skipped(...)``
where it does not apply, and yields nothing where all is well. It takes facts out of their
envelope with :func:`~azext_acrpulldiag.facts.known`; where a fact could not be read that
raises, and :mod:`~azext_acrpulldiag.diagnosis.evaluate` turns it into an ``unknown`` finding. So a check
never has to ask whether it may know something, and can never pass on ignorance.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .details import Details, Named, evidence_keys
from .facts import Facts, Unreadable
from .model import Confidence, Finding, Reach, SeenFrom, Severity, Status
from .repairs import Repairs, filled, in_words

Judge = Callable[[Facts], Iterator[Finding]]

# The word that begins the part of a manual that says how its check decides.
_DECIDED = "Decided "
_STATUS_OF = {Severity.ERROR: Status.FAIL, Severity.WARNING: Status.WARN}


@dataclass(frozen=True)
class Outcome:
    """One thing that can be wrong: permanent id, wording, repairs and documentation.

    ``summary`` and ``repairs`` are templates over the names of the ``details``, the kinds of parts
    that every finding of this outcome carries, in that order. ``explains`` lists the symptom
    classes and the outcome ids that this outcome accounts for; a finding whose outcome is listed
    there is folded beneath it. ``explains_when`` names, for some of those, the detail without which
    a finding does not account for it.
    """

    id: str
    severity: Severity
    summary: str
    url: str
    confidence: Confidence = Confidence.OBSERVED
    seen_from: SeenFrom = SeenFrom.AZURE
    details: tuple[type[Details], ...] = ()
    repairs: Repairs = ()
    explains: tuple[str, ...] = ()
    explains_when: Mapping[str, str] = field(default_factory=dict, hash=False)
    article: str | None = None

    @property
    def evidence_keys(self) -> tuple[str, ...]:
        """The keys of the evidence, in order."""
        return tuple(key for kind in self.details for key in evidence_keys(kind))

    def at(
        self,
        resource: str,
        *details: Details,
        severity: Severity | None = None,
        confidence: Confidence | None = None,
        seen_from: SeenFrom | None = None,
        hop: int = 0,
        reach: Reach | None = None,
        explains: tuple[str, ...] | None = None,
    ) -> Finding:
        """Return the finding of this outcome at ``resource``, which rests on ``details``.

        ``severity``, ``confidence`` and ``seen_from`` replace the outcome's own where the catalogue knows
        two of them, ``explains`` what the details say that it accounts for. ``hop`` and ``reach``
        are :attr:`~azext_acrpulldiag.model.Finding.hop` and ``.reach``; without a ``reach``
        the finding is about the node pools that the detail ``pool`` or ``pools`` names.
        """
        final = severity or self.severity
        values = Named(details)
        return Finding(
            check="",  # evaluate() writes the id of the check that found it
            status=_STATUS_OF[final],
            summary=in_words(self.summary, values),
            resource=resource,
            outcome=self.id,
            severity=final,
            confidence=confidence or self.confidence,
            seen_from=seen_from or self.seen_from,
            details=details,
            remedies=filled(self.repairs, details),
            url=self.url,
            explains=self._accounted(values) if explains is None else explains,
            hop=hop,
            reach=Reach(pools=_pools_in(values)) if reach is None else reach,
        )

    def _accounted(self, values: Mapping[str, Any]) -> tuple[str, ...]:
        when = self.explains_when
        return tuple(each for each in self.explains if each not in when or values[when[each]])


@dataclass(frozen=True)
class Check:
    """A registered check. ``needs`` names the fields of ``Facts`` that it reads."""

    id: str
    needs: tuple[str, ...]
    outcomes: tuple[Outcome, ...]
    judge: Judge
    seen_from: SeenFrom = SeenFrom.AZURE

    @property
    def category(self) -> str:
        """The part of the id before the dot."""
        return self.id.partition(".")[0]

    @property
    def manual(self) -> str:
        """The docstring of the check, which is its page in the reference."""
        return self.judge.__doc__ or ""

    @property
    def why(self) -> str:
        """Why breaking the condition stops a pull: the manual below its title, up to what begins with "Decided"."""
        return self._body()[0]

    @property
    def how(self) -> str:
        """How it is decided: the manual from its first sentence that begins with "Decided"."""
        return self._body()[1]

    def _body(self) -> tuple[str, str]:
        below = inspect.cleandoc(self.manual).partition("\n")[2].strip()
        why, decided, how = below.partition(_DECIDED)
        return why.strip(), decided + how

    @property
    def title(self) -> str:
        """The healthy condition: the first line of the manual."""
        return self.manual.strip().splitlines()[0]


def check(
    id: str,
    *,
    needs: tuple[str, ...],
    outcomes: tuple[Outcome, ...],
    seen_from: SeenFrom = SeenFrom.AZURE,
) -> Callable[[Judge], Check]:
    """Declare a generator as the check ``id``; the decorated name is a :class:`Check`."""

    def declare(judge: Judge) -> Check:
        return Check(id, needs, outcomes, judge, seen_from)

    return declare


def passed(
    resource: str,
    summary: str,
    *details: Details,
    confidence: Confidence = Confidence.OBSERVED,
    url: str | None = None,
) -> Finding:
    """Say that ``resource`` is as it should be, where that needs more words than the check's title."""
    return Finding("", Status.PASS, summary, resource, confidence=confidence, details=details, url=url)


def skipped(resource: str, reason: str) -> Finding:
    """Say that a check does not apply to ``resource``, and why (a whole sentence)."""
    return Finding(check="", status=Status.SKIPPED, summary=reason, resource=resource, reason=reason)


def unknown(resource: str, why: Unreadable, *, decisive: bool | None = None) -> Finding:
    """Say that ``resource`` could not be judged, with what could not be read."""
    return Finding(
        check="",
        status=Status.UNKNOWN,
        summary=f"Could not be judged: {why.sentence}",
        resource=resource,
        code=why.reason,
        reason=why.sentence,
        operation=why.operation,
        permission=why.permission,
        decisive=decisive,
    )


def _pools_in(values: Mapping[str, Any]) -> frozenset[str]:
    one, several = values.get("pool"), values.get("pools")
    named = [one] if isinstance(one, str) else several if isinstance(several, (list, tuple)) else []
    return frozenset(str(each) for each in named)
