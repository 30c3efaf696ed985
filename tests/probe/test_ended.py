"""A probe that is killed or interrupted at each of its requests."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

import pytest

from azext_acrpulldiag.probe.deletion import INTERRUPTED_SECONDS
from tests.azure.kubernetes import Pulling
from tests.azure.server import serving
from tests.azure.state import Cloud
from tests.collect.kube_here import kubeconfig
from tests.probe import child
from tests.probe.nodes import node
from tests.probe.probing import a_cloud, pods, probe
from tests.probe.test_run import left_behind

# As many as a probe of two pools sends.
REQUESTS = range(1, 16)
WITH_PODS = range(9, 13)
LATENCY = 0.05


@pytest.fixture(scope="module")
def processes() -> Iterator[multiprocessing.context.ForkServerContext]:
    """A server of processes that has imported everything."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.probe.child", "kubernetes.client"])
    yield context


def a_probed_cloud() -> Cloud:
    cloud = a_cloud(node("a-1", "a"), node("b-1", "b"))
    cloud.api.pulling |= {"a": Pulling(seconds=0.2), "b": Pulling(message="manifest unknown")}
    return cloud


def ended_at(
    cloud: Cloud, number: int, by: signal.Signals, processes: multiprocessing.context.ForkServerContext
) -> int:
    """Send ``by`` to a probe once it has sent so many requests; returns its exit code."""
    cloud.latency = LATENCY
    with serving(cloud) as server:
        process = processes.Process(
            target=child.probe, args=(kubeconfig(cloud.cluster["properties"]["fqdn"]), server.proxy)
        )
        process.start()
        while len(cloud.log) < number and process.is_alive():
            time.sleep(0.002)
        if process.is_alive():
            assert process.pid is not None
            os.kill(process.pid, by)
        process.join(INTERRUPTED_SECONDS + 5)
        time.sleep(2 * LATENCY)  # what was under way is carried out
    assert process.exitcode is not None, "it goes on"
    return process.exitcode


@pytest.mark.parametrize("number", REQUESTS)
def test_interrupted_it_leaves_no_pod(number, processes):
    cloud = a_probed_cloud()
    code = ended_at(cloud, number, signal.SIGINT, processes)
    assert len(cloud.log) >= number
    assert pods(cloud) == []
    assert code == 1 or number == REQUESTS[-1], "the last may be its end"


@pytest.mark.parametrize("number", REQUESTS)
def test_killed_the_next_one_deletes_what_it_left(number, processes):
    cloud = a_probed_cloud()
    ended_at(cloud, number, signal.SIGKILL, processes)
    assert len(cloud.log) >= number
    if number in WITH_PODS:
        assert len(pods(cloud)) == 2
    cloud.latency = 0.0
    for name in pods(cloud):  # until their own deadline has passed
        made = datetime.now(timezone.utc) - timedelta(minutes=7)
        item = cloud.api.objects["pods", "web", name]
        item["metadata"]["creationTimestamp"] = made.strftime("%Y-%m-%dT%H:%M:%SZ")
    left_behind(cloud, "acr-pull-probe-colleague", age=60)
    report = probe(cloud)
    assert {each.pool: each.result for each in report.pools} == {"a": "pulled", "b": "failed"}
    assert (report.left, pods(cloud)) == ((), ["acr-pull-probe-colleague"])
