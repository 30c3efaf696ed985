"""Mirror of collect/ask/lasting.py, through azure-core's real pipeline to a local server."""

from __future__ import annotations

import logging

import pytest

from azext_acrpulldiag.collect.ask.arm import ReadError, VersionRefusedError
from azext_acrpulldiag.collect.ask.lasting import begin, result
from azext_acrpulldiag.facts import Unreadable
from tests.collect.local_azure import SUBSCRIPTION, answer, broken_off, reset
from tests.recordings import body

CLUSTER = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/prod"
RUN, RESULT = f"{CLUSTER}/runCommand", f"{CLUSTER}/commandResults/1"
RIGHT = "Microsoft.ContainerService/managedClusters/runCommand/action"


def why(call) -> Unreadable:
    with pytest.raises(ReadError) as raised:
        call()
    return raised.value.why


def test_an_action_is_begun_and_says_where_its_result_will_be(azure, open_reader):
    there = f"{azure.url}{RESULT}?api-version=1"
    azure.on(RUN, answer(202, Location=there))
    assert begin(open_reader(), RUN, "1", {"command": "x"}) == there
    ((method, path, _, sent),) = azure.requests
    assert (method, path, sent) == ("POST", f"{RUN}?api-version=1", b'{"command": "x"}')


@pytest.mark.parametrize("location", [{}, {"Location": "https://elsewhere.example/1"}, {"Location": "/1"}])
def test_a_result_elsewhere_is_not_asked_for(azure, open_reader, location):
    azure.on(RUN, answer(202, **location))
    found = why(lambda: begin(open_reader(), RUN, "1", {}))
    assert (found.reason, found.operation) == ("malformed", RIGHT)


@pytest.mark.parametrize(
    ("refusal", "reason"),
    [
        (answer(200, {}), "malformed"),
        (answer(403, {"error": {"code": "AuthorizationFailed", "message": "The client 'x'"}}), "forbidden"),
        (answer(404, {"error": {"code": "ResourceNotFound", "message": "gone"}}), "unsupported"),
        (answer(409, {"code": "Conflict", "message": "busy\nmore"}), "unsupported"),
        (answer(429, {}), "throttled"),
        (answer(503, b"<html>"), "server-error"),
        (reset, "unreachable"),
    ],
)
def test_what_may_have_begun_is_not_sent_again(azure, open_reader, refusal, reason):
    azure.on(RUN, refusal, answer(202, Location=f"{azure.url}{RESULT}"))
    found = why(lambda: begin(open_reader(), RUN, "1", {}))
    assert found.reason == reason
    assert len(azure.requests) == 1
    assert "The client" not in found.detail
    assert "more" not in found.detail


def test_a_version_that_is_not_known_is_an_error_of_its_own(azure, open_reader):
    azure.on(RUN, answer(400, body("arm-errors/400_noregisteredproviderfound")))
    with pytest.raises(VersionRefusedError):
        begin(open_reader(), RUN, "1", {})


def test_the_body_is_in_no_log(azure, open_reader, caplog):
    caplog.set_level(logging.DEBUG)
    azure.on(RUN, answer(202, Location=f"{azure.url}{RESULT}"))
    begin(open_reader(), RUN, "1", {"clusterToken": "a-token-of-the-caller"})
    assert "a-token-of-the-caller" not in caplog.text


def test_a_result_is_there_or_not_yet(azure, open_reader):
    url = f"{azure.url}{RESULT}"
    azure.on(RESULT, answer(202, {"id": "1"}), answer(200, {"id": "1"}))
    reader = open_reader()
    assert result(reader, url, RESULT) is None
    assert result(reader, url, RESULT) == {"id": "1"}


def test_a_result_that_breaks_off_is_asked_for_again(azure, open_reader):
    azure.on(RESULT, broken_off, answer(200, {"id": "1"}))
    assert result(open_reader(), f"{azure.url}{RESULT}", RESULT) == {"id": "1"}


def test_an_error_in_place_of_a_result_comes_with_its_words(azure, open_reader):
    azure.on(RESULT, answer(400, {"code": "KubernetesOperationError", "message": "denied the request"}))
    found = why(lambda: result(open_reader(), f"{azure.url}{RESULT}", RESULT))
    assert "KubernetesOperationError" in found.detail
    assert found.detail.endswith(": denied the request")
