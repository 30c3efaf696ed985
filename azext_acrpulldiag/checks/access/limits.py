"""Checks on what stops a pull that a role allows: deny assignments, tenants, time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from ...access.conditions import Answer
from ...access.grants import Grant, Standing
from ...access.standing import Grants, agreed, conditions_of, denied_by, undecided
from ...arm_ids import resource_parts
from ...catalogue import Outcome, check, skipped, unknown
from ...details import Details, internal
from ...effects.access import excluded, in_force
from ...facts import DenyAssignment, Facts, ManagedIdentity, Registry, Unreadable, known
from ...model import Confidence, Finding, Reach, Severity
from ...repairs import Step
from ._grants import (
    NO_ACCOUNT,
    NO_PULLER,
    Pulls,
    by_puller,
    confidence_of,
    for_each_puller,
    held_by_puller,
    puller_of,
    reach_of,
    read_grants,
    repositories_of,
    repository_of_argument,
    severity_of,
    unsettled,
)
from ._sign_in import home_of


@dataclass(frozen=True)
class Denial(Details):
    """A deny assignment in force."""

    denial: str
    denial_id: str
    scope: str
    everyone: bool


@dataclass(frozen=True)
class Tenants(Details):
    """The tenants of the identity that pulls and of the registry."""

    identity_tenant: str
    registry_tenant: str
    subscription_moved: bool
    """Whether the cluster's subscription is in another tenant now than its identity was made in."""
    brought: bool = internal()
    """Whether the identity is of another subscription than the cluster, and of another tenant."""

    @classmethod
    def of(cls, facts: Facts, home: str, tenant: str) -> Tenants:
        """Tell whether the registry is elsewhere, or the identity is, and with the cluster or without."""
        cluster, identity = known(facts.cluster), facts.kubelet_identity_resource
        there = cluster.tenant_id
        left = isinstance(there, str) and home.lower() != there.lower()
        parts = resource_parts(identity.resource_id) if isinstance(identity, ManagedIdentity) else None
        brought = left and parts is not None and parts[0].lower() != cluster.subscription.lower()
        return cls(home, tenant, subscription_moved=left and not brought, brought=brought)

    @property
    def left_behind(self) -> bool:
        """Whether the identity is not of the cluster's tenant."""
        return self.subscription_moved or self.brought

    @property
    def stayed(self) -> bool:
        """Whether cluster and identity are of one tenant, and the registry is of another."""
        return not self.left_behind

    @property
    def so(self) -> str:
        """What follows, a clause."""
        if self.brought:
            return (
                "the identity, which is of another subscription than the cluster, does not belong to the cluster's "
                "directory, so the cluster needs another one"
            )
        if self.subscription_moved:
            return (
                "the subscription of the cluster was moved to another directory, where its identities do not exist, "
                "so they have to be made again"
            )
        return "a managed identity cannot pull across tenants"


@dataclass(frozen=True)
class Age(Details):
    """When the assignment was made that takes effect first."""

    role: str | None
    assigned: str
    minutes: int
    through_groups: bool
    takes: str
    """How long it may take, in words."""
    until: str


DENIED = Outcome(
    id="access.denied",
    severity=Severity.ERROR,
    summary="Deny assignment {denial} denies {principal_name} pulls from {registry}, whatever roles it has.",
    url="https://learn.microsoft.com/azure/role-based-access-control/deny-assignments",
    details=(Denial, Pulls),
    repairs=(
        Step(
            "Deny assignments belong to a managed application, a blueprint or a deployment stack: have {principal} "
            "excluded there, or use a registry outside {scope}",
            effect=excluded,
        ),
    ),
    explains=("unauthorized-401", "registry.check-acr-failed"),
)
CROSS_TENANT = Outcome(
    id="access.cross-tenant",
    severity=Severity.ERROR,
    summary="{principal_name} is in tenant {identity_tenant} and {registry} in tenant {registry_tenant}: {so}.",
    url="https://learn.microsoft.com/azure/container-registry/authenticate-aks-cross-tenant",
    details=(Pulls, Tenants),
    repairs=(
        Step(
            "Make the identities again in tenant {registry_tenant}: a subscription that is moved leaves them behind, "
            "with their role assignments, and AKS does not support the move. Create the cluster again, or give it "
            "a new control-plane identity and a new kubelet identity, and assign that one a pull role at {registry}. "
            "Azure goes on showing the former ids, and a role that is given to {principal} has no effect",
            when="subscription_moved",
        ),
        Step(
            "Create a user-assigned identity in tenant {registry_tenant}, make it the cluster's kubelet identity (az "
            "aks update --assign-kubelet-identity), and assign it a pull role at {registry}; a role that is given to "
            "{principal} has no effect",
            when="brought",
        ),
        Step(
            "Pull with a pull secret (a registry token, or a service principal of the registry's tenant), "
            "or copy the images to a registry in the cluster's tenant",
            when="stayed",
        ),
        Step(
            "Until then, pull with a pull secret (a registry token, or a service principal of tenant "
            "{registry_tenant})",
            when="left_behind",
        ),
    ),
    explains=(
        "unauthorized-401",
        "access.pull-role-missing",
        "access.pull-role-on-other-principal",
        "access.pull-role-wrong-mode",
        "access.condition-excludes-repository",
        "registry.check-acr-failed",
    ),
)
RECENTLY_GRANTED = Outcome(
    id="access.recently-granted",
    severity=Severity.WARNING,
    summary="The role that allows {principal_name} to pull from {registry} was assigned {minutes} minutes ago; "
    "it may take {takes} to take effect, until {until} (UTC).",
    url="https://learn.microsoft.com/azure/role-based-access-control/troubleshooting",
    details=(Pulls, Age),
    repairs=(Step("Wait until {until} (UTC): kubelet tries again within five minutes", effect=in_force),),
    explains=("unauthorized-401",),
)

