"""Checks on access: one healthy set of facts, one change a case."""

import json
import shlex
from dataclasses import replace
from datetime import timedelta

import pytest

from azext_acrpulldiag.access.conditions import Answer, condition_holds
from azext_acrpulldiag.access.grants import ABAC_MODE, ABAC_PULL, LEGACY_MODE
from azext_acrpulldiag.checks.access.limits import (
    identity_and_registry_share_a_tenant as tenants,
)
from azext_acrpulldiag.checks.access.limits import (
    no_deny_assignment_takes_pull_away as deny_assignments,
)
from azext_acrpulldiag.checks.access.limits import (
    the_grant_has_had_time_to_spread as propagation,
)
from azext_acrpulldiag.checks.access.pull_role import a_role_lets_the_puller_pull as pull_role
from azext_acrpulldiag.diagnosis.evaluate import evaluate
from azext_acrpulldiag.facts import (
    AssignedIdentity,
    DenyAssignment,
    Image,
    ManagedIdentity,
    Options,
    Permission,
    Unreadable,
)
from azext_acrpulldiag.model import Confidence, Severity, Status
from tests.build import (
    ACR_PULL,
    APP_ID,
    APP_OBJECT_ID,
    CONTROL_PLANE_OBJECT_ID,
    IDENTITY_ID,
    KUBELET_CLIENT_ID,
    KUBELET_OBJECT_ID,
    NOW,
    REGISTRY_ID,
    REPOSITORY_READER,
    SP_OBJECT_ID,
    SUBSCRIPTION,
    TENANT,
    access,
    acr_pull,
    assignment,
    cluster,
    failing,
    healthy_facts,
    kubernetes,
    registry,
    role_definition,
    scale_set,
    service_principal_facts,
)

CHECKS = (pull_role, deny_assignments, tenants, propagation)
FORBIDDEN = Unreadable("forbidden", "no right", "op", "Microsoft.Authorization/roleAssignments/read")
NOT_SHOWN = Unreadable("not-shown", "not shown")
NAME = "@Request[Microsoft.ContainerRegistry/registries/repositories:name]"
GROUP = "d7a0c0de-0000-4000-8000-000000000001"
STRANGER = "57a16e60-0000-4000-8000-000000000002"
ABOVE = f"/subscriptions/{SUBSCRIPTION}"
MANAGEMENT_GROUP = "/providers/Microsoft.Management/managementGroups/corp"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
NETWORK = "4d97b98b-1d4f-4787-a291-c67834d212e7"
DEFINITIONS = {
    ACR_PULL: acr_pull(),
    READER: role_definition(READER, "Reader", actions=("*/read",)),
    NETWORK: role_definition(NETWORK, "Network Contributor", actions=("Microsoft.Network/*",)),
    REPOSITORY_READER: role_definition(
        REPOSITORY_READER, "Container Registry Repository Reader", data_actions=(ABAC_PULL.name,)
    ),
    "wild": role_definition("wild", "Wild", custom=True, actions=("*/read",), data_actions=("*/read",)),
    "both": role_definition(
        "both",
        "Data Reader",
        actions=("Microsoft.ContainerRegistry/registries/pull/read",),
        data_actions=(ABAC_PULL.name,),
    ),
}


def facts(*held, mode=LEGACY_MODE, image=None, around=None, **changes):
    """Facts of a puller that holds exactly ``held``; ``around`` is what others hold beside it."""
    at_scope = changes.pop("at_scope", (*held, *(around or ())))
    holding = replace(access(), effective=held, at_scope=at_scope, definitions=DEFINITIONS)
    built = healthy_facts(access=replace(holding, **changes.pop("access", {})), **changes)
    if not isinstance(built.registry, Unreadable) and "registry" not in changes:
        built = replace(built, registry=registry(role_assignment_mode=mode))
    if image:
        built = replace(built, options=Options(image=Image("contosoreg.azurecr.io", image, "v1", None)))
    return built


def only(checked, given):
    (finding,) = evaluate(checked, given)
    declared = {outcome.id: set(outcome.evidence_keys) for outcome in checked.outcomes}
    assert finding.outcome is None or set(finding.evidence) == declared[finding.outcome]
    return finding


def repository_reader(condition=None, **changes):
    return assignment(role=REPOSITORY_READER, condition=condition, **changes)


