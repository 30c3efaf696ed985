"""Where Azure is known to do otherwise than its definitions say, each with what shows it.

The tests hold these lists from both sides: what is not on them is a failure, and so is what is on them and not seen.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Known:
    """A disagreement about objects of a type; ``where`` is the path below the resource."""

    types: str
    breach: str
    """Its kind and its path, as a breach is written."""
    recording: str
    """That shows it."""
    stories: tuple[str, ...] = ()
    """The only ones whose simulated cloud may show it; empty: all may."""


_NETWORK = "Microsoft.Network"
_CLUSTER = "Microsoft.ContainerService/managedClusters"
_REGISTRY = "Microsoft.ContainerRegistry/registries"
_ACTIVITY_LOG = "Microsoft.Insights/eventtypes/management/values"
_GROUPS = f"{_NETWORK}/privateEndpoints/privateDnsZoneGroups"

ANSWERS = (
    *(
        Known(_ACTIVITY_LOG, f"unknown {name}", "monitor/docs_activity_log_event_nsg_write")
        for name in ("channels", "relatedEvents")
    ),
    # Networks answer with more than any of their definitions has.
    Known(f"{_NETWORK}/networkInterfaces", "unknown kind", "network/nic_get_2025_05_01"),
    Known(f"{_NETWORK}/networkInterfaces", "unknown managedBy", "network/nic_get_private_endpoint_fqdns"),
    Known(f"{_NETWORK}/networkInterfaces", "unknown properties.allowPort25Out", "network/nic_get_2025_05_01"),
    Known(f"{_NETWORK}/privateEndpoints", "unknown properties.resourceGuid", "network/private_endpoint_get_2025_05_01"),
    Known(_GROUPS, "unknown type", "network/private_dns_zone_groups_list"),
    *(
        Known(_GROUPS, f"unknown properties.privateDnsZoneConfigs[].{name}", "network/private_dns_zone_groups_list")
        for name in ("etag", "id", "type", "properties.provisioningState")
    ),
    Known(f"{_NETWORK}/natGateways", "unknown sku.tier", "network/natgateway_get_pip_and_prefix"),
    Known(f"{_NETWORK}/natGateways", "unknown properties.type", "network/natgateway_get_2025_05_01"),
    Known(
        f"{_NETWORK}/virtualNetworks",
        "unknown properties.virtualNetworkPeerings[].properties.routeServiceVips",
        "network/vnet_get_with_peerings",
    ),
    *(
        Known(f"{_NETWORK}/virtualNetworks/virtualNetworkPeerings", f"unknown properties.{name}", recording)
        for name, recording in (
            ("routeServiceVips", "network/peerings_list_connected"),
            ("remoteGateways", "network/peering_get_use_remote_gateways"),
        )
    ),
    *(
        Known(f"{_NETWORK}/azureFirewalls", f"unknown properties.{name}RuleCollections[].type", recording)
        for name, recording in (
            ("nat", "network/azurefirewall_get_classic_rules"),
            ("network", "network/azurefirewall_get_classic_rules"),
        )
    ),
    *(
        Known(
            f"{_NETWORK}/azureFirewalls",
            f"unknown properties.{name}.properties.privateIPAllocationMethod",
            "network/azurefirewall_get_with_ip_config",
        )
        for name in ("ipConfigurations[]", "managementIpConfiguration")
    ),
    Known(
        f"{_NETWORK}/firewallPolicies/ruleCollectionGroups",
        "unknown location",
        "network/firewall_policy_rulecollectiongroup_get",
    ),
    Known(
        f"{_NETWORK}/networkManagers/securityAdminConfigurations/ruleCollections/rules",
        "unknown properties.flag",
        "network/avnm_security_admin_rules_list",
    ),
    *(
        Known(f"{_NETWORK}/virtualNetworkGateways", f"unknown properties.{name}", "network/vnet_gateway_get_vpn")
        for name in ("ipConfigurations[].type", "isMigrateToCSES", "packetCaptureDiagnosticState")
    ),
)
"""What services answer beyond their definitions: the simulated cloud may show it too."""

SIMULATED = (
    # A rule collection is an object of one form, whatever its kind.
    Known(
        f"{_NETWORK}/azureFirewalls",
        "unknown properties.applicationRuleCollections[].type",
        "network/azurefirewall_get_classic_rules",
    ),
    # As the recorded rules that networks' admins made show it; see above.
    Known(
        f"{_NETWORK}/virtualNetworks/listNetworkManagerEffectiveSecurityAdminRules",
        "unknown properties.flag",
        "network/avnm_security_admin_rules_list",
    ),
    *(
        Known(
            _REGISTRY,
            breach,
            "acr/registry_get_premium_vnetrules_2021_08_01_preview",
            ("subnet-rule-in-the-older-form", "service-endpoint-missing-in-the-older-form"),
        )
        for breach in (
            "unknown properties.networkRuleSet.virtualNetworkRules[].id",
            "missing properties.networkRuleSet.virtualNetworkRules[].virtualNetworkSubnetResourceId",
        )
    ),
)
"""What the simulated cloud shows by the recording of something alike."""

OF_OTHER_VERSIONS = (
    *(
        Known(_REGISTRY, breach, "acr/registry_get_premium_vnetrules_2021_08_01_preview")
        for breach in (
            "unknown properties.networkRuleSet.virtualNetworkRules[].id",
            "missing properties.networkRuleSet.virtualNetworkRules[].virtualNetworkSubnetResourceId",
        )
    ),
    Known(_REGISTRY, "unknown properties.policies.softDeletePolicy", "acr/registry_get_standard_2023_07_01"),
    Known(
        f"{_NETWORK}/privateEndpoints",
        "unknown properties.isIPv6EnabledPrivateEndpoint",
        "network/private_endpoint_get_2025_05_01",
    ),
    Known(f"{_CLUSTER}/agentPools", "unknown properties.enableCustomCATrust", "aks/agentpool_get_localdns_disabled"),
    *(
        Known(_CLUSTER, f"unknown {name}", f"aks/managedcluster_get_{recording}")
        for name, recording in (
            ("etag", "bootstrap_direct"),
            ("properties.aadProfile.adminUsers", "automatic_sku"),
            ("properties.agentPoolProfiles[].enableCustomCATrust", "automatic_sku"),
            ("properties.controlPlanePluginProfiles", "automatic_sku"),
            ("properties.enablePodSecurityPolicy", "creating"),
            ("properties.networkProfile.dockerBridgeCidr", "user_assigned_msi_preview"),
            ("properties.storageProfile.diskCSIDriver.version", "automatic_sku"),
        )
    ),
)
"""What another version answers, and the one that we ask with does not."""

CUT = (
    # The documentation prints a part of the answer.
    *(
        Known(_REGISTRY, f"missing {name}", "acr/docs_registry_vnetrules_virtualNetworkSubnetResourceId_2026")
        for name in ("location", "sku", "properties.networkRuleSet.defaultAction")
    ),
    # The text of base64 is decoded here, to be read.
    Known(
        f"{_CLUSTER}/listClusterUserCredential",
        "form kubeconfigs[].value",
        "aks/list_cluster_user_credential_decoded_structure",
    ),
)
"""Recordings that are no whole answers."""


@dataclass(frozen=True)
class Undefined:
    """A request that no definition has, and that Azure answers."""

    method: str
    path: str
    """A regular expression."""
    version: str
    source: str

    def covers(self, method: str, path: str, version: str) -> bool:
        """Tell whether a request is this one."""
        return (method, version) == (self.method, self.version) and bool(re.fullmatch(self.path, path, re.IGNORECASE))


REQUESTS = (
    # Of a resource group and of a resource it is defined.
    Undefined(
        "GET",
        "/subscriptions/[^/]+/providers/Microsoft.Authorization/permissions",
        "2022-04-01",
        "https://github.com/Azure/azure-rest-api-specs/issues/19473",
    ),
)

# What az asks of its own accord, in versions of its own: the login's subscriptions, the cloud's addresses, a registry
# by its name; and what `az aks check-acr` and `az acr check-health` ask.
OF_AZ = ("/metadata/endpoints", "/tenants", "/subscriptions(/[^/]+)?", "/subscriptions/[^/]+/resources")


@dataclass(frozen=True)
class Looked:
    """A member that a mapping looks for though no object of that type has it in the version that we ask with."""

    types: str
    where: str
    beside: str
    """The member of the same object that is there, and that the mapping has to look for as well; empty: none is."""
    why: str


_SCALE_SETS = "Microsoft.Compute/virtualMachineScaleSets"
_ADDRESS = "networkInterfaceConfigurations[].properties.ipConfigurations[].properties.publicIPAddress"
_RULE = "RuleCollections[].properties.rules[]"
_FORMS = "one function reads an interface, and the configuration of one in a scale set"
_OF_PREVIEW = "a preview shows it, and is asked first; where a cloud has none, nothing shows it"
_RULES = "one function reads the rules of policies and of firewalls, of every kind"

READINGS = (
    Looked(
        _REGISTRY,
        "properties.networkRuleSet.virtualNetworkRules[].id",
        "virtualNetworkSubnetResourceId",
        "answers had that name until 2022: acr/registry_get_premium_vnetrules_2021_08_01_preview",
    ),
    Looked(_REGISTRY, "properties.regionalEndpointHostNames", "", _OF_PREVIEW),
    Looked(_REGISTRY, "properties.networkRuleSet.virtualNetworkRules", "", _OF_PREVIEW),
    Looked(
        "Microsoft.Authorization/permissions",
        "condition",
        "",
        "2022-05-01-preview shows it, a preview older than any that may be pinned; no stable version does",
    ),
    Looked(
        _SCALE_SETS,
        f"properties.virtualMachineProfile.networkProfile.{_ADDRESS}",
        "publicIPAddressConfiguration",
        _FORMS,
    ),
    Looked(
        f"{_SCALE_SETS}/virtualMachines",
        f"properties.networkProfileConfiguration.{_ADDRESS}",
        "publicIPAddressConfiguration",
        _FORMS,
    ),
    Looked(
        f"{_NETWORK}/networkInterfaces",
        "properties.ipConfigurations[].properties.publicIPAddressConfiguration",
        "publicIPAddress",
        _FORMS,
    ),
    *(
        Looked(f"{_NETWORK}/azureFirewalls", f"properties.{kind}{_RULE}.{name}", "name", _RULES)
        for kind, names in (
            ("network", ("fqdnTags", "ipProtocols", "targetFqdns", "targetUrls", "webCategories")),
            (
                "application",
                ("destinationAddresses", "destinationFqdns", "destinationIpGroups", "destinationPorts", "targetUrls",
                 "webCategories"),
            ),
        )
        for name in names
    ),
)  # fmt: skip
