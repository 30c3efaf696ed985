"""Reports keep to the written schema, whatever was found."""

import json
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import jsonschema
import pytest

from azext_acrpulldiag.catalogue import Check, Outcome, skipped, unknown
from azext_acrpulldiag.details import Details
from azext_acrpulldiag.diagnosis.evaluate import judge
from azext_acrpulldiag.diagnosis.root_causes import diagnose
from azext_acrpulldiag.facts import Kubernetes, Options, Unreadable
from azext_acrpulldiag.model import (
    Grouping,
    LeadsTo,
    PlannedStep,
    Remedy,
    RepairPlan,
    Severity,
    Symptom,
    SymptomGroup,
    Verdict,
)
from azext_acrpulldiag.report import Elapsed, plain, report_of
from tests.build import NOW, healthy_facts

SCHEMA = json.loads((Path(__file__).parent.parent / "docs" / "report.schema.json").read_text(encoding="utf-8"))
NO_RIGHT = Unreadable("forbidden", "No right to read it", "A/b/read", "A/b/read")


@dataclass(frozen=True)
class Part(Details):
    """What a fault is about."""

    pool: str = "gpu"
    when: datetime = NOW
    ids: tuple[str, ...] = ("b", "a")


FAULT = Outcome(
    "nodes.fault",
    Severity.ERROR,
    "Pool {pool} is broken.",
    "https://learn.microsoft.com/azure/aks/",
    details=(Part,),
)


def fault(facts):
    """Pools are well."""
    yield FAULT.at("/pools/gpu", Part())


def no_right(facts):
    """It is readable."""
    yield unknown("/r", NO_RIGHT)


def not_asked(facts):
    """It applies."""
    yield skipped("/r", "Does not apply.")


def report(*judges, facts=None, symptoms=(), grouping=None, plan=None, remedies=()):
    checks = [Check(f"nodes.{judge.__name__.replace('_', '-')}", (), (FAULT,), judge) for judge in judges]
    facts = facts or healthy_facts()
    diagnosis = diagnose(checks, judge(checks, facts), symptoms, grouping=grouping)
    roots = [replace(root, finding=replace(root.finding, remedies=remedies)) for root in diagnosis.root_causes]
    diagnosis = replace(diagnosis, root_causes=tuple(roots), repair_plan=plan)
    written = report_of(facts, diagnosis, Elapsed(1.23456, 7, 3, {"nodes": 0.5, "cluster": 0.1}))
    jsonschema.validate(written, SCHEMA)
    return written


@pytest.mark.parametrize(
    "judges, verdict",
    [((fault,), "broken"), ((no_right,), "inconclusive"), ((not_asked,), "healthy"), ((fault, no_right), "broken")],
)
def test_every_verdict_keeps_to_the_schema(judges, verdict):
    assert report(*judges)["verdict"] == verdict


def test_a_finding_carries_its_evidence_as_json():
    (finding,) = report(fault)["findings"]
    assert finding["evidence"] == {"pool": "gpu", "when": "2026-11-22T12:00:00Z", "ids": ["b", "a"]}
    assert (finding["outcome"], finding["category"], finding["status"]) == ("nodes.fault", "nodes", "fail")


def test_an_unknown_names_the_permission_that_is_missing():
    (entry,) = report(no_right)["unknowns"]
    assert (entry["permission"], entry["decisive"]) == ("A/b/read", True)


@pytest.mark.parametrize(
    ("options", "way"),
    [
        (Options(), "direct"),
        (Options(cluster_access="direct"), "direct"),
        (Options(kubeconfig="config"), "kubeconfig"),
        (Options(context="prod"), "kubeconfig"),
        (Options(cluster_access="command-invoke"), "command-invoke"),
        (Options(cluster_access="none"), "none"),
    ],
)
def test_the_way_to_the_cluster_and_what_was_not_seen(options, way):
    nothing = None if way == "none" else NO_RIGHT
    facts = replace(healthy_facts(), options=options, kubernetes=nothing)
    access = report(fault, facts=facts)["target"]["cluster"]["access"]
    assert access["way"] == way
    unseen = {each["what"]: each["code"] for each in access["notSeen"]}
    code = "unsupported" if way == "none" else "forbidden"
    secrets = {"pull secrets": "unsupported"} if way == "command-invoke" else {}
    assert unseen == {"nodes": code, "failing pods": code, "recent pulls": code, **secrets}


