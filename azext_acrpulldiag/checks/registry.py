"""Checks on the registry itself, and on what the tools that look at it said."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from ..catalogue import Outcome, RemedyTemplate, check, skipped, unknown
from ..facts import CacheRule, CheckAcrReport, Facts, Registry, Unreadable, known
from ..model import Confidence, Finding, SeenFrom, Severity
from ..targets import ClusterTarget

NOT_READY = Outcome(
    id="registry.not-ready",
    severity=Severity.ERROR,
    summary="The provisioning state of registry {registry} is {provisioning_state}.",
    url="https://learn.microsoft.com/azure/container-registry/container-registry-faq",
    evidence_keys=("registry", "registry_id", "subscription", "provisioning_state"),
    remedies=(
        RemedyTemplate(
            "See whether it has become Succeeded",
            "az acr show --name {registry} --subscription {subscription} --query provisioningState",
        ),
        RemedyTemplate(
            "Read what its last operations reported",
            "az monitor activity-log list --resource-id {registry_id} --offset 7d",
        ),
    ),
    explains=("unauthorized-401", "forbidden-403", "image-not-found", "dns-failure", "timeout-network", "server-error"),
)

UNHEALTHY = Outcome(
    id="registry.unhealthy",
    severity=Severity.WARNING,
    summary="Seen from this machine, not from the nodes: az acr check-health reports {code}: {message}",
    url="https://learn.microsoft.com/azure/container-registry/container-registry-health-error-reference",
    seen_from=SeenFrom.THIS_MACHINE,
    article="start",
    evidence_keys=("code", "message", "registry", "subscription"),
    remedies=(
        RemedyTemplate(
            "Run the health check again, with its whole text",
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
    evidence_keys=(
        "exit_code",
        "meaning",
        "failed_step",
        "steps",
        "message",
        "login_server",
        "cluster",
        "resource_group",
        "subscription",
    ),
    remedies=(
        RemedyTemplate(
            "Run it again after a repair",
            "az aks check-acr --resource-group {resource_group} --name {cluster} --subscription {subscription} "
            "--acr {login_server}",
        ),
    ),
    explains=("unauthorized-401", "dns-failure"),
)

ARM_TOKEN_REFUSED = Outcome(
    id="registry.arm-token-refused",
    severity=Severity.WARNING,
    summary=(
        "Registry {registry} refuses tokens for Azure Resource Manager, and node pool {pool} runs node image "
        "{node_image_version}, whose credential plugin still asks for such tokens."
    ),
    url="https://learn.microsoft.com/azure/container-registry/container-registry-disable-authentication-as-arm",
    confidence=Confidence.INFERRED,
    evidence_keys=(
        "registry",
        "subscription",
        "pool",
        "node_image_version",
        "image_date",
        "plugin_change",
        "cluster",
        "resource_group",
        "cluster_subscription",
    ),
    remedies=(
        RemedyTemplate(
            "Bring the node pool to the current node image",
            "az aks nodepool upgrade --resource-group {resource_group} --cluster-name {cluster} --name {pool} "
            "--subscription {cluster_subscription} --node-image-only",
        ),
        RemedyTemplate(
            "Or let the registry accept such tokens until then",
            "az acr config authentication-as-arm update --registry {registry} --subscription {subscription} "
            "--status enabled",
        ),
    ),
    explains=("unauthorized-401", "registry.check-acr-failed"),
)

CACHE_UPSTREAM = Outcome(
    id="registry.cache-upstream",
    severity=Severity.ERROR,
    summary="Cache rule {rule} ({source} as {target}) cannot log in upstream: {error}",
    url="https://learn.microsoft.com/azure/container-registry/troubleshoot-artifact-cache",
    evidence_keys=(
        "rule",
        "source",
        "target",
        "credential_set",
        "credential_set_name",
        "error",
        "registry",
        "subscription",
    ),
    remedies=(
        RemedyTemplate(
            "Look at the credential set: its Key Vault secrets, and its identity's right to read them",
            "az acr credential-set show --registry {registry} --subscription {subscription} "
            "--name {credential_set_name}",
        ),
    ),
    explains=("unauthorized-401", "image-not-found", "server-error", "registry-throttled"),
)

_HEALTH_PREFIXES = ("CONNECTIVITY_", "CMK_", "LOGIN_SERVER_")

# The plugin asks for the registry's own audience since kubernetes-sigs/cloud-provider-azure#8593,
# merged into the release branches on this day. Which node image was the first to carry it is not
# published: images of the following weeks may or may not.
PLUGIN_CHANGE = date(2025, 3, 25)
_SURELY_CURRENT = date(2025, 7, 1)
_IMAGE_DATES = (
    re.compile(r"-(?P<year>20\d\d)(?P<month>\d\d)\.(?P<day>\d\d)(?:\.\d+)?$"),  # AKSUbuntu-...-202503.21.0
    re.compile(r"-(?P<year>20\d\d)\.(?P<month>\d\d)\.(?P<day>\d\d)$"),  # AKSUbuntu-...-2022.02.07
    re.compile(r"\.(?P<year>\d\d)(?P<month>\d\d)(?P<day>\d\d)$"),  # AKSWindows-2022-containerd-20348.2159.231202
)

# canipull's exit codes, https://github.com/Azure/aks-canipull
_CHECK_ACR_MEANINGS = {
    1: "the node has no azure.json",
    2: "the node's azure.json cannot be read",
    3: "the node's azure.json cannot be understood",
    4: "the node's azure.json names an unknown cloud",
    10: "the node's own credential is refused",
    52: "the node cannot resolve the login server",
    60: "the registry did not exchange the node's token",
}
_CHECK_ACR_EXPLAINS = {10: ("unauthorized-401",), 52: ("dns-failure",), 60: ("unauthorized-401",)}


@check("registry.provisioning", needs=("registry",), outcomes=(NOT_READY,))
def registry_is_provisioned(facts: Facts) -> Iterator[Finding]:
    """The registry is provisioned.

    A registry that is being created or deleted does not serve images. After a failed update, or
    during a routine one, it goes on serving, so that any other state than Succeeded is a warning
    that explains no failing pull. Decided from ``provisioningState``.
    """
    registry = known(facts.registry)
    state = known(registry.provisioning_state)
    if state.lower() == "succeeded":
        return
    stops = state.lower() in ("creating", "deleting")
    finding = NOT_READY.at(
        registry.id,
        severity=Severity.ERROR if stops else Severity.WARNING,
        registry=registry.name,
        registry_id=registry.id,
        subscription=registry.subscription,
        provisioning_state=state,
    )
    yield finding if stops else replace(finding, explains=())


@check("registry.health", needs=("registry", "check_health"), outcomes=(UNHEALTHY,), seen_from=SeenFrom.THIS_MACHINE)
def registry_is_healthy_from_here(facts: Facts) -> Iterator[Finding]:
    """The registry answers this machine.

    ``az acr check-health`` looks from the machine of the caller with the caller's login: DNS,
    network, challenge and tokens. Nodes have another network and another identity, so this never
    changes the verdict; it tells whether other findings could be looked into from here. Its codes
    about Docker, Helm and Notary on this machine are no findings
    (https://learn.microsoft.com/azure/container-registry/container-registry-health-error-reference).
    """
    registry = known(facts.registry)
    if facts.check_health is None:
        yield skipped(registry.id, "az acr check-health was not run.")
        return
    for found in known(facts.check_health).codes:
        if found.code.upper().startswith(_HEALTH_PREFIXES):
            yield UNHEALTHY.at(
                registry.id,
                code=found.code,
                message=found.message,
                registry=registry.name,
                subscription=registry.subscription,
            )


@check(
    "registry.check-acr",
    needs=("registry", "check_acr", "targets"),
    outcomes=(CHECK_ACR_FAILED,),
    seen_from=SeenFrom.NODE,
)
def node_may_log_in_to_registry(facts: Facts) -> Iterator[Finding]:
    """A node can log in to the registry.

    ``az aks check-acr`` runs a pod on one Linux node that resolves the login server and exchanges
    the node's own token; it pulls nothing, so its success proves little. A refused credential
    (10) and a name that does not resolve (52) are what kubelet meets on that node: errors. So is
    a refused exchange (60), though only inferred, since a network time-out ends in the same code
    (https://github.com/Azure/acr/issues/594); where the registry refuses tokens for Resource
    Manager, or does not show whether it does, the tool fails falsely with 60, which is then a
    warning. Its other codes are about files on the node and warnings.
    """
    registry = known(facts.registry)
    if facts.check_acr is None:
        yield skipped(registry.id, "Run only with --check-acr, since it starts a pod on a node.")
        return
    report = known(facts.check_acr)
    if report.exit_code != 0:
        yield _check_acr_finding(registry, report, facts.targets.cluster)


def _check_acr_finding(registry: Registry, report: CheckAcrReport, cluster: ClusterTarget) -> Finding:
    policy = registry.arm_audience_tokens
    doubtful = report.exit_code == 60 and (isinstance(policy, Unreadable) or policy.lower() != "enabled")
    explains = () if doubtful else _CHECK_ACR_EXPLAINS.get(report.exit_code, ())
    finding = CHECK_ACR_FAILED.at(
        registry.id,
        severity=Severity.ERROR if explains else Severity.WARNING,
        confidence=Confidence.INFERRED if report.exit_code == 60 else Confidence.OBSERVED,
        exit_code=report.exit_code,
        meaning=_CHECK_ACR_MEANINGS.get(report.exit_code, "it ended without a known reason"),
        failed_step=report.failed_step,
        steps=list(report.steps),
        message=report.message,
        login_server=registry.login_server,
        cluster=cluster.name,
        resource_group=cluster.resource_group,
        subscription=cluster.subscription,
    )
    return replace(finding, explains=explains)


@check("registry.arm-tokens", needs=("cluster", "registry"), outcomes=(ARM_TOKEN_REFUSED,))
def nodes_need_no_arm_tokens(facts: Facts) -> Iterator[Finding]:
    """The registry accepts the tokens that the nodes ask for.

    Where authentication-as-ARM is disabled, a registry takes only tokens made for registries.
    Current node images ask for those; older ones ask for tokens for Resource Manager and get 401
    whatever their roles (https://github.com/Azure/AKS/issues/4560). Decided from the registry's
    policy and the date in each Linux or Windows pool's node image version: before the plugin
    changed it is too old, in the weeks after it nobody can say. Does not apply to clusters with a
    service principal, which send no token.
    """
    registry, cluster = known(facts.registry), known(facts.cluster)
    if known(registry.arm_audience_tokens).lower() != "disabled":
        return
    if cluster.service_principal_client_id is not None:
        yield skipped(cluster.id, "The cluster pulls as a service principal, which sends no token.")
        return
    for pool in known(cluster.agent_pools):
        resource = f"{cluster.id}/agentPools/{pool.name}"
        version = pool.node_image_version
        built = version if isinstance(version, Unreadable) else image_date(version)
        if isinstance(built, Unreadable):
            yield unknown(resource, built)
        elif built < PLUGIN_CHANGE:
            yield ARM_TOKEN_REFUSED.at(
                resource,
                registry=registry.name,
                subscription=registry.subscription,
                pool=pool.name,
                node_image_version=version,
                image_date=built.isoformat(),
                plugin_change=PLUGIN_CHANGE.isoformat(),
                cluster=cluster.name,
                resource_group=cluster.resource_group,
                cluster_subscription=cluster.subscription,
            )
        elif built < _SURELY_CURRENT:
            why = f"Node image {version} may carry the credential plugin of before or after its change"
            yield unknown(resource, Unreadable("not-shown", why))


def image_date(version: str) -> date | Unreadable:
    """Return the day that a node image version names, in any of the forms that AKS has used."""
    for form in _IMAGE_DATES:
        match = form.search(version)
        if match is None:
            continue
        try:
            return date(int(match["year"]) % 2000 + 2000, int(match["month"]), int(match["day"]))
        except ValueError:
            break
    return Unreadable("not-shown", f"Node image version {version} names no date")


@check("registry.cache", needs=("registry", "cache_rules", "options"), outcomes=(CACHE_UPSTREAM,))
def cache_rules_reach_their_upstream(facts: Facts) -> Iterator[Finding]:
    """The registry's cache rules can log in to their upstream registries.

    A pull through a cache rule fetches what is not cached yet from the upstream registry, with the
    rule's credential set; while that is unhealthy such pulls fail. Decided from the health that
    the credential set reports. Where an image is given, only the rules that serve its repository
    count (https://learn.microsoft.com/azure/container-registry/troubleshoot-artifact-cache).
    """
    registry = known(facts.registry)
    image = facts.options.image
    for rule in known(facts.cache_rules):
        if image is not None and not serves(rule, image.repository):
            continue
        resource = f"{registry.id}/cacheRules/{rule.name}"
        if isinstance(rule.unhealthy, Unreadable):
            yield unknown(resource, rule.unhealthy)
        elif rule.unhealthy is not None:
            yield CACHE_UPSTREAM.at(
                resource,
                rule=rule.name,
                source=rule.source,
                target=rule.target,
                credential_set=rule.credential_set,
                credential_set_name=(rule.credential_set or "").rpartition("/")[2],
                error=rule.unhealthy,
                registry=registry.name,
                subscription=registry.subscription,
            )


def serves(rule: CacheRule, repository: str) -> bool:
    """Tell whether a pull of ``repository`` goes through ``rule``; its target may end in a ``*``."""
    target, wanted = rule.target.lower(), repository.lower()
    return wanted.startswith(target[:-1]) if target.endswith("*") else wanted == target
