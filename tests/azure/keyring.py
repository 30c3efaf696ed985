"""Which credentials kubelet finds in pull secrets for an image, by its own rules.

Source: ``pkg/credentialprovider/{config,keyring}.go`` and ``secrets/secrets.go`` of
https://github.com/kubernetes/kubernetes: entries are matched by host, label by label with wildcards, by port and by the
beginning of the path; those of more specific places come first; one entry that cannot be read fails the whole pull.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from .kubernetes_state import Object

_JSON, _OLD = "kubernetes.io/dockerconfigjson", "kubernetes.io/dockercfg"


@dataclass(frozen=True)
class Credential:
    """An entry of a pull secret. ``place`` is its key: a host, and what a path begins with.

    ``is_bare``: the key is that alone, as it stands, and user and password have members of their own.
    """

    place: str
    user: str
    password: str
    is_bare: bool = False


def credentials(secrets: Iterable[Object], image: str) -> list[Credential]:
    """The entries for an image, in the order in which they are tried.

    ``image`` begins with its host. Raises ``ValueError`` for a secret of one of the two types that cannot be read.
    """
    found = [each for secret in secrets for each in entries(secret) if _is_for(each.place, image)]
    return sorted(found, key=lambda each: each.place, reverse=True)


def entries(secret: Object) -> list[Credential]:
    """All entries of a secret; none where it is no pull secret. Raises ``ValueError`` for one that cannot be read."""
    data = secret.get("data") or {}
    if secret.get("type") == _JSON and ".dockerconfigjson" in data:
        listed = json.loads(base64.b64decode(data[".dockerconfigjson"])).get("auths") or {}
    elif secret.get("type") == _OLD and ".dockercfg" in data:
        listed = json.loads(base64.b64decode(data[".dockercfg"]))
    else:
        return []
    return [_credential(place, entry) for place, entry in listed.items()]


def _credential(place: str, entry: Object) -> Credential:
    user, password = entry.get("username", ""), entry.get("password", "")
    if entry.get("auth"):
        try:
            user, colon, password = base64.b64decode(entry["auth"], validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError) as error:
            raise ValueError("unable to decode auth field") from error
        if not colon:
            raise ValueError("unable to parse auth field, must be formatted as base64(username:password)")
    url = urlsplit(place if "://" in place else f"https://{place}")
    path = url.path[3:] if url.path.startswith(("/v1/", "/v2/")) else url.path
    key = f"{url.netloc}{path}" if path != "/" else url.netloc
    return Credential(key, user, password, key == place and bool(entry.get("username") and entry.get("password")))


def _is_for(place: str, image: str) -> bool:
    wanted, actual = urlsplit(f"https://{place}"), urlsplit(f"https://{image}")
    labels, given = (wanted.hostname or "").split("."), (actual.hostname or "").split(".")
    return (
        wanted.port == actual.port
        and len(labels) == len(given)
        and all(map(fnmatchcase, given, labels))
        and actual.path.startswith(wanted.path)
    )
