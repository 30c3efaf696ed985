"""Mirror of path/names.py and of what it is made of: resolvers, zones, answers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from azext_acrpulldiag.facts import (
    EndpointAddress,
    Firewall,
    Peering,
    PrivateEndpointConnection,
    Unreadable,
    VirtualNetwork,
    ZoneSearch,
)
from azext_acrpulldiag.model import Confidence
from azext_acrpulldiag.path import BROKEN, OK, UNKNOWN, Destination
from azext_acrpulldiag.path.dns.details import (
    LinkNames,
    MissingRecords,
    NotApproved,
    PrivateName,
    Record,
    WrongRecords,
    ZoneNames,
)
from azext_acrpulldiag.path.dns.names import resolved
from tests.build import (
    CONNECTION_ID,
    DATA_HOST,
    ENDPOINT_ID,
    SUBNET_ID,
    SUBSCRIPTION,
    VNET_ID,
    ZONE_ID,
    network,
    private_endpoint,
    private_link_network,
    private_registry,
    private_zone,
    registry,
    zone_link,
)

HOST = "contosoreg.azurecr.io"
ADDRESS, DATA_ADDRESS = "10.225.0.6", "10.225.0.5"
NO_RIGHT = Unreadable("forbidden", "HTTP 403: no right to read it", "Some/read", "Some/read")
OTHER = "11111111-7a3e-4a53-8d0e-2f3e1c9b7a10"
HUB = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-hub/providers/Microsoft.Network/virtualNetworks/hub"
FAR = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-far/providers/Microsoft.Network/virtualNetworks/far"
FIREWALL = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-hub/providers/Microsoft.Network/azureFirewalls/fw"

ZONE_MISSING = "network.private-dns-zone-missing"
LINK_MISSING = "network.private-dns-link-missing"
RECORD_MISSING = "network.private-dns-record-missing"
RECORD_WRONG = "network.private-dns-record-wrong"
UNLINKED = "network.custom-dns-unlinked"
NOT_APPROVED = "network.private-endpoint-not-approved"

OPEN = private_registry(public_network_access="Enabled")
CLOSED = private_registry()


def search(*zones, whole=(SUBSCRIPTION,), unread=None):
    return ZoneSearch(zones, tuple(whole), unread)


def with_zones(*zones, endpoint=None, **kwargs):
    return private_link_network(zones=search(*zones, **kwargs), endpoints=(endpoint or private_endpoint(),))


def peering(remote, *prefixes):
    return Peering(f"{VNET_ID}/virtualNetworkPeerings/to", "to", remote, "Connected", True, True, False, prefixes)


def vnet(network_id=VNET_ID, prefixes=("10.224.0.0/12",), servers=(), peerings=()):
    return {network_id.lower(): VirtualNetwork(network_id, tuple(prefixes), tuple(servers), tuple(peerings))}


def custom(*servers, linked_to=HUB, zones=None, firewalls=None, **changes):
    """The nodes' network, peered with a hub, asks ``servers``; the zone is linked to ``linked_to``."""
    peerings = (peering(HUB, "10.0.0.0/16"),)
    hub = vnet(HUB, ("10.0.0.0/16",), (), (peering(VNET_ID, "10.224.0.0/12"), peering(FAR, "10.9.0.0/16")))
    linked = () if linked_to is None else (zone_link(linked_to, "hub"),)
    return private_link_network(
        **{
            "networks": {**vnet(servers=servers, peerings=peerings), **hub},
            "zones": zones or search(private_zone(links=linked)),
            "firewalls": firewalls or {},
            **changes,
        }
    )


def firewall(**changes):
    fields = {
        "id": FIREWALL,
        "private_ips": ("10.0.0.4",),
        "network_id": HUB,
        "hub_id": None,
        "public_ip_ids": (),
        "policy_id": None,
        "collections": (),
        "dns_proxy": True,
    }
    return {f"{VNET_ID.lower()} 10.0.0.4": Firewall(**(fields | changes))}


def look_up(of, net, host=HOST):
    return resolved(of, net, net.places[0], host)


def part(hop, kind):
    """The part of a hop's details that is of a kind."""
    (found,) = [each for each in hop.details if isinstance(each, kind)]
    return found


