"""What a probe is to pull, and as whom: what the user names, else what a failing pod does. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from ..facts import Facts, FailingContainer, Unreadable
from ..facts.probe import POD_PREFIX, ProbeSubject
from ..images.references import image_key
from ..pull_errors.symptoms import failed_pulls

NO_IMAGE = Unreadable(
    "not-found",
    "No image is known that could be pulled: no pod fails to pull one of this registry. Give --image",
    "--probe",
)
_INVALID = Unreadable("unsupported", "No image was pulled: the reference that was given is not a valid one", "--image")


@dataclass(frozen=True)
class Named:
    """What the user named; ``None``: nothing."""

    image: str | None = None
    namespace: str | None = None
    pull_secret: str | None = None


def subject_of(facts: Facts, named: Named) -> ProbeSubject | Unreadable:
    """Return what to pull: the image that was named, as a pod that fails to pull it would; else what most pods fail to.

    A pull secret that was named takes the place of the pod's. Of no failing pod: the service account ``default`` of
    the namespace, with the pull secrets that this one has.
    """
    if named.image is not None and facts.options.image is None:
        return _INVALID
    pod = _looked_at((pull.container for pull in failed_pulls(facts)[0]), named.image)
    image = named.image or (pod.image if pod else None)
    if image is None:
        return NO_IMAGE
    secrets = (named.pull_secret,) if named.pull_secret else pod.pull_secrets if pod else ()
    if pod is None:
        return ProbeSubject(image, named.namespace or "default", "default", secrets)
    return ProbeSubject(image, pod.namespace, pod.service_account, secrets, pod.owner)


def _looked_at(failing: Iterable[FailingContainer], text: str | None) -> FailingContainer | None:
    """The failing container to do as: one of those that most are alike to, of the image that was named."""
    found = [each for each in failing if text is None or image_key(each.image) == image_key(text)]
    found = [each for each in found if each.kind != "sandbox"]
    # Pods of a probe that runs, or was killed, do as another pod did: that of a workload tells more.
    found = [each for each in found if not each.pod.startswith(POD_PREFIX)] or found
    if not found:
        return None
    alike = Counter(map(_alike, found))
    return min(found, key=lambda each: (-alike[_alike(each)], _alike(each), each.pod, each.container))


def _alike(container: FailingContainer) -> tuple[str, ...]:
    return (container.namespace, container.image, container.service_account, *container.pull_secrets)
