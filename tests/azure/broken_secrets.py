"""Predicates of faults of pull secrets, and of the tokens and applications behind them."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from math import inf
from typing import TYPE_CHECKING

import jwt

from . import keyring, kubelet, registry
from .broken import fault
from .changes_access import ago

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


@fault("pull-secret.expiring")
def a_secret_ends_soon(cloud: Cloud) -> bool:
    """What is in a pull secret is of no use in a month."""
    in_a_month = ago(days=-30).timestamp()
    found = [each for secret in cloud.api.select("secrets", "") for each in keyring.entries(secret)]
    ours = [each for each in found if each.place in registry.hosts(cloud)]
    return any(_end(cloud, each) < in_a_month for each in ours)


def _end(cloud: Cloud, credential: keyring.Credential) -> float:
    """When the last password of a token ends, or a login token (seconds since 1970); of others that is not asked."""
    if credential.user == registry.NO_USER:
        claims = jwt.decode(credential.password, options={"verify_signature": False})
        return float(claims["exp"])
    token = cloud.resources.get(f"{cloud.registry['id']}/tokens/{credential.user}")
    passwords = token["properties"]["credentials"]["passwords"] if token else [{}]
    ends = [each["expiry"][:19] for each in passwords if each.get("expiry")]
    if len(ends) < len(passwords):
        return inf
    return max((datetime.fromisoformat(f"{end}+00:00").timestamp() for end in ends), default=0.0)
