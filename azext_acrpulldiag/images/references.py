"""Image references, by the rules that kubelet applies, and hosts that resemble a login server.

The grammar is that of github.com/distribution/reference, which kubelet, containerd and CRI-O
share: ``[host[:port]/]path[:tag][@digest]``. No host of it has a ``_``; but one that could be a part of a path is
taken for one, and counts for the path's length, and a runtime asks that host.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from dataclasses import replace
from enum import Enum
from functools import lru_cache

from ..facts import Image
from ..quoting import printable

DOCKER_HUB = "docker.io"
DEFAULT_TAG = "latest"
_LEGACY_DOCKER_HUB = "index.docker.io"
_OFFICIAL = "library/"
_LONGEST_PATH = 255

_LABEL = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_HOST = re.compile(rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?")
_COMPONENT = re.compile(r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_DIGEST = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}")
_IDENTIFIER = re.compile(r"[a-f0-9]{64}")
_DIGEST_LENGTHS = {"sha256": 64, "sha384": 96, "sha512": 128}


def parse_reference(text: str) -> Image:
    """Parse a reference as kubelet does: Docker Hub where no host is named, ``latest`` where nothing else.

    The host keeps its case. Raises ``ValueError`` with a sentence that names what is wrong.
    """
    if not text:
        raise ValueError("The image reference is empty.")
    if "://" in text:
        raise ValueError(f"{text!r} has a scheme; leave out {text.split('://')[0]!r} and '://'.")
    if any(char.isspace() for char in text):
        raise ValueError(f"{text!r} contains white space.")
    if _IDENTIFIER.fullmatch(text):
        raise ValueError(f"{text!r} is 64 hexadecimal digits, which is an image's id and not its name.")
    host, remainder = _split_host(text)
    named, at, digest = remainder.partition("@")
    path, colon, tag = named.partition(":")
    if _HOST.fullmatch(host):
        _check_path(path, text)
    elif _COMPONENT.fullmatch(host):
        _check_path(f"{host}/{path}", text)
    else:
        raise ValueError(f"{host!r} in {text!r} is not a host name.")
    if colon and not _TAG.fullmatch(tag):
        raise ValueError(
            f"The tag {tag!r} in {text!r} is not valid: up to 128 letters, digits, '_', '.' and '-', "
            "and neither '.' nor '-' in front."
        )
    if at:
        _check_digest(digest, text)
    return Image(host, path, tag if colon else (None if at else DEFAULT_TAG), digest if at else None)


@lru_cache(maxsize=4096)
def image_key(text: str) -> Hashable:
    """What a reference names within its registry; one that is not valid names itself."""
    try:
        image = parse_reference(text)
    except ValueError:
        return printable(text)
    return image.repository, image.tag, image.digest


@lru_cache(maxsize=4096)
def is_same_image(one: str, other: str) -> bool:
    """Whether two references name the same in the same registry; those that are not valid only if they are equal."""
    try:
        first, second = parse_reference(one), parse_reference(other)
    except ValueError:
        return one == other
    return replace(first, host=first.host.lower()) == replace(second, host=second.host.lower())


def is_pinned_from(text: str, tagged: str) -> bool:
    """Whether a reference is another with a digest added to its tag, or in the place of it."""
    try:
        image, before = parse_reference(text), parse_reference(tagged)
    except ValueError:
        return False
    same = (image.host.lower(), image.repository) == (before.host.lower(), before.repository)
    return same and before.digest is None and image.digest is not None and image.tag in (None, before.tag)


def _split_host(text: str) -> tuple[str, str]:
    """Tell the host from the path. Without dot, port or capital the first part is a path of Docker Hub."""
    first, slash, rest = text.partition("/")
    if not slash:
        return DOCKER_HUB, _OFFICIAL + text
    if first == _LEGACY_DOCKER_HUB:
        host, path = DOCKER_HUB, rest
    elif first == "localhost" or "." in first or ":" in first or first.lower() != first:
        host, path = first, rest
    else:
        host, path = DOCKER_HUB, text
    if host == DOCKER_HUB and "/" not in path:
        path = _OFFICIAL + path
    return host, path


def _check_path(path: str, text: str) -> None:
    if path.lower() != path:
        raise ValueError(f"The repository {path!r} in {text!r} has upper-case letters; repositories are lower case.")
    if len(path) > _LONGEST_PATH:
        raise ValueError(f"The repository is {len(path)} characters long; {_LONGEST_PATH} are allowed.")
    for component in path.split("/"):
        if not component:
            raise ValueError(f"{text!r} names no repository, or has an empty part between slashes.")
        if not _COMPONENT.fullmatch(component):
            raise ValueError(
                f"{component!r} in {text!r} is not a valid part of a repository: lower-case letters and digits, "
                "with single '.', one or two '_' or any '-' between them."
            )


def _check_digest(digest: str, text: str) -> None:
    algorithm, _, hexadecimal = digest.partition(":")
    if not _DIGEST.fullmatch(digest):
        raise ValueError(f"{digest!r} in {text!r} is not a digest, such as 'sha256:' and 64 hexadecimal digits.")
    length = _DIGEST_LENGTHS.get(algorithm)
    if length is None:
        raise ValueError(f"The digest algorithm {algorithm!r} in {text!r} is not supported.")
    if len(hexadecimal) != length or hexadecimal != hexadecimal.lower():
        raise ValueError(
            f"The digest in {text!r} has {len(hexadecimal)} characters after '{algorithm}:'; "
            f"it needs {length} lower-case hexadecimal digits."
        )


def host_of(text: str) -> str:
    """The host that a reference makes nodes ask, in lower case; of one that is not valid what stands in its place."""
    try:
        return parse_reference(text).host.lower()
    except ValueError:
        return text.partition("/")[0]


def written(image: Image) -> str:
    """The image as a reference."""
    tag = f":{image.tag}" if image.tag else ""
    digest = f"@{image.digest}" if image.digest else ""
    return f"{image.host}/{image.repository}{tag}{digest}"


# --- hosts that resemble a login server --------------------------------------------------


class Resemblance(str, Enum):
    """How a host relates to a registry's login server."""

    SAME = "same"
    SUFFIX_TYPO = "suffix-typo"
    SUFFIX_MISSING = "suffix-missing"
    OTHER_CLOUD = "other-cloud"
    PRIVATE_LINK = "private-link"
    SHORT_NAME = "short-name"
    OTHER_LABEL = "other-label"
    PORT = "port"
    REGIONAL = "regional"
    DATA_ENDPOINT = "data-endpoint"
    NEAR_MISS = "near-miss"


