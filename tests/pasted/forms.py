"""A message as logs write it."""

from __future__ import annotations

import json
from collections.abc import Callable

IMAGE = "contosoreg.azurecr.io/team/web:v1"


def go(text: str) -> str:
    """The text as Go's %q quotes it."""
    return json.dumps(text, ensure_ascii=False).replace("\\u001b", "\\x1b")


def kubelet(text: str) -> str:
    where = "E1122 12:00:01.123456    3021 kuberuntime_image.go:55]"
    return f'{where} "Failed to pull image" err={go(text)} image="{IMAGE}"'


def kubelet_lines(text: str) -> str:
    """klog writes a value of several lines so."""
    lines = "\n".join(f"\t{line}" for line in text.split("\n"))
    return (
        f'E1122 12:00:01.123456    3021 log.go:32] "PullImage from image service failed" err=<\n{lines}\n'
        f' > image="{IMAGE}"'
    )


def kubelet_event(text: str) -> str:
    return (
        'I1122 12:00:01.123456    3021 event.go:307] "Event occurred" object="web/web-0" fieldPath="" kind="Pod" '
        f'apiVersion="v1" type="Warning" reason="Failed" message={go(text)}'
    )


def kubelet_old_event(text: str) -> str:
    about = 'v1.ObjectReference{Kind:"Pod", Namespace:"web", Name:"web-0", UID:"eb3c2534-c99c-424d-9a3a-fc4510f3ced5"}'
    return f"I1122 12:00:01.123456    3021 event.go:294] Event({about}): type: 'Warning' reason: 'Failed' {text}"


def containerd(text: str) -> str:
    return (
        f'time="2026-11-22T12:00:01.123456789Z" level=error msg={go(f"PullImage {go(IMAGE)} failed")} error={go(text)}'
    )


def crictl(text: str) -> str:
    return f"FATA[0001] pulling image: {text}"


def crictl_piped(text: str) -> str:
    return f'time="2026-11-22T12:00:01Z" level=fatal msg={go(f"pulling image: {text}")}'


def dockerd(text: str) -> str:
    said = go(f"Not continuing with pull after error: {text}")
    return f'time="2026-11-22T12:00:01.123456789Z" level=info msg={said}'


LOGS: tuple[Callable[[str], str], ...] = (kubelet, kubelet_event, containerd, crictl_piped, dockerd)
"""Of one line, whatever the text."""
LOGS_OF_LINES: tuple[Callable[[str], str], ...] = (kubelet_lines, kubelet_old_event, crictl)


def _each(begin: str, line: str) -> str:
    return "\n".join(begin + each for each in line.split("\n"))


def short(line: str) -> str:
    return _each("Nov 22 12:00:01 aks-pool1-0 kubelet[3021]: ", line)


def short_iso(line: str) -> str:
    return _each("2026-11-22T12:00:01+0000 aks-pool1-0 kubelet[3021]: ", line)


def short_full(line: str) -> str:
    return _each("Sun 2026-11-22 12:00:01 UTC aks-pool1-0 containerd[812]: ", line)


def short_precise(line: str) -> str:
    return _each("Nov  2 12:00:01.123456 aks-pool1-0 dockerd[812]: ", line)


def monotonic(line: str) -> str:
    return _each("[  218.123456] aks-pool1-0 kubelet[3021]: ", line)


def journal_json(line: str) -> str:
    """Each line of a process is an entry of its own."""
    entries = ({"_HOSTNAME": "aks-pool1-0", "PRIORITY": "6", "MESSAGE": each} for each in line.split("\n"))
    return "\n".join(map(json.dumps, entries))


def container_log(line: str) -> str:
    return _each("2026-11-22T12:00:01.123456789Z stderr F ", line)


def container_log_json(line: str) -> str:
    entries = ({"log": f"{each}\n", "stream": "stderr", "time": "2026-11-22T12:00:01Z"} for each in line.split("\n"))
    return "\n".join(map(json.dumps, entries))


JOURNALS: tuple[Callable[[str], str], ...] = (short, short_iso, short_full, short_precise, monotonic, container_log)
JOURNALS_JSON: tuple[Callable[[str], str], ...] = (journal_json, container_log_json)