# "Up to 10 minutes" for an assignment; a managed identity's token, in which its groups are
# written, is cached for about a day (learn.microsoft.com/azure/role-based-access-control/troubleshooting).
PROPAGATION = timedelta(minutes=10)
GROUP_PROPAGATION = timedelta(hours=24)


@check(
    "access.deny-assignments",
    needs=("registry", "access", "options", "kubernetes", "running", "pull_secrets", "cluster"),
    outcomes=(DENIED,),
)
def no_deny_assignment_takes_pull_away(facts: Facts) -> Iterator[Finding]:
    """No deny assignment at or above the registry denies the identity the pull.

    A deny assignment overrides every role: the registry refuses the node with 401 though the
    role is assigned.

    Decided from the deny assignments at the registry: they must cover the pull's
    operation (less notActions), reach the registry (``doNotApplyToChildScopes``), name the
    identity, one of its groups or everyone, and not exclude it. Those that only audit are
    ignored. Where membership in a group that they name, or a condition, cannot be
    judged, the answer is unknown.
    """
    yield from for_each_puller(facts, _denials)


def _denials(facts: Facts) -> Iterator[Finding]:
    registry, puller = known(facts.registry), known(facts.access.puller)
    if puller is None:
        yield skipped(registry.id, NO_PULLER)
        return
    held = held_by_puller(facts)
    for denial in known(facts.access.denials):
        repositories = _repositories(facts, registry, denial)
        answers = {repository: denied_by(denial, registry, held, repository) for repository in repositories}
        denied = [repository for repository, answer in answers.items() if answer is Answer.YES]
        if denied:
            yield DENIED.at(
                registry.id,
                Denial(denial.name, denial.id, denial.scope, denial.everyone),
                Pulls.of(puller, registry),
                severity=severity_of(facts),
                confidence=confidence_of(facts),
                reach=None if len(denied) == len(repositories) else reach_of(facts, *denied),
            )
        elif Answer.UNKNOWN in answers.values():
            yield unsettled(facts, undecided(denial, repositories[0]))


@check(
    "access.tenants",
    needs=(
        "registry",
        "access",
        "cluster",
        "kubelet_identity_resource",
        "targets",
        "kubernetes",
        "running",
        "pull_secrets",
    ),
    outcomes=(CROSS_TENANT,),
)
def identity_and_registry_share_a_tenant(facts: Facts) -> Iterator[Finding]:
    """The managed identity that pulls is in the registry's tenant.

    A managed identity gets tokens of its own tenant only, and a registry takes tokens of
    its own tenant only, so no role can be assigned and every pull ends in 401. A subscription that is
    moved to another directory leaves its identities and role assignments behind, though Azure goes on
    showing their former ids and tenant.

    Decided by comparing the tenant that the identity itself shows with that of the registry's subscription, also
    where the registry is in the same subscription. Where it is gone, the tenant of the cluster's own identity
    stands for it, and where it could not be read, only if that is another tenant. Does not apply to clusters
    that pull as a service principal, which may be of a multitenant application that the registry's tenant has
    consented to.

    Sources: https://learn.microsoft.com/azure/role-based-access-control/transfer-subscription,
    https://learn.microsoft.com/entra/fundamentals/how-subscriptions-associated-directory
    """
    yield from for_each_puller(facts, _tenants)


def _tenants(facts: Facts) -> Iterator[Finding]:
    registry, puller = known(facts.registry), known(facts.access.puller)
    if puller is None:
        yield skipped(registry.id, NO_PULLER)
        return
    if puller.kind == "service-principal":
        yield skipped(registry.id, "The cluster pulls as a service principal, which may be used across tenants.")
        return
    home, tenant = home_of(facts), known(registry.tenant_id)
    if home.lower() != tenant.lower():
        yield CROSS_TENANT.at(
            registry.id,
            Pulls.of(puller, registry),
            Tenants.of(facts, home, tenant),
            severity=severity_of(facts),
            confidence=confidence_of(facts),
        )


