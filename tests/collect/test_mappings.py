"""What holds for every mapping of an answer: its words in any casing, its members in any form."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from azext_acrpulldiag.collect.activity.models import events_from
from azext_acrpulldiag.collect.ask.arm import ReadError
from azext_acrpulldiag.collect.azure.accounts import identity_binding_from
from azext_acrpulldiag.collect.azure.applications import passwords_from, service_principal_from
from azext_acrpulldiag.collect.azure.cluster import cluster_from
from azext_acrpulldiag.collect.azure.nodes import instance_from, machine_from, pool_of, scale_set_from
from azext_acrpulldiag.collect.azure.run_command import command_access_from, output_from
from azext_acrpulldiag.collect.members import MemberError
from azext_acrpulldiag.collect.network.firewall_models import firewall_from, groups_from, policy_from
from azext_acrpulldiag.collect.network.forwarding import inbound_from, linked_from, rules_from
from azext_acrpulldiag.collect.network.forwarding import links_from as ruleset_links_from
from azext_acrpulldiag.collect.network.manager_models import admin_rules_from, connected_groups_from
from azext_acrpulldiag.collect.network.models import (
    peering_from,
    route_table_from,
    security_group_from,
    subnet_from,
    subnets_from,
    virtual_network_from,
)
from azext_acrpulldiag.collect.network.private_link import addresses_from, endpoint_from, interfaces_of, zone_ids_from
from azext_acrpulldiag.collect.network.zones import links_from, record_from
from azext_acrpulldiag.collect.registry.api import Manifest
from azext_acrpulldiag.collect.registry.manifest_models import index_entries, manifest_from
from azext_acrpulldiag.collect.registry.registry import cache_rules_from, registry_from, replications_from
from azext_acrpulldiag.facts import LogQuestion, PrivateEndpointConnection, Unreadable
from tests.build import NOW
from tests.recordings import body

# Members, wherever they stand, whose values are words of Azure's.
WORDS = {
    "access",
    "action",
    "addressPrefixType",
    "artifactSource",
    "code",
    "connectivityTopology",
    "defaultAction",
    "direction",
    "forwardingRuleState",
    "groupConnectivity",
    "ipProtocols",
    "isGlobal",
    "mode",
    "nextHopType",
    "osSKU",
    "osType",
    "outboundType",
    "peeringState",
    "privateEndpointNetworkPolicies",
    "privateIPAddressVersion",
    "protocol",
    "protocolType",
    "protocols",
    "provisioningState",
    "publicNetworkAccess",
    "resolutionPolicy",
    "roleAssignmentMode",
    "ruleCollectionType",
    "ruleType",
    "sku",
    "state",
    "status",
    "type",
    "virtualNetworkLinkState",
}


def in_case(change, answer: Any, word: bool = False) -> Any:
    """The answer with every word of Azure's changed."""
    if isinstance(answer, dict):
        return {key: in_case(change, value, key in WORDS or (word and key == "name")) for key, value in answer.items()}
    if isinstance(answer, list):
        return [in_case(change, value, word) for value in answer]
    return change(answer) if word and isinstance(answer, str) else answer


def cluster(answer):
    return cluster_from(answer, "tenant", answer)


def pools(answer):
    found = body("aks/managedcluster_get_system_msi_lb")
    found["properties"]["agentPoolProfiles"] = [answer.get("properties")]
    return cluster_from(found, "tenant", found)


def output(answer):
    """A command that did not run has none."""
    with suppress(ReadError):
        return output_from(answer)


def scale_sets(answer):
    return [scale_set_from(item, "pool1") for item in answer["value"]]


def registry(answer):
    return registry_from(answer, "tenant")


def with_connections(answer):
    found = body("acr/registry_get_premium_public_default")
    found["properties"]["privateEndpointConnections"] = answer["value"]
    return registry_from(found, "tenant")


def ailments(answer):
    return cache_rules_from(body("acr/cacherules_list")["value"], answer["value"])


def events(answer):
    written = ("Microsoft.Network/networkSecurityGroups/write", "microsoft.support/supporttickets/write")
    asked = LogQuestion("s", "resourceGroupName", "g", NOW, NOW, written)
    return events_from(answer["value"], asked, "/p")


GROUP = (
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/myResourceGroup/providers/Microsoft.Network"
    "/networkManagers/testNetworkManager/groups/group1"
)


def connected_groups(answer):
    """The example names its one group in two ways, which no answer that was seen does."""
    return connected_groups_from([item | {"configurationGroups": [{"id": GROUP}]} for item in answer["value"]])


