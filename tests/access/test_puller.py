"""Mirror of puller.py."""

import pytest

from azext_acrpulldiag.access.puller import accounts_pull, default_identity, puller_of
from azext_acrpulldiag.facts import Puller, ServiceAccountPull, Unreadable
from tests.build import (
    APP_ID,
    KUBELET_CLIENT_ID,
    KUBELET_OBJECT_ID,
    SP_OBJECT_ID,
    cluster,
    service_principal,
    service_principal_facts,
)

WHY = Unreadable("forbidden", "no")
SP_CLUSTER = service_principal_facts().cluster


@pytest.mark.parametrize(
    ("its_cluster", "principal", "expected"),
    [
        (cluster(), None, Puller(KUBELET_OBJECT_ID, KUBELET_CLIENT_ID, "kubelet-identity", "prod-agentpool")),
        (cluster(kubelet_identity=None), None, None),
        (cluster(kubelet_identity=WHY), None, WHY),
        (WHY, None, WHY),
        (SP_CLUSTER, service_principal(), Puller(SP_OBJECT_ID, APP_ID, "service-principal", APP_ID)),
        (SP_CLUSTER, service_principal(object_id=None), None),
        (SP_CLUSTER, service_principal(object_id=WHY), WHY),
        (SP_CLUSTER, WHY, WHY),
    ],
)
def test_names_who_pulls(its_cluster, principal, expected):
    assert puller_of(its_cluster, principal) == expected


@pytest.mark.parametrize(
    ("profile", "pull", "default"),
    [
        (ServiceAccountPull(True, "/default"), True, "/default"),
        (ServiceAccountPull(True, None), True, None),
        (ServiceAccountPull(False, None), False, None),
        (None, False, None),
        (WHY, False, None),
    ],
)
def test_whether_service_accounts_pull(profile, pull, default):
    found = cluster(service_account_pull=profile)
    assert (accounts_pull(found), default_identity(found)) == (pull, default)
    assert puller_of(found, None).object_id == KUBELET_OBJECT_ID  # for what nodes get through a mirror


def test_a_service_principal_that_nobody_read_is_not_absent():
    assert isinstance(puller_of(SP_CLUSTER, None), Unreadable)
