from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from azext_acrpulldiag.access.grants import ABAC_MODE, LEGACY_MODE
from azext_acrpulldiag.effects.access import (
    ABAC_ROLE,
    LEGACY_ROLE,
    assignment_updated,
    excluded,
    granted,
    in_force,
    pull_role_given,
)
from azext_acrpulldiag.facts import (
    AssignedIdentity,
    CheckAcrReport,
    Facts,
    Image,
    Offer,
    Options,
    Permission,
    RolesHeld,
    Unreadable,
)
from tests import build

from .trying import HEALTHY, leads_to, not_told

UNREAD = Unreadable("forbidden", "no")
MISSING = "access.pull-role-missing"
VALUES = {"principal": build.KUBELET_OBJECT_ID, "registry_id": build.REGISTRY_ID}


def nobody_may_pull(mode: str | Unreadable = LEGACY_MODE, **changes: object) -> Facts:
    return build.failing_pods_facts(
        registry=build.registry(role_assignment_mode=mode), access=build.access(effective=(), at_scope=()), **changes
    )


# --- a role that is given ----------------------------------------------------------------


@pytest.mark.parametrize("mode", [LEGACY_MODE, ABAC_MODE])
def test_a_role_of_the_registrys_mode_lets_pods_pull(mode):
    assert leads_to(nobody_may_pull(mode), MISSING) == HEALTHY


def test_where_the_mode_is_not_known_both_roles_let_pods_pull():
    assert leads_to(nobody_may_pull(UNREAD), MISSING) == HEALTHY


def test_to_attach_the_registry_gives_the_role_of_legacy_mode():
    assert leads_to(nobody_may_pull(), MISSING, 2) == HEALTHY
    abac = nobody_may_pull(ABAC_MODE)
    with pytest.raises(KeyError):
        leads_to(abac, MISSING, 2)


def test_where_the_mode_is_not_known_attaching_leaves_it_open():
    assert leads_to(nobody_may_pull(UNREAD), MISSING, 2) == ("inconclusive", ())


def test_a_role_on_another_principal_is_given_to_the_right_one():
    held = build.assignment(principal=build.CONTROL_PLANE_OBJECT_ID)
    facts = build.failing_pods_facts(access=build.access(effective=(), at_scope=(held,)))
    assert leads_to(facts, "access.pull-role-on-other-principal") == HEALTHY


def test_a_role_of_the_other_mode_is_followed_by_one_of_this():
    facts = build.failing_pods_facts(registry=build.registry(role_assignment_mode=ABAC_MODE))
    assert leads_to(facts, "access.pull-role-wrong-mode") == HEALTHY


def test_a_role_leaves_another_cause_where_it_is():
    lacking = build.scale_set(identities=(AssignedIdentity("/other", None, None),))
    facts = nobody_may_pull(node_hosts=(lacking,))
    assert leads_to(facts, MISSING) == ("broken", ("nodes.kubelet-identity-unassigned",))


def test_a_role_is_listed_with_what_the_principal_holds_and_at_the_registry():
    after = granted(LEGACY_ROLE)(VALUES, nobody_may_pull()).access
    assert [each.principal_id for each in after.effective] == [build.KUBELET_OBJECT_ID]
    assert after.at_scope == after.effective
    assert build.NOW - after.effective[0].created > timedelta(days=1)


@pytest.mark.parametrize(
    ("mode", "roles"),
    [(LEGACY_MODE, [LEGACY_ROLE]), (ABAC_MODE, [ABAC_ROLE]), (UNREAD, [LEGACY_ROLE, ABAC_ROLE])],
)
def test_who_pulls_is_given_the_role_of_the_registrys_mode(mode, roles):
    after = pull_role_given({}, nobody_may_pull(mode)).access
    keys = [each.role_definition_id.rpartition("/")[2] for each in after.effective]
    assert [after.definitions[key].name for key in keys] == roles


def test_without_a_registry_there_is_no_role_to_give():
    unread = build.healthy_facts(registry=UNREAD)
    assert pull_role_given({}, unread) == unread
    nobody = build.healthy_facts(access=build.access(puller=None))
    assert pull_role_given({}, nobody) == nobody


def test_a_role_of_somebody_else_is_only_listed_at_the_registry():
    after = granted(ABAC_ROLE)({**VALUES, "principal": "somebody"}, build.healthy_facts()).access
    assert after.effective == build.access().effective
    assert [each.principal_id for each in after.at_scope] == [build.KUBELET_OBJECT_ID, "somebody"]


def test_roles_that_were_not_read_stay_unread():
    facts = build.healthy_facts(
        access=build.access(effective=UNREAD, at_scope=UNREAD, definitions={build.ACR_PULL: UNREAD})
    )
    after = granted(LEGACY_ROLE)(VALUES, facts).access
    assert (after.effective, after.at_scope, after.definitions[build.ACR_PULL]) == (UNREAD, UNREAD, UNREAD)


def test_an_identity_of_a_service_account_is_given_a_role():
    lacking = replace(build.account_pull(), access=replace(build.account_pull().access, effective=(), at_scope=()))
    facts = build.account_pull_facts((lacking,), kubernetes=build.kubernetes(build.failing()))
    assert leads_to(facts, MISSING) == ("at-risk", ()), "a preview that is on is a warning"


OF_APPLICATION = {**VALUES, "principal": build.SP_OBJECT_ID}


