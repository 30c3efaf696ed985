"""Names in a pull error: what was requested, of which host, and of which image. They must not be taken for words."""

from __future__ import annotations

import re

_URL = re.compile(
    r"(?:https?|oci|docker)://(\[[0-9a-f:]{2,45}\]|[^\s/\"'?:,;)\]\\]{1,255})(:\d{1,5})?([^\s\"'\\]{0,2048})", re.I
)
_QUOTED_NAME = re.compile(r"\"([^\s\"]{0,200}[/:@][^\s\"]{0,400})\"|(?<=image )\"([^\s\"]{1,300})\"")
_BARE_NAME = re.compile(
    # containerd takes a host with an underscore.
    r"(?<![\w./-])(?:[a-z0-9](?:[a-z0-9_-]{0,62}\.){1,6}[a-z]{2,12}|"
    r"localhost)(?::\d{1,5})?/[\w./@-]{1,300}(?::[\w.-]{1,128})?",
    re.IGNORECASE,
)
_WINDOWS_PATH = re.compile(r"(?:\\\\\?\\)?\b[A-Za-z]:\\\S{1,400}")
_UNIX_PATH = re.compile(r"(?<![\w.])/(?:var|usr|etc|run|tmp|opt|root|home|lib)/[^\s:\"']{1,400}")
_HELP_HOSTS = ("aka.ms", "www.docker.com", "docs.docker.com", "github.com", "learn.microsoft.com", "docs.microsoft.com")


def bare(text: str) -> str:
    """The words of a text in lower case: URLs, image names and paths become placeholders.

    An image may be called ``tools/forbidden-403``; only what a component *says* counts.
    """
    text = _URL.sub(lambda match: " <url>: " if match[0].endswith(":") else " <url> ", text)
    text = _QUOTED_NAME.sub("<name>", text)
    text = _WINDOWS_PATH.sub("<path>", text)
    text = _UNIX_PATH.sub("<path>", text)
    return _BARE_NAME.sub("<name>", text).lower()


def urls(text: str) -> tuple[tuple[str, str], ...]:
    """Host (with port) and path of each URL that was requested; help links are left out."""
    found = ((match[1].lower() + (match[2] or ""), match[3]) for match in _URL.finditer(text))
    return tuple((host, path) for host, path in found if host not in _HELP_HOSTS and not _is_error_page(host, path))


_REQUEST = re.compile(
    r"\b(?:get|head|post|put|patch|delete)[ :](?:request (?:to )?)?[\"']?"
    r"https?://(\[[0-9a-f:]{2,45}\]|[^\s/\"'?:,;)\]\\]{1,255}(?::\d{1,5})?)([^\s\"'\\]{0,2048})",
    re.I,
)


def requests(text: str) -> tuple[tuple[str, str], ...]:
    """Host (with port) and path of each HTTP request that the text says was sent, as Go's client words it."""
    return tuple((match[1].lower(), match[2]) for match in _REQUEST.finditer(text))


def _is_error_page(host: str, path: str) -> bool:
    return host.startswith("login.microsoftonline.") and path.startswith("/error")


_LOOKED_UP = re.compile(r"\blookup ([a-z0-9._-]{1,253}[a-z0-9])", re.IGNORECASE)
_ASKED = re.compile(
    r"\blookup [a-z0-9._-]{1,254} on (\[[0-9a-f:%.]{2,45}\]|\d{1,3}(?:\.\d{1,3}){3}):53\b", re.IGNORECASE
)
NODE_RESOLVER = "169.254.10.10"
"""Where kubelet and containerd ask LocalDNS, the resolver on AKS nodes that have one.

Source: https://learn.microsoft.com/azure/aks/localdns-custom
"""
_REFERENCE = r"[a-z0-9][\w.-]{0,253}(?::\d{1,5})?/[\w./-]{1,255}(?::\w[\w.-]{0,127}|@sha256:[0-9a-f]{64})"
_IMAGE = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"pull(?:ing|ed)?(?: and unpack)? image \"([^\s\"]{1,500})\"",
        r"pullimage \"([^\s\"]{1,500})\"",
        r"\bimage reference \"([^\s\"]{1,500})\"",
        r"\bresol?ve (?:reference|image) \"([^\s\"]{1,500})\"",
        r"\bdefault image tag \"([^\s\"]{1,500})\"",
        r"\bimage=\"([^\s\"]{1,500})\"",
        r"\bimage:? \"([^\s\"]{1,500})\"",
        r"\bmanifest for ([^\s\"]{1,500}) not found",
        r"\bimage pull failed for ([^\s\"]{1,500})",
        r"\bpull image: ([^\s\"]{1,500})",
        r"\bfor image ([^\s\"]{1,500}):",
        r"\bimage '([^\s']{1,500})' in container group",
        r"\bdocker://([^\s\"':]{1,300}:[\w.-]{1,128})",
        # kubeadm and registries write no quotes
        rf"\bpull image ({_REFERENCE}): ",
        rf"(?:^|: )({_REFERENCE}):? not found\b",
    )
)
# What comes behind the address follows its colon, with a blank or, from old runtimes, without one.
_TAGGED_PATH = re.compile(r"^/v2/(.{1,255})/manifests/([a-z0-9]{1,20}:[0-9a-f]{32,128}|[\w.-]{1,128})", re.IGNORECASE)


def image_in(text: str) -> str | None:
    """The image reference that a text names, as it is written there."""
    for pattern in _IMAGE:
        match = pattern.search(text)
        if match:
            return match[1].rstrip(",.")
    for host, path in urls(text):
        tagged = _TAGGED_PATH.match(path)
        if tagged:
            asked = _ASKED_FOR.search(path)
            return f"{_registry(asked) if asked else host}/{tagged[1]}{'@' if ':' in tagged[2] else ':'}{tagged[2]}"
    return None


_RESOURCE_MANAGER = "management.azure."  # which Container Instances is asked through to pull for a virtual node


def host_in(text: str, image: str | None) -> str | None:
    """The host that the failing request went to; without one, the image's registry."""
    looked_up = _LOOKED_UP.findall(text)
    requested = [each for each in urls(text) if not (image and each[0].startswith(_RESOURCE_MANAGER))]
    if looked_up:
        return str(looked_up[-1]).lower()
    if requested:
        return requested[-1][0]
    first, slash, _ = (image or "").partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return first.lower()
    return None


def resolver_in(text: str) -> str | None:
    """The address of the DNS server that was asked last, where the text names it."""
    asked = _ASKED.findall(text)
    return asked[-1].strip("[]") if asked else None


_ASKED_FOR = re.compile(r"[?&]ns=([a-z0-9._-]{1,255}(?:(?::|%3a)\d{1,5})?)", re.IGNORECASE)


def asked_for_in(text: str) -> str | None:
    """The registry whose image was requested from a mirror, as containerd says it: ``?ns=mcr.microsoft.com``.

    Source: https://github.com/containerd/containerd/blob/main/docs/hosts.md
    """
    found = [match for _, path in urls(text) for match in _ASKED_FOR.finditer(path)]
    return _registry(found[-1]) if found else None


def _registry(asked: re.Match[str]) -> str:
    return asked[1].lower().replace("%3a", ":").rstrip(".")
