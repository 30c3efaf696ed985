"""Images that a preflight names with ``--image``: in the registry, or not."""

from __future__ import annotations

from unittest.mock import ANY

from tests.azure.state import Cloud

from .stories import story

HOST = "contosoreg.azurecr.io"
MISSING_DIGEST = "sha256:" + "5e" * 32
WINDOWS_2022 = "AKSWindows-2022-containerd-20348.3091.260210"


def _image(path: str, host: str = HOST) -> tuple[str, str]:
    return ("--image", f"{host}/{path}")


# --- what is well ----------------------------------------------------------------------


@story(verdict="healthy", arguments=_image("shop/web:1.0"))
def image_exists_and_fits(cloud: Cloud) -> None:
    """The image is there, and for the platform of the nodes."""
    cloud.grant()
    cloud.image("shop/web")


@story(verdict="healthy", arguments=_image("shop/web:1.0"))
def image_is_an_index(cloud: Cloud) -> None:
    """The image is for several platforms, one of which is the nodes'."""
    cloud.grant()
    cloud.image("shop/web", "1.0", "linux/amd64", "linux/arm64", "windows/amd64:10.0.17763.6414")


@story(verdict="healthy", arguments=_image("shop/web:1.0"))
def image_for_one_of_two_pools(cloud: Cloud) -> None:
    """The image is for arm64 only, and one of two pools is."""
    cloud.grant()
    cloud.add_pool("arm", nodeImageVersion="AKSUbuntu-2204gen2arm64containerd-202610.01.0")
    cloud.image("shop/web", "1.0", "linux/arm64")


# --- what is not there -----------------------------------------------------------------


@story(
    verdict="broken",
    arguments=_image("shop/wbe:1.0"),
    root_causes=("image.repository-not-found",),
    evidence={"image.repository-not-found": {"repository": "shop/wbe", "nearMisses": ["shop/web"]}},
    commands=("az acr repository list --name contosoreg", "docker push contosoreg.azurecr.io/shop/wbe:1.0"),
)
def image_repository_misspelt(cloud: Cloud) -> None:
    """The repository is misspelt."""
    cloud.grant()
    cloud.image("shop/web")


@story(
    verdict="broken",
    arguments=_image("shop/web:1.0.1"),
    root_causes=("image.tag-not-found",),
    evidence={"image.tag-not-found": {"tag": "1.0.1", "nearMisses": ["1.0.0", "v1.0.0"]}},
    commands=(
        "az acr repository show-tags --name contosoreg --repository shop/web",
        "az acr import --name contosoreg --source contosoreg.azurecr.io/shop/web:1.0.0 --image shop/web:1.0.1",
        "docker push contosoreg.azurecr.io/shop/web:1.0.1",
    ),
)
def image_tag_missing(cloud: Cloud) -> None:
    """The tag was never pushed; others look alike."""
    cloud.grant()
    for tag in ("1.0.0", "v1.0.0", "stable"):
        cloud.image("shop/web", tag)


@story(
    verdict="broken",
    arguments=_image(f"shop/web:1.0@{MISSING_DIGEST}"),
    root_causes=("image.digest-not-found",),
    evidence={"image.digest-not-found": {"digest": MISSING_DIGEST, "untaggedDeletedAfterDays": 7}},
    commands=("az acr manifest list-metadata --registry contosoreg --name shop/web",),
)
def image_digest_missing(cloud: Cloud) -> None:
    """The digest is gone, in a registry that deletes untagged manifests."""
    cloud.grant()
    cloud.image("shop/web")
    cloud.registry["properties"]["policies"]["retentionPolicy"] |= {"status": "enabled", "days": 7}


@story(
    verdict="inconclusive",
    arguments=_image("hub/nginx:1.27"),
    unknowns={"image.existence": None},
)
def image_cached_on_first_pull(cloud: Cloud) -> None:
    """The image is not in the registry yet, and a cache rule would fetch it."""
    cloud.grant()
    cloud.cache_rule("hub", "docker.io/library/*", "hub/*")


# --- what may not be read --------------------------------------------------------------


@story(
    verdict="broken",
    arguments=_image("shop/web:1.0"),
    root_causes=("image.read-locked",),
    evidence={"image.read-locked": {"part": "tag"}},
    commands=("az acr repository update --name contosoreg --image shop/web:1.0 --read-enabled true",),
)
def image_tag_locked(cloud: Cloud) -> None:
    """The tag is locked against reading."""
    cloud.grant()
    cloud.image("shop/web")
    cloud.lock("shop/web", "1.0")


