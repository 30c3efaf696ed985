"""What the principal that pulls holds at the registry, judged once for all access checks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from ...access.grants import PULL_IN, Grant, Standing, definition_key, judge_assignment, standing
from ...catalogue import unknown
from ...facts import Facts, NotKnownError, Puller, Registry, RoleAssignment, RoleDefinition, Unreadable, known
from ...model import Confidence, Finding, Reach, Severity, Status
from .._working_secrets import (
    every_known_pod_has_a_working_secret,
    failing_of_registry,
    the_secret_to_be_used_is_unread,
)

T = TypeVar("T")

NO_PULLER = "The cluster has no identity that could hold a role; the identity checks say why."
MAX_LISTED = 20


@dataclass(frozen=True)
class Reading:
    """The puller's assignments, judged for each mode that the registry may be in."""

    registry: Registry
    puller: Puller
    repository: str | None
    by_mode: Mapping[str, tuple[Grant, ...]]

    @property
    def mode(self) -> str | None:
        """The registry's mode, or ``None`` where it is not known."""
        return next(iter(self.by_mode)) if len(self.by_mode) == 1 else None

    @property
    def state(self) -> Standing:
        """Where the puller stands. Raises ``NotKnownError`` where that hangs on an unread mode."""
        return agreed({mode: standing(grants) for mode, grants in self.by_mode.items()}, self.registry)

    @property
    def grants(self) -> tuple[Grant, ...]:
        """All judgements, one mode after the other."""
        return tuple(grant for grants in self.by_mode.values() for grant in grants)

    @property
    def ignorance(self) -> tuple[Unreadable, ...]:
        """Why assignments could not be judged, each reason once."""
        return tuple(dict.fromkeys(grant.why for grant in self.grants if grant.why is not None))


def read_grants(facts: Facts) -> tuple[Reading, ...]:
    """Judge what the puller holds: once, or for each repository that is pulled where conditions may tell them apart.

    Raises ``NotKnownError`` where there is nothing to judge by.
    """
    registry, puller = known(facts.registry), known(facts.access.puller)
    effective = known(facts.access.effective)
    if puller is None:
        raise NotKnownError(Unreadable("not-shown", NO_PULLER))

    def reading(repository: str | None) -> Reading:
        by_mode = {mode: judged(facts, effective, mode, repository) for mode in modes(registry)}
        return Reading(registry, puller, repository, by_mode)

    first = reading(repository_of_argument(facts, registry))
    if not any(grant.conditional for grant in first.grants):
        return (first,)
    return tuple(reading(repository) for repository in repositories_of(facts, registry))


def modes(registry: Registry) -> tuple[str, ...]:
    """The modes that the registry may be in: one, or both where its own is not known."""
    mode = registry.role_assignment_mode
    return (mode,) if isinstance(mode, str) and mode in PULL_IN else tuple(PULL_IN)


def agreed(by_mode: Mapping[str, T], registry: Registry) -> T:
    """Return what all modes agree on, or raise ``NotKnownError`` with why the mode is not known."""
    values = list(by_mode.values())
    if any(value != values[0] for value in values):
        mode = registry.role_assignment_mode
        raise NotKnownError(
            mode
            if isinstance(mode, Unreadable)
            else Unreadable("unsupported", f"The registry's role assignment mode {mode!r} is not known here")
        )
    return values[0]


def repositories_of(facts: Facts, registry: Registry) -> tuple[str | None, ...]:
    """The repositories that are pulled, of ``--image`` and of failing pods; one ``None`` where none is known."""
    argument = repository_of_argument(facts, registry)
    pods = sorted({image.repository for _, image in failing_of_registry(facts)})
    return tuple(dict.fromkeys([*([] if argument is None else [argument]), *pods])) or (None,)


def repository_of_argument(facts: Facts, registry: Registry) -> str | None:
    """The repository of ``--image``, if that image is of this registry (or misspells its host)."""
    image = facts.options.image
    if image is None:
        return None
    ours = {registry.name.lower(), registry.login_server.partition(".")[0].lower()}
    return image.repository if image.host.partition(".")[0].lower() in ours else None


