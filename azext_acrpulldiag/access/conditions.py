"""Conditions on role and deny assignments: would this one be met by a pull from a repository?

The grammar is Azure's (https://learn.microsoft.com/azure/role-based-access-control/conditions-format),
of which container registries know one attribute, the repository's name. Logic is three-valued:
whatever is not understood is ``UNKNOWN``, and stays so unless the rest settles the answer
(``false AND unknown`` is false). Pure; nothing here raises.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

MAX_DEPTH = 50
_REPOSITORY_NAME = "@request[microsoft.containerregistry/registries/repositories:name]"


class Answer(Enum):
    """Yes, no, or not to be told from what is known."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


def answer_of(truth: bool) -> Answer:
    """Return a truth value as an answer."""
    return Answer.YES if truth else Answer.NO


def negated(answer: Answer) -> Answer:
    """NOT."""
    return {Answer.YES: Answer.NO, Answer.NO: Answer.YES, Answer.UNKNOWN: Answer.UNKNOWN}[answer]


def all_of(answers: Iterable[Answer]) -> Answer:
    """AND: one no settles it. Yes for none at all."""
    given = set(answers)
    if Answer.NO in given:
        return Answer.NO
    return Answer.UNKNOWN if Answer.UNKNOWN in given else Answer.YES


def any_of(answers: Iterable[Answer]) -> Answer:
    """OR: one yes settles it. No for none at all."""
    return negated(all_of(negated(answer) for answer in answers))


@lru_cache(maxsize=8192)
def matches_operation(pattern: str, operation: str) -> bool:
    """Tell whether an action pattern of a role covers an operation.

    Case does not count, and ``*`` stands for any characters, slashes included: ``*/read``
    covers every read (https://learn.microsoft.com/azure/role-based-access-control/role-definitions).
    """
    return _covers([_ANY if char == "*" else char for char in pattern.lower()], operation.lower())


def condition_holds(condition: str | None, operation: str, repository: str | None) -> Answer:
    """Answer whether ``condition`` allows ``operation`` for ``repository``.

    ``None`` as condition is always met. ``None`` as repository leaves every comparison with
    its name unknown, so that only a condition that never gets that far is settled.
    """
    if condition is None or not condition.strip():
        return Answer.YES
    try:
        parser = _Parser(_tokens(condition), operation, repository)
        answer = parser.expression(0)
        parser.expect_end()
    except _NotUnderstoodError:
        return Answer.UNKNOWN
    return answer


def names_the_repository(condition: str | None) -> bool:
    """Tell whether ``condition`` asks for the repository's name."""
    return condition is not None and _REPOSITORY_NAME in condition.replace(" ", "").lower()


# --- words -----------------------------------------------------------------------------


class _NotUnderstoodError(Exception):
    """The text is not of the part of the grammar that is known here."""


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str


_TOKEN = re.compile(
    r"\s*(?:(?P<string>'[^']*')|(?P<attribute>@\w+\[[^\]]*\])|(?P<guid>[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})"
    r"|(?P<number>-?\d+(?:\.\d+)?)|(?P<word>[A-Za-z_][\w:]*)|(?P<mark>&&|\|\||[!(){},]))"
)
_SPELLINGS = {"&&": "and", "||": "or", "!": "not"}


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    position, end = 0, len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            raise _NotUnderstoodError
        word = match[match.lastgroup]
        if match.lastgroup in ("word", "mark") and _SPELLINGS.get(word, word.lower()) in ("and", "or", "not"):
            tokens.append(_Token("logic", _SPELLINGS.get(word, word.lower())))
        else:
            tokens.append(_Token(match.lastgroup, word))
        position = match.end()
    return tokens


# --- sentences -------------------------------------------------------------------------


