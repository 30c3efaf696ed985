"""Reports as test results of the JUnit form, which pipelines show in a tab of their own. Pure.

A suite a report, a test a check. Elements and attributes are those of Jenkins's schema
(https://github.com/jenkinsci/xunit-plugin/blob/master/src/main/resources/org/jenkinsci/plugins/xunit/types/model/xsd/junit-10.xsd),
which Azure Pipelines, GitLab and GitHub's actions read too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from xml.etree.ElementTree import Element, SubElement, indent, tostring  # builds and writes; nothing is parsed

from ..gate import Mark, Marked, marked
from ..quoting import printable
from .answer import Report
from .fleet import worst_first
from .parts import options_of

_ELEMENTS = {
    Mark.FAILURE: "failure",
    Mark.ERROR: "error",
    Mark.OPEN: "skipped",
    Mark.NOT_APPLICABLE: "skipped",
}
_COUNTED = {"failures": "failure", "errors": "error", "skipped": "skipped"}


def junit(reports: Iterable[dict[str, Any]], fail_on: str) -> str:
    """The whole file, the worst report first; a test fails where its finding counts under ``fail_on``."""
    root = Element("testsuites", name="az aks diagnose-pull")
    root.extend(_suite(report, fail_on) for report in worst_first(reports))
    for name in ("tests", "failures", "errors"):  # the schema has no further sum here
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in root)))
    indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}\n'


def _suite(report: Report, fail_on: str) -> Element:
    suite = Element("testsuite", name=printable(_subject(report)))
    properties = SubElement(suite, "properties")
    for name, value in _properties(report):
        SubElement(properties, "property", name=name, value=printable(value))
    by_check: dict[str, list[Marked]] = {}
    for each in marked(report, fail_on):
        by_check.setdefault(each.finding["check"], []).append(each)
    tests = [_test(check, found) for check, found in sorted(by_check.items())]
    suite.extend(tests)
    suite.set("tests", str(len(tests)))
    for name, tag in _COUNTED.items():
        suite.set(name, str(sum(test.find(tag) is not None for test in tests)))
    suite.set("time", f"{report['elapsed']['seconds']:.3f}")
    return suite


def _subject(report: Report) -> str:
    cluster, registry = report["target"]["cluster"], report["target"]["registry"] or {}
    server = registry.get("loginServer") or registry.get("given")
    return f"{cluster['name']} ({cluster['resourceGroup']})" + (f" and {server}" if server else "")


def _properties(report: Report) -> Iterator[tuple[str, str]]:
    target = report["target"]
    given = {
        "verdict": report["verdict"],
        "summary": report["summary"],
        "cluster": target["cluster"]["id"],
        "registry": (target["registry"] or {}).get("id"),
        "image": target["image"],
    }
    return ((name, value) for name, value in given.items() if value)


def _test(check: str, found: Sequence[Marked]) -> Element:
    """One check: what its worst finding comes to, with the text of all like it, and beside it what else was found."""
    test = Element("testcase", classname=found[0].finding["category"], name=check)
    worst = min(each.mark for each in found)
    alike = [each for each in found if each.mark is worst]
    beside = [each for each in found if each.mark is not worst or worst is Mark.WELL]
    if worst is not Mark.WELL:
        first = alike[0].finding
        more = f" (and {len(alike) - 1} more)" if len(alike) > 1 else ""
        result = SubElement(test, _ELEMENTS[worst], message=printable(first["summary"] + more))
        if worst in (Mark.FAILURE, Mark.ERROR):
            result.set("type", first["outcome"] or "unknown")
        if worst is not Mark.NOT_APPLICABLE or len(alike) > 1:
            result.text = _text(alike)
    told = [each for each in beside if each.finding["status"] in ("fail", "warn", "unknown")]
    if told:
        SubElement(test, "system-out").text = _text(told)
    return test


def _text(found: Iterable[Marked]) -> str:
    """A block a finding, an empty line between two."""
    return "\n\n".join("\n".join(map(printable, _lines(each.finding, each.unknown))) for each in found)


def _lines(finding: Mapping[str, Any], unknown: Mapping[str, Any] | None) -> Iterator[str]:
    yield f"{finding['outcome']}: {finding['summary']}" if finding["outcome"] else finding["summary"]
    yield f"Resource: {finding['resource']}"
    if unknown is not None and unknown["permission"]:
        yield f"Right that is missing: {unknown['permission']}"
    for number, steps in options_of(finding):
        for step in steps:
            yield f"{'Repair' if number == 1 else 'Or'}: {step['description']}"
            if step["command"]:
                yield f"  {step['command']}"
    if finding["outcome"]:
        yield f"More: az aks list-pull-checks --outcome {finding['outcome']} -o table"
    if finding["url"]:
        yield f"See {finding['url']}"
