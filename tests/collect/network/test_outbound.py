"""How the nodes leave, read from a network made of recorded bodies."""

from __future__ import annotations

import threading

import pytest

from azext_acrpulldiag.collect.ask.arm import ReadError, operation_of
from azext_acrpulldiag.collect.ask.once import NETWORK_API, Once
from azext_acrpulldiag.collect.network.appliances import read_hubs
from azext_acrpulldiag.collect.network.outbound import filters_by_address, read_outbound
from azext_acrpulldiag.collect.network.topology import read_named_networks, read_node_side
from azext_acrpulldiag.facts import NetworkRules, Unreadable
from azext_acrpulldiag.path.routing.outbound import Egress, WayOut, egresses_of
from tests.build import NODE_GROUP_ID, SUBNET_ID, agent_pool, cluster, registry, scale_set
from tests.recordings import body

HUB_SUBSCRIPTION = "8d5f2c7e-1f0b-4a39-9c55-0e6b7a1d2f43"
HUB_GROUP_ID = f"/subscriptions/{HUB_SUBSCRIPTION}/resourceGroups/rg-hub"
HUB = f"{HUB_GROUP_ID}/providers/Microsoft.Network/virtualNetworks/hub"
NODE_NETWORK = SUBNET_ID.rpartition("/subnets/")[0]
OTHER_SUBNET = f"{NODE_NETWORK}/subnets/batch"
NETWORK = f"{NODE_GROUP_ID}/providers/Microsoft.Network"
NETWORKS = f"{NETWORK}/virtualNetworks"
LB_ADDRESS = f"{NETWORK}/publicIPAddresses/out1"
INSTANCE_ADDRESSES = f"{scale_set().resource_id}/publicIPAddresses"
FIREWALLS = f"/subscriptions/{HUB_SUBSCRIPTION}/providers/Microsoft.Network/azureFirewalls"
FORBIDDEN = "forbidden"
HOSTS = (scale_set(),)


