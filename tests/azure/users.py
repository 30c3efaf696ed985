"""Who signs in to a registry with a password, and what that lets them do: the admin account, tokens, applications."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from .authorization import groups_of, scopes_above
from .store import Json

if TYPE_CHECKING:
    from .images import DataPlane
    from .state import Cloud

ALL = ("pull", "push", "delete", "metadata_read", "metadata_write", "*")


def signs_in(cloud: Cloud, registry: Json, user: str, password: str) -> bool:
    """Whether the registry gives this user a token at all. ``DataPlane`` has the passwords."""
    plane = cloud.data_plane(registry["properties"]["loginServer"])
    if user == registry["name"]:
        return bool(registry["properties"].get("adminUserEnabled")) and password in plane.admin_passwords
    principal = _principal(cloud, user)
    if principal is not None:
        secrets = [*principal["passwordCredentials"], *_secrets_of_application(cloud, user)]
        ends = {each["keyId"]: each["endDateTime"] for each in secrets}
        return bool(principal["accountEnabled"]) and _is_one(plane, user, password, ends)
    token = _token(cloud, registry, user)
    if token is None:
        # Somebody whom only the login server knows.
        return bool(password) and plane.tokens.get(user) == password
    ends = {each["name"]: each.get("expiry") for each in token["properties"]["credentials"]["passwords"]}
    return token["properties"]["status"] == "enabled" and _is_one(plane, user, password, ends)


def _is_one(plane: DataPlane, user: str, password: str, ends: dict[str, str | None]) -> bool:
    """Whether a password is one of a user's that have not ended. A new one takes the place of the first one."""
    made = plane.generated.get(user, {})
    return bool(password) and any(
        _holds(end) and made.get(name, plane.tokens.get(user)) == password for name, end in ends.items()
    )


def allowed(cloud: Cloud, registry: Json, user: str, repository: str) -> tuple[str, ...]:
    """What the user may do in a repository."""
    if user == registry["name"]:
        return ALL
    principal = _principal(cloud, user)
    if principal is not None:
        return ("pull", "metadata_read") if _has_a_role(cloud, registry, principal["id"]) else ()
    token = _token(cloud, registry, user)
    if token is None:
        return ALL
    scope_map = cloud.resources.get(token["properties"]["scopeMapId"])
    actions = scope_map["properties"]["actions"] if scope_map else []
    return ("pull",) if any(_covers(action, repository) for action in actions) else ()


def _covers(action: str, repository: str) -> bool:
    name = action.removeprefix("repositories/").removesuffix("/content/read")
    return action.endswith("/content/read") and (
        name == repository or (name.endswith("*") and repository.startswith(name[:-1]))
    )


def _principal(cloud: Cloud, app_id: str) -> Json | None:
    return next((each for each in cloud.service_principals if each["appId"] == app_id), None)


def _secrets_of_application(cloud: Cloud, app_id: str) -> list[Any]:
    return [secret for each in cloud.applications if each["appId"] == app_id for secret in each["passwordCredentials"]]


def _has_a_role(cloud: Cloud, registry: Json, object_id: str) -> bool:
    """Any role will do: which ones let pull is not for this to say."""
    holders = {object_id.lower(), *groups_of(cloud, object_id)}
    above = scopes_above(cloud, registry["id"])
    return any(
        each["properties"]["principalId"].lower() in holders and each["properties"]["scope"].lower() in above
        for each in cloud.role_assignments
    )


def _token(cloud: Cloud, registry: Json, name: str) -> Json | None:
    return cloud.resources.get(f"{registry['id']}/tokens/{name}")


def _holds(end: str | None) -> bool:
    return end is None or datetime.fromisoformat(end[:19] + "+00:00") > datetime.now(timezone.utc)
