"""``python -m tests.repairs [STORY ...]``: every story whose first repair can be run, broken, repaired and told again.

Prints a line a story: its causes, what was run, what that was to lead to, and what came. 1: something differed.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tests.azure.extension import installed_extension
from tests.azure.server import serving
from tests.azure.state import Cloud
from tests.azure.warm import WarmAz, WarmProcess, warm_process
from tests.scenarios.loop import Closed, close
from tests.scenarios.stories import STORIES, Story


def main(names: Sequence[str]) -> int:
    """Close the loop of the stories of these names, or of all that have a cause or a warning."""
    stories = [STORIES[each] for each in names] or [each for each in STORIES.values() if each.outcomes]
    counts: Counter[str] = Counter()
    with (
        serving(Cloud()) as server,
        tempfile.TemporaryDirectory(prefix="acrpulldiag-repairs-") as folder,
        warm_process(server, Path(folder), installed_extension()) as process,
    ):
        for story in stories:
            result = _closed(story, process, Path(folder) / story.name)
            counts[_kind(result)] += 1
            print("\n".join(_lines(story, result)), flush=True)
    print(", ".join(f"{number} {kind}" for kind, number in counts.items()))
    return 1 if counts["differ"] else 0


def _closed(story: Story, process: WarmProcess, folder: Path) -> Closed | str:
    if story.missing:
        return f"needs {story.missing}"
    folder.mkdir()
    process.server.cloud = cloud = story.told()
    result = close(story, WarmAz(process, folder))
    faults = [*cloud.log.errors, *(f"{each} is not simulated" for each in cloud.log.refused)]
    if faults:
        raise AssertionError(f"{story.name}: the simulated cloud itself failed: {faults}")
    return result


def _kind(result: Closed | str) -> str:
    if isinstance(result, str):
        return "not run"
    return "differ" if result.difference else "closed"


def _lines(story: Story, result: Closed | str) -> list[str]:
    causes = ", ".join(story.root_causes or story.outcomes)
    if isinstance(result, str):
        return [f"-     {story.name}: {causes}: {result}"]
    mark = "DIFF " if result.difference else "ok   "
    promised = result.promised or "not told"
    lines = [f"{mark} {story.name}: {causes}: {len(result.commands)} commands: to {promised}: came to {result.came}"]
    if result.difference:
        lines += [f"      {each}" for each in (result.difference, *result.commands)]
    return lines


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
