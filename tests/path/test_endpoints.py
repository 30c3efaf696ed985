"""Mirror of path/endpoints.py: the hosts that a pull talks to."""

from __future__ import annotations

from dataclasses import replace

import pytest

from azext_acrpulldiag.facts import EndpointAddress, Unreadable
from azext_acrpulldiag.path.endpoints import own_hosts
from tests.build import DATA_HOST, private_endpoint, private_registry, registry, replication

LOGIN = "contosoreg.azurecr.io"
NORTH = "contosoreg.northeurope.data.azurecr.io"
UNREAD = Unreadable("forbidden", "no", "Microsoft.Network/networkInterfaces/read")


def with_data_of(*hosts, status="Approved"):
    data = tuple(EndpointAddress("10.225.0.7", f"registry_data_{host.split('.')[1]}", (host,)) for host in hosts)
    return private_endpoint(status=status, addresses=(EndpointAddress("10.225.0.6", "registry", (LOGIN,)), *data))


@pytest.mark.parametrize(
    ("listed", "endpoints", "expected"),
    [
        ((DATA_HOST,), (), (DATA_HOST,)),
        ((), (with_data_of(DATA_HOST.upper()),), (DATA_HOST,)),
        ((DATA_HOST,), (with_data_of(DATA_HOST, NORTH),), (DATA_HOST, NORTH)),
        ((), (with_data_of(NORTH, status="Pending"),), (DATA_HOST,)),
        (UNREAD, (with_data_of(NORTH),), (NORTH,)),
        ((), (replace(with_data_of(), addresses=UNREAD),), (DATA_HOST,)),
        ((), UNREAD, (DATA_HOST,)),
    ],
)
def test_data_endpoints_are_those_of_the_registry_and_of_its_approved_endpoints(listed, endpoints, expected):
    assert own_hosts(private_registry(data_endpoint_hosts=listed), endpoints, ()) == (LOGIN, *expected)


@pytest.mark.parametrize("connections", [{}, {"private_endpoints": UNREAD}])
def test_no_data_endpoint_is_made_up_without_an_approved_endpoint(connections):
    assert own_hosts(registry(data_endpoint_hosts=(), **connections), (), ()) == (LOGIN,)
    assert own_hosts(private_registry("Pending", data_endpoint_hosts=()), (), ()) == (LOGIN,)


def test_without_any_shown_there_is_one_in_each_region():
    of = private_registry(data_endpoint_hosts=())
    assert own_hosts(of, (), (replication("northeurope"),)) == (LOGIN, DATA_HOST, NORTH)
    assert own_hosts(of, (), UNREAD) == (LOGIN, DATA_HOST)
