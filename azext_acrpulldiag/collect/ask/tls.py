"""What a connection to a cluster's API server trusts and shows: contexts made of a kubeconfig's certificates."""

from __future__ import annotations

import base64
import os
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from .arm import Json


def tls_of(cluster: Json, user: Json | None) -> ssl.SSLContext:
    """A context that trusts the cluster's own authority only, and shows the user's certificate if it must.

    Not :func:`ssl.create_default_context`: from Python 3.13 on it refuses authorities without
    a key identifier, which clusters have.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority = cluster.get("certificate-authority-data")
    if authority:
        context.load_verify_locations(cadata=base64.b64decode(authority).decode("ascii"))
    else:
        context.load_default_certs()
    if user and "client-certificate-data" in user:
        pair = base64.b64decode(user["client-certificate-data"]) + b"\n" + base64.b64decode(user["client-key-data"])
        with _as_file(pair) as path:
            context.load_cert_chain(path)
    return context


@contextmanager
def _as_file(content: bytes) -> Iterator[str]:
    """A path that reads as ``content`` and leaves nothing behind: OpenSSL takes a client key from a path only."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("acrpulldiag", os.MFD_CLOEXEC)
        try:
            os.write(descriptor, content)
            yield f"/proc/self/fd/{descriptor}"
        finally:
            os.close(descriptor)
        return
    descriptor, path = tempfile.mkstemp(prefix="acrpulldiag-")  # readable by its owner only
    try:
        os.write(descriptor, content)
        os.close(descriptor)
        yield path
    finally:
        with suppress(OSError):
            Path(path).unlink()


def tls_of_files(configuration: Any) -> ssl.SSLContext:
    """The context that kubernetes' ``Configuration`` of a kubeconfig file asks for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if not configuration.verify_ssl:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    elif configuration.ssl_ca_cert:
        context.load_verify_locations(configuration.ssl_ca_cert)
    else:
        context.load_default_certs()
    if configuration.cert_file:
        context.load_cert_chain(configuration.cert_file, configuration.key_file)
    return context
