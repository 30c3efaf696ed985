"""The raw resources of the simulated cloud, by id."""

from __future__ import annotations

from collections import UserDict
from collections.abc import Iterator, Mapping
from typing import Any

Json = dict[str, Any]


class Resources(UserDict[str, Json]):
    """Raw resources by id; ids are compared without regard to case. Big clouds are fine: types are indexed."""

    def __init__(self, items: Mapping[str, Json] | None = None) -> None:
        self._by_type: dict[str, dict[str, None]] = {}
        super().__init__(items)

    def __setitem__(self, resource_id: str, resource: Json) -> None:
        key = resource_id.lower()
        self.data[key] = resource
        self._by_type.setdefault(type_of(key), {})[key] = None

    def __getitem__(self, resource_id: str) -> Json:
        return self.data[resource_id.lower()]

    def __delitem__(self, resource_id: str) -> None:
        key = resource_id.lower()
        del self.data[key]
        del self._by_type[type_of(key)][key]

    def __contains__(self, resource_id: object) -> bool:
        return isinstance(resource_id, str) and resource_id.lower() in self.data

    def add(self, resource: Json) -> Json:
        """Store a resource under the id that it carries."""
        self[resource["id"]] = resource
        return resource

    def of_type(self, resource_type: str) -> Iterator[Json]:
        """All resources of a type, e.g. ``Microsoft.Network/routeTables``, in the order in which they were added."""
        return (self.data[key] for key in list(self._by_type.get(resource_type.lower(), ())))

    def children(self, parent_id: str, collection: str) -> list[Json]:
        """The resources right below ``parent/collection``."""
        prefix = f"{parent_id}/{collection}/".lower()
        return [each for each in self.of_type(type_of(f"{prefix}x")) if each["id"].lower().startswith(prefix)]


def type_of(resource_id: str) -> str:
    """The type that an id names, in lower case; groups and subscriptions included."""
    lowered = resource_id.lower()
    if "/providers/" not in lowered:
        return "microsoft.resources/resourcegroups" if "/resourcegroups/" in lowered else "microsoft.resources/other"
    parts = lowered.rpartition("/providers/")[2].split("/")
    return "/".join([parts[0], *parts[1::2]])