# --- access.pull-role: granted ------------------------------------------------------------


@pytest.mark.parametrize(
    ("held", "mode"),
    [
        (assignment(), LEGACY_MODE),
        (assignment(scope=REGISTRY_ID.upper()), LEGACY_MODE),
        (assignment(scope=ABOVE), LEGACY_MODE),
        (assignment(scope=MANAGEMENT_GROUP, role=READER), LEGACY_MODE),
        (assignment(GROUP, principal_type="Group"), LEGACY_MODE),
        (repository_reader(), ABAC_MODE),
        (assignment(role="both"), Unreadable("not-shown", "old api-version")),
        (assignment(role="both"), "SomethingNew"),
    ],
)
def test_passes_where_a_role_grants_pull(held, mode):
    finding = only(pull_role, facts(held, mode=mode))
    assert (finding.status, finding.confidence) == (Status.PASS, Confidence.OBSERVED)


def test_one_granting_role_among_others_is_enough():
    held = (assignment(role=NETWORK), repository_reader("nonsense"), assignment(scope=ABOVE))
    assert only(pull_role, facts(*held)).status is Status.PASS


@pytest.mark.parametrize("mode", [LEGACY_MODE, ABAC_MODE])
def test_a_custom_role_with_a_wildcard_passes_as_probable(mode):
    finding = only(pull_role, facts(assignment(role="wild"), mode=mode))
    assert (finding.status, finding.confidence) == (Status.PASS, Confidence.INFERRED)
    assert (finding.check, finding.evidence["roles"]) == ("access.pull-role", ["Wild"])


def test_a_condition_that_covers_the_image_passes():
    held = repository_reader(f"{NAME} StringStartsWith 'team'")
    assert only(pull_role, facts(held, mode=ABAC_MODE, image="team2/app")).status is Status.PASS


# --- access.pull-role: not granted --------------------------------------------------------


def test_no_role_at_all():
    finding = only(pull_role, facts())
    assert (finding.outcome, finding.severity) == ("access.pull-role-missing", Severity.ERROR)
    assert finding.resource == REGISTRY_ID
    assert finding.evidence["principal"] == KUBELET_OBJECT_ID
    assert finding.evidence["principals"] == [KUBELET_OBJECT_ID]
    assert finding.evidence["scopes"] == [REGISTRY_ID, f"{ABOVE}/resourceGroups/rg-shared", ABOVE]
    assert finding.evidence["roles_held"] == []
    assert [remedy.command for remedy in finding.remedies] == [
        f"az role assignment create --assignee-object-id {KUBELET_OBJECT_ID} --assignee-principal-type ServicePrincipal"
        f" --role AcrPull --scope {REGISTRY_ID}",
        f"az aks update -n prod -g rg-app --attach-acr {REGISTRY_ID} --subscription {SUBSCRIPTION}",
    ]


def test_the_evidence_names_every_scope_group_and_role_looked_at():
    held = (
        assignment(role=NETWORK, scope=MANAGEMENT_GROUP),
        assignment(GROUP, role=NETWORK, scope=ABOVE.upper(), principal_type="Group"),
    )
    given = facts(*held, around=(assignment(STRANGER, role=NETWORK, scope="/"),), access={"group_ids": (GROUP,)})
    finding = only(pull_role, given)
    assert finding.outcome == "access.pull-role-missing"
    assert finding.evidence["scopes"][3:] == [MANAGEMENT_GROUP, "/"]
    assert finding.evidence["principals"] == [KUBELET_OBJECT_ID, GROUP]
    assert [item["role"] for item in finding.evidence["roles_held"]] == ["Network Contributor"] * 2


def test_other_holders_are_evidence_and_not_accused():
    around = (
        assignment(STRANGER),
        assignment(GROUP, role=READER, scope=ABOVE, principal_type="Group"),
        assignment(CONTROL_PLANE_OBJECT_ID, role=NETWORK),
        assignment(STRANGER, role="not-read"),
    )
    finding = only(pull_role, facts(around=around))
    assert finding.outcome == "access.pull-role-missing"
    assert finding.evidence["other_holder_count"] == 2
    assert finding.evidence["other_holders"] == [
        {"role": "AcrPull", "principal": STRANGER, "type": "ServicePrincipal", "scope": REGISTRY_ID},
        {"role": "Reader", "principal": GROUP, "type": "Group", "scope": ABOVE},
    ]


