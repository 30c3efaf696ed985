"""Routes of gateways that could not be read: where pods report what they should prevent, they do not. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from ...details import Details
from ...facts import Facts, Unreadable
from ...path.admission import admitted
from ...path.routing.outbound import Egress
from ...pull_errors.symptoms import recent_pulls
from ._findings import pods_report


@dataclass(frozen=True)
class Caveat(Details):
    """What could not be read and would make the fault none; ``None``: nothing."""

    unread: str | None = None

    @property
    def caveat(self) -> str:
        """It as a sentence behind a summary."""
        return f" Caveat: {self.unread}" if self.unread else ""

    @classmethod
    def of(cls, why: Unreadable | None) -> Caveat:
        """Say what was not read."""
        return cls(why.sentence if why else None)


def reported(facts: Facts, classes: Collection[str], pools: Collection[str]) -> bool:
    """Tell whether pods of some node pools report one of these classes, and none of those pools pulled of late."""
    pulled = any(each.node_pool in pools for each in recent_pulls(facts))
    return not pulled and pods_report(facts, classes, pools)


def as_pods_show(facts: Facts, egress: Egress, rules: tuple[str, ...]) -> Egress:
    """Leave out that a gateway may advertise a default route, where pods get the 403 that follows without one."""
    if egress.learnt is None or not reported(facts, ("forbidden-403",), egress.pools):
        return egress
    without = replace(egress, learnt=None)
    return egress if admitted(rules, without) is True else without
