"""Pull secrets that may not be written over: the repair makes another one, or is made where the secret comes from."""

from __future__ import annotations

from typing import Any

from tests.azure import secrets as make
from tests.azure.changes_access import ago
from tests.azure.state import Cloud

from .kubernetes_stories import KUBECTL, LOGIN
from .secret_stories import BESIDE, HOST, REFUSED, ROLE, TOKEN_PASSWORD
from .stories import story

GENERATE = "ACR_PASSWORD=$(az acr token credential generate --name pull-app"
PATCH = f"{KUBECTL} patch deployment/web --namespace team --type strategic --patch "


def _expired(cloud: Cloud, document: dict[str, Any] | None = None, kind: str = "", **changes: Any) -> None:
    """A pod names a secret with a token whose passwords have expired."""
    make.registry_token(cloud, ends=(ago(days=90), ago(days=1)))
    make.failing_pod(cloud)
    entry = {"username": "pull-app", "password": TOKEN_PASSWORD}
    found = document or {"auths": {HOST: entry}}
    make.raw_secret(cloud, found, **({"kind": kind} if kind else {}))
    secret = cloud.api.objects["secrets", "team", "regcred"]
    secret |= {key: value for key, value in changes.items() if key != "metadata"}
    secret["metadata"] |= changes.get("metadata", {})


@story(
    verdict="broken",
    root_causes=("pull-secret.token-expired",),
    other_outcomes=REFUSED,
    symptoms=("unauthorized-401",),
    commands=(LOGIN, GENERATE, f"{BESIDE}pull-app ", PATCH, ROLE),
)
def pull_secret_with_entries_for_other_registries(cloud: Cloud) -> None:
    """The secret has an entry for another registry too, which must not be lost."""
    own = {"username": "pull-app", "password": TOKEN_PASSWORD}
    _expired(cloud, {"auths": {HOST: own, "index.docker.io": {"username": "a", "password": "b"}}})


@story(
    verdict="broken",
    root_causes=("pull-secret.token-expired",),
    other_outcomes=REFUSED,
    symptoms=("unauthorized-401",),
    commands=(LOGIN, GENERATE, f"{BESIDE}pull-app ", PATCH, ROLE),
)
def pull_secret_that_is_immutable(cloud: Cloud) -> None:
    """Kubernetes lets nobody change the secret."""
    _expired(cloud, immutable=True)


@story(
    verdict="broken",
    root_causes=("pull-secret.token-expired",),
    other_outcomes=REFUSED,
    symptoms=("unauthorized-401",),
    commands=(LOGIN, GENERATE, f"{BESIDE}pull-app ", PATCH, ROLE),
)
def pull_secret_of_the_old_type(cloud: Cloud) -> None:
    """The secret is of type kubernetes.io/dockercfg, and a type cannot be changed."""
    own = {"username": "pull-app", "password": TOKEN_PASSWORD}
    _expired(cloud, {HOST: own}, kind="kubernetes.io/dockercfg")


@story(
    verdict="broken",
    root_causes=("pull-secret.token-expired",),
    other_outcomes=REFUSED,
    symptoms=("unauthorized-401",),
    commands=(GENERATE, ROLE),
)
def pull_secret_of_an_operator(cloud: Cloud) -> None:
    """The External Secrets Operator writes the secret, and would undo a change of it."""
    owner = {"apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret", "name": "regcred", "controller": True}
    _expired(cloud, metadata={"ownerReferences": [owner | {"uid": "1"}]})