class Network:
    """Answers by path like :class:`ArmReader`, and remembers what was asked."""

    def __init__(self):
        self.answers = {}
        self.asked = []
        self.peerings = []
        self._lock = threading.Lock()

    def get(self, path, api_version):
        return self._answer(path, api_version)

    def list(self, path, api_version):
        return self._answer(path, api_version)

    def _answer(self, path, api_version):
        with self._lock:
            self.asked.append((path, api_version))
        answer = self.answers.get(path.lower(), self._assembled(path))
        if answer == FORBIDDEN:
            raise ReadError(Unreadable("forbidden", f"no right to read {path}", operation_of(path), operation_of(path)))
        return answer

    def _assembled(self, path):
        """A virtual network shows its readable subnets, and its side of its peerings."""
        if path == NETWORKS:
            return [self._assembled(NODE_NETWORK)]
        if path.rpartition("/")[0].rpartition("/")[2] != "virtualNetworks":
            return None
        inside = [answer for key, answer in self.answers.items() if key.startswith(f"{path}/subnets/".lower())]
        answer = body("network/vnet_get_2025_05_01") | {"id": path}
        answer["properties"] |= {
            "subnets": [subnet for subnet in inside if isinstance(subnet, dict) and "properties" in subnet],
            "virtualNetworkPeerings": self.peerings if path == NODE_NETWORK else [],
            "addressSpace": {"addressPrefixes": ["10.224.0.0/12" if path == NODE_NETWORK else "10.100.0.0/16"]},
        }
        return answer

    def paths(self):
        return [path for path, _ in self.asked]

    def put(self, path, answer):
        self.answers[path.lower()] = answer
        return path

    def subnet(self, path=SUBNET_ID, nat=None, table=None, endpoint=False, **properties):
        answer = body("network/subnet_get_service_endpoint_acr" if endpoint else "network/subnet_get_2025_05_01")
        answer["id"] = path
        if path.endswith("/AzureFirewallSubnet"):
            prefix = "10.100.0.0/26" if path.startswith(HUB) else "10.224.9.0/26"
            answer["properties"]["addressPrefix"] = prefix
        answer["properties"] |= properties
        if nat:
            answer["properties"]["natGateway"] = {"id": nat}
        if table:
            answer["properties"]["routeTable"] = {"id": table}
        return self.put(path, answer)

    def public_ip(self, path, address="20.1.2.3"):
        answer = body(
            "network/publicip_get_standard_static_2025_05_01" if address else "network/publicip_get_2025_05_01"
        )
        answer["id"] = path
        if address:
            answer["properties"]["ipAddress"] = address
        return self.put(path, answer)

    def prefix(self, path, text):
        return self.put(path, {"id": path, "properties": {"ipPrefix": text, "publicIPAddressVersion": "IPv4"}})

    def nat(self, name="nat", addresses=(), prefixes=(), within=NETWORK):
        answer = body("network/natgateway_get_pip_and_prefix")
        answer["id"] = f"{within}/natGateways/{name}"
        answer["properties"]["publicIpAddresses"] = [{"id": path} for path in addresses]
        answer["properties"]["publicIpPrefixes"] = [{"id": path} for path in prefixes]
        return self.put(answer["id"], answer)

    def table(self, *routes, name="routes", within=NETWORK):
        answer = body("network/routetable_get_empty_2025_05_01")
        answer["id"] = f"{within}/routeTables/{name}"
        for prefix, hop, address in routes:
            rule = {"addressPrefix": prefix, "nextHopType": hop}
            answer["properties"]["routes"].append(
                {"name": "to-" + hop.lower(), "properties": rule | ({"nextHopIpAddress": address} if address else {})}
            )
        return self.put(answer["id"], answer)

    def firewall(self, name="fw", private="10.100.0.4", network=HUB, addresses=("20.9.9.9",)):
        group = network.partition("/providers/")[0]
        configurations = []
        for number, address in enumerate(addresses):
            path = self.public_ip(f"{group}/providers/Microsoft.Network/publicIPAddresses/{name}{number}", address)
            configurations.append({"properties": {"publicIPAddress": {"id": path}}})
        answer = body("network/azurefirewall_get_with_ip_config")
        answer["id"] = f"{group}/providers/Microsoft.Network/azureFirewalls/{name}"
        configurations[0]["properties"] |= {
            "privateIPAddress": private,
            "subnet": {"id": f"{network}/subnets/AzureFirewallSubnet"},
        }
        answer["properties"]["ipConfigurations"] = configurations
        listed = f"/subscriptions/{network.split('/')[2]}/providers/Microsoft.Network/azureFirewalls"
        self.answers.setdefault(listed.lower(), []).append(answer)
        return answer["id"]

    def peer(self, network=HUB, prefix="10.100.0.0/16"):
        (peering,) = body("network/peerings_list_connected")["value"]
        peering["properties"] |= {
            "remoteVirtualNetwork": {"id": network},
            "remoteAddressSpace": {"addressPrefixes": [prefix]},
        }
        self.peerings.append(peering)


@pytest.fixture
def network():
    """A node subnet with nothing on it, and the load balancer's address."""
    made = Network()
    made.subnet()
    made.public_ip(LB_ADDRESS, "20.1.2.3")
    return made


def ways_out(network, cluster, hosts=HOSTS):
    """What is read, and how nodes leave by that."""
    once = Once(network)
    side = read_node_side(once, cluster, hosts, read_named_networks(once, cluster))
    if isinstance(side, Unreadable):
        return side
    found = read_hubs(once, side.network)
    return egresses_of(registry(), found, cluster, read_outbound(once, cluster, side, found))


def egress(network, hosts=HOSTS, **changes) -> Egress:
    (found,) = ways_out(network, cluster(**changes), hosts)
    return found


def leave(network, hosts=HOSTS, **changes) -> WayOut:
    (way,) = egress(network, hosts, **changes).ways
    return way


def seen(way):
    return way.path, way.addresses


def told(egresses):
    return [(each.pools, each.ways[0].path, each.ways[0].addresses) for each in egresses]


def paths(egresses):
    return {each.pools: each.ways[0].path for each in egresses}


# --- each outbound type ---


def test_the_load_balancers_addresses(network):
    way = WayOut("load-balancer", ("20.1.2.3",))
    assert egress(network) == Egress(("pool1",), SUBNET_ID, False, (way,))
    assert network.asked == [(NETWORKS, NETWORK_API), (LB_ADDRESS, NETWORK_API)]


