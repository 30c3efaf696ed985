"""Read what the nodes run on: scale sets, their instances, and stand-alone machines.

Two lists at once, then one list of instances for each scale set that has any: with
auto-provisioning off and no virtual-machine pools, one request and then one a pool.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import TypeVar

from ...arm_ids import key_of, name_of
from ...facts import AssignedIdentity, Cluster, NodeHost, Unreadable
from ..ask.arm import ArmReader, Json, ReadError, in_parallel
from ..members import Body, maybe, or_empty, shown

T = TypeVar("T")

COMPUTE_API = "2024-11-01"
NETWORK_API = "2024-05-01"
# As many lists of instances at once as the session keeps connections for: 100 pools take four rounds.
WIDTH = 32

READ_INTERFACES = "Microsoft.Network/networkInterfaces/read"
KUBELET_CLIENT_TAG = "aks-managed-kubeletIdentityClientID"
# Of a scale set's configuration, and of a network interface.
_PUBLIC_IPS = ("publicIPAddressConfiguration", "publicIPAddress")
_POOL_TAGS = ("aks-managed-poolName", "poolName")
_KARPENTER_POOL_TAG = "karpenter.sh_nodepool"
_KARPENTER_CLUSTER_TAG = "karpenter.azure.com_cluster"
# A plain string in azure-mgmt-compute's models; the word is recorded.
_DELETING = "Deleting"
# Names that AKS gives, for resources whose tags somebody took away.
_SCALE_SET_NAME = re.compile(r"^aks-(?P<pool>[a-z0-9]+)-\d{8}-vmss$", re.IGNORECASE)
_MACHINE_NAME = re.compile(r"^aks-(?P<pool>[a-z0-9]+)-\d{8}-(vms)?\d+$", re.IGNORECASE)


def read_models(reader: ArmReader, cluster: Cluster) -> tuple[NodeHost, ...] | Unreadable:
    """Read the cluster's scale sets and stand-alone machines, from its node resource group.

    Hosts of other owners in that group are left out. What could not be listed is one host
    with ``unread``, so that it hides nothing else; unreadable as a whole only where nothing
    could be listed.
    """
    group = cluster.node_resource_group
    if isinstance(group, Unreadable):
        return group
    compute = f"/subscriptions/{cluster.subscription}/resourceGroups/{group}/providers/Microsoft.Compute"
    sources: list[tuple[str, str, Callable[[], tuple[NodeHost, ...]]]] = [
        ("scale-set", f"{compute}/virtualMachineScaleSets", partial(_scale_sets, reader, cluster, compute))
    ]
    if may_have_machines(cluster):
        sources.append(("virtual-machine", f"{compute}/virtualMachines", partial(_machines, reader, cluster, compute)))
    answers = in_parallel([read for _, _, read in sources])
    if all(isinstance(answer, Unreadable) for answer in answers):
        return next(answer for answer in answers if isinstance(answer, Unreadable))
    hosts: list[NodeHost] = []
    for (kind, path, _), answer in zip(sources, answers, strict=True):
        hosts.extend((unread_hosts(kind, path, "", answer),) if isinstance(answer, Unreadable) else answer)
    return (*hosts, *hosts_not_found(cluster, hosts, compute))


def hosts_not_found(cluster: Cluster, hosts: Iterable[NodeHost], compute: str) -> tuple[NodeHost, ...]:
    """Return a host with ``unread`` for every pool that must have hosts and of which none was found.

    Lists show what a login may see: one that may not read scale sets gets an empty list of them.
    """
    found = {host.pool.lower() for host in hosts}
    unlisted = {host.kind for host in hosts if host.unread and not host.pool}
    missing = []
    for pool in () if isinstance(cluster.agent_pools, Unreadable) else cluster.agent_pools:
        of_scale_set = pool.pool_type == "VirtualMachineScaleSets"
        kind, collection = (
            ("scale-set", "virtualMachineScaleSets") if of_scale_set else ("virtual-machine", "virtualMachines")
        )
        has_hosts = of_scale_set or (pool.power_state != "Stopped" and pool.count != 0)
        if has_hosts and pool.name.lower() not in found and kind not in unlisted:
            right = f"Microsoft.Compute/{collection}/read"
            what = f"This login sees no scale set or machine of node pool {pool.name} in the node resource group"
            why = Unreadable("not-found", what, right, right)
            missing.append(unread_hosts(kind, f"{compute}/{collection}", pool.name, why))
    return tuple(missing)


def read_node_hosts(reader: ArmReader, models: tuple[NodeHost, ...]) -> tuple[NodeHost, ...]:
    """Add the instances of scale sets to what :func:`read_models` found.

    Instances that could not be listed are one host with ``unread``.
    """
    # A stopped or empty pool has no instances to ask for.
    asked = [model for model in models if model.kind == "scale-set" and model.unread is None and model.capacity != 0]
    answers = in_parallel([partial(_instances, reader, model) for model in asked], width=WIDTH)
    hosts = list(models)
    for model, answer in zip(asked, answers, strict=True):
        if isinstance(answer, Unreadable):
            path = f"{model.resource_id}/virtualMachines"
            # AKS never moves a pool to another subnet, so the model's holds for its instances.
            hosts.append(unread_hosts("instance", path, model.pool, answer, model.subnet_ids))
        else:
            hosts.extend(answer)
    return tuple(hosts)


def may_have_machines(cluster: Cluster) -> bool:
    """Tell whether nodes may run on machines outside scale sets; what is not known may be."""
    if cluster.node_auto_provisioning is not False:
        return True
    pools = cluster.agent_pools
    return isinstance(pools, Unreadable) or any(pool.pool_type != "VirtualMachineScaleSets" for pool in pools)


def unread_hosts(
    kind: str, path: str, pool: str, why: Unreadable, subnets: tuple[str, ...] | Unreadable | None = None
) -> NodeHost:
    """Return the host that stands for those behind the list ``path``."""
    return NodeHost(
        resource_id=path,
        name=name_of(path),
        kind=kind,
        pool=pool,
        identities=why,
        subnet_ids=why if subnets is None else subnets,
        public_ip_per_node=why,
        created=why,
        security_group_ids=why,
        unread=why,
    )


def scale_set_from(answer: Json, pool: str) -> NodeHost:
    """Map a scale set: the model that its new instances are made from."""
    body = Body(answer)
    profile = ("properties", "virtualMachineProfile", "networkProfile")
    host = _host(body, "scale-set", pool, shown(body.objects, *profile, "networkInterfaceConfigurations"))
    capacity = shown(body.number, "sku", "capacity")
    return replace(host, capacity=None if isinstance(capacity, Unreadable) else capacity)


def instance_from(answer: Json, pool: str) -> NodeHost:
    """Map one instance of a scale set: what a node really runs with, also after the model changed."""
    body = Body(answer)
    profile = ("properties", "networkProfileConfiguration")
    return _host(body, "instance", pool, shown(body.objects, *profile, "networkInterfaceConfigurations"))


def machine_from(answer: Json, pool: str, interfaces: Mapping[str, Json] | Unreadable) -> NodeHost:
    """Map a virtual machine. ``interfaces`` are network interfaces by lower-case id, which alone show subnets."""
    body = Body(answer)
    return _host(body, "virtual-machine", pool, _interfaces_of(body, interfaces))


def pool_of(answer: Json, name_pattern: re.Pattern[str]) -> str | None:
    """Name the agent pool of a scale set or machine by its tags, else by the name AKS gave it."""
    body = Body(answer)
    tags = _tags(body)
    for tag in _POOL_TAGS:
        if tags.get(tag.lower()):
            return tags[tag.lower()]
    match = name_pattern.match(or_empty(body.text, "name"))
    return match["pool"] if match else None


def identities_from(answer: Json) -> tuple[AssignedIdentity, ...] | Unreadable:
    """Map the user-assigned identities. No ``identity`` member means none (recorded)."""
    return shown(_identities, Body(answer))


def _identities(body: Body) -> tuple[AssignedIdentity, ...]:
    identity = maybe(body.object, "identity")
    # Kinds are joined by a comma: "SystemAssigned, UserAssigned".
    if identity is None or "userassigned" not in identity.text("type").lower():
        return ()
    return tuple(
        AssignedIdentity(resource_id, maybe(ids.text, "principalId"), maybe(ids.text, "clientId"))
        for resource_id, ids in identity.entries("userAssignedIdentities").items()
    )


def _scale_sets(reader: ArmReader, cluster: Cluster, compute: str) -> tuple[NodeHost, ...]:
    items = _listed(reader, f"{compute}/virtualMachineScaleSets", COMPUTE_API)
    return tuple(scale_set_from(item, pool) for item in items if (pool := _our_pool(item, cluster, _SCALE_SET_NAME)))


def _instances(reader: ArmReader, model: NodeHost) -> tuple[NodeHost, ...]:
    items = _listed(reader, f"{model.resource_id}/virtualMachines", COMPUTE_API)
    return tuple(
        instance_from(item, model.pool)
        for item in items
        if shown(Body(item).enum, (_DELETING,), "properties", "provisioningState") != _DELETING
    )


def _machines(reader: ArmReader, cluster: Cluster, compute: str) -> tuple[NodeHost, ...]:
    network = compute.replace("Microsoft.Compute", "Microsoft.Network")
    machines, interfaces = in_parallel(
        [
            partial(_listed, reader, f"{compute}/virtualMachines", COMPUTE_API),
            partial(_listed, reader, f"{network}/networkInterfaces", NETWORK_API),
        ]
    )
    if isinstance(machines, Unreadable):
        raise ReadError(machines)
    by_id = interfaces if isinstance(interfaces, Unreadable) else _by_id(interfaces)
    ours = [(item, pool) for item in machines if (pool := _our_machine_pool(item, cluster))]
    hosts = tuple(machine_from(item, pool, by_id) for item, pool in ours)
    hidden = _attached(by_id).difference(_by_id(machines)) if isinstance(by_id, dict) else ()
    return (*hosts, _hidden_machines(f"{compute}/virtualMachines", len(hidden))) if hidden else hosts


def _attached(interfaces: Mapping[str, Json]) -> set[str]:
    """The machines that network interfaces belong to, in lower case."""
    found = (shown(Body(item).text, "properties", "virtualMachine", "id") for item in interfaces.values())
    return {key_of(machine) for machine in found if isinstance(machine, str)}


def _hidden_machines(path: str, count: int) -> NodeHost:
    """A list of machines leaves out those that a login may not see; their network interfaces tell of them."""
    right = "Microsoft.Compute/virtualMachines/read"
    what = f"The node resource group has network interfaces of {count} machines that this login cannot see"
    return unread_hosts("virtual-machine", path, "", Unreadable("not-found", what, right, right))


def _listed(reader: ArmReader, path: str, api_version: str) -> list[Json]:
    items = reader.list(path, api_version)
    if items is None:
        raise ReadError(Unreadable("not-found", f"{path.partition('/providers/')[0]} does not exist"))
    return items


def _our_pool(item: Json, cluster: Cluster, name_pattern: re.Pattern[str]) -> str | None:
    pool = pool_of(item, name_pattern)
    if pool is None or isinstance(cluster.agent_pools, Unreadable):
        return pool
    return next((ours.name for ours in cluster.agent_pools if ours.name.lower() == pool.lower()), None)


def _our_machine_pool(item: Json, cluster: Cluster) -> str | None:
    tags = _tags(Body(item))
    if tags.get(_KARPENTER_POOL_TAG):
        return tags[_KARPENTER_POOL_TAG]
    if tags.get(_KARPENTER_CLUSTER_TAG):
        return "auto-provisioned"
    return _our_pool(item, cluster, _MACHINE_NAME)


def _host(body: Body, kind: str, pool: str, interfaces: tuple[Body, ...] | Unreadable) -> NodeHost:
    """``interfaces``: its network interfaces, or what they are made from."""

    def of_interfaces(read: Callable[[tuple[Body, ...]], T]) -> T | Unreadable:
        return interfaces if isinstance(interfaces, Unreadable) else shown(lambda: read(_leaving(body, interfaces)))

    return NodeHost(
        resource_id=or_empty(body.text, "id"),
        name=or_empty(body.text, "name"),
        kind=kind,
        pool=pool,
        identities=shown(_identities, body),
        tagged_kubelet_client_id=_tags(body).get(KUBELET_CLIENT_TAG.lower()) or None,
        subnet_ids=of_interfaces(_subnets),
        public_ip_per_node=of_interfaces(_public_ip),
        created=shown(body.moment, "properties", "timeCreated"),
        security_group_ids=of_interfaces(_security_groups),
    )


def _interfaces_of(machine: Body, interfaces: Mapping[str, Json] | Unreadable) -> tuple[Body, ...] | Unreadable:
    """A machine's network interfaces, which have the form in which a scale set shows what its own are made from."""
    if isinstance(interfaces, Unreadable):
        return interfaces
    ids = shown(machine.ids, "properties", "networkProfile", "networkInterfaces")
    found = [] if isinstance(ids, Unreadable) else [interfaces[key_of(one)] for one in ids if key_of(one) in interfaces]
    if isinstance(ids, Unreadable) or not found or len(found) < len(ids):
        what = "This login cannot see the network interface of a node"
        return Unreadable("not-shown", what, READ_INTERFACES, READ_INTERFACES)
    return tuple(map(Body, found))