CLOUD_SUFFIXES = ("azurecr.io", "azurecr.us", "azurecr.cn", "azurecr.de")
_SUFFIX_EDITS = 3
_SHORTEST_NAME = 6


def resembles(host: str, login_server: str) -> Resemblance | None:
    """Tell how ``host`` relates to ``login_server``; ``None``: it is plainly another one.

    A name with a domain name label (``contosoreg-a1b2c3``) is known by its short form too.
    """
    asked, _, port = host.lower().rstrip(".").partition(":")
    server = login_server.lower()
    if asked == server:
        return Resemblance.PORT if port else Resemblance.SAME
    name, _, suffix = server.partition(".")
    first, _, rest = asked.partition(".")
    short = name.partition("-")[0]
    if first not in (name, short):
        return Resemblance.NEAR_MISS if rest == suffix and _one_letter_off(first, name) else None
    if not rest:
        return Resemblance.SUFFIX_MISSING
    if rest == suffix:
        return Resemblance.SHORT_NAME
    return _by_suffix(rest, suffix)


def same_but_for_label(host: str, login_server: str) -> bool:
    """Tell whether two login servers differ in the domain name label behind the registry's name only."""
    one, other = (each.lower().partition(".") for each in (host, login_server))
    return one[2] == other[2] and one[0].partition("-")[0] == other[0].partition("-")[0]


_SERVED = (Resemblance.SAME, Resemblance.PORT, Resemblance.REGIONAL)


@lru_cache(maxsize=4096)
def served_image(text: str, login_server: str) -> Image | None:
    """Parse a reference whose host answers for the registry. ``None``: another host's, or not valid."""
    try:
        image = parse_reference(text)
    except ValueError:
        return None
    return image if resembles(image.host, login_server) in _SERVED else None


def resemblance_of(image: Image, login_server: str) -> Resemblance | None:
    """Like :func:`resembles` for an image: ``contosoreg/app`` names Docker Hub, and means the registry."""
    if image.host == DOCKER_HUB:
        first, slash, _ = image.repository.partition("/")
        name = login_server.lower().partition(".")[0]
        return Resemblance.SUFFIX_MISSING if slash and first in (name, name.partition("-")[0]) else None
    return resembles(image.host, login_server)


def _by_suffix(rest: str, suffix: str) -> Resemblance | None:
    if "privatelink" in rest.split("."):
        return Resemblance.PRIVATE_LINK
    if rest in CLOUD_SUFFIXES:
        return Resemblance.OTHER_CLOUD
    if rest.endswith(f".geo.{suffix}"):
        return Resemblance.REGIONAL
    if rest.endswith(f".data.{suffix}"):
        return Resemblance.DATA_ENDPOINT
    return Resemblance.SUFFIX_TYPO if _distance(rest, suffix) <= _SUFFIX_EDITS else None


def _one_letter_off(one: str, other: str) -> bool:
    """One letter changed, added, lost or swapped. A digit counts as another registry: ``prod1``, ``prod2``."""
    if min(len(one), len(other)) < _SHORTEST_NAME or _digits(one) != _digits(other):
        return False
    if len(one) == len(other) and sorted(one) == sorted(other):
        differing = [index for index, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]
        return len(differing) == 2 and differing[1] == differing[0] + 1
    return _distance(one, other) == 1


def _digits(text: str) -> str:
    return "".join(char for char in text if char.isdigit())


def _distance(one: str, other: str) -> int:
    """Levenshtein's distance; names are short, so rows are."""
    if abs(len(one) - len(other)) > _SUFFIX_EDITS:
        return _SUFFIX_EDITS + 1
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        before, row[0] = row[0], i
        for j, b in enumerate(other, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (a != b))
    return row[-1]
