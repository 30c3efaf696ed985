"""Tokens, scope maps and passwords of a registry, as ``az acr token``, ``scope-map`` and ``credential`` write them.

Passwords are shown once, by the action that makes them; the login server takes them from then on (``users.py``).
"""

from __future__ import annotations

import secrets
import string
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from tests.recordings import body

from .arm_errors import not_found
from .messages import Request, Response, answer
from .store import Json

if TYPE_CHECKING:
    from .state import Cloud

_NAMES = ("password1", "password2")
_ALPHABET = string.ascii_letters + string.digits
# The length of the passwords in acr/token_generate_credentials_two_passwords and acr/regenerate_credential.
_LENGTH = 52


def _token(cloud: Cloud, made: Json, old: Json | None, request: Request) -> Response | None:
    """A new token is enabled and has no password yet; ``null`` leaves a member as it is.

    As recorded in ``acr/token_get_new_no_password``.
    """
    properties, before = made["properties"], (old or {}).get("properties", {})
    for name, otherwise in (("status", "enabled"), ("credentials", {"passwords": []}), ("creationDate", _now())):
        properties[name] = properties.get(name) or before.get(name) or otherwise
    scope_map = properties.get("scopeMapId") or before.get("scopeMapId", "")
    if scope_map not in cloud.resources:
        return not_found(cloud, scope_map)
    properties["scopeMapId"] = scope_map
    return None


def _scope_map(cloud: Cloud, made: Json, old: Json | None, request: Request) -> Response | None:
    """Whoever writes a scope map names its actions; as recorded in ``acr/scopemap_get_user_defined``."""
    before = (old or {}).get("properties", {})
    made["properties"] |= {"type": "UserDefined", "creationDate": before.get("creationDate") or _now()}
    return None


def _generate(cloud: Cloud, request: Request, registry: Json) -> Response:
    """New passwords of a token: both, or the one that ``name`` says; the other stays."""
    asked = request.json
    token = cloud.resources.get(asked["tokenId"])
    if token is None:
        return not_found(cloud, asked["tokenId"])
    names = [asked["name"]] if asked.get("name") else list(_NAMES)
    end = {"expiry": _offset(asked["expiry"])} if asked.get("expiry") else {}
    fresh = {name: {"creationTime": _now(), **end, "name": name} for name in names}
    known = {each["name"]: each for each in token["properties"]["credentials"]["passwords"]}
    token["properties"]["credentials"]["passwords"] = [each for _, each in sorted((known | fresh).items())]
    passwords = {name: _password() for name in names}
    plane = cloud.data_plane(registry["properties"]["loginServer"])
    plane.generated.setdefault(token["name"], {}).update(passwords)
    shown = body("acr/token_generate_credentials_two_passwords")
    shown |= {
        "username": token["name"],
        "passwords": [entry | {"value": passwords[name]} for name, entry in fresh.items()],
    }
    return answer(shown)


def _regenerate(cloud: Cloud, request: Request, registry: Json) -> Response:
    """Another password of the admin account in the place of the one that is named."""
    plane = cloud.data_plane(registry["properties"]["loginServer"])
    first, second = plane.admin_passwords
    is_first = request.json["name"] == "password"
    plane.admin_passwords = (_password(), second) if is_first else (first, _password())
    shown = body("acr/regenerate_credential")
    shown["username"] = registry["name"]
    for entry, password in zip(shown["passwords"], plane.admin_passwords, strict=True):
        entry["value"] = password
    return answer(shown)


def _password() -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))


def _now() -> str:
    return datetime.now(timezone.utc).isoformat()


def _offset(moment: str) -> str:
    """A time as the registry shows it, with its offset from UTC."""
    return moment.replace("Z", "+00:00")


TYPES: dict[str, Any] = {
    "microsoft.containerregistry/registries/tokens": _token,
    "microsoft.containerregistry/registries/scopemaps": _scope_map,
}
"""What a PUT and a PATCH of these types make besides; see ``writes.Put``."""
ACTIONS: dict[tuple[str, str], Any] = {
    ("microsoft.containerregistry/registries", "generatecredentials"): _generate,
    ("microsoft.containerregistry/registries", "regeneratecredential"): _regenerate,
}