def test_the_application_of_a_pull_secret_is_given_a_role():
    refused = (Offer(False, 401, "token", "team/app"),)
    facts = build.application_secret_facts(roles=RolesHeld(effective=()), offers=refused)
    (entry,) = granted(LEGACY_ROLE)(OF_APPLICATION, facts).pull_secrets[0].entries
    assert [each.principal_id for each in entry.roles.effective] == [build.SP_OBJECT_ID]
    assert entry.offers == ()
    assert granted(LEGACY_ROLE)(VALUES, facts).pull_secrets == facts.pull_secrets


def test_what_was_not_read_of_an_application_stays_unread():
    facts = build.application_secret_facts(roles=RolesHeld(effective=UNREAD))
    (entry,) = granted(LEGACY_ROLE)(OF_APPLICATION, facts).pull_secrets[0].entries
    assert entry.roles.effective == UNREAD


def test_a_nodes_credential_that_was_refused_before_tells_nothing_after():
    refused = CheckAcrReport(60, "Validating image pull permission", (), "401", 401)
    unresolved = CheckAcrReport(52, "Checking DNS", (), "no such host")
    assert leads_to(nobody_may_pull(check_acr=refused), MISSING) == HEALTHY
    assert leads_to(nobody_may_pull(check_acr=unresolved), MISSING) == ("broken", ("registry.check-acr-failed",))


def test_no_role_is_tried_on_an_identity_of_another_tenant():
    elsewhere = replace(build.healthy_facts().kubelet_identity_resource, tenant_id="another")
    facts = nobody_may_pull(kubelet_identity_resource=elsewhere)
    assert not_told(facts, "access.cross-tenant") is not None


# --- what is there already ---------------------------------------------------------------

READ = "Microsoft.ContainerRegistry/registries/repositories/content/read"
OF_OTHERS = (
    f"((!(ActionMatches{{'{READ}'}})) OR (@Request[Microsoft.ContainerRegistry/registries/repositories:name] "
    "StringEqualsIgnoreCase 'team/other'))"
)
REPOSITORY_READER = build.role_definition(build.REPOSITORY_READER, ABAC_ROLE, data_actions=(READ,))


def left_out(scope: str = build.REGISTRY_ID, **changes: object) -> Facts:
    """A condition covers another repository than the one that pods wait for."""
    held = build.assignment(role=build.REPOSITORY_READER, scope=scope, condition=OF_OTHERS)
    return build.failing_pods_facts(
        registry=build.registry(role_assignment_mode=ABAC_MODE),
        access=build.access(held, definitions={build.REPOSITORY_READER: REPOSITORY_READER}),
        **changes,
    )


ASKED = Options(image=Image("contosoreg.azurecr.io", "team/app", "1.2", None), image_text=build.IMAGE)
ABOVE = build.REGISTRY_ID.partition("/providers/")[0]


@pytest.mark.parametrize("scope", [build.REGISTRY_ID, ABOVE])
def test_a_condition_covers_what_it_left_out(scope):
    """Where the assignment is above the registry, by one of its own."""
    facts = left_out(scope, options=ASKED, images=(build.lookup(),))
    assert leads_to(facts, "access.condition-excludes-repository") == HEALTHY


def test_once_no_pod_names_a_repository_a_condition_on_its_name_is_open():
    assert leads_to(left_out(), "access.condition-excludes-repository") == ("inconclusive", ())


def test_a_condition_that_is_extended_is_so_wherever_the_assignment_is_listed():
    facts = left_out()
    (held,) = facts.access.effective
    wanted = f'{{"id": "{held.id.upper()}", "condition": "wanted"}}'
    after = assignment_updated("json")({"json": wanted}, facts).access
    assert [each.condition for each in (*after.effective, *after.at_scope)] == ["wanted", "wanted"]


def test_who_is_excluded_from_a_deny_assignment_may_pull():
    denial = build.deny_assignment(build.KUBELET_OBJECT_ID)
    facts = build.failing_pods_facts(access=build.access(denials=(denial,)))
    assert leads_to(facts, "access.denied") == HEALTHY


def test_only_the_deny_assignment_that_was_named_excludes_anybody():
    denials = (build.deny_assignment("a", id="/one"), build.deny_assignment("a", id="/two"))
    facts = build.healthy_facts(access=build.access(denials=denials))
    after = excluded({"denial_id": "/ONE", "principal": "a"}, facts).access.denials
    assert [each.excluded_principal_ids for each in after] == [("a",), ()]
    unread = build.healthy_facts(access=build.access(denials=UNREAD))
    assert excluded({"denial_id": "/one", "principal": "a"}, unread).access.denials == UNREAD


@pytest.mark.parametrize("by_group", [False, True])
def test_who_waits_until_a_role_is_in_force_may_pull(by_group):
    holder = "group" if by_group else build.KUBELET_OBJECT_ID
    fresh = build.assignment(principal=holder, created=build.NOW - timedelta(minutes=2))
    facts = build.failing_pods_facts(access=build.access(fresh, group_ids=("group",) if by_group else ()))
    assert leads_to(facts, "access.recently-granted") == HEALTHY


def test_to_wait_makes_no_assignment_younger_and_gives_none_a_date():
    old, undated = build.assignment(created=build.NOW - timedelta(days=90)), build.assignment(created=None)
    facts = build.healthy_facts(access=build.access(old, undated))
    assert in_force(VALUES, facts).access.effective == (old, undated)
    assert in_force({**VALUES, "principal": "other"}, facts) == facts


def test_a_permission_of_the_role_is_what_the_mode_asks_for():
    after = granted(ABAC_ROLE)(VALUES, nobody_may_pull(ABAC_MODE)).access
    (permission,) = after.definitions[build.REPOSITORY_READER].permissions
    assert isinstance(permission, Permission)
    assert READ in permission.data_actions
