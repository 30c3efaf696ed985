"""The kinds of patch, against the documents that define them."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from tests.azure.patches import merged, operated, strategic

POD = {
    "containers": [
        {"name": "app", "image": "app:1", "env": [{"name": "A", "value": "1"}]},
        {"name": "proxy", "image": "proxy:1", "args": ["-v"]},
    ],
    "imagePullSecrets": [{"name": "old"}],
    "nodeSelector": {"kubernetes.io/os": "linux"},
    "tolerations": [{"key": "a"}, {"key": "b"}],
}


# The table of RFC 7386, appendix A.
@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, None, None),
        ({"a": "foo"}, "bar", "bar"),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_a_merge_is_that_of_the_standard(target: Any, patch: Any, result: Any) -> None:
    assert merged(target, patch) == result


@pytest.mark.parametrize(
    ("patch", "result"),
    [
        (
            {"containers": [{"name": "app", "image": "app:2"}]},
            {"containers": [POD["containers"][0] | {"image": "app:2"}, POD["containers"][1]]},
        ),
        ({"imagePullSecrets": [{"name": "new"}]}, {"imagePullSecrets": [{"name": "old"}, {"name": "new"}]}),
        ({"imagePullSecrets": [{"name": "old"}]}, {}),
        (
            {"imagePullSecrets": [{"name": "new"}, {"$patch": "delete", "name": "old"}]},
            {"imagePullSecrets": [{"name": "new"}]},
        ),
        ({"imagePullSecrets": [{"$patch": "replace"}, {"name": "new"}]}, {"imagePullSecrets": [{"name": "new"}]}),
        ({"imagePullSecrets": None}, {"imagePullSecrets": "gone"}),
        ({"nodeSelector": {"a": "b"}}, {"nodeSelector": {"kubernetes.io/os": "linux", "a": "b"}}),
        ({"nodeSelector": {"$patch": "replace", "a": "b"}}, {"nodeSelector": {"a": "b"}}),
        # A list without a key of its items is one value.
        ({"tolerations": [{"key": "c"}]}, {"tolerations": [{"key": "c"}]}),
        (
            {"$setElementOrder/containers": [{"name": "proxy"}, {"name": "app"}]},
            {"containers": POD["containers"][::-1]},
        ),
    ],
)
def test_a_strategic_merge_knows_the_lists_of_a_pod(patch: Any, result: Any) -> None:
    target = deepcopy(POD)
    wanted = {key: value for key, value in (POD | result).items() if value != "gone"}
    assert strategic(target, patch) == wanted
    assert target == POD


@pytest.mark.parametrize(
    "patch",
    [
        {"$patch": "remove"},
        {"containers": [{"image": "app:2"}]},
        {"$retainKeys": ["a"]},
    ],
)
def test_what_a_strategic_merge_does_not_understand_changes_nothing(patch: Any) -> None:
    with pytest.raises(ValueError, match=r"patch type|merge key|directive"):
        strategic(POD, patch)


def test_operations_are_those_of_the_standard() -> None:
    account = {"imagePullSecrets": [{"name": "old"}]}
    addition = [{"op": "add", "path": "/imagePullSecrets/-", "value": {"name": "new"}}]
    assert operated(account, addition)["imagePullSecrets"] == [{"name": "old"}, {"name": "new"}]
    assert account == {"imagePullSecrets": [{"name": "old"}]}
    for wrong in ([{"op": "test", "path": "/a", "value": 1}], [{"op": "add", "path": "/a/b", "value": 1}], [{"a": 1}]):
        with pytest.raises(ValueError, match=r"."):
            operated(account, wrong)
