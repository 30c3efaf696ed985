"""One run: collect, judge, diagnose, report."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from .checks import ALL
from .collect import Wanted, collect
from .collect.deadline import Deadline, Meter
from .collect.session import Session
from .diagnose import diagnose
from .facts import Facts, Image, Options, Unreadable, nothing_known
from .references import parse_reference
from .report import Elapsed, Json, report_of
from .run import judge
from .targets import Targets

CHECK_HEALTH = "registry.health"


@dataclass(frozen=True)
class Request:
    """What the user asked for, checked."""

    targets: Targets
    image_text: str | None = None
    skip: tuple[str, ...] = ()
    expiry_days: int = 30
    check_acr: bool = False
    timeout: float = 60.0
    """Seconds for the whole run."""

    @property
    def options(self) -> Options:
        """What judgement needs of it."""
        return Options(self.expiry_days, _parsed(self.image_text), self.image_text)


def run(cli_ctx: Any, request: Request) -> Json:
    """Return the report of one cluster and one registry.

    Raises :class:`~azext_acrpulldiag.collect.ClusterMissingError` where the cluster does not
    exist, and knack's ``CLIError`` where nobody is logged in.
    """
    began = time.monotonic()
    meter = Meter()
    session = Session(cli_ctx, Deadline(request.timeout), meter)
    wanted = Wanted(check_health=not _left_out(CHECK_HEALTH, request.skip), check_acr=request.check_acr)
    collected = collect(session, request.targets, request.options, wanted)
    elapsed = Elapsed(time.monotonic() - began, meter.requests, meter.longest_chain, collected.seconds)
    return _judged(collected.facts, request, elapsed)


def report_of_failure(request: Request, reason: str, detail: str) -> Json:
    """Return the report of a run that could not read anything: inconclusive, and why."""
    why = Unreadable(reason, detail)
    facts = nothing_known(request.targets, request.options, datetime.now(timezone.utc), why)
    return _judged(facts, request, Elapsed(0.0, 0, 0))


def _judged(facts: Facts, request: Request, elapsed: Elapsed) -> Json:
    findings = judge(ALL, facts, request.skip)
    return report_of(facts, diagnose(ALL, findings), elapsed)


def _parsed(image: str | None) -> Image | None:
    """The reference in parts, or ``None`` where it does not parse, which a check then says."""
    try:
        return parse_reference(image) if image is not None else None
    except ValueError:
        return None


def _left_out(check: str, skip: tuple[str, ...]) -> bool:
    return check in skip or check.partition(".")[0] in skip
