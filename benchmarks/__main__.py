"""``python -m benchmarks [--runs 5] [--latency 0.1] [--json FILE]``: print what a run costs.

Every command is the real ``az`` in a process of its own; the simulated cloud is a process of
its own as well, and lets every request take ``--latency`` seconds.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.azure.az import Az
from tests.azure.fleets import SIZE, healthy_fleet
from tests.azure.log import longest_chain
from tests.azure.process import PROJECT, ServerProcess
from tests.azure.simulation import simulated
from tests.azure.state import Cloud

from . import clouds, journal
from .commands import ACCOUNT_SHOW, AKS_SHOW, ALL_CLUSTERS, BY_HAND, DIAGNOSE, EXPLAIN, WITHOUT_CHECK_HEALTH
from .measure import Median, interleaved, run, size_of

FULL, SHOW = "az aks diagnose-pull", "az aks show"
PARTIAL = "az aks diagnose-pull --skip registry.health"
HAND = f"the article's {len(BY_HAND)} commands by hand"


def main(arguments: list[str]) -> int:
    options = _options(arguments)
    with tempfile.TemporaryDirectory(prefix="acrpulldiag-bench-") as name:
        folder = Path(name)
        result: dict[str, Any] = {"latency": options.latency, "runs": options.runs, "machine": _machine()}
        result["extension"] = _install(folder)
        extensions = folder / "extensions"
        _run_beside_others(result, extensions, options)
        _others_before_and_after(result, extensions, options)
        _small_and_large(result, extensions, options)
        _all_clusters(result, extensions, options)
        _pasted(result, extensions, folder, options)
    if options.json:
        options.json.write_text(json.dumps(result, indent=2) + "\n")
    return 0


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure what a run costs.")
    parser.add_argument("--runs", type=int, default=5, help="measurements of each row (default 5)")
    parser.add_argument("--latency", type=float, default=0.1, help="seconds that every request takes (default 0.1)")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    return parser.parse_args(arguments)


def _install(folder: Path) -> dict[str, float]:
    """Build the wheel and add it as a user would; ``folder/extensions`` is where it is then."""
    wheel = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*wheel, "--wheel-dir", str(folder), str(PROJECT)], check=True)
    (built,) = folder.glob("*.whl")
    environment = os.environ | {
        "AZURE_EXTENSION_DIR": str(folder / "extensions"), "AZURE_CONFIG_DIR": str(folder / "azure"),
    }  # fmt: skip
    add = [sys.executable, "-m", "azure.cli", "extension", "add", "--source", str(built), "--yes"]
    began = time.monotonic()
    subprocess.run(add, check=True, env=environment, stderr=subprocess.DEVNULL, cwd=folder)
    added = {"seconds": time.monotonic() - began, "megabytes": size_of(folder / "extensions")}
    print(f"az extension add --source WHEEL: {added['seconds']:.1f} s, {added['megabytes']:.1f} MB installed")
    return added


def _run_beside_others(result: dict[str, Any], extensions: Path, options: argparse.Namespace) -> None:
    with _served(clouds.small(), extensions, options.latency) as az:
        rows: dict[str, list[tuple[str, ...]]] = {
            SHOW: [AKS_SHOW],
            FULL: [DIAGNOSE],
            PARTIAL: [WITHOUT_CHECK_HEALTH],
            HAND: [each.arguments for each in BY_HAND],
        }
        figures = interleaved({name: (az, commands) for name, commands in rows.items()}, options.runs)
        result["requests"] = {name: _requests(az, rows[name][0]) for name in (SHOW, FULL, PARTIAL)}
    result["beside"] = {name: asdict(each) for name, each in figures.items()}
    _table(f"At {options.latency:g} s a request", figures, SHOW)
    start = figures[SHOW].seconds - options.latency
    floor = start + result["requests"][FULL]["chain"] * options.latency
    print(f"\naz's own start and the longest dependent chain make {floor:.2f} s; the full run takes", end=" ")
    print(f"{figures[FULL].seconds / floor:.2f} times that.")
    print(f"By hand takes {figures[HAND].seconds / figures[FULL].seconds:.1f} times as long. The commands:")
    for each in BY_HAND:
        print(f"  {each.cause:18} az {' '.join(each.arguments)}")
    print()
    for name, counted in result["requests"].items():
        _say_requests(name, counted)


def _requests(az: Az, command: tuple[str, ...]) -> dict[str, int]:
    """What one run asks, as the simulated cloud saw it, and its longest chain of dependent requests.

    The report tells the chain of its own requests; check-health's follow on the one that finds the registry.
    """
    server = az.server
    assert isinstance(server, ServerProcess)
    server.clear()
    done = run(az, command)
    log = server.log()
    to_registry = longest_chain(entry for entry in log if entry.host.endswith(".azurecr.io"))
    own = json.loads(done.out).get("elapsed", {"longestChain": 1})["longestChain"]
    return {"requests": len(log), "chain": max(own, 1 + to_registry if to_registry else 0)}


def _say_requests(name: str, counted: dict[str, int]) -> None:
    print(f"{name}: requests {counted['requests']}, longest dependent chain {counted['chain']}")


def _others_before_and_after(result: dict[str, Any], extensions: Path, options: argparse.Namespace) -> None:
    result["others"] = {}
    with _served(clouds.small(), None, 0.0) as before, _served(clouds.small(), extensions, 0.0) as after:
        for command in (ACCOUNT_SHOW, AKS_SHOW):
            without, beside = f"az {' '.join(command[:2])}, without", f"az {' '.join(command[:2])}, with"
            figures = interleaved({without: (before, [command]), beside: (after, [command])}, options.runs)
            _table("Another command without and with the extension, at no latency", figures, without)
            result["others"] |= {name: asdict(each) for name, each in figures.items()}


def _small_and_large(result: dict[str, Any], extensions: Path, options: argparse.Namespace) -> None:
    few, many = "1 pool, 2 role assignments, 1 network", "100 pools, 4,000 role assignments, 500 networks"
    with (
        _served(clouds.walled(), extensions, options.latency) as small,
        _served(clouds.large(), extensions, options.latency) as large,
    ):
        rows = {few: (small, [DIAGNOSE]), many: (large, [DIAGNOSE])}
        figures = interleaved(rows, options.runs)
        counted = {name: _requests(az, DIAGNOSE) for name, (az, _) in rows.items()}
    result["scale"] = {name: asdict(each) | counted[name] for name, each in figures.items()}
    _table("Small and large", figures, few)
    for name, each in counted.items():
        _say_requests(name, each)


def _all_clusters(result: dict[str, Any], extensions: Path, options: argparse.Namespace) -> None:
    """All clusters of a login beside one of them."""
    one, all_of_them = "one cluster", f"{SIZE} clusters"
    with _served(healthy_fleet(), extensions, options.latency) as az:
        rows = {one: (az, [DIAGNOSE]), all_of_them: (az, [ALL_CLUSTERS])}
        figures = interleaved(rows, options.runs)
        sent = {name: _sent(az, commands[0]) for name, (_, commands) in rows.items()}
    result["all"] = {name: asdict(each) | {"requests": sent[name]} for name, each in figures.items()}
    _table("az aks diagnose-pull --all-clusters", figures, one)
    further = (sent[all_of_them] - sent[one]) / (SIZE - 1)
    print(f"Requests: {sent[one]} of one cluster, {sent[all_of_them]} of {SIZE}: {further:.1f} a further cluster")


def _sent(az: Az, command: tuple[str, ...]) -> int:
    """The requests of one run, as the simulated cloud saw them."""
    server = az.server
    assert isinstance(server, ServerProcess)
    server.clear()
    run(az, command)
    return len(server.log())


def _pasted(result: dict[str, Any], extensions: Path, folder: Path, options: argparse.Namespace) -> None:
    """A journal through ``az aks explain-pull-error --file``, beside one line."""
    long, short = folder / "journal", folder / "line"
    lines = journal.write(long)
    short.write_text("pull QPS exceeded\n", encoding="utf-8")
    one, many = "a file of one line", f"{journal.MEGABYTES} MB, {lines:,} lines"
    with _served(clouds.small(), extensions, 0.0) as az:
        rows = {name: (az, [(*EXPLAIN, str(file))]) for name, file in ((one, short), (many, long))}
        figures = interleaved(rows, options.runs)
    result["pasted"] = {name: asdict(each) for name, each in figures.items()}
    _table("az aks explain-pull-error --file", figures, one)


@contextmanager
def _served(cloud: Cloud, extensions: Path | None, latency: float) -> Iterator[Az]:
    """A cloud in a process of its own, and an ``az`` that is logged in; the latency begins after the login."""
    with simulated(cloud, extensions, own_process=True) as az:
        assert isinstance(az.server, ServerProcess)
        az.server.latency(latency)
        yield az


def _table(title: str, figures: dict[str, Median], base: str) -> None:
    width = max(map(len, figures))
    print(f"\n{title}\n{'':{width}}   median  fastest      CPU   memory   times")
    for name, each in figures.items():
        ratio = each.seconds / figures[base].seconds
        times = f"{each.seconds:6.2f} s {each.fastest:6.2f} s {each.cpu:6.2f} s"
        print(f"{name:{width}} {times} {each.megabytes:5.0f} MB {ratio:7.2f}")


def _machine() -> dict[str, Any]:
    return {"processors": os.cpu_count(), "python": sys.version.split()[0], "platform": sys.platform}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
