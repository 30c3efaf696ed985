"""Every cluster that the login can see: found, diagnosed a few at a time within this process, the worst first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import partial
from queue import SimpleQueue
from typing import Any

from .collect.ask.common import Common
from .collect.ask.deadline import Deadline, Meter, begin_after
from .collect.ask.session import Session
from .collect.ask.workers import Workers
from .collect.az.check_health import HealthCheck
from .collect.azure.clusters import FoundClusters, find_clusters
from .collect.azure.missing import ClusterMissingError
from .collect.request import Joint
from .diagnosis.evaluate import left_out
from .engine import NO_ANSWER, NoAnswerError, Request, as_read, report_without_facts, reports_in_any_case
from .facts import Facts
from .present.fleet import worst_first
from .report import Json
from .targets import ClusterTarget

AT_ONCE = 4
"""Clusters. One waits for its own requests most of the time; more would spend Resource Manager's quota of reads
(250, and 25 more a second, for each subscription and login) faster than it comes back:
https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling."""
EVERY = "*"
"""Stands for the name and the group of clusters that could not be listed."""
_HEALTH = "registry.health"


@dataclass(frozen=True)
class Within:
    """Which clusters are meant; ``None``: in any."""

    subscription: str | None = None
    group: str | None = None


@dataclass(frozen=True)
class Ended:
    """What became of a cluster."""

    number: int
    """Of those that ended so far."""
    of: int
    cluster: ClusterTarget
    reports: Sequence[Json]
    """One a registry; none: the cluster is gone."""


def run_for_all(
    cli_ctx: Any,
    request: Request,
    login_server_suffix: str,
    within: Within,
    tell: Callable[[Ended], None],
    keep: Callable[[Facts], Facts] = as_read,
) -> list[Json]:
    """Return the reports of all clusters, the worst first; ``tell`` is told of each as it ends, on this thread.

    ``request`` says what is asked of each of them but for its cluster; its time-out is that of one cluster, and that
    of finding them. Empty: there is no cluster. A subscription whose clusters could not be listed has an inconclusive
    report. Nothing that is the matter with one cluster is raised.

    Raises :class:`~.engine.NoAnswerError` where nothing at all could be asked, and knack's ``CLIError`` where nobody
    is logged in.
    """
    name = request.targets.registry.probable_name if request.targets.registry.is_named else ""
    # It may fork only before there is a thread, and has to last until the first clusters are through.
    with HealthCheck(Deadline(2 * request.timeout), name) as health:
        joint = Joint(Common(), None if left_out(_HEALTH, request.skip) else health)
        found = _found(Session(cli_ctx, Deadline(request.timeout), Meter(), common=joint.common), within)
        asked = replace(request, joint=joint)
        count = len(found.unread) + len(found.clusters)
        reports: list[Json] = []
        for number, (subscription, why) in enumerate(found.unread.items(), 1):
            every = ClusterTarget(subscription, EVERY, EVERY)
            reports.append(report_without_facts(_about(asked, every), why, keep))
            tell(Ended(number, count, every, reports[-1:]))
        ended = _each(asked, found.clusters, partial(_reports, cli_ctx, login_server_suffix, keep))
        for number, (cluster, of_cluster) in enumerate(ended, len(found.unread) + 1):
            reports.extend(of_cluster)
            tell(Ended(number, count, cluster, of_cluster))
    return worst_first(reports)


def _found(session: Session, within: Within) -> FoundClusters:
    try:
        found = find_clusters(session, within.subscription, within.group)
    finally:
        session.close()
    reasons = list(found.unread.values())
    if not found.clusters and reasons and all(why.reason in NO_ANSWER for why in reasons):
        raise NoAnswerError(reasons[0])
    return found


def _each(
    request: Request, clusters: Sequence[ClusterTarget], run: Callable[[Request], list[Json]]
) -> Iterator[tuple[ClusterTarget, list[Json]]]:
    """Run them :data:`AT_ONCE` at a time, on threads that Ctrl-C does not wait for; yields each as it ends."""
    ended: SimpleQueue[tuple[ClusterTarget, Future[list[Json]]]] = SimpleQueue()
    workers = Workers(AT_ONCE)
    for cluster in clusters:
        future = workers.submit(partial(run, _about(request, cluster)))
        future.add_done_callback(lambda done, of=cluster: ended.put((of, done)))  # type: ignore[misc]
    workers.close()
    for _ in clusters:
        cluster, done = ended.get()
        yield cluster, done.result()


def _reports(cli_ctx: Any, suffix: str, keep: Callable[[Facts], Facts], request: Request) -> list[Json]:
    begin_after()  # the thread has worked for another cluster before
    try:
        return reports_in_any_case(cli_ctx, request, suffix, keep=keep)
    except ClusterMissingError:  # Resource Graph lags
        return []


def _about(request: Request, cluster: ClusterTarget) -> Request:
    return replace(request, targets=replace(request.targets, cluster=cluster))
