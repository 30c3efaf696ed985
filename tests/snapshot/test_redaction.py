"""A name, an address and an id in every text of every fact that may have one: none is left."""

from __future__ import annotations

import json
import re
import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Union, get_args, get_origin, get_type_hints

import pytest

from azext_acrpulldiag.engine import Request, judged
from azext_acrpulldiag.facts import AccountPull, ActivityLog, Change, Facts, Unreadable
from azext_acrpulldiag.facts.probe import LeftPod, ProbeReport
from azext_acrpulldiag.report import Elapsed
from azext_acrpulldiag.snapshot.aliases import Aliases
from azext_acrpulldiag.snapshot.document import Judged, Snapshot, to_json
from azext_acrpulldiag.snapshot.kinds import Kind, kind_of_field
from azext_acrpulldiag.snapshot.redaction import redacted
from tests import build
from tests.build import NOW
from tests.build.probe import probe_report

ADDRESS = "20.61.97.5"
FORMS = {
    Kind.NAME: "{}",
    Kind.TEXT: "it says that {} of Zqx.{} does not",
    Kind.ADDRESS: ADDRESS,
    Kind.CONDITION: "x StringEquals '{}'",
    Kind.OWNER: "Deployment/{}",
    Kind.ACTION: "repositories/{}/content/read",
    Kind.LABEL: "{}",
    Kind.MEDIA_TYPE: "application/vnd.{}",
    Kind.WORD: "Word",
}


def planted(hint: Any, name: str, owner: type = Facts, field: str = "", nested: bool = False) -> Any:
    """A value of a type with ``name`` in all of its texts; ``nested``: within what an account's identity holds."""
    kinds = get_args(hint) if _is_union(hint) else (hint,)
    first = sorted(kinds, key=lambda each: (each is type(None), each is Unreadable))[0]
    if field == "by_account" and nested:
        return None
    origin, parts = get_origin(first), get_args(first)
    if origin is tuple:
        items = [each for part in parts if part is not ... for each in (get_args(part) if _is_union(part) else (part,))]
        return tuple(planted(each, name, owner, field, nested) for each in items if each is not type(None))
    if origin is frozenset:
        return frozenset([planted(parts[0], name, owner, field, nested)])
    if origin is not None and issubclass(origin, Mapping):
        return {name: planted(parts[1], name, owner, field, nested)}
    if is_dataclass(first):
        hints, inside = get_type_hints(first), nested or first is AccountPull
        return first(**{one.name: planted(hints[one.name], name, first, one.name, inside) for one in fields(first)})
    if isinstance(first, type) and issubclass(first, Enum):
        return next(iter(first))
    plain: dict[Any, Any] = {bool: True, int: 3, datetime: NOW}
    return plain[first] if first in plain else FORMS[kind_of_field(owner, field)].format(name, name)


def _is_union(hint: Any) -> bool:
    return get_origin(hint) in (Union, types.UnionType)


@pytest.mark.parametrize(
    "name",
    ["zqcanary", "ZQCANARY", "zqcanary-app", "zqcanary.acme", "zqcanary@acme.com", "zqcanary/app:1.2",
     "5c1f2a60-7a3e-4a53-8d0e-2f3e1cccccc0", "application/zqcanary", "/Users/zqcanary/config"],
)  # fmt: skip
def test_of_what_stands_in_every_fact_nothing_is_left(name: str) -> None:
    facts: Facts = planted(Facts, name)
    assert repr(facts).count(name) > 100
    hidden = redacted(facts, Aliases())
    report = judged(hidden, Request(hidden.targets), Elapsed(0.0, 0, 0))
    shown = (to_json(Snapshot("1.0", NOW, True, (Judged(hidden),))) + json.dumps(report)).lower()
    left = [word for word in ("zqcanary", "acme", "5c1f2a60", "2f3e1cccccc0", ADDRESS) if word in shown]
    assert left == []


def test_what_changed_before_is_told_of_aliases_too() -> None:
    role = f"/subscriptions/{build.SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{build.ACR_PULL}"
    assignment = f"{build.REGISTRY_ID}/providers/Microsoft.Authorization/roleAssignments/a1"
    gone = Change(
        "Microsoft.Authorization/roleAssignments/delete", assignment, NOW - timedelta(minutes=5), "Succeeded",
        "alice@contoso.com", "c-1", build.KUBELET_OBJECT_ID, role,
    )  # fmt: skip
    nobody = replace(build.access(), effective=(), at_scope=(), definitions={})
    facts = build.failing_pods_facts((build.failing(),), access=nobody, changes=ActivityLog((gone,)))
    hidden = redacted(facts, Aliases())
    report = judged(hidden, Request(hidden.targets), Elapsed(0.0, 0, 0))
    (change,) = report["rootCauses"][0]["changes"]
    assert change["proven"]
    assert "alice" not in json.dumps(report)


def test_a_pod_that_is_left_keeps_its_namespace_and_its_name_apart() -> None:
    left = (LeftPod("web", "acr-pull-probe-zq-0"), LeftPod("shop", "acr-pull-probe-zq-1"), LeftPod("web", "other"))
    hidden = redacted(build.healthy_facts(probe=probe_report(left=left)), Aliases())
    assert isinstance(hidden.probe, ProbeReport)
    first, second, third = hidden.probe.left
    assert first.namespace == third.namespace == hidden.probe.subject.namespace != second.namespace
    assert first.pod.rpartition("-")[0] == second.pod.rpartition("-")[0]
    assert not {"web", "shop", "zq", "other"} & set(re.findall(r"\w+", repr(hidden.probe.left)))
    shown = judged(hidden, Request(hidden.targets), Elapsed(0.0, 0, 0))["probe"]["podsLeft"]
    assert shown == [{"namespace": each.namespace, "pod": each.pod} for each in sorted(hidden.probe.left)]
