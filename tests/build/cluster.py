"""The cluster, its node hosts and its service principal."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from azext_acrpulldiag.facts import (
    AgentPool,
    AssignedIdentity,
    Bootstrap,
    Cluster,
    KubeletIdentity,
    NodeHost,
    PasswordCredential,
    ServicePrincipal,
)

from .ids import (
    APP_ID,
    APP_OBJECT_ID,
    CLUSTER_ID,
    CONTROL_PLANE_OBJECT_ID,
    IDENTITY_ID,
    KUBELET_CLIENT_ID,
    KUBELET_OBJECT_ID,
    NODE_GROUP_ID,
    NOW,
    SP_OBJECT_ID,
    SUBNET_ID,
    SUBSCRIPTION,
    TENANT,
)


def agent_pool(name: str = "pool1", **changes: object) -> AgentPool:
    return replace(
        AgentPool(
            name=name,
            pool_type="VirtualMachineScaleSets",
            mode="System",
            os_type="Linux",
            os_sku="Ubuntu",
            power_state="Running",
            provisioning_state="Succeeded",
            node_image_version="AKSUbuntu-2204gen2containerd-202610.01.0",
            subnet_id=None,
            node_public_ip=False,
            count=2,
        ),
        **changes,
    )


def scale_set(pool: str = "pool1", **changes: object) -> NodeHost:
    name = f"aks-{pool}-87752918-vmss"
    return replace(
        NodeHost(
            resource_id=f"{NODE_GROUP_ID}/providers/Microsoft.Compute/virtualMachineScaleSets/{name}",
            name=name,
            kind="scale-set",
            pool=pool,
            identities=(AssignedIdentity(IDENTITY_ID, KUBELET_OBJECT_ID, KUBELET_CLIENT_ID),),
            tagged_kubelet_client_id=KUBELET_CLIENT_ID,
            subnet_ids=(SUBNET_ID,),
            public_ip_per_node=False,
            created=NOW - timedelta(days=100),
        ),
        **changes,
    )


def cluster(**changes: object) -> Cluster:
    return replace(
        Cluster(
            id=CLUSTER_ID,
            name="prod",
            resource_group="rg-app",
            subscription=SUBSCRIPTION,
            location="westeurope",
            tenant_id=TENANT,
            bootstrap=Bootstrap("Direct", None),
            identity_tenant_id=TENANT,
            identity_type="SystemAssigned",
            power_state="Running",
            provisioning_state="Succeeded",
            node_resource_group="MC_rg-app_prod_westeurope",
            kubelet_identity=KubeletIdentity(IDENTITY_ID, KUBELET_CLIENT_ID, KUBELET_OBJECT_ID),
            service_principal_client_id=None,
            control_plane_principal_ids=(CONTROL_PLANE_OBJECT_ID,),
            outbound_type="loadBalancer",
            effective_outbound_ip_ids=(f"{NODE_GROUP_ID}/providers/Microsoft.Network/publicIPAddresses/out1",),
            node_auto_provisioning=False,
            service_account_pull=None,
            agent_pools=(agent_pool(),),
        ),
        **changes,
    )


def service_principal(**changes: object) -> ServicePrincipal:
    return replace(
        ServicePrincipal(
            app_id=APP_ID,
            object_id=SP_OBJECT_ID,
            enabled=True,
            application_object_id=APP_OBJECT_ID,
            home_tenant_id=TENANT,
            passwords=(PasswordCredential("key-1", NOW - timedelta(days=200), NOW + timedelta(days=165)),),
        ),
        **changes,
    )
