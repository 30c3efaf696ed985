"""Connections share what trusting costs."""

from __future__ import annotations

import ssl
from types import SimpleNamespace

import pytest

pytest.importorskip("urllib3", reason="urllib3 comes with azure-cli")
certifi = pytest.importorskip("certifi", reason="certifi comes with azure-cli")

from azext_acrpulldiag.collect.ask.transport import Trust  # noqa: E402


def connection(**changes):
    settings = {
        "ca_certs": certifi.where(), "ca_cert_dir": None, "cert_reqs": "CERT_REQUIRED", "ssl_context": None,
        "cert_file": None,
    }  # fmt: skip
    return SimpleNamespace(**(settings | changes))


def test_connections_that_trust_the_same_authorities_share_one_context():
    trust, first, second = Trust(), connection(), connection()
    trust.lend(first)
    trust.lend(second)
    assert first.ssl_context is second.ssl_context
    assert (first.ssl_context.verify_mode, first.ssl_context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert len(first.ssl_context.get_ca_certs()) > 50
    assert first.ca_certs is None  # or urllib3 would read the bundle into the context again


@pytest.mark.parametrize(
    "changes",
    [
        {"cert_reqs": "CERT_NONE", "ca_certs": None},
        {"cert_reqs": "CERT_NONE"},
        {"ca_certs": None},
        {"cert_file": "client.pem"},
        {"ssl_context": object()},
    ],
)
def test_a_connection_with_other_wishes_is_left_alone(changes):
    changed = connection(**changes)
    before = dict(vars(changed))
    Trust().lend(changed)
    assert vars(changed) == before
