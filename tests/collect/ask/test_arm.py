"""Mirror of collect/arm.py, through azure-core's real pipeline to a local server."""

from __future__ import annotations

import json
import time

import pytest
from msal.exceptions import MsalServiceError

from azext_acrpulldiag.collect.ask import arm
from azext_acrpulldiag.collect.ask.arm import ReadError, VersionRefusedError, in_parallel, interpret, operation_of
from azext_acrpulldiag.collect.ask.deadline import chain_length
from azext_acrpulldiag.facts import Unreadable
from tests.collect.local_azure import (
    OTHER_SUBSCRIPTION,
    SUBSCRIPTION,
    ConnectProxy,
    Credential,
    answer,
    broken_off,
    dripping,
    reset,
    silent,
)
from tests.recordings import body, recording

CLUSTERS = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.ContainerService/managedClusters"
CLUSTER = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/prod"
VNET = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/vnet"
READ = "Microsoft.ContainerService/managedClusters/read"


def why(call) -> Unreadable:
    with pytest.raises(ReadError) as raised:
        call()
    return raised.value.why


def get(reader, path=CLUSTER):
    return reader.get(path, "2026-06-01")


# --- answers ---------------------------------------------------------------------------


def test_a_resource_with_version_query_and_headers_of_the_cli(azure, open_reader):
    azure.on(CLUSTER, answer(200, {"id": CLUSTER}))
    assert open_reader().get(CLUSTER, "2026-06-01", **{"$filter": "a eq 'b'"}) == {"id": CLUSTER}
    ((method, path, headers, _),) = azure.requests
    assert (method, path) == ("GET", f"{CLUSTER}?api-version=2026-06-01&%24filter=a+eq+%27b%27")
    assert headers["Authorization"] == "Bearer the-secret-token"
    assert headers["CommandName"] == "aks diagnose-pull"
    assert "AZURECLI/" in headers["User-Agent"]


def test_pages_are_followed_verbatim(azure, open_reader):
    following = f"{azure.url}{CLUSTERS}?%24skipToken=a%2fb&api-version=2026-06-01&skipToken=a%2Fb"
    pages = [answer(200, {"value": [{"n": 1}], "nextLink": following}), answer(200, {"value": []})]
    azure.on(CLUSTERS, *pages)
    assert open_reader().list(CLUSTERS, "2026-06-01") == [{"n": 1}]
    # urllib3 writes escapes in upper case, which means the same (RFC 3986, 6.2.2.1).
    assert azure.url + azure.requests[1][1] == following.replace("%2f", "%2F")


def test_recorded_pages_of_clusters_end_with_an_empty_one(azure, open_reader):
    first = body("aks/managedclusters_list_by_rg_page1_nextlink")
    first["nextLink"] = first["nextLink"].replace("https://management.azure.com", azure.url)
    azure.on(CLUSTERS, answer(200, first))
    azure.on(
        first["nextLink"].removeprefix(azure.url).split("?")[0],
        answer(200, body("aks/managedclusters_list_by_rg_page2_empty")),
    )
    assert open_reader().list(CLUSTERS, "2025-02-01") == first["value"]
    assert len(azure.requests) == 2


@pytest.mark.parametrize("following", ["https://evil.example/next", "http://{host}/next", "//evil.example", 7])
def test_a_next_page_elsewhere_is_refused(azure, open_reader, following):
    link = following.format(host=azure.url[8:]) if isinstance(following, str) else following
    azure.on(CLUSTERS, answer(200, {"value": [], "nextLink": link}))
    assert why(lambda: open_reader().list(CLUSTERS, "v")).reason == "malformed"
    assert len(azure.requests) == 1


def test_endless_pages_end(azure, open_reader, monkeypatch):
    monkeypatch.setattr(arm, "MAX_PAGES", 3)
    azure.on(CLUSTERS, answer(200, {"value": [], "nextLink": azure.url + CLUSTERS}))
    assert why(lambda: open_reader().list(CLUSTERS, "v")).reason == "malformed"
    assert len(azure.requests) == 3


