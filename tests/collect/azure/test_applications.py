"""Microsoft Graph through the real pipeline, against recorded answers and faults."""

import time
from dataclasses import replace
from datetime import datetime, timezone

import pytest

from azext_acrpulldiag.collect.azure.applications import (
    PERMISSION,
    passwords_from,
    read_service_principal,
    service_principal_from,
)
from azext_acrpulldiag.facts import PasswordCredential, ServicePrincipal, Unreadable
from tests.build import SUBSCRIPTION, TENANT
from tests.collect.here import azure_here
from tests.recordings import body

APP_ID = "afb85a07-e312-4d49-b75b-9db4e2d683cd"
APPLICATION = f"/v1.0/applications(appId='{APP_ID}')"
PRINCIPAL = f"/v1.0/servicePrincipals(appId='{APP_ID}')"
GONE = (404, body("graph/error_404_request_resourcenotfound"))
DENIED = (403, body("graph/error_403_authorization_requestdenied"))
OTHER_TENANT = "72f988bf-86f1-41af-91ab-2d7cd011db47"
KEY_2 = PasswordCredential(
    "58ed553a-d3af-4520-8d81-4775274faac5",
    datetime(2022, 5, 7, 6, 52, 46, tzinfo=timezone.utc),
    datetime(2023, 5, 7, 6, 52, 46, tzinfo=timezone.utc),
)


def application():
    return body("graph/application_get")


def principal(name="serviceprincipals_filter_aks_sp", **changes):
    return {**body(f"graph/{name}")["value"][0], "appOwnerOrganizationId": TENANT, **changes}


def read(application_answer, principal_answer, seconds=20.0):
    with azure_here({APPLICATION: application_answer, PRINCIPAL: principal_answer}, seconds) as (here, session):
        return read_service_principal(session, SUBSCRIPTION, APP_ID), here, session


def test_reads_both_objects_at_once_and_only_what_it_needs():
    found, here, session = read((200, application()), (200, principal()))
    assert isinstance(found, ServicePrincipal)
    assert (found.app_id, found.object_id, found.enabled) == (APP_ID, "119e1aeb-4592-42d6-9507-c66df857924f", True)
    assert (found.application_object_id, found.home_tenant_id) == ("765eb0e3-acb3-475d-9a98-ee6892f081c8", TENANT)
    assert KEY_2 in found.passwords
    assert (len(found.passwords), found.seen_passwords) == (2, ())
    assert (session.meter.requests, session.meter.longest_chain) == (2, 1)
    assert {tuple(query) for _, query, _ in here.requests} == {("$select",)}
    assert {headers["X-Meant-For"] for _, _, headers in here.requests} == {"graph.microsoft.com"}
    assert {headers["Authorization"] for _, _, headers in here.requests} == {
        "Bearer token for https://graph.microsoft.com//.default"
    }


def test_secrets_of_both_objects_count():
    found, *_ = read((200, application()), (200, principal("serviceprincipal_with_passwordcredentials")))
    assert len(found.passwords) == 4


def test_neither_hint_nor_secret_text_is_kept():
    shown = application()
    shown["passwordCredentials"][0].update(hint="jis", secretText="s3cr3t-text")
    found, *_ = read((200, shown), (200, principal()))
    assert "s3cr3t-text" not in repr(found)
    assert "jis" not in repr(found)


def test_the_recorded_404_is_an_absence():
    found, *_ = read(GONE, GONE)
    assert (found.object_id, found.application_object_id, found.home_tenant_id) == (None, None, None)
    assert found.passwords == ()
    assert isinstance(found.enabled, Unreadable)


def test_a_deleted_application_leaves_the_secrets_of_its_service_principal():
    found, *_ = read(GONE, (200, principal("serviceprincipal_with_passwordcredentials")))
    assert (found.application_object_id, found.home_tenant_id, len(found.passwords)) == (None, TENANT, 2)


def test_a_service_principal_that_is_gone_leaves_the_application():
    found, *_ = read((200, application()), GONE)
    assert (found.object_id, found.home_tenant_id, len(found.passwords)) == (None, TENANT, 2)


@pytest.mark.parametrize("owner", [OTHER_TENANT, None])
def test_the_secrets_of_another_tenants_application_are_not_shown(owner):
    shown = principal("serviceprincipal_with_passwordcredentials", appOwnerOrganizationId=owner)
    found, *_ = read(GONE, (200, shown))
    assert found.home_tenant_id == owner
    assert isinstance(found.passwords, Unreadable)
    assert found.passwords.reason == "not-shown"
    assert len(found.seen_passwords) == 2


