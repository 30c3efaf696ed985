"""The Activity Log through the real pipeline: what is asked, how often, and what is kept."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

pytest.importorskip("azure.cli.core", reason="azure-cli is not installed")

from azext_acrpulldiag.collect.activity.log import MOST_REQUESTS, read_log
from azext_acrpulldiag.collect.activity.models import changes_from, events_from
from azext_acrpulldiag.collect.ask.arm import ArmReader
from azext_acrpulldiag.facts import LogQuestion
from tests import build
from tests.azure.activity import READ
from tests.azure.changes_access import ago
from tests.collect.simulated import simulated_session
from tests.recordings import body, recording

NSG = f"/subscriptions/{build.SUBSCRIPTION}/resourceGroups/rg-net/providers/Microsoft.Network/networkSecurityGroups/nsg"
OTHER_GROUP = f"/subscriptions/{build.SUBSCRIPTION}/resourceGroups/rg-2"
WRITE = "Microsoft.Network/networkSecurityGroups/write"
ROLE_WRITE, ROLE_DELETE = (f"Microsoft.Authorization/roleAssignments/{verb}" for verb in ("write", "delete"))


def question(filtered_by="resourceGroupName", value="rg-net", *operations):
    now = datetime.now(timezone.utc)
    since = now - timedelta(days=90) + timedelta(hours=1)
    return LogQuestion(build.SUBSCRIPTION, filtered_by, value, since, now, operations or (WRITE,))


@pytest.fixture
def read(simulated_azure, cloud, tmp_path, monkeypatch):
    """A function that asks the simulated log."""

    def log(*questions, seconds=20.0):
        with simulated_session(simulated_azure, tmp_path, monkeypatch, seconds) as session:
            session.retries = False
            return read_log(ArmReader(session), questions)

    return log


def asked(cloud):
    return [entry.query["$filter"] for entry in cloud.log if entry.path.endswith("/eventtypes/management/values")]


def test_the_steps_of_an_operation_are_one_change(read, cloud):
    correlation = cloud.activity(WRITE, NSG, ago(minutes=9))
    (change,) = read(question()).changes
    assert (change.operation, change.status, change.by) == (WRITE, "Succeeded", "alice@contoso.com")
    assert change.correlation_id == correlation
    assert change.resource_id.lower() == NSG.lower()
    assert timedelta(minutes=8) < datetime.now(timezone.utc) - change.began < timedelta(minutes=10)


@pytest.mark.parametrize(
    ("filtered_by", "value"),
    [("resourceGroupName", "RG-net"), ("resourceUri", NSG), ("resourceProvider", "Microsoft.Network")],
)
def test_the_documented_filters_alone_are_sent(read, cloud, filtered_by, value):
    cloud.activity(WRITE, NSG)
    cloud.activity("Microsoft.Web/sites/write", f"{OTHER_GROUP}/providers/Microsoft.Web/sites/s")
    found = read(question(filtered_by, value, WRITE, "Microsoft.Web/sites/write"))
    assert [each.resource_id.lower() for each in found.changes] == [NSG.lower()]
    assert found.unread == ()
    ((condition,)) = asked(cloud)
    assert condition.endswith(f" and {filtered_by} eq '{value}'")


def test_a_quote_in_a_name_stays_in_it(read, cloud):
    assert read(question("resourceGroupName", "it's")).unread == ()
    assert asked(cloud)[0].endswith("resourceGroupName eq 'it''s'")


def test_other_operations_are_not_kept(read, cloud):
    cloud.activity("Microsoft.Network/networkSecurityGroups/delete", NSG)
    assert read(question()).changes == ()


def test_five_requests_are_all_whatever_there_is_to_ask(read, cloud):
    for at in range(9):
        cloud.activity(WRITE, NSG, ago(hours=at + 1))
    cloud.page_size = 4
    found = read(question(), *(question("resourceGroupName", f"rg-{at}") for at in range(3)))
    assert len(asked(cloud)) == MOST_REQUESTS
    # one page of each, then the second page of the first question
    assert len(found.changes) == 4
    ((unread,)) = found.unread
    assert (unread.question.value, unread.why.reason, unread.why.operation) == ("rg-net", "limited", READ)


def test_questions_beyond_are_not_asked_and_said_to_be(read, cloud):
    found = read(*(question("resourceGroupName", f"rg-{at}") for at in range(7)))
    assert len(asked(cloud)) == MOST_REQUESTS
    assert [(each.question.value, each.why.reason) for each in found.unread] == [
        ("rg-5", "limited"),
        ("rg-6", "limited"),
    ]
    assert "was not asked" in found.unread[0].why.detail


@pytest.mark.parametrize(
    ("kind", "reason"),
    [("403", "forbidden"), ("429", "throttled"), ("429-retry-after", "throttled"), ("500", "server-error"),
     ("reset", "unreachable"), ("html", "malformed"), ("truncated", "malformed"), ("cut", None),
     ("mistyped", "malformed"), ("404", "not-found")],
)  # fmt: skip
def test_what_fails_is_asked_once_and_costs_no_other_question(read, cloud, kind, reason):
    cloud.activity(WRITE, NSG)
    cloud.activity(WRITE, f"{OTHER_GROUP}/providers/Microsoft.Network/networkSecurityGroups/b")
    cloud.fault("eventtypes/.*rg-net", kind)
    found = read(question(), question("resourceGroupName", "rg-2"))
    assert len(asked(cloud)) == 2
    ((unread,)) = found.unread
    assert unread.question.value == "rg-net"
    assert reason is None or unread.why.reason == reason
    assert [each.resource_id.rpartition("/")[2] for each in found.changes] == ["b"]


def test_without_the_right_it_is_named(read, cloud):
    cloud.forbid(READ)
    ((unread,)) = read(question()).unread
    assert (unread.why.reason, unread.why.permission) == ("forbidden", READ)


def test_azure_refuses_more_than_ninety_days(read, cloud):
    from dataclasses import replace

    early = replace(question(), since=datetime.now(timezone.utc) - timedelta(days=91))
    ((unread,)) = read(early).unread
    assert (unread.why.reason, "BadRequest" in unread.why.detail) == ("unsupported", True)


# --- bodies --------------------------------------------------------------------------------


def role_event(verb, **properties):
    (event,) = body("monitor/docs_activity_log_event_nsg_write")["value"]
    operation = f"Microsoft.Authorization/roleAssignments/{verb}"
    return event | {"operationName": {"value": operation, "localizedValue": ""}, "properties": properties}


def kept(*events):
    found, why = events_from(events, question("resourceUri", NSG, WRITE, ROLE_WRITE, ROLE_DELETE), "/p")
    assert why is None
    return changes_from(found)


def test_the_documented_body_of_a_write_shows_principal_and_role():
    documented = recording("monitor/docs_activity_log_roleassignment_write_properties")["response"]["body"]
    properties = [each["Properties"] for each in documented]
    (change,) = kept(*(role_event("write", **each) for each in properties))
    assert change.principal_id == "33333333-3333-3333-3333-333333333333"
    assert change.role_definition_id.endswith("/b24988ac-6180-42a0-ab88-20f7382dd24c")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no json",
        "[1]",
        "null",
        "{}",
        '{"properties": 5}',
        '{"Properties": {"PrincipalId": 5}}',
        "[" * 100_000,
        5,
        None,
    ],
)
def test_a_body_of_another_form_shows_nobody(text):
    (change,) = kept(role_event("delete", requestbody=text, responseBody=text))
    assert (change.principal_id, change.role_definition_id) == (None, None)


def test_of_bodies_and_claims_nothing_else_is_kept():
    secret = '{"properties": {"principalId": "p", "roleDefinitionId": "r", "password": "Canary+1"}, "k": "Canary+2"}'
    event = role_event("delete", requestbody=secret, responseBody='{"value": "Canary+3"}')
    event["claims"]["name"] = "Canary+4"
    event |= {"httpRequest": {"clientIpAddress": "Canary+5"}, "description": "Canary+6"}
    (nsg,) = body("monitor/docs_activity_log_event_nsg_write")["value"]
    nsg["properties"]["requestbody"] = '{"properties": {"principalId": "Canary+7"}}'
    changes = kept(event, nsg)
    assert [each.principal_id for each in changes] == [None, "p"] or [each.principal_id for each in changes] == [
        "p",
        None,
    ]
    assert "Canary" not in repr(changes)


def test_a_failure_after_acceptance_is_a_failure():
    events = [role_event("delete") | {"status": {"value": each}} for each in ("Started", "Accepted", "Failed")]
    (change,) = kept(*events)
    assert change.status == "Failed"


def test_what_succeeded_when_it_was_tried_again_is_done():
    ends = ("Failed", "Started", "Succeeded")
    events = [
        role_event("delete") | {"status": {"value": each}, "eventTimestamp": f"2026-01-01T00:00:0{at}Z"}
        for at, each in enumerate(ends)
    ]
    (change,) = kept(*events)
    assert change.status == "Succeeded"


def test_entries_without_a_correlation_id_are_not_put_together():
    one, other = (
        role_event("delete") | {"correlationId": None, "eventTimestamp": f"2026-01-0{at}T00:00:00Z"} for at in (1, 2)
    )
    assert len(kept(one, other)) == 2
