"""Every cluster is run, whatever becomes of the others."""

from __future__ import annotations

import threading
from contextlib import contextmanager

import pytest

from azext_acrpulldiag import engine, fleet
from azext_acrpulldiag.collect.azure.cluster import MissingCluster
from azext_acrpulldiag.collect.azure.clusters import FoundClusters
from azext_acrpulldiag.collect.azure.missing import ClusterMissingError
from azext_acrpulldiag.engine import NoAnswerError, Request
from azext_acrpulldiag.facts import Unreadable
from azext_acrpulldiag.fleet import AT_ONCE, EVERY, Within, run_for_all
from azext_acrpulldiag.targets import ClusterTarget, Targets, parse_registry
from tests import build

REQUEST = Request(Targets(ClusterTarget("", "", ""), parse_registry("contosoreg", ".azurecr.io")))

EVERYWHERE = Within()


class Fleet:
    """Clusters by name, each with what its run returns or raises."""

    def __init__(self, monkeypatch, **outcomes):
        self.outcomes, self.told, self.at_once, self.most = outcomes, [], 0, 0
        self.unread = {}
        self.lock = threading.Lock()
        monkeypatch.setattr(fleet, "find_clusters", self.find)
        monkeypatch.setattr(fleet, "Session", lambda *_, **__: self)
        monkeypatch.setattr(fleet, "HealthCheck", self.health)
        monkeypatch.setattr(engine, "run", self.run)

    @contextmanager
    def health(self, _, name):
        assert name == "contosoreg"
        yield None

    def close(self):
        """The session's."""

    def find(self, _, subscription, group):
        self.narrowed = (subscription, group)
        found = [ClusterTarget(build.SUBSCRIPTION, "rg-app", name) for name in self.outcomes]
        return FoundClusters(tuple(found), self.unread)

    def run(self, _, request, **__):
        with self.lock:
            self.at_once += 1
            self.most = max(self.most, self.at_once)
        threading.Event().wait(0.02)
        with self.lock:
            self.at_once -= 1
        outcome = self.outcomes[request.targets.cluster.name]
        if isinstance(outcome, BaseException):
            raise outcome
        cluster = {"id": request.targets.cluster.id, "name": request.targets.cluster.name}
        return {"verdict": outcome, "target": {"cluster": cluster, "registry": None}}

    def reports(self, within=EVERYWHERE):
        return run_for_all(None, REQUEST, ".azurecr.io", within, self.told.append)


def said(reports):
    return [(each["target"]["cluster"]["name"], each["verdict"]) for each in reports]


def missing(name):
    return ClusterMissingError(ClusterTarget(build.SUBSCRIPTION, "rg-app", name), MissingCluster(True, (), ()))


def test_nothing_that_is_the_matter_with_one_costs_another(monkeypatch):
    silent = NoAnswerError(Unreadable("unreachable", "no answer", "read it", "the right"))
    asked = Fleet(monkeypatch, a="healthy", b=ValueError("a defect"), c=silent, d=missing("d"), e="broken")
    reports = asked.reports()
    assert said(reports) == [("e", "broken"), ("b", "inconclusive"), ("c", "inconclusive"), ("a", "healthy")]
    assert "ValueError: a defect" in reports[1]["unknowns"][0]["reason"]
    assert {each["permission"] for each in reports[2]["unknowns"]} == {"the right"}
    assert sorted(ended.number for ended in asked.told) == [1, 2, 3, 4, 5]
    assert {ended.of for ended in asked.told} == {5}
    assert [ended.cluster.name for ended in asked.told if not ended.reports] == ["d"]


def test_a_few_at_a_time(monkeypatch):
    asked = Fleet(monkeypatch, **{f"c{number:02}": "healthy" for number in range(20)})
    assert len(asked.reports()) == 20
    assert asked.most == AT_ONCE


def test_what_is_narrowed_is_passed_on(monkeypatch):
    asked = Fleet(monkeypatch)
    assert asked.reports(Within("s1", "rg-app")) == []
    assert asked.narrowed == ("s1", "rg-app")


def test_a_subscription_that_could_not_be_listed_has_a_report_that_says_so(monkeypatch):
    asked = Fleet(monkeypatch, a="healthy")
    right = "Microsoft.ContainerService/managedClusters/read"
    asked.unread = {"s2": Unreadable("forbidden", "HTTP 403: no permission to list", right, right)}
    open_, healthy = asked.reports()
    assert (open_["verdict"], open_["target"]["cluster"]["name"]) == ("inconclusive", EVERY)
    assert open_["target"]["cluster"]["id"].startswith("/subscriptions/s2/")
    assert "HTTP 403: no permission to list" in open_["summary"]
    assert {each["permission"] for each in open_["unknowns"]} == {right}
    assert healthy["verdict"] == "healthy"
    assert [(ended.number, ended.of, ended.cluster.name) for ended in asked.told] == [(1, 2, EVERY), (2, 2, "a")]


@pytest.mark.parametrize("reason", ["unreachable", "not-logged-in", "malformed"])
def test_where_nothing_could_be_asked_there_is_no_report(monkeypatch, reason):
    asked = Fleet(monkeypatch)
    asked.unread = {"s1": Unreadable(reason, "no"), "s2": Unreadable(reason, "no")}
    with pytest.raises(NoAnswerError):
        asked.reports()
