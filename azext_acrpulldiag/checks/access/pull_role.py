"""Checks on access: may the principal that pulls, pull from this registry?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from ...access.conditions import Answer
from ...access.grants import ABAC_MODE, LEGACY_MODE, PULL_IN, Standing
from ...access.principals import other_principals
from ...catalogue import Loose, Outcome, RemedyTemplate, check, skipped, unknown
from ...facts import Facts, Unreadable, known
from ...model import Confidence, Finding, Reach, Severity, Status
from ...quoting import printable
from ._condition_repair import condition_repair
from ._grants import (
    MAX_LISTED,
    NO_PULLER,
    Reading,
    case_evidence,
    confidence_of,
    described,
    heeding_other_ways,
    judged,
    reach_of,
    read_grants,
    severity_of,
)

_TROUBLESHOOT = "https://learn.microsoft.com/troubleshoot/azure/azure-kubernetes/extensions/cannot-pull-image-from-acr-to-aks-cluster"
_ABAC = "https://learn.microsoft.com/azure/container-registry/container-registry-rbac-abac-repository-permissions"
_ASSIGN = (
    "az role assignment create --assignee-object-id {principal} --assignee-principal-type ServicePrincipal"
    " --role %s --scope {registry_id}"
)
GRANT_LEGACY = RemedyTemplate(
    "Give {principal_name} the role AcrPull on {registry} (registry mode RBAC)", _ASSIGN % "AcrPull"
)
GRANT_ABAC = RemedyTemplate(
    "Give {principal_name} the role Container Registry Repository Reader on {registry} (registry mode RBAC + ABAC)",
    _ASSIGN % '"Container Registry Repository Reader"',
)
ATTACH = RemedyTemplate(
    "Or attach the registry, which assigns AcrPull and also reconciles the cluster",
    "az aks update -n {cluster} -g {resource_group} --attach-acr {registry_id} --subscription {subscription}",
)
# --attach-acr assigns AcrPull whatever the registry's mode: in ABAC mode it succeeds without effect.
REPAIRS = {LEGACY_MODE: (GRANT_LEGACY, ATTACH), ABAC_MODE: (GRANT_ABAC,)}
_BOTH = (GRANT_LEGACY, ATTACH, GRANT_ABAC)

_CASE = (
    "principal",
    "principal_name",
    "principal_kind",
    "registry",
    "registry_id",
    "mode",
    "cluster",
    "resource_group",
    "subscription",
    "scopes",
    "principals",
    "roles_held",
)

PULL_ROLE_MISSING = Outcome(
    id="access.pull-role-missing",
    severity=Severity.ERROR,
    summary="No role lets {principal_name} ({principal}) pull from {registry}, at the registry or any scope above it.",
    url=_TROUBLESHOOT,
    evidence_keys=(*_CASE, "other_holders", "other_holder_count"),
    remedies=_BOTH,
    explains=("unauthorized-401", "registry.check-acr-failed"),
    article="1.1",
)
PULL_ROLE_ON_OTHER_PRINCIPAL = Outcome(
    id="access.pull-role-on-other-principal",
    severity=Severity.ERROR,
    summary="{role} on {registry} was given to {holder}, {holder_is}, and not to {principal_name} ({principal}).",
    url=_TROUBLESHOOT,
    evidence_keys=(*_CASE, "role", "holder", "holder_is", "misplaced"),
    remedies=_BOTH,
    explains=("unauthorized-401", "registry.check-acr-failed"),
    article="1.3",
)
PULL_ROLE_WRONG_MODE = Outcome(
    id="access.pull-role-wrong-mode",
    severity=Severity.ERROR,
    summary="{role}, the role of {principal_name} on {registry}, has no effect on pulls in registry mode {mode}.",
    url=_ABAC,
    evidence_keys=(*_CASE, "role", "without_effect"),
    remedies=_BOTH,
    explains=("unauthorized-401", "registry.check-acr-failed"),
)
CONDITION_EXCLUDES_REPOSITORY = Outcome(
    id="access.condition-excludes-repository",
    severity=Severity.ERROR,
    summary="{principal_name} may pull some repositories of {registry}, but no condition covers {left_out}.",
    url=_ABAC,
    evidence_keys=(*_CASE, "repository", "left_out", "conditions", "wanted_condition", "updated_assignment"),
    remedies=(
        RemedyTemplate(
            "Extend the condition of the role assignment to {left_out}",
            "az role assignment update --role-assignment {updated_assignment}",
        ),
        RemedyTemplate(
            "Give {principal_name} Container Registry Repository Reader for {left_out}",
            _ASSIGN % '"Container Registry Repository Reader"'
            + " --condition {wanted_condition} --condition-version 2.0",
        ),
    ),
    explains=("unauthorized-401", "registry.check-acr-failed"),
)


@check(
    "access.pull-role",
    needs=(
        "registry",
        "access",
        "cluster",
        "service_principal",
        "node_hosts",
        "targets",
        "options",
        "kubernetes",
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
    """A role assignment lets the identity that pulls read from the registry.

    Without one the registry refuses the token of the node, kubelet goes on anonymously,
    and the pull ends in 401.

    Decided from the assignments in force for the pulling principal at the registry: direct,
    inherited from resource group, subscription and management groups, and through groups.
    What a role allows is read from its definition and never from its name: in legacy mode
    the action ``registries/pull/read``, in ABAC mode the data action
    ``repositories/content/read``, wildcards and notActions heeded. A condition is judged
    for the repository of ``--image`` and for those of failing pods. A custom role that allows it by a wildcard only
    passes as probable, because registries do not always honour those
    (learn.microsoft.com/azure/container-registry/container-registry-rbac-custom-roles).
    Where the registry's mode could not be read, both are tried, and they must agree.

    Where anonymous pull is on, a missing role is a warning: the anonymous attempt succeeds. So it is
    where every failing pod of the registry names a pull secret that is proven to work.
    """
    yield from heeding_other_ways(facts, _judge(facts))


def _judge(facts: Facts) -> Iterator[Finding]:
    registry = known(facts.registry)
    if known(facts.access.puller) is None:
        yield skipped(registry.id, NO_PULLER)
        return
    readings = read_grants(facts)
    unsettled = [reading for reading in readings if reading.state is Standing.UNKNOWN]
    refused = [reading for reading in readings if reading.state in (Standing.EXCLUDED, Standing.NONE)]
    left_out = [reading for reading in refused if _leaves_out(reading)]
    if left_out:
        yield _excluded(facts, left_out)
    if len(left_out) < len(refused):
        yield _nothing_grants(facts, refused[0])
    yield from (unknown(registry.id, why) for why in dict.fromkeys(why for one in unsettled for why in one.ignorance))
    if not refused and not unsettled:
        yield from _only_probable(facts, readings[0])


def _leaves_out(reading: Reading) -> bool:
    """Whether only a condition keeps the repository from being pulled."""
    return reading.state is Standing.EXCLUDED and reading.mode == ABAC_MODE and reading.repository is not None


def _found(outcome: Outcome, facts: Facts, reading: Reading, reach: Reach | None = None, **evidence: Any) -> Finding:
    repairs = outcome.remedies
    if repairs == _BOTH and reading.mode is not None:
        repairs = REPAIRS[reading.mode]
    return replace(outcome, remedies=repairs).at(
        reading.registry.id,
        severity=severity_of(facts),
        confidence=confidence_of(facts),
        reach=reach,
        **case_evidence(facts, reading),
        **evidence,
    )


# --- the four ways not to be granted ------------------------------------------------------


def _only_probable(facts: Facts, reading: Reading) -> Iterator[Finding]:
    """A pass that rests on a custom role's wildcard says so."""
    granting = [grant for grant in reading.grants if grant.answer is Answer.YES]
    if all(grant.probable for grant in granting):
        roles = sorted({grant.role or "" for grant in granting})
        yield Finding(
            check="",
            status=Status.PASS,
            summary=(
                f"Probably may pull: the custom role {printable(', '.join(roles))} allows it by a wildcard only, "
                f"which a registry need not honour. "
                f"List {PULL_IN[reading.mode or LEGACY_MODE].name} in the role to be sure."
            ),
            resource=reading.registry.id,
            confidence=Confidence.INFERRED,
            details=(Loose({**case_evidence(facts, reading), "roles": roles}),),
            url="https://learn.microsoft.com/azure/container-registry/container-registry-rbac-custom-roles",
        )


