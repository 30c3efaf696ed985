"""Take one error apart: stage, status, address, credential.

Every pattern is linear in the text: no nested repetition, and repetition over a class that a
long text may consist of is bounded.
"""

from __future__ import annotations

import re
from enum import Enum

from .chain import entries, readable
from .names import NODE_RESOLVER, asked_for_in, bare, host_in, image_in, resolver_in, urls

__all__ = [
    "NODE_RESOLVER",
    "Stage",
    "address_in",
    "asked_for_in",
    "bare",
    "credential_in",
    "entries",
    "host_in",
    "image_in",
    "readable",
    "resolver_in",
    "stage_of",
    "status_in",
    "urls",
]


class Stage(str, Enum):
    """How far the pull had come."""

    CREDENTIAL = "credential"
    TOKEN = "token"  # noqa: S105 - a stage, not a secret
    RESOLVE = "resolve"
    LAYER = "layer"
    UNPACK = "unpack"
    START = "start"
    NONE = "none"


# --- status, address, credential --------------------------------------------------------

_REASONS = (
    r"unauthorized|forbidden|not found|too many requests|internal server error|bad gateway|service unavailable|"
    r"service temporarily|gateway time-?out|bad request|method not allowed|proxy authentication|gone|payment required"
)
_STATUS = re.compile(
    rf"\b([45]\d\d) \(?(?:{_REASONS})|"
    r"(?<!exit )\b(?:status ?code|response code|status|http|code)(?: ?[:=] ?|"
    r" )[\"']?([45]\d\d)\b(?! server error for)|"
    # Azure Storage writes its own phrases behind the number.
    r"(?:status ?code|request to)\s+<url>:?\s+([45]\d\d)\b"
)
_CLIENT_IP = re.compile(r"client with ip [\"']?([0-9a-fx.:]{3,45})", re.IGNORECASE)
_DIALLED = re.compile(r"(?:dial tcp |->)(\[[0-9a-f:%.]{2,45}\]|\d{1,3}(?:\.[\dXx]{1,3}){3}):(\d{1,5})\b", re.IGNORECASE)


def status_in(words: str) -> int | None:
    """The last HTTP status that a registry or storage answered with, in a text of :func:`bare`."""
    found = [match[1] or match[2] or match[3] for match in _STATUS.finditer(words)]
    return int(found[-1]) if found else None


def address_in(text: str) -> str | None:
    """The client's address in a firewall's refusal, else the address that was dialled.

    An address on port 53 is a DNS server, not the registry.
    """
    refused = _CLIENT_IP.search(text)
    if refused:
        return refused[1].rstrip(".")
    dialled = [match[1].strip("[]") for match in _DIALLED.finditer(text) if match[2] != "53"]
    return dialled[-1] if dialled else None


_ANONYMOUS = re.compile(r"anonymous token")
_CREDENTIALED = re.compile(
    r"oauth token|invalid username/password|incorrect username or password|application not registered"
)


def credential_in(words: str) -> str | None:
    """``anonymous`` or ``credentialed`` where the text says who asked, else ``None``."""
    if _ANONYMOUS.search(words):
        return "anonymous"
    return "credentialed" if _CREDENTIALED.search(words) else None


# --- the stage --------------------------------------------------------------------------

_UNPACK = re.compile(
    r"extract(?:ing)? layer|extraction snapshot|register layer|apply(?:ing)? ?layer|unpack image on|adding layer|"
    r"creating layer|untar re-exec|processbaselayer|storing layer|committing the finished image|unpigz"
)
_LAYER = re.compile(
    r"failed to copy|httpread(?:er)?seeker|(?:writing|fetching|reading|storing|copying) (?:blob|config|layer)|"
    r"pulling image configuration|failed commit on ref|download failed after|layer verification|error pulling layer|"
    r"commit digest|content descriptor|expected number of bytes|failed to download layer|error downloading layer|"
    r"reading config|short read|download for \S{1,160} failed"
)
_TOKEN = re.compile(
    r"failed to authorize|(?:oauth|anonymous|bearer|auth|access|refresh|arm) token|acquire a token|refresh the token|"
    r"sign in to aad|refresh_token"
)
_RESOLVE = re.compile(
    r"resol?ve (?:reference|image)|manifest|\bhead\b|\bpinging\b|daemon: get\b|failed to do request|platform|<url>|"
    r"trying next host|tag \S{1,200} not found"
)
_START = re.compile(
    r"exec format error|createcomputesystem|create shim|container start|runc create|start container process"
)
_CREDENTIAL = re.compile(
    r"credential provider|pull secrets?\b|auth config|external registry credential|docker-credential"
)
_STORAGE_PATH = re.compile(r"/(?:blobs|layers|docker/registry/v2)/")
_STORAGE_HOST = re.compile(
    r"\.blob\.core\.|\.data\.azurecr\.|cloudflarestorage|production\.cloudflare|storage\.googleapis|s3[.-]"
)


def stage_of(text: str, words: str) -> Stage:
    """How far the pull had come, from the requested URLs and the words of the component."""
    requested = urls(text)
    last_host, last_path = requested[-1] if requested else ("", "")
    by_word = (
        (Stage.START, _START),
        (Stage.CREDENTIAL, _CREDENTIAL),
        (Stage.UNPACK, _UNPACK),
        (Stage.LAYER, _LAYER),
    )
    # containerd copies the manifest that a tag names, too: that is still the login server's.
    copies_manifest = "/manifests/" in last_path
    for stage, pattern in by_word:
        if pattern.search(words) and not (stage is Stage.LAYER and copies_manifest):
            return stage
    if _STORAGE_PATH.search(last_path) or _STORAGE_HOST.search(last_host):
        return Stage.LAYER
    if "/token" in last_path or "/oauth2/" in last_path or _TOKEN.search(words):
        return Stage.TOKEN
    if _RESOLVE.search(words) or status_in(words):
        return Stage.RESOLVE
    return Stage.NONE
