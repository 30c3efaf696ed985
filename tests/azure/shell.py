"""A shell in which ``az`` is the warm one and ``kubectl`` the real one, whose whole internet is the simulated cloud."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path

from .az import Az, Result

# What ``az`` is in the shell: it hands its words to whoever has the warm process, and prints what that says.
_CLIENT = """#!{python} -IS
import json, os, socket, sys
link = socket.socket(socket.AF_UNIX)
link.connect({address!r})
link.sendall(json.dumps([sys.argv[1:], os.getcwd()]).encode() + b"\\n")
code, out, err = json.loads(link.makefile().read())
sys.stdout.write(out)
sys.stderr.write(err)
sys.exit(code)
"""
# The first command that fails ends it, as it ends what somebody pastes who reads what happens.
_FIRST = "set -eo pipefail\ntrap 'echo \"failed: $BASH_COMMAND\" >&2' ERR\n"


def paste(az: Az, commands: Sequence[str], timeout: float = 300) -> Result:
    """Run commands one after the other in one bash, exactly as they are, in ``az``'s folder."""
    with tempfile.TemporaryDirectory(prefix="acrpulldiag-shell-") as name:
        folder = Path(name)
        client = folder / "az"
        client.write_text(_CLIENT.format(python=sys.executable, address=str(folder / "link")))
        client.chmod(0o755)
        environment = az.environment() | {
            "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(az.folder),
            "KUBECONFIG": os.devnull,
        }
        environment.pop("PYTHONPATH")
        with closing(socket.socket(socket.AF_UNIX)) as listener:
            listener.bind(str(folder / "link"))
            listener.listen()
            threading.Thread(target=_serve, args=(az, listener), daemon=True).start()
            done = subprocess.run(
                ["bash", "-c", _FIRST + "\n".join(commands)],
                env=environment,
                cwd=az.folder,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=timeout,
            )
            listener.shutdown(socket.SHUT_RDWR)
    return Result(done.returncode, done.stdout, done.stderr)


def _serve(az: Az, listener: socket.socket) -> None:
    """Run what the clients want, one after the other, until nobody listens any more."""
    with suppress(OSError):
        while True:
            link, _ = listener.accept()
            with closing(link):
                words, folder = json.loads(link.makefile().readline())
                done = az.run(*words, cwd=Path(folder))
                link.sendall(json.dumps([done.code, done.out, done.err]).encode())