def test_a_refusal_names_the_permission():
    found, *_ = read(DENIED, DENIED)
    for fact in (found.object_id, found.enabled, found.application_object_id, found.home_tenant_id, found.passwords):
        assert isinstance(fact, Unreadable)
        assert (fact.reason, fact.permission) == ("forbidden", PERMISSION)


def test_what_one_object_shows_survives_the_refusal_of_the_other():
    found, *_ = read(DENIED, (200, principal("serviceprincipal_with_passwordcredentials")))
    assert (found.object_id, found.enabled, found.home_tenant_id) == (
        "66e30abb-1162-47a4-97e7-007bf57bb3ac",
        True,
        TENANT,
    )
    assert isinstance(found.application_object_id, Unreadable)
    assert isinstance(found.passwords, Unreadable)
    assert len(found.seen_passwords) == 2


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ((401, {"error": {"code": "InvalidAuthenticationToken"}}), "not-logged-in"),
        ((404, {"error": {"code": "ResourceNotFound"}}), "unsupported"),
        ((404, b"<html>"), "unsupported"),
        ((403, b"<html>"), "forbidden"),
        ((200, b"<html>"), "malformed"),
        ((200, b'{"id": "x", "pass'), "malformed"),
        ((200, []), "malformed"),
        ((200, {}), "not-shown"),
        ((200, {"id": 5, "accountEnabled": "yes", "passwordCredentials": {}}), "malformed"),
        ("reset", "unreachable"),
    ],
)
def test_no_answer_is_unreadable_and_never_an_absence(answer, reason):
    found, *_ = read(answer, answer)
    facts = [found.object_id, found.enabled, found.application_object_id, found.passwords]
    assert [fact.reason for fact in facts] == [reason] * 4


def test_a_server_that_drips_ends_at_the_deadline():
    began = time.monotonic()
    found, *_ = read("drip", "drip", seconds=0.6)
    assert isinstance(found.passwords, Unreadable)
    assert found.passwords.reason == "timeout"
    assert time.monotonic() - began < 20


def test_a_login_that_is_refused_is_unreadable_as_a_whole():
    from knack.util import CLIError

    with azure_here({}) as (_, session):

        def refuse(subscription):
            raise CLIError("Please run 'az login'")

        session.credential = refuse
        found = read_service_principal(session, SUBSCRIPTION, APP_ID)
    assert isinstance(found, Unreadable)
    assert found.reason == "not-logged-in"


def test_a_cluster_that_another_tenant_manages_is_not_looked_up_in_the_wrong_one():
    with azure_here({APPLICATION: GONE, PRINCIPAL: GONE}) as (here, session):
        session.subscriptions = lambda: [{"id": SUBSCRIPTION, "tenantId": TENANT, "homeTenantId": OTHER_TENANT}]
        found = read_service_principal(session, SUBSCRIPTION, APP_ID)
    assert isinstance(found, Unreadable)
    assert (found.reason, here.requests) == ("unsupported", [])


def test_an_application_id_cannot_leave_its_place_in_the_address():
    with azure_here({}) as (here, session):
        read_service_principal(session, SUBSCRIPTION, "x')/owners?$select=id&y='")
    assert {path.rpartition("(")[0] for path, _, _ in here.requests} == {
        "/v1.0/applications",
        "/v1.0/servicePrincipals",
    }
    assert {tuple(query) for _, query, _ in here.requests} == {("$select",)}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"endDateTime": "soon"}, "malformed"),
        ({"startDateTime": 5}, "malformed"),
    ],
)
def test_a_validity_that_cannot_be_read_is_not_guessed(change, reason):
    shown = application()
    shown["passwordCredentials"][0].update(change)
    found = passwords_from(shown)
    assert isinstance(found, Unreadable)
    assert found.reason == reason


def test_a_secret_without_an_end_has_none():
    shown = application()
    shown["passwordCredentials"][0]["endDateTime"] = None
    assert replace(KEY_2, end=None) in passwords_from(shown)


def test_dates_come_with_and_without_fractions():
    shown = application()
    shown["passwordCredentials"][0]["endDateTime"] = "2023-05-07T06:52:46.1234567Z"
    (first, _) = passwords_from(shown)
    assert first.end == datetime(2023, 5, 7, 6, 52, 46, 123456, tzinfo=timezone.utc)


def test_tenants_compare_without_case():
    found = service_principal_from(APP_ID, TENANT.upper(), None, principal())
    assert found.passwords == ()
