"""Check on pods that were created before their service account named a pull secret."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ...catalogue import Outcome, check, skipped
from ...details import Details, internal
from ...effects.pull_secret import given_to_new_pods
from ...facts import ACCOUNT, Facts, FailingContainer, PullSecret, Unreadable, known
from ...model import Confidence, Finding, Reach, SeenFrom, Severity
from ...repairs import Step, option
from .._credentials import is_sound
from .._dates import dated
from .._kubectl import GET_CREDENTIALS, Kubectl
from .._working_secrets import failing_of_registry
from ._repairs import ROLE_INSTEAD
from ._weight import (
    MAX_LISTED,
    NO_SECRET,
    NOT_LOOKED_AT,
    OUTRANKED,
    NamedSecret,
    a_role_lets_pull,
    named,
    resource_of,
    secrets_of,
)

_SECRETS = "https://learn.microsoft.com/azure/container-registry/container-registry-auth-kubernetes"
# What `kubectl rollout restart` can restart: https://kubernetes.io/docs/reference/kubectl/generated/kubectl_rollout/
_RESTARTED = ("Deployment", "StatefulSet", "DaemonSet")


@dataclass(frozen=True)
class Workload(Details):
    """A workload that makes its pods anew by one command."""

    workload: str
    """``deployment/web``."""


@dataclass(frozen=True)
class OlderPods(Details):
    """Pods without the secret that their service account names by now."""

    account: str
    pods: tuple[str, ...]
    pod_created: str | None
    """When the first of them was created; ``None``: not shown."""
    secret_created: str | None
    workloads: tuple[Workload, ...] = internal()
    others: str | None = internal()
    """Who else has to make pods anew, in words; ``None``: nobody."""

    @property
    def only_others(self) -> str | None:
        """The same, where no command helps."""
        return None if self.workloads else self.others

    @classmethod
    def of(cls, account: str, secret: PullSecret, pods: list[FailingContainer]) -> OlderPods:
        """Name them and who makes them."""
        created = min((pod.created for pod in pods if pod.created is not None), default=None)
        owners = {pod.owner or f"pod/{pod.pod}" for pod in pods}
        restarted = sorted(each for each in owners if each.partition("/")[0] in _RESTARTED)
        others = sorted(owners.difference(restarted))
        return cls(
            account=account,
            pods=tuple(sorted({pod.pod for pod in pods}))[:MAX_LISTED],
            pod_created=None if created is None else dated(created),
            secret_created=None if secret.created is None else dated(secret.created),
            workloads=tuple(Workload(_argument(each)) for each in restarted[:MAX_LISTED]),
            others=", ".join(others[:MAX_LISTED]) or None,
        )


def _argument(owner: str) -> str:
    kind, _, name = owner.partition("/")
    return f"{kind.lower()}/{name}"


NEWER_THAN_POD = Outcome(
    id="pull-secret.newer-than-pod",
    severity=Severity.WARNING,
    summary="Service account {account} in namespace {namespace} names the pull secret {secret}, but got it after these "
    "pods were created, which are without it: {pods}.",
    url=_SECRETS,
    seen_from=SeenFrom.KUBERNETES,
    details=(NamedSecret, Kubectl, OlderPods),
    repairs=(
        option(
            GET_CREDENTIALS,
            Step(
                "Have {workload} create its pods anew, which gives them the secret",
                "kubectl {kubectl} rollout restart {workload} --namespace {namespace}",
                each="workloads",
                requires=("patch deployments", "patch statefulsets", "patch daemonsets"),
                changes="all pods of the workload are replaced, a few at a time",
                effect=given_to_new_pods,
            ),
            Step("Have new pods created in place of those of {others}", when="others", effect=given_to_new_pods),
            when="workloads",
        ),
        Step(
            "Have new pods created in place of those of {others}, which then get the secret",
            when="only_others",
            effect=given_to_new_pods,
        ),
        *ROLE_INSTEAD,
    ),
    explains=("unauthorized-401", *OUTRANKED),
    article="1.5",
)


@check(
    "pull-secret.account",
    needs=("pull_secrets", "registry", "access", "kubernetes", "options", "cluster", "kubelet_identity_resource"),
    outcomes=(NEWER_THAN_POD,),
    seen_from=SeenFrom.KUBERNETES,
)
def failing_pods_have_the_secrets_of_their_accounts(facts: Facts) -> Iterator[Finding]:
    """Every failing pod has the pull secrets that its service account names.

    A pod that names no pull secret gets those of its service account when it is created, and never afterwards: kubelet
    reads the pod, not the account
    (https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/#serviceaccount-admission-controller).
    Decided by pods without any pull secret whose account names one now, which exists and with which nothing is known to
    be wrong. No fault where a role lets the identity pull without it.
    """
    if facts.pull_secrets is None or facts.pull_secrets == ():
        yield skipped(facts.targets.cluster.id, NOT_LOOKED_AT if facts.pull_secrets is None else NO_SECRET)
        return
    for secret in secrets_of(facts):
        for name in secret.named_by:
            if name.startswith(ACCOUNT):
                yield from _of_account(facts, secret, name.removeprefix(ACCOUNT))


def _of_account(facts: Facts, secret: PullSecret, account: str) -> Iterator[Finding]:
    pods: list[FailingContainer] = []
    doubted = False
    kubernetes, _ = known(facts.kubernetes), known(facts.registry)
    if kubernetes is not None:
        known(kubernetes.failing)
    for pod, image in failing_of_registry(facts):
        if (pod.namespace, pod.service_account) != (secret.namespace, account) or pod.pull_secrets:
            continue
        helps = is_sound(facts, secret, image.repository)
        if helps is not False:
            pods.append(pod)
            doubted = doubted or isinstance(helps, Unreadable)
    allowed = a_role_lets_pull(facts) if pods else True
    if allowed is not True:
        yield NEWER_THAN_POD.at(
            resource_of(secret),
            named(facts, secret, allowed, stops_pulls=True),
            Kubectl.of(facts),
            OlderPods.of(account, secret, pods),
            confidence=Confidence.INFERRED if doubted or allowed is None else Confidence.OBSERVED,
            reach=Reach(pods=frozenset((pod.namespace, pod.pod) for pod in pods)),
        )
