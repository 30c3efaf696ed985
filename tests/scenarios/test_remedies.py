"""Every command that any outcome may print, also those that no story happens to show, parses in the real programs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import import_module
from pkgutil import walk_packages
from typing import Any

import pytest

from azext_acrpulldiag import checks
from azext_acrpulldiag.catalogue import Outcome
from azext_acrpulldiag.quoting import fill_command, placeholders
from azext_acrpulldiag.repairs import Option, Step

from . import kubectl
from .remedies import objection

POD = {"containers": [{"name": "app", "imagePullPolicy": "IfNotPresent"}]}
PATCH = json.dumps({"spec": {"template": {"spec": POD}}})
# Where any word will not do. What is not named here is filled with a word of its own name.
SAMPLES: dict[str, Any] = {
    "higher_sku": "Premium",
    "owner_kind": "deployment",
    "workload": "deployment/web",
    "patch": PATCH,
    "priority": 200,
    "direction": "Outbound",
    "forwarded": "true",
}


def _templates(value: Any) -> Iterator[Step]:
    """Every template within what a module defines, in outcomes, tuples and mappings too."""
    if isinstance(value, Step):
        yield value
    elif isinstance(value, Outcome):
        yield from _templates(value.repairs)
    elif isinstance(value, Option):
        yield from _templates(value.steps)
    elif isinstance(value, (tuple, list)):
        for each in value:
            yield from _templates(each)
    elif isinstance(value, dict):
        yield from _templates(list(value.values()))


def _commands() -> list[str]:
    modules = [import_module(module.name) for module in walk_packages(checks.__path__, f"{checks.__name__}.")]
    found = (each for module in modules for each in _templates([*vars(module).values()]))
    return sorted({each.command for each in found if each.command})


@pytest.mark.parametrize("template", _commands())
def test_a_command_parses(template: str) -> None:
    values = {name: SAMPLES.get(name, f"some-{name.replace('_', '-')}") for name in placeholders(template)}
    command = fill_command(template, values)
    assert command is not None
    assert objection(command) is None


@pytest.mark.skipif(not kubectl.have_kubectl(), reason="needs kubectl")
@pytest.mark.parametrize(
    "command",
    [
        "kubectl describe pod a --nmespace b",
        "kubectl describe pod a; rm -rf x",
        "kubectl create secret docker-registry a --docker-server=x",
        "kubectl patch deployment/web --namespace b --patch '{\"spec\":'",
        "kubectl patch deployment/web --type strange --patch " + "'" + PATCH + "'",
        "kubectl patch deployment/web --type strategic --patch " + "'" + PATCH.replace('"name"', '"nam"') + "'",
        "kubectl patch pod/web --type strategic --patch " + "'" + PATCH + "'",
        "kubectl drop pod a",
    ],
)
def test_a_command_that_kubectl_would_refuse_is_objected_to(command: str) -> None:
    assert objection(command) is not None


# What names its resources by id, in the tenant, or is told the subscription in another way.
_BY_ID = ("--ids", "--scope", "--role-assignment", "--resource-id", "--id")


@pytest.mark.parametrize("template", [each for each in _commands() if each.startswith("az ")])
def test_a_command_finds_its_resources_whatever_subscription_az_is_set_to(template: str) -> None:
    words = template.split()
    assert "--subscription" in words or words[1] == "ad" or any(word in _BY_ID for word in words)
