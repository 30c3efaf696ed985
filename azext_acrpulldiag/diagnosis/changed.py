"""What changed before: what to ask the Activity Log about root causes, and which of its answers is about which. Pure.

An entry is proven to be about a cause where it is the newest successful change of the very thing that is at fault
(see :mod:`.suspects`), or the last end of a role assignment which the log itself shows to have let this principal
pull. All others are only near it. What began after pulls did fail is about no cause.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ..access.grants import PULL_IN, PULL_ROLES, definition_key, granting_permissions
from ..arm_ids import same_id, subscription_of
from ..catalogue import skipped, unknown
from ..facts import ActivityLog, Change, Facts, LogQuestion, Registry, RoleDefinition, Unreadable
from ..facts.changes import FAILED, KEPT, SUCCEEDED
from ..model import Diagnosis, Finding, PastChange, RootCause, Status, Symptom, Verdict
from ..quoting import printable
from ..rights import ACTIVITY_LOG
from .change_words import LookedFor, summary_of
from .evaluate import LEFT_OUT, left_out
from .reach import LiveSymptoms
from .root_causes import in_report_order
from .suspects import ASSIGNMENT_WRITE, AUTHORIZATION, Suspect, suspects_of

CHECK = "changes.activity-log"
MOST_SHOWN = 5
"""Entries of one cause."""
# Steps of a change that began before are written after it; the clocks of nodes and of Azure need not agree.
_STEPS = timedelta(minutes=5)
# A beginning that is more than 90 days ago is refused, by Azure's clock.
_ASKED = KEPT - timedelta(hours=1)


@dataclass(frozen=True)
class _Cause:
    """A root cause, what may have brought it about, and when pulls were first seen to fail for it."""

    root: RootCause
    suspects: tuple[Suspect, ...]
    began: datetime | None


def questions_of(diagnosis: Diagnosis, facts: Facts) -> tuple[LogQuestion, ...]:
    """What to ask the Activity Log after a verdict, for the best ranked causes first; empty: nothing is to be asked.

    Role assignments are asked for once a subscription. Of what lies below a resource, and may be gone, its resource
    group is asked; of a resource itself, that.
    """
    asked: dict[tuple[str, str, str], LogQuestion] = {}
    causes = _causes(diagnosis, facts)
    groups = {_group(each.resource) for cause in causes for each in cause.suspects if each.below}
    for cause in causes:
        until = facts.now if cause.began is None else min(facts.now, cause.began + _STEPS)
        for suspect in cause.suspects:
            question = _question(suspect, groups, facts.now - _ASKED, until)
            if question is not None:
                key = (question.subscription.lower(), question.filtered_by, question.value.lower())
                asked[key] = _joined(asked.get(key), question)
    return tuple(asked.values())


def told(diagnosis: Diagnosis, facts: Facts, skip: Collection[str] = ()) -> Diagnosis:
    """Give each root cause what changed before it, and say what of the log was not read. Nothing else is changed."""
    if diagnosis.verdict is not Verdict.BROKEN:
        return diagnosis
    subject = facts.targets.cluster.id
    if left_out(CHECK, skip):
        return _with(diagnosis, (_named(skipped(subject, LEFT_OUT)),))
    causes = _causes(diagnosis, facts)
    log = facts.changes
    if log is None:
        if questions_of(diagnosis, facts):
            return diagnosis  # not asked yet
        return _with(diagnosis, (_named(skipped(subject, "The Activity Log has nothing of what the causes name.")),))
    if isinstance(log, Unreadable):
        return _with(diagnosis, (_unread(subject, log),))
    changed = [(cause, _found(cause, log, facts)) for cause in causes]
    # What is beyond it matters where the log itself was read.
    said = [_unread(each.question.value, each.why) for each in log.unread] or list(_beyond(changed))
    if not said:
        said = [_read(subject, sum(len(entries) for _, entries in changed))]
    by_finding = [(cause.root.finding, _shown(entries), len(entries)) for cause, entries in changed]
    return _with(_changed(diagnosis, by_finding), said)


# --- what to ask -----------------------------------------------------------------------------


def _causes(diagnosis: Diagnosis, facts: Facts) -> tuple[_Cause, ...]:
    live = LiveSymptoms(diagnosis.symptoms)
    roots = diagnosis.root_causes if diagnosis.verdict is Verdict.BROKEN else ()
    return tuple(
        _Cause(root, suspects_of(root.finding, facts), _began(live.chosen(live.explained_by(root.finding))))
        for root in roots
    )


def _began(symptoms: Iterable[Symptom]) -> datetime | None:
    """The first sign of failing pulls that is known; ``None``: when it was is not."""
    return min((each.first_seen for each in symptoms if each.first_seen is not None), default=None)


def _question(suspect: Suspect, groups: Collection[str], since: datetime, until: datetime) -> LogQuestion | None:
    subscription = subscription_of(suspect.resource)
    if subscription is None:
        return None  # a management group, or the root: their log is another
    if suspect.holders:
        operations = (*suspect.operations, ASSIGNMENT_WRITE)
        return LogQuestion(subscription, "resourceProvider", AUTHORIZATION, since, until, operations)
    operations = (*suspect.operations, *suspect.making_again)
    group = _group(suspect.resource)
    if group in groups:
        name = suspect.resource.split("/")[4]
        return LogQuestion(subscription, "resourceGroupName", name, since, until, operations)
    return LogQuestion(subscription, "resourceUri", suspect.resource, since, until, operations)


def _group(resource: str) -> str:
    """What a resource group is compared by."""
    return "/".join(resource.lower().split("/")[:5])


def _joined(one: LogQuestion | None, other: LogQuestion) -> LogQuestion:
    if one is None:
        return other
    operations = tuple(dict.fromkeys((*one.operations, *other.operations)))
    return replace(one, until=max(one.until, other.until), operations=operations)


# --- what it answers -------------------------------------------------------------------------


def _found(cause: _Cause, log: ActivityLog, facts: Facts) -> tuple[PastChange, ...]:
    """What was done before to what the cause names, the newest first."""
    found: dict[int, PastChange] = {}
    end = min(facts.now, cause.began or facts.now)
    before = [each for each in log.changes if each.began <= end and each.status != FAILED]
    for suspect in cause.suspects:
        last = _last_of_it(suspect, cause.suspects, before, facts)
        for change in before:
            looked_for = _looked_for(suspect, change, before, facts) if suspect.fits(change) else LookedFor.ANOTHER
            if looked_for is LookedFor.ANOTHER:
                continue
            proven = change is last and looked_for in (LookedFor.THING, LookedFor.ROLE_OF_THIS)
            place = log.changes.index(change)
            if place not in found or proven > found[place].proven:
                found[place] = _past(change, looked_for, proven, cause, facts)
    return tuple(found[place] for place in sorted(found))


def _last_of_it(
    suspect: Suspect, all_of_cause: Sequence[Suspect], before: Sequence[Change], facts: Facts
) -> Change | None:
    """The newest successful change of the very thing at fault, whichever way it was made; ``None``: none is shown.

    That a rule is written with its whole security group, or a record made again, is one too. So is a role given anew:
    an earlier end of another is not what keeps this principal from pulling.
    """

    def is_one(change: Change) -> bool:
        if suspect.holders:
            return _is_of_role(suspect, all_of_cause, change, before, facts)
        return _is_of_thing(suspect, all_of_cause, change)

    return next((each for each in before if each.status == SUCCEEDED and is_one(each)), None)


def _is_of_thing(suspect: Suspect, all_of_cause: Sequence[Suspect], change: Change) -> bool:
    if not suspect.is_it:
        return False
    with_it = suspect.is_part_of(change.resource_id) and any(each.fits(change) for each in all_of_cause)
    return with_it or suspect.fits(change) or suspect.is_made_again_by(change)


def _is_of_role(
    suspect: Suspect, all_of_cause: Sequence[Suspect], change: Change, before: Sequence[Change], facts: Facts
) -> bool:
    """Whether a role that lets the cause's principal pull ended or was given, at any of the scopes."""
    if change.operation.lower() == ASSIGNMENT_WRITE.lower():
        holder, role = change.principal_id, change.role_definition_id
        given = holder is not None and holder.lower() in suspect.holders and role is not None
        return given and _lets_pull(role or "", facts) and any(each.is_at_its_scope(change) for each in all_of_cause)
    at = next((each for each in all_of_cause if each.holders == suspect.holders and each.fits(change)), None)
    return at is not None and _looked_for(at, change, before, facts) is LookedFor.ROLE_OF_THIS


