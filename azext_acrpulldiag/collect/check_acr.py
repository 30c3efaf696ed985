"""Run ``az aks check-acr`` and leave nothing of it behind.

The command starts a root pod on one Linux node (``canipull``), leaves a kubeconfig with a
credential in the temporary folder, has no time limit, and loses the pod where it is
interrupted. It runs here as it is, in a folder of its own that is removed, under a time
limit, and its pod is deleted where it was cut short. Its text is read in
:mod:`.canipull`.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..facts import CheckAcrReport, Unreadable
from ..targets import ClusterTarget
from .canipull import OPERATION, check_acr_report_from
from .child import Child, Ended, az_command
from .deadline import Deadline

CLEAN_UP_SECONDS = 6.0
"""Kept back of the deadline, for deleting a pod that was cut short."""

_POD = re.compile(r"\bcanipull-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
# Older versions hand this path to a shell.
_SHELL_SAFE = re.compile(r"^[A-Za-z0-9/._+-]+$")


def run_check_acr(cluster: ClusterTarget, login_server: str, deadline: Deadline) -> CheckAcrReport | Unreadable:
    """Return what ``az aks check-acr`` says of cluster and registry, within the deadline.

    Starts a pod: call it only where the user agreed to that. Raises nothing but what an
    interrupt raises.
    """
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        return check_acr_report_from(Ended(1, "ERROR: Can not find kubectl executable in PATH"), login_server)
    command = az_command(
        *("aks", "check-acr", "--resource-group", cluster.resource_group, "--name", cluster.name),
        *("--acr", login_server, "--subscription", cluster.subscription),
    )
    try:
        with private_folder() as folder:
            child = Child(command, child_environment(folder), folder)
            ended, pod = _watch(child, deadline)
            if not ended.cut_short:
                return check_acr_report_from(ended, login_server)
            left_over = None if pod is None else _delete_pod(os.path.abspath(kubectl), pod, folder)
            return check_acr_report_from(ended, login_server, left_over)
    except OSError as error:
        return Unreadable("internal-error", f"{OPERATION} could not be started: {error}", OPERATION)


@contextmanager
def private_folder() -> Iterator[Path]:
    """A folder that only this user may enter, removed with all that is in it."""
    places = [tempfile.gettempdir(), "/tmp", "/var/tmp"] if sys.platform != "win32" else [tempfile.gettempdir()]  # noqa: S108
    place = next((name for name in places if sys.platform == "win32" or _SHELL_SAFE.match(name)), None)
    folder = Path(tempfile.mkdtemp(prefix="acrpulldiag-", dir=place))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def child_environment(folder: Path) -> dict[str, str]:
    """This environment, with everything temporary in ``folder`` and plain text as output."""
    return {
        **os.environ,
        **dict.fromkeys(("TMPDIR", "TEMP", "TMP", "KUBECACHEDIR"), str(folder)),
        "AZURE_CORE_NO_COLOR": "true",
        "AZURE_CORE_ONLY_SHOW_ERRORS": "false",
        "PYTHONIOENCODING": "utf-8",
    }


def _watch(child: Child, deadline: Deadline) -> tuple[Ended, str | None]:
    """Wait for the end; answer it, and the name of the pod where the child was cut short."""
    try:
        ended = child.wait(deadline.remaining() - CLEAN_UP_SECONDS)
        if ended is not None:
            return ended, None
        pod = _pod_of(child.pid)
        return child.end(), pod
    except BaseException:
        # An interrupt: end the child before the folder goes.
        child.end()
        raise


def _pod_of(leader: int) -> str | None:
    """Find the pod's random name in the arguments of the ``kubectl`` that this child started."""
    names = [match[0] for line in _arguments_of_group(leader) if (match := _POD.search(line))]
    return names[0] if names else None


def _arguments_of_group(leader: int) -> Iterator[str]:
    processes = Path("/proc")
    if (processes / "self" / "cmdline").exists():
        for folder in processes.glob("[0-9]*"):
            try:
                if os.getpgid(int(folder.name)) == leader:
                    yield (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:  # it ended meanwhile
                continue
        return
    ps = shutil.which("ps") if sys.platform != "win32" else None
    if ps is None:
        return
    listing = subprocess.run([ps, "-axww", "-o", "pgid=,args="], capture_output=True, text=True, check=False)
    for line in listing.stdout.splitlines():
        group, _, arguments = line.strip().partition(" ")
        if group == str(leader):
            yield arguments


def _delete_pod(kubectl: str, pod: str, folder: Path) -> str | None:
    """Delete the pod with the kubeconfig that the command left; answer its name if that failed."""
    for kubeconfig in folder.glob("tmp*"):
        if not kubeconfig.is_file():
            continue
        try:
            done = subprocess.run(
                [
                    *(kubectl, "delete", "pod", pod, "--namespace", "default", "--kubeconfig", str(kubeconfig)),
                    *("--ignore-not-found", "--wait=false", f"--request-timeout={CLEAN_UP_SECONDS:.0f}s"),
                ],
                env=child_environment(folder),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=CLEAN_UP_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            continue
        if done.returncode == 0:
            return None
    return pod
