"""A check runs safely: a pass is earned, ignorance is told, a defect costs nothing else."""

from dataclasses import dataclass, replace

from azext_acrpulldiag.catalogue import Outcome, check, skipped
from azext_acrpulldiag.details import Details
from azext_acrpulldiag.diagnosis.evaluate import evaluate, judge
from azext_acrpulldiag.facts import Unreadable, known
from azext_acrpulldiag.model import SeenFrom, Severity, Status
from tests.build import CLUSTER_ID, REGISTRY_ID, healthy_facts


@dataclass(frozen=True)
class Pool(Details):
    """The pool that is broken."""

    pool: str


URL = "https://learn.microsoft.com/azure/aks/"
BROKEN = Outcome("c.broken", Severity.ERROR, "Pool {pool} is broken.", URL, details=(Pool,))


def declared(judge, id="c.x", **more):
    return check(id, needs=("cluster",), outcomes=(BROKEN,), **more)(judge)


def nothing(facts):
    """All is well.

    More words.
    """
    yield from ()


def test_no_finding_is_a_pass_that_says_the_healthy_condition():
    (finding,) = evaluate(declared(nothing), healthy_facts())
    assert (finding.status, finding.summary, finding.check) == (Status.PASS, "All is well.", "c.x")


def test_findings_before_an_unreadable_fact_are_kept_beside_the_unknown():
    def judge_one(facts):
        """Fine."""
        yield BROKEN.at("/pool", Pool("gpu"))
        known(facts.cluster)

    why = Unreadable("forbidden", "No right to read it", "A/b/read", "A/b/read")
    broken, unknown = evaluate(declared(judge_one), replace(healthy_facts(), cluster=why))
    assert (broken.outcome, unknown.status, unknown.permission) == ("c.broken", Status.UNKNOWN, "A/b/read")


def test_an_exception_inside_is_an_unknown_and_never_a_pass():
    def defective(facts):
        """Fine."""
        yield from ()
        raise KeyError("boom")

    (finding,) = evaluate(declared(defective), healthy_facts())
    assert finding.status is Status.UNKNOWN
    assert "Internal error" in finding.reason


def test_a_skip_is_told_with_its_reason():
    def skipping(facts):
        """Fine."""
        yield skipped("/r", "Does not apply.")

    (finding,) = evaluate(declared(skipping), healthy_facts())
    assert (finding.status, finding.reason) == (Status.SKIPPED, "Does not apply.")


def test_what_the_user_skips_is_reported_by_category_and_by_id():
    facts = healthy_facts()
    checks = [declared(nothing, "network.a"), declared(nothing, "network.b"), declared(nothing, "registry.c")]
    statuses = {finding.check: finding.status for finding in judge(checks, facts, ("network", "registry.c"))}
    assert set(statuses.values()) == {Status.SKIPPED}


def test_a_pass_speaks_of_the_resource_its_category_is_about():
    facts = healthy_facts()
    assert evaluate(declared(nothing, "nodes.x"), facts)[0].resource == facts.targets.cluster.id
    assert evaluate(declared(nothing, "registry.x"), facts)[0].resource == REGISTRY_ID
    assert CLUSTER_ID.lower() == facts.targets.cluster.id.lower()


def test_a_checks_own_view_is_on_its_pass():
    (finding,) = evaluate(declared(nothing, seen_from=SeenFrom.THIS_MACHINE), healthy_facts())
    assert finding.seen_from is SeenFrom.THIS_MACHINE
