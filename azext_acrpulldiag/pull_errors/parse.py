"""Take a pull error apart: entries of a list, stage, host, image, status, address, credential.

Every pattern is linear in the text: no nested repetition, and repetition over a class that a
long text may consist of is bounded.
"""

from __future__ import annotations

import re
from enum import Enum

LONGEST = 131_072
"""Characters that are looked at: the first and last half of a longer text."""


class Stage(str, Enum):
    """How far the pull had come."""

    CREDENTIAL = "credential"
    TOKEN = "token"  # noqa: S105 - a stage, not a secret
    RESOLVE = "resolve"
    LAYER = "layer"
    UNPACK = "unpack"
    START = "start"
    NONE = "none"


# --- one readable text -----------------------------------------------------------------

_ESCAPED = re.compile(r"\\u00([0-9a-fA-F]{2})")
_BACKSLASHED_QUOTE = re.compile(r"\\{1,8}([\"'])")
_BROKEN_LINE = re.compile(r"(?:\\r)?\\n(?![a-z])|[\r\n\t\x00]")
_ANSI = re.compile(r"\x1b\[[0-9;]{0,16}[A-Za-z]")


def readable(message: str) -> str:
    """Undo the quoting that logs and JSON put around a message, and join its lines."""
    text = message
    if len(text) > LONGEST:
        text = text[: LONGEST // 2] + " " + text[-LONGEST // 2 :]
    text = _ANSI.sub("", text)
    text = _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)
    text = _BACKSLASHED_QUOTE.sub(r"\1", text)
    return _BROKEN_LINE.sub(" ", text).strip()


# --- the entries of a list error --------------------------------------------------------

# What a runtime's or kubelet's error begins with. A comma inside one error ("authentication
# required, visit ...") is followed by something else.
_ENTRY = (
    r"rpc error: code|failed to (?:pull|resol?ve|authorize|fetch|copy|do request|get|extract|unpack)|"
    r"Error response from daemon|initializing source|reading manifest|unable to (?:pull|retrieve auth)|"
    r"copying system image|writing blob|(?:Head|Get) [\"']?https?://|unauthorized:|pull access denied|"
    r"error pulling image|pinging |no match for platform|denied:|toomanyrequests"
)
_LIST_OPENS = re.compile(rf"(?:^|[:\s])\[(?=(?:{_ENTRY}))", re.IGNORECASE)
_NEXT_ENTRY = re.compile(rf",\s{{1,4}}(?=(?:{_ENTRY}))", re.IGNORECASE)
_MIRRORS = re.compile(r"\(Mirrors also failed: \[", re.IGNORECASE)
_ARTIFACT_ERROR = re.compile(r";\s{0,4}artifact err: ")


def entries(text: str) -> tuple[str, ...]:
    """Split kubelet's aggregate ``[one, other]`` (one entry a credential) and CRI-O's pairs.

    CRI-O also tries each reference as an OCI artifact, and lists its mirrors before the
    registry itself: neither the artifact's nor a mirror's error is the cause.
    """
    text = _ARTIFACT_ERROR.split(text, maxsplit=1)[0]
    mirrors = _MIRRORS.search(text)
    if mirrors:
        after = text.rfind("]): ")
        text = text[after + 4 :] if after > mirrors.end() else text
    opened = _LIST_OPENS.search(text)
    if opened is None:
        return (text,)
    body = text[opened.end() :]
    closed = body.rfind("]")
    if closed >= 0 and not re.search(r"[a-z]{3}", body[closed:].replace("ImagePullBackOff", "")):
        body = body[:closed]
    found = tuple(part.strip() for part in _NEXT_ENTRY.split(body))
    return tuple(part for part in found if part) or (text,)


# --- hosts and names, which must not be taken for words ---------------------------------

_URL = re.compile(
    r"(?:https?|oci|docker)://(\[[0-9a-f:]{2,45}\]|[^\s/\"'?:,;)\]\\]{1,255})(:\d{1,5})?([^\s\"'\\]{0,2048})", re.I
)
_QUOTED_NAME = re.compile(r"\"([^\s\"]{0,200}[/:@][^\s\"]{0,400})\"|(?<=image )\"([^\s\"]{1,300})\"")
_BARE_NAME = re.compile(
    r"(?<![\w./-])(?:[a-z0-9](?:[a-z0-9-]{0,62}\.){1,6}[a-z]{2,12}|"
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
    text = _URL.sub(" <url> ", text)
    text = _QUOTED_NAME.sub("<name>", text)
    text = _WINDOWS_PATH.sub("<path>", text)
    text = _UNIX_PATH.sub("<path>", text)
    return _BARE_NAME.sub("<name>", text).lower()


def urls(text: str) -> tuple[tuple[str, str], ...]:
    """Host (with port) and path of each URL that was requested; help links are left out."""
    found = ((match[1].lower() + (match[2] or ""), match[3]) for match in _URL.finditer(text))
    return tuple((host, path) for host, path in found if host not in _HELP_HOSTS and not _is_error_page(host, path))


def _is_error_page(host: str, path: str) -> bool:
    return host.startswith("login.microsoftonline.") and path.startswith("/error")


_LOOKED_UP = re.compile(r"\blookup ([a-z0-9.-]{1,253}[a-z0-9])", re.IGNORECASE)
_ASKED = re.compile(
    r"\blookup [a-z0-9.-]{1,254} on (\[[0-9a-f:%.]{2,45}\]|\d{1,3}(?:\.\d{1,3}){3}):53\b", re.IGNORECASE
)
NODE_RESOLVER = "169.254.10.10"
"""Where kubelet and containerd ask LocalDNS, the resolver on AKS nodes that have one.

Source: https://learn.microsoft.com/azure/aks/localdns-custom
"""
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
        r"\bdocker://([^\s\"':]{1,300}:[\w.-]{1,128})",
    )
)
_TAGGED_PATH = re.compile(r"^/v2/(.{1,255})/manifests/([^?\s]{1,160})")


def image_in(text: str) -> str | None:
    """The image reference that a text names, as it is written there."""
    for pattern in _IMAGE:
        match = pattern.search(text)
        if match:
            return match[1].rstrip(",.")
    for host, path in urls(text):
        tagged = _TAGGED_PATH.match(path)
        if tagged:
            return f"{host}/{tagged[1]}{'@' if ':' in tagged[2] else ':'}{tagged[2].rstrip(':')}"
    return None


def host_in(text: str, image: str | None) -> str | None:
    """The host that the failing request went to; without one, the image's registry."""
    looked_up = _LOOKED_UP.findall(text)
    requested = urls(text)
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
    r"(?:status ?code|request to)\s+<url>\s+([45]\d\d)\b"
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
    r"reading config"
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
    if "/blobs/" in last_path or _STORAGE_HOST.search(last_host):
        return Stage.LAYER
    if "/token" in last_path or _TOKEN.search(words):
        return Stage.TOKEN
    if _RESOLVE.search(words) or status_in(words):
        return Stage.RESOLVE
    return Stage.NONE