@pytest.mark.parametrize("page", [{}, {"value": {}}, {"value": [1]}])
def test_a_list_of_something_else_is_malformed(azure, open_reader, page):
    azure.on(CLUSTERS, answer(200, page))
    assert why(lambda: open_reader().list(CLUSTERS, "v")).reason == "malformed"


def test_a_post_sends_its_body_with_the_named_login(azure, open_reader):
    path = "/providers/Microsoft.ResourceGraph/resources"
    azure.on(path, answer(200, {"data": []}))
    reader = open_reader()
    assert reader.post(path, "2022-10-01", {"query": "x"}, subscription=OTHER_SUBSCRIPTION) == {"data": []}
    ((method, _, _, sent),) = azure.requests
    assert (method, json.loads(sent)) == ("POST", {"query": "x"})


ACTION = f"{CLUSTER}/listThings"


def test_an_action_that_lists_is_asked_for_its_next_page_in_the_body(azure, open_reader):
    azure.on(ACTION, answer(200, {"value": [{"n": 1}], "skipToken": "a"}), answer(200, {"value": [], "skipToken": ""}))
    assert open_reader().query(ACTION, "v") == [{"n": 1}]
    assert [(method, json.loads(sent)) for method, _, _, sent in azure.requests] == [
        ("POST", {}),
        ("POST", {"skipToken": "a"}),
    ]


def test_an_action_on_what_does_not_exist(azure, open_reader):
    azure.on(ACTION, answer(404, body("arm-errors/404_resourcenotfound")))
    assert open_reader().query(ACTION, "v") is None


@pytest.mark.parametrize("page", [{"value": {}}, {"value": [], "skipToken": 5}, {"value": [], "skipToken": "again"}])
def test_an_action_whose_pages_are_not_understood(azure, open_reader, page):
    azure.on(ACTION, answer(200, page))
    found = why(lambda: open_reader().query(ACTION, "v"))
    assert (found.reason, found.operation) == (
        "malformed",
        "Microsoft.ContainerService/managedClusters/listThings/action",
    )


# --- refusals, recorded ----------------------------------------------------------------


@pytest.mark.parametrize("name", ["404_resourcenotfound", "404_resourcegroupnotfound"])
def test_an_absence_is_none(azure, open_reader, name):
    azure.on(CLUSTER, answer(404, body(f"arm-errors/{name}")))
    assert get(open_reader()) is None


def test_the_flat_error_of_aks_is_an_absence_too(azure, open_reader):
    azure.on(CLUSTER, answer(404, body("aks/managedcluster_404_flat_error_from_rp")))
    assert get(open_reader()) is None


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("404_subscriptionnotfound_unauthenticated", "unsupported"),
        ("404_invalidresourcetype", "unsupported"),
        ("400_noregisteredproviderfound", "unsupported"),
        ("400_invalidapiversionparameter", "unsupported"),
        ("401_expiredauthenticationtoken", "not-logged-in"),
        ("401_invalidauthenticationtokentenant", "not-logged-in"),
        ("403_authorizationfailed_get", "forbidden"),
    ],
)
def test_a_refusal_is_no_absence(azure, open_reader, name, reason):
    exchange = recording(f"arm-errors/{name}")["response"]
    headers = {
        key: value for key, value in (exchange.get("headers") or {}).items() if key.lower() == "www-authenticate"
    }
    azure.on(CLUSTER, answer(exchange["status"], exchange["body"], **headers))
    found = why(lambda: get(open_reader()))
    assert (found.reason, found.operation) == (reason, READ)
    assert found.permission == (READ if reason == "forbidden" else None)
    assert exchange["body"]["error"]["code"] in found.detail
    assert len(azure.requests) == 1


@pytest.mark.parametrize("payload", [b"", b"<html>nothing here</html>", b"[]", b'{"error": "x"}'])
def test_a_404_without_a_code_is_no_absence(azure, open_reader, payload):
    azure.on(CLUSTER, answer(404, payload))
    assert why(lambda: get(open_reader())).reason == "unsupported"


