"""A private cluster through commands inside it: what it costs, what fails, and what it keeps to itself."""

from __future__ import annotations

import base64
import json
import shutil
from queue import SimpleQueue

import pytest

from azext_acrpulldiag.collect.kubernetes.invoked import MOST_COMMANDS
from tests.azure import commands
from tests.azure import secrets as make
from tests.azure.az import Az
from tests.azure.state import Cloud

from .engines import Engine, asked, lent
from .invoke_stories import FROM_INSIDE
from .running import assert_promises, changes, run

ACR = ("--acr", "contosoreg", "--skip", "registry.health")

pytestmark = pytest.mark.skipif(shutil.which("kubectl") is None, reason="needs kubectl")


def private(cloud: Cloud) -> None:
    cloud.private_cluster()
    cloud.node()
    cloud.failing_pod()


def test_nothing_is_asked_from_here_and_little_inside(cloud: Cloud, az: Az) -> None:
    private(cloud)
    done = run(az, *ACR, *FROM_INSIDE)
    assert_promises(done)
    assert [each["class"] for each in done.report["symptoms"]] == ["unauthorized-401"]
    assert done.report["target"]["cluster"]["access"]["way"] == "command-invoke"
    lines = [each.request.line for each in done.requests]
    assert not [line for line in lines if "azmk8s" in line or "listClusterUserCredential" in line]
    assert len(cloud.commands.ran) == 1 <= MOST_COMMANDS
    assert [line for line in changes(done.requests) if "/runCommand?" not in line] == []
    inside = [each for each in done.requests if each.host == commands.HOST]
    assert inside
    assert {each.method for each in inside} == {"GET"}
    assert not [each for each in inside if "secrets" in each.path]


def test_the_token_of_the_caller_is_nowhere_to_be_read(cloud: Cloud, az: Az) -> None:
    private(cloud)
    cloud.entra_cluster()
    make.pull_secret(cloud, "me", "a-password-of-the-secret")
    make.failing_pod(cloud)
    done = run(az, *ACR, *FROM_INSIDE, "--debug")
    assert [each["class"] for each in done.report["symptoms"]] == ["unauthorized-401"] * 2
    (sent,) = [each.request.json for each in done.requests if "/runCommand?" in each.request.line]
    everything = done.result.out + done.result.err
    for secret in (sent["clusterToken"], "a-password-of-the-secret"):
        assert secret not in everything
        assert base64.b64encode(secret.encode()).decode()[:-4] not in everything
    assert not done.left_behind


def test_every_registry_of_failing_pods_is_told_of_by_the_same_commands(cloud: Cloud, warm_az: Az) -> None:
    private(cloud)
    cloud.add_registry("fabrikamreg")
    cloud.failing_pod("fabrikamreg.azurecr.io/a:1", "401 Unauthorized", name="other-0")
    done = run(warm_az, "--skip", "registry.health", *FROM_INSIDE)
    reports = json.loads(done.result.out)
    assert [len(each["symptoms"]) for each in reports] == [1, 1]
    assert {each["target"]["cluster"]["access"]["way"] for each in reports} == {"command-invoke"}
    assert len(cloud.commands.ran) == 1


def test_a_way_that_starts_a_pod_is_named_and_not_taken(cloud: Cloud, warm_az: Az) -> None:
    cloud.grant()
    private(cloud)
    done = run(warm_az, *ACR)
    assert_promises(done)
    assert "--cluster-access command-invoke" in done.report["summary"]
    assert not cloud.commands.ran


def test_a_command_that_never_ends_costs_its_share_of_the_time(cloud: Cloud, engines: SimpleQueue[Engine]) -> None:
    private(cloud)
    cloud.commands.endless = True
    with lent(engines) as engine:
        answer = engine.run(cloud, **asked(("--acr", "contosoreg", *FROM_INSIDE)), timeout=6.0)
    report = answer["report"]
    assert answer["seconds"] < 6.0 + 5.0
    assert [each["outcome"] for each in report["rootCauses"]] == ["access.pull-role-missing"]
    assert {each["code"] for each in report["target"]["cluster"]["access"]["notSeen"]} == {"timeout", "unsupported"}


def test_a_long_output_is_cut_and_said_to_be(cloud: Cloud, engines: SimpleQueue[Engine]) -> None:
    private(cloud)
    cloud.commands.most = 9000
    for number in range(20):
        cloud.failing_pod(name=f"web-{number}")
    with lent(engines) as engine:
        report = engine.run(cloud, **asked(("--acr", "contosoreg", *FROM_INSIDE)))["report"]
    unseen = {each["what"]: each["reason"] for each in report["target"]["cluster"]["access"]["notSeen"]}
    assert "512 kB" in unseen["failing pods"]
    assert "nodes" not in unseen
    assert report["symptoms"] == []
    assert len(cloud.commands.ran) <= MOST_COMMANDS


REFUSED = ("401", "403", "404", "429", "503", "reset", "html")
# The answer to what begins a command has no body that could be broken.
FAILING = [("/runCommand", kind) for kind in REFUSED]
FAILING += [("/commandResults/", kind) for kind in (*REFUSED, "truncated", "mistyped", "nulls")]


@pytest.mark.parametrize(("asked_for", "kind"), FAILING)
def test_requests_that_fail_cost_pods_alone(asked_for: str, kind: str, engines: SimpleQueue[Engine]) -> None:
    cloud = Cloud()
    private(cloud)
    cloud.fault(asked_for, kind)
    with lent(engines) as engine:
        answer = engine.run(cloud, **asked(("--acr", "contosoreg", *FROM_INSIDE)), timeout=20.0)
    assert "raised" not in answer, answer
    report = answer["report"]
    assert [each["outcome"] for each in report["rootCauses"]] == ["access.pull-role-missing"]
    assert not [each for each in report["unknowns"] if "Internal error" in each["reason"]]
    unseen = {each["what"] for each in report["target"]["cluster"]["access"]["notSeen"]}
    assert unseen >= {"nodes", "failing pods", "recent pulls"}
    assert len(cloud.commands.ran) <= 1