def told(of, net, host=HOST):
    """State, outcome and destination of a lookup: the first hop that is not in order decides."""
    hops, destination = look_up(of, net, host)
    worst = next((hop for hop in hops if hop.state != OK), hops[-1])
    return worst.state, worst.outcome, destination


def private(host=HOST, endpoint=None):
    address = ADDRESS if host == HOST else DATA_ADDRESS
    return Destination(host, (address,), endpoint or private_endpoint())


PUBLIC = Destination(HOST)


def kinds(hops):
    return [hop.kind for hop in hops]


# --- no approved endpoint: the name is public ---


OTHERS_ZONE = private_zone(records={"contosoreg": None, "contosoreg.westeurope.data": None})


@pytest.mark.parametrize(
    "net",
    [
        network(),
        network(zones=search(OTHERS_ZONE)),
        network(zones=NO_RIGHT),
        network(endpoints=NO_RIGHT),
        network(networks={VNET_ID.lower(): NO_RIGHT}),
        network(networks=vnet(servers=("192.168.1.1",))),
    ],
    ids=["plain", "zone of others", "zones unread", "endpoints unread", "network unread", "dns on premises"],
)
def test_a_registry_without_endpoint_is_untouched_by_private_dns(net):
    assert told(registry(), net) == (OK, None, PUBLIC)


@pytest.mark.parametrize("status", ["Pending", "Rejected", "Disconnected"])
def test_an_endpoint_that_is_not_approved_leaves_an_open_registry_public(status):
    net = with_zones(OTHERS_ZONE, endpoint=private_endpoint(status=status))
    assert told(private_registry(status, public_network_access="Enabled"), net) == (OK, None, PUBLIC)


@pytest.mark.parametrize("status", ["Pending", "Rejected", "Disconnected"])
def test_a_closed_registry_waits_for_its_endpoint(status):
    endpoint = private_endpoint(status=status)
    hops, destination = look_up(private_registry(status), with_zones(endpoint=endpoint))
    assert kinds(hops) == ["node-subnet", "public-dns", "private-endpoint"]
    assert (hops[-1].state, hops[-1].outcome, hops[-1].resource_id) == (BROKEN, NOT_APPROVED, CONNECTION_ID)
    connection = part(hops[-1], NotApproved)
    assert (connection.status, connection.endpoint_id) == (status, ENDPOINT_ID)
    assert destination == Destination(HOST, (ADDRESS,), endpoint)


def test_where_a_waiting_endpoint_leads_may_not_be_known():
    endpoint = private_endpoint(status="Pending", addresses=NO_RIGHT)
    assert told(private_registry("Pending"), with_zones(endpoint=endpoint)) == (BROKEN, NOT_APPROVED, None)


@pytest.mark.parametrize(
    ("of", "endpoints"),
    [
        (CLOSED, NO_RIGHT),
        (CLOSED, ()),
        (private_registry(private_endpoints=NO_RIGHT), NO_RIGHT),
        (registry(private_endpoints=(PrivateEndpointConnection(CONNECTION_ID, NO_RIGHT, ENDPOINT_ID),)), NO_RIGHT),
        (registry(private_endpoints=(PrivateEndpointConnection(CONNECTION_ID, NO_RIGHT, ENDPOINT_ID),)), ()),
        (CLOSED, (private_endpoint(status=NO_RIGHT),)),
    ],
)
def test_whether_an_endpoint_is_approved_may_not_be_known(of, endpoints):
    assert told(of, private_link_network(endpoints=endpoints)) == (UNKNOWN, None, None)


SHADOWS = [("azurecr.io", "contosoreg"), (HOST, "@")]


@pytest.mark.parametrize(("name", "label"), SHADOWS)
@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (None, (BROKEN, RECORD_MISSING, PUBLIC)),
        (("10.1.2.3",), (BROKEN, RECORD_WRONG, PUBLIC)),
        (("20.1.2.3",), (UNKNOWN, None, None)),
        (NO_RIGHT, (UNKNOWN, None, None)),
    ],
)
def test_a_private_zone_over_the_public_name_shadows_it(name, label, record, expected):
    net = network(zones=search(private_zone(name=name, records={label: record})))
    assert told(registry(), net) == expected


