"""Reading: one module a source, and here one run of them all. Nothing judges."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from ..facts import Cluster, Facts, Options, Registry
from ..targets import Targets
from .ask.deadline import Deadline
from .ask.session import Session
from .az.check_acr import CLEAN_UP_SECONDS, LOOK_SECONDS, run_check_acr
from .az.check_health import HealthCheck
from .azure.cluster import explain_missing_cluster
from .azure.missing import ClusterMissingError
from .plan import Plan, Task, needing
from .readings import MISSING, Reads
from .wanted import Wanted

__all__ = ["ClusterMissingError", "Collected", "Wanted", "collect"]


@dataclass(frozen=True)
class Collected:
    """The facts, and the seconds that each read took."""

    facts: Facts
    seconds: Mapping[str, float]


def collect(session: Session, targets: Targets, options: Options, wanted: Wanted) -> Collected:
    """Read everything at once, each thing as early as what it depends on allows.

    Ends by the session's deadline; what was not read by then is ``Unreadable``. Raises
    :class:`~.missing.ClusterMissingError` as soon as the cluster is known not to exist.
    """
    with _health_check(session, targets, wanted) as health, _plan(session) as plan:
        reads = Reads(session, targets, options, plan, wanted)
        checks_health = _start_check_health(plan, reads, health)
        with _check_acr(plan, reads, session, targets, wanted) as checks_acr:
            # Not on this thread: an import that catches everything would swallow Ctrl-C.
            plan.start("imports", lambda: _load_clients(session.deadline))
            if reads.cluster.answer(session.deadline) is None:
                raise ClusterMissingError(targets.cluster, explain_missing_cluster(reads.reader, targets.cluster))
            facts = reads.facts(
                check_health=checks_health.answer(session.deadline) if checks_health else None,
                check_acr=checks_acr.answer(session.deadline) if checks_acr else None,
                options=options,
            )
        return Collected(facts, {task.name: task.seconds for task in plan.tasks})


def _load_clients(deadline: Deadline) -> None:
    """Import what the second round of reads needs, while the first is under way."""
    for package in ("azure.mgmt.authorization", "azure.mgmt.msi"):
        if deadline.remaining() <= 0:
            return
        with suppress(ImportError):  # the read that needs it says so
            importlib.import_module(package)


@contextmanager
def _health_check(session: Session, targets: Targets, wanted: Wanted) -> Iterator[HealthCheck | None]:
    """Made before any thread is started, so that it can fork; see :mod:`.fork`."""
    if not wanted.check_health:
        yield None
        return
    with HealthCheck(session.deadline, targets.registry.probable_name) as health:
        yield health


@contextmanager
def _plan(session: Session) -> Iterator[Plan]:
    plan = Plan(session.deadline)
    try:
        yield plan
    finally:
        plan.close()
        session.close()


def _start_check_health(plan: Plan, reads: Reads, health: HealthCheck | None) -> Task[Any] | None:
    if health is None:
        return None
    return plan.start(
        "checkHealth",
        needing(health.run),
        reads.registry,
        reads.registry_body,
    )


@contextmanager
def _check_acr(
    plan: Plan, reads: Reads, session: Session, targets: Targets, wanted: Wanted
) -> Iterator[Task[Any] | None]:
    """``None``: not asked for. An interrupt ends it, and waits until its pod and its folder are gone.

    It runs on a thread that ends with the process, and holds a kubeconfig with a credential.
    """
    if not wanted.check_acr:
        yield None
        return

    def run(registry: Registry, cluster: Cluster | None) -> Any:
        if cluster is None:
            return MISSING
        return run_check_acr(targets.cluster, registry.login_server, session.deadline)

    task: Task[Any] = plan.start("checkAcr", needing(run), reads.registry, reads.cluster)
    try:
        yield task
    except KeyboardInterrupt:
        session.close()  # so that whatever it still waits for ends, too
        task.answer(Deadline(CLEAN_UP_SECONDS + LOOK_SECONDS))
        raise
