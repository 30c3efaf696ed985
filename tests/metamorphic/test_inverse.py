"""The table of repairs, and what it complains of."""

from .inverse import NOT_TOLD, Repair, table


def repair(leads_to="healthy", left=(), why=None, outcome="access.pull-role-missing", option=1):
    return Repair("healthy", "role-taken-away", outcome, option, leads_to, left, why)


def test_a_repair_gives_the_sound_verdict_back_or_says_why_nobody_can_tell():
    assert repair().complaint is None
    assert repair(NOT_TOLD, why="Nodes are made again.").complaint is None


def test_a_repair_that_leaves_something_is_a_complaint():
    left = repair("broken", ("image.tag-not-found",)).complaint
    assert left == "healthy with role-taken-away: option 1 of access.pull-role-missing leads to image.tag-not-found"
    assert repair("at-risk").complaint is not None
    assert repair("inconclusive").complaint is not None
    assert repair("inconclusive", outcome="cluster.stopped").complaint is None


def test_the_table_has_a_line_an_option():
    lines = table([repair(), repair("broken", ("a.b",)), repair(NOT_TOLD, why="Nobody knows.", option=2)])
    assert [line.split() for line in lines[1:]] == [
        ["access.pull-role-missing", "(1)", "2", "1", "0", "0", "a.b", "1"],
        ["access.pull-role-missing", "(2)", "1", "0", "0", "1", "Nobody", "knows."],
    ]
