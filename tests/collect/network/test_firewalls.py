"""Who answers at the address that a route names, and with which rules."""

import pytest

from azext_acrpulldiag.collect.ask.arm import operation_of
from azext_acrpulldiag.collect.network.firewalls import read_firewalls
from azext_acrpulldiag.facts import Peering, Unreadable, VirtualNetwork, firewall_key
from tests.build import SUBNET_ID, SUBSCRIPTION
from tests.recordings import body

NODES = SUBNET_ID.rpartition("/subnets/")[0]
HUB_GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-hub/providers/Microsoft.Network"
HUB = f"{HUB_GROUP}/virtualNetworks/vnet-hub"
WAN = (
    "/subscriptions/99999999-0000-0000-0000-000000000000/resourceGroups/RG_hub_1"
    "/providers/Microsoft.Network/virtualNetworks/HV_hub_1"
)
FIREWALLS = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Network/azureFirewalls"
IP_GROUPS = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Network/ipGroups"
POLICY, PARENT = f"{HUB_GROUP}/firewallPolicies/fwp", f"{HUB_GROUP}/firewallPolicies/base"
ADDRESS = "10.100.0.4"
PAIR = (NODES, ADDRESS)
FORBIDDEN = Unreadable("forbidden", "no right", "op", "perm")


class Azure:
    """Answers what it was told; nothing else exists."""

    def __init__(self):
        self.answers = {FIREWALLS.lower(): [], f"{HUB}/subnets/AzureFirewallSubnet".lower(): subnet()}
        self.asked = []

    def __call__(self, gets, lists):
        paths = [*gets, *lists]
        self.asked.append(paths)
        return {path.lower(): self.answers.get(path.lower()) for path in paths}

    def put(self, path, answer):
        self.answers[path.lower()] = answer

    def firewall(self, **properties):
        answer = body("network/azurefirewall_get_with_ip_config")
        answer["id"] = f"{HUB_GROUP}/azureFirewalls/fw"
        inner = answer["properties"]["ipConfigurations"][0]["properties"]
        inner |= {"privateIPAddress": ADDRESS, "subnet": {"id": f"{HUB}/subnets/AzureFirewallSubnet"}}
        answer["properties"] |= properties
        self.answers[FIREWALLS.lower()].append(answer)
        return answer

    def policy(self, path=POLICY, base=None, sources=(), dns=None):
        answer = body("network/firewall_policy_get_example") | {"id": path}
        (group,) = body("network/firewall_policy_rulecollectiongroups_list_example")["value"]
        group["id"] = f"{path}/ruleCollectionGroups/g"
        collections = group["properties"]["ruleCollections"]
        for collection in collections:
            collection["name"] += f"-{path.rpartition('/')[2]}"
            collection["rules"][0]["sourceIpGroups"] = list(sources)
        answer["properties"] |= {"ruleCollectionGroups": [{"id": group["id"].upper()}], "dnsSettings": dns}
        if base:
            answer["properties"]["basePolicy"] = {"id": base}
        self.put(path, answer)
        self.put(f"{path}/ruleCollectionGroups", [group])
        return path


def subnet(prefix="10.100.0.0/26"):
    answer = body("network/subnet_get_2025_05_01")
    answer["properties"]["addressPrefix"] = prefix
    return answer


def peering(remote=HUB, prefix="10.100.0.0/16"):
    return Peering("/p", "p", remote, "Connected", True, True, False, (prefix,))


def networks(*peerings):
    return {NODES.lower(): VirtualNetwork(NODES, ("10.224.0.0/12",), (), peerings or (peering(),))}


def read(azure, pairs=(PAIR,), known=None):
    return read_firewalls(azure, pairs, networks() if known is None else known)


def only(azure, **changes):
    firewalls, _ = read(azure, **changes)
    (firewall,) = firewalls.values()
    return firewall


@pytest.fixture
def azure():
    return Azure()


def test_the_key_is_the_asking_network_and_the_address(azure):
    azure.firewall()
    firewalls, groups = read(azure, [(NODES.upper(), ADDRESS)])
    assert list(firewalls) == [f"{NODES} {ADDRESS}".lower()] == [firewall_key(NODES, ADDRESS)]
    assert firewalls[firewall_key(NODES, ADDRESS)].private_ips == (ADDRESS,)
    assert groups == {}


def test_one_list_serves_many_addresses(azure):
    azure.firewall()
    read(azure, [PAIR, (NODES, "10.100.0.5"), (NODES, "10.224.1.4")])
    asked = [path for paths in azure.asked for path in paths]
    assert asked.count(FIREWALLS) == 1
    assert len(azure.asked) == 1


