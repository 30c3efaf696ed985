"""Every right taken away by itself: the rest still answers, and what does not says which right is missing."""

from __future__ import annotations

from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

import pytest

from azext_acrpulldiag.collect.readings import CHECK_ACR
from azext_acrpulldiag.diagnosis.changed import CHECK as CHANGES
from azext_acrpulldiag.permissions import every_right
from azext_acrpulldiag.rights import Kind, Right
from tests.azure.az import Az
from tests.azure.state import Cloud, Grant

from .engines import Engine, asked, lent
from .least_privilege import CALLED, complaints, grant_the_ready_roles, hide, new_unknowns, refuse
from .rights import asked_for
from .running import run, unread
from .stories import STORIES, Story

CREDENTIAL = "Microsoft.ContainerService/managedClusters/listClusterUserCredential/action"
NODES = ("nodes.kubelet-identity", "identity.node-identity")
PODS = ("kubelet.pull-qps", "registry.throttling", "symptom.pods")
# By the story that asks for the rights: what at least is unknown without each.
LOST: dict[str, dict[str, tuple[str, ...]]] = {
    "healthy": {
        "Microsoft.ContainerService/managedClusters/read": ("cluster.power", "access.pull-role", *NODES),
        "Microsoft.ContainerRegistry/registries/read": ("access.pull-role", "network.public-access", "registry.cache"),
        "Microsoft.Compute/virtualMachineScaleSets/read": NODES,
        "Microsoft.Compute/virtualMachineScaleSets/virtualMachines/read": NODES,
        "Microsoft.ManagedIdentity/userAssignedIdentities/read": ("identity.kubelet-identity", "access.tenants"),
        "Microsoft.Authorization/roleAssignments/read": ("access.pull-role", "access.propagation"),
        "Microsoft.Authorization/roleDefinitions/read": ("access.pull-role",),
        "Microsoft.Authorization/denyAssignments/read": ("access.deny-assignments",),
        "Microsoft.Authorization/permissions/read": ("access.deny-assignments",),
        CREDENTIAL: (*PODS, "cluster.ready-nodes"),
        "list nodes": ("cluster.ready-nodes", "identity.node-labels"),
        "list pods": PODS,
        "list events": (*PODS, "symptom.admission"),
    },
    "cache-upstream": {
        "Microsoft.ContainerRegistry/registries/cacheRules/read": ("registry.cache",),
        "Microsoft.ContainerRegistry/registries/credentialSets/read": ("registry.cache",),
    },
    "replica-near-the-nodes-is-degraded": {
        "Microsoft.ContainerRegistry/registries/replications/read": ("registry.replicas",),
    },
    "kubelet-identity-unassigned-on-a-machine": {
        "Microsoft.Compute/virtualMachines/read": ("nodes.kubelet-identity",),
    },
    "pull-role-missing-for-a-service-principal": {
        "Application.Read.All": ("access.pull-role", "identity.service-principal"),
    },
    "firewall-allows-the-route": {
        "Microsoft.Network/publicIPAddresses/read": ("network.outbound-ip",),
    },
    "firewall-allows-the-nat-gateway": {
        "Microsoft.Network/natGateways/read": ("network.outbound-ip",),
        "Microsoft.Network/publicIPPrefixes/read": ("network.outbound-ip",),
    },
    "azure-firewall-allows-an-ip-group": {
        "Microsoft.Network/routeTables/read": ("network.routes",),
        "Microsoft.Network/azureFirewalls/read": ("network.firewall",),
        "Microsoft.Network/firewallPolicies/read": ("network.firewall",),
        "Microsoft.Network/firewallPolicies/ruleCollectionGroups/read": ("network.firewall",),
        "Microsoft.Network/ipGroups/read": ("network.firewall",),
    },
    "private-endpoint-in-hub": {
        "Microsoft.Network/virtualNetworks/read": ("network.private-dns", "network.routes"),
        "Microsoft.Network/privateEndpoints/read": ("network.private-dns",),
        "Microsoft.Network/networkInterfaces/read": ("network.private-dns",),
        "Microsoft.Network/privateDnsZones/A/read": ("network.private-dns",),
        "Microsoft.Network/privateDnsZones/virtualNetworkLinks/read": ("network.private-dns",),
    },
    "private-zone-missing": {
        "Microsoft.Network/privateEndpoints/privateDnsZoneGroups/read": ("network.private-dns",),
        "Microsoft.Network/privateDnsZones/read": ("network.private-dns",),
    },
    "resolver-in-a-network-that-is-not-peered": {
        "Microsoft.Network/dnsForwardingRulesets/forwardingRules/read": ("network.private-dns",),
        "Microsoft.Network/dnsResolvers/inboundEndpoints/read": ("network.private-dns",),
    },
    "networks-joined-by-a-mesh": {
        "Microsoft.Network/virtualNetworks/listNetworkManagerEffectiveConnectivityConfigurations/read": (
            "network.peerings",
        ),
    },
    "admin-rule-allows-what-a-security-group-denies": {
        "Microsoft.Network/virtualNetworks/listNetworkManagerEffectiveSecurityAdminRules/read": (
            "network.admin-rules",
            "network.security-groups",
        ),
    },
    "virtual-hub-blocks-the-registry": {
        f"Microsoft.Network/virtualHubs{part}/read": ("network.routes",)
        for part in ("", "/hubVirtualNetworkConnections", "/routingIntent")
    },
    "appliance-of-another-make": {
        "Microsoft.Network/virtualNetworks/subnets/read": ("network.firewall",),
    },
    "security-group-denies-the-endpoint": {
        "Microsoft.Network/networkSecurityGroups/read": ("network.security-groups",),
    },
    "storage-policy": {
        "Microsoft.Network/serviceEndpointPolicies/read": ("network.storage-policy",),
    },
    "outbound-ip-of-a-node": {
        "Microsoft.Compute/virtualMachineScaleSets/publicIPAddresses/read": ("network.outbound-ip",),
    },
    "cause-in-an-event": {"get pods": PODS},
    "account-pull-without-a-role": {
        "Microsoft.ContainerService/managedClusters/identityBindings/read": ("access.pull-role", "access.tenants"),
        "get serviceaccounts": ("access.pull-role", "access.tenants"),
    },
    "preflight-of-a-working-secret": {
        "get secrets": ("pull-secret.existence",),
        "Microsoft.ContainerRegistry/registries/pull/read": ("image.existence",),
    },
    "preflight-of-a-bad-secret": {
        "Microsoft.ContainerRegistry/registries/tokens/read": ("pull-secret.token",),
    },
    "pull-secret-of-a-token-for-other-repositories": {
        "Microsoft.ContainerRegistry/registries/scopeMaps/read": ("pull-secret.token",),
    },
    "granted-for-this-repository": {
        "Microsoft.ContainerRegistry/registries/repositories/content/read": ("image.existence",),
    },
    "role-assignment-deleted": {"Microsoft.Insights/eventtypes/values/read": (CHANGES,)},
    "pull-secret-with-a-line-break": {
        "Microsoft.ContainerRegistry/registries/listCredentials/action": ("pull-secret.admin",),
    },
}
# What stands in where another read fails or shows too little, or only makes a message better.
COURTESIES = {
    "Microsoft.Resources/subscriptions/resources/read",
    "Microsoft.Network/dnsForwardingRulesets/read",
    "Microsoft.Network/dnsForwardingRulesets/virtualNetworkLinks/read",
    "Microsoft.Network/dnsResolvers/read",
    "Microsoft.Network/privateDnsZones/CNAME/read",
    "Microsoft.Network/virtualNetworks/listDnsForwardingRulesets/action",
    "Microsoft.Resources/subscriptions/resourceGroups/read",
    "Microsoft.ResourceGraph/resources/read",
    "Microsoft.ContainerRegistry/registries/catalog/read",
    "Microsoft.ContainerRegistry/registries/repositories/metadata/read",
    "Microsoft.Network/virtualHubs/hubRouteTables/read",
    "get namespaces",
}
RIGHTS = {right.name: right for right in every_right()}
CASES = [(story, name) for story, lost in LOST.items() for name in lost]
ALL_RIGHTS = [Grant("/")]


