"""Checks on access: may the principal that pulls, pull from this registry?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ...access.conditions import Answer
from ...access.grants import ABAC_MODE, LEGACY_MODE, PULL_IN, Standing
from ...access.principals import other_principals
from ...access.standing import Grants, judged
from ...catalogue import Outcome, check, passed, skipped
from ...details import Details
from ...effects.access import assignment_updated, granted
from ...facts import Facts, Unreadable, known
from ...model import Confidence, Finding, Reach, Severity
from ...quoting import printable
from ...repairs import Step, option
from .._named import ClusterNames
from .._roles import ABAC_ROLE, LEGACY_ROLE, grant_pull
from ._condition_repair import condition_repair
from ._grants import (
    MAX_LISTED,
    NO_PULLER,
    LookedAt,
    Pulls,
    RoleHeld,
    confidence_of,
    described,
    for_each_puller,
    held_by_puller,
    looked_at,
    puller_of,
    reach_of,
    read_grants,
    severity_of,
    unsettled,
)

_TROUBLESHOOT = "https://learn.microsoft.com/troubleshoot/azure/azure-kubernetes/extensions/cannot-pull-image-from-acr-to-aks-cluster"
_ABAC = "https://learn.microsoft.com/azure/container-registry/container-registry-rbac-abac-repository-permissions"
_CUSTOM_ROLES = "https://learn.microsoft.com/azure/container-registry/container-registry-rbac-custom-roles"

# Where the registry's mode is not known, both roles are given: the one that is not its mode's does nothing.
_GRANT = option(
    grant_pull(
        "Assign {principal_name} the role AcrPull on {registry} (registry mode RBAC)", LEGACY_ROLE, when="may_be_legacy"
    ),
    grant_pull(
        "Assign {principal_name} the role Container Registry Repository Reader on {registry} "
        "(registry mode RBAC + ABAC)",
        ABAC_ROLE,
        when="may_be_abac",
    ),
    when="assignable",
)
_NO_ROLE_HELPS = Step(
    "No role helps: {principal_name} is of another tenant than {registry}, so a role that is given to it has no effect",
    when="not_assignable",
)
# --attach-acr assigns AcrPull whatever the registry's mode: in ABAC mode it succeeds without effect.
_ATTACH = Step(
    "Or attach the registry, which assigns AcrPull and also reconciles the cluster",
    "az aks update -n {cluster} -g {resource_group} --attach-acr {registry_id} --subscription {subscription}",
    when="attachable",
    requires=("Microsoft.ContainerService/managedClusters/write", "Microsoft.Authorization/roleAssignments/write"),
    effect=granted(LEGACY_ROLE),
)
_GRANT_LEFT_OUT = "Assign {principal_name} the role Container Registry Repository Reader for {left_out}"
_CASE = (Pulls, LookedAt, ClusterNames)


@dataclass(frozen=True)
class Misplaced(RoleHeld):
    """A role that lets pull, held by another principal of this cluster."""

    holder_is: str


@dataclass(frozen=True)
class OtherHolders(Details):
    """Who else may pull. ``None``: the list could not be read."""

    other_holders: tuple[RoleHeld, ...] | None
    other_holder_count: int | None


@dataclass(frozen=True)
class OnOtherPrincipal(Details):
    """The roles that other principals of this cluster were given, and the first of them."""

    role: str
    holder: str
    holder_is: str
    misplaced: tuple[Misplaced, ...]


@dataclass(frozen=True)
class OfOtherMode(Details):
    """The roles that would let pull in the registry's other mode, and the first of them."""

    role: str
    without_effect: tuple[RoleHeld, ...]


@dataclass(frozen=True)
class LeftOut(Details):
    """The repositories that conditions leave out, and the condition that would cover them."""

    repository: str | None
    left_out: tuple[str, ...]
    conditions: tuple[str, ...]
    wanted_condition: str | None
    updated_assignment: str | None
    """The assignment that is there, extended; ``None``: there is none to extend."""

    @property
    def nothing_to_extend(self) -> bool:
        """Whether an assignment of its own is needed."""
        return self.updated_assignment is None


@dataclass(frozen=True)
class Probable(Details):
    """Custom roles that let pull by a wildcard only."""

    roles: tuple[str, ...]


