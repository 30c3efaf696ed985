"""Gateways in the nodes' network or beside it, whose routes are in no route table."""

from __future__ import annotations

from unittest.mock import ANY

from tests import build
from tests.azure import resources as make
from tests.azure.resources import OUTBOUND_IP
from tests.azure.state import Cloud

from .network_stories import ALLOW
from .reach_stories import IMAGE, LOGIN, MISSING, TIMEOUT
from .stories import story

NOT_ALLOWED = "network.outbound-ip-not-allowed"
ON_PREMISES = "198.51.100.20"
FORBIDDEN = (
    f'Failed to pull image "{IMAGE}": failed to pull and unpack image "{IMAGE}": failed to resolve reference '
    f'"{IMAGE}": failed to authorize: failed to fetch anonymous token: unexpected status from GET request to '
    f"https://{LOGIN}/oauth2/token?scope=repository%3Ateam%2Fapp%3Apull&service={LOGIN}: 403 Forbidden"
)


def _spoke(cloud: Cloud) -> None:
    """The nodes' network uses the gateway of a hub."""
    hub = cloud.network("vnet-hub", "10.50.0.0/16")
    cloud.peering_side(make.VNET_ID, hub, useRemoteGateways=True)
    cloud.peering_side(hub, make.VNET_ID, allowGatewayTransit=True)


def _pull(cloud: Cloud) -> None:
    """Nodes of every pool pulled from the registry just now."""
    cloud.node()
    cloud.pulled()


def _fail(cloud: Cloud, message: str) -> None:
    cloud.node()
    cloud.failing_pod(IMAGE, message)


# --- networks joined without a peering -------------------------------------------------


@story(verdict="healthy", unknowns={"network.peerings": None})
def networks_joined_by_gateways(cloud: Cloud) -> None:
    """The endpoint's network is joined with the nodes' by gateways (VNet-to-VNet), and the nodes pull."""
    networks_perhaps_joined_by_gateways.tell(cloud)
    _pull(cloud)


@story(verdict="inconclusive", unknowns={"network.peerings": None})
def networks_perhaps_joined_by_gateways(cloud: Cloud) -> None:
    """The endpoint's network and the nodes' both have a gateway, and nothing shows whether those join them."""
    cloud.grant()
    there = cloud.endpoint_elsewhere()
    cloud.gateway(make.VNET_ID)
    cloud.gateway(there)


@story(verdict="healthy", unknowns={"network.peerings": None})
def spoke_joined_by_the_gateway_of_its_hub(cloud: Cloud) -> None:
    """The gateway of the nodes' hub joins the endpoint's network, which has one of its own, and the nodes pull."""
    cloud.grant()
    _spoke(cloud)
    cloud.gateway(cloud.endpoint_elsewhere("vnet-shared", "10.60.0.0/16"))
    _pull(cloud)


@story(
    verdict="broken",
    root_causes=(MISSING,),
    symptoms=("timeout-network",),
    evidence={MISSING: {"nearNetwork": make.VNET_ID, "unread": ANY}},
    commands=("az network vnet peering create", "az network vnet peering create"),
)
def networks_with_gateways_that_do_not_join_them(cloud: Cloud) -> None:
    """Both networks have a gateway, and pods time out: those gateways do not join them, and there is no peering."""
    networks_perhaps_joined_by_gateways.tell(cloud)
    _fail(cloud, TIMEOUT)


@story(
    verdict="broken",
    root_causes=(MISSING,),
    evidence={MISSING: {"nearNetwork": make.VNET_ID, "unread": None}},
    commands=("az network vnet peering create", "az network vnet peering create"),
)
def peering_missing_and_a_gateway_on_one_side(cloud: Cloud) -> None:
    """The nodes' network has a gateway; the endpoint's has none, so that nothing but a peering can join them."""
    cloud.grant()
    cloud.endpoint_elsewhere()
    cloud.gateway(make.VNET_ID)


@story(verdict="broken", root_causes=(MISSING,), evidence={MISSING: {"unread": None}})
def peering_missing_and_subnets_kept_for_gateways(cloud: Cloud) -> None:
    """Both networks keep a subnet for a gateway, and no gateway is in it."""
    cloud.grant()
    there = cloud.endpoint_elsewhere()
    cloud.gateway_subnet(make.VNET_ID)
    cloud.gateway_subnet(there)


@story(verdict="broken", root_causes=(MISSING,), evidence={MISSING: {"unread": None}})
def peering_missing_and_gateway_routes_switched_off(cloud: Cloud) -> None:
    """Both networks have a gateway, and the node subnet's route table takes no routes of one."""
    networks_perhaps_joined_by_gateways.tell(cloud)
    cloud.without_gateway_routes()


# --- by which address nodes leave ------------------------------------------------------


@story(verdict="healthy", unknowns={"network.outbound-ip": None})
def default_route_from_on_premises(cloud: Cloud) -> None:
    """A gateway advertises a default route; the firewall allows the address on premises, and the nodes pull."""
    cloud.grant()
    cloud.gateway(make.VNET_ID)
    cloud.firewall([ON_PREMISES])
    _pull(cloud)


@story(verdict="inconclusive", unknowns={"network.outbound-ip": None})
def perhaps_a_default_route_from_on_premises(cloud: Cloud) -> None:
    """The firewall allows the load balancer's address, and a gateway may advertise a default route past it."""
    cloud.grant()
    _spoke(cloud)
    cloud.firewall([OUTBOUND_IP])


@story(
    verdict="broken",
    root_causes=(NOT_ALLOWED,),
    symptoms=("forbidden-403",),
    evidence={NOT_ALLOWED: {"path": "load-balancer", "uncovered": [OUTBOUND_IP], "unread": ANY}},
    commands=(f"{ALLOW} --ip-address {OUTBOUND_IP}",),
)
def outbound_ip_beside_a_gateway(cloud: Cloud) -> None:
    """The firewall does not allow the load balancer's address, pods get 403, and a gateway changes nothing about it."""
    cloud.grant()
    cloud.gateway(make.VNET_ID)
    cloud.firewall([ON_PREMISES])
    _fail(cloud, FORBIDDEN)


@story(verdict="healthy")
def user_defined_default_route_beside_a_gateway(cloud: Cloud) -> None:
    """A user-defined default route overrides what a gateway may advertise, and the firewall allows its address."""
    cloud.grant()
    cloud.gateway(make.VNET_ID)
    cloud.add_route("internet", "0.0.0.0/0", "Internet")
    cloud.firewall([OUTBOUND_IP])


@story(verdict="healthy")
def gateway_routes_switched_off(cloud: Cloud) -> None:
    """The node subnet's route table takes no routes of the gateway, and the firewall allows the load balancer."""
    cloud.grant()
    cloud.gateway(make.VNET_ID)
    cloud.without_gateway_routes()
    cloud.firewall([OUTBOUND_IP])


@story(verdict="healthy")
def service_endpoint_beside_a_gateway(cloud: Cloud) -> None:
    """The route of the subnet's service endpoint is preferred to whatever a gateway advertises."""
    cloud.grant()
    cloud.gateway(make.VNET_ID)
    cloud.firewall([ON_PREMISES], [build.SUBNET_ID])
    cloud.service_endpoints()


@story(verdict="healthy")
def private_endpoint_beside_a_gateway(cloud: Cloud) -> None:
    """The route of a private endpoint, also over a peering, is preferred to whatever a gateway advertises."""
    cloud.grant()
    there = cloud.endpoint_elsewhere()
    cloud.peer(make.VNET_ID, there)
    cloud.gateway(make.VNET_ID)
    cloud.gateway(there)
