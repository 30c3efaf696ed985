"""The repairs of pull secrets: a credential that holds, the secret made anew, or a role instead of it."""

from __future__ import annotations

from ...repairs import Step
from .._roles import ABAC_ROLE, LEGACY_ROLE, grant_pull

_CREATE = (
    "kubectl create secret docker-registry {secret} --namespace {namespace} --docker-server={login_server} "
    '--docker-username=%s --docker-password="$ACR_PASSWORD"'
)
_FOR_USER = "Create the secret again, the password in the variable ACR_PASSWORD; the pods try it at their next attempt"
_FOR_ANY = "Create the secret, with a user that may pull in the variable ACR_USER and its password in ACR_PASSWORD"
_CREATES = ("create secrets",)


def create_for_user(when: str = "") -> Step:
    """Make the secret with the user that it has."""
    return Step(_FOR_USER, _CREATE % "{user}", when=when, requires=_CREATES)


def create_for_any(when: str = "") -> Step:
    """Make the secret with a user that the reader has at hand, or that a step before made."""
    return Step(_FOR_ANY, _CREATE % '"$ACR_USER"', when=when, requires=_CREATES)


DELETE = Step(
    "Delete the secret, then create it again as below",
    "kubectl delete secret {secret} --namespace {namespace}",
    requires=("delete secrets",),
    changes="every entry of the secret is lost, also those for other registries",
)

_MAKE_AND_KEEP = (
    "Create a token of the registry that may pull this repository; keep its name as ACR_USER and the password "
    "that it prints as ACR_PASSWORD"
)
MAY_CREATE_TOKEN = (
    "Microsoft.ContainerRegistry/registries/scopeMaps/write",
    "Microsoft.ContainerRegistry/registries/tokens/write",
    "Microsoft.ContainerRegistry/registries/generateCredentials/action",
)
NEW_TOKEN = Step(
    _MAKE_AND_KEEP,
    "az acr token create --name aks-pull --registry {registry} --subscription {subscription} "
    "--repository {repository} content/read",
    instead=_MAKE_AND_KEEP,
    requires=MAY_CREATE_TOKEN,
)


# --- how each kind of user gets a new password, or shows the one that holds -----------------


def new_client_secret(when: str = "") -> Step:
    """Of an application."""
    return Step(
        "Add a client secret to the application, and keep the password that it prints as ACR_PASSWORD",
        "az ad sp credential reset --id {user} --append --query password --output tsv",
        when=when,
        requires=("Application.ReadWrite.All",),
    )


def admin_password(when: str = "") -> Step:
    """Of the admin account."""
    return Step(
        "Print the admin account's password, and keep it as ACR_PASSWORD",
        "az acr credential show --name {registry} --subscription {subscription} "
        '--query "passwords[0].value" --output tsv',
        when=when,
        requires=("Microsoft.ContainerRegistry/registries/listCredentials/action",),
    )


def new_token_password(when: str = "") -> Step:
    """Of a token."""
    return Step(
        "Generate a new password for the token, and keep what it prints as ACR_PASSWORD",
        "az acr token credential generate --name {user} --registry {registry} --subscription {subscription} "
        '--password1 --query "passwords[0].value" --output tsv',
        when=when,
        requires=("Microsoft.ContainerRegistry/registries/generateCredentials/action",),
        changes="whoever uses the token's first password needs the new one",
    )


# --- without the secret -------------------------------------------------------------------

ROLE_INSTEAD = (
    grant_pull(
        f"Or do without the secret: Give {{principal_name}} the role {LEGACY_ROLE} on {{registry}} "
        "(registry mode RBAC)",
        LEGACY_ROLE,
        when="lacks_legacy_role",
    ),
    grant_pull(
        f"Or do without the secret: Give {{principal_name}} the role {ABAC_ROLE} on {{registry}} "
        "(registry mode RBAC + ABAC)",
        ABAC_ROLE,
        when="lacks_abac_role",
    ),
)
"""Options of every fault of a secret; see :class:`~._weight.NamedSecret`."""
