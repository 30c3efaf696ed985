"""Check on what the registry holds under the image's name: an image, or something else?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ...catalogue import Outcome, check, unknown
from ...details import Details
from ...facts import Facts, ImageLookup, ImageManifest, Offered, Unreadable, known
from ...images.artifacts import Content, content_of
from ...images.manifests import taken
from ...model import Finding, Reach, SeenFrom, Severity
from ...quoting import printable
from ...repairs import Step
from ._hosts import hosts_of
from .content import Asked, manifests_read

_LONGEST = 120


@dataclass(frozen=True)
class Artifact(Details):
    """What is there in the place of an image."""

    holds: str
    """A clause: ``a Helm chart, ...``."""
    config_media_type: str
    artifact_type: str
    layer_media_types: tuple[str, ...]
    tag: str | None
    is_chart: bool


NOT_AN_IMAGE = Outcome(
    id="image.not-an-image",
    severity=Severity.ERROR,
    summary="The image {image} is none that a node can run: the registry holds {holds}.",
    url="https://learn.microsoft.com/azure/container-registry/container-registry-manage-artifact",
    seen_from=SeenFrom.REGISTRY,
    details=(Asked, Artifact),
    repairs=(
        Step(
            "Name the repository and tag of an image; this lists the newest tags here",
            "az acr repository show-tags --name {registry} --repository {repository} --orderby time_desc --top 20 "
            "--subscription {subscription} --output table",
        ),
        Step(
            "If the chart is meant, install it as oci://{login_server}/{repository}; the image is named in its values",
            when="is_chart",
        ),
    ),
    explains=("unsupported-manifest", "blob-download", "image-not-found", "other"),
)


@check(
    "image.artifact",
    needs=("images", "registry", "cluster", "kubernetes"),
    outcomes=(NOT_AN_IMAGE,),
    seen_from=SeenFrom.REGISTRY,
)
def the_registry_holds_an_image(facts: Facts) -> Iterator[Finding]:
    """The registry holds an image under the image's name, and no other artifact.

    Helm charts, signatures, attestations and whatever else is pushed with ORAS live in repositories like images. They
    have no root filesystem: containerd fails to unpack them ("mismatched image rootfs and manifest layers", "no
    processor for media-type"), or, in newer versions, pulls them and can start no container of them.

    Decided by the manifest that the nodes take: the media type of its configuration, the media types of its layers,
    and the number of layers that the configuration lists. As containerd 1.6.20, 1.7.24 and 2.1.9 do: a configuration
    of an unknown type is no objection where it lists the manifest's layers. WebAssembly is a warning, since nodes
    with a runtime for it run it.
    """
    for each in manifests_read(facts):
        if isinstance(each, Finding):
            yield each
        else:
            yield from _judged(facts, *each)


def _judged(facts: Facts, one: ImageLookup, offered: tuple[Offered, ...]) -> Iterator[Finding]:
    manifests = _taken(facts, one, offered)
    contents = [(each, content_of(each)) for each in manifests]
    for manifest, content in contents:
        if isinstance(content, Content) and not content.is_image:
            yield _found(facts, one, manifest, content)
            return
    unread = next((content for _, content in contents if isinstance(content, Unreadable)), None)
    if unread is None and one.is_index and isinstance(facts.kubernetes, Unreadable):
        unread = facts.kubernetes  # on which nodes pods wait, and so what they take
    if unread is not None:
        yield unknown(one.reference, unread, decisive=False)


def _taken(facts: Facts, one: ImageLookup, offered: tuple[Offered, ...]) -> list[ImageManifest]:
    """What nodes take, as far as it is there and was read; of an index, those that fit a node."""
    if not one.is_index:
        return [each.manifest for each in offered if isinstance(each.manifest, ImageManifest)]
    platforms = [host.platform for host in hosts_of(facts, one)[0]]
    first = [taken(offered, each)[:1] for each in platforms if not isinstance(each, Unreadable)]
    found = dict.fromkeys(each for fitting in first for each in fitting)
    return [each.manifest for each in found if isinstance(each.manifest, ImageManifest)]


def _found(facts: Facts, one: ImageLookup, manifest: ImageManifest, content: Content) -> Finding:
    layers = () if isinstance(manifest.layers, Unreadable) else manifest.layers
    artifact = Artifact(
        holds=printable(content.words),
        config_media_type=printable(manifest.config_type[:_LONGEST]),
        artifact_type=printable(manifest.artifact_type[:_LONGEST]),
        layer_media_types=tuple(sorted({printable(each.media_type[:_LONGEST]) for each in layers})),
        tag=one.tag,
        is_chart=content.is_chart,
    )
    return NOT_AN_IMAGE.at(
        one.reference,
        Asked.of(one, known(facts.registry)),
        artifact,
        reach=Reach(images=frozenset({one.reference})),
        severity=Severity.WARNING if content.is_wasm else None,
    )
