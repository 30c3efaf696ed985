"""Do security groups, routes and peerings let the nodes reach the registry's address?"""

from __future__ import annotations

from tests import build
from tests.azure import resources as make
from tests.azure.changes_reach import NETWORK
from tests.azure.resources_reach import security_rule as rule
from tests.azure.state import Cloud

from .stories import story

NSG_BLOCKS = "network.nsg-blocks-registry"
DROPS = "network.route-drops-registry"
MISSING, DISCONNECTED = "network.peering-missing", "network.peering-disconnected"
NODES = make.VNET_ID.rpartition("/")[2]
SHARED = f"{NETWORK}/virtualNetworks/vnet-shared"
IN_NET = f"--resource-group rg-net --subscription {build.SUBSCRIPTION}"
ALLOW = f"az network nsg rule create {IN_NET} --nsg-name nsg-nodes --name"
LOGIN, LAYERS, DATA = "contosoreg.azurecr.io", "*.blob.core.windows.net", "contosoreg.westeurope.data.azurecr.io"
IMAGE = f"{LOGIN}/team/app:1.2"
TIMEOUT = (
    f'Failed to pull image "{IMAGE}": failed to pull and unpack image "{IMAGE}": failed to resolve reference '
    f'"{IMAGE}": failed to do request: Head "https://{LOGIN}/v2/team/app/manifests/1.2": dial tcp 20.61.97.129:443: '
    "i/o timeout"
)
LAYER_TIMEOUT = (
    f'Failed to pull image "{IMAGE}": failed to pull and unpack image "{IMAGE}": failed to copy: httpReadSeeker: '
    'failed open: failed to do request: Get "https://weumanaged15.blob.core.windows.net/d18c7a64c5158179-ff8dce0a14/'
    'docker/registry/v2/blobs/sha256/5e/data": dial tcp 20.150.37.228:443: i/o timeout'
)


# --- nothing is wrong ------------------------------------------------------------------


@story(verdict="healthy")
def security_group_allows_before_it_denies(cloud: Cloud) -> None:
    """A security group denies the internet, and rules before that allow the registry and its layers' storage."""
    cloud.grant()
    cloud.security_group(
        rule("registry", 200, "Allow", "AzureContainerRegistry.WestEurope", destinationPortRange="443"),
        rule("layers", 210, "Allow", "Storage", destinationPortRange="443"),
        rule("no-internet", 4000, "Deny", "Internet"),
    )


@story(verdict="healthy")
def security_group_denies_the_internet_to_a_private_registry(cloud: Cloud) -> None:
    """A security group denies the internet, which a registry with a private endpoint is no part of."""
    cloud.grant()
    cloud.private_link()
    cloud.security_group(rule("no-internet", 4000, "Deny", "Internet"))


@story(verdict="healthy")
def routes_with_a_way_for_the_registry(cloud: Cloud) -> None:
    """The default route drops everything, and routes for service tags let the registry and its layers out."""
    cloud.grant()
    cloud.add_route("nothing", "0.0.0.0/0", "None")
    cloud.add_route("registry", "AzureContainerRegistry", "Internet")
    cloud.add_route("layers", "Storage.WestEurope", "Internet")


@story(verdict="healthy")
def hub_and_spoke(cloud: Cloud) -> None:
    """The endpoint is in a hub that the nodes' network is peered with; the default route changes nothing for it."""
    cloud.grant()
    hub = cloud.endpoint_elsewhere("vnet-hub", "10.50.0.0/16")
    cloud.peer(make.VNET_ID, hub)
    cloud.add_route("nothing", "0.0.0.0/0", "None")


@story(verdict="healthy")
def spoke_with_a_gateway_in_the_hub(cloud: Cloud) -> None:
    """The nodes' network uses the gateway of a hub, and the registry is public."""
    cloud.grant()
    hub = cloud.network("vnet-hub", "10.50.0.0/16")
    cloud.peering_side(make.VNET_ID, hub, useRemoteGateways=True)
    cloud.peering_side(hub, make.VNET_ID, allowGatewayTransit=True)


# --- security groups -------------------------------------------------------------------