def test_nothing_to_look_for_asks_nothing(azure):
    assert read(azure, []) == ({}, {})
    assert [path for paths in azure.asked for path in paths] == []


@pytest.mark.parametrize(
    "answer",
    [pytest.param(None, id="no firewall subnet"), pytest.param(subnet("10.100.9.0/26"), id="elsewhere")],
)
def test_an_address_outside_of_a_firewall_subnet_is_no_azure_firewall(azure, answer):
    azure.put(f"{HUB}/subnets/AzureFirewallSubnet", answer)
    azure.put(FIREWALLS, FORBIDDEN)
    assert only(azure) is None


def test_what_is_at_an_address_is_told_by_a_subnet_that_could_not_be_read(azure):
    why = Unreadable("forbidden", "no right", "op", "Microsoft.Network/virtualNetworks/subnets/read")
    azure.put(f"{HUB}/subnets/AzureFirewallSubnet", why)
    assert (only(azure).operation, only(azure).permission) == (why.operation, why.permission)


def test_an_empty_list_is_no_absence(azure):
    firewall = only(azure)
    assert firewall.reason == "not-shown"
    assert firewall.permission.startswith("Microsoft.Network/azureFirewalls/read at /subscriptions/")


def test_the_same_address_in_another_network_is_another_appliance(azure):
    azure.firewall()
    twin = networks(peering(f"{HUB}-twin"))
    azure.put(f"{HUB}-twin/subnets/AzureFirewallSubnet", subnet())
    assert only(azure, known=twin).reason == "not-shown"


def test_a_firewall_that_was_deallocated_is_pointed_out(azure):
    azure.firewall(ipConfigurations=[])
    firewall = only(azure)
    assert firewall.reason == "not-shown"
    assert "fw has no address" in firewall.detail


def test_a_list_that_is_refused(azure):
    azure.put(FIREWALLS, FORBIDDEN)
    firewall = only(azure)
    assert (firewall.reason, firewall.operation) == ("forbidden", "Microsoft.Network/azureFirewalls/read")


def test_a_hub_that_is_not_readable(azure):
    azure.put(f"{HUB}/subnets/AzureFirewallSubnet", FORBIDDEN)
    assert only(azure).reason == "forbidden"


@pytest.mark.parametrize("network", [None, FORBIDDEN])
def test_a_network_that_was_not_read(azure, network):
    assert isinstance(only(azure, known={NODES.lower(): network}), Unreadable)


@pytest.mark.parametrize("pairs", [[(NODES, "fw.contoso")], [(NODES, "")]])
def test_what_is_no_address(azure, pairs):
    assert only(azure, pairs=pairs).reason == "malformed"


def test_a_firewall_in_the_own_network(azure):
    azure.put(f"{NODES}/subnets/AzureFirewallSubnet", subnet("10.224.9.0/26"))
    answer = azure.firewall()
    inner = answer["properties"]["ipConfigurations"][0]["properties"]
    inner |= {"privateIPAddress": "10.224.9.4", "subnet": {"id": f"{NODES}/subnets/AzureFirewallSubnet"}}
    assert only(azure, pairs=[(NODES, "10.224.9.4")]).id.endswith("/fw")


# --- virtual hubs ---


def test_a_firewall_in_a_virtual_hub(azure):
    hub = {"ipConfigurations": [], "virtualHub": {"id": "/hub"}, "hubIPAddresses": {"privateIPAddress": ADDRESS}}
    azure.firewall(**hub)
    assert only(azure, known=networks(peering(WAN))).hub_id == "/hub"
    assert all("99999999" not in path for paths in azure.asked for path in paths)


def test_a_virtual_hub_whose_firewall_is_not_shown(azure):
    azure.firewall()
    firewall = only(azure, known=networks(peering(WAN)))
    assert (firewall.reason, "virtual hub" in firewall.permission) == ("not-shown", True)


# --- policies ---


def test_a_policy_with_its_groups_is_read_at_once(azure):
    azure.firewall(firewallPolicy={"id": azure.policy(dns={"enableProxy": True, "servers": ["10.1.0.4"]})})
    firewall = only(azure)
    assert [each.name for each in firewall.collections] == ["deny-net-fwp", "allow-web-fwp"]
    assert (firewall.dns_proxy, firewall.dns_servers) == (True, ("10.1.0.4",))
    assert azure.asked[1] == [POLICY, f"{POLICY}/ruleCollectionGroups"]
    assert len(azure.asked) == 2


