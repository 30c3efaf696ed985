"""May the identity that pulls, pull?"""

from __future__ import annotations

from unittest.mock import ANY

from tests import build
from tests.azure.changes_access import ago
from tests.azure.state import MANAGEMENT_GROUP, Cloud

from .stories import OF_EVENTS, OF_NODES, OF_PODS, story

SUBSCRIPTION_ID = f"/subscriptions/{build.SUBSCRIPTION}"
REGISTRY_GROUP = f"{SUBSCRIPTION_ID}/resourceGroups/rg-shared"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"
OTHER_SUBSCRIPTION = "8a7b6c5d-4e3f-4a2b-9c1d-0e9f8a7b6c5d"
OTHER_TENANT = "9d8c7b6a-5f4e-4d3c-8b2a-1f0e9d8c7b6a"
STRANGER = "6f1f3a52-8b7d-4d0a-9e36-2c5b1a4d7e80"
IMAGE = ("--image", "contosoreg.azurecr.io/team/app:1.2")

READ_ASSIGNMENTS = "Microsoft.Authorization/roleAssignments/read"
READ_KUBECONFIG = "Microsoft.ContainerService/managedClusters/listClusterUserCredential/action"

GRANT = (
    f"az role assignment create --assignee-object-id {build.KUBELET_OBJECT_ID} "
    f"--assignee-principal-type ServicePrincipal --role AcrPull --scope {build.REGISTRY_ID}"
)
GRANT_READER = (
    f"az role assignment create --assignee-object-id {build.KUBELET_OBJECT_ID} "
    f'--assignee-principal-type ServicePrincipal --role "Container Registry Repository Reader" '
    f"--scope {build.REGISTRY_ID}"
)
ATTACH = f"az aks update -n prod -g rg-app --attach-acr {build.REGISTRY_ID}"
ONE_REPOSITORY = (
    "((!(ActionMatches{'Microsoft.ContainerRegistry/registries/repositories/content/read'})) OR "
    "(@Request[Microsoft.ContainerRegistry/registries/repositories:name] StringEqualsIgnoreCase 'team/app'))"
)
OTHER_REPOSITORY = ONE_REPOSITORY.replace("team/app", "other/thing")


# --- nothing is wrong ------------------------------------------------------------------


@story(verdict="healthy")
def healthy(cloud: Cloud) -> None:
    """The kubelet identity has AcrPull on the registry."""
    cloud.grant()


@story(verdict="healthy")
def granted_at_the_resource_group(cloud: Cloud) -> None:
    """AcrPull is inherited from the registry's resource group."""
    cloud.grant(scope=REGISTRY_GROUP)


@story(verdict="healthy")
def granted_at_the_subscription(cloud: Cloud) -> None:
    """AcrPull is inherited from the subscription."""
    cloud.grant(scope=SUBSCRIPTION_ID)


@story(verdict="healthy")
def granted_at_a_management_group(cloud: Cloud) -> None:
    """AcrPull is inherited from a management group."""
    cloud.grant(scope=MANAGEMENT_GROUP)


@story(verdict="healthy")
def granted_through_a_group(cloud: Cloud) -> None:
    """The kubelet identity is in a group that is in a group that has AcrPull."""
    inner = cloud.group([build.KUBELET_OBJECT_ID])
    cloud.grant(principal_id=cloud.group([inner]), principal_type="Group")


@story(verdict="healthy")
def granted_by_a_custom_role(cloud: Cloud) -> None:
    """A custom role that names the pull action lets the kubelet identity pull."""
    cloud.grant(role=cloud.custom_role("Image reader", ["Microsoft.ContainerRegistry/registries/pull/read"]))


@story(verdict="healthy")
def granted_by_a_wildcard(cloud: Cloud) -> None:
    """A custom role allows pulls by a wildcard, less some others: probably enough."""
    role = cloud.custom_role(
        "Registry operator",
        ["Microsoft.ContainerRegistry/registries/*"],
        ["Microsoft.ContainerRegistry/registries/delete"],
    )
    cloud.grant(role=role)


@story(verdict="healthy")
def granted_by_reader_in_legacy_mode(cloud: Cloud) -> None:
    """Reader on the resource group lets pull in the registry mode RBAC."""
    cloud.grant(role=READER, scope=REGISTRY_GROUP)


