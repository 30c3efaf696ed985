"""What is left out is not read either: the requests that ``--skip`` saves, and what it costs no other check."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import Any

import pytest

from azext_acrpulldiag.checks import ALL
from azext_acrpulldiag.checks.symptom import UNEXPLAINED
from azext_acrpulldiag.diagnosis.changed import CHECK as CHANGES
from azext_acrpulldiag.diagnosis.evaluate import left_out
from tests.azure import secrets
from tests.azure.state import Cloud

from .engines import AT_ONCE, SKIP, Engine
from .savings import Saving, noted, table

CATEGORIES = tuple(sorted({checked.category for checked in ALL}))
WHOLE = 47
SAVED = {
    **dict.fromkeys(CATEGORIES, 0),
    "network": 13,
    "pull-secret": 5,
    "pull-secret.credential": 2,
    # Checks of several categories need the same facts: roles, cache rules, the kubelet identity, the nodes.
    "access pull-secret": 10,
    "access identity": 0,  # pull secrets are weighed by whether the kubelet identity can sign in
    "image registry.cache registry.bootstrap-rule": 10,
    "access identity nodes pull-secret": 12,
    " ".join(each for each in CATEGORIES if each != "cluster"): 37,
}
"""How many requests fewer a run makes, by the words of ``--skip``."""


def private_pair() -> Cloud:
    """A pod fails for a registry with a private endpoint; its pull secret, of a registry token, is right."""
    cloud = Cloud()
    cloud.grant()
    cloud.private_link()
    cloud.node()
    secrets.registry_token(cloud)
    secrets.failing_pod(cloud)
    secrets.pull_secret(cloud, "pull-app", "sim-token-password+ACRt1")
    return cloud


def report_without(engines: SimpleQueue[Engine], skip: Sequence[str]) -> dict[str, Any]:
    """The report of a run that leaves out ``skip``, which met nothing that was not read for its sake."""
    cloud, engine = private_pair(), engines.get()
    try:
        answer = engine.run(cloud, skip=[*SKIP, *skip])
    finally:
        engines.put(engine)
    report: dict[str, Any] = answer["report"]
    assert "not-needed" not in {each["code"] for each in report["unknowns"]}, skip
    return report


def findings(report: dict[str, Any], skip: Sequence[str] = ()) -> dict[str, list[dict[str, Any]]]:
    """By check, but for those that are left out; what nothing explains is told by what all others say."""
    found: dict[str, list[dict[str, Any]]] = {}
    for each in report["findings"]:
        if not left_out(each["check"], [*skip, CHANGES]) and each["outcome"] != UNEXPLAINED.id:
            found.setdefault(each["check"], []).append(each)
    return found


@pytest.fixture(scope="module")
def whole(engines: SimpleQueue[Engine]) -> dict[str, Any]:
    return report_without(engines, ())


@pytest.mark.parametrize("words", ["", *SAVED])
def test_what_is_left_out_is_not_read(
    words: str, whole: dict[str, Any], engines: SimpleQueue[Engine], record_property: Any
) -> None:
    report = report_without(engines, skip := words.split())
    elapsed = report["elapsed"]
    noted(record_property, Saving(words, elapsed["requests"], elapsed["longestChain"], WHOLE))
    assert WHOLE - elapsed["requests"] == SAVED.get(words, 0)
    assert findings(report, skip) == findings(whole, skip)


def test_checks_alone_say_what_they_say_among_all(whole: dict[str, Any], engines: SimpleQueue[Engine]) -> None:
    """What they declare to need is all that they need; those that need the same run together."""
    alike: dict[object, list[str]] = {}
    for checked in ALL:
        # The only one for which credentials are offered.
        alike.setdefault((checked.needs, checked.id == "pull-secret.credential"), []).append(checked.id)

    def differ(checks: list[str]) -> list[tuple[object, object]]:
        skip = [checked.id for checked in ALL if checked.id not in checks]
        alone, among_all = findings(report_without(engines, skip), skip), findings(whole, skip)
        return [
            (alone.get(check), among_all.get(check)) for check in checks if alone.get(check) != among_all.get(check)
        ]

    with ThreadPoolExecutor(AT_ONCE) as pool:
        assert [each for found in pool.map(differ, alike.values()) for each in found] == []


def test_the_table_has_a_line_for_each_run() -> None:
    _, first, second = table([Saving("image", 34, 4, 42), Saving("", 42, 7, 42)])
    assert (first.split(), second.split()) == (["-", "42", "7", "0"], ["image", "34", "4", "8"])