def test_a_zone_over_the_public_name_that_falls_back_or_is_not_linked_does_no_harm():
    records = {"contosoreg": None}
    falls_back = private_zone(name="azurecr.io", records=records, links=(zone_link(falls_back=True),))
    elsewhere = private_zone(name="azurecr.io", records=records, links=(zone_link(FAR),))
    for zone in (falls_back, elsewhere):
        assert told(registry(), network(zones=search(zone))) == (OK, None, PUBLIC)


def test_a_zone_over_the_public_name_may_lead_to_the_endpoint():
    zone = private_zone(name=HOST, records={"@": (ADDRESS,)})
    assert told(CLOSED, with_zones(zone)) == (OK, None, private())


# --- Azure's DNS, a linked zone ---


@pytest.mark.parametrize("of", [OPEN, CLOSED], ids=["open", "closed"])
@pytest.mark.parametrize("host", [HOST, DATA_HOST])
def test_a_linked_zone_leads_to_the_endpoint(of, host):
    hops, destination = look_up(of, private_link_network(), host)
    assert kinds(hops) == ["node-subnet", "dns-server", "private-dns-zone", "private-dns-link", "private-dns-record"]
    assert {hop.state for hop in hops} == {OK}
    assert destination == private(host)


def test_ids_and_names_come_in_any_casing():
    zone = private_zone(name="PrivateLink.AzureCR.io", id=ZONE_ID.upper(), links=(zone_link(VNET_ID.upper()),))
    assert told(CLOSED, with_zones(zone)) == (OK, None, private())


def test_a_zone_is_seen_however_little_else_may_be_read():
    net = with_zones(private_zone(), whole=(), unread=NO_RIGHT)
    assert told(CLOSED, net) == (OK, None, private())


@pytest.mark.parametrize("of", [OPEN, CLOSED], ids=["open", "closed"])
@pytest.mark.parametrize("host", [HOST, DATA_HOST])
def test_a_linked_zone_without_the_record_hides_the_name(of, host):
    label = "contosoreg" if host == HOST else "contosoreg.westeurope.data"
    records = {**private_zone().records, label: None}
    hops, destination = look_up(of, with_zones(private_zone(records=records)), host)
    broken = hops[-1]
    assert (broken.state, broken.outcome, broken.kind) == (BROKEN, RECORD_MISSING, "private-dns-record")
    assert broken.confidence is Confidence.OBSERVED
    assert part(broken, MissingRecords).records == (Record(label, private(host).addresses[0]),)
    assert destination == private(host)


def test_one_zone_without_any_record_is_one_fault():
    net = with_zones(private_zone(records={"contosoreg": None, "contosoreg.westeurope.data": None}))
    hops, _ = look_up(CLOSED, net)
    records = part(hops[-1], MissingRecords).records
    assert [record.name for record in records] == ["contosoreg", "contosoreg.westeurope.data"]


@pytest.mark.parametrize(
    ("of", "falls_back", "expected"),
    [
        (OPEN, True, (OK, None, PUBLIC)),
        (CLOSED, True, (BROKEN, RECORD_MISSING, private())),
        (OPEN, NO_RIGHT, (UNKNOWN, None, None)),
        (CLOSED, NO_RIGHT, (BROKEN, RECORD_MISSING, private())),
        (private_registry(public_network_access=NO_RIGHT), True, (UNKNOWN, None, None)),
        (private_registry(public_network_access="SecuredByPerimeter"), True, (UNKNOWN, None, None)),
    ],
)
def test_a_link_may_fall_back_to_public_dns(of, falls_back, expected):
    zone = private_zone(records={"contosoreg": None}, links=(zone_link(falls_back=falls_back),))
    assert told(of, with_zones(zone)) == expected


@pytest.mark.parametrize("record", [("10.225.0.9",), (ADDRESS, "10.225.0.9"), ("20.1.2.3",)])
def test_a_record_that_leads_elsewhere(record):
    hops, destination = look_up(CLOSED, with_zones(private_zone(records={"contosoreg": record})))
    assert (hops[-1].state, hops[-1].outcome) == (BROKEN, RECORD_WRONG)
    (wrong,) = part(hops[-1], WrongRecords).records
    assert wrong.remove == tuple(address for address in record if address != ADDRESS)
    assert wrong.add == (None if ADDRESS in record else ADDRESS)
    assert destination == private()


