"""Every command that any outcome may print, also those that no story happens to show, parses in the real programs."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Any

import pytest

from azext_acrpulldiag import checks
from azext_acrpulldiag.catalogue import Outcome
from azext_acrpulldiag.quoting import Arguments, fill_command, placeholders
from azext_acrpulldiag.repairs import Option, Step

from . import kubectl
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

WITH_VARIABLES = [each for each in _commands() if "${" in each]
# Writes down what it is called with; like the real one, ``apply`` refuses an empty input.
STUB = '#!/bin/sh\ncase "$*" in *apply*) [ -n "$(cat)" ] || exit 1 ;; esac\necho "$0 $*" >>"$CALLS"; echo said\n'


def _pasted(command: str, folder: Path, **variables: str) -> tuple[int, str]:
    """The exit code of a command in a shell, and the programs that it called."""
    calls = folder / "calls"
    calls.write_text("")
    for name in ("az", "kubectl"):
        (folder / name).write_text(STUB)
        (folder / name).chmod(0o755)
    environment = {"PATH": f"{folder}:/usr/bin:/bin", "CALLS": str(calls), **variables}
    done = subprocess.run(["bash", "-c", command], env=environment, capture_output=True, text=True, timeout=60)
    return done.returncode, calls.read_text()


@pytest.mark.parametrize("template", WITH_VARIABLES)
def test_a_command_without_its_variables_changes_nothing(template: str, tmp_path: Path) -> None:
    command = _filled(template)
    code, calls = _pasted(command, tmp_path)
    assert (code != 0, calls) == (True, "")
    names = set(re.findall(r"\$\{(\w+):\?", command))
    for name in names:
        others = {each: "set" for each in names - {name}}
        assert _pasted(command, tmp_path, **others, **{name: ""})[1] == ""
    code, calls = _pasted(command, tmp_path, **dict.fromkeys(names, "set"))
    assert (code, bool(calls)) == (0, True)


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


@pytest.mark.parametrize("template", _commands())
def test_no_command_deletes_or_takes_whatever_context_is_current(template: str) -> None:
    assert not re.search(r"kubectl .*\bdelete\b", template)
    for call in re.findall(r"kubectl \S+", template):
        assert call == "kubectl {kubectl}"
