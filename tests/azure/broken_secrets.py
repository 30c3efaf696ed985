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
            *("token-scope-excludes-repository", "newer-than-pod", "virtual-node-needs-secret", "reverted"),
        )
    )
)
def a_secret_is_of_no_use(cloud: Cloud) -> bool:
    """A pod that waits gets an image in no way; one that names secrets would not get it again; or, before there are
    pods, the registry refuses what is in a secret."""
    pods = cloud.api.select("pods", "")
    if not pods:
        return not all(map(partial(_is_of_use, cloud), cloud.api.select("secrets", "")))
    with_secrets = [pod for pod in pods if pod["spec"].get("imagePullSecrets") and pod["spec"].get("nodeName")]
    return a_pod_gets_nothing(cloud) or not all(kubelet.could_pull(cloud, pod) for pod in with_secrets)


def a_pod_gets_nothing(cloud: Cloud) -> bool:
    """A pod that waits gets an image neither by its secrets nor otherwise."""
    return not all(kubelet.can_pull(cloud, pod) for pod in kubelet.waiting(cloud))


def _is_of_use(cloud: Cloud, secret: Object) -> bool:
    found = [each for each in keyring.entries(secret) if each.place in registry.hosts(cloud)]
    return all(kubelet.signs_in(cloud, each) for each in found)
