"""The envelope of a fact: a value, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Unreadable:
    """A fact that could not be had, and what would make it readable.

    ``reason`` is a code: ``forbidden``, ``not-found``, ``not-shown`` (the answer lacks the
    field), ``throttled``, ``timeout``, ``unreachable``, ``server-error``, ``malformed``,
    ``unsupported``, ``not-logged-in``, ``internal-error``. ``detail`` is a clause for people.
    ``operation`` is what was tried (``Microsoft.Compute/virtualMachineScaleSets/read`` on an
    id), ``permission`` the right that would allow it.
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
