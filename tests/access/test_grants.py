"""Grants and denials: what a role allows in each mode, and who a deny assignment reaches."""

from dataclasses import replace

import pytest

from azext_acrpulldiag.access.conditions import Answer
from azext_acrpulldiag.access.grants import (
    ABAC_PULL,
    LEGACY_PULL,
    Operation,
    Standing,
    allows,
    definition_key,
    denies,
    granting_permissions,
    judge_assignment,
    standing,
)
from azext_acrpulldiag.facts import DenyAssignment, Permission, RoleDefinition, Unreadable
from tests.build import KUBELET_OBJECT_ID, NODE_GROUP_ID, REGISTRY_ID, REPOSITORY_READER, assignment, role_definition
from tests.recordings import body

PULL = LEGACY_PULL.name
READ = ABAC_PULL.name
NAME = "@Request[Microsoft.ContainerRegistry/registries/repositories:name]"
ZERO = "00000000-0000-0000-0000-000000000000"
GROUP = "d7a0c0de-0000-4000-8000-000000000001"
YES, NO, UNKNOWN = Answer.YES, Answer.NO, Answer.UNKNOWN

LEGACY_PULLERS = {
    "AcrPull",
    "AcrPush",
    "Contributor",
    "Owner",
    "Reader",
    "User Access Administrator",
    "Role Based Access Control Administrator",
    "Azure Container Registry secure supply chain operator service role",
    "Container Registry Data Importer and Data Reader",
}
ABAC_PULLERS = {
    "Azure Container Registry secure supply chain operator service role",
    "Container Registry Data Importer and Data Reader",
    "Container Registry Repository Contributor",
    "Container Registry Repository Reader",
    "Container Registry Repository Writer",
}


def recorded_roles():
    roles = []
    for role in body("authz/roledefinitions_list_builtin_real_guids")["value"]:
        elements = tuple(
            Permission(
                tuple(element["actions"]),
                tuple(element["notActions"]),
                tuple(element["dataActions"]),
                tuple(element["notDataActions"]),
            )
            for element in role["properties"]["permissions"]
        )
        roles.append(RoleDefinition(role["id"], role["properties"]["roleName"], False, elements))
    return roles


@pytest.mark.parametrize("role", recorded_roles(), ids=lambda role: role.name)
def test_every_recorded_built_in_role(role):
    assert bool(granting_permissions(role, LEGACY_PULL)) is (role.name in LEGACY_PULLERS)
    assert bool(granting_permissions(role, ABAC_PULL)) is (role.name in ABAC_PULLERS)


@pytest.mark.parametrize(
    ("permission", "legacy", "abac"),
    [
        ({"actions": (PULL,)}, True, False),
        ({"actions": (PULL.upper(),)}, True, False),
        ({"data_actions": (READ,)}, False, True),
        ({"actions": (READ,)}, False, False),
        ({"data_actions": (PULL,)}, False, False),
        ({"actions": ("*",), "not_actions": ("Microsoft.ContainerRegistry/*",)}, False, False),
        ({"actions": ("*/read",), "not_actions": (PULL.lower(),)}, False, False),
        ({"actions": ("*",), "not_actions": ("Microsoft.ContainerRegistry/registries/push/*",)}, True, False),
        ({"actions": ("*",), "not_data_actions": ("*",)}, True, False),
        ({"data_actions": ("*",), "not_data_actions": ("*/metadata/read",)}, False, True),
        ({"data_actions": ("*",), "not_data_actions": ("*/content/*",)}, False, False),
        ({}, False, False),
    ],
)
def test_actions_less_not_actions(permission, legacy, abac):
    role = role_definition("r", "Custom", custom=True, **permission)
    assert bool(granting_permissions(role, LEGACY_PULL)) is legacy
    assert bool(granting_permissions(role, ABAC_PULL)) is abac