def _leaving(body: Body, interfaces: tuple[Body, ...]) -> tuple[Body, ...]:
    """The interface that a node leaves by; all of them where none is marked."""
    if not interfaces:
        raise body.not_shown("networkInterfaceConfigurations")
    return tuple(one for one in interfaces if maybe(one.flag, "properties", "primary")) or interfaces


def _ip_configurations(interfaces: Iterable[Body]) -> list[Body]:
    return [ip for one in interfaces for ip in maybe(one.objects, "properties", "ipConfigurations") or ()]


def _subnets(interfaces: tuple[Body, ...]) -> tuple[str, ...]:
    found = [maybe(ip.text, "properties", "subnet", "id") for ip in _ip_configurations(interfaces)]
    subnets = {key_of(subnet): subnet for subnet in found if subnet}
    if not subnets:
        raise interfaces[0].not_shown("properties", "ipConfigurations", "subnet")
    return tuple(subnets.values())


def _security_groups(interfaces: tuple[Body, ...]) -> tuple[str, ...]:
    """An interface without a group has no such member (recorded)."""
    found = [one.reference("properties", "networkSecurityGroup") for one in interfaces]
    return tuple({key_of(group): group for group in found if group}.values())


def _public_ip(interfaces: tuple[Body, ...]) -> bool:
    addresses = [ip.object("properties") for ip in _ip_configurations(interfaces)]
    if not addresses:
        raise interfaces[0].not_shown("properties", "ipConfigurations")
    return any(maybe(ip.object, kind) for ip in addresses for kind in _PUBLIC_IPS)


def _by_id(items: Iterable[Json]) -> dict[str, Json]:
    return {key_of(str(item.get("id", ""))): item for item in items}


def _tags(body: Body) -> dict[str, str]:
    """Tag names compare without case, as ARM does."""
    tags = shown(body.object, "tags")
    given = {} if isinstance(tags, Unreadable) else tags.json
    return {name.lower(): value for name, value in given.items() if isinstance(value, str)}
