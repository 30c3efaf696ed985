"""``python -m scripts.smoke GROUP NAME [--acr ACR] [--subscription SUBSCRIPTION] [--file FILE]``: see CONTRIBUTING.md.

It signs in as ``az`` is signed in, only reads, and writes a file that has no value of an answer in it.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.contracts.definitions import installed
from tests.contracts.trace import answers_traced

from .document import Json, document
from .recording import noted
from .simulated import members


def main(arguments: Sequence[str]) -> int:
    """Write the file and say where it is. 1: the run gave no report; 2: the definitions are not installed."""
    asked = _parsed(arguments)
    if not installed():
        print("Microsoft's definitions are not installed: make setup-contracts", file=sys.stderr)
        return 2
    told, failure = _run(asked)
    file = Path(asked.file)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    for title, found in told["compared"].items():
        print(f"{len(found):>5} {title}")
    print(f"The shapes of {len(told['answers'])} answers are in {file}; it has no names and no values of yours.")
    if failure:
        print(f"The run itself ended with: {failure}", file=sys.stderr)
    return int(bool(failure))


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make smoke", description="Write down the shape of Azure's answers.")
    parser.add_argument("group", help="resource group of the cluster")
    parser.add_argument("name", help="name of the cluster")
    parser.add_argument("--acr", help="name, login server or ID of the registry")
    parser.add_argument("--subscription", help="name or ID; the login's default where it is not given")
    parser.add_argument("--file", default="build/smoke.json", help="where to write")
    return parser.parse_args(arguments)


def _run(asked: argparse.Namespace) -> tuple[Json, str]:
    """The document, and why the run gave no report; empty: it gave one."""
    from azure.cli.core import get_default_cli
    from azure.cli.core._profile import Profile
    from azure.cli.core.commands.client_factory import get_subscription_id
    from knack.util import CLIError

    from azext_acrpulldiag._validators import login_server_suffix
    from azext_acrpulldiag.collect.ask import kubernetes
    from azext_acrpulldiag.collect.azure import cluster
    from azext_acrpulldiag.collect.azure.missing import ClusterMissingError
    from azext_acrpulldiag.engine import NoAnswerError, Request, run, run_for_failing_pods
    from azext_acrpulldiag.targets import NO_REGISTRY, ClusterTarget, Targets, parse_registry

    cli = get_default_cli()
    suffix = login_server_suffix(cli)
    endpoints = cli.cloud.endpoints
    hosts = tuple(urlsplit(each).netloc.lower() for each in (endpoints.resource_manager, _graph_of(endpoints)))
    try:
        registry = parse_registry(asked.acr, suffix) if asked.acr else NO_REGISTRY
    except ValueError as error:
        raise SystemExit(str(error)) from error
    failure = ""
    # Answers are what this run is for: it waits for those that another goes on without.
    cluster.PREVIEW_PATIENCE = kubernetes.FIRST_ANSWER_SECONDS = kubernetes.READ_SECONDS
    with answers_traced() as reads, noted(hosts) as answers:
        try:
            if asked.subscription:
                cli.data["subscription_id"] = Profile(cli_ctx=cli).get_subscription(asked.subscription)["id"]
            target = ClusterTarget(get_subscription_id(cli), asked.group, asked.name)
            request = Request(Targets(target, registry), None)
            if asked.acr:
                run(cli, request)
            else:
                run_for_failing_pods(cli, request, suffix)
        except (CLIError, ClusterMissingError, NoAnswerError) as error:
            failure = str(error)
    told = document(answers, reads, members(_clouds()))
    return {"az": version("azure-cli"), **told}, failure


def _graph_of(endpoints: Any) -> str:
    return str(endpoints.microsoft_graph_resource_id)


def _clouds() -> list[Any]:
    from tests.scenarios.stories import STORIES

    return [story.told() for story in STORIES.values() if story.verdict == "healthy" and not story.missing]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
