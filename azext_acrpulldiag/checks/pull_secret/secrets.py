"""Checks on pull secrets: there, of the right form, for the right host, and accepted by the registry?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ...catalogue import Outcome, RemedyTemplate, check, skipped
from ...facts import Facts, PullSecret, SecretEntry, Unreadable, known
from ...images.references import resembles
from ...model import Confidence, Finding, SeenFrom, Severity
from .._working_secrets import ARGUMENT, accepted, works
from ._weight import (
    CREATE_FOR_ANY,
    CREATE_FOR_USER,
    DELETE,
    ENTRY_KEYS,
    MAX_LISTED,
    NEW_TOKEN,
    NO_SECRET,
    NOT_LOOKED_AT,
    OUTRANKED,
    REFUSED,
    ROLE_INSTEAD,
    SECRET_KEYS,
    found,
    identity_may_pull,
    ignorance,
    secrets_of,
)
from .users import NEW_PASSWORDS

_SECRETS = "https://learn.microsoft.com/azure/container-registry/container-registry-auth-kubernetes"
_ERRORS = "https://learn.microsoft.com/troubleshoot/azure/azure-container-registry/acr-authentication-errors"

MISSING = Outcome(
    id="pull-secret.missing",
    severity=Severity.ERROR,
    summary="Namespace {namespace} has no secret {secret}, which {named_by} names to pull from {registry}.",
    url=_SECRETS,
    seen_from=SeenFrom.KUBERNETES,
    evidence_keys=SECRET_KEYS,
    remedies=(CREATE_FOR_ANY, NEW_TOKEN, *ROLE_INSTEAD),
    explains=REFUSED,
    article="1.5",
)
MALFORMED = Outcome(
    id="pull-secret.malformed",
    severity=Severity.ERROR,
    summary="Kubelet cannot use the pull secret {secret} in namespace {namespace}: {reason}. {consequence}.",
    url=_SECRETS,
    seen_from=SeenFrom.KUBERNETES,
    evidence_keys=(*SECRET_KEYS, "reason", "consequence", "breaks_every_pull", "type"),
    remedies=(DELETE, CREATE_FOR_ANY, *ROLE_INSTEAD),
    explains=REFUSED,
    article="1.5",
)
WRONG_REGISTRY = Outcome(
    id="pull-secret.wrong-registry",
    severity=Severity.ERROR,
    summary="The pull secret {secret} in namespace {namespace} has no entry for {login_server}, only for {hosts}.",
    url=_SECRETS,
    seen_from=SeenFrom.KUBERNETES,
    evidence_keys=(*SECRET_KEYS, "hosts", "resembling"),
    remedies=(DELETE, CREATE_FOR_ANY, *ROLE_INSTEAD),
    explains=REFUSED,
    article="1.5",
)
CREDENTIAL_REFUSED = Outcome(
    id="pull-secret.credential-refused",
    severity=Severity.ERROR,
    summary="{login_server} refuses the credential of {user} in the pull secret {secret} of namespace {namespace} "
    "for {repository} (HTTP {status}, asked for the {step}).",
    url=_ERRORS,
    seen_from=SeenFrom.REGISTRY,
    evidence_keys=(*ENTRY_KEYS, "status", "step", "stray_white_space", "user_kind"),
    remedies=(
        RemedyTemplate("The password begins or ends in white space, such as a line break: leave that out"),
        *NEW_PASSWORDS.values(),
        DELETE,
        CREATE_FOR_USER,
        CREATE_FOR_ANY,
        *ROLE_INSTEAD,
    ),
    explains=REFUSED,
    article="1.5",
)
_STRAY = CREDENTIAL_REFUSED.remedies[0]

_IN_SILENCE = "It passes over the secret in silence"
_GIVES_UP = "It gives up every pull of the pods that name it, whatever other credential they have"


@check(
    "pull-secret.existence",
    needs=("pull_secrets", "registry", "access", "kubernetes", "options"),
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
    needs=("pull_secrets", "registry", "access", "kubernetes", "options"),
    outcomes=(MALFORMED,),
    seen_from=SeenFrom.KUBERNETES,
)
def every_secret_can_be_used(facts: Facts) -> Iterator[Finding]:
    """Every pull secret has the type, the form, the user and the password that kubelet needs.

    Kubelet gets no credential out of any other secret, and pulls without one or not at all.

    Decided as kubelet does (kubernetes/pkg/credentialprovider, ``secrets.go`` and ``config.go``): a
    secret of another type, without data or without ``auths`` is passed over in silence; one that does
    not parse, or whose ``auth`` is not base64 of ``user:password``, makes kubelet give up each pull of
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
            yield found(
                MALFORMED,
                facts,
                secret,
                reason=reason,
                consequence=_GIVES_UP if secret.breaks_every_pull else _IN_SILENCE,
                breaks_every_pull=secret.breaks_every_pull,
                type=secret.secret_type,
            )


