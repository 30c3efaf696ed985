"""Service endpoints, the storage that layers come from, the cluster's proxy, and what the private way makes idle."""

from __future__ import annotations

from unittest.mock import ANY

from tests import build
from tests.azure.resources import OUTBOUND_IP, VNET_ID
from tests.azure.resources_reach import security_rule as rule
from tests.azure.state import Cloud
from tests.azure.store import Json

from .stories import story

IMAGE = "contosoreg.azurecr.io/team/app:1.2"
HEAD = (
    f'Failed to pull image "{IMAGE}": failed to pull and unpack image "{IMAGE}": failed to resolve reference '
    f'"{IMAGE}": failed to do request: Head "https://contosoreg.azurecr.io/v2/team/app/manifests/1.2": '
)
REFUSED = (
    f'Failed to pull image "{IMAGE}": rpc error: code = Unknown desc = error pulling image configuration: error '
    'parsing HTTP 403 response body: invalid character \'ï\' looking for beginning of value: "<?xml version=\\"1.0\\" '
    'encoding=\\"utf-8\\"?><Error><Code>AuthorizationFailure</Code><Message>This request is not authorized to '
    'perform this operation.</Message></Error>"'
)
SUBNET_UPDATE = (
    f"az network vnet subnet update --resource-group {build.NODE_GROUP_ID.rpartition('/')[2]} "
    f"--subscription {build.SUBSCRIPTION} --vnet-name {VNET_ID.rpartition('/')[2]} --name aks-subnet"
)


# --- service endpoints for registries --------------------------------------------------


@story(verdict="healthy")
def service_endpoint_and_subnet_rule(cloud: Cloud) -> None:
    """The node subnet has the service endpoint, and the registry's firewall names the subnet."""
    cloud.grant()
    cloud.service_endpoints()
    cloud.firewall(subnet_ids=[build.SUBNET_ID])


@story(verdict="healthy")
def subnet_rule_in_the_older_form(cloud: Cloud) -> None:
    """The node subnet has the service endpoint, and an answer of the older form names the subnet."""
    cloud.grant()
    cloud.service_endpoints()
    cloud.firewall(subnet_ids=[build.SUBNET_ID], subnet_member="id")


@story(
    verdict="broken",
    root_causes=("network.service-endpoint-missing",),
    evidence={"network.service-endpoint-missing": {"pools": ["pool1"], "serviceEndpoints": []}},
)
def service_endpoint_missing_in_the_older_form(cloud: Cloud) -> None:
    """An answer of the older form names the node subnet, which has no service endpoint."""
    cloud.grant()
    cloud.firewall(subnet_ids=[build.SUBNET_ID], subnet_member="id")


@story(verdict="healthy")
def subnet_rule_in_vain(cloud: Cloud) -> None:
    """The firewall names a subnet without the service endpoint, and allows what its nodes leave by anyway."""
    cloud.grant()
    cloud.firewall([OUTBOUND_IP], subnet_ids=[build.SUBNET_ID])


@story(
    verdict="broken",
    root_causes=("network.service-endpoint-missing",),
    evidence={
        "network.service-endpoint-missing": {
            "pools": ["pool1"],
            "hosts": ["contosoreg.azurecr.io"],
            "serviceEndpoints": ["Microsoft.Storage"],
            "addresses": [OUTBOUND_IP],
        }
    },
    commands=(f"{SUBNET_UPDATE} --service-endpoints Microsoft.ContainerRegistry Microsoft.Storage",),
)
def service_endpoint_missing(cloud: Cloud) -> None:
    """The firewall names the node subnet, which has a service endpoint for storage only."""
    cloud.grant()
    cloud.service_endpoints("Microsoft.Storage")
    cloud.firewall(subnet_ids=[build.SUBNET_ID])


@story(
    verdict="broken",
    root_causes=("network.subnet-not-allowed",),
    evidence={"network.subnet-not-allowed": {"pools": ["pool1"], "rules": [OUTBOUND_IP], "subnetRules": []}},
    commands=(
        f"az acr network-rule add --name contosoreg --resource-group rg-shared --subscription {build.SUBSCRIPTION} "
        f"--subnet {build.SUBNET_ID}",
    ),
)
def subnet_not_allowed(cloud: Cloud) -> None:
    """The firewall allows the outbound address, which nodes of a subnet with the service endpoint do not come from."""
    cloud.grant()
    cloud.service_endpoints()
    cloud.firewall([OUTBOUND_IP])


@story(verdict="inconclusive", unknowns={"network.service-endpoint": None})
def subnet_rules_not_shown(cloud: Cloud) -> None:
    """The node subnet has the service endpoint, in a cloud whose api-versions show no subnet rules."""
    cloud.grant()
    cloud.service_endpoints()
    cloud.firewall([OUTBOUND_IP])
    cloud.versions["microsoft.containerregistry/registries"] = ("2025-11-01",)


