"""Judgement: a room a category of checks, each a pure function from facts to findings."""

from __future__ import annotations

from types import ModuleType

from ..catalogue import Check
from . import admission, kubelet, probe, symptom
from .access import limits, pull_role
from .cluster import nodes_in_kubernetes, provisioning
from .identity import kubelet_identity, node_hosts, service_principal
from .image import artifact, content, credential_host, manifests, platform, reference, registry_left_out
from .network import (
    admin_rules,
    client_address,
    firewalls,
    node_resolver,
    private_dns,
    private_endpoint,
    proxy,
    public_side,
    routes,
    security_groups,
    service_endpoints,
    storage_policies,
)
from .nodes import artifact_streaming, identities
from .pull_secret import accounts, applications, lifetimes, registry_users, secrets, virtual_nodes
from .registry import az_commands, bootstrap, cache, registry, replicas

MODULES: tuple[ModuleType, ...] = (
    provisioning,
    nodes_in_kubernetes,
    registry,
    az_commands,
    cache,
    bootstrap,
    replicas,
    kubelet_identity,
    service_principal,
    node_hosts,
    artifact_streaming,
    identities,
    pull_role,
    limits,
    reference,
    registry_left_out,
    credential_host,
    content,
    manifests,
    artifact,
    platform,
    public_side,
    client_address,
    private_endpoint,
    private_dns,
    node_resolver,
    admin_rules,
    security_groups,
    routes,
    firewalls,
    proxy,
    service_endpoints,
    storage_policies,
    kubelet,
    secrets,
    applications,
    registry_users,
    lifetimes,
    accounts,
    virtual_nodes,
    admission,
    symptom,
    probe,
)

ALL: tuple[Check, ...] = tuple(
    sorted(
        (value for module in MODULES for value in vars(module).values() if isinstance(value, Check)),
        key=lambda checked: checked.id,
    )
)
"""Every check there is, by id. A check is listed by being declared in one of the modules."""
