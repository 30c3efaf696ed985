"""Mirror of collect/kubernetes/commands.py and templates.py: nothing that was cut off is taken for an answer."""

from __future__ import annotations

import json
import shlex

import pytest

from azext_acrpulldiag.collect.kubernetes.commands import Refused, Section, answers_in, script, sections_of
from azext_acrpulldiag.collect.kubernetes.questions import Question
from azext_acrpulldiag.collect.kubernetes.templates import SHAPES, object_in, of_list

PODS = Question("pods", selector="status.phase=Pending")
NODES = Question("nodes")
ONE = Question("pods", "web", "web-0")
SECTIONS = sections_of([PODS, NODES, ONE])
OUTPUT = """begin
count 2
{ "metadata":{ "name":"a","":0},"status":{},"":0}
{ "metadata":{ "name":"b","":0},"status":{},"":0}
end 1 0
Warning: something old
E1128 15:00:00.000000       1 memcache.go:265] "Unhandled Error" err="couldn't get current server API group list"
count 1
{ "metadata":{ "name":"n","":0},"status":{},"":0}
end 2 0
{ "metadata":{ "name":"web-0","":0},"status":{},"":0}
end 3 0
"""


def names(answer: object) -> list[str]:
    assert isinstance(answer, tuple)
    return [item["metadata"]["name"] for item in answer]


def test_the_command_has_an_argument_list_for_each_question() -> None:
    lines = script(SECTIONS).split("; ")
    assert lines[0] == "echo begin"
    assert lines[2::2] == ["echo end 1 $?", "echo end 2 $?", "echo end 3 $?"]
    words = [shlex.split(line) for line in lines[1::2]]
    assert [each[:-3] for each in words] == [
        ["kubectl", "get", "pods", "--all-namespaces", "--field-selector", "status.phase=Pending"],
        ["kubectl", "get", "nodes"],
        ["kubectl", "get", "pods", "web-0", "--ignore-not-found", "--namespace", "web"],
    ]
    assert {each[-1] for each in words} == {"2>&1"}


@pytest.mark.parametrize(
    "hostile", ["x; kubectl delete pods --all", "--server=https://x.example", "-A", "$(id)", "A", ""]
)
def test_what_no_object_can_be_named_is_not_asked_for(hostile: str) -> None:
    """Whoever may write events chooses what they name."""
    assert sections_of([Question("pods", "web", hostile), Question("pods", hostile, "web-0")]) == ()


def test_objects_of_one_kind_and_namespace_are_asked_for_together() -> None:
    more = [Question("pods", "web", "web-1"), Question("pods", "api", "api-0"), ONE]
    assert [each.names for each in sections_of([ONE, *more])] == [("web-0", "web-1"), ("api-0",)]


def test_no_environment_or_annotation_is_printed() -> None:
    for word in ("env", "args", "command", "annotations", "managedFields", "data"):
        assert f".{word}" not in of_list(SHAPES["pods"])


def test_an_output_that_is_whole_answers_everything() -> None:
    output = answers_in(SECTIONS, OUTPUT)
    assert output.cut is None
    assert [names(output.whole[each]) for each in SECTIONS] == [["a", "b"], ["n"], ["web-0"]]


@pytest.mark.parametrize("keeps_end", [False, True])
def test_wherever_it_is_cut_nothing_is_taken_for_whole_that_is_not(keeps_end: bool) -> None:
    ends = [OUTPUT.index(f"end {number} 0") for number in (1, 2, 3)]
    starts = [0, *(end + 7 for end in ends)]
    for at in range(len(OUTPUT)):
        kept = OUTPUT[at:] if keeps_end else OUTPUT[:at]
        output = answers_in(SECTIONS, kept)
        for number, section in enumerate(SECTIONS):
            if section in output.whole:
                assert output.whole[section] == answers_in(SECTIONS, OUTPUT).whole[section]
                assert at <= starts[number] if keeps_end else at >= ends[number] + 7
        whole = len(output.whole) == len(SECTIONS)
        assert whole == (at == 0 if keeps_end else at >= ends[2] + 7)


def test_a_line_that_is_missing_is_noticed() -> None:
    lines = OUTPUT.splitlines()
    for at in (2, 3, 7):
        section = SECTIONS[0 if at < 5 else 1]
        output = answers_in(SECTIONS, "\n".join([*lines[:at], *lines[at + 1 :]]))
        assert section not in output.whole
        assert output.cut == section


def test_what_was_never_there_and_what_is_gone() -> None:
    two = sections_of([ONE, Question("pods", "web", "web-1")])
    assert answers_in(two, "begin\nend 1 0\n").whole == {two[0]: ()}
    (lists,) = sections_of([PODS])
    assert answers_in([lists], "begin\nend 1 0\n").whole == {}  # kubectl counts what a list has
    assert answers_in([lists], "begin\ncount 0\nend 1 0\n").whole == {lists: ()}
    assert answers_in([lists], "sh: kubectl: not found\n").cut is None


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ('Error from server (Forbidden): pods is forbidden: User "x" cannot list resource "pods"', 403),
        ("error: You must be logged in to the server (Unauthorized)", 401),
        ("Error from server (TooManyRequests): later", 429),
        ("Unable to connect to the server: dial tcp 10.0.0.1:443: i/o timeout", None),
    ],
)
def test_what_kubectl_is_refused(said: str, status: int | None) -> None:
    (section,) = sections_of([PODS])
    assert answers_in([section], f"begin\n{said}\nend 1 1\n").whole == {section: Refused(status, said)}


def test_an_exit_code_outweighs_objects() -> None:
    (section,) = sections_of([NODES])
    answer = answers_in([section], OUTPUT.replace("end 1 0", "error: lost\nend 1 1").partition("Warning")[0]).whole
    assert answer == {section: Refused(None, "count 2")} or isinstance(answer[section], Refused)


def test_texts_of_go_are_read() -> None:
    text = 'it\'s "a" \\ <b> & = \n\t\u2028 é 🐳'
    escaped = json.dumps(text).replace("'", "\\'").replace("<", "\\u003C").replace("=", "\\u003D")
    assert object_in(f'{{ "message":"{escaped[1:-1]}","count":1.234567e+06,"":0}}') == {
        "message": text,
        "count": 1234567,
    }
    assert object_in('{ "message":"cut') is None
    assert object_in("[1]") is None


def test_a_section_is_a_value() -> None:
    assert Section((PODS,)) == sections_of([PODS, PODS])[0]
