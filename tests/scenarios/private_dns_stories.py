"""Do the nodes' DNS servers lead the registry's names to a private endpoint that is approved?"""

from __future__ import annotations

from unittest.mock import ANY

from tests import build
from tests.azure import resources as make
from tests.azure.state import Cloud
from tests.recordings import body

from .access_stories import OTHER_SUBSCRIPTION
from .stories import story

HUB = f"/subscriptions/{build.SUBSCRIPTION}/resourceGroups/rg-hub/providers/Microsoft.Network/virtualNetworks/hub"
NODES = make.VNET_ID.rpartition("/")[2]
HOST = "contosoreg.azurecr.io"
DATA_HOST = "contosoreg.westeurope.data.azurecr.io"
ZONE = "privatelink.azurecr.io"
OF_ZONE = f"--resource-group rg-dns --subscription {build.SUBSCRIPTION} --zone-name {ZONE}"
LINK = f"az network private-dns link vnet create {OF_ZONE}"
ADD = f"az network private-dns record-set a add-record {OF_ZONE} --record-set-name"
SET = f"az network private-dns record-set a update {OF_ZONE} --name"
READ_ZONES = "Microsoft.Network/privateDnsZones/read"

FORBIDDEN = (
    'Failed to pull image "contosoreg.azurecr.io/team/app:1.2": failed to authorize: failed to fetch anonymous token: '
    "unexpected status from GET request to https://contosoreg.azurecr.io/oauth2/token?scope=repository%3Ateam%2Fapp"
    "%3Apull&service=contosoreg.azurecr.io: 403 Forbidden"
)
NO_SUCH_HOST = (
    'Failed to pull image "contosoreg.azurecr.io/team/app:1.2": failed to resolve reference: failed to do request: '
    'Head "https://contosoreg.azurecr.io/v2/team/app/manifests/1.2": dial tcp: lookup contosoreg.azurecr.io on '
    "168.63.129.16:53: no such host"
)
NO_DATA_HOST = (
    'Failed to pull image "contosoreg.azurecr.io/team/app:1.2": failed to copy: httpReadSeeker: failed open: failed to '
    'do request: Get "https://contosoreg.westeurope.data.azurecr.io/d18c7a64c5158179/layer": dial tcp: lookup '
    "contosoreg.westeurope.data.azurecr.io on 168.63.129.16:53: no such host"
)
TIMEOUT = (
    'Failed to pull image "contosoreg.azurecr.io/team/app:1.2": failed to resolve reference: failed to do request: '
    'Head "https://contosoreg.azurecr.io/v2/team/app/manifests/1.2": dial tcp 10.225.0.99:443: i/o timeout'
)


def _ask(cloud: Cloud, *servers: str) -> None:
    """Let the nodes' network have DNS servers of its own."""
    cloud.resources[make.VNET_ID]["properties"]["dhcpOptions"] = {"dnsServers": list(servers)}


def _hub(cloud: Cloud, hub_id: str = HUB) -> str:
    """A hub that the nodes' network is peered with; returns the id of a subnet for endpoints in it."""
    cloud.ensure_group("rg-hub", hub_id.split("/")[2])
    cloud.resources.add(make.virtual_network(hub_id, "10.0.0.0/16"))
    subnet_id = cloud.subnet("endpoints", "10.0.1.0/24", hub_id)
    cloud.peer(make.VNET_ID, hub_id)
    return subnet_id


# --- nothing is wrong ------------------------------------------------------------------


@story(verdict="healthy")
def private_endpoint(cloud: Cloud) -> None:
    """A private endpoint in the nodes' network, its zone linked there, and no public access."""
    cloud.grant()
    cloud.private_link()


@story(verdict="healthy")
def private_endpoint_in_hub(cloud: Cloud) -> None:
    """The endpoint is in a hub network, peered with the nodes', to which the zone is linked."""
    cloud.grant()
    zone_id = cloud.private_zone()
    cloud.link_zone(zone_id)
    cloud.link_zone(zone_id, HUB)
    cloud.private_endpoint(subnet_id=_hub(cloud), zone_id=zone_id)
    cloud.public_access(False)


