"""What a registry holds, and images as build tools push them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field

from .store import Json

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
ATTESTATION = {"architecture": "unknown", "os": "unknown"}


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
    refuses_this_machine: bool = False
    refuses_exchange: bool = False
    admin_passwords: tuple[str, str] = ("sim-admin-one+ACRx1", "sim-admin-two+ACRx2")
    tokens: dict[str, str] = field(default_factory=dict)


def push(
    plane: DataPlane, repository: str, tag: str | None, platforms: Iterable[str], *, index: bool | None = None
) -> str:
    """Push an image for platforms such as ``linux/arm64`` or ``windows/amd64:10.0.20348.2113``; return its digest.

    One platform makes a single manifest, several make an index with an attestation beside them, as
    ``docker buildx`` does; ``index`` says otherwise. Without ``tag`` it stays untagged.
    """
    there = plane.repositories.setdefault(repository, Repository())
    each = [_platform(text) for text in platforms]
    if index is None:
        index = len(each) > 1
    digests = [_push_manifest(there, platform) for platform in each]
    if index:
        rows = [_row(there, digest, platform) for digest, platform in zip(digests, each, strict=True)]
        rows.append(_row(there, digests[0], ATTESTATION))
        digest = _keep(there, {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": rows})
    else:
        (digest,) = digests
    if tag is not None:
        there.tags[tag] = digest
    return digest


def _platform(text: str) -> Json:
    named, _, version = text.partition(":")
    system, architecture = named.split("/")
    return {"architecture": architecture, "os": system} | ({"os.version": version} if version else {})


def _push_manifest(there: Repository, platform: Json) -> str:
    content = json.dumps(platform | {"rootfs": {"type": "layers", "diff_ids": []}, "config": {}}).encode()
    there.blobs[digest_of(content)] = content
    config = {"mediaType": OCI_CONFIG, "size": len(content), "digest": digest_of(content)}
    return _keep(there, {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": []})


def _row(there: Repository, digest: str, platform: Json) -> Json:
    size = len(encoded(there.manifests[digest]))
    return {"mediaType": OCI_MANIFEST, "size": size, "digest": digest, "platform": platform}


def _keep(there: Repository, manifest: Json) -> str:
    digest = digest_of(encoded(manifest))
    there.manifests[digest] = manifest
    return digest


def encoded(manifest: Json) -> bytes:
    """The bytes of a manifest, whose SHA-256 is its digest."""
    return json.dumps(manifest, separators=(",", ":")).encode()


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
