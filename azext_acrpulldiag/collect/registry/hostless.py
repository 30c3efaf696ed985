"""Ask the registry whether it has images that pods name without a host, and so ask Docker Hub for."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from ...facts import HostlessImage, Image, Unreadable
from ..ask.arm import ReadError, in_parallel
from .api import Absence, RegistryApi, repository_scope
from .images import MAX_IMAGES

_AT_ONCE = 8


def read_hostless_images(api: RegistryApi, wanted: Mapping[str, Image]) -> tuple[HostlessImage, ...]:
    """Look up each image once, by the text that pods have for it; of more than ``MAX_IMAGES`` the rest is unreadable.

    What is asked for are the attributes of the tag or manifest: a GET of the manifest would have a cache rule fetch
    what is not there yet (https://learn.microsoft.com/azure/container-registry/artifact-cache-overview).
    """
    asked = list(wanted.items())[:MAX_IMAGES]
    answers = _answers(api, [image for _, image in asked])
    too_many = Unreadable("unsupported", f"More than {MAX_IMAGES} images without a host fail; this one was not read")
    found = [HostlessImage(text, image, there) for (text, image), there in zip(asked, answers, strict=True)]
    return (*found, *(HostlessImage(text, image, too_many) for text, image in list(wanted.items())[MAX_IMAGES:]))


def _answers(api: RegistryApi, images: list[Image]) -> list[bool | Unreadable]:
    try:
        api.token(repository_scope(images[0].repository))
    except ReadError as error:  # the registry gives this login no token at all
        return [error.why] * len(images)
    return in_parallel([partial(_is_there, api, image) for image in images], _AT_ONCE)


def _is_there(api: RegistryApi, image: Image) -> bool:
    """Kubelet goes by the digest where there is one."""
    tag = None if image.digest else image.tag
    return not isinstance(api.attributes(image.repository, tag=tag, digest=image.digest), Absence)
