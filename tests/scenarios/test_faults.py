"""Every single request of a run fails in every way: nothing else is lost, and nothing is made up.

The engine runs in processes that live on (engines.py), since hundreds of runs are needed.
"""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any

import pytest

from azext_acrpulldiag.diagnosis.changed import CHECK as CHANGES
from tests import build
from tests.azure.faults import KINDS, Fault, exactly
from tests.azure.resources import OUTBOUND_IP
from tests.azure.state import Cloud
from tests.recordings import body

from .access_stories import STRANGER
from .engines import AT_ONCE, Engine, lent
from .running import unread
from .stories import STORIES

# What a run is given where requests fail at once, and where one hangs until the end: more than the reads of the
# cluster's preview version are waited for (cluster.PREVIEW_PATIENCE).
SECONDS = 60.0
HANGING = {"timeout": 7.0, "drip": 7.0}
# What more it may take to say so, on a busy machine.
AFTERWARDS = 20.0
# What pods tell, and what nodes tell.
PODS = (
    "kubelet.pull-qps", "registry.throttling", "symptom.pods", "network.client-address", "network.node-resolver",
    "network.proxy", "network.storage-policy", "nodes.artifact-streaming", "nodes.identity",
    "pull-secret.virtual-nodes", "symptom.admission",
)  # fmt: skip
NODES = ("cluster.ready-nodes", "identity.node-labels")

# What each request is for: beginnings of the ids of the checks that may not know then.
USED_BY = {
    r"/listClusterUserCredential\?": (*PODS, *NODES, "registry.cache"),
    r"\.azmk8s\.io/api/v1/nodes\?": NODES,
    r"\.azmk8s\.io/api/v1/events\?.*reason=Pulled": (),  # demotes errors, and there is none that it could
    r"\.azmk8s\.io/api/v1/(pods|events)\?": (*PODS, "registry.cache"),
    r"/(registries|Microsoft\.ResourceGraph/resources)\?": ("access", "network", "registry"),
    r"/managedClusters/prod\?api-version=.*-preview": ("access", "identity", "nodes"),  # what may be nobody's fault
    r"/managedClusters/prod\?": (
        "access",
        "cluster",
        "identity",
        "network",
        "nodes",
        "registry.arm",
        "registry.bootstrap",
    ),
    r"/virtualMachineScaleSets": (
        "nodes",
        "identity.node-identity",
        "identity.service-principal-secret-replacement",
        "network",
    ),
    r"/userAssignedIdentities/": ("identity.kubelet-identity", "access.tenants"),
    r"/(cacheRules|credentialSets)\?": ("registry.cache",),
    r"/replications\?": ("registry.replicas",),
    r"/denyAssignments\?": ("access.deny-assignments",),
    r"/permissions\?": ("access", "network"),
    r"/(roleAssignments|roleDefinitions)": ("access",),
    r"/eventtypes/management/values\?": (),  # what changed before is no judgement, see by_check
    r"/Microsoft\.Network/": ("network",),
    r"graph\.microsoft\.com/": ("access", "identity.service-principal"),
}
# What is met only behind a name that leads somewhere; the checks of names say that it is not known where.
BEHIND_NAMES = (
    "network.admin-rules",
    "network.firewall",
    "network.peerings",
    "network.routes",
    "network.security-groups",
)
# What is not begun before this request has answered: lost only where it never does.
WAITS_FOR = {
    # A stopped cluster's API is not asked.
    r"/managedClusters/prod\?api-version=(?!.*-preview)": (*PODS, "image.registry-host", "registry.cache"),
    r"/listClusterUserCredential\?|\.azmk8s\.io/api/v1/(pods|events)\?": ("image.registry-host",),
    r"/(registries|Microsoft\.ResourceGraph/resources)\?": ("image.registry-host",),
}
# Requests whose 404 is an answer: the thing is gone.
ABSENT = r"/(userAssignedIdentities|applications|servicePrincipals|privateEndpoints|privateDnsZones)\b"


def well(cloud: Cloud) -> None:
    """Nothing is wrong, and most things that can be read are there."""
    cloud.grant()
    _scenery(cloud, healthy=True)
    cloud.firewall([OUTBOUND_IP])


def through_hub(cloud: Cloud) -> None:
    """Nothing is wrong on a way through a hub's firewall, and a private way is there beside it."""
    cloud.grant()
    cloud.route_through_firewall([OUTBOUND_IP])
    cloud.private_link()
    cloud.public_access(True)
    cloud.firewall([OUTBOUND_IP])
    group_id = f"{build.NODE_GROUP_ID}/providers/Microsoft.Network/networkSecurityGroups/nsg"
    cloud.resources.add(body("network/nsg_get_2025_05_01") | {"id": group_id, "name": "nsg"})
    cloud.resources[build.SUBNET_ID]["properties"]["networkSecurityGroup"] = {"id": group_id}


def through_resolver(cloud: Cloud) -> None:
    """Nothing is wrong: a forwarding rule leads to a resolver in a network that is not peered, which has the zone."""
    STORIES["resolver-in-a-network-that-is-not-peered"].tell(cloud)


def broken(cloud: Cloud) -> None:
    """As much is wrong as goes together."""
    cloud.grant(STRANGER)
    _scenery(cloud, healthy=False)
    cloud.firewall(["20.1.1.1"])
    cloud.unassign_kubelet_identity()


def as_service_principal(cloud: Cloud) -> None:
    """A cluster without managed identities, where nothing is wrong."""
    cloud.service_principal_cluster()
    cloud.grant(build.SP_OBJECT_ID)


