"""What the documents say of the code is so, and what they link to is there."""

from __future__ import annotations

import re
import sys
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.azure.extension import PROJECT

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

WRITTEN = (
    "README.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    *(f"docs/{path.name}" for path in (PROJECT / "docs").glob("*.md")),
)
# One node of the picture and one row of the table for the modules that are az's own by convention.
UNDERSCORED = "_*"


def text_of(name: str) -> str:
    return (PROJECT / name).read_text(encoding="utf-8")


@cache
def contracts() -> dict[str, dict[str, Any]]:
    """The contracts of import-linter, by id."""
    settings = tomllib.loads(text_of("pyproject.toml"))["tool"]["importlinter"]
    return {each["id"]: each for each in settings["contracts"]}


def layers() -> list[set[str]]:
    """The rooms of the package, a set a layer, the upper first."""
    found = [set(re.findall(r"\w+", each)) for each in contracts()["layers"]["layers"]]
    return [{UNDERSCORED if room.startswith("_") else room for room in each} for each in found]


def rooms() -> set[str]:
    return set().union(*layers())


# --- the picture -----------------------------------------------------------------------


def picture() -> str:
    (found,) = re.findall(r"^```mermaid\n(.*?)^```$", text_of("docs/architecture.md"), re.MULTILINE | re.DOTALL)
    return found


def drawn() -> dict[str, set[str]]:
    """The rooms in each frame of the picture."""
    frames = re.findall(r'^  subgraph (\w+) \["[^"]+"\]\n(.*?)^  end$', picture(), re.MULTILINE | re.DOTALL)
    return {name: {_room(line.strip()) for line in body.splitlines()} for name, body in frames}


def _room(node: str) -> str:
    labelled = re.fullmatch(r'\w+\["(.+)"\]', node)
    return labelled[1] if labelled else node


def test_the_picture_has_every_room_once() -> None:
    named = [room for frame in drawn().values() for room in frame]
    assert sorted(named) == sorted(rooms())


def test_every_arrow_ends_at_what_is_drawn() -> None:
    """A misspelled room would be drawn as one more."""
    nodes = {node for body in re.findall(r"^  subgraph .*?\n(.*?)^  end$", picture(), re.MULTILINE | re.DOTALL)
             for node in re.findall(r"\w+", re.sub(r'\[".*"\]', "", body))}  # fmt: skip
    nodes |= set(re.findall(r'^  (\w+)[(\[]+"', picture(), re.MULTILINE)) | {"person"}
    arrows = [line for line in picture().splitlines() if re.search(r"-->|-\.->|\.->", line)]
    assert len(arrows) > 10
    for line in arrows:
        bare = re.sub(r'"[^"]*"|\(\[.*?\]\)', " ", line)
        assert set(re.findall(r"\w+", bare)) <= nodes, line


def test_frames_do_not_mix_with_the_layers() -> None:
    """No room of a lower frame is in a layer above a room of an upper one."""
    order = [("edge",), ("run",), ("reading", "showing"), ("judging",), ("read",), ("words",)]
    height = {room: number for number, each in enumerate(layers()) for room in each}
    reached = [[height[room] for frame in band for room in drawn()[frame]] for band in order]
    for upper, lower in pairwise(reached):
        assert max(upper) < min(lower)


def test_the_words_name_every_room() -> None:
    prose = text_of("docs/architecture.md").replace(picture(), "")
    assert {room for room in rooms() if f"`{room}`" not in prose} == set()


def test_rooms_within_rooms_have_a_contract() -> None:
    (named,) = re.findall(r"for those\s+within (.*?); a module", text_of("docs/architecture.md"), re.DOTALL)
    within = {each["containers"][0].rpartition(".")[2] for each in contracts().values() if each["type"] == "layers"}
    assert set(re.findall(r"`(\w+)`", named)) <= within - {"azext_acrpulldiag"}


def test_the_table_of_rooms_has_every_room_once() -> None:
    section = text_of("CONTRIBUTING.md").partition("\n## Layout\n")[2].partition("\n## ")[0]
    cells = re.findall(r"^\| (`[^|]+) \|", section, re.MULTILINE)
    named = [name.rstrip("/") for cell in cells for name in re.findall(r"`([^`]+)`", cell)]
    assert sorted(named) == sorted(rooms())


# --- links -----------------------------------------------------------------------------


def anchors(text: str) -> set[str]:
    """The anchors that the forge gives headings: lower case, blanks as dashes, no other marks."""
    titles = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("name", WRITTEN)
def test_every_link_leads_somewhere(name: str) -> None:
    for target, anchor in re.findall(r"\]\((?!https:)([^)#\s]*)#?([^)\s]*)\)", text_of(name)):
        leads_to = ((PROJECT / name).parent / target).resolve() if target else PROJECT / name
        assert leads_to.exists(), target
        assert not anchor or anchor in anchors(leads_to.read_text(encoding="utf-8")), (target, anchor)


def test_paths_that_issue_forms_name_are_there() -> None:
    forms = "".join(path.read_text(encoding="utf-8") for path in (PROJECT / ".github/ISSUE_TEMPLATE").glob("*.yml"))
    named = set(re.findall(r"\b[\w/]+\.md\b", forms))
    assert named >= {"SECURITY.md", "docs/snapshots.md"}
    assert {each for each in named if not (PROJECT / each).exists()} == set()
    assert "--save-snapshot run.json --redact" in forms


# --- nothing that is not there -----------------------------------------------------------


def test_no_address_is_printed_before_there_is_one() -> None:
    if re.search(r"^ADDRESS = None$", text_of("setup.py"), re.MULTILINE) is None:
        pytest.skip("the project has an address")
    sources: list[Path] = [*(PROJECT / "azext_acrpulldiag").rglob("*.py"), *(PROJECT / each for each in WRITTEN)]
    for path in sources:
        assert not re.search(r"github\.com/[^/\s]+/\S*acrpulldiag", path.read_text(encoding="utf-8")), path


def test_hooks_run_what_the_checks_before_a_merge_run() -> None:
    made = text_of("Makefile")
    entries = re.findall(r"^ +entry: (.+)$", text_of(".pre-commit-config.yaml"), re.MULTILINE)
    assert len(entries) == 3
    for entry in entries:
        target = re.fullmatch(r"make --silent (\S+)", entry)
        tool = re.fullmatch(r"\.venv/bin/(\w+ \w+) --force-exclude", entry)
        assert target or tool, entry
        assert re.search(
            rf"^lint: .*\b{target[1]}\b" if target else rf"^\t\$\(VENV\)/bin/{tool[1]} ", made, re.MULTILINE
        )