# --- the private endpoint's own side ----------------------------------------------------


def _guarded_endpoint(cloud: Cloud, *rules: Json, policies: str = "Enabled") -> None:
    cloud.grant()
    cloud.private_link()
    endpoints = cloud.endpoint_subnet()
    cloud.security_group(*rules, name="nsg-endpoints", subnet_id=endpoints)
    cloud.resources[endpoints]["properties"]["privateEndpointNetworkPolicies"] = policies


@story(
    verdict="broken",
    root_causes=("network.nsg-blocks-registry",),
    evidence={
        "network.nsg-blocks-registry": {
            "direction": "Inbound",
            "attachedTo": "endpoint's subnet",
            "rule": "deny-nodes",
            "groupName": "nsg-endpoints",
        }
    },
    commands=(
        f"az network nsg rule create --resource-group rg-net --subscription {build.SUBSCRIPTION} "
        "--nsg-name nsg-endpoints --name AllowRegistryEndpoint --priority 199 --direction Inbound",
    ),
)
def nsg_at_the_endpoint(cloud: Cloud) -> None:
    """The security group on the endpoint's subnet, whose network policies are on, denies the nodes."""
    _guarded_endpoint(cloud, rule("deny-nodes", 200, "Deny", "*", "Inbound"))


@story(verdict="healthy")
def nsg_at_the_endpoint_that_does_not_count(cloud: Cloud) -> None:
    """The security group on the endpoint's subnet denies everything, and the subnet's network policies are off."""
    _guarded_endpoint(cloud, rule("deny-nodes", 200, "Deny", "*", "Inbound"), policies="Disabled")


@story(verdict="healthy")
def nsg_at_the_endpoint_that_allows(cloud: Cloud) -> None:
    """The security group on the endpoint's subnet allows the nodes before it denies everything."""
    allowed = rule("allow-nodes", 100, "Allow", "*", "Inbound", sourceAddressPrefix="10.224.0.0/16")
    _guarded_endpoint(cloud, allowed, rule("deny-nodes", 200, "Deny", "*", "Inbound"))


# --- storage that layers come from -----------------------------------------------------


@story(verdict="healthy")
def storage_service_endpoint(cloud: Cloud) -> None:
    """The node subnet has a service endpoint for storage, and no policy on it."""
    cloud.grant()
    cloud.service_endpoints("Microsoft.Storage")


@story(verdict="healthy")
def storage_policy_beside_a_private_endpoint(cloud: Cloud) -> None:
    """A storage policy is on the node subnet, and layers come through the registry's private endpoint."""
    cloud.grant()
    cloud.private_link()
    cloud.storage_policy()


@story(
    verdict="broken",
    root_causes=("network.storage-policy-blocks-layers",),
    evidence={"network.storage-policy-blocks-layers": {"pools": ["pool1"], "policies": ["only-ours"], "pods": []}},
    commands=(
        f"az acr update --name contosoreg --resource-group rg-shared --subscription {build.SUBSCRIPTION} "
        "--data-endpoint-enabled true",
        f"{SUBNET_UPDATE} --service-endpoint-policy null",
    ),
)
def storage_policy(cloud: Cloud) -> None:
    """A storage policy on the node subnet names the subscription's own accounts, and so none that layers are in."""
    cloud.grant()
    cloud.storage_policy()


@story(
    verdict="broken",
    root_causes=("network.storage-policy-blocks-layers",),
    symptoms=("blob-download",),
    evidence={"network.storage-policy-blocks-layers": {"policies": ["only-ours"], "pods": ["web/web-5d4f8c9b7-x2x9z"]}},
)
def storage_policy_that_pods_meet(cloud: Cloud) -> None:
    """Pods report that storage refuses them, under a policy on their nodes' subnet."""
    cloud.grant()
    cloud.storage_policy()
    cloud.node()
    cloud.failing_pod(message=REFUSED)


@story(
    verdict="broken",
    root_causes=("network.storage-policy-blocks-layers",),
    symptoms=("blob-download",),
    evidence={"network.storage-policy-blocks-layers": {"pools": ["pool1"], "policies": []}},
)
def storage_refuses_without_a_policy(cloud: Cloud) -> None:
    """Pods report that storage refuses them, and no policy is on their nodes' subnet."""
    cloud.grant()
    cloud.node()
    cloud.failing_pod(message=REFUSED)


