"""Predicates of faults of pull secrets, and of the tokens and applications behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import kubelet
from .broken import fault

if TYPE_CHECKING:
    from .state import Cloud


@fault(
    *(
        f"pull-secret.{each}"
        for each in (
            *("missing", "malformed", "wrong-registry", "admin-disabled", "admin-password-mismatch"),
            *("credential-refused", "login-token-expired", "service-principal-unknown", "service-principal-expired"),
            *("service-principal-no-role", "token-unknown", "token-disabled", "token-expired"),
            *("token-scope-excludes-repository", "newer-than-pod", "virtual-node-needs-secret", "reverted"),
        )
    )
)
def a_pod_gets_nothing(cloud: Cloud) -> bool:
    """The registry gives some pod an image neither by its secrets nor otherwise."""
    return not all(kubelet.can_pull(cloud, pod) for pod in kubelet.waiting(cloud))