@story(verdict="healthy")
def granted_in_abac_mode(cloud: Cloud) -> None:
    """The registry is in ABAC mode, and the kubelet identity has Repository Reader."""
    cloud.abac()
    cloud.grant(role=build.REPOSITORY_READER)


@story(verdict="healthy", arguments=IMAGE)
def granted_for_this_repository(cloud: Cloud) -> None:
    """The registry is in ABAC mode, and a condition covers the image's repository."""
    cloud.abac()
    cloud.grant(role=build.REPOSITORY_READER, condition=ONE_REPOSITORY)


@story(verdict="inconclusive", unknowns={"access.pull-role": None, "access.propagation": None})
def granted_for_some_repository(cloud: Cloud) -> None:
    """The registry is in ABAC mode, the grant has a condition, and no image was named to judge it by."""
    cloud.abac()
    cloud.grant(role=build.REPOSITORY_READER, condition=ONE_REPOSITORY)


@story(
    verdict="at-risk",
    other_outcomes=("access.pull-role-missing",),
    evidence={"access.pull-role-missing": {"principal": build.KUBELET_OBJECT_ID}},
)
def anonymous_pull(cloud: Cloud) -> None:
    """Nobody has a role, and everybody may pull."""
    cloud.anonymous_pull()


@story(verdict="healthy")
def denied_to_others(cloud: Cloud) -> None:
    """Deny assignments name others, other operations, or leave the kubelet identity out."""
    cloud.grant()
    cloud.deny(principal_id=STRANGER)
    cloud.deny(actions=["Microsoft.ContainerRegistry/registries/write"])
    cloud.deny(principal_id=None, exclude=[build.KUBELET_OBJECT_ID])
    cloud.deny(scope=REGISTRY_GROUP, only_here=True)


@story(verdict="healthy")
def granted_long_ago_and_again(cloud: Cloud) -> None:
    """A fresh grant stands beside an old one."""
    cloud.grant(created=ago(minutes=1))
    cloud.grant(scope=REGISTRY_GROUP)


# --- no role ---------------------------------------------------------------------------


@story(
    verdict="broken",
    root_causes=("access.pull-role-missing",),
    evidence={
        "access.pull-role-missing": {
            "principal": build.KUBELET_OBJECT_ID,
            "principals": [build.KUBELET_OBJECT_ID],
            "scopes": [build.REGISTRY_ID, REGISTRY_GROUP, SUBSCRIPTION_ID, MANAGEMENT_GROUP],
            "rolesHeld": [],
            "otherHolders": [],
            "mode": "LegacyRegistryPermissions",
        }
    },
    commands=(GRANT, ATTACH),
)
def pull_role_missing(cloud: Cloud) -> None:
    """Nobody gave the kubelet identity a role on the registry."""


@story(
    verdict="broken",
    root_causes=("access.pull-role-missing",),
    evidence={
        "access.pull-role-missing": {
            "otherHolders": [
                {
                    "role": "AcrPull",
                    "principal": STRANGER,
                    "type": "ServicePrincipal",
                    "scope": build.REGISTRY_ID,
                }
            ],
            "otherHolderCount": 1,
        }
    },
    commands=(GRANT, ATTACH),
)
def pull_role_orphaned(cloud: Cloud) -> None:
    """AcrPull is held by a principal that is not known to be this cluster's, such as a deleted one."""
    cloud.grant(principal_id=STRANGER)


@story(
    verdict="broken",
    root_causes=("access.pull-role-missing",),
    evidence={"access.pull-role-missing": {"otherHolders": []}},
)
def pull_role_on_another_registry(cloud: Cloud) -> None:
    """The kubelet identity has AcrPull, on another registry of the same group."""
    cloud.grant(scope=cloud.add_registry("contosootherreg"))


@story(
    verdict="broken",
    root_causes=("access.pull-role-missing",),
    evidence={
        "access.pull-role-missing": {
            "rolesHeld": [
                {
                    "role": "Registry writer",
                    "principal": build.KUBELET_OBJECT_ID,
                    "type": "ServicePrincipal",
                    "scope": build.REGISTRY_ID,
                }
            ]
        }
    },
)
def pull_role_without_pull(cloud: Cloud) -> None:
    """A custom role allows everything about registries but the pull."""
    role = cloud.custom_role(
        "Registry writer",
        ["Microsoft.ContainerRegistry/registries/*"],
        ["Microsoft.ContainerRegistry/registries/pull/read"],
    )
    cloud.grant(role=role)


