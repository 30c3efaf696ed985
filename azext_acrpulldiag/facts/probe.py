"""What came of pulling an image for real, on a node of every pool."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

PULLED = "pulled"
FAILED = "failed"
NOT_SCHEDULABLE = "not-schedulable"
"""The scheduler did not put its pod on the node."""
REFUSED = "refused"
"""Admission took no such pod."""
TIMED_OUT = "timed-out"
ENDED = "ended"
"""Its pod was evicted, refused by kubelet, or deleted by somebody else before it had pulled."""
NOT_PROBED = "not-probed"
"""No pod was made, or what became of it could not be read."""


POD_PREFIX = "acr-pull-probe-"
"""With which the names of a probe's pods begin; they are gone when its results are read."""


@dataclass(frozen=True)
class ProbeSubject:
    """What is pulled, and as whom: a result speaks of nothing else."""

    image: str
    namespace: str
    service_account: str
    pull_secrets: tuple[str, ...] = ()
    """Those that the pod names; empty: it has none, of its service account either, once the pod was made."""
    owner: str | None = None
    """The workload whose pods pull so, ``Deployment/web`` and the like; ``None``: none is known."""


@dataclass(frozen=True)
class PoolProbe:
    """What came of it on one pool, for one kind of its nodes."""

    pool: str | None
    """``None``: the node is of no pool."""
    result: str
    """One of the words above."""
    node: str | None = None
    """``None``: there was none to try it on."""
    pod: str | None = None
    """``None``: none was made."""
    message: str = ""
    """Of all but a pull that succeeded: why, in the words of whoever says so, secrets masked."""
    policy: str | None = None
    """Who refused the pod, where the text tells: a webhook, a policy, ``PodSecurity``, a quota."""
    layers: bool = False
    """Whether a pull that succeeded is known to have fetched layers; else it proves sign-in and manifest only."""
    milliseconds: int | None = None
    """How long the pull took; ``None``: no event tells."""
    size: int | None = None
    """Bytes of the image, as the runtime counts them; ``None``: no event tells."""
    at: datetime | None = None
    """When it was known."""
    node_image: str | None = None
    """Label ``kubernetes.azure.com/node-image-version`` of the node."""


@dataclass(frozen=True, order=True)
class LeftPod:
    """A pod that a probe made and that could not be deleted."""

    namespace: str
    pod: str


@dataclass(frozen=True)
class ProbeReport:
    """One run of it."""

    subject: ProbeSubject
    pools: tuple[PoolProbe, ...]
    left: tuple[LeftPod, ...] = ()
    """Pods that were made, by this run or one before, and could not be deleted."""

    def of(self, result: str) -> tuple[PoolProbe, ...]:
        """The pools with this result."""
        return tuple(each for each in self.pools if each.result == result)
