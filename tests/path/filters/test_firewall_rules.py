"""Does a rule of a firewall match, and does a list of rules admit? Tables, and a plain reference for small cases."""

from dataclasses import replace
from ipaddress import ip_address, ip_network
from itertools import permutations, product

import pytest

from azext_acrpulldiag.facts import FirewallRule, RuleCollection, Unreadable
from azext_acrpulldiag.path.filters.firewall import ruled
from azext_acrpulldiag.path.filters.firewall_rules import MAYBE, NO, YES, Traffic, addresses_of, matches

HOST, BLOBS = "contosoreg.azurecr.io", "*.blob.core.windows.net"
ENDPOINT = "10.1.0.4"


def ranges(*texts):
    return addresses_of(texts)


PUBLIC = Traffic(HOST, ranges("10.224.0.0/16"), None, "azurecontainerregistry", frozenset({"westeurope"}))
LAYERS = replace(PUBLIC, host=BLOBS, service="storage")
PRIVATE = replace(PUBLIC, addresses=ranges(ENDPOINT))


def rule(**changes):
    members = {field: () for field in ("sources", "source_groups", "destinations", "destination_groups")}
    empty = {field: () for field in ("fqdns", "fqdn_tags", "protocols", "ports")}
    return FirewallRule("r", **{**members, **empty, "sources": ("*",), **changes})


def network(**changes):
    return rule(**{"protocols": ("TCP",), "ports": ("443",), "destinations": ("*",), **changes})


def application(**changes):
    return rule(**{"protocols": ("Https:443",), **changes})


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, YES),
        ({"protocols": ("UDP", "TCP")}, YES),
        ({"protocols": ("Any",)}, YES),
        ({"protocols": ("UDP", "ICMP")}, NO),
        ({"ports": ("*",)}, YES),
        ({"ports": ("80", "400-500")}, YES),
        ({"ports": ("80", "444-500", "8443")}, NO),
    ],
)
def test_protocol_and_port_of_network_rules(changes, expected):
    assert matches("network", network(**changes), PUBLIC) == expected


@pytest.mark.parametrize(
    ("destinations", "public", "private"),
    [
        (("*",), YES, YES),
        (("0.0.0.0/0",), YES, YES),
        (("0.0.0.0/1", "128.0.0.0/1"), YES, YES),
        (("10.0.0.0/8", "192.168.0.0/16"), NO, YES),
        (("10.1.0.4",), NO, YES),
        (("10.1.0.1-10.1.0.9",), NO, YES),
        (("10.1.0.5-10.1.0.9",), NO, NO),
        (("20.50.0.0/24",), MAYBE, NO),
        (("AzureContainerRegistry",), YES, NO),
        (("azurecontainerregistry.WestEurope",), YES, NO),
        (("AzureContainerRegistry.NorthEurope",), NO, NO),
        (("AzureCloud",), YES, NO),
        (("AzureCloud.westeurope",), YES, NO),
        (("Storage", "MicrosoftContainerRegistry", "AzureActiveDirectory"), NO, NO),
        (("Internet",), MAYBE, NO),
        (("2603:1020::/32",), NO, NO),
    ],
)
def test_destinations_of_network_rules(destinations, public, private):
    assert matches("network", network(destinations=destinations), PUBLIC) == public
    assert matches("network", network(destinations=destinations), PRIVATE) == private


@pytest.mark.parametrize(
    ("destination", "expected"),
    [("Storage", YES), ("Storage.WestEurope", YES), ("AzureContainerRegistry", NO), ("AzureCloud", YES)],
)
def test_the_tag_of_the_storage_with_layers(destination, expected):
    assert matches("network", network(destinations=(destination,)), LAYERS) == expected


@pytest.mark.parametrize(
    ("regions", "all_regions", "expected"),
    [
        ({"westeurope"}, True, YES),
        ({"westeurope"}, False, MAYBE),
        ({"westeurope", "eastus"}, True, MAYBE),
        ({"eastus"}, True, NO),
        ({"eastus"}, False, MAYBE),
    ],
)
def test_a_regional_tag_covers_the_replicas_of_its_region(regions, all_regions, expected):
    traffic = replace(PUBLIC, regions=frozenset(regions), all_regions=all_regions)
    assert matches("network", network(destinations=("AzureContainerRegistry.westeurope",)), traffic) == expected


def test_some_regions_have_another_name_in_one_tag():
    def matched(tag, region):
        traffic = replace(PUBLIC, regions=frozenset((region,)))
        return matches("network", network(destinations=(tag,)), traffic)

    assert matched("AzureCloud.switzerlandn", "switzerlandnorth") == YES
    assert matched("AzureCloud.brazilse", "brazilsoutheast") == MAYBE
    assert matched("AzureCloud.switzerlandw", "switzerlandnorth") == NO


