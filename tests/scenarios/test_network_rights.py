"""No right on the network can be taken away so that something else looks broken, or what is broken looks sound."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import Any

import pytest

from azext_acrpulldiag.permissions import every_right
from azext_acrpulldiag.rights import Right
from tests.azure.state import Cloud, Grant

from .engines import AT_ONCE, Engine, asked, lent
from .least_privilege import by_check, complaints, hide, refuse
from .rights import asked_for
from .running import unread
from .stories import STORIES, Story

OF_NETWORK = [right for right in every_right() if right.name.startswith("Microsoft.Network/")]
# Lists of a whole subscription leave out what may not be seen; all else is refused.
IN_LISTS = {
    f"Microsoft.Network/{kind}/read"
    for kind in ("azureFirewalls", "dnsForwardingRulesets", "dnsResolvers", "privateDnsZones", "virtualHubs")
}
# Hardly anybody has such a zone: that it was not ruled out is told, and leaves a preflight without complaint healthy.
SHADOWED = "private-zone-of-the-public-name"
# Of stories with the same causes the first few: the others differ in what is told, not in who may see it.
OF_ONE_KIND = 2


def broken() -> dict[str, Story]:
    """The stories of broken networks, by name."""
    kinds: dict[tuple[tuple[str, ...], tuple[str, ...]], list[Story]] = {}
    for story in STORIES.values():
        if any(outcome.startswith("network.") for outcome in story.outcomes) and not story.starts_a_pod:
            kinds.setdefault((story.root_causes, story.arguments), []).append(story)
    return {each.name: each for kind in kinds.values() for each in kind[:OF_ONE_KIND]} | {SHADOWED: STORIES[SHADOWED]}


BROKEN = broken()


def report_of(engines: SimpleQueue[Engine], story: Story, cloud: Cloud) -> dict[str, Any]:
    with lent(engines) as engine:
        answer = engine.run(cloud, **asked(story.arguments))
    assert "report" in answer, answer
    report: dict[str, Any] = answer["report"]
    return report


def taken_away(story: Story, cloud: Cloud) -> Iterator[tuple[Right, Cloud]]:
    """The cloud of a story without each right on the network that it asked for."""
    wanted = asked_for(cloud.log, cloud)
    for right in OF_NETWORK:
        for take in (refuse, hide) if right.name in IN_LISTS else (refuse,):
            if right.name.lower() in wanted:
                less = story.told()
                take(less, right)
                yield right, less


def made_up(before: dict[str, Any], after: dict[str, Any]) -> Iterator[str]:
    """What the report ``after`` says that not even ``before`` did."""
    causes, found = ({each["outcome"] for each in report["rootCauses"]} for report in (before, after))
    if not found <= causes:
        yield f"a wrong root cause: {sorted(found)}, was {sorted(causes)}"
    said = by_check(after)
    for check, known in by_check(before).items():
        statuses, new = ({status for status, _ in each} for each in (known, said[check]))
        if new == {"pass"} != statuses:
            yield f"{check} passes: was {dict(known)}"
        if any(outcome is not None for _, outcome in set(said[check]) - set(known)):
            yield f"{check} made up: {dict(known)} became {dict(said[check])}"


@pytest.mark.parametrize("name", BROKEN)
def test_nothing_is_made_up_without_a_right(name: str, engines: SimpleQueue[Engine]) -> None:
    story, cloud = BROKEN[name], BROKEN[name].told()
    before = report_of(engines, story, cloud)
    assert {each["outcome"] for each in before["rootCauses"]} == set(story.root_causes), unread(before)
    had_all = cloud.caller_grants == [Grant("/")] and not cloud.forbidden

    def wrong(less: tuple[Right, Cloud]) -> list[str]:
        right, after = less[0], report_of(engines, story, less[1])
        found = [*made_up(before, after), *(complaints(before, after, [right]) if had_all else ())]
        if name == SHADOWED:
            assert "network.private-dns" in {each["check"] for each in after["unknowns"]} or after["rootCauses"]
            found = [each for each in found if not each.startswith("the verdict is healthy")]
        return [f"without {right.name}: {each}\n{unread(after)}" for each in found]

    with ThreadPoolExecutor(AT_ONCE) as pool:
        said = [each for found in pool.map(wrong, taken_away(story, cloud)) for each in found]
    assert not said, "\n".join(said)
