"""The words of a judgement: status, severity, remedy, finding, diagnosis.

Everything here is a frozen value of the standard library, so that checks, diagnosis and
report can be read, tested and replayed without Azure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, TypeVar

from .details import Details, evidence_of

D = TypeVar("D", bound=Details)


class Status(str, Enum):
    """What one check says about one resource."""

    FAIL = "fail"
    WARN = "warn"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"
    PASS = "pass"  # noqa: S105 - a status, not a password


class Severity(str, Enum):
    """What an outcome does to a pull: an error stops it, a warning may."""

    ERROR = "error"
    WARNING = "warning"


class Confidence(str, Enum):
    """Whether the fault itself was read, or follows from what was read."""

    OBSERVED = "observed"
    INFERRED = "inferred"


class SeenFrom(str, Enum):
    """Whose view a finding reports. Only ``this-machine`` never changes the verdict."""

    AZURE = "azure"
    KUBERNETES = "kubernetes"
    REGISTRY = "registry"
    THIS_MACHINE = "this-machine"
    NODE = "node"


class Verdict(str, Enum):
    """The one word a script reads."""

    HEALTHY = "healthy"
    AT_RISK = "at-risk"
    BROKEN = "broken"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True)
class LeadsTo:
    """What a run would say once a repair is done: its verdict, and the outcomes of the root causes that are left."""

    verdict: Verdict
    root_causes: tuple[str, ...]


@dataclass(frozen=True)
class Remedy:
    """One step of a repair: what it does, and the command that does it (``None`` when no command can).

    ``option`` counts alternatives, ``step`` the steps of one, from 1. ``changes`` says in a clause what the command
    touches besides (``None``: nothing); ``requires`` are the rights that it takes. ``leads_to`` is what the whole
    option leads to; where nothing can tell that, ``not_told`` says why (both ``None``: it was not tried).
    """

    description: str
    command: str | None = None
    option: int = 1
    step: int = 1
    changes: str | None = None
    requires: tuple[str, ...] = ()
    leads_to: LeadsTo | None = None
    not_told: str | None = None
    effect: Callable[[Any], Any] | None = field(default=None, compare=False, repr=False)
    """From the facts to those that a run would read once the step is done; ``None``: it changes nothing, or
    ``not_told`` says why nobody can tell."""


@dataclass(frozen=True)
class Reach:
    """The pulls that a finding is about; an empty part leaves it open, so that all three empty mean any pull."""

    pools: frozenset[str] = frozenset()
    pods: frozenset[tuple[str, str]] = frozenset()
    """Each a namespace and a pod's name."""
    images: frozenset[str] = frozenset()
    """References; their hosts do not matter."""

    def within(self, other: Reach) -> bool:
        """Tell whether ``other`` is about as much, as far as both say what they are about."""
        parts = ((self.pools, other.pools), (self.pods, other.pods), (self.images, other.images))
        return all(not mine or not theirs or mine <= theirs for mine, theirs in parts)


@dataclass(frozen=True)
class PastChange:
    """What somebody did to a resource that a cause names, before pulls began to fail.

    ``proven``: it is about this very cause; else it is only near it.
    """

    operation: str
    resource: str
    when: datetime
    by: str | None
    """As the Activity Log calls him; ``None``: not shown."""
    correlation_id: str | None
    status: str
    proven: bool
    summary: str


