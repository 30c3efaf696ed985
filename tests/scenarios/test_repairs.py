"""Of every outcome that a command repairs, one story: broken, repaired with what is printed, and told again.

``make repairs`` does it with every story.
"""

from __future__ import annotations

import pytest

from azext_acrpulldiag.checks import ALL
from azext_acrpulldiag.repairs import steps_of
from tests.azure.az import Az
from tests.azure.state import Cloud
from tests.contracts.held import can_hold, objections, operation_of

from . import kubectl
from .loop import Outlook, Plan, close, hindrance, only_looks
from .not_closed import NOT_CLOSED
from .stories import STORIES

# The cheapest story of each outcome whose repair can be run.
CLOSED_BY: dict[str, str] = {
    "access.condition-excludes-repository": "condition-excludes-repository",
    "access.pull-role-missing": "pull-role-missing",
    "access.pull-role-on-other-principal": "pull-role-on-the-control-plane",
    "access.pull-role-wrong-mode": "pull-role-of-legacy-mode",
    "cluster.not-ready": "cluster-failed",
    "cluster.stopped": "cluster-stopped",
    "identity.service-principal-disabled": "service-principal-disabled",
    "identity.service-principal-secret-expired": "service-principal-secret-expired",
    "identity.service-principal-secret-expiring": "service-principal-secret-expiring",
    "image.host-without-credential": "image-through-a-mirror-as-nobody",
    "image.read-locked": "image-tag-locked",
    "image.regional-host-unsupported": "image-regional-host-unsupported",
    "image.registry-left-out": "image-without-its-registry",
    "image.tag-not-found": "image-tag-missing",
    "kubelet.pull-qps-exceeded": "pull-qps-exceeded",
    "network.custom-dns-unlinked": "custom-dns-in-a-hub-that-is-not-linked",
    "network.dns-forwarded-elsewhere": "ruleset-to-another-server",
    "network.nsg-blocks-registry": "security-group-allows-azure-cloud-of-another-region",
    "network.outbound-ip-not-allowed": "outbound-ip-of-the-load-balancer",
    "network.peering-disconnected": "peering-waits-for-the-other-side",
    "network.peering-missing": "networks-are-peered-with-the-same-hub-only",
    "network.private-dns-link-missing": "private-zone-not-linked-for-two-pools",
    "network.private-dns-record-missing": "private-record-missing",
    "network.private-dns-record-wrong": "private-record-stale",
    "network.private-dns-zone-missing": "private-zone-missing",
    "network.private-endpoint-not-approved": "private-endpoint-pending",
    "network.public-access-disabled": "public-access-disabled",
    "network.route-drops-registry": "default-route-leads-nowhere",
    "network.service-endpoint-missing": "service-endpoint-missing-in-the-older-form",
    "network.storage-policy-blocks-layers": "storage-policy",
    "network.subnet-not-allowed": "subnet-not-allowed",
    "nodes.kubelet-identity-unassigned": "kubelet-identity-unassigned",
    "pull-secret.admin-disabled": "pull-secret-of-a-disabled-admin",
    "pull-secret.admin-password-mismatch": "pull-secret-with-a-line-break",
    "pull-secret.credential-refused": "pull-secret-with-a-replaced-client-secret",
    "pull-secret.expiring": "login-token-that-ends-within-the-hour",
    "pull-secret.login-token-expired": "pull-secret-of-an-expired-login",
    "pull-secret.malformed": "pull-secret-of-another-type",
    "pull-secret.missing": "pull-secret-missing",
    "pull-secret.newer-than-pod": "secret-newer-than-the-pod-of-a-job",
    "pull-secret.service-principal-expired": "pull-secret-of-an-expired-application",
    "pull-secret.service-principal-no-role": "pull-secret-of-an-application-without-role",
    "pull-secret.service-principal-unknown": "pull-secret-of-an-unknown-application",
    "pull-secret.token-disabled": "pull-secret-of-a-disabled-token",
    "pull-secret.token-expired": "preflight-of-a-bad-secret",
    "pull-secret.token-scope-excludes-repository": "pull-secret-of-a-token-for-other-repositories",
    "pull-secret.token-unknown": "pull-secret-of-an-unknown-token",
    "pull-secret.virtual-node-needs-secret": "virtual-node-without-secret",
    "pull-secret.wrong-registry": "pull-secret-with-a-port",
    "registry.arm-token-refused": "registry-refuses-arm-tokens",
    "registry.cache-rule-missing": "isolated-cluster-without-a-rule",
    "registry.cache-upstream": "cache-rule-for-another-path-before-any-pod",
    "registry.replica-unhealthy": "replica-near-the-nodes-is-degraded",
}


