"""The choice of a route against one that sorts every route there is."""

from __future__ import annotations

import random
from ipaddress import IPv4Address, IPv4Network

import pytest

from azext_acrpulldiag.facts import Peering, RouteTable, UserRoute, VirtualNetwork
from azext_acrpulldiag.path.filters.rules import Services
from azext_acrpulldiag.path.routing.routes import Choice, Route, may_carry, to_address, to_public

HERE = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/nodes"
THERE = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/shared"
REGISTRY = Services(("azurecontainerregistry", "azurecloud"), ("westeurope",), complete=False)
HERE_ONLY = Services(("azurecontainerregistry", "azurecloud"), ("westeurope",))
STORAGE = Services(("storage", "azurecloud"), ("westeurope",))


def user(prefix: str, next_hop: str = "None", address: str | None = None) -> UserRoute:
    return UserRoute(f"to-{prefix}", prefix, next_hop, address)


def table(*routes: UserRoute) -> RouteTable:
    return RouteTable(f"{HERE}/rt", routes, True)


def network(*peered: str, prefixes: tuple[str, ...] = ("10.0.0.0/27",)) -> VirtualNetwork:
    peerings = tuple(
        Peering(f"{HERE}/p{number}", f"p{number}", THERE, "Connected", True, True, False, (prefix,))
        for number, prefix in enumerate(peered)
    )
    return VirtualNetwork(HERE, prefixes, (), peerings)


# --- the reference -----------------------------------------------------------------------------

WORLD = IPv4Network("10.0.0.0/26")
PREFIXES = ["0.0.0.0/0", "10.0.0.0/8"] + [str(each) for n in range(26, 33) for each in WORLD.subnets(new_prefix=n)]


def expected(address: str, here: VirtualNetwork, routes: tuple[UserRoute, ...], joined: bool) -> tuple[str, str | None]:
    """Walk down from the longest prefix; at each length a user's route comes first."""
    system = [(each, "vnetlocal") for each in here.prefixes]
    system += [(prefix, "vnetpeering") for each in here.peerings for prefix in each.remote_prefixes]
    system += [("0.0.0.0/0", "none")]
    system += [(f"{address}/32", "interfaceendpoint")] if joined else []
    for length in range(32, -1, -1):
        for route in routes:
            net = IPv4Network(route.prefix)
            if net.prefixlen == length and IPv4Address(address) in net:
                return route.next_hop.lower(), route.address
        for prefix, hop in system:
            net = IPv4Network(prefix)
            if net.prefixlen == length and IPv4Address(address) in net:
                return hop, None
    raise AssertionError("there is always a default route")


@pytest.mark.parametrize("joined", [True, False])
def test_the_longest_prefix_wins_and_a_user_before_the_system(joined):
    chance = random.Random(23)
    hops = ("None", "Internet", "VirtualAppliance", "VnetLocal", "VirtualNetworkGateway")
    for _ in range(3000):
        prefixes = chance.sample(PREFIXES, chance.randint(0, 6))
        routes = tuple(user(each, chance.choice(hops), "10.0.0.9") for each in prefixes)
        address = str(WORLD[chance.randrange(64)])
        here = network(*chance.sample(["10.0.0.32/28", "10.0.0.48/28"], chance.randint(0, 2)))
        found = to_address(address, here, table(*routes), joined)
        assert found.perhaps == ()
        assert (found.route.next_hop, found.route.address) == expected(address, here, routes, joined)


# --- a private endpoint ------------------------------------------------------------------------

ENDPOINT = "10.1.0.5"


def direct(*routes: UserRoute, obeys: bool | None = False) -> Choice:
    here = network("10.1.0.0/16", prefixes=("10.0.0.0/16",))
    return to_address(ENDPOINT, here, table(*routes), True, ("10.1.0.0/16",), obeys)


def test_a_default_route_does_not_override_an_endpoint():
    assert direct(user("0.0.0.0/0")).route.next_hop == "interfaceendpoint"
    assert direct(user("10.1.0.0/16")).route.next_hop == "interfaceendpoint"
    assert direct(user("10.1.0.0/24")).route.next_hop == "interfaceendpoint"


