"""A whole image of a few hundred bytes, which a real runtime pulls and unpacks."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import uuid

from .images import OCI_INDEX, DataPlane, Repository, digest_of, encoded
from .store import Json

_OCI = "application/vnd.oci.image"


_ATTESTATION = {"architecture": "unknown", "os": "unknown"}


def push(plane: DataPlane, name: str, tag: str | None, *platforms: str, index: bool | None = None) -> str:
    """Push an image of one layer nobody has seen before; its digest.

    ``platforms`` are ``os/architecture``, for Windows with ``:version``. One gives a single manifest, several an
    index with an attestation in it, as ``docker buildx`` makes it; ``index`` says otherwise. Without ``tag`` it
    stays untagged.
    """
    repository = plane.repositories.setdefault(name, Repository())
    entries = []
    for platform in map(_platform, platforms or ("linux/amd64",)):
        manifest, blobs = _manifest(platform)
        repository.blobs |= blobs
        entries.append(_descriptor(manifest["mediaType"], encoded(manifest)) | {"platform": platform})
        repository.manifests[entries[-1]["digest"]] = manifest
    digest = str(entries[0]["digest"])
    if index or (index is None and len(entries) > 1):
        entries.append(entries[0] | {"platform": _ATTESTATION})
        whole = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries}
        digest = digest_of(encoded(whole))
        repository.manifests[digest] = whole
    if tag is not None:
        repository.tags[tag] = digest
    return digest


def rewritten(plane: DataPlane, name: str, tag: str, **changes: object) -> str:
    """Let a tag point to a changed manifest, under the digest that it then has; that digest."""
    repository = plane.repositories[name]
    manifest = repository.manifests[repository.tags[tag]] | changes
    repository.tags[tag] = digest_of(encoded(manifest))
    repository.manifests[repository.tags[tag]] = manifest
    return repository.tags[tag]


def wrap(plane: DataPlane, name: str, tag: str) -> str:
    """Let a tag point to an index of what it pointed to, which names no platform; the new digest."""
    repository = plane.repositories[name]
    inner = repository.tags[tag]
    manifest = repository.manifests[inner]
    entry = {"mediaType": manifest["mediaType"], "digest": inner, "size": len(encoded(manifest))}
    whole = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [entry]}
    repository.tags[tag] = digest_of(encoded(whole))
    repository.manifests[repository.tags[tag]] = whole
    return repository.tags[tag]


def push_artifact(
    plane: DataPlane, name: str, tag: str, config_type: str, *layer_types: str, config: Json | None = None
) -> str:
    """Push a manifest whose configuration and layers are of these types; its digest.

    ``config`` is the configuration; without it, an empty object as ORAS and Helm have it, or much the same.
    """
    repository = plane.repositories.setdefault(name, Repository())
    described = encoded(config or {})
    layers = [(each, _layer()) for each in layer_types]
    manifest: Json = {
        "schemaVersion": 2,
        "mediaType": f"{_OCI}.manifest.v1+json",
        "config": _descriptor(config_type, described),
        "layers": [_descriptor(*each) for each in layers],
    }
    repository.blobs |= {digest_of(content): content for content in (described, *(layer for _, layer in layers))}
    repository.tags[tag] = digest_of(encoded(manifest))
    repository.manifests[repository.tags[tag]] = manifest
    return repository.tags[tag]


def _platform(text: str) -> Json:
    named, _, version = text.partition(":")
    system, _, architecture = named.partition("/")
    return {"architecture": architecture, "os": system} | ({"os.version": version} if version else {})


def _manifest(platform: Json) -> tuple[Json, dict[str, bytes]]:
    layer = _layer()
    unpacked = digest_of(gzip.decompress(layer))
    config = encoded(platform | {"config": {}, "rootfs": {"type": "layers", "diff_ids": [unpacked]}})
    manifest: Json = {
        "schemaVersion": 2,
        "mediaType": f"{_OCI}.manifest.v1+json",
        "config": _descriptor(f"{_OCI}.config.v1+json", config),
        "layers": [_descriptor(f"{_OCI}.layer.v1.tar+gzip", layer)],
    }
    return manifest, {digest_of(content): content for content in (config, layer)}


def _descriptor(media_type: str, content: bytes) -> Json:
    return {"mediaType": media_type, "digest": digest_of(content), "size": len(content)}


def _layer() -> bytes:
    content = json.dumps({"made": str(uuid.uuid4())}).encode()
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        entry = tarfile.TarInfo("etc/made.json")
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    return gzip.compress(packed.getvalue(), mtime=0)
