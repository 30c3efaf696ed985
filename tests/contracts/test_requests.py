"""Requests and simulated answers are held against the definitions; those of stories where the stories are run."""

from __future__ import annotations

import json

import pytest

from azext_acrpulldiag.collect.azure.cluster import API_VERSION as AKS
from azext_acrpulldiag.collect.azure.cluster import PREVIEW_API_VERSION as AKS_PREVIEW
from azext_acrpulldiag.collect.registry.registry import PREVIEW_API_VERSION as ACR_PREVIEW
from tests.azure.log import Entry
from tests.azure.messages import Request
from tests.build import CLUSTER_ID, REGISTRY_ID, SUBSCRIPTION
from tests.recordings import body

from .definitions import known
from .exceptions import REQUESTS
from .held import objections

VNET = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/vnet"
GRAPH = "/providers/Microsoft.ResourceGraph/resources"


def entry(path: str, version: str, method: str = "GET", query: str = "", **more) -> Entry:
    sent = json.dumps(more.pop("body")).encode() if "body" in more else b""
    request = Request(method, "management.azure.com", f"{path}?api-version={version}{query}", {}, sent)
    answer = more.pop("answer", None)
    return Entry(
        request, 1, 0.0, status=more.pop("status", 200), answer=json.dumps(answer).encode() if answer else None
    )


def test_what_is_defined_is_no_objection():
    sent = [
        entry(CLUSTER_ID, AKS),
        entry(CLUSTER_ID, AKS_PREVIEW),
        entry(f"{CLUSTER_ID}/identityBindings", AKS_PREVIEW),
        entry(f"{CLUSTER_ID}/listClusterUserCredential", AKS, "POST", body={}),
        entry(REGISTRY_ID, ACR_PREVIEW, answer=body("acr/registry_get_premium_2026_09_01_preview")),
        entry(f"{VNET}/listNetworkManagerEffectiveSecurityAdminRules", "2024-05-01", "POST", body={"skipToken": "x"}),
        entry(GRAPH, "2022-10-01", "POST", body={"query": "resources", "subscriptions": [SUBSCRIPTION]}),
    ]
    assert not objections(sent)


@pytest.mark.parametrize(
    ("asked", "objection"),
    [
        (entry(CLUSTER_ID, "2026-01-32"), "there is no such operation"),
        (entry(f"{CLUSTER_ID}/identityBindings", ACR_PREVIEW), "there is no such operation"),
        (entry(f"{CLUSTER_ID}/agentPolls", AKS), "there is no such operation"),
        (entry(CLUSTER_ID, AKS, "POST"), "there is no such operation"),
        (entry(CLUSTER_ID, AKS, query="&$expand=pools"), "there is no query parameter $expand"),
        (
            entry(GRAPH, "2022-10-01", "POST", body={"query": "resources", "subscription": []}),
            "body: unknown subscription",
        ),
        (
            entry(GRAPH, "2022-10-01", "POST", body={"query": "resources", "options": {"$top": "5"}}),
            "body: form options.$top",
        ),
        (entry(GRAPH, "2022-10-01", "POST", body={"subscriptions": []}), "body: missing query"),
    ],
)
def test_what_is_not_defined_is_found(asked, objection):
    """An api-version, a type or an action that there is none of, a query parameter, members of a body."""
    (found,) = objections([asked])
    assert found.endswith(objection)


def test_the_old_name_of_a_rules_subnet_put_back_into_the_simulation_is_found():
    answer = body("acr/registry_get_premium_2026_09_01_preview")
    answer["properties"]["networkRuleSet"] = {"defaultAction": "Deny", "virtualNetworkRules": [{"id": "/subnet"}]}
    found = objections([entry(REGISTRY_ID, ACR_PREVIEW, answer=answer)], "service-endpoint-and-subnet-rule")
    assert [each.rpartition(": ")[2] for each in found] == [
        "missing properties.networkRuleSet.virtualNetworkRules[].virtualNetworkSubnetResourceId",
        "unknown properties.networkRuleSet.virtualNetworkRules[].id",
    ]


def test_a_version_that_a_refusal_lists_may_be_asked_with():
    refused = entry(
        CLUSTER_ID, AKS, status=400, answer={"error": {"message": "The supported api-versions are '2025-01-01'."}}
    )
    assert not objections([refused, entry(CLUSTER_ID, "2025-01-01")])
    assert objections([refused, entry(CLUSTER_ID, "2025-01-02")])


def test_what_azure_answers_beyond_its_definitions_is_not_defined_meanwhile():
    path = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/permissions"
    (undefined,) = REQUESTS
    assert undefined.covers("GET", path, "2022-04-01")
    assert not known().find("GET", path, "2022-04-01")
    assert not objections([entry(path, "2022-04-01")])
