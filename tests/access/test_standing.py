"""May a principal pull: roles, deny assignments and the registry's mode together."""

from dataclasses import replace

import pytest

from azext_acrpulldiag.access.grants import ABAC_MODE, ABAC_PULL, LEGACY_MODE, Standing
from azext_acrpulldiag.access.standing import Grants, Held, agreed, denied_by, may_pull, modes, undecided
from azext_acrpulldiag.facts import DenyAssignment, NotKnownError, Permission, Unreadable
from tests.build import (
    ACR_PULL,
    KUBELET_OBJECT_ID,
    REGISTRY_ID,
    REPOSITORY_READER,
    acr_pull,
    assignment,
    registry,
    role_definition,
)

NAME = "@Request[Microsoft.ContainerRegistry/registries/repositories:name]"
CONDITION = f"!(ActionMatches{{'{ABAC_PULL.name}'}}) OR {NAME} StringEqualsIgnoreCase 'team/app'"
FORBIDDEN = Unreadable("forbidden", "The list was refused")
GROUP = "d7a0c0de-0000-4000-8000-000000000001"
LEGACY = registry(role_assignment_mode=LEGACY_MODE)
ABAC = registry(role_assignment_mode=ABAC_MODE)
UNREAD = registry(role_assignment_mode=FORBIDDEN)

PULL = assignment()
READ_ALL = assignment(role=REPOSITORY_READER)
READ_ONE = assignment(role=REPOSITORY_READER, condition=CONDITION)
DEFINITIONS = {
    ACR_PULL: acr_pull(),
    REPOSITORY_READER: role_definition(REPOSITORY_READER, "Repository Reader", data_actions=(ABAC_PULL.name,)),
}
DENIAL = DenyAssignment(
    id=f"{REGISTRY_ID}/providers/Microsoft.Authorization/denyAssignments/d",
    name="Managed app",
    scope=REGISTRY_ID,
    permissions=(Permission(actions=("*",), data_actions=("*",)),),
    principal_ids=(),
    excluded_principal_ids=(),
    everyone=True,
    condition=None,
    applies_to_child_scopes=True,
)


def held(*effective, **changes):
    return replace(Held(KUBELET_OBJECT_ID, effective, DEFINITIONS, ()), **changes)


@pytest.mark.parametrize(
    ("of", "holds", "repositories", "expected"),
    [
        (LEGACY, (PULL,), (), True),
        (LEGACY, (READ_ALL,), (), False),
        (LEGACY, (), ("team/app",), False),
        (ABAC, (PULL,), ("team/app",), False),
        (ABAC, (READ_ALL,), ("team/app", "team/other"), True),
        (ABAC, (READ_ONE,), ("team/app",), True),
        (ABAC, (READ_ONE,), ("team/app", "team/other"), False),
        (ABAC, (READ_ONE, READ_ALL), ("team/other",), True),
        (UNREAD, (PULL, READ_ALL), ("team/app",), True),
        (UNREAD, (), ("team/app",), False),
        (UNREAD, (PULL,), ("team/app",), FORBIDDEN),
    ],
)
def test_roles_in_the_registrys_mode(of, holds, repositories, expected):
    assert may_pull(of, held(*holds), repositories) == expected


@pytest.mark.parametrize(
    ("holds", "reason"),
    [
        (held(READ_ONE), "not-shown"),
        (held(READ_ALL, definitions={}), "not-shown"),
        (held(effective=FORBIDDEN), "forbidden"),
        (held(READ_ALL, denials=FORBIDDEN), "forbidden"),
        (held(READ_ALL, denials=(replace(DENIAL, condition="nonsense"),)), "unsupported"),
    ],
)
def test_what_is_not_known_leaves_it_open(holds, reason):
    assert may_pull(ABAC, holds).reason == reason


def test_a_mode_that_is_not_known_here_names_itself():
    answer = may_pull(registry(role_assignment_mode="Next"), held(PULL))
    assert (answer.reason, "'Next'" in answer.detail) == ("unsupported", True)


@pytest.mark.parametrize(
    "denials", [(DENIAL,), (replace(DENIAL, condition="nonsense"), DENIAL), (DENIAL, replace(DENIAL, condition="no"))]
)
def test_one_denial_beats_every_role_and_all_that_is_not_known(denials):
    assert may_pull(ABAC, held(READ_ALL, denials=denials), ("team/app",)) is False
    assert may_pull(ABAC, held(READ_ALL, definitions={}, denials=denials), ("team/app",)) is False


@pytest.mark.parametrize("denials", [FORBIDDEN, (replace(DENIAL, condition="nonsense"),)])
def test_denials_do_not_matter_without_a_role(denials):
    assert may_pull(ABAC, held(PULL, denials=denials), ("team/app",)) is False


@pytest.mark.parametrize("group_ids", [(), (GROUP,), FORBIDDEN])
def test_whoever_holds_what_is_in_force_for_a_principal_is_one_of_its_groups(group_ids):
    through_group = assignment(GROUP, role=REPOSITORY_READER, principal_type="Group")
    theirs = replace(DENIAL, everyone=False, principal_ids=(GROUP,), group_ids=(GROUP,))
    holds = held(through_group, denials=(theirs,), group_ids=group_ids)
    assert holds.principal_ids == (KUBELET_OBJECT_ID, GROUP)
    assert may_pull(ABAC, holds) is False


def test_grants_are_judged_for_every_mode_that_is_possible():
    of = Grants.of(UNREAD, held(PULL), "team/app")
    assert (modes(UNREAD), of.mode) == ((LEGACY_MODE, ABAC_MODE), None)
    assert [grant.answer.value for grant in of.all] == ["yes", "no"]
    with pytest.raises(NotKnownError):
        assert of.standing
    assert Grants.of(LEGACY, held(PULL), None).standing is Standing.GRANTED
    assert Grants.of(ABAC, held(READ_ONE), "team/other").standing is Standing.EXCLUDED
    assert Grants.of(ABAC, held(READ_ONE, READ_ONE), None).ignorance[0].reason == "not-shown"
    assert len(Grants.of(ABAC, held(READ_ONE, READ_ONE), None).ignorance) == 1


def test_modes_that_differ_say_why_the_mode_is_not_known():
    assert agreed({LEGACY_MODE: 1, ABAC_MODE: 1}, UNREAD) == 1
    with pytest.raises(NotKnownError) as raised:
        agreed({LEGACY_MODE: 1, ABAC_MODE: 2}, UNREAD)
    assert raised.value.why == FORBIDDEN


def test_a_denial_of_data_actions_hangs_on_the_mode():
    data_only = replace(DENIAL, permissions=(Permission(data_actions=("*",)),))
    assert denied_by(data_only, ABAC, held(), None).value == "yes"
    assert denied_by(data_only, LEGACY, held(), None).value == "no"
    with pytest.raises(NotKnownError):
        denied_by(data_only, UNREAD, held(), None)


def test_why_a_denial_is_undecided():
    by_name = replace(DENIAL, condition=f"{NAME} StringEquals 'a'")
    assert "give --image" in undecided(by_name, None).detail
    assert undecided(by_name, "b").reason == "unsupported"
