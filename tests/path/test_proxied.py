"""The way of nodes that a proxy asks for, of path/walk.py."""

from __future__ import annotations

import pytest

from azext_acrpulldiag.facts import HttpProxy, Unreadable
from azext_acrpulldiag.path import UNKNOWN, unmet, walks
from tests.build import DATA_HOST, cluster, healthy_facts, private_link_facts

LOGIN = "contosoreg.azurecr.io"
URL = "http://proxy.corp:3128"
NOT_READ = Unreadable("forbidden", "no right to read it")


def proxied(*no_proxy, **changes):
    return cluster(http_proxy=HttpProxy(URL, URL, no_proxy, False), **changes)


def kinds(facts):
    return {walk.host: {hop.kind for hop in walk.hops} for walk in walks(facts)}


def test_the_way_ends_at_the_proxy_and_knows_where_it_would_have_led():
    found = walks(private_link_facts(cluster=proxied()))
    assert {walk.host for walk in found} == {LOGIN, DATA_HOST}
    for walk in found:
        (hop,) = walk.hops
        assert (hop.kind, hop.name, hop.state) == ("http-proxy", URL, UNKNOWN)
        assert walk.destination.private
    assert URL in unmet(found, "nothing")


def test_only_the_hosts_that_the_proxy_is_asked_for():
    facts = private_link_facts(cluster=proxied(LOGIN))
    found = kinds(facts)
    assert found[DATA_HOST] == {"http-proxy"}
    assert "private-dns-record" in found[LOGIN]
    assert unmet(walks(facts), "nothing") == "nothing"


@pytest.mark.parametrize("one", [cluster(), proxied(".azurecr.io", ".windows.net")])
def test_without_the_proxy_the_way_goes_on(one):
    for facts in (healthy_facts(cluster=one), private_link_facts(cluster=one)):
        assert all("http-proxy" not in each for each in kinds(facts).values())


def test_whether_the_proxy_is_asked_may_not_be_known():
    one = cluster(http_proxy=HttpProxy(URL, URL, NOT_READ, False))
    assert [hop.unread for walk in walks(healthy_facts(cluster=one)) for hop in walk.hops] == [NOT_READ, NOT_READ]


def test_without_a_way_there_is_no_proxy_on_it():
    assert unmet((), "nothing") == "nothing"