def test_the_load_balancers_prefixes(network):
    prefix = network.prefix(f"{NETWORK}/publicIPPrefixes/p", "20.5.0.0/30")
    assert seen(leave(network, effective_outbound_ip_ids=(LB_ADDRESS, prefix))) == (
        "load-balancer",
        ("20.1.2.3", "20.5.0.0/30"),
    )


@pytest.mark.parametrize("ids", [(), Unreadable("not-shown", "effectiveOutboundIPs is not shown")])
def test_a_load_balancer_without_shown_addresses_is_unreadable(network, ids):
    outbound = leave(network, effective_outbound_ip_ids=ids)
    assert outbound.path == "load-balancer"
    assert outbound.addresses.reason == "not-shown"


@pytest.mark.parametrize("outbound_type", ["loadBalancer", "managedNATGateway", "userAssignedNATGateway", "none"])
def test_a_nat_gateway_on_the_subnet_beats_what_the_cluster_says(network, outbound_type):
    address = network.public_ip(f"{NETWORK}/publicIPAddresses/nat1", "20.7.7.7")
    prefix = network.prefix(f"{NETWORK}/publicIPPrefixes/nat2", "20.8.0.0/31")
    nat = network.nat(addresses=[address], prefixes=[prefix])
    network.subnet(nat=nat.upper())
    outbound = leave(network, outbound_type=outbound_type)
    assert seen(outbound) == ("nat-gateway", ("20.7.7.7", "20.8.0.0/31"))
    assert outbound.via.lower() == nat.lower()


def test_a_nat_gateway_beats_node_public_ips(network):
    address = network.public_ip(f"{NETWORK}/publicIPAddresses/nat1", "20.7.7.7")
    network.subnet(nat=network.nat(addresses=[address]))
    outbound = leave(network, (scale_set(public_ip_per_node=True),))
    assert seen(outbound) == ("nat-gateway", ("20.7.7.7",))


def test_a_second_generation_managed_nat_gateway_is_read_from_the_profile(network):
    assert seen(leave(network, outbound_type="managedNATGatewayV2")) == ("nat-gateway", ("20.1.2.3",))


@pytest.mark.parametrize("outbound_type", ["managedNATGateway", "userAssignedNATGateway", "userDefinedRouting", "new"])
def test_a_way_that_the_subnet_does_not_show_is_unknown(network, outbound_type):
    outbound = leave(network, outbound_type=outbound_type)
    assert outbound.path == "unknown"
    assert outbound_type in outbound.addresses.detail


@pytest.mark.parametrize("outbound_type", ["none", "block"])
def test_clusters_without_an_outbound_path(network, outbound_type):
    network.subnet(defaultOutboundAccess=False)
    assert seen(leave(network, outbound_type=outbound_type)) == ("none", ())


def test_a_cluster_that_blocks_what_leaves_has_no_outbound_path(network):
    assert seen(leave(network, outbound_type="block")) == ("none", ())


@pytest.mark.parametrize("shown", [{}, {"defaultOutboundAccess": True}])
def test_a_cluster_of_outbound_type_none_leaves_by_azures_default_access(network, shown):
    network.subnet(**shown)
    outbound = leave(network, outbound_type="none")
    assert (outbound.path, outbound.addresses.reason) == ("unknown", "not-shown")
    assert "default outbound access" in outbound.addresses.detail


def test_a_private_subnet_without_gateway_or_route_has_no_way_out(network):
    network.subnet(defaultOutboundAccess=False)
    assert seen(leave(network, outbound_type="userAssignedNATGateway")) == ("none", ())


def test_a_private_subnet_may_get_its_route_from_a_gateway(network):
    network.subnet(defaultOutboundAccess=False)
    assert leave(network, outbound_type="userDefinedRouting").path == "unknown"


def test_an_outbound_type_that_is_not_shown_is_unknown(network):
    why = Unreadable("not-shown", "outboundType is not shown")
    assert seen(leave(network, outbound_type=why)) == ("unknown", why)


# --- addresses of the nodes ---