@story(verdict="inconclusive", unknowns={"network.storage-policy": None})
def storage_policy_with_an_alias(cloud: Cloud) -> None:
    """A storage policy allows the alias of all Azure services; nobody documents whether that holds registries'."""
    cloud.grant()
    cloud.storage_policy(f"/subscriptions/{build.SUBSCRIPTION}", "/services/Azure")


# --- the address that nodes leave by ---------------------------------------------------


def _private_beside_a_firewall(cloud: Cloud) -> None:
    cloud.grant()
    cloud.private_link()
    cloud.public_access(True)
    cloud.firewall(["20.1.1.1"])


@story(verdict="healthy")
def outbound_ip_that_does_not_matter(cloud: Cloud) -> None:
    """The firewall does not know what the nodes leave by, and DNS leads them to the private endpoint."""
    _private_beside_a_firewall(cloud)


@story(verdict="healthy")
def outbound_none_beside_a_private_endpoint(cloud: Cloud) -> None:
    """The nodes have no way out at all, and need none for the private endpoint."""
    _private_beside_a_firewall(cloud)
    cloud.outbound("none")


@story(verdict="inconclusive", unknowns={"network.outbound-ip": ANY})
def outbound_ip_of_a_proxy(cloud: Cloud) -> None:
    """The nodes ask the registry through a proxy, whose public address nobody can read."""
    cloud.grant()
    cloud.firewall([OUTBOUND_IP])
    cloud.http_proxy()


# --- the cluster's proxy ---------------------------------------------------------------


@story(verdict="healthy")
def proxy_to_a_public_registry(cloud: Cloud) -> None:
    """The cluster has an HTTP proxy, and the registry is public."""
    cloud.grant()
    cloud.http_proxy()


@story(verdict="healthy")
def proxy_beside_closed_ways(cloud: Cloud) -> None:
    """The nodes' own ways out are closed by a route and a security group, and the proxy is how they leave."""
    cloud.grant()
    cloud.http_proxy()
    cloud.outbound("userDefinedRouting")
    cloud.route("None")
    cloud.security_group(rule("deny-internet", 300, "Deny", "Internet"))


@story(verdict="healthy")
def proxy_with_exceptions(cloud: Cloud) -> None:
    """The cluster has an HTTP proxy that it does not ask for the registry, which has a private endpoint."""
    cloud.grant()
    cloud.private_link()
    cloud.http_proxy(".azurecr.io")


@story(
    verdict="at-risk",
    other_outcomes=("network.proxy-or-tls",),
    evidence={
        "network.proxy-or-tls": {
            "hosts": ["contosoreg.azurecr.io", "contosoreg.westeurope.data.azurecr.io"],
            "proxy": "http://proxy.corp:3128/",
            "trustedCa": False,
        }
    },
)
def proxy_without_exceptions(cloud: Cloud) -> None:
    """The cluster asks its HTTP proxy for the registry, which has a private endpoint, and excepts privatelink only."""
    cloud.grant()
    cloud.private_link()
    cloud.http_proxy("10.225.0.0/24", "privatelink.azurecr.io")


@story(
    verdict="broken",
    root_causes=("network.proxy-or-tls",),
    symptoms=("forbidden-403",),
    evidence={"network.proxy-or-tls": {"pods": ["web/web-5d4f8c9b7-x2x9z"]}},
    commands=("az aks update --name prod --resource-group rg-app",),
)
def proxy_that_pods_meet(cloud: Cloud) -> None:
    """Pods are refused where the proxy carries them, past the private endpoint."""
    cloud.grant()
    cloud.private_link()
    cloud.http_proxy()
    cloud.node()
    cloud.failing_pod(
        message=f'Failed to pull image "{IMAGE}": failed to authorize: failed to fetch anonymous token: unexpected '
        "status from GET request to https://contosoreg.azurecr.io/oauth2/token: 403 Forbidden"
    )


@story(
    verdict="broken",
    root_causes=("network.proxy-or-tls",),
    symptoms=("tls-trust",),
    evidence={"network.proxy-or-tls": {"hosts": ["contosoreg.azurecr.io"], "pools": ["pool1"]}},
)
def untrusted_certificate(cloud: Cloud) -> None:
    """Something on the way opens TLS, and the nodes do not trust its certificate."""
    cloud.grant()
    cloud.node()
    cloud.failing_pod(message=f"{HEAD}tls: failed to verify certificate: x509: certificate signed by unknown authority")


@story(verdict="broken", root_causes=("network.proxy-or-tls",), symptoms=("timeout-network",))
def proxy_that_does_not_answer(cloud: Cloud) -> None:
    """The nodes do not reach the proxy."""
    cloud.grant()
    cloud.http_proxy()
    cloud.node()
    cloud.failing_pod(message=f"{HEAD}proxyconnect tcp: dial tcp 10.1.0.4:3128: connect: connection refused")