def test_what_one_element_takes_away_another_may_give():
    role = replace(
        role_definition("r", "Custom", actions=("*",), not_actions=("*/read",)),
        permissions=(Permission(actions=("*",), not_actions=("*/read",)), Permission(actions=(PULL,))),
    )
    assert granting_permissions(role, LEGACY_PULL) == (Permission(actions=(PULL,)),)


@pytest.mark.parametrize(
    ("custom", "actions", "probable"),
    [
        (True, ("*/read",), True),
        (True, ("Microsoft.ContainerRegistry/*", PULL.lower()), False),
        (True, (PULL,), False),
        (False, ("*/read",), False),
    ],
)
def test_only_a_custom_role_with_nothing_but_a_wildcard_is_probable(custom, actions, probable):
    definitions = {"r": role_definition("r", "Role", custom=custom, actions=actions)}
    grant = judge_assignment(assignment(role="r"), definitions, LEGACY_PULL, None)
    assert (grant.answer, grant.probable) == (YES, probable)


@pytest.mark.parametrize(
    "written", [f"/subscriptions/s/providers/x/roleDefinitions/{REPOSITORY_READER.upper()}", f"/x/{REPOSITORY_READER}/"]
)
def test_definitions_are_known_by_their_guid(written):
    assert definition_key(written) == REPOSITORY_READER


def reader_with(condition=None, element_condition=None):
    element = Permission(data_actions=(READ,), condition=element_condition)
    role = replace(role_definition(REPOSITORY_READER, "Reader"), permissions=(element,))
    return assignment(role=REPOSITORY_READER, condition=condition), {REPOSITORY_READER: role}


@pytest.mark.parametrize(
    ("condition", "element_condition", "repository", "answer", "conditional"),
    [
        (None, None, None, YES, False),
        (f"{NAME} StringEquals 'app'", None, "app", YES, True),
        (f"{NAME} StringEquals 'app'", None, "web", NO, True),
        (f"{NAME} StringEquals 'app'", None, None, UNKNOWN, True),
        (None, f"{NAME} StringEquals 'app'", "web", NO, True),
        (f"{NAME} StringStartsWith 'a'", f"{NAME} StringEquals 'app'", "app", YES, True),
        ("no condition at all", None, "app", UNKNOWN, True),
    ],
)
def test_conditions_of_assignment_and_role_both_count(condition, element_condition, repository, answer, conditional):
    held, definitions = reader_with(condition, element_condition)
    grant = judge_assignment(held, definitions, ABAC_PULL, repository)
    assert (grant.answer, grant.conditional) == (answer, conditional)
    assert (grant.why is not None) is (answer is UNKNOWN)


def test_an_unknown_says_whether_an_image_would_settle_it():
    held, definitions = reader_with(f"{NAME} StringEquals 'app'")
    assert "--image" in judge_assignment(held, definitions, ABAC_PULL, None).why.detail
    held, definitions = reader_with("no condition at all")
    assert held.id in judge_assignment(held, definitions, ABAC_PULL, "app").why.detail


def test_a_role_that_allows_nothing_is_no_whatever_its_condition():
    held = assignment(role="r", condition="no condition at all")
    grant = judge_assignment(held, {"r": role_definition("r", "Push", actions=("x/write",))}, LEGACY_PULL, None)
    assert (grant.answer, grant.conditional) == (NO, False)


def test_a_definition_that_was_not_read_leaves_the_answer_open():
    why = Unreadable("forbidden", "no right")
    assert judge_assignment(assignment(role="r"), {"r": why}, LEGACY_PULL, None).why == why
    assert judge_assignment(assignment(role="r"), {}, LEGACY_PULL, None).answer is UNKNOWN


