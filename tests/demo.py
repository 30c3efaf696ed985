"""``python -m tests.demo [SCENARIO | list]``: the real command against a broken simulated cloud, as a user sees it."""

from __future__ import annotations

import difflib
import shlex
import shutil
import sys
import textwrap
from collections.abc import Sequence

from tests.azure.extension import installed_extension
from tests.azure.simulation import simulated
from tests.scenarios.running import CLUSTER
from tests.scenarios.stories import STORIES, Story

DEFAULT = "pull-role-missing"
WIDTH = 100


def main(arguments: Sequence[str]) -> int:
    """Show one scenario, or with ``list`` the names of all. 1: it did not end as it should; 2: there is none such."""
    name = arguments[0] if arguments else DEFAULT
    if list(arguments) == ["list"]:
        print(listed())
        return 0
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
        width = str(shutil.get_terminal_size((WIDTH, 0)).columns)
        code = az.start(*command, stdin=None, stdout=None, stderr=None, env={"COLUMNS": width}).wait()
    print(f"\nexit code {code}")
    return int(code != story.exit_code)


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