@pytest.mark.skipif(not kubectl.have_kubectl(), reason="needs kubectl")
@pytest.mark.parametrize("outcome", CLOSED_BY)
def test_a_repair_does_what_the_report_says(outcome: str, cloud: Cloud, warm_az: Az) -> None:
    story = STORIES[CLOSED_BY[outcome]]
    assert outcome in story.outcomes
    story.tell(cloud)
    result = close(story, warm_az)
    assert not isinstance(result, str), result
    assert outcome in result.outcomes
    assert result.difference is None, "\n".join((result.difference or "", *result.commands))
    if can_hold():
        # az has versions of its own, of which not all are defined here.
        found = objections([each for each in result.requests if operation_of(each)], story.name)
        assert not found, "\n".join(found)


def test_every_repair_is_closed_by_a_story_or_listed() -> None:
    outcomes = {each.id: each for checked in ALL for each in checked.outcomes}
    changing = {
        name
        for name, each in outcomes.items()
        if any(step.command and not only_looks(step.command) for step in steps_of(each.repairs))
    }
    assert not CLOSED_BY.keys() & NOT_CLOSED.keys()
    assert changing == CLOSED_BY.keys() | NOT_CLOSED.keys()


def step(command: str | None, description: str = "Do it") -> dict[str, object]:
    return {"command": command, "description": description}


@pytest.mark.parametrize(
    ("steps", "reason"),
    [
        ((step("az acr update --name a"),), None),
        ((step("az acr update --name a"), step(None, "If it was refused: ask")), None),
        ((step("az acr show --name a"),), "its command only looks"),
        ((step("az aks get-credentials --name a"), step("kubectl describe pod a")), "its command only looks"),
        ((step(None, "Ask"),), "no command does it"),
        ((step(None, "Ask"), step("az acr update --name a")), "a step is for a person: Ask"),
        ((step('az aks update-credentials --client-secret "${SP_SECRET:?unset}"'),), "a person fills SP_SECRET"),
        ((step("A=$(az x create)"), step('az acr update --name "${A:?unset}"')), None),
        ((step("docker push a"),), "it builds or pushes an image"),
    ],
)
def test_why_a_plan_cannot_be_run(steps: tuple[dict[str, object], ...], reason: str | None) -> None:
    assert hindrance(Plan(("access.pull-role-missing",), steps, None)) == reason


def test_a_difference_is_seen() -> None:
    from .loop import Closed

    healthy, broken = Outlook("healthy", ()), Outlook("broken", ("a.b",))

    def closed(promised: Outlook | None, came: Outlook, failed: str = "", left: tuple[str, ...] = ()) -> Closed:
        return Closed("story", ("a.b",), ("az x",), promised, came, failed, left, came.root_causes, ())

    assert closed(healthy, healthy).difference is None
    assert closed(None, healthy).difference is None
    assert closed(healthy, broken).difference
    assert closed(broken, healthy).difference
    assert closed(None, broken).difference
    assert closed(Outlook("inconclusive", ()), broken).difference
    assert closed(Outlook("inconclusive", ()), healthy).difference is None
    assert closed(None, healthy, failed="no").difference
    assert closed(None, healthy, left=("a.b",)).difference
