"""What is written about the answers of a run."""

from __future__ import annotations

import json

import pytest

from scripts.smoke.document import UNDEFINED, document
from scripts.smoke.recording import KUBERNETES, Answer
from tests.contracts.definitions import installed
from tests.recordings import body

pytestmark = pytest.mark.skipif(not installed(), reason="Microsoft's definitions are not installed")

ARM = "management.azure.com"
REGISTRY = "/subscriptions/canary/resourceGroups/canary/providers/Microsoft.ContainerRegistry/registries/canary"
VERSION = "2026-09-01-preview"
TYPE = "Microsoft.ContainerRegistry/registries"


def of_registry(**changes) -> Answer:
    answer = body("acr/registry_get_premium_2026_09_01_preview")
    answer["tags"] = {"canary": "canary"}
    answer["properties"] |= changes
    return Answer(ARM, "GET", REGISTRY, VERSION, 200, answer)


def test_requests_are_named_without_names():
    told = document(
        [
            of_registry(),
            of_registry(),
            Answer(ARM, "GET", REGISTRY, VERSION, 404, {"error": {"message": "canary"}}),
            Answer(ARM, "GET", "/canary/canary", "canary", 200, {"canary": 1}),
            Answer("graph.microsoft.com", "GET", "/v1.0/applications(appId='canary')", "", 200, {"canary": 1}),
            Answer(KUBERNETES, "GET", "/api/v1/namespaces/canary/secrets/canary", "", 200, {"data": {"canary": "x"}}),
            Answer(KUBERNETES, "GET", "/apis/canary", "", 200, {"canary": "x"}),
        ],
        {},
        set(),
    )
    assert "canary" not in json.dumps(told)
    assert {each["request"]: (each["answers"], each["statuses"]) for each in told["answers"]} == {
        "GET /subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.ContainerRegistry"
        f"/registries/{{registryName}} in {VERSION}": (3, [200, 404]),
        f"GET {UNDEFINED} in no version": (2, [200]),
        f"GET {UNDEFINED} of the API server": (1, [200]),
        "GET /api/v1/namespaces/{namespace}/secrets/{name}": (1, [200]),
    }


def test_what_differs_is_listed():
    answer = of_registry(adminUserEnabled="yes", newSwitch=True, **{"canary.dotted name": 1})
    del answer.body["location"]
    key = (answer.method, answer.path, answer.version)
    looked = {key: {("properties", "networkRuleSet", "ipRules"), ("tags", "canary"), ("properties", "canary")}}
    answer.body["properties"]["networkRuleSet"] = {"defaultAction": "Deny"}
    told = document([answer], looked, {f"{TYPE} id", f"{TYPE} properties"})["compared"]
    assert "canary" not in json.dumps(told)
    assert told["shown and not defined"] == [f"{TYPE} properties.(no identifier)", f"{TYPE} properties.newSwitch"]
    assert told["of another type than defined"] == [f"{TYPE} properties.adminUserEnabled"]
    assert told["required by the definition and not shown"] == [f"{TYPE} location"]
    assert told["looked for by us and not shown"] == [f"{TYPE} properties.networkRuleSet.ipRules"]
    assert f"{TYPE} properties.loginServer" in told["shown and not simulated"]
    assert f"{TYPE} id" not in told["shown and not simulated"]


def test_types_that_are_not_simulated_are_not_compared_with_it():
    assert document([of_registry()], {}, set())["compared"]["shown and not simulated"] == []
