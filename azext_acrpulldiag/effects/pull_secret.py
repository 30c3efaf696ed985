"""Pull secrets that are written, and that workloads and service accounts name."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from ..facts import (
    ACCOUNT,
    ARGUMENT,
    FAILING_POD,
    PROVIDER_FAILED,
    RUNNING_POD,
    Facts,
    FailingContainer,
    Offer,
    PullSecret,
    RunningPods,
    SecretEntry,
    Unreadable,
)
from ..pull_errors.asked import asked_for
from ..pull_errors.symptoms import failed_pull
from ..repairs import Effect, UntoldError
from .access import settled
from .credentials import Credential, Values, answered
from .workloads import ContainerKey, changed, failing_in, is_of, key_of, pulled

_REFUSED = ("unauthorized-401", "credential-provider", "aad-token", "backoff-only")
_TYPE = "kubernetes.io/dockerconfigjson"


def _secrets(facts: Facts) -> tuple[PullSecret, ...]:
    return facts.pull_secrets if isinstance(facts.pull_secrets, tuple) else ()


def _secret(facts: Facts, values: Values, name: str) -> PullSecret:
    """The secret of that name in ``namespace``; where none was read, one that is not there."""
    key = (values["namespace"], name)
    there = (each for each in _secrets(facts) if (each.namespace, each.name) == key)
    return next(there, PullSecret(*key, named_by=(), exists=False))


def _put(facts: Facts, *secrets: PullSecret) -> Facts:
    """The facts with these in place of the secrets of the same names; where none could be read, none can be now."""
    if isinstance(facts.pull_secrets, Unreadable):
        return facts
    every = {(each.namespace, each.name): each for each in (*_secrets(facts), *secrets)}
    return replace(facts, pull_secrets=tuple(every[key] for key in sorted(every)))


def retried(effect: Effect) -> Effect:
    """``effect``, and that kubelet pulls again by what it makes of the secrets.

    Pods that name a secret which the registry accepts since then have pulled, where all that was said of them is that
    they were refused: those messages are of the credential that they had.
    """

    def and_again(values: Values, facts: Facts) -> Facts:
        after = effect(values, facts)
        return pulled(after, _let_in(after) - _let_in(facts))

    return and_again


def _let_in(facts: Facts) -> set[ContainerKey]:
    accepted = {
        (secret.namespace, secret.name, offer.repository)
        for secret in _secrets(facts)
        for entry in secret.entries
        for offer in entry.offers
        if isinstance(offer, Offer) and offer.accepted and offer.step == "manifest"
    }
    given = {(namespace, name) for namespace, name, _ in accepted}
    return {
        key_of(each)
        for each in failing_in(facts)
        if not given.isdisjoint((each.namespace, name) for name in each.pull_secrets)
        and failed_pull(each).symptom_class in _REFUSED
        and (image := asked_for(each, facts)) is not None
        and any((each.namespace, name, image.repository) in accepted for name in each.pull_secrets)
    }


# --- what is in them -----------------------------------------------------------------------


def written(name: str, credential: Credential) -> Effect:
    """``kubectl create secret docker-registry``: the secret that the detail ``name`` names is new, or written over."""

    def effect(values: Values, facts: Facts) -> Facts:
        given = credential(values, _secret(facts, values, values.get("secret") or ""), facts)
        entry = replace(given, host=values["login_server"], stray_white_space=False, unusable=None)
        old = _secret(facts, values, values[name])
        made = replace(
            old,
            exists=True,
            malformed=None,
            hosts=(entry.host,),
            entries=(answered(facts, entry),),
            breaks_every_pull=False,
            secret_type=_TYPE,
            immutable=False,
            created=old.created or settled(facts.now),
        )
        return _put(facts, made)

    return retried(effect)


def written_by_its_owner(credential: Credential) -> Effect:
    """Another credential at the source that ``secret`` is written from: it is in the secret, in the place of the old.

    Raises :class:`UntoldError` where the secret has no entry for the registry that can be used: how it is written is
    not shown.
    """

    def effect(values: Values, facts: Facts) -> Facts:
        old, user = _secret(facts, values, values["secret"]), values.get("user")
        usable = [each for each in old.entries if each.unusable is None and user in (None, each.user)]
        if old.exists is not True or old.malformed or not usable:
            raise UntoldError(
                "How its owner writes the secret is not known, and a credential alone does not repair it."
            )
        given = replace(credential(values, old, facts), stray_white_space=False)

        def change(entry: SecretEntry) -> SecretEntry:
            now = replace(given, host=entry.host, repositories=entry.repositories)
            return answered(facts, now) if entry in usable else entry

        return _put(facts, replace(old, entries=tuple(map(change, old.entries))))

    return retried(effect)


# --- who names them ------------------------------------------------------------------------


@retried
def named_in_workload(values: Values, facts: Facts) -> Facts:
    """``new_secret`` beside ``secret``, or in its place, in ``user_of_secret``: a workload or a service account.

    The pods of a workload are replaced, and go by the same names here; a service account's get it when they are made.
    """
    user, namespace = values["user_of_secret"], values["namespace"]
    if user.startswith(ACCOUNT):
        return _named(facts, values, {user})
    running = facts.running.pods if isinstance(facts.running, RunningPods) else ()
    waiting = (each for each in failing_in(facts) if each.namespace == namespace and is_of(each, user))
    runs = (each for each in running if each.namespace == namespace and is_of(each, user))
    names = {*(f"{FAILING_POD}{each.pod}" for each in waiting), *(f"{RUNNING_POD}{each.name}" for each in runs)}
    return _named(facts, values, names)


@retried
def named_by_others(values: Values, facts: Facts) -> Facts:
    """The same for all of ``others_named``, whoever makes them anew."""
    return _named(facts, values, set(values["others_named"]))


def _named(facts: Facts, values: Values, names: Collection[str]) -> Facts:
    old, new = (_secret(facts, values, values[each]) for each in ("secret", "new_secret"))
    in_place = values["place"] == "in place of"
    by_argument = {ARGUMENT}.intersection(old.named_by)  # the next run is told of the new one
    dropped = {*names, *by_argument} if in_place else by_argument

    def listed(secrets: tuple[str, ...]) -> tuple[str, ...]:
        return (*(each for each in secrets if not in_place or each != old.name), new.name)

    def change(pod: FailingContainer) -> FailingContainer:
        mine = pod.namespace == old.namespace and f"{FAILING_POD}{pod.pod}" in names
        return replace(pod, pull_secrets=listed(pod.pull_secrets)) if mine else pod

    facts = changed(facts, change)
    if isinstance(facts.running, RunningPods):
        mine = {name for name in names if name.startswith(RUNNING_POD)}
        pods = tuple(
            replace(each, pull_secrets=listed(each.pull_secrets))
            if each.namespace == old.namespace and f"{RUNNING_POD}{each.name}" in mine
            else each
            for each in facts.running.pods
        )
        facts = replace(facts, running=replace(facts.running, pods=pods))
    left = replace(old, named_by=tuple(each for each in old.named_by if each not in dropped))
    found = _put(facts, left, replace(new, named_by=tuple(sorted({*new.named_by, *names, *by_argument}))))
    return replace(found, pull_secrets=tuple(each for each in _secrets(found) if each.named_by))


@retried
def given_to_new_pods(values: Values, facts: Facts) -> Facts:
    """New pods in place of those without a secret, which get all that their ``account`` names.

    Of ``workload`` where one is named, else of whoever makes them.
    """
    namespace, account, workload = values["namespace"], values["account"], values.get("workload")

    def is_meant(pod: FailingContainer) -> bool:
        mine = (pod.namespace, pod.service_account) == (namespace, account) and not pod.pull_secrets
        return mine and (workload is None or is_of(pod, workload))

    given = [each for each in _secrets(facts) if each.namespace == namespace and f"{ACCOUNT}{account}" in each.named_by]
    pods = {f"{FAILING_POD}{pod.pod}" for pod in failing_in(facts) if is_meant(pod)}
    names = tuple(each.name for each in given)
    facts = changed(facts, lambda pod: replace(pod, pull_secrets=names) if is_meant(pod) else pod)
    return _put(facts, *(_offered(facts, each, pods) for each in given))


def _offered(facts: Facts, secret: PullSecret, pods: Collection[str]) -> PullSecret:
    """A secret that these pods name from now on: what nobody offered yet is answered."""
    entries = tuple(each if each.unusable or each.offers else answered(facts, each) for each in secret.entries)
    return replace(secret, entries=entries, named_by=tuple(sorted({*secret.named_by, *pods})))


def given_to_virtual_pods(values: Values, facts: Facts) -> Facts:
    """``new_secret`` named by pods on virtual nodes, of ``workload`` or by their names: all that they said is past."""
    new, workload = _secret(facts, values, values["new_secret"]), values["workload"]

    def is_meant(pod: FailingContainer) -> bool:
        named = f"{pod.namespace}/{pod.pod}" in values["pods"] if workload is None else is_of(pod, workload)
        return named and pod.namespace == new.namespace and pod.reason == PROVIDER_FAILED

    pods = [each for each in failing_in(facts) if is_meant(each)]
    names = tuple(sorted({f"{FAILING_POD}{each.pod}" for each in pods}))

    def change(pod: FailingContainer) -> FailingContainer:
        return replace(pod, pull_secrets=(*pod.pull_secrets, new.name)) if is_meant(pod) else pod

    return pulled(changed(_put(facts, replace(new, named_by=names)), change), map(key_of, pods))
