"""The certificate authority that the simulated cloud's hosts are signed by."""

from __future__ import annotations

import ssl
import threading
from datetime import datetime, timedelta, timezone
from functools import lru_cache

import trustme


class Authority:
    """One authority a process; a server certificate a host, made when first asked for."""

    def __init__(self) -> None:
        self._ca = trustme.CA(organization_name="Simulated Azure for tests")
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._lock = threading.Lock()

    @property
    def pem(self) -> bytes:
        """The authority's own certificate."""
        return self._ca.cert_pem.bytes()

    def expired(self, host: str) -> ssl.SSLContext:
        """A context for ``host`` whose certificate ran out."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        yesterday = datetime.now(timezone.utc) - timedelta(days=1)
        self._ca.issue_cert(host, not_before=yesterday - timedelta(days=1), not_after=yesterday).configure_cert(context)
        return context

    def context(self, host: str) -> ssl.SSLContext:
        """A server-side TLS context for ``host``."""
        with self._lock:
            if host not in self._contexts:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                self._ca.issue_cert(host).configure_cert(context)
                context.set_alpn_protocols(["http/1.1"])
                self._contexts[host] = context
            return self._contexts[host]


@lru_cache(maxsize=1)
def authority() -> Authority:
    """The authority of this process."""
    return Authority()