def instances(*addresses):
    single = body("network/publicip_get_standard_static_2025_05_01")
    return [
        {"id": f"{INSTANCE_ADDRESSES}/{number}", "properties": single["properties"] | {"ipAddress": address}}
        for number, address in enumerate(addresses)
    ]


def test_node_public_ips_beat_the_load_balancer(network):
    network.put(INSTANCE_ADDRESSES, instances("20.2.0.1", "20.2.0.2"))
    outbound = leave(network, (scale_set(public_ip_per_node=True),))
    assert seen(outbound) == ("node-public-ip", ("20.2.0.1", "20.2.0.2"))
    assert (INSTANCE_ADDRESSES, "2018-10-01") in network.asked


def test_an_instance_without_an_address_is_not_shown(network):
    listed = instances("20.2.0.1", "20.2.0.2")
    del listed[1]["properties"]["ipAddress"]
    network.put(INSTANCE_ADDRESSES, listed)
    assert leave(network, (scale_set(public_ip_per_node=True),)).addresses.reason == "not-shown"


def test_a_pool_without_nodes_has_no_addresses(network):
    network.put(INSTANCE_ADDRESSES, [])
    assert seen(leave(network, (scale_set(public_ip_per_node=True),))) == ("node-public-ip", ())


def test_node_public_ips_come_from_their_prefix(network):
    prefix = network.prefix(f"{NETWORK}/publicIPPrefixes/nodes", "20.6.0.0/28")
    pool = agent_pool(node_public_ip=True, node_public_ip_prefix_id=prefix)
    outbound = leave(network, (scale_set(public_ip_per_node=True),), agent_pools=(pool,))
    assert seen(outbound) == ("node-public-ip", ("20.6.0.0/28",))


def test_public_addresses_of_single_machines_are_not_guessed(network):
    machine = scale_set(kind="virtual-machine", public_ip_per_node=True)
    outbound = leave(network, (machine,))
    assert outbound.path == "node-public-ip"
    assert outbound.addresses.reason == "unsupported"


def test_a_machine_with_an_address_does_not_hide_behind_a_scale_set(network):
    network.put(INSTANCE_ADDRESSES, instances("20.2.0.1"))
    machine = scale_set("single", kind="virtual-machine", public_ip_per_node=True)
    pools = (agent_pool(), agent_pool("single"))
    found = ways_out(network, cluster(agent_pools=pools), (scale_set(public_ip_per_node=True), machine))
    assert [(pools, isinstance(addresses, Unreadable)) for pools, _, addresses in told(found)] == [
        (("pool1",), False),
        (("single",), True),
    ]


def test_whether_nodes_have_addresses_may_be_unknown(network):
    why = Unreadable("forbidden", "no right to read the scale sets")
    pool = agent_pool(node_public_ip=why)
    assert seen(leave(network, (scale_set(public_ip_per_node=why),), agent_pools=(pool,))) == ("unknown", why)


# --- user-defined routes ---


def routed(network, *routes):
    network.subnet(table=network.table(*routes))


TO_FIREWALL = ("0.0.0.0/0", "VirtualAppliance", "10.100.0.4")


@pytest.mark.parametrize("outbound_type", ["userDefinedRouting", "loadBalancer"])
def test_a_route_to_a_readable_firewall_leaves_by_all_its_addresses(network, outbound_type):
    routed(network, TO_FIREWALL)
    network.peer()
    network.subnet(f"{HUB}/subnets/AzureFirewallSubnet")
    firewall = network.firewall(addresses=("20.9.9.9", "20.9.9.10"))
    outbound = leave(network, outbound_type=outbound_type)
    assert seen(outbound) == ("firewall", ("20.9.9.9", "20.9.9.10"))
    assert outbound.via == firewall
    assert not any("mpublic-ip" in path for path in network.paths())


def test_a_firewall_in_the_nodes_own_network(network):
    routed(network, ("0.0.0.0/0", "VirtualAppliance", "10.224.9.4"))
    network.subnet(f"{NODE_NETWORK}/subnets/AzureFirewallSubnet")
    network.firewall(private="10.224.9.4", network=NODE_NETWORK)
    assert seen(leave(network)) == ("firewall", ("20.9.9.9",))


