"""The outer structure of a pull error: one readable text, and the attempts that it lists.

Every pattern is linear in the text: no nested repetition, and repetition over a class that a
long text may consist of is bounded.
"""

from __future__ import annotations

import json
import re

LONGEST = 131_072
"""Characters that are looked at: the first and last half of a longer text."""

_ESCAPED = re.compile(r"\\u00([0-9a-fA-F]{2})")
_BACKSLASHED_QUOTE = re.compile(r"\\{1,8}([\"'])")
# In a path of Windows, as in C:\new, a backslash and an n are no line break.
_BROKEN_LINE = re.compile(r"((?<![\w])[A-Za-z]:\\[^\s\"']{1,400})|(?:\\r)?\\{1,2}n|[\r\n\t\x00]")
_ANSI = re.compile(r"\x1b\[[0-9;]{0,16}[A-Za-z]")
_AGE = r"(?:\d[\dhmsdy]{0,15}|<unknown>)(?: \(x\d{1,9} over [\dhmsdy]{1,16}\))?"
_FRAMES = re.compile(
    r"\s{0,200}(?:"
    # journald and klog
    r"[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \S{1,253} [\w.@-]{1,64}\[\d{1,10}\]:\s|"
    r"[IWEF]\d{4} \d\d:\d\d:\d\d\.\d{1,9}\s{1,8}\d{1,10} [\w.-]{1,100}:\d{1,6}\] |"
    # a row of kubectl describe, and of kubectl get events
    rf"(?:Normal|Warning)\s{{1,40}}[A-Z]\w{{1,63}}\s{{1,40}}{_AGE}\s{{1,40}}[a-z][\w-]{{1,63}}"
    rf"(?:, [\w.-]{{1,253}})?\s{{2,40}}|"
    rf"{_AGE}\s{{1,40}}(?:Normal|Warning)\s{{1,40}}[A-Z]\w{{1,63}}\s{{1,40}}[a-z]{{1,63}}/[\w.-]{{1,253}}\s{{1,200}}|"
    r"\(combined from similar events\): |spec\.\w{1,20}\{[^}\s]{1,80}\}: "
    r")"
)
_MOST_FRAMES = 4


def unframed(message: str) -> str:
    """The message without what journald, klog, tables of kubectl, kubelet and the JSON of an event put around it."""
    message = _message_of(message)
    at = 0
    for _ in range(_MOST_FRAMES):
        frame = _FRAMES.match(message, at)
        if frame is None:
            break
        at = frame.end()
    return message[at:]


def _message_of(text: str) -> str:
    """The message of an event or a container's status that is given as JSON; any other text as it is."""
    if text.lstrip()[:1] != "{" or len(text) > LONGEST:
        return text
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    named = isinstance(value, dict) and isinstance(value.get("message"), str) and isinstance(value.get("reason"), str)
    return str(value["message"]) if named else text


# What pages and word processors make of quotes.
_CURLY = str.maketrans("\u201c\u201d\u2018\u2019", "\"\"''")


def readable(message: str) -> str:
    """Undo the quoting that logs and JSON put around a message, and join its lines: they are one error.

    containerd joins what a registry says to the status by a line break (``errors.Join``, since 2.1.6), dockerd lists
    several errors of a registry so, and the JSON of a log writes the break as two characters.
    """
    text = unframed(message)
    if len(text) > LONGEST:
        text = text[: LONGEST // 2] + " " + text[-LONGEST // 2 :]
    text = _ANSI.sub("", text)
    text = _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)
    text = _BROKEN_LINE.sub(lambda match: match[1] or " ", text)
    text = text.translate(_CURLY)
    return _BACKSLASHED_QUOTE.sub(r"\1", text).strip()


# Go's net/http, containerd, CRI-O and dockerd begin their errors so. A comma inside one error ("authentication
# required, visit ...", "pull access denied, repository does not exist") is followed by something else.
_ENTRY = (
    r"rpc error: code|(?:failed|unable) to |errors? |Error response from daemon|unexpected |"
    r"(?:initializing|reading|copying|writing|pinging|parsing|fetching) |(?:Head|Get|Post) [\"']?https?://|"
    r"unauthorized:|denied:|pull access denied|no match for platform|toomanyrequests|(?:dial|read|write) tcp\b|"
    r"x509: |manifest (?:unknown|for )|image [\"']"
)
_LIST_OPENS = re.compile(rf"(?:^|[:\s])\[(?=(?:{_ENTRY}))", re.IGNORECASE)
_NEXT_ENTRY = re.compile(rf",\s{{1,4}}(?=(?:{_ENTRY}))", re.IGNORECASE)
_MIRRORS = re.compile(r"\(Mirrors also failed: \[", re.IGNORECASE)
_ARTIFACT_ERROR = re.compile(r";\s{0,4}artifact err: ")


def entries(text: str) -> tuple[str, ...]:
    """Split kubelet's aggregate ``[one, other]`` (one entry a credential) and CRI-O's pairs.

    CRI-O also tries each reference as an OCI artifact, and lists its mirrors before the
    registry itself: neither the artifact's nor a mirror's error is the cause.
    """
    text = _ARTIFACT_ERROR.split(text, maxsplit=1)[0]
    mirrors = _MIRRORS.search(text)
    if mirrors:
        after = text.rfind("]): ")
        text = text[after + 4 :] if after > mirrors.end() else text
    opened = _LIST_OPENS.search(text)
    if opened is None:
        return (text,)
    body = text[opened.end() :]
    closed = body.rfind("]")
    if closed >= 0 and not re.search(
        r"[a-z]{3}", body[closed:].replace("ImagePullBackOff", "").replace("ErrImagePull", "")
    ):
        body = body[:closed]
    found = tuple(part.strip() for part in _NEXT_ENTRY.split(body))
    return tuple(part for part in found if part) or (text,)
