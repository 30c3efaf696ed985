"""The rights that the permissions page names, against Azure's own lists."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from azext_acrpulldiag.permissions import every_right
from azext_acrpulldiag.rights import Kind, Right

OFFICIAL = Path(__file__).with_name("official-actions.txt")
# https://learn.microsoft.com/graph/permissions-reference
OF_GRAPH = ("Application.Read.All",)
# Those of Kubernetes are a verb and a resource of its API, which tests/scenarios/test_rights.py holds against requests.
KINDS = {Kind.ACTION: "", Kind.DATA_ACTION: "data ", Kind.GRAPH: "graph "}


def official() -> frozenset[str]:
    """What a role can allow: data actions begin with ``data``, permissions of Graph with ``graph``."""
    lines = OFFICIAL.read_text(encoding="utf-8").splitlines()
    actions = (line for line in lines if line and not line.startswith("#"))
    return frozenset((*actions, *(f"graph {each}" for each in OF_GRAPH)))


def is_official(right: Right) -> bool:
    """Azure compares without regard to case, and its lists have several."""
    listed = {each.lower() for each in official()}
    return right.kind is Kind.KUBERNETES or f"{KINDS[right.kind]}{right.name}".lower() in listed


def test_every_right_is_one_that_azure_lists(noted):
    rights = [right for right in every_right() if right.kind is not Kind.KUBERNETES]
    noted.note("rights", (right.name for right in rights))
    assert len(rights) > 50
    assert not [right.name for right in rights if not is_official(right)]


@pytest.mark.parametrize(
    "name",
    [
        "Microsoft.Network/virtualNetworks/listDnsForwardingRuleset/action",
        "Microsoft.Network/virtualNetworks/listDnsForwardingRulesets/read",
        "Microsoft.ContainerRegistry/registries/repositories/content/read",
    ],
)
def test_a_right_that_does_not_exist_is_found(name):
    """Misspelt, with another verb, or a data action that is declared as an action."""
    assert not is_official(replace(every_right()[0], kind=Kind.ACTION, name=name))


def test_the_list_has_nothing_twice_and_names_its_sources():
    lines = OFFICIAL.read_text(encoding="utf-8").splitlines()
    actions = [line for line in lines if line and not line.startswith("#")]
    assert len(actions) == len(set(actions))
    assert sum("https://" in line for line in lines) >= 8