@pytest.mark.parametrize(
    ("traffic", "fqdns", "expected"),
    [
        (PUBLIC, (HOST.upper(),), YES),
        (PUBLIC, ("*.azurecr.io",), NO),
        (PUBLIC, ("other.azurecr.io",), NO),
        (replace(PRIVATE, named_by_dns=MAYBE), (HOST,), MAYBE),
        (replace(PRIVATE, named_by_dns=MAYBE), ("other.azurecr.io",), NO),
        (LAYERS, ("weumanaged15.blob.core.windows.net",), MAYBE),
        (LAYERS, ("contosologs.blob.core.windows.net",), NO),
    ],
)
def test_names_in_network_rules_take_no_wildcard(traffic, fqdns, expected):
    assert matches("network", network(destinations=(), fqdns=fqdns), traffic) == expected


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        (("*",), YES),
        (("10.0.0.0/8",), YES),
        (("10.224.0.0/17", "10.224.128.0/17"), YES),
        (("10.224.0.0-10.224.255.255",), YES),
        (("10.224.3.0/24",), MAYBE),
        (("10.225.0.0/16", "192.168.0.0/16"), NO),
        (("10.223.255.255",), NO),
    ],
)
@pytest.mark.parametrize("kind", ["network", "application"])
def test_sources_cover_the_subnet_partly_or_not(kind, sources, expected):
    made = network(sources=sources) if kind == "network" else application(sources=sources, fqdns=("*",))
    assert matches(kind, made, PUBLIC) == expected


def test_sources_of_an_unknown_subnet():
    traffic = replace(PUBLIC, sources=None)
    assert matches("network", network(), traffic) == YES
    assert matches("network", network(sources=("10.0.0.0/8",)), traffic) == MAYBE


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        (("10.224.0.0/16", "10.9.0.0/16"), YES),
        (("10.9.0.0/16",), NO),
        (Unreadable("forbidden", "no right"), MAYBE),
        (None, MAYBE),
    ],
)
def test_ip_groups(members, expected):
    source = replace(PUBLIC, groups={"/g": members})
    assert matches("network", network(sources=(), source_groups=("/G",)), source) == expected
    target = replace(PRIVATE, addresses=ranges("10.224.0.4"), groups={"/g": members})
    assert matches("network", network(destinations=(), destination_groups=("/G",)), target) == expected


def test_an_unread_group_does_not_matter_beside_a_source_that_covers_all():
    made = network(sources=("*",), source_groups=("/g",))
    assert matches("network", made, PUBLIC) == YES


# --- application rules ---


@pytest.mark.parametrize(
    ("pattern", "host", "expected"),
    [
        ("*", HOST, True),
        ("*.azurecr.io", HOST, True),
        ("*azurecr.io", HOST, True),
        ("*.azurecr.io", "contosoreg.westeurope.data.azurecr.io", True),
        ("*.data.azurecr.io", HOST, False),
        ("azurecr.io", HOST, False),
        (HOST, HOST, True),
        ("contoso*.azurecr.io", HOST, True),
        ("*reg.*.io", HOST, True),
        ("*.azurecr.us", HOST, False),
        ("contosoreg?azurecr.io", HOST, False),
        ("[c]*", HOST, False),
        ("*.windows.net", BLOBS, True),
    ],
)
def test_wildcards(pattern, host, expected):
    found = application(fqdns=(pattern,))
    assert (matches("application", found, replace(PUBLIC, host=host)) == YES) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"fqdns": ("*.azurecr.io",)}, YES),
        ({"fqdns": ("*.AZURECR.io.",)}, YES),
        ({"fqdns": ("other.azurecr.io", "mcr.microsoft.com")}, NO),
        ({"fqdns": ("*",), "protocols": ("Http:80",)}, NO),
        ({"fqdns": ("*",), "protocols": ("Http:80", "Https:443")}, YES),
        ({"fqdns": ("*",), "protocols": ("Https:8443",)}, NO),
        ({"fqdns": ("*",), "protocols": ("Mssql:1433",)}, NO),
        ({"fqdn_tags": ("AzureKubernetesService",)}, NO),
        ({"fqdn_tags": ("AzureKubernetesService", "WindowsUpdate", "AzureBackup")}, NO),
        ({"fqdn_tags": ("SomethingNew",)}, MAYBE),
        ({"web_categories": ("Gambling", "News")}, NO),
        ({"web_categories": ("ComputersAndTechnology",)}, MAYBE),
        ({"target_urls": ("contosoreg.azurecr.io/v2/*",)}, MAYBE),
        ({"target_urls": ("https://*.azurecr.io/*",)}, MAYBE),
        ({"target_urls": ("www.contoso.com/news/*",)}, NO),
        ({}, NO),
        ({"fqdns": ("*",), "destinations": ("10.0.0.0/8",)}, NO),
    ],
)
def test_targets_of_application_rules(changes, expected):
    assert matches("application", application(**changes), PUBLIC) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"fqdns": (BLOBS,)}, YES),
        ({"fqdns": ("*.core.windows.net",)}, YES),
        ({"fqdns": ("*",)}, YES),
        ({"fqdns": ("weumanaged15.blob.core.windows.net",)}, MAYBE),
        ({"fqdns": ("*managed*.blob.core.windows.net",)}, MAYBE),
        ({"fqdns": ("contosologs.blob.core.windows.net", "*.azurecr.io")}, NO),
        ({"fqdn_tags": ("AzureKubernetesService",)}, NO),
        ({"fqdn_tags": ("AzureBackup",)}, MAYBE),
    ],
)
def test_the_hosts_of_layers(changes, expected):
    assert matches("application", application(**changes), LAYERS) == expected


