"""Find and read the registry, and the health of its artifact cache.

A preview api-version is tried first, because the stable one leaves out virtual network rules and
regional endpoints; where none is known (see :mod:`..azure.versions`), the stable one answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial

from ...arm_ids import key_of, resource_parts
from ...facts import (
    CacheRule,
    NetworkRules,
    PrivateEndpointConnection,
    Registry,
    Replication,
    Unreadable,
    region_key,
)
from ...masking import masked
from ...targets import REGISTRY_TYPE, RegistryTarget
from ..ask.arm import ArmReader, Json, ReadError, in_parallel
from ..ask.session import Session
from ..azure.cluster import home_tenant, nearest
from ..azure.resource_graph import find_resources
from ..azure.versions import ask_in, ask_in_either
from ..members import Body, maybe, member, or_empty, shown

PREVIEW_API_VERSION = "2026-09-01-preview"
API_VERSION = "2025-11-01"

READ = f"{REGISTRY_TYPE}/read"

# As of azure-mgmt-containerregistry's models/_enums.py; SecuredByPerimeter is a preview version's.
SKUS = ("Classic", "Basic", "Standard", "Premium")
# https://learn.microsoft.com/azure/container-registry/container-registry-skus
_WITHOUT_FIREWALL = ("Basic", "Standard")
REPLICATED = "Premium"
# Those that are recorded or printed in documentation; Azure documents the member as a label of any kind.
DISPLAY_STATUSES = ("Creating", "Syncing", "Ready")
PROVISIONING_STATES = ("Creating", "Updating", "Deleting", "Succeeded", "Failed", "Canceled")
ASSIGNMENT_MODES = ("AbacRepositoryPermissions", "LegacyRegistryPermissions")
PUBLIC_ACCESS = ("Enabled", "Disabled", "SecuredByPerimeter")
ALLOW = "Allow"
ACTIONS = (ALLOW, "Deny")
ENABLED = "enabled"
POLICY_STATUSES = (ENABLED, "disabled")
CONNECTION_STATUSES = ("Approved", "Pending", "Rejected", "Disconnected")
HEALTHY = "Healthy"
HEALTH_STATUSES = (HEALTHY, "Unhealthy")
_POLICIES = ("properties", "policies")
# The id of a rule's subnet. The service changed its name in 2026 without a new api-version; answers of either form are
# recorded, both for 2021-08-01-preview (https://github.com/Azure/azure-cli/issues/33660 and pull/33685).
_SUBNET = ("virtualNetworkSubnetResourceId", "id")


def find_registry(
    reader: ArmReader, session: Session, target: RegistryTarget, default_subscription: str
) -> Json | Unreadable:
    """Find the registry that the user named, wherever this login may see it, and answer it as ARM tells it.

    A resource ID is read directly. A name or login server is looked up in
    ``default_subscription`` and, at the same time, in the login's other subscriptions.
    ``Unreadable`` with reason ``not-found`` names the nearest registries and the right to see more.
    """
    if target.subscription:
        return _by_id(reader, target, target.subscription)
    others = _others(session, default_subscription)
    here, elsewhere = in_parallel(
        [lambda: _list(reader, default_subscription), lambda: _elsewhere(reader, others, target)]
    )
    rows = [] if isinstance(here, Unreadable) else list(here)
    match = _match(rows, target)
    if match is not None:
        return match
    if not isinstance(elsewhere, Unreadable):
        rows.extend(elsewhere)
        match = _match(elsewhere, target)
        found = _reread(reader, match) if match is not None else None
        if found is not None:
            return found
    return _not_found(target, rows, [why for why in (here, elsewhere) if isinstance(why, Unreadable)])


def registry_of(session: Session, body: Json) -> Registry | Unreadable:
    """Map what :func:`find_registry` answered, its tenant taken from the login (no request)."""
    parts = resource_parts(str(body.get("id", "")))
    return registry_from(body, home_tenant(session, parts[0]) if parts else Body(body).malformed("id").why)


def registry_from(answer: Json, tenant_id: str | Unreadable) -> Registry | Unreadable:
    """Map a registries answer. ``Unreadable``: it is no registry, or has no login server yet."""
    return shown(_registry, Body(answer), tenant_id)


def _registry(body: Body, tenant_id: str | Unreadable) -> Registry:
    parts = resource_parts(or_empty(body.text, "id"))
    if parts is None:
        raise body.malformed("id")
    return Registry(
        id=body.text("id"),
        name=parts[2],
        resource_group=parts[1],
        subscription=parts[0],
        location=or_empty(body.text, "location"),
        tenant_id=tenant_id,
        login_server=body.text("properties", "loginServer").lower(),
        sku=shown(body.enum, SKUS, "sku", "name"),
        provisioning_state=shown(body.enum, PROVISIONING_STATES, "properties", "provisioningState"),
        role_assignment_mode=shown(body.enum, ASSIGNMENT_MODES, "properties", "roleAssignmentMode"),
        admin_enabled=shown(body.flag, "properties", "adminUserEnabled"),
        anonymous_pull=shown(body.flag, "properties", "anonymousPullEnabled"),
        public_network_access=shown(body.enum, PUBLIC_ACCESS, "properties", "publicNetworkAccess"),
        network_rules=shown(_network_rules, body),
        private_endpoints=shown(_private_endpoints, body),
        arm_audience_tokens=shown(body.enum, POLICY_STATUSES, *_POLICIES, "azureADAuthenticationAsArmPolicy", "status"),
        data_endpoint_hosts=shown(body.texts, "properties", "dataEndpointHostNames"),
        regional_hosts=shown(body.texts, "properties", "regionalEndpointHostNames"),
        quarantine_policy=shown(body.enum, POLICY_STATUSES, *_POLICIES, "quarantinePolicy", "status"),
        retention_days=shown(_retention_days, body),
    )


def read_cache_rules(reader: ArmReader, registry: Registry) -> tuple[CacheRule, ...] | Unreadable:
    """Read the artifact-cache rules and the health of the credential sets that they use."""
    rules, sets = in_parallel(
        [
            lambda: ask_in(API_VERSION, partial(reader.list, f"{registry.id}/cacheRules"))[0],
            lambda: ask_in(API_VERSION, partial(reader.list, f"{registry.id}/credentialSets"))[0],
        ]
    )
    if isinstance(rules, Unreadable):
        return rules
    if rules is None:
        return Unreadable("not-found", f"{registry.id} does not exist any more", f"{REGISTRY_TYPE}/cacheRules/read")
    return cache_rules_from(rules, sets if sets is not None else [])


def cache_rules_from(rules: Iterable[Json], sets: Iterable[Json] | Unreadable) -> tuple[CacheRule, ...]:
    """Join cache rules with the health of their credential sets. Pure."""
    health: Mapping[str, str | Unreadable | None] | Unreadable
    health = sets if isinstance(sets, Unreadable) else {_key(body): shown(_ailment, body) for body in map(Body, sets)}
    return tuple(_cache_rule(Body(rule), health) for rule in rules)


def read_replications(reader: ArmReader, registry: Registry) -> tuple[Replication, ...] | Unreadable:
    """Read the registry's geo-replications; empty without a request for an SKU that cannot have any."""
    if isinstance(registry.sku, str) and registry.sku != REPLICATED:
        return ()
    rows = reader.list(f"{registry.id}/replications", API_VERSION)
    if rows is None:
        return Unreadable("not-found", f"{registry.id} does not exist any more", f"{REGISTRY_TYPE}/replications/read")
    return replications_from(rows)


