"""What holds for every check, outcome and module, whoever adds it."""

from __future__ import annotations

import ast
import inspect
import json
import os
import re
import sys
from collections.abc import Collection, Iterator
from dataclasses import fields
from functools import cache
from importlib import import_module
from itertools import chain
from pathlib import Path
from pkgutil import walk_packages
from typing import get_args, get_type_hints

import pytest

from azext_acrpulldiag import checks as checks_package
from azext_acrpulldiag.catalogue import Check, Outcome
from azext_acrpulldiag.collect.reading import NOT_NEEDED, in_order
from azext_acrpulldiag.collect.readings import FACTS
from azext_acrpulldiag.details import Details, names_of
from azext_acrpulldiag.diagnosis.evaluate import evaluate
from azext_acrpulldiag.facts import CODES, Facts, Unreadable
from azext_acrpulldiag.listing import page_of
from azext_acrpulldiag.model import Finding, Severity, Status
from azext_acrpulldiag.pull_errors import SYMPTOM_CLASSES
from azext_acrpulldiag.quoting import placeholders
from azext_acrpulldiag.repairs import Option, Step, names_in, steps_of
from azext_acrpulldiag.rights import Kind
from scripts import reference
from tests import build
from tests.variants import variants_of

PROJECT = Path(__file__).resolve().parent.parent
PACKAGE = PROJECT / "azext_acrpulldiag"

OUTCOME_ID = r"[a-z][a-z-]*\.[a-z][a-z0-9-]*"

# Of a check that was not to run: no fact has it.
LEFT_OUT = "left-out"

# Known by construction, so no check has to declare that it needs them.
ALWAYS_KNOWN = {"now", "targets"}


def _declared() -> tuple[Check, ...]:
    """Every check of every module in checks/, found by reading the folder."""
    found_modules = walk_packages(checks_package.__path__, f"{checks_package.__name__}.")
    modules = [import_module(name) for name in sorted(module.name for module in found_modules)]
    found = {id(value): value for module in modules for value in vars(module).values() if isinstance(value, Check)}
    return tuple(found.values())


CHECKS = _declared()
OUTCOMES = tuple({id(outcome): outcome for checked in CHECKS for outcome in checked.outcomes}.values())

each_check = pytest.mark.parametrize("checked", CHECKS, ids=lambda checked: checked.id)
each_outcome = pytest.mark.parametrize("outcome", OUTCOMES, ids=lambda outcome: outcome.id)


# --- the catalogue ---------------------------------------------------------------------


def test_all_lists_every_check_once():
    listed = [checked.id for checked in getattr(checks_package, "ALL", ())]
    assert sorted(listed) == sorted(checked.id for checked in CHECKS)
    assert len(listed) == len(set(listed))


def test_an_outcome_id_belongs_to_one_outcome():
    ids = [outcome.id for outcome in OUTCOMES]
    assert sorted(ids) == sorted(set(ids))


@each_check
def test_a_check_is_documented(checked):
    first, _, rest = inspect.cleandoc(checked.manual).partition("\n\n")
    assert re.fullmatch(r"[A-Z][^\n]*[^.\n]\.", first), "the first line is the healthy condition, one sentence"
    assert ". " not in first, "the first line is one sentence"
    assert rest.strip()
    assert checked.why, "why breaking it stops a pull"
    assert checked.how.startswith("Decided "), "how it is decided, in a sentence that begins so"
    assert re.fullmatch(OUTCOME_ID, checked.id)
    assert checked.outcomes


@each_outcome
def test_an_outcome_is_documented(outcome):
    assert re.fullmatch(OUTCOME_ID, outcome.id)
    assert re.match(r"https://learn\.microsoft\.com/(?![a-z]{2}-[a-z]{2}/)", outcome.url), "without a language"
    assert outcome.summary.endswith((".", "}")), "a sentence, or what Azure said"
    assert outcome.id not in outcome.explains


