"""The envelope of a fact: a value, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")

CODES = frozenset(
    {
        "forbidden",  # the login lacks a right
        "internal-error",  # a defect of this extension
        "left-out",  # of a check: it was not to run
        "limited",  # the run asks for no more of it
        "malformed",  # the answer has another form than is documented
        "not-needed",  # of a reading: no check that needs it was to run, so that no report has it
        "not-found",  # it is not there, or is not among what the login is shown
        "not-logged-in",  # the login was refused, or is none for that tenant
        "not-shown",  # the answer lacks the member
        "server-error",  # HTTP 500 and above
        "throttled",  # HTTP 429
        "timeout",  # no answer in time, or no time left to ask
        "unreachable",  # no connection
        "unsupported",  # refused otherwise, or known to Azure in a way that is not read here
    }
)
"""Every reason for not knowing. They are :attr:`Unreadable.reason`, and ``code`` of a report's unknowns."""


@dataclass(frozen=True)
class Unreadable:
    """A fact that could not be had, and what would make it readable.

    ``reason`` is one of :data:`CODES`. ``detail`` is a clause for people. ``operation`` is what
    was tried (``Microsoft.Compute/virtualMachineScaleSets/read`` on an id), ``permission`` the
    right that would allow it.
    """

    reason: str
    detail: str
    operation: str | None = None
    permission: str | None = None

    @property
    def sentence(self) -> str:
        """The whole in words, with the missing right where there is one."""
        need = f" It needs {self.permission}." if self.permission else ""
        return f"{self.detail.rstrip('.')}.{need}"


class NotKnownError(Exception):
    """Raised by :func:`known`; carries why the fact is not there."""

    def __init__(self, why: Unreadable) -> None:
        super().__init__(why.sentence)
        self.why = why


def known(value: T | Unreadable) -> T:
    """Take a fact out of its envelope, or raise :class:`NotKnownError`."""
    if isinstance(value, Unreadable):
        raise NotKnownError(value)
    return value
