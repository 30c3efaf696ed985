"""The summary page of a pipeline, read by GitHub's own parser."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from azext_acrpulldiag.present.markdown import LARGEST, markdown

from .markdown_read import Page, by_common_mark, by_github
from .reports import judged_reports, remedy
from .test_marks import HOSTILE, plain

OURS = {
    "h1", "h2", "h3", "p", "ul", "li", "strong", "code", "pre", "a", "details", "summary",
    "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
SMALL = 1024 * 1024 // 2


def with_texts(report: dict[str, Any], text: str) -> dict[str, Any]:
    """The same report, in which whatever comes from a cluster or a subscription is ``text``."""
    given: dict[str, Any] = json.loads(json.dumps(report))
    given["target"]["cluster"].update(name=text, resourceGroup=text)
    given["target"]["image"] = text
    given["where"] = given["summary"] = text
    if given["target"]["registry"]:
        given["target"]["registry"].update(loginServer=text, given=text)
    for found in (*given["findings"], *given["rootCauses"]):
        found.update(summary=text, resource=text)
        for step in found["remedies"]:
            step["description"], step["changes"] = text, step["changes"] and text
            step["command"] = step["command"] and text
    for group in given["symptomGroups"]:
        group.update(namespaces=[text], images=[text], nodes=[text], nodePools=[text])
    for each in given["unknowns"]:
        each["reason"], each["permission"] = text, each["permission"] and text
    return given


def shape(page: Page) -> Counter[str]:
    """How many of each element there are, but for code spans."""
    return Counter({tag: count for tag, count in page.elements.items() if tag not in ("code", "pre")})


@pytest.mark.parametrize("read", [by_github, by_common_mark])
def test_a_report_says_what_it_has_to(read: Any) -> None:
    for report in judged_reports():
        page = read(markdown([report]))
        assert set(page.elements) <= OURS
        assert shape(page)["details"] == 1
        assert {name for _, name, _ in page.attributes} <= {"href", "lang", "class", "align"}
        text = plain(" ".join(found for _, found in page.texts))
        (heading,) = page.of("h2")
        assert report["target"]["cluster"]["name"] in heading
        assert len(page.of("h3")) == len(report["rootCauses"])
        commands = " ".join(found.replace(" \\\n ", "") for found in page.of("pre"))
        for root in report["rootCauses"]:
            assert " ".join(root["summary"].split())[:300] in text
            assert ("a", "href", root["url"]) in page.attributes
            first = [step["command"] for step in root["remedies"] if step["option"] == 1 and step["command"]]
            assert all(" ".join(each.split()) in " ".join(commands.split()) for each in first)
        for each in report["unknowns"]:
            assert each["reason"][:100] in text
            assert not each["permission"] or each["permission"] in text
        for group in report["symptomGroups"]:
            assert group["class"] in text
        (table,) = [page.of("td")[place::3] for place in (1,)]
        assert table == [found["outcome"] or found["check"] for found in report["findings"]]


@pytest.mark.parametrize("read", [by_github, by_common_mark])
def test_no_text_becomes_an_element(read: Any) -> None:
    for report in (judged_reports()[2], judged_reports()[7]):
        expected = read(markdown([with_texts(report, "name")]))
        for text in filter(str.strip, HOSTILE):
            page = read(markdown([with_texts(report, text)]))
            assert shape(page) == shape(expected), text
            links = [[each for each in found.attributes if each[0] == "a"] for found in (page, expected)]
            assert links[0] == links[1]
            assert not page.comments


def test_hostile_texts_in_the_table_of_several() -> None:
    for text in filter(str.strip, HOSTILE):
        page = by_github(markdown([with_texts(judged_reports()[place], text) for place in (0, 1)]))
        assert (page.elements["table"], page.elements["h1"], page.elements["h2"]) == (3, 1, 2), text
        assert page.elements["tr"] == 3 + 3 + 2 * len(judged_reports()[0]["findings"])


def test_several_reports_begin_with_all_of_them_the_worst_first() -> None:
    page = by_github(markdown(judged_reports()))
    (title,) = page.of("h1")
    assert title == "9 reports of az aks diagnose-pull: 3 broken, 1 inconclusive, 1 at-risk, 4 healthy"
    verdicts = [each.partition(":")[0] for each in page.of("h2")]
    assert len(verdicts) == 9
    assert [each.split(" ", 1)[1] for each in page.of("td")[:45:5]] == [each.split(" ", 1)[1] for each in verdicts]
    assert verdicts[0].endswith("Broken") and verdicts[-1].endswith("Healthy")


# --- what would not fit -----------------------------------------------------------------


def large(**more: Any) -> dict[str, Any]:
    return {**json.loads(json.dumps(judged_reports()[1])), **more}


def test_long_lists_and_long_texts_are_cut() -> None:
    report = large()
    long = "é" * 50_000
    root = {**report["rootCauses"][0], "summary": long}
    root["remedies"] = [
        remedy(f"az {number} {'x' * (5000 if number else 10)}", option=option, step=number + 1)
        for option in range(1, 9)
        for number in range(40)
    ]
    report["rootCauses"] = [root] * 50
    report["findings"] = [{**each, "summary": long} for each in report["findings"] * 100]
    report["symptomGroups"] *= 5000
    report["unknowns"] = [
        {"check": "a.b", "reason": f"{number} {long}", "permission": long, "decisive": True, "code": "forbidden"}
        for number in range(1000)
    ]
    text = markdown([report])
    assert len(text.encode()) < SMALL
    page = by_github(text)
    assert set(page.elements) <= OURS
    said = [found for _, found in page.texts]
    for expected in ("And 40 more causes: see the table below.", "And 5 more options.", "And 30 more steps."):
        assert expected in said
    assert f"And {len(report['findings']) - 200} more." in said
    assert said.count("And 980 more.") == 1 and said.count("And 4980 more.") == 1
    assert "Its command is too long for this page; -o json has it." in said


@pytest.mark.parametrize("count", [100, 3000])
def test_many_reports_fit(count: int) -> None:
    text = markdown([large()] * count)
    assert LARGEST / 2 < len(text.encode()) < SMALL
    page = by_github(text)
    assert shape(page)["details"] == len(page.of("h2")) < count
    assert page.of("p")[-1] == f"{count - len(page.of('h2'))} more reports: they do not fit here."
    assert len(page.of("td")) >= 5 * min(count, 300)