@story(
    verdict="broken",
    arguments=_image("shop/web:1.0"),
    root_causes=("image.read-locked",),
    evidence={"image.read-locked": {"part": "repository"}},
    commands=("az acr repository update --name contosoreg --repository shop/web --read-enabled true",),
)
def image_repository_locked(cloud: Cloud) -> None:
    """The repository is locked against reading."""
    cloud.grant()
    cloud.image("shop/web")
    cloud.lock("shop/web")


@story(
    verdict="broken",
    arguments=_image("shop/web:1.0"),
    root_causes=("image.quarantined",),
    evidence={"image.quarantined": {"quarantinePolicy": "enabled"}},
)
def image_quarantined(cloud: Cloud) -> None:
    """The registry quarantines new images, and no scanner has passed this one."""
    cloud.grant()
    cloud.image("shop/web")
    cloud.quarantine("shop/web", "1.0")


# --- what the nodes cannot run ---------------------------------------------------------


@story(
    verdict="broken",
    arguments=_image("shop/web:1.0"),
    root_causes=("image.platform-mismatch",),
    evidence={
        "image.platform-mismatch": {
            "imagePlatforms": ["linux/arm64"],
            "nodePlatforms": ["linux/amd64"],
            "poolsUnable": ["pool1"],
            "poolsAble": [],
        }
    },
    commands=(
        "docker buildx build --platform linux/amd64,linux/arm64 --tag contosoreg.azurecr.io/shop/web:1.0 --push",
    ),
)
def image_for_another_architecture(cloud: Cloud) -> None:
    """The image is for arm64 only, and every pool is amd64."""
    cloud.grant()
    cloud.image("shop/web", "1.0", "linux/arm64", index=True)


@story(
    verdict="at-risk",
    arguments=_image("shop/web:1.0"),
    other_outcomes=("image.platform-mismatch",),
    evidence={"image.platform-mismatch": {"imagePlatforms": ["linux/arm64"], "nodePlatforms": ["linux/amd64"]}},
)
def image_alone_for_another_architecture(cloud: Cloud) -> None:
    """The image is a lone manifest for arm64: nodes pull it, and its container cannot start."""
    cloud.grant()
    cloud.image("shop/web", "1.0", "linux/arm64")


@story(
    verdict="broken",
    arguments=_image("shop/iis:1.0"),
    root_causes=("image.platform-mismatch",),
    evidence={
        "image.platform-mismatch": {
            "imagePlatforms": ["windows/amd64 (Windows 10.0.17763.6414)"],
            "nodePlatforms": ["linux/amd64", "windows/amd64 (Windows build 20348)"],
            "poolsUnable": ["pool1", "win"],
        }
    },
    commands=("az acr build --registry contosoreg --image shop/iis:1.0 --platform windows",),
)
def image_for_another_windows_build(cloud: Cloud) -> None:
    """The image is for Windows Server 2019, and the Windows pool runs 2022."""
    cloud.grant()
    cloud.add_pool("win", osType="Windows", osSKU="Windows2022", nodeImageVersion=WINDOWS_2022)
    cloud.image("shop/iis", "1.0", "windows/amd64:10.0.17763.6414", index=True)


# --- names -----------------------------------------------------------------------------


@story(
    verdict="broken",
    arguments=_image("team/app:1.2", "contosoreg.privatelink.azurecr.io"),
    root_causes=("image.login-server-typo",),
    commands=("az acr repository show --name contosoreg --image team/app:1.2",),
)
def image_host_of_private_link(cloud: Cloud) -> None:
    """The host is the name that private link resolves, which no certificate covers."""
    cloud.grant()


@story(
    verdict="broken",
    arguments=("--image", "///:::"),
    root_causes=("image.invalid-reference",),
    evidence={"image.invalid-reference": {"image": "///:::"}},
)
def image_reference_hostile(cloud: Cloud) -> None:
    """The image is no reference at all."""
    cloud.grant()


# --- what cannot be told ---------------------------------------------------------------

_UNREAD = tuple(
    f"image.{each}" for each in ("artifact", "existence", "manifest", "platform", "quarantine", "read-lock")
)


@story(
    verdict="inconclusive",
    arguments=_image("team/app:1.2"),
    other_outcomes=("registry.unhealthy",),
    unknowns=dict.fromkeys(_UNREAD, "network access from this machine (203.0.113.40) to contosoreg.azurecr.io"),
)
def image_behind_a_firewall(cloud: Cloud) -> None:
    """The registry refuses this machine, so nobody knows of the image."""
    cloud.grant()
    cloud.refuse_this_machine()


@story(
    verdict="inconclusive",
    arguments=_image("team/app:1.2"),
    other_outcomes=("registry.unhealthy",),
    unknowns=dict.fromkeys(_UNREAD, ANY),
)
def image_not_for_this_login(cloud: Cloud) -> None:
    """The login has no role on the registry, so nobody knows of the image."""
    cloud.grant()
    cloud.refuse_exchange()
