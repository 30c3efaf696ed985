"""What the room costs a run that neither saves nor redacts, and what a snapshot costs that is judged."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]


def test_a_run_without_snapshots_imports_nothing_of_them() -> None:
    pytest.importorskip("azure.cli.core", reason="azure-cli is not installed")
    code = (
        "import sys, azext_acrpulldiag.custom, azext_acrpulldiag.commands, azext_acrpulldiag.engine\n"
        "print([name for name in sys.modules if 'acrpulldiag' in name and 'snapshot' in name])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=PROJECT, check=True)
    assert done.stdout == "[]\n"
