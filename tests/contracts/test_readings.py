"""What mappings look at, against the definitions of what they map."""

from __future__ import annotations

import importlib
from contextlib import suppress
from typing import Any

import pytest

from azext_acrpulldiag.collect.azure.access_models import (
    assignment_from,
    definition_from,
    denial_from,
    permissions_from,
)
from azext_acrpulldiag.collect.azure.cluster import API_VERSION, PREVIEW_API_VERSION, cluster_from
from azext_acrpulldiag.collect.azure.identity import managed_identity_from
from azext_acrpulldiag.collect.members import Body, MemberError, Model
from azext_acrpulldiag.collect.network.firewall_models import addresses_of_group
from azext_acrpulldiag.collect.network.manager_models import connected_groups_from
from azext_acrpulldiag.collect.network.models import endpoint_policy_from
from azext_acrpulldiag.collect.network.outbound_models import addresses_from, nat_sources_from
from azext_acrpulldiag.facts import Unreadable
from tests.collect.test_mappings import MAPPINGS, OTHERS, cluster, connected_groups, pools
from tests.recordings import body

from .definitions import known
from .exceptions import READINGS
from .reads import filled, has, unknown_reads
from .test_answers import recorded
from .trace import ELEMENT, fresh, mappings_traced, traced

# What these give their mapping is no answer as it came.
_CHANGING = (cluster, connected_groups, pools)
TRACED = [
    *((mapping, name) for mapping, name in (*MAPPINGS, *OTHERS) if mapping not in _CHANGING),
    (lambda answer: connected_groups_from(answer["value"]), "network/spec_avnm_effective_connectivity_post"),
]
BY_PATH = [
    (
        lambda answer: permissions_from(answer["value"]),
        "virtualNetworks/v/providers/Microsoft.Authorization/permissions",
        "2022-04-01",
    ),
    (addresses_of_group, "ipGroups/g", "2024-05-01"),
    (endpoint_policy_from, "serviceEndpointPolicies/p", "2024-05-01"),
    (nat_sources_from, "natGateways/n", "2024-05-01"),
    (lambda answer: addresses_from([answer]), "publicIPAddresses/a", "2024-05-01"),
    (lambda answer: addresses_from([answer]), "publicIPPrefixes/p", "2024-05-01"),
]
# Of these services there are no definitions here.
_OTHERS = ("graph/", "acr-dataplane/", "k8s/")
OF_ARM = [(mapping, name) for mapping, name in TRACED if not name.startswith(_OTHERS)]


def reads_of(mapping, *answers: Any) -> set[tuple[str, ...]]:
    """What ``mapping`` looks at in these answers."""
    seen: set[tuple[str, ...]] = set()
    with mappings_traced():
        for answer in answers:
            with suppress(MemberError):
                mapping(traced(answer, seen))
    return seen


@pytest.mark.parametrize(("mapping", "name"), OF_ARM, ids=[name for _, name in OF_ARM])
def test_mappings_read_what_there_is(mapping, name, noted):
    operation, _ = recorded()[name]
    seen = reads_of(mapping, body(name), filled(operation))
    assert seen
    assert not unknown_reads(operation, seen)
    noted.note("readings", (f"{operation.types}.{'.'.join(path)}" for path in seen))


CLUSTER = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerService/managedClusters/c"
UNREAD = Unreadable("forbidden", "no right")


@pytest.mark.parametrize("name", [name for mapping, name in MAPPINGS if mapping is cluster])
def test_a_cluster_is_read_in_two_versions(name, noted):
    """The preview shows what the stable one does not, and only that is taken from it."""
    stable = known().find("GET", CLUSTER, API_VERSION)
    preview = known().find("GET", CLUSTER, PREVIEW_API_VERSION)
    of_stable = reads_of(lambda answer: cluster_from(answer, "tenant", UNREAD), body(name), filled(stable))
    of_preview = reads_of(lambda answer: cluster_from(body(name), "tenant", answer), body(name), filled(preview))
    assert len(of_stable) > 20
    assert of_preview
    assert not unknown_reads(stable, of_stable)
    assert not unknown_reads(preview, of_preview)
    for operation, seen in ((stable, of_stable), (preview, of_preview)):
        noted.note("readings", (f"{operation.types}.{'.'.join(path)}" for path in seen))


