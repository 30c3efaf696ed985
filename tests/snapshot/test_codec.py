"""Every declared fact has a form in JSON, and comes back as it was; nothing undeclared has one."""

from __future__ import annotations

import importlib
import json
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import datetime, timedelta, timezone
from enum import Enum
from typing import Any, get_args, get_type_hints

import pytest

from azext_acrpulldiag import facts as room
from azext_acrpulldiag import targets
from azext_acrpulldiag.facts import Cluster, Facts, Node, Unreadable
from azext_acrpulldiag.snapshot.codec import NOT_SAVED, WrongError, codec_of
from azext_acrpulldiag.snapshot.kinds import kind_of_field
from tests import build
from tests.variants import variants_of


def declared() -> list[type]:
    """Every dataclass of facts and targets."""
    modules = [importlib.import_module(f"{room.__name__}.{each.name}") for each in pkgutil.iter_modules(room.__path__)]
    found = {each for module in (*modules, room, targets) for each in vars(module).values() if isinstance(each, type)}
    return sorted((each for each in found if is_dataclass(each)), key=lambda each: each.__name__)


@pytest.mark.parametrize("each", declared(), ids=lambda each: each.__name__)
def test_every_field_has_a_form(each: type) -> None:
    """A field of a type without one: give it such a type, or the codec a form of it; see CONTRIBUTING.md."""
    hints = get_type_hints(each)
    for one in fields(each):
        codec_of(hints[one.name])
        if has_texts(hints[one.name]):
            kind_of_field(each, one.name)


def has_texts(hint: Any) -> bool:
    return hint is str or any(has_texts(part) for part in get_args(hint))


def test_a_field_that_nobody_spoke_of_is_refused() -> None:
    @dataclass(frozen=True)
    class New:
        something_new: str

    with pytest.raises(TypeError, match=r"Say in .* what New\.something_new carries"):
        kind_of_field(New, "something_new")


def back(value: Any, hint: Any) -> Any:
    codec = codec_of(hint)
    return codec.read(json.loads(json.dumps(codec.write(value))))


BASES = [getattr(build, name) for name in dir(build) if name.endswith("_facts")]


@pytest.mark.parametrize("base", BASES, ids=lambda each: each.__name__)
def test_facts_come_back_as_they_were(base: Any) -> None:
    facts = base()
    assert back(facts, Facts) == facts


def test_every_neighbour_of_facts_comes_back() -> None:
    count = 0
    for base in (build.healthy_facts(), build.private_link_facts(), build.pull_secret_facts()):
        for facts in variants_of(base, [each.name for each in fields(Facts) if each.name not in ("now", "targets")]):
            assert back(facts, Facts) == facts
            count += 1
    assert count > 500


def test_absence_ignorance_and_emptiness_stay_apart() -> None:
    hint = tuple[str, ...] | Unreadable | None
    for value in ((), ("a",), None, Unreadable("timeout", "Late")):
        assert back(value, hint) == value
    assert codec_of(hint).write(Unreadable("timeout", "Late")) == {
        "unreadable": {"reason": "timeout", "detail": "Late", "operation": None, "permission": None}
    }


def test_times_are_written_in_utc() -> None:
    here = datetime(2026, 11, 22, 14, 0, 0, 5, tzinfo=timezone(timedelta(hours=2)))
    assert codec_of(datetime).write(here) == "2026-11-22T12:00:00.000005Z"
    assert back(here, datetime) == here


class Word(Enum):
    ONE = "one"


@dataclass(frozen=True)
class Left:
    size: int


@dataclass(frozen=True)
class Right:
    size: int


@dataclass(frozen=True)
class Whole:
    either: Left | Right | Unreadable
    word: Word | None
    some: frozenset[tuple[str, int]]
    by_name: Mapping[str, Left | None] = field(default_factory=dict)
    more: str | Unreadable = "more"
    last: Unreadable | None = None


WHOLE = Whole(Right(1), Word.ONE, frozenset({("b", 2), ("a", 1)}), {"x y": Left(3), "unreadable": None})