class _Parser:
    """Recursive descent that answers while it reads."""

    def __init__(self, tokens: list[_Token], operation: str, repository: str | None) -> None:
        self._tokens = tokens
        self._next = 0
        self._operation = operation
        self._repository = repository

    def expression(self, depth: int) -> Answer:
        """unit (AND unit)* or unit (OR unit)*: Azure wants parentheses where they are mixed."""
        if depth > MAX_DEPTH:
            raise _NotUnderstoodError
        answers = [self._unit(depth)]
        joint: str | None = None
        while (token := self._peek()).kind == "logic" and token.text in ("and", "or"):
            if joint not in (None, token.text):
                raise _NotUnderstoodError
            joint = self._take("logic").text
            answers.append(self._unit(depth))
        return any_of(answers) if joint == "or" else all_of(answers)

    def expect_end(self) -> None:
        """Refuse anything that follows."""
        self._take("end")

    def _unit(self, depth: int) -> Answer:
        token = self._peek()
        if token == _Token("logic", "not"):
            self._take("logic")
            if depth > MAX_DEPTH:
                raise _NotUnderstoodError
            return negated(self._unit(depth + 1))
        if token.text == "(" and token.kind == "mark":
            self._mark("(")
            inner = self.expression(depth + 1)
            self._mark(")")
            return inner
        if token.kind == "word":
            return self._function()
        return self._comparison()

    def _function(self) -> Answer:
        name = self._take("word").text.lower()
        if name == "exists":
            self._take("attribute")
            return Answer.UNKNOWN
        arguments = self._braced()
        if name != "actionmatches" or len(arguments) != 1 or arguments[0].kind != "string":
            return Answer.UNKNOWN
        return answer_of(matches_operation(_unquoted(arguments[0]), self._operation))

    def _comparison(self) -> Answer:
        attribute = self._take("attribute").text.replace(" ", "").lower()
        operator = self._take("word").text
        braced = self._peek() == _Token("mark", "{")
        values = self._braced() if braced else [self._value()]
        known = attribute == _REPOSITORY_NAME and self._repository is not None
        if not known or any(value.kind != "string" for value in values):
            return Answer.UNKNOWN
        return _compared(self._repository or "", operator, [_unquoted(value) for value in values])

    def _braced(self) -> list[_Token]:
        self._mark("{")
        values = [self._value()]
        while self._peek() == _Token("mark", ","):
            self._mark(",")
            values.append(self._value())
        self._mark("}")
        return values

    def _value(self) -> _Token:
        token = self._peek()
        if token.kind not in ("string", "guid", "number", "word", "attribute"):
            raise _NotUnderstoodError
        return self._take(token.kind)

    def _peek(self) -> _Token:
        return self._tokens[self._next] if self._next < len(self._tokens) else _Token("end", "")

    def _take(self, kind: str) -> _Token:
        token = self._peek()
        if token.kind != kind:
            raise _NotUnderstoodError
        self._next += 1
        return token

    def _mark(self, text: str) -> None:
        if self._take("mark").text != text:
            raise _NotUnderstoodError


# --- comparisons -----------------------------------------------------------------------

_OPERATOR = re.compile(
    r"(?:for(?:any|all)of(?P<values>any|all)values:)?"
    r"string(?P<negation>not)?(?P<test>equals|startswith|like)(?P<ignore_case>ignorecase)?",
    re.IGNORECASE,
)


def _compared(name: str, operator: str, values: list[str]) -> Answer:
    """Compare the repository's one name with the values by one of the string operators."""
    match = _OPERATOR.fullmatch(operator)
    if match is None or (len(values) > 1 and match["values"] is None):
        return Answer.UNKNOWN
    test = match["test"].lower()
    if any("\\" in (value if test != "like" else re.sub(r"\\[*?]", "", value)) for value in values):
        return Answer.UNKNOWN
    if match["ignore_case"]:
        name, values = name.lower(), [value.lower() for value in values]
    found = [_TESTS[test](name, value) != bool(match["negation"]) for value in values]
    every = (match["values"] or "any").lower() == "all"
    return answer_of(all(found) if every else any(found))


def _like(name: str, pattern: str) -> bool:
    return _covers(_pattern(pattern), name)


_TESTS: dict[str, Callable[[str, str], bool]] = {
    "equals": str.__eq__,
    "startswith": str.startswith,
    "like": _like,
}


_ANY = ("*",)
_ONE = ("?",)


def _pattern(text: str) -> list[str | tuple[str]]:
    """Split a Like pattern into characters and wildcards; a backslash before a wildcard makes it a character."""
    parts = re.findall(r"\\[*?]|.", text, re.DOTALL)
    return [_ANY if part == "*" else _ONE if part == "?" else part[-1] for part in parts]


def _covers(pattern: Sequence[str | tuple[str]], text: str) -> bool:
    """Match the whole of ``text``, going back to the latest ``*`` only: no pattern can make this slow."""
    at = position = 0
    star, resume = -1, 0
    while position < len(text):
        if at < len(pattern) and pattern[at] is _ANY:
            star, resume = at, position
            at += 1
        elif at < len(pattern) and (pattern[at] is _ONE or pattern[at] == text[position]):
            at, position = at + 1, position + 1
        elif star >= 0:
            resume += 1
            at, position = star + 1, resume
        else:
            return False
    return all(part is _ANY for part in pattern[at:])


def _unquoted(token: _Token) -> str:
    return token.text[1:-1]
