"""Mirror of collect/zone_reads.py: names, labels and records, on recorded answers."""

from __future__ import annotations

import pytest

from azext_acrpulldiag.collect.ask.arm import ReadError
from azext_acrpulldiag.collect.network.zones import (
    DNS_API,
    OLDER_DNS_API,
    labels_in,
    links_from,
    read_zones,
    record_from,
    zone_from,
)
from azext_acrpulldiag.facts import Unreadable
from tests.build import registry
from tests.recordings import body

LOGIN, DATA = "r-abc.azurecr.io", "r-abc.westeurope.data.azurecr.io"
REGISTRY = registry(login_server=LOGIN)
ZONE = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/privateDnsZones/privatelink.azurecr.io"
LINKS = f"{ZONE}/virtualNetworkLinks"
WHY = Unreadable("forbidden", "no right", "op", "right")


# --- names -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("privatelink.azurecr.io", ("r-abc", "r-abc.westeurope.data")),
        ("PrivateLink.AzureCR.io", ("r-abc", "r-abc.westeurope.data")),
        ("azurecr.io", ("r-abc", "r-abc.westeurope.data")),
        ("data.azurecr.io", ("r-abc.westeurope",)),
        ("westeurope.data.privatelink.azurecr.io", ("r-abc",)),
        (LOGIN, ("@",)),
        (DATA, ("@",)),
        ("r-abc.privatelink.azurecr.io", ("@",)),
        ("other.azurecr.io", ()),
        ("xr-abc.azurecr.io", ()),
        ("privatelink.azurecr.cn", ()),
        ("cr.io", ()),
    ],
)
def test_labels_of_the_registry_in_a_zone(zone, expected):
    assert labels_in(zone, (LOGIN, DATA), REGISTRY) == expected


# --- mapping ---------------------------------------------------------------------------


def test_links_as_recorded():
    (link,) = links_from(body("dns/vnet_links_list_2024_06_01")["value"])
    assert (link.name, link.falls_back, link.state) == ("testresource", False, "Completed")
    assert link.network_id.endswith("/virtualNetworks/vnet1")
    assert links_from(body("dns/vnet_links_list_empty")["value"]) == ()


def test_an_older_api_version_does_not_show_whether_a_link_falls_back():
    links = links_from(body("dns/vnet_links_list")["value"])
    assert len(links) == 2
    assert {link.falls_back.reason for link in links} == {"not-shown"}


@pytest.mark.parametrize(
    ("policy", "expected"), [("NxDomainRedirect", True), ("nxdomainredirect", True), ("Default", False)]
)
def test_the_resolution_policy(policy, expected):
    link = body("dns/vnet_link_get_2024_06_01")
    link["properties"]["resolutionPolicy"] = policy
    assert links_from([link])[0].falls_back is expected


def test_a_link_whose_network_is_not_shown_hides_them_all():
    first, second = body("dns/vnet_links_list")["value"]
    del second["properties"]["virtualNetwork"]
    assert links_from([first, second]).reason == "not-shown"


def test_a_link_whose_state_is_not_shown():
    link = body("dns/vnet_link_get_2024_06_01")
    del link["properties"]["virtualNetworkLinkState"]
    assert links_from([link])[0].state.reason == "not-shown"


def test_a_record_as_recorded():
    assert record_from(body("dns/a_record_get")) == ("10.0.0.1",)


def test_a_record_set_of_several_addresses():
    record = body("dns/a_record_get")
    record["properties"]["aRecords"].append({"ipv4Address": "10.0.0.2"})
    assert record_from(record) == ("10.0.0.1", "10.0.0.2")


@pytest.mark.parametrize(
    ("records", "reason"),
    [(None, "not-shown"), ("x", "malformed"), ([{}], "malformed"), ([{"ipv4Address": 4}], "malformed")],
)
def test_a_record_of_another_form_is_unreadable(records, reason):
    record = body("dns/a_record_get")
    record["properties"]["aRecords"] = records
    assert record_from(record).reason == reason


def a_record(*addresses):
    record = body("dns/a_record_get")
    record["properties"]["aRecords"] = [{"ipv4Address": each} for each in addresses]
    return record


def answers(wildcard=None, **records):
    named = {f"{ZONE}/A/{label.replace('__', '.')}": answer for label, answer in records.items()}
    return {LINKS: [], f"{ZONE}/A/*": wildcard, **named}


def test_a_zone_that_does_not_exist():
    assert zone_from(ZONE, ("r",), {**answers(r=None), LINKS: None}) is None


def test_a_zone_whose_links_may_not_be_read_exists():
    zone = zone_from(ZONE, ("r",), {**answers(r=a_record("10.0.0.4")), LINKS: WHY})
    assert (zone.links, zone.records) == (WHY, {"r": ("10.0.0.4",)})


