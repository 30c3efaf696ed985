"""What a registry itself says: code and message, cache rule, the client's address."""

from __future__ import annotations

import json

import pytest

from azext_acrpulldiag.pull_errors import CacheRule, Said, classify

HEAD = "unexpected status from HEAD request to https://contosoreg.azurecr.io/v2/shop/web/manifests/v1"
FIREWALL = "client with IP '20.88.7.6' is not allowed access. Refer https://aka.ms/acr/firewall to grant access."
DENIED = "requested access to pull from source 'docker.io/library/a/b' for cache rule 'hub-rule' has been denied."


def _json(code: str, message: str) -> str:
    return json.dumps({"errors": [{"code": code, "message": message, "detail": None}]})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{HEAD}: 403 Forbidden\ndenied: {FIREWALL}", Said("DENIED", FIREWALL)),
        (f"{HEAD}: 403 Forbidden: denied: {FIREWALL}", Said("DENIED", FIREWALL)),
        (f"{HEAD}: 403 Forbidden - Server message: denied: {FIREWALL}", Said("DENIED", FIREWALL)),
        (f"{HEAD}: 424 Failed Dependency - Server message: unknown: {DENIED}", Said("UNKNOWN", DENIED)),
        (f"{HEAD}: 403 Forbidden\n{_json('DENIED', FIREWALL)}", Said("DENIED", FIREWALL)),
        (f'Get "https://contosoreg.azurecr.io/v2/": denied: {_json("DENIED", FIREWALL)}', Said("DENIED", FIREWALL)),
        (f"response={json.dumps({'message': f'Head: denied: {FIREWALL}'})}", Said("DENIED", FIREWALL)),
        (
            f"[rpc error: code = Unknown desc = Error response from daemon: denied: {FIREWALL}, "
            f"failed to resolve reference: {HEAD}: EOF]: ErrImagePull",
            Said("DENIED", FIREWALL),
        ),
        (
            "Error response from daemon: manifest for a/b:c not found: manifest unknown: manifest tagged by "
            '"c" is not found: ImagePullBackOff',
            Said("MANIFEST_UNKNOWN", 'manifest tagged by "c" is not found'),
        ),
        (
            "Error response from daemon: error from registry: authentication required, visit https://x.y/z",
            Said(None, "authentication required, visit https://x.y/z"),
        ),
        ("requested access: errors:\ndenied: not yours\n", Said("DENIED", "not yours")),
        (f"{HEAD}: 403 Forbidden", None),
        ("open /var/lib/x: permission denied: y", None),
    ],
)
def test_the_registrys_own_error(text: str, said: Said | None) -> None:
    assert classify(f"failed to resolve reference: {text}").said == said


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (DENIED, CacheRule("hub-rule", "docker.io/library/a/b")),
        (_json("DENIED", DENIED), CacheRule("hub-rule", "docker.io/library/a/b")),
        ("too many requests to source registry for cache rule 'sdk'. CorrelationId: 79", CacheRule("sdk", None)),
        ("authentication required with source registry for cache rule 'r1' For more", CacheRule("r1", None)),
        ("request to pull from source 's/i' for cache rule 'r' has failed", CacheRule("r", "s/i")),
        ("the cache rule is gone", None),
    ],
)
def test_the_cache_rule(text: str, rule: CacheRule | None) -> None:
    assert classify(f"{HEAD}: 403 Forbidden: denied: {text}").cache_rule == rule


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (FIREWALL, "20.88.7.6"),
        (_json("DENIED", FIREWALL).replace("'", "\\u0027"), "20.88.7.6"),
        ("client with IP 2001:DB8::1 is not allowed access", "2001:db8::1"),
        ("client with IP 'x.x.x.x' is not allowed access", None),
        ("dial tcp 20.1.2.3:443: i/o timeout", None),
    ],
)
def test_the_clients_address_is_the_firewalls_only(text: str, address: str | None) -> None:
    error = classify(f"{HEAD}: {text}")
    assert error.client_address == address


def test_the_address_of_another_attempt_counts_too() -> None:
    error = classify(f"[failed to resolve reference: {HEAD}: 403 Forbidden, failed to authorize: denied: {FIREWALL}]")
    assert error.client_address == "20.88.7.6"
