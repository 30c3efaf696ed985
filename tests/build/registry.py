"""The registry."""

from __future__ import annotations

from dataclasses import replace

from azext_acrpulldiag.facts import NetworkRules, PrivateEndpointConnection, Registry, Replication

from .ids import CONNECTION_ID, DATA_HOST, ENDPOINT_ID, REGISTRY_ID, SUBSCRIPTION, TENANT


def registry(**changes: object) -> Registry:
    return replace(
        Registry(
            id=REGISTRY_ID,
            name="contosoreg",
            resource_group="rg-shared",
            subscription=SUBSCRIPTION,
            location="westeurope",
            tenant_id=TENANT,
            login_server="contosoreg.azurecr.io",
            sku="Premium",
            provisioning_state="Succeeded",
            role_assignment_mode="LegacyRegistryPermissions",
            admin_enabled=False,
            anonymous_pull=False,
            public_network_access="Enabled",
            network_rules=NetworkRules("Allow", (), ()),
            private_endpoints=(),
            arm_audience_tokens="enabled",
            data_endpoint_hosts=(),
            regional_hosts=(),
        ),
        **changes,
    )


def private_registry(status: str = "Approved", **changes: object) -> Registry:
    """A registry without public access, and with one private endpoint."""
    connection = PrivateEndpointConnection(CONNECTION_ID, status, ENDPOINT_ID)
    return registry(
        **{
            "public_network_access": "Disabled",
            "private_endpoints": (connection,),
            "data_endpoint_hosts": (DATA_HOST,),
            **changes,
        }
    )


def replication(region: str = "northeurope", **changes: object) -> Replication:
    """A replica that is well."""
    return replace(
        Replication(
            id=f"{REGISTRY_ID}/replications/{region}",
            name=region,
            location=region,
            provisioning_state="Succeeded",
            display_status="Ready",
            status_message="",
            global_routing=True,
        ),
        **changes,
    )