@pytest.mark.parametrize(("mapping", "path", "version"), BY_PATH, ids=[path for _, path, _ in BY_PATH])
def test_mappings_without_a_recording_read_what_there_is(mapping, path, version, noted):
    operation = known().find("GET", f"/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/{path}", version)
    seen = reads_of(mapping, filled(operation))
    assert seen
    assert not unknown_reads(operation, seen)
    noted.note("readings", (f"{operation.types}.{'.'.join(path)}" for path in seen))


# --- through the SDK -----------------------------------------------------------------------

SCOPE = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/r"
AUTHORIZATION = f"{SCOPE}/providers/Microsoft.Authorization"
IDENTITY = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/i"
OF_SDK = [
    (assignment_from, "authorization", f"{AUTHORIZATION}/roleAssignments/a", "2022-04-01"),
    (definition_from, "authorization", f"{AUTHORIZATION}/roleDefinitions/d", "2022-05-01-preview"),
    (denial_from, "authorization", f"{AUTHORIZATION}/denyAssignments/d", "2024-07-01-preview"),
    (managed_identity_from, "msi", IDENTITY, "2024-11-30"),
]


def of_sdk(package: str, name: str, answer: Any) -> Any:
    """An object of the SDK, as its client makes it of JSON."""
    models = importlib.import_module(f"azure.mgmt.{package}.models")
    made = getattr(models, name)
    return made.deserialize(answer) if hasattr(made, "deserialize") else made(answer)


def attributes_of(model: Any) -> set[str]:
    """The attributes that its class declares."""
    return {*getattr(model, "_attribute_map", ()), *getattr(model, "_attr_to_rest_field", ())}


@pytest.mark.parametrize(("mapping", "package", "path", "version"), OF_SDK, ids=[path for _, _, path, _ in OF_SDK])
def test_mappings_of_sdk_objects_read_what_they_have(mapping, package, path, version, noted, monkeypatch):
    operation = known().find("GET", path, version)
    looked: set[tuple[str, str]] = set()
    read = Model._member

    def looking(model, path):
        looked.update((type(model.json).__name__, name) for name in path)
        assert attributes_of(model.json) >= set(path), (type(model.json).__name__, path)
        return read(model, path)

    monkeypatch.setattr(Model, "_member", looking)
    with mappings_traced(), suppress(MemberError):
        mapping(of_sdk(package, operation.answer, filled(operation)))
    assert looked
    noted.note("readings", (f"{kind}.{name}" for kind, name in looked))


# --- that they catch -----------------------------------------------------------------------


def registry_reads(mapping) -> list[str]:
    operation, _ = recorded()["acr/registry_get_premium_2026_09_01_preview"]
    answer = filled(operation)
    return unknown_reads(operation, reads_of(mapping, answer))


def test_a_misspelt_member_is_found():
    assert registry_reads(lambda answer: Body(answer).flag("properties", "adminUserEnabeld")) == [
        "properties.adminUserEnabeld"
    ]


def test_the_old_name_of_a_rules_subnet_is_found_where_it_is_read_alone():
    def ids(answer):
        rules = Body(answer).objects("properties", "networkRuleSet", "virtualNetworkRules")
        return [rule.text("id") for rule in rules]

    assert registry_reads(ids) == ["properties.networkRuleSet.virtualNetworkRules[].id"]


def test_a_member_of_an_object_below_is_found():
    assert registry_reads(lambda answer: Body(answer).object("sku").text("tierr")) == ["sku.tierr"]


@pytest.mark.parametrize("each", READINGS, ids=lambda each: f"{each.types} {each.where}")
def test_what_mappings_may_look_for_some_version_does_not_have(each):
    """An entry that every definition has by now is one too many; what it names beside is there."""
    path = tuple(each.where.replace("[]", f".{ELEMENT}").split("."))
    found = [operation for operation in known() if operation.types == each.types and operation.answer]
    models = [
        (operation.models, operation.answer)
        for operation in found
        if has(operation.models, operation.answer, path[:-1])
    ]
    assert any(not has(*of, path) for of in models)
    assert not each.beside or any(has(*of, (*path[:-1], each.beside)) for of in models)


def test_answers_with_anything_new_in_them_are_told_whole():
    request, known_already = ("GET", "/subscriptions/s/providers/P/things/t", "2024-01-01"), set()
    told = [*request, [("a",)]]
    assert fresh({request: {("a",)}}, known_already) == [told]
    assert fresh({request: {("a",)}}, known_already) == []
    ((*_, paths),) = fresh({request: {("a",), ("b",)}}, known_already)
    assert sorted(paths) == [("a",), ("b",)]
