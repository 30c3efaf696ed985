"""Run ``az acr check-health`` for the registry, and read its text.

It answers for this machine and this login, never for the cluster. The command runs as it is,
in a child: its requests have no time-outs, so that only a process can be ended at the
deadline. On Linux the child is a fork of this ``az``, which has everything loaded already
and is given the registry as this run has read it, instead of looking it up once more;
elsewhere, or when threads run, it is a new ``az``.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import Any

from ...arm_ids import key_of
from ...facts import HealthCode, HealthReport, Registry, Unreadable
from ...quoting import quoted
from ..ask.deadline import Deadline
from ..ask.shared import Shared
from .child import Child, Ended, az_command
from .fork import AzFork, fork_is_sound

OPERATION = "az acr check-health"
_LONGEST = 300
"""Characters of what the command said last that a reason repeats."""

_ENTRY = re.compile(r"^(?:WARNING|ERROR|CRITICAL|INFO|DEBUG): ")
_CODE = re.compile(r"An error occurred: (?P<code>[A-Z][A-Z0-9_]+)$")
_PASSED = re.compile(r"^(?P<what>.+?)\s*: OK$")
# Complaints about programs on this machine, which no cluster uses.
_LOCAL_TOOL = re.compile(r"^(?:DOCKER|HELM|NOTARY)_")
_LOCAL_PASS = re.compile(r"^(?:Docker|Podman) pull of ")
_TESTED_HOST = re.compile(r"(?:DNS lookup to |Failed to reach DNS for registry ')(?P<host>[^\s']+)")
# What the command will import while it waits for nothing else.
_NEEDED_LATER = ("azure.mgmt.containerregistry", "azure.cli.core.auth.identity", "requests")
# Parts of a registry that the command has no use for; a firewall's rules can be many.
_NOT_TOLD = ("networkRuleSet", "privateEndpointConnections")
_LOGIN_WORDS = ("az login", "AADSTS", "No subscription found")


class HealthCheck:
    """``az acr check-health``, begun before the registry is known.

    ``name`` is the registry's, as the command's text shall call it; empty: there are several, or none is known yet.
    Make it before any thread is started, so that it may fork for that registry; :meth:`run` it from any thread; close
    it (or leave its ``with`` block), which cuts a run short that is under way.
    """

    def __init__(self, deadline: Deadline, name: str) -> None:
        self._deadline = deadline
        self._lock = threading.Lock()
        self._closed = False
        self._reports: Shared[str, HealthReport | Unreadable] = Shared()
        self._children: list[Child] = []
        self._fork: AzFork | None = None
        if name and fork_is_sound():
            self._fork = AzFork(partial(_prepare, name), child_environment({}), deadline.remaining())

    def __enter__(self) -> HealthCheck:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def run(
        self, registry: Registry, body: Mapping[str, Any], deadline: Deadline | None = None
    ) -> HealthReport | Unreadable:
        """Return what check-health says of the registry, within its deadline or another; it runs once a registry.

        ``body`` is Resource Manager's answer that ``registry`` was read from. Raises nothing:
        why there is no report is the answer then.
        """
        return self._reports.get(key_of(registry.id), lambda: self._run(registry, body, deadline or self._deadline))

    def _run(self, registry: Registry, body: Mapping[str, Any], deadline: Deadline) -> HealthReport | Unreadable:
        if self._fork is not None and self._closed:
            ended = Ended(None, "")
        elif self._fork is not None:
            ended = self._fork.run(_told(registry, body), deadline.remaining())
        else:
            ended = self._run_child(_arguments(registry.name, registry.subscription), deadline)
        return health_report_from(ended, registry.login_server)

    def close(self) -> None:
        """End what was made ready, and what still runs."""
        with self._lock:
            self._closed = True
        if self._fork is not None:
            self._fork.end()
        for child in self._children:
            child.kill()

    def _run_child(self, arguments: Sequence[str], deadline: Deadline) -> Ended:
        with self._lock:
            if self._closed:
                return Ended(None, "")
            try:
                child = Child(az_command(*arguments), child_environment(os.environ))
            except OSError as error:
                return Ended(1, f"ERROR: {error}")
            self._children.append(child)
        try:
            return child.wait(deadline.remaining()) or child.end()
        finally:
            child.end()


def _arguments(name: str, subscription: str) -> list[str]:
    return ["acr", "check-health", "--name", name, "--subscription", subscription, "--ignore-errors"]


def _told(registry: Registry, body: Mapping[str, Any]) -> dict[str, Any]:
    """What the fork needs to know of the registry: little enough for a pipe to hold at once."""
    properties = {name: value for name, value in body["properties"].items() if name not in _NOT_TOLD}
    return {
        "name": registry.name,
        "subscription": registry.subscription,
        "group": registry.resource_group,
        "registry": {**body, "properties": properties},
    }


def _prepare(name: str, wait: Callable[[], str]) -> list[str]:
    """In the fork: let the command wait for the registry where it would look it up.

    A version that looks it up in another way is left to do so.
    """
    from azure.cli.command_modules.acr import check_health

    _share_connections()
    if not hasattr(check_health, "get_registry_by_name"):
        told = json.loads(wait())
        return _arguments(told["name"], told["subscription"])

    def get_registry_by_name(cli_ctx: Any, *_: Any) -> tuple[Shown, str]:
        for module in _NEEDED_LATER:
            with suppress(ImportError):
                importlib.import_module(module)
        told = json.loads(wait(), object_hook=Shown)
        cli_ctx.data["subscription_id"] = told["subscription"]
        return told["registry"], told["group"]

    check_health.get_registry_by_name = get_registry_by_name
    return ["acr", "check-health", "--name", name, "--ignore-errors"]


def _share_connections() -> None:
    """Let the command's four requests to the registry use one connection."""
    import requests

    requests.api.request = requests.Session().request