def test_a_parent_comes_first(azure):
    azure.policy(PARENT)
    azure.firewall(firewallPolicy={"id": azure.policy(base=PARENT)})
    firewall = only(azure)
    names = ["deny-net-base", "deny-net-fwp", "allow-web-base", "allow-web-fwp"]
    assert [each.name for each in firewall.collections] == names
    assert (firewall.dns_proxy, firewall.dns_servers) == (False, ())


PROXY, SERVERS = (
    body(f"network/firewall_policy_get_dns_servers_{name}")["properties"]["dnsSettings"]
    for name in ("enable_proxy", "no_proxy")
)


@pytest.mark.parametrize(
    ("own", "of_parent", "unknown"),
    [
        (None, PROXY, ("dns_proxy", "dns_servers")),
        (None, {"enableProxy": True, "servers": []}, ("dns_proxy",)),
        (None, SERVERS, ("dns_servers",)),
        (None, {"enableProxy": False, "servers": []}, ()),
        (None, {}, ()),
        (None, None, ()),
        (PROXY, SERVERS, ()),
        (SERVERS, PROXY, ()),
        ({}, PROXY, ()),
    ],
)
def test_dns_settings_of_a_parent_are_neither_taken_over_nor_taken_for_absent(azure, own, of_parent, unknown):
    azure.policy(PARENT, dns=of_parent)
    azure.firewall(firewallPolicy={"id": azure.policy(base=PARENT, dns=own)})
    firewall = only(azure)
    for name, held in (
        ("dns_proxy", (own or {}).get("enableProxy", False)),
        ("dns_servers", (own or {}).get("servers", [])),
    ):
        found = getattr(firewall, name)
        if name in unknown:
            assert found.reason == "unsupported" and "its parent base" in found.detail
        else:
            assert found == (held if name == "dns_proxy" else tuple(held))


@pytest.mark.parametrize("own", [None, PROXY])
def test_dns_settings_of_a_parent_that_is_not_readable(azure, own):
    azure.firewall(firewallPolicy={"id": azure.policy(base=PARENT, dns=own)})
    azure.put(PARENT, FORBIDDEN)
    firewall = only(azure)
    assert (firewall.dns_proxy, firewall.dns_servers) == ((True, ("10.0.1.0",)) if own else (FORBIDDEN, FORBIDDEN))


def test_parents_in_a_circle_end(azure):
    azure.policy(PARENT, base=POLICY)
    azure.firewall(firewallPolicy={"id": azure.policy(base=PARENT)})
    assert only(azure).collections.reason == "unsupported"


@pytest.mark.parametrize("hidden", [POLICY, f"{POLICY}/ruleCollectionGroups"])
def test_a_policy_that_is_not_readable(azure, hidden):
    azure.firewall(firewallPolicy={"id": azure.policy(dns={"enableProxy": True})})
    permission = operation_of(hidden)
    azure.put(hidden, Unreadable("forbidden", "no right", permission, permission))
    firewall = only(azure)
    assert firewall.collections.permission == permission
    assert firewall.private_ips == (ADDRESS,)
    assert isinstance(firewall.dns_proxy, Unreadable) == (hidden == POLICY)


def test_a_parent_that_is_not_readable(azure):
    azure.policy(PARENT)
    azure.firewall(firewallPolicy={"id": azure.policy(base=PARENT, dns={"enableProxy": True})})
    azure.put(PARENT, FORBIDDEN)
    firewall = only(azure)
    assert firewall.collections == FORBIDDEN
    assert firewall.dns_proxy is True


def test_a_group_that_the_list_does_not_show(azure):
    azure.firewall(firewallPolicy={"id": azure.policy()})
    azure.put(f"{POLICY}/ruleCollectionGroups", [])
    assert only(azure).collections.reason == "not-shown"


def test_a_policy_that_is_gone(azure):
    azure.firewall(firewallPolicy={"id": POLICY})
    assert only(azure).collections.reason == "not-found"


# --- IP groups ---


def test_ip_groups_are_read_with_one_list_and_the_rest_by_id(azure):
    ids = [f"{HUB_GROUP}/ipGroups/{name}" for name in ("shown", "hidden", "gone")]
    azure.firewall(firewallPolicy={"id": azure.policy(sources=ids)})
    azure.put(IP_GROUPS, [{"id": ids[0].upper(), "properties": {"ipAddresses": ["10.1.0.0/16"]}}])
    azure.put(ids[1], FORBIDDEN)
    _, groups = read(azure)
    assert groups == {ids[0].lower(): ("10.1.0.0/16",), ids[1].lower(): FORBIDDEN, ids[2].lower(): None}
    assert azure.asked[2:] == [[IP_GROUPS], ids[1:]]
