"""Run a command inside a cluster, through Azure, as ``az aks command invoke`` does.

AKS starts a pod ``command-...`` in namespace ``aks-command`` for it, which needs a node with room (200m of CPU and
500 MiB) and an image of its own. Its output is cut at 512 kB. Sources: operation ManagedClusters_RunCommand of
https://github.com/Azure/azure-rest-api-specs, https://learn.microsoft.com/azure/aks/access-private-cluster and
https://learn.microsoft.com/troubleshoot/azure/azure-kubernetes/resolve-az-aks-command-invoke-failures.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial

from ...facts import Unreadable
from ...masking import masked
from ...targets import ClusterTarget
from ..ask.arm import ArmReader, Json, ReadError
from ..ask.lasting import begin, result
from ..members import Body, MemberError, maybe
from .cluster import API_VERSION
from .versions import ask_in

MOST_OUTPUT = 512 * 1024
"""Bytes of output that are handed on, of which a command that prints more does not tell."""
IMAGE = "mcr.microsoft.com/aks/command/runtime"
OPERATION = "Microsoft.ContainerService/managedClusters/runCommand/action"

_RESULT = re.compile(r"/commandresults/([0-9A-Za-z-]{1,128})$", re.IGNORECASE)
_PULL = re.compile(r"ImagePull|ErrImage|InvalidImageName", re.IGNORECASE)
_NOT_STARTED = re.compile(
    r"KubernetesPerformanceError|did not start within|not schedulable|Insufficient", re.IGNORECASE
)
_DENIED = re.compile(r"admission webhook|denied the request|denied request", re.IGNORECASE)
# The first results were there after five seconds (recorded).
_WAITS = (0.5, 1.0, 1.0, 1.0, 1.0)
_LATER = 2.0
_LONGEST_REASON = 300


@dataclass(frozen=True)
class CommandAccess:
    """What a cluster says of commands that are run in it."""

    disabled: bool
    """``apiServerAccessProfile.disableRunCommand``."""
    entra: bool
    """Kubernetes lets in whom Entra ID names, so that a command needs a token; else it is the cluster's administrator.

    ``aadProfile.managed``, as az decides it: ``aks_runcommand`` in the CLI's acs/custom.py.
    """


@dataclass(frozen=True)
class CommandRunner:
    """Runs commands in one cluster. Shows no secret when printed."""

    reader: ArmReader
    cluster_id: str
    token: str | None = field(repr=False)
    """Of the AKS server application; ``None``: the cluster wants none."""

    def run(self, command: str, within: float) -> str:
        """Return what ``command`` printed, asking at most for ``within`` seconds. Raises :class:`ReadError`.

        What is under way then ends by itself: to delete its pod would be one more change to the cluster.
        """
        body = {"command": command, **({} if self.token is None else {"clusterToken": self.token})}
        path = f"{self.cluster_id}/runCommand"
        end = time.monotonic() + within
        try:
            url, _ = ask_in(API_VERSION, lambda version: begin(self.reader, path, version, body))
            return output_from(self._wait(url, end))
        except (ReadError, MemberError) as error:
            raise ReadError(explained(error.why)) from error

    def _wait(self, url: str, end: float) -> Json:
        told = _RESULT.search(url.partition("?")[0])
        if told is None:
            raise ReadError(Unreadable("malformed", "Azure does not name the result of the command", OPERATION))
        path = f"{self.cluster_id}/commandResults/{told[1]}"
        for wait in _waits():
            if time.monotonic() + wait >= end:
                break
            time.sleep(wait)
            found = result(self.reader, url, path)
            if found is not None:
                return found
        late = "The command in the cluster did not end in its share of --timeout: give more seconds"
        raise ReadError(Unreadable("timeout", late, OPERATION))


def _waits() -> Iterator[float]:
    yield from _WAITS
    while True:
        yield _LATER


def read_command_access(reader: ArmReader, target: ClusterTarget) -> CommandAccess | None:
    """GET the cluster for what it says of commands; ``None``: it does not exist. Raises :class:`ReadError`."""
    answer, _ = ask_in(API_VERSION, partial(reader.get, target.id))
    try:
        return None if answer is None else command_access_from(answer)
    except MemberError as error:
        raise ReadError(error.why) from error


def command_access_from(answer: Json) -> CommandAccess:
    """Map a managedClusters answer, in which both profiles are left out where nobody set them (recorded).

    Raises ``MemberError``.
    """
    body = Body(answer)
    return CommandAccess(
        disabled=maybe(body.flag, "properties", "apiServerAccessProfile", "disableRunCommand") is True,
        entra=maybe(body.flag, "properties", "aadProfile", "managed") is True,
    )


def output_from(answer: Json) -> str:
    """What a command printed, of its result. Raises :class:`ReadError` where it did not run, and ``MemberError``.

    Its state is written in either case (recorded, and in the specification's examples).
    """
    body = Body(answer)
    state = (maybe(body.text, "properties", "provisioningState") or "").lower()
    if state == "succeeded":
        return maybe(body.text, "properties", "logs") or ""
    reason = maybe(body.text, "properties", "reason") or f"its state is {state or 'not shown'}"
    raise ReadError(Unreadable("unsupported", f"The command did not run: {_short(reason)}", OPERATION))


def explained(why: Unreadable) -> Unreadable:
    """Say of a failure that is known what is the matter, and what to do. Pure."""
    said = why.detail
    if why.reason == "forbidden":
        return replace(why, detail="HTTP 403: no permission to run commands in the cluster, or to read their output")
    if _PULL.search(said):
        means = f"the nodes cannot pull the image of AKS's own pod for commands, {IMAGE}"
    elif _DENIED.search(said):
        means = "a policy of the cluster refuses AKS's pod for commands; let it leave out namespace aks-command"
    elif _NOT_STARTED.search(said):
        room = "it takes a ready Linux node with 200m of CPU and 500 MiB free"
        return replace(why, detail=f"AKS's pod for commands did not start in time: {room}")
    else:
        return why
    return replace(why, detail=f"{said.rstrip('.')}; {means}")


def _short(text: str) -> str:
    return masked(text.strip().splitlines()[0] if text.strip() else text)[:_LONGEST_REASON]
