"""Taking rights away from a cloud's caller, and what a run may then lose."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import replace
from itertools import product
from typing import Any

import yaml

from azext_acrpulldiag.checks import ALL
from azext_acrpulldiag.diagnosis.changed import CHECK as CHANGES
from azext_acrpulldiag.permissions import fields_read_with
from azext_acrpulldiag.rights import Kind, Right
from scripts.permission_page import cluster_role, role, secret_role
from tests.azure.kubernetes import KINDS
from tests.azure.state import Cloud, Grant

PULL = "Microsoft.ContainerRegistry/registries/pull/read"
# What a right is called in an unknown, where that is not its own name: the registry itself refuses, and a role is told.
CALLED = {
    PULL: "AcrPull",
    "Microsoft.ContainerRegistry/registries/repositories/content/read": "Container Registry Repository Reader",
}
# What is as true, and less exact: that somebody else holds a role is seen by the role's definition; why the registry
# refuses a credential, by what Azure says of its user.
LESS_EXACT = {
    "access.pull-role-on-other-principal": "access.pull-role-missing",
    **dict.fromkeys(
        (
            "pull-secret.admin-password-mismatch",
            "pull-secret.token-expired",
            "pull-secret.token-scope-excludes-repository",
        ),
        "pull-secret.credential-refused",
    ),
}

# One unknown stands for all that is about the same: without pods nobody knows whose images and secrets to look at, and
# of a secret that may not be read nothing else is known either. A way that is lost at one stage is followed no further.
_FURTHER_ON = (
    "network.admin-rules",
    "network.routes",
    "network.peerings",
    "network.firewall",
    "network.security-groups",
)
SUBJECTS = {
    "symptom.pods": ("image.", "pull-secret."),
    "pull-secret.existence": ("pull-secret.",),
    "network.private-dns": _FURTHER_ON,
    "network.routes": _FURTHER_ON,
    "network.peerings": _FURTHER_ON,
}

Found = dict[str, Counter[tuple[str, str | None]]]


def refuse(cloud: Cloud, right: Right) -> None:
    """Let every request that needs the right end in a refusal."""
    if right.kind is Kind.GRAPH:
        cloud.graph_forbidden = True
    elif right.kind is Kind.KUBERNETES:
        cloud.forbid_in_cluster(right.name)
    elif right.name in CALLED:
        cloud.data_plane().refuses_exchange = True
    else:
        cloud.forbid(right.name)


def hide(cloud: Cloud, right: Right) -> None:
    """Take the right away as Azure does it: lists then leave out what may not be seen, and look empty."""
    cloud.caller_grants = [replace(each, not_actions=(*each.not_actions, right.name)) for each in cloud.caller_grants]


def grant_the_ready_roles(cloud: Cloud) -> None:
    """Let the caller have what docs/permissions.md offers to copy, and nothing else."""
    cloud.caller_grants = [Grant(f"/subscriptions/{each}", tuple(role()["Actions"])) for each in cloud.subscriptions]
    granted = {
        (verb, resource)
        for text in (cluster_role(), secret_role())
        for rule in yaml.safe_load(text)["rules"]
        for verb, resource in product(rule["verbs"], rule["resources"])
    }
    cloud.api.forbidden = set(product(("get", "list", "watch", "create", "delete"), KINDS)) - granted


def complaints(before: dict[str, Any], after: dict[str, Any], taken: Collection[Right]) -> Iterator[str]:
    """What is wrong with the report ``after``, of a run that lacks the rights that the one ``before`` had."""
    lost = frozenset[str]().union(*(fields_read_with(right.name) for right in taken))
    may_not_know = {checked.id for checked in ALL if lost.intersection(checked.needs)}
    known, said = by_check(before), by_check(after)
    without_subject = tuple(
        prefix for check, of in SUBJECTS.items() if ("unknown", None) in said[check] for prefix in of
    )
    for check, found in known.items():
        new = set(said[check]) - set(found)
        if said[check] == found or (not new and _is_refined(found, said[check])):
            continue
        if check.startswith(without_subject) and set(said[check]) == {("skipped", None)}:
            continue
        if check not in may_not_know:
            yield f"{check} needs none of it: {dict(found)} became {dict(said[check])}"
        elif not new <= {("unknown", None)} | _coarser(found):
            yield f"{check} made up: {dict(found)} became {dict(said[check])}"
        elif ("unknown", None) not in said[check] and not new & _coarser(found):
            yield f"{check} forgot: {dict(found)} became {dict(said[check])}"
    names = [CALLED.get(right.name, right.name).lower() for right in taken]
    for unknown in new_unknowns(before, after):
        if not any(name in (unknown["permission"] or "").lower() for name in names):
            yield f"{unknown['check']} asks for {unknown['permission']}: {unknown['reason']}"
    yield from _wrong_verdict(before, after)


def new_unknowns(before: dict[str, Any], after: dict[str, Any]) -> list[dict[str, Any]]:
    """The unknowns that only the second report has."""
    old = {(each["check"], each["reason"]) for each in before["unknowns"]}
    # One that no right would settle may tell of less.
    settled = {(each["check"], each["code"], None) for each in before["unknowns"] if each["permission"] is None}
    return [
        each
        for each in after["unknowns"]
        if (each["check"], each["reason"]) not in old
        and (each["check"], each["code"], each["permission"]) not in settled
    ]


def by_check(report: dict[str, Any]) -> Found:
    """What each check said: status and outcome of its findings."""
    found: Found = {}
    for each in report["findings"]:
        if each["check"] != CHANGES:  # it is asked for what the causes name, and is no judgement
            found.setdefault(each["check"], Counter())[each["status"], each["outcome"]] += 1
    return found


def _is_refined(found: Counter[tuple[str, str | None]], said: Counter[tuple[str, str | None]]) -> bool:
    """Nothing new, and an unknown for what is gone."""
    return ("unknown", None) in said and set(said) <= set(found)


def _coarser(found: Collection[tuple[str, str | None]]) -> set[tuple[str, str | None]]:
    return {(status, LESS_EXACT[outcome]) for status, outcome in found if outcome in LESS_EXACT}


def _wrong_verdict(before: dict[str, Any], after: dict[str, Any]) -> Iterator[str]:
    causes = {each["outcome"] for each in before["rootCauses"]}
    made_up = {each["outcome"] for each in after["rootCauses"]} - causes - {LESS_EXACT.get(each) for each in causes}
    if made_up:
        yield f"a wrong root cause: {sorted(made_up)}, was {sorted(causes)}"
    # What was a warning may be unknown, and leave nothing that stops a pull.
    allowed = {before["verdict"], "inconclusive"} | ({"healthy"} if before["verdict"] == "at-risk" else set())
    if after["verdict"] not in allowed:
        yield f"the verdict is {after['verdict']}, was {before['verdict']}"
