"""What Virtual Network Managers do to the networks on the way: connected groups, security admin rules."""

from __future__ import annotations

from tests.azure import resources as make
from tests.azure.changes_manager import COLLECTION_ID
from tests.azure.resources_reach import security_rule
from tests.azure.state import Cloud

from .reach_stories import IMAGE, LAYERS, LOGIN, NODES, NSG_BLOCKS, TIMEOUT
from .stories import story

BLOCKS = "network.admin-rule-blocks-registry"
MISSING, DISCONNECTED = "network.peering-missing", "network.peering-disconnected"
ACTION = "Microsoft.Network/virtualNetworks/listNetworkManagerEffective"
RULES, CONFIGURATIONS = f"{ACTION}SecurityAdminRules/read", f"{ACTION}ConnectivityConfigurations/read"
ADD = "az network manager security-admin-config rule-collection rule create --network-manager-name avnm-corp"
PRIVATE_TIMEOUT = TIMEOUT.replace("20.61.97.129", "10.50.0.5")


def denied(cloud: Cloud) -> None:
    """Deny the nodes' network everything on the internet."""
    cloud.admin_rule("no-internet", 100, "Deny", "Internet")


def reported(cloud: Cloud, message: str = TIMEOUT) -> None:
    cloud.node()
    cloud.failing_pod(IMAGE, message)


# --- networks that are joined without a peering ----------------------------------------


@story(verdict="healthy")
def networks_joined_by_a_mesh(cloud: Cloud) -> None:
    """The endpoint's network and the nodes' are in a connected group, and not peered."""
    cloud.grant()
    cloud.connect(make.VNET_ID, cloud.endpoint_elsewhere())


@story(verdict="healthy")
def spokes_with_direct_connectivity(cloud: Cloud) -> None:
    """Two spokes of a hub are in a connected group, although only the hub is peered with each."""
    cloud.grant()
    hub, there = cloud.network("vnet-hub", "10.100.0.0/16"), cloud.endpoint_elsewhere()
    cloud.peer(make.VNET_ID, hub)
    cloud.peer(hub, there)
    cloud.connect(make.VNET_ID, there, hub=hub)


@story(verdict="healthy")
def hub_in_the_connected_group(cloud: Cloud) -> None:
    """The peering with the hub, where the endpoint is, is broken; direct connectivity has the hub in its group."""
    cloud.grant()
    hub = cloud.endpoint_elsewhere("vnet-hub")
    cloud.peer(make.VNET_ID, hub, "Disconnected")
    cloud.connect(make.VNET_ID, hub=hub)


@story(verdict="healthy")
def global_mesh(cloud: Cloud) -> None:
    """The endpoint's network is in another region, and the mesh is global."""
    cloud.grant()
    there = cloud.endpoint_elsewhere()
    cloud.resources[there]["location"] = "northeurope"
    cloud.connect(make.VNET_ID, there, spans_regions=True)


@story(
    verdict="broken",
    root_causes=(MISSING,),
    evidence={MISSING: {"nearName": NODES, "farName": "vnet-shared", "addresses": ["10.50.0.4", "10.50.0.5"]}},
)
def spokes_without_direct_connectivity(cloud: Cloud) -> None:
    """Both networks are in a network group whose members are not connected with each other."""
    cloud.grant()
    hub, there = cloud.network("vnet-hub", "10.100.0.0/16"), cloud.endpoint_elsewhere()
    cloud.connect(make.VNET_ID, there, hub=hub, connectivity="None")


@story(verdict="broken", root_causes=(MISSING,))
def mesh_of_another_region(cloud: Cloud) -> None:
    """Both networks are in a mesh that does not span regions, and they are in two."""
    cloud.grant()
    there = cloud.endpoint_elsewhere()
    cloud.resources[there]["location"] = "northeurope"
    cloud.connect(make.VNET_ID, there)


@story(verdict="broken", root_causes=(MISSING,))
def connectivity_forbidden_and_no_manager_in_sight(cloud: Cloud) -> None:
    """The networks are not peered; who joins networks may not be read, and no Virtual Network Manager is seen."""
    cloud.grant()
    cloud.endpoint_elsewhere()
    cloud.forbid(CONFIGURATIONS)


@story(verdict="inconclusive", unknowns={"network.peerings": CONFIGURATIONS})
def connectivity_forbidden(cloud: Cloud) -> None:
    """The networks are not peered, and a Virtual Network Manager is seen whose configurations may not be read."""
    cloud.grant()
    cloud.connect(make.VNET_ID, cloud.endpoint_elsewhere())
    cloud.forbid(CONFIGURATIONS)


@story(
    verdict="broken",
    root_causes=(MISSING,),
    symptoms=("timeout-network",),
    commands=("az network vnet peering create", "az network vnet peering create"),
)
def connectivity_forbidden_and_pods_time_out(cloud: Cloud) -> None:
    """As before, and pods report that connections to the endpoint time out: nothing joins the networks."""
    cloud.grant()
    cloud.endpoint_elsewhere()
    cloud.network_manager()
    cloud.forbid(CONFIGURATIONS)
    reported(cloud, PRIVATE_TIMEOUT)


@story(verdict="broken", root_causes=(MISSING,))
def manager_of_another_subscription(cloud: Cloud) -> None:
    """The Virtual Network Manager that is seen manages other subscriptions than the networks'."""
    cloud.grant()
    cloud.endpoint_elsewhere()
    cloud.network_manager(subscription="11111111-2222-4333-8444-555555555555")
    cloud.forbid(CONFIGURATIONS)


# --- security admin rules --------------------------------------------------------------


