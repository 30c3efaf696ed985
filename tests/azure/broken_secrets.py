"""Predicates of faults of pull secrets, and of the tokens and applications behind them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from . import keyring, kubelet, registry
from .broken import fault

if TYPE_CHECKING:
    from .kubernetes_state import Object
    from .state import Cloud


@fault(
    *(
        f"pull-secret.{each}"
        for each in (
            *("missing", "malformed", "wrong-registry", "admin-disabled", "admin-password-mismatch"),
            *("credential-refused", "login-token-expired", "service-principal-unknown", "service-principal-expired"),
            *("service-principal-no-role", "token-unknown", "token-disabled", "token-expired"),
            *("token-scope-excludes-repository", "newer-than-pod", "virtual-node-needs-secret"),
        )
    )
)
def a_secret_is_of_no_use(cloud: Cloud) -> bool:
    """A registry does not let in a pod that waits, or one that names secrets; before there are pods, it refuses what
    is in a secret."""
    pods = [pod for pod in cloud.api.select("pods", "") if pod["spec"].get("nodeName")]
    if not pods:
        return not all(map(partial(_is_of_use, cloud), cloud.api.select("secrets", "")))
    asked = [(pod, bool(not pod["spec"].get("imagePullSecrets"))) for pod in pods]
    return not all(
        kubelet.is_let_in(cloud, pod, image) for pod, missing in asked for image in kubelet.images_of(pod, missing)
    )


def _is_of_use(cloud: Cloud, secret: Object) -> bool:
    found = [each for each in keyring.entries(secret) if each.place in registry.hosts(cloud)]
    return all(kubelet.signs_in(cloud, each) for each in found)
