"""Pods that the provider behind a virtual node did not create: they have no container statuses to read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ...facts import PROVIDER_FAILED
from ..ask.arm import Json
from ..members import member
from .objects import objects_in, text_at, when

CREATE_FAILED = "ProviderCreateFailed"
"""The reason of the event that virtual-kubelet writes beside the pod's status."""
_SPECS = ("initContainers", "containers")
# The provider creates a container group as a whole, and refuses it for many reasons besides its images.
_ABOUT_AN_IMAGE = re.compile(r"image|registry|auth config|(?:auth|credential) for server|docker ?cfg", re.IGNORECASE)


def is_about_an_image(message: str) -> bool:
    """Tell whether a provider's refusal speaks of an image, its registry or the credential for it."""
    return bool(_ABOUT_AN_IMAGE.search(message))


def containers_not_created(pod: Json, events: Iterable[Json]) -> Iterator[tuple[str, Json, str, str]]:
    """The containers of a pod that a provider refused for the sake of an image; none for any other reason.

    Each with where the pod lists it, its specification, the pod's reason and the provider's text: virtual-kubelet
    writes it as the pod's message and as an event
    (https://github.com/virtual-kubelet/virtual-kubelet/blob/master/node/pod.go). Those that the text names by image,
    else by their image's host, else all.
    """
    if text_at(pod, "status", "reason") != PROVIDER_FAILED:
        return
    told = [event for event in events if member(event, "reason") == CREATE_FAILED]
    message = text_at(pod, "status", "message") or text_at(max(told, key=when, default=None), "message")
    if message and not is_about_an_image(message):
        return
    listed = [(specs, spec) for specs in _SPECS for spec in objects_in(member(pod, "spec", specs))]
    images = [text_at(spec, "image") for _, spec in listed]
    named = {image for image in images if image and image in message}
    of_host = {image for image in images if "/" in image and image.partition("/")[0] in message}
    for specs, spec in listed:
        if text_at(spec, "image") in (named or of_host or images):
            yield specs, spec, PROVIDER_FAILED, message or PROVIDER_FAILED
