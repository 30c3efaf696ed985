"""What the principal that pulls holds at the registry, and how much that weighs: shared by all access checks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import cast

from ...access.grants import ABAC_MODE, LEGACY_MODE, definition_key
from ...access.standing import Grants, Held
from ...arm_ids import key_of, named
from ...catalogue import skipped, unknown
from ...details import Details, internal
from ...facts import (
    AccountPull,
    Facts,
    FailingContainer,
    Kubernetes,
    ManagedIdentity,
    NotKnownError,
    Puller,
    Registry,
    RoleAssignment,
    RoleDefinition,
    Unreadable,
    known,
)
from ...images.mirrors import is_bootstrap_registry, is_mirrored
from ...model import Confidence, Finding, Reach, Severity, Status
from .._who_pulls import pods_of_registry, pulls_with_secrets
from .._working_secrets import (
    every_known_pod_has_a_working_secret,
    failing_of_registry,
    the_secret_to_be_used_is_unread,
)
from ._sign_in import is_of_another_tenant

NO_PULLER = "The cluster has no identity that a role could be assigned to; the identity checks say why."
NO_ACCOUNT = (
    "Pods pull as the identities of their service accounts; none is known to fail, and there is no default identity."
)
_NOT_NEEDED = "All pods that run with its images bring pull secrets, and pulled with them within the hour."
MAX_LISTED = 20


# --- details ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Pulls(Details):
    """Who pulls from where."""

    principal: str
    principal_name: str
    registry: str
    pods_with_secrets: int | None = None
    """How many pods run, all of which bring pull secrets, so that nobody needs the principal; ``None``: not so."""

    @classmethod
    def of(cls, puller: Puller, registry: Registry) -> Pulls:
        """Name the principal, and the registry."""
        return cls(puller.object_id, puller.name, registry.name)


@dataclass(frozen=True)
class RoleHeld(Details):
    """One role assignment."""

    role: str
    principal: str
    type: str | None
    scope: str


@dataclass(frozen=True)
class LookedAt(Details):
    """Where roles of the principal that pulls were looked for, and those that were found."""

    principal_kind: str
    registry_id: str
    mode: str | None
    """The registry's; ``None``: not known, so that it may be either."""
    scopes: tuple[str, ...]
    """The registry's own line, and those that any assignment named, nearest first."""
    principals: tuple[str, ...]
    roles_held: tuple[RoleHeld, ...]
    assignable: bool = internal()
    """Whether a role helps: an identity of another tenant gets none, or none that has an effect."""

    @property
    def not_assignable(self) -> bool:
        """Whether no role can help."""
        return not self.assignable

    @property
    def may_be_legacy(self) -> bool:
        """Whether the registry may be in the mode where an action lets pull."""
        return self.mode in (None, LEGACY_MODE)

    @property
    def attachable(self) -> bool:
        """Whether it is the cluster that the registry can be attached to."""
        return self.assignable and self.may_be_legacy and self.principal_kind != "account-identity"

    @property
    def may_be_abac(self) -> bool:
        """Whether the registry may be in the mode where a data action lets pull."""
        return self.mode in (None, ABAC_MODE)


def looked_at(facts: Facts, grants: Grants) -> LookedAt:
    """What every finding about the puller's roles rests on."""
    registry, puller = grants.registry, puller_of(facts)
    groups = () if isinstance(facts.access.group_ids, Unreadable) else facts.access.group_ids
    return LookedAt(
        principal_kind=puller.kind,
        registry_id=registry.id,
        mode=grants.mode,
        scopes=_scopes(facts, registry),
        principals=(puller.object_id, *sorted(groups)),
        roles_held=tuple(described(facts, each) for each in known(facts.access.effective)[:MAX_LISTED]),
        assignable=not is_of_another_tenant(facts),
    )


def described(facts: Facts, assignment: RoleAssignment) -> RoleHeld:
    """One role assignment, its role by name where that was read."""
    definition = facts.access.definitions.get(definition_key(assignment.role_definition_id))
    role = definition.name if isinstance(definition, RoleDefinition) else assignment.role_definition_id
    return RoleHeld(role, assignment.principal_id, assignment.principal_type, assignment.scope)


