"""Mirror of checks/second_opinion.py."""

from __future__ import annotations

from dataclasses import replace

import pytest

from azext_acrpulldiag.checks.registry.az_commands import node_may_log_in_to_registry, registry_is_healthy_from_here
from azext_acrpulldiag.diagnosis.evaluate import evaluate
from azext_acrpulldiag.facts import CheckAcrReport, HealthCode, HealthReport, Unreadable
from tests.build import healthy_facts, registry

HIDDEN = Unreadable("forbidden", "No right", permission="Microsoft.ContainerRegistry/registries/read")


def judged(checked, **changes):
    return evaluate(checked, replace(healthy_facts(), **changes))


@pytest.mark.parametrize("check", [registry_is_healthy_from_here, node_may_log_in_to_registry])
def test_an_unreadable_registry_is_unknown(check):
    (finding,) = judged(check, registry=HIDDEN, check_acr=CheckAcrReport(0, None, (), ""))
    assert (finding.status, finding.permission) == ("unknown", HIDDEN.permission)


# --- az acr check-health ---------------------------------------------------------------


def test_a_healthy_registry_passes():
    assert [finding.status for finding in judged(registry_is_healthy_from_here)] == ["pass"]


def test_every_health_code_is_a_warning_seen_from_this_machine():
    codes = (
        HealthCode("CONNECTIVITY_FORBIDDEN_ERROR", "403"),
        HealthCode("CMK_ERROR", "vault"),
        HealthCode("LOGIN_SERVER_ERROR", "cloud"),
        HealthCode("DOCKER_COMMAND_ERROR", "no docker"),
    )
    findings = judged(registry_is_healthy_from_here, check_health=HealthReport(codes, ()))
    assert [finding.evidence["code"] for finding in findings] == [code.code for code in codes[:3]]
    assert {(f.status, f.outcome, f.seen_from, f.explains) for f in findings} == {
        ("warn", "registry.unhealthy", "this-machine", ())
    }


def test_health_that_was_not_asked_is_skipped_and_health_that_failed_unknown():
    assert judged(registry_is_healthy_from_here, check_health=None)[0].status == "skipped"
    (finding,) = judged(registry_is_healthy_from_here, check_health=Unreadable("timeout", "Too slow"))
    assert (finding.status, finding.seen_from) == ("unknown", "this-machine")


# --- az aks check-acr ------------------------------------------------------------------


def report(code: int) -> CheckAcrReport:
    return CheckAcrReport(code, "Validating image pull permission", ("Checking managed identity",), "FAILED")


@pytest.mark.parametrize(
    ("code", "status", "confidence", "explains"),
    [
        (10, "fail", "observed", ("unauthorized-401",)),
        (52, "fail", "observed", ("dns-failure",)),
        (60, "fail", "inferred", ("unauthorized-401",)),
        (1, "warn", "observed", ()),
        (4, "warn", "observed", ()),
        (137, "warn", "observed", ()),
    ],
)
def test_what_a_failing_check_acr_weighs(code, status, confidence, explains):
    (finding,) = judged(node_may_log_in_to_registry, check_acr=report(code))
    assert (finding.outcome, finding.status) == ("registry.check-acr-failed", status)
    assert (finding.confidence, finding.explains, finding.seen_from) == (confidence, explains, "node")
    assert (finding.evidence["exit_code"], finding.evidence["failed_step"]) == (code, report(code).failed_step)


@pytest.mark.parametrize("policy", ["disabled", HIDDEN])
def test_a_refused_exchange_is_a_warning_where_the_tool_fails_falsely(policy):
    facts = {"check_acr": report(60), "registry": registry(arm_audience_tokens=policy)}
    (finding,) = judged(node_may_log_in_to_registry, **facts)
    assert (finding.status, finding.explains) == ("warn", ())


def test_check_acr_passes_is_skipped_or_unknown():
    assert judged(node_may_log_in_to_registry, check_acr=report(0))[0].status == "pass"
    assert judged(node_may_log_in_to_registry)[0].status == "skipped"
    (finding,) = judged(node_may_log_in_to_registry, check_acr=Unreadable("unsupported", "kubectl is not installed"))
    assert (finding.status, finding.seen_from) == ("unknown", "node")


def test_check_acr_that_nobody_asked_for_is_skipped_also_without_a_registry():
    (finding,) = judged(node_may_log_in_to_registry, registry=HIDDEN)
    assert (finding.status, finding.resource) == ("skipped", "contosoreg")
