"""Where a probe begins: what was read tells what to pull and as whom, and how the API server is reached."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from ..collect.ask.arm import ArmReader
from ..collect.ask.errors import ReadError
from ..collect.ask.kubernetes import ApiServer
from ..collect.ask.session import Session
from ..collect.kubernetes.login import ClusterAccess, find_api_server
from ..facts import Cluster, Facts, Unreadable
from ..facts.probe import ProbeReport
from .api import ProbeApi
from .facts import with_report
from .run import Wanted, Watch, probed
from .subject import Named, subject_of

SessionFor = Callable[[float], Session]
"""Makes a session that lasts so many seconds."""
_NOT_ASKED = Unreadable("unsupported", "The Kubernetes API was not asked", "--probe")


@dataclass(frozen=True)
class Launch:
    """What a probe is asked for."""

    named: Named
    access: ClusterAccess
    seconds: float
    """Until everything has to be over."""
    server: ApiServer | Unreadable | None = None
    """The API server, where it was found already."""


def launched(session_for: SessionFor, launch: Launch, facts: Facts, watch: Watch | None = None) -> Facts:
    """Pull the image for real; returns the facts with what came of it."""
    return with_report(facts, _report(session_for, launch, facts, watch))


def _report(session_for: SessionFor, launch: Launch, facts: Facts, watch: Watch | None) -> ProbeReport | Unreadable:
    seen = facts.kubernetes or _NOT_ASKED
    if isinstance(seen, Unreadable):
        return replace(seen, detail=f"No image was pulled: {seen.detail}")
    subject = subject_of(facts, launch.named)
    if isinstance(subject, Unreadable):
        return subject
    server = launch.server or _server(session_for, launch, facts)
    if isinstance(server, Unreadable):
        return server

    @contextmanager
    def connect(seconds: float) -> Iterator[ProbeApi]:
        session = session_for(seconds)
        try:
            yield ProbeApi(session, server)
        finally:
            session.close()

    return probed(connect, Wanted(subject, _declared(facts), launch.seconds), watch)


def _server(session_for: SessionFor, launch: Launch, facts: Facts) -> ApiServer | Unreadable:
    session = session_for(launch.seconds)
    try:
        return find_api_server(ArmReader(session), session, facts.targets.cluster, launch.access)
    except ReadError as error:
        return error.why
    finally:
        session.close()


def _declared(facts: Facts) -> tuple[str, ...]:
    pools = facts.cluster.agent_pools if isinstance(facts.cluster, Cluster) else ()
    return () if isinstance(pools, Unreadable) else tuple(each.name for each in pools)