@each_outcome
def test_every_placeholder_is_an_evidence_key(outcome):
    wanted = placeholders(outcome.summary)
    known = {name for kind in outcome.details for name in names_of(kind)}
    options = {name for each in outcome.repairs if isinstance(each, Option) for name in names_in(each.when)}
    assert wanted | options | set(outcome.explains_when.values()) <= known
    assert set(outcome.explains_when) <= set(outcome.explains)
    for step in steps_of(outcome.repairs):
        items = {name for kind in _items_of(outcome, step) for name in names_of(kind)}
        assert step.names | set(names_in(step.when)) <= known | items


def _items_of(outcome: Outcome, step: Step) -> Iterator[type[Details]]:
    """The kinds of details that a step repeats over."""
    for kind in outcome.details if step.each else ():
        if step.each in names_of(kind):
            hint = get_type_hints(kind).get(step.each) or get_type_hints(getattr(kind, step.each).fget)["return"]
            yield from (each for each in get_args(hint) if isinstance(each, type) and issubclass(each, Details))


@each_outcome
def test_a_command_that_changes_something_names_its_rights(outcome):
    for step in steps_of(outcome.repairs):
        if step.command is None:
            assert not step.requires
        assert all(re.fullmatch(RIGHT_TO_CHANGE, each) for each in step.requires), step.requires


# Of Resource Manager, of Microsoft Graph, of Kubernetes.
RIGHT_TO_CHANGE = (
    r"Microsoft\.\w+(/\w+)+/(read|write|delete|action)|[A-Z]\w+(\.\w+)+|(get|create|patch|update|delete) [a-z]+"
)


# Commands that change nothing, by the words before their first option; check-acr takes away the pod that it starts.
READ_ONLY = re.compile(
    r"az( [a-z-]+)+ (show|show-tags|show-usage|list|list-metadata|get-credentials|check-acr|check-health)"
    r"|kubectl (get|describe|logs)( [a-z]+)*"
)


@each_outcome
def test_a_command_says_what_it_leads_to_or_why_nobody_can_tell(outcome):
    for step in steps_of(outcome.repairs):
        told = (step.effect is not None) + bool(step.untold)
        if step.command is None:
            assert told <= 1, step.description
        else:
            assert told == (0 if _only_reads(step.command) else 1), step.command
        assert not step.untold or re.fullmatch(r"[A-Z][^{}]*\.", step.untold), "a sentence, the same for all"


def _only_reads(command: str) -> bool:
    """Whether a command line, or the one whose output it keeps in a variable, changes nothing."""
    if re.match(r"[A-Z_]+=(?!\$\((az|kubectl) )", command):
        return True  # a value that the shell makes itself
    kept = re.fullmatch(r"[A-Z_]+=\$\((?P<command>.*)\)", command, re.DOTALL)
    words = (kept["command"] if kept else command).replace("kubectl {kubectl}", "kubectl")
    return "|" not in words and READ_ONLY.fullmatch(re.split(r" (?:-|\{)", words)[0]) is not None


@each_outcome
def test_an_outcome_explains_symptom_classes_and_outcomes(outcome):
    symptoms = {name for name in outcome.explains if "." not in name}
    assert symptoms <= set(SYMPTOM_CLASSES) - {"negative"}
    assert all(re.fullmatch(OUTCOME_ID, name) for name in set(outcome.explains) - symptoms)


def test_the_reference_says_what_the_checks_say():
    """``make docs`` writes it."""
    assert reference.on_disk() == _pages()


@cache
def _pages():
    return reference.pages(CHECKS)


def test_every_link_of_the_reference_leads_somewhere():
    written = _pages()
    for name, text in written.items():
        folder = Path(name).parent
        for target, anchor in re.findall(r"\]\((?!https:)([^)#]*)#?([^)]*)\)", text):
            leads_to = os.path.normpath(folder / target) if target else name
            assert leads_to in written, (name, target)
            assert not anchor or f"\n## {anchor}\n" in written[leads_to], (name, anchor)