# --- throttling and server errors ------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "429_subscriptionrequeststhrottled",
        "429_subscriptionrequeststhrottled_backend_text",
        "429_retryableerror_no_retry_after",
        "429_failedidentityoperation_nested",
    ],
)
def test_throttling_without_a_wait_is_retried_then_said(azure, open_reader, waits, name):
    azure.on(CLUSTER, answer(429, body(f"arm-errors/{name}")))
    reader = open_reader()
    found = why(lambda: get(reader))
    assert (found.reason, reader.session.meter.requests) == ("throttled", len(azure.requests))
    assert len(azure.requests) == 4  # the request and three retries
    assert waits == [0.8, 1.6]  # the first retry is made at once


def test_a_wait_within_the_deadline_is_kept(azure, open_reader, waits):
    azure.on(CLUSTER, answer(429, Retry_After="7"), answer(200, {"ok": True}))
    assert get(open_reader()) == {"ok": True}
    assert waits == [7]


@pytest.mark.parametrize("name", ["429_retryableerror_retry_after_12", "429_retryableerror_retry_after_14"])
def test_a_wait_beyond_the_deadline_is_not_begun(azure, open_reader, waits, name):
    exchange = recording(f"arm-errors/{name}")["response"]
    azure.on(CLUSTER, answer(429, exchange["body"], Retry_After=exchange["headers"]["Retry-After"]))
    assert why(lambda: get(open_reader(11))).reason == "throttled"
    assert (len(azure.requests), waits) == (1, [])


@pytest.mark.parametrize("wait", ["soon", "Mon, 99 Foo 2026", "nan", "-5", "inf"])
def test_a_wait_that_is_none_does_no_harm(azure, open_reader, wait):
    azure.on(CLUSTER, answer(429, Retry_After=wait), answer(200, {"ok": True}))
    started = time.monotonic()
    try:
        assert get(open_reader()) == {"ok": True}
    except ReadError as error:
        assert error.why.reason == "throttled"
    assert time.monotonic() - started < 20


GRAPH = "/providers/Microsoft.ResourceGraph/resources"


def query(reader):
    return reader.post(GRAPH, "2022-10-01", {"query": "resources"}, subscription=SUBSCRIPTION)


def test_resource_graph_says_when_it_takes_queries_again(azure, open_reader, waits):
    azure.on(GRAPH, answer(429, x_ms_user_quota_resets_after="00:00:05"), answer(200, {"data": []}))
    assert query(open_reader()) == {"data": []}
    assert waits == [5]


@pytest.mark.parametrize(("after", "requests"), [("00:01:05", 1), ("01:00:00", 1), ("soon", 1), ("00:00:00", 4)])
def test_a_quota_that_is_spent_for_longer_is_throttling(azure, open_reader, waits, after, requests):
    azure.on(GRAPH, answer(429, x_ms_user_quota_resets_after=after))
    found = why(lambda: query(open_reader(11)))
    assert (found.reason, found.operation) == ("throttled", "Microsoft.ResourceGraph/resources/read")
    assert len(azure.requests) == requests


def test_a_quota_is_not_spent_because_an_answer_tells_of_it(azure, open_reader, waits):
    azure.on(GRAPH, answer(403, x_ms_user_quota_resets_after="00:00:05"))
    assert why(lambda: query(open_reader())).reason == "forbidden"
    assert (len(azure.requests), waits) == (1, [])


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_server_error_is_retried_and_counted(azure, open_reader, status):
    azure.on(CLUSTER, answer(status, b"<html>"), answer(200, {"ok": True}))
    reader = open_reader()
    assert get(reader) == {"ok": True}
    assert (reader.session.meter.requests, reader.session.meter.longest_chain) == (2, 2)


def test_an_html_page_that_stays_is_a_server_error(azure, open_reader, waits):
    html = body("arm-errors/503_html_body").encode()
    azure.on(CLUSTER, answer(503, html, Content_Type="text/html"))
    assert why(lambda: get(open_reader())).reason == "server-error"
    assert waits == [0.8, 1.6]


# --- bad bodies ------------------------------------------------------------------------

BAD_BODIES = [b"", b"null", b"[]", b'"text"', b"<html>sign in</html>", b'{"a": ', b"\xff\xfe", b"[" * 100_000]


