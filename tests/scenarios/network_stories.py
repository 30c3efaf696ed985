"""Is the registry's public side open, and open to where the nodes come from?"""

from __future__ import annotations

from unittest.mock import ANY

from tests import build
from tests.azure.resources import OUTBOUND_IP, VNET_ID
from tests.azure.state import Cloud

from .stories import story

ZONES = "/providers/Microsoft.Network/privateDnsZones"
ALLOW = f"az acr network-rule add --name contosoreg --resource-group rg-shared --subscription {build.SUBSCRIPTION}"


# --- nothing is wrong ------------------------------------------------------------------


@story(verdict="healthy")
def firewall_allows_the_load_balancer(cloud: Cloud) -> None:
    """The registry's firewall allows the address of the cluster's load balancer."""
    cloud.grant()
    cloud.firewall([OUTBOUND_IP])


@story(verdict="healthy")
def firewall_allows_a_range(cloud: Cloud) -> None:
    """The registry's firewall allows a range that holds the outbound address."""
    cloud.grant()
    cloud.firewall(["10.0.0.0/8", "20.61.112.0/24"])


@story(verdict="healthy")
def firewall_allows_the_nat_gateway(cloud: Cloud) -> None:
    """A NAT gateway on the subnet beats the load balancer, and the firewall allows what it leaves by."""
    cloud.grant()
    cloud.nat_gateway(["20.9.9.9"], ["20.50.0.0/30"], declared=False)
    cloud.firewall(["20.9.9.9", "20.50.0.0/30"])


@story(verdict="healthy")
def firewall_allows_the_route(cloud: Cloud) -> None:
    """The nodes leave by an Azure Firewall in a hub network, whose addresses the registry allows."""
    cloud.grant()
    cloud.route_through_firewall(["20.103.55.1", "20.103.55.2"])
    cloud.firewall(["20.103.55.1", "20.103.55.2"])


@story(verdict="healthy")
def basic_registry(cloud: Cloud) -> None:
    """A Basic registry has no firewall at all."""
    cloud.grant()
    cloud.sku("Basic")


@story(verdict="healthy")
def private_zone_of_another_team(cloud: Cloud) -> None:
    """The registry is public, and the nodes' network is linked to a privatelink zone of another team."""
    cloud.grant()
    cloud.ensure_group("rg-dns")
    zone_id = f"/subscriptions/{build.SUBSCRIPTION}/resourceGroups/rg-dns{ZONES}/privatelink.azurecr.io"
    cloud.resources.add(
        {
            "id": zone_id,
            "name": "privatelink.azurecr.io",
            "type": "Microsoft.Network/privateDnsZones",
            "location": "global",
            "properties": {"numberOfRecordSets": 1, "numberOfVirtualNetworkLinks": 1, "provisioningState": "Succeeded"},
        }
    )
    cloud.resources.add(
        {
            "id": f"{zone_id}/virtualNetworkLinks/aks",
            "name": "aks",
            "type": "Microsoft.Network/privateDnsZones/virtualNetworkLinks",
            "location": "global",
            "properties": {
                "virtualNetwork": {"id": VNET_ID},
                "registrationEnabled": False,
                "resolutionPolicy": "Default",
                "virtualNetworkLinkState": "Completed",
                "provisioningState": "Succeeded",
            },
        }
    )


# --- public access ---------------------------------------------------------------------


@story(
    verdict="broken",
    root_causes=("network.public-access-disabled",),
    evidence={
        "network.public-access-disabled": {
            "registry": "contosoreg",
            "publicNetworkAccess": "Disabled",
            "privateEndpoints": [],
        }
    },
    commands=("az acr update --name contosoreg --resource-group rg-shared",),
)
def public_access_disabled(cloud: Cloud) -> None:
    """Public access is off, and there is no private endpoint."""
    cloud.grant()
    cloud.public_access(False)


# --- the registry's firewall, one story for each way out --------------------------------