@dataclass(frozen=True)
class Finding:
    """One statement of one check about one resource.

    ``outcome`` is a catalogue id for ``fail`` and ``warn`` and ``None`` otherwise.
    ``explains`` holds the symptom classes and outcome ids that this finding accounts for.
    ``code``, ``reason``, ``operation`` and ``permission`` are set on ``unknown`` findings only;
    ``decisive`` says whether that ignorance leaves the verdict open (``None``: the
    diagnosis decides from the check's outcomes).
    """

    check: str
    status: Status
    summary: str
    resource: str
    outcome: str | None = None
    severity: Severity | None = None
    confidence: Confidence = Confidence.OBSERVED
    seen_from: SeenFrom = SeenFrom.AZURE
    details: tuple[Details, ...] = ()
    """What it rests on, a part a subject; evidence is written from them."""
    remedies: tuple[Remedy, ...] = ()
    url: str | None = None
    explains: tuple[str, ...] = ()
    code: str | None = None
    """Why it is unknown, as a word: the reason of the ``Unreadable``."""
    reason: str | None = None
    operation: str | None = None
    permission: str | None = None
    decisive: bool | None = None
    hop: int = 0
    """How many hops of the path to the registry come before the fault; 0 where it is on no such path."""
    reach: Reach = field(default_factory=Reach)
    """Whose pulls it speaks of: it explains the symptoms of no others."""
    changes: tuple[PastChange, ...] = ()
    """Of a root cause: what was done before to what it names, the newest first."""
    further_changes: int = 0
    """How many more there were."""

    @property
    def category(self) -> str:
        """The part of the check id before the dot: ``access`` of ``access.pull-role``."""
        return self.check.partition(".")[0]

    @property
    def evidence(self) -> Mapping[str, Any]:
        """The details as plain values, for the report and for people. Nothing is decided by it."""
        return evidence_of(self.details)

    def detail(self, kind: type[D]) -> D:
        """The part of this kind. Raises ``LookupError`` where the finding has none."""
        for part in self.details:
            if isinstance(part, kind):
                return part
        raise LookupError(f"{self.outcome} has no {kind.__name__}")


@dataclass(frozen=True)
class Symptom:
    """A container that waits on an image pull, as Kubernetes reports it."""

    namespace: str
    pod: str
    container: str
    image: str
    node: str | None
    node_pool: str | None
    symptom_class: str
    message: str
    count: int | None
    last_seen: datetime | None
    asked: str | None = None
    """The image of the registry that its node asked for, where that is known; a mirror is asked by another name."""
    elsewhere: bool = False
    """Whether its node asked another registry by mistake, so that only what is said of this image can be the cause."""
    virtual_node: bool = False
    """Whether Container Instances was to pull it, for a virtual node."""
    first_seen: datetime | None = None
    """When its pull was first seen to fail; ``None``: that is not known."""


@dataclass(frozen=True)
class SymptomGroup:
    """The symptoms of one class: where they are, each list sorted."""

    symptom_class: str
    count: int
    """Containers."""
    pods: int
    node_pools: tuple[str, ...]
    nodes: tuple[str, ...]
    images: tuple[str, ...]
    namespaces: tuple[str, ...]
    only: str | None
    """``node``, ``image``, ``namespace`` or ``node-pool``: the narrowest thing that sets them apart from what is known
    to work, or for a node pool from the others there are; ``None``: nothing does."""
    host: str | None = None
    """Whose images they are, of symptoms out of scope."""


@dataclass(frozen=True)
class Grouping:
    """Where pulls fail."""

    groups: tuple[SymptomGroup, ...] = ()
    """The largest first."""
    outside: tuple[SymptomGroup, ...] = ()
    """Those out of scope, by host and class, the largest first."""
    where: str | None = None
    """The narrowest true statement about all of them, a sentence; ``None``: there is none that tells anything."""


@dataclass(frozen=True)
class RootCause:
    """A finding that nothing else explains, with what is folded beneath it."""

    finding: Finding
    explains: tuple[str, ...] = ()


@dataclass(frozen=True)
class PlannedStep:
    """A step of a repair, and the outcome and resource that it repairs."""

    outcome: str
    resource: str
    remedy: Remedy


@dataclass(frozen=True)
class RepairPlan:
    """What to do about all root causes, in order, and what that leads to; ``not_told`` says why that is not known."""

    steps: tuple[PlannedStep, ...]
    leads_to: LeadsTo | None
    not_told: str | None = None


@dataclass(frozen=True)
class Diagnosis:
    """The judgement of a whole run, ready to be written down."""

    verdict: Verdict
    summary: str
    root_causes: tuple[RootCause, ...]
    findings: tuple[Finding, ...]
    symptoms: tuple[Symptom, ...] = ()
    out_of_scope: tuple[Symptom, ...] = ()
    grouping: Grouping = field(default_factory=Grouping)
    repair_plan: RepairPlan | None = None
    """``None``: nothing is broken, or no repair was tried."""
