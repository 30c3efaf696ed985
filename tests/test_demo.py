"""``make demo`` shows what a user would see, also where no terminal is."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from tests.azure.extension import PROJECT, installed_extension

README = PROJECT / "README.md"


def demo(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.demo", *arguments]
    environment = os.environ | {"COLUMNS": "100"}
    return subprocess.run(
        command,
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        stdin=subprocess.DEVNULL,
    )


def test_the_default_ends_with_the_answer_that_the_readme_shows() -> None:
    pytest.importorskip("azure.cli", reason="azure-cli is not installed for this Python")
    installed_extension()
    done = demo()
    assert done.returncode == 0, done.stderr
    shown = done.stdout.partition("\n\n")[2].strip()
    assert shown.startswith("$ az aks diagnose-pull -g rg-app -n prod --acr contosoreg -o table\nResult ")
    assert shown.endswith("exit code 4")
    assert "\x1b" not in done.stdout + done.stderr
    block = re.compile(r"^```\n(\$ az aks diagnose-pull .*?)\n```$", re.MULTILINE | re.DOTALL)
    sample = block.search(README.read_text("utf-8"))
    assert sample is not None
    lines = [line.rstrip() for line in shown.splitlines()]
    assert sample[1].splitlines() == lines


def test_the_scenarios_are_listed_when_asked_for() -> None:
    done = demo("list")
    assert (done.returncode, done.stderr) == (0, "")
    assert " pull-role-on-the-client-id " in done.stdout


@pytest.mark.parametrize("arguments", [("pull-role-mising",), ("pull", "role", "missing")])
def test_another_name_is_refused_with_those_that_there_are(arguments: tuple[str, ...]) -> None:
    done = demo(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert " cluster-stopped " in done.stderr
