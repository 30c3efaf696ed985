"""Identities that were left in another directory: roles do not help them, whatever else the cloud shows."""

from __future__ import annotations

from tests import build
from tests.azure import secrets as make
from tests.azure.state import Cloud

from .access_stories import OTHER_SUBSCRIPTION, OTHER_TENANT
from .secret_stories import NO_ROLE, TOKEN_PASSWORD
from .stories import story

CROSS_TENANT = ("access.cross-tenant",)


@story(
    verdict="broken",
    root_causes=CROSS_TENANT,
    other_outcomes=NO_ROLE,
    symptoms=("unauthorized-401",),
    evidence={"access.cross-tenant": {"identityTenant": OTHER_TENANT, "subscriptionMoved": True}},
)
def pods_fail_since_the_subscription_was_moved(cloud: Cloud) -> None:
    """The subscription was moved to another directory, roles are gone, and pods report 401."""
    cloud.node()
    cloud.failing_pod()
    cloud.moved_out_of(OTHER_TENANT)


@story(
    verdict="broken",
    root_causes=CROSS_TENANT,
    other_outcomes=("access.pull-role-on-other-principal",),
    evidence={"access.cross-tenant": {"subscriptionMoved": True}},
)
def role_for_the_control_plane_after_the_move(cloud: Cloud) -> None:
    """After the subscription was moved somebody gave the control plane a role, which is no repair either."""
    cloud.moved_out_of(OTHER_TENANT)
    cloud.grant(build.CONTROL_PLANE_OBJECT_ID)


@story(
    verdict="broken",
    root_causes=CROSS_TENANT,
    other_outcomes=NO_ROLE,
    symptoms=("unauthorized-401",),
    evidence={"access.cross-tenant": {"identityTenant": OTHER_TENANT, "subscriptionMoved": False}},
)
def kubelet_identity_of_another_directory(cloud: Cloud) -> None:
    """The cluster was given a kubelet identity of another subscription, which belongs to another directory."""
    cloud.node()
    cloud.failing_pod()
    cloud.kubelet_identity_in(OTHER_SUBSCRIPTION, OTHER_TENANT)


@story(verdict="at-risk", other_outcomes=(*CROSS_TENANT, *NO_ROLE))
def subscription_moved_and_everything_pulls_with_secrets(cloud: Cloud) -> None:
    """The identity was left in another directory, and nobody needs it: every pod pulls with a secret."""
    cloud.node()
    cloud.moved_out_of(OTHER_TENANT)
    make.registry_token(cloud)
    make.pull_secret(cloud, "pull-app", TOKEN_PASSWORD)
    make.pulled(cloud, make.running_pod(cloud))


@story(
    verdict="broken",
    root_causes=(*CROSS_TENANT, "pull-secret.token-disabled"),
    other_outcomes=("pull-secret.credential-refused", *NO_ROLE),
    symptoms=("unauthorized-401",),
)
def bad_secret_since_the_subscription_was_moved(cloud: Cloud) -> None:
    """The identity was left in another directory, and the token in the secret that pods bring is disabled."""
    cloud.node()
    cloud.moved_out_of(OTHER_TENANT)
    make.registry_token(cloud, status="disabled")
    make.failing_pod(cloud)
    make.pull_secret(cloud, "pull-app", TOKEN_PASSWORD)
