"""Conditions on assignments: every form that is documented, and silence about every other."""

import time

import pytest

from azext_acrpulldiag.access.conditions import (
    Answer,
    all_of,
    any_of,
    condition_holds,
    matches_operation,
    names_the_repository,
    negated,
)
from tests.recordings import body

READ = "Microsoft.ContainerRegistry/registries/repositories/content/read"
PULL = "Microsoft.ContainerRegistry/registries/pull/read"
NAME = "@Request[Microsoft.ContainerRegistry/registries/repositories:name]"
YES, NO, UNKNOWN = Answer.YES, Answer.NO, Answer.UNKNOWN
EXACT, PREFIX, _ = (item["condition"] for item in body("authz/docs_abac_role_assignment_with_condition"))


@pytest.mark.parametrize(
    ("pattern", "operation", "expected"),
    [
        ("*", PULL, True),
        ("*/read", PULL, True),
        ("*/READ", PULL, True),
        ("microsoft.containerregistry/*", PULL, True),
        ("Microsoft.ContainerRegistry/registries/*/read", READ, True),
        ("Microsoft.ContainerRegistry/registries/pull/read", PULL, True),
        ("Microsoft.ContainerRegistry/registries/pull", PULL, False),
        ("*/write", PULL, False),
        ("Microsoft.ContainerRegistry/registries/push/*", PULL, False),
        ("Microsoft.ContainerRegistry/registries/pul?/read", PULL, False),
        ("", PULL, False),
        ("**read", PULL, True),
    ],
)
def test_wildcards_cross_slashes_and_ignore_case(pattern, operation, expected):
    assert matches_operation(pattern, operation) is expected


@pytest.mark.parametrize(
    ("condition", "repository", "expected"),
    [
        (EXACT, "hello-world", YES),
        (EXACT, "Hello-World", YES),
        (EXACT, "hello-world2", NO),
        (PREFIX, "backend/api", YES),
        (PREFIX, "backend", NO),
        (PREFIX, "backend2/api", NO),
        (EXACT, None, UNKNOWN),
    ],
)
def test_documented_conditions(condition, repository, expected):
    assert condition_holds(condition, READ, repository) is expected


