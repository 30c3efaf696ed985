"""Every request of a probe may fail in any way: no exception, nothing unearned, and no pod that is not told of."""

import pytest

from azext_acrpulldiag.facts import CODES, Unreadable
from azext_acrpulldiag.probe import pending
from tests.azure.faults import KINDS
from tests.azure.kubernetes import Pulling
from tests.probe.nodes import node
from tests.probe.probing import a_cloud, pods, probe

REQUESTS = {
    "may": "POST .*/selfsubjectaccessreviews",
    "nodes": "GET .*/nodes",
    "sweep": "GET .*/api/v1/pods",
    "create": r"POST .*/pods\?",
    "list": "GET .*instance=[0-9a-f]*&limit",
    "watch": "GET .*watch=1",
    "events": "GET .*/events",
    "delete": "DELETE .*/pods/",
}
# Those that take no time; what is silent is waited for, which other tests show to be bounded.
QUICK = sorted(set(KINDS) - {"timeout", "drip", "429-retry-after", "client-ip", "flat-404", "telling"})


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    monkeypatch.setattr("azext_acrpulldiag.probe.deletion.SECONDS", 0.7)
    monkeypatch.setattr("azext_acrpulldiag.probe.run.DELETION_SECONDS", 0.7)
    monkeypatch.setattr("azext_acrpulldiag.probe.run._END_SECONDS", 0.5)
    monkeypatch.setattr("azext_acrpulldiag.probe.run._EVENT_TRIES", 1)
    yield
    pending._pending.clear()


@pytest.mark.parametrize("kind", QUICK)
@pytest.mark.parametrize("request_", REQUESTS)
def test_a_request_fails(request_, kind):
    cloud = a_cloud(node("a-1", "a"), node("b-1", "b"))
    cloud.api.pulling["b"] = Pulling(message="401 Unauthorized")
    cloud.fault(REQUESTS[request_], kind)
    report = probe(cloud, seconds=2.5)
    if isinstance(report, Unreadable):
        assert report.reason in CODES
        assert pods(cloud) == []
        return
    found = {each.pool: each for each in report.pools}
    assert {name for name, each in found.items() if each.result == "pulled"} <= {"a"}
    assert {name for name, each in found.items() if each.result == "failed"} <= {"b"}
    assert set(pods(cloud)) <= {each.pod for each in report.left}


@pytest.mark.parametrize("request_", REQUESTS)
def test_a_request_fails_once(request_):
    cloud = a_cloud(node("a-1", "a"))
    cloud.fault(REQUESTS[request_], "reset", times=1)
    report = probe(cloud, seconds=4.0)
    assert pods(cloud) == []
    if request_ in ("sweep", "list", "watch", "delete"):
        assert [each.result for each in report.pools] == ["pulled"]
