"""Managed identities through the real azure-mgmt-msi, against recorded answers and faults."""

import pytest

from azext_acrpulldiag.collect.azure.identity import managed_identity_from, read_managed_identity
from azext_acrpulldiag.facts import ManagedIdentity, Unreadable
from tests.build import IDENTITY_ID
from tests.collect.here import azure_here
from tests.recordings import body

CLIENT = "556252cf-f0a6-4392-bd99-6bf8b72a994b"
PRINCIPAL = "b7d1d9ae-4f51-4c3e-9b51-0a4f6f3f9c21"
REFUSED = {"error": {"code": "AuthorizationFailed", "message": "no"}}


def recorded(name="uami_get_2024_11_30", **properties):
    answer = body(f"identity/{name}")
    answer["properties"].update({"clientId": CLIENT, "principalId": PRINCIPAL, "tenantId": "t-1"}, **properties)
    return answer


@pytest.mark.parametrize("name", ["uami_get_2024_11_30", "uami_get_2023_01_31"])
def test_reads_the_identity_in_one_request(name):
    answer = recorded(name)
    with azure_here({IDENTITY_ID: (200, answer)}) as (here, session):
        found = read_managed_identity(session, IDENTITY_ID)
    assert found == ManagedIdentity(answer["id"], CLIENT, PRINCIPAL, "t-1")
    assert len(here.requests) == session.meter.requests == 1


def test_a_recorded_404_is_an_absence():
    with azure_here({IDENTITY_ID: (404, body("identity/uami_get_404"))}) as (_, session):
        assert read_managed_identity(session, IDENTITY_ID) is None


def test_an_identity_whose_group_is_gone_is_gone():
    answer = (404, {"error": {"code": "ResourceGroupNotFound", "message": "gone"}})
    with azure_here({IDENTITY_ID: answer}) as (_, session):
        assert read_managed_identity(session, IDENTITY_ID) is None


@pytest.mark.parametrize(
    ("answer", "reason", "permission"),
    [
        ((403, REFUSED), "forbidden", "Microsoft.ManagedIdentity/userAssignedIdentities/read"),
        ((404, {"error": {"code": "SubscriptionNotFound", "message": "no"}}), "unsupported", None),
        ((404, b"<html>proxy</html>"), "unsupported", None),
        ((401, {"error": {"code": "InvalidAuthenticationTokenTenant", "message": "no"}}), "not-logged-in", None),
        ((200, b"<html>proxy</html>"), "malformed", None),
        ((200, b'{"id": "x", "prop'), "malformed", None),
        ((200, {"id": "x"}), "not-shown", None),
        ("reset", "unreachable", None),
    ],
)
def test_no_answer_is_unreadable(answer, reason, permission):
    with azure_here({IDENTITY_ID: answer}) as (_, session):
        found = read_managed_identity(session, IDENTITY_ID)
    assert isinstance(found, Unreadable)
    assert (found.reason, found.permission) == (reason, permission)


def test_a_server_that_drips_ends_at_the_deadline():
    with azure_here({IDENTITY_ID: "drip"}, seconds=0.6) as (_, session):
        found = read_managed_identity(session, IDENTITY_ID)
    assert isinstance(found, Unreadable)
    assert found.reason == "timeout"


def test_asks_nothing_for_what_is_no_identity_id():
    with azure_here({}) as (here, session):
        found = read_managed_identity(session, "/subscriptions/s/resourceGroups/g")
    assert isinstance(found, Unreadable)
    assert (found.reason, here.requests) == ("malformed", [])


@pytest.mark.parametrize("member", ["clientId", "principalId", "tenantId"])
@pytest.mark.parametrize("value", [None, ""])
def test_an_id_that_is_not_shown_is_not_made_up(member, value):
    from azure.mgmt.msi.v2024_11_30.models import Identity

    found = managed_identity_from(Identity.deserialize(recorded(**{member: value})))
    assert isinstance(found, Unreadable)
    assert found.reason == "not-shown"


@pytest.mark.parametrize("member", ["clientId", "principalId"])
def test_an_id_that_is_none_is_not_taken_for_another(member):
    from azure.mgmt.msi.v2024_11_30.models import Identity

    found = managed_identity_from(Identity.deserialize(recorded(**{member: ["list"]})))
    assert isinstance(found, Unreadable)
    assert found.reason == "malformed"


@pytest.mark.parametrize("name", ["uami_get_2024_11_30", "uami_get_2023_01_31"])
def test_maps_what_the_real_model_reads(name):
    from azure.mgmt.msi.v2024_11_30.models import Identity

    answer = recorded(name)
    assert managed_identity_from(Identity.deserialize(answer)) == ManagedIdentity(
        answer["id"], CLIENT, PRINCIPAL, "t-1"
    )
