"""Screens of 80, 100 and 140 columns: the answer stands first and whole, and no word is cut that fits its column."""

from __future__ import annotations

import re

import pytest

from tests.azure.az import Az, is_another
from tests.azure.state import Cloud

from .running import CLUSTER
from .screen import Screen, beside_data, screen
from .stories import STORIES

REGISTRY = ("--acr", "contosoreg")
# On another az the narrowest: how a width is filled is our code and the same there.
WIDTHS = (80,) if is_another() else (80, 100, 140)
# By how many lines of the table the first root cause and its first repair stand.
WITHIN = {80: 24, 100: 15, 140: 15}
ONE_CAUSE = (
    "pull-role-missing",
    "pull-secret-of-an-expired-token",
    "outbound-ip-of-the-load-balancer",
    "kubelet-identity-deleted",
)
SEVERAL = "pull-secret-of-the-former-registry"
OTHERS = ("healthy", "anonymous-pull", "assignments-forbidden")


def told(cloud: Cloud, name: str) -> tuple[str, ...]:
    """Make the cloud that of a story; returns its arguments."""
    STORIES[name].tell(cloud)
    return STORIES[name].arguments


def assert_whole(shown: Screen, width: int) -> None:
    """No line is wider than the screen, unless one word alone is what does not fit."""
    for line in shown.lines:
        if len(line) > width:
            last = re.split(r"\s{2,}", line.strip())[-1]
            assert " " not in last.removesuffix(" \\"), (width, line)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", ONE_CAUSE)
def test_the_root_cause_and_its_first_repair_stand_first(az: Az, cloud: Cloud, name: str, width: int) -> None:
    shown = screen(az, width, *told(cloud, name), "-o", "table", "--only-show-errors")
    assert shown.code == 4
    first = [line.split()[0] for line in shown.lines[: WITHIN[width]] if line and not line.startswith(" ")]
    assert first[:4] == ["Result", first[1], "BROKEN", "CAUSE"]
    assert "fix" in first, shown.text
    assert_whole(shown, width)


@pytest.mark.parametrize("width", WIDTHS)
def test_several_causes_stand_one_after_another(az: Az, cloud: Cloud, width: int) -> None:
    shown = screen(az, width, *told(cloud, SEVERAL), "-o", "table", "--only-show-errors")
    results = [line.split()[0] for line in shown.lines if line and not line.startswith(" ")]
    assert results[2] == "BROKEN"
    assert results.count("CAUSE") == 2
    assert results.index("fix") < len(results) - results[::-1].index("CAUSE") - 1
    assert "2 causes" in shown.text
    assert_whole(shown, width)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", OTHERS)
def test_what_is_not_broken_says_so_first(az: Az, cloud: Cloud, name: str, width: int) -> None:
    shown = screen(az, width, *told(cloud, name), "-o", "table", "--only-show-errors")
    verdict = {"healthy": "HEALTHY", "at-risk": "AT RISK", "inconclusive": "UNKNOWN"}[STORIES[name].verdict]
    assert shown.code == STORIES[name].exit_code
    assert shown.lines[2].startswith(verdict), shown.text
    assert "CAUSE" not in shown.text
    assert_whole(shown, width)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("output", ["table", "json"])
def test_without_a_connection_there_is_one_error_of_azs_and_its_remedy(
    az: Az, cloud: Cloud, output: str, width: int
) -> None:
    cloud.fault(r"management\.azure\.com/.*", "reset")
    shown = screen(az, width, *REGISTRY, "--timeout", "8", "-o", output, "--only-show-errors")
    assert shown.code == 1
    assert len(shown.lines) == 2, shown.text
    assert shown.lines[0].startswith("ERROR: No answer to Microsoft.ContainerService/managedClusters/read: ")
    assert "HTTPS_PROXY" in shown.lines[1]


@pytest.mark.parametrize("width", WIDTHS)
def test_several_clusters_have_a_block_each(az: Az, cloud: Cloud, width: int) -> None:
    there = cloud.cluster["id"]
    gone = there.replace("/prod", "/gone")
    command = (*CLUSTER[:2], "--ids", there, gone, *REGISTRY)
    shown = screen(az, width, "-o", "table", "--only-show-errors", command=command)
    verdicts = [line.split()[0] for line in shown.lines if line.startswith(("BROKEN", "UNKNOWN", "HEALTHY"))]
    assert verdicts[0] == "BROKEN"
    assert "UNKNOWN" in verdicts
    assert "gone" in shown.text
    assert_whole(shown, width)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", ONE_CAUSE)
def test_beside_data_the_answer_is_at_most_one_screen(az: Az, cloud: Cloud, name: str, width: int) -> None:
    shown = beside_data(az, width, *told(cloud, name), "-o", "json", "--only-show-errors")
    assert shown.code == 4
    assert len(shown.lines) <= 24, shown.text
    assert shown.lines[0].startswith("BROKEN")
    assert any(line.startswith("fix") for line in shown.lines)
    assert shown.piped.startswith("{")
    assert_whole(shown, width)


def test_what_is_waited_for_is_shown_while_it_lasts_and_not_where_only_errors_are_wanted(az: Az, cloud: Cloud) -> None:
    arguments = (*told(cloud, "pull-role-missing"), "-o", "tsv", "--query", "verdict")
    assert "Reading " in screen(az, 100, *arguments).text
    assert "Reading " not in screen(az, 100, *arguments, "--only-show-errors").text


def test_no_colour_where_none_is_wanted(az: Az, cloud: Cloud) -> None:
    told(cloud, "pull-role-missing")
    assert "\x1b" not in beside_data(az, 100, *REGISTRY, "-o", "json", "--only-show-errors").text
