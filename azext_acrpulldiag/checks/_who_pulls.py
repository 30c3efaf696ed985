"""By what do pods that run get this registry's images: by the nodes' identity, or by pull secrets of their own?

Asked where the identity may not pull and no pod is refused: what runs shows whether anybody needs that identity.
"""

from __future__ import annotations

from ..facts import Facts, FailingContainer, Kubernetes, PullSecret, RunningPod, RunningPods, Unreadable
from ..images.mirrors import is_mirrored
from ..pull_errors.asked import named_image
from ..pull_errors.symptoms import failed_pulls, may_be_refused, recent_pulls
from ._credentials import is_sound
from ._working_secrets import failing_of_registry, read_secrets

_OTHERS = Unreadable(
    "unsupported",
    "All pods of this registry that were looked at bring pull secrets, but more pods run than were read; give "
    "--namespace to have all of its pods read",
)
_UNOPENED = Unreadable("not-shown", "The pull secrets that running pods bring were not read")


def pulls_with_secrets(facts: Facts) -> bool | Unreadable:
    """Tell whether whoever pulls from this registry brings a pull secret that nothing is known to be wrong with.

    Every pod of the registry that runs has to bring one for each of its images, and one of them must have pulled within
    the hour; pods that fail for another reason than a refusal have to bring one, too. Where one is refused, or nobody
    knows why it fails, those that fail tell instead. ``Unreadable``: that is so as far as can be seen, and what is not
    seen.
    """
    running = facts.running
    if not isinstance(running, RunningPods) or any(
        may_be_refused(pull.symptom_class) for pull in failed_pulls(facts)[0]
    ):
        return False
    pods = pods_of_registry(facts)
    failing = [_as_running(pod) for pod, _ in failing_of_registry(facts)]
    brought = [_brings_sound_ones(facts, pod) for pod in (*pods, *failing)]
    if False in brought or not _one_pulled(facts, pods):
        return False
    unread = next((each for each in brought if isinstance(each, Unreadable)), None)
    return unread or (True if running.complete else _OTHERS)


def _as_running(pod: FailingContainer) -> RunningPod:
    return RunningPod(pod.namespace, pod.pod, (pod.image,), pod.pull_secrets, pod.owner)


def pods_of_registry(facts: Facts) -> tuple[RunningPod, ...]:
    """The pods that run with an image of this registry, as far as they were read."""
    running = facts.running
    pods = running.pods if isinstance(running, RunningPods) else ()
    return tuple(pod for pod in pods if any(named_image(image, facts) is not None for image in pod.images))


def _brings_sound_ones(facts: Facts, pod: RunningPod) -> bool | Unreadable:
    """Whether the pod has a sound secret for each of its images of the registry; none helps with a mirrored image."""
    answers = [_is_covered(facts, pod, text) for text in pod.images if named_image(text, facts) is not None]
    if False in answers:
        return False
    return next((each for each in answers if isinstance(each, Unreadable)), True)


def _is_covered(facts: Facts, pod: RunningPod, text: str) -> bool | Unreadable:
    image = named_image(text, facts)
    if image is None or is_mirrored(text) or not pod.pull_secrets:
        return False
    if not isinstance(facts.pull_secrets, tuple):
        return facts.pull_secrets or _UNOPENED
    secrets = _secrets_of(facts, pod)
    answers = [is_sound(facts, secret, image.repository) for secret in secrets]
    if True in answers:
        return True
    if {secret.name for secret in secrets} < set(pod.pull_secrets):
        return _UNOPENED
    return next((each for each in answers if isinstance(each, Unreadable)), False)


def _secrets_of(facts: Facts, pod: RunningPod) -> list[PullSecret]:
    return [
        secret
        for secret in read_secrets(facts)
        if secret.namespace == pod.namespace and secret.name in pod.pull_secrets
    ]


def _one_pulled(facts: Facts, pods: tuple[RunningPod, ...]) -> bool:
    """Whether one of the pods had an image of the registry fetched within the hour."""
    names = {(pod.namespace, pod.name) for pod in pods}
    known_events = isinstance(facts.kubernetes, Kubernetes)
    return known_events and any((each.namespace, each.pod) in names for each in recent_pulls(facts))