def hides(right: Right) -> bool:
    """Whether Azure may leave out what the right shows, where it is asked for a list. One's own rights are no such."""
    return right.kind is Kind.ACTION and right.name not in (*CALLED, "Microsoft.Authorization/permissions/read")


def report_of(
    engines: SimpleQueue[Engine], story: Story, change: Callable[[Cloud], None] = lambda _: None
) -> tuple[dict[str, Any], Cloud]:
    cloud = story.told()
    change(cloud)
    with lent(engines) as engine:
        answer = engine.run(cloud, **asked(story.arguments))
    assert "report" in answer, answer
    return answer["report"], cloud


_whole: dict[str, tuple[dict[str, Any], Cloud]] = {}


def whole(engines: SimpleQueue[Engine], name: str) -> tuple[dict[str, Any], Cloud]:
    """The report of a story where every right is held."""
    if name not in _whole:
        _whole[name] = report_of(engines, STORIES[name])
    return _whole[name]


@pytest.mark.parametrize(("name", "right"), CASES, ids=[right for _, right in CASES])
def test_without_one_right_the_rest_still_answers(name: str, right: str, engines: SimpleQueue[Engine]) -> None:
    before, cloud = whole(engines, name)
    assert right.lower() in asked_for(cloud.log, cloud), "the story does not ask for it"
    ways = (refuse, hide) if hides(RIGHTS[right]) else (refuse,)
    for take in ways:
        after, _ = report_of(engines, STORIES[name], lambda cloud, take=take: take(cloud, RIGHTS[right]))  # type: ignore[misc]
        told = f"{take.__name__}\n{unread(after)}"
        assert not list(complaints(before, after, [RIGHTS[right]])), told
        unknown = {each["check"] for each in new_unknowns(before, after)}
        assert unknown >= set(LOST[name][right]), told