def _scopes(facts: Facts, registry: Registry) -> tuple[str, ...]:
    parts = named(registry.id)
    subscription = f"/subscriptions/{parts.subscription}"
    own = (registry.id, f"{subscription}/resourceGroups/{parts.group}", subscription)
    lists = (facts.access.effective, facts.access.at_scope)
    scopes = {each.scope for assignments in lists if not isinstance(assignments, Unreadable) for each in assignments}
    line = set(map(key_of, own))
    above = {key_of(scope): scope for scope in sorted(scopes) if key_of(scope) not in line}
    return (*own, *sorted(above.values(), key=lambda scope: (scope == "/", scope.lower())))


# --- who pulls -------------------------------------------------------------------------


@dataclass(frozen=True)
class Seen:
    """The facts as one identity that pulls sees them: its own rights, and the pods that it pulls for."""

    facts: Facts
    pods: frozenset[tuple[str, str]] | None = None
    """``None``: any pod."""
    by_nobody_known: bool = False
    """Whether pods fail or not, none that is known pulls as this identity."""

    def told(self, finding: Finding) -> Finding:
        """The finding, about those pods; a warning where none is known."""
        if self.pods:
            finding = replace(finding, reach=replace(finding.reach, pods=self.pods))
        if not self.by_nobody_known:
            return finding
        if finding.status is Status.FAIL:
            return replace(finding, status=Status.WARN, severity=Severity.WARNING, explains=())
        return replace(finding, decisive=False) if finding.status is Status.UNKNOWN else finding


class _Overlaid:
    """Facts some of whose fields are others: to look at the rest costs nothing and reads nothing."""

    def __init__(self, facts: Facts, **changes: object) -> None:
        self._facts, self._changes = facts, changes

    def __getattr__(self, name: str) -> object:
        return self._changes[name] if name in self._changes else getattr(self._facts, name)


def by_puller(facts: Facts) -> tuple[Seen, ...]:
    """Every identity that pulls: one, unless pods pull as the identities of their service accounts.

    Raises ``NotKnownError`` where those could not be read.
    """
    pulls = facts.access.by_account
    if pulls is None:
        return (Seen(facts),)
    seen = [_as_account(facts, each) for each in known(pulls)]
    if is_bootstrap_registry(facts):
        own = replace(facts.access, by_account=None)
        seen.append(Seen(_with_pods(facts, _through_mirror, access=own), _pods(facts, _through_mirror) or None))
    return tuple(seen)


def _through_mirror(pod: FailingContainer) -> bool:
    return is_mirrored(pod.image)


def _as_account(facts: Facts, pull: AccountPull) -> Seen:
    def its_own(pod: FailingContainer) -> bool:
        return (pod.namespace, pod.service_account) in pull.accounts and not is_mirrored(pod.image)

    puller = pull.access.puller
    identity = puller if not isinstance(puller, Puller) else _identity_of(puller, pull.tenant_id)
    changes = {"access": pull.access, "kubelet_identity_resource": identity, "node_hosts": ()}
    return Seen(_with_pods(facts, its_own, **changes), _pods(facts, its_own), not pull.accounts)


def _identity_of(puller: Puller, tenant: str | Unreadable) -> ManagedIdentity | Unreadable:
    return tenant if isinstance(tenant, Unreadable) else ManagedIdentity("", puller.client_id, puller.object_id, tenant)


def _with_pods(facts: Facts, chosen: Callable[[FailingContainer], bool], **changes: object) -> Facts:
    """The facts with these changes, and of failing containers only the ``chosen`` ones."""
    kubernetes = facts.kubernetes
    if isinstance(kubernetes, Kubernetes) and isinstance(kubernetes.failing, tuple):
        kubernetes = replace(kubernetes, failing=tuple(filter(chosen, kubernetes.failing)))
    return cast("Facts", _Overlaid(facts, kubernetes=kubernetes, **changes))


def _pods(facts: Facts, chosen: Callable[[FailingContainer], bool]) -> frozenset[tuple[str, str]]:
    return frozenset((pod.namespace, pod.pod) for pod, _ in failing_of_registry(facts) if chosen(pod))


