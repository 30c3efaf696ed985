"""Which pods have a pull secret that is proven to work: they need no role of any identity."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..facts import (
    ARGUMENT,
    Facts,
    FailingContainer,
    Image,
    Kubernetes,
    Offer,
    PullSecret,
    SecretEntry,
    Unreadable,
)
from ..pull_errors.asked import asked_for
from ..pull_errors.virtual_nodes import is_on_virtual_node, virtual_nodes


def works(entry: SecretEntry) -> bool:
    """Tell whether a credential is proven to pull: by its registry, or as the admin account's own password.

    A token alone proves nothing; only the answer to the manifest's request does.
    """
    return accepted(entry) or entry.admin_password_matches is True


def accepted(entry: SecretEntry) -> bool:
    """Tell whether the registry let the credential pull, whatever it was asked for."""
    answer = answer_to(entry)
    return isinstance(answer, Offer) and _lets_pull(answer)


def answer_to(entry: SecretEntry) -> Offer | Unreadable | None:
    """What decides of the registry's answers to a credential: a refusal before what is not known before an acceptance.

    ``None``: it was not offered.
    """
    refused = next((each for each in entry.offers if isinstance(each, Offer) and not _lets_pull(each)), None)
    unread = next((each for each in entry.offers if isinstance(each, Unreadable)), None)
    return refused or unread or next(iter(entry.offers), None)


def _lets_pull(offer: Offer) -> bool:
    return offer.accepted and offer.step == "manifest"


def every_known_pod_has_a_working_secret(facts: Facts) -> bool:
    """Tell whether each failing pod of this registry names a secret that works for its image.

    Without any failing pod (the preflight), whether the secret of ``--pull-secret`` works.
    """
    working = {
        (secret.namespace, name, repository)
        for secret in read_secrets(facts)
        for repository in _repositories_that_work(secret)
        for name in secret.named_by
    }
    pods = [(pod.namespace, f"pod/{pod.pod}", image.repository) for pod, image in failing_of_registry(facts)]
    if pods:
        return working.issuperset(pods)
    return any(name == ARGUMENT for _, name, _ in working)


def the_secret_to_be_used_is_unread(facts: Facts) -> bool:
    """Tell whether nothing fails and what decides instead, the secret of ``--pull-secret``, could not be read."""
    if any(failing_of_registry(facts)):
        return False
    return any(ARGUMENT in secret.named_by and isinstance(secret.exists, Unreadable) for secret in read_secrets(facts))


def _repositories_that_work(secret: PullSecret) -> set[str | None]:
    """The repositories that a secret is proven for; ``None`` stands for any, where none is known."""
    return {each for entry in secret.entries if works(entry) for each in (entry.repositories or (None,))}


def failing_of_registry(facts: Facts) -> Iterator[tuple[FailingContainer, Image]]:
    """The failing containers whose images nodes get from the registry, each with its image, as far as known."""
    kubernetes = facts.kubernetes
    if not isinstance(kubernetes, Kubernetes):
        return
    nodes = virtual_nodes(kubernetes)
    for container in kubernetes.failing if isinstance(kubernetes.failing, tuple) else ():
        if is_on_virtual_node(container, nodes):
            continue
        image = asked_for(container, facts)
        if image is not None:
            yield container, image


def read_secrets(facts: Facts) -> Iterable[PullSecret]:
    """The secrets, as far as they are known."""
    return facts.pull_secrets if isinstance(facts.pull_secrets, tuple) else ()
