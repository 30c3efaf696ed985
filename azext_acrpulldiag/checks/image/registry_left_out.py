"""Check on images that pods name without a host: does Docker Hub have to do with them, or this registry?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ...catalogue import Outcome, check, skipped, unknown
from ...facts import Facts, HostlessImage, Registry, Unreadable, known
from ...images.references import DOCKER_HUB, written
from ...model import Confidence, Finding, Reach, SeenFrom, Severity
from ...pull_errors.left_out import CLASSES, REFUSED, left_out_pulls
from ...pull_errors.symptoms import FailedPull, failed_pulls
from ...quoting import printable
from .._kubectl import Kubectl
from .._kubernetes import failing_pods_of, pod_names
from ._set_image import BY_ITS_WHOLE_NAME, OtherName, set_images

REGISTRY_LEFT_OUT = Outcome(
    id="image.registry-left-out",
    severity=Severity.ERROR,
    summary="The image {image} is written without {login_server}/ in front, so nodes ask {host} for it; the registry "
    "has it as {suggestion}.",
    url="https://learn.microsoft.com/troubleshoot/azure/azure-kubernetes/extensions/"
    "cannot-pull-image-from-acr-to-aks-cluster",
    seen_from=SeenFrom.REGISTRY,
    details=(OtherName, Kubectl),
    repairs=BY_ITS_WHOLE_NAME,
    explains=CLASSES,
    article="2",
)


@check(
    "image.registry-host",
    needs=("hostless_images", "kubernetes", "registry", "cluster", "options"),
    outcomes=(REGISTRY_LEFT_OUT,),
    seen_from=SeenFrom.REGISTRY,
)
def hosts_are_written(facts: Facts) -> Iterator[Finding]:
    """No pod leaves this registry out of the name of an image that it has.

    Without a host in front, kubelet and containerd take a name as one of Docker Hub (docker.io), whatever registry the
    cluster is attached to, and Docker Hub answers that it has no such repository or wants a login. Decided by asking
    this registry, with the CLI's own login, for the images that failing pods write without a host: one is meant for it
    where it has just that repository with that tag or digest. One that it does not have, and one that pods name with
    a host of its own, is another registry's and is not judged
    (https://learn.microsoft.com/azure/container-registry/container-registry-image-formats).
    """
    if facts.hostless_images is None:
        yield skipped(facts.targets.cluster.id, "No failing pod is known to name an image without a host.")
        return
    known(failing_pods_of(facts))
    listed, registry = known(facts.hostless_images), known(facts.registry)
    by_image: dict[str, list[FailedPull]] = {}
    for pull in left_out_pulls(facts):
        by_image.setdefault(pull.container.image, []).append(pull)
    for each in listed:
        if isinstance(each.there, Unreadable):
            yield _not_known(each, each.there, facts)
        elif each.text in by_image:
            yield _left_out(each, registry, by_image[each.text], facts)


def _not_known(one: HostlessImage, why: Unreadable, facts: Facts) -> Finding:
    """It leaves the verdict open where Docker Hub says that it has no such image: this registry may have it."""
    outside = failed_pulls(facts)[1]
    refused = any(pull.container.image == one.text and pull.symptom_class in REFUSED for pull in outside)
    found = unknown(printable(one.text), why, decisive=refused)
    return replace(found, reach=Reach(images=frozenset({one.text})))


def _left_out(one: HostlessImage, registry: Registry, pulls: list[FailedPull], facts: Facts) -> Finding:
    found = OtherName(
        image=printable(one.text),
        host=DOCKER_HUB,
        login_server=registry.login_server,
        suggestion=written(one.image),
        pods=pod_names(pull.container for pull in pulls),
        set_images=set_images(pull.container for pull in pulls),
    )
    refused = any(pull.symptom_class in REFUSED for pull in pulls)
    return REGISTRY_LEFT_OUT.at(
        found.image,
        found,
        Kubectl.of(facts),
        confidence=Confidence.OBSERVED if refused else Confidence.INFERRED,
        reach=Reach(images=frozenset({one.text})),
        explains=tuple(sorted({pull.symptom_class for pull in pulls})),
    )
