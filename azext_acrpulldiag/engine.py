"""One run: collect, judge, diagnose, report."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import Any, TypeGuard

from .checks import ALL
from .collect import ClusterMissingError, ReadRequest, Watch, collect, collect_changes, unwatched
from .collect.ask.deadline import Deadline, Meter
from .collect.ask.session import Session
from .collect.kubernetes.discovery import Discovered, discover
from .collect.kubernetes.invoked import InvokedApi
from .collect.kubernetes.login import KUBECONFIG, ClusterAccess
from .collect.kubernetes.workloads import Scope
from .collect.request import Joint, Known
from .diagnosis.changed import CHECK as CHANGES
from .diagnosis.changed import questions_of, told
from .diagnosis.evaluate import applies, left_out
from .diagnosis.whole import diagnosed, repairs_tried
from .facts import Cluster, Facts, Image, Options, Unreadable, nothing_known
from .images.references import parse_reference
from .model import Diagnosis
from .report import Elapsed, Json, report_of
from .targets import NO_REGISTRY, Targets

NO_ANSWER = ("unreachable", "not-logged-in", "malformed")
"""Why there is nothing to report: no connection, no login, or an answer that is not Resource Manager's."""


READING_SECONDS = 60.0
"""Of a run that pulls the image for real afterwards: how long it reads at most."""


class NoAnswerError(Exception):
    """Resource Manager said nothing of the cluster; ``why`` is one of :data:`NO_ANSWER`."""

    def __init__(self, why: Unreadable) -> None:
        super().__init__(why.sentence)
        self.why = why


class KubeconfigError(NoAnswerError):
    """The kubeconfig file or context that the user named cannot be used."""


@dataclass(frozen=True)
class Request:
    """What the user asked for, checked."""

    targets: Targets
    image_text: str | None = None
    skip: tuple[str, ...] = ()
    narrowed: str = ""
    """How ``skip`` came about, in the user's words; empty: everything is judged."""
    expiry_days: int = 30
    check_acr: bool = False
    timeout: float = 60.0
    """Seconds for the whole run."""
    access: ClusterAccess = field(default_factory=ClusterAccess)
    scope: Scope = field(default_factory=Scope)
    pull_secret: str | None = None
    joint: Joint | None = None
    """What runs about other clusters have in common with this one."""
    credential_test: bool = True
    """Whether a pull secret's credential may be offered to its registry."""
    probe: bool = False
    """Whether the image may be pulled for real, by a pod on every node pool."""

    @property
    def options(self) -> Options:
        """What judgement needs of it."""
        access = self.access
        image = _parsed(self.image_text)
        return Options(self.expiry_days, image, self.image_text, access.kubeconfig, access.context, access.mode)


def as_read(facts: Facts) -> Facts:
    """Facts are judged as they were read, unless a caller wants to save or redact them before."""
    return facts


def reports_of(
    cli_ctx: Any,
    request: Request,
    login_server_suffix: str,
    watch: Watch = unwatched,
    keep: Callable[[Facts], Facts] = as_read,
) -> list[Json]:
    """Return the report of one cluster and the registry that is named, else those of its failing pods' registries.

    Raises what :func:`run` raises.
    """
    if request.targets.registry.is_named:
        return [run(cli_ctx, request, watch=watch, keep=keep)]
    return run_for_failing_pods(cli_ctx, request, login_server_suffix, watch, keep)


def reports_in_any_case(
    cli_ctx: Any,
    request: Request,
    login_server_suffix: str,
    watch: Watch = unwatched,
    keep: Callable[[Facts], Facts] = as_read,
) -> list[Json]:
    """Return the same for one of several clusters: a run that fails becomes an inconclusive report that says why.

    Raises :class:`~azext_acrpulldiag.collect.azure.missing.ClusterMissingError` alone.
    """
    try:
        return reports_of(cli_ctx, request, login_server_suffix, watch, keep)
    except ClusterMissingError:
        raise
    except NoAnswerError as silence:
        return [report_without_facts(request, silence.why, keep)]
    except Exception as error:
        from knack.log import get_logger

        get_logger(__name__).debug("%s could not be judged.", request.targets.cluster.id, exc_info=True)
        return [report_of_failure(request, "internal-error", f"{type(error).__name__}: {error}", keep)]


