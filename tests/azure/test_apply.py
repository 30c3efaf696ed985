"""Server-side apply: who owns which field of a secret."""

from __future__ import annotations

from typing import Any

import pytest

from tests.azure.apply import ConflictError, applied, updated

NOW = "2026-11-22T12:00:00Z"


def secret(**members: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "regcred", "namespace": "team"}, **members}


def owners(item: dict[str, Any]) -> dict[str, Any]:
    return {each["manager"]: each["fieldsV1"] for each in item["metadata"]["managedFields"]}


def test_what_is_new_is_owned_by_who_applied_it() -> None:
    made = applied(None, secret(data={"a": "1"}, type="Opaque"), "kubectl", False, NOW)
    assert made["data"] == {"a": "1"}
    assert owners(made) == {"kubectl": {"f:data": {".": {}, "f:a": {}}, "f:type": {}}}


def test_another_value_is_a_conflict_that_force_settles() -> None:
    live = updated(None, secret(data={"a": "1", "b": "1"}, type="Opaque"), "kubectl-create", NOW)
    wanted = secret(data={"a": "2"}, type="Opaque")
    with pytest.raises(ConflictError) as refused:
        applied(live, wanted, "kubectl", False, NOW)
    assert refused.value.fields == [("kubectl-create", ".data.a")]
    made = applied(live, wanted, "kubectl", True, NOW)
    assert made["data"] == {"a": "2", "b": "1"}
    assert live["data"] == {"a": "1", "b": "1"}
    # What has the same value belongs to both.
    assert owners(made) == {
        "kubectl-create": {"f:data": {".": {}, "f:b": {}}, "f:type": {}},
        "kubectl": {"f:data": {".": {}, "f:a": {}}, "f:type": {}},
    }


def test_what_is_no_longer_applied_goes_unless_another_owns_it() -> None:
    live = applied(None, secret(data={"a": "1", "b": "1"}, type="Opaque"), "kubectl", False, NOW)
    live = updated(live, live | {"data": {"a": "1", "b": "2"}}, "someone", NOW)
    made = applied(live, secret(data={}, type="Opaque"), "kubectl", False, NOW)
    assert made["data"] == {"b": "2"}


def test_what_nobody_applied_before_is_of_before_the_first_apply() -> None:
    live = secret(data={"a": "1"}, type="Opaque")
    with pytest.raises(ConflictError) as refused:
        applied(live, secret(data={"a": "2"}), "kubectl", False, NOW)
    assert refused.value.fields == [("before-first-apply", ".data.a")]
