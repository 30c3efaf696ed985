"""The command ``az aks explain-pull-error``: what people paste in, explanations out. Needs no Azure login."""

from __future__ import annotations

import codecs
import io
import sys
import textwrap
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import AbstractContextManager, closing, nullcontext, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .pasted import Reading
    from .pull_errors.explain.answers import Answers

STANDARD_INPUT = "-"
_LIKELY_IN_TABLE = 3
_TABLE_CELL = 44
_LOOKED_AT = 4096
"""Bytes at the beginning that tell text from anything else."""
_PACKED = {
    b"\x1f\x8b": "gzip -dc",
    b"PK\x03\x04": "unzip -p",
    b"BZh": "bzip2 -dc",
    b"\xfd7zXZ": "xz -dc",
    b"\x28\xb5\x2f\xfd": "zstd -dc",
}
_FEW_CONTROLS = 32
"""At the beginning of a text, and no more than a tenth of it; terminals leave some."""
_LONGEST_LINE = 131_072
"""Characters of a message that are read, the half from its beginning and the half from its end; as the parser does."""
_ADVICE = "Give the text of an event, or the output of `kubectl describe pod` or `kubectl get events`."


def explain_pull_error(cmd: Any, message: str | None = None, file: str | None = None) -> list[dict[str, Any]]:
    """Explain what is pasted: one message, or what a file or standard input (``-``, or a pipe and no argument) holds.

    Equal answers stand once, in the order of their first message. What says nothing of a failed pull is counted on
    standard error. Raises az's usage errors for both or none of the arguments, for input without any message, and for
    documents that cannot be read; ``FileOperationError`` for a file that cannot.
    """
    from azure.cli.core.azclierror import InvalidArgumentValueError, MutuallyExclusiveArgumentError

    from .pasted import DocumentError  # its tables, and those of pull errors, would slow down every other command
    from .pull_errors.explain.answers import TooManyError

    if message is not None and file is not None:
        raise MutuallyExclusiveArgumentError(
            "--message and --file exclude each other.", "Put the message into the file, one message a line."
        )
    try:
        if message is not None:
            return _of_one(message, cmd)
        with _opened(file) as stream, closing(lines_of(stream)) as lines:
            return _of_many(lines, file, cmd)
    except DocumentError as error:
        raise InvalidArgumentValueError(str(error), error.advice) from error
    except TooManyError as error:
        raise InvalidArgumentValueError(str(error), "Give a part of them, such as one namespace or one day.") from error


def _of_one(message: str, cmd: Any) -> list[dict[str, Any]]:
    """A message of any number of lines is one, unless it is plainly a table or a whole document."""
    from .pasted import DocumentError, Pasted, Reading
    from .pull_errors.explain.answers import Answers

    if not message.strip():
        raise _no_message("--message")
    if "\n" in message.strip():
        reading, answers = Reading(bounded(line.strip("\r")) for line in message.split("\n")), Answers()
        with suppress(DocumentError):  # it is a text like any other
            _answer(reading, answers)
            if reading.structured:
                return _told(answers, reading, cmd)
    answers = Answers()
    answers.add(Pasted(bounded(message)), always=True)
    return _told(answers, None, cmd)


def _of_many(lines: Iterable[str], file: str | None, cmd: Any) -> list[dict[str, Any]]:
    from .pasted import Pasted, Reading
    from .pull_errors.explain.answers import Answers

    reading, answers = Reading(lines), Answers()
    _answer(reading, answers)
    if reading.is_empty:
        raise _no_message("standard input" if file in (None, STANDARD_INPUT) else f"the file {file}")
    if reading.single is not None and not answers.report()[0]:
        answers.add(Pasted(reading.single), always=True)
        return _told(answers, None, cmd)
    return _told(answers, reading, cmd)


def _answer(reading: Reading, answers: Answers) -> None:
    for each in reading:
        if not answers.add(each):
            reading.skip(each)


def _no_message(where: str) -> Any:
    from azure.cli.core.azclierror import InvalidArgumentValueError

    return InvalidArgumentValueError(f"There is no message in {where}.", _ADVICE)


# --- what is said beside the answers ------------------------------------------------------


def _told(answers: Answers, reading: Reading | None, cmd: Any) -> list[dict[str, Any]]:
    """The answers; on standard error what was left out, and for people how to go on."""
    from knack.log import get_logger

    log = get_logger(__name__)
    report, folded = answers.report()
    if reading is not None and (skipped := _skipped(reading)):
        log.warning("Skipped %s of an image pull that fails.", skipped)
    if folded:
        texts = _counted(folded, "text that only says", "texts that only say")
        log.warning("Left out %s that a pull failed: another text says why.", texts)
    if not report:
        log.warning("Nothing is left to explain. %s", _ADVICE)
    if cmd.cli_ctx.invocation.data.get("output") == "table":
        for line in _how_to_go_on(report):
            log.warning("%s", line)
    return report