def test_a_firewall_of_another_network_with_the_same_private_address_is_not_the_one(network):
    routed(network, TO_FIREWALL)
    network.peer()
    network.subnet(f"{HUB}/subnets/AzureFirewallSubnet")
    network.firewall("stranger", network=HUB.replace("/hub", "/lab"), addresses=("20.66.6.6",))
    outbound = leave(network)
    assert outbound.path == "unknown"
    assert "10.100.0.4" in outbound.addresses.detail
    assert outbound.addresses.permission == f"Microsoft.Network/azureFirewalls/read at {HUB_GROUP_ID}"


def test_a_nat_gateway_on_the_firewalls_subnet_beats_its_addresses(network):
    routed(network, TO_FIREWALL)
    network.peer()
    within = f"{HUB_GROUP_ID}/providers/Microsoft.Network"
    address = network.public_ip(f"{within}/publicIPAddresses/hubnat", "20.33.3.3")
    nat = network.nat("hubnat", [address], within=within)
    network.subnet(f"{HUB}/subnets/AzureFirewallSubnet", nat=nat)
    network.firewall()
    outbound = leave(network)
    assert seen(outbound) == ("nat-gateway", ("20.33.3.3",))
    assert outbound.via == nat


def test_a_firewall_that_is_tunnelled_itself_is_unknown(network):
    routed(network, TO_FIREWALL)
    network.peer()
    table = network.table(("0.0.0.0/0", "VirtualNetworkGateway", None), name="tunnel")
    network.subnet(f"{HUB}/subnets/AzureFirewallSubnet", table=table)
    firewall = network.firewall()
    outbound = leave(network)
    assert (outbound.path, outbound.via) == ("unknown", firewall)
    assert "to-virtualnetworkgateway" in outbound.addresses.detail


def test_a_firewall_subnet_whose_route_is_the_internet_leaves_directly(network):
    routed(network, TO_FIREWALL)
    network.peer()
    table = network.table(("0.0.0.0/0", "Internet", None), name="direct")
    network.subnet(f"{HUB}/subnets/AzureFirewallSubnet", table=table)
    network.firewall()
    assert seen(leave(network)) == ("firewall", ("20.9.9.9",))


def test_a_firewall_without_public_addresses_shows_none(network):
    routed(network, TO_FIREWALL)
    network.peer()
    network.subnet(f"{HUB}/subnets/AzureFirewallSubnet")
    network.firewall()
    for listed in network.answers[FIREWALLS.lower()]:
        del listed["properties"]["ipConfigurations"][0]["properties"]["publicIPAddress"]
    outbound = leave(network)
    assert (outbound.path, outbound.addresses.reason) == ("firewall", "not-shown")


def test_an_unreadable_route_of_the_firewalls_subnet_is_not_taken_for_none(network):
    routed(network, TO_FIREWALL)
    network.peer()
    network.subnet(f"{HUB}/subnets/AzureFirewallSubnet", table=network.put(f"{HUB_GROUP_ID}/routes", FORBIDDEN))
    network.firewall()
    outbound = leave(network)
    assert (outbound.path, outbound.addresses.reason) == ("unknown", "forbidden")


def test_firewalls_that_the_caller_may_not_read_name_the_permission(network):
    routed(network, TO_FIREWALL)
    network.peer()
    network.subnet(f"{HUB}/subnets/AzureFirewallSubnet")
    network.put(FIREWALLS, FORBIDDEN)
    outbound = leave(network)
    assert outbound.path == "unknown"
    why = outbound.addresses
    assert why.reason == "forbidden"
    assert why.permission == f"Microsoft.Network/azureFirewalls/read at {HUB_GROUP_ID}"


@pytest.mark.parametrize("paths", [(HUB, f"{HUB}/subnets/AzureFirewallSubnet"), (NETWORKS, NODE_NETWORK)])
def test_what_leads_to_the_firewall_may_be_unreadable(network, paths):
    routed(network, TO_FIREWALL)
    network.peer()
    network.subnet(f"{HUB}/subnets/AzureFirewallSubnet")
    network.firewall()
    for path in paths:
        network.put(path, FORBIDDEN)
    outbound = leave(network)
    assert outbound.path == "unknown"
    assert outbound.addresses.reason == "forbidden"


