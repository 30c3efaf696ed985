"""Who pulls, and do the nodes carry it?"""

from __future__ import annotations

from unittest.mock import ANY

from tests import build
from tests.azure.changes_access import ago
from tests.azure.changes_cluster import scale_set_id
from tests.azure.state import Cloud

from .stories import story

NEW_OBJECT_ID = "0d9f4f2e-2b1a-4f6b-8a44-6b5f0a7c1e90"
NEW_CLIENT_ID = "7c1e9a30-55c2-4d0f-9e1b-3f0a2b4c6d80"
SHOWN_IDENTITY_ID = build.IDENTITY_ID.replace("/resourceGroups/", "/resourcegroups/")  # as clusters show it
OWN_IDENTITY_ID = (
    f"/subscriptions/{build.SUBSCRIPTION}/resourceGroups/rg-ids"
    "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/kubelet"
)
RECONCILE = f"az aks update --resource-group rg-app --name prod --subscription {build.SUBSCRIPTION} --yes"
FRESH = (ago(days=150), ago(days=-215))
ENDED = (ago(days=400), ago(days=35))


BY_PULLER = ("access.deny-assignments", "access.propagation", "access.pull-role", "access.tenants")


# --- the kubelet identity --------------------------------------------------------------


@story(
    verdict="broken",
    root_causes=("identity.kubelet-identity-missing",),
    evidence={"identity.kubelet-identity-missing": {"identity": SHOWN_IDENTITY_ID, "objectId": None}},
    commands=(RECONCILE,),
)
def kubelet_identity_deleted(cloud: Cloud) -> None:
    """The kubelet identity was deleted from the node resource group."""
    cloud.grant()
    cloud.delete_kubelet_identity()


@story(
    verdict="broken",
    root_causes=("identity.kubelet-identity-missing",),
    evidence={
        "identity.kubelet-identity-missing": {
            "profileClientId": build.KUBELET_CLIENT_ID,
            "profileObjectId": build.KUBELET_OBJECT_ID,
            "clientId": NEW_CLIENT_ID,
            "objectId": NEW_OBJECT_ID,
        }
    },
    commands=(RECONCILE,),
)
def kubelet_identity_recreated(cloud: Cloud) -> None:
    """The kubelet identity was deleted and created again, so it has other ids than the nodes ask for."""
    cloud.grant()
    cloud.recreate_kubelet_identity(NEW_OBJECT_ID, NEW_CLIENT_ID)


@story(
    verdict="broken",
    root_causes=("identity.kubelet-identity-missing",),
    evidence={"identity.kubelet-identity-missing": {"identity": None}},
)
def kubelet_identity_not_in_profile(cloud: Cloud) -> None:
    """The cluster's profile names no kubelet identity at all."""
    cloud.grant()
    cloud.cluster["properties"]["identityProfile"] = {}


@story(
    verdict="broken",
    root_causes=("identity.kubelet-identity-missing",),
    evidence={"identity.kubelet-identity-missing": {"identity": OWN_IDENTITY_ID, "identityName": "kubelet"}},
    commands=("az identity create ", "az aks update --resource-group rg-app --name prod "),
)
def own_kubelet_identity_deleted(cloud: Cloud) -> None:
    """The cluster was given a kubelet identity of the user's own, which was deleted."""
    cloud.grant()
    cloud.cluster["properties"]["identityProfile"]["kubeletidentity"]["resourceId"] = OWN_IDENTITY_ID
    for host in (cloud.scale_set(), *_instances(cloud)):
        identity = next(iter(host["identity"]["userAssignedIdentities"].values()))
        host["identity"]["userAssignedIdentities"] = {OWN_IDENTITY_ID: identity}
    cloud.delete_kubelet_identity()


@story(
    verdict="broken",
    root_causes=("identity.node-identity-outdated",),
    evidence={
        "identity.node-identity-outdated": {
            "pools": ["pool1"],
            "clientId": build.KUBELET_CLIENT_ID,
            "nodeClientIds": [NEW_CLIENT_ID],
        }
    },
    commands=("az aks upgrade --resource-group rg-app --name prod ", RECONCILE),
)
def node_identity_outdated(cloud: Cloud) -> None:
    """Nodes were set up for a former kubelet identity."""
    cloud.grant()
    cloud.outdate_nodes(client_id=NEW_CLIENT_ID)


