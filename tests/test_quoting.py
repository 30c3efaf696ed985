"""Hostile text stays one printable line and one argument."""

import shlex

import pytest

from azext_acrpulldiag.quoting import fill_command, printable

HOSTILE = ["a; rm -rf /", "$(id)", "`id`", "a b", "'quoted'", '"double"', "a|b", "a&&b", "*", "~root", "a\\b"]


@pytest.mark.parametrize("value", HOSTILE)
def test_a_value_stays_one_argument(value):
    command = fill_command("az aks show --name {name} --output none", {"name": value})
    assert shlex.split(command) == ["az", "aks", "show", "--name", value, "--output", "none"]


@pytest.mark.parametrize("value", ["@/etc/passwd", "-h", "--help", "", None, [], "a\nb", "a\x1b[31m", "\u202eevil"])
def test_no_command_is_better_than_another_command(value):
    assert fill_command("az aks show --name {name}", {"name": value}) is None


def test_a_list_fills_several_words():
    assert fill_command("az x --ids {ids}", {"ids": ["a", "b c"]}) == "az x --ids a 'b c'"


def test_values_are_not_templates():
    assert fill_command("az x {a} {b}", {"a": "{b}", "b": "c"}) == "az x '{b}' c"


@pytest.mark.parametrize(
    "text, shown",
    [("plain é 漢", "plain é 漢"), ("a\x1b[2Jb", "a\\x1b[2Jb"), ("a\r\nb", "a\\r\\nb"), ("\u202etxt", "\\u202etxt")],
)
def test_control_and_direction_characters_are_shown_not_obeyed(text, shown):
    assert printable(text) == shown
