"""Settings of the registry, its cache rules and its replicas, as repairs make and change them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..facts import (
    CacheRule,
    Facts,
    ImageLookup,
    Network,
    Registry,
    Replication,
    Unreadable,
)
from ..images.cache_rules import rule_for
from ..path.regions import region_of_host
from ..pull_errors.symptoms import FailedPull
from ..repairs import Effect
from ._common import each, signing_in_anew
from .workloads import pulled_where


def arm_tokens_accepted(_values: Mapping[str, Any], facts: Facts) -> Facts:
    """The registry takes tokens for Azure Resource Manager."""
    if not isinstance(facts.registry, Registry):
        return facts
    return signing_in_anew(replace(facts, registry=replace(facts.registry, arm_audience_tokens="enabled")))


# --- cache rules -------------------------------------------------------------------------


def cache_rule_made(source: str, target: str, *, name: str = "", credential: str = "") -> Effect:
    """A rule more, whose parts these details name; ``name`` and ``credential`` may be left out.

    The images that it serves have not been asked for through it yet: those that the registry was known to lack, or
    refused, are unknown, and pods that report what another rule's upstream answered report what was before.
    """

    def effect(values: Mapping[str, Any], facts: Facts) -> Facts:
        if isinstance(facts.cache_rules, Unreadable):
            return facts
        held = values[credential] if credential else None
        rule = CacheRule(values[name] if name else "new", values[source], values[target], held, None)
        rules = (*facts.cache_rules, rule)

        def is_served(repository: str) -> bool:
            return rule_for(rules, repository) == rule

        def before(pull: FailedPull) -> bool:
            return pull.asked is not None and is_served(pull.asked.repository) and pull.error.cache_rule is not None

        asked_anew = facts.images
        if isinstance(asked_anew, tuple):
            asked_anew = tuple(_unasked(one) if is_served(one.repository) else one for one in asked_anew)
        return replace(pulled_where(facts, before), cache_rules=rules, images=asked_anew)

    return effect


_UNASKED = Unreadable("not-shown", "Whether the upstream has it shows when the new cache rule is asked for it")


def _unasked(lookup: ImageLookup) -> ImageLookup:
    """An image that is there is there; whether the rule brings another, nobody knows."""
    if lookup.reference_exists is True:
        return replace(lookup, refusal=None)
    return replace(
        lookup,
        repository_exists=_UNASKED,
        reference_exists=_UNASKED,
        near_misses=(),
        platforms=_UNASKED,
        manifests=_UNASKED,
        refusal=None,
    )


# --- replicas ----------------------------------------------------------------------------


def routed(enabled: bool) -> Effect:
    """Whether the login server leads to the replica of the detail ``replica``.

    Out of global routing, pods that the login server led there are led elsewhere: what they report is of before. Those
    whose images name the region's own host still go there.
    """

    def effect(values: Mapping[str, Any], facts: Facts) -> Facts:
        def changed(found: Replication) -> Replication:
            mine = found.name.lower() == values["replica"].lower()
            return replace(found, global_routing=enabled) if mine else found

        def led_there(pull: FailedPull) -> bool:
            by_name = region_of_host(pull.container.image.partition("/")[0])
            return not enabled and by_name is None and region_of_host(pull.error.host or "") == values["region"]

        network = facts.network
        if isinstance(network, Network):
            network = replace(network, replications=each(network.replications, changed))
        left = pulled_where(facts, led_there)
        return replace(left, replications=each(facts.replications, changed), network=network)

    return effect
