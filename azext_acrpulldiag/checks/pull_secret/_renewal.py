"""How a pull secret gets another credential without losing anything. Pure.

``kubectl create secret docker-registry`` makes a secret of one entry, so that only a secret of one entry can be
written over. Type and data of an immutable secret cannot be changed at all
(https://kubernetes.io/docs/concepts/configuration/secret/#secret-immutable), and what a controller writes it would
write again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from ...details import Details, internal
from ...facts import (
    ACCOUNT,
    ARGUMENT,
    FAILING_POD,
    RUNNING_POD,
    Facts,
    FailingContainer,
    Kubernetes,
    PullSecret,
    RunningPod,
    RunningPods,
    known,
)
from ...images.references import resembles

_JSON_TYPE = "kubernetes.io/dockerconfigjson"
# Kinds whose pod template may be changed, and whose pods are replaced then.
_PATCHED = ("Deployment", "StatefulSet", "DaemonSet")
_MOST_NAMED = 10


@dataclass(frozen=True)
class SecretUser(Details):
    """A workload or service account that is to name the new secret."""

    user_of_secret: str
    """``deployment/web``."""
    patch_type: str
    patch: str


@dataclass(frozen=True)
class Renewal(Details):
    """Whether a secret is written over, or another one made, and who is to name that; evidence of nothing."""

    owner: str | None = internal()
    """Who writes the secret; ``None``: nobody is known to."""
    in_place: bool = internal()
    why_not: str = internal()
    """Why it is not written over (a clause); empty: it is, or its owner writes it."""
    new_secret: str = internal()
    place: str = internal()
    """``beside`` or ``in place of``."""
    users: tuple[SecretUser, ...] = internal()
    others: str | None = internal()
    """Who else is to name the new secret, in words; ``None``: nobody."""
    others_named: tuple[str, ...] = internal()
    """The same, as in :attr:`PullSecret.named_by`."""

    @property
    def unowned(self) -> bool:
        """Nobody is known to write the secret."""
        return self.owner is None

    @property
    def anew(self) -> bool:
        """Another secret is made."""
        return not self.in_place

    @property
    def others_anew(self) -> str | None:
        """Who else is to name it, where another secret is made."""
        return self.others if self.anew else None

    @property
    def users_anew(self) -> tuple[SecretUser, ...]:
        """Who is to name it by a command, where another secret is made."""
        return self.users if self.anew else ()

    @classmethod
    def of(cls, facts: Facts, secret: PullSecret) -> Renewal:
        """Decide it."""
        why_not = _why_not(secret, known(facts.registry).login_server)
        users, others = _users(facts, secret)
        return cls(
            owner=secret.owner,
            in_place=not why_not,
            why_not=why_not,
            new_secret=f"{secret.name}-acr",
            place="in place of" if secret.breaks_every_pull else "beside",
            users=users,
            others=_in_words(users, others),
            others_named=others,
        )


def _why_not(secret: PullSecret, login_server: str) -> str:
    """Why a new credential cannot be written over the secret, which would lose something; empty: it can."""
    if secret.exists is False:
        return ""
    if secret.immutable:
        return "the old one is immutable"
    if secret.secret_type != _JSON_TYPE:
        return "the type of the old one cannot be changed"
    if secret.malformed:
        return "what else the old one contains is not known"
    if len(secret.hosts) > 1:
        return "the old one has entries for other hosts, too"
    if any("*" in host or not meant_for(host, login_server) for host in secret.hosts):
        return "the entry of the old one is for other registries, too"
    return ""


def meant_for(key: str, login_server: str) -> bool:
    """Tell whether an entry's key is the registry's login server, or was to be."""
    host = key.rpartition("://")[2].partition("/")[0].strip()
    return resembles(host, login_server) is not None


def _users(facts: Facts, secret: PullSecret) -> tuple[tuple[SecretUser, ...], tuple[str, ...]]:
    """Who is to name a new secret: those that a command can change, and the others."""
    patches = {
        name: _patch_of_account(name, secret)
        for name in secret.named_by
        # What stands in which place of an account's list was not read, so that none can be replaced.
        if name.startswith(ACCOUNT) and not secret.breaks_every_pull
    }
    patched = {name: patch for name, pod in _pods(facts, secret).items() if (patch := _patch_of(pod, secret))}
    users = sorted({*patches.values(), *patched.values()}, key=lambda each: each.user_of_secret)[:_MOST_NAMED]
    told = {name for name, user in (patches | patched).items() if user in users}
    return tuple(users), tuple(sorted(set(secret.named_by) - told - {ARGUMENT}))


def _in_words(users: tuple[SecretUser, ...], names: tuple[str, ...]) -> str | None:
    if len(names) > _MOST_NAMED:
        names = (*names[:_MOST_NAMED], f"{len(names) - _MOST_NAMED} more")
    if not names and not users:
        return "the pods that are to use it"
    return ", ".join(names) or None


def _pods(facts: Facts, secret: PullSecret) -> dict[str, FailingContainer | RunningPod]:
    """The pods that name the secret, by how it is told."""
    kubernetes = facts.kubernetes
    failing = kubernetes.failing if isinstance(kubernetes, Kubernetes) else ()
    running = facts.running.pods if isinstance(facts.running, RunningPods) else ()
    pods: dict[str, FailingContainer | RunningPod] = {
        f"{FAILING_POD}{pod.pod}": pod
        for pod in (failing if isinstance(failing, tuple) else ())
        if pod.namespace == secret.namespace
    }
    pods |= {f"{RUNNING_POD}{pod.name}": pod for pod in running if pod.namespace == secret.namespace}
    named = set(secret.named_by)
    return {name: pod for name, pod in pods.items() if name in named}


def _patch_of(pod: FailingContainer | RunningPod, secret: PullSecret) -> SecretUser | None:
    """The workload of a pod: its list is merged by name, so that each secret the pod has stays named.

    ``None``: it has none whose pods can be changed.
    """
    kind, _, name = (pod.owner or "").partition("/")
    if kind not in _PATCHED or not name:
        return None
    kept = [each for each in pod.pull_secrets if each != secret.name or not secret.breaks_every_pull]
    named: list[dict[str, str]] = [{"name": each} for each in (*kept, f"{secret.name}-acr")]
    if secret.breaks_every_pull:
        named.append({"$patch": "delete", "name": secret.name})
    patch = {"spec": {"template": {"spec": {"imagePullSecrets": named}}}}
    return SecretUser(f"{kind.lower()}/{name}", "strategic", json.dumps(patch, separators=(",", ":")))


def _patch_of_account(name: str, secret: PullSecret) -> SecretUser:
    """A service account: its list is replaced by a merge, so that one is added at its end."""
    addition = [{"op": "add", "path": "/imagePullSecrets/-", "value": {"name": f"{secret.name}-acr"}}]
    return SecretUser(name, "json", json.dumps(addition, separators=(",", ":")))
