"""Errors of the kubelet identity, where it could not be read whether pods pull as it."""

from dataclasses import replace

import pytest

from azext_acrpulldiag.diagnosis.counter_evidence import weigh
from azext_acrpulldiag.diagnosis.kubelet_identity import HELD_AGAINST_IT
from azext_acrpulldiag.facts import ServiceAccountPull, Unreadable
from azext_acrpulldiag.model import Confidence, Finding, Reach, Severity, Status, Symptom
from tests.build import APP_ID, NOW, cluster, healthy_facts

WHY = Unreadable("unsupported", "HTTP 400 NoRegisteredProviderFound from Microsoft.ContainerService/read")
ERROR = Finding(
    "access.pull-role",
    Status.FAIL,
    "Nothing lets prod-agentpool pull.",
    "/registry",
    outcome="access.pull-role-missing",
    severity=Severity.ERROR,
    explains=("unauthorized-401",),
)
REFUSED = Symptom("web", "web-0", "app", "contosoreg.azurecr.io/a:1", "n1", "pool1", "unauthorized-401", "text", 1, NOW)


def weighed(finding=ERROR, symptoms=(), **changes):
    facts = healthy_facts(cluster=cluster(**{"service_account_pull": WHY, **changes}))
    (found,) = weigh([finding], facts, symptoms)
    return found


@pytest.mark.parametrize("outcome", sorted(HELD_AGAINST_IT))
def test_it_is_unknown_whether_anybody_misses_it(outcome):
    found = weighed(replace(ERROR, outcome=outcome))
    assert (found.status, found.code, found.check, found.outcome) == (
        Status.UNKNOWN,
        "unsupported",
        "access.pull-role",
        None,
    )
    assert found.reason.startswith("Nothing lets prod-agentpool pull; whether pods pull as the kubelet identity")
    assert WHY.detail in found.reason


def test_pods_that_report_it_make_it_an_inferred_error():
    found = weighed(symptoms=[REFUSED])
    assert (found.status, found.confidence) == (Status.FAIL, Confidence.INFERRED)
    assert found.summary.startswith(ERROR.summary) and "by service account could not be read" in found.summary


@pytest.mark.parametrize(
    "symptom", [replace(REFUSED, symptom_class="dns-failure"), replace(REFUSED, node_pool="pool2")]
)
def test_pods_that_report_something_else_or_elsewhere_tell_nothing_of_it(symptom):
    finding = replace(ERROR, reach=Reach(pools=frozenset({"pool1"})))
    assert weighed(finding, [symptom]).status is Status.UNKNOWN


@pytest.mark.parametrize(
    "changes",
    [
        {"service_account_pull": None},
        {"service_account_pull": ServiceAccountPull(False, None)},
        {"service_principal_client_id": APP_ID, "kubelet_identity": None},
    ],
)
def test_an_identity_that_pulls_is_judged(changes):
    assert weighed(**changes) is ERROR


@pytest.mark.parametrize("change", [{"status": Status.WARN}, {"outcome": "network.route-drops-registry"}])
def test_nothing_else_is_touched(change):
    finding = replace(ERROR, **change)
    assert weighed(finding) is finding


def test_a_cluster_that_could_not_be_read_changes_nothing():
    assert weigh([ERROR], healthy_facts(cluster=WHY), ()) == (ERROR,)
