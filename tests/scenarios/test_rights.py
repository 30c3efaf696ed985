"""What the readings declare is what runs really ask for: no request without a right, no right without a request."""

from __future__ import annotations

from collections.abc import Callable
from queue import SimpleQueue

import pytest

from azext_acrpulldiag.collect.readings import CHECK_ACR, CHECK_HEALTH
from azext_acrpulldiag.permissions import every_right, rights_of
from tests import build
from tests.azure.az import Az
from tests.azure.kubernetes import Canipull, Kubernetes
from tests.azure.state import Cloud

from .conftest import ReadStory
from .engines import Engine, asked, lent
from .registry_stories import CHECK_ACR as CHECK_ACR_ARGUMENTS
from .rights import asked_for, undeclared
from .running import run
from .stories import KUBECTL, STORIES

IN_PROCESS = [
    story for story in STORIES.values() if "--acr" in story.arguments and not story.starts_a_pod and not story.missing
]
# The engines leave check-health out.
ONLY_OF_CHECK_HEALTH = {right.name for right in CHECK_HEALTH.rights if right.left_out}
ONLY_WITH_A_POD = {right.name for right in CHECK_ACR.rights if "--check-acr" in right.when}


def no_such_repository(cloud: Cloud) -> None:
    cloud.abac()
    cloud.grant(role=build.REPOSITORY_READER)


def nodes_that_do_not_show_their_subnet(cloud: Cloud) -> None:
    cloud.grant()
    cloud.firewall([])
    cloud.forbid("Microsoft.Compute/virtualMachineScaleSets/read")


# What no story tells: the arguments, and the cloud.
BESIDE_STORIES: list[tuple[tuple[str, ...], Callable[[Cloud], None]]] = [
    (("--acr", "contosoreg", "--image", "contosoreg.azurecr.io/team/ap:1"), no_such_repository),
    (("--acr", "contosoreg"), nodes_that_do_not_show_their_subnet),
]


@pytest.fixture(scope="module")
def requests(engines: SimpleQueue[Engine], read_stories: dict[str, ReadStory]) -> dict[str, set[str]]:
    """The rights that the runs of all stories ask for, by story; made once."""
    found = {}
    for story in IN_PROCESS:
        told = read_stories[story.name]
        assert not undeclared(told.requests, told.cloud), story.name
        found[story.name] = asked_for(told.requests, told.cloud)
    for arguments, tell in BESIDE_STORIES:
        cloud = Cloud()
        tell(cloud)
        with lent(engines) as engine:
            answer = engine.run(cloud, **asked(arguments))
        assert "raised" not in answer, answer
        assert not undeclared(cloud.log, cloud)
        found[tell.__name__] = asked_for(cloud.log, cloud)
    return found


def test_every_request_has_its_right_declared(requests: dict[str, set[str]]) -> None:
    assert len(requests) == len(IN_PROCESS) + len(BESIDE_STORIES)
    assert all(requests.values())


def test_every_right_is_asked_for_by_some_run(requests: dict[str, set[str]]) -> None:
    apart = ONLY_WITH_A_POD | ONLY_OF_CHECK_HEALTH
    declared = {right.name.lower() for right in every_right() if right.name not in apart}
    assert declared - set().union(*requests.values()) == set()


def test_a_right_that_is_always_asked_for_is(requests: dict[str, set[str]]) -> None:
    """By every run over a cluster and a registry that were found."""
    (healthy,) = (found for name, found in requests.items() if name == "healthy")
    always = ("cluster", "registry", "node_hosts", "kubelet_identity_resource", "access", "cache_rules", "kubernetes")
    for right in rights_of(always):
        if not right.when or right.when == "no --kubeconfig is given":
            assert right.name.lower() in healthy


def test_the_right_of_check_health_as_a_command_of_its_own(az: Az, cloud: Cloud) -> None:
    """Beside other threads, as those of several clusters, it cannot be forked off."""
    STORIES["healthy"].tell(cloud)
    there = cloud.cluster["id"]
    command = ("aks", "diagnose-pull", "--ids", there, there.replace("/prod", "/gone"))
    done = run(az, "--acr", "contosoreg", command=command)
    assert ONLY_OF_CHECK_HEALTH
    assert {name.lower() for name in ONLY_OF_CHECK_HEALTH} <= asked_for(done.requests, cloud)


@pytest.mark.skipif(STORIES["check-acr-passes"].missing == KUBECTL, reason="needs kubectl")
def test_the_rights_of_check_acr(az: Az, cloud: Cloud) -> None:
    found: set[str] = set()
    for play in (Canipull(log="done"), Canipull(log="done", phase="Running")):
        cloud.kubernetes = Kubernetes(canipull=play)
        done = run(az, "--acr", "contosoreg", *CHECK_ACR_ARGUMENTS)
        assert not undeclared(done.requests, cloud)
        found |= asked_for(done.requests, cloud)
    assert {name.lower() for name in ONLY_WITH_A_POD} <= found
