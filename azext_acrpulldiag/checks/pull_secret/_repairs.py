"""The repairs of pull secrets: a valid credential for the secret, or a role instead of it.

Nothing is deleted and no entry is lost; see :mod:`._renewal` for which secret is written. A variable that was not
set makes the command that needs it fail before it changes anything.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ...effects._common import prepares
from ...effects.credentials import (
    Credential,
    a_new_token,
    client_secret_made,
    the_user,
    token_password_made,
)
from ...effects.pull_secret import named_by_others, named_in_workload, written, written_by_its_owner
from ...quoting import Arguments
from ...repairs import Effect, Repairs, Step, option
from .._kubectl import GET_CREDENTIALS
from .._roles import ABAC_ROLE, LEGACY_ROLE, grant_pull

_PASSWORD = "${ACR_PASSWORD:?unset}"  # noqa: S105 - a variable of the shell
_USER = '"${ACR_USER:?unset}"'
_CREATE = (
    "kubectl {kubectl} create secret docker-registry %s --namespace {namespace} --docker-server={login_server} "
    f'--docker-username=%s --docker-password="{_PASSWORD}"'
)
# Server-side: apply on the client would copy the credential into an annotation.
_APPLY = (
    " --dry-run=client -o yaml | kubectl {kubectl} apply --server-side --force-conflicts --namespace {namespace} -f -"
)

_AT_ITS_OWNER = Step(
    "Change the credential at the source that {owner} reads it from: it writes the secret {secret}, and would undo "
    "any change to it"
)
_NAME_NEW_ONE = Step(
    "Name it {place} {secret} in {user_of_secret}",
    "kubectl {kubectl} patch {user_of_secret} --namespace {namespace} --type {patch_type} --patch {patch}",
    each="users_anew",
    requires=("patch deployments", "patch statefulsets", "patch daemonsets", "patch serviceaccounts"),
    changes="a workload's pods are replaced; a service account gives it to new pods only",
    effect=named_in_workload,
)
_NAME_ELSEWHERE = Step(
    "Name {new_secret} {place} {secret} under imagePullSecrets of {others_anew}",
    when="others_anew",
    effect=named_by_others,
)


def renewals(
    *credential: Step, user: str = "{user}", given: Credential = the_user, when: tuple[str, ...] = ()
) -> Repairs:
    """The options that give the secret the credential which the steps ``credential`` put into variables.

    ``user`` is how the commands name its user, ``given`` what it is.
    """
    return (
        option(
            GET_CREDENTIALS,
            *credential,
            Step(
                "Put the credential into the secret; the pods use it at their next retry",
                _CREATE % ("{secret}", user) + _APPLY,
                when="in_place",
                requires=("create secrets", "patch secrets"),
                effect=written("secret", given),
            ),
            Step(
                "Create a secret {new_secret} with the credential, since {why_not}",
                _CREATE % ("{new_secret}", user),
                when="anew",
                requires=("create secrets",),
                effect=written("new_secret", given),
            ),
            _NAME_NEW_ONE,
            _NAME_ELSEWHERE,
            when=(*when, "unowned"),
        ),
        option(*credential, replace(_AT_ITS_OWNER, effect=written_by_its_owner(given)), when=(*when, "owner")),
    )


# --- how each kind of user gets a new password, or shows the valid one -----------------------

MAY_CREATE_TOKEN = (
    "Microsoft.ContainerRegistry/registries/scopeMaps/write",
    "Microsoft.ContainerRegistry/registries/tokens/write",
    "Microsoft.ContainerRegistry/registries/generateCredentials/action",
)


def new_token(name: str, effect: Effect) -> Step:
    """A token of that name, which the registry does not have, for all that is pulled with the secret."""
    words = "Create a token of {registry} that may pull this repository, and keep its password"
    return Step(
        words,
        f"ACR_PASSWORD=$(az acr token create --name {name} --registry {{registry}} --subscription {{subscription}} "
        '{token_rights} --query "credentials.passwords[0].value" --output tsv)',
        instead=f"{words} in ACR_PASSWORD",
        requires=MAY_CREATE_TOKEN,
        effect=effect,
    )


# A name that no token has: creating one that exists would change what it may do.
NAME_TOKEN = Step("Choose a name for a new token", "ACR_USER=aks-pull-$(date +%Y%m%d%H%M%S)")


NEW_TOKEN = (NAME_TOKEN, new_token(_USER, prepares))
"""A token that no secret names yet; ``ACR_USER`` is its name."""


def renewed_by_new_token(when: tuple[str, ...] = ()) -> Repairs:
    """The options that give the secret a token of its own."""
    return renewals(*NEW_TOKEN, user=_USER, given=a_new_token, when=when)


def token_rights(repositories: Iterable[str]) -> Arguments:
    """What a token is created with that may pull these repositories."""
    return Arguments(tuple(each for name in repositories for each in (("--repository", name), ("", "content/read"))))


NEW_CLIENT_SECRET = Step(
    "Add a client secret to the application, and keep the others",
    "ACR_PASSWORD=$(az ad sp credential reset --id {user} --append --query password --output tsv)",
    requires=("Application.ReadWrite.All",),
    effect=client_secret_made,
)
ADMIN_PASSWORD = Step(
    "Read the admin account's password",
    "ACR_PASSWORD=$(az acr credential show --name {registry} --subscription {subscription} "
    '--query "passwords[0].value" --output tsv)',
    requires=("Microsoft.ContainerRegistry/registries/listCredentials/action",),
)
NEW_TOKEN_PASSWORD = Step(
    "Generate a new first password for the token",
    "ACR_PASSWORD=$(az acr token credential generate --name {user} --registry {registry} "
    '--subscription {subscription} --password1 --query "passwords[0].value" --output tsv)',
    requires=("Microsoft.ContainerRegistry/registries/generateCredentials/action",),
    changes="whoever uses the token's first password needs the new one",
    effect=token_password_made,
)


# --- without the secret -------------------------------------------------------------------

ROLE_INSTEAD = (
    grant_pull(
        f"Or do without the secret: assign {{principal_name}} the role {LEGACY_ROLE} on {{registry}} "
        "(registry mode RBAC)",
        LEGACY_ROLE,
        when="lacks_legacy_role",
    ),
    grant_pull(
        f"Or do without the secret: assign {{principal_name}} the role {ABAC_ROLE} on {{registry}} "
        "(registry mode RBAC + ABAC)",
        ABAC_ROLE,
        when="lacks_abac_role",
    ),
)
"""Options of every fault of a secret; see :class:`~._weight.NamedSecret`."""