def test_a_firewalls_subnet_is_readable_where_its_network_is_not(network):
    routed(network, TO_FIREWALL)
    network.peer()
    network.subnet(f"{HUB}/subnets/AzureFirewallSubnet")
    network.firewall()
    network.put(HUB, FORBIDDEN)
    assert seen(leave(network)) == ("firewall", ("20.9.9.9",))


def test_an_appliance_that_is_no_firewall_is_unknown(network):
    routed(network, TO_FIREWALL)
    network.peer()
    network.put(FIREWALLS, [])
    outbound = leave(network)
    assert outbound.path == "unknown"
    assert outbound.addresses.reason == "not-shown"


def test_a_route_to_the_internet_changes_nothing(network):
    routed(network, ("0.0.0.0/0", "Internet", None))
    assert seen(leave(network)) == ("load-balancer", ("20.1.2.3",))


def test_a_route_to_nowhere_is_no_way_out(network):
    routed(network, ("0.0.0.0/0", "None", None))
    assert seen(leave(network)) == ("none", ())


def test_a_route_to_a_gateway_is_unknown(network):
    routed(network, ("0.0.0.0/0", "VirtualNetworkGateway", None))
    outbound = leave(network)
    assert outbound.path == "unknown"
    assert "VirtualNetworkGateway" in outbound.addresses.detail


def test_routes_for_pods_change_nothing(network):
    routed(network, ("10.244.1.0/24", "VirtualAppliance", "10.224.0.5"))
    assert seen(leave(network)) == ("load-balancer", ("20.1.2.3",))
    assert not any("azureFirewalls" in path for path in network.paths())


def test_a_route_beats_a_nat_gateway(network):
    address = network.public_ip(f"{NETWORK}/publicIPAddresses/nat1", "20.7.7.7")
    network.subnet(nat=network.nat(addresses=[address]), table=network.table(("0.0.0.0/0", "None", None)))
    assert leave(network).path == "none"


def test_an_unreadable_route_table_is_not_taken_for_none(network):
    address = network.public_ip(f"{NETWORK}/publicIPAddresses/nat1", "20.7.7.7")
    table = network.table()
    network.subnet(nat=network.nat(addresses=[address]), table=table)
    network.put(table, FORBIDDEN)
    outbound = leave(network)
    assert outbound.path == "unknown"
    assert outbound.addresses.permission == "Microsoft.Network/routeTables/read"


# --- what cannot be read ---


def test_an_address_that_is_not_allocated_is_unreadable(network):
    network.public_ip(LB_ADDRESS, None)
    assert leave(network).addresses.reason == "not-shown"


@pytest.mark.parametrize(
    ("answer", "reason"), [(None, "not-found"), (FORBIDDEN, "forbidden"), ({"id": 1}, "not-shown")]
)
@pytest.mark.parametrize("path", [SUBNET_ID, LB_ADDRESS])
def test_answers_that_are_missing_stay_unreadable(network, path, answer, reason):
    network.put(path, answer)
    assert leave(network).addresses.reason == reason


def test_an_unreadable_nat_gateway_is_still_the_way(network):
    nat = network.put(f"{NETWORK}/natGateways/nat", FORBIDDEN)
    network.subnet(nat=nat)
    outbound = leave(network)
    assert (outbound.path, outbound.via) == ("nat-gateway", nat)
    assert outbound.addresses.permission == "Microsoft.Network/natGateways/read"


def test_a_service_endpoint_is_seen(network):
    network.subnet(endpoint=True)
    assert (egress(network).private_source, egress(network).ways) == (True, ())


def test_an_unreadable_subnet_may_have_a_service_endpoint(network):
    network.put(SUBNET_ID, FORBIDDEN)
    outbound = egress(network)
    assert isinstance(outbound.private_source, Unreadable)
    assert (outbound.ways[0].path, outbound.subnet_id) == ("unknown", SUBNET_ID)


# --- pools and subnets ---


