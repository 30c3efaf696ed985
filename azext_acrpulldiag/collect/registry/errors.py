"""What a registry's refusals mean, in a fact's words. Pure."""

from __future__ import annotations

import json
import re
from enum import Enum
from typing import Any

from ...facts import Refusal, Unreadable
from ...masking import masked
from ...pull_errors.bodies import cache_rule_in
from ...quoting import printable
from ..ask.errors import ReadError

_CLIENT_ADDRESS = re.compile(r"client with IP '([0-9a-fA-F.:]+)'")
_FIREWALL = ("is not allowed access", "aka.ms/acr/firewall")
_LONGEST = 500
_DISALLOWED = "REGISTRY_DISALLOWED_OPERATION"
_DISALLOWED_TEXT = "operation is disallowed"


class Absence(str, Enum):
    """What a 404 says is not there."""

    REPOSITORY = "repository"
    REFERENCE = "reference"
    BLOB = "blob"

    @classmethod
    def of(cls, status: int, payload: bytes) -> Absence | None:
        """Tell what is missing. ``None``: the answer is no 404 of a registry."""
        codes = {code for code, _ in errors_in(payload)} if status == 404 else set()
        return next((absence for code, absence in _ABSENCES.items() if code in codes), None)


_ABSENCES = {
    "NAME_UNKNOWN": Absence.REPOSITORY,
    "MANIFEST_UNKNOWN": Absence.REFERENCE,
    "TAG_UNKNOWN": Absence.REFERENCE,
    "BLOB_UNKNOWN": Absence.BLOB,
}


class RegistryRefusalError(ReadError):
    """The registry answered, with something else than what was asked for.

    ``step`` is ``exchange``, ``token`` or ``content``; ``words`` are its own; ``firewall`` says that it refuses the
    address of this machine, ``disallowed`` that it forbids the operation itself, to anybody
    (a locked or quarantined image).
    """

    def __init__(self, why: Unreadable, status: int, step: str, payload: bytes) -> None:
        super().__init__(why)
        found = errors_in(payload)
        said = " ".join(message for _, message in found)
        self.status = status
        self.step = step
        self.code = found[0][0] if found else None
        self.firewall = status == 403 and any(mark in said for mark in _FIREWALL)
        self.words = Refusal(status, self.code or "", _shortened(said))
        self.disallowed = 400 <= status < 500 and (self.code == _DISALLOWED or _DISALLOWED_TEXT in said)


def refusal_from(
    status: int, payload: bytes, login_server: str, path: str, step: str, right: str = ""
) -> RegistryRefusalError:
    """Name a refusal.

    ``right`` is what the CLI's login lacks where the registry answers 401; empty: the
    credential is not that of the CLI.
    """
    return RegistryRefusalError(_why(status, payload, login_server, path, step, right), status, step, payload)


def _why(status: int, payload: bytes, login_server: str, path: str, step: str, right: str) -> Unreadable:
    found = errors_in(payload)
    operation = f"{login_server}{path}"
    said = f"HTTP {status}" + (f" {found[0][0]}" if found else "")
    text = " ".join(message for _, message in found)
    if status == 403 and any(mark in text for mark in _FIREWALL):
        address = _CLIENT_ADDRESS.search(text)
        machine = f"this machine ({address[1]})" if address else "this machine"
        what = f"{said}: the firewall of {login_server} does not allow {machine}, which says nothing about the nodes"
        return Unreadable("forbidden", what, operation, f"network access from {machine} to {login_server}")
    if cache_rule_in(text) is not None:
        # It is about the registry that the rule fetches from, whatever the status says of this one.
        return Unreadable("unsupported", f"{said} from {operation}: {_shortened(text)}", operation)
    if status in (401, 403):
        whose = "this login" if right else "the credential"
        what = f"{said}: {login_server} refuses {whose} {_STEPS.get(step, 'at')} {path}"
        return Unreadable("forbidden", what, operation, f"{right} for this login" if right else None)
    if status == 429:
        return Unreadable("throttled", f"{said}: {login_server} throttles this machine's requests", operation)
    reason = "server-error" if status >= 500 else "unsupported"
    return Unreadable(reason, f"{said} from {operation}", operation)


def _shortened(text: str) -> str:
    """What may be shown of a registry's message."""
    return printable(text[:_LONGEST])


_STEPS = {"exchange": "an exchange of its token at", "token": "a token at"}


def errors_in(payload: bytes) -> list[tuple[str, str]]:
    """The (code, message) pairs of a registry's error body, with secrets masked; none where it is something else."""
    errors = (parsed(payload) or {}).get("errors")
    rows = [row for row in errors if isinstance(row, dict)] if isinstance(errors, list) else []
    return [(masked(str(row.get("code") or "")), masked(str(row.get("message") or ""))) for row in rows]


def parsed(payload: bytes) -> dict[str, Any] | None:
    """The JSON object in ``payload``, or ``None``."""
    try:
        value = json.loads(payload)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
