"""The cluster as repairs bring it back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..facts import AgentPool, Cluster, Facts
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
