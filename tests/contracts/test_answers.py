"""Recorded answers against the definitions of the version that we ask with."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.recordings import FOLDER, recording

from .compare import breaches
from .definitions import Operation, known
from .exceptions import ANSWERS, CUT, OF_OTHER_VERSIONS, SIMULATED
from .held import ARM, plain

KNOWN = (*ANSWERS, *OF_OTHER_VERSIONS, *CUT)


@cache
def recorded() -> dict[str, tuple[Operation, str]]:
    """Every recorded answer of Resource Manager: what it answers, in our version, and the version that it is of."""
    return dict(_recorded())


def _recorded() -> Iterator[tuple[str, tuple[Operation, str]]]:
    for file in sorted(FOLDER.rglob("*.json")):
        exchange = json.loads(file.read_text(encoding="utf-8"))
        url = urlsplit(exchange["request"].get("url") or "")
        if url.netloc != ARM or exchange["response"].get("status") not in (200, 201):
            continue
        version = parse_qs(url.query).get("api-version", [""])[0]
        # What is put is answered with what is got.
        method = exchange["request"]["method"].replace("PUT", "GET")
        operation = known().beside(method, url.path, version)
        if operation is not None:
            yield str(file.relative_to(FOLDER).with_suffix("")), (operation, version)


@cache
def disagreements() -> dict[tuple[str, str], set[str]]:
    """The recordings in which a type disagrees with its definition, by type and disagreement."""
    found = defaultdict(set)
    for name, (operation, _) in recorded().items():
        for breach in breaches(operation, recording(name)["response"]["body"]):
            found[operation.types, plain(breach)].add(name)
    return dict(found)


def test_recordings_show_what_their_definitions_say(noted):
    noted.recordings(recorded())
    assert len(recorded()) > 100
    unexplained = disagreements().keys() - {(each.types, each.breach) for each in KNOWN}
    assert not {f"{types}: {breach}": disagreements()[types, breach] for types, breach in unexplained}


@pytest.mark.parametrize("known_one", KNOWN, ids=lambda each: f"{each.types} {each.breach}")
def test_a_known_disagreement_is_recorded(known_one):
    assert known_one.recording in disagreements()[known_one.types, known_one.breach]


def test_what_other_versions_answer_is_of_other_versions():
    for each in OF_OTHER_VERSIONS:
        operation, version = recorded()[each.recording]
        assert version != operation.version


@pytest.mark.parametrize("alike", SIMULATED, ids=lambda each: f"{each.types} {each.breach}")
def test_what_is_simulated_beyond_definitions_is_recorded_of_something_alike(alike):
    last = alike.breach.rpartition(".")[2]
    assert f'"{last}"' in json.dumps(recording(alike.recording)) or alike.breach.startswith("missing ")


def test_a_member_that_a_version_does_not_have_is_found():
    operation, _ = recorded()["acr/registry_get_premium_2026_09_01_preview"]
    answer = recording("acr/registry_get_premium_2026_09_01_preview")["response"]["body"]
    assert breaches(operation, answer) == []
    answer["properties"]["networkRuleSet"] = {"defaultAction": "Deny", "virtualNetworkRules": [{"id": "/subnet"}]}
    rule = "properties.networkRuleSet.virtualNetworkRules[]"
    assert list(map(str, breaches(operation, answer))) == [
        f"missing {rule}.virtualNetworkSubnetResourceId",
        f"unknown {rule}.id",
    ]


def test_a_member_of_another_form_is_found():
    operation, _ = recorded()["network/routetable_get_with_routes"]
    answer = recording("network/routetable_get_with_routes")["response"]["body"]
    assert breaches(operation, answer) == []
    answer["properties"]["disableBgpRoutePropagation"] = "false"
    answer["properties"]["routes"] = {}
    assert list(map(str, breaches(operation, answer))) == [
        "form properties.disableBgpRoutePropagation",
        "form properties.routes",
    ]


def test_members_of_one_kind_are_no_members_of_another():
    """A rule says by its ``ruleType`` which members it has."""
    operation = known().find(
        "GET", "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/firewallPolicies/p"
        "/ruleCollectionGroups", "2024-05-01"
    )  # fmt: skip
    rule = {"ruleType": "NetworkRule", "targetFqdns": []}
    found = {"ruleCollectionType": "FirewallPolicyFilterRuleCollection", "rules": [rule]}
    answer = {"value": [{"properties": {"ruleCollections": [found]}}]}
    where = "value[].properties.ruleCollections[].rules[].targetFqdns"
    assert list(map(str, breaches(operation, answer))) == [f"unknown {where}"]
    rule["ruleType"] = "ApplicationRule"
    assert breaches(operation, answer) == []
