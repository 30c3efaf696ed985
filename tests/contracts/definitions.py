"""The definitions of all sources: find what a request asks for, and what an object may show."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib.metadata import PackageNotFoundError
from typing import Any

from . import extract
from .packages import PROJECT, Source, sources

Json = dict[str, Any]

CACHE = PROJECT / "build" / "contracts"
# Path parameters that stand for a whole scope or id; any other is one segment.
_WHOLE = ("scope", "resourceId", "roleId", "roleAssignmentId", "roleDefinitionId", "denyAssignmentId")
_ANY_ID = re.compile(r"/\{\w+\}")
_SEVERAL = "{parentResourcePath}/"


@dataclass(frozen=True)
class Member:
    """What a model says of a member."""

    type: str
    required: bool


@dataclass(frozen=True)
class Models:
    """The models of one source, by name."""

    raw: Mapping[str, Json]

    def __contains__(self, name: str) -> bool:
        return name in self.raw

    def members(self, name: str, shown: Json | None = None) -> dict[str, Member]:
        """The members of a model. Of one that comes in kinds: those of the kind that ``shown`` says it is, or of all.

        A member ``*`` stands for whatever else there is.
        """
        found = dict(self._own(name))
        kinds = self._kinds(name)
        said = (shown or {}).get(self._by(name) or "")
        for kind, below in kinds:
            if shown is None or said is None or kind == said:
                for member, told in self.members(below, shown).items():
                    found.setdefault(member, told if shown is not None else Member(told.type, False))
        return found

    @cache  # noqa: B019 - lives as long as the tests do
    def _own(self, name: str) -> dict[str, Member]:
        model = self.raw[name]
        found: dict[str, Member] = {}
        for base in reversed(model["bases"]):
            if base in self.raw:
                found.update(self._own(base))
        found.update({member: Member(*told) for member, told in model["members"].items()})
        return found

    def _by(self, name: str) -> str | None:
        model = self.raw[name]
        return model.get("by") or next((self._by(base) for base in model["bases"] if base in self.raw), None)

    @cache  # noqa: B019
    def _kinds(self, name: str) -> list[tuple[str, str]]:
        told = list(self.raw[name].get("kinds", {}).items())
        return told or [
            (model["kind"], other) for other, model in self.raw.items() if "kind" in model and name in model["bases"]
        ]

    def __hash__(self) -> int:
        return id(self)


@dataclass(frozen=True)
class Operation:
    """What may be asked: a method and a path in one api-version."""

    source: Source
    models: Models = field(repr=False)
    method: str
    path: str
    version: str
    query: tuple[str, ...]
    answer: str | None
    """The model of the answer; ``None``: the package has no type for it."""
    listed: bool
    """Whether it answers a page of such objects."""
    body: str | None

    @property
    def types(self) -> str:
        """The resource types of the path, such as ``Microsoft.Network/virtualNetworks/subnets``."""
        return "/".join(part for part in self.path.rpartition("/providers/")[2].split("/") if not part.startswith("{"))

    @cached_property
    def spelled_out(self) -> int:
        """How many segments of the path are no parameters."""
        return sum(bool(part) and not part.startswith("{") for part in self.path.split("/"))

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """What paths of requests match."""
        text = "/" + self.path.strip("/").replace(_SEVERAL, "\0")
        parts = re.split(r"(\{\w+\}|\0)", text)
        return re.compile("".join(map(_expression, parts)), re.IGNORECASE)


def _expression(part: str) -> str:
    if part == "\0":
        return "(?:.+/)?"
    if part.startswith("{"):
        return ".+" if part[1:-1] in _WHOLE else "[^/]+"
    return re.escape(part)


class Definitions:
    """All operations, by method and api-version."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        self._by_version: dict[tuple[str, str], list[Operation]] = {}
        for each in operations:
            self._by_version.setdefault((each.method, each.version), []).append(each)

    def __iter__(self) -> Iterator[Operation]:
        return (each for some in self._by_version.values() for each in some)

    @cache  # noqa: B019
    def find(self, method: str, path: str, version: str) -> Operation | None:
        """The operation that a request is for; ``None``: there is none such in that version.

        The more of a path is spelled out, the better it fits.
        """
        return _most_exact(self._by_version.get((method, version), []), path)

    def beside(self, method: str, path: str, version: str) -> Operation | None:
        """The same operation in a version that we have: that one, else one of its kind, preview or stable, else any."""
        found = [
            exact
            for (verb, other), operations in self._by_version.items()
            if verb == method and (exact := _most_exact(operations, path))
        ]
        spelled = max((each.spelled_out for each in found), default=0)
        preview = version.endswith("-preview")
        return max(
            (each for each in found if each.spelled_out == spelled),
            key=lambda each: (each.version == version, each.version.endswith("-preview") == preview, each.version),
            default=None,
        )


def _most_exact(operations: Iterable[Operation], path: str) -> Operation | None:
    fitting = (each for each in operations if each.pattern.fullmatch(path))
    return max(fitting, key=lambda each: each.spelled_out, default=None)


@cache
def installed() -> bool:
    """Tell whether every source is there."""
    try:
        return all(source.root is not None for source in sources())
    except (FileNotFoundError, PackageNotFoundError):
        return False


@cache
def known() -> Definitions:
    """Everything that the sources define. Raises ``FileNotFoundError`` where one is not installed."""
    return Definitions(operation for source in sources() for operation in _operations(source))


def _operations(source: Source) -> list[Operation]:
    kept = _kept(source)
    models = Models(kept["models"])
    return [
        Operation(source, models, **each | {"query": tuple(each["query"])})
        for each in kept["operations"]
        # What is asked by an id of any provider says nothing of the type.
        if each["version"] and each["answer"] != "GenericResource" and not _ANY_ID.fullmatch(each["path"])
    ]


def _kept(source: Source) -> Json:
    """The definitions of a source: from the last time, unless how they are read has changed."""
    root = source.root
    reader = hashlib.sha256(PROJECT.joinpath("tests/contracts/extract.py").read_bytes()).hexdigest()[:12]
    file = CACHE / f"{source.title.replace(' ', '-')}-{source.folder.replace('/', '.')}-{reader}.json"
    if not file.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        draft = file.with_suffix(f".{os.getpid()}")
        draft.write_text(json.dumps(extract.definitions(root), separators=(",", ":")), encoding="utf-8")
        draft.rename(file)
    found: Json = json.loads(file.read_text(encoding="utf-8"))
    return found