def test_two_pools_in_two_subnets_leave_differently(network):
    address = network.public_ip(f"{NETWORK}/publicIPAddresses/nat1", "20.7.7.7")
    network.subnet(OTHER_SUBNET, nat=network.nat(addresses=[address]))
    pools = (agent_pool("pool1"), agent_pool("batch"))
    hosts = (scale_set("pool1"), scale_set("batch", subnet_ids=(OTHER_SUBNET,)))
    found = ways_out(network, cluster(agent_pools=pools), hosts)
    assert told(found) == [
        (("pool1",), "load-balancer", ("20.1.2.3",)),
        (("batch",), "nat-gateway", ("20.7.7.7",)),
    ]


def test_pools_that_leave_alike_are_one(network):
    hosts = (scale_set("pool1"), scale_set("batch", subnet_ids=(SUBNET_ID.upper(),)))
    outbound = egress(network, hosts, agent_pools=(agent_pool("pool1"), agent_pool("batch")))
    assert outbound.pools == ("batch", "pool1")
    assert len(network.asked) == 2


def test_nodes_with_addresses_are_apart_from_those_without(network):
    public = scale_set("edge", public_ip_per_node=True)
    network.put(f"{public.resource_id}/publicIPAddresses", instances("20.2.0.1"))
    found = ways_out(network, cluster(), (scale_set(), public))
    assert paths(found) == {("pool1",): "load-balancer", ("edge",): "node-public-ip"}


def test_instances_of_scale_sets_say_nothing_more(network):
    hosts = (scale_set(), scale_set(kind="instance", subnet_ids=()))
    assert egress(network, hosts).pools == ("pool1",)


def test_without_machines_a_pool_sits_where_it_was_ordered(network):
    network.subnet(OTHER_SUBNET)
    unreadable = Unreadable("forbidden", "no right")
    outbound = egress(network, unreadable, agent_pools=(agent_pool(subnet_id=OTHER_SUBNET),))
    assert (outbound.subnet_id, outbound.ways[0].path) == (OTHER_SUBNET, "load-balancer")


def unread(kind, why, pool=""):
    return scale_set(
        pool,
        kind=kind,
        resource_id=f"{NODE_GROUP_ID}/providers/Microsoft.Compute/{kind}s",
        identities=why,
        subnet_ids=why,
        public_ip_per_node=why,
        created=why,
        unread=why,
    )


def test_addresses_of_nodes_whose_scale_set_is_not_seen_name_the_permission(network):
    why = Unreadable("forbidden", "no right", "op", "Microsoft.Compute/virtualMachineScaleSets/read")
    pools = (agent_pool(subnet_id=SUBNET_ID, node_public_ip=True),)
    for hosts in (why, (unread("scale-set", why),), ()):
        outbound = leave(network, hosts, agent_pools=pools)
        assert (outbound.path, outbound.addresses.permission) == ("node-public-ip", why.permission)


def test_scale_sets_that_could_not_be_listed_are_those_of_the_named_pools(network):
    host = unread("scale-set", Unreadable("forbidden", "no right"))
    outbound = egress(network, (host,), agent_pools=(agent_pool(subnet_id=SUBNET_ID),))
    assert (outbound.pools, outbound.ways[0].path) == (("pool1",), "load-balancer")


@pytest.mark.parametrize(
    ("auto", "ways"),
    [
        (False, {("pool1",): "load-balancer"}),
        (True, {("pool1",): "load-balancer", ("(not listed)",): "unknown"}),
        (Unreadable("not-shown", "x"), {("pool1",): "load-balancer", ("(not listed)",): "unknown"}),
    ],
)
def test_machines_that_could_not_be_listed_may_be_auto_provisioned(network, auto, ways):
    hosts = (scale_set(), unread("virtual-machine", Unreadable("forbidden", "no right")))
    pools = (agent_pool(subnet_id=SUBNET_ID),)
    found = ways_out(network, cluster(agent_pools=pools, node_auto_provisioning=auto), hosts)
    assert paths(found) == ways


def test_hosts_that_could_not_be_listed_are_unknown_where_the_pools_are_too(network):
    host = unread("scale-set", Unreadable("forbidden", "no right"))
    outbound = leave(network, (host,), agent_pools=Unreadable("not-shown", "x"))
    assert (outbound.path, outbound.addresses.reason) == ("unknown", "forbidden")


def managed_networks(*subnets):
    answer = body("network/vnets_list_by_rg")["value"]
    recorded = body("network/subnet_get_2025_05_01")
    answer[0] |= {"id": NODE_NETWORK}
    answer[0]["properties"]["subnets"] = [recorded | {"id": subnet} for subnet in subnets]
    return answer


