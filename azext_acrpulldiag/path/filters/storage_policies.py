"""The storage that layers come from, where no data endpoint stands before it. Pure.

A service endpoint policy on the node subnet allows traffic to the storage accounts that it names, and to no
other. The accounts of registries are Azure's own and cannot be named; aliases stand for the accounts of certain
services, and none of those that are documented is that of registries
(https://learn.microsoft.com/azure/virtual-network/virtual-network-service-endpoint-policies-overview).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ...arm_ids import group_of, name_of, network_id_of, subscription_of
from ...details import Details
from ...facts import EndpointPolicy, Network, NodePlace, Registry, Subnet, Unreadable, known
from ..hops import BROKEN, OK, UNKNOWN, Hop
from ..lookups import looked_up, subnet_of

POLICY_BLOCKS = "network.storage-policy-blocks-layers"
KIND = "endpoint-policy"
_STORAGE = ("microsoft.storage", "microsoft.storage.global")
_ALIAS = "/services/"
# Whether the storage of registries is behind these is not documented.
_MAY_COVER = ("/services/azure", "/services/azure/aks", "/services/azure/containerregistry")


@dataclass(frozen=True)
class StoragePolicies(Details):
    """Service endpoint policies that keep layers from nodes; all empty where pods alone tell of one."""

    problem: str
    """A whole sentence."""
    subnet_name: str | None = None
    network_name: str | None = None
    network_resource_group: str | None = None
    network_subscription: str | None = None
    policies: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()
    """What they allow nodes to reach."""

    @property
    def none_found(self) -> bool:
        """No policy on the nodes' own subnet does it."""
        return not self.policies


def at_the_storage(registry: Registry, network: Network, place: NodePlace) -> Iterator[Hop]:
    """Yield the hop of the service endpoint policies on the nodes' subnet, where there are any."""
    subnet = subnet_of(network, place)
    if isinstance(subnet, Unreadable):
        given = place.subnet_id if isinstance(place.subnet_id, str) else None
        yield Hop(KIND, name_of(given) if given else "node subnet", given, UNKNOWN, subnet.sentence, unread=subnet)
        return
    ids = subnet.endpoint_policy_ids
    # A policy is about traffic that takes the service endpoint.
    if not ids or not set(_STORAGE).intersection(subnet.service_endpoints):
        return
    names = ", ".join(name_of(each) for each in ids)
    policies = [looked_up(network.endpoint_policies, each, "Service endpoint policy") for each in ids]
    doubt = _doubt(policies)
    if doubt is not None:
        yield Hop(KIND, names, subnet.id, UNKNOWN, doubt.sentence, unread=doubt)
        return
    allowed = tuple(each for policy in policies for each in known(policy).service_resources)
    if all(each.lower().startswith(_ALIAS) for each in allowed):
        why = f"Policy {names} names no storage account, so it has no effect."
        yield Hop(KIND, names, subnet.id, OK, why)
        return
    yield _blocked(registry, place, subnet, allowed)


def _doubt(policies: list[EndpointPolicy | Unreadable]) -> Unreadable | None:
    """Why policies may allow layers; ``None``: nothing is in doubt."""
    for policy in policies:
        if isinstance(policy, Unreadable):
            return policy
        alias = next((each for each in policy.service_resources if each.rstrip("/").lower() in _MAY_COVER), None)
        if alias is not None:
            why = f"Policy {name_of(policy.id)} allows {alias}; whether that covers the storage of registries"
            return Unreadable(
                "unsupported", f"{why} is not documented; pull an image on a node that does not have it to find out"
            )
    return None


def _blocked(registry: Registry, place: NodePlace, subnet: Subnet, allowed: tuple[str, ...]) -> Hop:
    policies = tuple(name_of(each) for each in subnet.endpoint_policy_ids)
    pools = ", ".join(place.pools)
    why = (
        f"Service endpoint policy {', '.join(policies)} on subnet {name_of(subnet.id)} of {pools} allows certain "
        f"storage accounts only, and none of those that hold the layers of registry {registry.name}."
    )
    told = StoragePolicies(
        problem=why,
        subnet_name=name_of(subnet.id),
        network_name=name_of(network_id_of(subnet.id)),
        network_resource_group=group_of(subnet.id),
        network_subscription=subscription_of(subnet.id),
        policies=policies,
        allowed=allowed,
    )
    return Hop(KIND, ", ".join(policies), subnet.id, BROKEN, why, POLICY_BLOCKS, details=(told,))