def test_other_holders_are_cut_and_counted():
    around = tuple(assignment(f"a0a0{number:04d}-0000-4000-8000-000000000000") for number in range(4000))
    finding = only(pull_role, facts(around=around))
    assert (len(finding.evidence["other_holders"]), finding.evidence["other_holder_count"]) == (20, 4000)


def test_other_holders_that_could_not_be_listed_do_not_hide_a_missing_role():
    finding = only(pull_role, facts(at_scope=FORBIDDEN))
    assert (finding.outcome, finding.evidence["other_holders"]) == ("access.pull-role-missing", None)


@pytest.mark.parametrize(
    ("anonymous", "severity", "confidence"),
    [
        (False, Severity.ERROR, Confidence.OBSERVED),
        (True, Severity.WARNING, Confidence.OBSERVED),
        (NOT_SHOWN, Severity.ERROR, Confidence.INFERRED),
    ],
)
def test_anonymous_pull_makes_it_a_warning(anonymous, severity, confidence):
    finding = only(pull_role, facts(registry=registry(anonymous_pull=anonymous)))
    assert (finding.outcome, finding.severity, finding.confidence) == ("access.pull-role-missing", severity, confidence)


@pytest.mark.parametrize(
    ("checked", "unread"),
    [
        (pull_role, {"effective": FORBIDDEN}),
        (pull_role, {"definitions": {}}),
        (deny_assignments, {"denials": FORBIDDEN}),
        (tenants, {}),
    ],
)
@pytest.mark.parametrize(("anonymous", "decisive"), [(True, False), (False, None)])
def test_what_is_unknown_of_the_puller_decides_nothing_where_everybody_may_pull(checked, unread, anonymous, decisive):
    other = registry(anonymous_pull=anonymous, subscription="s", tenant_id=NOT_SHOWN)
    finding = only(checked, facts(assignment(), registry=other, access=unread))
    assert (finding.status, finding.decisive) == (Status.UNKNOWN, decisive)


CARRIED = AssignedIdentity(f"{IDENTITY_ID}-old", "01d00000-0000-4000-8000-000000000003", "01d00000-cccc")


@pytest.mark.parametrize(
    ("holder", "words"),
    [
        (CONTROL_PLANE_OBJECT_ID, "control-plane"),
        (CONTROL_PLANE_OBJECT_ID.upper(), "control-plane"),
        (KUBELET_CLIENT_ID, "client id"),
        (CARRIED.principal_id, "prod-agentpool-old"),
        (CARRIED.client_id, "prod-agentpool-old"),
    ],
)
@pytest.mark.parametrize("scope", [REGISTRY_ID, ABOVE])
def test_a_role_on_another_principal_of_this_cluster(holder, words, scope):
    given = facts(
        around=(assignment(STRANGER), assignment(holder, scope=scope)),
        node_hosts=(scale_set(identities=(CARRIED,)),),
    )
    finding = only(pull_role, given)
    assert (finding.outcome, finding.severity) == ("access.pull-role-on-other-principal", Severity.ERROR)
    assert (finding.evidence["holder"], finding.evidence["role"]) == (holder, "AcrPull")
    assert words in finding.evidence["holder_is"]
    assert [item["principal"] for item in finding.evidence["misplaced"]] == [holder]
    assert KUBELET_OBJECT_ID in finding.remedies[0].command


@pytest.mark.parametrize("holder", [APP_ID, APP_OBJECT_ID])
def test_a_role_on_the_application_instead_of_its_service_principal(holder):
    given = service_principal_facts()
    none = replace(given.access, effective=(), at_scope=(assignment(holder),), definitions=DEFINITIONS)
    finding = only(pull_role, replace(given, access=none))
    assert (finding.outcome, finding.evidence["principal"]) == ("access.pull-role-on-other-principal", SP_OBJECT_ID)


def test_a_service_principal_with_its_role_passes():
    assert only(pull_role, service_principal_facts()).status is Status.PASS