def _looked_for(suspect: Suspect, deletion: Change, before: Sequence[Change], facts: Facts) -> LookedFor:
    """What is known of an entry; of the end of a role assignment: whose it was, and what its role let do.

    It names the assignment alone. Whose it was is shown by its own body, or by that of an earlier write.
    """
    if not suspect.holders:
        return LookedFor.THING
    writes = (
        each
        for each in before
        if each.operation.lower() == ASSIGNMENT_WRITE.lower() and same_id(each.resource_id, deletion.resource_id)
    )
    shown = [deletion, *(each for each in writes if each.began <= deletion.began)]
    principal = next((each.principal_id for each in shown if each.principal_id), None)
    role = next((each.role_definition_id for each in shown if each.role_definition_id), None)
    if principal is None:
        return LookedFor.ROLE_OF_SOMEBODY
    if principal.lower() not in suspect.holders:
        return LookedFor.ANOTHER
    return LookedFor.ROLE_OF_THIS if role is not None and _lets_pull(role, facts) else LookedFor.OTHER_ROLE_OF_THIS


def _lets_pull(role: str, facts: Facts) -> bool:
    """Whether a role is known to let pull: by its definition where that was read, else by what Azure ships."""
    mode = facts.registry.role_assignment_mode if isinstance(facts.registry, Registry) else None
    modes = [mode] if isinstance(mode, str) and mode in PULL_IN else list(PULL_IN)
    definition = facts.access.definitions.get(definition_key(role))
    if not isinstance(definition, RoleDefinition):
        return any(definition_key(role) in PULL_ROLES[each] for each in modes)
    return any(granting_permissions(definition, PULL_IN[each]) for each in modes)


