"""Predicates of faults of images, and of the kubelets and applications that are to pull them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import kubelet
from .broken import fault
from .broken_secrets import a_pod_gets_nothing

if TYPE_CHECKING:
    from .state import Cloud
    from .store import Json

fault(
    *(
        f"image.{each}"
        for each in (
            *("invalid-reference", "login-server-typo", "login-server-mismatch", "regional-host-unsupported"),
            *("registry-left-out", "host-without-credential", "repository-not-found", "tag-not-found"),
            *("digest-not-found", "manifest-missing", "platform-mismatch", "not-an-image"),
        )
    )
)(a_pod_gets_nothing)


@fault("image.read-locked")
def something_is_locked(cloud: Cloud) -> bool:
    """A repository, or a part of one, is locked against reading."""
    return any(each.locked for plane in cloud.data_planes.values() for each in plane.repositories.values())


@fault("image.quarantined")
def something_is_quarantined(cloud: Cloud) -> bool:
    """A manifest waits for its scanner."""
    return any(each.quarantined for plane in cloud.data_planes.values() for each in plane.repositories.values())


@fault("kubelet.pull-qps-exceeded")
def pods_pull_at_every_start(cloud: Cloud) -> bool:
    """A pod that waits would pull again what its node has."""
    return any(
        each.get("imagePullPolicy") == "Always"
        for pod in kubelet.waiting(cloud)
        for member in ("containers", "initContainers")
        for each in pod["spec"].get(member, ())
    )


@fault("identity.service-principal-not-found")
def has_no_principal(cloud: Cloud) -> bool:
    """The directory has no service principal for the cluster's application."""
    return _principal(cloud) is None


@fault("identity.service-principal-disabled")
def principal_is_disabled(cloud: Cloud) -> bool:
    """The service principal of the cluster may not sign in."""
    principal = _principal(cloud)
    return principal is None or not principal["accountEnabled"]


def _principal(cloud: Cloud) -> Json | None:
    app_id = cloud.cluster["properties"].get("servicePrincipalProfile", {}).get("clientId")
    return next((each for each in cloud.service_principals if each["appId"] == app_id), None)
