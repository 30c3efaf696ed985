"""Mirror of collect/kubernetes/invoked.py: what the real kubectl prints in a cluster is what the API itself shows."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import pytest

from azext_acrpulldiag.collect.ask.arm import ReadError
from azext_acrpulldiag.collect.kubernetes.invoked import MOST_COMMANDS, NO_SECRETS, InClusterHttp, InvokedApi
from azext_acrpulldiag.collect.kubernetes.running import read_running_pods
from azext_acrpulldiag.collect.kubernetes.workloads import Scope, read_kubernetes
from azext_acrpulldiag.facts import Kubernetes, Unreadable
from tests.azure import commands
from tests.azure.secrets import running_pod, service_account
from tests.azure.state import Cloud
from tests.collect.kube_here import kube_here
from tests.scenarios import account_pull_stories, kubernetes_stories, node_resolver_stories, told_by_pods_stories
from tests.scenarios.stories import STORIES

pytestmark = pytest.mark.skipif(shutil.which("kubectl") is None, reason="needs kubectl")
EVERYWHERE = Scope()
TOLD = (account_pull_stories, kubernetes_stories, node_resolver_stories, told_by_pods_stories)


class InCluster:
    """Runs commands, and notes them; ``cut`` changes what they print."""

    def __init__(self, cloud: Cloud, cut: Callable[[str], str] = str) -> None:
        self.cloud, self.cut, self.ran = cloud, cut, list[str]()

    def api(self) -> InvokedApi:
        return InvokedApi(InClusterHttp(self.run, lambda: 60.0))

    def run(self, command: str, _: float) -> str:
        self.ran.append(command)
        return self.cut(commands.output_of(self.cloud, self.cloud.cluster, command))

    def read(self, scope: Scope = EVERYWHERE) -> Kubernetes:
        found = read_kubernetes(self.api(), scope)
        assert isinstance(found, Kubernetes)
        return found


def directly(cloud: Cloud, scope: Scope = EVERYWHERE) -> Kubernetes | Unreadable:
    cloud.faults.active.clear()
    with kube_here(cloud) as (api, _):
        return read_kubernetes(api, scope)


@pytest.mark.parametrize(
    ("name", "scope"),
    [
        ("pods-unauthorized", Scope()),
        ("cause-in-an-event", Scope()),
        ("hostile-texts", Scope()),
        ("one-pod-only", Scope("web", "web-5d4f8c9b7-x2x9z")),
        ("no-such-namespace", Scope("wbe")),
        ("pods-forbidden", Scope()),
    ],
)
def test_both_ways_tell_the_same(name: str, scope: Scope) -> None:
    assert TOLD
    cloud = STORIES[name].told()
    here = InCluster(cloud)
    assert here.read(scope) == directly(cloud, scope)
    assert 1 <= len(here.ran) <= 2


def crowd(cloud: Cloud, pods: int = 30) -> None:
    cloud.node()
    for number in range(pods):
        cloud.event(cloud.failing_pod(name=f"web-{number}"), "Failed", "x" * 400)


@pytest.mark.parametrize("keeps_end", [False, True])
def test_what_one_output_has_no_room_for_is_asked_again(cloud: Cloud, keeps_end: bool) -> None:
    crowd(cloud)
    whole = directly(cloud)
    here = InCluster(cloud)
    longest = len(commands.output_of(cloud, cloud.cluster, here_command(cloud)))
    here.cut = lambda output: output[-(longest - 500) :] if keeps_end else output[: longest - 500]
    assert here.read() == whole
    assert len(here.ran) == 2


def here_command(cloud: Cloud) -> str:
    here = InCluster(cloud)
    here.read()
    return here.ran[0]


def test_what_has_no_room_by_itself_is_unknown_and_the_rest_is_read(cloud: Cloud) -> None:
    crowd(cloud)
    here = InCluster(cloud, cut=lambda output: output[:12_000])
    found = here.read()
    assert isinstance(found.failing, Unreadable)
    assert "512 kB" in found.failing.detail
    assert "--namespace" in found.failing.detail
    assert len(here.ran) <= MOST_COMMANDS


def test_events_cannot_smuggle_options(cloud: Cloud) -> None:
    cloud.node()
    pod = cloud.failing_pod()
    event = cloud.event(pod, "Failed", 'Failed to pull image "x": no')
    event["involvedObject"] |= {"name": "--server=https://elsewhere.example", "uid": "1"}
    here = InCluster(cloud)
    assert here.read() == directly(cloud)
    assert not [command for command in here.ran if "elsewhere" in command]


def test_a_command_that_is_refused_is_one_reason_for_all(cloud: Cloud) -> None:
    why = Unreadable("forbidden", "no right", "run", "run")

    def refuse(*_: object) -> str:
        raise ReadError(why)

    assert read_kubernetes(InvokedApi(InClusterHttp(refuse, lambda: 60.0)), Scope()) == why


def test_an_output_of_something_else_is_no_answer(cloud: Cloud) -> None:
    found = read_kubernetes(InCluster(cloud, cut=lambda _: "sh: kubectl: not found\n").api(), Scope())
    assert isinstance(found, Unreadable)
    assert found.reason == "malformed"


def test_service_accounts_are_listed_with_the_rest(cloud: Cloud) -> None:
    cloud.failing_pod(namespace="team")
    service_account(cloud, ["regcred"])
    here = InCluster(cloud)
    api = here.api()
    read_kubernetes(api, Scope())
    told = api.service_account("team", "default")
    assert told is not None
    assert told["imagePullSecrets"] == [{"name": "regcred"}]
    assert api.service_account("team", "other") is None
    assert len(here.ran) == 1


def test_no_secret_is_asked_for(cloud: Cloud) -> None:
    cloud.failing_pod()
    here = InCluster(cloud)
    api = here.api()
    read_kubernetes(api, Scope())
    with pytest.raises(ReadError) as raised:
        api.secret("web", "regcred")
    assert raised.value.why is NO_SECRETS
    assert not [command for command in here.ran if "secrets " in command]
    assert not [each for each in cloud.log if "/secrets" in each.path]


def test_pods_that_run_are_read_as_far_as_there_is_room(cloud: Cloud) -> None:
    cloud.node()
    for number in range(20):
        running_pod(cloud, f"web-{number}")
    with kube_here(cloud) as (api, _):
        whole = read_running_pods(api, EVERYWHERE)
    here = InCluster(cloud)
    api = here.api()
    read_kubernetes(api, EVERYWHERE)
    assert read_running_pods(api, EVERYWHERE) == whole
    assert whole.complete
    assert len(here.ran) == 2

    here.cut = lambda output: output[:3000]
    begun = read_running_pods(here.api(), EVERYWHERE)
    assert not begun.complete
    assert begun.pods == whole.pods[: len(begun.pods)]
    assert begun.pods


def test_a_list_of_which_the_end_is_cut_off_is_not_read(cloud: Cloud) -> None:
    crowd(cloud)
    api = InCluster(cloud, cut=lambda output: output[:12_000]).api()
    read_kubernetes(api, EVERYWHERE)
    read = api.pods(None, "status.phase=Pending")
    assert next(read)["metadata"]["name"].startswith("web-")
    with pytest.raises(ReadError, match="512 kB"):
        list(read)


def test_another_run_goes_on_with_what_was_asked(cloud: Cloud) -> None:
    cloud.failing_pod()
    here, later = InCluster(cloud), InCluster(cloud)
    first = InClusterHttp(here.run, lambda: 60.0)
    then = first.by(later.run, lambda: 60.0)
    found = read_kubernetes(InvokedApi(first), EVERYWHERE)
    assert read_kubernetes(InvokedApi(then), EVERYWHERE) == found
    assert (len(here.ran), len(later.ran)) == (1, 0)


def test_no_more_commands_are_run_than_there_may_be(cloud: Cloud) -> None:
    here = InCluster(cloud, cut=lambda output: output[:10])
    api = here.api()
    for _ in range(3):
        read_kubernetes(api, Scope())
    assert len(here.ran) <= MOST_COMMANDS