@story(verdict="healthy")
def custom_dns_in_a_linked_hub(cloud: Cloud) -> None:
    """The nodes ask a DNS server in the hub, and the zone is linked to the hub only."""
    cloud.grant()
    zone_id = cloud.private_zone()
    cloud.link_zone(zone_id, HUB)
    cloud.private_endpoint(subnet_id=_hub(cloud), zone_id=zone_id)
    cloud.public_access(False)
    _ask(cloud, "10.0.0.10")


def _ask_a_firewall(cloud: Cloud) -> tuple[str, str]:
    """Let the nodes ask an Azure Firewall in a hub, to which alone the zone is linked.

    Returns the firewall's policy and that one's parent.
    """
    cloud.grant()
    firewall_id = cloud.appliance_in_hub()
    zone_id = cloud.private_zone()
    cloud.link_zone(zone_id, next(each for each in cloud.resources if each.endswith("/virtualnetworks/vnet-hub")))
    cloud.private_endpoint(zone_id=zone_id)
    cloud.public_access(False)
    _ask(cloud, "10.100.0.4")
    parent = cloud.firewall_policy("fwp-base")
    return cloud.firewall_policy("fwp-hub", base_id=parent, firewall_id=firewall_id), parent


def _dns_proxy(cloud: Cloud, policy_id: str) -> None:
    recorded = body("network/firewall_policy_get_dns_servers_enable_proxy")["properties"]["dnsSettings"]
    cloud.resources[policy_id]["properties"]["dnsSettings"] = recorded | {"servers": []}


@story(verdict="healthy")
def dns_proxy_of_a_firewall_in_a_linked_hub(cloud: Cloud) -> None:
    """The nodes ask the DNS proxy of an Azure Firewall in a hub, and the zone is linked to the hub only."""
    policy, _ = _ask_a_firewall(cloud)
    _dns_proxy(cloud, policy)


@story(verdict="inconclusive", unknowns={"network.private-dns": None})
def dns_proxy_of_a_parent_policy(cloud: Cloud) -> None:
    """The DNS proxy is on in the parent of the firewall's policy: whether that holds is not documented."""
    _, parent = _ask_a_firewall(cloud)
    _dns_proxy(cloud, parent)


@story(verdict="healthy", unknowns={"network.private-dns": None})
def dns_proxy_of_a_parent_policy_and_pods_pull(cloud: Cloud) -> None:
    """The DNS proxy is on in the parent of the firewall's policy, and the nodes have just pulled: it holds."""
    dns_proxy_of_a_parent_policy.tell(cloud)
    cloud.node()
    cloud.pulled()


@story(verdict="healthy")
def zone_falls_back_to_public_dns(cloud: Cloud) -> None:
    """A zone of others lacks the registry's record, but its link falls back to public DNS, and access is public."""
    cloud.grant()
    cloud.private_endpoint(zone_id=cloud.private_zone("rg-dns"))
    cloud.link_zone(cloud.private_zone("rg-others"), falls_back=True)


@story(verdict="healthy")
def private_endpoint_for_others(cloud: Cloud) -> None:
    """Others reach the registry by an endpoint; no zone is linked here, and the nodes go to the public side."""
    cloud.grant()
    zone_id = cloud.private_zone()
    cloud.link_zone(zone_id, HUB)
    cloud.private_endpoint(subnet_id=_hub(cloud), zone_id=zone_id)


# --- something is ----------------------------------------------------------------------


@story(
    verdict="broken",
    root_causes=("network.private-dns-zone-missing",),
    evidence={
        "network.private-dns-zone-missing": {"hosts": [HOST, DATA_HOST], "zone": ZONE, "networkId": make.VNET_ID}
    },
    commands=(
        "az network private-dns zone create --resource-group rg-shared",
        f"az network private-dns link vnet create --resource-group rg-shared --subscription {build.SUBSCRIPTION} "
        f"--zone-name {ZONE} --name {NODES} --virtual-network {make.VNET_ID}",
        "az network private-endpoint dns-zone-group create --resource-group rg-shared",
    ),
)
def private_zone_missing(cloud: Cloud) -> None:
    """An approved private endpoint and no public access, but no private DNS zone anywhere."""
    cloud.grant()
    cloud.private_endpoint()
    cloud.public_access(False)