def _how_to_go_on(report: list[dict[str, Any]]) -> Iterator[str]:
    """What the columns of a table have no room for."""
    pages = [answer["page"] for answer in report if answer["page"]]
    if pages:
        yield f"To read what the likeliest outcome means: {pages[0]}"
    commands = list(dict.fromkeys(answer["next"] for answer in report if answer["next"]))
    for command in commands[:_LIKELY_IN_TABLE]:
        yield f"To find the cause in the cluster: {command}"
    if len(commands) > _LIKELY_IN_TABLE:
        yield f'{len(commands) - _LIKELY_IN_TABLE} more of these: --query "[?next].next" --output tsv'


def _skipped(reading: Reading) -> str:
    parts = [
        _counted(number, one, many)
        for number, one, many in (
            (reading.skipped_lines, "line", "lines"),
            (reading.skipped_messages, "message", "messages"),
        )
        if number
    ]
    says = "that says nothing" if reading.skipped_lines + reading.skipped_messages == 1 else "that say nothing"
    return f"{' and '.join(parts)} {says}" if parts else ""


def _counted(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


# --- reading ------------------------------------------------------------------------------


def _opened(file: str | None) -> AbstractContextManager[IO[bytes]]:
    """The file, or standard input, which stays open."""
    from azure.cli.core.azclierror import RequiredArgumentMissingError

    if file not in (None, STANDARD_INPUT):
        try:
            return Path(str(file)).expanduser().open("rb")
        except (OSError, ValueError, RuntimeError) as error:  # "\0" in the name; no home for "~"
            raise _unreadable(f"The file {file!r}", error) from error
    if sys.stdin is None or (file is None and sys.stdin.isatty()):
        raise RequiredArgumentMissingError(
            "Give the text of a pull error with --message, or what kubectl printed with --file or in a pipe.",
            "kubectl describe pod MyPod | az aks explain-pull-error",
        )
    return nullcontext(sys.stdin.buffer)


def _unreadable(what: str, error: Exception) -> Any:
    from azure.cli.core.azclierror import FileOperationError

    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return FileOperationError(f"{what} cannot be read: {reason}.", _ADVICE)


def lines_of(stream: IO[bytes]) -> Generator[str, None, None]:
    """Decode UTF-8, or UTF-16 with its mark as PowerShell writes it, line by line, without the ends of lines.

    Bytes that are no text stay visible as ``\\xNN``. A line that may be a document is whole up to the largest one and a
    character. Raises az's errors for what cannot be read, and for what is no text at all.
    """
    from .pasted import LARGEST, opens_json

    try:
        head = stream.peek(_LOOKED_AT)[:_LOOKED_AT]  # type: ignore[attr-defined]
        _refuse_binary(head)
        wide = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        text = io.TextIOWrapper(
            stream, "utf-16" if wide else "utf-8-sig", "replace" if wide else "backslashreplace", newline="\n"
        )
        try:
            while line := _line(text, LARGEST, opens_json):
                yield line.strip("\r\n\ufeff")
        finally:
            text.detach()
    except OSError as error:
        raise _unreadable("What was given", error) from error


def _line(text: IO[str], largest: int, is_document: Callable[[str], bool]) -> str:
    """The next line with its end, or of a longer one what is read of it; empty at the end."""
    line = text.readline(largest + 1)
    if len(line) <= _LONGEST_LINE or is_document(line[:_LONGEST_LINE]):
        return line
    length, end = len(line), line
    while not end.endswith("\n") and (more := text.readline(largest)):
        length += len(more)
        end = end[-_LONGEST_LINE:] + more
    return _shortened(line, end, length)


def bounded(text: str) -> str:
    """The text, or of a very long one its beginning and its end, as far as they are read."""
    return text if len(text) <= _LONGEST_LINE else _shortened(text, text, len(text))


def _shortened(begin: str, end: str, length: int) -> str:
    half = _LONGEST_LINE // 2 - 50
    return f"{begin[:half]} [... {length - 2 * half:,} characters ...] {end[-half:]}"


def _refuse_binary(head: bytes) -> None:
    from azure.cli.core.azclierror import InvalidArgumentValueError

    for magic, unpack in _PACKED.items():
        if head.startswith(magic):
            raise InvalidArgumentValueError(
                "What was given is packed, not text.", f"{unpack} MyFile | az aks explain-pull-error"
            )
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return
    controls = sum(byte < 32 and byte not in b"\t\n\r\f\x1b" for byte in head)
    if controls > max(_FEW_CONTROLS, len(head) // 10):
        raise InvalidArgumentValueError("What was given is no text.", _ADVICE)


def explain_table(result: list[dict[str, Any]]) -> list[dict[str, str]]:
    """Rows of ``-o table``: what the message is, where, what it means and what is likely behind it.

    Long cells have several lines, since a terminal that breaks the rows makes the table unreadable.
    """
    return [
        {
            "Class": answer["class"],
            "Count": str(answer["count"]),
            "Host": textwrap.fill(answer["host"] or "", _TABLE_CELL),
            "Means": textwrap.fill(answer["words"], _TABLE_CELL),
            "Likely": "\n".join(answer["likelyOutcomes"][:_LIKELY_IN_TABLE]),
            "Article": answer["articleSection"] or "",
        }
        for answer in result
    ]
