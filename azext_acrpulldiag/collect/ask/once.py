"""Ask for each network resource once, whoever needs it; subnets come with their networks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from ...arm_ids import key_of, network_id_of, same_id
from .arm import ArmReader, Json, ReadError, by_key
from .shared import Shared

# The oldest that has all that is read of networks, so that sovereign clouds, which lag, know it.
NETWORK_API = "2024-05-01"
# Addresses of scale set instances are served by this version only (it is what `az vmss
# list-instance-public-ips` asks for).
INSTANCE_ADDRESS_API = "2018-10-01"

Answers = Mapping[str, Any]
"""JSON, a list of it, ``None`` or ``Unreadable`` by lower-case path."""


class Once:
    """A reader that remembers; safe to use from many threads, which wait for one answer."""

    def __init__(self, reader: ArmReader) -> None:
        self._reader = reader
        self._answers: Shared[str, Any] = Shared()

    def ask(self, gets: Iterable[str] = (), lists: Iterable[str] = (), queries: Iterable[str] = ()) -> dict[str, Any]:
        """Ask for resources, collections and actions that list, all at once."""
        calls: dict[str, partial[Any]] = {}
        for path in gets:
            calls.setdefault(key_of(path), partial(self.get, path))
        for path in lists:
            calls.setdefault(key_of(path), partial(self.list, path))
        for path in queries:
            calls.setdefault(key_of(path), partial(self.query, path))
        return by_key(calls)

    def get(self, path: str) -> Json | None:
        """GET one resource; ``None``: it does not exist. Raises :class:`ReadError`.

        A subnet is taken from its network's answer, and asked for by itself only where that does
        not show it, or may not be read.
        """
        read = self._subnet if network_id_of(path) != path else self._get
        found: Json | None = self._answers.get(key_of(path), lambda: read(path))
        return found

    def query(self, path: str) -> list[Json] | None:
        """POST an action that lists, all its pages. ``None``: the resource does not exist. Raises
        :class:`ReadError`."""
        ask = partial(self._reader.query, path, NETWORK_API)
        found: list[Json] | None = self._answers.get(key_of(path), ask)
        return found

    def list(self, path: str) -> list[Json] | None:
        """GET a collection, all its pages. ``None``: its parent does not exist. Raises :class:`ReadError`."""
        version = INSTANCE_ADDRESS_API if "/microsoft.compute/" in path.lower() else NETWORK_API
        found: list[Json] | None = self._answers.get(key_of(path), lambda: self._reader.list(path, version))
        return found

    def keep(self, body: Json) -> None:
        """Remember a resource that a list showed whole."""
        self._answers.put(key_of(str(body.get("id"))), body)

    def _get(self, path: str) -> Json | None:
        return self._reader.get(path, NETWORK_API)

    def _subnet(self, path: str) -> Json | None:
        try:
            network = self.get(network_id_of(path))
        except ReadError:
            return self._get(path)
        if network is None:
            return None
        return _shown_in(network, path) or self._get(path)


def _shown_in(network: Json, subnet_id: str) -> Json | None:
    properties = network.get("properties")
    subnets = properties.get("subnets") if isinstance(properties, dict) else None
    for subnet in subnets if isinstance(subnets, list) else ():
        if isinstance(subnet, dict) and same_id(str(subnet.get("id")), subnet_id):
            return subnet
    return None
