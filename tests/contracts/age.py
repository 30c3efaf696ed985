"""How old the preview api-versions are that the extension asks with: ``python -m tests.contracts.age``.

A preview of AKS works for about a year after its release, and can then be refused any day
(https://learn.microsoft.com/azure/aks/concepts-preview-api-life-cycle). Nine months leave time for a new one.
"""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from re import fullmatch

PROJECT = Path(__file__).resolve().parents[2]
PACKAGE = PROJECT / "azext_acrpulldiag"
MONTHS = 9


@dataclass(frozen=True)
class Pinned:
    """An api-version that a module asks with."""

    module: str
    name: str
    version: str

    @property
    def is_preview(self) -> bool:
        return self.version.endswith("-preview")

    @property
    def due(self) -> date:
        """When a preview should have been replaced: nine months after its date."""
        released = date.fromisoformat(self.version[:10])
        months = released.month - 1 + MONTHS
        # Every month has 28 days.
        return date(released.year + months // 12, months % 12 + 1, min(released.day, 28))

    def __str__(self) -> str:
        return f"{self.module}: {self.name} = {self.version}"


def pinned() -> list[Pinned]:
    """Every constant of the package that is an api-version to ask with, by module and name."""
    found = []
    for file in sorted(PACKAGE.rglob("*.py")):
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
                version = str(node.value.value)
                name = getattr(node.targets[0], "id", "")
                if name.endswith(("API", "API_VERSION")) and fullmatch(r"\d{4}-\d\d-\d\d(-preview)?", version):
                    found.append(Pinned(str(file.relative_to(PROJECT)), name, version))
    return found


def overdue(today: date, versions: list[Pinned]) -> list[Pinned]:
    """The previews that are older than nine months."""
    return [each for each in versions if each.is_preview and today > each.due]


def main() -> int:
    """Print what is pinned, and return 1 where a preview is too old."""
    today = date.today()
    versions = pinned()
    late = overdue(today, versions)
    for each in versions:
        due = f", to be replaced after {each.due}" if each.is_preview else ""
        print(f"{each}{due}{': TOO OLD' if each in late else ''}")
    if late:
        print(
            f"{len(late)} preview api-version(s) are older than {MONTHS} months. Pin the newest that has every member "
            "that is read, and its package in requirements-contracts.txt; make contracts tells what is missing."
        )
    return 1 if late else 0


if __name__ == "__main__":
    sys.exit(main())
