"""The cluster as repairs bring it back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from ..facts import AgentPool, Cluster, Facts
from ..repairs import UntoldError
from ._common import each


def started(_values: Mapping[str, Any], facts: Facts) -> Facts:
    """The cluster runs, and its node pools do.

    What its pods report then is not known: what of Kubernetes could not be read stays unread.
    """
    if not isinstance(facts.cluster, Cluster):
        return facts

    def running(pool: AgentPool) -> AgentPool:
        return replace(pool, power_state="Running")

    pools = each(facts.cluster.agent_pools, running)
    return replace(facts, cluster=replace(facts.cluster, power_state="Running", agent_pools=pools))


# Kinds of node images of which there are some from after July 2025, see vhd-notes of https://github.com/Azure/AKS. Of a
# kind that is no longer made, an older image may be the newest.
_STILL_MADE = re.compile(
    r"(?P<linux>AKS(?:Ubuntu-2204|AzureLinux-V3).*-)\d{6}\.\d\d\.\d+|(?P<windows>AKSWindows-2022-.*\.)\d{6}"
)


def node_image_upgraded(values: Mapping[str, Any], facts: Facts) -> Facts:
    """Node pool ``pool`` has the newest node image of its kind, which stands here for one of today.

    Raises :class:`UntoldError` where it is not known that there is a newer one.
    """
    if not isinstance(facts.cluster, Cluster):
        return facts

    def newest(pool: AgentPool) -> AgentPool:
        if pool.name.lower() != values["pool"].lower():
            return pool
        return replace(pool, node_image_version=_of_today(str(pool.node_image_version), facts.now))

    pools = each(facts.cluster.agent_pools, newest)
    return replace(facts, cluster=replace(facts.cluster, agent_pools=pools))


def _of_today(version: str, now: datetime) -> str:
    kind = _STILL_MADE.fullmatch(version)
    if kind is None:
        raise UntoldError("Whether AKS still makes node images of this kind nobody can tell from here.")
    return f"{kind['linux']}{now:%Y%m.%d}.0" if kind["linux"] else f"{kind['windows']}{now:%y%m%d}"