def test_without_machines_the_managed_network_is_looked_up(network):
    network.put(NETWORKS, managed_networks(SUBNET_ID, f"{NODE_NETWORK}/subnets/aks-apiserver"))
    outbound = egress(network, Unreadable("forbidden", "no right"))
    assert (outbound.subnet_id, outbound.ways[0].addresses) == (SUBNET_ID, ("20.1.2.3",))


@pytest.mark.parametrize(
    ("answer", "reason"), [(FORBIDDEN, "forbidden"), (None, "not-found"), (managed_networks(), "not-found")]
)
def test_a_managed_network_that_is_not_found_is_unreadable(network, answer, reason):
    network.put(NETWORKS, answer)
    outbound = egress(network, Unreadable("forbidden", "no right"))
    way = outbound.ways[0]
    assert (outbound.subnet_id, way.path, way.addresses.reason) == (None, "unknown", reason)


def test_an_unknown_node_resource_group_leaves_the_managed_network_unknown(network):
    why = Unreadable("not-shown", "nodeResourceGroup is not shown")
    outbound = leave(network, Unreadable("forbidden", "no right"), node_resource_group=why)
    assert outbound.addresses == why


def test_auto_provisioned_machines_of_a_managed_network_sit_in_it(network):
    network.put(NETWORKS, managed_networks(SUBNET_ID))
    machine = scale_set("default", kind="virtual-machine", subnet_ids=Unreadable("not-shown", "its NIC is not read"))
    assert egress(network, (scale_set(), machine)).pools == ("default", "pool1")


def test_auto_provisioned_machines_of_an_own_network_are_not_guessed(network):
    why = Unreadable("not-shown", "its NIC is not read")
    machine = scale_set("default", kind="virtual-machine", subnet_ids=why)
    pools = (agent_pool(subnet_id=SUBNET_ID),)
    found = ways_out(network, cluster(agent_pools=pools), (scale_set(), machine))
    assert paths(found) == {("pool1",): "load-balancer", ("default",): "unknown"}


def test_neither_pools_nor_machines_is_unreadable():
    why = Unreadable("forbidden", "no right")
    assert ways_out(Network(), cluster(agent_pools=Unreadable("not-shown", "x")), why) == why


# --- scale ---


def test_five_hundred_subnets_and_peerings_cost_no_request_each():
    network = Network()
    table = network.table(TO_FIREWALL)
    for number in range(500):
        network.peer(f"{HUB}{number}", f"10.{number % 100 + 110}.{number // 100}.0/24")
    network.peer()
    network.subnet(f"{HUB}/subnets/AzureFirewallSubnet")
    network.firewall()
    subnets = [network.subnet(f"{NODE_NETWORK}/subnets/s{number}", table=table) for number in range(500)]
    hosts = tuple(scale_set(f"p{number}", subnet_ids=(subnet,)) for number, subnet in enumerate(subnets))
    found = ways_out(network, cluster(), hosts)
    # beside the pools' own subnets: the one that the cluster's own pool sits in is looked up, and not found
    known = [each for each in found if each.subnet_id]
    assert {seen(each.ways[0]) for each in known if len(each.ways) == 1} == {("firewall", ("20.9.9.9",))}
    assert len(known) == 500
    # the nodes' networks, the route table, the hub, its firewalls, their address and the load balancer's
    assert len(network.asked) == 6
    assert len(set(network.asked)) == len(network.asked)


@pytest.mark.parametrize(
    ("changes", "filters"),
    [
        ({}, False),
        ({"network_rules": None}, False),
        ({"network_rules": NetworkRules("Deny", (), ())}, True),
        ({"network_rules": NetworkRules("Deny", (), ()), "public_network_access": "Disabled"}, False),
        ({"network_rules": NetworkRules("Deny", (), ()), "public_network_access": Unreadable("not-shown", "x")}, True),
        ({"network_rules": Unreadable("not-shown", "x")}, False),
    ],
)
def test_addresses_are_read_only_where_the_registry_filters(changes, filters):
    assert filters_by_address(registry(**changes)) is filters
