"""Run the engine in one process again and again: what a test of hundreds of runs cannot start an ``az`` for.

Reads one JSON object a line (``registry``, ``timeout``, ``skip``, ``image``), answers one a line: ``report``, or
``missing`` where the cluster does not exist, or ``raised`` with the traceback; and ``seconds``.
"""

from __future__ import annotations

import json
import sys
import time
import traceback
from typing import Any

from azext_acrpulldiag.collect import ClusterMissingError
from azext_acrpulldiag.engine import Request, run
from azext_acrpulldiag.targets import ClusterTarget, Targets, parse_registry
from tests import build


def answer(cli_ctx: Any, asked: dict[str, Any]) -> dict[str, Any]:
    """One run, with nothing left out that it may raise."""
    cluster = ClusterTarget(build.SUBSCRIPTION, "rg-app", "prod")
    targets = Targets(cluster, parse_registry(asked.get("registry", "contosoreg"), ".azurecr.io"))
    request = Request(targets, asked.get("image"), tuple(asked.get("skip", ())), timeout=asked.get("timeout", 60.0))
    began = time.monotonic()
    try:
        outcome: dict[str, Any] = {"report": run(cli_ctx, request)}
    except ClusterMissingError as missing:
        outcome = {"missing": f"{missing} {missing.recommendation}"}
    except BaseException:
        outcome = {"raised": traceback.format_exc()}
    return outcome | {"seconds": time.monotonic() - began}


def main() -> None:
    """Answer until standard input ends."""
    from azure.cli.core import get_default_cli

    cli = get_default_cli()
    for line in sys.stdin:
        print(json.dumps(answer(cli, json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
