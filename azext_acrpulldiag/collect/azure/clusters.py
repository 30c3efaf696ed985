"""Find every cluster that a login can see: by Resource Graph, or by lists where that is refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from ...arm_ids import resource_parts
from ...facts import Unreadable
from ...targets import CLUSTER_TYPE, ClusterTarget
from ..ask.arm import ArmReader, Json, in_parallel
from ..ask.session import Session
from .cluster import API_VERSION
from .resource_graph import find_resources
from .versions import ask_in

NO_SUBSCRIPTION = Unreadable("not-logged-in", "The login has no subscription that is enabled")


@dataclass(frozen=True)
class FoundClusters:
    """The clusters, sorted, and why others may be missing, by subscription."""

    clusters: tuple[ClusterTarget, ...]
    unread: Mapping[str, Unreadable]


def find_clusters(session: Session, subscription: str | None = None, group: str | None = None) -> FoundClusters:
    """Find the clusters of all enabled subscriptions of the login, or of one, and there of one resource group.

    One query of Resource Graph for each login and 1,000 subscriptions; where one is refused, a list for each of its
    subscriptions. Resource Graph lags and shows only what the login may read: every cluster is read anew, so that one
    that is gone is found to be.
    """
    reader = ArmReader(session)
    logins = [
        tuple(one for one in login if subscription is None or one.lower() == subscription.lower())
        for login in subscriptions_by_login(session.subscriptions())
    ]
    asked = [login for login in logins if login]
    answers = in_parallel([partial(find_resources, reader, CLUSTER_TYPE, login) for login in asked])
    rows = [row for answer in answers if not isinstance(answer, Unreadable) for row in answer]
    refused = [
        one for login, answer in zip(asked, answers, strict=True) if isinstance(answer, Unreadable) for one in login
    ]
    lists = in_parallel([partial(_list, reader, one, group) for one in refused])
    for answer in lists:
        rows.extend(() if isinstance(answer, Unreadable) else answer)
    unread = {one: why for one, why in zip(refused, lists, strict=True) if isinstance(why, Unreadable)}
    return FoundClusters(targets_of(rows, group), unread if asked else {"": NO_SUBSCRIPTION})


def subscriptions_by_login(accounts: Sequence[Json]) -> list[tuple[str, ...]]:
    """The enabled subscriptions, as ``az account list`` has them, together where one login opens them.

    A tenant without subscriptions stands there as a subscription with the tenant's id, and is none.
    """
    found: dict[tuple[str, str], list[str]] = {}
    for account in accounts:
        subscription, tenant = str(account.get("id", "")), str(account.get("tenantId", ""))
        user = account.get("user")
        name = str(user.get("name", "")) if isinstance(user, dict) else ""
        if subscription and subscription != tenant and str(account.get("state", "Enabled")) != "Disabled":
            found.setdefault((tenant, name), []).append(subscription)
    return [tuple(each) for each in found.values()]


def targets_of(rows: Sequence[Json], group: str | None) -> tuple[ClusterTarget, ...]:
    """The clusters that rows of Resource Graph, or of lists, name; each once, sorted by id. Pure."""
    found: dict[str, ClusterTarget] = {}
    for row in rows:
        parts = resource_parts(str(row.get("id", "")))
        if parts is not None and (group is None or parts[1].lower() == group.lower()):
            target = ClusterTarget(*parts)
            found.setdefault(target.id.lower(), target)
    return tuple(target for _, target in sorted(found.items()))


def _list(reader: ArmReader, subscription: str, group: str | None) -> list[Json]:
    """The clusters of a subscription, or of its group of that name, which it need not have."""
    within = f"/subscriptions/{subscription}" + (f"/resourceGroups/{group}" if group else "")
    rows, _ = ask_in(API_VERSION, partial(reader.list, f"{within}/providers/{CLUSTER_TYPE}"))
    return rows or []