@pytest.mark.parametrize("payload", BAD_BODIES, ids=lambda payload: repr(payload[:12]))
def test_a_body_that_is_no_object_is_malformed(azure, open_reader, payload):
    azure.on(CLUSTER, answer(200, payload))
    found = why(lambda: get(open_reader()))
    assert (found.reason, found.operation) == ("malformed", READ)


def test_a_redirect_is_not_followed(azure, open_reader):
    azure.on(CLUSTER, answer(302, b"", Location="https://evil.example/"))
    assert why(lambda: get(open_reader())).reason == "unsupported"


def test_a_body_that_breaks_off_is_asked_for_once_more(azure, open_reader):
    azure.on(CLUSTER, broken_off, answer(200, {"ok": True}))
    reader = open_reader()
    assert get(reader) == {"ok": True}
    assert reader.session.meter.requests == 2
    azure.on(CLUSTER, broken_off)
    assert why(lambda: get(reader)).reason == "unreachable"
    assert reader.session.meter.requests == 4


def test_a_body_that_is_not_the_encoding_it_claims(azure, open_reader):
    azure.on(CLUSTER, answer(200, b"not gzip", Content_Encoding="gzip"))
    assert why(lambda: get(open_reader())).reason in ("malformed", "unreachable")


def test_a_body_that_is_too_large_is_dropped(azure, open_reader, monkeypatch):
    monkeypatch.setattr(arm, "MAX_BODY_BYTES", 10_000)
    azure.on(CLUSTER, answer(200, b" " * 1_000_000))
    found = why(lambda: get(open_reader()))
    assert (found.reason, "too large" in found.detail, len(azure.requests)) == ("malformed", True, 1)


# --- connections -----------------------------------------------------------------------


def test_a_reset_is_retried_once(azure, open_reader):
    azure.on(CLUSTER, reset, answer(200, {"ok": True}))
    assert get(open_reader()) == {"ok": True}
    azure.on(CLUSTER, reset)
    assert why(lambda: get(open_reader())).reason == "unreachable"


def test_nobody_listens(azure, open_reader):
    azure.server.server_close()
    assert why(lambda: get(open_reader())).reason == "unreachable"


def test_a_certificate_that_is_not_trusted(azure, open_reader, monkeypatch):
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    found = why(lambda: get(open_reader()))
    assert found.reason == "unreachable"
    assert azure.requests == []


def test_the_clis_switch_for_unverified_connections_holds(azure, open_reader, monkeypatch):
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    monkeypatch.setenv("AZURE_CLI_DISABLE_CONNECTION_VERIFICATION", "1")
    azure.on(CLUSTER, answer(200, {"ok": True}))
    assert get(open_reader()) == {"ok": True}


@pytest.mark.parametrize("kind", ["silent", "dripping-body", "dripping-headers"])
def test_no_server_holds_a_read_beyond_the_deadline(azure, open_reader, kind):
    bad = silent(azure) if kind == "silent" else dripping(azure, headers_too=kind == "dripping-headers")
    azure.on(CLUSTER, bad)
    started = time.monotonic()
    found = why(lambda: get(open_reader(1.5)))
    assert found.reason == "timeout"
    assert 1.3 < time.monotonic() - started < 15


def test_the_deadline_holds_through_a_proxy(azure, open_reader, monkeypatch):
    proxy = ConnectProxy()
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    monkeypatch.delenv("NO_PROXY")
    azure.on(CLUSTER, answer(200, {"ok": True}), dripping(azure))
    reader = open_reader(4)
    started = time.monotonic()
    assert get(reader) == {"ok": True}
    assert why(lambda: get(reader)).reason == "timeout"
    assert time.monotonic() - started < 15
    assert set(proxy.asked) == {azure.url.removeprefix("https://")}
    proxy.close()


def test_after_the_deadline_nothing_is_sent(azure, open_reader):
    azure.on(CLUSTER, answer(200, {}))
    reader = open_reader(0)
    assert why(lambda: get(reader)).reason == "timeout"
    assert (azure.requests, reader.session.meter.requests) == ([], 0)