@story(
    verdict="broken",
    root_causes=("access.pull-role-missing",),
    evidence={"access.pull-role-missing": {"mode": "AbacRepositoryPermissions"}},
    commands=(GRANT_READER,),
)
def pull_role_missing_in_abac_mode(cloud: Cloud) -> None:
    """Nobody gave the kubelet identity a role, and the registry is in ABAC mode: attaching would not help."""
    cloud.abac()


@story(
    verdict="broken",
    root_causes=("access.pull-role-missing",),
    evidence={
        "access.pull-role-missing": {
            "principal": build.SP_OBJECT_ID,
            "principalKind": "service-principal",
        }
    },
)
def pull_role_missing_for_a_service_principal(cloud: Cloud) -> None:
    """The cluster pulls as a service principal, which has no role."""
    cloud.service_principal_cluster()


# --- the role is elsewhere, or does not count ------------------------------------------


@story(
    verdict="broken",
    root_causes=("access.pull-role-on-other-principal",),
    evidence={
        "access.pull-role-on-other-principal": {
            "principal": build.KUBELET_OBJECT_ID,
            "holder": build.CONTROL_PLANE_OBJECT_ID,
            "role": "AcrPull",
        }
    },
    commands=(GRANT, ATTACH),
)
def pull_role_on_the_control_plane(cloud: Cloud) -> None:
    """AcrPull was given to the cluster's own identity, which does not pull."""
    cloud.grant(principal_id=build.CONTROL_PLANE_OBJECT_ID)


@story(
    verdict="broken",
    root_causes=("access.pull-role-on-other-principal",),
    evidence={
        "access.pull-role-on-other-principal": {
            "principal": build.KUBELET_OBJECT_ID,
            "holder": build.KUBELET_CLIENT_ID,
        }
    },
    commands=(GRANT, ATTACH),
)
def pull_role_on_the_client_id(cloud: Cloud) -> None:
    """AcrPull was given to the kubelet identity's client id in place of its object id."""
    cloud.grant(principal_id=build.KUBELET_CLIENT_ID)


@story(
    verdict="broken",
    root_causes=("access.pull-role-on-other-principal",),
    evidence={
        "access.pull-role-on-other-principal": {
            "principal": build.SP_OBJECT_ID,
            "holder": build.APP_OBJECT_ID,
        }
    },
)
def pull_role_on_the_application_object(cloud: Cloud) -> None:
    """AcrPull was given to the application object behind the service principal."""
    cloud.service_principal_cluster()
    cloud.grant(principal_id=build.APP_OBJECT_ID)


@story(
    verdict="broken",
    root_causes=("access.pull-role-wrong-mode",),
    evidence={"access.pull-role-wrong-mode": {"mode": "AbacRepositoryPermissions", "role": "AcrPull"}},
    commands=(GRANT_READER,),
)
def pull_role_of_legacy_mode(cloud: Cloud) -> None:
    """The registry is in ABAC mode, and the kubelet identity has AcrPull."""
    cloud.abac()
    cloud.grant()


@story(
    verdict="broken",
    root_causes=("access.pull-role-wrong-mode",),
    evidence={
        "access.pull-role-wrong-mode": {
            "mode": "LegacyRegistryPermissions",
            "role": "Container Registry Repository Reader",
        }
    },
    commands=(GRANT, ATTACH),
)
def pull_role_of_abac_mode(cloud: Cloud) -> None:
    """The registry is in RBAC mode, and the kubelet identity has Repository Reader."""
    cloud.grant(role=build.REPOSITORY_READER)


@story(
    verdict="broken",
    root_causes=("access.condition-excludes-repository",),
    evidence={
        "access.condition-excludes-repository": {
            "repository": "team/app",
            "conditions": [OTHER_REPOSITORY],
            "principal": build.KUBELET_OBJECT_ID,
        }
    },
    arguments=IMAGE,
    commands=("az role assignment ",),
)
def condition_excludes_repository(cloud: Cloud) -> None:
    """The only grant has a condition that covers another repository than the image's."""
    cloud.abac()
    cloud.grant(role=build.REPOSITORY_READER, condition=OTHER_REPOSITORY)


# --- the role is there, and something takes the pull away -------------------------------


