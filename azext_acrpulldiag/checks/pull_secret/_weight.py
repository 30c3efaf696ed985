"""How a fault of a pull secret weighs, and what it accounts for.

Kubelet tries the credentials of every secret that the pod names, then the node's identity, then
nobody, and one success is enough. So a fault stops a pull only where nothing else on this list
lets it through.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ...access.grants import ABAC_MODE
from ...access.standing import Held, may_pull
from ...catalogue import Outcome, RemedyTemplate, unknown
from ...facts import Facts, NotKnownError, Puller, PullSecret, Registry, SecretEntry, Unreadable, known
from ...model import Confidence, Finding, Reach, Severity
from .._working_secrets import ARGUMENT, accepted, failing_of_registry, read_secrets, works
from ..access._grants import repositories_of

MAX_LISTED = 20
NO_SECRET = "No failing pod of this registry names a pull secret, and none was given with --pull-secret."  # noqa: S105
NOT_LOOKED_AT = "No pull secret is known: pods were not seen, and none was given with --pull-secret."

# A secret that a failing pod names is what should have let it pull. A role for the nodes'
# identity is another way to repair that.
OUTRANKED = (
    "access.pull-role-missing",
    "access.pull-role-on-other-principal",
    "access.pull-role-wrong-mode",
    "access.condition-excludes-repository",
)
REFUSED = ("unauthorized-401", "credential-provider", *OUTRANKED)

CREATE = (
    "kubectl create secret docker-registry {secret} --namespace {namespace} --docker-server={login_server} "
    '--docker-username=%s --docker-password="$ACR_PASSWORD"'
)
DELETE = RemedyTemplate(
    "Delete the secret, then create it again as below", "kubectl delete secret {secret} --namespace {namespace}"
)
CREATE_FOR_USER = RemedyTemplate(
    "Create the secret again, the password in the variable ACR_PASSWORD; the pods try it at their next attempt",
    CREATE % "{user}",
)
CREATE_FOR_ANY = RemedyTemplate(
    "Create the secret, with a user that may pull in the variable ACR_USER and its password in ACR_PASSWORD",
    CREATE % '"$ACR_USER"',
)
NEW_TOKEN = RemedyTemplate(
    "Create a token of the registry that may pull this repository; keep its name as ACR_USER and the password "
    "that it prints as ACR_PASSWORD",
    "az acr token create --name aks-pull --registry {registry} --subscription {subscription} "
    "--repository {repository} content/read",
)
_ASSIGN = (
    "az role assignment create --assignee-object-id {principal} --assignee-principal-type ServicePrincipal"
    " --role %s --scope {registry_id}"
)
ROLE_INSTEAD = (
    RemedyTemplate(
        "Or do without the secret: Give {principal_name} the role AcrPull on {registry} (registry mode RBAC)",
        _ASSIGN % "AcrPull",
    ),
    RemedyTemplate(
        "Or do without the secret: Give {principal_name} the role Container Registry Repository Reader on {registry} "
        "(registry mode RBAC + ABAC)",
        _ASSIGN % '"Container Registry Repository Reader"',
    ),
)

SECRET_KEYS = (
    "secret",
    "namespace",
    "named_by",
    "named_by_count",
    "registry",
    "registry_id",
    "login_server",
    "subscription",
    "principal",
    "principal_name",
    "identity_may_pull",
    "repository",
)
ENTRY_KEYS = (*SECRET_KEYS, "host", "user", "repositories")


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
    """Tell whether pods get their images without any secret. ``None``: not known, or not the same for all."""
    try:
        registry = known(facts.registry)
        if registry.anonymous_pull is True:
            return True
        puller = known(facts.access.puller)
        if puller is None:
            return False
        held = Held.by(puller, facts.access)
        answers = {
            known(may_pull(registry, held, (each,) if each else ())) for each in repositories_of(facts, registry)
        }
    except NotKnownError:
        return None
    return answers.pop() if len(answers) == 1 else None


def has_a_better_one(facts: Facts, secret: PullSecret) -> bool:
    """Tell whether each pod that names the secret names another one that is proven to work."""
    pods = {name for name in secret.named_by if name.startswith("pod/")}
    helped = {
        name
        for other in read_secrets(facts)
        if other.namespace == secret.namespace and other.name != secret.name and any(works(e) for e in other.entries)
        for name in other.named_by
    }
    return bool(pods) and ARGUMENT not in secret.named_by and pods <= helped


def is_in_use(secret: PullSecret) -> bool:
    """Tell whether a pod that fails, or the user, names the secret: accounts give theirs to new pods only."""
    return any(not name.startswith("serviceaccount/") for name in secret.named_by)


def weight_of(facts: Facts, secret: PullSecret, may_pull: bool | None) -> tuple[Severity, Confidence]:
    """How bad a fault of ``secret`` is, and how sure: inferred where it is not known what the identity may do."""
    if secret.breaks_every_pull and is_in_use(secret):
        return Severity.ERROR, Confidence.OBSERVED
    if may_pull is True or not is_in_use(secret) or has_a_better_one(facts, secret):
        return Severity.WARNING, Confidence.OBSERVED
    return Severity.ERROR, Confidence.INFERRED if may_pull is None else Confidence.OBSERVED


def accounts_for(facts: Facts, secret: PullSecret, severity: Severity, explains: tuple[str, ...]) -> tuple[str, ...]:
    """What of ``explains`` a fault of ``secret`` really explains.

    A warning explains nothing, so that it never becomes a cause. A secret that the user names,
    and no pod that fails, explains no symptom; it outranks a role only in the preflight.
    """
    if severity is Severity.WARNING:
        return ()
    if any(name.startswith("pod/") for name in secret.named_by):
        return explains
    live = next(failing_of_registry(facts), None) is not None
    return tuple(each for each in explains if each.startswith("pull-secret.") or (not live and "." in each))


def found(
    outcome: Outcome, facts: Facts, secret: PullSecret, entry: SecretEntry | None = None, **evidence: Any
) -> Finding:
    """Return the finding of ``outcome`` at ``secret``, weighed, with the role as another repair where it is one."""
    may_pull = identity_may_pull(facts)
    severity, confidence = weight_of(facts, secret, may_pull)
    finding = replace(outcome, remedies=_repairs(outcome, facts, severity, may_pull)).at(
        resource_of(secret),
        severity=severity,
        confidence=Confidence.INFERRED if outcome.confidence is Confidence.INFERRED else confidence,
        reach=_reach(secret),
        **_words(facts, secret, may_pull),
        **(_of_entry(entry) if entry else {}),
        **evidence,
    )
    return replace(finding, explains=accounts_for(facts, secret, severity, outcome.explains))


def _reach(secret: PullSecret) -> Reach:
    """The pods that name the secret; empty where only an argument does."""
    pods = (name.partition("/")[2] for name in secret.named_by if name.startswith("pod/"))
    return Reach(pods=frozenset((secret.namespace, pod) for pod in pods))


def ignorance(facts: Facts, secret: PullSecret, why: Unreadable) -> Finding:
    """Say that a secret could not be judged, which leaves nothing open where the identity may pull anyway."""
    harmless = weight_of(facts, secret, identity_may_pull(facts))[0] is Severity.WARNING
    return unknown(resource_of(secret), why, decisive=False if harmless else None)


def _repairs(outcome: Outcome, facts: Facts, severity: Severity, may_pull: bool | None) -> tuple[RemedyTemplate, ...]:
    """Leave the role out where the identity has one, or where it is not known or would not help."""
    own = tuple(each for each in outcome.remedies if each not in ROLE_INSTEAD)
    puller = facts.access.puller
    if severity is Severity.WARNING or may_pull is not False or not isinstance(puller, Puller):
        return own
    registry = facts.registry
    abac = isinstance(registry, Registry) and registry.role_assignment_mode == ABAC_MODE
    role = ROLE_INSTEAD[1] if abac else ROLE_INSTEAD[0]
    return (*own, role) if role in outcome.remedies else own


def _words(facts: Facts, secret: PullSecret, may_pull: bool | None) -> dict[str, Any]:
    registry = known(facts.registry)
    puller = facts.access.puller if isinstance(facts.access.puller, Puller) else None
    repositories = {each for entry in secret.entries for each in entry.repositories}
    if not repositories:
        names = {(secret.namespace, name) for name in secret.named_by}
        repositories = {
            image.repository for pod, image in failing_of_registry(facts) if (pod.namespace, f"pod/{pod.pod}") in names
        }
    return {
        "secret": secret.name,
        "namespace": secret.namespace,
        "named_by": list(secret.named_by[:MAX_LISTED]),
        "named_by_count": len(secret.named_by),
        "registry": registry.name,
        "registry_id": registry.id,
        "login_server": registry.login_server,
        "subscription": registry.subscription,
        "principal": puller.object_id if puller else None,
        "principal_name": puller.name if puller else None,
        "identity_may_pull": may_pull,
        "repository": min(repositories, default=None),
    }


def _of_entry(entry: SecretEntry) -> dict[str, Any]:
    return {"host": entry.host, "user": entry.user, "repositories": list(entry.repositories[:MAX_LISTED])}
