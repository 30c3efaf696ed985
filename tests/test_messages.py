from __future__ import annotations

import gzip
import io
import logging
import subprocess
import sys
from types import SimpleNamespace

import pytest

from azext_acrpulldiag.messages import bounded, explain_pull_error, explain_table, lines_of

errors = pytest.importorskip("azure.cli.core.azclierror")
QPS = "pull QPS exceeded"
PLATFORM = "no match for platform in manifest: not found"
REFUSED = 'Failed to pull image "contosoreg.azurecr.io/a:1": 401 Unauthorized'


def explained(output: str = "json", **arguments: str):
    cli_ctx = SimpleNamespace(invocation=SimpleNamespace(data={"output": output}))
    return explain_pull_error(SimpleNamespace(cli_ctx=cli_ctx), **arguments)


def classes(**arguments: str) -> list[str]:
    return [answer["class"] for answer in explained(**arguments)]


@pytest.fixture
def told(caplog, monkeypatch):
    monkeypatch.setattr(logging.getLogger("cli"), "propagate", True)
    return lambda: [record.getMessage() for record in caplog.records]


def piped(monkeypatch, content: bytes, terminal: bool = False):
    stream = SimpleNamespace(buffer=io.BufferedReader(io.BytesIO(content)), isatty=lambda: terminal)
    monkeypatch.setattr(sys, "stdin", stream)
    return stream


@pytest.mark.parametrize("text", [QPS, "Liveness probe failed: x", "anything at all"])
def test_one_message_is_always_answered(text, told):
    (answer,) = explained(message=text)
    assert (answer["message"], answer["count"], told()) == (text, 1, [])


def test_a_message_of_several_lines_is_one():
    (answer,) = explained(
        message=f"{REFUSED.replace('401', '403')}\ndenied: client with IP '203.0.113.40' is not allowed"
    )
    assert (answer["class"], answer["address"]) == ("forbidden-403", "203.0.113.40")


@pytest.mark.parametrize(
    "text",
    [
        "failed to login to 'oci://contoso.azurecr.io/helm': DefaultAzureCredential: failed to acquire a token.\n"
        "Attempted credentials:\n  ManagedIdentityCredential: no default identity is assigned to this resource",
        '{\n  "errors": [{"code": "UNAUTHORIZED", "message": "authentication required"',
    ],
)
def test_a_message_that_only_looks_like_more_is_one(text, told):
    (answer,) = explained(message=text)
    assert (answer["message"], told()) == (text.replace("\n", "\\n"), [])


def test_a_message_that_is_plainly_a_table_is_read_as_one():
    table = f"LAST SEEN   TYPE      REASON   OBJECT    MESSAGE\n1s          Warning   Failed   pod/web   {QPS}\n"
    assert classes(message=table) == ["kubelet-qps"]


def test_a_file_is_read_line_by_line_in_order(tmp_path, told):
    file = tmp_path / "events.txt"
    file.write_bytes(f"{QPS}\r\n\r\n{PLATFORM}\nkube-proxy started\n{QPS}".encode())
    answers = explained(file=str(file))
    assert [(answer["class"], answer["count"]) for answer in answers] == [("kubelet-qps", 2), ("platform-mismatch", 1)]
    assert told() == ["Skipped 1 line that says nothing of an image pull that fails."]


@pytest.mark.parametrize("arguments", [{"file": "-"}, {}])
def test_standard_input_with_and_without_its_name(arguments, monkeypatch):
    stream = piped(monkeypatch, PLATFORM.encode())
    assert classes(**arguments) == ["platform-mismatch"]
    assert not stream.buffer.closed


def test_a_terminal_is_not_waited_for(monkeypatch):
    piped(monkeypatch, QPS.encode(), terminal=True)
    with pytest.raises(errors.RequiredArgumentMissingError):
        explained()
    assert classes(file="-") == ["kubelet-qps"]
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(errors.RequiredArgumentMissingError):
        explained()


def test_a_single_line_is_answered_whatever_it_says(monkeypatch, told):
    piped(monkeypatch, b"\nLiveness probe failed: x\n\n")
    assert (classes(), told()) == (["negative"], [])


def test_nothing_to_explain_is_said(monkeypatch, told):
    piped(monkeypatch, b"one\n" * 1204)
    assert explained() == []
    assert told()[0] == "Skipped 1,204 lines that say nothing of an image pull that fails."
    assert "kubectl describe pod" in told()[1]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"message": QPS, "file": "-"}, "MutuallyExclusiveArgumentError"),
        ({"message": "  "}, "InvalidArgumentValueError"),
        ({"message": ""}, "InvalidArgumentValueError"),
        ({"file": "no/such/file"}, "FileOperationError"),
        ({"file": ""}, "FileOperationError"),
        ({"file": "/"}, "FileOperationError"),
        ({"file": "a\0b"}, "FileOperationError"),
    ],
)
def test_wrong_arguments(arguments, error):
    with pytest.raises(getattr(errors, error)):
        explained(**arguments)


