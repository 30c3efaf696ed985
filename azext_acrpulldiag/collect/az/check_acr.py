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
from collections.abc import Iterator
from pathlib import Path

from ...facts import CheckAcrReport, Unreadable
from ...targets import ClusterTarget
from ..ask.deadline import Deadline
from ..ask.workers import waited_for
from .canipull import OPERATION, CutShort, check_acr_report_from
from .child import Child, Ended, az_command, private_folder

CLEAN_UP_SECONDS = 6.0
"""Kept back of the deadline, for deleting a pod that was cut short."""

LOOK_SECONDS = 0.5

_POD = re.compile(r"\bcanipull-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")


def run_check_acr(cluster: ClusterTarget, login_server: str, deadline: Deadline) -> CheckAcrReport | Unreadable:
    """Return what ``az aks check-acr`` says of cluster and registry, within the deadline.

    Starts a pod: call it only where the user agreed to that. Raises nothing but what an
    interrupt raises.
    """
    found = shutil.which("kubectl")
    if found is None:
        return check_acr_report_from(Ended(1, "ERROR: Can not find kubectl executable in PATH"), login_server)
    kubectl = str(Path(found).absolute())
    command = az_command(
        *("aks", "check-acr", "--resource-group", cluster.resource_group, "--name", cluster.name),
        *("--acr", login_server, "--subscription", cluster.subscription),
    )
    try:
        with waited_for(CLEAN_UP_SECONDS), private_folder() as folder:
            run = _Run(command, folder)
            try:
                ended = run.wait(deadline)
            finally:
                run.clean_up(kubectl)
            return check_acr_report_from(ended, login_server, run.cut_short)
    except OSError as error:
        return Unreadable("internal-error", f"{OPERATION} could not be started: {error}", OPERATION)


def child_environment(folder: Path) -> dict[str, str]:
    """This environment, with everything temporary in ``folder`` and plain text as output.

    For a cluster that signs in with Entra ID the command runs ``kubelogin convert-kubeconfig``
    on whatever ``KUBECONFIG`` names, which would be the user's own file and not the
    command's; and the one it made would ask for a sign-in in a browser.
    """
    return {
        "AAD_LOGIN_METHOD": "azurecli",
        **os.environ,
        "KUBECONFIG": str(folder / "none"),
        **dict.fromkeys(("TMPDIR", "TEMP", "TMP", "KUBECACHEDIR"), str(folder)),
        "AZURE_CORE_NO_COLOR": "true",
        "AZURE_CORE_ONLY_SHOW_ERRORS": "false",
        "PYTHONIOENCODING": "utf-8",
    }


class _Run:
    """One run of the command, and what it is known to have started.

    The pod's random name stands only in the arguments of the ``kubectl`` that the command
    starts: they are looked at while it runs, since whatever interrupts us may end it too.
    """

    def __init__(self, command: list[str], folder: Path) -> None:
        self._folder = folder
        self._child = Child(command, child_environment(folder), folder)
        self._ended: Ended | None = None
        self._pod: str | None = None
        self._waits_for_api = False
        self._left_over: str | None = None

    def wait(self, deadline: Deadline) -> Ended:
        """Wait for its end, or end it while there is still time to clean up."""
        while self._ended is None:
            left = deadline.remaining() - CLEAN_UP_SECONDS
            self._ended = self._child.wait(min(LOOK_SECONDS, max(0.0, left)))
            if self._ended is None:
                self._look()
                if left <= 0:
                    self._ended = self._child.end()
        return self._ended

    def clean_up(self, kubectl: str) -> None:
        """Where it did not end by itself, end it and delete its pod."""
        if self._ended is None:
            self._look()
            self._ended = self._child.end()
        if self._ended.cut_short and self._pod is not None:
            self._left_over = _delete_pod(kubectl, self._pod, self._folder)

    @property
    def cut_short(self) -> CutShort | None:
        """How far it had come; ``None`` where it ended by itself."""
        if self._ended is not None and not self._ended.cut_short:
            return None
        return CutShort(self._waits_for_api, self._pod is not None, self._left_over)

    def _look(self) -> None:
        for arguments in _arguments_of_group(self._child.pid):
            self._waits_for_api = self._waits_for_api or " version -o json " in arguments
            pod = _POD.search(arguments)
            if pod is not None:
                self._pod, self._waits_for_api = pod[0], False


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