def _excluded(facts: Facts, left_out: list[Reading]) -> Finding:
    """One command extends the condition to all that are left out: two would undo each other."""
    reading, repositories = left_out[0], [each.repository for each in left_out if each.repository]
    excluding = [grant for grant in reading.grants if grant.conditional]
    wanted, updated = condition_repair(reading.registry.id, reading.puller.object_id, repositories, excluding)
    extend, grant_new = CONDITION_EXCLUDES_REPOSITORY.remedies
    outcome = replace(CONDITION_EXCLUDES_REPOSITORY, remedies=(extend,) if updated else (grant_new,))
    return _found(
        outcome,
        facts,
        reading,
        reach_of(facts, *repositories),
        repository=reading.repository,
        left_out=repositories,
        conditions=sorted({grant.assignment.condition for grant in excluding if grant.assignment.condition}),
        wanted_condition=wanted,
        updated_assignment=updated,
    )


def _nothing_grants(facts: Facts, reading: Reading) -> Finding:
    """Choose the narrowest true statement: wrong mode, wrong principal, nothing."""
    useless = _useless_in_this_mode(facts, reading)
    if useless:
        return _found(
            PULL_ROLE_WRONG_MODE, facts, reading, role=useless[0]["role"], without_effect=useless[:MAX_LISTED]
        )
    others = other_principals(reading.puller, facts.cluster, facts.service_principal, facts.node_hosts)
    around = _granting_at_scope(facts, reading)
    misplaced = [
        {**item, "holder_is": others[item["principal"].lower()]}
        for item in around or ()
        if item["principal"].lower() in others
    ]
    if misplaced:
        first = misplaced[0]
        return _found(
            PULL_ROLE_ON_OTHER_PRINCIPAL,
            facts,
            reading,
            role=first["role"],
            holder=first["principal"],
            holder_is=first["holder_is"],
            misplaced=misplaced[:MAX_LISTED],
        )
    return _found(
        PULL_ROLE_MISSING,
        facts,
        reading,
        other_holders=None if around is None else around[:MAX_LISTED],
        other_holder_count=None if around is None else len(around),
    )