PULL_ROLE_MISSING = Outcome(
    id="access.pull-role-missing",
    severity=Severity.ERROR,
    summary="{principal_name} ({principal}) has no role assignment that allows pulls from {registry}, at the registry "
    "or any scope above it.",
    url=_TROUBLESHOOT,
    details=(*_CASE, OtherHolders),
    repairs=(_GRANT, _ATTACH, _NO_ROLE_HELPS),
    explains=("unauthorized-401", "registry.check-acr-failed"),
    article="1.1",
)
PULL_ROLE_ON_OTHER_PRINCIPAL = Outcome(
    id="access.pull-role-on-other-principal",
    severity=Severity.ERROR,
    summary="{role} on {registry} is assigned to {holder}, {holder_is}, and not to {principal_name} ({principal}).",
    url=_TROUBLESHOOT,
    details=(*_CASE, OnOtherPrincipal),
    repairs=(_GRANT, _ATTACH, _NO_ROLE_HELPS),
    explains=("unauthorized-401", "registry.check-acr-failed"),
    article="1.3",
)
PULL_ROLE_WRONG_MODE = Outcome(
    id="access.pull-role-wrong-mode",
    severity=Severity.ERROR,
    summary="{role}, the role of {principal_name} on {registry}, has no effect on pulls in registry mode {mode}.",
    url=_ABAC,
    details=(*_CASE, OfOtherMode),
    repairs=(_GRANT, _ATTACH, _NO_ROLE_HELPS),
    explains=("unauthorized-401", "registry.check-acr-failed"),
)
CONDITION_EXCLUDES_REPOSITORY = Outcome(
    id="access.condition-excludes-repository",
    severity=Severity.ERROR,
    summary="{principal_name} may pull some repositories of {registry}, but the condition of no role assignment covers "
    "{left_out}.",
    url=_ABAC,
    details=(*_CASE, LeftOut),
    repairs=(
        Step(
            "Extend the condition of the role assignment to {left_out}",
            "az role assignment update --role-assignment {updated_assignment}",
            when=("updated_assignment", "assignable"),
            requires=("Microsoft.Authorization/roleAssignments/write",),
            effect=assignment_updated("updated_assignment"),
        ),
        grant_pull(
            _GRANT_LEFT_OUT,
            ABAC_ROLE,
            condition="wanted_condition",
            when=("nothing_to_extend", "assignable"),
            instead=_GRANT_LEFT_OUT,
        ),
        _NO_ROLE_HELPS,
    ),
    explains=("unauthorized-401", "registry.check-acr-failed"),
)


@check(
    "access.pull-role",
    needs=(
        "registry",
        "access",
        "cluster",
        "kubelet_identity_resource",
        "service_principal",
        "node_hosts",
        "targets",
        "options",
        "kubernetes",
        "running",
        "pull_secrets",
    ),
    outcomes=(
        PULL_ROLE_MISSING,
        PULL_ROLE_ON_OTHER_PRINCIPAL,
        PULL_ROLE_WRONG_MODE,
        CONDITION_EXCLUDES_REPOSITORY,
    ),
)
def a_role_lets_the_puller_pull(facts: Facts) -> Iterator[Finding]:
    """A role assignment allows the identity that pulls to pull from the registry.

    Without one the registry refuses the token of the node, kubelet goes on anonymously,
    and the pull ends in 401.

    Decided from the role assignments of that principal at the registry: direct,
    inherited from resource group, subscription and management groups, and through groups.
    What a role allows is read from its definition and never from its name: in legacy mode
    the action ``registries/pull/read``, in ABAC mode the data action
    ``repositories/content/read``, with wildcards and notActions. A condition is judged
    for the repository of ``--image`` and for those of failing pods. A custom role that allows it by a wildcard only
    passes as probable, because registries do not always apply those
    (learn.microsoft.com/azure/container-registry/container-registry-rbac-custom-roles).
    Where the registry's mode could not be read, both are tried, and they must agree.

    Where pods pull as the identities of their service accounts (preview), each pod is judged by the identity that its
    account is annotated with, else by the default identity, as the cluster's identity bindings show them.
    Where anonymous pull is on, a missing role is a warning: the anonymous attempt succeeds. So it is
    where every failing pod of the registry names a pull secret that is proven to work, and where none fails, all pods
    that run with its images bring pull secrets with which nothing is known to be wrong, and one of them pulled within
    the hour. Where more pods run than were read, that is unknown.
    """
    yield from for_each_puller(facts, _judge)


def _judge(facts: Facts) -> Iterator[Finding]:
    registry = known(facts.registry)
    if known(facts.access.puller) is None:
        yield skipped(registry.id, NO_PULLER)
        return
    readings = read_grants(facts)
    open_ones = [grants for grants in readings if grants.standing is Standing.UNKNOWN]
    refused = [grants for grants in readings if grants.standing in (Standing.EXCLUDED, Standing.NONE)]
    left_out = [grants for grants in refused if _leaves_out(grants)]
    if left_out:
        yield _excluded(facts, left_out)
    if len(left_out) < len(refused):
        yield _nothing_grants(facts, refused[0])
    yield from (unsettled(facts, why) for why in dict.fromkeys(why for one in open_ones for why in one.ignorance))
    if not refused and not open_ones:
        yield from _only_probable(facts, readings[0])


