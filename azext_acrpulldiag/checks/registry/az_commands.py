"""Checks on what az's own tools said of the registry: `az acr check-health` and `az aks check-acr`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ...catalogue import Outcome, check, skipped
from ...details import Details, internal
from ...facts import CheckAcrReport, Facts, Registry, Unreadable, known
from ...model import Confidence, Finding, SeenFrom, Severity
from ...repairs import Step
from ...targets import ClusterTarget
from .._named import ClusterNames


@dataclass(frozen=True)
class HealthCode(Details):
    """One thing that ``az acr check-health`` reports."""

    code: str
    message: str
    registry: str
    subscription: str


@dataclass(frozen=True)
class FailedCheckAcr(Details):
    """How ``az aks check-acr`` ended."""

    exit_code: int
    meaning: str
    failed_step: str | None
    steps: tuple[str, ...]
    message: str
    login_server: str
    doubtful: bool = internal()
    """Whether the tool may fail so though nothing is wrong."""

    @property
    def refused(self) -> bool:
        """Whether the node's own credential, or its token, is refused."""
        return self.exit_code in (_REFUSED_CREDENTIAL, _REFUSED_TOKEN) and not self.doubtful

    @property
    def unresolved(self) -> bool:
        """Whether the node cannot resolve the login server."""
        return self.exit_code == _UNRESOLVED


UNHEALTHY = Outcome(
    id="registry.unhealthy",
    severity=Severity.WARNING,
    summary="Seen from this machine, not from the nodes: az acr check-health reports {code}: {message}",
    url="https://learn.microsoft.com/azure/container-registry/container-registry-health-error-reference",
    seen_from=SeenFrom.THIS_MACHINE,
    article="start",
    details=(HealthCode,),
    repairs=(
        Step(
            "Run the health check again, and read its full output",
            "az acr check-health --name {registry} --subscription {subscription} --ignore-errors",
        ),
    ),
)

CHECK_ACR_FAILED = Outcome(
    id="registry.check-acr-failed",
    severity=Severity.WARNING,
    summary="az aks check-acr failed on a node: {meaning} (exit code {exit_code}).",
    url="https://learn.microsoft.com/cli/azure/aks#az-aks-check-acr",
    seen_from=SeenFrom.NODE,
    article="start",
    details=(FailedCheckAcr, ClusterNames),
    repairs=(
        Step(
            "Run it again after a repair",
            "az aks check-acr --resource-group {resource_group} --name {cluster} --subscription {subscription} "
            "--acr {login_server}",
            requires=("Microsoft.ContainerService/managedClusters/listClusterUserCredential/action", "create pods"),
            changes="a pod is started on a node",
        ),
    ),
    explains=("unauthorized-401", "dns-failure"),
    explains_when={"unauthorized-401": "refused", "dns-failure": "unresolved"},
)

_HEALTH_PREFIXES = ("CONNECTIVITY_", "CMK_", "LOGIN_SERVER_")

# canipull's exit codes, https://github.com/Azure/aks-canipull
_REFUSED_CREDENTIAL, _UNRESOLVED, _REFUSED_TOKEN = 10, 52, 60
_CHECK_ACR_MEANINGS = {
    1: "the node has no azure.json",
    2: "the node's azure.json cannot be read",
    3: "the node's azure.json cannot be parsed",
    4: "the node's azure.json names an unknown cloud",
    _REFUSED_CREDENTIAL: "the node's own credential is refused",
    _UNRESOLVED: "the node cannot resolve the login server",
    _REFUSED_TOKEN: "the registry refused to exchange the node's token",
}


@check("registry.health", needs=("registry", "check_health"), outcomes=(UNHEALTHY,), seen_from=SeenFrom.THIS_MACHINE)
def registry_is_healthy_from_here(facts: Facts) -> Iterator[Finding]:
    """The registry answers this machine.

    Nodes have another network and another identity than the caller, so this stops no pull and never
    changes the verdict. Decided by ``az acr check-health``, which looks from the machine of the caller
    with the caller's login: DNS, network, challenge and tokens. It shows whether other findings can be
    verified from here. Its codes about Docker, Helm and Notary on this machine are no findings
    (https://learn.microsoft.com/azure/container-registry/container-registry-health-error-reference).
    """
    registry = known(facts.registry)
    if facts.check_health is None:
        yield skipped(registry.id, "az acr check-health was not run.")
        return
    for found in known(facts.check_health).codes:
        if found.code.upper().startswith(_HEALTH_PREFIXES):
            code = HealthCode(found.code, found.message, registry.name, registry.subscription)
            yield UNHEALTHY.at(registry.id, code)


@check(
    "registry.check-acr",
    needs=("registry", "check_acr", "targets"),
    outcomes=(CHECK_ACR_FAILED,),
    seen_from=SeenFrom.NODE,
)
def node_may_log_in_to_registry(facts: Facts) -> Iterator[Finding]:
    """A node can sign in to the registry.

    A node that cannot resolve the login server, or whose identity the registry refuses, pulls nothing.

    Decided by ``az aks check-acr``, which runs a pod on one Linux node that resolves the login server
    and exchanges the node's own token; it pulls nothing, so its success proves little. A refused credential
    (10) and a name that does not resolve (52) are what kubelet meets on that node: errors. So is
    a refused exchange (60), though only inferred, since a network time-out ends in the same code
    (https://github.com/Azure/acr/issues/594); where the registry refuses tokens for Resource
    Manager, or does not show whether it does, the tool fails falsely with 60, which is then a
    warning. Its other codes are about files on the node and warnings.
    """
    if facts.check_acr is None:
        subject = facts.registry.id if isinstance(facts.registry, Registry) else facts.targets.registry.given
        yield skipped(subject, "Run only with --check-acr, since it starts a pod on a node.")
        return
    registry = known(facts.registry)
    report = known(facts.check_acr)
    if report.exit_code != 0:
        yield _check_acr_finding(registry, report, facts.targets.cluster)


def _check_acr_finding(registry: Registry, report: CheckAcrReport, cluster: ClusterTarget) -> Finding:
    policy, exchange = registry.arm_audience_tokens, report.exit_code == _REFUSED_TOKEN
    failed = FailedCheckAcr(
        exit_code=report.exit_code,
        meaning=_CHECK_ACR_MEANINGS.get(report.exit_code, "the exit code is not documented"),
        failed_step=report.failed_step,
        steps=tuple(report.steps),
        message=report.message,
        login_server=registry.login_server,
        doubtful=exchange and (isinstance(policy, Unreadable) or policy.lower() != "enabled"),
    )
    return CHECK_ACR_FAILED.at(
        registry.id,
        failed,
        ClusterNames.of(cluster),
        severity=Severity.ERROR if failed.refused or failed.unresolved else Severity.WARNING,
        confidence=Confidence.INFERRED if exchange else Confidence.OBSERVED,
    )
