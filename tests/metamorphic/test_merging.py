from __future__ import annotations

from dataclasses import dataclass

import pytest

from .merging import DependentError, merged


@dataclass(frozen=True)
class Inner:
    a: int = 0
    b: tuple[int, ...] = ()


@dataclass(frozen=True)
class Outer:
    one: Inner | None = Inner()
    two: Inner = Inner()


@pytest.mark.parametrize(
    ("base", "one", "other", "both"),
    [
        (1, 1, 2, 2),
        (1, 2, 1, 2),
        (1, 2, 2, 2),
        ({"x": 1, "y": 1}, {"x": 2, "y": 1}, {"x": 1}, {"x": 2}),
        ({}, {"x": 1}, {"y": 1}, {"x": 1, "y": 1}),
        ((1, 2), (3, 2), (1, 4), (3, 4)),
        (Outer(), Outer(one=Inner(1)), Outer(two=Inner(2)), Outer(Inner(1), Inner(2))),
        (Outer(), Outer(one=Inner(1)), Outer(one=Inner(b=(1,))), Outer(one=Inner(1, (1,)))),
        (Outer(), Outer(one=None), Outer(two=Inner(2)), Outer(None, Inner(2))),
    ],
)
def test_changes_of_different_things_go_together(base, one, other, both):
    assert merged(base, one, other) == both
    assert merged(base, other, one) == both


@pytest.mark.parametrize(
    ("base", "one", "other"),
    [
        (1, 2, 3),
        ((1, 2), (1,), (2,)),
        ({"x": 1}, {"x": 2}, {}),
        (Outer(), Outer(one=None), Outer(one=Inner(1))),
    ],
)
def test_changes_of_the_same_thing_do_not(base, one, other):
    with pytest.raises(DependentError):
        merged(base, one, other)