def for_each_puller(facts: Facts, judge: Callable[[Facts], Iterator[Finding]]) -> Iterator[Finding]:
    """Judge every identity that pulls, and say by :func:`unsettled` what a fact that could not be read leaves open."""
    try:
        seen = by_puller(facts)
    except NotKnownError as ignorance:
        yield unsettled(facts, ignorance.why)
        return
    if not seen:
        yield skipped(known(facts.registry).id, NO_ACCOUNT)
    for each in seen:
        yield from map(each.told, heeding_other_ways(each.facts, judge(each.facts)))


# --- what is held ----------------------------------------------------------------------


def puller_of(facts: Facts) -> Puller:
    """Return who pulls. Raises ``NotKnownError`` where nobody does, or that could not be read."""
    puller = known(facts.access.puller)
    if puller is None:
        raise NotKnownError(Unreadable("not-shown", NO_PULLER))
    return puller


def held_by_puller(facts: Facts) -> Held:
    """What it holds. Raises ``NotKnownError`` like :func:`puller_of`."""
    return Held.by(puller_of(facts), facts.access)


def read_grants(facts: Facts) -> tuple[Grants, ...]:
    """Judge what the puller holds: once, or for each repository that is pulled where conditions may tell them apart.

    Raises ``NotKnownError`` where there is nothing to judge by.
    """
    registry, held = known(facts.registry), held_by_puller(facts)
    first = Grants.of(registry, held, repository_of_argument(facts, registry))
    if not any(grant.conditional for grant in first.all):
        return (first,)
    return tuple(Grants.of(registry, held, repository) for repository in repositories_of(facts, registry))


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


# --- how much it weighs ----------------------------------------------------------------


def severity_of(facts: Facts) -> Severity:
    """How bad it is that the puller may not pull.

    Nothing is lost where everybody may, or where every known pod that uses the registry brings
    a pull secret that is proven to work, or, where none fails, one that nothing is known to be wrong with. Where a
    secret is to be used that could not be read, nobody knows: its own unknown leaves the verdict open.
    """
    if known(facts.registry).anonymous_pull is True or every_known_pod_has_a_working_secret(facts):
        return Severity.WARNING
    if pulls_with_secrets(facts) is True:
        return Severity.WARNING
    return Severity.WARNING if the_secret_to_be_used_is_unread(facts) else Severity.ERROR


def confidence_of(facts: Facts) -> Confidence:
    """Inferred where it is not known whether everybody may pull."""
    unread = isinstance(known(facts.registry).anonymous_pull, Unreadable)
    return Confidence.INFERRED if unread else Confidence.OBSERVED


def unsettled(facts: Facts, why: Unreadable) -> Finding:
    """Say that the puller could not be judged; where pods can pull without it, that leaves no verdict open."""
    harmless = severity_of(facts) is Severity.WARNING
    return unknown(known(facts.registry).id, why, decisive=False if harmless else None)


def heeding_other_ways(facts: Facts, findings: Iterator[Finding]) -> Iterator[Finding]:
    """Pass findings on, and say by :func:`unsettled` what a fact that could not be read leaves open."""
    try:
        yield from (_if_it_matters(facts, each) for each in findings)
    except NotKnownError as ignorance:
        yield unsettled(facts, ignorance.why)


def _if_it_matters(facts: Facts, finding: Finding) -> Finding:
    """The finding, or an unknown in its place where it is not known whether anybody pulls without a pull secret."""
    if finding.outcome is None:
        return finding
    instead = pulls_with_secrets(facts)
    if isinstance(instead, Unreadable) and finding.status is Status.FAIL:
        detail = f"{finding.summary.rstrip('.')}; whether any pod needs it is not known: {instead.detail}"
        return unknown(finding.resource, replace(instead, detail=detail))
    if instead is True and finding.status is Status.WARN:
        count = len(pods_of_registry(facts))
        told = (replace(each, pods_with_secrets=count) if isinstance(each, Pulls) else each for each in finding.details)
        return replace(finding, summary=f"{finding.summary} {_NOT_NEEDED}", details=tuple(told))
    return finding
