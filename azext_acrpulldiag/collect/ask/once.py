"""Ask for each network resource once, whoever needs it; subnets come with their networks."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from functools import partial
from typing import Any

from .arm import ArmReader, Json, ReadError, in_parallel
from .deadline import begin_after, chain_length

# The oldest that has all that is read of networks, so that sovereign clouds, which lag, know it.
NETWORK_API = "2024-05-01"
# Addresses of scale set instances are served by this version only (it is what `az vmss
# list-instance-public-ips` asks for).
INSTANCE_ADDRESS_API = "2018-10-01"

Answers = Mapping[str, Any]
"""JSON, a list of it, ``None`` or ``Unreadable`` by lower-case path."""

_SUBNET = re.compile(r"^(?P<network>/.+/virtualnetworks/[^/]+)/subnets/[^/]+$", re.IGNORECASE)


class Once:
    """A reader that remembers; safe to use from many threads, which wait for one answer."""

    def __init__(self, reader: ArmReader) -> None:
        self._reader = reader
        self._answers: dict[str, Future[tuple[Any, int]]] = {}
        self._lock = threading.Lock()

    def ask(self, gets: Iterable[str] = (), lists: Iterable[str] = ()) -> dict[str, Any]:
        """Ask for resources and collections, all at once."""
        calls: dict[str, partial[Any]] = {}
        for path in gets:
            calls.setdefault(path.lower(), partial(self.get, path))
        for path in lists:
            calls.setdefault(path.lower(), partial(self.list, path))
        return dict(zip(calls, in_parallel(list(calls.values())), strict=True))

    def get(self, path: str) -> Json | None:
        """GET one resource; ``None``: it does not exist. Raises :class:`ReadError`.

        A subnet is taken from its network's answer, and asked for by itself only where that does
        not show it, or may not be read.
        """
        return self._once(path, lambda: self._subnet(path) if _SUBNET.match(path) else self._get(path))  # type: ignore[no-any-return]

    def list(self, path: str) -> list[Json] | None:
        """GET a collection, all its pages. ``None``: its parent does not exist. Raises :class:`ReadError`."""
        version = INSTANCE_ADDRESS_API if "/microsoft.compute/" in path.lower() else NETWORK_API
        return self._once(path, lambda: self._reader.list(path, version))  # type: ignore[no-any-return]

    def keep(self, body: Json) -> None:
        """Remember a resource that a list showed whole."""
        answer: Future[tuple[Any, int]] = Future()
        answer.set_result((body, chain_length()))
        with self._lock:
            self._answers.setdefault(str(body.get("id")).lower(), answer)

    def _get(self, path: str) -> Json | None:
        return self._reader.get(path, NETWORK_API)

    def _subnet(self, path: str) -> Json | None:
        match = _SUBNET.match(path)
        assert match is not None
        try:
            network = self.get(match["network"])
        except ReadError:
            return self._get(path)
        if network is None:
            return None
        return _shown_in(network, path) or self._get(path)

    def _once(self, path: str, call: Callable[[], Any]) -> Any:
        with self._lock:
            known = self._answers.get(path.lower())
            answer: Future[tuple[Any, int]] = known or Future()
            self._answers[path.lower()] = answer
        if known is None:
            try:
                found = call()
            except ReadError as error:
                found = error
            except BaseException as defect:
                answer.set_exception(defect)
                raise
            answer.set_result((found, chain_length()))
        found, chain = answer.result()
        begin_after(chain_length(), chain)
        if isinstance(found, ReadError):
            raise found
        return found


def _shown_in(network: Json, subnet_id: str) -> Json | None:
    properties = network.get("properties")
    subnets = properties.get("subnets") if isinstance(properties, dict) else None
    for subnet in subnets if isinstance(subnets, list) else ():
        if isinstance(subnet, dict) and str(subnet.get("id")).lower() == subnet_id.lower():
            return subnet
    return None
