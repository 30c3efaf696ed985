"""Who may pull, read through the real client of azure-mgmt-authorization and its deserialiser."""

import io
import json
from datetime import datetime, timezone
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import pytest

from azext_acrpulldiag.collect.ask.deadline import Deadline
from azext_acrpulldiag.facts import Access, Permission, Puller, RoleDefinition, Unreadable
from tests.build import ACR_PULL, KUBELET_OBJECT_ID, REGISTRY_ID, SUBSCRIPTION, acr_pull, assignment
from tests.recordings import body

pytest.importorskip("azure.mgmt.authorization")
requests = pytest.importorskip("requests")

from azext_acrpulldiag.collect.azure import access  # noqa: E402
from azext_acrpulldiag.collect.azure.access_models import EVERYONE  # noqa: E402

HOST = "https://management.azure.com"
LISTS = {
    "role": lambda session: access.read_assignments_at(session, REGISTRY_ID),
    "effective": lambda session: access.read_effective(session, REGISTRY_ID, KUBELET_OBJECT_ID),
    "deny": lambda session: access.read_denials(session, REGISTRY_ID),
}


class Canned(requests.adapters.HTTPAdapter):
    """Answers every request from a function of its URL: (status, body) or an exception."""

    def __init__(self, answer):
        super().__init__()
        self.answer = answer
        self.urls = []

    def send(self, request, **_):
        import urllib3

        self.urls.append(request.url)
        status, payload = self.answer(request.url)
        content = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        kind = "text/html" if content.startswith(b"<") else "application/json; charset=utf-8"
        raw = urllib3.HTTPResponse(
            io.BytesIO(content), status=status, headers={"content-type": kind}, preload_content=False
        )
        return self.build_response(request, raw)


class Credential:
    def get_token(self, *_, **__):
        return SimpleNamespace(token="t", expires_on=4_000_000_000)


class FakeSession:
    """A session whose clients are real and whose wire is not."""

    arm_endpoint = HOST

    def __init__(self, answer, seconds=60):
        self.deadline = Deadline(seconds)
        self.wire = Canned(answer)

    def once(self, _, ask):
        return ask()

    def management_client(self, resource_type, subscription):
        from azure.core.pipeline.policies import RetryPolicy
        from azure.core.pipeline.transport import RequestsTransport
        from azure.mgmt.authorization import AuthorizationManagementClient

        assert resource_type.name == "MGMT_AUTHORIZATION"
        http = requests.Session()
        http.mount("https://", self.wire)
        return AuthorizationManagementClient(
            Credential(),
            subscription,
            base_url=HOST,
            transport=RequestsTransport(session=http, session_owner=False),
            retry_policy=RetryPolicy.no_retries(),
        )


def answering(payload, status=200):
    return FakeSession(lambda url: (status, payload))


def test_reads_assignments_at_the_registry_with_conditions_and_times():
    session = answering(body("authz/roleassignments_list_atscope_with_condition"))
    found = access.read_assignments_at(session, REGISTRY_ID)
    assert [item.scope for item in found][1:] == ["/"] * 4
    assert found[0].condition.startswith("@Resource[Microsoft.Storage")
    assert (found[0].principal_type, found[1].condition) == ("User", None)
    assert found[0].created == datetime(2023, 2, 14, 7, 45, 32, 632551, tzinfo=timezone.utc)
    url = urlsplit(session.wire.urls[0])
    assert url.path == f"{REGISTRY_ID}/providers/Microsoft.Authorization/roleAssignments"
    assert parse_qs(url.query) == {"$filter": ["atScope()"], "api-version": ["2022-04-01"]}


def test_reads_what_a_principal_holds_with_its_groups():
    session = answering(body("authz/roleassignments_list_acr_scope_principalid"))
    (found,) = access.read_effective(session, REGISTRY_ID, KUBELET_OBJECT_ID)
    assert found.principal_id == "bf3cc95b-2385-4201-97fc-6244ff57c814"
    assert "/resourcegroups/" in found.scope
    asked = parse_qs(urlsplit(session.wire.urls[0]).query)["$filter"]
    assert asked == [f"atScope() and assignedTo('{KUBELET_OBJECT_ID}')"]