@story(
    verdict="broken",
    root_causes=("network.private-dns-link-missing",),
    symptoms=("forbidden-403",),
    evidence={"network.private-dns-link-missing": {"pools": ["pool1"], "network": NODES, "zone": ZONE}},
    commands=(f"{LINK} --name {NODES} --virtual-network {make.VNET_ID} --registration-enabled false",),
)
def private_zone_not_linked(cloud: Cloud) -> None:
    """The zone has the registry's record but is linked to another network only, and pods get 403."""
    cloud.grant()
    zone_id = cloud.private_zone()
    cloud.link_zone(zone_id, HUB)
    cloud.private_endpoint(subnet_id=_hub(cloud), zone_id=zone_id)
    cloud.public_access(False)
    cloud.failing_pod(message=FORBIDDEN)


@story(
    verdict="broken",
    root_causes=("network.private-dns-record-missing",),
    symptoms=("dns-failure",),
    evidence={"network.private-dns-record-missing": {"record": "contosoreg", "hosts": [HOST, DATA_HOST]}},
    commands=(
        "az network private-endpoint dns-zone-group create --resource-group rg-shared",
        f"{ADD} contosoreg --ipv4-address 10.225.0.4",
        f"{ADD} contosoreg.westeurope.data --ipv4-address 10.225.0.5",
    ),
)
def private_record_missing(cloud: Cloud) -> None:
    """Public access is open, but a linked zone without the registry's record hides its name from the nodes."""
    cloud.grant()
    cloud.link_zone(cloud.private_zone())
    cloud.private_endpoint()
    cloud.failing_pod(message=NO_SUCH_HOST)


@story(
    verdict="broken",
    root_causes=("network.private-dns-record-missing",),
    symptoms=("dns-failure",),
    evidence={"network.private-dns-record-missing": {"hosts": [DATA_HOST]}},
    commands=(f"{ADD} contosoreg.westeurope.data --ipv4-address 10.225.0.5",),
)
def private_data_record_missing(cloud: Cloud) -> None:
    """The zone has the login server's record and not the data endpoint's: manifests arrive, layers do not."""
    cloud.grant()
    _, zone_id = cloud.private_link()
    cloud.record(zone_id, "contosoreg.westeurope.data")
    cloud.failing_pod(message=NO_DATA_HOST)


@story(
    verdict="broken",
    root_causes=("network.private-dns-record-missing",),
    symptoms=("dns-failure",),
    evidence={"network.private-dns-record-missing": {"hosts": [DATA_HOST]}},
)
def private_data_record_missing_of_an_endpoint_that_nobody_lists(cloud: Cloud) -> None:
    """The registry lists no data endpoint; its private endpoint has one, whose record is missing."""
    cloud.grant()
    _, zone_id = cloud.private_link()
    cloud.record(zone_id, "contosoreg.westeurope.data")
    cloud.registry["properties"] |= {"dataEndpointEnabled": False, "dataEndpointHostNames": []}
    cloud.failing_pod(message=NO_DATA_HOST)


@story(
    verdict="broken",
    root_causes=("network.private-dns-record-wrong",),
    symptoms=("timeout-network",),
    evidence={"network.private-dns-record-wrong": {"found": ["10.225.0.99"], "hosts": [HOST]}},
    commands=(f"{SET} contosoreg --set 'aRecords[0].ipv4Address=10.225.0.4'",),
)
def private_record_stale(cloud: Cloud) -> None:
    """The registry's record still leads to the address of an endpoint that is gone."""
    cloud.grant()
    _, zone_id = cloud.private_link()
    cloud.record(zone_id, "contosoreg", "10.225.0.99")
    cloud.failing_pod(message=TIMEOUT)


