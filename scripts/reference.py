"""Write docs/reference/: an index of all checks, and a page for every outcome.

Run it as ``python -m scripts.reference`` (``make docs``). The pages come from the checks
themselves, and tests/test_contract.py compares them, so nothing there is edited by hand.
"""

from __future__ import annotations

import inspect
import shutil
from collections.abc import Iterable
from pathlib import Path

from azext_acrpulldiag.catalogue import Check, Outcome, RemedyTemplate
from azext_acrpulldiag.model import Severity

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "reference"

RESULT = {Severity.ERROR: "stops the pull", Severity.WARNING: "may stop the pull"}


def pages(checks: Iterable[Check]) -> dict[str, str]:
    """Return the text of every page by its file name."""
    ordered = sorted(checks, key=lambda checked: checked.id)
    written = {"README.md": _index(ordered)}
    for checked in ordered:
        for outcome in checked.outcomes:
            written.setdefault(f"{outcome.id}.md", _page(outcome, checked))
    return written


def _index(checks: list[Check]) -> str:
    rows = [f"| `{checked.id}` | {checked.title} | {'<br>'.join(map(_link, checked.outcomes))} |" for checked in checks]
    return "\n".join(
        [
            "# Checks",
            "",
            "Every check with the healthy condition that it tests, and what it reports where that does not hold.",
            "`--skip` takes the ids of checks and their categories, the part before the dot.",
            "",
            "| check | healthy when | outcomes |",
            "|---|---|---|",
            *rows,
            "",
        ]
    )


def _link(outcome: Outcome) -> str:
    return f"[`{outcome.id}`]({outcome.id}.md)"


def _page(outcome: Outcome, checked: Check) -> str:
    parts = [
        f"# {outcome.id}",
        f"> {outcome.summary}",
        f"{outcome.severity.value.capitalize()}: it {RESULT[outcome.severity]}. "
        f"Confidence: {outcome.confidence.value}. Seen from: {outcome.seen_from.value}.",
        f"## How it is decided\n\nCheck `{checked.id}`. {_markdown(checked.manual)}",
        f"## Evidence\n\n{', '.join(f'`{key}`' for key in outcome.evidence_keys) or 'None.'}",
    ]
    if outcome.remedies:
        parts.append("## Repair\n\n" + "\n\n".join(_remedy(*step) for step in enumerate(outcome.remedies, 1)))
    if outcome.explains:
        parts.append("## Explains\n\n" + ", ".join(f"`{name}`" for name in outcome.explains))
    parts.append(f"## More\n\n<{outcome.url}>")
    return "\n\n".join(parts) + "\n"


def _remedy(number: int, remedy: RemedyTemplate) -> str:
    command = f"\n\n   ```\n   {remedy.command}\n   ```" if remedy.command else ""
    return f"{number}. {remedy.description.rstrip('.')}.{command}"


def _markdown(manual: str) -> str:
    """A docstring's text; its double backticks become single ones."""
    return inspect.cleandoc(manual).replace("``", "`")


def main() -> None:
    """Replace the folder by what the checks say now."""
    from azext_acrpulldiag.checks import ALL

    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    for name, text in pages(ALL).items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
