"""Read what the nodes run on: scale sets, their instances, and stand-alone machines.

Two lists at once, then one list of instances for each scale set that has any: with
auto-provisioning off and no virtual-machine pools, one request and then one a pool.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from ...facts import AssignedIdentity, Cluster, NodeHost, Unreadable
from ..ask.arm import ArmReader, Json, ReadError, in_parallel
from ..times import utc

COMPUTE_API = "2024-11-01"
NETWORK_API = "2024-05-01"
# As many lists of instances at once as the session keeps connections for: 100 pools take four rounds.
WIDTH = 32

READ_INTERFACES = "Microsoft.Network/networkInterfaces/read"
KUBELET_CLIENT_TAG = "aks-managed-kubeletIdentityClientID"
_POOL_TAGS = ("aks-managed-poolName", "poolName")
_KARPENTER_POOL_TAG = "karpenter.sh_nodepool"
_KARPENTER_CLUSTER_TAG = "karpenter.azure.com_cluster"
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
            what = f"No host of node pool {pool.name} was found in the node resource group, or this login may see none"
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
        name=path.rpartition("/")[2],
        kind=kind,
        pool=pool,
        identities=why,
        subnet_ids=why if subnets is None else subnets,
        public_ip_per_node=why,
        created=why,
        security_group_ids=why,
        unread=why,
    )


def scale_set_from(item: Json, pool: str) -> NodeHost:
    """Map a scale set: the model that its new instances are made from."""
    profile = _object(_object(item, "properties"), "virtualMachineProfile")
    host = _host(item, "scale-set", pool, _object(profile, "networkProfile"), _object(item, "properties"))
    return replace(host, capacity=_object(item, "sku").get("capacity"))


def instance_from(item: Json, pool: str) -> NodeHost:
    """Map one instance of a scale set: what a node really runs with, also after the model changed."""
    properties = _object(item, "properties")
    return _host(item, "instance", pool, _object(properties, "networkProfileConfiguration"), properties)


def machine_from(item: Json, pool: str, interfaces: Mapping[str, Json] | Unreadable) -> NodeHost:
    """Map a virtual machine. ``interfaces`` are network interfaces by lower-case id, which alone show subnets."""
    properties = _object(item, "properties")
    attached = _object(properties, "networkProfile").get("networkInterfaces")
    profile = _profile_of(attached, interfaces)
    if isinstance(profile, Unreadable):
        host = _host(item, "virtual-machine", pool, {}, properties)
        return replace(host, subnet_ids=profile, public_ip_per_node=profile, security_group_ids=profile)
    return _host(item, "virtual-machine", pool, profile, properties)


def pool_of(item: Json, name_pattern: re.Pattern[str]) -> str | None:
    """Name the agent pool of a scale set or machine by its tags, else by the name AKS gave it."""
    tags = _tags(item)
    for tag in _POOL_TAGS:
        if tags.get(tag.lower()):
            return tags[tag.lower()]
    match = name_pattern.match(str(item.get("name", "")))
    return match["pool"] if match else None


def identities_from(item: Json) -> tuple[AssignedIdentity, ...] | Unreadable:
    """Map the user-assigned identities. No ``identity`` member means none (recorded)."""
    identity = item.get("identity")
    if identity is None:
        return ()
    if not isinstance(identity, dict) or not isinstance(identity.get("type"), str):
        return _not_shown("identity.type", item)
    if "userassigned" not in identity["type"].lower():
        return ()
    assigned = identity.get("userAssignedIdentities")
    if not isinstance(assigned, dict):
        return _not_shown("identity.userAssignedIdentities", item)
    return tuple(
        AssignedIdentity(resource_id, _text(ids, "principalId"), _text(ids, "clientId"))
        for resource_id, ids in assigned.items()
    )


def _scale_sets(reader: ArmReader, cluster: Cluster, compute: str) -> tuple[NodeHost, ...]:
    items = _listed(reader, f"{compute}/virtualMachineScaleSets", COMPUTE_API)
    return tuple(scale_set_from(item, pool) for item in items if (pool := _our_pool(item, cluster, _SCALE_SET_NAME)))


def _instances(reader: ArmReader, model: NodeHost) -> tuple[NodeHost, ...]:
    items = _listed(reader, f"{model.resource_id}/virtualMachines", COMPUTE_API)
    return tuple(
        instance_from(item, model.pool)
        for item in items
        if _text(_object(item, "properties"), "provisioningState") != "Deleting"
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
    found = (_text(_object(_object(item, "properties"), "virtualMachine"), "id") for item in interfaces.values())
    return {machine.lower() for machine in found if machine}


def _hidden_machines(path: str, count: int) -> NodeHost:
    """A list of machines leaves out those that a login may not see; their network interfaces tell of them."""
    right = "Microsoft.Compute/virtualMachines/read"
    what = f"The node resource group has network interfaces of {count} machines that this login is not shown"
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
    tags = _tags(item)
    if tags.get(_KARPENTER_POOL_TAG):
        return tags[_KARPENTER_POOL_TAG]
    if tags.get(_KARPENTER_CLUSTER_TAG):
        return "auto-provisioned"
    return _our_pool(item, cluster, _MACHINE_NAME)


def _host(item: Json, kind: str, pool: str, network: Json, properties: Json) -> NodeHost:
    configurations = _primary(network.get("networkInterfaceConfigurations"))
    return NodeHost(
        resource_id=str(item.get("id", "")),
        name=str(item.get("name", "")),
        kind=kind,
        pool=pool,
        identities=identities_from(item),
        tagged_kubelet_client_id=_tags(item).get(KUBELET_CLIENT_TAG.lower()) or None,
        subnet_ids=_subnets(configurations, item),
        public_ip_per_node=_public_ip(configurations, item),
        created=_created(properties, item),
        security_group_ids=_security_groups(configurations, item),
    )


def _profile_of(attached: Any, interfaces: Mapping[str, Json] | Unreadable) -> Json | Unreadable:
    """The machine's network interfaces, in the form in which a scale set shows its own."""
    if isinstance(interfaces, Unreadable):
        return interfaces
    ids = [str(one.get("id", "")).lower() for one in attached or () if isinstance(one, dict)]
    found = [interfaces[one] for one in ids if one in interfaces]
    if not found or len(found) < len(ids):
        what = "The network interface of a node's machine is not among those that this login is shown"
        return Unreadable("not-shown", what, READ_INTERFACES, READ_INTERFACES)
    return {"networkInterfaceConfigurations": found}


