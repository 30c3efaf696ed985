"""Predicates of faults of images, and of the kubelets and applications that are to pull them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import kubelet
from .broken import fault
from .changes_access import ago, iso

if TYPE_CHECKING:
    from .state import Cloud
    from .store import Json


@fault(
    *(
        f"image.{each}"
        for each in (
            *("invalid-reference", "login-server-typo", "login-server-mismatch", "regional-host-unsupported"),
            *("registry-left-out", "host-without-credential", "repository-not-found", "tag-not-found"),
            *("digest-not-found", "manifest-missing", "platform-mismatch", "not-an-image"),
        )
    )
)
def an_image_is_not_served(cloud: Cloud) -> bool:
    """A pod waits for an image that no registry here has for its node."""
    return not all(
        kubelet.is_served(cloud, pod, image)
        for pod in kubelet.waiting(cloud)
        for image in kubelet.images_of(pod, missing=True)
    )


@fault("image.read-locked")
def something_is_locked(cloud: Cloud) -> bool:
    """A repository, or a part of one, is locked against reading."""
    return any(each.locked for plane in cloud.data_planes.values() for each in plane.repositories.values())


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
    """The directory has no service principal for the cluster's application, or no application behind it."""
    principal = _of_cluster(cloud, cloud.service_principals)
    if principal is None or principal["appOwnerOrganizationId"] != cloud.tenant:
        return principal is None
    return _of_cluster(cloud, cloud.applications) is None


@fault("identity.service-principal-disabled")
def principal_is_disabled(cloud: Cloud) -> bool:
    """The service principal of the cluster may not sign in."""
    principal = _of_cluster(cloud, cloud.service_principals)
    return principal is None or not principal["accountEnabled"]


@fault("identity.service-principal-secret-expired")
def no_secret_holds(cloud: Cloud) -> bool:
    """Every client secret of the cluster's application has ended."""
    return all(end < iso(ago()) for end in _ends(cloud))


@fault("identity.service-principal-secret-expiring")
def no_secret_holds_for_long(cloud: Cloud) -> bool:
    """No client secret of the cluster's application holds for another month."""
    return all(end < iso(ago(days=-30)) for end in _ends(cloud))


def _ends(cloud: Cloud) -> list[str]:
    holders = (_of_cluster(cloud, cloud.service_principals), _of_cluster(cloud, cloud.applications))
    return [str(each["endDateTime"]) for holder in holders if holder for each in holder["passwordCredentials"]]


def _of_cluster(cloud: Cloud, objects: list[Json]) -> Json | None:
    app_id = cloud.cluster["properties"].get("servicePrincipalProfile", {}).get("clientId")
    return next((each for each in objects if each["appId"] == app_id), None)
