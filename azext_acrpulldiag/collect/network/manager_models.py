"""Virtual Network Managers, and what they do to networks, as Azure answers it, made facts. Pure.

Members as of version 2024-05-01 of Microsoft.Network (``EffectiveConnectivityConfiguration``,
``EffectiveSecurityAdminRule``, ``EffectiveDefaultSecurityAdminRule``, ``NetworkManager``):
https://github.com/Azure/azure-rest-api-specs/tree/main/specification/network/resource-manager/Microsoft.Network. Flags
are the strings ``True`` and ``False``, and lists that restrict nothing are empty (both recorded).
"""

from __future__ import annotations

from collections.abc import Iterable

from ...arm_ids import key_of, name_of
from ...facts import AdminRule, ConnectedGroup, NetworkManager, SecurityRule, Unreadable
from ..ask.arm import Json
from ..members import Body, maybe, shown
from .models import DIRECTIONS

ACCESS = ("Allow", "AlwaysAllow", "Deny")
PROTOCOLS = ("Tcp", "Udp", "Icmp", "Esp", "Ah", "Any")
MESH = "Mesh"
TOPOLOGIES = (MESH, "HubAndSpoke")
GROUP_CONNECTIVITY = ("None", "DirectlyConnected")
FLAGS = ("True", "False")
FEATURES = ("Connectivity", "SecurityAdmin", "Routing")
NETWORK_GROUP = "NetworkGroup"
PREFIX_TYPES = ("IPPrefix", "ServiceTag", NETWORK_GROUP)
ANY = ("*",)


def admin_rules_from(answer: Iterable[Json]) -> tuple[AdminRule, ...]:
    """Map the security admin rules that are in force on a network."""
    return tuple(map(_admin_rule, map(Body, answer)))


def _admin_rule(item: Body) -> AdminRule:
    rule_id, rule = _whole(item.text("id")), item.object("properties")
    sources, source_groups = _ends(rule, "sources")
    destinations, destination_groups = _ends(rule, "destinations")
    return AdminRule(
        rule_id,
        SecurityRule(
            name=name_of(rule_id),
            priority=rule.number("priority"),
            direction=rule.enum(DIRECTIONS, "direction"),
            access=rule.enum(ACCESS, "access"),
            protocol=rule.enum(PROTOCOLS, "protocol"),
            sources=sources,
            destinations=destinations,
            source_ports=rule.texts("sourcePortRanges") or ANY,
            destination_ports=rule.texts("destinationPortRanges") or ANY,
            source_groups=source_groups,
            destination_groups=destination_groups,
        ),
    )


def _ends(rule: Body, name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Addresses and service tags of one end, and its network groups."""
    found = [(each.enum(PREFIX_TYPES, "addressPrefixType"), each.text("addressPrefix")) for each in rule.objects(name)]
    prefixes = tuple(prefix for kind, prefix in found if kind != NETWORK_GROUP)
    groups = tuple(prefix for kind, prefix in found if kind == NETWORK_GROUP)
    return prefixes if found else ANY, groups


def connected_groups_from(answer: Iterable[Json]) -> tuple[ConnectedGroup, ...]:
    """Map the connectivity configurations that are in force on a network, a value for each of their groups."""
    return tuple(group for item in answer for group in _groups(Body(item)))


def _groups(item: Body) -> Iterable[ConnectedGroup]:
    """``configurationGroups`` are those of the configuration's groups that the network is in."""
    properties = item.object("properties")
    settings = {key_of(_whole(each.text("networkGroupId"))): each for each in properties.objects("appliesToGroups")}
    entered = {key_of(_whole(each)) for each in item.ids("configurationGroups")}
    if not entered <= settings.keys():
        raise item.malformed("configurationGroups")
    topology = shown(properties.enum, TOPOLOGIES, "connectivityTopology")
    for key, setting in settings.items():
        yield ConnectedGroup(
            configuration_id=_whole(item.text("id")),
            group_id=_whole(setting.text("networkGroupId")),
            topology=topology,
            connectivity=shown(setting.enum, GROUP_CONNECTIVITY, "groupConnectivity"),
            hubs=tuple(_whole(hub.text("resourceId")) for hub in maybe(properties.objects, "hubs") or ()),
            has_network=key in entered,
            spans_regions=shown(_flag, properties if topology == MESH else setting, "isGlobal"),
        )


def _flag(body: Body, name: str) -> bool:
    word = body.enum(FLAGS, name)
    if word not in FLAGS:
        raise body.malformed(name)
    return word == "True"


def _whole(resource_id: str) -> str:
    """An id with the slash at its beginning that examples of these answers leave out."""
    return f"/{resource_id.lstrip('/')}"


def manager_from(row: Json) -> NetworkManager:
    """Map a Virtual Network Manager, as Resource Graph shows it too."""
    body = Body(row)
    scopes = shown(body.object, "properties", "networkManagerScopes")
    return NetworkManager(
        id=body.text("id"),
        features=shown(body.texts, "properties", "networkManagerScopeAccesses"),
        subscriptions=scopes if isinstance(scopes, Unreadable) else shown(_subscriptions, scopes),
        beyond=scopes if isinstance(scopes, Unreadable) else shown(_is_wider, scopes),
    )


def _subscriptions(scopes: Body) -> tuple[str, ...]:
    return tuple(name_of(each).lower() for each in maybe(scopes.texts, "subscriptions") or ())


def _is_wider(scopes: Body) -> bool:
    return bool(maybe(scopes.texts, "managementGroups") or maybe(scopes.objects, "crossTenantScopes"))
