"""What fails and is not judged is told in every form of the answer."""

from __future__ import annotations

from tests.azure.az import Az
from tests.azure.state import Cloud

from .running import run
from .stories import STORIES

STORY = STORIES["direct-cluster-without-a-way-to-mcr"]


def test_a_healthy_answer_tells_who_fails_elsewhere_in_the_table_and_the_report(cloud: Cloud, az: Az) -> None:
    STORY.tell(cloud)
    table = run(az, *STORY.arguments, output="table")
    said = " ".join(table.result.out.split())
    assert table.result.code == 0
    assert "No pod that was seen fails to pull from contosoreg.azurecr.io; 1 pod fails to pull from" in said
    assert "seen out of scope 1 pod in shop: dns-failure for quay.io/team/app:1 from quay.io; not judged." in said
    assert "seen out of scope 1 pod in kube-system: timeout-network for" in said
    report = run(az, *STORY.arguments).report
    told = [(each["host"], each["class"], each["pods"]) for each in report["outOfScopeGroups"]]
    assert told == [("mcr.microsoft.com", "timeout-network", 1), ("quay.io", "dns-failure", 1)]
