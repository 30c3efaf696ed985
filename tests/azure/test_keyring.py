"""Pull secrets as kubelet reads them."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from tests.azure.keyring import credentials

IMAGE = "contosoreg.azurecr.io/team/app:1.2"
OWN = {"username": "me", "password": "secret"}


def secret(listed: Any, kind: str = "kubernetes.io/dockerconfigjson") -> dict[str, Any]:
    is_old = kind.endswith("dockercfg")
    content = base64.b64encode(json.dumps(listed if is_old else {"auths": listed}).encode()).decode()
    return {"type": kind, "data": {".dockercfg" if is_old else ".dockerconfigjson": content}}


@pytest.mark.parametrize(
    ("place", "fits"),
    [
        ("contosoreg.azurecr.io", True),
        ("https://contosoreg.azurecr.io", True),
        ("https://contosoreg.azurecr.io/v2/", True),
        ("contosoreg.azurecr.io/team", True),
        ("contosoreg.azurecr.io/other", False),
        ("*.azurecr.io", True),
        ("*.io", False),
        ("contosoreg.azurecr.io:443", False),
        ("oldreg.azurecr.io", False),
    ],
)
def test_an_entry_is_for_a_place(place: str, fits: bool) -> None:
    assert [each.user for each in credentials([secret({place: OWN})], IMAGE)] == (["me"] if fits else [])


def test_the_more_specific_place_comes_first() -> None:
    listed = {"contosoreg.azurecr.io": OWN | {"username": "a"}, "contosoreg.azurecr.io/team": OWN | {"username": "b"}}
    assert [each.user for each in credentials([secret(listed)], IMAGE)] == ["b", "a"]


def test_the_field_auth_wins_over_user_and_password() -> None:
    (found,) = credentials(
        [secret({"contosoreg.azurecr.io": OWN | {"auth": base64.b64encode(b"x:y:z").decode()}})], IMAGE
    )
    assert (found.user, found.password) == ("x", "y:z")


def test_secrets_of_other_types_are_passed_over() -> None:
    old = secret({"contosoreg.azurecr.io": OWN}, "kubernetes.io/dockercfg")
    opaque = secret({"contosoreg.azurecr.io": OWN}) | {"type": "Opaque"}
    assert len(credentials([old, opaque, {"type": "kubernetes.io/dockerconfigjson"}], IMAGE)) == 1


@pytest.mark.parametrize("auth", ["bm8tY29sb24=", "!"])
def test_one_entry_that_cannot_be_read_fails_them_all(auth: str) -> None:
    with pytest.raises(ValueError, match="auth field"):
        credentials([secret({"contosoreg.azurecr.io": OWN, "another.example.com": {"auth": auth}})], IMAGE)
