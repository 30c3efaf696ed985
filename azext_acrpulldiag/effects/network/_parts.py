"""Changing parts of what was read of a network. What was not read, or is not there, stays as it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from ...arm_ids import key_of
from ...facts import Facts, FailingContainer, Kubernetes, Network, Unreadable
from ...pull_errors.symptoms import FailedPull, failed_pulls
from ...repairs import Effect

T = TypeVar("T")


def in_network(change: Callable[[Mapping[str, Any], Network], Network]) -> Effect:
    """An effect on the network alone."""

    def effect(values: Mapping[str, Any], facts: Facts) -> Facts:
        network = facts.network
        return replace(facts, network=change(values, network)) if isinstance(network, Network) else facts

    return effect


def with_entry(
    mapping: Mapping[str, T | Unreadable | None], resource_id: str, kind: type[T], change: Callable[[T], T]
) -> Mapping[str, T | Unreadable | None]:
    """A mapping by id, in which one resource that was read is changed."""
    key = key_of(resource_id)
    found = mapping.get(key)
    return {**mapping, key: change(found)} if isinstance(found, kind) else mapping


def without_pulls(facts: Facts, chosen: Callable[[FailedPull], bool]) -> Facts:
    """The facts without the containers of these failed pulls, whose messages tell of what is no more."""
    kubernetes = facts.kubernetes
    if not isinstance(kubernetes, Kubernetes) or isinstance(kubernetes.failing, Unreadable):
        return facts
    gone = {_key(pull.container) for pull in failed_pulls(facts)[0] if chosen(pull)}
    left = tuple(each for each in kubernetes.failing if _key(each) not in gone)
    return replace(facts, kubernetes=replace(kubernetes, failing=left))


def _key(container: FailingContainer) -> tuple[str, str, str]:
    return container.namespace, container.pod, container.container