def _useless_in_this_mode(facts: Facts, reading: Reading) -> list[dict[str, Any]]:
    if reading.mode is None:
        return []
    other = ABAC_MODE if reading.mode == LEGACY_MODE else LEGACY_MODE
    elsewhere = judged(facts, known(facts.access.effective), other, None)
    granting = [grant for grant in elsewhere if grant.answer is Answer.YES or grant.conditional]
    return _sorted(described(facts, grant.assignment) for grant in granting)


def _granting_at_scope(facts: Facts, reading: Reading) -> list[dict[str, Any]] | None:
    """Everybody else's assignments that do grant pull. ``None``: the list could not be read.

    An assignment whose role was not read is left out: it is not known to grant anything.
    """
    at_scope = facts.access.at_scope
    if isinstance(at_scope, Unreadable):
        return None
    granting = {
        grant.assignment.id: grant.assignment
        for mode in reading.by_mode
        for grant in judged(facts, at_scope, mode, reading.repository)
        if grant.answer is Answer.YES
    }
    own = {reading.puller.object_id.lower()}
    return _sorted(described(facts, held) for held in granting.values() if held.principal_id.lower() not in own)


def _sorted(items: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(items, key=lambda item: (-len(item["scope"]), item["scope"], item["role"], item["principal"]))
