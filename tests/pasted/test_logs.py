"""What a real containerd said, as kubelet, containerd, crictl, dockerd and the journal write it down."""

from __future__ import annotations

import json

import pytest

from azext_acrpulldiag.pasted import Pasted, Reading
from azext_acrpulldiag.pull_errors import classify
from tests.pasted import forms
from tests.pasted.forms import IMAGE, JOURNALS, JOURNALS_JSON, LOGS, LOGS_OF_LINES
from tests.record_pull_errors import recorded

BELOW = (
    "failed to pull and unpack image: unexpected status from GET request to https://contosoreg.azurecr.io/v2/: "
    "403 Forbidden\ndenied: client with IP '203.0.113.40' is not allowed access."
)
TEXTS = (BELOW, *sorted({text for of in recorded().values() for text in of.values()}))
QUIET = (
    'I1122 12:00:01.123456    3021 kubelet_getters.go:187] "Pod status updated" pod="kube-system/x" status="Running"',
    'time="2026-11-22T12:00:01.1Z" level=info msg="PullImage \\"contosoreg.azurecr.io/a:1\\""',
    'time="2026-11-22T12:00:01.1Z" level=info msg="stop pulling image a.azurecr.io/a:1: bytes read=401"',
    'time="2026-11-22T12:00:01.1Z" level=info msg="ImageCreate event name:\\"contosoreg.azurecr.io/a:1\\" labels:{}"',
    'E1122 12:00:01.123456    3021 controller.go:195] "Failed to update lease" err="Put \\"https://a.azmk8s.io/x\\": '
    'dial tcp 20.1.2.3:443: i/o timeout"',
    'I1122 12:00:01.123456    3021 prober.go:107] "Probe failed" probeType="Readiness" pod="web/api" '
    'output="HTTP probe failed with statuscode: 503"',
    "Started Session 12 of User azureuser.",
)


def read(text: str) -> tuple[list[Pasted], Reading]:
    reading = Reading(text.split("\n"))
    return list(reading), reading


def same(message: Pasted, text: str) -> bool:
    """Compare what decides, as the image may stand beside the text."""
    found, wanted = classify(message.text), classify(text)
    image = found.image or message.image
    return (found.symptom_class, found.status, found.address, image) == (
        wanted.symptom_class,
        wanted.status,
        wanted.address,
        wanted.image or image,
    )


@pytest.mark.parametrize("log", [*LOGS, *LOGS_OF_LINES], ids=lambda each: each.__name__)
def test_every_text_is_read_from_its_log(log):
    for text in TEXTS:
        (message,), _ = read(log(text))
        assert same(message, text), message


@pytest.mark.parametrize("journal", [*JOURNALS, *JOURNALS_JSON], ids=lambda each: each.__name__)
@pytest.mark.parametrize("log", LOGS, ids=lambda each: each.__name__)
def test_every_text_is_read_from_a_journal_of_its_log(log, journal):
    text = "\n".join(journal(log(text)) for text in TEXTS)
    messages, reading = read(text)
    assert len(messages) == len(TEXTS) and not reading.skipped_lines
    assert all(same(message, text) for message, text in zip(messages, TEXTS, strict=True))


@pytest.mark.parametrize("journal", JOURNALS, ids=lambda each: each.__name__)
def test_the_journal_takes_a_value_of_several_lines_apart(journal):
    messages, reading = read("\n".join(journal(forms.kubelet_lines(text)) for text in TEXTS))
    assert len(messages) == len(TEXTS) and not reading.skipped_lines
    assert all(same(message, text) and message.image == IMAGE for message, text in zip(messages, TEXTS, strict=True))
    assert sum(message.units for message in messages) == sum(3 + text.count("\n") for text in TEXTS)


def test_a_value_of_several_lines_that_never_ends():
    opened = forms.kubelet_lines(BELOW).rpartition("\n")[0]
    (first, second), _ = read(f"{opened}\n{forms.kubelet(BELOW)}")
    assert same(first, BELOW) and same(second, BELOW)


@pytest.mark.parametrize("journal", [str, *JOURNALS, *JOURNALS_JSON], ids=lambda each: each.__name__)
def test_quiet_lines_are_counted(journal):
    messages, reading = read("\n".join(map(journal, QUIET)))
    loud = [message for message in messages if message.is_alone or "azurecr" in message.text]
    assert not loud and reading.skipped_lines + len(messages) == len(QUIET)


def test_the_journal_writes_bytes_that_are_no_text_as_numbers():
    entry = {"MESSAGE": list(f"\x1b[31m{forms.kubelet(BELOW)}".encode())}
    for text in (json.dumps(entry), json.dumps(entry, separators=(",", ":"))):
        (message,), _ = read(text)
        assert "client with IP" in message.text


@pytest.mark.parametrize(
    ("line", "text", "image"),
    [
        ('E1122 12:00:01.1 1 a.go:1] "x" err="a \\"b\\" \\x1b\\u00e9" image="i"', 'x: a "b" \x1b\u00e9', "i"),
        ('E1122 12:00:01.1 1 a.go:1] "image x" err="never closed', "image x: never closed", None),
        ("E1122 12:00:01.1 1 a.go:1] failed to pull image", "failed to pull image", None),
        ("level=error msg=pull error=refused", "pull: refused", None),
        ("2026-11-22T12:00:01Z failed to pull image: refused", "failed to pull image: refused", None),
        ("Nov 22 12:00:01 node dockerd[1]: pull failed", "pull failed", None),
    ],
)
def test_a_log_line_is_taken_apart(line, text, image):
    ((message),), _ = read(line)
    assert (message.text, message.image, message.is_alone) == (text, image, False)


def test_lines_without_an_end_are_read_in_linear_time():
    for part in ('a="', "a=<", '"', "\\", '{"a":"\\"', "[{", "Nov 22 12:00:01 ", "type: 'Warning' "):
        line = f'E1122 12:00:01.1 1 a.go:1] "pull" {part * 40_000}'
        read(line)
        read(f"first\n{part * 40_000}")
