"""``python -m tests.demo [SCENARIO]``: the real command against a broken simulated cloud, as a user would see it."""

from __future__ import annotations

import difflib
import errno
import os
import pty
import shlex
import sys
import textwrap
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from tests.azure.az import Az
from tests.azure.extension import installed_extension
from tests.azure.simulation import simulated
from tests.scenarios.running import CLUSTER
from tests.scenarios.stories import STORIES, Story

DEFAULT = "pull-role-missing"
WIDTH = 110


def main(arguments: Sequence[str]) -> int:
    """Show one scenario. 1: it did not end as it should; 2: there is none of that name."""
    name = arguments[0] if arguments else DEFAULT
    if len(arguments) > 1 or name not in STORIES:
        near = difflib.get_close_matches(name, STORIES, n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        print(f"There is no scenario {' '.join(arguments)!r}.{hint} Scenarios are:\n{listed()}", file=sys.stderr)
        return 2
    return show(STORIES[name])


def show(story: Story) -> int:
    """Tell the story, run the command in it, and say how it ended."""
    if story.missing:
        print(f"The scenario {story.name} needs {story.missing}, which is not installed here.", file=sys.stderr)
        return 2
    print("Setting up: the extension's wheel, a simulated Azure, a login ...", file=sys.stderr, flush=True)
    command = (*CLUSTER, *story.arguments, "-o", "table")
    with simulated(story.told(), installed_extension()) as az:
        print(f"\nScenario {story.name}: {story.title}\n\n$ {shlex.join(('az', *command))}", flush=True)
        code = run_as_on_a_terminal(az, command)
    print(f"\nexit code {code}\n\nOther scenarios, with `make demo SCENARIO=name`:\n{listed()}")
    return int(code != story.exit_code)


def run_as_on_a_terminal(az: Az, command: Sequence[str]) -> int:
    """Run ``az``; its standard error is a terminal for it, also where ours is none.

    The root cause is told after the table to a person only, who here may be reading a log.
    """
    if sys.stderr.isatty():
        return az.start(*command, stdin=None, stdout=None, stderr=None).wait()
    with _terminal() as terminal:
        return az.start(*command, stdin=None, stdout=None, stderr=terminal).wait()


@contextmanager
def _terminal() -> Iterator[int]:
    """A terminal to write to; what is written there comes out at our standard error."""
    ours, theirs = pty.openpty()
    copier = threading.Thread(target=_copy, args=(ours,))
    copier.start()
    try:
        yield theirs
    finally:
        os.close(theirs)
        copier.join()
        os.close(ours)


def _copy(terminal: int) -> None:
    while True:
        try:
            text = os.read(terminal, 65536)
        except OSError as error:
            if error.errno != errno.EIO:  # what Linux says when the other side is closed
                raise
            return
        if not text:
            return
        os.write(sys.stderr.fileno(), text.replace(b"\r\n", b"\n"))


def listed() -> str:
    """All names, by what they are about."""
    subjects: dict[str, list[str]] = {}
    for each in STORIES.values():
        subject = each.tell.__module__.rpartition(".")[2].removesuffix("_stories")
        subjects.setdefault(subject, []).append(each.name)
    return "\n".join(
        textwrap.fill(
            " ".join(names),
            WIDTH,
            initial_indent=f"  {subject.replace('_', ' '):15}",
            subsequent_indent=" " * 17,
            break_on_hyphens=False,
        )
        for subject, names in sorted(subjects.items())
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
