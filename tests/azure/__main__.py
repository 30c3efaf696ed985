"""``python -m tests.azure``: list the stories, serve one, or run ``az`` in one.

python -m tests.azure list
python -m tests.azure serve --scenario pull-role-missing [--latency 0.1]
python -m tests.azure az --scenario pull-role-missing [--extensions DIR] -- aks diagnose-pull ...
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.scenarios.stories import STORIES, told

from .process import serve
from .simulation import simulated


def main(arguments: list[str]) -> int:
    options, command = _parse(arguments)
    if options.verb == "list":
        for name, story in STORIES.items():
            print(f"{name:40} {story.title}")
        return 0
    if options.verb == "serve":
        serve(options.state.read_bytes() if options.state else told(options.scenario), options.latency)
        return 0
    cloud = told(options.scenario)
    cloud.latency = options.latency
    with simulated(cloud, options.extensions) as az:
        return az.pass_through(*command)


def _parse(arguments: list[str]) -> tuple[argparse.Namespace, list[str]]:
    before, command = arguments, []
    if "--" in arguments:
        at = arguments.index("--")
        before, command = arguments[:at], arguments[at + 1 :]
    parser = argparse.ArgumentParser(prog="python -m tests.azure", description="The simulated cloud.")
    parser.add_argument("verb", choices=["list", "serve", "az"])
    parser.add_argument("--scenario", choices=sorted(STORIES), default="healthy")
    parser.add_argument("--state", type=Path, help="a pickled Cloud, instead of a scenario")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds that every request takes")
    parser.add_argument("--extensions", type=Path, help="the folder of installed extensions")
    return parser.parse_args(before), command


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
