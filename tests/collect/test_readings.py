"""The table of readings: whole, and driven by what the checks of a run need."""

from __future__ import annotations

from dataclasses import fields

import pytest

from azext_acrpulldiag.checks import ALL
from azext_acrpulldiag.collect import readings
from azext_acrpulldiag.collect.reading import Reading, in_order
from azext_acrpulldiag.collect.readings import ALWAYS, FACTS, PROBE, facts_of, needed
from azext_acrpulldiag.collect.request import ReadRequest
from azext_acrpulldiag.facts import Facts, Options
from tests import build

ROWS = tuple(value for value in vars(readings).values() if isinstance(value, Reading))
# The clock and the arguments.
GIVEN = {"now", "targets", "options"}


def request(*checks: str, **arguments) -> ReadRequest:
    """The request of a run of these checks, each with its category or id."""
    needs = {each.id: each.needs for each in ALL if each.id in checks or each.category in checks}
    return ReadRequest(build.healthy_facts().targets, Options(), needs, **arguments)


def read(*checks: str, **arguments) -> set[str]:
    """The names of the rows that a run of these checks reads."""
    return {row.name for row in in_order(needed(request(*checks, **arguments)))}


def test_each_fact_has_a_row():
    assert set(FACTS) == {field.name for field in fields(Facts)} - GIVEN


def test_each_row_leads_to_a_fact():
    assert set(in_order(FACTS.values())) == set(ROWS)
    assert len({row.name for row in ROWS}) == len(ROWS)


def test_a_fact_is_the_answer_of_its_row():
    now = build.healthy_facts().now
    facts = facts_of(lambda row: row.fact, request(), now)
    told = {name for name in FACTS if name != PROBE.fact}  # which no run reads with the others
    assert {name: getattr(facts, name) for name in told} == {name: name for name in told}


def test_only_what_asks_has_rights():
    """And what puts answers together at the end asks for nothing."""
    asking_for_nothing = {"registryFacts", "puller", "registryApi", "accountIdentities", "heldByIdentity"}
    assert {row.name for row in ROWS if not row.rights and not row.at_end} == asking_for_nothing
    assert not [row.name for row in ROWS if row.rights and row.at_end]


def test_a_run_without_checks_reads_its_target_and_the_pods():
    assert {row.fact for row in needed(request())} == set(ALWAYS)
    assert read() == {"cluster", "registry", "registryFacts", "kubernetesLogin", "kubernetes"}


@pytest.mark.parametrize(
    ("check", "also"),
    [
        ("nodes", {"scaleSets", "nodes"}),
        ("registry.health", {"checkHealth"}),
        ("registry.cache", {"cacheRules", "registryApi", "image", "failingImages", "images"}),
        ("registry.replicas", {"replications"}),
        ("image.login-server", {"replications"}),
        ("image.quarantine", {"registryApi", "image", "failingImages", "images"}),
        ("identity.kubelet-identity", {"kubeletIdentity"}),
        ("network.public-access", set()),
    ],
)
def test_a_check_brings_about_what_it_needs(check, also):
    assert read(check) == read() | also


def test_the_roles_of_others_do_not_bring_about_the_nodes():
    assert "otherDefinitions" in read("pull-secret")
    assert "nodes" not in read("pull-secret")


def test_no_secret_is_opened_where_no_check_of_secrets_runs():
    assert "pullSecrets" not in read("access", pull_secret="regcred")
    assert "pullSecrets" in read("pull-secret.format")


def test_check_acr_runs_where_it_is_asked_for():
    assert "checkAcr" not in read("registry.check-acr")
    assert "checkAcr" in read("registry.check-acr", check_acr=True)
    assert "checkAcr" not in read("registry.health", check_acr=True)


def test_all_checks_need_all_rows_but_what_a_verdict_comes_before():
    assert read(*(each.id for each in ALL), check_acr=True) | {"activityLog", "probe"} == {row.name for row in ROWS}
