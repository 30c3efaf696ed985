"""The table of what may have brought an outcome about."""

from __future__ import annotations

import pytest

from azext_acrpulldiag.checks import ALL
from azext_acrpulldiag.details import names_of
from azext_acrpulldiag.diagnosis.suspects import CHANGED_BY, RoleGone, scope_of_assignment
from azext_acrpulldiag.quoting import placeholders
from tests.contracts.test_rights import official

OUTCOMES = {outcome.id: outcome for checked in ALL for outcome in checked.outcomes}
PLACES = {"resource", "cluster_id", "registry_id"}
# Of what the Activity Log does not have: Entra ID, Kubernetes, a registry's content, the machine that runs az, time.
NOT_IN_THE_LOG = {
    "access.cross-tenant", "access.recently-granted", "identity.service-account-pull",
    "identity.service-principal-disabled", "identity.service-principal-not-found",
    "identity.service-principal-secret-expired", "identity.service-principal-secret-expiring",
    "identity.service-principal-secret-replaced", "image.digest-not-found", "image.host-without-credential",
    "image.invalid-reference", "image.login-server-mismatch", "image.login-server-typo", "image.manifest-missing",
    "image.not-an-image", "image.platform-mismatch", "image.read-locked", "image.regional-host-unsupported",
    "image.registry-left-out", "image.repository-not-found", "image.tag-not-found", "kubelet.pull-qps-exceeded",
    "network.node-resolver", "nodes.artifact-streaming", "nodes.identity-ambiguous", "probe.pod-left",
    "probe.pull-failed", "pull-secret.expiring",
    "pull-secret.login-token-expired", "pull-secret.malformed", "pull-secret.missing", "pull-secret.newer-than-pod",
    "pull-secret.service-principal-expired", "pull-secret.service-principal-unknown",
    "pull-secret.virtual-node-needs-secret", "pull-secret.wrong-registry", "registry.arm-token-refused",
    "registry.check-acr-failed", "registry.throttled", "registry.unhealthy", "symptom.admission-denied",
    "symptom.unexplained",
}  # fmt: skip

each_row = pytest.mark.parametrize("outcome", CHANGED_BY)


def test_every_outcome_is_in_the_table_or_not_in_the_log():
    assert set(CHANGED_BY) | NOT_IN_THE_LOG == set(OUTCOMES)
    assert not set(CHANGED_BY) & NOT_IN_THE_LOG


@each_row
def test_places_are_details_of_the_outcome(outcome):
    names = PLACES | {name for kind in OUTCOMES[outcome].details for name in names_of(kind)}
    for row in CHANGED_BY[outcome]:
        if isinstance(row, RoleGone):
            assert set(row.principals) <= names
            assert not row.scopes or row.scopes in names
        else:
            assert {row.at, *placeholders(row.then)} - {""} <= names


@each_row
def test_operations_are_some_that_azure_lists(outcome):
    listed = {each.lower() for each in official()}
    rows = (row for row in CHANGED_BY[outcome] if not isinstance(row, RoleGone))
    assert not [operation for row in rows for operation in row.operations if operation.lower() not in listed]


@pytest.mark.parametrize(
    ("assignment", "scope"),
    [
        ("/subscriptions/s/providers/microsoft.authorization/ROLEASSIGNMENTS/a", "/subscriptions/s"),
        ("/providers/Microsoft.Authorization/roleAssignments/a", "/"),
        ("/subscriptions/s/providers/Microsoft.Authorization/roleDefinitions/a", None),
    ],
)
def test_the_id_of_a_role_assignment_names_its_scope(assignment, scope):
    assert scope_of_assignment(assignment) == scope