PODS = '{"apiVersion": "v1", "kind": "List", "items": ['


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\n \r\n", "There is no message in standard input."),
        (b"", "There is no message in standard input."),
        (gzip.compress(REFUSED.encode()), "packed"),
        (bytes(range(32)) * 50, "no text"),
        (f"{PODS}\n  {{\n".encode(), "The JSON ends before it is complete."),
        (PODS.encode(), "The JSON ends before it is complete."),
        (b"{\n" + b'"a": [\n' * 101, "more than 100 values within each other"),
        (b"apiVersion: v1\nitems: " + b"[" * 101, "more than 100 values within each other"),
        (b"apiVersion: v1\nkind: [a\n", "not valid"),
        (b"kind: &a [x]\nitems: [*a, *a]\n", "alias"),
        (f'{PODS}"{"x" * 20_000_000}"]}}'.encode(), "more than 20 MB"),
        (b"kind: List\n" + b"- " + b"x" * 1000 + b"\n" + (b"- " + b"x" * 1000 + b"\n") * 20_000, "more than 20 MB"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_read_is_one_clear_error(content, said, monkeypatch):
    piped(monkeypatch, content)
    with pytest.raises(errors.InvalidArgumentValueError, match=said) as raised:
        explained()
    assert raised.value.recommendations


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (b"a\nb\n", ["a", "b"]),
        ("\ufeffa\r\nb".encode(), ["a", "b"]),
        ("a\r\n\r\nb\r\n".encode("utf-16"), ["a", "", "b"]),
        (b"a\xff\xfeb", ["a\\xff\\xfeb"]),
        ("a\u2028b\x0bc\x00d\re".encode(), ["a\u2028b\x0bc\x00d\re"]),
        (b"", []),
    ],
)
def test_lines(content, lines):
    assert list(lines_of(io.BufferedReader(io.BytesIO(content)))) == lines


def test_a_line_of_many_megabytes_keeps_its_ends(monkeypatch):
    piped(monkeypatch, f"{REFUSED[:-16]} {'x' * 30_000_000} 401 Unauthorized\n{QPS}\n".encode())
    refused, limited = explained()
    assert (refused["class"], refused["image"]) == ("unauthorized-401", "contosoreg.azurecr.io/a:1")
    assert "[... 29,8" in refused["message"] and len(refused["message"]) < 131_072
    assert limited["class"] == "kubelet-qps"
    assert bounded(QPS) == QPS


def test_a_number_of_a_million_digits_is_only_text(monkeypatch):
    piped(monkeypatch, f'{{"kind": "Event", "count": {"9" * 1_000_000},\n "message": "{QPS}"}}'.encode())
    assert classes() == ["kubelet-qps"]


def test_undecodable_bytes_are_shown_and_not_fatal(tmp_path):
    file = tmp_path / "events.bin"
    file.write_bytes(b"\xff\xc3 pull QPS exceeded \x1b[31m\0\n")
    (answer,) = explained(file=str(file))
    assert answer["class"] == "kubelet-qps"
    assert answer["message"].isprintable() and "\\xff" in answer["message"]


def test_a_file_of_many_different_errors_is_refused_whole(monkeypatch):
    monkeypatch.setattr("azext_acrpulldiag.pull_errors.explain.answers.MOST", 3)
    piped(monkeypatch, "\n".join(REFUSED.replace("a:1", f"a:{number}") for number in range(4)).encode())
    with pytest.raises(errors.InvalidArgumentValueError, match="different errors"):
        explained()


def test_table_has_one_row_an_answer_and_the_next_command_beside_it(told):
    rows = explain_table(explained("table", message=REFUSED))
    assert [list(row) for row in rows] == [["Class", "Count", "Host", "Means", "Likely", "Article"]]
    assert all(isinstance(value, str) for value in rows[0].values())
    (answer,) = explained(message=REFUSED)
    assert [line.partition(": ")[2] for line in told()] == [answer["page"], answer["next"]]


def test_many_next_commands_are_counted(monkeypatch, told):
    piped(monkeypatch, "\n".join(REFUSED.replace("a:1", f"a:{number}") for number in range(5)).encode())
    explained("table")
    assert sum("az aks diagnose-pull" in line for line in told()) == 3
    assert told()[-1].startswith("2 more of these: ")


def test_other_az_commands_do_not_load_the_tables():
    code = (
        "import sys, azext_acrpulldiag.messages; "
        "print([name for name in ('pull_errors', 'pasted') if f'azext_acrpulldiag.{name}' in sys.modules])"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"
