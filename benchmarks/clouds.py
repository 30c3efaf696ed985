"""The clouds that are measured in: a small one, and one as large as the budgets name."""

from __future__ import annotations

import uuid

from tests import build
from tests.azure import resources as make
from tests.azure.state import Cloud

POOLS, ASSIGNMENTS, NETWORKS = 100, 4000, 500
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"


def small() -> Cloud:
    """The healthy pair, and an application for the commands that ask for one."""
    cloud = Cloud()
    cloud.grant()
    cloud.application(build.APP_ID)
    return cloud


def walled() -> Cloud:
    """The healthy pair with a firewall on the registry, so that outbound addresses are read as well."""
    cloud = small()
    cloud.firewall((make.OUTBOUND_IP,))
    return cloud


def large() -> Cloud:
    """The same with many pools, assignments that the registry inherits, and peered networks."""
    cloud = walled()
    for number in range(1, POOLS):
        cloud.add_pool(f"pool{number + 1}")
    for number in range(ASSIGNMENTS):
        cloud.grant(str(uuid.UUID(int=number + 1)), READER, f"/subscriptions/{build.SUBSCRIPTION}")
    for number in range(NETWORKS - 1):
        network_id = f"{make.VNET_ID}-{number}"
        cloud.resources.add(make.virtual_network(network_id, f"10.{number % 200}.0.0/16"))
        cloud.peer(make.VNET_ID, network_id)
    return cloud
