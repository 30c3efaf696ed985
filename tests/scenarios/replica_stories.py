"""A registry that is in several regions: which of its replicas is well, and which of them serves the nodes."""

from __future__ import annotations

from tests import build
from tests.azure import resources as make
from tests.azure.resources_firewall import application_rule, collection, network_rule
from tests.azure.resources_reach import security_rule as rule
from tests.azure.state import Cloud

from .reach_stories import LOGIN, TIMEOUT
from .stories import story

UNHEALTHY = "registry.replica-unhealthy"
MISMATCH = "image.login-server-mismatch"
READ_REPLICATIONS = "Microsoft.ContainerRegistry/registries/replications/read"
HERE, THERE = "westeurope", "northeurope"
UPDATE = f"az acr replication update --registry contosoreg --subscription {build.SUBSCRIPTION} --name"
GATEWAY_ERROR = (
    f'Failed to pull image "{LOGIN}/team/app:1.2": failed to pull and unpack image "{LOGIN}/team/app:1.2": failed to '
    f'resolve reference "{LOGIN}/team/app:1.2": unexpected status from HEAD request to '
    f"https://{LOGIN}/v2/team/app/manifests/1.2: 503 Service Unavailable"
)
ILL = "Unavailable"


def regional(region: str) -> str:
    return f"contosoreg.{region}.geo.azurecr.io"


# --- nothing is wrong ------------------------------------------------------------------


@story(verdict="healthy")
def replicas_in_two_regions(cloud: Cloud) -> None:
    """The registry has a replica in another region, and both are well."""
    cloud.grant()
    cloud.replica(THERE)


@story(verdict="healthy")
def replicas_behind_a_private_endpoint(cloud: Cloud) -> None:
    """The registry has a replica in another region, and its private endpoint an address for the layers of each."""
    cloud.grant()
    cloud.replica(THERE)
    zone_id = cloud.private_zone()
    cloud.link_zone(zone_id)
    cloud.private_endpoint(regions=(HERE, THERE), zone_id=zone_id)
    cloud.public_access(False)


@story(verdict="healthy")
def replicas_whose_data_endpoints_are_not_shown(cloud: Cloud) -> None:
    """The private endpoint has addresses for the layers of both regions; the registry does not list those hosts."""
    replicas_behind_a_private_endpoint.tell(cloud)
    cloud.registry["properties"]["dataEndpointHostNames"] = []


@story(verdict="healthy")
def security_group_allows_every_region_of_the_registry(cloud: Cloud) -> None:
    """A security group allows the service tags of both regions that the registry is in, and denies the internet."""
    cloud.grant()
    cloud.replica(THERE)
    cloud.security_group(
        rule("registry-here", 200, "Allow", "AzureContainerRegistry.WestEurope"),
        rule("registry-there", 210, "Allow", "AzureContainerRegistry.NorthEurope"),
        rule("layers", 220, "Allow", "Storage"),
        rule("no-internet", 4000, "Deny", "Internet"),
    )


@story(verdict="healthy")
def security_group_allows_the_only_region_of_the_registry(cloud: Cloud) -> None:
    """A security group allows the service tags of the one region that the registry is in, and denies the internet."""
    cloud.grant()
    cloud.security_group(
        rule("registry", 200, "Allow", "AzureContainerRegistry.WestEurope"),
        rule("layers", 220, "Allow", "Storage.WestEurope"),
        rule("no-internet", 4000, "Deny", "Internet"),
    )


@story(verdict="healthy")
def security_group_allows_an_irregular_region(cloud: Cloud) -> None:
    """A security group allows AzureCloud of the registry's region, whose suffix there is another than its name."""
    cloud.grant()
    cloud.registry["location"] = "francecentral"
    cloud.security_group(
        rule("azure", 200, "Allow", "AzureCloud.centralfrance"), rule("no-internet", 4000, "Deny", "Internet")
    )


@story(verdict="healthy")
def azure_firewall_allows_every_region_of_the_registry(cloud: Cloud) -> None:
    """Network rules for the service tags of both regions let the registry through, and a name its layers."""
    cloud.grant()
    cloud.replica(THERE)
    rules = [
        network_rule("here", "AzureContainerRegistry.WestEurope"),
        network_rule("there", "AzureContainerRegistry.NorthEurope"),
    ]
    layers = collection("layers", [application_rule("layers", "*.blob.core.windows.net")], priority=300)
    cloud.firewalled(collection("registry", rules), layers)


@story(verdict="healthy")
def route_for_registries_of_a_region_without_a_replica(cloud: Cloud) -> None:
    """A route sends registries of East US to a firewall, and the registry is in no region but its own."""
    cloud.grant()
    cloud.appliance_in_hub()
    cloud.add_route("registries-us", "AzureContainerRegistry.EastUS", "VirtualAppliance", "10.100.0.4")
    cloud.firewall([make.OUTBOUND_IP])


@story(verdict="healthy", arguments=("--image", f"{regional(THERE)}/team/app:1.2"))
def regional_host_of_a_replica(cloud: Cloud) -> None:
    """The image names the regional host of a replica."""
    cloud.grant()
    cloud.registry["properties"]["regionalEndpoints"] = "Enabled"
    cloud.replica(THERE)
    _with_new_node_images(cloud)


