"""Checks on pull secrets: there, of the right form, for the right host, and accepted by the registry?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ...catalogue import Outcome, check, skipped
from ...details import Details
from ...facts import ARGUMENT, FAILING_POD, Facts, PullSecret, Unreadable, known
from ...model import Confidence, Finding, SeenFrom, Severity
from ...repairs import Step
from .._kubectl import Kubectl
from .._working_secrets import accepted, answer_to, works
from ._renewal import Renewal, meant_for
from ._repairs import (
    ADMIN_PASSWORD,
    NEW_CLIENT_SECRET,
    NEW_TOKEN_PASSWORD,
    ROLE_INSTEAD,
    renewals,
    renewed_by_new_token,
)
from ._weight import (
    MAX_LISTED,
    NEEDS,
    NO_SECRET,
    NOT_LOOKED_AT,
    OUTRANKED,
    REFUSED,
    NamedSecret,
    UsedEntry,
    a_role_lets_pull,
    found,
    ignorance,
    secrets_of,
)

_SECRETS = "https://learn.microsoft.com/azure/container-registry/container-registry-auth-kubernetes"
_ERRORS = "https://learn.microsoft.com/troubleshoot/azure/azure-container-registry/acr-authentication-errors"


@dataclass(frozen=True)
class Malformed(Details):
    """A secret that kubelet can make nothing of."""

    reason: str
    consequence: str
    breaks_every_pull: bool
    type: str | None


@dataclass(frozen=True)
class OtherHosts(Details):
    """A secret without an entry for the registry."""

    hosts: tuple[str, ...]
    resembling: tuple[str, ...]
    """Those that were meant for the registry."""


@dataclass(frozen=True)
class Refusal(Details):
    """What the registry answered to a credential."""

    status: int
    step: str
    stray_white_space: bool
    user_kind: str

    @property
    def of_application(self) -> bool:
        """The user is an application."""
        return self.user_kind == "application"

    @property
    def of_admin(self) -> bool:
        """The user is the admin account."""
        return self.user_kind == "admin"

    @property
    def of_token(self) -> bool:
        """The user is a token of the registry."""
        return self.user_kind == "token"

    @property
    def of_another_user(self) -> bool:
        """No other password for this user is known of: it takes another user."""
        return not (self.of_application or self.of_admin or self.of_token)


MISSING = Outcome(
    id="pull-secret.missing",
    severity=Severity.ERROR,
    summary="Namespace {namespace} has no secret {secret}, which {named_by} names to pull from {registry}.",
    url=_SECRETS,
    seen_from=SeenFrom.KUBERNETES,
    details=(
        NamedSecret,
        Renewal,
        Kubectl,
    ),
    repairs=(*renewed_by_new_token(), *ROLE_INSTEAD),
    explains=REFUSED,
    article="1.5",
)
MALFORMED = Outcome(
    id="pull-secret.malformed",
    severity=Severity.ERROR,
    summary="Kubelet cannot use the pull secret {secret} in namespace {namespace}: {reason}. {consequence}.",
    url=_SECRETS,
    seen_from=SeenFrom.KUBERNETES,
    details=(NamedSecret, Renewal, Kubectl, Malformed),
    repairs=(*renewed_by_new_token(), *ROLE_INSTEAD),
    explains=REFUSED,
    article="1.5",
)
WRONG_REGISTRY = Outcome(
    id="pull-secret.wrong-registry",
    severity=Severity.ERROR,
    summary="The pull secret {secret} in namespace {namespace} has no entry for {login_server}, only for {hosts}.",
    url=_SECRETS,
    seen_from=SeenFrom.KUBERNETES,
    details=(NamedSecret, Renewal, Kubectl, OtherHosts),
    repairs=(*renewed_by_new_token(), *ROLE_INSTEAD),
    explains=REFUSED,
    article="1.5",
)
_WITHOUT_WHITE_SPACE = Step(
    "The password begins or ends in white space, such as a line break: remove it", when="stray_white_space"
)
CREDENTIAL_REFUSED = Outcome(
    id="pull-secret.credential-refused",
    severity=Severity.ERROR,
    summary="{login_server} refuses the credential of {user} in the pull secret {secret} of namespace {namespace} "
    "for {repository} (HTTP {status}, asked for the {step}).",
    url=_ERRORS,
    seen_from=SeenFrom.REGISTRY,
    details=(NamedSecret, Renewal, Kubectl, UsedEntry, Refusal),
    repairs=(
        *renewals(_WITHOUT_WHITE_SPACE, NEW_CLIENT_SECRET, when=("of_application",)),
        *renewals(_WITHOUT_WHITE_SPACE, ADMIN_PASSWORD, when=("of_admin",)),
        *renewals(_WITHOUT_WHITE_SPACE, NEW_TOKEN_PASSWORD, when=("of_token",)),
        *renewed_by_new_token(when=("of_another_user",)),
        *ROLE_INSTEAD,
    ),
    explains=REFUSED,
    article="1.5",
)

_IN_SILENCE = "It ignores the secret without an event"
_GIVES_UP = "It fails every pull of the pods that name it, whatever other credential they have"


@check(
    "pull-secret.existence",
    needs=NEEDS,
    outcomes=(MISSING,),
    seen_from=SeenFrom.KUBERNETES,
)
def every_named_secret_exists(facts: Facts) -> Iterator[Finding]:
    """Every pull secret that a failing pod names exists in the pod's namespace.

    Kubelet looks for the secret in the pod's own namespace, notes ``FailedToRetrieveImagePullSecret``
    where it is not there, and pulls without it. Decided by fetching each by name: the Kubernetes API
    answers 404. A secret that only the service account names is a warning, because pods get the
    secrets of their account when they are created.
    """
    if facts.pull_secrets is None or facts.pull_secrets == ():
        yield skipped(facts.targets.cluster.id, NOT_LOOKED_AT if facts.pull_secrets is None else NO_SECRET)
        return
    told: set[Unreadable] = set()
    for secret in secrets_of(facts):
        if isinstance(secret.exists, Unreadable):
            if secret.exists not in told:
                yield ignorance(facts, secret, secret.exists)
            told.add(secret.exists)
        elif not secret.exists:
            yield found(MISSING, facts, secret)


@check(
    "pull-secret.format",
    needs=NEEDS,
    outcomes=(MALFORMED,),
    seen_from=SeenFrom.KUBERNETES,
)
def every_secret_can_be_used(facts: Facts) -> Iterator[Finding]:
    """Every pull secret has the type, the form, the user and the password that kubelet needs.

    Kubelet gets no credential out of any other secret, and pulls without one or not at all.

    Decided as kubelet does (kubernetes/pkg/credentialprovider, ``secrets.go`` and ``config.go``): a
    secret of another type, without data or without ``auths`` is ignored without an event; one that does
    not parse, or whose ``auth`` is not base64 of ``user:password``, makes kubelet fail each pull of
    its pods, also where the node's identity may pull
    (https://github.com/IBM/cloud-pak-deployer/issues/1017 shows the events). An entry with an
    ``identitytoken`` in place of a password sends no password, because kubelet does not know that member.
    """
    if facts.pull_secrets is None or facts.pull_secrets == ():
        yield skipped(facts.targets.cluster.id, NOT_LOOKED_AT if facts.pull_secrets is None else NO_SECRET)
        return
    for secret in secrets_of(facts):
        reason = secret.malformed or _unusable_entry(secret)
        if reason:
            consequence = _GIVES_UP if secret.breaks_every_pull else _IN_SILENCE
            malformed = Malformed(reason, consequence, secret.breaks_every_pull, secret.secret_type)
            yield found(MALFORMED, facts, secret, malformed)


def _unusable_entry(secret: PullSecret) -> str | None:
    """Why none of the matching entries can be used; ``None``: one can, or none matches."""
    usable = [entry for entry in secret.entries if entry.unusable is None]
    if usable or not secret.entries:
        return None
    first = secret.entries[0]
    return f"its entry for {first.host} cannot be used: {first.unusable}"


@check(
    "pull-secret.host",
    needs=NEEDS,
    outcomes=(WRONG_REGISTRY,),
    seen_from=SeenFrom.KUBERNETES,
)
def a_secret_has_an_entry_for_the_registry(facts: Facts) -> Iterator[Finding]:
    """Of the pull secrets of each failing pod one has an entry for the image's registry.

    Kubelet sends an entry only to the host that it is for: the port must be on both sides, the number
    of labels must be equal, case counts, and a path must be a prefix of the repository
    (kubernetes/pkg/credentialprovider/keyring.go). Decided by the same rules. A secret for another
    registry is no fault where the node's identity may pull, or where another secret of the pod has the
    entry; one whose host resembles the login server was meant for it, and is reported all the same.
    """
    if facts.pull_secrets is None or facts.pull_secrets == ():
        yield skipped(facts.targets.cluster.id, NOT_LOOKED_AT if facts.pull_secrets is None else NO_SECRET)
        return
    secrets = secrets_of(facts)
    for secret in secrets:
        if secret.exists is not True or secret.malformed or secret.entries or _others_match(secrets, secret):
            continue
        login_server = known(facts.registry).login_server
        resembling = tuple(key for key in secret.hosts if meant_for(key, login_server))
        hosts = OtherHosts(secret.hosts[:MAX_LISTED], resembling[:MAX_LISTED])
        if resembling or ARGUMENT in secret.named_by:
            yield found(WRONG_REGISTRY, facts, secret, hosts)
        elif a_role_lets_pull(facts) is not True and any(name.startswith(FAILING_POD) for name in secret.named_by):
            # It may well be for the pod's other images.
            without_roles = tuple(each for each in REFUSED if each not in OUTRANKED)
            yield found(WRONG_REGISTRY, facts, secret, hosts, confidence=Confidence.INFERRED, explains=without_roles)


def _others_match(secrets: tuple[PullSecret, ...], secret: PullSecret) -> bool:
    """Whether each pod that names the secret names another that may be the one for this registry."""
    if ARGUMENT in secret.named_by:
        return False
    candidates = [
        other
        for other in secrets
        if other.namespace == secret.namespace
        and other.name != secret.name
        and (other.exists is not True or other.malformed or other.entries)
    ]
    covered = {name for other in candidates for name in other.named_by}
    return set(secret.named_by) <= covered


@check(
    "pull-secret.credential",
    needs=NEEDS,
    outcomes=(CREDENTIAL_REFUSED,),
    seen_from=SeenFrom.REGISTRY,
)
def the_registry_accepts_every_credential(facts: Facts) -> Iterator[Finding]:
    """The registry accepts the credentials in the pull secrets for the images that fail.

    A node with a wrong credential is refused, however well-formed the secret is, and Azure does not
    show whether a password is right. Decided by asking the registry, as a node
    does, for a token with the credential and then for the manifest with that token. A token alone
    proves nothing. Each credential is sent to the login server that Azure names and nowhere else, and
    only where a failing pod or ``--pull-secret`` names the secret; ``--no-credential-test`` switches it
    off. A registry that cannot be reached from this machine leaves the answer unknown.
    """
    offered = [
        (secret, entry, answer)
        for secret in (secrets_of(facts) if facts.pull_secrets is not None else ())
        for entry in secret.entries
        if (answer := answer_to(entry)) is not None
    ]
    if not offered:
        reason = NOT_LOOKED_AT if facts.pull_secrets is None else "No credential was offered to the registry."
        yield skipped(facts.targets.cluster.id, reason)
        return
    for secret, entry, answer in offered:
        if isinstance(answer, Unreadable):
            if not works(entry):
                yield ignorance(facts, secret, answer)
        elif not accepted(entry):
            refusal = Refusal(answer.status, answer.step, entry.stray_white_space, entry.user_kind)
            yield found(CREDENTIAL_REFUSED, facts, secret, UsedEntry.of(entry), refusal)
