"""A plain HTTPS client behind the proxy, for tests of the simulated cloud itself."""

from __future__ import annotations

import http.client
import json
import ssl
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from . import entra
from .az import Endpoint
from .state import Cloud


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.content)


class Client:
    """Sends requests as the cloud's caller; ``kept`` keeps one connection a host open."""

    def __init__(self, server: Endpoint, timeout: float = 60.0) -> None:
        self._server, self._timeout = server, timeout
        self._trust = ssl.create_default_context(cadata=server.ca_pem.decode())
        self.kept: dict[str, http.client.HTTPSConnection] = {}

    @property
    def cloud(self) -> Cloud:
        return self._server.cloud

    def connect(self, host: str) -> http.client.HTTPSConnection:
        connection = http.client.HTTPSConnection(
            "127.0.0.1", urlsplit(self._server.proxy).port, context=self._trust, timeout=self._timeout
        )
        connection.set_tunnel(host, 443)
        return connection

    def send(
        self, method: str, host: str, target: str, body: str | None = None, headers: dict[str, str] | None = None
    ) -> Answer:
        connection = self.kept.get(host) or self.connect(host)
        self.kept[host] = connection
        connection.request(method, target, body, headers or {})
        response = connection.getresponse()
        return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())

    def arm(
        self, path: str, version: str = "2025-11-01", method: str = "GET", body: Any = None, **query: str
    ) -> Answer:
        """Ask Resource Manager; ``filter`` in ``query`` becomes ``$filter``."""
        named = {("$filter" if name == "filter" else name): value for name, value in query.items()}
        target = f"{path.replace(' ', '%20')}?{urlencode({'api-version': version, **named})}"
        return self.arm_target(target, method, body)

    def arm_target(self, target: str, method: str = "GET", body: Any = None, tenant: str | None = None) -> Answer:
        token = entra.token(self.cloud, "https://management.azure.com", tenant)
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        return self.send(
            method, "management.azure.com", target, json.dumps(body) if body is not None else None, headers
        )

    def graph(self, target: str) -> Answer:
        token = entra.token(self.cloud, "https://graph.microsoft.com")
        return self.send(
            "GET", "graph.microsoft.com", target.replace(" ", "%20"), headers={"Authorization": f"Bearer {token}"}
        )

    def form(self, host: str, target: str, **fields: str) -> Answer:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.send("POST", host, target, urlencode(fields), headers)

    def close(self) -> None:
        for connection in self.kept.values():
            connection.close()
        self.kept.clear()
