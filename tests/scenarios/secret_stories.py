"""Pull secrets: what is wrong with them, and what only looks so."""

from __future__ import annotations

from datetime import datetime, timezone

import jwt

from tests import build
from tests.azure import secrets as make
from tests.azure.changes_access import ago
from tests.azure.state import Cloud

from .kubernetes_stories import KUBECTL, LOGIN
from .stories import story

HOST = "contosoreg.azurecr.io"
IMAGE = f"{HOST}/team/app:1.2"
NOBODY = "00000000-0000-0000-0000-000000000000"
TOKEN_PASSWORD = "sim-token-password+ACRt1"
CLIENT_SECRET = "Zk8Q~sim-client-secret"
QPS = f'Failed to pull image "{IMAGE}": pull QPS exceeded'
UNPARSED = f'Failed to pull image "{IMAGE}": unable to parse auth field, must be formatted as base64(username:password)'
SECRETS_RIGHT = "get secrets in namespace team (Kubernetes RBAC, or Azure Kubernetes Service RBAC Writer)"

NO_ROLE = ("access.pull-role-missing",)
REFUSED = ("access.pull-role-missing", "pull-secret.credential-refused")
_SECRET = f"--namespace team --docker-server={HOST} --docker-username="
UPDATE = f"{KUBECTL} create secret docker-registry regcred {_SECRET}"
BESIDE = f"{KUBECTL} create secret docker-registry regcred-acr {_SECRET}"
PATCH = f"{KUBECTL} patch deployment/web --namespace team --type strategic --patch "
APPENDED = "ACR_PASSWORD=$(az ad sp credential reset"
NAMED = "ACR_USER=aks-pull-"
ROLE = "az role assignment create --assignee-object-id"
NEW_TOKEN = 'ACR_PASSWORD=$(az acr token create --name "${ACR_USER:?'
PREFLIGHT = ("--pull-secret", "regcred", "--namespace", "team", "--image", IMAGE)


# --- what kubelet makes of it ------------------------------------------------------------


@story(
    verdict="broken",
    root_causes=("pull-secret.missing",),
    other_outcomes=NO_ROLE,
    symptoms=("unauthorized-401",),
    evidence={"pull-secret.missing": {"namedBy": ["pod/web-1"], "identityMayPull": False, "repository": "team/app"}},
    commands=(LOGIN, NAMED, NEW_TOKEN, f'{UPDATE}"${{ACR_USER:?', ROLE),
)
def pull_secret_missing(cloud: Cloud) -> None:
    """A pod names a pull secret that is in another namespace."""
    make.failing_pod(cloud)
    make.pull_secret(cloud, "contosoreg", "x", namespace="default")


@story(
    verdict="broken",
    root_causes=("pull-secret.malformed",),
    other_outcomes=NO_ROLE,
    symptoms=("unauthorized-401",),
    evidence={"pull-secret.malformed": {"breaksEveryPull": False, "type": "Opaque"}},
    commands=(LOGIN, NAMED, NEW_TOKEN, BESIDE, PATCH, ROLE),
)
def pull_secret_of_another_type(cloud: Cloud) -> None:
    """The pull secret was created as a generic secret, which kubelet passes over."""
    make.failing_pod(cloud)
    make.raw_secret(cloud, {"auths": {HOST: {"username": "a", "password": "b"}}}, kind="Opaque")


@story(
    verdict="broken",
    root_causes=("pull-secret.malformed",),
    symptoms=("credential-provider",),
    evidence={"pull-secret.malformed": {"breaksEveryPull": True, "identityMayPull": True}},
    commands=(LOGIN, NAMED, NEW_TOKEN, BESIDE, PATCH),
)
def pull_secret_breaks_every_pull(cloud: Cloud) -> None:
    """Kubelet cannot parse the pull secret and gives up, though the identity may pull."""
    cloud.grant()
    make.failing_pod(cloud, message=UNPARSED)
    make.raw_secret(cloud, {"auths": {HOST: {"auth": "bm8tY29sb24="}}})


@story(
    verdict="broken",
    root_causes=("pull-secret.wrong-registry",),
    other_outcomes=NO_ROLE,
    symptoms=("unauthorized-401",),
    evidence={"pull-secret.wrong-registry": {"hosts": [f"{HOST}:443"], "resembling": [f"{HOST}:443"]}},
    commands=(LOGIN, NAMED, NEW_TOKEN, UPDATE, ROLE),
)
def pull_secret_with_a_port(cloud: Cloud) -> None:
    """The pull secret names the registry with a port, which kubelet takes for another host."""
    make.failing_pod(cloud)
    make.pull_secret(cloud, "contosoreg", "x", host=f"{HOST}:443")