@pytest.mark.parametrize(
    ("repository", "conditions", "expected"),
    [
        ("app", (), Standing.NONE),
        ("app", (None,), Standing.GRANTED),
        ("app", (f"{NAME} StringEquals 'web'", None), Standing.GRANTED),
        ("app", (f"{NAME} StringEquals 'web'", f"{NAME} StringEquals 'x'"), Standing.EXCLUDED),
        ("app", (f"{NAME} StringEquals 'web'", "nonsense"), Standing.UNKNOWN),
        (None, (f"{NAME} StringEquals 'web'",), Standing.UNKNOWN),
    ],
)
def test_where_a_principal_stands(repository, conditions, expected):
    judged = [judge_assignment(*reader_with(condition), ABAC_PULL, repository) for condition in conditions]
    assert standing(judged) is expected


@pytest.mark.parametrize(
    ("permissions", "expected"),
    [
        ((), NO),
        ((Permission(actions=("*/read",)),), YES),
        ((Permission(actions=("*",), not_actions=("Microsoft.Authorization/*",)),), NO),
        ((Permission(actions=("*",), condition="nonsense"),), UNKNOWN),
    ],
)
def test_what_permissions_allow(permissions, expected):
    assert allows(permissions, Operation("Microsoft.Authorization/roleAssignments/read")) is expected


def denial(**changes):
    return replace(
        DenyAssignment(
            id=f"{REGISTRY_ID}/providers/Microsoft.Authorization/denyAssignments/d",
            name="Deny all",
            scope=NODE_GROUP_ID,
            permissions=(Permission(actions=("*",), data_actions=("*",)),),
            principal_ids=(ZERO,),
            excluded_principal_ids=(),
            everyone=True,
            condition=None,
            applies_to_child_scopes=True,
        ),
        **changes,
    )


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, YES),
        ({"enforced": False}, NO),
        ({"applies_to_child_scopes": False}, NO),
        ({"applies_to_child_scopes": False, "scope": REGISTRY_ID.upper()}, YES),
        ({"excluded_principal_ids": (KUBELET_OBJECT_ID.upper(),)}, NO),
        ({"excluded_principal_ids": ("someone-else",)}, YES),
        ({"excluded_principal_ids": (GROUP,), "group_ids": (GROUP,)}, NO),
        ({"excluded_principal_ids": ("other-group",), "group_ids": ("other-group",)}, UNKNOWN),
        ({"everyone": False, "principal_ids": (KUBELET_OBJECT_ID.upper(),)}, YES),
        ({"everyone": False, "principal_ids": ("someone-else",)}, NO),
        ({"everyone": False, "principal_ids": (GROUP,), "group_ids": (GROUP,)}, YES),
        ({"everyone": False, "principal_ids": ("other-group",), "group_ids": ("other-group",)}, UNKNOWN),
        ({"condition": "nonsense"}, UNKNOWN),
        ({"condition": "nonsense", "applies_to_child_scopes": False}, NO),
        ({"permissions": (Permission(actions=("*",), not_actions=("*/read",)),)}, NO),
        ({"permissions": (Permission(actions=("*/write", "*/delete")),)}, NO),
        ({"permissions": (Permission(actions=("*",), condition="nonsense"),)}, UNKNOWN),
    ],
)
def test_whom_a_deny_assignment_reaches(changes, expected):
    assert denies(denial(**changes), LEGACY_PULL, REGISTRY_ID, (KUBELET_OBJECT_ID, GROUP), None) is expected


def test_a_denied_data_action_counts_in_abac_mode_only():
    taken = denial(permissions=(Permission(data_actions=(READ,)),))
    assert denies(taken, ABAC_PULL, REGISTRY_ID, (KUBELET_OBJECT_ID,), "app") is YES
    assert denies(taken, LEGACY_PULL, REGISTRY_ID, (KUBELET_OBJECT_ID,), "app") is NO


def test_a_conditional_denial_is_judged_by_the_repository():
    taken = denial(condition=f"{NAME} StringStartsWith 'secret/'")
    answers = [denies(taken, ABAC_PULL, REGISTRY_ID, (KUBELET_OBJECT_ID,), name) for name in ("secret/a", "app", None)]
    assert answers == [YES, NO, UNKNOWN]
