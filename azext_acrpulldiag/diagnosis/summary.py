"""What a verdict rests on, in words: the causes, what was not read and why, and what of pods and nodes was not seen.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..checks.symptom import PODS
from ..images.references import DOCKER_HUB, host_of
from ..model import Finding, RootCause, SeenFrom, Status, Symptom, Verdict
from ..quoting import printable, sentence

NODES = "cluster.ready-nodes"
_MOST_REASONS = 2
_MOST_HOSTS = 5


WELL = "Nothing that was read stops this cluster from pulling from this registry."


def summary_of(verdict: Verdict, roots: Sequence[RootCause], findings: Sequence[Finding], well: str = WELL) -> str:
    """The verdict in a few sentences; ``well`` is what to say where nothing stops a pull."""
    if verdict is Verdict.BROKEN:
        more = f" ({len(roots) - 1} more independent cause{'s' if len(roots) > 2 else ''}.)" if len(roots) > 1 else ""
        return f"{sentence(roots[0].finding.summary)}{more}"
    if verdict is Verdict.INCONCLUSIVE:
        return f"Nothing is proven broken, but a decisive fact could not be read: {_unread(findings)}"
    if verdict is Verdict.AT_RISK:
        count = sum(1 for f in findings if f.status is Status.WARN and f.seen_from is not SeenFrom.THIS_MACHINE)
        words = f"Nothing stops a pull; {count} warning{'s' if count > 1 else ''} may."
        if well != WELL:
            words = f"{well} {words}"
    else:
        words = well
    return " ".join(filter(None, (words, _unseen(findings))))


def no_registry(cluster: str) -> str:
    """What to say where no registry is named and no failing pod names one."""
    return f"No pod of {cluster} fails to pull from a container registry of Azure."


def without_host(images: Sequence[str]) -> str:
    """What to do about images that name no host, where no registry is known that they may be meant for."""
    if not images:
        return ""
    first = printable(sorted(images)[0])
    return f"An image without a host, such as {first}, is one of {DOCKER_HUB}; with --acr a registry is asked for it."


def elsewhere(outside: Sequence[Symptom], server: str | None) -> str:
    """Who fails to pull from other registries, and with what; empty: nobody does.

    ``server`` is the registry from which no pod fails to pull; ``None``: some do, or none is named.
    """
    by_host: dict[str, list[Symptom]] = {}
    for symptom in outside:
        by_host.setdefault(host_of(symptom.image), []).append(symptom)
    if not by_host:
        return ""
    ordered = sorted(by_host.items(), key=lambda item: (-len(item[1]), item[0]))
    told = ", ".join(_failing(host, symptoms) for host, symptoms in ordered[:_MOST_HOSTS])
    left = len(ordered) - _MOST_HOSTS
    more = f" and from {left} more host{'s' if left > 1 else ''}" if left > 0 else ""
    none = f"No pod that was seen fails to pull from {server}; " if server else ""
    return f"{none}{told}{more}, which is not judged here."


def _failing(host: str, symptoms: Sequence[Symptom]) -> str:
    pods = len({(symptom.namespace, symptom.pod) for symptom in symptoms})
    classes = ", ".join(sorted({symptom.symptom_class for symptom in symptoms}))
    return f"{pods} {'pods fail' if pods > 1 else 'pod fails'} to pull from {host} ({classes})"


def _unread(findings: Iterable[Finding]) -> str:
    """Each reason once, those of the most checks first, with the checks that it keeps from judging."""
    by_reason: dict[str, list[str]] = {}
    for finding in findings:
        if finding.status is Status.UNKNOWN and finding.decisive:
            by_reason.setdefault(finding.reason or "", []).append(finding.check)
    ordered = sorted(by_reason.items(), key=lambda item: (-len(item[1]), item[1][0], item[0]))
    told = [f"{reason.rstrip('.')} ({_checks(checks)})" for reason, checks in ordered[:_MOST_REASONS]]
    more = len(ordered) - _MOST_REASONS
    if more > 0:
        told.append(f"{more} more reason{'s' if more > 1 else ''}, see unknowns")
    return "; ".join(told) + "."


def _checks(checks: Sequence[str]) -> str:
    distinct = sorted(set(checks))
    more = len(distinct) - 1
    return distinct[0] + (f" and {more} more check{'s' if more > 1 else ''}" if more else "")


def _unseen(findings: Sequence[Finding]) -> str:
    """What of pods and nodes was not seen; empty: all of it was."""
    reasons: dict[str, list[str]] = {}
    for check, noun in ((PODS, "Pods"), (NODES, "nodes")):
        for finding in findings:
            if finding.check == check and finding.status in (Status.UNKNOWN, Status.SKIPPED):
                reasons.setdefault(finding.reason or finding.summary, []).append(noun)
    told = []
    for reason, nouns in reasons.items():
        subject = " and ".join(dict.fromkeys(nouns))
        told.append(f"{subject[:1].upper()}{subject[1:]} were not seen, or not all of them: {reason}")
    return " ".join(told)