def test_members_that_an_example_leaves_out_are_absent_not_invented():
    (found,) = access.read_assignments_at(answering(body("authz/spec_roleassignments_list_for_scope")), REGISTRY_ID)
    assert (found.condition, found.created) == (None, None)


def test_follows_pages_on_the_same_host_only():
    rows = body("authz/roleassignments_list_atscope_with_condition")["value"]
    more = {"value": rows[:1], "nextLink": f"{HOST}/page2?x=1"}
    session = FakeSession(lambda url: (200, {"value": rows[1:]} if "page2" in url else more))
    assert len(access.read_assignments_at(session, REGISTRY_ID)) == 5
    session = answering({"value": rows[:1], "nextLink": "https://elsewhere.example/page2"})
    assert access.read_assignments_at(session, REGISTRY_ID).reason == "malformed"
    assert len(session.wire.urls) == 1


def test_endless_pages_end_with_the_deadline():
    page = {"value": body("authz/roleassignments_list_acr_scope_principalid")["value"], "nextLink": f"{HOST}/again"}
    session = FakeSession(lambda url: (200, page), seconds=0)
    assert access.read_assignments_at(session, REGISTRY_ID).reason == "timeout"


@pytest.mark.parametrize("read", LISTS.values(), ids=LISTS)
def test_an_empty_list_is_empty(read):
    assert read(answering(body("authz/roleassignments_list_empty"))) == ()


@pytest.mark.parametrize("read", LISTS.values(), ids=LISTS)
@pytest.mark.parametrize(
    ("status", "payload", "reason"),
    [
        (200, {}, "malformed"),
        (200, [], "malformed"),
        (200, {"value": None}, "malformed"),
        (200, {"value": {}}, "malformed"),
        (200, {"value": "text"}, "malformed"),
        (200, {"value": [{}]}, "malformed"),
        (200, {"value": [{"id": 5, "properties": []}]}, "malformed"),
        (200, {"value": ["text"]}, "malformed"),
        (200, b"<html>proxy</html>", "malformed"),
        (200, b'{"value": [', "malformed"),
        (401, {"error": {"code": "ExpiredAuthenticationToken", "message": "m"}}, "not-logged-in"),
        (403, {"error": {"code": "AuthorizationFailed", "message": "m"}}, "forbidden"),
        (404, {"error": {"code": "ResourceNotFound", "message": "m"}}, "unsupported"),
        (429, {"error": {"code": "TooManyRequests", "message": "m"}}, "throttled"),
        (503, b"<html>busy</html>", "server-error"),
    ],
)
def test_what_is_no_list_is_unreadable_never_empty(read, status, payload, reason):
    assert read(answering(payload, status)).reason == reason


@pytest.mark.parametrize(
    ("read", "permission"),
    [
        (LISTS["role"], "Microsoft.Authorization/roleAssignments/read"),
        (LISTS["deny"], "Microsoft.Authorization/denyAssignments/read"),
    ],
)
def test_a_refusal_names_the_right(read, permission):
    refused = read(answering({"error": {"code": "AuthorizationFailed", "message": "m"}}, 403))
    assert (refused.operation, refused.permission) == (permission, permission)


def test_a_broken_connection_is_unreachable():
    def broken(url):
        raise requests.exceptions.ConnectionError("reset")

    assert access.read_assignments_at(FakeSession(broken), REGISTRY_ID).reason == "unreachable"


def test_reads_denials():
    (found,) = access.read_denials(answering(body("authz/spec_denyassignments_list_for_scope")), REGISTRY_ID)
    assert (found.name, found.scope, found.applies_to_child_scopes) == (
        "Deny assignment name",
        "/subscriptions/subId",
        True,
    )
    assert (found.principal_ids, found.excluded_principal_ids) == (("principalId1",), ("principalId2",))
    assert (found.everyone, found.group_ids, found.condition, found.enforced) == (False, (), None, True)
    assert found.permissions == (Permission(actions=("action",), data_actions=("action",)),)


def test_reads_whom_a_denial_names():
    page = body("authz/spec_denyassignments_list_for_scope")
    page["value"][0]["properties"] |= {
        "principals": [{"id": EVERYONE, "type": "SystemDefined"}],
        "excludePrincipals": [{"id": "g", "type": "Group"}, {"id": "u", "type": "User"}],
        "doNotApplyToChildScopes": True,
    }
    (found,) = access.read_denials(answering(page), REGISTRY_ID)
    assert (found.everyone, found.group_ids, found.applies_to_child_scopes) == (True, ("g",), False)