@each_outcome
def test_an_outcome_has_a_whole_page(outcome):
    text = _pages()[f"reference/{outcome.id}.md"]
    titles = re.findall(r"^## (.+)$", text, re.MULTILINE)
    why = "Why it stops a pull" if outcome.severity is Severity.ERROR else "Why it matters"
    repair, explains = ["Repair"] if outcome.repairs else [], ["What it explains"] if outcome.explains else []
    wanted = [*repair, why, "How it is decided", *explains, "Evidence", "More", "Permissions"]
    assert list(dict.fromkeys(titles)) == wanted, "what to do first, what few need last"
    assert outcome.url in text
    for name in outcome.explains:
        assert f"`{name}`" in text


@each_outcome
def test_a_page_spells_evidence_as_reports_do(outcome):
    section = (
        reference.pages(CHECKS)[f"reference/{outcome.id}.md"].partition("\n## Evidence\n")[2].partition("\n## ")[0]
    )
    assert re.findall(r"`(.+?)`", section) == page_of(outcome.id, CHECKS)["evidence"]
    assert not re.search("_", section)


@each_outcome
def test_symptoms_lead_to_the_outcomes_that_explain_them(outcome):
    sections = dict(re.findall(r"^## (\S+)\n(.*?)(?=^## |\Z)", _symptoms(), re.MULTILINE | re.DOTALL))
    assert set(sections) == set(SYMPTOM_CLASSES) - {"negative"}
    for name in sections.keys() & set(outcome.explains):
        assert f"]({outcome.id}.md)" in sections[name], name


@cache
def _symptoms() -> str:
    return _pages()["reference/symptoms.md"]


# --- what has to be read -----------------------------------------------------------------


def test_what_is_read_has_its_rights_declared():
    assert set(FACTS) <= EVERY_FIELD, "fields of Facts"
    needed = {need for checked in CHECKS for need in checked.needs} - ALWAYS_KNOWN - {"options"}
    assert needed <= set(FACTS)


def test_a_right_is_the_same_wherever_it_is_declared():
    declared = [right for reading in in_order(FACTS.values()) for right in reading.rights]
    by_name: dict[str, set[object]] = {}
    for right in declared:
        by_name.setdefault(right.name.lower(), set()).add((right.name, right.kind, right.where, right.left_out))
        assert re.fullmatch(RIGHT_OF[right.kind], right.name), right.name
    assert {name: found for name, found in by_name.items() if len(found) > 1} == {}


RIGHT_OF = {
    Kind.ACTION: r"Microsoft\.\w+(/\w+)+/(read|action)",
    Kind.DATA_ACTION: r"Microsoft\.\w+(/\w+)+/read",
    Kind.GRAPH: r"\w+(\.\w+)+",
    Kind.KUBERNETES: r"(get|list|watch|create|delete) [a-z]+(/[a-z]+)?",
}


# --- checks over many facts ------------------------------------------------------------


def _bases() -> list[Facts]:
    """Every set of facts that tests/build/ makes without being told anything."""
    made = []
    for name, maker in vars(build).items():
        if name.endswith("_facts") and not any(
            parameter.default is parameter.empty and parameter.kind is not parameter.VAR_KEYWORD
            for parameter in inspect.signature(maker).parameters.values()
        ):
            made.append(maker())
    return made


BASES = _bases()
EVERY_FIELD = frozenset(field.name for field in fields(Facts)) - ALWAYS_KNOWN


@cache
def _changed_within(name: str) -> tuple[Facts, ...]:
    """Every base with one change in one field."""
    return tuple(changed for base in BASES for changed in variants_of(base, (name,)))


def _changed_once(names: Collection[str]) -> Iterator[Facts]:
    """The bases, and all that differ from one in a single place within ``names``."""
    yield from BASES
    for name in sorted(names):
        yield from _changed_within(name)