@pytest.mark.parametrize(
    "unread",
    [{"cluster": FORBIDDEN}, {"node_hosts": FORBIDDEN}, {"cluster": cluster(control_plane_principal_ids=NOT_SHOWN)}],
)
def test_what_is_not_read_accuses_nobody_and_hides_nothing(unread):
    assert only(pull_role, facts(around=(assignment(STRANGER),), **unread)).outcome == "access.pull-role-missing"


def test_a_useless_role_on_another_principal_is_no_explanation():
    given = facts(around=(assignment(CONTROL_PLANE_OBJECT_ID, role=NETWORK),))
    assert only(pull_role, given).outcome == "access.pull-role-missing"


@pytest.mark.parametrize(
    ("held", "mode", "role", "repair"),
    [
        (assignment(), ABAC_MODE, "AcrPull", "Container Registry Repository Reader"),
        (assignment(role=READER, scope=ABOVE), ABAC_MODE, "Reader", "Container Registry Repository Reader"),
        (repository_reader(), LEGACY_MODE, "Container Registry Repository Reader", "AcrPull"),
        (repository_reader(f"{NAME} StringEquals 'a'"), LEGACY_MODE, "Container Registry Repository Reader", "AcrPull"),
    ],
)
def test_a_role_of_the_other_mode(held, mode, role, repair):
    finding = only(pull_role, facts(held, mode=mode, around=(assignment(CONTROL_PLANE_OBJECT_ID),)))
    assert (finding.outcome, finding.evidence["role"]) == ("access.pull-role-wrong-mode", role)
    words = shlex.split(finding.remedies[0].command)
    assert words[words.index("--role") + 1] == repair


def test_abac_registries_are_never_offered_the_attach_trap():
    finding = only(pull_role, facts(mode=ABAC_MODE))
    assert finding.outcome == "access.pull-role-missing"
    assert [("--attach-acr" in remedy.command) for remedy in finding.remedies] == [False]


def test_an_unread_mode_with_no_role_is_missing_with_both_repairs():
    finding = only(pull_role, facts(mode=NOT_SHOWN))
    assert (finding.outcome, finding.evidence["mode"]) == ("access.pull-role-missing", None)
    assert [(each.option, each.step, "--attach-acr" in each.command) for each in finding.remedies] == [
        (1, 1, False),
        (1, 2, False),
        (2, 1, True),
    ]
    roles = [shlex.split(each.command)[9] for each in finding.remedies[:2]]
    assert roles == ["AcrPull", "Container Registry Repository Reader"]
    assert finding.remedies[0].requires == ("Microsoft.Authorization/roleAssignments/write",)


def test_an_unread_mode_that_decides_is_unknown():
    finding = only(pull_role, facts(assignment(), mode=NOT_SHOWN))
    assert (finding.status, finding.reason) == (Status.UNKNOWN, "not shown.")
    assert only(pull_role, facts(assignment(), mode="SomethingNew")).status is Status.UNKNOWN


# --- access.pull-role: conditions ---------------------------------------------------------


def test_a_condition_that_leaves_the_repository_out():
    held = (repository_reader(f"{NAME} StringEquals 'web'"), assignment())
    finding = only(pull_role, facts(*held, mode=ABAC_MODE, image="team/app"))
    assert (finding.outcome, finding.severity) == ("access.condition-excludes-repository", Severity.ERROR)
    assert finding.evidence["repository"] == "team/app"
    assert finding.evidence["conditions"] == [f"{NAME} StringEquals 'web'"]
    (remedy,) = finding.remedies
    words = shlex.split(remedy.command)
    assert words[:4] == ["az", "role", "assignment", "update"]
    updated = json.loads(words[5])
    assert updated["name"] == held[0].id.rpartition("/")[2]
    answers = [condition_holds(updated["condition"], ABAC_PULL.name, name) for name in ("team/app", "web", "other")]
    assert answers == [Answer.YES, Answer.YES, Answer.NO]


@pytest.mark.parametrize("where", [{"scope": ABOVE}, {"principal": GROUP}])
def test_a_condition_held_elsewhere_gets_an_assignment_of_its_own(where):
    held = repository_reader(f"{NAME} StringEquals 'web'", **where)
    finding = only(pull_role, facts(held, mode=ABAC_MODE, image="team/app"))
    (remedy,) = finding.remedies
    words = shlex.split(remedy.command)
    condition = words[words.index("--condition") + 1]
    answers = [condition_holds(condition, ABAC_PULL.name, name) for name in ("team/app", "web")]
    assert answers == [Answer.YES, Answer.NO]