@story(
    verdict="broken",
    root_causes=("network.outbound-ip-not-allowed",),
    evidence={
        "network.outbound-ip-not-allowed": {
            "pools": ["pool1"],
            "path": "load-balancer",
            "addresses": [OUTBOUND_IP],
            "uncovered": [OUTBOUND_IP],
            "rules": ["20.1.1.1"],
        }
    },
    commands=(f"{ALLOW} --ip-address {OUTBOUND_IP}",),
)
def outbound_ip_of_the_load_balancer(cloud: Cloud) -> None:
    """The firewall does not know the address of the cluster's load balancer."""
    cloud.grant()
    cloud.firewall(["20.1.1.1"])


@story(
    verdict="broken",
    root_causes=("network.outbound-ip-not-allowed",),
    evidence={
        "network.outbound-ip-not-allowed": {
            "path": "nat-gateway",
            "addresses": ["20.7.7.7", "20.7.7.8"],
            "uncovered": ["20.7.7.8"],
        }
    },
    commands=(f"{ALLOW} --ip-address 20.7.7.8",),
)
def outbound_ip_of_a_managed_nat_gateway(cloud: Cloud) -> None:
    """The firewall allows one of two addresses of the managed NAT gateway."""
    cloud.grant()
    cloud.managed_nat_gateway("20.7.7.7", "20.7.7.8")
    cloud.firewall(["20.7.7.7"])


@story(
    verdict="broken",
    root_causes=("network.outbound-ip-not-allowed",),
    evidence={
        "network.outbound-ip-not-allowed": {
            "path": "nat-gateway",
            "addresses": ["20.9.9.9", "20.50.0.0/30"],
            "uncovered": ["20.50.0.0/30"],
        }
    },
    commands=(f"{ALLOW} --ip-address 20.50.0.0/30",),
)
def outbound_ip_of_a_nat_gateway(cloud: Cloud) -> None:
    """The firewall allows the address of the user's NAT gateway and not its prefix."""
    cloud.grant()
    cloud.nat_gateway(["20.9.9.9"], ["20.50.0.0/30"])
    cloud.firewall(["20.9.9.9"])


@story(
    verdict="broken",
    root_causes=("network.outbound-ip-not-allowed",),
    evidence={"network.outbound-ip-not-allowed": {"path": "nat-gateway", "uncovered": ["20.9.9.9"]}},
)
def outbound_ip_of_an_undeclared_nat_gateway(cloud: Cloud) -> None:
    """The firewall allows the load balancer, but a NAT gateway on the subnet is what nodes leave by."""
    cloud.grant()
    cloud.nat_gateway(["20.9.9.9"], declared=False)
    cloud.firewall([OUTBOUND_IP])


@story(
    verdict="broken",
    root_causes=("network.outbound-ip-not-allowed",),
    evidence={
        "network.outbound-ip-not-allowed": {
            "path": "node-public-ip",
            "addresses": ["20.8.0.1", "20.8.0.2"],
            "uncovered": ["20.8.0.2"],
        }
    },
)
def outbound_ip_of_a_node(cloud: Cloud) -> None:
    """Nodes have public addresses of their own, and the firewall allows only one of them."""
    cloud.grant()
    cloud.node_public_ips("pool1", "20.8.0.1", "20.8.0.2")
    cloud.firewall(["20.8.0.1", OUTBOUND_IP])


@story(
    verdict="broken",
    root_causes=("network.outbound-ip-not-allowed",),
    evidence={
        "network.outbound-ip-not-allowed": {
            "path": "firewall",
            "addresses": ["20.103.55.1", "20.103.55.2"],
            "uncovered": ["20.103.55.2"],
        }
    },
)
def outbound_ip_of_an_azure_firewall(cloud: Cloud) -> None:
    """The nodes leave by an Azure Firewall in a hub network, one of whose addresses the registry does not allow."""
    cloud.grant()
    cloud.route_through_firewall(["20.103.55.1", "20.103.55.2"])
    cloud.firewall(["20.103.55.1"])


