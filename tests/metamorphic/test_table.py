from __future__ import annotations

import pytest

from .table import Row, table


def row(found, *expected, kind="alone"):
    return Row(kind, "healthy", expected or ("a.b",), ("some-fault",), tuple(found))


@pytest.mark.parametrize(
    ("judged", "missed", "false_alarms"),
    [
        (row(["a.b"]), (), ()),
        (row([]), ("a.b",), ()),
        (row(["x.y", "a.b"]), (), ("x.y",)),
        (row(["x.y", "x.z", "a.b"]), ("a.b",), ("x.y", "x.z")),
        (row(["a.b", "c.d"], "c.d", "a.b", kind="pair"), (), ()),
        (row(["a.b"], "a.b", "c.d", kind="pair"), ("c.d",), ()),
    ],
)
def test_what_is_missed_and_what_is_named_though_whole(judged, missed, false_alarms):
    assert (judged.missed, judged.false_alarms) == (missed, false_alarms)
    assert bool(judged.complaint) == bool(missed or false_alarms)


def test_the_table_has_a_line_for_each_outcome_that_was_broken():
    _, first, second = table([row(["a.b"]), row([]), row(["x.y", "a.b"]), row(["c.d"], "c.d")])
    assert first.split() == ["a.b", "3", "1", "2", "1", "x.y", "1"]
    assert second.split() == ["c.d", "1", "1", "1", "0", "-"]