def test_a_hostile_repository_name_gets_no_command():
    held = repository_reader(f"{NAME} StringEquals 'web'")
    finding = only(pull_role, facts(held, mode=ABAC_MODE, image="a' OR '1'='1"))
    assert finding.outcome == "access.condition-excludes-repository"
    assert [remedy.command for remedy in finding.remedies] == [None]


def test_a_condition_without_an_image_is_unknown_and_asks_for_one():
    finding = only(pull_role, facts(repository_reader(f"{NAME} StringEquals 'web'"), mode=ABAC_MODE))
    assert finding.status is Status.UNKNOWN
    assert "--image" in finding.reason


def pods_of(*repositories):
    images = [f"contosoreg.azurecr.io/{repository}:1" for repository in repositories]
    return kubernetes(*(failing(image=image, pod=f"web-{number}") for number, image in enumerate(images)))


def test_a_condition_that_leaves_the_repositories_of_failing_pods_out():
    given = facts(
        repository_reader(f"{NAME} StringEquals 'web'"), mode=ABAC_MODE, kubernetes=pods_of("web", "team/app", "shop")
    )
    finding = only(pull_role, given)
    assert finding.evidence["left_out"] == ["shop", "team/app"]
    assert finding.reach.images == {"contosoreg.azurecr.io/shop:1", "contosoreg.azurecr.io/team/app:1"}
    (command,) = (remedy.command for remedy in finding.remedies)
    updated = json.loads(shlex.split(command)[5])["condition"]
    answers = [condition_holds(updated, ABAC_PULL.name, name) for name in ("web", "shop", "team/app", "other")]
    assert answers == [Answer.YES, Answer.YES, Answer.YES, Answer.NO]


def test_a_condition_that_covers_what_failing_pods_pull_passes():
    given = facts(repository_reader(f"{NAME} StringEquals 'web'"), mode=ABAC_MODE, kubernetes=pods_of("web"))
    assert only(pull_role, given).status is Status.PASS


def test_without_a_condition_repositories_make_no_difference():
    assert only(pull_role, facts(kubernetes=pods_of("web", "shop"))).outcome == "access.pull-role-missing"


def test_a_fresh_grant_for_one_repository_is_about_its_pods():
    old = repository_reader(f"{NAME} StringEquals 'web'")
    fresh = repository_reader(f"{NAME} StringEquals 'shop'", created=NOW - timedelta(minutes=2))
    finding = only(propagation, facts(old, fresh, mode=ABAC_MODE, kubernetes=pods_of("web", "shop")))
    assert (finding.outcome, finding.reach.images) == ("access.recently-granted", {"contosoreg.azurecr.io/shop:1"})


def test_a_conditional_denial_is_about_the_pods_of_its_repository():
    taken = denial(condition=f"{NAME} StringEquals 'shop'")
    given = facts(repository_reader(), mode=ABAC_MODE, access={"denials": (taken,)}, kubernetes=pods_of("web", "shop"))
    finding = only(deny_assignments, given)
    assert (finding.outcome, finding.reach.images) == ("access.denied", {"contosoreg.azurecr.io/shop:1"})


def test_an_image_of_another_registry_judges_no_condition():
    given = facts(repository_reader(f"{NAME} StringEquals 'web'"), mode=ABAC_MODE)
    given = replace(given, options=Options(image=Image("docker.io", "library/nginx", "1", None)))
    assert only(pull_role, given).status is Status.UNKNOWN


@pytest.mark.parametrize(("held", "mode"), [(assignment, LEGACY_MODE), (repository_reader, ABAC_MODE)])
def test_a_condition_that_never_lets_a_pull_through_is_no_grant(held, mode):
    never = held(condition="ActionMatches{'Microsoft.Authorization/roleAssignments/write'}")
    assert only(pull_role, facts(never, mode=mode)).outcome == "access.pull-role-missing"


def test_a_condition_that_is_not_understood_is_unknown():
    finding = only(pull_role, facts(repository_reader("nonsense"), mode=ABAC_MODE, image="app"))
    assert finding.status is Status.UNKNOWN
    assert "not understood" in finding.reason


