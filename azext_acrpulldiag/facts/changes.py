"""What the Activity Log shows of the writes, deletes and actions before a failure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from .envelope import Unreadable

KEPT = timedelta(days=90)
"""How long Azure keeps an entry: https://learn.microsoft.com/azure/azure-monitor/platform/activity-log."""
SUCCEEDED, FAILED = "Succeeded", "Failed"


@dataclass(frozen=True)
class LogQuestion:
    """A question to the Activity Log of a subscription, with the one condition that it takes beside times.

    ``filtered_by`` is ``resourceGroupName``, ``resourceUri`` or ``resourceProvider``. Of what is answered, the entries
    of ``operations`` are kept, whatever their casing.
    """

    subscription: str
    filtered_by: str
    value: str
    since: datetime
    until: datetime
    operations: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """What is asked about, for a sentence."""
        what = {"resourceGroupName": "resource group ", "resourceUri": "", "resourceProvider": ""}[self.filtered_by]
        where = "" if self.filtered_by == "resourceUri" else f" in subscription {self.subscription}"
        return f"{what}{self.value}{where}"


@dataclass(frozen=True)
class Change:
    """One operation on one resource, from all of its entries: they share the correlation id."""

    operation: str
    """``Microsoft.Network/networkSecurityGroups/write``, in Azure's casing."""
    resource_id: str
    began: datetime
    """When its first entry was written; the change itself is made then or in the moments after."""
    status: str
    """``Succeeded``, ``Failed``, or as far as it had got: ``Started``, ``Accepted``; empty: not shown."""
    by: str | None
    """Who did it, as the log calls him: a user principal name, or an object id; ``None``: not shown."""
    correlation_id: str | None
    principal_id: str | None = None
    """Of a role assignment whose body an entry shows: who holds it."""
    role_definition_id: str | None = None
    """The same of its role."""


@dataclass(frozen=True)
class UnreadLog:
    """What of the log was not read, or not to its end."""

    question: LogQuestion
    why: Unreadable


@dataclass(frozen=True)
class ActivityLog:
    """The answers to all questions, as far as there are any."""

    changes: tuple[Change, ...]
    """Newest first."""
    unread: tuple[UnreadLog, ...] = ()