@pytest.mark.parametrize(
    ("zone", "zone_ids", "kept"),
    [
        ("privatelink.azurecr.io", (), True),
        ("Privatelink.AzureCR.io", (), True),
        ("azurecr.io", (), False),
        ("privatelink.azurecr.io", (ZONE_ID,), False),
        ("privatelink.azurecr.io", NO_RIGHT, False),
    ],
)
def test_an_endpoint_keeps_records_in_one_zone_of_its_own_name(zone, zone_ids, kept):
    found = private_zone(name=zone, records={"contosoreg": None, "contosoreg.privatelink": None})
    hops, _ = look_up(CLOSED, with_zones(found, endpoint=private_endpoint(zone_ids=zone_ids)))
    assert hops[-1].outcome == RECORD_MISSING
    assert part(hops[-1], ZoneNames).kept_by_endpoint is kept


def test_the_record_may_be_of_another_approved_endpoint():
    other = private_endpoint(
        connection_id=f"{CONNECTION_ID}2", addresses=(EndpointAddress("10.9.0.4", "registry", (HOST,)),)
    )
    zone = private_zone(records={"contosoreg": ("10.9.0.4",)})
    net = private_link_network(endpoints=(private_endpoint(), other), zones=search(zone))
    assert told(CLOSED, net) == (OK, None, Destination(HOST, ("10.9.0.4",), other))


def test_the_record_of_an_endpoint_that_is_not_approved_is_wrong():
    waiting = private_endpoint(
        connection_id=f"{CONNECTION_ID}2",
        status="Pending",
        addresses=(EndpointAddress("10.9.0.4", "registry", (HOST,)),),
    )
    zone = private_zone(records={"contosoreg": ("10.9.0.4",)})
    net = private_link_network(endpoints=(private_endpoint(), waiting), zones=search(zone))
    assert told(CLOSED, net) == (BROKEN, RECORD_WRONG, private())


def test_an_endpoint_without_names_gives_its_addresses_by_member():
    bare = tuple(replace(each, fqdns=()) for each in private_endpoint().addresses)
    endpoint = private_endpoint(addresses=bare)
    for host in (HOST, DATA_HOST):
        assert told(CLOSED, with_zones(private_zone(), endpoint=endpoint), host) == (OK, None, private(host, endpoint))


@pytest.mark.parametrize("addresses", [NO_RIGHT, (), (EndpointAddress(DATA_ADDRESS, "other", (DATA_HOST,)),)])
def test_a_record_cannot_be_judged_without_the_endpoints_addresses(addresses):
    endpoint = private_endpoint(addresses=addresses)
    assert told(CLOSED, with_zones(private_zone(), endpoint=endpoint)) == (UNKNOWN, None, None)


@pytest.mark.parametrize(
    "zone",
    [
        private_zone(links=NO_RIGHT),
        private_zone(links=(zone_link(state="InProgress"),)),
        private_zone(links=(zone_link(state=NO_RIGHT),)),
        private_zone(records={"contosoreg": NO_RIGHT}),
        private_zone(records={}),
    ],
    ids=["links unread", "link in progress", "link's state unread", "record unread", "record not asked for"],
)
def test_a_zone_that_is_not_read_is_unknown_and_leads_to_the_only_endpoint(zone):
    assert told(CLOSED, with_zones(zone)) == (UNKNOWN, None, private())
    assert told(OPEN, with_zones(zone)) == (UNKNOWN, None, None)


def test_an_unread_answer_may_lead_to_any_of_several_endpoints():
    second = private_endpoint(connection_id=f"{CONNECTION_ID}2")
    net = private_link_network(endpoints=(private_endpoint(), second), zones=NO_RIGHT)
    assert told(CLOSED, net) == (UNKNOWN, None, None)


@pytest.mark.parametrize("zones", [NO_RIGHT, None])
def test_zones_that_were_not_read(zones):
    assert told(CLOSED, private_link_network(zones=zones)) == (UNKNOWN, None, private())


def test_the_most_specific_zone_answers():
    narrow = private_zone(name="contosoreg.privatelink.azurecr.io", records={"@": ("10.225.0.9",)}, id=f"{ZONE_ID}x")
    assert told(CLOSED, with_zones(private_zone(), narrow))[:2] == (BROKEN, RECORD_WRONG)
    unread = replace(narrow, links=NO_RIGHT)
    assert told(CLOSED, with_zones(private_zone(), unread))[:2] == (UNKNOWN, None)


