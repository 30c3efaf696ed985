"""``make demo`` shows what a user would see, also where no terminal is."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.azure.extension import PROJECT, installed_extension


def demo(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.demo", *arguments]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=300, stdin=subprocess.DEVNULL)


def test_the_default_shows_the_command_the_table_the_cause_and_its_repair() -> None:
    pytest.importorskip("azure.cli", reason="azure-cli is not installed for this Python")
    installed_extension()
    done = demo()
    assert done.returncode == 0, done.stderr
    assert "$ az aks diagnose-pull -g rg-app -n prod --acr contosoreg -o table\nResult " in done.stdout
    assert "\nFAIL      access.pull-role " in done.stdout
    assert "\nRoot cause: No role lets prod-agentpool " in done.stderr
    assert "\n    az role assignment create --assignee-object-id " in done.stderr
    assert "\n  https://learn.microsoft.com/" in done.stderr
    assert "\nexit code 4\n" in done.stdout
    assert " pull-role-on-the-client-id " in done.stdout
    assert "\x1b" not in done.stdout + done.stderr


@pytest.mark.parametrize("arguments", [("pull-role-mising",), ("pull", "role", "missing")])
def test_another_name_is_refused_with_those_that_there_are(arguments: tuple[str, ...]) -> None:
    done = demo(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert " cluster-stopped " in done.stderr