@story(
    verdict="broken",
    root_causes=("nodes.kubelet-identity-unassigned",),
    evidence={
        "nodes.kubelet-identity-unassigned": {
            "pool": "pool1",
            "identity": SHOWN_IDENTITY_ID,
            "lacking": ["aks-pool1-87752918-vmss", "aks-pool1-87752918-vmss_0", "aks-pool1-87752918-vmss_1"],
        }
    },
    commands=(RECONCILE, "az vmss update-instances "),
)
def kubelet_identity_unassigned(cloud: Cloud) -> None:
    """The scale set of the node pool and its instances lost the kubelet identity."""
    cloud.grant()
    cloud.unassign_kubelet_identity()


@story(
    verdict="broken",
    root_causes=("nodes.kubelet-identity-unassigned",),
    evidence={"nodes.kubelet-identity-unassigned": {"pool": "edge"}},
)
def kubelet_identity_unassigned_in_one_pool(cloud: Cloud) -> None:
    """One of two node pools lost the kubelet identity."""
    cloud.grant()
    cloud.add_pool("edge")
    cloud.unassign_kubelet_identity("edge")


@story(
    verdict="broken",
    root_causes=("nodes.kubelet-identity-unassigned",),
    evidence={"nodes.kubelet-identity-unassigned": {"lacking": ["aks-pool1-87752918-vmss_1"], "instanceIds": ["1"]}},
    commands=(
        RECONCILE,
        f"az vmss update-instances --subscription {build.SUBSCRIPTION} --resource-group "
        "MC_rg-app_prod_westeurope --name aks-pool1-87752918-vmss --instance-ids 1",
    ),
)
def kubelet_identity_unassigned_on_one_node(cloud: Cloud) -> None:
    """One node lost the kubelet identity; its scale set and the other node have it."""
    cloud.grant()
    cloud.resources[f"{scale_set_id('pool1')}/virtualMachines/1"].pop("identity")


@story(
    verdict="broken",
    root_causes=("nodes.kubelet-identity-unassigned",),
    evidence={"nodes.kubelet-identity-unassigned": {"lacking": ["aks-virtual-2"]}},
)
def kubelet_identity_unassigned_on_a_machine(cloud: Cloud) -> None:
    """A machine that node auto-provisioning made lacks the kubelet identity."""
    cloud.grant()
    cloud.add_machine("aks-virtual-1")
    cloud.add_machine("aks-virtual-2", identity=False)


@story(
    verdict="at-risk",
    other_outcomes=("identity.service-account-pull",),
    evidence={"identity.service-account-pull": {"defaultIdentity": OWN_IDENTITY_ID}},
)
def service_account_pull(cloud: Cloud) -> None:
    """Pods pull by the identities of their service accounts (preview), so no role of the kubelet identity matters."""
    cloud.cluster["properties"].setdefault("securityProfile", {})["serviceAccountImagePullProfile"] = {
        "enabled": True,
        "defaultManagedIdentityId": OWN_IDENTITY_ID,
    }


@story(
    verdict="inconclusive",
    unknowns={"nodes.kubelet-identity": ANY, "identity.node-identity": ANY, "network.security-groups": ANY},
)
def node_group_forbidden(cloud: Cloud) -> None:
    """The caller may not read the scale sets of the nodes."""
    cloud.grant()
    cloud.forbid("Microsoft.Compute/virtualMachineScaleSets/read")


# --- the service principal -------------------------------------------------------------


@story(verdict="healthy")
def service_principal_rotated(cloud: Cloud) -> None:
    """The cluster's service principal has a fresh secret beside an ended one."""
    cloud.service_principal_cluster([ENDED, FRESH])
    cloud.grant(build.SP_OBJECT_ID)


