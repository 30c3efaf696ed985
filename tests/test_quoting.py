"""Hostile text stays one printable line and one argument."""

import shlex

import pytest

from azext_acrpulldiag.quoting import fill_command, printable, quoted, sentence

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
    [
        ("plain é 漢", "plain é 漢"),
        ("a\x1b[2Jb", "a\\x1b[2Jb"),
        ("a\r\nb", "a\\r\\nb"),
        ("\u202etxt", "\\u202etxt"),
        ("a\u2028b\u2029c", "a\\u2028b\\u2029c"),
        ("a\u00a0b", "a\u00a0b"),
    ],
)
def test_control_and_direction_characters_are_shown_not_obeyed(text, shown):
    assert printable(text) == shown


PULL = 'failed to resolve reference "contosoreg.azurecr.io/shop/web:v1": unexpected status: 401 Unauthorized'


@pytest.mark.parametrize(
    ("text", "longest", "shown"),
    [
        (PULL, 400, PULL),
        (PULL, 90, 'failed to resolve reference "contosoreg.azurecr.io/shop/web:v1": unexpected status ...'),
        ("The first one. The second one goes on", 26, "The first one. ..."),
        ("one, two and three", 12, "one, two ..."),
        ("x" * 50, 10, "xxxxxxxxxx ..."),
        ("404 Not Found\n  {}\x1b[0m", 400, "404 Not Found {}\\x1b[0m"),
        (" " * 50 + "behind", 10, " ..."),
        ("", 10, ""),
    ],
)
def test_a_message_is_cut_where_a_sentence_a_clause_or_a_word_ends(text, longest, shown):
    assert quoted(text, longest) == shown


@pytest.mark.parametrize(
    ("text", "closed"), [("It said: no", "It said: no."), ("Well.", "Well."), ("a ...", "a ..."), ("", "")]
)
def test_what_another_sentence_follows_has_an_end(text, closed):
    assert sentence(text) == closed