@story(
    verdict="broken",
    root_causes=("access.pull-role-missing", "pull-secret.wrong-registry"),
    symptoms=("unauthorized-401",),
    evidence={"pull-secret.wrong-registry": {"resembling": []}},
)
def pull_secret_of_the_former_registry(cloud: Cloud) -> None:
    """The only pull secret is for another registry, and the identity has no role."""
    make.failing_pod(cloud)
    make.pull_secret(cloud, "oldreg", "x", host="oldreg.azurecr.io")


# --- applications ------------------------------------------------------------------------


def _application(cloud: Cloud, ends: float = -100, **changes: object) -> None:
    cloud.application(secrets=[(ago(days=200), ago(days=ends))], **changes)  # type: ignore[arg-type]
    make.application_password(cloud, build.APP_ID, CLIENT_SECRET)
    make.failing_pod(cloud)
    make.pull_secret(cloud, build.APP_ID, CLIENT_SECRET)


@story(
    verdict="broken",
    root_causes=("pull-secret.service-principal-unknown",),
    other_outcomes=REFUSED,
    symptoms=("unauthorized-401",),
    evidence={"pull-secret.service-principal-unknown": {"user": build.APP_ID}},
    commands=(f"az ad sp create --id {build.APP_ID}", LOGIN, NAMED, NEW_TOKEN, UPDATE, ROLE),
)
def pull_secret_of_an_unknown_application(cloud: Cloud) -> None:
    """The pull secret signs in as an application that was deleted."""
    make.failing_pod(cloud)
    make.pull_secret(cloud, build.APP_ID, CLIENT_SECRET)


@story(
    verdict="broken",
    root_causes=("pull-secret.service-principal-expired",),
    other_outcomes=REFUSED,
    symptoms=("unauthorized-401",),
    evidence={"pull-secret.service-principal-expired": {"count": 1}},
    commands=(LOGIN, f"{APPENDED} --id {build.APP_ID} --append", f"{UPDATE}{build.APP_ID} ", ROLE),
)
def pull_secret_of_an_expired_application(cloud: Cloud) -> None:
    """Every client secret of the application in the pull secret has ended."""
    cloud.grant(build.SP_OBJECT_ID)
    _application(cloud, ends=3)


@story(
    verdict="broken",
    root_causes=("pull-secret.service-principal-no-role",),
    other_outcomes=REFUSED,
    symptoms=("unauthorized-401",),
    evidence={"pull-secret.service-principal-no-role": {"objectId": build.SP_OBJECT_ID}},
    commands=(f"{ROLE} {build.SP_OBJECT_ID}", f"{ROLE} {build.KUBELET_OBJECT_ID}"),
)
def pull_secret_of_an_application_without_role(cloud: Cloud) -> None:
    """The application in the pull secret may not pull from the registry."""
    _application(cloud)


@story(
    verdict="broken",
    root_causes=("pull-secret.credential-refused",),
    other_outcomes=NO_ROLE,
    symptoms=("unauthorized-401",),
    evidence={"pull-secret.credential-refused": {"status": 401, "step": "token", "userKind": "application"}},
    commands=(LOGIN, APPENDED, f"{UPDATE}{build.APP_ID} ", ROLE),
)
def pull_secret_with_a_replaced_client_secret(cloud: Cloud) -> None:
    """The client secret in the pull secret was replaced by another that holds."""
    cloud.grant(build.SP_OBJECT_ID)
    _application(cloud)
    make.application_password(cloud, build.APP_ID, "another")


# --- the admin account -------------------------------------------------------------------


@story(
    verdict="broken",
    root_causes=("pull-secret.admin-disabled",),
    other_outcomes=REFUSED,
    symptoms=("unauthorized-401",),
    commands=(LOGIN, NAMED, NEW_TOKEN, UPDATE, "az acr update --name contosoreg", ROLE),
)
def pull_secret_of_a_disabled_admin(cloud: Cloud) -> None:
    """The pull secret signs in as the admin account, which is switched off."""
    make.failing_pod(cloud)
    make.pull_secret(cloud, "contosoreg", cloud.data_plane().admin_passwords[0])