def _unusable_entry(secret: PullSecret) -> str | None:
    """Why none of the matching entries can be used; ``None``: one can, or none matches."""
    usable = [entry for entry in secret.entries if entry.unusable is None]
    if usable or not secret.entries:
        return None
    first = secret.entries[0]
    return f"its entry for {first.host} cannot be used: {first.unusable}"


@check(
    "pull-secret.host",
    needs=("pull_secrets", "registry", "access", "kubernetes", "options"),
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
        resembling = [key for key in secret.hosts if _meant_for(key, login_server)]
        if not resembling and ARGUMENT not in secret.named_by:
            if identity_may_pull(facts) is True:
                continue
            # It may well be for the pod's other images.
            elsewhere = replace(WRONG_REGISTRY, confidence=Confidence.INFERRED, explains=_without_roles())
            yield _wrong(elsewhere, facts, secret, resembling)
        else:
            yield _wrong(WRONG_REGISTRY, facts, secret, resembling)


def _without_roles() -> tuple[str, ...]:
    return tuple(each for each in REFUSED if each not in OUTRANKED)


def _wrong(outcome: Outcome, facts: Facts, secret: PullSecret, resembling: list[str]) -> Finding:
    return found(outcome, facts, secret, hosts=list(secret.hosts[:MAX_LISTED]), resembling=resembling[:MAX_LISTED])


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


def _meant_for(key: str, login_server: str) -> bool:
    host = key.rpartition("://")[2].partition("/")[0].strip()
    return resembles(host, login_server) is not None


@check(
    "pull-secret.credential",
    needs=("pull_secrets", "registry", "access", "kubernetes", "options"),
    outcomes=(CREDENTIAL_REFUSED,),
    seen_from=SeenFrom.REGISTRY,
)
def the_registry_accepts_every_credential(facts: Facts) -> Iterator[Finding]:
    """The registry accepts the credentials in the pull secrets for the images that fail.

    A node that offers a wrong credential is refused, whatever the name and the form of the secret.
    No list of Azure tells whether a password is right. Decided by asking the registry, as a node
    does, for a token with the credential and then for the manifest with that token. A token alone
    proves nothing. Each credential is sent to the login server that Azure names and nowhere else, and
    only where a failing pod or ``--pull-secret`` names the secret; ``--no-credential-test`` switches it
    off. A registry that cannot be reached from this machine leaves the answer unknown.
    """
    entries = [
        (secret, entry)
        for secret in (secrets_of(facts) if facts.pull_secrets is not None else ())
        for entry in secret.entries
        if entry.offer is not None
    ]
    if not entries:
        reason = NOT_LOOKED_AT if facts.pull_secrets is None else "No credential was offered to the registry."
        yield skipped(facts.targets.cluster.id, reason)
        return
    for secret, entry in entries:
        offer = entry.offer
        if isinstance(offer, Unreadable):
            if not works(entry):
                yield ignorance(facts, secret, offer)
        elif offer is not None and not accepted(entry):
            yield _refused(facts, secret, entry)


def _refused(facts: Facts, secret: PullSecret, entry: SecretEntry) -> Finding:
    offer = known(entry.offer)
    assert offer is not None
    kind = NEW_PASSWORDS.get(entry.user_kind)
    create = CREATE_FOR_USER if kind else CREATE_FOR_ANY
    stray = (_STRAY,) if entry.stray_white_space else ()
    repairs = (*stray, *((kind,) if kind else ()), DELETE, create, *ROLE_INSTEAD)
    return found(
        replace(CREDENTIAL_REFUSED, remedies=repairs),
        facts,
        secret,
        entry,
        status=offer.status,
        step=offer.step,
        stray_white_space=entry.stray_white_space,
        user_kind=entry.user_kind,
    )
