"""Pieces of Markdown that all pages are made of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from azext_acrpulldiag.rights import Kind

KINDS = {
    Kind.ACTION: "Azure action",
    Kind.DATA_ACTION: "Azure data action",
    Kind.GRAPH: "Microsoft Graph",
    Kind.KUBERNETES: "Kubernetes",
}


def page(*parts: str) -> str:
    """Join headings, paragraphs and tables; empty ones are left out."""
    return "\n\n".join(part for part in parts if part) + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; empty without rows."""
    body = [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows]
    if not body:
        return ""
    return "\n".join([f"| {' | '.join(head)} |", f"|{'---|' * len(head)}", *body])


def code(text: str) -> str:
    """Text in the fixed font of a line."""
    return f"`{text}`"


def prose(manual: str) -> str:
    """A docstring's text; its double backticks become single ones."""
    return manual.replace("``", "`")


def named(template: str) -> str:
    """A template's text with its ``{names}`` in italics: *principal name*."""
    return re.sub(r"\{(\w+)\}", lambda match: f"*{match[1].replace('_', ' ')}*", template)