def _only_azure_cloud(cloud: Cloud, suffix: str) -> None:
    cloud.grant()
    cloud.sku("Standard")
    cloud.registry["location"] = "germanywestcentral"
    cloud.security_group(
        rule("cloud", 200, "Allow", f"AzureCloud.{suffix}"), rule("no-internet", 4000, "Deny", "Internet")
    )


@story(verdict="healthy")
def security_group_allows_azure_cloud_by_its_short_region(cloud: Cloud) -> None:
    """The security group allows AzureCloud in Germany West Central, which that tag calls germanywc."""
    _only_azure_cloud(cloud, "germanywc")


@story(
    verdict="broken",
    root_causes=(NSG_BLOCKS,),
    evidence={NSG_BLOCKS: {"rule": "no-internet", "hosts": [LOGIN, LAYERS]}},
)
def security_group_allows_azure_cloud_of_another_region(cloud: Cloud) -> None:
    """The security group allows AzureCloud in Norway East alone, and the registry is in Germany West Central."""
    _only_azure_cloud(cloud, "norwaye")


@story(
    verdict="broken",
    root_causes=(NSG_BLOCKS,),
    evidence={
        NSG_BLOCKS: {
            "pools": ["pool1"],
            "subnet": build.SUBNET_ID,
            "hosts": [LOGIN, LAYERS],
            "rule": "no-internet",
            "rulePriority": 4000,
            "attachedTo": "subnet",
            "destinations": ["AzureContainerRegistry", "Storage"],
        }
    },
    commands=(
        f"{ALLOW} AllowAzureContainerRegistry --priority 3999",
        f"{ALLOW} AllowStorage --priority 3998",
    ),
)
def security_group_denies_the_internet(cloud: Cloud) -> None:
    """The security group of the node subnet denies the internet, and allows Entra ID and MCR alone."""
    cloud.grant()
    cloud.security_group(
        rule("entra", 100, "Allow", "AzureActiveDirectory"),
        rule("mcr", 110, "Allow", "MicrosoftContainerRegistry"),
        rule("no-internet", 4000, "Deny", "Internet"),
    )


@story(
    verdict="broken",
    root_causes=(NSG_BLOCKS,),
    evidence={NSG_BLOCKS: {"hosts": [LAYERS], "rule": "no-internet", "destinations": ["Storage"]}},
)
def security_group_denies_the_layers_while_an_endpoint_waits(cloud: Cloud) -> None:
    """Somebody's private endpoint waits for approval: layers still come from storage, which is denied."""
    cloud.grant()
    cloud.private_endpoint("Pending")
    cloud.security_group(
        rule("registry", 200, "Allow", "AzureContainerRegistry"), rule("no-internet", 4000, "Deny", "Internet")
    )


@story(
    verdict="broken",
    root_causes=(NSG_BLOCKS,),
    symptoms=("blob-download",),
    evidence={NSG_BLOCKS: {"hosts": [LAYERS], "rule": "no-internet", "destinations": ["Storage"]}},
    commands=(f"{ALLOW} AllowStorage --priority 3999",),
)
def security_group_denies_the_layers(cloud: Cloud) -> None:
    """The registry is allowed and its layers' storage is not: pods get the manifest and no layer."""
    cloud.grant()
    cloud.security_group(
        rule("registry", 200, "Allow", "AzureContainerRegistry"), rule("no-internet", 4000, "Deny", "Internet")
    )
    cloud.failing_pod(IMAGE, LAYER_TIMEOUT)


@story(
    verdict="broken",
    root_causes=(NSG_BLOCKS,),
    symptoms=("timeout-network",),
    evidence={NSG_BLOCKS: {"hosts": [LOGIN, DATA], "rule": "no-spokes", "rulePriority": 300}},
    commands=(f"{ALLOW} AllowRegistryEndpoint --priority 299",),
)
def security_group_denies_the_endpoint(cloud: Cloud) -> None:
    """The security group of the node subnet denies the address range that the private endpoint is in."""
    cloud.grant()
    cloud.private_link()
    cloud.security_group(rule("no-spokes", 300, "Deny", ["10.225.0.0/16", "10.226.0.0/16"]))
    cloud.failing_pod(IMAGE, TIMEOUT.replace("20.61.97.129", "10.225.0.4"))