def test_a_route_for_its_one_address_does():
    assert direct(user("10.1.0.5/32")).route.user is not None
    assert direct(user("10.1.0.5/32", "VirtualAppliance", "10.9.0.4")).route.address == "10.9.0.4"


def test_a_route_for_its_network_does_where_the_subnet_lets_it():
    assert direct(user("10.1.0.0/16"), obeys=True).route.next_hop == "none"
    assert direct(user("10.1.0.0/24"), obeys=True).route.next_hop == "none"
    assert direct(user("0.0.0.0/0"), obeys=True).route.next_hop == "interfaceendpoint"
    assert direct(user("10.0.0.0/8"), obeys=True).route.next_hop == "interfaceendpoint"


def test_whether_the_subnet_lets_it_may_not_be_known():
    found = direct(user("10.1.0.0/16"), obeys=None)
    assert [each.next_hop for each in found.perhaps] == ["none"]
    assert direct(user("0.0.0.0/0"), obeys=None).perhaps == ()


def test_a_peering_that_is_not_connected_brings_no_route():
    here = network("10.1.0.0/16")
    cut = VirtualNetwork(
        HERE, here.prefixes, (), (Peering("p", "p", THERE, "Disconnected", True, True, False, ("10.1.0.0/16",)),)
    )
    assert to_address(ENDPOINT, here, None, False).route.next_hop == "vnetpeering"
    assert to_address(ENDPOINT, cut, None, False).route.next_hop == "none"


# --- the public side ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("routes", "next_hop"),
    [
        ((), "internet"),
        ((user("10.0.0.0/8"),), "internet"),
        ((user("0.0.0.0/0"),), "none"),
        ((user("0.0.0.0/0"), user("AzureContainerRegistry", "Internet")), "internet"),
        ((user("0.0.0.0/0"), user("azurecontainerregistry.WESTEUROPE", "Internet")), "internet"),
        ((user("0.0.0.0/0"), user("Storage", "Internet")), "none"),
        ((user("AzureCloud"), user("AzureContainerRegistry", "Internet")), "internet"),
        ((user("AzureContainerRegistry"), user("AzureContainerRegistry.westeurope", "Internet")), "internet"),
        ((user("AzureCloud.westeurope"), user("AzureContainerRegistry", "Internet")), "internet"),
        ((user("0.0.0.0/1"), user("128.0.0.0/1")), "none"),
        ((user("0.0.0.0/0"), user("20.1.2.3/32", "Internet")), "none"),
        # a tag is a list of ranges narrower than these
        ((user("20.0.0.0/8"), user("AzureContainerRegistry", "Internet")), "internet"),
        ((user("0.0.0.0/1"), user("128.0.0.0/2"), user("192.0.0.0/3"), user("0.0.0.0/0", "Internet")), "none"),
        # a whole service's tag beats that of all Azure in a region
        ((user("AzureCloud.eastus"), user("AzureContainerRegistry", "Internet")), "internet"),
    ],
)
def test_the_route_to_public_addresses(routes, next_hop):
    found = to_public(HERE_ONLY, (), table(*routes))
    assert (found.route.next_hop, found.perhaps) == (next_hop, ())


@pytest.mark.parametrize(
    "other",
    [
        user("20.0.0.0/8", "Internet"),
        user("AzureContainerRegistry.westeurope", "Internet"),
        user("AzureContainerRegistry.northeurope", "Internet"),
    ],
)
def test_a_route_that_may_hold_the_registry(other):
    found = to_public(REGISTRY, (), table(user("0.0.0.0/0"), other))
    assert found.route.next_hop == "none"
    assert [each.next_hop for each in found.perhaps] == ["internet"]


BOTH = Services(("azurecontainerregistry", "azurecloud"), ("westeurope", "northeurope"))
TO_FIREWALL = ("VirtualAppliance", "10.0.0.4")


