"""What kubelet makes of a pull secret: which entries it has, and which of them are for an image.

Follows kubernetes/pkg/credentialprovider: ``secrets/secrets.go`` (which secrets count),
``config.go`` (``auth`` before username and password) and ``keyring.go`` (``Add`` and
``URLsMatch``). Pure, but it holds passwords, so it stays in ``collect``: nothing here is a
fact, no exception carries a value, and ``repr`` shows none.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from ... import wildcards

JSON_TYPE = "kubernetes.io/dockerconfigjson"
LEGACY_TYPE = "kubernetes.io/dockercfg"
_KEYS = {JSON_TYPE: ".dockerconfigjson", LEGACY_TYPE: ".dockercfg"}

_SCHEMES = ("https://", "http://")
# What Go's url.Parse takes in a host (but for IPv6); an entry with another character is ignored by kubelet.
_HOST = re.compile(r"[A-Za-z0-9\-._~!$&'()*+,;=:<>\"]*")
_WHITE_SPACE = " \t\r\n\v\f"


@dataclass(frozen=True)
class Credential:
    """One entry: the key of ``auths`` as written, and the user and password that kubelet would send."""

    key: str
    user: str = field(repr=False)
    password: str = field(repr=False)
    unusable: str | None = None
    """Why kubelet sends nothing useful with it (a clause)."""

    @property
    def stray_white_space(self) -> bool:
        """Whether the password begins or ends in white space, as one piped through ``echo`` does."""
        return self.password != self.password.strip(_WHITE_SPACE)

    def serves(self, host: str, repository: str | None) -> bool:
        """Tell whether kubelet uses this entry for an image; without a repository, for any of the host."""
        return matches(self.key, host, repository)


class MalformedSecretError(Exception):
    """A secret that kubelet cannot use; the text says why and holds nothing of its content.

    ``breaks_every_pull``: kubelet gives up each pull of a pod that names the secret, before it
    asks any registry (``MakeDockerKeyring`` returns the error; pods then report ``illegal base64
    data`` or ``unable to parse auth field``). Otherwise it passes over the secret in silence.
    """

    def __init__(self, reason: str, breaks_every_pull: bool) -> None:
        super().__init__(reason)
        self.breaks_every_pull = breaks_every_pull


def credentials_in(secret: Mapping[str, Any]) -> tuple[Credential, ...]:
    """Return the entries of a Kubernetes secret (its JSON). Raises :class:`MalformedSecretError`."""
    kind = secret.get("type")
    if kind not in _KEYS:
        shown = f"its type is {kind!r}" if isinstance(kind, str) else "it has no type"
        raise MalformedSecretError(f"{shown}, and kubelet uses {JSON_TYPE} and {LEGACY_TYPE} only", False)
    name = _KEYS[kind]
    data = secret.get("data")
    encoded = data.get(name) if isinstance(data, Mapping) else None
    if not encoded:
        raise MalformedSecretError(f"it has no data under {name}", False)
    try:
        content = base64.b64decode(encoded, validate=True)
    except (ValueError, TypeError):
        raise MalformedSecretError(f"its data under {name} is not base64", True) from None
    return _entries(_document(content, name), kind, name)


def _document(content: bytes, name: str) -> dict[str, Any]:
    try:
        document = json.loads(content.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        twice = " (it looks as if it was encoded in base64 twice)" if _is_base64_json(content) else ""
        raise MalformedSecretError(f"its data under {name} is not JSON{twice}", True) from None
    if not isinstance(document, dict):
        raise MalformedSecretError(f"its data under {name} is JSON, but not an object", True)
    return document


def _is_base64_json(content: bytes) -> bool:
    try:
        return base64.b64decode(content.strip(), validate=True).lstrip()[:1] == b"{"
    except ValueError:
        return False


def _entries(document: dict[str, Any], kind: str, name: str) -> tuple[Credential, ...]:
    auths = document
    if kind == JSON_TYPE:
        auths = _member(document, "auths")
        if auths is None:
            hint = "; credential helpers cannot be used by nodes" if _has_helpers(document) else ""
            raise MalformedSecretError(f"its JSON under {name} has no auths{hint}", False)
        if not isinstance(auths, dict):
            raise MalformedSecretError("its auths are not an object of hosts", True)
    if not auths:
        raise MalformedSecretError("it has no entry for any host", False)
    return tuple(_credential(key, entry) for key, entry in auths.items())


def _has_helpers(document: dict[str, Any]) -> bool:
    return any(_member(document, name) for name in ("credsStore", "credHelpers"))


def _credential(key: str, entry: Any) -> Credential:
    if entry is None:
        entry = {}
    if not isinstance(entry, dict):
        raise MalformedSecretError(f"its entry for {key!r} is not an object", True)
    user, password, auth = (_text(entry, key, name) for name in ("username", "password", "auth"))
    if auth:
        user, password = _decoded(auth, key)
    return Credential(key, user, password, _why_unusable(entry, user, password))


def _text(entry: dict[str, Any], key: str, name: str) -> str:
    value = _member(entry, name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise MalformedSecretError(f"{name} of its entry for {key!r} is not a string", True)
    return value.encode("utf-8", "replace").decode()  # JSON may hold halves of surrogate pairs


def _decoded(auth: str, key: str) -> tuple[str, str]:
    """Kubelet's reading of ``auth``: base64, padded or not, line breaks ignored; split at the first colon."""
    text = auth.replace("\r", "").replace("\n", "")
    padded = text if text.endswith("=") else text + "=" * (-len(text) % 4)
    try:
        decoded = base64.b64decode(padded, validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        raise MalformedSecretError(f"auth of its entry for {key!r} is not base64", True) from None
    user, colon, password = decoded.partition(":")
    if not colon:
        raise MalformedSecretError(f"auth of its entry for {key!r} is not base64 of user:password", True)
    return user, password


def _why_unusable(entry: dict[str, Any], user: str, password: str) -> str | None:
    if user and password:
        return None
    if _member(entry, "identitytoken"):
        return "it has an identitytoken, which kubelet does not use, and no password"
    if not user and not password:
        return "it has neither user nor password"
    return "it has no password" if user else "it has no user"


def _member(body: dict[str, Any], name: str) -> Any:
    """A member as Go reads JSON into a struct: the case of its name does not matter, the last one counts."""
    found = None
    for key, value in body.items():
        if key.lower() == name.lower():
            found = value
    return found


# --- for which images -------------------------------------------------------------------


def matches(key: str, host: str, repository: str | None) -> bool:
    """Tell whether an entry's key is for an image, by kubelet's rules.

    Port equal to the image's (none matches none only), as many labels, each matching as a
    glob, case heeded, and the key's path a prefix of the repository. ``https://`` and
    ``http://`` in front count for nothing, ``/v1/`` and ``/v2/`` behind the host neither;
    without their last slash those are a path like any other. Without a ``repository`` the
    path is not looked at.
    """
    parsed = _parsed(key)
    if parsed is None:
        return False
    pattern, path = parsed
    wanted, port = _split_port(pattern)
    labels, of_image = _split_port(host)
    if port != of_image:
        return False
    globs, parts = wanted.split("."), labels.split(".")
    # Of what Go's filepath.Match knows, "*" is all that can stand in a host.
    if len(globs) != len(parts) or not all(map(wildcards.matches, globs, parts)):
        return False
    return repository is None or f"/{repository}".startswith(path)


def _parsed(key: str) -> tuple[str, str] | None:
    """Host and path of a key; ``None``: kubelet cannot parse it, and ignores it."""
    text = next((key[len(scheme) :] for scheme in _SCHEMES if key.startswith(scheme)), key)
    host, slash, rest = text.partition("#")[0].partition("?")[0].partition("/")
    host = host.rpartition("@")[2]
    if not _HOST.fullmatch(host):
        return None
    path = unquote(slash + rest)
    if path.startswith(("/v1/", "/v2/")):
        path = path[3:]
    return host, "" if path == "/" else path


def _split_port(host: str) -> tuple[str, str]:
    name, colon, port = host.rpartition(":")
    return (name, port) if colon and ":" not in name else (host, "")