@story(
    verdict="broken",
    root_causes=(NSG_BLOCKS,),
    evidence={NSG_BLOCKS: {"attachedTo": "interface", "groupName": "nsg-pool1", "rule": "no-registry"}},
    commands=(f"az network nsg rule create {IN_NET} --nsg-name nsg-pool1 --name AllowAzureContainerRegistry",),
)
def security_group_of_the_interfaces_denies(cloud: Cloud) -> None:
    """The subnet's security group allows the registry, and that on the nodes' interfaces denies it."""
    cloud.grant()
    cloud.security_group(rule("registry", 200, "Allow", "AzureContainerRegistry"))
    cloud.security_group_of_interfaces(rule("no-registry", 300, "Deny", "AzureContainerRegistry"))


@story(
    verdict="broken",
    root_causes=(NSG_BLOCKS,),
    evidence={NSG_BLOCKS: {"pools": ["pool2"], "groupName": "nsg-pool2"}},
)
def security_group_denies_one_pool(cloud: Cloud) -> None:
    """The second pool is in a subnet whose security group denies the internet."""
    cloud.grant()
    subnet_id = cloud.subnet("second", "10.225.0.0/16")
    cloud.add_pool("pool2", subnet_id)
    cloud.security_group(rule("no-internet", 4000, "Deny", "Internet"), name="nsg-pool2", subnet_id=subnet_id)


@story(verdict="at-risk", other_outcomes=(NSG_BLOCKS,), evidence={NSG_BLOCKS: {"pulledByPools": ["pool1"]}})
def security_group_denies_what_was_just_pulled(cloud: Cloud) -> None:
    """A security group seems to bar the registry from a node that pulled from it five minutes ago."""
    cloud.grant()
    cloud.security_group(rule("no-internet", 4000, "Deny", "Internet"))
    cloud.node()
    cloud.pulled()


@story(verdict="inconclusive", unknowns={"network.security-groups": None})
def security_group_with_ranges_of_the_user(cloud: Cloud) -> None:
    """A security group allows some public ranges and no others: whether the registry is in them is not known."""
    cloud.grant()
    cloud.security_group(
        rule("some", 200, "Allow", ["20.60.0.0/14", "20.150.0.0/16"]), rule("no-internet", 4000, "Deny", "Internet")
    )


# --- routes ----------------------------------------------------------------------------


@story(
    verdict="broken",
    root_causes=(DROPS,),
    symptoms=("timeout-network",),
    evidence={
        DROPS: {
            "pools": ["pool1"],
            "hosts": [LOGIN, LAYERS],
            "tableName": "rt-nodes",
            "route": "nothing",
            "prefix": "0.0.0.0/0",
            "nextHop": "None",
        }
    },
    commands=(
        f"az network route-table route create {IN_NET} --route-table-name rt-nodes --name to-AzureContainerRegistry "
        "--address-prefix AzureContainerRegistry --next-hop-type Internet",
        f"az network route-table route create {IN_NET} --route-table-name rt-nodes --name to-Storage ",
    ),
)
def default_route_drops(cloud: Cloud) -> None:
    """The default route of the node subnet has next hop None."""
    cloud.grant()
    cloud.add_route("nothing", "0.0.0.0/0", "None")
    cloud.failing_pod(IMAGE, TIMEOUT)


@story(
    verdict="broken",
    root_causes=(DROPS,),
    evidence={DROPS: {"route": "by-firewall", "nextHopAddress": "10.99.0.4"}},
    commands=(
        f"az network route-table route create {IN_NET} --route-table-name rt-nodes --name to-AzureContainerRegistry ",
        f"az network route-table route create {IN_NET} --route-table-name rt-nodes --name to-Storage ",
    ),
)
def default_route_leads_nowhere(cloud: Cloud) -> None:
    """The default route leads to an address that no network has which the nodes' network reaches."""
    cloud.grant()
    cloud.add_route("by-firewall", "0.0.0.0/0", "VirtualAppliance", "10.99.0.4")


