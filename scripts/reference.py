"""Write what docs/ says of the checks: reference/, with a page for every outcome, and permissions.md.

Run it as ``python -m scripts.reference`` (``make docs``). The pages come from the checks and the
declared permissions, and tests/test_contract.py compares them, so nothing there is edited by hand.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from azext_acrpulldiag.catalogue import Check

from .outcome_pages import outcome_pages
from .permission_page import permission_page

DOCS = Path(__file__).resolve().parent.parent / "docs"
REFERENCE = "reference"
PERMISSIONS = "permissions.md"


def pages(checks: Iterable[Check]) -> dict[str, str]:
    """Return the text of every page by its path below ``docs``."""
    ordered = sorted(checks, key=lambda checked: checked.id)
    written = {f"{REFERENCE}/{name}": text for name, text in outcome_pages(ordered).items()}
    return written | {PERMISSIONS: permission_page(ordered)}


def on_disk() -> dict[str, str]:
    """Return what is there now, in the same form."""
    found = [*(DOCS / REFERENCE).glob("*"), *DOCS.glob(PERMISSIONS)]
    return {path.relative_to(DOCS).as_posix(): path.read_text(encoding="utf-8") for path in found}


def main() -> None:
    """Replace the pages by what the checks say now."""
    from azext_acrpulldiag.checks import ALL

    shutil.rmtree(DOCS / REFERENCE, ignore_errors=True)
    (DOCS / REFERENCE).mkdir(parents=True)
    for name, text in pages(ALL).items():
        (DOCS / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