def reach_of(facts: Facts, *repositories: str | None) -> Reach:
    """The pulls of repositories; any pull where one of them is not known."""
    if None in repositories:
        return Reach()
    pods = {pod.image for pod, image in failing_of_registry(facts) if image.repository in repositories}
    argument = {facts.options.image_text} if facts.options.image_text else set()
    return Reach(images=frozenset(pods or argument))


def severity_of(facts: Facts) -> Severity:
    """How bad it is that the puller may not pull.

    Nothing is lost where everybody may, or where every known pod that uses the registry brings
    a pull secret that is proven to work. Where a secret is to be used that could not be read,
    nobody knows: its own unknown leaves the verdict open.
    """
    if known(facts.registry).anonymous_pull is True or every_known_pod_has_a_working_secret(facts):
        return Severity.WARNING
    return Severity.WARNING if the_secret_to_be_used_is_unread(facts) else Severity.ERROR


def confidence_of(facts: Facts) -> Confidence:
    """Inferred where it is not known whether everybody may pull."""
    unread = isinstance(known(facts.registry).anonymous_pull, Unreadable)
    return Confidence.INFERRED if unread else Confidence.OBSERVED


def heeding_other_ways(facts: Facts, findings: Iterator[Finding]) -> Iterator[Finding]:
    """Pass findings on; where pods can pull without the puller, what is not known of it leaves no verdict open."""
    try:
        for finding in findings:
            harmless = finding.status is Status.UNKNOWN and severity_of(facts) is Severity.WARNING
            yield replace(finding, decisive=False) if harmless else finding
    except NotKnownError as ignorance:
        if severity_of(facts) is Severity.ERROR:
            raise
        yield unknown(known(facts.registry).id, ignorance.why, decisive=False)


def judged(facts: Facts, assignments: Iterable[RoleAssignment], mode: str, repository: str | None) -> tuple[Grant, ...]:
    """Judge assignments as if the registry were in ``mode``."""
    definitions = facts.access.definitions
    return tuple(judge_assignment(held, definitions, PULL_IN[mode], repository) for held in assignments)


def case_evidence(facts: Facts, reading: Reading) -> dict[str, Any]:
    """The evidence that every finding about the puller's roles carries."""
    registry, puller, target = reading.registry, reading.puller, facts.targets.cluster
    effective = known(facts.access.effective)
    groups = () if isinstance(facts.access.group_ids, Unreadable) else facts.access.group_ids
    return {
        "principal": puller.object_id,
        "principal_name": puller.name,
        "principal_kind": puller.kind,
        "registry": registry.name,
        "registry_id": registry.id,
        "mode": reading.mode,
        "cluster": target.name,
        "resource_group": target.resource_group,
        "subscription": target.subscription,
        "scopes": _scopes(facts, registry),
        "principals": [puller.object_id, *sorted(groups)],
        "roles_held": [described(facts, assignment) for assignment in effective][:MAX_LISTED],
    }


def _scopes(facts: Facts, registry: Registry) -> list[str]:
    """Every scope looked at: the registry's own line, and those that any assignment named, nearest first."""
    group, _, _ = registry.id.partition("/providers/")
    subscription = "/".join(registry.id.split("/")[:3])
    own = [registry.id, group, subscription]
    named: set[str] = set()
    for assignments in (facts.access.effective, facts.access.at_scope):
        if not isinstance(assignments, Unreadable):
            named.update(assignment.scope for assignment in assignments)
    line = {scope.lower() for scope in own}
    above = {scope.lower(): scope for scope in sorted(named) if scope.rstrip("/").lower() not in line}
    return own + sorted(above.values(), key=lambda scope: (scope == "/", scope.lower()))


def described(facts: Facts, assignment: RoleAssignment) -> dict[str, Any]:
    """One role assignment as evidence."""
    definition = facts.access.definitions.get(definition_key(assignment.role_definition_id))
    return {
        "role": definition.name if isinstance(definition, RoleDefinition) else assignment.role_definition_id,
        "principal": assignment.principal_id,
        "type": assignment.principal_type,
        "scope": assignment.scope,
    }
