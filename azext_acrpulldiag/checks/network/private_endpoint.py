"""Checks on the path to the registry: is the private endpoint that the nodes need approved?"""

from __future__ import annotations

from collections.abc import Iterator

from ...arm_ids import network_id_of, same_id
from ...catalogue import Outcome, check, skipped, unknown
from ...effects.network.registry import connection_approved
from ...facts import Facts, Network, PrivateEndpoint, PrivateEndpointConnection, Registry, Unreadable, known
from ...model import Finding, Severity
from ...path import BROKEN, UNKNOWN, Walk, walks
from ...path.dns.details import NotApproved
from ...path.dns.names import KINDS, NOT_APPROVED
from ...path.endpoints import is_approved
from ...repairs import Step, option
from ._findings import OnPath

_APPROVE = Step(
    "Approve connection {connection} of private endpoint {endpoint}",
    "az acr private-endpoint-connection approve --registry-name {registry} --resource-group {resource_group} "
    "--subscription {subscription} --name {connection}",
    when="waits",
    requires=("Microsoft.ContainerRegistry/registries/privateEndpointConnections/write",),
    changes="the registry's names then resolve to private endpoints in every network linked to its private DNS zone",
    effect=connection_approved,
)
_ANOTHER = option(
    Step(
        "A connection that is {status} carries nothing. Create a private endpoint beside it in the same subnet, and "
        "approve the connection if it is not approved automatically (add --location if the network is in another "
        "region than the resource group)",
        "az network private-endpoint create --resource-group {endpoint_resource_group} "
        "--subscription {endpoint_subscription} --name {another} --subnet {endpoint_subnet} "
        "--private-connection-resource-id {registry_id} --group-id registry --connection-name {another}",
        instead="A connection that is {status} carries nothing. Create a new private endpoint in the nodes' network or "
        "one peered with it",
        requires=(
            "Microsoft.Network/privateEndpoints/write",
            "Microsoft.Network/virtualNetworks/subnets/join/action",
            "Microsoft.ContainerRegistry/registries/privateEndpointConnectionsApproval/action",
        ),
        untold="Which addresses the new endpoint gets, for which the registry's records are to be, nobody can tell "
        "before it is there.",
    ),
    Step(
        "Then create a DNS zone group for the new endpoint, or set the registry's A records to its addresses: run this "
        "command again, which names the records. Endpoint {endpoint} is of no use any more and can be removed"
    ),
    when="is_over",
)

PRIVATE_ENDPOINT_NOT_APPROVED = Outcome(
    id=NOT_APPROVED,
    severity=Severity.ERROR,
    summary="The connection of private endpoint {endpoint} to registry {registry} is {status}, and public network "
    "access is disabled: nodes that need this endpoint cannot pull.",
    url="https://learn.microsoft.com/azure/container-registry/container-registry-private-endpoints",
    details=(OnPath, NotApproved),
    repairs=(_APPROVE, _ANOTHER),
    explains=(
        "forbidden-403",
        "dns-failure",
        "timeout-network",
        "network.public-access-disabled",
        "network.private-dns-record-missing",
        "network.private-dns-record-wrong",
    ),
    article="3.1",
)
# What it accounts for where nothing is known of the ways of nodes.
_REFUSED = ("forbidden-403", "network.public-access-disabled")


@check("network.private-endpoint", needs=("registry", "network", "cluster"), outcomes=(PRIVATE_ENDPOINT_NOT_APPROVED,))
def endpoint_is_approved(facts: Facts) -> Iterator[Finding]:
    """The private endpoint that nodes need to reach a registry without public network access is approved.

    A private endpoint carries no traffic until the owner of the registry has approved its connection,
    and none after it is rejected or disconnected. With public network access disabled, nodes that need
    it get 403 from the public endpoint, or find the DNS record missing. An endpoint that no node needs
    does no harm: public network access is enabled, or names resolve to another endpoint.

    Decided from the registry's ``privateEndpointConnections``. Where none is approved, each is a
    fault. Where some are, one that is not is a fault only if it is in the nodes' own network, which
    has no other, and the registry's name does not resolve to an approved endpoint elsewhere. It is
    unknown where the name may not, and the network of the endpoint could not be read.

    Source: https://learn.microsoft.com/azure/container-registry/container-registry-private-endpoints
    """
    registry = known(facts.registry)
    access = known(registry.public_network_access)
    if access.lower() == "enabled":
        yield skipped(
            registry.id,
            f"Registry {registry.name} has public network access enabled, so no private endpoint is needed.",
        )
        return
    if access.lower() != "disabled":
        why = f"The registry's publicNetworkAccess is {access!r}, whose meaning is not known here"
        yield unknown(registry.id, Unreadable("unsupported", why))
        return
    connections = known(registry.private_endpoints)
    if not connections:
        yield skipped(registry.id, f"Registry {registry.name} has no private endpoint.")
        return
    network = facts.network if isinstance(facts.network, Network) else None
    ways = walks(facts) if network else ()
    if any(is_approved(each.status) for each in connections):
        yield from _of_the_nodes_network(facts, registry, connections, network, ways)
        return
    for connection in connections:
        if isinstance(connection.status, Unreadable):
            yield unknown(connection.id, connection.status)
        else:
            told = _described(registry, connection, connection.status, _endpoint_of(connection, network))
            yield _not_approved(connection.id, told, registry, ways, explains=_REFUSED)