@story(
    verdict="broken",
    root_causes=(DROPS,),
    evidence={DROPS: {"route": "old-endpoint", "prefix": "10.225.0.5/32", "hosts": [DATA]}},
)
def route_for_the_endpoint_drops(cloud: Cloud) -> None:
    """A route for the one address of the data endpoint's private endpoint takes the place of the endpoint's own."""
    cloud.grant()
    cloud.private_link()
    cloud.add_route("old-endpoint", "10.225.0.5/32", "None")


# --- peerings --------------------------------------------------------------------------


@story(
    verdict="broken",
    root_causes=(MISSING,),
    symptoms=("timeout-network",),
    evidence={
        MISSING: {
            "pools": ["pool1"],
            "hosts": [LOGIN, DATA],
            "nearNetwork": make.VNET_ID,
            "farNetwork": SHARED,
            "via": None,
        }
    },
    commands=(
        f"az network vnet peering create --resource-group {build.NODE_GROUP_ID.rpartition('/')[2]} "
        f"--subscription {build.SUBSCRIPTION} --vnet-name {NODES} --name {NODES}-to-vnet-shared --remote-vnet {SHARED}",
        f"az network vnet peering create {IN_NET} --vnet-name vnet-shared --name vnet-shared-to-{NODES} "
        f"--remote-vnet {make.VNET_ID}",
    ),
)
def networks_are_not_peered(cloud: Cloud) -> None:
    """The endpoint's name is known to the nodes, and its network is not peered with theirs."""
    cloud.grant()
    cloud.endpoint_elsewhere()
    cloud.failing_pod(IMAGE, TIMEOUT.replace("20.61.97.129", "10.50.0.4"))


@story(
    verdict="broken",
    root_causes=(MISSING,),
    evidence={MISSING: {"nearNetwork": make.VNET_ID, "farNetwork": SHARED}},
)
def networks_are_peered_with_the_same_hub_only(cloud: Cloud) -> None:
    """The nodes' network and the endpoint's are both peered with a hub, which joins neither with the other."""
    cloud.grant()
    shared = cloud.endpoint_elsewhere()
    hub = cloud.network("vnet-hub", "10.60.0.0/16")
    cloud.peer(make.VNET_ID, hub)
    cloud.peer(shared, hub)


@story(
    verdict="broken",
    root_causes=(DISCONNECTED,),
    evidence={DISCONNECTED: {"nearState": "Disconnected", "farState": "missing", "nearPeering": "to-vnet-shared"}},
    commands=(
        f"az network vnet peering update --resource-group {build.NODE_GROUP_ID.rpartition('/')[2]} ",
        f"az network vnet peering create {IN_NET} --vnet-name vnet-shared",
    ),
)
def peering_was_deleted_on_the_other_side(cloud: Cloud) -> None:
    """The endpoint's network has lost its side of the peering."""
    cloud.grant()
    shared = cloud.endpoint_elsewhere()
    cloud.peering_side(make.VNET_ID, shared, "Disconnected")


@story(
    verdict="broken",
    root_causes=(DISCONNECTED,),
    evidence={DISCONNECTED: {"nearState": "Initiated", "farState": "missing"}},
    commands=(f"az network vnet peering create {IN_NET} --vnet-name vnet-shared",),
)
def peering_waits_for_the_other_side(cloud: Cloud) -> None:
    """Only the nodes' network has its side of the peering."""
    cloud.grant()
    shared = cloud.endpoint_elsewhere()
    cloud.peering_side(make.VNET_ID, shared, "Initiated")


@story(
    verdict="broken",
    root_causes=(DISCONNECTED,),
    evidence={DISCONNECTED: {"nearState": "Connected", "farState": "Connected", "openFar": f"to-{NODES}"}},
    commands=(f"az network vnet peering update {IN_NET} --vnet-name vnet-shared --name to-{NODES} --set",),
)
def peering_lets_nothing_in(cloud: Cloud) -> None:
    """The endpoint's network is peered with the nodes', and does not let that one have access."""
    cloud.grant()
    shared = cloud.endpoint_elsewhere()
    cloud.peering_side(make.VNET_ID, shared)
    cloud.peering_side(shared, make.VNET_ID, allowVirtualNetworkAccess=False)


