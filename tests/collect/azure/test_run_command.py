"""Mirror of collect/azure/run_command.py: commands through the real pipeline to the simulated cloud."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from azext_acrpulldiag.collect.ask.arm import ArmReader, ReadError
from azext_acrpulldiag.collect.azure import run_command
from azext_acrpulldiag.collect.azure.run_command import (
    CommandAccess,
    CommandRunner,
    command_access_from,
    explained,
    output_from,
    read_command_access,
)
from azext_acrpulldiag.facts import Unreadable
from azext_acrpulldiag.targets import ClusterTarget
from tests import build
from tests.azure.commands import PERFORMANCE
from tests.azure.server import Server
from tests.azure.state import Cloud
from tests.collect.simulated import SimulatedSession, simulated_session
from tests.recordings import body

RUN = "Microsoft.ContainerService/managedClusters/runCommand/action"
READ = "Microsoft.ContainerService/managedClusters/commandResults/read"


@pytest.fixture
def session(simulated_azure: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SimulatedSession]:
    monkeypatch.setattr(run_command, "_WAITS", (0.01,) * 50)
    with simulated_session(simulated_azure, tmp_path, monkeypatch) as session:
        yield session


def runner(session: SimulatedSession, token: str | None = None) -> CommandRunner:
    return CommandRunner(ArmReader(session), build.CLUSTER_ID, token)


def why(session: SimulatedSession, within: float = 10.0) -> Unreadable:
    with pytest.raises(ReadError) as raised:
        runner(session).run("echo begin", within)
    return raised.value.why


def test_a_command_is_run_once_and_asked_about_until_it_is_done(cloud: Cloud, session: SimulatedSession) -> None:
    assert runner(session).run("echo begin; echo end 1 $?", 10.0) == "begin\nend 1 0\n"
    assert [(each.method, each.status) for each in cloud.log] == [("POST", 202), ("GET", 202), ("GET", 200)]


def test_a_token_goes_with_the_command_alone_and_is_not_shown(cloud: Cloud, session: SimulatedSession) -> None:
    runner(session, "sim-entra-token").run("echo begin", 10.0)
    assert [each.request.json for each in cloud.log if each.method == "POST"] == [
        {"command": "echo begin", "clusterToken": "sim-entra-token"}
    ]
    assert "sim-entra-token" not in repr(runner(session, "sim-entra-token"))


@pytest.mark.parametrize("right", [RUN, READ])
def test_a_right_that_is_missing_is_named(cloud: Cloud, session: SimulatedSession, right: str) -> None:
    cloud.forbid(right)
    found = why(session)
    assert (found.reason, found.permission) == ("forbidden", right)


def test_a_command_that_does_not_end_is_given_up(cloud: Cloud, session: SimulatedSession) -> None:
    cloud.commands.endless = True
    found = why(session, 0.2)
    assert (found.reason, "--timeout" in found.detail) == ("timeout", True)


@pytest.mark.parametrize(("kind", "reason"), [("503", "server-error"), ("429", "throttled"), ("html", "malformed")])
def test_what_fails_is_not_run_again(cloud: Cloud, session: SimulatedSession, kind: str, reason: str) -> None:
    cloud.fault("runCommand", kind)
    assert why(session).reason == reason
    assert len([each for each in cloud.log if each.method == "POST"]) == 1


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (
            "ImagePullBackoff",
            "cannot pull the image of AKS's own pod for commands, mcr.microsoft.com/aks/command/runtime",
        ),
        (
            'admission webhook "validation.gatekeeper.sh" denied the request: no',
            "let it leave out namespace aks-command",
        ),
        ("Pod is not schedulable: Insufficient resources", "a ready Linux node with 200m of CPU"),
        ("some other trouble\nand more", "did not run: some other trouble"),
    ],
)
def test_a_pod_that_does_not_run_is_explained(cloud: Cloud, session: SimulatedSession, reason: str, words: str) -> None:
    cloud.commands.reason = reason
    found = why(session)
    assert (found.reason, found.operation) == ("unsupported", RUN)
    assert words in found.detail


def test_an_error_in_place_of_a_result_is_explained(cloud: Cloud, session: SimulatedSession) -> None:
    cloud.commands.error = ("KubernetesPerformanceError", PERFORMANCE)
    found = why(session)
    assert found.detail.endswith("a ready Linux node with 200m of CPU and 500 MiB free")


def test_an_api_version_that_is_not_known_here_is_left_for_one_that_is(cloud: Cloud, session: SimulatedSession) -> None:
    cloud.versions["microsoft.containerservice/managedclusters"] = ("2025-10-01",)
    assert runner(session).run("echo begin", 10.0) == "begin\n"


def test_the_state_of_a_result_decides() -> None:
    assert output_from(body("aks/run_command_result_200_succeeded")).startswith("NAMESPACE")
    with pytest.raises(ReadError, match="ImagePullBackoff"):
        output_from(body("aks/spec_run_command_result_failed_2025_10_01"))
    with pytest.raises(ReadError, match="not shown"):
        output_from({"properties": {"logs": "begin\n"}})


def test_what_a_cluster_says_of_commands() -> None:
    assert command_access_from(body("aks/managedcluster_get_run_command_disabled")).disabled
    assert command_access_from(body("aks/managedcluster_get_system_msi_lb")) == CommandAccess(False, False)
    assert command_access_from({"properties": {"aadProfile": {"managed": True}}}).entra


def test_a_cluster_that_is_not_there(cloud: Cloud, session: SimulatedSession) -> None:
    reader = ArmReader(session)
    assert read_command_access(reader, ClusterTarget(build.SUBSCRIPTION, "rg-app", "gone")) is None
    assert read_command_access(reader, ClusterTarget(build.SUBSCRIPTION, "rg-app", "prod")) == CommandAccess(
        False, False
    )


def test_what_is_not_known_is_left_as_it_is() -> None:
    other = Unreadable("throttled", "HTTP 429")
    assert explained(other) is other
