"""What gives access is masked where a text of others is read, before it is a fact or a line of a log."""

from __future__ import annotations

import json
import logging

import pytest

from azext_acrpulldiag.collect.ask.errors import first_line
from azext_acrpulldiag.collect.ask.registry import _SIGNATURES
from azext_acrpulldiag.collect.az.child import as_text
from azext_acrpulldiag.collect.kubernetes.workloads import failing_from
from azext_acrpulldiag.collect.registry.errors import errors_in, refusal_from
from azext_acrpulldiag.collect.registry.registry import cache_rules_from, replications_from
from tests.azure.faults import TOLD
from tests.recordings import body

CANARY = "ToldCanary"


def _failing(status_says: str, event_says: str) -> object:
    pod = body("k8s/podlist_image_pull_fail")["items"][0]
    event = body("k8s/eventlist_image_pull_fail")["items"][2]
    status = pod["status"]["containerStatuses"][0]
    status["state"]["waiting"]["message"] = status_says
    event |= {"reason": "Failed", "message": event_says}
    event["involvedObject"] = {"namespace": pod["metadata"]["namespace"], "name": pod["metadata"]["name"]}
    event["involvedObject"]["fieldPath"] = f"spec.containers{{{status['name']}}}"
    return failing_from([pod], [event])


def _cache_rule() -> object:
    rules, sets = body("acr/cacherules_list")["value"], body("acr/credentialsets_list_unhealthy")["value"]
    sets[0]["properties"]["authCredentials"][0]["credentialHealth"]["errorMessage"] = TOLD
    return cache_rules_from(rules, sets)


def _replication() -> object:
    replication = body("acr/replication_get_2026_09_01_preview")
    replication["properties"]["status"]["message"] = TOLD
    return replications_from([replication])


def _refusal() -> object:
    payload = json.dumps({"errors": [{"code": f"sig={CANARY}", "message": TOLD}]}).encode()
    return errors_in(payload), refusal_from(403, payload, "contosoreg.azurecr.io", "/v2/", "content").why


def _logged() -> object:
    where = ("https://x.blob.core.windows.net:443", "GET", f"/0f/data?skn={CANARY}&sig={CANARY}", "HTTP/1.1", 200)
    record = logging.LogRecord("urllib3", logging.DEBUG, "", 0, '%s "%s %s %s" %s', where, None)
    return _SIGNATURES.filter(record) and record.getMessage()


READ = {
    "status": lambda: _failing(f"Failed to pull image: {TOLD}", ""),
    "event": lambda: _failing("Back-off pulling image", f"Failed to pull image: {TOLD}"),
    "cache rule": _cache_rule,
    "replication": _replication,
    "refusal": _refusal,
    "exception": lambda: first_line(ConnectionError(f"{TOLD}\nmore")),
    "child": lambda: as_text(f"WARNING: {TOLD}\r\n".encode()),
    "log": _logged,
}


@pytest.mark.parametrize("source", READ)
def test_no_secret_becomes_a_fact(source: str) -> None:
    found = repr(READ[source]())
    assert CANARY not in found
    assert "weumanaged193" in found or "/0f/data" in found or source == "refusal"
