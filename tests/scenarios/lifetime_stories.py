"""How long the credential in a pull secret is valid, who renews it, and pods that are older than it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import jwt

from tests.azure import secrets as make
from tests.azure.changes_access import ago, iso
from tests.azure.state import Cloud

from .kubernetes_stories import KUBECTL, LOGIN
from .secret_stories import HOST, IMAGE, NAMED, NEW_TOKEN, NOBODY, REFUSED, ROLE, TOKEN_PASSWORD
from .stories import story

RESTART = f"{KUBECTL} rollout restart deployment/web --namespace team"


def _login_token(cloud: Cloud, ended: float, minutes: float | None, **metadata: Any) -> None:
    """A secret with a login token that ended so many minutes ago, after so many; ``None``: it does not say."""
    claims = {"sub": "someone", "aud": HOST, "iss": "Azure Container Registry", "grant_type": "access_token"}
    end = ago(minutes=ended)
    times = {"exp": int(end.timestamp())}
    if minutes is not None:
        times["iat"] = int((end - timedelta(minutes=minutes)).timestamp())
    token = jwt.encode(claims | times, "a key of thirty-two bytes that nobody ever checks", algorithm="HS256")
    make.pull_secret(cloud, NOBODY, token)
    cloud.api.objects["secrets", "team", "regcred"]["metadata"] |= metadata


def _owner(kind: str, version: str) -> dict[str, Any]:
    owner = {"apiVersion": version, "kind": kind, "name": "regcred", "controller": True, "uid": "1"}
    return {"ownerReferences": [owner]}


@story(
    verdict="broken",
    root_causes=("pull-secret.login-token-expired",),
    other_outcomes=REFUSED,
    symptoms=("unauthorized-401",),
    evidence={"pull-secret.login-token-expired": {"validMinutes": 75}},
    commands=(NAMED, NEW_TOKEN, ROLE),
)
def login_token_of_75_minutes(cloud: Cloud) -> None:
    """An ExternalSecret writes a token of 75 minutes into the secret, and renewed it too late: it ended an hour ago."""
    make.failing_pod(cloud)
    _login_token(cloud, 60, 75, **_owner("ExternalSecret", "external-secrets.io/v1"))


@story(
    verdict="broken",
    root_causes=("pull-secret.login-token-expired",),
    other_outcomes=REFUSED,
    symptoms=("unauthorized-401",),
    evidence={"pull-secret.login-token-expired": {"validMinutes": None, "issued": None}},
    commands=(NAMED, NEW_TOKEN, ROLE),
)
def login_token_without_time_of_issue(cloud: Cloud) -> None:
    """A sealed secret holds a token that has ended and does not say when it was issued."""
    make.failing_pod(cloud)
    _login_token(cloud, 600, None, **_owner("SealedSecret", "bitnami.com/v1alpha1"))


@story(
    verdict="broken",
    root_causes=("pull-secret.login-token-expired",),
    other_outcomes=REFUSED,
    symptoms=("unauthorized-401",),
    commands=(NAMED, NEW_TOKEN, ROLE),
)
def login_token_that_is_applied_from_git(cloud: Cloud) -> None:
    """Flux applies a secret whose login token has ended, and would undo a change to it."""
    make.failing_pod(cloud)
    _login_token(cloud, 60, 195, labels={"kustomize.toolkit.fluxcd.io/name": "apps"})


@story(
    verdict="at-risk",
    other_outcomes=("pull-secret.expiring",),
    evidence={"pull-secret.expiring": {"credential": "a login token", "left": "59 minutes"}},
    arguments=("--pull-secret", "regcred", "--namespace", "team", "--image", IMAGE, "--no-credential-test"),
)
def login_token_that_ends_within_the_hour(cloud: Cloud) -> None:
    """The secret that is to be used holds a login token, which is valid for another hour."""
    make.namespace(cloud)
    cloud.grant()
    _login_token(cloud, -60, 180)


@story(
    verdict="at-risk",
    other_outcomes=("pull-secret.expiring", "access.pull-role-missing"),
    evidence={"pull-secret.expiring": {"user": "pull-app", "left": "9 days"}},
    arguments=("--pull-secret", "regcred", "--namespace", "team", "--image", IMAGE, "--expiry-days", "10"),
)
def registry_token_that_ends_soon(cloud: Cloud) -> None:
    """The last password of the token in the pull secret ends in less than ten days."""
    make.namespace(cloud)
    make.registry_token(cloud, ends=(ago(days=1), ago(days=-9.5)))
    make.pull_secret(cloud, "pull-app", TOKEN_PASSWORD)


# --- pods that are older than the secret --------------------------------------------------


def _later_account(cloud: Cloud, **pod: Any) -> None:
    """A pod without pull secret, whose account got one afterwards."""
    make.failing_pod(cloud, secrets=(), **pod)
    created = cloud.api.select("pods", "team")[0]["metadata"]
    created["creationTimestamp"] = iso(ago(minutes=30), 0)
    make.service_account(cloud, ["regcred"])
    make.registry_token(cloud)
    make.pull_secret(cloud, "pull-app", TOKEN_PASSWORD)
    cloud.api.objects["secrets", "team", "regcred"]["metadata"]["creationTimestamp"] = iso(ago(minutes=10), 0)


@story(
    verdict="broken",
    root_causes=("pull-secret.newer-than-pod",),
    other_outcomes=("access.pull-role-missing",),
    symptoms=("unauthorized-401",),
    evidence={"pull-secret.newer-than-pod": {"account": "default", "pods": ["web-1"]}},
    commands=(LOGIN, RESTART, ROLE),
)
def secret_newer_than_the_pod(cloud: Cloud) -> None:
    """Secret and service account were put right, but the pod is older and stays without the secret."""
    _later_account(cloud)


@story(
    verdict="broken",
    root_causes=("pull-secret.newer-than-pod",),
    other_outcomes=("access.pull-role-missing",),
    symptoms=("unauthorized-401",),
    commands=(ROLE,),
)
def secret_newer_than_the_pod_of_a_job(cloud: Cloud) -> None:
    """The pod is older than the secret, and a Job made it, whose pods no command makes anew."""
    _later_account(cloud)
    cloud.api.select("pods", "team")[0]["metadata"]["ownerReferences"][0] |= {"kind": "Job", "name": "nightly-1"}


@story(
    verdict="broken",
    root_causes=("access.pull-role-missing", "pull-secret.newer-than-pod"),
    symptoms=("unauthorized-401", "unauthorized-401"),
)
def secret_newer_than_one_of_two_pods(cloud: Cloud) -> None:
    """One pod is older than its account's secret; another, of an account without secrets, needs the role."""
    _later_account(cloud)
    make.service_account(cloud, [], name="other")
    make.failing_pod(cloud, secrets=(), name="web-2", serviceAccountName="other")


@story(
    verdict="broken",
    root_causes=("access.pull-role-missing",),
    other_outcomes=("pull-secret.token-expired",),
    symptoms=("unauthorized-401",),
)
def newer_secret_that_would_not_help(cloud: Cloud) -> None:
    """The pod is older than its account's secret, whose token has ended: a new pod would fail as well."""
    _later_account(cloud)
    make.registry_token(cloud, ends=(ago(days=1),))
