"""Recognise texts that report no cause, or no failed pull at all. Works on words of :func:`.parse.bare`."""

from __future__ import annotations

import re

_BACKOFF = re.compile(
    r"errimagepull|imagepullbackoff|imagepullfailure|back-?off pulling|failing to pull image|"
    r"image pull (?:errors?|failure)|"
    r"failed to pull image|image can.?t be pulled"
)
_NO_CAUSE = re.compile(
    r"[\s\"'.\[\]()-]*(?:error|warning|error from server \(badrequest\)|container .{0,300}|error syncing pod.{0,80}|"
    r"spec\.\w{1,20}\{.{0,80}\}|<name>|<url>|\d{0,6})?[\s\"'.\[\]()-]*"
)


def is_backoff_only(words: str) -> bool:
    """Tell whether the text only says that a pull failed: every clause is a wrapper."""
    clauses = words.replace("please check <url>", "").split(": ")
    said = [clause for clause in clauses if not _BACKOFF.search(clause)]
    return len(said) < len(clauses) and all(_NO_CAUSE.fullmatch(clause) for clause in said)


_PULL = re.compile(
    r"failed to pull|errimagepull|imagepull|pullimage|pull and unpack|failed pulling|pulling image failed|"
    r"error pulling|"
    r"failed to resolve|sandbox image|pull secret|pull image|pull access|manifest (?:unknown|for)|errimageneverpull|"
    r"exec format error|operating system|back-off pulling"
)
_GOOD_NEWS = re.compile(
    r"success\w* pulled|already present on machine|image is up to date|"
    r"^(?:spec\.\w{1,20}\{.{0,80}\}: )?pulling image\b[^:]*$|"
    r"(?:created|started|killing|stopping) container|successfully assigned"
)
_OTHER_SUBJECT = re.compile(
    r"\b(?:liveness|readiness|startup) probe|probe failed|"
    r"(?:attach|mount|detach|unmount|map)volume|mount volumes?|volume not attached|volumes? .{0,40}(?:mount|"
    r"attach)|mountdevice|"
    r"load balancer|crashloopbackoff|back-off (?:\S{1,12} )?restarting|\bpleg\b|listcontainers|listpodsandbox|"
    r"runtime service failed|"
    r"is the docker daemon running|cannot connect to the docker daemon|device ?code|"
    r"nodes are available|failedscheduling|node was low on resource|\bevicted\b|oomkilled|out of memory|"
    r"resource lock|leader ?election|"
    r"unable to connect to the server|logged in to the server|is forbidden: user|\bcni\b|networkplugin|"
    r"network for sandbox|"
    r"executable file not found|timed out waiting for the condition|gcfailed|failedmount|failedattach|"
    r"failed calling webhook|garbage collect|freed? .{0,40}bytes|stopped posting|"
    r"create(?:d)? containerd task|runc create failed|configmap|couldn't find key|^error: secret\b|posthook|"
    r"poststart|prestop|"
    r"horizontalpodautoscaler|metrics api|scaled (?:up|down)|node .{0,80}not ?ready|etcdserver|kubernetes\.io/azure-"
)


def is_no_pull(words: str) -> bool:
    """Tell whether the text speaks of something else than a failed pull, or of a good one."""
    if _GOOD_NEWS.search(words) and not re.search(r"fail|error|back-off", words):
        return True
    return not _PULL.search(words) and bool(_OTHER_SUBJECT.search(words))