def _with_new_node_images(cloud: Cloud) -> None:
    for pool in cloud.cluster["properties"]["agentPoolProfiles"]:
        pool["nodeImageVersion"] = "AKSUbuntu-2204gen2containerd-202608.05.0"


# --- a replica is not well -------------------------------------------------------------


@story(
    verdict="broken",
    root_causes=(UNHEALTHY,),
    symptoms=("timeout-network",),
    evidence={UNHEALTHY: {"region": HERE, "displayStatus": ILL, "clusterRegion": HERE, "others": [THERE]}},
    commands=(f"{UPDATE} {HERE} --set regionEndpointEnabled=false", "az acr replication show "),
)
def replica_near_the_nodes_is_degraded(cloud: Cloud) -> None:
    """The replica in the cluster's region is degraded, and pods time out."""
    cloud.grant()
    cloud.replica(THERE)
    cloud.replica(HERE, ILL, "The region is degraded.")
    cloud.node()
    cloud.failing_pod(message=TIMEOUT)


@story(
    verdict="broken",
    root_causes=(UNHEALTHY,),
    symptoms=("server-error",),
    evidence={UNHEALTHY: {"region": THERE, "clusterRegion": "japaneast", "others": [HERE]}},
)
def replica_degraded_and_none_is_near(cloud: Cloud) -> None:
    """The registry has no replica in the cluster's region, one that is degraded elsewhere, and pods get 503."""
    cloud.grant()
    cloud.cluster["location"] = "japaneast"
    cloud.replica(THERE, ILL)
    cloud.node()
    cloud.failing_pod(message=GATEWAY_ERROR)


@story(
    verdict="at-risk",
    other_outcomes=(UNHEALTHY,),
    evidence={UNHEALTHY: {"region": THERE, "displayStatus": ILL, "others": [HERE]}},
)
def replica_elsewhere_is_degraded(cloud: Cloud) -> None:
    """A replica in another region is degraded, and that in the cluster's region is well."""
    cloud.grant()
    cloud.replica(THERE, ILL)


@story(
    verdict="broken",
    root_causes=("symptom.unexplained",),
    other_outcomes=(UNHEALTHY,),
    symptoms=("timeout-network",),
)
def replica_elsewhere_is_degraded_and_pods_time_out(cloud: Cloud) -> None:
    """Pods time out, and the only replica that is degraded is not the one that serves them."""
    replica_elsewhere_is_degraded.tell(cloud)
    cloud.node()
    cloud.failing_pod(message=TIMEOUT)


@story(
    verdict="at-risk",
    other_outcomes=(UNHEALTHY,),
    evidence={UNHEALTHY: {"region": THERE, "displayStatus": "Ready", "globalRouting": False}},
)
def replica_out_of_routing(cloud: Cloud) -> None:
    """A replica is taken out of global routing, and well."""
    cloud.grant()
    cloud.replica(THERE, routed=False)


# --- what may not be read --------------------------------------------------------------


@story(verdict="healthy", unknowns={"registry.replicas": READ_REPLICATIONS})
def replications_forbidden(cloud: Cloud) -> None:
    """The caller may not read the registry's replications, and nothing fails."""
    cloud.grant()
    cloud.replica(THERE, ILL)
    cloud.forbid(READ_REPLICATIONS)


@story(
    verdict="inconclusive",
    symptoms=("timeout-network",),
    unknowns={"registry.replicas": READ_REPLICATIONS},
)
def replications_forbidden_and_pods_time_out(cloud: Cloud) -> None:
    """The caller may not read the registry's replications, one of which may be why pods time out."""
    replica_near_the_nodes_is_degraded.tell(cloud)
    cloud.forbid(READ_REPLICATIONS)


@story(
    verdict="inconclusive",
    unknowns={"network.outbound-ip": READ_REPLICATIONS, "registry.replicas": READ_REPLICATIONS},
)
def replications_forbidden_and_a_route_for_another_region(cloud: Cloud) -> None:
    """A route sends registries of East US to a firewall, and whether the registry is there may not be read."""
    route_for_registries_of_a_region_without_a_replica.tell(cloud)
    cloud.forbid(READ_REPLICATIONS)


@story(
    verdict="inconclusive",
    unknowns={"network.security-groups": READ_REPLICATIONS, "registry.replicas": READ_REPLICATIONS},
)
def replications_forbidden_and_a_security_group_allows_one_region(cloud: Cloud) -> None:
    """A security group allows one region, and whether the registry is in others may not be read."""
    security_group_allows_the_only_region_of_the_registry.tell(cloud)
    cloud.forbid(READ_REPLICATIONS)


# --- a regional host that is none ------------------------------------------------------


@story(
    verdict="broken",
    root_causes=(MISMATCH,),
    evidence={MISMATCH: {"host": regional(THERE), "loginServer": LOGIN}},
    arguments=("--image", f"{regional(THERE)}/team/app:1.2"),
)
def regional_host_without_a_replica(cloud: Cloud) -> None:
    """The image names the regional host of a region that the registry is not in."""
    cloud.grant()
    cloud.registry["properties"]["regionalEndpoints"] = "Enabled"
    _with_new_node_images(cloud)
