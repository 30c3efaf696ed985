"""Service endpoint policies, which keep layers that come from storage from the nodes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from ...facts import Facts, Network, Subnet
from ...pull_errors.symptoms import FailedPull, pool_of
from ..workloads import pulled_where
from ._parts import with_entry


def layers_refused_no_more(facts: Facts, pools: Collection[str] = ()) -> Facts:
    """Take out the pods that storage refused; with ``pools``, those of their nodes and of nodes of no known pool."""

    def refused(pull: FailedPull) -> bool:
        here = not pools or pool_of(pull.container.node, facts) in (None, *pools)
        return here and pull.error.mechanism == "storage-authorization"

    return pulled_where(facts, refused)


def policies_removed(values: Mapping[str, Any], facts: Facts) -> Facts:
    """``az network vnet subnet update --service-endpoint-policy null`` on the detail ``subnet``.

    It keeps the subnet's nodes from no storage any more, so that pods there which storage refused report what was.
    """
    network, subnet_id = facts.network, values["subnet"]
    if not isinstance(network, Network) or subnet_id is None:
        return facts
    subnets = with_entry(network.subnets, subnet_id, Subnet, lambda subnet: replace(subnet, endpoint_policy_ids=()))
    return layers_refused_no_more(replace(facts, network=replace(network, subnets=subnets)), values["pools"])