def _changed_twice(names: Collection[str]) -> Iterator[Facts]:
    """Facts that differ from a base in two places within ``names``."""
    for base in BASES:
        for once in variants_of(base, names):
            yield from variants_of(once, names)


class _Recording:
    """Facts that remember which of their fields were read."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self.read: set[str] = set()

    def __getattr__(self, name: str) -> object:
        self.read.add(name)
        return getattr(self._facts, name)


def _judged(checked: Check, facts: Facts) -> tuple[tuple[Finding, ...], set[str]]:
    recording = _Recording(facts)

    def judge(_: Facts) -> Iterator[Finding]:
        return checked.judge(recording)

    judge.__doc__ = checked.manual
    findings = evaluate(Check(checked.id, checked.needs, checked.outcomes, judge, checked.seen_from), facts)
    return findings, recording.read - ALWAYS_KNOWN


@each_check
def test_every_need_is_read(checked):
    """That nothing else is read, the next test says."""
    declared = _declared_by(checked)
    read: set[str] = set()
    for facts in chain(_changed_once(declared), _changed_twice(declared)):  # a field behind two conditions
        if read == declared:
            break
        read |= _judged(checked, facts)[1]
    assert read == declared


def _declared_by(checked: Check) -> set[str]:
    return set(checked.needs) - ALWAYS_KNOWN


@each_check
def test_no_facts_break_a_check(checked):
    """Facts that differ from a base in what is not read there are that base to a check: it is pure."""
    declared = _declared_by(checked)
    for facts in _changed_once(declared):
        findings, read = _judged(checked, facts)
        assert read <= declared
        for finding in findings:
            assert "Internal error" not in (finding.reason or ""), (finding.reason, facts)
            _assert_whole(finding, checked)
        ignorant = {name for name in read if isinstance(getattr(facts, name), Unreadable)}
        assert not ignorant or {finding.status for finding in findings} != {Status.PASS}, ignorant


def _assert_whole(finding: Finding, checked: Check) -> None:
    assert finding.resource
    assert finding.summary
    if finding.outcome is not None:
        declared: dict[str, Outcome] = {outcome.id: outcome for outcome in checked.outcomes}
        kinds = declared[finding.outcome].details
        assert not kinds or tuple(map(type, finding.details)) == kinds
        assert set(declared[finding.outcome].evidence_keys) <= set(finding.evidence)
        json.dumps(finding.evidence)


@each_check
def test_a_healthy_cluster_is_found_healthy(checked):
    for facts in (build.healthy_facts(), build.service_principal_facts()):
        statuses = {finding.status for finding in evaluate(checked, facts)}
        assert statuses <= {Status.PASS, Status.SKIPPED}


# --- the source ------------------------------------------------------------------------

SOURCES = sorted(PACKAGE.rglob("*.py"))
each_source = pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))


@each_source
def test_nothing_is_printed(path):
    """Standard output belongs to az, which prints what a command returns."""
    called = [node.func for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    assert "print" not in {function.id for function in called if isinstance(function, ast.Name)}


@each_source
def test_heavy_imports_stay_inside_functions(path):
    """Other ``az`` commands load the command table, so they must not pay for an SDK.

    azure-cli-core and knack are loaded by then; only the edge may name them at the top.
    """
    edge = path.parent == PACKAGE and (path.stem.startswith("_") or path.stem in {"commands", "custom"})
    free = {*sys.stdlib_module_names, PACKAGE.name, *(("azure.cli.core", "knack") if edge else ())}
    for node in ast.parse(path.read_text()).body:
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [node.module or ""]
        assert [name for name in names if not _within(name, free)] == []


def _codes(path: Path) -> Iterator[str]:
    """The codes of ignorance that a module writes: in an ``Unreadable``, or under the name that it hands to one."""
    tree = list(ast.walk(ast.parse(path.read_text())))
    given = [
        next(
            (keyword.value for keyword in node.keywords if keyword.arg == "reason"), node.args[0] if node.args else None
        )
        for node in tree
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Unreadable"
    ]
    named = {value.id for value in given if isinstance(value, ast.Name)}
    assigned = [
        node.value
        for node in tree
        if isinstance(node, ast.Assign) and any(isinstance(one, ast.Name) and one.id in named for one in node.targets)
    ]
    for value in (*given, *assigned):
        for one in (value.body, value.orelse) if isinstance(value, ast.IfExp) else (value,):
            passed_on = isinstance(one, ast.Name) or (isinstance(one, ast.Attribute) and one.attr == "reason")
            assert passed_on or isinstance(one, ast.Constant), f"{path.name}: a code is written out, or another's"
            if isinstance(one, ast.Constant):
                yield one.value


@each_source
def test_every_reason_for_not_knowing_is_a_known_code(path):
    assert set(_codes(path)) <= CODES


def test_every_code_is_used_and_stands_in_the_schema_of_the_report():
    used = {code for path in SOURCES for code in _codes(path)}
    assert used | {LEFT_OUT} == CODES
    schema = json.loads((PROJECT / "docs" / "report.schema.json").read_text(encoding="utf-8"))
    assert schema["$defs"]["unknown"]["properties"]["code"]["enum"] == sorted(CODES - {NOT_NEEDED.reason})


def _within(module: str, packages: set[str]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def _texts() -> list[Path]:
    """Every text of the project; recordings are data and stay as they were."""
    found: list[Path] = []
    for entry in PROJECT.iterdir():
        if entry.is_file():
            found.append(entry)
        elif entry.name in {"azext_acrpulldiag", "benchmarks", "docs", "scripts", "tests", ".ci", ".github"}:
            found += (path for path in entry.rglob("*") if path.is_file())
    unread = {"recordings", "__pycache__"}
    return sorted(
        path
        for path in found
        if path.name not in {".git", Path(__file__).name} and not unread.intersection(path.relative_to(PROJECT).parts)
    )


# Unfinished work, the paths of one machine, and hosts that only a certain network has.
NOT_IN_A_RELEASE = re.compile(r"\b(TODO|FIXME|XXX)\b|(?<![\w.-])/(work|root|home/\w+)/|\bpypi\.|pythonhosted")


@pytest.mark.parametrize("path", _texts(), ids=lambda path: str(path.relative_to(PROJECT)))
def test_a_text_is_ready_for_release(path):
    assert NOT_IN_A_RELEASE.findall(path.read_text(encoding="utf-8")) == []


# --- the package -----------------------------------------------------------------------


def test_the_version_is_the_newest_in_the_history():
    version = re.search(r'^VERSION = "(.+)"$', (PROJECT / "setup.py").read_text(), re.MULTILINE)
    history = re.search(r"^(\d\S*)\n\++$", (PROJECT / "HISTORY.rst").read_text(), re.MULTILINE)
    assert version and history
    assert version[1] == history[1]


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md"])
def test_the_oldest_azure_cli_is_told(document):
    metadata = json.loads((PACKAGE / "azext_metadata.json").read_text())
    oldest = metadata["azext.minCliCoreVersion"].removesuffix(".0")
    assert re.search(rf"(?<![\d.]){re.escape(oldest)}\b", (PROJECT / document).read_text())


def test_every_command_shows_how_it_is_called():
    import yaml

    from azext_acrpulldiag._help import helps

    names = re.findall(r'^helps\["(.+?)"\]', (PACKAGE / "_help.py").read_text(), re.MULTILINE)
    assert names
    for name in names:
        entry = yaml.safe_load(helps[name])
        if entry["type"] == "command":
            assert entry["examples"], name
            assert all(f"az {name}" in example["text"] for example in entry["examples"]), name
