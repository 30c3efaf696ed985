"""Reading: one module a source, and here one run of them all. Nothing judges."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from datetime import datetime, timezone

from ..facts import ActivityLog, Facts, Unreadable
from .ask.arm import ArmReader
from .ask.deadline import Deadline
from .ask.once import Once
from .ask.session import Session
from .az.check_acr import CLEAN_UP_SECONDS, LOOK_SECONDS
from .az.check_health import HealthCheck
from .azure.cluster import explain_missing_cluster
from .azure.missing import ClusterMissingError
from .plan import Plan
from .reading import Reading, Underway
from .readings import CHANGES, CHECK_ACR, CHECK_HEALTH, CLUSTER, facts_of, needed
from .request import ReadRequest, Run
from .sources import MISSING

__all__ = ["ClusterMissingError", "Collected", "ReadRequest", "collect", "collect_changes"]


@dataclass(frozen=True)
class Collected:
    """The facts, and the seconds that each read took."""

    facts: Facts
    seconds: Mapping[str, float]


Watch = Callable[[Callable[[], list[str]]], AbstractContextManager[None]]
"""Given what names the reads that are waited for: a context in which somebody shows them."""


def unwatched(_: Callable[[], list[str]]) -> AbstractContextManager[None]:
    """Nobody does."""
    return nullcontext()


def collect(session: Session, request: ReadRequest, watch: Watch = unwatched) -> Collected:
    """Read what the checks of ``request`` need, each thing as early as what it depends on allows.

    Ends by the session's deadline; what was not read by then is ``Unreadable``. Raises
    :class:`~.missing.ClusterMissingError` as soon as the cluster is known not to exist.
    """
    readings = needed(request)
    with _health_check(session, request, readings) as health, _plan(session) as plan:
        reader = ArmReader(session)
        answers = Underway(Run(session, reader, Once(reader), request, health), plan, readings)
        with _check_acr(answers, session, request), watch(plan.waited_for):
            # Not on this thread: an import that catches everything would swallow Ctrl-C.
            plan.start("imports", lambda: _load_clients(session.deadline))
            if answers(CLUSTER) is MISSING:
                target = request.targets.cluster
                raise ClusterMissingError(target, explain_missing_cluster(reader, target))
            facts = facts_of(answers, request, datetime.now(timezone.utc))
        return Collected(facts, {task.name: task.seconds for task in plan.tasks})


def collect_changes(
    session: Session, request: ReadRequest, watch: Watch = unwatched
) -> tuple[ActivityLog | Unreadable | None, Mapping[str, float]]:
    """Ask the Activity Log the questions of ``request``; return its answer, and the seconds that it took.

    The second collection of a run, which depends on the verdict of the first. Ends by the session's deadline.
    """
    with _plan(session) as plan:
        reader = ArmReader(session)
        answers = Underway(Run(session, reader, Once(reader), request), plan, (CHANGES,))
        with watch(plan.waited_for):
            found = answers(CHANGES)
        return found, {task.name: task.seconds for task in plan.tasks}


def _load_clients(deadline: Deadline) -> None:
    """Import what the second round of reads needs, while the first is under way."""
    for package in ("azure.mgmt.authorization", "azure.mgmt.msi"):
        if deadline.remaining() <= 0:
            return
        with suppress(ImportError):  # the read that needs it says so
            importlib.import_module(package)


@contextmanager
def _health_check(
    session: Session, request: ReadRequest, readings: tuple[Reading[object], ...]
) -> Iterator[HealthCheck | None]:
    """Made before any thread is started, so that it can fork; see :mod:`.fork`."""
    if CHECK_HEALTH not in readings:
        yield None
        return
    if request.joint is not None:
        yield request.joint.health
        return
    with HealthCheck(session.deadline, request.targets.registry.probable_name) as health:
        yield health


@contextmanager
def _plan(session: Session) -> Iterator[Plan]:
    plan = Plan(session.deadline)
    try:
        yield plan
    finally:
        plan.close()
        session.close()


@contextmanager
def _check_acr(answers: Underway, session: Session, request: ReadRequest) -> Iterator[None]:
    """An interrupt ends the command, and waits until its pod and its folder are gone.

    It runs on a thread that ends with the process, and holds a kubeconfig with a credential.
    """
    try:
        yield
    except KeyboardInterrupt:
        if not request.check_acr:
            raise
        session.close()  # so that whatever it still waits for ends, too
        answers(CHECK_ACR, Deadline(CLEAN_UP_SECONDS + LOOK_SECONDS))
        raise
