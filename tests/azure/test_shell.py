"""The shell that repairs are pasted into."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, cast

import pytest

from tests.azure.az import Az, Result
from tests.azure.shell import paste


class Told:
    """In the place of ``az``: says its words again, and fails at ``fail``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.calls: list[tuple[tuple[str, ...], Path]] = []

    def environment(self) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "PYTHONPATH": "x"}

    def run(self, *words: str, cwd: Path | None = None, **_: Any) -> Result:
        assert cwd
        self.calls.append((words, cwd))
        return Result(3, "", "ERROR: no\n") if "fail" in words else Result(0, f"said {words[-1]}\n", "")


@pytest.fixture
def az(tmp_path: Path) -> Told:
    return Told(tmp_path)


def pasted(az: Told, *commands: str) -> Result:
    return paste(cast(Az, az), commands)


def test_words_arrive_as_the_shell_takes_them_apart(az: Told) -> None:
    done = pasted(az, "az role create --role 'A b' \\\n  --scope /x")
    assert (done.code, done.out) == (0, "said /x\n")
    assert az.calls == [(("role", "create", "--role", "A b", "--scope", "/x"), az.folder)]


def test_what_a_step_keeps_the_next_has(az: Told) -> None:
    done = pasted(az, "X=$(az token create)", 'az use "${X:?unset}"', "printf '%s' \"$X\" >kept")
    assert done.code == 0
    assert [words for words, _ in az.calls] == [("token", "create"), ("use", "said create")]
    assert (az.folder / "kept").read_text() == "said create"


@pytest.mark.parametrize("failing", ["az fail", "X=$(az fail)", "az fail | cat", 'az use "${NEVER:?unset}"'])
def test_the_first_failure_ends_it(az: Told, failing: str) -> None:
    done = pasted(az, failing, "az more")
    assert done.code != 0
    assert ("more",) not in [words for words, _ in az.calls]


def test_what_failed_is_named(az: Told) -> None:
    done = pasted(az, "az fail")
    assert done.code == 3
    assert done.err == "ERROR: no\nfailed: az fail\n"
