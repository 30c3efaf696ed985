"""Changing parts of what was read of a network. What was not read, or is not there, stays as it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from ...arm_ids import key_of
from ...facts import Facts, Network, Unreadable
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
