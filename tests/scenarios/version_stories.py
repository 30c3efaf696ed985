"""Api-versions that a cloud, a region or a year does not have."""

from __future__ import annotations

from tests import build
from tests.azure.state import Cloud

from .identity_stories import OWN_IDENTITY_ID
from .stories import story

CLUSTERS = "microsoft.containerservice/managedclusters"
REGISTRIES = "microsoft.containerregistry/registries"
STABLE = ("2025-10-01", "2026-01-01", "2026-06-01")
LEFT_OUT = {"identity.service-account-pull": None}


@story(verdict="healthy")
def preview_version_replaced(cloud: Cloud) -> None:
    """The preview version that is asked for is no more, and others are listed."""
    cloud.grant()
    cloud.versions[CLUSTERS] = (*STABLE, "2026-02-02-preview", "2026-05-02-preview")
    cloud.versions[REGISTRIES] = ("2025-11-01", "2026-03-01-preview")


@story(verdict="at-risk", other_outcomes=("identity.service-account-pull",))
def service_account_pull_in_another_preview(cloud: Cloud) -> None:
    """Pods pull by service account, which another preview version than the one that is asked for shows."""
    cloud.grant()
    cloud.versions[CLUSTERS] = (*STABLE, "2026-05-02-preview")
    cloud.cluster["properties"].setdefault("securityProfile", {})["serviceAccountImagePullProfile"] = {
        "enabled": True,
        "defaultManagedIdentityId": OWN_IDENTITY_ID,
    }


@story(verdict="healthy", unknowns=LEFT_OUT)
def no_preview_version(cloud: Cloud) -> None:
    """The cloud has no preview versions at all, and nothing is wrong."""
    cloud.grant()
    cloud.versions[CLUSTERS] = STABLE
    cloud.versions[REGISTRIES] = ("2025-11-01",)


@story(verdict="healthy", unknowns=LEFT_OUT)
def older_versions_only(cloud: Cloud) -> None:
    """A cloud that lags has no stable version of this year, and a preview that does not know service-account pull."""
    cloud.grant()
    cloud.versions[CLUSTERS] = ("2025-05-01", "2025-09-01", "2025-09-02-preview")
    cloud.versions[REGISTRIES] = ("2025-04-01", "2025-11-01")
    cloud.version_refusal = "InvalidApiVersionParameter"


@story(verdict="healthy", unknowns=LEFT_OUT)
def resource_type_without_preview(cloud: Cloud) -> None:
    """The cluster's type is not found in the preview version, with a 404: the cluster is there."""
    cloud.grant()
    cloud.versions[CLUSTERS] = STABLE
    cloud.versions[REGISTRIES] = ("2025-11-01",)
    cloud.version_refusal = "InvalidResourceType"


@story(verdict="healthy", unknowns=LEFT_OUT)
def preview_version_of_other_regions(cloud: Cloud) -> None:
    """What the refusal lists, the cluster's region does not have (yet, or just now)."""
    cloud.grant()
    cloud.versions[CLUSTERS] = STABLE
    cloud.versions[REGISTRIES] = ("2025-11-01",)
    cloud.versions_elsewhere = ("2026-05-02-preview", "2026-08-02-preview", "2026-09-01-preview")


@story(verdict="inconclusive", unknowns={**LEFT_OUT, "access.pull-role": None})
def no_preview_version_and_no_role(cloud: Cloud) -> None:
    """The kubelet identity has no role, and whether pods pull as it, or by service account, cannot be read."""
    cloud.versions[CLUSTERS] = STABLE


@story(
    verdict="broken",
    root_causes=("access.pull-role-missing",),
    symptoms=("unauthorized-401",),
    unknowns=LEFT_OUT,
    evidence={"access.pull-role-missing": {"principal": build.KUBELET_OBJECT_ID}},
)
def no_preview_version_and_pods_unauthorized(cloud: Cloud) -> None:
    """As before, and pods report 401, just as a missing role makes them."""
    cloud.versions[CLUSTERS] = STABLE
    cloud.node()
    cloud.failing_pod()
