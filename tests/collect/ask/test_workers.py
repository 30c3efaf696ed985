"""Workers at the end of the process: waited for, but not for long."""

from __future__ import annotations

import subprocess
import sys
import textwrap

from azext_acrpulldiag.collect.ask.workers import LAST_PATIENCE
from tests.azure.extension import PROJECT


def ended(work: str) -> subprocess.CompletedProcess[str]:
    """What a process says that ends while a worker is at ``work``."""
    script = textwrap.dedent(
        f"""
        import threading, time
        from azext_acrpulldiag.collect.ask.workers import Workers
        begun = threading.Event()

        def work():
            begun.set()
            {work}
            print("done", flush=True)

        Workers(1).submit(work)
        begun.wait()
        """
    )
    command = [sys.executable, "-c", script]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=120)


def test_work_that_is_about_to_end_is_waited_for():
    done = ended(f"time.sleep({LAST_PATIENCE / 10})")
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")


def test_work_that_hangs_is_not():
    done = ended("time.sleep(3600)")
    assert (done.returncode, done.stdout) == (0, "")