@check(
    "access.propagation",
    needs=("registry", "access", "options", "now", "kubernetes", "cluster"),
    outcomes=(RECENTLY_GRANTED,),
)
def the_grant_has_had_time_to_spread(facts: Facts) -> Iterator[Finding]:
    """The role that allows the identity to pull was assigned long enough ago to have taken effect.

    A role assignment takes up to 10 minutes to take effect. What an identity gets through
    a group waits for its next token, which is cached for up to 24 hours. Until then pulls
    end in 401 though everything is right.

    Decided from ``createdOn`` of the role assignments that allow the pull: one that is older,
    and made to the identity itself, is enough. When the identity joined a group cannot be seen,
    so an assignment to a group that is younger than a day is a warning that is inferred.
    """
    seen = by_puller(facts)
    if not seen:
        yield skipped(known(facts.registry).id, NO_ACCOUNT)
    for each in seen:
        yield from map(each.told, _propagation(each.facts))


def _propagation(facts: Facts) -> Iterator[Finding]:
    registry = known(facts.registry)
    if known(facts.access.puller) is None:
        yield skipped(registry.id, NO_PULLER)
        return
    readings = read_grants(facts)
    open_ones = [grants for grants in readings if grants.standing is Standing.UNKNOWN]
    granted = [grants for grants in readings if grants.standing is Standing.GRANTED]
    yield from (unknown(registry.id, why) for why in dict.fromkeys(why for one in open_ones for why in one.ignorance))
    if not granted and not open_ones:
        yield skipped(registry.id, "No role assignment allows the pull, so there is none whose age matters.")
    told: list[tuple[Grant, ...]] = []
    for grants in granted:
        fresh = _fresh_grants(facts, grants)
        if fresh and fresh not in told:
            told.append(fresh)
            yield _recently(facts, registry, fresh, reach_of(facts, grants.repository) if readings[1:] else None)


def _fresh_grants(facts: Facts, grants: Grants) -> tuple[Grant, ...]:
    own, now = puller_of(facts).object_id.lower(), facts.now
    return agreed({mode: tuple(_fresh(each, own, now)) for mode, each in grants.by_mode.items()}, grants.registry)


def _fresh(grants: Iterable[Grant], own: str, now: datetime) -> Iterator[Grant]:
    """The granting assignments, or none where one of them is old enough; one without a date is not."""
    granting = [grant for grant in grants if grant.answer is Answer.YES]
    for grant in granting:
        created = grant.assignment.created
        if created is not None and now - created >= _window(grant, own):
            return
    yield from granting


def _recently(facts: Facts, registry: Registry, fresh: tuple[Grant, ...], reach: Reach | None) -> Finding:
    """Speak of the assignment that will be in force first."""
    if any(grant.assignment.created is None for grant in fresh):
        why = Unreadable("not-shown", "The role assignment that allows the pull does not show when it was made")
        return unknown(registry.id, why)
    puller, now = puller_of(facts), facts.now
    own = puller.object_id.lower()
    due = [(created + _window(grant, own), grant) for grant in fresh if (created := grant.assignment.created)]
    until, first = min(due, key=lambda item: (item[0], item[1].assignment.id))
    created, by_group = until - _window(first, own), _is_by_group(first, own)
    age = Age(
        role=first.role,
        assigned=created.isoformat(),
        minutes=max(0, int((now - created).total_seconds() // 60)),
        through_groups=by_group,
        takes="up to 24 hours for an identity that has only just joined the group" if by_group else "10 minutes",
        until=until.astimezone(timezone.utc).strftime("%Y-%m-%d %H:%M"),
    )
    in_doubt = by_group and now - created >= PROPAGATION
    return RECENTLY_GRANTED.at(
        registry.id,
        Pulls.of(puller, registry),
        age,
        confidence=Confidence.INFERRED if in_doubt else Confidence.OBSERVED,
        reach=reach,
    )


def _window(grant: Grant, own: str) -> timedelta:
    return GROUP_PROPAGATION if _is_by_group(grant, own) else PROPAGATION


def _is_by_group(grant: Grant, own: str) -> bool:
    return grant.assignment.principal_id.lower() != own


def _repositories(facts: Facts, registry: Registry, denial: DenyAssignment) -> tuple[str | None, ...]:
    """Those to judge a deny assignment for: without a condition it is the same for all."""
    if any(conditions_of(denial)):
        return repositories_of(facts, registry)
    return (repository_of_argument(facts, registry),)