def replications_from(rows: Iterable[Json]) -> tuple[Replication, ...] | Unreadable:
    """Map the list of replications; one whose region is not shown makes them all ``Unreadable``. Pure."""
    return shown(lambda: tuple(_replication(Body(row)) for row in rows))


def _by_id(reader: ArmReader, target: RegistryTarget, subscription: str) -> Json | Unreadable:
    try:
        body = _get(reader, target.given.rstrip("/"))
    except ReadError as error:
        return _with_right(error.why)
    if body is not None:
        return body
    try:
        rows = _list(reader, subscription)
    except ReadError:
        rows = []  # the missing registry is the answer; names are a courtesy
    return _not_found(target, rows, [])


def _get(reader: ArmReader, resource_id: str) -> Json | None:
    body, _ = ask_in_either(PREVIEW_API_VERSION, API_VERSION, partial(reader.get, resource_id))
    return body


def _list(reader: ArmReader, subscription: str) -> list[Json]:
    """All registries of one subscription, whole."""
    path = f"/subscriptions/{subscription}/providers/{REGISTRY_TYPE}"
    rows, _ = ask_in_either(PREVIEW_API_VERSION, API_VERSION, partial(reader.list, path))
    return rows or []


def _others(session: Session, default_subscription: str) -> dict[str, list[str]]:
    """The login's other enabled subscriptions by the tenant whose token opens them."""
    by_tenant: dict[str, list[str]] = {}
    for one in session.subscriptions():
        subscription, state = str(one.get("id", "")), str(one.get("state", "Enabled"))
        if state != "Disabled" and subscription and subscription.lower() != default_subscription.lower():
            by_tenant.setdefault(str(one.get("tenantId", "")), []).append(subscription)
    return by_tenant


