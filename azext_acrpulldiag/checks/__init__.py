"""Judgement: one module a category of checks, each a pure function from facts to findings."""

from __future__ import annotations

from types import ModuleType

from ..catalogue import Check
from . import (
    access,
    access_limits,
    cluster,
    identity,
    image,
    image_content,
    image_platform,
    kubelet,
    network,
    network_endpoint,
    network_filter,
    network_firewall,
    network_names,
    network_proxy,
    network_routes,
    network_service,
    network_storage,
    node_labels,
    nodes,
    pull_secret,
    pull_secret_user,
    registry,
    second_opinion,
    service_principal,
    symptom,
)

MODULES: tuple[ModuleType, ...] = (
    cluster,
    registry,
    second_opinion,
    identity,
    service_principal,
    nodes,
    access,
    access_limits,
    image,
    image_content,
    image_platform,
    network,
    network_endpoint,
    network_names,
    network_filter,
    network_routes,
    network_firewall,
    network_proxy,
    network_service,
    network_storage,
    kubelet,
    node_labels,
    pull_secret,
    pull_secret_user,
    symptom,
)

ALL: tuple[Check, ...] = tuple(
    sorted(
        (value for module in MODULES for value in vars(module).values() if isinstance(value, Check)),
        key=lambda checked: checked.id,
    )
)
"""Every check there is, by id. A check is listed by being declared in one of the modules."""
