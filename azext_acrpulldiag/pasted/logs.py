"""Read log lines: what the journal puts before them, klog of kubelet, logfmt of containerd, crictl and dockerd.

Sources: ``journalctl --output`` in journalctl(1); ``textlogger`` of https://github.com/kubernetes/klog (values of
several lines stand between ``=<`` and a line that begins with ``>``); the text formatter of
https://github.com/sirupsen/logrus, which containerd, crictl and dockerd log with (``FATA[0001]`` on a terminal).
"""

from __future__ import annotations

import re

from .text import Pasted, of_reason

_CLOCK = r"\d\d:\d\d:\d\d(?:[.,]\d{1,9})?"
_TIME = (
    rf"(?:[A-Z][a-z]{{2}} {{1,2}}\d{{1,2}} {_CLOCK}"
    rf"|(?:[A-Z][a-z]{{2}} )?\d{{4}}-\d\d-\d\d[T ]{_CLOCK}(?:Z| ?[+-]\d\d:?\d\d| [A-Z]{{3,5}})?"
    rf"|\d{{10}}\.\d{{6}}|\[ {{0,8}}\d{{1,10}}\.\d{{6}}\]|\[\d{{4}}-\d\d-\d\dT{_CLOCK}Z?\])"
)
# The time, then a host and a process as the journal writes them, or the stream as the runtime's log files do.
_PREFIX = re.compile(
    rf"{_TIME}(?: \S{{1,255}} (?:[^\s\[\]:]{{1,255}}\[\d{{1,10}}\]|kernel): ?| (?:stdout|stderr) [FP] |:? {{1,4}}|\t)"
)
_KLOG = re.compile(rf"([IWEF])\d{{4}} {_CLOCK} {{1,8}}\d{{1,10}} [\w./-]{{1,200}}:\d{{1,6}}\] ")
_LOGFMT = re.compile(r"(?:time=(?:\"[^\"]{1,64}\"|\S{1,64}) )?level=\w{1,16} |(?:FATA|ERRO|WARN|INFO|DEBU)\[\d{4,8}\] ")
_TERMINAL_LEVEL = re.compile(r"([A-Z]{4})\[\d{4,8}\] ")
_EVENT = re.compile(r"type: '\w{1,32}' reason: '(\w{1,64})' (.*)", re.DOTALL)
# What jq prints of a message, and a line out of the middle of a JSON document.
_MEMBER = re.compile(r"\s{0,200}(?:\"[\w.-]{1,64}\"\s{0,4}:\s{0,4})?\"((?:[^\"\\]|\\.)*)\",?\s{0,4}")
_KEY = re.compile(r"(?:^|\s)([\w.-]{1,64})=")
_QUOTED = re.compile(r"\"((?:[^\"\\]|\\.)*)\"", re.DOTALL)
_SHORT = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_QUIET = ("info", "debug", "I", "INFO", "DEBU", "trace")
_LOUD = re.compile(r"fail|error|trying next host", re.IGNORECASE)


def without_prefix(line: str) -> str:
    """The line without the time, host and process that the journal, or the runtime's log file, put before it."""
    prefix = _PREFIX.match(line)
    return line if prefix is None else line[prefix.end() :]


def is_log(line: str) -> bool:
    """Tell whether a line is of a log: it begins with a time, or as klog and logrus write."""
    return any(pattern.match(line) for pattern in (_PREFIX, _KLOG, _LOGFMT))


def opens_block(line: str) -> bool:
    """Tell whether klog's value goes on in the lines that follow."""
    return line.endswith("=<")


def closes_block(line: str) -> bool:
    """Tell whether klog's value of several lines ends here; or another entry begins, because the end is lost."""
    return line.lstrip().startswith(">") or _KLOG.match(line) is not None


def log_message(line: str) -> Pasted | None:
    """What a log line says. ``None``: a quiet one, in which nothing fails.

    A line that is of no form of logs is a message of its own (``is_alone``).
    """
    said = without_prefix(line)
    klog = _KLOG.match(said)
    if klog is not None:
        return _klog(klog[1], said[klog.end() :])
    if _LOGFMT.match(said) is not None:
        return _logfmt(said)
    return _unquoted(said, is_alone=said is line)


def _unquoted(said: str, is_alone: bool) -> Pasted:
    member = _MEMBER.fullmatch(said)
    if member is not None:
        return Pasted(_unescaped(member[1]), is_alone=is_alone)
    event = _EVENT.search(said)
    return Pasted(event[2], is_alone=of_reason(event[1])) if event else Pasted(said, is_alone=is_alone)


def _klog(severity: str, body: str) -> Pasted | None:
    quoted = _QUOTED.match(body)
    if quoted is None:
        is_quiet = severity in _QUIET and not _LOUD.search(body) and not _EVENT.search(body)
        return None if is_quiet else _unquoted(body, is_alone=False)
    return _structured(severity, _unescaped(quoted[1]), _pairs(body[quoted.end() :]))


def _logfmt(said: str) -> Pasted | None:
    terminal = _TERMINAL_LEVEL.match(said)
    if terminal is not None:  # the fields stand after the text, which is not quoted
        body = said[terminal.end() :]
        return None if terminal[1] in _QUIET and not _LOUD.search(body) else Pasted(body, is_alone=False)
    fields = _pairs(said)
    return _structured(fields.get("level", ""), fields.get("msg", ""), fields)


def _structured(level: str, said: str, fields: dict[str, str]) -> Pasted | None:
    """A sentence and its fields. What an event or an error says stands behind the sentence."""
    image = fields.get("image") or None
    if "message" in fields and "reason" in fields:
        return Pasted(fields["message"], image, of_reason(fields["reason"]))
    error = fields.get("err") or fields.get("error")
    if error:
        return Pasted(f"{said}: {error}" if said else error, image, is_alone=False)
    if level in _QUIET and not _LOUD.search(said):
        return None
    return Pasted(said, image, is_alone=False)


def _pairs(text: str) -> dict[str, str]:
    """``key=value`` and ``key="quoted value"``, unquoted; linear also where a quote is never closed."""
    found: dict[str, str] = {}
    place = 0
    while (key := _KEY.search(text, place)) is not None:
        begin = key.end()
        if text.startswith("<\n", begin):  # klog's value of several lines
            end = text.find("\n >", begin)
            end = len(text) if end < 0 else end
            value, place = text[begin + 2 : end], min(len(text), end + 3)
            value = "\n".join(line.strip() for line in value.split("\n"))
        elif text.startswith('"', begin):
            quoted = _QUOTED.match(text, begin)
            value = text[begin + 1 :] if quoted is None else quoted[1]
            place = len(text) if quoted is None else quoted.end()
            value = _unescaped(value)
        else:
            space = text.find(" ", begin)
            place = len(text) if space < 0 else space
            value = text[begin:place]
        found.setdefault(key[1], value)
    return found


def _unescaped(text: str) -> str:
    """Undo Go's ``%q``."""
    if "\\" not in text:
        return text
    return _ESCAPE.sub(lambda match: chr(int(match[1] or match[2], 16)) if match[3] is None else _one(match[3]), text)


def _one(letter: str) -> str:
    return _SHORT.get(letter, letter)
