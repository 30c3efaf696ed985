"""Do the installed ``az`` and ``kubectl`` take the commands that a report tells its reader to run?"""

from __future__ import annotations

import contextlib
import io
import itertools
import re
import shlex
import tempfile
from functools import cache, lru_cache
from typing import Any

from . import kubectl

# First words of commands of other programs, and of extensions that are not installed here.
NOT_OF_AZ = ("kubectl", "docker")
EXTENSIONS: tuple[tuple[str, ...], ...] = (
    # azure-firewall; its tests and documentation have each of these
    ("network", "firewall", "application-rule", "create"),
    ("network", "firewall", "network-rule", "create"),
    ("network", "firewall", "policy", "rule-collection-group", "create"),
    ("network", "firewall", "policy", "rule-collection-group", "collection", "add-filter-collection"),
    # dns-resolver; its tests have it, and published runbooks the form of its list of servers
    ("dns-resolver", "forwarding-rule", "update"),
    # virtual-network-manager; its documentation has it, with each of the options
    ("network", "manager", "security-admin-config", "rule-collection", "rule", "create"),
)


# NAME=$(command), which keeps what the command prints; a value that is no command is for the shell alone.
_KEPT = re.compile(r"[A-Z_]+=(?:\$\((?P<command>.*)\)|(?:[\w-]|\$\(date [^)]*\))+)", re.DOTALL)


def objection(command: str) -> str | None:
    """What ``az``, or ``kubectl``, has against a command line, or ``None``.

    Values do not matter, so each form is parsed once. Of a pipeline, and of a command whose output is kept in a
    variable, each program is asked.
    """
    kept = _KEPT.fullmatch(command)
    if kept is not None:
        inner = kept["command"]
        return None if inner is None else objection(inner)
    for part in programs(command):
        if found := _of_one(part):
            return found
    return None


def programs(command: str) -> list[list[str]]:
    """The words of each program of a pipeline. Raises ``ValueError`` for a quote that is not closed."""
    lexer = shlex.shlex(command, posix=True, punctuation_chars="|;&<>")
    lexer.whitespace_split = True
    parts: list[list[str]] = [[]]
    for word in lexer:
        if word == "|":
            parts.append([])
        else:
            parts[-1].append(word)
    return parts


def _of_one(words: list[str]) -> str | None:
    if words[0] == "kubectl" and kubectl.have_kubectl():
        return kubectl.objection(tuple(words[1:]))
    if words[0] in NOT_OF_AZ:
        return None
    if words[0] != "az":
        return f"{words[0]} is no program that a reader has"
    if any(tuple(words[1 : 1 + len(each)]) == each for each in EXTENSIONS):
        return None
    return _objection(tuple(words[1:]))


def _objection(words: tuple[str, ...]) -> str | None:
    form = tuple(word if _is_option_or_name(word, at, words) else "value" for at, word in enumerate(words))
    if form not in _answers:
        _answers[form] = _parse(words)
    return _answers[form]


_answers: dict[tuple[str, ...], str | None] = {}


def _is_option_or_name(word: str, at: int, words: tuple[str, ...]) -> bool:
    """An option, or a word of the command's name, which stands before the first option."""
    return word.startswith("-") or not any(earlier.startswith("-") for earlier in words[:at])


def _parse(words: tuple[str, ...]) -> str | None:
    name = tuple(itertools.takewhile(lambda word: not word.startswith("-"), words))
    invoker = _invoker(name)
    if invoker is None:
        return f"az has no such command: {' '.join(words)}"
    _cli().invocation = invoker
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
        try:
            invoker.parser.parse_args(list(words))
        except SystemExit as stop:
            return f"az {' '.join(words)}: exit {stop.code} {said.getvalue()}"
    return None


@cache
def _invoker(words: tuple[str, ...]) -> Any:
    """What parses the command that the words before the first option name, or ``None`` where there is none.

    Made as az makes it: it loads the modules that these words choose, and of their commands keeps the one.
    """
    from azure.cli.core.commands.events import EVENT_INVOKER_POST_LOAD_ARGUMENTS, EVENT_INVOKER_PRE_LOAD_ARGUMENTS
    from knack.events import EVENT_INVOKER_POST_CMD_TBL_CREATE

    cli = _cli()
    invoker = cli.invocation_cls(
        cli_ctx=cli, parser_cls=cli.parser_cls, commands_loader_cls=cli.commands_loader_cls, help_cls=cli.help_cls
    )
    cli.invocation = invoker
    loader = invoker.commands_loader
    with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
        loader.load_command_table(list(words))
        name = _name(words, loader.command_table)
        if name is None:
            return None
        loader.command_table = {name: loader.command_table[name]}
        invoker.data["command_string"] = name
        cli.raise_event(EVENT_INVOKER_PRE_LOAD_ARGUMENTS, commands_loader=loader)
        loader.load_arguments(name)
        cli.raise_event(EVENT_INVOKER_POST_LOAD_ARGUMENTS, commands_loader=loader)
        cli.raise_event(EVENT_INVOKER_POST_CMD_TBL_CREATE, commands_loader=loader)
        invoker.parser.load_command_table(loader)
    return invoker


def _name(words: tuple[str, ...], table: Any) -> str | None:
    for length in range(len(words), 0, -1):
        if " ".join(words[:length]) in table:
            return " ".join(words[:length])
    return None


@cache
def _cli() -> Any:
    """An ``az`` of this process, with a configuration folder of its own."""
    from azure.cli.core import AzCli, MainCommandsLoader
    from azure.cli.core._help import AzCliHelp
    from azure.cli.core.azlogging import AzCliLogging
    from azure.cli.core.commands import AzCliCommandInvoker
    from azure.cli.core.parser import AzCliCommandParser

    return AzCli(
        cli_name="az",
        config_dir=_folder().name,
        config_env_var_prefix="AZURE",
        commands_loader_cls=MainCommandsLoader,
        invocation_cls=AzCliCommandInvoker,
        parser_cls=AzCliCommandParser,
        logging_cls=AzCliLogging,
        help_cls=AzCliHelp,
    )


@lru_cache(maxsize=1)
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="acrpulldiag-parser-")
