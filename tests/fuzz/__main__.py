"""``make fuzz``: many more texts for every reader, guided by coverage where atheris is, and how time grows with size.

Prints a row a reader: texts tried, processor seconds, texts that atheris tried, and the exponent of its time over the
size of the worst text found (1 is linear). Exits with 1 where a promise is broken, and prints the text that broke it.
"""

from __future__ import annotations

import argparse
import math
import os
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from hypothesis import HealthCheck, given, settings

from tests.azure.extension import PROJECT

from .parsers import PARSERS
from .texts import HOSTILE, MESSAGES, PIECES, texts

SIZES = (4_000, 16_000, 64_000)
"""Characters; the classifier is given at most 131,072 of a message."""


def main() -> int:
    """Try all readers, or those that are named."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("readers", nargs="*", choices=[[], *PARSERS], metavar="READER")
    parser.add_argument("--examples", type=int, default=5_000, help="texts for each reader")
    parser.add_argument("--seconds", type=int, default=20, help="of atheris for each reader, where it is installed")
    parser.add_argument("--guided", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.guided:
        return _guided(asked.guided[0], asked.seconds, asked.guided[1])
    if not find_spec("atheris"):
        print("atheris is not installed: no coverage-guided texts", file=sys.stderr)
    failed = False
    print(f"{'reader':<16}{'texts':>8}{'CPU s':>8}{'guided':>10}{'exponent':>10}  worst repeated text")
    for name in asked.readers or PARSERS:
        began = time.process_time()
        try:
            tried = _tried(PARSERS[name], asked.examples)
        except Exception:
            traceback.print_exc()  # with hypothesis's note of the text
            failed = True
            continue
        seconds = time.process_time() - began
        guided, broken = _guided_apart(name, asked.seconds) if find_spec("atheris") else ("-", False)
        failed = failed or broken
        exponent, text = _growth(PARSERS[name])
        print(f"{name:<16}{tried:>8,}{seconds:>8.1f}{guided:>10}{exponent:>10.2f}  {text[:40]!r}", flush=True)
    return int(failed)


def _tried(reader: Callable[[str], None], examples: int) -> int:
    count = 0

    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(texts())
    def holds(text: str) -> None:
        nonlocal count
        count += 1
        reader(text)

    holds()
    return count


def _growth(reader: Callable[[str], None]) -> tuple[float, str]:
    """The largest exponent of a reader's processor time over the size of a text that repeats a piece; and the piece."""
    pieces = dict.fromkeys((*HOSTILE, *PIECES, *MESSAGES[::10], "a", "0", " ", "a b", "a.", "a/", "a:"))
    slowest = sorted(pieces, key=lambda piece: _seconds(reader, piece, SIZES[0]), reverse=True)[:8]
    return max((_exponent(reader, piece), piece) for piece in slowest)


def _exponent(reader: Callable[[str], None], piece: str) -> float:
    """The slope of a line through the logarithms of sizes and times."""
    points = [(math.log(size), math.log(max(_seconds(reader, piece, size), 1e-5))) for size in SIZES]
    middle_x = sum(x for x, _ in points) / len(points)
    middle_y = sum(y for _, y in points) / len(points)
    return sum((x - middle_x) * (y - middle_y) for x, y in points) / sum((x - middle_x) ** 2 for x, _ in points)


def _seconds(reader: Callable[[str], None], piece: str, size: int) -> float:
    text = (piece * (size // len(piece) + 1))[:size]
    began = time.process_time()
    reader(text)
    return time.process_time() - began


def _guided_apart(name: str, seconds: int) -> tuple[str, bool]:
    """How many texts atheris tried in a process of its own (it ends its process), and whether one broke a promise."""
    with tempfile.TemporaryDirectory() as corpus:
        for number, text in enumerate((*MESSAGES, *PIECES)):
            Path(corpus, str(number)).write_text(text, encoding="utf-8", errors="replace")
        command = [sys.executable, "-m", "tests.fuzz", "--seconds", str(seconds), "--guided", name, corpus]
        done = subprocess.run(command, cwd=corpus, env=_environment(), capture_output=True, text=True, errors="replace")
    runs = [line.split()[1] for line in done.stderr.splitlines() if line.startswith("Done ")]
    if done.returncode or not runs:
        print(done.stdout, done.stderr, sep="\n", file=sys.stderr)
        return "failed", True
    return f"{int(runs[-1]):,}", False


def _guided(name: str, seconds: int, corpus: str) -> int:
    """Fuzz until the time is over; atheris then ends the process."""
    import atheris

    with atheris.instrument_imports(include=["azext_acrpulldiag"]):
        _forget_ours()
        reader = import_module("tests.fuzz.parsers").PARSERS[name]

    def one(data: bytes) -> None:
        reader(data.decode("utf-8", "surrogateescape"))

    atheris.Setup([sys.argv[0], f"-max_total_time={seconds}", "-max_len=4096", corpus], one)
    atheris.Fuzz()
    return 0


def _environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(PROJECT)}


def _forget_ours() -> None:
    """Modules that were imported are not instrumented any more."""
    for name in [each for each in sys.modules if each.startswith(("azext_acrpulldiag", "tests.fuzz.parsers"))]:
        del sys.modules[name]


if __name__ == "__main__":
    sys.exit(main())
