"""May a principal pull? Roles, their conditions, deny assignments and the registry's mode, added up in one place.

Pure functions over facts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from ..facts import (
    Access,
    DenyAssignment,
    NotKnownError,
    Puller,
    Registry,
    RoleAssignment,
    RoleDefinition,
    Unreadable,
    known,
)
from .conditions import Answer, names_the_repository
from .grants import PULL_IN, Grant, Standing, denies, judge_assignment, standing

T = TypeVar("T")


@dataclass(frozen=True)
class Held:
    """The role assignments of a principal at a registry, and the deny assignments there, of any principal."""

    object_id: str
    effective: tuple[RoleAssignment, ...] | Unreadable
    """Assignments in force for it: direct, inherited, through groups."""
    definitions: Mapping[str, RoleDefinition | Unreadable]
    """By :func:`~.grants.definition_key`."""
    denials: tuple[DenyAssignment, ...] | Unreadable
    group_ids: tuple[str, ...] | Unreadable = ()
    """Groups of it that are known besides those that hold one of the assignments."""

    @classmethod
    def by(cls, puller: Puller, access: Access) -> Held:
        """The role assignments of the principal that pulls without a pull secret."""
        return cls(puller.object_id, access.effective, access.definitions, access.denials, access.group_ids)

    @property
    def principal_ids(self) -> tuple[str, ...]:
        """The principal, and those of its groups that are known: who holds what is in force for it is one of them."""
        groups = () if isinstance(self.group_ids, Unreadable) else self.group_ids
        holders = () if isinstance(self.effective, Unreadable) else (each.principal_id for each in self.effective)
        return tuple(dict.fromkeys((self.object_id, *groups, *holders)))


def may_pull(registry: Registry, held: Held, repositories: Collection[str] = ()) -> bool | Unreadable:
    """Answer whether a principal may pull every one of ``repositories``; without any, whether it may pull at all.

    ``Unreadable`` says what leaves it open. What is not known of deny assignments leaves it open where a role
    grants the pull.
    """
    if isinstance(held.effective, Unreadable):
        return held.effective
    answers = {mode: _in_mode(registry, held, mode, repositories) for mode in modes(registry)}
    try:
        return agreed(answers, registry)
    except NotKnownError as ignorance:
        return ignorance.why


def _in_mode(registry: Registry, held: Held, mode: str, repositories: Collection[str]) -> bool | Unreadable:
    answers = [_pulls(registry, held, mode, repository) for repository in repositories or (None,)]
    if False in answers:
        return False
    return next((answer for answer in answers if isinstance(answer, Unreadable)), True)


def _pulls(registry: Registry, held: Held, mode: str, repository: str | None) -> bool | Unreadable:
    grants = judged(held, known(held.effective), mode, repository)
    denied = _denied(registry, held, mode, repository)
    granted = standing(grants)
    if denied is True or granted in (Standing.NONE, Standing.EXCLUDED):
        return False
    if granted is Standing.UNKNOWN:
        return next(grant.why for grant in grants if grant.why is not None)
    return denied if isinstance(denied, Unreadable) else True


def _denied(registry: Registry, held: Held, mode: str, repository: str | None) -> bool | Unreadable:
    if isinstance(held.denials, Unreadable):
        return held.denials
    found = {
        denies(each, PULL_IN[mode], registry.id, held.principal_ids, repository): each
        for each in reversed(held.denials)
    }
    if Answer.YES in found:
        return True
    return undecided(found[Answer.UNKNOWN], repository) if Answer.UNKNOWN in found else False


# --- the registry's mode ---------------------------------------------------------------


def modes(registry: Registry) -> tuple[str, ...]:
    """The modes that the registry may be in: one, or both where its own is not known."""
    mode = registry.role_assignment_mode
    return (mode,) if isinstance(mode, str) and mode in PULL_IN else tuple(PULL_IN)


def agreed(by_mode: Mapping[str, T], registry: Registry) -> T:
    """Return what all modes agree on. Raises ``NotKnownError`` with why the mode is not known where they do not."""
    values = list(by_mode.values())
    if any(value != values[0] for value in values):
        mode = registry.role_assignment_mode
        unsupported = Unreadable("unsupported", f"The registry's role assignment mode {mode!r} is not known here")
        raise NotKnownError(mode if isinstance(mode, Unreadable) else unsupported)
    return values[0]


# --- role assignments ------------------------------------------------------------------


@dataclass(frozen=True)
class Grants:
    """What a principal's assignments do for one repository, for each mode that the registry may be in."""

    registry: Registry
    repository: str | None
    by_mode: Mapping[str, tuple[Grant, ...]]

    @classmethod
    def of(cls, registry: Registry, held: Held, repository: str | None) -> Grants:
        """Judge them. Raises ``NotKnownError`` where the assignments were not read."""
        assignments = known(held.effective)
        by_mode = {mode: judged(held, assignments, mode, repository) for mode in modes(registry)}
        return cls(registry, repository, by_mode)

    @property
    def mode(self) -> str | None:
        """The registry's mode, or ``None`` where it is not known."""
        return next(iter(self.by_mode)) if len(self.by_mode) == 1 else None

    @property
    def standing(self) -> Standing:
        """Where the principal stands. Raises ``NotKnownError`` where that hangs on an unread mode."""
        return agreed({mode: standing(grants) for mode, grants in self.by_mode.items()}, self.registry)

    @property
    def all(self) -> tuple[Grant, ...]:
        """All judgements, one mode after the other."""
        return tuple(grant for grants in self.by_mode.values() for grant in grants)

    @property
    def ignorance(self) -> tuple[Unreadable, ...]:
        """Why assignments could not be judged, each reason once."""
        return tuple(dict.fromkeys(grant.why for grant in self.all if grant.why is not None))


def judged(held: Held, assignments: Iterable[RoleAssignment], mode: str, repository: str | None) -> tuple[Grant, ...]:
    """Judge assignments, its own or anybody's, as if the registry were in ``mode``."""
    return tuple(judge_assignment(each, held.definitions, PULL_IN[mode], repository) for each in assignments)


# --- deny assignments ------------------------------------------------------------------


def denied_by(denial: DenyAssignment, registry: Registry, held: Held, repository: str | None) -> Answer:
    """Answer whether one deny assignment takes the pull away. Raises ``NotKnownError`` where the mode decides."""
    operations = {mode: PULL_IN[mode] for mode in modes(registry)}
    ids = held.principal_ids
    return agreed(
        {mode: denies(denial, pull, registry.id, ids, repository) for mode, pull in operations.items()}, registry
    )


def conditions_of(denial: DenyAssignment) -> tuple[str | None, ...]:
    """The conditions of a deny assignment, its own and those of the permissions that it denies."""
    return (denial.condition, *(permission.condition for permission in denial.permissions))


def undecided(denial: DenyAssignment, repository: str | None) -> Unreadable:
    """Why it cannot be told whether a deny assignment denies the pull."""
    if repository is None and any(names_the_repository(condition) for condition in conditions_of(denial)):
        detail = f"The deny assignment {denial.name} has a condition on the repository's name; give --image"
        return Unreadable("not-shown", detail)
    detail = (
        f"The deny assignment {denial.name} covers pulls, and whether it applies to this identity depends on its "
        f"condition or on the members of its groups ({', '.join(denial.group_ids) or 'none'}), which were not read"
    )
    return Unreadable("unsupported", detail)