@pytest.mark.parametrize(
    ("label", "own", "wildcard", "expected"),
    [
        ("r", a_record("10.0.0.4"), a_record("10.9.9.9"), ("10.0.0.4",)),
        ("r", None, None, None),
        ("r", None, a_record("10.9.9.9"), ("10.9.9.9",)),
        ("r", None, WHY, WHY),
        ("r", WHY, a_record("10.9.9.9"), WHY),
        ("r__westeurope__data", None, None, None),
        ("@", None, a_record("10.9.9.9"), None),
        ("@", None, WHY, None),
    ],
)
def test_a_wildcard_answers_where_a_label_has_no_record(label, own, wildcard, expected):
    zone = zone_from(ZONE, (label.replace("__", "."),), answers(wildcard, **{label: own}))
    assert zone.records == {label.replace("__", "."): expected}


def test_whether_a_wildcard_answers_for_several_labels_is_not_known():
    zone = zone_from(ZONE, ("r.we.data",), answers(a_record("10.9.9.9"), r__we__data=None))
    assert zone.records["r.we.data"].reason == "unsupported"


@pytest.mark.parametrize(
    ("alias", "expected"),
    [
        (None, None),
        ({"properties": {"cnameRecord": {"cname": "r.privatelink.azurecr.io"}}}, "unsupported"),
        (WHY, "forbidden"),
    ],
)
def test_an_alias_answers_where_a_shadowing_zone_has_no_address(alias, expected):
    shadow = ZONE.replace("privatelink.", "")
    known = {f"{shadow}/virtualNetworkLinks": [], f"{shadow}/A/*": None, f"{shadow}/A/r": None}
    record = zone_from(shadow, ("r",), {**known, f"{shadow}/CNAME/r": alias}).records["r"]
    assert getattr(record, "reason", record) == expected
    known[f"{shadow}/A/r"] = a_record("10.0.0.4")
    assert zone_from(shadow, ("r",), {**known, f"{shadow}/CNAME/r": alias}).records == {"r": ("10.0.0.4",)}


# --- reading ---------------------------------------------------------------------------


class Dns:
    """Answers paths of a zone; ``refused`` api-versions are unknown to the cloud."""

    def __init__(self, known, refused=()):
        self.known, self.refused, self.asked = known, refused, []

    def get(self, path, version):
        self.asked.append((path, version))
        return self.known.get(path)

    def list(self, path, version):
        self.asked.append((path, version))
        if version in self.refused:
            raise ReadError(Unreadable("unsupported", f"HTTP 400 NoRegisteredProviderFound for {version}"))
        return self.known.get(path)


def read(dns):
    return read_zones(dns, [ZONE], (LOGIN,), REGISTRY, lambda *_: True)


def test_links_are_asked_for_with_a_version_that_shows_their_policy():
    dns = Dns({LINKS: body("dns/vnet_links_list_2024_06_01")["value"], f"{ZONE}/A/r-abc": a_record("10.0.0.4")})
    (zone,) = read(dns)
    assert (zone.id, zone.name, zone.records) == (ZONE, "privatelink.azurecr.io", {"r-abc": ("10.0.0.4",)})
    assert sorted(dns.asked) == [
        (f"{ZONE}/A/*", OLDER_DNS_API),
        (f"{ZONE}/A/r-abc", OLDER_DNS_API),
        (LINKS, DNS_API),
    ]


def test_aliases_are_asked_for_only_where_people_write_records_themselves():
    dns = Dns({})
    shadow = ZONE.replace("privatelink.", "")
    read_zones(dns, [ZONE, shadow], (LOGIN,), REGISTRY, lambda *_: True)
    assert [path for path, _ in dns.asked if "/CNAME/" in path] == [f"{shadow}/CNAME/r-abc"]


def test_a_cloud_that_lags_shows_links_without_their_policy():
    dns = Dns({LINKS: body("dns/vnet_links_list")["value"]}, refused=(DNS_API,))
    (zone,) = read(dns)
    assert {link.falls_back.reason for link in zone.links} == {"not-shown"}
    assert (LINKS, OLDER_DNS_API) in dns.asked


def test_a_cloud_that_knows_no_version_at_all():
    (zone,) = read(Dns({}, refused=(DNS_API, OLDER_DNS_API)))
    assert zone.links.reason == "unsupported"


def test_a_zone_that_none_of_the_names_falls_in_is_not_asked_for():
    dns = Dns({})
    other = ZONE.replace("privatelink.azurecr.io", "other.azurecr.io")
    assert read_zones(dns, [other], (LOGIN,), REGISTRY, lambda *_: True) == []
    assert dns.asked == []
