"""The command ``az aks explain-pull-error``: messages in, explanations out. Needs no Azure login."""

from __future__ import annotations

import codecs
import sys
import textwrap
from pathlib import Path
from typing import Any

STANDARD_INPUT = "-"
_LIKELY_IN_TABLE = 3
_TABLE_CELL = 44


def explain_pull_error(message: str | None = None, file: str | None = None) -> list[dict[str, Any]]:
    """Explain one message, or each line of a file (``-``: standard input), in order.

    Blank lines are no messages. Raises az's usage errors for none or both of the arguments
    and for input without any message, and ``FileOperationError`` for a file that cannot be read.
    """
    from azure.cli.core.azclierror import (
        InvalidArgumentValueError,
        MutuallyExclusiveArgumentError,
        RequiredArgumentMissingError,
    )

    from .pull_errors.explain import explain  # its tables would slow down every other az aks command

    if message is not None and file is not None:
        raise MutuallyExclusiveArgumentError(
            "--message and --file exclude each other.", "Put the message into the file, one message a line."
        )
    if message is None and file is None:
        raise RequiredArgumentMissingError(
            "Give the text of a pull error with --message, or a file of them with --file (- is standard input)."
        )
    messages = [message] if message is not None else lines_of(_content(str(file)))
    if not any(text.strip() for text in messages):
        where = (
            "--message" if message is not None else "standard input" if file == STANDARD_INPUT else f"the file {file}"
        )
        raise InvalidArgumentValueError(f"There is no message in {where}.")
    return explain(messages)


def lines_of(content: bytes) -> list[str]:
    """Decode UTF-8, or UTF-16 with its mark as PowerShell writes it; one message a line.

    Bytes that are no text stay visible as ``\\xNN``.
    """
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text = content.decode("utf-16", "replace")
    else:
        text = content.decode("utf-8-sig", "backslashreplace")
    return [line for line in (raw.strip("\r\ufeff") for raw in text.split("\n")) if line.strip()]


def _content(file: str) -> bytes:
    from azure.cli.core.azclierror import FileOperationError

    if file == STANDARD_INPUT:
        return sys.stdin.buffer.read()
    try:
        return Path(file).expanduser().read_bytes()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise FileOperationError(f"The file {file!r} cannot be read: {reason}.") from error


def explain_table(result: list[dict[str, Any]]) -> list[dict[str, str]]:
    """Rows of ``-o table``: what the message is, where, what it means and what is likely behind it.

    Long cells have several lines, since a terminal that breaks the rows makes the table unreadable.
    """
    return [
        {
            "Class": answer["class"],
            "Host": textwrap.fill(answer["host"] or "", _TABLE_CELL),
            "Means": textwrap.fill(answer["words"], _TABLE_CELL),
            "Likely": "\n".join(answer["likelyOutcomes"][:_LIKELY_IN_TABLE]),
            "Article": answer["articleSection"] or "",
        }
        for answer in result
    ]