def _leaves_out(grants: Grants) -> bool:
    """Whether only a condition keeps the repository from being pulled."""
    return grants.standing is Standing.EXCLUDED and grants.mode == ABAC_MODE and grants.repository is not None


def _found(outcome: Outcome, facts: Facts, grants: Grants, particular: Details, reach: Reach | None = None) -> Finding:
    return outcome.at(
        grants.registry.id,
        *_case(facts, grants),
        particular,
        severity=severity_of(facts),
        confidence=confidence_of(facts),
        reach=reach,
    )


def _case(facts: Facts, grants: Grants) -> tuple[Details, ...]:
    names = Pulls.of(puller_of(facts), grants.registry)
    return names, looked_at(facts, grants), ClusterNames.of(facts.targets.cluster)


# --- the four ways not to be granted ------------------------------------------------------


def _only_probable(facts: Facts, grants: Grants) -> Iterator[Finding]:
    """A pass that rests on a custom role's wildcard says so."""
    granting = [grant for grant in grants.all if grant.answer is Answer.YES]
    if all(grant.probable for grant in granting):
        roles = tuple(sorted({grant.role or "" for grant in granting}))
        spelled_out = PULL_IN[grants.mode or LEGACY_MODE].name
        yield passed(
            grants.registry.id,
            f"Probably may pull: the custom role {printable(', '.join(roles))} allows it by a wildcard only, "
            f"which a registry may not apply. List {spelled_out} in the role to be sure.",
            *_case(facts, grants),
            Probable(roles),
            confidence=Confidence.INFERRED,
            url=_CUSTOM_ROLES,
        )


def _excluded(facts: Facts, left_out: list[Grants]) -> Finding:
    """One command extends the condition to all that are left out: two would undo each other."""
    grants, repositories = left_out[0], tuple(each.repository for each in left_out if each.repository)
    excluding = [grant for grant in grants.all if grant.conditional]
    wanted, updated = condition_repair(grants.registry.id, puller_of(facts).object_id, repositories, excluding)
    conditions = {grant.assignment.condition for grant in excluding if grant.assignment.condition}
    found = LeftOut(grants.repository, repositories, tuple(sorted(conditions)), wanted, updated)
    return _found(CONDITION_EXCLUDES_REPOSITORY, facts, grants, found, reach_of(facts, *repositories))


def _nothing_grants(facts: Facts, grants: Grants) -> Finding:
    """Choose the narrowest true statement: wrong mode, wrong principal, nothing."""
    useless = _useless_in_this_mode(facts, grants)
    if useless:
        of_mode = OfOtherMode(useless[0].role, useless[:MAX_LISTED])
        return _found(PULL_ROLE_WRONG_MODE, facts, grants, of_mode)
    others = other_principals(puller_of(facts), facts.cluster, facts.service_principal, facts.node_hosts)
    around = _granting_at_scope(facts, grants)
    misplaced = tuple(
        Misplaced(each.role, each.principal, each.type, each.scope, others[each.principal.lower()])
        for each in around or ()
        if each.principal.lower() in others
    )
    if misplaced:
        first = misplaced[0]
        found = OnOtherPrincipal(first.role, first.principal, first.holder_is, misplaced[:MAX_LISTED])
        return _found(PULL_ROLE_ON_OTHER_PRINCIPAL, facts, grants, found)
    holders = OtherHolders(None, None) if around is None else OtherHolders(around[:MAX_LISTED], len(around))
    return _found(PULL_ROLE_MISSING, facts, grants, holders)


def _useless_in_this_mode(facts: Facts, grants: Grants) -> tuple[RoleHeld, ...]:
    if grants.mode is None:
        return ()
    other = ABAC_MODE if grants.mode == LEGACY_MODE else LEGACY_MODE
    held = held_by_puller(facts)
    elsewhere = judged(held, known(held.effective), other, None)
    granting = [grant for grant in elsewhere if grant.answer is Answer.YES or grant.conditional]
    return _sorted(described(facts, grant.assignment) for grant in granting)


def _granting_at_scope(facts: Facts, grants: Grants) -> tuple[RoleHeld, ...] | None:
    """Everybody else's assignments that do grant pull. ``None``: the list could not be read.

    An assignment whose role was not read is left out: it is not known to grant anything.
    """
    at_scope, ours = facts.access.at_scope, held_by_puller(facts)
    if isinstance(at_scope, Unreadable):
        return None
    granting = {
        grant.assignment.id: grant.assignment
        for mode in grants.by_mode
        for grant in judged(ours, at_scope, mode, grants.repository)
        if grant.answer is Answer.YES
    }
    own = ours.object_id.lower()
    return _sorted(described(facts, held) for held in granting.values() if held.principal_id.lower() != own)


def _sorted(roles: Iterable[RoleHeld]) -> tuple[RoleHeld, ...]:
    return tuple(sorted(roles, key=lambda held: (-len(held.scope), held.scope, held.role, held.principal)))
