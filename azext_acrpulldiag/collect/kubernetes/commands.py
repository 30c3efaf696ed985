"""Questions to an API server as one command for inside the cluster, and its output as their answers. Pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ...masking import masked
from ..ask.arm import Json
from ..members import member
from .questions import Question
from .refused import RUNNING as RUNNING_PODS
from .templates import RUNNING, SHAPES, object_in, of_list, of_one

CLUSTER_WIDE = ("nodes", "namespaces")

_BEGIN = "begin"
_END = re.compile(r"end (\d{1,3}) (\d{1,3})")
_COUNT = re.compile(r"count (\d{1,9})")
# What kubectl says beside an answer: warnings of the API server, and lines of its own log.
_BESIDE = re.compile(r"Warning: |[IWE]\d{4} ")
# "Error from server (Forbidden): pods is forbidden: ..."; "error: You must be logged in to the server (Unauthorized)".
_REASON = re.compile(r"^(?:Error from server|error: You must be logged in to the server) \((\w+)\)", re.MULTILINE)
# Reasons of https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/ and their codes.
_STATUSES = {
    "Unauthorized": 401,
    "Forbidden": 403,
    "NotFound": 404,
    "TooManyRequests": 429,
    "InternalError": 500,
    "ServiceUnavailable": 503,
    "Timeout": 504,
    "ServerTimeout": 504,
}
_LONGEST_TEXT = 300


@dataclass(frozen=True)
class Refused:
    """What kubectl says in place of objects."""

    status: int | None
    """That of the API server; ``None``: kubectl had no answer of it."""
    text: str


Answer = tuple[Json, ...] | Refused


@dataclass(frozen=True)
class Section:
    """One run of kubectl: a list, or objects of one kind in one namespace by their names."""

    questions: tuple[Question, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names that are asked for; none: it is a list."""
        return tuple(each.name for each in self.questions if each.name is not None)

    def command(self) -> str:
        """The command for a POSIX shell, with what it says of errors among its output."""
        first = self.questions[0]
        shape = RUNNING if first.selector.startswith(RUNNING_PODS) else SHAPES[first.resource]
        words = ["kubectl", "get", first.resource]
        if self.names:
            words += [*self.names, "--ignore-not-found"]
        if first.namespace is not None:
            words += ["--namespace", first.namespace]
        elif first.resource not in CLUSTER_WIDE:
            words.append("--all-namespaces")
        if first.selector:
            words += ["--field-selector", first.selector]
        # kubectl shows one object by itself, and several as a list.
        template = of_one(shape) if len(self.names) == 1 else of_list(shape)
        return f"{shlex.join([*words, '--output', f'go-template={template}'])} 2>&1"


@dataclass(frozen=True)
class Output:
    """What a command's output has: the sections that are whole, and the one at which it was cut."""

    whole: Mapping[Section, Answer]
    cut: Section | None
    begun: tuple[Json, ...] = ()
    """The objects of ``cut`` that came before the end."""


def sections_of(questions: Iterable[Question]) -> tuple[Section, ...]:
    """The runs of kubectl that answer them, in their order; none for what cannot be: it may look like an option."""
    grouped: dict[object, list[Question]] = {}
    for each in (each for each in questions if each.is_possible):
        grouped.setdefault(each if each.name is None else (each.resource, each.namespace), []).append(each)
    return tuple(Section(tuple(dict.fromkeys(group))) for group in grouped.values())


def script(sections: Sequence[Section]) -> str:
    """One command: the beginning and the end of each section's output can be told, and how it ended."""
    runs = [f"{each.command()}; echo end {number} $?" for number, each in enumerate(sections, 1)]
    return "; ".join([f"echo {_BEGIN}", *runs])


def answers_in(sections: Sequence[Section], output: str) -> Output:
    """Take the output of :func:`script` apart; whichever end of it was cut off, nothing cut counts as whole.

    No text of the cluster can be a mark: those of objects have no line breaks in them.
    """
    whole: dict[Section, Answer] = {}
    cut: Section | None = None
    at, lines = 0, list[str]()  # the section that the lines are of; 0: its beginning was not seen
    for line in (each.rstrip("\r") for each in output.split("\n")):
        end = _END.fullmatch(line)
        if line == _BEGIN:
            at, lines = 1, []
        elif end is None:
            lines.append(line)
        else:
            number = int(end[1])
            answer = _answer(sections[number - 1], lines, int(end[2])) if number == at else None
            if answer is not None:
                whole[sections[number - 1]] = answer
            elif number <= len(sections):
                cut = sections[number - 1]
            at, lines = number + 1, []
    if 0 < at <= len(sections):
        begun = (object_in(line) for line in lines)
        return Output(whole, sections[at - 1], tuple(item for item in begun if item is not None))
    return Output(whole, cut)


def _answer(section: Section, lines: list[str], code: int) -> Answer | None:
    """What one run of kubectl printed; ``None``: it is not whole."""
    told = [line for line in lines if line.strip() and not _BESIDE.match(line)]
    objects = [line for line in told if line.startswith("{")]
    if code:
        return _refused([line for line in told if not line.startswith("{")])
    items = tuple(item for line in objects if (item := object_in(line)) is not None)
    counts = [int(found[1]) for line in told if (found := _COUNT.fullmatch(line))]
    if section.names and not told:
        return ()  # without a name that is there kubectl prints nothing at all
    expected = 1 if len(section.names) == 1 else next(iter(counts), None)
    return items if len(items) == len(objects) == expected else None


def _refused(said: list[str]) -> Refused:
    reason = _REASON.search("\n".join(said))
    text = masked(said[0])[:_LONGEST_TEXT] if said else "it says nothing"
    return Refused(_STATUSES.get(reason[1]) if reason else None, text)


def named(items: Iterable[Json], question: Question) -> Json | None:
    """The object of a question's name (and namespace) among ``items``; ``None``: there is none."""
    for item in items:
        namespace = member(item, "metadata", "namespace")
        if member(item, "metadata", "name") == question.name and question.namespace in (None, namespace):
            return item
    return None