def _of_the_nodes_network(
    facts: Facts,
    registry: Registry,
    connections: tuple[PrivateEndpointConnection, ...],
    network: Network | None,
    ways: tuple[Walk, ...],
) -> Iterator[Finding]:
    if facts.network is None:
        return
    known(facts.network)
    for connection in connections:
        endpoint = _endpoint_of(connection, network)
        if is_approved(connection.status) or isinstance(connection.status, Unreadable):
            continue
        subnet_id = endpoint.subnet_id if endpoint else _why_unseen(network)
        astray = tuple(way for way in ways if _step_lost(way) or _unread_name(way))
        lost = tuple(way for way in astray if _step_lost(way) and _is_near(way, subnet_id) is True)
        if lost:
            told = _described(registry, connection, connection.status, endpoint)
            yield _not_approved(connection.id, told, registry, lost, hop=_step_lost(lost[0]))
            continue
        doubts = (_doubt(way, subnet_id) for way in astray)
        doubt = next((each for each in doubts if each is not None), None)
        if doubt is not None:
            yield unknown(connection.id, doubt)


def _step_lost(way: Walk) -> int:
    """The step at which name resolution breaks; 0: it does not."""
    broken = (step for step, hop in enumerate(way.hops, 1) if hop.state == BROKEN and hop.kind in KINDS)
    return next(broken, 0)


def _unread_name(way: Walk) -> Unreadable | None:
    """Why it is not known where the name leads; ``None``: it is, or it breaks."""
    hops = () if _step_lost(way) else way.hops
    return next((hop.unread for hop in hops if hop.state == UNKNOWN and hop.kind in KINDS), None)


def _is_near(way: Walk, theirs: str | Unreadable | None) -> bool | Unreadable:
    """Whether an endpoint in the subnet ``theirs`` is in the nodes' own network."""
    own = way.place.subnet_id
    if theirs is None:
        return False
    if isinstance(theirs, Unreadable):
        return theirs
    return own if isinstance(own, Unreadable) else same_id(network_id_of(own), network_id_of(theirs))


def _doubt(way: Walk, theirs: str | Unreadable | None) -> Unreadable | None:
    """Why the nodes on a way that is lost, or may be, may depend on an endpoint; ``None``: they do not."""
    near = _is_near(way, theirs)
    if isinstance(near, Unreadable):
        return near
    return _unread_name(way) if near else None


def _endpoint_of(connection: PrivateEndpointConnection, network: Network | None) -> PrivateEndpoint | None:
    endpoints = network.endpoints if network else ()
    for endpoint in () if isinstance(endpoints, Unreadable) else endpoints:
        if same_id(endpoint.connection_id, connection.id):
            return endpoint
    return None


def _why_unseen(network: Network | None) -> Unreadable | None:
    endpoints = network.endpoints if network else ()
    return endpoints if isinstance(endpoints, Unreadable) else None


def _described(
    registry: Registry, connection: PrivateEndpointConnection, status: str, endpoint: PrivateEndpoint | None
) -> NotApproved:
    endpoint_id = connection.private_endpoint_id or (endpoint.id if endpoint else None)
    return NotApproved.of(registry, connection.id, status, endpoint_id, endpoint.subnet_id if endpoint else None)


def _not_approved(
    resource: str,
    told: NotApproved,
    registry: Registry,
    ways: tuple[Walk, ...],
    hop: int = 0,
    explains: tuple[str, ...] | None = None,
) -> Finding:
    """The finding of a connection that keeps ``ways`` from the registry."""
    first = ways[0] if ways else None
    on_path = OnPath(
        pools=tuple(dict.fromkeys(pool for way in ways for pool in way.place.pools)),
        subnet=first.place.subnet_id if first and isinstance(first.place.subnet_id, str) else None,
        hosts=tuple(dict.fromkeys(way.host for way in ways)) or (registry.login_server,),
        path=tuple(first.path) if first else (),
    )
    return PRIVATE_ENDPOINT_NOT_APPROVED.at(resource, on_path, told, hop=hop, explains=explains)
