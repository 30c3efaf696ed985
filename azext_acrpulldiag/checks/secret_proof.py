"""Which pods have a pull secret that is proven to work: they need no role of any identity."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..facts import Facts, FailingContainer, Image, Kubernetes, PullSecret, Registry, SecretEntry
from ..references import Resemblance, parse_reference, resemblance_of

ARGUMENT = "argument"
_SERVED = (Resemblance.SAME, Resemblance.PORT, Resemblance.REGIONAL)


def works(entry: SecretEntry) -> bool:
    """Tell whether a credential is proven to pull: by its registry, or as the admin account's own password.

    A token alone proves nothing; only the answer to the manifest's request does.
    """
    return accepted(entry) or entry.admin_password_matches is True


def accepted(entry: SecretEntry) -> bool:
    """Tell whether the registry let the credential pull."""
    offer = entry.offer
    return getattr(offer, "accepted", False) is True and getattr(offer, "step", "") == "manifest"


def every_known_pod_has_a_working_secret(facts: Facts) -> bool:
    """Tell whether each failing pod of this registry names a secret that works for its image.

    Without any failing pod (the preflight), whether the secret of ``--pull-secret`` works.
    """
    secrets = read_secrets(facts)
    pods = list(failing_of_registry(facts))
    if pods:
        return all(any(serves_pod(secret, pod, image.repository) for secret in secrets) for pod, image in pods)
    return any(ARGUMENT in secret.named_by and any(works(entry) for entry in secret.entries) for secret in secrets)


def serves_pod(secret: PullSecret, pod: FailingContainer, repository: str) -> bool:
    """Tell whether a pod names a secret that is proven to work for a repository."""
    if secret.namespace != pod.namespace or f"pod/{pod.pod}" not in secret.named_by:
        return False
    return any(works(entry) and repository in entry.repositories for entry in secret.entries)


def failing_of_registry(facts: Facts) -> Iterator[tuple[FailingContainer, Image]]:
    """The failing containers whose images the registry serves, each with its image, as far as they are known."""
    kubernetes, registry = facts.kubernetes, facts.registry
    if not isinstance(kubernetes, Kubernetes) or not isinstance(registry, Registry):
        return
    for container in kubernetes.failing if isinstance(kubernetes.failing, tuple) else ():
        try:
            image = parse_reference(container.image)
        except ValueError:
            continue
        if resemblance_of(image, registry.login_server) in _SERVED:
            yield container, image


def read_secrets(facts: Facts) -> Iterable[PullSecret]:
    """The secrets, as far as they are known."""
    return facts.pull_secrets if isinstance(facts.pull_secrets, tuple) else ()