@pytest.mark.parametrize("change", [str.upper, str.lower])
def test_the_casing_of_azures_words_changes_no_fact(change):
    page = body("authz/roleassignments_list_atscope_with_condition")
    recorded = access.read_assignments_at(answering(page), REGISTRY_ID)
    for row in page["value"]:
        row["properties"]["principalType"] = change(row["properties"]["principalType"])
    assert access.read_assignments_at(answering(page), REGISTRY_ID) == recorded
    definition = role(ACR_PULL)
    definition["properties"]["type"] = change(definition["properties"]["type"])
    found = access.read_definitions(answering(definition), REGISTRY_ID, (f"/x/{ACR_PULL}",))
    assert found[ACR_PULL].custom is False
    page = body("authz/spec_denyassignments_list_for_scope")
    page["value"][0]["properties"]["principals"] = [{"id": "g", "type": change("Group")}]
    (denial,) = access.read_denials(answering(page), REGISTRY_ID)
    assert denial.group_ids == ("g",)


def role(guid):
    roles = body("authz/roledefinitions_list_builtin_real_guids")["value"]
    return next(item for item in roles if item["name"] == guid)


def test_reads_each_definition_once_by_its_guid():
    def answer(url):
        guid = urlsplit(url).path.rpartition("/")[2]
        if guid == ACR_PULL:
            return 200, role(guid)
        if guid.startswith("63f8"):
            return 200, body("authz/roledefinition_get_custom")
        return 403, {"error": {"code": "AuthorizationFailed", "message": "m"}}

    session = FakeSession(answer)
    custom, hidden = "63f8a463-35f8-44ec-971a-d76c2aa711e6", "00000000-1111-4222-8333-444444444444"
    ids = [f"/providers/x/{ACR_PULL}", f"/subscriptions/s/x/{ACR_PULL.upper()}", f"/x/{custom}", f"/x/{hidden}"]
    found = access.read_definitions(session, REGISTRY_ID, ids)
    assert len(session.wire.urls) == 3
    assert f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/" in session.wire.urls[0]
    assert found[ACR_PULL].permissions == (Permission(actions=("Microsoft.ContainerRegistry/registries/pull/read",)),)
    assert (found[ACR_PULL].name, found[ACR_PULL].custom) == ("AcrPull", False)
    assert (found[custom].name, found[custom].custom) == ("asotest-roledef-uqdpfg", True)
    assert (found[hidden].reason, found[hidden].permission) == (
        "forbidden",
        "Microsoft.Authorization/roleDefinitions/read",
    )


def test_reads_no_definition_when_none_is_wanted():
    session = answering({})
    assert (access.read_definitions(session, REGISTRY_ID, ()), session.wire.urls) == ({}, [])


def test_every_recorded_definition_maps():
    for item in body("authz/roledefinitions_list_builtin_real_guids")["value"]:
        found = access.read_definitions(answering(item), REGISTRY_ID, (item["id"],))[item["name"]]
        assert isinstance(found, RoleDefinition)
        (element,) = found.permissions
        shown = item["properties"]["permissions"][0]
        assert (list(element.actions), list(element.data_actions)) == (shown["actions"], shown["dataActions"])
        assert (list(element.not_actions), list(element.not_data_actions)) == (
            shown["notActions"],
            shown["notDataActions"],
        )


@pytest.mark.parametrize("broken", [{}, {"id": "x", "properties": {"roleName": "r", "permissions": None}}])
def test_a_definition_without_permissions_is_malformed(broken):
    found = access.read_definitions(answering(broken), REGISTRY_ID, (f"/x/{ACR_PULL}",))
    assert found[ACR_PULL].reason == "malformed"


class Reader:
    def __init__(self, answer):
        self.answer = answer

    def list(self, path, api_version):
        assert path == f"{REGISTRY_ID}/providers/Microsoft.Authorization/permissions"
        return self.answer