def _scenery(cloud: Cloud, healthy: bool) -> None:
    cloud.deny(principal_id=STRANGER)
    cloud.cache_rule("hub", "docker.io/library/*", "hub/*", healthy)
    cloud.node()
    cloud.failing_pod(name="starts", reason="ContainerCreating", message="")


@dataclass(frozen=True)
class Truth:
    """What a run finds when nothing fails, and what it asks for that."""

    report: dict[str, Any]
    requests: tuple[str, ...]


_truths: dict[str, Truth] = {}


def truth(tell: Any, free: SimpleQueue[Engine]) -> Truth:
    if tell.__name__ not in _truths:
        cloud = Cloud()
        tell(cloud)
        with lent(free) as engine:
            report = engine.run(cloud)["report"]
        lines = sorted({entry.request.line for entry in cloud.log if not entry.host.startswith("login.")})
        _truths[tell.__name__] = Truth(report, tuple(lines))
    return _truths[tell.__name__]


def strike(tell: Any, kind: str, free: SimpleQueue[Engine], beside: Any = None) -> None:
    """Let each request fail once in this way, several runs at once; not those that a run of ``beside`` sends too."""
    expected, seconds = truth(tell, free), HANGING.get(kind, SECONDS)
    known = truth(beside, free).requests if beside else ()
    requests = [each for each in expected.requests if each not in known]
    assert requests

    def one(line: str) -> str | None:
        cloud = Cloud()
        tell(cloud)
        cloud.faults.active.append(Fault(exactly(line), kind))
        with lent(free) as engine:
            answer = engine.run(cloud, timeout=seconds)
        return complaint(answer, expected, kind, line)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        complaints = [each for each in pool.map(one, requests) if each]
    assert not complaints, "\n".join(complaints)


def complaint(answer: dict[str, Any], expected: Truth, kind: str, line: str) -> str | None:
    """What is wrong with a run in which the request ``line`` failed, or ``None``."""
    where = f"{kind} of {line}"
    if answer["seconds"] > HANGING.get(kind, SECONDS) + AFTERWARDS:
        return f"{where}: took {answer['seconds']:.1f} s"
    if "missing" in answer:
        is_answer = kind in ("404", "flat-404") and "/managedClusters/prod?" in line and "-preview" not in line
        return None if is_answer else f"{where}: {answer['missing']}"
    if "raised" in answer:
        return f"{where}: {answer['raised']}"
    report = answer["report"]
    if any("Internal error" in each["reason"] for each in report["unknowns"]):
        return f"{where}: {report['unknowns']}"
    if kind in ("404", "flat-404") and re.search(ABSENT, line):
        return None
    users = next(users for pattern, users in USED_BY.items() if re.search(pattern, line))
    if kind in HANGING:
        users += tuple(each for pattern, later in WAITS_FOR.items() if re.search(pattern, line) for each in later)
    before, after = by_check(expected.report), by_check(report)
    wrong = [
        f"{where}: {check} is {after[check]}, was {found}"
        for check, found in before.items()
        if after[check] != found
        and not (check.startswith(users) and set(after[check]) - set(found) <= honest(check, after))
    ]
    return "\n".join([*wrong, unread(report)]) if wrong else None


def honest(check: str, after: dict[str, list[tuple[str, str | None]]]) -> set[tuple[str, str | None]]:
    """What a check may say where it cannot know."""
    nameless = ("unknown", None) in after["network.private-dns"]
    return {("unknown", None)} | ({("skipped", None)} if nameless and check in BEHIND_NAMES else set())


def by_check(report: dict[str, Any]) -> dict[str, list[tuple[str, str | None]]]:
    found: dict[str, list[tuple[str, str | None]]] = {}
    for each in report["findings"]:
        if each["check"] == CHANGES:
            continue  # it is asked for what the causes name, and says by itself what it could not read
        found.setdefault(each["check"], []).append((each["status"], each["outcome"]))
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_a_failed_request_costs_what_hangs_on_it_and_no_more(kind: str, engines: SimpleQueue[Engine]) -> None:
    strike(well, kind, engines)


@pytest.mark.parametrize("kind", ["403", "mistyped", "list", "text", "no-properties", "nulls"])
def test_what_is_wrong_is_never_called_well(kind: str, engines: SimpleQueue[Engine]) -> None:
    strike(broken, kind, engines)


@pytest.mark.parametrize("kind", ["403", "429", "503", "html", "mistyped", "no-properties", "nulls", "timeout"])
def test_a_network_that_is_half_read(kind: str, engines: SimpleQueue[Engine]) -> None:
    strike(through_hub, kind, engines, beside=well)


@pytest.mark.parametrize("kind", ["403", "html", "mistyped", "no-properties", "nulls"])
def test_forwarding_rules_that_are_half_read(kind: str, engines: SimpleQueue[Engine]) -> None:
    strike(through_resolver, kind, engines, beside=through_hub)


@pytest.mark.parametrize("kind", ["403", "404", "html", "mistyped", "no-properties", "nulls"])
def test_a_service_principal_that_is_half_read(kind: str, engines: SimpleQueue[Engine]) -> None:
    strike(as_service_principal, kind, engines, beside=well)


def test_the_clouds_are_what_they_are_said_to_be(engines: SimpleQueue[Engine]) -> None:
    for tell in (well, as_service_principal, through_hub, through_resolver):
        report = truth(tell, engines).report
        assert report["verdict"] == "healthy", unread(report)
    found = {each["outcome"] for each in truth(broken, engines).report["findings"]} - {None}
    assert found == {
        "access.pull-role-missing",
        "network.outbound-ip-not-allowed",
        "nodes.kubelet-identity-unassigned",
        "registry.cache-upstream",
    }
