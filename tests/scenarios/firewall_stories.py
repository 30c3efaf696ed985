"""Does the firewall that the nodes are routed through let the registry pass?"""

from __future__ import annotations

from unittest.mock import ANY

from tests.azure.resources_firewall import application_rule, collection, network_rule
from tests.azure.state import Cloud

from .stories import story

LOGIN, BLOBS = "contosoreg.azurecr.io", "*.blob.core.windows.net"
AKS = collection("aks", [application_rule("aks", tags=("AzureKubernetesService",))], priority=100)
BLOCKS = "network.firewall-blocks-registry"
IMAGE = f"{LOGIN}/team/app:1.2"
PULL_FAILED = f'Failed to pull image "{IMAGE}": failed to pull and unpack image "{IMAGE}": '


def by_name(*fqdns: str, name: str = "registry", priority: int = 200) -> dict[str, object]:
    return collection(name, [application_rule("pull", *fqdns)], priority=priority)


# --- nothing is wrong ------------------------------------------------------------------


@story(verdict="healthy")
def azure_firewall_allows_the_names(cloud: Cloud) -> None:
    """The nodes are routed through an Azure Firewall that allows the login server and the storage with the layers."""
    cloud.grant()
    cloud.firewalled(AKS, by_name(LOGIN, BLOBS))


@story(verdict="healthy")
def azure_firewall_allows_the_names_and_the_registry_its_address(cloud: Cloud) -> None:
    """The Azure Firewall allows the registry, and the registry's own firewall the address of the Azure Firewall."""
    cloud.grant()
    cloud.firewalled(by_name("*.azurecr.io", BLOBS))
    cloud.firewall(["20.103.55.1"])


@story(verdict="healthy")
def azure_firewall_allows_the_service_tags(cloud: Cloud) -> None:
    """Network rules with service tags let the registry and the storage with the layers through."""
    cloud.grant()
    rules = [
        network_rule("registry", "AzureContainerRegistry"),
        network_rule("layers", "Storage.WestEurope", "Storage"),
    ]
    cloud.firewalled(collection("tags", rules))


@story(verdict="healthy")
def azure_firewall_allows_the_data_endpoint(cloud: Cloud) -> None:
    """The registry has a data endpoint, which the Azure Firewall allows, so that no storage is needed."""
    cloud.grant()
    host = data_endpoint(cloud)
    cloud.firewalled(by_name(LOGIN, host))


@story(verdict="healthy")
def azure_firewall_policy_of_the_parent_allows(cloud: Cloud) -> None:
    """The parent of the firewall's policy allows the registry before the policy itself denies everything."""
    cloud.grant()
    base_id = cloud.firewall_policy("fwp-base", by_name("*.azurecr.io", BLOBS))
    deny = collection("deny-all", [application_rule("all", "*")], "Deny", 100)
    cloud.firewall_policy("fwp-hub", deny, base_id=base_id, firewall_id=cloud.firewalled())


@story(verdict="healthy")
def azure_firewall_allows_an_ip_group(cloud: Cloud) -> None:
    """The firewall's rules are for an IP group that the node subnet is in."""
    cloud.grant()
    group_id = cloud.ip_group("spokes", "10.224.0.0/12", "10.240.0.0/16")
    rule = network_rule("pull", "AzureContainerRegistry", "Storage", groups=(group_id,))
    cloud.firewall_policy("fwp-hub", collection("pull", [rule]), firewall_id=cloud.firewalled())


@story(verdict="healthy")
def virtual_hub_allows_the_registry(cloud: Cloud) -> None:
    """The nodes leave by a secured hub of Virtual WAN, whose firewall allows the registry and its layers."""
    cloud.grant()
    cloud.virtual_hub(by_name("*.azurecr.io", BLOBS))


@story(verdict="healthy")
def virtual_hub_announces_no_default_route(cloud: Cloud) -> None:
    """The nodes' network is connected to a hub of Virtual WAN without taking its default route."""
    cloud.grant()
    cloud.virtual_hub(AKS, takes_default_route=False)