def test_a_tag_of_a_region_that_the_registry_is_not_in_is_not_about_it():
    route = user("AzureContainerRegistry.EastUS", *TO_FIREWALL)
    assert to_public(HERE_ONLY, (), table(route)) == Choice(Route("0.0.0.0/0", "internet"))
    found = to_public(REGISTRY, (), table(route))
    assert (found.route.next_hop, [each.address for each in found.perhaps]) == ("internet", ["10.0.0.4"])


@pytest.mark.parametrize("first", ["AzureContainerRegistry.northeurope", "AzureCloud.northeurope"])
def test_a_tag_of_a_region_that_it_may_be_in_counts_beside_that_of_its_own(first):
    for routes in (
        (user(first, *TO_FIREWALL), user("AzureContainerRegistry.westeurope", "Internet")),
        (user("AzureContainerRegistry.westeurope", "Internet"), user(first, *TO_FIREWALL)),
    ):
        found = to_public(REGISTRY, (), table(*routes))
        assert (found.route.next_hop, [each.address for each in found.perhaps]) == ("internet", ["10.0.0.4"])


def test_where_every_region_has_its_tag_nothing_else_is_taken():
    routes = (
        user("0.0.0.0/0"),
        user("AzureCloud.northeurope", "Internet"),
        user("AzureContainerRegistry.northeurope", *TO_FIREWALL),
        user("AzureContainerRegistry.westeurope", *TO_FIREWALL),
    )
    found = to_public(BOTH, (), table(*routes))
    assert (found.route.address, found.perhaps) == ("10.0.0.4", ())
    assert to_public(BOTH, (), table(*routes[:3])).route.next_hop == "none"


def test_halves_that_differ_leave_azures_own_route_out():
    found = to_public(REGISTRY, (), table(user("0.0.0.0/1"), user("128.0.0.0/1", "Internet")))
    assert {found.route.next_hop, *(each.next_hop for each in found.perhaps)} == {"none", "internet"}
    assert found.route.user is not None


def test_a_narrow_range_counts_only_where_the_route_ends():
    found = to_public(REGISTRY, (), table(user("20.61.0.0/16", *TO_FIREWALL)))
    assert found.instead(ends=False) == ()
    assert [each.address for each in found.instead(ends=True)] == ["10.0.0.4"]


def test_the_route_of_a_virtual_hub_is_that_of_everything_else():
    assert to_public(REGISTRY, (), None, announced=True).route.next_hop == "virtualhub"
    own = to_public(REGISTRY, (), table(user("0.0.0.0/0", "Internet")), announced=True)
    assert (own.route.next_hop, own.perhaps) == ("internet", ())
    found = to_public(REGISTRY, (), table(user("20.0.0.0/8", "Internet")), announced=True)
    assert (found.route.next_hop, [each.next_hop for each in found.perhaps]) == ("virtualhub", ["internet"])


@pytest.mark.parametrize(
    ("prefix", "may"),
    [
        ("AzureContainerRegistry", True),
        ("azurecontainerregistry.westeurope", True),
        ("Storage.westeurope", True),
        ("AzureCloud", True),
        ("Sql", False),
        ("0.0.0.0/0", True),
        ("20.61.0.0/16", True),
        ("20.1.2.3/32", False),
        ("10.0.0.0/8", False),
        ("::/0", False),
    ],
)
def test_routes_that_may_carry_a_pull(prefix, may):
    assert may_carry(prefix) is may


def test_a_service_endpoint_cannot_be_overridden():
    routes = table(user("0.0.0.0/0"), user("AzureContainerRegistry"))
    endpoint = ("microsoft.containerregistry",)
    assert to_public(REGISTRY, endpoint, routes).route.next_hop == "virtualnetworkserviceendpoint"
    assert to_public(STORAGE, endpoint, routes).route.next_hop == "none"
    for storage in ("microsoft.storage", "microsoft.storage.global"):
        assert to_public(STORAGE, (storage,), routes).route.next_hop == "virtualnetworkserviceendpoint"
    assert to_public(REGISTRY, ("microsoft.sql", "microsoft.storage"), routes).route.next_hop == "none"
