"""Who starts pods is asked on the terminal, and nowhere else; of what follows a no, nothing starts one."""

from __future__ import annotations

import json
import os
import shutil

import pytest

from tests.azure.az import Az
from tests.azure.fleets import healthy_fleet
from tests.azure.server import Server
from tests.azure.state import Cloud
from tests.probe.probing import pods

from .probe_stories import IMAGE, two_pools
from .running import CLUSTER, changes
from .screen import dialogue
from .test_all_clusters import ACR, ALL

ASKED = ("--image", IMAGE, "--skip", "registry.health", "--probe")
QUESTION = "--probe starts a pod on every node pool of prod, which pulls the image and runs nothing of it."
IN_ALL = (*ACR, "--skip", "registry.health", "--cluster-access", "command-invoke")


def made(cloud: Cloud) -> list[str]:
    """The requests that make a pod."""
    lines = [each.request.line for each in cloud.log]
    return [line for line in lines if line.startswith("POST") and line.partition("?")[0].endswith("/pods")]


def test_yes_starts_them_and_the_question_is_no_data(az: Az, cloud: Cloud) -> None:
    two_pools(cloud)
    shown = dialogue(az, b"y\n", *ASKED, piped=True)
    assert shown.code == 0
    assert [each["result"] for each in json.loads(shown.piped)["probe"]["pools"]] == ["pulled", "pulled"]
    assert QUESTION in shown.text
    assert (len(made(cloud)), pods(cloud)) == (2, [])


@pytest.mark.parametrize("keys", [b"n\n", b"\n", b"\x04"], ids=["no", "nothing", "ctrl-d"])
def test_anything_else_goes_on_without_them(az: Az, cloud: Cloud, keys: bytes) -> None:
    two_pools(cloud)
    shown = dialogue(az, keys, *ASKED, "--query", "probe", piped=True)
    assert (shown.code, shown.piped.strip()) == (0, "")
    assert QUESTION in shown.text
    assert "Traceback" not in shown.text
    assert made(cloud) == []


def test_ctrl_c_at_the_question_ends_it_before_anything_is_asked_of_azure(az: Az, cloud: Cloud) -> None:
    two_pools(cloud)
    shown = dialogue(az, b"\x03", *ASKED, piped=True)
    assert (shown.code, shown.piped) == (1, "")
    assert "Traceback" not in shown.text
    assert list(cloud.log) == []


def test_without_standard_input_nobody_is_asked(az: Az, cloud: Cloud) -> None:
    process = az.logged_in().start(*CLUSTER, *ASKED, stdin=None, preexec_fn=_close_standard_input)
    out, err = process.communicate(timeout=60)
    assert (process.returncode in (1, 2), out) == (True, "")
    assert "nobody can be asked here" in err
    assert "Traceback" not in err
    assert list(cloud.log) == []


def _close_standard_input() -> None:
    os.close(0)


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="needs kubectl")
@pytest.mark.parametrize(("key", "count"), [(b"y\n", 2), (b"n\n", 0)])
def test_pods_in_all_clusters_are_asked_for_once(az: Az, simulated_azure: Server, key: bytes, count: int) -> None:
    simulated_azure.cloud = cloud = healthy_fleet(2)
    shown = dialogue(az, key, *IN_ALL, "--query", "[].target.cluster.access.way", piped=True, command=ALL)
    assert shown.code == 0
    assert json.loads(shown.piped) == (["command-invoke"] * 2 if count else ["direct"] * 2)
    assert shown.text.count("(y/N)") == 1
    assert "in every cluster that --all-clusters finds" in shown.text
    assert len([each for each in changes(tuple(cloud.log)) if "/runCommand?" in each]) == count