def data_endpoint(cloud: Cloud) -> str:
    """Switch data endpoints on; returns the host."""
    host = "contosoreg.westeurope.data.azurecr.io"
    cloud.registry["properties"] |= {"dataEndpointEnabled": True, "dataEndpointHostNames": [host]}
    return host


# --- blocked ---------------------------------------------------------------------------


@story(
    verdict="broken",
    root_causes=(BLOCKS,),
    evidence={BLOCKS: {"firewall": "fw-hub", "blocked": [LOGIN, BLOBS], "rule": None, "pools": ["pool1"]}},
    commands=("az network firewall application-rule create --firewall-name fw-hub --resource-group rg-hub",),
)
def azure_firewall_allows_aks_alone(cloud: Cloud) -> None:
    """The Azure Firewall allows what the tag AzureKubernetesService has, which are no registries of one's own."""
    cloud.grant()
    cloud.firewalled(AKS, by_name("mcr.microsoft.com", "*.data.mcr.microsoft.com"))


@story(
    verdict="broken",
    root_causes=(BLOCKS,),
    evidence={BLOCKS: {"blocked": [BLOBS], "hosts": [BLOBS]}},
    commands=("az network firewall application-rule create",),
)
def azure_firewall_blocks_layers(cloud: Cloud) -> None:
    """The Azure Firewall allows the login server, and not the storage that layers come from."""
    cloud.grant()
    cloud.firewalled(by_name(LOGIN))


@story(
    verdict="broken",
    root_causes=(BLOCKS,),
    evidence={BLOCKS: {"blocked": ["contosoreg.westeurope.data.azurecr.io"]}},
)
def azure_firewall_blocks_the_data_endpoint(cloud: Cloud) -> None:
    """The registry got a data endpoint, and the Azure Firewall still allows the storage of before."""
    cloud.grant()
    data_endpoint(cloud)
    cloud.firewalled(by_name(LOGIN, BLOBS))


@story(
    verdict="broken",
    root_causes=(BLOCKS,),
    evidence={BLOCKS: {"policy": "fwp-hub", "rule": "all", "collection": "deny-all", "repairPolicy": "fwp-base"}},
    commands=(
        "az network firewall policy rule-collection-group collection add-filter-collection --policy-name fwp-base",
    ),
)
def azure_firewall_policy_of_the_parent_denies(cloud: Cloud) -> None:
    """The parent of the firewall's policy denies all, so that what the policy itself allows is never asked."""
    cloud.grant()
    deny = collection("deny-all", [network_rule("all", "*")], "Deny", 500)
    base_id = cloud.firewall_policy("fwp-base", deny)
    cloud.firewall_policy("fwp-hub", by_name("*"), base_id=base_id, firewall_id=cloud.firewalled())


@story(verdict="broken", root_causes=(BLOCKS,), symptoms=("timeout-network",))
def azure_firewall_closes_connections(cloud: Cloud) -> None:
    """Pods report that the connection to the login server ends at once, which is how the Azure Firewall denies it."""
    cloud.grant()
    cloud.firewalled(AKS)
    cloud.node()
    head = f'failed to do request: Head "https://{LOGIN}/v2/team/app/manifests/1.2": EOF'
    cloud.failing_pod(IMAGE, f'{PULL_FAILED}failed to resolve reference "{IMAGE}": {head}')


@story(
    verdict="broken",
    root_causes=(BLOCKS,),
    symptoms=("blob-download",),
    evidence={BLOCKS: {"blocked": [BLOBS]}},
)
def azure_firewall_closes_connections_to_layers(cloud: Cloud) -> None:
    """Pods get the manifest and report EOF for a layer, whose storage the Azure Firewall does not allow."""
    cloud.grant()
    cloud.firewalled(AKS, by_name(LOGIN))
    cloud.node()
    blob = "https://weumanaged15.blob.core.windows.net/9b2c/docker/registry/v2/blobs/sha256/fd/fd01/data?se=2026"
    get = f'failed to do request: Get "{blob}": EOF'
    cloud.failing_pod(IMAGE, f"{PULL_FAILED}failed to copy: httpReadSeeker: failed open: {get}")