class Shown(dict[str, Any]):
    """A resource's JSON under the names of the SDKs' models; what it does not show is ``None`` there too."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        first, *others = name.split("_")
        key = first + "".join(word.capitalize() for word in others)
        return self[key] if key in self else self.get("properties", {}).get(key)


def child_environment(base: Mapping[str, str]) -> dict[str, str]:
    """``base``, and what keeps check-health's text plain and local programs out of its reach.

    ``DOCKER_COMMAND`` alone is not enough: older versions fall back to ``docker.exe``.
    """
    if sys.platform == "win32":
        nowhere, path = r"C:\nonexistent\docker", str(os.environ.get("SYSTEMROOT", r"C:\Windows")) + r"\System32"
    else:
        nowhere, path = "/nonexistent/docker", "/nonexistent"
    return {
        **base,
        "PATH": path,
        "DOCKER_COMMAND": nowhere,
        "AZURE_CORE_NO_COLOR": "true",
        "AZURE_CORE_ONLY_SHOW_ERRORS": "false",
        "PYTHONIOENCODING": "utf-8",
    }


def health_report_from(ended: Ended, login_server: str) -> HealthReport | Unreadable:
    """Turn check-health's log text into a report on ``login_server``.

    A code or a failure is kept where it was found, though the command went no further. A
    report without any code counts only if the command came to its end and tested that host.
    """
    entries = _entries(ended.text.splitlines())
    codes = tuple(code for code in map(_code_of, entries) if code and not _LOCAL_TOOL.match(code.code))
    passed = tuple(what for what in map(_passed, entries) if what and not _LOCAL_PASS.match(what))
    hosts = {match["host"].lower() for match in _TESTED_HOST.finditer(ended.text)}
    if hosts and login_server.lower() not in hosts:
        tested = ", ".join(sorted(hosts))
        detail = f"{OPERATION} could not look up the registry and tested {tested}, not {login_server}"
        return Unreadable("unsupported", detail, OPERATION, "Microsoft.ContainerRegistry/registries/read")
    if codes or (ended.code == 0 and passed):
        return HealthReport(codes, passed)
    return _why_not(ended, entries, passed)


def _entries(lines: Sequence[str]) -> list[str]:
    """Join the lines of each log record; its level is cut off."""
    entries: list[str] = []
    for line in lines:
        level = _ENTRY.match(line)
        if level:
            entries.append(line[level.end() :])
        elif entries:
            entries[-1] += "\n" + line
    return entries


def _code_of(entry: str) -> HealthCode | None:
    first, _, rest = entry.partition("\n")
    match = _CODE.search(first)
    if match is None:
        return None
    return HealthCode(match["code"], " ".join(rest.split()))


def _passed(entry: str) -> str | None:
    match = _PASSED.match(entry)
    return match["what"] if match else None


def _why_not(ended: Ended, entries: Sequence[str], passed: Sequence[str]) -> Unreadable:
    after = f" after these passed: {'; '.join(passed)}" if passed else ""
    if ended.cut_short:
        return Unreadable("timeout", f"{OPERATION} timed out{after}", OPERATION)
    said = next((entry for entry in reversed(entries) if not _CODE.search(entry.partition("\n")[0])), "")
    last = quoted(said, _LONGEST) or "no output"
    reason = "not-logged-in" if any(word in ended.text for word in _LOGIN_WORDS) else "malformed"
    return Unreadable(reason, f"{OPERATION} stopped with exit code {ended.code}{after}: {last}", OPERATION)
