"""What a probe tells, as facts: its pods failed or pulled as any others. Pure."""

from __future__ import annotations

from dataclasses import replace

from ..facts import Facts, FailingContainer, Kubernetes, PulledImage, Unreadable
from ..facts.probe import FAILED, PULLED, PoolProbe, ProbeReport
from ..pull_errors import classify
from .pod import CONTAINER

_NO_PLATFORM = "platform-mismatch"


def with_report(facts: Facts, report: ProbeReport | Unreadable) -> Facts:
    """The facts with what a probe came to, and with its pods among those that fail or have pulled.

    An image that there is for some pools alone is no failure on the others: only where it is there for none.
    """
    facts = replace(facts, probe=report)
    if isinstance(report, Unreadable):
        return facts
    pulled = report.of(PULLED)
    failed = [
        each for each in report.of(FAILED) if not (pulled and classify(each.message).symptom_class == _NO_PLATFORM)
    ]
    seen = facts.kubernetes
    if not isinstance(seen, Kubernetes):
        why = seen or Unreadable("not-needed", "Pods were not read")
        seen = Kubernetes(nodes=why, failing=why, pulled=why, refused=why)
    return replace(facts, kubernetes=_with_pods(seen, report, failed, [each for each in pulled if each.layers]))


def _with_pods(seen: Kubernetes, report: ProbeReport, failed: list[PoolProbe], fetched: list[PoolProbe]) -> Kubernetes:
    failing = tuple(_failing(report, each) for each in failed)
    if failing and isinstance(seen.failing, Unreadable):
        seen = replace(seen, failing=(), overlooked=seen.overlooked or seen.failing)
    if isinstance(seen.failing, tuple):
        seen = replace(seen, failing=(*seen.failing, *failing))
    events = () if isinstance(seen.pulled, Unreadable) else seen.pulled
    pulls = tuple(_pulled(report, each) for each in fetched)
    return replace(seen, pulled=(*events, *pulls)) if pulls else seen


def _failing(report: ProbeReport, found: PoolProbe) -> FailingContainer:
    subject = report.subject
    return FailingContainer(
        namespace=subject.namespace,
        pod=found.pod or "",
        container=CONTAINER,
        image=subject.image,
        node=found.node,
        reason="ErrImagePull",
        message=found.message,
        count=1,
        last_seen=found.at,
        service_account=subject.service_account,
        pull_secrets=subject.pull_secrets,
        pull_policy="Always",
        owner=subject.owner,
        created=found.at,
        first_seen=found.at,
    )


def _pulled(report: ProbeReport, found: PoolProbe) -> PulledImage:
    return PulledImage(report.subject.image, found.node, found.pool, found.at, report.subject.namespace, found.pod)
