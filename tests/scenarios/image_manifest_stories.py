"""What the registry really holds under an image's name: an index with holes, or no image at all."""

from __future__ import annotations

from tests.azure.state import Cloud

from .stories import story

HOST = "contosoreg.azurecr.io"
WEB = f"{HOST}/shop/web:v1"
ARM_IMAGE = "AKSUbuntu-2204gen2arm64containerd-202610.01.0"
ARM_NODE = "aks-arm-24670612-vmss000000"
CHART = ("application/vnd.cncf.helm.config.v1+json", "application/vnd.cncf.helm.chart.content.v1.tar+gzip")
LIST_TAGS = "az acr repository show-tags --name contosoreg --repository "
BUILD = f"docker buildx build --platform linux/amd64,linux/arm64 --tag {WEB} --push ."


def _wanted(image: str, why: str) -> str:
    return f'Failed to pull image "{image}": failed to pull and unpack image "{image}": {why}'


def _gone(cloud: Cloud, *platforms: str) -> str:
    """Purge these; what containerd says of the first."""
    there = cloud.data_plane().repositories["shop/web"]
    rows = there.manifests[there.tags["v1"]]["manifests"]
    digest = next(row["digest"] for row in rows if f"linux/{row['platform']['architecture']}" == platforms[0])
    cloud.purge("shop/web", "v1", *platforms)
    content = f"https://{HOST}/v2/shop/web/manifests/{digest}"
    return _wanted(WEB, f"failed to copy: httpReadSeeker: failed open: content at {content} not found: not found")


# --- an index with holes ---------------------------------------------------------------


@story(
    verdict="broken",
    root_causes=("image.manifest-missing",),
    symptoms=("image-not-found",),
    evidence={
        "image.manifest-missing": {
            "nodePlatforms": ["linux/amd64"],
            "pools": ["pool1"],
            "remainingPlatforms": ["linux/arm64"],
            "pods": ["shop/web-5d4f8c9b7-x2x9z"],
        }
    },
    commands=(BUILD,),
)
def platform_manifest_purged(cloud: Cloud) -> None:
    """A purge of untagged manifests took the one for the nodes' platform; tag and index are there."""
    cloud.grant()
    cloud.node()
    cloud.image("shop/web", "v1", "linux/amd64", "linux/arm64")
    cloud.failing_pod(WEB, _gone(cloud, "linux/amd64"), namespace="shop")


@story(
    verdict="broken",
    arguments=("--image", WEB),
    root_causes=("image.manifest-missing",),
    evidence={"image.manifest-missing": {"nodePlatforms": ["linux/amd64"], "pods": []}},
    commands=(BUILD,),
)
def platform_manifest_purged_before_any_pod(cloud: Cloud) -> None:
    """A purge took the manifest of the nodes' platform from an image that is to be deployed."""
    cloud.grant()
    cloud.image("shop/web", "v1", "linux/amd64", "linux/arm64")
    cloud.purge("shop/web", "v1", "linux/amd64")


@story(verdict="healthy", arguments=("--image", WEB))
def platform_manifest_purged_of_no_node(cloud: Cloud) -> None:
    """A purge took the manifest of a platform that no node of the cluster has."""
    cloud.grant()
    cloud.image("shop/web", "v1", "linux/amd64", "linux/arm64")
    cloud.purge("shop/web", "v1", "linux/arm64")


@story(
    verdict="broken",
    root_causes=("image.manifest-missing",),
    symptoms=("image-not-found",),
    evidence={"image.manifest-missing": {"nodePlatforms": ["linux/arm64"], "pools": ["arm"], "nodes": [ARM_NODE]}},
)
def platform_manifest_purged_of_one_pool(cloud: Cloud) -> None:
    """The manifest for arm64 is gone, so that pods fail on the arm pool and run on the other."""
    cloud.grant()
    cloud.add_pool("arm", nodeImageVersion=ARM_IMAGE)
    cloud.node()
    cloud.node(ARM_NODE, "arm", **{"kubernetes.io/arch": "arm64", "beta.kubernetes.io/arch": "arm64"})
    cloud.image("shop/web", "v1", "linux/amd64", "linux/arm64")
    cloud.failing_pod(WEB, _gone(cloud, "linux/arm64"), namespace="shop", node=ARM_NODE)


@story(
    verdict="broken",
    arguments=("--image", WEB),
    root_causes=("image.manifest-missing",),
    evidence={"image.manifest-missing": {"nodePlatforms": ["linux/amd64"], "remainingPlatforms": ["linux/arm64"]}},
)
def platform_manifest_purged_within_an_index(cloud: Cloud) -> None:
    """The tag is an index of an index, and what is gone is named by the inner one."""
    cloud.grant()
    cloud.image("shop/web", "v1", "linux/amd64", "linux/arm64")
    cloud.purge("shop/web", "v1", "linux/amd64")
    cloud.wrap("shop/web", "v1")