@pytest.mark.parametrize(
    ("test", "repository", "expected"),
    [
        ("StringEquals 'app'", "app", YES),
        ("StringEquals 'App'", "app", NO),
        ("stringEquals 'app'", "app", YES),
        ("StringEqualsIgnoreCase 'APP'", "app", YES),
        ("StringNotEquals 'app'", "app", NO),
        ("StringNotEqualsIgnoreCase 'other'", "app", YES),
        ("StringStartsWith 'team'", "team2/app", YES),
        ("StringStartsWith 'team/'", "team2/app", NO),
        ("StringStartsWith 'Team'", "team2/app", NO),
        ("StringStartsWithIgnoreCase 'Team'", "team2/app", YES),
        ("StringNotStartsWithIgnoreCase 'Team'", "team2/app", NO),
        ("StringLike 'team/*'", "team/a/b", YES),
        ("StringLike 'team/?pp'", "team/app", YES),
        ("StringLike 'team/?'", "team/app", NO),
        ("StringLike 'TEAM/*'", "team/app", NO),
        ("StringLikeIgnoreCase 'TEAM/*'", "team/app", YES),
        ("StringNotLike 'team/*'", "team/app", NO),
        (r"StringLike 'team/\*'", "team/app", NO),
        ("StringEquals {'app'}", "app", YES),
        ("ForAnyOfAnyValues:StringEquals {'a', 'app'}", "app", YES),
        ("ForAnyOfAnyValues:StringEquals {'a', 'b'}", "app", NO),
        ("ForAllOfAnyValues:StringStartsWith {'a', 'b'}", "app", YES),
        ("ForAnyOfAllValues:StringLike {'a*', '*p'}", "app", YES),
        ("ForAllOfAllValues:StringLike {'a*', 'b*'}", "app", NO),
        ("ForAnyOfAnyValues:StringNotEquals {'app', 'b'}", "app", YES),
        ("ForAllOfAllValues:StringNotEquals {'app', 'b'}", "app", NO),
        # Not of the documented grammar, or not settled by it.
        ("StringEquals {'a', 'app'}", "app", UNKNOWN),
        ("StringMatches 'app'", "app", UNKNOWN),
        ("StringEquals 5", "app", UNKNOWN),
        ("NumericEquals 5", "app", UNKNOWN),
        ("StringEquals @Principal[x]", "app", UNKNOWN),
        ("StringEquals 'o''brien'", "app", UNKNOWN),
        (r"StringEquals 'a\pp'", "app", UNKNOWN),
        ("StringEquals", "app", UNKNOWN),
        ("StringEquals {}", "app", UNKNOWN),
        ("StringEquals 'app", "app", UNKNOWN),
        ("StringEquals 'app' 'b'", "app", UNKNOWN),
        ("StringEquals 'app')", "app", UNKNOWN),
    ],
)
def test_comparisons_with_the_repository(test, repository, expected):
    assert condition_holds(f"{NAME} {test}", READ, repository) is expected
    guarded = f"((!(ActionMatches{{'{READ}'}})) OR ({NAME} {test}))"
    assert condition_holds(guarded, READ, repository) is expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (None, YES),
        ("  ", YES),
        (f"{NAME} StringEquals 'a' OR {NAME} StringEquals 'app'", YES),
        (f"{NAME} StringEquals 'a' || {NAME} StringEquals 'app'", YES),
        (f"{NAME} StringEquals 'app' && {NAME} StringStartsWith 'b'", NO),
        (f"{NAME} StringEquals 'app' and not {NAME} StringStartsWith 'b'", YES),
        (f"!({NAME} StringEquals 'app')", NO),
        (f"!!({NAME} StringEquals 'app')", YES),
        # Mixed without parentheses: Azure demands them, so the order is not known.
        (f"{NAME} StringEquals 'app' OR {NAME} StringEquals 'a' AND {NAME} StringEquals 'b'", UNKNOWN),
        (f"{NAME} StringEquals 'app' OR ({NAME} StringEquals 'a' AND {NAME} StringEquals 'b')", YES),
        # What is not known leaves open only what it decides.
        (f"@Environment[utcNow] DateTimeGreaterThan '2026-01-01T00:00:00.0Z' AND {NAME} StringEquals 'app'", UNKNOWN),
        (f"@Environment[utcNow] DateTimeGreaterThan '2026-01-01T00:00:00.0Z' AND {NAME} StringEquals 'b'", NO),
        (f"@Environment[utcNow] DateTimeGreaterThan '2026-01-01T00:00:00.0Z' OR {NAME} StringEquals 'app'", YES),
        ("@Resource[Microsoft.Storage/storageAccounts/blobServices/containers:Name] stringEquals 'foo'", UNKNOWN),
        (f"Exists {NAME}", UNKNOWN),
        (f"{NAME.replace('@Request', '@Resource')} StringEquals 'app'", UNKNOWN),
        (f"{NAME.lower()} StringEquals 'app'", YES),
        ("ActionMatches{'Microsoft.ContainerRegistry/registries/repositories/*'}", YES),
        ("ActionMatches{'Microsoft.Authorization/roleAssignments/write'}", NO),
        (f"!(ActionMatches{{'{READ}'}} AND SubOperationMatches{{'x'}})", UNKNOWN),
        ("!(ActionMatches{'Microsoft.Storage/x/read'} AND SubOperationMatches{'x'})", YES),
        (f"ActionMatches{{'{READ}', 'b'}}", UNKNOWN),
        ("true", UNKNOWN),
        ("()", UNKNOWN),
        ("(" * 5000 + NAME + " StringEquals 'app'" + ")" * 5000, UNKNOWN),
        ("!" * 5000 + f"({NAME} StringEquals 'app')", UNKNOWN),
        ("; DROP TABLE", UNKNOWN),
    ],
)
def test_logic(condition, expected):
    assert condition_holds(condition, READ, "app") is expected


def test_a_condition_on_other_actions_lets_a_legacy_pull_through():
    delegation = (
        "((!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'})) OR "
        "(@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] "
        "ForAnyOfAnyValues:GuidEquals {7f951dda-4ed3-4680-a7ca-43fe172d538d}))"
    )
    assert condition_holds(delegation, PULL, None) is YES


def test_whether_a_condition_asks_for_the_repository():
    assert names_the_repository(EXACT)
    assert not names_the_repository(None)
    assert not names_the_repository("@Environment[isPrivateLink] BoolEquals true")


def test_a_pattern_of_many_stars_is_not_slow():
    began = time.process_time()
    assert condition_holds(f"{NAME} StringLike '{'a*' * 200}b'", READ, "a" * 250) is NO
    assert time.process_time() - began < 20


def test_three_valued_logic():
    assert [negated(answer) for answer in (YES, NO, UNKNOWN)] == [NO, YES, UNKNOWN]
    assert (all_of(()), any_of(())) == (YES, NO)
    assert all_of((UNKNOWN, NO)) is NO
    assert any_of((UNKNOWN, YES)) is YES
    assert all_of((UNKNOWN, YES)) is UNKNOWN
    assert any_of((UNKNOWN, NO)) is UNKNOWN
