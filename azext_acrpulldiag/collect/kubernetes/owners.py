"""Who made a pod."""

from __future__ import annotations

from ..ask.arm import Json
from ..members import member
from .objects import objects_in, strings_at, text_at


def owner_of(pod: Json) -> str | None:
    """The controller of a pod; of a replica set with a template hash, the deployment above it."""
    owners = objects_in(member(pod, "metadata", "ownerReferences"))
    owner = next((each for each in owners if each.get("controller") is True), None)
    if owner is None:
        return None
    kind, name = text_at(owner, "kind"), text_at(owner, "name")
    template = strings_at(pod, "metadata", "labels").get("pod-template-hash")
    if kind == "ReplicaSet" and template and name.endswith(f"-{template}"):
        return f"Deployment/{name.removesuffix(f'-{template}')}"
    return f"{kind}/{name}"