@story(
    verdict="broken",
    arguments=("--image", WEB),
    root_causes=("image.manifest-missing",),
    evidence={"image.manifest-missing": {"remainingPlatforms": []}},
)
def index_within_an_index_purged(cloud: Cloud) -> None:
    """The tag is an index of an index, and the inner one is gone with all that it named."""
    cloud.grant()
    inner = cloud.image("shop/web", "v1", "linux/amd64", "linux/arm64")
    cloud.wrap("shop/web", "v1")
    del cloud.data_plane().repositories["shop/web"].manifests[inner]


@story(verdict="inconclusive", arguments=("--image", WEB), unknowns={"image.manifest": None})
def platform_manifest_unread(cloud: Cloud) -> None:
    """The registry throttles this machine just when it asks for the manifest of the nodes' platform."""
    cloud.grant()
    cloud.image("shop/web", "v1", "linux/amd64", "linux/arm64")
    there = cloud.data_plane().repositories["shop/web"]
    cloud.fault(there.manifests[there.tags["v1"]]["manifests"][0]["digest"], "429")


# --- no image --------------------------------------------------------------------------


@story(
    verdict="broken",
    root_causes=("image.not-an-image",),
    symptoms=("unsupported-manifest",),
    evidence={"image.not-an-image": {"isChart": True, "configMediaType": CHART[0]}},
    commands=(LIST_TAGS + "shop/web",),
)
def chart_named_as_an_image(cloud: Cloud) -> None:
    """The tag holds a Helm chart."""
    cloud.grant()
    cloud.node()
    cloud.artifact("shop/web", "v1", *CHART)
    why = "failed to unpack image on snapshotter overlayfs: mismatched image rootfs and manifest layers"
    cloud.failing_pod(WEB, _wanted(WEB, why), namespace="shop")


@story(
    verdict="broken",
    arguments=("--image", f"{HOST}/charts/web:1.2.0"),
    root_causes=("image.not-an-image",),
    evidence={"image.not-an-image": {"isChart": True}},
)
def chart_named_before_any_pod(cloud: Cloud) -> None:
    """An image that is to be deployed is a Helm chart."""
    cloud.grant()
    cloud.artifact("charts/web", "1.2.0", *CHART)


@story(
    verdict="broken",
    root_causes=("image.not-an-image",),
    symptoms=("other",),
    evidence={"image.not-an-image": {"isChart": False}},
)
def signature_named_as_an_image(cloud: Cloud) -> None:
    """The tag is that of an image's cosign signature, which calls its configuration that of an image."""
    cloud.grant()
    cloud.node()
    kind = "application/vnd.dev.cosign.simplesigning.v1+json"
    cloud.artifact("shop/web", "v1", "application/vnd.oci.image.config.v1+json", kind)
    layer = f"failed to extract layer sha256:{'4' * 64}: failed to get stream processor for {kind}"
    why = f"failed to unpack image on snapshotter overlayfs: {layer}: no processor for media-type: unknown"
    cloud.failing_pod(WEB, _wanted(WEB, why), namespace="shop")


@story(
    verdict="broken",
    arguments=("--image", WEB),
    root_causes=("image.not-an-image",),
    evidence={"image.not-an-image": {"layerMediaTypes": ["application/vnd.oci.image.layer.v1.tar"]}},
)
def file_pushed_with_oras(cloud: Cloud) -> None:
    """Files were pushed with ORAS, with a layer type of images and an empty configuration."""
    cloud.grant()
    cloud.artifact("shop/web", "v1", "application/vnd.unknown.config.v1+json", "application/vnd.oci.image.layer.v1.tar")


@story(
    verdict="at-risk",
    arguments=("--image", WEB),
    other_outcomes=("image.not-an-image",),
    evidence={"image.not-an-image": {"configMediaType": "application/vnd.wasm.config.v0+json"}},
)
def webassembly(cloud: Cloud) -> None:
    """The tag holds a WebAssembly module, which nodes with a runtime for it run."""
    cloud.grant()
    cloud.artifact("shop/web", "v1", "application/vnd.wasm.config.v0+json", "application/wasm")


@story(verdict="healthy", arguments=("--image", WEB))
def image_of_an_old_builder(cloud: Cloud) -> None:
    """The configuration has a type of its own, and lists the layers as that of an image does."""
    cloud.grant()
    layers = {"rootfs": {"type": "layers", "diff_ids": [f"sha256:{'4' * 64}"]}, "os": "linux", "architecture": "amd64"}
    cloud.artifact(
        "shop/web",
        "v1",
        "application/octet-stream",
        "application/vnd.docker.image.rootfs.diff.tar.gzip",
        config=layers,
    )
