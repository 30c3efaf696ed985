"""What becomes of a printed repair when somebody pastes it into a shell as it stands.

The programs are stubs that write down what they are called with, so that nothing outside the shell is touched.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from functools import cache
from pathlib import Path

# Like the real one, ``apply`` refuses an empty input.
_STUB = """#!/bin/sh
case "$*" in *apply*) [ -n "$(cat)" ] || exit 1 ;; esac
echo "$(basename "$0") $*" >>"$CALLS"
[ -z "$FAILS" ] || exit 1
echo said
"""
_VARIABLE = re.compile(r"\$\{(\w+):\?")
_LITERAL = re.compile(r"'[^']*'")
_LOOSE = re.compile(r"\$\w+|\$\{\w+\}")
_DESTROYS = re.compile(r"(delete|remove|purge|reset|detach|clear|revoke)(-[a-z-]+)?")
_WORD = re.compile(r"[a-z][a-z-]*")


def variables_of(command: str) -> frozenset[str]:
    """The variables that a command insists on."""
    return frozenset(_VARIABLE.findall(command))


def pasted(*commands: str, az_fails: bool = False, **variables: str) -> tuple[int, tuple[str, ...]]:
    """Paste commands one after the other; returns the last one's exit code, and the programs' calls in order."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        calls = folder / "calls"
        calls.touch()
        for program in ("az", "kubectl"):
            (folder / program).write_text(_STUB)
            (folder / program).chmod(0o755)
        environment = {"PATH": f"{folder}:/usr/bin:/bin", "CALLS": str(calls), "FAILS": "1" if az_fails else ""}
        # -i would load somebody's settings; as there, a command that fails does not end what is pasted after it.
        script = "\n".join(f"( {each}\n)" if variables_of(each) else each for each in commands)
        done = subprocess.run(
            ["bash", "-c", script], env={**environment, **variables}, capture_output=True, text=True, timeout=60
        )
        return done.returncode, tuple(calls.read_text().splitlines())


@cache
def harm(command: str) -> str | None:
    """What is wrong with pasting a command, or ``None``.

    It deletes; it acts on whatever cluster kubectl is set to; or it calls a program although one of its variables is
    unset or empty, or does not although all are set.
    """
    for program in re.split(r"\|", command):
        words = program.split()
        if "az" in words[:1] or "=$(az" in program:
            called = program.partition("az ")[2].split(" --")[0]
            if any(_DESTROYS.fullmatch(word) for word in called.split()) and "--append" not in program:
                return f"it deletes: {called}"
        if words[:1] == ["kubectl"] and ("delete" in words or not {"--kubeconfig", "--context"} & set(words)):
            return "kubectl deletes, or acts on whatever context is current"
    if loose := _LOOSE.search(_LITERAL.sub("", command)):
        return f"it does not insist on {loose[0]}"
    names = variables_of(command)
    if not names:
        return None
    for name in names:
        others = {each: "set" for each in names - {name}}
        for value in ({}, {name: ""}):
            code, calls = pasted(command, **others, **value)
            if code == 0 or calls:
                return f"without {name} it ends with {code} and calls {calls}"
    code, calls = pasted(command, **dict.fromkeys(names, "set"))
    return None if code == 0 and calls else f"with its variables it ends with {code} and calls {calls}"


@cache
def harm_where_az_fails(*steps: str) -> str | None:
    """What is wrong with pasting all steps of a repair where each call of az fails, or ``None``.

    It is wrong to write a secret then.
    """
    if not any(map(variables_of, steps)):
        return None
    _, calls = pasted(*steps, az_fails=True)
    written = [each for each in calls if each.startswith("kubectl ") and " apply " in f"{each} "]
    return f"although az failed: {written}" if written else None