def test_alternatives_are_told_by_a_name_where_nothing_else_tells_them() -> None:
    assert back(WHOLE, Whole) == WHOLE
    written = codec_of(Whole).write(WHOLE)
    assert written["either"] == {"type": "Right", "size": 1}
    assert written["some"] == [["a", 1], ["b", 2]]
    assert "type" not in written["byName"]["x y"]


@pytest.mark.parametrize(
    "hint",
    [float, bytes, Any, object, set[str], dict[int, str], str | datetime, Mapping[str, str] | Unreadable,
     Left | Mapping[str, str], tuple[str, ...] | tuple[int, int]],
    ids=str,
)  # fmt: skip
def test_types_without_a_form_are_refused_when_declared(hint: Any) -> None:
    with pytest.raises(TypeError):
        codec_of(hint)


@pytest.mark.parametrize("value", [{"password": "x"}, b"x", ["a"], True, 1.5, object()])
def test_what_is_not_declared_is_not_written(value: Any) -> None:
    with pytest.raises(TypeError, match="is declared"):
        codec_of(Left).write(Left(value))
    with pytest.raises(TypeError, match="is declared"):
        codec_of(Whole).write(replace(WHOLE, more=value))


def _changed(path: str, value: Any) -> Any:
    """The facts of a healthy pair in JSON, changed in one place."""
    document: Any = codec_of(Facts).write(build.healthy_facts())
    *parents, last = path.split("/")
    at = document
    for part in parents:
        at = at[int(part) if part.isdigit() else part]
    if value is ...:
        del at[last]
    else:
        at[int(last) if last.isdigit() else last] = value
    return document


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("cluster/agentPools/0/name", 5, "cluster.agentPools[0].name: expected a string, found a whole number"),
        ("cluster/agentPools", {}, "cluster.agentPools: expected a list or an object, found"),
        ("cluster/name", None, "cluster.name: expected a string, found null"),
        ("cluster/name", ..., "cluster.name: is missing"),
        ("cluster/extra", 1, "cluster.extra: is no member that this version knows, in Cluster"),
        ("now", "yesterday", "now: expected a time such as 2026-11-22T12:00:00Z, found 'yesterday'"),
        ("now", "2026-99-22T12:00:00Z", "now: expected a time: "),
        ("targets/registry/form", "x", "targets.registry.form: expected one of name, login-server, resource-id"),
        ("options/expiryDays", True, "options.expiryDays: expected a whole number, found true or false"),
        ("options/expiryDays", 1.5, "options.expiryDays: expected a whole number, found a fraction"),
        ("registry", {"unreadable": 1}, "registry.unreadable: expected an object, found a whole number"),
        ("registry", {"unreadable": {}, "id": ""}, "registry: expected an object whose one member"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_path(path: str, value: Any, said: str) -> None:
    with pytest.raises(WrongError) as raised:
        codec_of(Facts).read(_changed(path, value))
    assert said in str(raised.value) or path == "cluster/agentPools"
    assert str(raised.value).startswith(said.partition(":")[0])


def test_a_field_of_a_later_version_is_not_known_or_as_declared() -> None:
    """An older file lacks it: what may be unknown is, and is never taken for absent."""
    lacking = codec_of(Facts).read(_changed("cluster/powerState", ...))
    assert isinstance(lacking.cluster, Cluster)
    assert lacking.cluster.power_state == NOT_SAVED
    assert codec_of(Facts).read(_changed("running", ...)).running == NOT_SAVED
    written = codec_of(Whole).write(WHOLE)
    assert codec_of(Whole).read({**written, "byName": {}}).last is None
    del written["last"], written["more"], written["byName"]
    assert codec_of(Whole).read(written) == replace(WHOLE, by_name={}, more=NOT_SAVED)
    node: Any = codec_of(Node).write(build.node())
    del node["runtime"]
    assert codec_of(Node).read(node).runtime is None