@story(verdict="healthy")
def admin_rule_allows_what_a_security_group_denies(cloud: Cloud) -> None:
    """A security group denies the internet, and a security admin rule always allows the registry and its layers."""
    cloud.grant()
    cloud.security_group(security_rule("no-internet", 4000, "Deny", "Internet"))
    cloud.admin_rule(
        "registries", 10, "AlwaysAllow", "AzureContainerRegistry", "Storage", destinationPortRanges=["443"]
    )


@story(verdict="healthy")
def admin_rule_allows_before_it_denies(cloud: Cloud) -> None:
    """A security admin rule with a lower number allows the registry and its layers before one denies the internet."""
    cloud.grant()
    cloud.admin_rule("registries", 90, "Allow", "AzureContainerRegistry.WestEurope", "Storage")
    denied(cloud)


@story(verdict="healthy")
def admin_rule_for_another_port(cloud: Cloud) -> None:
    """A security admin rule denies SSH to everywhere, which is not how images are pulled."""
    cloud.grant()
    cloud.admin_rule("no-ssh", 10, "Deny", destinationPortRanges=["22"])


@story(
    verdict="broken",
    root_causes=(BLOCKS,),
    evidence={
        BLOCKS: {
            "pools": ["pool1"],
            "hosts": [LOGIN, LAYERS],
            "adminRule": f"{COLLECTION_ID}/rules/no-internet",
            "rulePriority": 100,
            "destinations": ["AzureContainerRegistry", "Storage"],
            "manager": "avnm-corp",
            "network": make.VNET_ID,
        }
    },
    commands=(ADD, ADD),
)
def admin_rule_denies_the_internet(cloud: Cloud) -> None:
    """A security admin rule denies the internet, whatever the security group of the node subnet allows."""
    cloud.grant()
    cloud.security_group(security_rule("registry", 100, "Allow", "AzureContainerRegistry"))
    denied(cloud)


@story(verdict="broken", root_causes=(BLOCKS,), symptoms=("timeout-network",))
def admin_rule_denies_the_registry_and_pods_time_out(cloud: Cloud) -> None:
    """A security admin rule denies the registry, and pods report that connections time out."""
    cloud.grant()
    cloud.admin_rule("no-registry", 100, "Deny", "AzureContainerRegistry")
    reported(cloud)


@story(verdict="broken", root_causes=(NSG_BLOCKS,))
def admin_rule_hands_on_to_a_security_group(cloud: Cloud) -> None:
    """A security admin rule allows the registry, which leaves it to the security group, and that denies it."""
    cloud.grant()
    cloud.security_group(security_rule("no-internet", 4000, "Deny", "Internet"))
    cloud.admin_rule("registries", 10, "Allow", "AzureContainerRegistry", "Storage")


@story(verdict="inconclusive", unknowns={"network.admin-rules": None})
def admin_rule_denies_the_endpoint(cloud: Cloud) -> None:
    """A security admin rule denies the private endpoint, which nobody says that such a rule holds for."""
    cloud.grant()
    cloud.private_link()
    cloud.admin_rule("no-endpoints", 100, "Deny", "10.225.0.0/24")


@story(verdict="broken", root_causes=(BLOCKS,), symptoms=("timeout-network",), commands=(ADD, ADD))
def admin_rule_denies_the_endpoint_and_pods_time_out(cloud: Cloud) -> None:
    """As before, and pods report that connections to the endpoint time out."""
    cloud.grant()
    cloud.private_link()
    cloud.admin_rule("no-endpoints", 100, "Deny", "10.225.0.0/24")
    reported(cloud, TIMEOUT.replace("20.61.97.129", "10.225.0.4"))


@story(verdict="inconclusive", unknowns={"network.admin-rules": RULES})
def admin_rules_forbidden(cloud: Cloud) -> None:
    """A Virtual Network Manager is seen whose security admin rules may not be read."""
    cloud.grant()
    cloud.network_manager()
    cloud.forbid(RULES)


@story(verdict="healthy", unknowns={"network.admin-rules": RULES})
def admin_rules_forbidden_and_no_manager_in_sight(cloud: Cloud) -> None:
    """Security admin rules may not be read, and no Virtual Network Manager is seen: told, and no doubt."""
    cloud.grant()
    cloud.forbid(RULES)


@story(verdict="healthy", unknowns={"network.admin-rules": RULES})
def admin_rules_forbidden_of_a_manager_of_peerings(cloud: Cloud) -> None:
    """The Virtual Network Manager that is seen connects networks alone."""
    cloud.grant()
    cloud.network_manager(features=("Connectivity",))
    cloud.forbid(RULES)


@story(verdict="broken", root_causes=(NSG_BLOCKS,), unknowns={"network.admin-rules": RULES})
def security_group_denies_where_admin_rules_are_forbidden(cloud: Cloud) -> None:
    """A security group denies the internet; no Virtual Network Manager is seen that could allow it before."""
    cloud.grant()
    cloud.security_group(security_rule("no-internet", 4000, "Deny", "Internet"))
    cloud.forbid(RULES)


@story(verdict="inconclusive", unknowns={"network.admin-rules": RULES, "network.security-groups": RULES})
def security_group_denies_where_a_manager_may_allow(cloud: Cloud) -> None:
    """A security group denies the internet, and a Virtual Network Manager is seen that may allow it before."""
    cloud.grant()
    cloud.security_group(security_rule("no-internet", 4000, "Deny", "Internet"))
    cloud.network_manager(management_groups=("/providers/Microsoft.Management/managementGroups/contoso",))
    cloud.forbid(RULES)