MAPPINGS = [
    (cluster, "aks/managedcluster_get_system_msi_lb"),
    (cluster, "aks/managedcluster_get_user_assigned_msi"),
    (cluster, "aks/managedcluster_get_service_principal"),
    (cluster, "aks/managedcluster_get_creating"),
    (cluster, "aks/managedcluster_get_automatic_sku"),
    (cluster, "aks/managedcluster_get_managed_natgateway"),
    (cluster, "aks/managedcluster_get_outbound_block_bootstrap_cache"),
    (pools, "aks/agentpool_get_localdns_required"),
    (output, "aks/run_command_result_200_succeeded"),
    (scale_sets, "compute/vmss_list_aks_node_rg"),
    (registry, "acr/registry_get_premium_2026_09_01_preview"),
    (registry, "acr/registry_get_standard_2023_07_01"),
    (registry, "acr/registry_put_basic_abac_2025_03_01_preview"),
    (registry, "acr/registry_get_premium_iprules_deny"),
    (registry, "acr/registry_get_premium_vnetrules_2021_08_01_preview"),
    (registry, "acr/registry_get_public_network_access_disabled"),
    (with_connections, "acr/private_endpoint_connections_list_pending_and_approved"),
    (ailments, "acr/credentialsets_list_unhealthy"),
    (lambda answer: replications_from(answer["value"]), "acr/replications_list_two_regions_second_sample"),
    (virtual_network_from, "network/vnet_get_with_peerings"),
    (peering_from, "network/peering_get_initiated"),
    (subnet_from, "network/subnet_get_with_private_endpoint"),
    (security_group_from, "network/nsg_get_custom_rules"),
    (route_table_from, "network/routetable_get_with_routes"),
    (lambda answer: [route_table_from(each) for each in answer["value"]], "network/routetables_list_with_subnets"),
    (
        lambda answer: admin_rules_from(answer["value"]),
        "network/spec_avnm_effective_security_admin_rules_post",
    ),
    (lambda answer: admin_rules_from(answer["value"]), "network/avnm_security_admin_rules_list"),
    (connected_groups, "network/spec_avnm_effective_connectivity_post"),
    (firewall_from, "network/azurefirewall_get_classic_rules"),
    (lambda answer: groups_from(answer["value"]), "network/firewall_policy_rulecollectiongroups_list_example"),
    (addresses_from, "network/nic_get_private_endpoint_fqdns"),
    (lambda answer: links_from(answer["value"]), "dns/vnet_links_list_2024_06_01"),
    (lambda answer: rules_from(answer["value"]), "dns/dns_resolver_forwarding_rules_list"),
]


@pytest.mark.parametrize("change", [str.upper, str.lower])
@pytest.mark.parametrize(("mapping", "name"), MAPPINGS, ids=[name for _, name in MAPPINGS])
def test_the_casing_of_azures_words_changes_no_fact(mapping, name, change):
    answer = body(name)
    fact = mapping(answer)
    assert not isinstance(fact, Unreadable)
    assert in_case(change, answer) != answer
    assert mapping(in_case(change, answer)) == fact


# --- members of any form -------------------------------------------------------------------

FORMS = (None, 5, "text", [5], [{}], {})
CONNECTION = PrivateEndpointConnection("/connection", "Approved", "/endpoint")
UNKNOWN = Unreadable("forbidden", "no right")
OTHERS = [
    (lambda answer: [instance_from(item, "pool1") for item in answer["value"]], "compute/vmss_vms_list_aks"),
    (lambda answer: [pool_of(item, re.compile("^x$")) for item in answer["value"]], "compute/vmss_list_aks_node_rg"),
    (lambda answer: machine_from(answer, "pool1", {}), "compute/vm_get_user_identities"),
    (lambda answer: machine_from(MACHINE, "pool1", {"/nic": answer}), "network/nic_get_2025_05_01"),
    (command_access_from, "aks/managedcluster_get_run_command_disabled"),
    (subnets_from, "network/vnet_get_custom_dns"),
    (subnet_from, "network/subnet_get_service_endpoint_policies"),
    (policy_from, "network/firewall_policy_get_example"),
    (interfaces_of, "network/private_endpoint_get_approved_customdnsconfigs"),
    (
        lambda answer: endpoint_from(CONNECTION, answer, UNKNOWN, (), "r.azurecr.io"),
        "network/private_endpoint_get_approved_customdnsconfigs",
    ),
    (lambda answer: zone_ids_from(answer["value"]), "network/private_dns_zone_groups_list"),
    (record_from, "dns/a_record_get"),
    (linked_from, "dns/spec_vnet_list_dns_forwarding_rulesets_post"),
    (lambda answer: ruleset_links_from(answer["value"]), "dns/dns_resolver_ruleset_vnet_links_list"),
    (lambda answer: inbound_from(answer["value"]), "dns/dns_resolver_inbound_endpoints_list"),
    (events, "monitor/docs_activity_log_event_nsg_write"),
    (passwords_from, "graph/application_get"),
    (lambda answer: service_principal_from("app", "tenant", answer, answer), "graph/application_get"),
    (lambda answer: cache_rules_from(answer["value"], []), "acr/cacherules_list"),
    (lambda answer: manifest_from(Manifest("sha256:1", "a/b", answer), answer), "acr-dataplane/manifest_200_oci"),
    (lambda answer: index_entries(Manifest("sha256:1", "a/b", answer)), "acr-dataplane/docs_oci_image_index"),
    (
        lambda answer: [identity_binding_from(each) for each in answer["value"]],
        "aks/spec_identitybindings_list_2025_10_02_preview",
    ),
]
MACHINE = {
    "id": "/vm",
    "name": "vm",
    "properties": {"networkProfile": {"networkInterfaces": [{"id": "/nic"}]}},
}


def members_of(answer: Any) -> Iterator[tuple[Any, Any]]:
    """Every object or list in an answer, with each of its keys; of the outermost list only what is in it."""
    for key, value in list(answer.items() if isinstance(answer, dict) else enumerate(answer)):
        yield answer, key
        if isinstance(value, (dict, list)):
            yield from members_of(value)


ONE_EACH = [*{mapping: (mapping, name) for mapping, name in MAPPINGS}.values(), *OTHERS]


@pytest.mark.parametrize(("mapping", "name"), ONE_EACH, ids=[name for _, name in ONE_EACH])
def test_whatever_form_a_member_has_the_mapping_holds(mapping, name):
    """It answers a fact, or says that it cannot read the member; any other exception is a defect."""
    answer = body(name)
    listed = isinstance(answer.get("value"), list) and set(answer) <= {"value", "nextLink", "skipToken"}
    places = [place for item in answer["value"] for place in members_of(item)] if listed else members_of(answer)
    tried = 0
    for holder, key in list(places):
        kept = holder[key]
        for form in FORMS:
            holder[key] = form
            with suppress(MemberError):
                mapping(answer)
            tried += 1
        holder[key] = kept
    assert tried
