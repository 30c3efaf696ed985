"""Which hosts a Go program asks without its proxy: containerd and kubelet's credential provider are such. Pure.

The rules are those of Go's ``golang.org/x/net/http/httpproxy``, by which ``NO_PROXY`` is read
(https://pkg.go.dev/golang.org/x/net/http/httpproxy). They look at the host that is asked for, before any
name resolution: neither a range of addresses nor the ``privatelink`` name that DNS answers with
excepts a registry.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..facts import Cluster, Unreadable

HTTPS = "443"


def goes_past(host: str, no_proxy: Iterable[str], port: str = HTTPS) -> bool:
    """Tell whether ``no_proxy`` excepts a host, given by name.

    An entry ``example.com`` stands for that name and all below it, ``.example.com`` and
    ``*.example.com`` for those below it, ``*`` for everything; with a port, for that port only.
    """
    wanted = host.strip().lower()
    entries = [entry.strip().lower() for each in no_proxy for entry in each.split(",")]
    return "*" in entries or any(_excepts(entry, wanted, port) for entry in entries)


def proxy_for(host: str, cluster: Cluster | Unreadable) -> str | Unreadable | None:
    """The proxy that nodes send requests for ``https://host`` to; ``None``: they send them there themselves."""
    proxy = cluster if isinstance(cluster, Unreadable) else cluster.http_proxy
    if proxy is None or isinstance(proxy, Unreadable):
        return proxy
    if proxy.https is None:
        return None
    if isinstance(proxy.no_proxy, Unreadable):
        return proxy.no_proxy
    return None if goes_past(host, proxy.no_proxy) else proxy.https


def _excepts(entry: str, host: str, port: str) -> bool:
    name, colon, only = entry.rpartition(":")
    if not colon:
        name, only = entry, ""
    suffix = name[1:] if name.startswith("*.") else name
    if not suffix or (only and only != port):
        return False
    if suffix.startswith("."):
        return host.endswith(suffix)
    return host == suffix or host.endswith(f".{suffix}")
