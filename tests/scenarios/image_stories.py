"""Does the image reference name the registry?"""

from __future__ import annotations

from tests.azure.state import Cloud

from .stories import story

HOST = "contosoreg.azurecr.io"


@story(verdict="healthy", arguments=("--image", f"{HOST}/team/app:1.2"))
def image(cloud: Cloud) -> None:
    """The image names the registry's login server."""
    cloud.grant()


@story(
    verdict="broken",
    root_causes=("image.invalid-reference",),
    evidence={"image.invalid-reference": {"image": f"{HOST}/Team/App:1.2"}},
    arguments=("--image", f"{HOST}/Team/App:1.2"),
)
def image_invalid_reference(cloud: Cloud) -> None:
    """The image reference has capitals in its repository."""
    cloud.grant()


@story(
    verdict="broken",
    root_causes=("image.login-server-typo",),
    evidence={"image.login-server-typo": {"host": "contosoreg.azureacr.io", "suggestion": f"{HOST}/team/app:1.2"}},
    arguments=("--image", "contosoreg.azureacr.io/team/app:1.2"),
)
def image_login_server_typo(cloud: Cloud) -> None:
    """The image's host is misspelt."""
    cloud.grant()


@story(
    verdict="broken",
    root_causes=("image.login-server-mismatch",),
    evidence={"image.login-server-mismatch": {"host": HOST, "loginServer": "contosoreg-h2bqfzdzd4g6c8a5.azurecr.io"}},
    arguments=("--image", f"{HOST}/team/app:1.2"),
)
def image_login_server_mismatch(cloud: Cloud) -> None:
    """The image's host lacks the domain name label that the login server carries."""
    cloud.registry["properties"]["loginServer"] = "contosoreg-h2bqfzdzd4g6c8a5.azurecr.io"
    cloud.grant()


@story(
    verdict="broken",
    root_causes=("image.regional-host-unsupported",),
    evidence={"image.regional-host-unsupported": {"pool": "old", "host": "contosoreg.westeurope.geo.azurecr.io"}},
    arguments=("--image", "contosoreg.westeurope.geo.azurecr.io/team/app:1.2"),
)
def image_regional_host_unsupported(cloud: Cloud) -> None:
    """The image names a regional host, for which one node pool's kubelet offers no credential."""
    cloud.grant()
    cloud.add_pool("old", nodeImageVersion="AKSUbuntu-2204gen2containerd-202602.05.0")