def run_for_failing_pods(
    cli_ctx: Any,
    request: Request,
    login_server_suffix: str,
    watch: Watch = unwatched,
    keep: Callable[[Facts], Facts] = as_read,
) -> list[Json]:
    """Return a report for every registry that failing pods pull from, and that nodes get AKS's own images through.

    The request's own registry is not looked at.

    Where none does, one report about the cluster, its nodes and its pods alone. Raises what :func:`run` raises.
    """
    began = time.monotonic()
    session = _session(cli_ctx, request, request.timeout, Meter())
    try:
        found = discover(session, request.targets.cluster, request.access, request.scope, login_server_suffix)
    finally:
        session.close()
    reports = []
    for registry in found.registries or (NO_REGISTRY,):
        left = max(1.0, request.timeout - (time.monotonic() - began))
        one = replace(request, targets=replace(request.targets, registry=registry), timeout=left)
        reports.append(run(cli_ctx, one, found, watch, keep))
    return reports


def run(
    cli_ctx: Any,
    request: Request,
    found: Discovered | None = None,
    watch: Watch = unwatched,
    keep: Callable[[Facts], Facts] = as_read,
) -> Json:
    """Return the report of one cluster and one registry. Arguments and exceptions are those of :func:`read`.

    What ``keep`` returns of the facts is judged.

    Raises :class:`NoAnswerError` too, where Resource Manager says nothing of the cluster at all, and
    :class:`KubeconfigError` where what the user gave for the Kubernetes API cannot be used.
    """
    facts, elapsed, diagnosis = read_and_diagnose(cli_ctx, request, found, watch)
    if _is_silent(facts.cluster):
        raise NoAnswerError(facts.cluster)
    if isinstance(facts.kubernetes, Unreadable) and facts.kubernetes.operation == KUBECONFIG:
        raise KubeconfigError(facts.kubernetes)
    kept = keep(facts)
    return judged(kept, request, elapsed, diagnosis if kept is facts else None)


def read_and_diagnose(
    cli_ctx: Any, request: Request, found: Discovered | None = None, watch: Watch = unwatched
) -> tuple[Facts, Elapsed, Diagnosis]:
    """Read all facts and judge them; where something is broken, read what changed before, too.

    The diagnosis does not tell of that yet, see :func:`judged`. Arguments and exceptions are those of :func:`read`.
    """
    facts, elapsed = read(cli_ctx, request, found, watch)
    if request.probe and not _is_silent(facts.cluster):
        facts, elapsed = with_probe(cli_ctx, request, facts, elapsed, found, watch)
    diagnosis = diagnosed(facts, request.skip, request.narrowed)
    return (*with_changes(cli_ctx, request, facts, diagnosis, elapsed, watch), diagnosis)


def read(
    cli_ctx: Any, request: Request, found: Discovered | None = None, watch: Watch = unwatched
) -> tuple[Facts, Elapsed]:
    """Read all facts and say what that cost; ``found`` is what was read of the cluster's pods already.

    ``watch`` shows what is waited for.

    Raises :class:`~azext_acrpulldiag.collect.azure.missing.ClusterMissingError` where the cluster does not
    exist, and knack's ``CLIError`` where nobody is logged in.
    """
    began = time.monotonic()
    meter = Meter()
    seconds = min(READING_SECONDS, request.timeout / 2) if request.probe else request.timeout
    session = _session(cli_ctx, request, seconds, meter)
    wanted = ReadRequest(
        request.targets,
        request.options,
        needs={
            checked.id: checked.needs
            for checked in ALL
            if not left_out(checked.id, request.skip) and applies(checked, request.targets)
        },
        check_acr=request.check_acr,
        access=request.access,
        scope=request.scope,
        known=None if found is None else Known(found.cluster, found.way, found.kubernetes),
        pull_secret=request.pull_secret,
        credential_test=request.credential_test,
        joint=request.joint,
    )
    collected = collect(session, wanted, watch)
    elapsed = Elapsed(time.monotonic() - began, meter.requests, meter.longest_chain, collected.seconds)
    return collected.facts, elapsed


