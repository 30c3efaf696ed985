"""Results for a pipeline's test tab, read by a parser that is not ours."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from junitparser import Error, Failure, JUnitXml, Skipped
from xmlschema import XMLSchema

from azext_acrpulldiag.gate import exit_code
from azext_acrpulldiag.present.junit import junit

from .reports import finding, judged_reports, remedy, report

LEVELS = ("error", "warning", "unknown")

# Jenkins's, as pytest has it to test its own files with: testing/example_scripts of its source package.
SCHEMA = XMLSchema(str(Path(__file__).with_name("junit-10.xsd")))


def made(*reports: dict[str, Any], fail_on: str = "error") -> Any:
    text = junit(reports, fail_on)
    SCHEMA.validate(text)
    return JUnitXml.fromstring(text.encode())


def results(suite: Any) -> dict[str, tuple[type, ...]]:
    return {case.name: tuple(type(each) for each in case.result) for case in suite}


def whole(status: str, outcome: str | None = None, **more: Any) -> dict[str, Any]:
    given = {"seenFrom": "azure", "url": "https://x.y/z" if outcome else None, **more}
    return {**finding(outcome or "a.b", status, **given), "outcome": outcome}


def reported(*findings: dict[str, Any], **more: Any) -> dict[str, Any]:
    unknowns = more.pop("unknowns", [])
    cluster = {"name": "prod", "resourceGroup": "rg", "id": "/c"}
    target = {"cluster": cluster, "registry": None, "image": None}
    return {
        **report(findings=list(findings), **more),
        "target": target,
        "unknowns": unknowns,
        "elapsed": {"seconds": 1.25},
    }


# --- of whole runs ----------------------------------------------------------------------


@pytest.mark.parametrize("level", [*LEVELS, "never"])
def test_a_suite_a_report_and_a_test_a_check(level: str) -> None:
    xml = made(*judged_reports(), fail_on=level)
    assert len(list(xml)) == len(judged_reports())
    for suite in xml:
        cases = list(suite)
        names = [case.name for case in cases]
        assert names == sorted(set(names))
        assert all(case.classname == case.name.partition(".")[0] for case in cases)
        kinds = Counter(kind for found in results(suite).values() for kind in found)
        assert (suite.tests, suite.failures, suite.errors, suite.skipped) == (
            len(cases), kinds[Failure], kinds[Error], kinds[Skipped],
        )  # fmt: skip
    assert (xml.tests, xml.failures, xml.errors) == tuple(
        sum(getattr(suite, name) for suite in xml) for name in ("tests", "failures", "errors")
    )


@pytest.mark.parametrize("level", LEVELS)
def test_a_suite_fails_where_the_run_does(level: str) -> None:
    verdicts = {each["verdict"] for each in judged_reports()}
    assert verdicts == {"healthy", "at-risk", "broken", "inconclusive"}
    for each in judged_reports():
        (suite,) = made(each, fail_on=level)
        assert bool(suite.failures + suite.errors) is bool(exit_code(each, level)), each["summary"]
        assert suite.failures or each["verdict"] != "broken"
        assert suite.errors or each["verdict"] != "inconclusive"


def test_every_check_is_a_test_and_every_cause_is_told_with_its_repair() -> None:
    for each in judged_reports():
        (suite,) = made(each)
        assert {case.name for case in suite} == {found["check"] for found in each["findings"]}
        told = "\n".join(found.text or "" for case in suite for found in case.result)
        for root in each["rootCauses"]:
            assert root["summary"] in told and root["url"] in told
            assert all(step["command"] in told for step in root["remedies"] if step["command"])


def test_the_worst_comes_first() -> None:
    verdicts = [suite.properties() for suite in made(*judged_reports())]
    first = [next(each.value for each in found if each.name == "verdict") for found in verdicts]
    assert first == sorted(first, key=("broken", "inconclusive", "at-risk", "healthy").index)


# --- of one check -----------------------------------------------------------------------


def test_several_findings_of_one_check_are_one_test() -> None:
    fails = [
        whole("fail", f"a.{name}", summary=f"{name} fails.", remedies=[remedy(f"az {name}"), remedy(None, option=2)])
        for name in ("first", "second")
    ]
    (suite,) = made(reported(*fails, whole("warn", "a.third", summary="It warns.")))
    (case,) = suite
    (failure,) = case.result
    assert (failure.message, failure.type) == ("first fails. (and 1 more)", "a.first")
    assert failure.text.splitlines()[:6] == [
        "a.first: first fails.",
        "Resource: /r",
        "Repair: Step 1 of option 1",
        "  az first",
        "Or: Step 1 of option 2",
        "More: az aks list-pull-checks --outcome a.first -o table",
    ]
    assert "a.second: second fails." in failure.text and "It warns." not in failure.text
    assert case.system_out.startswith("a.third: It warns.")


@pytest.mark.parametrize(("level", "kinds"), [("error", ()), ("warning", (Failure,)), ("unknown", (Failure,))])
def test_a_warning_passes_with_its_text_unless_it_counts(level: str, kinds: tuple[type, ...]) -> None:
    (suite,) = made(reported(whole("warn", "a.w", summary="It warns."), verdict="at-risk"), fail_on=level)
    (case,) = suite
    assert tuple(map(type, case.result)) == kinds
    assert "It warns." in (case.system_out or case.result[0].text)


@pytest.mark.parametrize(
    ("decisive", "level", "kind"),
    [(True, "error", Error), (False, "error", Skipped), (False, "warning", Skipped), (False, "unknown", Error)],
)
def test_what_could_not_be_read_names_the_right(decisive: bool, level: str, kind: type) -> None:
    unknown = {"decisive": decisive, "permission": "A/b/read"}
    given = reported(whole("unknown", summary="Could not be judged: 403."), verdict="inconclusive", unknowns=[unknown])
    ((case,),) = made(given, fail_on=level)
    (result,) = case.result
    assert type(result) is kind
    assert result.message == "Could not be judged: 403."
    assert "Right that is missing: A/b/read" in result.text


def test_what_passes_for_one_resource_and_is_unread_for_another_is_no_pass() -> None:
    unknown = {"decisive": False, "permission": None}
    given = reported(whole("pass"), whole("unknown", summary="403."), verdict="healthy", unknowns=[unknown])
    ((case,),) = made(given)
    assert [type(each) for each in case.result] == [Skipped]
    ((case,),) = made(reported(whole("pass"), whole("skipped"), verdict="healthy"))
    assert not case.result


# --- hostile texts ----------------------------------------------------------------------

HOSTILE = "a]]><testcase name='x'/><!-- & \" \x00\x0b\x1b[31m\ud800\ufffe\u202e </failure> &#x0; \n\r\u2028"


def test_no_text_adds_an_element_or_a_character_that_is_none() -> None:
    given = json.loads(json.dumps(judged_reports()[1]))
    for found in (*given["findings"], *given["rootCauses"]):
        found["summary"] = found["resource"] = HOSTILE
    given["target"]["cluster"].update(name=HOSTILE, resourceGroup=HOSTILE)
    given["summary"] = HOSTILE
    (suite,), (plain,) = made(given), made(judged_reports()[1])
    assert results(suite) == results(plain)
    assert suite.name == (
        "a]]><testcase name='x'/><!-- & \" \\x00\\x0b\\x1b[31m\\ud800\\ufffe\\u202e </failure> &#x0; \\n\\r\\u2028 ("
        "a]]><testcase name='x'/><!-- & \" \\x00\\x0b\\x1b[31m\\ud800\\ufffe\\u202e </failure> &#x0; \\n\\r\\u2028)"
        " and contosoreg.azurecr.io"
    )