def test_a_network_is_linked_to_one_zone_of_a_name():
    unread = private_zone(id=f"{ZONE_ID}x", links=NO_RIGHT)
    assert told(CLOSED, with_zones(unread, private_zone())) == (OK, None, private())


# --- no linked zone ---


@pytest.mark.parametrize(
    ("zones", "outcome"),
    [
        ((), ZONE_MISSING),
        ((private_zone(links=()),), LINK_MISSING),
        ((private_zone(links=(zone_link(HUB),)),), LINK_MISSING),
        ((private_zone(links=(), records={"contosoreg": None}),), LINK_MISSING),  # its zone group says that it is ours
    ],
)
def test_without_a_linked_zone_a_closed_registry_is_out_of_reach(zones, outcome):
    hops, destination = look_up(CLOSED, with_zones(*zones))
    assert (hops[-1].state, hops[-1].outcome) == (BROKEN, outcome)
    assert part(hops[-1], LinkNames).network_id == VNET_ID
    assert destination == private()
    assert told(OPEN, with_zones(*zones)) == (OK, None, PUBLIC)


@pytest.mark.parametrize(
    ("record", "outcome"),
    [(None, ZONE_MISSING), (("10.9.9.9",), ZONE_MISSING), ((ADDRESS,), LINK_MISSING), (NO_RIGHT, None)],
)
def test_a_zone_is_the_registrys_by_its_record(record, outcome):
    zone = private_zone(links=(), records={"contosoreg": record})
    net = with_zones(zone, endpoint=private_endpoint(zone_ids=()))
    assert told(CLOSED, net)[1] == outcome
    assert told(CLOSED, net)[0] == (BROKEN if outcome else UNKNOWN)


@pytest.mark.parametrize("zone_ids", [(), NO_RIGHT, (f"{ZONE_ID}x",)])
@pytest.mark.parametrize("unread", [None, NO_RIGHT, replace(NO_RIGHT, reason="timeout")])
def test_absence_is_earned_by_reading_every_zone(zone_ids, unread):
    net = with_zones(endpoint=private_endpoint(zone_ids=zone_ids), whole=(), unread=unread)
    for of in (OPEN, CLOSED):
        hops, _ = look_up(of, net)
        assert (hops[-1].state, hops[-1].kind) == (UNKNOWN, "private-dns-link")
        late = unread is not None and unread.reason == "timeout"
        needed = "Some/read" if late else "Microsoft.Network/privateDnsZones/read"
        assert needed in (hops[-1].unread.permission or "")


@pytest.mark.parametrize("of", [OPEN, CLOSED])
def test_the_zones_that_the_endpoint_keeps_do_not_speak_for_others(of):
    """Another of the same name may be linked, and lack the record."""
    hops, _ = look_up(of, with_zones(private_zone(links=()), whole=()))
    assert (hops[-1].state, hops[-1].kind) == (UNKNOWN, "private-dns-link")
    assert hops[-1].unread.permission == f"Microsoft.Network/privateDnsZones/read on /subscriptions/{SUBSCRIPTION}"


def test_a_zone_of_the_public_name_is_ruled_out_where_all_zones_are_seen():
    seen, _ = look_up(CLOSED, with_zones(private_zone()))
    assert (seen[-1].state, seen[-1].unread) == (OK, None)
    hops, _ = look_up(CLOSED, with_zones(private_zone(), whole=()))
    assert hops[-1].state == OK
    assert hops[-1].unread.permission == f"Microsoft.Network/privateDnsZones/read on /subscriptions/{SUBSCRIPTION}"


@pytest.mark.parametrize("of", [OPEN, CLOSED])
def test_absence_is_not_earned_where_an_endpoint_does_not_show_the_zones_that_it_keeps(of):
    hops, _ = look_up(of, with_zones(private_zone(links=()), endpoint=private_endpoint(zone_ids=NO_RIGHT)))
    assert (hops[-1].state, hops[-1].unread) == (UNKNOWN, NO_RIGHT)


