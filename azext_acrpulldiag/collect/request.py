"""What the engine asks of the collectors, and what they share while they answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..facts import Cluster, Kubernetes, LogQuestion, Options, Unreadable
from ..targets import Targets
from .ask.common import Common
from .ask.readers import Readers
from .az.check_health import HealthCheck
from .kubernetes.login import ClusterAccess
from .kubernetes.ways import Way
from .kubernetes.workloads import Scope


@dataclass(frozen=True)
class Known:
    """What was read already, to find the registries that there are to judge."""

    cluster: Cluster | Unreadable
    way: Way | Unreadable
    kubernetes: Kubernetes | Unreadable


@dataclass(frozen=True)
class Joint:
    """What the runs of one command about several clusters have in common."""

    common: Common
    health: HealthCheck | None
    """Made ready before any thread was started; it outlives each run. ``None``: the check is not to run."""


@dataclass(frozen=True)
class ReadRequest:
    """What one run is to read: of which cluster and registry, for which checks, and how far it may go."""

    targets: Targets
    options: Options
    needs: Mapping[str, tuple[str, ...]]
    """By the id of each check that is to run: the fields of ``Facts`` that it reads."""
    check_acr: bool = False
    """Whether ``az aks check-acr`` may start its pod."""
    access: ClusterAccess = field(default_factory=ClusterAccess)
    scope: Scope = field(default_factory=Scope)
    known: Known | None = None
    """What :func:`~.discovery.discover` read already; ``None``: nothing."""
    pull_secret: str | None = None
    """A secret to look at though no pod names it; in the scope's namespace, else in ``default``."""
    credential_test: bool = True
    """Whether a pull secret's credential may be offered to its registry."""
    joint: Joint | None = None
    """``None``: this run is the only one."""
    questions: tuple[LogQuestion, ...] = ()
    """To the Activity Log, once a verdict is known; those that matter most first."""


@dataclass(frozen=True)
class Run(Readers):
    """What every reading of a run is given: how to ask, and for what."""

    request: ReadRequest
    health: HealthCheck | None = None
    """Made ready before any thread was started; ``None``: the check is not to run."""
