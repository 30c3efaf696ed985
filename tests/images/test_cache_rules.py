"""Mirror of images/cache_rules.py."""

from __future__ import annotations

import pytest

from azext_acrpulldiag.facts import CacheRule
from azext_acrpulldiag.images.cache_rules import meant_upstream, path_fault, rule_for, upstream_of


def rule(target, source="docker.io/*"):
    return CacheRule("r", source, target, None, None)


@pytest.mark.parametrize(
    ("target", "repository", "expected"),
    [
        ("hub/*", "hub/library/nginx", True),
        ("hub/*", "hubs/nginx", False),
        ("hub/*", "hub", False),
        ("*", "anything", True),
        ("Ubuntu", "ubuntu", True),
        ("ubuntu", "ubuntu/a", False),
    ],
)
def test_which_repositories_a_rule_serves(target, repository, expected):
    assert (rule_for((rule(target),), repository) is not None) is expected


def test_a_rule_of_its_own_goes_before_a_wildcard_and_a_long_wildcard_before_a_short():
    exact, short, long = rule("hub/grafana/grafana"), rule("*"), rule("hub/grafana/*")
    for order in ((exact, short, long), (long, short, exact)):
        assert rule_for(order, "hub/grafana/grafana") is exact
        assert rule_for(order, "hub/grafana/loki") is long
        assert rule_for(order, "mine") is short
    assert rule_for((), "mine") is None


@pytest.mark.parametrize(
    ("source", "target", "repository", "upstream"),
    [
        ("docker.io/library/*", "docker.io/*", "docker.io/nginx", "docker.io/library/nginx"),
        ("docker.io/library/*", "docker.io/*", "docker.io/pulumi/base", "docker.io/library/pulumi/base"),
        ("mcr.microsoft.com/*", "*", "aks-managed-repository/a/b", "mcr.microsoft.com/aks-managed-repository/a/b"),
        ("mcr.microsoft.com/*", "aks-managed-repository/*", "aks-managed-repository/a/b", "mcr.microsoft.com/a/b"),
        ("docker.io/library/ubuntu", "ubuntu", "ubuntu", "docker.io/library/ubuntu"),
    ],
)
def test_what_a_rule_asks_for(source, target, repository, upstream):
    assert upstream_of(rule(target, source), repository) == upstream


@pytest.mark.parametrize(
    ("upstream", "meant"),
    [
        ("docker.io/library/pulumi/base", "docker.io/pulumi/base"),
        ("docker.io/library/nginx", None),
        ("docker.io/nginx", None),  # the registry adds library/ itself
        ("ghcr.io/library/a/b", None),
        ("docker.io/libraryx/a/b", None),
    ],
)
def test_a_path_that_docker_hub_does_not_have(upstream, meant):
    assert meant_upstream(upstream) == meant
    assert (path_fault(upstream) is None) is (meant is None)