def test_a_zone_without_a_link_is_not_denied_where_the_endpoints_addresses_are_unread():
    zone = private_zone(links=())
    shown = private_endpoint(zone_ids=())
    assert told(CLOSED, with_zones(zone, endpoint=shown))[:2] == (BROKEN, LINK_MISSING)
    hops, _ = look_up(CLOSED, with_zones(zone, endpoint=replace(shown, addresses=NO_RIGHT)))
    assert (hops[-1].state, hops[-1].unread) == (UNKNOWN, NO_RIGHT)


@pytest.mark.parametrize(
    "changes",
    [
        {"networks": vnet(peerings=(peering(HUB.replace(SUBSCRIPTION, OTHER), "10.0.0.0/16"),))},
        {"endpoints": (private_endpoint(id=ENDPOINT_ID.replace(SUBSCRIPTION, OTHER), zone_ids=()),)},
        {"endpoints": (private_endpoint(subnet_id=SUBNET_ID.replace(SUBSCRIPTION, OTHER), zone_ids=()),)},
    ],
    ids=["peered network", "endpoint", "endpoint's network"],
)
def test_every_subscription_concerned_counts(changes):
    base = {"zones": search(), "endpoints": (private_endpoint(zone_ids=()),)}
    assert told(CLOSED, private_link_network(**base))[1] == ZONE_MISSING
    hops, _ = look_up(CLOSED, private_link_network(**(base | changes)))
    assert hops[-1].state == UNKNOWN
    assert f"/subscriptions/{OTHER}" in hops[-1].unread.permission
    whole = search(whole=(SUBSCRIPTION, OTHER))
    assert told(CLOSED, private_link_network(**(base | changes | {"zones": whole})))[1] == ZONE_MISSING


def test_an_unlinked_name_is_unknown_where_public_access_is():
    net = with_zones(private_zone(links=()))
    assert told(private_registry(public_network_access=NO_RIGHT), net) == (UNKNOWN, None, None)


def test_a_new_link_gets_a_name_that_is_free():
    zone = private_zone(links=(zone_link(HUB, "aks-vnet-14326078"), zone_link(FAR, "AKS-vnet-14326078-2")))
    hops, _ = look_up(CLOSED, with_zones(zone))
    assert part(hops[-1], LinkNames).link == "aks-vnet-14326078-3"


def test_the_endpoint_meant_is_the_nearest():
    far = private_endpoint(connection_id="/far", subnet_id=f"{FAR}/subnets/a")
    peered = private_endpoint(connection_id="/peered", subnet_id=f"{HUB}/subnets/a")
    own = private_endpoint(connection_id="/own")
    joined = vnet(peerings=(peering(HUB, "10.0.0.0/16"),))
    for endpoints, expected in (((far, peered, own), own), ((far, peered), peered), ((far,), far)):
        net = private_link_network(zones=search(private_zone(links=())), endpoints=endpoints, networks=joined)
        assert told(private_registry(private_endpoints=()), net) == (BROKEN, LINK_MISSING, private(endpoint=expected))


def test_where_a_repaired_name_leads_may_not_be_known():
    endpoint = private_endpoint(addresses=NO_RIGHT)
    assert told(CLOSED, with_zones(private_zone(links=()), endpoint=endpoint)) == (BROKEN, LINK_MISSING, None)


# --- who is asked ---


@pytest.mark.parametrize(
    ("net", "asked"),
    [
        (custom("168.63.129.16", linked_to=VNET_ID), VNET_ID),
        (custom("10.224.0.10", linked_to=VNET_ID), VNET_ID),
        (custom("10.0.0.4"), HUB),
        (custom("10.0.0.4", firewalls=firewall()), FIREWALL),
        (custom("10.9.0.4", linked_to=FAR), FAR),
        (custom("10.0.0.4", firewalls=firewall(dns_servers=("168.63.129.16",))), FIREWALL),
        (custom("10.0.0.4", firewalls=firewall(dns_servers=("10.9.0.4",)), linked_to=FAR), FIREWALL),
    ],
    ids=["azure", "own network", "hub", "firewall", "beyond the hub", "firewall asks azure", "firewall asks further"],
)
def test_the_links_of_the_servers_network_count(net, asked):
    hops, destination = look_up(CLOSED, net)
    assert [hop.resource_id for hop in hops if hop.kind == "dns-server"] == [asked]
    assert (hops[-1].state, destination) == (OK, private())


