"""What a registry holds."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field

from .store import Json

OCI_INDEX = "application/vnd.oci.image.index.v1+json"


@dataclass
class Repository:
    """A repository of a registry: manifests by digest, tags pointing at them, blobs by digest."""

    manifests: dict[str, Json] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)
    # Names that are locked against reading: the repository's own, tags, digests.
    locked: set[str] = field(default_factory=set)
    # Digests that wait for a scanner, where the registry has a quarantine policy.
    quarantined: set[str] = field(default_factory=set)


@dataclass
class DataPlane:
    """How a registry's login server behaves."""

    repositories: dict[str, Repository] = field(default_factory=dict)
    # What the registry answers for a repository in the place of a manifest: a status, and the error in its body.
    refusals: dict[str, tuple[int, Json]] = field(default_factory=dict)
    refuses_this_machine: bool = False
    refuses_exchange: bool = False
    admin_passwords: tuple[str, str] = ("sim-admin-one+ACRx1", "sim-admin-two+ACRx2")
    # Passwords by user: those that were there from the start, and by user and name those that were made since.
    tokens: dict[str, str] = field(default_factory=dict)
    generated: dict[str, dict[str, str]] = field(default_factory=dict)


def encoded(manifest: Json) -> bytes:
    """The bytes of a manifest, whose SHA-256 is its digest."""
    return json.dumps(manifest, separators=(",", ":")).encode()


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
