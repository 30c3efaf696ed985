"""The image of a registry that a node asked for, where the pod names it otherwise. Pure.

A node may get an image through another registry than its reference names. containerd then asks the mirror that is
configured for the image's own host, below a path of its own, and adds that host as ``ns`` (``addNamespace`` in
``core/remotes/docker/resolver.go`` and ``docs/hosts.md`` of https://github.com/containerd/containerd). So a URL of the
registry in a pod's message shows which of its images was asked for, whatever the pod names; without one the cluster
may show it (:mod:`..images.mirrors`). Nothing else tells, and nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import lru_cache

from ..facts import Facts, FailingContainer, Image, Registry, Unreadable
from ..images.mirrors import is_bootstrap_registry, is_mirrored, mirrored_image
from ..images.references import parse_reference, served_image
from . import parse

_PATH = re.compile(r"/v2/([a-z0-9][a-z0-9._/-]{0,255})/(manifests|blobs)/([^?\s]{1,160})")
# The request for a token tells the repository only: https://distribution.github.io/distribution/spec/auth/token/
_SCOPE = re.compile(r"[?&]scope=repository(?::|%3A)((?:[a-z0-9._/-]|%2F){1,300})(?::|%3A)", re.IGNORECASE)
_HTTPS = ":443"


@dataclass(frozen=True)
class Requested:
    """A request that a message shows: its host, and what it was for as far as its path tells."""

    host: str
    repository: str | None = None
    reference: str | None = None
    """Tag or digest of a manifest; ``None``: the request was for a layer or a token."""


@lru_cache(maxsize=4096)
def requests_in(message: str) -> tuple[Requested, ...]:
    """Return the requests that the text of a failed pull shows, in its order."""
    found = parse.urls(parse.readable(message))
    return tuple(_requested(host.removesuffix(_HTTPS), path) for host, path in found)


def _requested(host: str, path: str) -> Requested:
    named, scope = _PATH.match(path), _SCOPE.search(path)
    if named:
        return Requested(host, named[1], named[3].rstrip(".,:;)]") if named[2] == "manifests" else None)
    return Requested(host, re.sub("%2f", "/", scope[1], flags=re.IGNORECASE) if scope else None)


def hosts_of(registry: Registry) -> frozenset[str]:
    """The hosts that serve a registry's content, as far as they are known, in lower case."""
    listed = (registry.data_endpoint_hosts, registry.regional_hosts)
    further = {host.lower() for hosts in listed if not isinstance(hosts, Unreadable) for host in hosts}
    return frozenset({registry.login_server.lower(), *further})


def shown_image(container: FailingContainer, login_server: str, hosts: Collection[str]) -> Image | None:
    """The image at one of ``hosts`` that was asked for by the container's message; ``None``: it shows none.

    Where the request was for a layer or a token, tag and digest are those that the pod names.
    """
    for asked in requests_in(container.message):
        if asked.host not in hosts or asked.repository is None:
            continue
        try:
            image = parse_reference(container.image)
            if asked.reference is not None:
                mark = "@" if ":" in asked.reference else ":"
                image = parse_reference(f"{login_server}/{asked.repository}{mark}{asked.reference}")
        except ValueError:
            continue  # a text that others may write
        return replace(image, host=login_server, repository=asked.repository)
    return None


def asked_for(container: FailingContainer, facts: Facts) -> Image | None:
    """The image of the registry that is judged which a container makes its node ask for. ``None``: another's."""
    registry = facts.registry
    if not isinstance(registry, Registry):
        return None
    own = served_image(container.image, registry.login_server)
    shown = own or shown_image(container, registry.login_server, hosts_of(registry))
    return shown or named_image(container.image, facts)


def named_image(text: str, facts: Facts) -> Image | None:
    """The same by the reference alone, where no message shows what was asked for."""
    registry = facts.registry
    if not isinstance(registry, Registry):
        return None
    if is_mirrored(text) and is_bootstrap_registry(facts):
        return mirrored_image(text, registry.login_server)
    return served_image(text, registry.login_server)