@pytest.mark.parametrize("server", ["10.0.0.4", "10.224.0.10"])
def test_the_servers_network_is_not_linked(server):
    linked_to = VNET_ID if server == "10.0.0.4" else HUB
    hops, destination = look_up(CLOSED, custom(server, linked_to=linked_to))
    assert (hops[-1].state, hops[-1].outcome) == (BROKEN, UNLINKED)
    assert part(hops[-1], PrivateName).dns_servers == (server,)
    assert destination == private()
    assert told(OPEN, custom(server, linked_to=linked_to)) == (OK, None, PUBLIC)


def test_what_a_server_is_taken_to_ask_is_inferred():
    net = custom("10.0.0.4", zones=search(private_zone(records={"contosoreg": None}, links=(zone_link(HUB),))))
    hops, _ = look_up(CLOSED, net)
    assert (hops[-1].outcome, hops[-1].confidence) == (RECORD_MISSING, Confidence.INFERRED)


def test_azures_dns_by_address_is_azures_dns():
    assert told(CLOSED, custom("168.63.129.16", linked_to=HUB))[:2] == (BROKEN, LINK_MISSING)


def test_no_zone_at_all_is_said_as_that_behind_other_servers_too():
    net = custom("10.0.0.4", zones=search(), endpoints=(private_endpoint(zone_ids=()),))
    hops, _ = look_up(CLOSED, net)
    assert (hops[-1].outcome, part(hops[-1], LinkNames).network_id) == (ZONE_MISSING, HUB)


@pytest.mark.parametrize(
    "net",
    [
        custom("192.168.1.1"),
        custom("fd00::1"),
        custom("dns.contoso.com"),
        custom("10.0.0.4", firewalls={f"{VNET_ID.lower()} 10.0.0.4": NO_RIGHT}),
        custom("10.0.0.4", firewalls=firewall(dns_proxy=False)),
        custom("10.0.0.4", firewalls=firewall(dns_proxy=NO_RIGHT)),
        custom("10.0.0.4", firewalls=firewall(dns_servers=NO_RIGHT)),
        custom("10.0.0.4", firewalls=firewall(dns_servers=("192.168.1.1",))),
        custom("10.0.0.4", firewalls=firewall(dns_servers=("168.63.129.16", "10.9.0.4"))),
        custom("10.0.0.4", firewalls=firewall(network_id=None, hub_id="/hub")),
        custom("10.0.0.4", firewalls=firewall(network_id=FAR, dns_servers=("10.9.0.4",))),
        private_link_network(networks={VNET_ID.lower(): NO_RIGHT}),
        private_link_network(networks={VNET_ID.lower(): None}),
        private_link_network(networks={}),
    ],
)
def test_what_a_server_answers_may_not_be_known(net):
    assert told(CLOSED, net) == (UNKNOWN, None, private())
    assert told(OPEN, net) == (UNKNOWN, None, None)


def test_a_server_that_is_not_known_names_the_test():
    hops, _ = look_up(CLOSED, custom("192.168.1.1"))
    assert f"`nslookup {HOST}` on a node" in hops[-1].unread.sentence


def test_servers_that_ask_each_other_end():
    net = custom("10.0.0.4", firewalls=firewall(dns_servers=("10.0.0.4",)))
    key = f"{HUB.lower()} 10.0.0.4"
    looped = replace(net, firewalls={**net.firewalls, key: firewall(dns_servers=("10.0.0.4",)).popitem()[1]})
    assert told(CLOSED, looped)[0] == UNKNOWN


def test_nodes_whose_subnet_is_not_known():
    net = private_link_network()
    lost = replace(net, places=(replace(net.places[0], subnet_id=NO_RIGHT),))
    assert told(CLOSED, lost) == (UNKNOWN, None, private())
    assert told(registry(), replace(network(), places=lost.places)) == (OK, None, PUBLIC)


BROKEN_ZONE = private_zone(records={"contosoreg": None}, links=(zone_link(VNET_ID),))
RIGHT_ZONE = private_zone(id=f"{ZONE_ID}x", links=(zone_link(HUB),))


