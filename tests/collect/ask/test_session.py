"""Mirror of collect/session.py and collect/transport.py."""

from __future__ import annotations

import threading
import time

import pytest

from azext_acrpulldiag.collect.ask.arm import ReadError, translated_errors
from azext_acrpulldiag.collect.ask.deadline import Deadline, Meter, begin_after, chain_length
from azext_acrpulldiag.collect.ask.session import SharedToken
from azext_acrpulldiag.facts import Unreadable
from tests.collect.local_azure import OTHER_SUBSCRIPTION, SUBSCRIPTION, TENANT, Credential, Login, answer, silent

SCOPE = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg"
ROLES = f"{SCOPE}/providers/Microsoft.Authorization/roleAssignments"


# --- deadline and meter ----------------------------------------------------------------


def test_limits_shrink_with_what_remains():
    assert Deadline(1000).limits() == {"connection_timeout": 10.0, "read_timeout": 30.0}
    short = Deadline(5).limits()
    assert 4 < short["read_timeout"] <= 5 and short["connection_timeout"] == short["read_timeout"]
    over = Deadline(0)
    assert over.remaining() == 0 and over.limits()["read_timeout"] > 0


def test_the_meter_follows_chains():
    meter = Meter()
    begin_after(2, 5, 3)
    meter.count()
    assert (meter.requests, meter.longest_chain, chain_length()) == (1, 6, 6)
    begin_after()
    meter.count()
    assert (meter.requests, meter.longest_chain, chain_length()) == (2, 6, 1)


# --- tokens ----------------------------------------------------------------------------


def test_a_token_is_asked_for_once_a_scope_and_again_for_new_claims():
    credential = Credential()
    shared = SharedToken(credential, Deadline(60))
    shared.get_token("arm")
    shared.get_token("arm")
    assert credential.calls == 1
    shared.get_token("graph")
    shared.get_token("arm", claims="a policy asks for more")
    assert credential.calls == 3


def test_a_token_about_to_end_is_renewed():
    credential = Credential()
    shared = SharedToken(credential, Deadline(60))
    shared.get_token("arm").expires_on = time.time() + 100
    shared.get_token("arm")
    assert credential.calls == 2


def test_a_login_that_never_answers_holds_nobody_beyond_the_deadline():
    release = threading.Event()
    shared = SharedToken(Credential(lambda: release.wait(60)), Deadline(0.6))
    errors: list[BaseException] = []

    def ask():
        try:
            shared.get_token("arm")
        except TimeoutError as error:
            errors.append(error)

    started = time.monotonic()
    workers = [threading.Thread(target=ask) for _ in range(5)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
    assert (len(errors), time.monotonic() - started < 30) == (5, True)
    assert all(one.daemon for one in threading.enumerate() if one.name == "acrpulldiag-login")
    release.set()


def test_errors_of_the_login_reach_the_caller_and_are_not_remembered():
    outcomes = [ValueError("first")]

    def work():
        if outcomes:
            raise outcomes.pop()

    shared = SharedToken(Credential(work), Deadline(60))
    with pytest.raises(ValueError, match="first"):
        shared.get_token("arm")
    assert shared.get_token("arm").token == "the-secret-token"


def test_subscriptions_of_one_user_in_one_tenant_share_a_credential(open_reader):
    session = open_reader().session
    one, tenant = session.credential(SUBSCRIPTION)
    other, _ = session.credential(OTHER_SUBSCRIPTION)
    assert (one is other, tenant) == (True, TENANT)


def test_two_users_in_one_tenant_do_not(open_reader, monkeypatch):
    def get_subscription(self, subscription=None):
        return {"id": subscription, "tenantId": TENANT, "user": {"name": subscription}}

    monkeypatch.setattr(Login, "get_subscription", get_subscription)
    session = open_reader().session
    assert session.credential(SUBSCRIPTION)[0] is not session.credential(OTHER_SUBSCRIPTION)[0]


# --- clients of the CLI's factory -------------------------------------------------------


@pytest.fixture
def authorization(cli_ctx, open_reader, azure, tmp_path, monkeypatch):
    """Make an authorization client of the real factory; its CLI context is the real one."""
    monkeypatch.setenv("AZURE_CONFIG_DIR", str(tmp_path))
    from azure.cli.core.mock import DummyCli
    from azure.cli.core.profiles import ResourceType

    def make(seconds: float):
        session = open_reader(seconds).session
        real = DummyCli()
        real.cloud.endpoints.resource_manager = azure.url
        real.data.update(cli_ctx.data)
        session.cli_ctx = real
        return session, session.management_client(ResourceType.MGMT_AUTHORIZATION, SUBSCRIPTION)

    return make


def listed(client):
    with translated_errors(ROLES):
        return list(client.role_assignments.list_for_scope(SCOPE[1:]))


def test_a_client_of_the_factory_is_metered_and_retried(azure, authorization):
    session, client = authorization(20)
    azure.on(f"{SCOPE}/providers/Microsoft.Authorization/roleAssignments", answer(503), answer(200, {"value": []}))
    begin_after(0)
    assert listed(client) == []
    assert (session.meter.requests, session.meter.longest_chain) == (2, 2)
    assert azure.requests[0][2]["Authorization"] == "Bearer the-secret-token"


def test_a_refusal_of_such_a_client_names_the_operation(azure, authorization):
    _, client = authorization(20)
    azure.on(ROLES, answer(403, {"error": {"code": "AuthorizationFailed", "message": "no"}}))
    with pytest.raises(ReadError) as raised:
        listed(client)
    why = raised.value.why
    assert isinstance(why, Unreadable)
    assert (why.reason, why.permission) == ("forbidden", "Microsoft.Authorization/roleAssignments/read")
    assert "AuthorizationFailed" in why.detail


def test_such_a_client_ends_at_the_deadline(azure, authorization):
    _, client = authorization(1.5)
    azure.on(ROLES, silent(azure))
    started = time.monotonic()
    with pytest.raises(ReadError) as raised:
        listed(client)
    assert (raised.value.why.reason, time.monotonic() - started < 15) == ("timeout", True)


def test_closing_a_session_ends_reads_under_way(azure, open_reader):
    azure.on(ROLES, silent(azure))
    reader = open_reader(120)
    reasons: list[str] = []

    def read():
        try:
            reader.get(ROLES, "v")
        except ReadError as error:
            reasons.append(error.why.reason)

    worker = threading.Thread(target=read)
    worker.start()
    late = time.monotonic() + 30
    while not azure.requests and time.monotonic() < late:
        time.sleep(0.02)
    reader.session.close()
    worker.join(30)
    assert reasons == ["timeout"]