# --- skipped and unknown, every check -----------------------------------------------------


@pytest.mark.parametrize("checked", CHECKS, ids=lambda checked: checked.id)
def test_skipped_without_a_puller(checked):
    finding = only(checked, facts(access={"puller": None}))
    assert (finding.status, finding.check) == (Status.SKIPPED, checked.id)


@pytest.mark.parametrize("checked", CHECKS, ids=lambda checked: checked.id)
@pytest.mark.parametrize("unread", [{"registry": FORBIDDEN}, {"access": {"puller": FORBIDDEN}}])
def test_unknown_without_registry_or_puller(checked, unread):
    assert only(checked, facts(**unread)).status is Status.UNKNOWN


@pytest.mark.parametrize("checked", CHECKS, ids=lambda checked: checked.id)
def test_healthy_facts_pass(checked):
    assert only(checked, healthy_facts()).status is Status.PASS


@pytest.mark.parametrize("checked", [pull_role, propagation])
def test_assignments_that_could_not_be_read_are_unknown_with_their_permission(checked):
    finding = only(checked, facts(access={"effective": FORBIDDEN}))
    assert (finding.status, finding.permission) == (Status.UNKNOWN, "Microsoft.Authorization/roleAssignments/read")


@pytest.mark.parametrize("checked", [pull_role, propagation])
def test_a_definition_that_could_not_be_read_is_unknown(checked):
    held = (assignment(role="hidden"), assignment(role="hidden", scope=ABOVE), assignment(role=NETWORK))
    finding = only(checked, facts(*held, access={"definitions": {**DEFINITIONS, "hidden": FORBIDDEN}}))
    assert (finding.status, finding.reason) == (Status.UNKNOWN, FORBIDDEN.sentence)


# --- access.deny-assignments --------------------------------------------------------------


def denial(**changes):
    return replace(
        DenyAssignment(
            id=f"{REGISTRY_ID}/providers/Microsoft.Authorization/denyAssignments/d1",
            name="Managed app",
            scope=ABOVE,
            permissions=(Permission(actions=("*",), data_actions=("*",)),),
            principal_ids=("00000000-0000-0000-0000-000000000000",),
            excluded_principal_ids=(),
            everyone=True,
            condition=None,
            applies_to_child_scopes=True,
        ),
        **changes,
    )


@pytest.mark.parametrize("mode", [LEGACY_MODE, ABAC_MODE, NOT_SHOWN])
def test_a_denial_beats_the_role(mode):
    finding = only(deny_assignments, facts(assignment(), mode=mode, access={"denials": (denial(),)}))
    assert (finding.outcome, finding.severity) == ("access.denied", Severity.ERROR)
    assert (finding.evidence["denial"], finding.evidence["scope"]) == ("Managed app", ABOVE)


@pytest.mark.parametrize(
    "changes",
    [
        {"excluded_principal_ids": (KUBELET_OBJECT_ID,)},
        {"permissions": (Permission(actions=("*",), not_actions=("*/read",)),)},
        {"applies_to_child_scopes": False},
        {"everyone": False, "principal_ids": (STRANGER,)},
        {"enforced": False},
        {"permissions": (Permission(data_actions=("*",)),)},
    ],
)
def test_a_denial_that_does_not_reach_the_pull_passes(changes):
    given = facts(assignment(), access={"denials": (denial(**changes),)})
    assert only(deny_assignments, given).status is Status.PASS


def test_a_denial_of_a_group_of_the_puller():
    taken = denial(everyone=False, principal_ids=(GROUP,), group_ids=(GROUP,))
    given = facts(assignment(), access={"denials": (taken,), "group_ids": (GROUP,)})
    assert only(deny_assignments, given).outcome == "access.denied"
    given = facts(assignment(), access={"denials": (taken,)})
    finding = only(deny_assignments, given)
    assert finding.status is Status.UNKNOWN
    assert GROUP in finding.reason


def test_a_conditional_denial():
    taken = denial(condition=f"{NAME} StringEquals 'secret'")
    given = {"mode": ABAC_MODE, "access": {"denials": (taken,)}}
    assert only(deny_assignments, facts(image="secret", **given)).outcome == "access.denied"
    assert only(deny_assignments, facts(image="app", **given)).status is Status.PASS
    assert "--image" in only(deny_assignments, facts(**given)).reason
    odd = denial(condition="nonsense")
    assert only(deny_assignments, facts(access={"denials": (odd,)})).status is Status.UNKNOWN