def test_a_retry_gets_only_the_time_that_is_left(azure, open_reader):
    azure.on(CLUSTER, answer(503), silent(azure))
    started = time.monotonic()
    assert why(lambda: get(open_reader(1.5))).reason == "timeout"
    assert time.monotonic() - started < 15


# --- the login -------------------------------------------------------------------------


def failing(error):
    def work():
        raise error

    return Credential(work)


def test_errors_of_the_login(azure, open_reader):
    import requests
    from azure.cli.core.azclierror import AuthenticationError
    from knack.util import CLIError

    for error, reason in [
        (AuthenticationError("AADSTS700082: The refresh token has expired"), "not-logged-in"),
        (CLIError("Please run 'az login' to setup account."), "not-logged-in"),
        (requests.exceptions.ConnectionError("login.microsoftonline.com"), "unreachable"),
        (requests.exceptions.ReadTimeout("Read timed out."), "timeout"),
        (ValueError("not JSON"), "malformed"),
    ]:
        reader = open_reader(credential=failing(error))
        found = why(lambda reader=reader: get(reader))
        assert (found.reason, azure.requests) == (reason, [])


def test_a_subscription_that_the_login_does_not_hold(open_reader):
    path = CLUSTER.replace(SUBSCRIPTION, "99999999-7a3e-4a53-8d0e-2f3e1c9b7a10")
    found = why(lambda: get(open_reader(), path))
    assert (found.reason, "99999999" in found.detail) == ("not-logged-in", True)


def test_a_defect_of_ours_is_not_disguised(azure, open_reader, monkeypatch):
    def broken(*_):
        raise ZeroDivisionError("bug")

    azure.on(CLUSTER, answer(200, {}))
    monkeypatch.setattr(arm, "interpret", broken)
    with pytest.raises(ZeroDivisionError):
        get(open_reader())


@pytest.mark.parametrize(
    ("raised", "reason"),
    [(MsalServiceError(error="", error_description=None), "server-error"), (TypeError("int() of a list"), "malformed")],
)
def test_what_breaks_inside_the_login_is_the_logins(open_reader, raised, reason):
    with pytest.raises(ReadError) as caught:
        get(open_reader(credential=failing(raised)))
    assert (caught.value.why.reason, "login service" in caught.value.why.detail) == (reason, True)


# --- many at once ----------------------------------------------------------------------


def test_chains_grow_by_the_longest_branch(azure, open_reader):
    azure.on(CLUSTER, answer(200, {}))
    azure.on(CLUSTERS, answer(200, {"value": []}))
    reader = open_reader()

    def two_in_a_row():
        get(reader)
        return get(reader)

    assert in_parallel([lambda: get(reader), two_in_a_row, lambda: reader.list(CLUSTERS, "v")]) == [{}, {}, []]
    assert (reader.session.meter.requests, reader.session.meter.longest_chain, chain_length()) == (4, 2, 2)
    get(reader)
    assert reader.session.meter.longest_chain == 3


def test_one_failure_costs_no_other_answer(azure, open_reader):
    azure.on(CLUSTER, answer(200, {"ok": True}))
    azure.on(CLUSTERS, answer(403, body("arm-errors/403_authorizationfailed_get")))
    reader = open_reader()
    good, bad = in_parallel([lambda: get(reader), lambda: reader.list(CLUSTERS, "v")])
    assert (good, bad.reason) == ({"ok": True}, "forbidden")
    assert in_parallel([]) == []


def test_many_threads_share_one_token_and_one_pool(azure, open_reader):
    credential = Credential(lambda: time.sleep(0.2))
    azure.on(CLUSTER, answer(200, {"ok": True}))
    reader = open_reader(credential=credential)
    assert in_parallel([lambda: get(reader)] * 40, width=16) == [{"ok": True}] * 40
    assert (credential.calls, reader.session.meter.requests) == (1, 40)


