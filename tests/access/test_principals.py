"""Which other principals are provably this cluster's."""

import pytest

from azext_acrpulldiag.access.principals import other_principals
from azext_acrpulldiag.facts import AssignedIdentity, Puller, Unreadable
from tests.build import (
    APP_ID,
    APP_OBJECT_ID,
    CONTROL_PLANE_OBJECT_ID,
    IDENTITY_ID,
    KUBELET_CLIENT_ID,
    KUBELET_OBJECT_ID,
    SP_OBJECT_ID,
    cluster,
    scale_set,
    service_principal,
)

KUBELET = Puller(KUBELET_OBJECT_ID, KUBELET_CLIENT_ID, "kubelet-identity", "prod-agentpool")
FORBIDDEN = Unreadable("forbidden", "no right")


def test_a_managed_identity_cluster():
    hosts = (scale_set(), scale_set("gpu", identities=(AssignedIdentity(f"{IDENTITY_ID}-old", "OLD", None),)))
    others = other_principals(KUBELET, cluster(), None, hosts)
    assert set(others) == {KUBELET_CLIENT_ID, CONTROL_PLANE_OBJECT_ID, "old"}
    assert "prod-agentpool-old" in others["old"]


def test_the_puller_itself_is_never_another():
    same = cluster(control_plane_principal_ids=(KUBELET_OBJECT_ID.upper(),))
    assert KUBELET_OBJECT_ID not in other_principals(KUBELET, same, None, (scale_set(),))


def test_a_service_principal_cluster():
    puller = Puller(SP_OBJECT_ID, APP_ID, "service-principal", APP_ID)
    others = other_principals(puller, cluster(control_plane_principal_ids=()), service_principal(), ())
    assert set(others) == {APP_ID, APP_OBJECT_ID}


@pytest.mark.parametrize("application", [None, FORBIDDEN])
def test_an_application_object_that_is_gone_or_unread_adds_nothing(application):
    puller = Puller(SP_OBJECT_ID, APP_ID, "service-principal", APP_ID)
    found = service_principal(application_object_id=application)
    assert set(other_principals(puller, FORBIDDEN, found, FORBIDDEN)) == {APP_ID}


def test_what_could_not_be_read_adds_nothing():
    hosts = (scale_set(identities=FORBIDDEN),)
    unread = cluster(control_plane_principal_ids=FORBIDDEN)
    assert set(other_principals(KUBELET, unread, FORBIDDEN, hosts)) == {KUBELET_CLIENT_ID}
