"""Images that pods write without a host, and that the registry that is judged has. Pure.

Kubelet and containerd take such a name as one of Docker Hub (``ParseDockerRef`` and ``ParseNormalizedNamed`` of
https://github.com/distribution/reference), so the registry is not asked, whatever the cluster is attached to. Whether
its host was left out is told by the registry alone: it has just that repository, with that tag or digest.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ..facts import Facts, FailingContainer, HostlessImage, Image, Kubernetes
from ..images.references import DOCKER_HUB, parse_reference, resemblance_of
from ..model import Symptom
from .asked import requests_in
from .symptoms import FailedPull, failed_pull, failed_pulls, written_down

REFUSED = ("unauthorized-401", "image-not-found")
"""What Docker Hub answers of what it does not have; it does not tell whether a repository is private or not there."""
CLASSES = (*REFUSED, "forbidden-403", "timeout-network", "dns-failure", "tls-trust", "backoff-only")
"""What pods may report of an image that Docker Hub was asked for by mistake. Others show that it has the image."""

_OFFICIAL = "library/"
_OF_DOCKER_HUB = ("docker.io", ".docker.com")


def hostless_image(text: str, login_server: str) -> Image | None:
    """The image of a registry that a reference without a host may have been meant for; ``None``: it names a host.

    One that names the registry's short name in its place is misspelt, and judged as such.
    """
    try:
        image = parse_reference(text)
    except ValueError:
        return None
    if image.host != DOCKER_HUB or text.partition("/")[0].endswith(DOCKER_HUB):
        return None
    if resemblance_of(image, login_server) is not None:
        return None
    path = image.repository if text.startswith(_OFFICIAL) else image.repository.removeprefix(_OFFICIAL)
    return replace(image, host=login_server, repository=path)


def may_lack_its_host(failing: Iterable[FailingContainer], login_server: str) -> dict[str, Image]:
    """The images of failing containers that may be this registry's, by the text that pods have for them.

    Left out are those whose message is of something else than Docker Hub, or shows that it has the image.
    """
    found: dict[str, Image] = {}
    for container in failing:
        image = None if container.image in found else hostless_image(container.image, login_server)
        if image is not None and _is_meant(failed_pull(container)):
            found[container.image] = image
    return found


def _is_meant(pull: FailedPull) -> bool:
    if pull.symptom_class not in CLASSES:
        return False
    return all(each.host.endswith(_OF_DOCKER_HUB) for each in requests_in(pull.container.message))


def hostless_texts(facts: Facts) -> tuple[str, ...]:
    """What failing pods have for images that may lack the host of some registry."""
    kubernetes = facts.kubernetes
    failing = kubernetes.failing if isinstance(kubernetes, Kubernetes) else ()
    return tuple(may_lack_its_host(failing, "")) if isinstance(failing, tuple) else ()


def left_out_of(facts: Facts) -> dict[str, HostlessImage]:
    """The images that the registry has, by the text that pods have for them; empty where none is known to be."""
    listed = facts.hostless_images
    return {each.text: each for each in listed if each.there is True} if isinstance(listed, tuple) else {}


def left_out_pulls(facts: Facts) -> tuple[FailedPull, ...]:
    """The failing pulls of images that the registry has, and that Docker Hub is asked for."""
    has = left_out_of(facts)
    return tuple(pull for pull in failed_pulls(facts)[1] if pull.container.image in has and _is_meant(pull))


def symptoms_by_scope(facts: Facts) -> tuple[tuple[Symptom, ...], tuple[Symptom, ...]]:
    """Return (in scope, out of scope) of a whole report: what the registry was asked for, or should have been."""
    inside, outside = failed_pulls(facts)
    meant = {id(pull) for pull in left_out_pulls(facts)}
    mistaken = written_down((pull for pull in outside if id(pull) in meant), facts)
    inside_too = (replace(symptom, elsewhere=True) for symptom in mistaken)
    others = (pull for pull in outside if id(pull) not in meant)
    return (*written_down(inside, facts), *inside_too), written_down(others, facts)