# --- order ---


def collection(kind, allows, *rules, name="c"):
    return RuleCollection(name, kind, allows, rules)


ALLOW_NAME = collection("application", True, application(fqdns=("*.azurecr.io",)))
DENY_ALL = collection("application", False, application(fqdns=("*",)))
NET_DENY = collection("network", False, network())
NET_MAYBE = collection("network", True, network(destinations=("20.50.0.0/24",)), name="somebody")


@pytest.mark.parametrize(
    ("collections", "allowed", "by"),
    [
        ((), False, None),
        ((ALLOW_NAME,), True, ALLOW_NAME),
        ((ALLOW_NAME, DENY_ALL), True, ALLOW_NAME),
        ((DENY_ALL, ALLOW_NAME), False, DENY_ALL),
        ((NET_DENY, ALLOW_NAME), False, NET_DENY),
        ((NET_MAYBE, ALLOW_NAME), True, ALLOW_NAME),
        ((NET_MAYBE, DENY_ALL), None, DENY_ALL),
        ((NET_MAYBE,), None, None),
        ((replace(NET_MAYBE, allows=False), ALLOW_NAME), None, ALLOW_NAME),
        ((replace(NET_MAYBE, allows=False), DENY_ALL), False, DENY_ALL),
    ],
)
def test_the_first_rule_that_matches_decides(collections, allowed, by):
    ruling = ruled(collections, PUBLIC)
    assert (ruling.allowed, ruling.collection) == (allowed, by)
    assert bool(ruling.doubtful) == (allowed is None)


# --- a plain reference: every packet by itself ---

SOURCES = [ip_address("10.0.0.0") + number for number in range(4)]
TARGETS = [ip_address("10.1.0.4"), ip_address("10.1.0.5")]
SMALL = replace(PUBLIC, sources=ranges("10.0.0.0/30"), addresses=ranges(*map(str, TARGETS)))


def packet_matches(kind, made, source, target):
    """One packet, one rule: no notion of parts of a subnet."""
    if not any(text == "*" or source in ip_network(text) for text in made.sources):
        return False
    if kind == "application":
        return "Https:443" in made.protocols and ("*" in made.fqdns or HOST in made.fqdns)
    return "TCP" in made.protocols and any(text == "*" or target in ip_network(text) for text in made.destinations)


def packet_admitted(collections, source, target):
    for each in collections:
        for made in each.rules:
            if packet_matches(each.kind, made, source, target):
                return each.allows
    return False


POOL = [
    collection("network", True, network(sources=("10.0.0.0/31",))),
    collection("network", False, network(sources=("10.0.0.2/31",), destinations=("10.1.0.4/32",))),
    collection("network", True, network(protocols=("UDP",)), network(destinations=("10.1.0.4/31",))),
    collection("network", False, network(destinations=("10.1.0.5/32",))),
    collection("network", False, network(destinations=("10.2.0.0/16",))),
    collection("application", True, application(fqdns=(HOST,))),
    collection("application", False, application(fqdns=("*",), sources=("10.0.0.0/32",))),
    collection("application", True, application(fqdns=("*",), protocols=("Http:80",)), application(fqdns=("*",))),
    collection("application", False, application(fqdns=("www.contoso.com",))),
]


def test_the_ruling_agrees_with_every_packet():
    certain = doubtful = 0
    for count in range(4):
        for collections in permutations(POOL, count):
            seen = {packet_admitted(collections, *packet) for packet in product(SOURCES, TARGETS)}
            told = ruled(collections, SMALL).allowed
            if told is None:
                doubtful += 1
            else:
                certain += 1
                assert seen == {told}, collections
    assert certain > 200
    assert doubtful > 50


def test_rules_that_match_wholly_or_not_are_never_in_doubt():
    whole = [each for each in POOL if all(matches(each.kind, made, SMALL) != MAYBE for made in each.rules)]
    assert len(whole) >= 5
    for collections in permutations(whole, 4):
        (seen,) = {packet_admitted(collections, *packet) for packet in product(SOURCES, TARGETS)}
        assert ruled(collections, SMALL).allowed is seen