@pytest.mark.parametrize(
    ("servers", "zones", "expected"),
    [
        (("10.0.0.4", "10.0.0.5"), (RIGHT_ZONE,), (OK, None)),
        (("10.0.0.4", "10.0.0.5"), (BROKEN_ZONE,), (BROKEN, UNLINKED)),
        (("168.63.129.16", "10.0.0.4"), (BROKEN_ZONE, RIGHT_ZONE), (BROKEN, RECORD_MISSING)),
        (("10.0.0.4", "168.63.129.16"), (BROKEN_ZONE, RIGHT_ZONE), (UNKNOWN, None)),
        (("10.0.0.4", "192.168.1.1"), (RIGHT_ZONE,), (UNKNOWN, None)),
        (("192.168.1.1", "10.0.0.4"), (RIGHT_ZONE,), (UNKNOWN, None)),
        (("192.168.1.1", "192.168.1.2"), (RIGHT_ZONE,), (UNKNOWN, None)),
        (("168.63.129.16", "192.168.1.1"), (BROKEN_ZONE,), (BROKEN, RECORD_MISSING)),
    ],
    ids=["agree", "agree in error", "first broken", "second broken", "second unknown", "first unknown", "none", "both"],
)
def test_several_servers_must_agree(servers, zones, expected):
    hops, _ = look_up(CLOSED, custom(*servers, zones=search(*zones)))
    if expected[0] == BROKEN:
        assert expected[1] in {hop.outcome for hop in hops}
    else:
        states = [hop.state for hop in hops]
        assert (expected[0] in states, BROKEN in states) == (True, False)
    assert [hop.name for hop in hops if hop.kind == "dns-server"][:2] == list(servers)


@pytest.mark.parametrize("suffix", ["azurecr.us", "azurecr.cn"])
def test_other_clouds_have_zones_of_their_own(suffix):
    host = f"contosoreg-a1b2c3.{suffix}"
    of = private_registry(login_server=host, data_endpoint_hosts=())
    endpoint = private_endpoint(addresses=(EndpointAddress(ADDRESS, "registry", (host,)),))
    zone = private_zone(name=f"privatelink.{suffix}", records={"contosoreg-a1b2c3": (ADDRESS,)})
    net = with_zones(private_zone(), zone, endpoint=endpoint)
    assert told(of, net, host) == (OK, None, Destination(host, (ADDRESS,), endpoint))


def test_without_an_approved_endpoint_nobody_asks_for_the_private_name():
    shadow = private_zone(name="azurecr.io", id=f"{ZONE_ID}x", records={"contosoreg": None}, links=())
    assert told(registry(), network(zones=search(shadow, OTHERS_ZONE))) == (OK, None, PUBLIC)


def test_an_address_beyond_the_hub_may_be_in_several_networks():
    net = custom("10.9.0.4", linked_to=FAR)
    hub = net.networks[HUB.lower()]
    twice = replace(hub, peerings=(*hub.peerings, replace(hub.peerings[1], remote_network_id=f"{FAR}2")))
    assert told(CLOSED, replace(net, networks={**net.networks, HUB.lower(): twice}))[0] == UNKNOWN


def test_the_endpoint_meant_is_one_whose_address_is_known():
    unread = private_endpoint(connection_id="/unread", addresses=NO_RIGHT)
    net = private_link_network(zones=search(private_zone(links=())), endpoints=(unread, private_endpoint()))
    assert told(CLOSED, net) == (BROKEN, LINK_MISSING, private())


def test_servers_may_lead_to_different_endpoints():
    other = private_endpoint(
        connection_id=f"{CONNECTION_ID}2", addresses=(EndpointAddress("10.9.0.4", "registry", (HOST,)),)
    )
    there = private_zone(id=f"{ZONE_ID}x", records={"contosoreg": ("10.9.0.4",)}, links=(zone_link(HUB),))
    net = custom(
        "168.63.129.16", "10.0.0.4", zones=search(private_zone(), there), endpoints=(private_endpoint(), other)
    )
    assert told(CLOSED, net) == (OK, None, private())


def test_zones_beside_the_nodes_count_though_others_answer():
    strange = HUB.replace(SUBSCRIPTION, OTHER)
    net = custom("10.0.0.4", zones=search(), endpoints=(private_endpoint(zone_ids=()),))
    own = net.networks[VNET_ID.lower()]
    wider = replace(own, peerings=(*own.peerings, peering(strange, "10.8.0.0/16")))
    assert told(CLOSED, net)[1] == ZONE_MISSING
    assert told(CLOSED, replace(net, networks={**net.networks, VNET_ID.lower(): wider}))[0] == UNKNOWN