@story(
    verdict="broken",
    root_causes=("network.outbound-ip-not-allowed",),
    evidence={"network.outbound-ip-not-allowed": {"pools": ["edge"], "uncovered": ["20.9.9.9"]}},
)
def outbound_ip_of_another_subnet(cloud: Cloud) -> None:
    """A second node pool sits in a subnet with a NAT gateway of its own, which the firewall does not know."""
    cloud.grant()
    subnet_id = cloud.subnet("edge")
    cloud.add_pool("edge", subnet_id)
    cloud.nat_gateway(["20.9.9.9"], subnet_id=subnet_id, declared=False)
    cloud.firewall([OUTBOUND_IP])


@story(
    verdict="inconclusive",
    other_outcomes=("network.firewall-blocks-registry",),
    unknowns={"network.outbound-ip": ANY},
)
def outbound_ip_behind_an_appliance(cloud: Cloud) -> None:
    """The nodes leave by an appliance whose public address nobody can read."""
    cloud.grant()
    cloud.route_through_firewall(firewall=False)
    cloud.firewall(["20.103.55.1"])


@story(verdict="inconclusive", unknowns={"network.outbound-ip": ANY})
def outbound_none(cloud: Cloud) -> None:
    """AKS sets up no way out, and what Azure lends the nodes (default outbound access) is an address not shown."""
    cloud.grant()
    cloud.outbound("none")
    cloud.firewall(["20.103.55.1"])


@story(verdict="healthy", unknowns={"network.outbound-ip": ANY})
def outbound_none_and_pods_pull(cloud: Cloud) -> None:
    """AKS sets up no way out, the registry filters by address, and the nodes pulled from it just now."""
    outbound_none.tell(cloud)
    cloud.node()
    cloud.pulled()


@story(verdict="inconclusive", unknowns={"network.outbound-ip": ANY})
def outbound_none_in_a_private_subnet(cloud: Cloud) -> None:
    """AKS sets up no way out, and the subnet switches default outbound access off: nodes have no outbound IP."""
    outbound_none.tell(cloud)
    cloud.resources[build.SUBNET_ID]["properties"]["defaultOutboundAccess"] = False


@story(verdict="inconclusive", unknowns={"network.outbound-ip": ANY})
def outbound_blocked(cloud: Cloud) -> None:
    """AKS blocks all that leaves, so a private way is needed."""
    cloud.grant()
    cloud.outbound("block")
    cloud.firewall(["20.103.55.1"])


@story(
    verdict="broken",
    root_causes=("network.outbound-ip-not-allowed",),
    evidence={
        "network.outbound-ip-not-allowed": {
            "path": "node-public-ip",
            "addresses": ["20.60.0.0/28"],
            "uncovered": ["20.60.0.0/28"],
        }
    },
    commands=(f"{ALLOW} --ip-address 20.60.0.0/28",),
)
def outbound_none_with_a_prefix_of_the_nodes(cloud: Cloud) -> None:
    """AKS sets up no way out; the nodes have public IPs from a prefix, which the firewall does not allow."""
    cloud.grant()
    cloud.outbound("none")
    cloud.node_public_ips()
    cloud.node_public_ip_prefix("20.60.0.0/28")
    cloud.firewall(["20.103.55.1"])


@story(verdict="healthy")
def firewall_allows_the_prefix_of_the_nodes(cloud: Cloud) -> None:
    """The nodes have public IPs from a prefix, which the registry's firewall allows as a whole."""
    cloud.grant()
    cloud.node_public_ips()
    cloud.node_public_ip_prefix("20.60.0.0/28")
    cloud.firewall(["20.60.0.0/28"])


@story(verdict="inconclusive", unknowns={"network.outbound-ip": "Microsoft.Network/publicIPAddresses/read"})
def outbound_ip_forbidden(cloud: Cloud) -> None:
    """The caller may not read the address of the cluster's load balancer."""
    cloud.grant()
    cloud.firewall(["20.1.1.1"])
    cloud.forbid("Microsoft.Network/publicIPAddresses/read")
