"""LocalDNS: does the node's own resolver keep what DNS no longer answers?"""

from __future__ import annotations

from tests import build
from tests.azure import resources as make
from tests.azure.state import Cloud

from .private_dns_stories import HOST
from .stories import story

AT_NODE = build.UNRESOLVED_AT_NODE
UPGRADE = "az aks nodepool upgrade --resource-group rg-app --cluster-name prod --name pool1"


@story(verdict="healthy")
def local_dns(cloud: Cloud) -> None:
    """The nodes have LocalDNS, and the registry's names lead to its private endpoint."""
    cloud.grant()
    cloud.private_link()
    cloud.local_dns("Preferred")


@story(
    verdict="broken",
    root_causes=("network.node-resolver",),
    symptoms=("dns-failure",),
    evidence={
        "network.node-resolver": {
            "pools": ["pool1"],
            "localDns": [{"pool": "pool1", "mode": "Required", "state": "Enabled"}],
            "address": "169.254.10.10",
            "hosts": [HOST],
            "pods": ["web/web-5d4f8c9b7-x2x9z"],
        }
    },
    commands=(UPGRADE,),
)
def local_dns_keeps_an_old_answer(cloud: Cloud) -> None:
    """Zone, link and record are right, and pods fail to resolve the registry at their node's own resolver."""
    cloud.grant()
    cloud.private_link()
    cloud.local_dns()
    cloud.node()
    cloud.failing_pod(message=AT_NODE)


@story(
    verdict="broken",
    root_causes=("network.node-resolver",),
    symptoms=("dns-failure",),
    evidence={"network.node-resolver": {"localDns": [{"pool": "pool1", "mode": None, "state": None}]}},
)
def local_dns_seen_in_a_message_alone(cloud: Cloud) -> None:
    """The cluster's answer is of a version that does not know LocalDNS, and the address in the message proves it."""
    cloud.grant()
    cloud.local_dns()
    cloud.versions["microsoft.containerservice/managedclusters"] = ("2025-05-01", "2026-08-02-preview")
    cloud.node()
    cloud.failing_pod(message=AT_NODE)


@story(
    verdict="broken",
    root_causes=("network.private-dns-record-missing",),
    symptoms=("dns-failure",),
    evidence={"network.private-dns-record-missing": {"hosts": [HOST]}},
)
def local_dns_without_a_record(cloud: Cloud) -> None:
    """Pods fail at their node's resolver, and the zone behind it has no record of the login server."""
    cloud.grant()
    _, zone_id = cloud.private_link()
    cloud.record(zone_id, "contosoreg")
    cloud.local_dns()
    cloud.node()
    cloud.failing_pod(message=AT_NODE)


@story(
    verdict="inconclusive",
    symptoms=("dns-failure",),
    unknowns={"network.private-dns": None, "network.node-resolver": None},
)
def local_dns_before_an_unknown_server(cloud: Cloud) -> None:
    """Pods fail at their node's resolver, which asks a DNS server that is in no network that could be read."""
    cloud.grant()
    cloud.private_link()
    cloud.resources[make.VNET_ID]["properties"]["dhcpOptions"] = {"dnsServers": ["192.168.7.4"]}
    cloud.local_dns()
    cloud.node()
    cloud.failing_pod(message=AT_NODE)