def _past(change: Change, looked_for: LookedFor, proven: bool, cause: _Cause, facts: Facts) -> PastChange:
    return PastChange(
        operation=printable(change.operation),
        resource=printable(change.resource_id),
        when=change.began,
        by=None if change.by is None else printable(change.by),
        correlation_id=change.correlation_id,
        status=change.status,
        proven=proven,
        summary=summary_of(change, looked_for, proven, cause.began, facts.now),
    )


def _shown(entries: Sequence[PastChange]) -> tuple[PastChange, ...]:
    """A handful, those that are proven first, in the order of time."""
    chosen = sorted(range(len(entries)), key=lambda place: (not entries[place].proven, place))[:MOST_SHOWN]
    return tuple(entries[place] for place in sorted(chosen))


def _changed(diagnosis: Diagnosis, changes: Sequence[tuple[Finding, tuple[PastChange, ...], int]]) -> Diagnosis:
    def with_changes(finding: Finding) -> Finding:
        for cause, shown, count in changes:
            if finding == cause:
                return replace(finding, changes=shown, further_changes=count - len(shown))
        return finding

    return replace(
        diagnosis,
        root_causes=tuple(replace(root, finding=with_changes(root.finding)) for root in diagnosis.root_causes),
        findings=tuple(map(with_changes, diagnosis.findings)),
    )


# --- what is said of the log itself ----------------------------------------------------------


def _beyond(changed: Iterable[tuple[_Cause, Sequence[PastChange]]]) -> Iterator[Finding]:
    """Scopes whose role assignments are in no subscription's log, for causes that nothing is proven to have brought."""
    scopes = {
        each.resource
        for cause, entries in changed
        if not any(entry.proven for entry in entries)
        for each in cause.suspects
        if each.holders and subscription_of(each.resource) is None
    }
    for scope in sorted(scopes):
        why = f"Whether a role assignment at {_named_scope(scope)} was deleted is in no subscription's Activity Log"
        yield _unread(scope, Unreadable("unsupported", why, ACTIVITY_LOG[0].name))


def _named_scope(scope: str) -> str:
    name = scope.strip("/").rpartition("/")[2]
    return f"management group {printable(name)}" if name else "the tenant's root"


def _unread(subject: str, why: Unreadable) -> Finding:
    return _named(unknown(subject, replace(why, operation=why.operation or ACTIVITY_LOG[0].name), decisive=False))


def _read(subject: str, count: int) -> Finding:
    words = (
        f"The Activity Log of the last {KEPT.days} days was read: {count} change{'s' if count > 1 else ''} of what the "
        "causes name."
        if count
        else f"The Activity Log of the last {KEPT.days} days shows no change of what the causes name. It shows nothing "
        "older, changes of the last minutes late, and none in Entra ID, in the cluster or in a registry's content."
    )
    return _named(Finding(CHECK, Status.PASS, words, subject))


def _named(finding: Finding) -> Finding:
    return replace(finding, check=CHECK)


def _with(diagnosis: Diagnosis, said: Iterable[Finding]) -> Diagnosis:
    return replace(diagnosis, findings=in_report_order((*diagnosis.findings, *said)))
