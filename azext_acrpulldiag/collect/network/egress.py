"""Which way a subnet's traffic leaves for the internet: pure over what the network answered.

Azure takes the first of: a user-defined route for the internet, a NAT gateway on the subnet,
an address of the instance itself, the load balancer's outbound rules, default outbound
access (https://learn.microsoft.com/azure/nat-gateway/nat-overview). What the cluster calls its
outbound type is therefore only asked last.
"""

from __future__ import annotations

from dataclasses import dataclass

from ...facts import Cluster, Firewall, Subnet, Unreadable, UserRoute
from .placement import Group


@dataclass(frozen=True)
class Egress:
    """A subnet with the route and the NAT gateway in force there (``None``: it has none)."""

    subnet: Subnet | Unreadable
    route: UserRoute | Unreadable | None = None
    nat_sources: tuple[str, ...] | Unreadable | None = None
    """Ids of the NAT gateway's public addresses and prefixes."""


@dataclass(frozen=True)
class Way:
    """How traffic leaves: ``kind`` is ``Outbound.path``, ``sources`` the ids that hold the addresses."""

    kind: str
    sources: tuple[str, ...] | Unreadable
    via: str | None = None


def leaving_path(group: Group, egress: Egress, appliance: Way | None, cluster: Cluster) -> Way:
    """Decide how the nodes of ``group`` leave.

    ``appliance`` is the way behind the appliance that the route names; it is only looked at
    where there is such a route.
    """
    subnet = egress.subnet
    if isinstance(subnet, Unreadable):
        return Way("unknown", subnet)
    routed = _routed(egress, subnet, appliance)
    if routed is not None:
        return routed
    if egress.nat_sources is not None:
        return Way("nat-gateway", egress.nat_sources, subnet.nat_gateway_id)
    if isinstance(group.public_ip, Unreadable):
        return Way("unknown", group.public_ip)
    if group.public_ip:
        return Way("node-public-ip", _instance_sources(group))
    return _cluster_way(cluster, subnet)


def firewall_way(firewall: Firewall, egress: Egress) -> Way:
    """Decide how an Azure Firewall leaves: its own subnet may have a NAT gateway or a route, too.

    https://learn.microsoft.com/azure/firewall/integrate-with-nat-gateway
    """
    if isinstance(egress.subnet, Unreadable):
        return Way("unknown", egress.subnet, firewall.id)
    if isinstance(egress.route, Unreadable):
        return Way("unknown", egress.route, firewall.id)
    if egress.route is not None and egress.route.next_hop.lower() != "internet":
        detail = f"{firewall.id} does not leave directly: route {egress.route.name} of its subnet sends traffic on"
        return Way("unknown", Unreadable("unsupported", detail), firewall.id)
    if egress.nat_sources is not None:
        return Way("nat-gateway", egress.nat_sources, egress.subnet.nat_gateway_id)
    if not firewall.public_ip_ids:
        return Way("firewall", Unreadable("not-shown", f"{firewall.id} shows no public address"), firewall.id)
    return Way("firewall", firewall.public_ip_ids, firewall.id)


def _routed(egress: Egress, subnet: Subnet, appliance: Way | None) -> Way | None:
    """The way that a user-defined route forces, or ``None`` where it leaves the choice open."""
    route = egress.route
    if route is None:
        return None
    if isinstance(route, Unreadable):
        return Way("unknown", route)
    hop = route.next_hop.lower()
    if hop == "internet":
        return None
    if hop == "none":
        return Way("none", ())
    if hop == "virtualappliance" and appliance is not None:
        return appliance
    detail = f"Route {route.name} of {subnet.id} sends traffic to a next hop of type {route.next_hop}"
    return Way("unknown", Unreadable("unsupported", f"{detail}, whose public address Azure does not show"))


def _instance_sources(group: Group) -> tuple[str, ...] | Unreadable:
    if group.prefix_id:
        return (group.prefix_id,)
    if group.scale_set_ids:
        return tuple(f"{scale_set}/publicIPAddresses" for scale_set in group.scale_set_ids)
    if group.unlisted is not None:
        return group.unlisted
    pools = ", ".join(group.pools)
    return Unreadable("unsupported", f"The public addresses of the machines of node pool {pools} are not read")


def _cluster_way(cluster: Cluster, subnet: Subnet) -> Way:
    """The way that AKS set up, where nothing on the subnet or the nodes overrides it."""
    if isinstance(cluster.outbound_type, Unreadable):
        return Way("unknown", cluster.outbound_type)
    kind = cluster.outbound_type.lower()
    if kind == "loadbalancer":
        return Way("load-balancer", _effective(cluster))
    if kind == "managednatgatewayv2":
        return Way("nat-gateway", _effective(cluster))
    # A route learnt from a gateway is not shown, and userDefinedRouting may rely on one.
    if kind in ("none", "block") or (subnet.private and kind != "userdefinedrouting"):
        return Way("none", ())
    missing = {
        "userdefinedrouting": "has no user-defined route for the internet",
        "managednatgateway": "has no NAT gateway",
        "userassignednatgateway": "has no NAT gateway",
    }.get(kind, "does not tell what that means")
    detail = f"The cluster's outbound type is {cluster.outbound_type}, and {subnet.id} {missing}"
    return Way("unknown", Unreadable("not-shown", detail))


def _effective(cluster: Cluster) -> tuple[str, ...] | Unreadable:
    ids = cluster.effective_outbound_ip_ids
    if isinstance(ids, Unreadable) or ids:
        return ids
    return Unreadable("not-shown", f"{cluster.id} shows no effective outbound address")