@story(
    verdict="broken",
    root_causes=("network.custom-dns-unlinked",),
    evidence={"network.custom-dns-unlinked": {"dnsServers": ["10.0.0.10"], "networkId": HUB}},
    commands=(f"{LINK} --name hub --virtual-network {HUB} --registration-enabled false",),
)
def custom_dns_in_a_hub_that_is_not_linked(cloud: Cloud) -> None:
    """The nodes ask a DNS server in the hub, but the zone is linked to their own network only."""
    cloud.grant()
    _hub(cloud)
    cloud.private_link()
    _ask(cloud, "10.0.0.10")


@story(
    verdict="broken",
    root_causes=("network.private-endpoint-not-approved",),
    evidence={"network.private-endpoint-not-approved": {"status": "Pending", "endpoint": "pe-registry"}},
    commands=("az acr private-endpoint-connection approve --registry-name contosoreg --resource-group rg-shared",),
)
def private_endpoint_pending(cloud: Cloud) -> None:
    """The only private endpoint of a registry without public access waits for approval."""
    cloud.grant()
    cloud.private_endpoint("Pending")
    cloud.public_access(False)


@story(
    verdict="broken",
    root_causes=("network.private-endpoint-not-approved",),
    symptoms=("forbidden-403",),
    evidence={"network.private-endpoint-not-approved": {"status": "Rejected"}},
    commands=("az network private-endpoint create --resource-group rg-shared",),
)
def private_endpoint_rejected(cloud: Cloud) -> None:
    """The only private endpoint was rejected, and pods get 403."""
    cloud.grant()
    cloud.private_endpoint("Rejected")
    cloud.public_access(False)
    cloud.failing_pod(message=FORBIDDEN)


@story(
    verdict="broken",
    root_causes=("network.private-endpoint-not-approved",),
    other_outcomes=("network.private-dns-record-missing",),
    evidence={"network.private-endpoint-not-approved": {"endpoint": "pe-nodes"}},
)
def own_private_endpoint_pending(cloud: Cloud) -> None:
    """The hub's endpoint is approved, but the nodes' own network has a zone for its own, which waits for approval."""
    cloud.grant()
    cloud.private_endpoint(subnet_id=_hub(cloud), zone_id=cloud.private_zone("rg-hub"))
    cloud.private_endpoint("Pending", "pe-nodes")
    cloud.link_zone(cloud.private_zone())
    cloud.public_access(False)


@story(
    verdict="broken",
    root_causes=("network.private-dns-zone-missing",),
    evidence={"network.private-dns-zone-missing": {"network": NODES}},
)
def private_zone_missing_beside_a_hub_elsewhere(cloud: Cloud) -> None:
    """The nodes' network is peered with a hub of another subscription, and there is no zone there either."""
    cloud.grant()
    _hub(cloud, HUB.replace(build.SUBSCRIPTION, OTHER_SUBSCRIPTION))
    cloud.private_endpoint()
    cloud.public_access(False)


@story(
    verdict="broken",
    root_causes=("network.private-dns-record-missing",),
    evidence={"network.private-dns-record-missing": {"zone": "azurecr.io", "hosts": [HOST, DATA_HOST]}},
    commands=("az network private-dns record-set a add-record --resource-group rg-others",) * 2,
)
def private_zone_of_the_public_name(cloud: Cloud) -> None:
    """A private zone azurecr.io, which somebody linked to the nodes' network, hides every registry it does not hold."""
    cloud.grant()
    cloud.private_link()
    cloud.link_zone(cloud.private_zone("rg-others", "azurecr.io"))


@story(
    verdict="broken",
    root_causes=("network.private-dns-link-missing", "network.peering-missing"),
    evidence={"network.peering-missing": {"hosts": [HOST, DATA_HOST]}},
)
def private_zone_not_linked_and_networks_not_peered(cloud: Cloud) -> None:
    """The zone is not linked to the nodes' network, and behind it the endpoint's network is not peered with it."""
    cloud.grant()
    cloud.ensure_group("rg-hub")
    cloud.resources.add(make.virtual_network(HUB, "10.0.0.0/16"))
    zone_id = cloud.private_zone()
    cloud.link_zone(zone_id, HUB)
    cloud.private_endpoint(subnet_id=cloud.subnet("endpoints", "10.0.1.0/24", HUB), zone_id=zone_id)
    cloud.public_access(False)