@story(
    verdict="broken",
    root_causes=("identity.service-principal-secret-expired",),
    evidence={"identity.service-principal-secret-expired": {"appId": build.APP_ID, "count": 2}},
    commands=(
        f"SP_SECRET=$(az ad sp credential reset --id {build.APP_ID} --append",
        "az aks update-credentials ",
        "az aks update ",
    ),
)
def service_principal_secret_expired(cloud: Cloud) -> None:
    """Every secret of the service principal has ended."""
    cloud.service_principal_cluster([ENDED, (ago(days=800), ago(days=435))])
    cloud.grant(build.SP_OBJECT_ID)


@story(
    verdict="at-risk",
    other_outcomes=("identity.service-principal-secret-expiring",),
    evidence={"identity.service-principal-secret-expiring": {"appId": build.APP_ID, "days": 9}},
)
def service_principal_secret_expiring(cloud: Cloud) -> None:
    """The last secret of the service principal ends within ten days."""
    cloud.service_principal_cluster([(ago(days=355), ago(days=-9, hours=-12))])
    cloud.grant(build.SP_OBJECT_ID)


@story(verdict="healthy", arguments=("--expiry-days", "5"))
def service_principal_secret_expiring_later(cloud: Cloud) -> None:
    """The last secret ends within ten days, and the caller asked for five."""
    cloud.service_principal_cluster([(ago(days=355), ago(days=-9, hours=-12))])
    cloud.grant(build.SP_OBJECT_ID)


@story(
    verdict="at-risk",
    other_outcomes=("identity.service-principal-secret-replaced",),
    evidence={"identity.service-principal-secret-replaced": {"appId": build.APP_ID, "live": 1}},
)
def service_principal_secret_replaced(cloud: Cloud) -> None:
    """The only secret is younger than the nodes, which may hold the one before it."""
    cloud.service_principal_cluster([(ago(days=3), ago(days=-362))])
    cloud.grant(build.SP_OBJECT_ID)


@story(
    verdict="broken",
    root_causes=("identity.service-principal-disabled",),
    evidence={"identity.service-principal-disabled": {"appId": build.APP_ID, "objectId": build.SP_OBJECT_ID}},
    commands=(f"az ad sp update --id {build.APP_ID} --set accountEnabled=true", "az aks update "),
)
def service_principal_disabled(cloud: Cloud) -> None:
    """The cluster's service principal is disabled."""
    cloud.service_principal_cluster(enabled=False)
    cloud.grant(build.SP_OBJECT_ID)


@story(
    verdict="broken",
    root_causes=("identity.service-principal-not-found",),
    other_outcomes=("identity.service-principal-secret-expired",),
    evidence={"identity.service-principal-not-found": {"appId": build.APP_ID, "lost": "application"}},
)
def service_principal_application_deleted(cloud: Cloud) -> None:
    """The application behind the cluster's service principal was deleted."""
    cloud.service_principal_cluster(has_application=False)
    cloud.grant(build.SP_OBJECT_ID)


@story(
    verdict="broken",
    root_causes=("identity.service-principal-not-found",),
    evidence={"identity.service-principal-not-found": {"appId": build.APP_ID, "lost": "service principal"}},
)
def service_principal_deleted(cloud: Cloud) -> None:
    """The cluster's service principal was deleted."""
    cloud.service_principal_cluster()
    cloud.grant(build.SP_OBJECT_ID)
    cloud.service_principals.clear()


@story(
    verdict="inconclusive",
    unknowns=dict.fromkeys(
        (
            *BY_PULLER,
            "identity.service-principal",
            "identity.service-principal-secret",
            "identity.service-principal-secret-expiry",
            "identity.service-principal-secret-replacement",
        ),
        "Application.Read.All (Microsoft Graph)",
    ),
)
def graph_forbidden(cloud: Cloud) -> None:
    """The caller may not read applications in Microsoft Graph."""
    cloud.service_principal_cluster()
    cloud.grant(build.SP_OBJECT_ID)
    cloud.graph_forbidden = True


def _instances(cloud: Cloud) -> list[dict[str, object]]:
    return list(cloud.resources.of_type("Microsoft.Compute/virtualMachineScaleSets/virtualMachines"))
