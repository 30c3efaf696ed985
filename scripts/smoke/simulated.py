"""The members that the simulated cloud shows, by resource type: of every resource of every healthy story."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tests.azure.views import shown
from tests.contracts.definitions import known

from .shapes import paths_in, shape_of


def members(clouds: Iterable[Any]) -> set[str]:
    """``TYPE PATH`` for each member of each resource."""
    found: set[str] = set()
    for cloud in clouds:
        for resource in list(cloud.resources.values()):
            operation = known().beside("GET", resource["id"], "9999-12-31-preview")
            if operation is not None and operation.answer is not None:
                view = shown(cloud, resource, operation.version)
                shape = shape_of(operation.models, operation.answer, view)
                found |= {f"{operation.types} {path}" for path in paths_in(shape)}
    return found