def test_a_denial_that_hangs_on_an_unread_mode_is_unknown():
    taken = denial(permissions=(Permission(data_actions=("*",)),))
    assert only(deny_assignments, facts(mode=NOT_SHOWN, access={"denials": (taken,)})).status is Status.UNKNOWN


def test_denials_that_could_not_be_read_are_unknown():
    assert only(deny_assignments, facts(access={"denials": FORBIDDEN})).status is Status.UNKNOWN


def test_each_denial_is_a_finding_of_its_own():
    given = facts(access={"denials": (denial(), denial(id="d2"), denial(condition="nonsense"))})
    statuses = [finding.status for finding in evaluate(deny_assignments, given)]
    assert statuses == [Status.FAIL, Status.FAIL, Status.UNKNOWN]


# --- access.tenants -----------------------------------------------------------------------

ELSEWHERE = "99999999-0000-4000-8000-000000000009"


def far_registry(**changes):
    return registry(subscription="00000000-5555-4000-8000-000000000005", **changes)


@pytest.mark.parametrize("unread", [{}, {"kubelet_identity_resource": FORBIDDEN}, {"kubelet_identity_resource": None}])
def test_a_registry_of_another_tenant(unread):
    finding = only(tenants, facts(registry=far_registry(tenant_id=ELSEWHERE), **unread))
    assert (finding.outcome, finding.evidence["registry_tenant"]) == ("access.cross-tenant", ELSEWHERE)
    assert "access.pull-role-missing" in finding.explains


def test_another_subscription_of_the_same_tenant_passes():
    same = far_registry(tenant_id=registry().tenant_id.upper())
    assert only(tenants, facts(registry=same)).status is Status.PASS


def of_tenant(tenant):
    return ManagedIdentity(IDENTITY_ID, KUBELET_CLIENT_ID, KUBELET_OBJECT_ID, tenant)


@pytest.mark.parametrize(
    ("identity", "of_cluster", "status"),
    [
        (of_tenant(ELSEWHERE), TENANT, Status.FAIL),  # its own answer counts
        (of_tenant(ELSEWHERE), ELSEWHERE, Status.FAIL),
        (of_tenant(TENANT.upper()), ELSEWHERE, Status.PASS),  # the control plane's does not pull
        (FORBIDDEN, ELSEWHERE, Status.FAIL),
        (FORBIDDEN, TENANT, Status.UNKNOWN),
        (FORBIDDEN, NOT_SHOWN, Status.UNKNOWN),  # a user-assigned identity shows no tenant
        (None, ELSEWHERE, Status.FAIL),
        (None, NOT_SHOWN, Status.PASS),  # it is gone, which another check says
    ],
)
def test_a_subscription_that_was_moved_to_another_directory(identity, of_cluster, status):
    given = facts(kubelet_identity_resource=identity, cluster=cluster(identity_tenant_id=of_cluster))
    finding = only(tenants, given)
    assert finding.status is status
    if status is Status.FAIL:
        assert finding.evidence["subscription_moved"] is True
        assert "moved to another directory" in finding.summary
        assert "identities again" in finding.remedies[0].description
        assert finding.remedies[0].command is None


def brought(tenant, subscription="00000000-7777-4000-8000-000000000007"):
    own = IDENTITY_ID.replace(SUBSCRIPTION, subscription)
    return ManagedIdentity(own, KUBELET_CLIENT_ID, KUBELET_OBJECT_ID, tenant)


def test_an_identity_of_another_subscription_and_directory_moved_alone():
    finding = only(tenants, facts(kubelet_identity_resource=brought(ELSEWHERE)))
    assert finding.outcome == "access.cross-tenant"
    assert finding.evidence["subscription_moved"] is False
    assert "subscription of the cluster was moved" not in finding.summary
    assert "does not belong to the cluster's directory" in finding.summary
    assert "--assign-kubelet-identity" in finding.remedies[0].description
    assert only(tenants, facts(kubelet_identity_resource=brought(TENANT))).status is Status.PASS