def _is_silent(cluster: Cluster | Unreadable) -> TypeGuard[Unreadable]:
    """Whether Resource Manager said nothing of the cluster at all, so that there is no report."""
    return isinstance(cluster, Unreadable) and cluster.reason in NO_ANSWER


def with_probe(
    cli_ctx: Any,
    request: Request,
    facts: Facts,
    elapsed: Elapsed,
    found: Discovered | None = None,
    watch: Watch = unwatched,
) -> tuple[Facts, Elapsed]:
    """Pull the image for real, in the time that is left; every pod that is started is deleted."""
    from .probe.launch import Launch, launched
    from .probe.subject import Named

    began = time.monotonic()
    meter = Meter()
    launch = Launch(
        Named(request.image_text, request.scope.namespace, request.pull_secret),
        request.access,
        max(1.0, request.timeout - elapsed.seconds),
        found.way if found is not None and not isinstance(found.way, InvokedApi) else None,
    )
    pulled = launched(lambda seconds: Session(cli_ctx, Deadline(seconds), meter), launch, facts, watch)
    return pulled, _spent(elapsed, began, meter, {"probe": time.monotonic() - began})


def with_changes(
    cli_ctx: Any, request: Request, facts: Facts, diagnosis: Diagnosis, elapsed: Elapsed, watch: Watch = unwatched
) -> tuple[Facts, Elapsed]:
    """Add what changed before, in the time that is left, where something is broken and it was not left out.

    No other run makes a request more.
    """
    questions = () if left_out(CHANGES, request.skip) else questions_of(diagnosis, facts)
    if not questions:
        return facts, elapsed
    began = time.monotonic()
    meter = Meter()
    session = _session(cli_ctx, request, request.timeout - elapsed.seconds, meter, retries=False)
    wanted = ReadRequest(request.targets, request.options, needs={}, questions=questions)
    found, seconds = collect_changes(session, wanted, watch)
    return replace(facts, changes=found), _spent(elapsed, began, meter, seconds)


def _spent(before: Elapsed, began: float, meter: Meter, collectors: Mapping[str, float]) -> Elapsed:
    """What a run has cost with a further collection, which began at that time of the monotonic clock."""
    return Elapsed(
        before.seconds + time.monotonic() - began,
        before.requests + meter.requests,
        before.longest_chain + meter.longest_chain,
        {**before.collectors, **collectors},
    )


def report_of_failure(request: Request, reason: str, detail: str, keep: Callable[[Facts], Facts] = as_read) -> Json:
    """Return the report of a run that could not read anything: inconclusive, and why."""
    return report_without_facts(request, Unreadable(reason, detail), keep)


def report_without_facts(request: Request, why: Unreadable, keep: Callable[[Facts], Facts] = as_read) -> Json:
    """Return the same, with all that is known of the reason."""
    facts = nothing_known(request.targets, request.options, datetime.now(timezone.utc), why)
    return judged(keep(facts), request, Elapsed(0.0, 0, 0))


def judged(facts: Facts, request: Request, elapsed: Elapsed, diagnosis: Diagnosis | None = None) -> Json:
    """Return the report of what was read. Pure. ``diagnosis`` is that of these facts, where it was made already."""
    diagnosis = diagnosis or diagnosed(facts, request.skip, request.narrowed)
    tried = repairs_tried(diagnosis, facts, request.skip)
    return report_of(facts, told(tried, facts, request.skip), elapsed)


def _session(cli_ctx: Any, request: Request, seconds: float, meter: Meter, retries: bool = True) -> Session:
    common = None if request.joint is None else request.joint.common
    return Session(cli_ctx, Deadline(seconds), meter, retries, common)


def _parsed(image: str | None) -> Image | None:
    """The reference in parts, or ``None`` where it does not parse, which a check then says."""
    try:
        return parse_reference(image) if image is not None else None
    except ValueError:
        return None