@story(
    verdict="broken",
    root_causes=(DISCONNECTED,),
    evidence={DISCONNECTED: {"nearState": "Connected", "farState": "Connected", "syncNear": "to-vnet-shared"}},
    commands=(f"az network vnet peering sync --resource-group {build.NODE_GROUP_ID.rpartition('/')[2]} ",),
)
def peering_lacks_the_range_of_the_endpoint(cloud: Cloud) -> None:
    """The endpoint is in a range that its network got after it was peered, and the peering was never synchronised."""
    cloud.grant()
    shared = cloud.endpoint_elsewhere()
    cloud.peer(make.VNET_ID, shared)
    before = {"addressPrefixes": ["10.49.0.0/16"]}
    cloud.peering_side(make.VNET_ID, shared, peeringSyncLevel="LocalNotInSync", remoteAddressSpace=before)


@story(verdict="broken", root_causes=("network.private-dns-link-missing", MISSING))
def neither_the_name_nor_the_network_is_joined(cloud: Cloud) -> None:
    """The zone is linked to the endpoint's network only, and that is not peered: both, in the order of the way."""
    cloud.grant()
    shared = cloud.endpoint_elsewhere()
    zone_id = cloud.private_zone()
    for link in list(cloud.resources.children(zone_id, "virtualNetworkLinks")):
        cloud.remove(link["id"])
    cloud.link_zone(zone_id, shared)


# --- routes that may or may not be about the registry ------------------------------------


@story(verdict="healthy")
def route_for_registries_of_another_region(cloud: Cloud) -> None:
    """A route sends registries of East US to a firewall; this one is in West Europe alone, and knows the nodes."""
    cloud.grant()
    cloud.registry["properties"] |= {"dataEndpointEnabled": True, "dataEndpointHostNames": [DATA]}
    cloud.appliance_in_hub()
    cloud.add_route("registries-us", "AzureContainerRegistry.EastUS", "VirtualAppliance", "10.100.0.4")
    cloud.firewall([make.OUTBOUND_IP])


@story(verdict="inconclusive", unknowns={"network.outbound-ip": None})
def route_for_registries_of_a_region_that_has_a_replica(cloud: Cloud) -> None:
    """A route sends registries of East US to a firewall, and the registry has a replica there."""
    cloud.grant()
    cloud.replica("eastus")
    cloud.appliance_in_hub()
    cloud.add_route("registries-us", "AzureContainerRegistry.EastUS", "VirtualAppliance", "10.100.0.4")
    cloud.firewall([make.OUTBOUND_IP])


@story(verdict="inconclusive", unknowns={"network.outbound-ip": None})
def route_for_a_wide_range_to_a_firewall(cloud: Cloud) -> None:
    """A route sends a range that may hold the registry to a firewall, whose address the registry does not know."""
    cloud.grant()
    cloud.appliance_in_hub()
    cloud.add_route("twenty", "20.0.0.0/8", "VirtualAppliance", "10.100.0.4")
    cloud.firewall([make.OUTBOUND_IP])


@story(verdict="inconclusive", unknowns={"network.outbound-ip": None, "network.routes": None})
def route_for_a_wide_range_to_an_appliance(cloud: Cloud) -> None:
    """A route sends a range that may hold the registry to an appliance that is no Azure Firewall."""
    cloud.grant()
    cloud.appliance_in_hub(firewall=False)
    cloud.add_route("twenty", "20.0.0.0/8", "VirtualAppliance", "10.100.0.4")
    cloud.firewall([make.OUTBOUND_IP])


@story(verdict="healthy")
def route_for_a_wide_range_to_a_firewall_that_is_known(cloud: Cloud) -> None:
    """Whether traffic goes by the firewall does not matter: the registry knows the addresses of both ways."""
    cloud.grant()
    cloud.appliance_in_hub()
    cloud.add_route("twenty", "20.0.0.0/8", "VirtualAppliance", "10.100.0.4")
    cloud.firewall([make.OUTBOUND_IP, "20.103.55.1"])