@story(
    verdict="broken",
    root_causes=("network.private-dns-record-missing", "network.peering-missing"),
    symptoms=("dns-failure",),
)
def private_record_missing_and_networks_not_peered(cloud: Cloud) -> None:
    """The linked zone lacks the registry's record, and the network that it is to lead to is not peered."""
    cloud.grant()
    cloud.ensure_group("rg-hub")
    cloud.resources.add(make.virtual_network(HUB, "10.0.0.0/16"))
    cloud.link_zone(cloud.private_zone())
    cloud.private_endpoint(subnet_id=cloud.subnet("endpoints", "10.0.1.0/24", HUB))
    cloud.public_access(False)
    cloud.failing_pod(message=NO_SUCH_HOST)


# --- what cannot be told ---------------------------------------------------------------


@story(
    verdict="inconclusive",
    unknowns={"network.private-dns": None},
)
def dns_on_premises(cloud: Cloud) -> None:
    """The nodes ask a DNS server on premises, and what that answers is not in Azure."""
    cloud.grant()
    cloud.private_link()
    _ask(cloud, "192.168.10.4")


@story(verdict="healthy", unknowns={"network.private-dns": None})
def dns_on_premises_by_which_nodes_pull(cloud: Cloud) -> None:
    """The nodes ask a DNS server on premises, and they have just pulled: it led them there."""
    cloud.grant()
    cloud.private_link()
    _ask(cloud, "192.168.10.4")
    cloud.node()
    cloud.pulled(f"{cloud.login_server}/team/app:1.2")


@story(
    verdict="inconclusive",
    unknowns={"network.private-dns": ANY},
)
def private_zones_unread(cloud: Cloud) -> None:
    """The caller may not read private DNS zones, so whether the registry's name leads to its endpoint is unknown."""
    cloud.grant()
    cloud.private_link()
    cloud.forbid("Microsoft.Network/privateDnsZones/*")
    cloud.forbid("Microsoft.Network/privateDnsZones/virtualNetworkLinks/*")


@story(
    verdict="broken",
    root_causes=("network.private-dns-link-missing",),
    symptoms=("forbidden-403",),
    commands=(f"{LINK} --name {NODES}",),
)
def private_zones_unread_and_pods_refused(cloud: Cloud) -> None:
    """The caller may not read the zone that the endpoint keeps, but pods get 403: their nodes are not led by it."""
    cloud.grant()
    cloud.private_endpoint(zone_id=cloud.private_zone())
    cloud.public_access(False)
    cloud.forbid("Microsoft.Network/privateDnsZones/*")
    cloud.forbid("Microsoft.Network/privateDnsZones/virtualNetworkLinks/*")
    cloud.node()
    cloud.failing_pod(message=FORBIDDEN)


@story(
    verdict="broken",
    root_causes=("network.private-dns-link-missing",),
    evidence={"network.private-dns-link-missing": {"pools": ["gpu", "pool1"]}},
)
def private_zone_not_linked_for_two_pools(cloud: Cloud) -> None:
    """Two pools in different subnets of one network: one link is missing, and that is one fault."""
    cloud.grant()
    cloud.add_pool("gpu")
    cloud.put_in_subnet("gpu", cloud.subnet("gpu"))
    cloud.private_endpoint(zone_id=cloud.private_zone())
    cloud.public_access(False)


@story(
    verdict="broken",
    root_causes=("network.private-dns-link-missing",),
    commands=(LINK,),
)
def private_zone_not_linked_without_resource_graph(cloud: Cloud) -> None:
    """Resource Graph is refused, but the zone that the endpoint keeps shows that it is not linked."""
    cloud.grant()
    cloud.private_endpoint(zone_id=cloud.private_zone())
    cloud.public_access(False)
    cloud.fault(r"POST management\.azure\.com/providers/Microsoft\.ResourceGraph", "403")
