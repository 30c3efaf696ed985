"""The engine in a few processes that live as long as the tests: for hundreds of runs."""

from __future__ import annotations

import argparse
import json
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from tests.azure.az import Az, az_command
from tests.azure.extension import PROJECT
from tests.azure.server import Server
from tests.azure.state import Cloud
from tests.contracts.held import can_hold
from tests.contracts.reads import unknown_reads_of

from .access_stories import OTHER_SUBSCRIPTION

AT_ONCE = 3
# check-health is a child with requests of its own: tests/collect/az/test_check_health.py.
SKIP = ["registry.health"]


@dataclass
class Engine:
    """One process that runs the engine, and the cloud that is all it sees."""

    server: Server
    process: subprocess.Popen[str]

    def run(self, cloud: Cloud, **asked: Any) -> dict[str, Any]:
        """One run; ``asked`` and the answer are those of ``engine_worker``."""
        self.server.cloud = cloud
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"skip": SKIP} | asked) + "\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        assert not cloud.log.errors
        assert not cloud.log.refused
        if can_hold():
            unknown = unknown_reads_of(answer["reads"])
            assert not unknown, "\n".join(unknown)
        return answer


def asked(arguments: Sequence[str]) -> dict[str, Any]:
    """What ``engine_worker`` is to be asked for the arguments of a story."""
    parser = argparse.ArgumentParser(exit_on_error=False)
    parser.add_argument("--acr", dest="registry")
    parser.add_argument("--cluster-access", dest="access")
    for name in ("--image", "--namespace", "--pod", "--pull-secret"):
        parser.add_argument(name)
    parser.add_argument("--expiry-days", type=int)
    parser.add_argument("--no-credential-test", action="store_true")
    parser.add_argument("--skip", action="append", default=list(SKIP))
    return {name: value for name, value in vars(parser.parse_args(arguments)).items() if value is not None}


@contextmanager
def lent(free: SimpleQueue[Engine]) -> Iterator[Engine]:
    """One engine that nobody uses, for the time of a run; it goes back whatever happens."""
    engine = free.get()
    try:
        yield engine
    finally:
        free.put(engine)


@contextmanager
def running_engines(folder: Path, count: int = AT_ONCE) -> Iterator[SimpleQueue[Engine]]:
    """Give ``count`` engines, to be taken with :func:`lent`."""
    free: SimpleQueue[Engine] = SimpleQueue()
    started = [_start(folder / str(number)) for number in range(count)]
    for engine in started:
        free.put(engine)
    try:
        yield free
    finally:
        for engine in started:
            assert engine.process.stdin is not None
            engine.process.stdin.close()
            engine.process.wait(timeout=120)
            engine.server.stop()


def _start(folder: Path) -> Engine:
    folder.mkdir()
    server = Server().start()
    # The login keeps the subscriptions that were there when it was made.
    server.cloud = Cloud()
    server.cloud.ensure_group("rg-elsewhere", OTHER_SUBSCRIPTION)
    az = Az(server, folder).logged_in()
    command = [az_command()[0], "-m", "tests.scenarios.engine_worker"]
    with (folder / "stderr").open("w") as stderr:
        environment = az.environment() | {"PYTHONPATH": str(PROJECT)}
        process = subprocess.Popen(
            command, env=environment, cwd=PROJECT, text=True, stderr=stderr,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
    engine = Engine(server, process)
    engine.run(Cloud())  # imports what a run imports
    return engine
