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
import string
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from .facts import Facts, Unreadable
from .model import Confidence, Finding, Reach, Remedy, SeenFrom, Severity, Status
from .quoting import fill_command, printable

Judge = Callable[[Facts], Iterator[Finding]]

# The word that begins the part of a manual that says how its check decides.
_DECIDED = "Decided "
_STATUS_OF = {Severity.ERROR: Status.FAIL, Severity.WARNING: Status.WARN}


@dataclass(frozen=True)
class RemedyTemplate:
    """A repair whose ``{names}`` are filled from the finding's evidence, quoted for a shell."""

    description: str
    command: str | None = None


@dataclass(frozen=True)
class Outcome:
    """One thing that can be wrong: permanent id, wording, repairs and documentation.

    ``summary`` and ``remedies`` are templates over the evidence given to :meth:`at`.
    ``evidence_keys`` are the keys that every finding of this outcome carries.
    ``explains`` lists the symptom classes and the outcome ids that this outcome accounts
    for; a finding whose outcome is listed there is folded beneath it.
    """

    id: str
    severity: Severity
    summary: str
    url: str
    confidence: Confidence = Confidence.OBSERVED
    seen_from: SeenFrom = SeenFrom.AZURE
    evidence_keys: tuple[str, ...] = ()
    remedies: tuple[RemedyTemplate, ...] = ()
    explains: tuple[str, ...] = ()
    article: str | None = None

    def at(
        self,
        resource: str,
        *,
        severity: Severity | None = None,
        confidence: Confidence | None = None,
        hop: int = 0,
        reach: Reach | None = None,
        **evidence: Any,
    ) -> Finding:
        """Return the finding of this outcome at ``resource``.

        ``evidence`` fills the templates and is reported as it is (strings, numbers,
        booleans, ``None``, lists and dicts of those). ``severity`` and ``confidence``
        replace the outcome's own where the catalogue knows two of them. ``hop`` and ``reach``
        are :attr:`~azext_acrpulldiag.model.Finding.hop` and ``.reach``; without a ``reach``
        the finding is about the node pools that the evidence ``pool`` or ``pools`` names.
        """
        final = severity or self.severity
        wording = {name: _in_words(value) for name, value in evidence.items()}
        return Finding(
            check="",  # evaluate() writes the id of the check that found it
            status=_STATUS_OF[final],
            summary=self.summary.format(**wording),
            resource=resource,
            outcome=self.id,
            severity=final,
            confidence=confidence or self.confidence,
            seen_from=self.seen_from,
            evidence=evidence,
            remedies=tuple(_filled(remedy, evidence, wording) for remedy in self.remedies),
            url=self.url,
            explains=self.explains,
            hop=hop,
            reach=Reach(pools=_pools_in(evidence)) if reach is None else reach,
        )


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
        reason=why.sentence,
        operation=why.operation,
        permission=why.permission,
        decisive=decisive,
    )


def _pools_in(evidence: dict[str, Any]) -> frozenset[str]:
    one, several = evidence.get("pool"), evidence.get("pools")
    named = [one] if isinstance(one, str) else several if isinstance(several, (list, tuple)) else []
    return frozenset(str(each) for each in named)


def _filled(remedy: RemedyTemplate, evidence: dict[str, Any], wording: dict[str, str]) -> Remedy:
    description = remedy.description.format(**wording)
    if remedy.command is None:
        return Remedy(description)
    return Remedy(description, fill_command(remedy.command, evidence))


def _in_words(value: Any) -> str:
    if isinstance(value, (list, tuple, set, frozenset)):
        return ", ".join(_in_words(item) for item in value) or "none"
    return printable(str(value))


def placeholders(template: str) -> frozenset[str]:
    """Return the ``{names}`` that a template wants filled."""
    return frozenset(name for _, name, _, _ in string.Formatter().parse(template) if name)
