"""Repairs tried on the facts: what they lead to, what is taken out, the plan, and its bounds."""

from dataclasses import replace

import pytest

from azext_acrpulldiag.diagnosis.after import MOST_JUDGEMENTS, with_repairs_tried
from azext_acrpulldiag.diagnosis.root_causes import diagnose
from azext_acrpulldiag.facts import Kubernetes
from azext_acrpulldiag.model import Finding, LeadsTo, Remedy, SeenFrom, Severity, Status, Symptom, Verdict
from azext_acrpulldiag.repairs import UntoldError
from tests import build

IMAGE = "contosoreg.azurecr.io/app:1"


def mends(*names):
    """An effect: these faults are gone. Facts keep which are left in the text of the image."""
    return lambda facts: with_faults(facts, [each for each in faults_of(facts) if each not in names])


def untellable(_facts):
    raise UntoldError("Its nodes are made again.")


def with_faults(facts, names):
    return replace(facts, options=replace(facts.options, image_text=" ".join(names)))


def faults_of(facts):
    return (facts.options.image_text or "").split()


def remedy(effect=None, option=1, step=1, command="az x", **more):
    return Remedy("Do it.", command, option, step, effect=effect, **more)


def finding(name, *remedies, explains=(), status=Status.FAIL, **more):
    severity = Severity.ERROR if status is Status.FAIL else Severity.WARNING
    given = {"outcome": f"c.{name}", "severity": severity, "remedies": remedies, "explains": explains}
    return Finding("c.x", status, f"{name} is wrong.", "/r", **given | more)


class World:
    """A judgement by the faults that the facts still have; counts how often it was asked."""

    def __init__(self, *findings, symptom_class="unauthorized-401"):
        self.findings = {each.outcome.partition(".")[2]: each for each in findings}
        self.symptom_class = symptom_class
        self.asked = 0

    def judge(self, facts):
        self.asked += 1
        found = [self.findings[name] for name in faults_of(facts)]
        return diagnose([], found, [self._symptom(each) for each in _failing(facts)])

    def _symptom(self, each):
        place = (each.namespace, each.pod, each.container, each.image)
        return Symptom(*place, None, None, self.symptom_class, "text", 1, None)

    def tried(self, *pods):
        facts = with_faults(build.healthy_facts(kubernetes=build.kubernetes(*pods)), self.findings)
        return with_repairs_tried(self.judge(facts), facts, self.judge)


def _failing(facts):
    assert isinstance(facts.kubernetes, Kubernetes)
    return facts.kubernetes.failing


def pod(name="web"):
    return build.failing("401", pod=name)


def leads_to(diagnosis, place=0):
    return [each.leads_to for each in diagnosis.root_causes[place].finding.remedies]


HEALTHY = LeadsTo(Verdict.HEALTHY, ())


def test_nothing_is_judged_again_where_nothing_is_wrong():
    world = World()
    diagnosis = world.tried()
    assert (world.asked, diagnosis.repair_plan) == (1, None)


def test_a_repair_leads_to_what_is_left():
    causes = [finding(name, remedy(mends(name), command=f"az {name}")) for name in "ab"]
    diagnosis = World(*causes).tried()
    assert leads_to(diagnosis) == [LeadsTo(Verdict.BROKEN, ("c.b",))]
    assert leads_to(diagnosis, 1) == [LeadsTo(Verdict.BROKEN, ("c.a",))]
    assert [step.outcome for step in diagnosis.repair_plan.steps] == ["c.a", "c.b"]
    assert diagnosis.repair_plan.leads_to == HEALTHY


def test_every_step_says_what_its_option_leads_to():
    steps = (remedy(mends("a")), remedy(None, step=2), remedy(mends(), option=2))
    diagnosis = World(finding("a", *steps)).tried()
    assert leads_to(diagnosis) == [HEALTHY, HEALTHY, LeadsTo(Verdict.BROKEN, ("c.a",))]
    of_the_list = next(each for each in diagnosis.findings if each.outcome == "c.a")
    assert of_the_list.remedies == diagnosis.root_causes[0].finding.remedies


def test_the_pods_that_the_cause_explained_are_taken_out():
    diagnosis = World(finding("a", remedy(mends("a")), explains=("unauthorized-401",))).tried(pod(), pod("api"))
    assert leads_to(diagnosis) == [HEALTHY]
    assert len(diagnosis.symptoms) == 2


def test_pods_that_something_else_explains_still_fail():
    both = [finding(name, remedy(mends(name)), explains=("unauthorized-401",)) for name in "ab"]
    diagnosis = World(*both).tried(pod())
    assert leads_to(diagnosis) == [LeadsTo(Verdict.BROKEN, ("c.b",))]


