"""The registry's own side: its public endpoint, its firewall, its data endpoints and its private endpoints."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from ...arm_ids import same_id
from ...facts import Facts, Network, NetworkRules, PrivateEndpoint, Registry, Unreadable
from ...path.endpoints import data_host
from ...path.regions import regions_of
from ...repairs import UntoldError
from .._common import each
from .storage import layers_refused_no_more


def _registry(facts: Facts, change: Callable[[Registry], Registry]) -> Facts:
    registry = facts.registry
    return replace(facts, registry=change(registry)) if isinstance(registry, Registry) else facts


def public_access_enabled(_values: Mapping[str, Any], facts: Facts) -> Facts:
    """``az acr update --public-network-enabled true``. The firewall's rules stay, and count then."""
    return _registry(facts, lambda registry: replace(registry, public_network_access="Enabled"))


def address_allowed(values: Mapping[str, Any], facts: Facts) -> Facts:
    """``az acr network-rule add --ip-address``: an IP rule for the detail ``address``."""

    def allowed(rules: NetworkRules) -> NetworkRules:
        return replace(rules, ip_rules=tuple(dict.fromkeys((*rules.ip_rules, values["address"]))))

    return _registry(facts, lambda registry: _with_rules(registry, allowed))


def subnet_allowed(values: Mapping[str, Any], facts: Facts) -> Facts:
    """``az acr network-rule add --subnet``: a subnet rule for the detail ``subnet``; rules not shown stay so."""

    def allowed(rules: NetworkRules) -> NetworkRules:
        if isinstance(rules.subnet_ids, Unreadable):
            return rules
        return replace(rules, subnet_ids=(*rules.subnet_ids, values["subnet"]))

    return _registry(facts, lambda registry: _with_rules(registry, allowed))


def _with_rules(registry: Registry, change: Callable[[NetworkRules], NetworkRules]) -> Registry:
    rules = registry.network_rules
    return replace(registry, network_rules=change(rules)) if isinstance(rules, NetworkRules) else registry


def data_endpoints_enabled(_values: Mapping[str, Any], facts: Facts) -> Facts:
    """``az acr update --data-endpoint-enabled true``: a data endpoint in each region of the registry.

    No layer comes from storage any more, so that pods which storage refused report what was. Raises
    :class:`~azext_acrpulldiag.repairs.UntoldError` where it is not known in which regions the registry is.
    """
    registry = facts.registry
    if not isinstance(registry, Registry):
        return facts
    regions = regions_of(registry, facts.replications)
    if not regions.complete:
        raise UntoldError("In which regions the registry gets data endpoints could not be read.")
    hosts = tuple(data_host(registry, region) for region in regions.names)
    return replace(layers_refused_no_more(facts), registry=replace(registry, data_endpoint_hosts=hosts))


def connection_approved(values: Mapping[str, Any], facts: Facts) -> Facts:
    """``az acr private-endpoint-connection approve``: the detail ``connection`` is approved on both sides.

    Records for the endpoint's addresses are not made by that.
    """
    name, registry_id = values["connection"], values["registry_id"]

    def is_it(connection_id: str) -> bool:
        return same_id(connection_id, f"{registry_id}/privateEndpointConnections/{name}")

    def approved(registry: Registry) -> Registry:
        connections = each(
            registry.private_endpoints, lambda one: replace(one, status="Approved") if is_it(one.id) else one
        )
        return replace(registry, private_endpoints=connections)

    def of_network(endpoint: PrivateEndpoint) -> PrivateEndpoint:
        return replace(endpoint, status="Approved") if is_it(endpoint.connection_id) else endpoint

    network = facts.network
    if isinstance(network, Network):
        network = replace(network, endpoints=each(network.endpoints, of_network))
    return replace(_registry(facts, approved), network=network)
