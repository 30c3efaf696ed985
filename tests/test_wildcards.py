from __future__ import annotations

import re
from itertools import product

import pytest

from azext_acrpulldiag.wildcards import matches


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("contosoreg.azurecr.io", "contosoreg.azurecr.io", True),
        ("contosoreg.azurecr.io", "contosoreg.azurecr.us", False),
        ("*.azurecr.io", "contosoreg.westeurope.data.azurecr.io", True),
        ("*.azurecr.io", "azurecr.io", False),
        ("*", "", True),
        ("team/*", "team/", True),
        ("team/*", "team", False),
        ("ab*ba", "aba", False),
        ("ab*ba", "abba", True),
        ("a*b*c", "a-b-b-c", True),
        ("a*b*c", "a-c-b", False),
        ("Microsoft.*/read", "microsoft.x/read", False),
        ("", "", True),
        ("", "a", False),
        ("a?c", "abc", False),
        ("[a]*", "a", False),
    ],
)
def test_a_star_is_any_text(pattern, text, expected):
    assert matches(pattern, text) is expected


def _words(letters, longest):
    return ["".join(word) for length in range(longest + 1) for word in product(letters, repeat=length)]


@pytest.mark.parametrize("pattern", _words("ab*", 4))
def test_it_is_what_a_regular_expression_says(pattern):
    wanted = re.compile(".*".join(map(re.escape, pattern.split("*"))))
    assert all(matches(pattern, text) == bool(wanted.fullmatch(text)) for text in _words("ab", 5))


def test_a_pattern_cannot_take_long():
    assert not matches("a*" * 2000 + "b", "a" * 50_000)