def test_what_followed_from_the_cause_keeps_no_pod_failing():
    """It may be read from what the pod reports alone, and that is over."""
    cause = finding("a", remedy(mends("a")), explains=("unauthorized-401", "c.b"))
    diagnosis = World(cause, finding("b", explains=("unauthorized-401",))).tried(pod())
    assert [root.finding.outcome for root in diagnosis.root_causes] == ["c.a"]
    assert leads_to(diagnosis) == [LeadsTo(Verdict.BROKEN, ("c.b",))]


def test_what_a_machine_of_ours_saw_explains_no_pod():
    seen = finding("m", explains=("unauthorized-401",), status=Status.WARN, seen_from=SeenFrom.THIS_MACHINE)
    diagnosis = World(finding("a", remedy(mends("a")), explains=("unauthorized-401",)), seen).tried(pod())
    assert leads_to(diagnosis) == [HEALTHY]


@pytest.mark.parametrize(
    ("step", "why"),
    [
        (remedy(not_told="Nodes are made again."), "Nodes are made again."),
        (remedy(untellable), "Its nodes are made again."),
        (remedy(None), "No command of it changes anything, so it was not tried."),
    ],
)
def test_what_nobody_can_tell_says_why(step, why):
    diagnosis = World(finding("a", step)).tried()
    told = diagnosis.root_causes[0].finding.remedies[0]
    assert (told.leads_to, told.not_told) == (None, why)
    assert diagnosis.repair_plan.steps == ()
    assert diagnosis.repair_plan.not_told == "Of no repair it can be told what it leads to."


def test_the_plan_takes_the_next_option_where_the_first_does_not_help():
    steps = (remedy(not_told="Nobody knows."), remedy(mends(), option=2), remedy(mends("a"), option=3))
    plan = World(finding("a", *steps)).tried().repair_plan
    assert [step.remedy.option for step in plan.steps] == [3]
    assert plan.leads_to == HEALTHY


def test_the_plan_leaves_out_what_is_not_needed():
    world = World(finding("a", remedy(mends("a"))), finding("b", remedy(mends("a", "b"))))
    plan = world.tried().repair_plan
    assert [step.outcome for step in plan.steps] == ["c.b"]


def test_the_plan_keeps_what_a_later_repair_needs_to_be_told():
    def only_after_a(facts):
        if "a" in faults_of(facts):
            raise UntoldError("Without the first one nobody can tell.")
        return mends("b")(facts)

    causes = [finding("a", remedy(mends("a"), command="az a")), finding("b", remedy(only_after_a, command="az b"))]
    plan = World(*causes).tried().repair_plan
    assert [step.outcome for step in plan.steps] == ["c.a", "c.b"]
    assert plan.leads_to == HEALTHY


def test_the_plan_names_a_command_that_several_begin_with_once():
    signing_in = remedy(command="az aks get-credentials")
    causes = [finding(name, signing_in, remedy(mends(name), step=2, command=f"kubectl {name}")) for name in "ab"]
    plan = World(*causes).tried().repair_plan
    assert [step.remedy.command for step in plan.steps] == ["az aks get-credentials", "kubectl a", "kubectl b"]


def test_the_plan_goes_on_where_one_cause_cannot_be_repaired():
    plan = World(finding("a", remedy(not_told="Nobody knows.")), finding("b", remedy(mends("b")))).tried().repair_plan
    assert [step.outcome for step in plan.steps] == ["c.b"]
    assert plan.leads_to == LeadsTo(Verdict.BROKEN, ("c.a",))


def test_judgements_are_bounded_and_what_was_not_tried_says_so():
    many = [f"f{number:02}" for number in range(MOST_JUDGEMENTS + 5)]
    world = World(*(finding(name, remedy(mends(name))) for name in many))
    diagnosis = world.tried()
    assert world.asked <= 1 + 2 * MOST_JUDGEMENTS
    assert diagnosis.repair_plan.leads_to is None
    assert "20 judgements" in diagnosis.repair_plan.not_told
    last = diagnosis.root_causes[-1].finding.remedies[0]
    assert last.leads_to is not None or "20 judgements" in last.not_told


def test_warnings_are_tried_where_nothing_is_broken():
    diagnosis = World(finding("w", remedy(mends("w")), status=Status.WARN)).tried()
    assert diagnosis.verdict is Verdict.AT_RISK
    assert diagnosis.repair_plan is None
    warned = next(each for each in diagnosis.findings if each.status is Status.WARN)
    assert warned.remedies[0].leads_to == HEALTHY


def test_with_thousands_of_pods_fewer_judgements_are_made():
    causes = [finding(f"f{n}", remedy(mends(f"f{n}")), explains=("unauthorized-401",)) for n in range(9)]
    world = World(*causes)
    world.tried(*(pod(f"web-{number}") for number in range(5_000)))
    assert world.asked <= 1 + 2 * 4