@story(
    verdict="broken",
    root_causes=("pull-secret.admin-password-mismatch",),
    other_outcomes=REFUSED,
    symptoms=("unauthorized-401",),
    evidence={"pull-secret.admin-password-mismatch": {"strayWhiteSpace": True}},
    commands=(LOGIN, "ACR_PASSWORD=$(az acr credential show --name contosoreg", f"{UPDATE}contosoreg ", ROLE),
)
def pull_secret_with_a_line_break(cloud: Cloud) -> None:
    """The admin account's password in the pull secret ends in a line break."""
    cloud.registry["properties"]["adminUserEnabled"] = True
    make.failing_pod(cloud)
    make.pull_secret(cloud, "contosoreg", cloud.data_plane().admin_passwords[0] + "\n")


# --- tokens ------------------------------------------------------------------------------


def _token(cloud: Cloud, **changes: object) -> None:
    make.registry_token(cloud, **changes)  # type: ignore[arg-type]
    make.failing_pod(cloud)
    make.pull_secret(cloud, "pull-app", TOKEN_PASSWORD)


@story(
    verdict="broken",
    root_causes=("pull-secret.token-unknown",),
    other_outcomes=REFUSED,
    symptoms=("unauthorized-401",),
    commands=(LOGIN, "ACR_PASSWORD=$(az acr token create --name pull-app", f"{UPDATE}pull-app ", ROLE),
)
def pull_secret_of_an_unknown_token(cloud: Cloud) -> None:
    """The pull secret signs in with a token that the registry does not have."""
    make.failing_pod(cloud)
    make.pull_secret(cloud, "pull-app", TOKEN_PASSWORD)


@story(
    verdict="broken",
    root_causes=("pull-secret.token-disabled",),
    other_outcomes=REFUSED,
    symptoms=("unauthorized-401",),
    evidence={"pull-secret.token-disabled": {"user": "pull-app", "status": "disabled"}},
    commands=("az acr token update --name pull-app --registry contosoreg", ROLE),
)
def pull_secret_of_a_disabled_token(cloud: Cloud) -> None:
    """The token in the pull secret is disabled."""
    _token(cloud, status="disabled")


@story(
    verdict="broken",
    root_causes=("pull-secret.token-expired",),
    other_outcomes=REFUSED,
    symptoms=("unauthorized-401",),
    evidence={"pull-secret.token-expired": {"count": 2}},
    commands=(LOGIN, "ACR_PASSWORD=$(az acr token credential generate --name pull-app", f"{UPDATE}pull-app ", ROLE),
)
def pull_secret_of_an_expired_token(cloud: Cloud) -> None:
    """Both passwords of the token in the pull secret have ended."""
    _token(cloud, ends=(ago(days=90), ago(days=1)))


@story(
    verdict="broken",
    root_causes=("pull-secret.token-scope-excludes-repository",),
    other_outcomes=REFUSED,
    symptoms=("unauthorized-401",),
    evidence={
        "pull-secret.token-scope-excludes-repository": {"excluded": ["team/app"], "scopeMap": "pull-app-scope-map"},
        "pull-secret.credential-refused": {"step": "manifest"},
    },
    commands=("az acr scope-map update --name pull-app-scope-map --registry contosoreg", ROLE),
)
def pull_secret_of_a_token_for_other_repositories(cloud: Cloud) -> None:
    """The scope map of the token in the pull secret lacks the image's repository."""
    _token(cloud, actions=("repositories/team/other/content/read",))


@story(
    verdict="broken",
    root_causes=("pull-secret.login-token-expired",),
    other_outcomes=REFUSED,
    symptoms=("unauthorized-401",),
    evidence={"pull-secret.login-token-expired": {"user": NOBODY}},
    commands=(LOGIN, NAMED, NEW_TOKEN, UPDATE, ROLE),
)
def pull_secret_of_an_expired_login(cloud: Cloud) -> None:
    """The pull secret holds a token of az acr login, which ended hours ago."""
    claims = {"sub": "someone", "aud": HOST, "iss": "Azure Container Registry"}
    ended = int(datetime.now(timezone.utc).timestamp()) - 7200
    token = jwt.encode({**claims, "exp": ended}, "a key of thirty-two bytes that nobody ever checks", algorithm="HS256")
    make.failing_pod(cloud)
    make.pull_secret(cloud, NOBODY, token)


# --- what weighs less --------------------------------------------------------------------