def test_reads_what_the_caller_may_do():
    answer = [{"actions": ["*"], "notActions": ["a"], "dataActions": [], "notDataActions": []}]
    assert access.read_caller_permissions(Reader(answer), REGISTRY_ID) == (
        Permission(actions=("*",), not_actions=("a",)),
    )
    assert access.read_caller_permissions(Reader([]), REGISTRY_ID) == ()
    assert access.read_caller_permissions(Reader(None), REGISTRY_ID).reason == "not-found"
    assert access.read_caller_permissions(Reader([{"actions": "*"}]), REGISTRY_ID).reason == "malformed"


MAY = (Permission(actions=("*/read",)),)
MAY_NOT = (Permission(actions=("Microsoft.ContainerRegistry/*",)),)
NOT_TOLD = Unreadable("server-error", "HTTP 500")
FAILED = Unreadable("timeout", "too slow")
ROWS = (assignment(),)


@pytest.mark.parametrize(
    ("effective", "at_scope", "permissions", "expected"),
    [
        ((), (), MAY, ((), ())),
        ((), ROWS, MAY, ((), ROWS)),
        ((), ROWS, NOT_TOLD, ((), ROWS)),
        ((), FAILED, MAY, ((), FAILED)),
        (ROWS, ROWS, MAY_NOT, (ROWS, ROWS)),
        (ROWS, (), MAY_NOT, (ROWS, "forbidden")),
        ((), ROWS, MAY_NOT, ("forbidden", ROWS)),
        ((), (), MAY_NOT, ("forbidden", "forbidden")),
        ((), (), (), ("forbidden", "forbidden")),
        ((), (), NOT_TOLD, ("server-error", "server-error")),
        ((), FAILED, NOT_TOLD, ("server-error", FAILED)),
        (FAILED, ROWS, MAY, (FAILED, ROWS)),
    ],
)
def test_an_empty_list_counts_only_where_the_caller_may_read_it(effective, at_scope, permissions, expected):
    settled = access.settle_emptiness(effective, at_scope, permissions)
    for found, wanted in zip(settled, expected, strict=True):
        if isinstance(wanted, str):
            assert (found.reason, found.permission) == (wanted, "Microsoft.Authorization/roleAssignments/read")
        else:
            assert found == wanted


def test_denials_are_settled_by_their_own_right():
    only_assignments = (Permission(actions=("Microsoft.Authorization/roleAssignments/read",)),)
    assert access.settle_denials((), MAY) == ()
    assert access.settle_denials((), only_assignments).permission == "Microsoft.Authorization/denyAssignments/read"


def test_only_definitions_that_judgement_needs_are_wanted():
    suspect, stranger = "5u5bec70-0000-4000-8000-000000000001", "57a16e60-0000-4000-8000-000000000002"
    above = f"/subscriptions/{SUBSCRIPTION}"
    around = (
        assignment(role="held"),
        assignment(stranger, role="direct", scope=REGISTRY_ID.lower()),
        assignment(stranger, role="inherited", scope=above),
        assignment(suspect.upper(), role="suspected", scope=above),
    )
    wanted = access.wanted_definitions(REGISTRY_ID, (assignment(role="held", scope="/"),), around, {suspect})
    assert sorted(item.rpartition("/")[2] for item in wanted) == ["direct", "held", "suspected"]
    assert access.wanted_definitions(REGISTRY_ID, FAILED, FAILED) == set()


PULLER = Puller(KUBELET_OBJECT_ID, "c", "kubelet-identity", "n")


def test_assembles_one_fact_and_names_the_groups():
    group = "d7a0c0de-0000-4000-8000-000000000001"
    held = (assignment(), assignment(KUBELET_OBJECT_ID.upper()), assignment(group, principal_type="Group"))
    assert access.assemble(PULLER, held, held, {ACR_PULL: acr_pull()}, (), MAY) == Access(
        PULLER, held, held, {ACR_PULL: acr_pull()}, (), (group,)
    )


def test_without_a_puller_there_is_nothing_to_hold():
    assembled = access.assemble(None, FAILED, ROWS, {}, FAILED, NOT_TOLD)
    assert (assembled.effective, assembled.group_ids, assembled.denials) == ((), (), FAILED)
    assembled = access.assemble(FAILED, (), ROWS, {}, (), MAY)
    assert (assembled.effective, assembled.group_ids) == (FAILED, FAILED)
