"""``az`` with its imports done, which forks itself for every run: half of what a short run takes is imports.

Started with a configuration and an extension folder in its environment, which imports read. Each line of standard
input asks for one run, as JSON: ``arguments``, ``env``, ``cwd``, and ``out`` and ``err``, the files to write to. The
answer is a line with the exit code, negative for a signal. What the first run of each group of commands imported is
imported here after it.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import runpy
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any


def serve(imported: Path) -> dict[str, Any]:
    """Answer lines until they end; returns, in a fork, what that fork is to run. ``imported``: files to be made."""
    known: set[Path] = set()
    for line in sys.stdin:
        asked: dict[str, Any] = json.loads(line)
        noted = imported.with_name(f"{imported.name}-{asked['arguments'][0]}")
        child = os.fork()
        if not child:
            if not noted.exists():
                atexit.register(_note_imports, noted)
            return asked
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if noted.exists() and noted not in known:
            known.add(noted)
            _import(noted)
        print(code, flush=True)
    sys.exit(0)


def _note_imports(path: Path) -> None:
    path.write_text(json.dumps({"path": sys.path, "modules": list(sys.modules)}), encoding="utf-8")


def _import(path: Path) -> None:
    noted = json.loads(path.read_text(encoding="utf-8"))
    sys.path[:] = noted["path"]
    for name in noted["modules"]:
        if not name.startswith("__") and name not in sys.modules:
            with suppress(ImportError):  # made by its parent, not found by a name
                importlib.import_module(name)
    gc.freeze()


def become(asked: dict[str, Any]) -> None:
    """Make of this fork what a process that was started for the run would be."""
    for descriptor, name, flags in (
        (0, os.devnull, os.O_RDONLY),
        (1, asked["out"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
        (2, asked["err"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
    ):
        opened = os.open(name, flags, 0o600)
        os.dup2(opened, descriptor)
        os.close(opened)
    sys.stdin = open(0, closefd=False, encoding="utf-8")  # noqa: SIM115 - as long as the process
    os.environ.clear()
    os.environ.update(asked["env"])
    os.chdir(asked["cwd"])
    tempfile.tempdir = None
    sys.argv = ["az", *asked["arguments"]]


if __name__ == "__main__":
    become(serve(Path(sys.argv[1])))
    runpy.run_module("azure.cli", run_name="__main__", alter_sys=True)
