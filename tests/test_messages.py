from __future__ import annotations

import io
import subprocess
import sys
from types import SimpleNamespace

import pytest

from azext_acrpulldiag.messages import explain_pull_error, explain_table, lines_of

errors = pytest.importorskip("azure.cli.core.azclierror")
QPS = "pull QPS exceeded"
PLATFORM = "no match for platform in manifest: not found"


def test_one_message():
    (answer,) = explain_pull_error(message=QPS)
    assert (answer["class"], answer["message"]) == ("kubelet-qps", QPS)


def test_a_file_is_answered_line_by_line_in_order(tmp_path):
    file = tmp_path / "events.txt"
    file.write_bytes(f"{QPS}\r\n\r\n{PLATFORM}\n{QPS}".encode())
    answers = explain_pull_error(file=str(file))
    assert [answer["class"] for answer in answers] == ["kubelet-qps", "platform-mismatch", "kubelet-qps"]


def test_standard_input(monkeypatch):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(PLATFORM.encode())))
    assert [answer["class"] for answer in explain_pull_error(file="-")] == ["platform-mismatch"]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({}, "RequiredArgumentMissingError"),
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
        explain_pull_error(**arguments)


def test_an_empty_file_holds_no_message(tmp_path):
    file = tmp_path / "empty"
    file.write_bytes(b"\n \r\n")
    with pytest.raises(errors.InvalidArgumentValueError):
        explain_pull_error(file=str(file))


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (b"a\nb\n", ["a", "b"]),
        ("\ufeffa\r\nb".encode(), ["a", "b"]),
        ("a\r\n\r\nb\r\n".encode("utf-16"), ["a", "b"]),
        (b"a\xff\xfeb", ["a\\xff\\xfeb"]),
        ("a\u2028b\x0bc".encode(), ["a\u2028b\x0bc"]),
        (b"", []),
    ],
)
def test_lines(content, lines):
    assert lines_of(content) == lines


def test_undecodable_bytes_are_shown_and_not_fatal(tmp_path):
    file = tmp_path / "events.bin"
    file.write_bytes(b"\xff\xc3 pull QPS exceeded \x1b[31m\n")
    (answer,) = explain_pull_error(file=str(file))
    assert answer["class"] == "kubelet-qps"
    assert answer["message"].isprintable()


def test_table_has_one_row_an_answer():
    rows = explain_table(explain_pull_error(message=QPS))
    assert [list(row) for row in rows] == [["Class", "Host", "Means", "Likely", "Article"]]
    assert rows[0]["Likely"] == "kubelet.pull-qps-exceeded"
    assert all(isinstance(value, str) for value in rows[0].values())


def test_other_az_commands_do_not_load_the_tables():
    code = "import sys, azext_acrpulldiag.messages; print('azext_acrpulldiag.pull_errors' in sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "False"
