"""How a fault of a pull secret weighs, and what it accounts for.

Kubelet tries the credentials of every secret that the pod names, then the node's identity, then
nobody, and one success is enough. So a fault stops a pull only where nothing else on this list
lets it through.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ...access.grants import ABAC_MODE
from ...access.standing import Held, may_pull
from ...catalogue import Outcome, unknown
from ...details import Details, internal
from ...facts import (
    ACCOUNT,
    ARGUMENT,
    FAILING_POD,
    RUNNING_POD,
    Facts,
    NotKnownError,
    Puller,
    PullSecret,
    SecretEntry,
    Unreadable,
    known,
)
from ...model import Confidence, Finding, Reach, Severity
from ...quoting import Arguments
from .._credentials import is_sound
from .._kubectl import Kubectl
from .._roles import ABAC_ROLE, LEGACY_ROLE
from .._who_pulls import pods_of_registry
from .._working_secrets import accepted, failing_of_registry, read_secrets, works
from ..access._grants import by_puller, repositories_of
from ..access._sign_in import cannot_sign_in, is_of_another_tenant
from ._renewal import Renewal
from ._repairs import token_rights

MAX_LISTED = 20
NEEDS = (
    "pull_secrets",
    "registry",
    "access",
    "kubernetes",
    "running",
    "options",
    "cluster",
    "kubelet_identity_resource",
    "service_principal",
)
"""What the checks on pull secrets read."""
NO_SECRET = "No failing pod of this registry names a pull secret, and none was given with --pull-secret."  # noqa: S105
NOT_LOOKED_AT = "No pull secret is known: pods were not read, and none was given with --pull-secret."

# A secret that a failing pod names is what should have let it pull. A role for the nodes'
# identity is another way to repair that.
OUTRANKED = (
    "access.pull-role-missing",
    "access.pull-role-on-other-principal",
    "access.pull-role-wrong-mode",
    "access.condition-excludes-repository",
)
REFUSED = ("unauthorized-401", "credential-provider", *OUTRANKED)


@dataclass(frozen=True)
class NamedSecret(Details):
    """A pull secret, who names it, and what else could let its pods pull."""

    secret: str
    namespace: str
    named_by: tuple[str, ...]
    named_by_count: int
    registry: str
    registry_id: str
    login_server: str
    subscription: str
    principal: str | None
    """The object id of the nodes' identity."""
    principal_name: str | None
    identity_may_pull: bool | None
    repository: str | None
    """One that is pulled with the secret."""
    lacks_role: str | None = internal()
    """The role that would let the identity pull in the secret's place. ``None``: it has one, or it is not known
    to lack it, or the fault stops no pull."""

    pulled_repositories: tuple[str, ...] = internal(default=())
    """All that are known to be."""

    @property
    def token_rights(self) -> Arguments:
        """What a token is created with that is to pull them."""
        return token_rights(self.pulled_repositories)

    @property
    def lacks_legacy_role(self) -> bool:
        """The role helps, and the registry is not in ABAC mode."""
        return self.lacks_role == LEGACY_ROLE

    @property
    def lacks_abac_role(self) -> bool:
        """The role helps, and the registry is in ABAC mode."""
        return self.lacks_role == ABAC_ROLE


@dataclass(frozen=True)
class UsedEntry(Details):
    """An entry of a pull secret for the registry."""

    host: str
    user: str
    repositories: tuple[str, ...]

    @classmethod
    def of(cls, entry: SecretEntry) -> UsedEntry:
        """Name an entry."""
        return cls(entry.host, entry.user, entry.repositories[:MAX_LISTED])


def secrets_of(facts: Facts) -> tuple[PullSecret, ...]:
    """Every secret. Raises ``NotKnownError`` where they could not be read."""
    return known(facts.pull_secrets) or ()


def entries_of(facts: Facts, *kinds: str) -> Iterator[tuple[PullSecret, SecretEntry]]:
    """The usable entries of these kinds of user that the registry is not known to accept."""
    for secret in secrets_of(facts):
        for entry in secret.entries:
            if entry.user_kind in kinds and entry.unusable is None and not accepted(entry):
                yield secret, entry


def resource_of(secret: PullSecret) -> str:
    """How findings name a secret: as its path in the Kubernetes API."""
    return f"namespaces/{secret.namespace}/secrets/{secret.name}"


def identity_may_pull(facts: Facts) -> bool | None:
    """Tell whether pods get their images without any secret. ``None``: not known, or not the same for all.

    A role is of no use to an identity that is known to get no token.
    """
    return _of_all(facts, lambda seen: {False} if cannot_sign_in(seen) else _by_roles(seen))


def a_role_lets_pull(facts: Facts) -> bool | None:
    """The same by the roles alone."""
    return _of_all(facts, _by_roles)


def _of_all(facts: Facts, answers_of: Callable[[Facts], set[bool]]) -> bool | None:
    """What all identities that pull have in common; everybody may where anonymous pull is on."""
    try:
        if known(facts.registry).anonymous_pull is True:
            return True
        answers = {answer for each in by_puller(facts) for answer in answers_of(each.facts)}
    except NotKnownError:
        return None
    return answers.pop() if len(answers) == 1 else None


def _by_roles(facts: Facts) -> set[bool]:
    registry, puller = known(facts.registry), known(facts.access.puller)
    if puller is None:
        return {False}
    held, repositories = Held.by(puller, facts.access), repositories_of(facts, registry)
    return {known(may_pull(registry, held, (each,) if each else ())) for each in repositories}


