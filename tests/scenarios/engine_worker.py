"""Run the engine in one process again and again: what a test of hundreds of runs cannot start an ``az`` for.

Reads one JSON object a line (``registry``, ``timeout``, ``skip``, ``image``, ``access``, ``namespace``, ``pod``,
``pull_secret``, ``no_credential_test``, ``expiry_days``), answers one a line: ``report`` and ``facts`` (pickled,
base64), or ``missing`` where the cluster does not exist, or ``raised`` with the traceback; and ``seconds`` and
``reads``: what was looked at in answers of Resource Manager and in none before (method, path, api-version, members).
"""

from __future__ import annotations

import base64
import json
import pickle
import sys
import time
import traceback
from typing import Any

from azext_acrpulldiag.collect import ClusterMissingError
from azext_acrpulldiag.collect.ask import kubernetes as kube_api
from azext_acrpulldiag.collect.kubernetes.login import ClusterAccess
from azext_acrpulldiag.collect.kubernetes.workloads import Scope
from azext_acrpulldiag.engine import Request, judged, read_and_diagnose
from azext_acrpulldiag.targets import ClusterTarget, Targets, parse_registry
from tests import build
from tests.contracts.trace import answers_traced, fresh


def answer(cli_ctx: Any, asked: dict[str, Any]) -> dict[str, Any]:
    """One run, with nothing left out that it may raise."""
    request = request_of(asked)
    began = time.monotonic()
    try:
        facts, elapsed, diagnosis = read_and_diagnose(cli_ctx, request)
        outcome: dict[str, Any] = {
            "report": judged(facts, request, elapsed, diagnosis),
            "facts": base64.b64encode(pickle.dumps(facts)).decode(),
        }
    except ClusterMissingError as missing:
        outcome = {"missing": f"{missing} {missing.recommendation}"}
    except BaseException:
        outcome = {"raised": traceback.format_exc()}
    return outcome | {"seconds": time.monotonic() - began}


def request_of(asked: dict[str, Any]) -> Request:
    """What the arguments of one line mean; the cluster is the default one."""
    return Request(
        Targets(
            ClusterTarget(build.SUBSCRIPTION, "rg-app", "prod"),
            parse_registry(asked.get("registry", "contosoreg"), ".azurecr.io"),
        ),
        asked.get("image"),
        tuple(asked.get("skip", ())),
        expiry_days=asked.get("expiry_days", 30),
        timeout=asked.get("timeout", 60.0),
        access=ClusterAccess(asked.get("access", "auto")),
        scope=Scope(asked.get("namespace"), asked.get("pod")),
        pull_secret=asked.get("pull_secret"),
        credential_test=not asked.get("no_credential_test", False),
    )


def main() -> None:
    """Answer until standard input ends.

    A machine at work on all of the tests is no proof that an API server is out of reach, so it is waited for longer.
    """
    from azure.cli.core import get_default_cli

    kube_api.FIRST_ANSWER_SECONDS = kube_api.READ_SECONDS
    cli = get_default_cli()
    known: set[tuple[str, ...]] = set()
    for line in sys.stdin:
        with answers_traced() as reads:
            outcome = answer(cli, json.loads(line))
        print(json.dumps(outcome | {"reads": fresh(reads, known)}), flush=True)


if __name__ == "__main__":
    main()
