"""Every command that any outcome may print, also those that no story happens to show, parses in the real programs."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from importlib import import_module
from pkgutil import walk_packages
from typing import Any

import pytest

from azext_acrpulldiag import checks
from azext_acrpulldiag.catalogue import Outcome
from azext_acrpulldiag.quoting import Arguments, fill_command, placeholders
from azext_acrpulldiag.repairs import Option, Step

from . import kubectl
from .pasting import harm
from .remedies import objection

POD = {"containers": [{"name": "app", "imagePullPolicy": "IfNotPresent"}]}
PATCH = json.dumps({"spec": {"template": {"spec": POD}}})
KUBECTL = "kubectl --kubeconfig ./prod.kubeconfig"
# Where any word will not do. What is not named here is filled with a word of its own name.
SAMPLES: dict[str, Any] = {
    "higher_sku": "Premium",
    "owner_kind": "deployment",
    "workload": "deployment/web",
    "patch": PATCH,
    "priority": 200,
    "direction": "Outbound",
    "forwarded": "true",
    "kubectl": Arguments((("--kubeconfig", "./prod.kubeconfig"),)),
    "token_rights": Arguments((("--repository", "team/app"), ("", "content/read"), ("--repository", "b"))),
    "user_of_secret": "deployment/web",
    "patch_type": "strategic",
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
    assert objection(_filled(template)) is None


def _filled(template: str) -> str:
    values = {name: SAMPLES.get(name, f"some-{name.replace('_', '-')}") for name in placeholders(template)}
    command = fill_command(template, values)
    assert command is not None
    return command


@pytest.mark.skipif(not kubectl.have_kubectl(), reason="needs kubectl")
@pytest.mark.parametrize(
    "command",
    [
        "kubectl describe pod a --namespace b",  # on whatever context is current
        f"{KUBECTL} describe pod a --nmespace b",
        f"{KUBECTL} describe pod a; rm -rf x",
        f"{KUBECTL} create secret docker-registry a --docker-server=x",
        f"{KUBECTL} create secret docker-registry a | {KUBECTL} aply -f -",
        f"{KUBECTL} patch deployment/web --namespace b --patch '{{\"spec\":'",
        f"{KUBECTL} patch deployment/web --type strange --patch " + "'" + PATCH + "'",
        f"{KUBECTL} patch deployment/web --type strategic --patch " + "'" + PATCH.replace('"name"', '"nam"') + "'",
        f"{KUBECTL} patch pod/web --type strategic --patch " + "'" + PATCH + "'",
        f"{KUBECTL} drop pod a",
    ],
)
def test_a_command_that_kubectl_would_refuse_is_objected_to(command: str) -> None:
    assert objection(command) is not None


# What names its resources by id, in the tenant, or is told the subscription in another way.
_BY_ID = ("--ids", "--scope", "--role-assignment", "--resource-id", "--id")


@pytest.mark.parametrize("template", [each for each in _commands() if "az " in each])
def test_a_command_finds_its_resources_whatever_subscription_az_is_set_to(template: str) -> None:
    words = template.partition("az ")[2].split()
    assert "--subscription" in words or words[0] == "ad" or any(word in _BY_ID for word in words)


# --- pasted as they stand -----------------------------------------------------------------


@pytest.mark.parametrize("template", _commands())
def test_a_command_does_no_harm_as_it_stands(template: str) -> None:
    assert harm(_filled(template)) is None


@pytest.mark.parametrize(
    "command",
    [
        "kubectl describe pod a",  # whatever context is current
        f"{KUBECTL} delete secret a",
        "az network vnet peering delete --name a",
        "az network private-dns record-set a remove-record --name a",
        "SECRET=$(az ad sp credential reset --id a)",
        "az login --password $SECRET",
        'az login --password "${SECRET}"',
        "az a; az b ${SECRET:?unset}",  # has begun when it fails
        f"false ${{SECRET:?unset}} | {KUBECTL} get pods",
    ],
)
def test_a_command_that_does_harm_is_seen(command: str) -> None:
    assert harm(command) is not None


@pytest.mark.skipif(not kubectl.have_kubectl(), reason="needs kubectl")
def test_kubectl_applies_nothing_where_nothing_comes_in() -> None:
    done = subprocess.run(
        ["kubectl", "--server=http://127.0.0.1:1", "apply", "--server-side", "--force-conflicts", "-f", "-"],
        input="",
        env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", "KUBECONFIG": os.devnull},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert "no objects passed to apply" in done.stderr
