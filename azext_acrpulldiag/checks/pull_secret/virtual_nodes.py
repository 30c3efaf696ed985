"""The check on pods of virtual nodes: Container Instances pulls for them, with pull secrets only."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ...catalogue import Outcome, check, skipped, unknown
from ...details import Details, internal
from ...effects.credentials import a_new_token
from ...effects.pull_secret import given_to_virtual_pods, written
from ...facts import Facts, FailingContainer, Kubernetes, PullSecret, Registry, Unreadable, known
from ...images.references import served_image
from ...model import Confidence, Finding, Reach, SeenFrom, Severity
from ...pull_errors.symptoms import FailedPull, failed_pulls, is_of_registry, scope_unread
from ...pull_errors.virtual_nodes import is_on_virtual_node, virtual_nodes
from ...quoting import Arguments, printable
from ...repairs import Step, option
from .._kubectl import GET_CREDENTIALS, Kubectl
from .._kubernetes import LONGEST_MESSAGE, failing_pods_of, not_seen, pod_names
from .._working_secrets import accepted, answer_to
from ._repairs import NEW_TOKEN, token_rights
from ._weight import MAX_LISTED, secrets_of

_PATCHED = ("Deployment", "DaemonSet", "StatefulSet", "ReplicaSet")
_CLASSES_OF_CREDENTIALS = ("unauthorized-401", "credential-provider", "aad-token", "image-not-found", "other")


@dataclass(frozen=True)
class VirtualPods(Details):
    """Pods of one workload on virtual nodes, and what is wrong with the secrets that they name."""

    namespace: str
    workload: str | None
    """``deployment/web``; ``None``: no controller whose pods can be changed made them."""
    pods: tuple[str, ...]
    node: str | None
    image: str
    fault: str
    secrets: tuple[str, ...]
    message: str
    registry: str
    subscription: str
    login_server: str
    repository: str | None
    new_secret: str = internal()
    patch: str | None = internal()
    pulled_repositories: tuple[str, ...] = internal()
    """Of all of these pods."""

    @property
    def token_rights(self) -> Arguments:
        """What a token is created with that is to pull them."""
        return token_rights(self.pulled_repositories)

    @property
    def unpatched(self) -> bool:
        """No command can give the pods another secret."""
        return self.patch is None


NEEDS_SECRET = Outcome(
    id="pull-secret.virtual-node-needs-secret",
    severity=Severity.ERROR,
    summary="Azure Container Instances pulls for pods on virtual nodes with the secrets under imagePullSecrets only, "
    "never with the kubelet identity; for {pods}, {fault}.",
    url="https://learn.microsoft.com/azure/aks/virtual-nodes",
    seen_from=SeenFrom.KUBERNETES,
    details=(VirtualPods, Kubectl),
    repairs=(
        option(
            GET_CREDENTIALS,
            *NEW_TOKEN,
            Step(
                "Create a secret with the bare login server, user and password, as Container Instances needs them",
                "kubectl {kubectl} create secret docker-registry {new_secret} --namespace {namespace} "
                '--docker-server={login_server} --docker-username="${ACR_USER:?unset}" '
                '--docker-password="${ACR_PASSWORD:?unset}"',
                requires=("create secrets",),
                effect=written("new_secret", a_new_token),
            ),
            Step(
                "Name it in {workload}",
                "kubectl {kubectl} patch {workload} --namespace {namespace} --type strategic --patch {patch}",
                when="patch",
                requires=tuple(f"patch {kind.lower()}s" for kind in _PATCHED),
                changes="its pods are replaced",
                effect=given_to_virtual_pods,
            ),
            Step(
                "Name {new_secret} under imagePullSecrets of the manifest that {pods} come from, and make them anew",
                when="unpatched",
                effect=given_to_virtual_pods,
            ),
        ),
    ),
    article="1.5",
)


@check(
    "pull-secret.virtual-nodes",
    needs=("kubernetes", "pull_secrets", "registry", "options", "cluster"),
    outcomes=(NEEDS_SECRET,),
    seen_from=SeenFrom.KUBERNETES,
)
def pods_of_virtual_nodes_bring_a_secret(facts: Facts) -> Iterator[Finding]:
    """Failing pods on virtual nodes name a pull secret that Container Instances can use.

    Azure Container Instances pulls for a virtual node, from outside the nodes' network. The AKS add-on hands it the
    secrets under ``imagePullSecrets`` of the pod as server, user and password; the kubelet identity is not used, so
    that a role for it changes nothing (https://learn.microsoft.com/azure/aks/virtual-nodes). An entry of type
    ``kubernetes.io/dockerconfigjson`` without ``username`` fails the pod, also where ``auth`` holds one, and the
    server is passed on as written, where Container Instances wants a bare host (``getImagePullSecrets`` of
    https://github.com/virtual-kubelet/azure-aci).

    Decided by pods with the reason ``ProviderFailed``, which have no container statuses, by the provider's text and
    by the secrets that they name. Where the text does not speak of a credential it is inferred. Virtual nodes of
    another kind (the Helm chart "virtual nodes on Azure Container Instances", which may use an identity) are left out,
    and what fails there is said to be not judged.
    """
    cluster, failing = facts.targets.cluster, failing_pods_of(facts)
    if failing is None or isinstance(failing, Unreadable):
        yield not_seen(facts, failing)
        return
    pulls = [pull for pull in failed_pulls(facts)[0] if pull.virtual_node]
    left_out = _left_out(facts)
    if left_out:
        yield unknown(cluster.id, _not_judged(left_out), decisive=True)
    known(scope_unread(facts))
    if not pulls and not left_out:
        yield skipped(cluster.id, "No pod on a virtual node fails to get an image of this registry.")
        return
    by_workload: dict[tuple[str, str], list[FailedPull]] = {}
    for pull in pulls:
        pod = pull.container
        by_workload.setdefault((pod.namespace, pod.owner or f"Pod/{pod.pod}"), []).append(pull)
    for _, alike in sorted(by_workload.items()):
        yield from _judged(facts, alike)


def _judged(facts: Facts, pulls: Sequence[FailedPull]) -> Iterator[Finding]:
    """``pulls`` are those of one workload's pods, and not none."""
    told = [pull for pull in pulls if _may_be_of_a_credential(pull)]
    if not told:
        return
    registry, first = known(facts.registry), told[0]
    fault = _fault(facts, registry, first)
    if isinstance(fault, Unreadable):
        yield unknown(f"namespaces/{first.container.namespace}/pods/{first.container.pod}", fault)
    elif fault is not None:
        speaks = "credential" in first.container.message or "auth" in first.container.message
        yield NEEDS_SECRET.at(
            f"namespaces/{first.container.namespace}/pods/{first.container.pod}",
            _details(registry, [pull.container for pull in told], fault),
            Kubectl.of(facts),
            confidence=Confidence.OBSERVED if speaks else Confidence.INFERRED,
            reach=Reach(pods=frozenset((each.container.namespace, each.container.pod) for each in told)),
            explains=tuple(sorted({each.symptom_class for each in told})),
        )


def _may_be_of_a_credential(pull: FailedPull) -> bool:
    """Whether a text leaves a credential to blame: not where the pull got further, nor where the registry was asked
    and failed, which is how Container Instances tells of a firewall
    (https://github.com/virtual-kubelet/azure-aci/issues/152).
    """
    return pull.symptom_class in _CLASSES_OF_CREDENTIALS and "RegistryErrorResponse" not in pull.container.message


def _fault(facts: Facts, registry: Registry, pull: FailedPull) -> str | Unreadable | None:
    """What is wrong with the secrets of a pod, a clause; ``None``: nothing that was read."""
    pod = pull.container
    if not pod.pull_secrets:
        return None if registry.anonymous_pull is True else "no pull secret is named"
    if "no username present" in pod.message:
        return f"an entry of {printable(', '.join(pod.pull_secrets))} has no username of its own"
    secrets = {each.name: each for each in secrets_of(facts) if each.namespace == pod.namespace}
    faults = {
        name: _fault_of(secrets[name], registry)
        if name in secrets
        else Unreadable("not-shown", f"Secret {printable(name)} of namespace {printable(pod.namespace)} was not read")
        for name in pod.pull_secrets
    }
    if None in faults.values():
        return None  # one is enough
    unread = next((each for each in faults.values() if isinstance(each, Unreadable)), None)
    return unread or next(f"secret {printable(name)} is named, {why}" for name, why in faults.items())


def _fault_of(secret: PullSecret, registry: Registry) -> str | Unreadable | None:
    """Why Container Instances gets nothing out of a secret, a clause about it."""
    if isinstance(secret.exists, Unreadable):
        return secret.exists
    if not secret.exists:
        return "which its namespace does not have"
    if secret.malformed:
        return f"which cannot be used: {secret.malformed}"
    if not secret.entries:
        return f"which has no entry for {registry.login_server}"
    usable = [entry for entry in secret.entries if entry.unusable is None]
    if not usable:
        return f"whose entry for {secret.entries[0].host} cannot be used: {secret.entries[0].unusable}"
    bare = [entry for entry in usable if entry.host.lower() == registry.login_server.lower()]
    if not bare:
        return f"whose entry is for {usable[0].host}, where Container Instances needs {registry.login_server} alone"
    answers = [answer_to(entry) for entry in bare]
    if any(accepted(entry) or answer is None for entry, answer in zip(bare, answers, strict=True)):
        return None
    unread = next((each for each in answers if isinstance(each, Unreadable)), None)
    return unread or f"whose credential {registry.login_server} refuses"


def _details(registry: Registry, containers: Sequence[FailingContainer], fault: str) -> VirtualPods:
    first = containers[0]
    kind, _, name = (first.owner or "").partition("/")
    new_secret = next(name for name in ("acr-pull", "acr-pull-2") if name not in first.pull_secrets[:1])
    named = [{"name": each} for each in (*first.pull_secrets, new_secret)]
    patch = {"spec": {"template": {"spec": {"imagePullSecrets": named}}}}
    patched = kind in _PATCHED and bool(name)
    image = served_image(first.image, registry.login_server)
    images = (served_image(each.image, registry.login_server) for each in containers)
    return VirtualPods(
        namespace=first.namespace,
        workload=f"{kind.lower()}/{name}" if patched else None,
        pods=pod_names(containers),
        node=first.node,
        image=printable(first.image[:LONGEST_MESSAGE]),
        fault=fault,
        secrets=first.pull_secrets[:MAX_LISTED],
        message=printable(first.message[:LONGEST_MESSAGE]),
        registry=registry.name,
        subscription=registry.subscription,
        login_server=registry.login_server,
        repository=image.repository if image else None,
        new_secret=new_secret,
        patch=json.dumps(patch, separators=(",", ":")) if patched else None,
        pulled_repositories=tuple(sorted({each.repository for each in images if each})),
    )


def _left_out(facts: Facts) -> list[FailingContainer]:
    """The failing containers of the registry's on virtual nodes of which it is not known who pulls."""
    kubernetes = facts.kubernetes
    nodes = virtual_nodes(kubernetes) if isinstance(kubernetes, Kubernetes) else {}
    outside = (pull.container for pull in failed_pulls(facts)[1])
    return [each for each in outside if is_on_virtual_node(each, nodes) and is_of_registry(each.image, facts)]


def _not_judged(containers: Sequence[FailingContainer]) -> Unreadable:
    names = ", ".join(pod_names(containers))
    return Unreadable(
        "unsupported",
        f"Pods on virtual nodes of another kind than the AKS add-on wait for images of this registry, and are not "
        f"judged, since it is not known who pulls there: {names}",
    )
