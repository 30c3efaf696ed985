"""Many clusters: a line each, a row each, one screen."""

from __future__ import annotations

from azext_acrpulldiag.present.fleet import fleet_table, line_of, screen_of, worst_first
from azext_acrpulldiag.present.terminal import SCREEN, Style

from .reports import finding, report


def about(name, *causes, verdict="broken", registry="contosoreg", subscription="s1", summary="In short."):
    cluster = {"id": f"/subscriptions/{subscription}/resourceGroups/rg/x/{name}", "name": name, "resourceGroup": "rg"}
    target = {"cluster": cluster, "registry": {"given": registry}, "image": None}
    roots = [finding(each) for each in causes]
    return report(*roots, verdict=verdict, target=target, summary=summary)


BROKEN = about("b", "access.pull-role-missing", "cluster.stopped", summary="No role. (1 more.)")
WELL = about("a", verdict="healthy", summary="Nothing stops\nit.")
OPEN = about("c", verdict="inconclusive", summary="It was not read.")
RISK = about("d", verdict="at-risk", summary="A warning may.")


def test_the_worst_comes_first_and_the_order_does_not_depend_on_who_ended_first():
    expected = [BROKEN, OPEN, RISK, WELL]
    assert worst_first([WELL, RISK, BROKEN, OPEN]) == worst_first([OPEN, BROKEN, RISK, WELL]) == expected


def test_a_line_has_the_verdict_the_cluster_and_its_first_cause():
    assert line_of([BROKEN]) == "BROKEN   b (rg): access.pull-role-missing: No role. (1 more.)"
    assert line_of([WELL]) == "HEALTHY  a (rg): Nothing stops it."


def test_of_several_registries_the_worst_is_told_and_the_others_are_counted():
    other = about("b", verdict="healthy", registry="other")
    assert line_of([other, BROKEN]).startswith("BROKEN   b (rg) (and 1 more registry): access.pull-role-missing")
    (row,) = fleet_table([other, BROKEN], 200)
    assert (row["Result"], row["Finding"]) == ("BROKEN", "No role. (1 more.) (and 1 more registry.)")


def test_one_row_a_cluster_within_the_width():
    long = about("e", "nodes.kubelet-identity-unassigned", summary="word " * 60)
    rows = fleet_table([WELL, BROKEN, OPEN, long], 80)
    assert [list(row) for row in rows] == [["Result", "Cluster", "Check", "Finding"]] * 4
    assert [(row["Result"], row["Cluster"]) for row in rows] == [
        ("BROKEN", "b"), ("BROKEN", "e"), ("UNKNOWN", "c"), ("HEALTHY", "a"),
    ]  # fmt: skip
    assert rows[0]["Check"] == "access.pull-role-missing"
    widths = {name: max(len(line) for row in rows for line in row[name].split("\n")) for name in rows[0]}
    headers = {name: max(width, len(name) + 2) for name, width in widths.items()}
    assert sum(headers.values()) + 2 * 3 <= 80
    assert list(fleet_table([WELL, BROKEN], 100)[0]) == ["Result", "Cluster", "ResourceGroup", "Check", "Finding"]
    alike = about("a", verdict="healthy", subscription="s2")
    assert "ResourceGroup" in fleet_table([WELL, alike, BROKEN], 80)[0]


def test_subscriptions_are_told_where_there_are_several():
    rows = fleet_table([WELL, about("x", verdict="healthy", subscription="s2")], 100)
    assert [row["Subscription"] for row in rows] == ["s1", "s2"]
    assert fleet_table([], 100) == []


def test_one_screen_counts_all_and_names_those_that_are_not_well():
    lines = screen_of([WELL, BROKEN, OPEN, RISK], 100)
    assert lines[0].text == "4 clusters: 1 broken, 1 at-risk, 1 inconclusive, 1 healthy."
    assert [(line.style, line.text.split()[1]) for line in lines[1:]] == [
        (Style.ERROR, "b"), (Style.WARNING, "c"), (Style.WARNING, "RISK"),
    ]  # fmt: skip
    many = screen_of([about(f"n{number}", "cluster.stopped") for number in range(40)], 100)
    assert len(many) == SCREEN and many[-1].text.endswith("-o table")
