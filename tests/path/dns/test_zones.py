"""Names behind the public ones."""

from __future__ import annotations

import pytest

from azext_acrpulldiag.path.dns.zones import private_name, zone_name
from tests.build import registry

LOGIN, DATA = "r-abc.azurecr.io", "r-abc.westeurope.data.azurecr.io"


@pytest.mark.parametrize(
    ("login_server", "host", "expected"),
    [
        (LOGIN, LOGIN, "r-abc.privatelink.azurecr.io"),
        (LOGIN, DATA, "r-abc.westeurope.data.privatelink.azurecr.io"),
        ("r.azurecr.cn", "r.azurecr.cn", "r.privatelink.azurecr.cn"),
        ("r.azurecr.some.cloud.test", "r.azurecr.some.cloud.test", "r.privatelink.azurecr.some.cloud.test"),
    ],
)
def test_the_name_behind_the_public_one(login_server, host, expected):
    assert private_name(registry(login_server=login_server), host) == expected


def test_the_zone_is_that_of_the_registrys_cloud():
    assert zone_name(registry(login_server=LOGIN)) == "privatelink.azurecr.io"
    assert zone_name(registry(login_server="R.azurecr.some.cloud.TEST")) == "privatelink.azurecr.some.cloud.test"
