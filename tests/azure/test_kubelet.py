"""The simulated kubelets pull when what a story broke was put right, and not before."""

from __future__ import annotations

import base64
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import tests.scenarios
from tests.azure import broken, kubelet
from tests.azure import secrets as make
from tests.azure.changes_access import ago
from tests.azure.state import Cloud
from tests.scenarios.stories import STORIES, Story

for each in sorted(Path(tests.scenarios.__file__).parent.glob("*_stories.py")):
    import_module(f"tests.scenarios.{each.stem}")

OURS = ("pull-secret.", "image.", "kubelet.", "identity.service-principal-")
# A predicate of the first three asks for pods that wait; these stories have none, or name the image in their arguments.
# Whether kubelet refuses too many pulls at once, the state of a cloud does not tell where no pod pulls at every start.
TOLD = [
    (story, outcome)
    for story in STORIES.values()
    for outcome in story.root_causes or [each for each in story.other_outcomes if each.endswith("expiring")]
    if outcome.startswith(OURS)
    and not ("--image" in story.arguments and outcome.startswith("image.") and outcome not in ("image.read-locked",))
    and not (outcome.startswith("kubelet.") and story.name != "pull-qps-exceeded")
]


@pytest.mark.parametrize(("story", "outcome"), TOLD, ids=[f"{story.name}-{outcome}" for story, outcome in TOLD])
def test_what_a_story_breaks_is_broken(story: Story, outcome: str) -> None:
    cloud = story.told()
    assert broken.left(cloud, [outcome]) == (outcome,)
    before = cloud.api.revision
    kubelet.pull_again(cloud, [outcome])
    assert cloud.api.revision == before


def _secret(cloud: Cloud, **changes: Any) -> None:
    make.failing_pod(cloud)
    make.registry_token(cloud, **changes)
    make.pull_secret(cloud, "pull-app", "sim-token-password+ACRt1")


def _is_running(cloud: Cloud) -> bool:
    kubelet.pull_again(cloud, ["pull-secret.token-disabled"])
    (pod,) = cloud.api.select("pods", "team")
    return bool(pod["status"]["phase"] == "Running")


def _token(cloud: Cloud) -> Any:
    return cloud.resources[f"{cloud.registry['id']}/tokens/pull-app"]["properties"]


@pytest.mark.parametrize(
    ("changes", "repair"),
    [
        ({"status": "disabled"}, lambda cloud: _token(cloud).update(status="enabled")),
        (
            {"actions": ["repositories/other/content/read"]},
            lambda cloud: cloud.resources[_token(cloud)["scopeMapId"]]["properties"].update(
                actions=["repositories/team/*/content/read"]
            ),
        ),
        ({"ends": [ago(days=1)]}, lambda cloud: _token(cloud)["credentials"]["passwords"][0].pop("expiry")),
        ({"password": "another"}, lambda cloud: make.pull_secret(cloud, "pull-app", "another")),
        ({"status": "disabled"}, lambda cloud: cloud.grant()),
        ({"status": "disabled"}, lambda cloud: cloud.anonymous_pull()),
    ],
)
def test_a_pod_pulls_with_a_credential_that_was_put_right(
    cloud: Cloud, changes: dict[str, Any], repair: Callable[[Cloud], object]
) -> None:
    _secret(cloud, **changes)
    assert not _is_running(cloud)
    repair(cloud)
    assert _is_running(cloud)


def test_a_pod_that_runs_looks_as_kubelet_writes_it(cloud: Cloud) -> None:
    _secret(cloud)
    (pod,) = cloud.api.select("pods", "team")
    cloud.event(pod, "Failed", "Failed to pull image")
    cloud.event(pod, "BackOff", "Back-off pulling image")
    assert _is_running(cloud)
    (status,) = cloud.api.objects["pods", "team", "web-1"]["status"]["containerStatuses"]
    digest = cloud.data_plane().repositories["team/app"].tags["1.2"]
    assert (status["ready"], status["imageID"]) == (True, f"contosoreg.azurecr.io/team/app@{digest}")
    assert "running" in status["state"]
    (event,) = cloud.api.select("events", "team")
    said = 'Successfully pulled image "contosoreg.azurecr.io/team/app:1.2" in 1.204s (1.204s including waiting).'
    assert (event["reason"], event["type"]) == ("Pulled", "Normal")
    assert event["message"].startswith(said)


def test_a_pod_waits_for_an_image_of_its_node(cloud: Cloud) -> None:
    cloud.node(**{"kubernetes.io/arch": "arm64"})
    _secret(cloud)
    assert not _is_running(cloud)
    cloud.image("team/app", "1.2", "linux/amd64", "linux/arm64")
    assert _is_running(cloud)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda cloud: cloud.lock("team/app", "1.2"),
        lambda cloud: cloud.quarantine("team/app", "1.2"),
        lambda cloud: cloud.data_plane().repositories["team/app"].tags.clear(),
        lambda cloud: cloud.artifact("team/app", "1.2", "application/vnd.cncf.helm.config.v1+json"),
        lambda cloud: cloud.refuse_upstream("team/app", "rule", "docker.io/x", 429),
    ],
)
def test_a_pod_waits_for_an_image_that_is_there(cloud: Cloud, spoil: Callable[[Cloud], object]) -> None:
    _secret(cloud)
    spoil(cloud)
    assert not kubelet.can_pull(cloud, cloud.api.select("pods", "team")[0])


def test_each_pod_pulls_for_itself(cloud: Cloud) -> None:
    _secret(cloud)
    make.failing_pod(cloud, secrets=(), name="web-2")
    cloud.failing_pod("contosoreg.azurecr.io/team/app:9.9", name="web-3")
    cloud.public_access(False)
    causes = ["access.pull-role-missing", "image.tag-not-found", "network.public-access-disabled"]
    kubelet.pull_again(cloud, causes)
    assert {each["status"]["phase"] for each in cloud.api.select("pods", "")} == {"Pending"}
    kubelet.pull_again(cloud, causes[:2])
    running = [
        each["metadata"]["name"] for each in cloud.api.select("pods", "") if each["status"]["phase"] == "Running"
    ]
    assert running == ["web-1"]
    cloud.grant()
    kubelet.pull_again(cloud, causes[:2])
    assert [each["metadata"]["name"] for each in kubelet.waiting(cloud)] == ["web-3"]


def test_what_the_registry_has_against_this_machine_is_not_the_nodes_matter(cloud: Cloud) -> None:
    _secret(cloud)
    cloud.refuse_this_machine()
    assert _is_running(cloud)


@pytest.mark.parametrize(
    ("host", "entry", "runs"),
    [
        ("contosoreg.azurecr.io", {"username": "pull-app", "password": "sim-token-password+ACRt1"}, True),
        ("https://contosoreg.azurecr.io", {"username": "pull-app", "password": "sim-token-password+ACRt1"}, False),
        ("contosoreg.azurecr.io", {"auth": base64.b64encode(b"pull-app:sim-token-password+ACRt1").decode()}, False),
    ],
)
def test_virtual_nodes_take_plain_entries_and_no_identity(
    cloud: Cloud, host: str, entry: dict[str, str], runs: bool
) -> None:
    cloud.grant()
    cloud.virtual_node()
    make.registry_token(cloud)
    make.raw_secret(cloud, {"auths": {host: entry}})
    cloud.refused_by_provider(namespace="team", imagePullSecrets=[{"name": "regcred"}])
    assert _is_running(cloud) is runs
