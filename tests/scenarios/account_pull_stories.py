"""Clusters whose pods pull as the identities of their service accounts (preview)."""

from __future__ import annotations

from tests.azure.changes_accounts import ACCOUNT_IDENTITY_ID
from tests.azure.state import Cloud
from tests.build import ACCOUNT_CLIENT_ID, ACCOUNT_OBJECT_ID

from .identity_stories import BY_PULLER
from .stories import story

IN_CLUSTER = "get serviceaccounts in namespace web (Kubernetes RBAC, or Azure Kubernetes Service RBAC Reader)"
WARNING = "identity.service-account-pull"
MISSING = "contosoreg.azurecr.io/team/app:9.9"
NO_TAG = f'Failed to pull image "{MISSING}": failed to resolve reference "{MISSING}": {MISSING}: not found'


@story(verdict="at-risk", other_outcomes=(WARNING,))
def account_pull(cloud: Cloud) -> None:
    """The identities of service accounts pull, and the kubelet identity has no role and no need of one."""
    cloud.pull_by_account()
    cloud.bind_identity()
    cloud.grant(ACCOUNT_OBJECT_ID)
    cloud.node()


@story(
    verdict="broken",
    root_causes=("image.tag-not-found",),
    other_outcomes=(WARNING,),
    symptoms=("image-not-found",),
)
def account_pull_with_a_role(cloud: Cloud) -> None:
    """The identity of the pod's service account may pull, and the tag is not there."""
    cloud.pull_by_account()
    cloud.bind_identity()
    cloud.grant(ACCOUNT_OBJECT_ID)
    cloud.service_account()
    cloud.node()
    cloud.failing_pod(MISSING, NO_TAG)


@story(
    verdict="broken",
    root_causes=("access.pull-role-missing",),
    other_outcomes=(WARNING,),
    symptoms=("unauthorized-401",),
    evidence={"access.pull-role-missing": {"principal": ACCOUNT_OBJECT_ID, "principalName": "web-puller"}},
    commands=(f"az role assignment create --assignee-object-id {ACCOUNT_OBJECT_ID} ",),
)
def account_pull_without_a_role(cloud: Cloud) -> None:
    """The identity of the pod's service account has no role."""
    cloud.pull_by_account()
    cloud.bind_identity()
    cloud.service_account()
    cloud.node()
    cloud.failing_pod()


@story(
    verdict="broken",
    root_causes=("access.pull-role-on-other-principal",),
    other_outcomes=(WARNING,),
    symptoms=("unauthorized-401",),
    evidence={"access.pull-role-on-other-principal": {"principal": ACCOUNT_OBJECT_ID}},
)
def account_pull_by_the_default_identity(cloud: Cloud) -> None:
    """The service account names no identity, and the role of the default one was given to the kubelet identity."""
    cloud.pull_by_account(ACCOUNT_IDENTITY_ID)
    cloud.bind_identity()
    cloud.grant()
    cloud.service_account(None)
    cloud.node()
    cloud.failing_pod()


@story(
    verdict="broken",
    root_causes=(WARNING,),
    symptoms=("unauthorized-401",),
    evidence={WARNING: {"podsWithout": ["web/web-5d4f8c9b7-x2x9z"], "unbound": []}},
)
def account_pull_as_nobody(cloud: Cloud) -> None:
    """The service account names no identity, and the cluster has no default one."""
    cloud.pull_by_account()
    cloud.bind_identity()
    cloud.grant(ACCOUNT_OBJECT_ID)
    cloud.service_account(None)
    cloud.node()
    cloud.failing_pod()


@story(
    verdict="broken",
    root_causes=(WARNING,),
    symptoms=("unauthorized-401",),
    evidence={WARNING: {"podsWithout": [], "unbound": [ACCOUNT_CLIENT_ID]}},
)
def account_pull_without_a_binding(cloud: Cloud) -> None:
    """The identity of the pod's service account has a role, and no identity binding of the cluster."""
    cloud.pull_by_account()
    cloud.grant(ACCOUNT_OBJECT_ID)
    cloud.service_account()
    cloud.node()
    cloud.failing_pod()


@story(
    verdict="inconclusive",
    other_outcomes=(WARNING,),
    symptoms=("unauthorized-401",),
    unknowns=dict.fromkeys(BY_PULLER, "Microsoft.ContainerService/managedClusters/identityBindings/read"),
)
def account_pull_with_unseen_bindings(cloud: Cloud) -> None:
    """The caller may not read the identity bindings of the cluster."""
    cloud.pull_by_account()
    cloud.bind_identity()
    cloud.service_account()
    cloud.node()
    cloud.failing_pod()
    cloud.forbid("Microsoft.ContainerService/managedClusters/identityBindings/read")


@story(
    verdict="inconclusive",
    other_outcomes=(WARNING,),
    symptoms=("unauthorized-401",),
    unknowns=dict.fromkeys(BY_PULLER, IN_CLUSTER),
)
def account_pull_with_unseen_accounts(cloud: Cloud) -> None:
    """The caller may not read service accounts."""
    cloud.pull_by_account()
    cloud.bind_identity()
    cloud.grant(ACCOUNT_OBJECT_ID)
    cloud.service_account()
    cloud.node()
    cloud.failing_pod()
    cloud.forbid_in_cluster("get serviceaccounts")
