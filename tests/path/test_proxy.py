"""Mirror of path/past_proxy.py: the cases of Go's own tests of NO_PROXY, and those of a registry."""

from __future__ import annotations

import pytest

from azext_acrpulldiag.path.proxy import goes_past

REGISTRY = "contosoreg.azurecr.io"
DATA = "contosoreg.westeurope.data.azurecr.io"


@pytest.mark.parametrize(
    ("no_proxy", "host", "past"),
    [
        ((REGISTRY,), REGISTRY, True),
        (("ContosoReg.AzureCR.io ",), REGISTRY, True),
        (("contosoreg.azurecr.io:443",), REGISTRY, True),
        (("contosoreg.azurecr.io:8443",), REGISTRY, False),
        (("azurecr.io",), REGISTRY, True),
        (("azurecr.io",), DATA, True),
        ((".azurecr.io",), REGISTRY, True),
        ((".azurecr.io",), "azurecr.io", False),
        (("*.azurecr.io",), DATA, True),
        (("io",), REGISTRY, True),
        (("*",), REGISTRY, True),
        (("localhost,127.0.0.1, contosoreg.azurecr.io",), REGISTRY, True),
        ((REGISTRY,), DATA, False),
        ((".data.azurecr.io",), DATA, True),
        ((".data.azurecr.io",), REGISTRY, False),
        # The name that DNS leads to, and the addresses there, are not what is asked for.
        (("contosoreg.privatelink.azurecr.io",), REGISTRY, False),
        (("privatelink.azurecr.io",), REGISTRY, False),
        (("10.224.0.0/12", "10.0.0.5", "0.0.0.0/0"), REGISTRY, False),
        # A suffix begins at a dot, and a star elsewhere is no wildcard.
        (("reg.azurecr.io",), REGISTRY, False),
        (("*reg.azurecr.io",), REGISTRY, False),
        (("contosoreg.*",), REGISTRY, False),
        (("", ":443", "*."), REGISTRY, False),
        ((), REGISTRY, False),
    ],
)
def test_what_is_asked_without_the_proxy(no_proxy, host, past):
    assert goes_past(host, no_proxy) is past


@pytest.mark.parametrize(
    ("host", "past"),
    [
        ("barbaz.net", True),
        ("x.barbaz.net", True),
        ("bar.com", True),
        ("foo.bar.com", True),
        ("foobar.com", False),
        ("www.foobar.com", True),
        ("foofoobar.com", False),
        ("foo.wildcard.io", True),
        ("wildcard.io", False),
    ],
)
def test_several_entries_as_go_reads_them(host, past):
    assert goes_past(host, ["barbaz.net:80", ".foobar.com", "*.wildcard.io", "bar.com", "4.5.6.7"], "80") is past
