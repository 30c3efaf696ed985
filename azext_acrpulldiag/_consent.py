"""Who agrees that pods are started: ``--yes``, or somebody at a terminal, who is asked before Azure is."""

from __future__ import annotations

CHECK_ACR = "az aks check-acr starts a root pod on a Linux node of {}. Run it?"
PROBE = "--probe starts a pod on every node pool of {}, which pulls the image and runs nothing of it. Start them?"
COMMANDS = (
    "--cluster-access command-invoke has AKS start pods in every cluster that --all-clusters finds, which run kubectl. "
    "Start them?"
)


def somebody_is_there() -> bool:
    """Whether there is somebody who can be asked."""
    import sys

    return sys.stdin is not None and sys.stdin.isatty()


def agreed(question: str) -> bool:
    """Ask on the terminal; anything but ``y`` is a no, its end (Ctrl-D) too.

    The question is no data: it stands on standard error where standard output is piped.
    """
    import sys
    from contextlib import redirect_stdout

    from knack.prompting import prompt_y_n

    with redirect_stdout(sys.stdout if sys.stdout.isatty() else sys.stderr):
        try:
            return bool(prompt_y_n(question, default="n"))
        except EOFError:
            print()
            return False