def has_a_better_one(facts: Facts, secret: PullSecret) -> bool:
    """Tell whether each pod that names the secret names another one that works.

    That is proven where pods fail. Where they run, nothing is to be known to be wrong with it.
    """
    pods = {name for name in secret.named_by if name.startswith((FAILING_POD, RUNNING_POD))}
    helped = {
        name
        for other in read_secrets(facts)
        if other.namespace == secret.namespace and other.name != secret.name
        for name in other.named_by
        if any(map(works, other.entries)) or (name.startswith(RUNNING_POD) and _is_sound(facts, other))
    }
    return bool(pods) and ARGUMENT not in secret.named_by and pods <= helped


def _is_sound(facts: Facts, secret: PullSecret) -> bool:
    repositories = {each for entry in secret.entries for each in entry.repositories}
    return bool(repositories) and all(is_sound(facts, secret, each) is True for each in repositories)


def is_in_use(secret: PullSecret) -> bool:
    """Tell whether a pod or the user names the secret: accounts give theirs to new pods only."""
    return any(not name.startswith(ACCOUNT) for name in secret.named_by)


def weight_of(facts: Facts, secret: PullSecret, allowed: bool | None) -> tuple[Severity, Confidence]:
    """How bad a fault of ``secret`` is, and how sure: inferred where it is not known what the identity may do."""
    if secret.breaks_every_pull and is_in_use(secret):
        return Severity.ERROR, Confidence.OBSERVED
    if allowed is True or not is_in_use(secret) or has_a_better_one(facts, secret):
        return Severity.WARNING, Confidence.OBSERVED
    return Severity.ERROR, Confidence.INFERRED if allowed is None else Confidence.OBSERVED


def accounts_for(facts: Facts, secret: PullSecret, severity: Severity, explains: tuple[str, ...]) -> tuple[str, ...]:
    """What of ``explains`` a fault of ``secret`` really explains.

    A warning explains nothing, so that it never becomes a cause. A secret that the user names,
    and no pod that fails, explains no symptom; it outranks a role only in the preflight. So does one of pods that run,
    unless another of those brings none at all: that one needs the role.
    """
    if severity is Severity.WARNING:
        return ()
    if any(name.startswith(FAILING_POD) for name in secret.named_by):
        return explains
    outranks = next(failing_of_registry(facts), None) is None
    if ARGUMENT not in secret.named_by:
        outranks = outranks and all(pod.pull_secrets for pod in pods_of_registry(facts))
    return tuple(each for each in explains if each.startswith("pull-secret.") or (outranks and "." in each))


def found(
    outcome: Outcome,
    facts: Facts,
    secret: PullSecret,
    *details: Details,
    severity: Severity | None = None,
    confidence: Confidence | None = None,
    explains: tuple[str, ...] | None = None,
) -> Finding:
    """Return the finding of ``outcome`` at ``secret``, weighed unless a ``severity`` is given.

    ``explains`` stands for what the outcome explains.
    """
    allowed = identity_may_pull(facts)
    weight, sure = weight_of(facts, secret, allowed)
    severity = severity or weight
    return outcome.at(
        resource_of(secret),
        named(facts, secret, allowed, stops_pulls=severity is Severity.ERROR),
        Renewal.of(facts, secret),
        Kubectl.of(facts),
        *details,
        severity=severity,
        confidence=confidence or sure,
        reach=_reach(secret),
        explains=accounts_for(facts, secret, severity, outcome.explains if explains is None else explains),
    )


def _reach(secret: PullSecret) -> Reach:
    """The pods that name the secret; empty where only an argument does."""
    pods = (name.partition("/")[2] for name in secret.named_by if name.startswith(FAILING_POD))
    return Reach(pods=frozenset((secret.namespace, pod) for pod in pods))


def ignorance(facts: Facts, secret: PullSecret, why: Unreadable) -> Finding:
    """Say that a secret could not be judged, which leaves nothing open where the identity may pull anyway."""
    harmless = weight_of(facts, secret, identity_may_pull(facts))[0] is Severity.WARNING
    return unknown(resource_of(secret), why, decisive=False if harmless else None)


def named(facts: Facts, secret: PullSecret, allowed: bool | None, stops_pulls: bool) -> NamedSecret:
    """Name the secret, and the role that helps in its place where its fault stops pulls."""
    registry = known(facts.registry)
    by_one = facts.access.by_account is None  # else pods have identities of their own
    puller = facts.access.puller if by_one and isinstance(facts.access.puller, Puller) else None
    role = ABAC_ROLE if registry.role_assignment_mode == ABAC_MODE else LEGACY_ROLE
    repositories = tuple(sorted(_repositories(facts, secret)))
    helps = stops_pulls and allowed is False and puller is not None and not is_of_another_tenant(facts)
    return NamedSecret(
        secret=secret.name,
        namespace=secret.namespace,
        named_by=secret.named_by[:MAX_LISTED],
        named_by_count=len(secret.named_by),
        registry=registry.name,
        registry_id=registry.id,
        login_server=registry.login_server,
        subscription=registry.subscription,
        principal=puller.object_id if puller else None,
        principal_name=puller.name if puller else None,
        identity_may_pull=allowed,
        repository=repositories[0] if repositories else None,
        lacks_role=role if helps else None,
        pulled_repositories=repositories,
    )


def _repositories(facts: Facts, secret: PullSecret) -> set[str]:
    """Those that the secret has an entry for, else those of the pods that name it."""
    entered = {each for entry in secret.entries for each in entry.repositories}
    if entered:
        return entered
    names = {(secret.namespace, name) for name in secret.named_by}
    return {
        image.repository
        for pod, image in failing_of_registry(facts)
        if (pod.namespace, f"{FAILING_POD}{pod.pod}") in names
    }