@pytest.mark.parametrize(
    "held",
    [
        {"effective": (), "at_scope": ()},
        {"effective": (), "at_scope": (assignment(principal=CONTROL_PLANE_OBJECT_ID),)},
    ],
)
def test_no_role_is_told_to_be_given_to_an_identity_of_another_tenant(held):
    given = facts(kubelet_identity_resource=of_tenant(ELSEWHERE), access=held)
    finding = only(pull_role, given)
    assert finding.status is Status.FAIL
    assert [each.command for each in finding.remedies] == [None]
    assert finding.outcome in only(tenants, given).explains


def test_across_subscriptions_nothing_was_moved():
    finding = only(tenants, facts(registry=far_registry(tenant_id=ELSEWHERE)))
    assert finding.evidence["subscription_moved"] is False
    assert "cannot pull across tenants" in finding.summary
    assert "pull secret" in finding.remedies[0].description


def test_a_registry_whose_tenant_is_not_shown_is_unknown():
    assert only(tenants, facts(registry=registry(tenant_id=NOT_SHOWN))).status is Status.UNKNOWN


def test_a_tenant_that_is_not_known_is_unknown():
    assert only(tenants, facts(registry=far_registry(tenant_id=NOT_SHOWN))).status is Status.UNKNOWN
    unshown = cluster(tenant_id=NOT_SHOWN, identity_tenant_id=NOT_SHOWN)
    given = facts(registry=far_registry(), kubelet_identity_resource=None, cluster=unshown)
    assert only(tenants, given).status is Status.UNKNOWN


def test_a_service_principal_may_cross_tenants():
    given = replace(service_principal_facts(), registry=far_registry(tenant_id=ELSEWHERE))
    assert only(tenants, given).status is Status.SKIPPED


# --- access.propagation -------------------------------------------------------------------


def granted(minutes, **changes):
    return assignment(created=NOW - timedelta(minutes=minutes), **changes)


@pytest.mark.parametrize(
    ("held", "minutes", "through_groups", "confidence"),
    [
        ((granted(2),), 2, False, Confidence.OBSERVED),
        ((granted(9.9),), 9, False, Confidence.OBSERVED),
        ((granted(-1),), 0, False, Confidence.OBSERVED),
        ((granted(2, principal=GROUP),), 2, True, Confidence.OBSERVED),
        ((granted(120, principal=GROUP),), 120, True, Confidence.INFERRED),
        ((granted(120, principal=GROUP), granted(2)), 2, False, Confidence.OBSERVED),
    ],
)
def test_a_grant_that_may_not_be_in_force_yet(held, minutes, through_groups, confidence):
    finding = only(propagation, facts(*held))
    assert (finding.outcome, finding.severity) == ("access.recently-granted", Severity.WARNING)
    assert (finding.evidence["minutes"], finding.evidence["through_groups"]) == (minutes, through_groups)
    assert finding.confidence is confidence
    assert ("24 hours" in finding.evidence["takes"]) is through_groups


@pytest.mark.parametrize(
    "held",
    [
        (granted(10),),
        (granted(60),),
        (granted(60 * 24, principal=GROUP),),
        (granted(2), granted(60, scope=ABOVE)),
        (granted(2, principal=GROUP), granted(60)),
        (assignment(created=None), granted(60, scope=ABOVE)),
        (granted(1, role=NETWORK), granted(60)),
    ],
)
def test_an_older_grant_is_in_force(held):
    assert only(propagation, facts(*held)).status is Status.PASS


def test_a_grant_without_a_date_is_unknown():
    assert only(propagation, facts(assignment(created=None))).status is Status.UNKNOWN


def test_no_grant_has_no_age():
    assert only(propagation, facts()).status is Status.SKIPPED


def test_the_time_of_a_grant_that_works_in_one_mode_only_is_unknown_in_an_unread_mode():
    assert only(propagation, facts(granted(2), mode=NOT_SHOWN)).status is Status.UNKNOWN
    assert only(propagation, facts(granted(2, role="both"), mode=NOT_SHOWN)).outcome == "access.recently-granted"


# --- declarations -------------------------------------------------------------------------


def test_every_outcome_is_of_this_category_and_leads_to_its_documentation():
    for checked in CHECKS:
        for outcome in checked.outcomes:
            assert outcome.id.startswith("access.")
            assert outcome.url.startswith("https://learn.microsoft.com/")
