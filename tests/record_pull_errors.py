"""Record what each containerd here says of each failed pull: ``python -m tests.record_pull_errors``.

The recordings let the classifier's tests run where there is no containerd.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

from tests.azure.containerd import RUNTIMES, UnavailableError, events
from tests.azure.nodes import Nodes, running
from tests.azure.server import Server
from tests.azure.state import Cloud
from tests.scenarios.pulls import PULLS, Pull, tidy
from tests.score import FOLDER

OLDEST_KUBELET = "1.6"
_DIGEST = re.compile(r"\b[0-9a-f]{64}\b")
_PORT = re.compile(r"(?<=127\.0\.0\.1:)\d{5}")
_LOOPBACK = re.compile(r"\b127(?:\.\d{1,3}){3}\b")
_TIME = re.compile(r"\b\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z")
_SIZES = re.compile(r"\d+ != \d+")


def settled(text: str) -> str:
    """The text without what differs from run to run."""
    text = _TIME.sub("2026-11-22T12:00:00Z", _SIZES.sub("401 != 200", _DIGEST.sub("a" * 64, text)))
    return _PORT.sub("40404", _LOOPBACK.sub("127.0.0.1", text))


def event_of(pull: Pull, cloud: Cloud, nodes: Nodes) -> dict[str, str]:
    """Let its node pull in ``cloud``; what kubelet says, by version."""
    tidy(cloud)
    pull.prepare(cloud)
    node = nodes[pull.node]
    return events(pull.image, *(node.error(pull.image, *credential) for credential in pull.credentials))


@cache
def recorded() -> dict[str, dict[str, str]]:
    """The recorded messages: by containerd's version, by the pull's name."""
    return {
        path.stem.removeprefix("containerd-"): {
            record["id"]: record["message"] for record in map(json.loads, path.read_text().splitlines())
        }
        for path in sorted(FOLDER.glob("containerd-*.jsonl"))
    }


def record(runtime: str, server: Server) -> Path:
    """Write the recording of one of the runtimes. Raises :class:`UnavailableError`."""
    with running(server, runtime) as nodes:
        lines = []
        for pull in PULLS.values():
            server.cloud = Cloud()
            message = settled(event_of(pull, server.cloud, nodes)[OLDEST_KUBELET])
            lines.append(json.dumps({"id": pull.name, "label": pull.expected.symptom_class, "message": message}))
        path = FOLDER / f"containerd-{nodes['proxied'].version()}.jsonl"
    path.write_text("\n".join([*lines, ""]))
    return path


def main() -> None:
    """Write the recordings of all containerds that there are."""
    server = Server().start()
    for runtime in RUNTIMES:
        try:
            print(record(runtime, server))
        except UnavailableError as why:
            print(why)
    server.stop()


if __name__ == "__main__":
    main()
