"""Ask the Activity Log, within a bound of requests.

https://learn.microsoft.com/rest/api/monitor/activity-logs/list: ``$filter`` takes a range of ``eventTimestamp`` and at
most one of resourceGroupName, resourceUri, resourceProvider and correlationId; "No other syntax is allowed". What
``$select`` may name does not include ``caller``, so it is left out, and claims are dropped here unread. A beginning
more than 90 days ago is refused (recorded: "The start time cannot be more than 90 days in the past."). How many
entries a page has is not documented; ``nextLink`` names the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from ...facts import ActivityLog, LogQuestion, Unreadable, UnreadLog
from ..ask.arm import ArmReader, Page, in_parallel
from ..ask.errors import operation_of
from .models import Event, changes_from, events_from

API_VERSION = "2015-04-01"
MOST_REQUESTS = 5
"""Pages count, and so does what failed."""


def read_log(arm: ArmReader, questions: Sequence[LogQuestion]) -> ActivityLog:
    """Ask all questions, those that matter most first, in at most :data:`MOST_REQUESTS` requests.

    First one page of each, at once; then, in the same order, the pages that follow. Questions that no request is
    left for, and lists that go on, are unread.
    """
    asked = [_Asked(arm, question) for question in questions]
    left = MOST_REQUESTS
    while left > 0 and (batch := [each for each in asked if each.goes_on][:left]):
        left -= len(batch)
        answers = in_parallel([each.next_page for each in batch])
        for each, page in zip(batch, answers, strict=True):
            each.take(page)
    events = [event for each in asked for event in each.events]
    unread = tuple(UnreadLog(each.question, why) for each in asked if (why := each.unread) is not None)
    return ActivityLog(changes_from(events), unread)


@dataclass
class _Asked:
    """A question, and how far its answer was read."""

    arm: ArmReader
    question: LogQuestion
    events: list[Event] = field(default_factory=list)
    pages: int = 0
    _following: str | None = None
    _why: Unreadable | None = None

    @property
    def goes_on(self) -> bool:
        """Whether there is a page to ask for."""
        return self._why is None and (self.pages == 0 or self._following is not None)

    @property
    def unread(self) -> Unreadable | None:
        """Why not all of it was read; ``None``: it was."""
        if self._why is None and self.goes_on:
            said = "has more entries than were read" if self.pages else "was not asked"
            limit = f"the run asks for {MOST_REQUESTS} pages of it at most"
            detail = f"The Activity Log about {self.question.words} {said}: {limit}"
            return Unreadable("limited", detail, operation_of(self._path))
        return self._why

    def next_page(self) -> Page | None:
        """Ask for it. Raises ``ReadError``."""
        read = partial(self.arm.page, self._path, API_VERSION, self._following)
        return read(**{"$filter": self._filter})

    def take(self, page: Page | Unreadable | None) -> None:
        """Keep what was answered."""
        self.pages += 1
        if isinstance(page, Unreadable):
            self._why = page
            return
        if page is None:
            why = f"There is no Activity Log of subscription {self.question.subscription}"
            self._why = Unreadable("not-found", why, operation_of(self._path))
            return
        self._following = page.following
        events, self._why = events_from(page.items, self.question, self._path)
        self.events += events

    @property
    def _path(self) -> str:
        return f"/subscriptions/{self.question.subscription}/providers/Microsoft.Insights/eventtypes/management/values"

    @property
    def _filter(self) -> str:
        value = self.question.value.replace("'", "''")
        times = (
            f"eventTimestamp ge '{_moment(self.question.since)}' and eventTimestamp le '{_moment(self.question.until)}'"
        )
        return f"{times} and {self.question.filtered_by} eq '{value}'"


def _moment(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")