def _elsewhere(reader: ArmReader, others: Mapping[str, list[str]], target: RegistryTarget) -> list[Json]:
    """Registries of other subscriptions: one Resource Graph query a tenant, or lists where that is refused."""
    rows: list[Json] = []
    refused: list[str] = []
    tenants = list(others.values())
    for subscriptions, answer in zip(
        tenants, in_parallel([partial(find_resources, reader, REGISTRY_TYPE, one) for one in tenants]), strict=True
    ):
        if isinstance(answer, Unreadable):
            refused.extend(subscriptions)
        else:
            rows.extend(answer)
    if not refused or _match(rows, target) is not None:
        return rows
    lists = in_parallel([partial(_list, reader, one) for one in refused])
    for each in lists:
        if not isinstance(each, Unreadable):
            rows.extend(each)
    failures = [each for each in lists if isinstance(each, Unreadable)]
    if failures and _match(rows, target) is None:
        raise ReadError(failures[0])
    return rows


def _match(rows: Iterable[Json], target: RegistryTarget) -> Json | None:
    """The row with this name, or whose login server ARM says is this one. Names are unique in a cloud."""
    for row in rows:
        if target.login_server:
            if str(member(row, "properties", "loginServer")).lower() == target.login_server.lower():
                return row
        elif target.name and str(row.get("name", "")).lower() == target.name.lower():
            return row
    return None


def _reread(reader: ArmReader, row: Json) -> Json | Unreadable | None:
    """GET what Resource Graph found; ``None``: it is gone."""
    resource_id = row.get("id")
    if not isinstance(resource_id, str):
        return Body(row).malformed("id").why
    try:
        return _get(reader, resource_id)
    except ReadError as error:
        return _with_right(error.why)


def _not_found(target: RegistryTarget, rows: Iterable[Json], failures: list[Unreadable]) -> Unreadable:
    """Say that the registry is not there or not visible, with near misses by name and login server."""
    wanted = target.login_server or target.name or target.given
    servers = {str(row.get("name", "")): str(member(row, "properties", "loginServer") or "") for row in rows}
    near = nearest(wanted, servers.values() if target.login_server else servers)
    hint = f"; the nearest names are {', '.join(near)}" if near else ""
    if failures:
        why = failures[0]
        return _with_right(replace(why, detail=f"Registry {wanted} was not found{hint}; {why.detail}", permission=None))
    detail = f"Registry {wanted} does not exist or is not visible to this login{hint}"
    return Unreadable("not-found", detail, READ, READ)


def _with_right(why: Unreadable) -> Unreadable:
    """Name the right that was refused; a server that fails or hangs asks for none."""
    return replace(why, permission=why.permission or READ) if why.reason == "forbidden" else why


def _retention_days(body: Body) -> int | None:
    policy = (*_POLICIES, "retentionPolicy")
    enabled = body.enum(POLICY_STATUSES, *policy, "status") == ENABLED
    return body.number(*policy, "days") if enabled else None


