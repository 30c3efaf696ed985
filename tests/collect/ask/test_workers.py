"""Workers at the end of the process: gone with it, but for imports and for what says that it must end."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from tests.azure.extension import PROJECT

START = """
import sys, threading, time
from azext_acrpulldiag.collect.ask.workers import Workers, waited_for
begun = threading.Event()

def work():
{work}
    print("done", flush=True)

Workers(1).submit(work)
begun.wait()
"""


def command(work: str) -> list[str]:
    """A process that ends while a worker is at ``work``."""
    return [sys.executable, "-c", START.format(work=textwrap.indent(textwrap.dedent(work).strip(), "    "))]


def ended(work: str, folder: Path = PROJECT) -> tuple[int, str, str, float]:
    """Its exit code, what it says, and how many seconds it took."""
    environment = {"PYTHONPATH": f"{PROJECT}:{folder}"}
    began = time.monotonic()
    done = subprocess.run(command(work), cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout, done.stderr, time.monotonic() - began


@pytest.mark.parametrize("work", ["time.sleep(3600)", "threading.Lock().acquire(); threading.Event().wait()"])
def test_work_that_waits_for_something_is_gone_with_the_process(work):
    code, out, err, seconds = ended(f"begun.set()\n{work}")
    assert (code, out, err) == (0, "", "")
    assert seconds < 50


def test_an_import_is_waited_for(tmp_path):
    (tmp_path / "slow_module.py").write_text("import __main__, time\n__main__.begun.set()\ntime.sleep(0.5)\n")
    assert ended("import slow_module", tmp_path)[:3] == (0, "done\n", "")


def test_work_that_says_so_is_waited_for_as_long_as_it_says():
    assert ended("with waited_for(20):\n    begun.set()\n    time.sleep(0.5)\n    print('clean')")[1].startswith(
        "clean"
    )
    code, out, _, seconds = ended("with waited_for(0.2):\n    begun.set()\n    time.sleep(3600)")
    assert (code, out, seconds < 50) == (0, "", True)


def test_ctrl_c_while_it_is_waited_for_is_silent():
    work = "with waited_for(60):\n    begun.set()\n    print('begun', flush=True)\n    time.sleep(3600)"
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command(work), cwd=PROJECT, text=True, **pipes) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=50)
    assert (process.returncode, out, err) == (1, "", "")
