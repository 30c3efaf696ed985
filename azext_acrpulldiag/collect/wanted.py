"""What a run is asked to read."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..facts import Kubernetes
from .ask.kubernetes import ApiServer
from .kubernetes.login import ClusterAccess
from .kubernetes.workloads import Scope


@dataclass(frozen=True)
class Wanted:
    """What a run is asked to read beyond what every run reads."""

    check_health: bool = True
    check_acr: bool = False
    access: ClusterAccess = field(default_factory=ClusterAccess)
    scope: Scope = field(default_factory=Scope)
    known: tuple[ApiServer, Kubernetes] | None = None
    """What :func:`~.discovery.discover` read already; ``None``: nothing."""
    pull_secrets: bool = True
    pull_secret: str | None = None
    """A secret to look at though no pod names it; in the scope's namespace, else in ``default``."""
    offer_credentials: bool = True
    network: bool = True
