"""A whole image of a few hundred bytes, which a real runtime pulls and unpacks."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
import uuid
from typing import TYPE_CHECKING

from .registry import encoded
from .store import Json

if TYPE_CHECKING:
    from .state import DataPlane

_OCI = "application/vnd.oci.image"


def push(plane: DataPlane, name: str, tag: str, *platforms: str) -> str:
    """Push an image of one layer nobody has seen before; its digest.

    ``platforms`` are ``os/architecture``: one gives a single manifest, several an index.
    """
    from .state import Repository

    repository = plane.repositories.setdefault(name, Repository())
    entries = []
    for platform in platforms or ("linux/amd64",):
        system, _, architecture = platform.partition("/")
        manifest, blobs = _manifest(system, architecture)
        repository.blobs |= blobs
        entries.append(_descriptor(manifest["mediaType"], encoded(manifest)))
        entries[-1]["platform"] = {"architecture": architecture, "os": system}
        repository.manifests[entries[-1]["digest"]] = manifest
    digest = str(entries[0]["digest"])
    if len(entries) > 1:
        index = {"schemaVersion": 2, "mediaType": f"{_OCI}.index.v1+json", "manifests": entries}
        digest = _digest(encoded(index))
        repository.manifests[digest] = index
    repository.tags[tag] = digest
    return digest


def _manifest(system: str, architecture: str) -> tuple[Json, dict[str, bytes]]:
    layer = _layer()
    unpacked = _digest(gzip.decompress(layer))
    config = encoded(
        {"architecture": architecture, "os": system, "config": {}, "rootfs": {"type": "layers", "diff_ids": [unpacked]}}
    )
    manifest: Json = {
        "schemaVersion": 2,
        "mediaType": f"{_OCI}.manifest.v1+json",
        "config": _descriptor(f"{_OCI}.config.v1+json", config),
        "layers": [_descriptor(f"{_OCI}.layer.v1.tar+gzip", layer)],
    }
    return manifest, {_digest(content): content for content in (config, layer)}


def _descriptor(media_type: str, content: bytes) -> Json:
    return {"mediaType": media_type, "digest": _digest(content), "size": len(content)}


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _layer() -> bytes:
    content = json.dumps({"made": str(uuid.uuid4())}).encode()
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        entry = tarfile.TarInfo("etc/made.json")
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    return gzip.compress(packed.getvalue(), mtime=0)