def test_no_right_is_forgotten_here() -> None:
    of_pods = {right.name for right in CHECK_ACR.rights} - {CREDENTIAL}
    told = [right for lost in LOST.values() for right in lost]
    # test_command_invoke.py takes these away.
    of_commands = {right.name for right in every_right() if "command-invoke" in right.when}
    assert sorted([*told, *COURTESIES, *of_pods, *of_commands]) == sorted(RIGHTS)


# --- the ready roles -----------------------------------------------------------------------

LEFT_OUT = [right for right in every_right() if right.left_out]
OF_ONE_CAUSE = (
    "access.pull-role-missing",
    "cluster.stopped",
    "nodes.kubelet-identity-unassigned",
    "registry.cache-upstream",
    "network.outbound-ip-not-allowed",
    "image.tag-not-found",
    "pull-secret.token-expired",
    "kubelet.pull-qps-exceeded",
)


def _story_of(outcome: str) -> Story:
    return next(
        story
        for story in STORIES.values()
        if story.root_causes == (outcome,) and story.told().caller_grants == ALL_RIGHTS and "--acr" in story.arguments
    )


@pytest.mark.parametrize("name", ["healthy", "granted-for-this-repository", "firewall-allows-the-route"])
def test_the_ready_roles_are_enough_for_a_healthy_pair(name: str, engines: SimpleQueue[Engine]) -> None:
    report, _ = report_of(engines, STORIES[name], grant_the_ready_roles)
    assert (report["verdict"], report["unknowns"]) == ("healthy", [])


@pytest.mark.parametrize("outcome", OF_ONE_CAUSE)
def test_the_ready_roles_are_enough_to_find_a_cause(outcome: str, engines: SimpleQueue[Engine]) -> None:
    story = _story_of(outcome)
    before, _ = whole(engines, story.name)
    after, _ = report_of(engines, story, grant_the_ready_roles)
    assert [each["outcome"] for each in after["rootCauses"]] == [outcome], unread(after)
    assert not list(complaints(before, after, LEFT_OUT)), unread(after)


def test_the_admin_password_is_told_wrong_without_the_right_to_list_it(engines: SimpleQueue[Engine]) -> None:
    """What the role leaves out is not missed where the registry itself refuses the credential."""
    report, _ = report_of(engines, STORIES["pull-secret-with-a-line-break"], grant_the_ready_roles)
    assert [each["outcome"] for each in report["rootCauses"]][:1] == ["pull-secret.credential-refused"], unread(report)


# --- through the real az -------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "Microsoft.ContainerRegistry/registries/read",
        "Microsoft.Authorization/roleAssignments/read",
        "Microsoft.Compute/virtualMachineScaleSets/read",
    ],
)
def test_az_says_what_is_missing_and_leaves_with_5(name: str, warm_az: Az, cloud: Cloud) -> None:
    cloud.grant()
    refuse(cloud, RIGHTS[name])
    done = run(warm_az, "--acr", "contosoreg")
    assert (done.result.code, done.report["verdict"]) == (5, "inconclusive"), unread(done.report)
    assert {each["check"] for each in done.report["unknowns"]} >= set(LOST["healthy"][name])
    assert all(name in each["permission"] for each in done.report["unknowns"])


def test_az_with_the_ready_roles_alone(warm_az: Az, cloud: Cloud) -> None:
    cloud.grant()
    grant_the_ready_roles(cloud)
    done = run(warm_az, "--acr", "contosoreg")
    assert (done.result.code, done.report["verdict"], done.report["unknowns"]) == (0, "healthy", [])
