"""Regions of a registry, from what was read of it."""

from __future__ import annotations

import pytest

from azext_acrpulldiag.facts import PrivateEndpointConnection, Unreadable
from azext_acrpulldiag.path.endpoints import own_hosts
from azext_acrpulldiag.path.regions import Regions, regions_of, routed_regions
from tests.build import registry, replication

WHY = Unreadable("forbidden", "no")
HERE, THERE = "westeurope", "northeurope"
DATA = "contosoreg.{}.data.azurecr.io".format
BOTH = (replication(HERE), replication(THERE))


@pytest.mark.parametrize(
    ("changes", "replications", "expected"),
    [
        ({}, (), Regions((HERE,), True)),
        ({"location": "West Europe"}, BOTH, Regions((HERE, THERE), True)),
        ({}, WHY, Regions((HERE,), False)),
        ({"sku": WHY}, WHY, Regions((HERE,), False)),
        ({"sku": "Standard"}, WHY, Regions((HERE,), True)),
        ({"data_endpoint_hosts": (DATA(HERE), DATA(THERE))}, WHY, Regions((HERE, THERE), True)),
        ({"data_endpoint_hosts": WHY}, BOTH, Regions((HERE, THERE), True)),
    ],
)
def test_regions(changes, replications, expected):
    assert regions_of(registry(**changes), replications) == expected


def test_the_login_server_leads_where_routing_is_not_off():
    out = replication(THERE, global_routing=False)
    assert routed_regions(registry(), (replication(HERE), out)).names == (HERE,)
    assert routed_regions(registry(), (replication(HERE), replication(THERE, global_routing=WHY))).names == (
        HERE,
        THERE,
    )
    nowhere = (replication(HERE, global_routing=False), out)
    assert routed_regions(registry(), nowhere).names == (HERE, THERE)


def connected(status="Approved"):
    return (PrivateEndpointConnection("/connection", status, "/endpoint"),)


@pytest.mark.parametrize(
    ("changes", "replications", "regions"),
    [
        ({}, BOTH, ()),
        ({"private_endpoints": connected("Pending")}, BOTH, ()),
        ({"private_endpoints": WHY}, BOTH, ()),
        ({"private_endpoints": connected()}, BOTH, (HERE, THERE)),
        ({"private_endpoints": connected(), "data_endpoint_hosts": WHY}, BOTH, (HERE, THERE)),
        ({"private_endpoints": connected()}, WHY, (HERE,)),
        ({"private_endpoints": connected(), "data_endpoint_hosts": (DATA(THERE),)}, BOTH, (THERE,)),
        ({"data_endpoint_hosts": (DATA(THERE),)}, WHY, (THERE,)),
    ],
)
def test_hosts_of_layers(changes, replications, regions):
    """An approved private endpoint brings data endpoints with it, also where they are not listed."""
    assert own_hosts(registry(**changes), (), replications) == ("contosoreg.azurecr.io", *map(DATA, regions))


def test_hosts_of_layers_have_the_label_of_the_login_server():
    labelled = registry(login_server="contosoreg-a1b2c3.azurecr.io", private_endpoints=connected())
    assert own_hosts(labelled, (), ())[1] == "contosoreg-a1b2c3.westeurope.data.azurecr.io"
