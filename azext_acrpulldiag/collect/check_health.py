"""Run ``az acr check-health`` for the registry, and read its text.

It answers for this machine and this login, never for the cluster. The command runs as it is,
in a child: its requests have no time-outs, so that only a process can be ended at the
deadline. On Linux the child is a fork of this ``az``, which has everything loaded already;
elsewhere, or when threads run, it is a new ``az``.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping, Sequence
from types import TracebackType

from ..facts import HealthCode, HealthReport, Unreadable
from .child import Child, Ended, az_command
from .deadline import Deadline
from .fork import AzFork, fork_is_sound

OPERATION = "az acr check-health"

_ENTRY = re.compile(r"^(?:WARNING|ERROR|CRITICAL|INFO|DEBUG): ")
_CODE = re.compile(r"An error occurred: (?P<code>[A-Z][A-Z0-9_]+)$")
_PASSED = re.compile(r"^(?P<what>.+?)\s*: OK$")
# Complaints about programs on this machine, which no cluster uses.
_LOCAL_TOOL = re.compile(r"^(?:DOCKER|HELM|NOTARY)_")
_LOCAL_PASS = re.compile(r"^(?:Docker|Podman) pull of ")
_TESTED_HOST = re.compile(r"(?:DNS lookup to |Failed to reach DNS for registry ')(?P<host>[^\s']+)")
_LOGIN_WORDS = ("az login", "AADSTS", "No subscription found")


class HealthCheck:
    """``az acr check-health``, made ready before the registry is known.

    Make it before any thread is started, so that it may fork; :meth:`run` it, from any
    thread; close it (or leave its ``with`` block) when no run is under way, after which
    nothing of it is left. ``child.end_all`` cuts a run short.
    """

    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline
        self._fork = AzFork(child_environment({}), deadline.remaining()) if fork_is_sound() else None

    def __enter__(self) -> HealthCheck:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def run(self, registry_name: str, subscription: str, login_server: str) -> HealthReport | Unreadable:
        """Return what check-health says of the registry, within the deadline.

        ``subscription`` is the registry's own. Raises nothing: why there is no report is the
        answer then.
        """
        arguments = [
            *("acr", "check-health", "--name", registry_name, "--subscription", subscription, "--ignore-errors"),
        ]
        fork, self._fork = self._fork, None
        if fork is not None:
            try:
                ended = fork.run(arguments, self._deadline.remaining())
            finally:
                fork.end()
        else:
            ended = self._run_child(arguments)
        return health_report_from(ended, login_server)

    def close(self) -> None:
        """End what was made ready and never run."""
        if self._fork is not None:
            self._fork.end()
            self._fork = None

    def _run_child(self, arguments: Sequence[str]) -> Ended:
        try:
            child = Child(az_command(*arguments), child_environment(os.environ))
        except OSError as error:
            return Ended(1, f"ERROR: {error}")
        try:
            return child.wait(self._deadline.remaining()) or child.end()
        finally:
            child.end()


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
        return Unreadable("timeout", f"{OPERATION} gave no answer in time{after}", OPERATION)
    said = next((entry for entry in reversed(entries) if not _CODE.search(entry.partition("\n")[0])), "")
    last = " ".join(said.split())[:300] or "it said nothing"
    reason = "not-logged-in" if any(word in ended.text for word in _LOGIN_WORDS) else "malformed"
    return Unreadable(reason, f"{OPERATION} stopped with exit code {ended.code}{after}: {last}", OPERATION)