def test_many_hanging_reads_end_together(azure, open_reader):
    azure.on(CLUSTER, dripping(azure))
    azure.on(CLUSTERS, silent(azure))
    reader = open_reader(1.5)
    started = time.monotonic()
    results = in_parallel([lambda: get(reader), lambda: reader.list(CLUSTERS, "v")] * 8)
    assert {result.reason for result in results} == {"timeout"}
    assert time.monotonic() - started < 15


# --- what is logged --------------------------------------------------------------------


def test_neither_bodies_nor_tokens_are_logged(azure, open_reader, debug_log):
    azure.on(CLUSTER, answer(200, {"password": "hunter2-in-a-body"}))
    assert get(open_reader())["password"] == "hunter2-in-a-body"
    assert "Request URL" in debug_log.text
    assert "hunter2" not in debug_log.text and "the-secret-token" not in debug_log.text


# --- pure parts ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "method", "expected"),
    [
        (CLUSTER, "GET", READ),
        (CLUSTERS, "GET", READ),
        (f"{CLUSTER}/agentPools", "GET", "Microsoft.ContainerService/managedClusters/agentPools/read"),
        (
            f"{CLUSTER}/listClusterUserCredential",
            "POST",
            "Microsoft.ContainerService/managedClusters/listClusterUserCredential/action",
        ),
        ("/providers/Microsoft.ResourceGraph/resources", "POST", "Microsoft.ResourceGraph/resources/read"),
        (
            f"{VNET}/listDnsForwardingRulesets",
            "POST",
            "Microsoft.Network/virtualNetworks/listDnsForwardingRulesets/action",
        ),
        (
            f"{VNET}/listNetworkManagerEffectiveSecurityAdminRules",
            "POST",
            "Microsoft.Network/virtualNetworks/listNetworkManagerEffectiveSecurityAdminRules/read",
        ),
        (
            f"{CLUSTER}/providers/Microsoft.Authorization/roleAssignments",
            "GET",
            "Microsoft.Authorization/roleAssignments/read",
        ),
        ("/subscriptions/x/resourcegroups", "GET", "Microsoft.Resources/subscriptions/resourceGroups/read"),
    ],
)
def test_the_operation_that_a_request_is(path, method, expected):
    assert operation_of(path, method) == expected


def test_interpret_reads_any_success():
    assert interpret(201, b'{"a": 1}', CLUSTER) == {"a": 1}


@pytest.mark.parametrize(
    ("name", "first", "last", "count"),
    [
        ("400_noregisteredproviderfound", "2017-09-01-preview", "2018-05-01", 3),
        ("400_invalidapiversionparameter", "2022-09-01", "2014-02-26", 48),
        ("404_invalidresourcetype", None, None, 0),
    ],
)
def test_the_refusal_of_an_api_version_carries_those_that_it_lists(name, first, last, count):
    """Its 404 is no absence; of two lists in a message, the locations are none of versions."""
    status = int(name.partition("_")[0])
    with pytest.raises(VersionRefusedError) as refused:
        interpret(status, json.dumps(body(f"arm-errors/{name}")).encode(), CLUSTER)
    supported = refused.value.supported
    assert (supported[:1], supported[-1:], len(supported)) == ((first,) * bool(first), (last,) * bool(last), count)
    assert refused.value.why.reason == "unsupported"


@pytest.mark.parametrize("status", [400, 404])
def test_a_flat_error_lists_versions_too(status):
    text = "... for api version 'x'. The supported api-versions are '2026-01-01, 2026-02-02-preview, soon'."
    flat = {"code": "InvalidResourceType", "message": text}
    with pytest.raises(VersionRefusedError) as refused:
        interpret(status, json.dumps(flat).encode(), CLUSTER)
    assert refused.value.supported == ("2026-01-01", "2026-02-02-preview")


@pytest.mark.parametrize("message", [None, 7, "", ["2026-01-01"], "The supported api-versions are 2026-01-01."])
def test_a_refusal_without_a_list_lists_none(message):
    payload = json.dumps({"error": {"code": "NoRegisteredProviderFound", "message": message}}).encode()
    with pytest.raises(VersionRefusedError) as refused:
        interpret(400, payload, CLUSTER)
    assert refused.value.supported == ()
