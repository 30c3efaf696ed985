"""Who agrees that pods are started: ``--yes``, or somebody at a terminal, who is asked before Azure is."""

from __future__ import annotations

import sys
import threading

CHECK_ACR = "az aks check-acr starts a root pod on a Linux node of {}. Run it?"
PROBE = "--probe starts a pod on every node pool of {}, which pulls the image and runs nothing of it. Start them?"
COMMANDS = (
    "--cluster-access command-invoke has AKS start pods in every cluster that --all-clusters finds, which run kubectl. "
    "Start them?"
)

_asking = threading.Lock()


def somebody_is_there() -> bool:
    """Whether there is somebody who can be asked."""
    return sys.stdin is not None and sys.stdin.isatty()


def agreed(question: str) -> bool:
    """Ask on the terminal; anything but ``y`` or ``yes`` is a no, the end of input (Ctrl-D) too.

    The question is no data: it stands on standard error where standard output is piped. Of several ``--ids`` each asks
    for itself, one after another.
    """
    where = sys.stdout if sys.stdout.isatty() else sys.stderr
    with _asking:
        where.write(f"{question} (y/N): ")
        where.flush()
        answer = sys.stdin.readline()
        if not answer.endswith("\n"):
            where.write("\n")
    return answer.strip().lower() in ("y", "yes")