@story(
    verdict="broken",
    root_causes=("kubelet.pull-qps-exceeded",),
    other_outcomes=NO_ROLE,
    symptoms=("kubelet-qps",),
)
def working_secret_beside_a_missing_role(cloud: Cloud) -> None:
    """The identity has no role, and needs none: the pods' pull secret works."""
    make.registry_token(cloud)
    make.failing_pod(cloud, message=QPS)
    make.pull_secret(cloud, "pull-app", TOKEN_PASSWORD)


@story(
    verdict="broken",
    root_causes=("kubelet.pull-qps-exceeded",),
    other_outcomes=("pull-secret.token-unknown", "pull-secret.credential-refused"),
    symptoms=("kubelet-qps",),
)
def bad_secret_beside_an_identity_that_may_pull(cloud: Cloud) -> None:
    """The pull secret is of no use, and none is needed: the identity may pull."""
    cloud.grant()
    make.failing_pod(cloud, message=QPS)
    make.pull_secret(cloud, "pull-app", TOKEN_PASSWORD)


@story(verdict="broken", root_causes=("kubelet.pull-qps-exceeded",), symptoms=("kubelet-qps",))
def secret_for_another_registry(cloud: Cloud) -> None:
    """The pod's pull secret is for Docker Hub, and the identity may pull from this registry."""
    cloud.grant()
    make.failing_pod(cloud, message=QPS)
    make.pull_secret(cloud, "someone", "x", host="https://index.docker.io/v1/")


@story(
    verdict="broken",
    root_causes=("access.pull-role-missing",),
    other_outcomes=("pull-secret.missing",),
    symptoms=("unauthorized-401",),
)
def secret_of_the_account_is_for_pods_to_come(cloud: Cloud) -> None:
    """The service account got a pull secret that does not exist after the pod was created."""
    make.service_account(cloud, ["regcred"])
    make.failing_pod(cloud, secrets=())


@story(
    verdict="broken",
    root_causes=("pull-secret.token-unknown",),
    other_outcomes=NO_ROLE,
    symptoms=("unauthorized-401",),
    arguments=("--no-credential-test",),
)
def pull_secret_is_not_offered(cloud: Cloud) -> None:
    """The credential test is switched off; the lists still tell."""
    make.failing_pod(cloud)
    make.pull_secret(cloud, "pull-app", TOKEN_PASSWORD)


@story(
    verdict="broken",
    root_causes=("access.pull-role-missing",),
    symptoms=("unauthorized-401",),
    unknowns={"pull-secret.existence": SECRETS_RIGHT},
)
def pull_secrets_forbidden(cloud: Cloud) -> None:
    """The caller may not read secrets in Kubernetes, and the role is missing."""
    make.failing_pod(cloud)
    make.pull_secret(cloud, "pull-app", TOKEN_PASSWORD)
    cloud.forbid_in_cluster("get secrets")


# --- before anything is deployed ---------------------------------------------------------


@story(verdict="at-risk", other_outcomes=NO_ROLE, arguments=PREFLIGHT)
def preflight_of_a_working_secret(cloud: Cloud) -> None:
    """A pull secret that no pod names yet works for the image; the identity has no role."""
    make.namespace(cloud)
    make.registry_token(cloud)
    make.pull_secret(cloud, "pull-app", TOKEN_PASSWORD)


@story(
    verdict="broken",
    root_causes=("pull-secret.token-expired",),
    other_outcomes=REFUSED,
    evidence={"pull-secret.token-expired": {"namedBy": ["argument"]}},
    arguments=PREFLIGHT,
)
def preflight_of_a_bad_secret(cloud: Cloud) -> None:
    """A pull secret that no pod names yet would not let the image be pulled."""
    make.namespace(cloud)
    make.registry_token(cloud, ends=(ago(days=1),))
    make.pull_secret(cloud, "pull-app", TOKEN_PASSWORD)


@story(verdict="at-risk", other_outcomes=("pull-secret.missing",), arguments=PREFLIGHT)
def preflight_of_a_missing_secret(cloud: Cloud) -> None:
    """The pull secret to be used does not exist, and the identity may pull without it."""
    make.namespace(cloud)
    cloud.grant()


@story(
    verdict="inconclusive",
    other_outcomes=NO_ROLE,
    arguments=PREFLIGHT,
    unknowns={"pull-secret.existence": SECRETS_RIGHT},
)
def preflight_of_a_forbidden_secret(cloud: Cloud) -> None:
    """The caller may not read the pull secret that no pod names yet, and the identity has no role."""
    preflight_of_a_working_secret.tell(cloud)
    cloud.forbid_in_cluster("get secrets")