def _primary(configurations: Any) -> list[Json]:
    """The interface that a node leaves by; all of them where none is marked."""
    shown = [one for one in configurations if isinstance(one, dict)] if isinstance(configurations, list) else []
    return [one for one in shown if _object(one, "properties").get("primary") is True] or shown


def _ip_configurations(configurations: Iterable[Json]) -> list[Json]:
    found: list[Json] = []
    for one in configurations:
        listed = _object(one, "properties").get("ipConfigurations")
        found.extend(_object(ip, "properties") for ip in (listed if isinstance(listed, list) else ()))
    return found


def _subnets(configurations: Iterable[Json], item: Json) -> tuple[str, ...] | Unreadable:
    subnets = {
        subnet.lower(): subnet
        for ip in _ip_configurations(configurations)
        if (subnet := _text(_object(ip, "subnet"), "id"))
    }
    return tuple(subnets.values()) or _not_shown("its subnet", item)


def _security_groups(configurations: Iterable[Json], item: Json) -> tuple[str, ...] | Unreadable:
    """An interface without a group has no such member (recorded)."""
    attached = [_object(one, "properties").get("networkSecurityGroup") for one in configurations]
    found = [_text(group, "id") for group in attached if group is not None]
    if not attached:
        return _not_shown("its network interface", item)
    groups = {group.lower(): group for group in found if group}
    return tuple(groups.values()) if all(found) else _not_shown("its network security group", item)


def _public_ip(configurations: Iterable[Json], item: Json) -> bool | Unreadable:
    addresses = _ip_configurations(configurations)
    if not addresses:
        return _not_shown("its IP configuration", item)
    return any(ip.get("publicIPAddressConfiguration") or ip.get("publicIPAddress") for ip in addresses)


def _created(properties: Json, item: Json) -> Any:
    text = _text(properties, "timeCreated")
    if text is None:
        return _not_shown("timeCreated", item)
    try:
        return utc(text)
    except ValueError as error:
        return Unreadable("malformed", f"timeCreated of {item.get('name')}: {error}")


def _by_id(items: Iterable[Json]) -> dict[str, Json]:
    return {str(item.get("id", "")).lower(): item for item in items}


def _tags(item: Json) -> dict[str, str]:
    """Tag names compare without case, as ARM does."""
    return {name.lower(): value for name, value in _object(item, "tags").items() if isinstance(value, str)}


def _object(body: Any, name: str) -> Json:
    value = body.get(name) if isinstance(body, dict) else None
    return value if isinstance(value, dict) else {}


def _text(body: Any, name: str) -> str | None:
    value = body.get(name) if isinstance(body, dict) else None
    return value if isinstance(value, str) and value else None


def _not_shown(what: str, item: Json) -> Unreadable:
    return Unreadable("not-shown", f"The answer about {item.get('name', 'a node host')} does not show {what}")