def test_what_was_seen_in_part_is_not_called_unseen():
    kubernetes = Kubernetes(nodes=(), failing=(), pulled=NO_RIGHT, overlooked=NO_RIGHT)
    access = report(fault, facts=replace(healthy_facts(), kubernetes=kubernetes))["target"]["cluster"]["access"]
    assert [each["what"] for each in access["notSeen"]] == ["failing pods that are not Pending", "recent pulls"]


@pytest.mark.parametrize("field", ["cluster", "registry"])
def test_targets_that_could_not_be_read_still_stand_in_the_report(field):
    facts = replace(healthy_facts(), **{field: NO_RIGHT})
    assert report(not_asked, facts=facts)["target"][field]["read"] is False


def test_symptoms_keep_to_the_schema():
    symptom = Symptom("ns", "pod", "c", "r.azurecr.io/a:1", "node", None, "dns-failure", "no such host", 3, NOW)
    assert report(not_asked, symptoms=[symptom])["symptoms"][0]["lastSeen"] == "2026-11-22T12:00:00Z"


def test_groups_of_symptoms_keep_to_the_schema():
    group = SymptomGroup("dns-failure", 2, 1, ("win",), ("w1",), ("r.azurecr.io/a:1",), ("ns",), "node-pool")
    written = report(fault, grouping=Grouping((group,), where="Only node pool win fails (1 pod)."))
    assert written["symptomGroups"] == [
        {
            "class": "dns-failure",
            "count": 2,
            "pods": 1,
            "nodePools": ["win"],
            "nodes": ["w1"],
            "images": ["r.azurecr.io/a:1"],
            "namespaces": ["ns"],
            "only": "node-pool",
        }
    ]
    assert written["where"] == "Only node pool win fails (1 pod)."


def test_groups_out_of_scope_keep_to_the_schema():
    group = SymptomGroup("dns-failure", 2, 1, (), (), ("nginx:1",), ("ns",), None, "docker.io")
    (written,) = report(fault, grouping=Grouping(outside=(group,)))["outOfScopeGroups"]
    assert (written["host"], written["class"], written["images"]) == ("docker.io", "dns-failure", ["nginx:1"])


def test_what_repairs_lead_to_keeps_to_the_schema():
    after = LeadsTo(Verdict.BROKEN, ("image.tag-not-found",))
    steps = (Remedy("Do it.", "az a", leads_to=after), Remedy("Or that.", option=2, not_told="Nobody knows."))
    plan = RepairPlan((PlannedStep("a.b", "/r", steps[0]),), after)
    written = report(fault, plan=plan, remedies=steps)
    leads_to = {"verdict": "broken", "rootCauses": ["image.tag-not-found"]}
    told = [(each["leadsTo"], each["notTold"]) for each in written["rootCauses"][0]["remedies"]]
    assert told == [(leads_to, None), (None, "Nobody knows.")]
    place = {"outcome": "a.b", "resource": "/r", "option": 1, "step": 1}
    step = {**place, "description": "Do it.", "command": "az a"}
    assert written["repairPlan"] == {"steps": [step], "leadsTo": leads_to, "notTold": None}


def test_plain_values_hide_what_could_not_be_read():
    assert plain({"a": NO_RIGHT, "b": frozenset({"y", "x"})}) == {"a": None, "b": ["x", "y"]}


def test_the_schema_refuses_a_report_that_hides_a_cause():
    written = report(fault)
    written["rootCauses"] = []
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(written, SCHEMA)