def _network_rules(body: Body) -> NetworkRules | None:
    rules = maybe(body.object, "properties", "networkRuleSet")
    if rules is None:
        # Basic and Standard have no firewall and do not show one (recorded).
        if shown(body.enum, SKUS, "sku", "name") in _WITHOUT_FIREWALL:
            return None
        raise body.not_shown("properties", "networkRuleSet")
    return NetworkRules(
        default_action=rules.enum(ACTIONS, "defaultAction"),
        ip_rules=_allowed(rules, "ipRules", "value"),
        subnet_ids=shown(_allowed, rules, "virtualNetworkRules", *_SUBNET),
    )


def _allowed(rules: Body, collection: str, *names: str) -> tuple[str, ...]:
    """What rules allow, under the first of ``names`` that each has.

    A rule without an action allows: Allow is the only one there is.
    """
    return tuple(
        _first(rule, names)
        for rule in rules.objects(collection)
        if (maybe(rule.enum, ACTIONS, "action") or ALLOW) == ALLOW
    )


def _first(rule: Body, names: tuple[str, ...]) -> str:
    return next((found for name in names if (found := maybe(rule.text, name))), None) or rule.text(names[0])


def _private_endpoints(body: Body) -> tuple[PrivateEndpointConnection, ...]:
    return tuple(private_endpoint_from(one.json) for one in body.objects("properties", "privateEndpointConnections"))


def private_endpoint_from(answer: Json) -> PrivateEndpointConnection:
    """Map one private endpoint connection, inline or from its own list. Pure."""
    body = Body(answer)
    return PrivateEndpointConnection(
        id=or_empty(body.text, "id"),
        status=shown(body.enum, CONNECTION_STATUSES, "properties", "privateLinkServiceConnectionState", "status"),
        private_endpoint_id=or_empty(body.text, "properties", "privateEndpoint", "id") or None,
    )


def _cache_rule(rule: Body, health: Mapping[str, str | Unreadable | None] | Unreadable) -> CacheRule:
    used = or_empty(rule.text, "properties", "credentialSetResourceId") or None
    unhealthy: str | Unreadable | None = None
    if used is not None:
        missing = Unreadable("not-shown", f"Credential set {used} is not in the registry's list")
        unhealthy = health if isinstance(health, Unreadable) else health.get(key_of(used), missing)
    source = shown(rule.text, "properties", "sourceRepository")
    if isinstance(source, Unreadable):  # then nothing tells that no credential set is used, either
        unhealthy = source
    return CacheRule(
        name=or_empty(rule.text, "name"),
        source="" if isinstance(source, Unreadable) else source,
        target=or_empty(rule.text, "properties", "targetRepository"),
        credential_set=used,
        unhealthy=unhealthy,
    )


def _replication(body: Body) -> Replication:
    return Replication(
        id=body.text("id"),
        name=body.text("name"),
        location=region_key(body.text("location")),
        provisioning_state=shown(body.enum, PROVISIONING_STATES, "properties", "provisioningState"),
        display_status=shown(body.enum, DISPLAY_STATUSES, "properties", "status", "displayStatus"),
        status_message=masked(or_empty(body.text, "properties", "status", "message")),
        global_routing=shown(body.flag, "properties", "regionEndpointEnabled"),
    )


def _key(body: Body) -> str:
    return key_of(or_empty(body.text, "id"))


def _ailment(credential_set: Body) -> str | Unreadable | None:
    """What is wrong with a credential set: its first unhealthy credential, in Azure's words."""
    ignorance: Unreadable | None = None
    for credential in credential_set.objects("properties", "authCredentials"):
        status = shown(credential.enum, HEALTH_STATUSES, "credentialHealth", "status")
        if isinstance(status, Unreadable):
            ignorance = status
        elif status != HEALTHY:
            said = [or_empty(credential.text, "credentialHealth", name) for name in ("errorCode", "errorMessage")]
            return masked(": ".join(part.splitlines()[0] for part in said if part)) or status
    return ignorance