@story(
    verdict="broken",
    root_causes=("access.denied",),
    evidence={"access.denied": {"principal": build.KUBELET_OBJECT_ID, "scope": build.REGISTRY_ID, "everyone": False}},
)
def denied(cloud: Cloud) -> None:
    """A deny assignment names the kubelet identity."""
    cloud.grant()
    cloud.deny()


@story(verdict="broken", root_causes=("access.denied",), evidence={"access.denied": {"everyone": True}})
def denied_to_everyone(cloud: Cloud) -> None:
    """A deny assignment at the resource group names everyone."""
    cloud.grant()
    cloud.deny(principal_id=None, scope=REGISTRY_GROUP)


@story(
    verdict="broken",
    root_causes=("access.cross-tenant",),
    other_outcomes=("access.pull-role-missing",),
    evidence={"access.cross-tenant": {"identityTenant": build.TENANT, "registryTenant": OTHER_TENANT}},
)
def cross_tenant(cloud: Cloud) -> None:
    """The registry is in another tenant than the kubelet identity."""
    cloud.registry_in("rg-there", OTHER_SUBSCRIPTION, OTHER_TENANT)


@story(
    verdict="broken",
    root_causes=("access.cross-tenant",),
    other_outcomes=("access.pull-role-missing",),
    evidence={
        "access.cross-tenant": {
            "identityTenant": OTHER_TENANT,
            "registryTenant": build.TENANT,
            "subscriptionMoved": True,
        }
    },
)
def subscription_moved(cloud: Cloud) -> None:
    """Cluster and registry are in one subscription, which was moved to another directory and left identities behind."""
    cloud.moved_out_of(OTHER_TENANT)


@story(
    verdict="at-risk",
    other_outcomes=("access.recently-granted",),
    evidence={"access.recently-granted": {"role": "AcrPull", "minutes": 2, "throughGroups": False}},
)
def recently_granted(cloud: Cloud) -> None:
    """AcrPull was assigned two minutes ago."""
    cloud.grant(created=ago(minutes=2))


@story(
    verdict="at-risk",
    other_outcomes=("access.recently-granted",),
    evidence={"access.recently-granted": {"throughGroups": True}},
)
def recently_granted_through_a_group(cloud: Cloud) -> None:
    """A group of the kubelet identity got AcrPull an hour ago; its token may not know of it."""
    cloud.grant(cloud.group([build.KUBELET_OBJECT_ID]), principal_type="Group", created=ago(hours=1))


# --- not known -------------------------------------------------------------------------


@story(
    verdict="inconclusive",
    unknowns={"access.pull-role": READ_ASSIGNMENTS, "access.propagation": READ_ASSIGNMENTS},
)
def assignments_forbidden(cloud: Cloud) -> None:
    """The caller may not read role assignments."""
    cloud.grant()
    cloud.forbid(READ_ASSIGNMENTS)


@story(
    verdict="inconclusive",
    unknowns={
        "access.pull-role": READ_ASSIGNMENTS,
        "access.propagation": READ_ASSIGNMENTS,
        "access.deny-assignments": "Microsoft.Authorization/denyAssignments/read",
        **dict.fromkeys((*OF_PODS, *OF_NODES, *OF_EVENTS), READ_KUBECONFIG),
    },
)
def assignments_withheld(cloud: Cloud) -> None:
    """The list of role assignments comes back empty to a caller who may not read them."""
    cloud.grant()
    cloud.hide_role_assignments()
    cloud.caller_permissions(
        ["*/read"],
        not_actions=["Microsoft.Authorization/roleAssignments/read", "Microsoft.Authorization/denyAssignments/read"],
    )


@story(
    verdict="inconclusive",
    unknowns={
        "access.pull-role": "Microsoft.Authorization/roleDefinitions/read",
        "access.propagation": "Microsoft.Authorization/roleDefinitions/read",
    },
)
def definitions_forbidden(cloud: Cloud) -> None:
    """The caller may not read what the assigned roles allow."""
    cloud.grant()
    cloud.forbid("Microsoft.Authorization/roleDefinitions/read")


@story(verdict="inconclusive", unknowns={"access.deny-assignments": ANY})
def denials_forbidden(cloud: Cloud) -> None:
    """The caller may not read deny assignments."""
    cloud.grant()
    cloud.forbid("Microsoft.Authorization/denyAssignments/read")