@story(
    verdict="broken",
    root_causes=("access.pull-role-missing", BLOCKS),
)
def azure_firewall_and_role(cloud: Cloud) -> None:
    """The Azure Firewall blocks the registry, and nobody gave the identity a role: two faults."""
    cloud.firewalled(AKS)


@story(
    verdict="broken",
    root_causes=(BLOCKS,),
    evidence={BLOCKS: {"firewall": "fw-hub", "policy": "fwp-hub", "blocked": [LOGIN, BLOBS]}},
    commands=(
        "az network firewall policy rule-collection-group collection add-filter-collection --policy-name fwp-hub",
    ),
)
def virtual_hub_blocks_the_registry(cloud: Cloud) -> None:
    """The nodes leave by a secured hub of Virtual WAN, whose firewall allows AKS alone."""
    cloud.grant()
    cloud.virtual_hub(AKS)


# --- not known -------------------------------------------------------------------------


@story(verdict="inconclusive", unknowns={"network.firewall": "Microsoft.Network/firewallPolicies/read"})
def azure_firewall_policy_forbidden(cloud: Cloud) -> None:
    """The caller may not read the policy of the Azure Firewall."""
    cloud.grant()
    cloud.firewall_policy("fwp-hub", by_name("*"), firewall_id=cloud.firewalled())
    cloud.forbid("Microsoft.Network/firewallPolicies/read")


@story(verdict="inconclusive", unknowns={"network.firewall": "Microsoft.Network/ipGroups/read"})
def azure_firewall_ip_group_forbidden(cloud: Cloud) -> None:
    """The rules are for an IP group whose addresses the caller may not read."""
    cloud.grant()
    group_id = cloud.ip_group("spokes", "10.224.0.0/12")
    rule = network_rule("pull", "*", groups=(group_id,))
    cloud.firewall_policy("fwp-hub", collection("pull", [rule]), firewall_id=cloud.firewalled())
    cloud.forbid("Microsoft.Network/ipGroups/read")


@story(verdict="inconclusive", unknowns={"network.firewall": None})
def azure_firewall_allows_part_of_the_subnet(cloud: Cloud) -> None:
    """The rule that allows the registry is for some addresses of the node subnet."""
    cloud.grant()
    cloud.firewalled(collection("part", [application_rule("pull", "*", sources=("10.224.0.0/20",))]))


@story(verdict="inconclusive", unknowns={"network.firewall": ANY})
def azure_firewall_forbidden(cloud: Cloud) -> None:
    """The caller may not read Azure Firewalls, so that one looks like any appliance."""
    cloud.grant()
    cloud.firewalled(AKS)
    cloud.forbid("Microsoft.Network/azureFirewalls/read")


@story(verdict="inconclusive", unknowns={"network.routes": "Microsoft.Network/virtualHubs/routingIntent/read"})
def virtual_hub_routing_forbidden(cloud: Cloud) -> None:
    """The caller sees the hub of Virtual WAN that the nodes' network is connected to, and not where it leads."""
    cloud.grant()
    cloud.virtual_hub(AKS)
    cloud.forbid("Microsoft.Network/virtualHubs/routingIntent/read")


@story(verdict="at-risk", other_outcomes=(BLOCKS,), evidence={BLOCKS: {"firewall": "10.100.0.4", "firewallId": None}})
def appliance_of_another_make(cloud: Cloud) -> None:
    """The nodes are routed through an appliance that is no Azure Firewall, in a peered hub network."""
    cloud.grant()
    cloud.route_through_firewall(firewall=False)
