"""Geo-replicas: which are well, and which pulls one that is not accounts for."""

from __future__ import annotations

import pytest

from azext_acrpulldiag.checks.registry.replicas import replicas_are_well
from azext_acrpulldiag.diagnosis.evaluate import evaluate
from azext_acrpulldiag.facts import Unreadable
from azext_acrpulldiag.model import Confidence, Status
from tests import build
from tests.build import REGISTRY_ID, UNREACHABLE, failing, kubernetes, registry, replicated_facts, replication

HIDDEN = Unreadable("forbidden", "no", None, "Microsoft.ContainerRegistry/registries/replications/read")
HERE, THERE = "westeurope", "northeurope"
EXPLAINED = {"timeout-network", "server-error", "blob-download"}
ILL = {"display_status": "Unavailable"}


def judged(*replicas, **changes):
    return evaluate(replicas_are_well, replicated_facts(*replicas, **{"registry": registry(), **changes}))


def the_one(*replicas, **changes):
    (finding,) = judged(*replicas, **changes)
    return finding


def statuses(*replicas, **changes):
    return [each.status for each in judged(*replicas, **changes)]


def pod(name="web-1", host="contosoreg.azurecr.io", message=UNREACHABLE):
    return failing(message.replace("contosoreg.azurecr.io/v2", f"{host}/v2"), pod=name, image=f"{host}/team/app:1.2")


def test_replicas_that_are_ready_pass():
    assert statuses(replication(HERE), replication(THERE)) == [Status.PASS]
    assert statuses(replication(HERE), replication(THERE, provisioning_state="Updating")) == [Status.PASS]
    assert statuses(replication(HERE), replication(THERE, display_status="ready")) == [Status.PASS]


def test_without_replicas_there_is_nothing_to_judge():
    (finding,) = evaluate(replicas_are_well, build.healthy_facts())
    assert finding.status is Status.SKIPPED


@pytest.mark.parametrize("name", ["display_status", "provisioning_state", "global_routing"])
def test_what_is_not_shown_is_no_pass(name):
    (finding,) = judged(replication(HERE), replication(THERE, **{name: HIDDEN}))
    assert (finding.status, finding.resource) == (Status.UNKNOWN, f"{REGISTRY_ID}/replications/{THERE}")


def test_replications_that_were_not_read_are_unknown():
    (finding,) = evaluate(replicas_are_well, build.healthy_facts(replications=HIDDEN))
    assert (finding.status, finding.permission) == (Status.UNKNOWN, HIDDEN.permission)


@pytest.mark.parametrize(
    "ill", [ILL, {"display_status": "Syncing"}, {"provisioning_state": "Failed"}, {**ILL, "provisioning_state": HIDDEN}]
)
def test_a_degraded_replica_in_the_clusters_region_accounts_for_timeouts(ill):
    finding = the_one(replication(HERE, **ill), replication(THERE))
    assert (finding.status, finding.confidence) == (Status.WARN, Confidence.INFERRED)
    assert set(finding.explains) == EXPLAINED
    assert "=false" in finding.remedies[0].command and THERE in finding.remedies[0].description
    assert finding.evidence["others"] == [THERE]


def test_what_azure_says_is_repeated():
    said = {**ILL, "status_message": "The region is down.", "provisioning_state": "Failed"}
    finding = the_one(replication(HERE, **said), replication(THERE))
    assert "has status Unavailable (The region is down) and is in provisioning state Failed." in finding.summary


def test_a_degraded_replica_elsewhere_accounts_for_nothing():
    finding = the_one(replication(HERE), replication(THERE, **ILL))
    assert (finding.status, finding.explains) == (Status.WARN, ())
    assert "led elsewhere" in finding.summary


def test_the_home_region_counts_where_it_is_not_listed():
    assert the_one(replication(THERE, **ILL)).explains == ()


def test_where_no_sound_replica_is_near_any_may_serve_the_nodes():
    far = build.cluster(location="Japan East")
    assert set(the_one(replication(HERE), replication(THERE, **ILL), cluster=far).explains) == EXPLAINED
    near = (replication(HERE, **ILL), replication(THERE, **ILL))
    assert [set(each.explains) for each in judged(*near)] == [EXPLAINED, EXPLAINED]
    out = (replication(HERE, global_routing=False), replication(THERE, **ILL))
    assert [set(each.explains) for each in judged(*out)] == [set(), EXPLAINED]


def test_a_replica_out_of_routing_is_told_and_no_cause():
    finding = the_one(replication(HERE, global_routing=False), replication(THERE))
    assert (finding.status, finding.confidence, finding.explains) == (Status.WARN, Confidence.OBSERVED, ())
    (remedy,) = finding.remedies
    assert "=true" in remedy.command


def test_a_degraded_replica_out_of_routing_serves_nobody_by_the_login_server():
    finding = the_one(replication(HERE, **ILL, global_routing=False), replication(THERE))
    assert finding.explains == ()
    assert [each.command.split()[3] for each in finding.remedies] == ["show"]


def test_the_last_region_stays_in_routing():
    found = judged(replication(HERE, **ILL), replication(THERE, **ILL))
    assert [[remedy.command.split()[3] for remedy in each.remedies] for each in found] == [["show"], ["show"]]


@pytest.mark.parametrize(
    "host", [f"contosoreg.{THERE}.geo.azurecr.io", f"contosoreg.{THERE}.data.azurecr.io"], ids=["regional", "data"]
)
def test_a_pull_that_names_the_region_is_its_own(host):
    facts = {"kubernetes": kubernetes(pod(), pod("web-2", host=host))}
    finding = the_one(replication(HERE), replication(THERE, **ILL), **facts)
    assert finding.reach.pods == {("web", "web-2")}
    assert set(finding.explains) == EXPLAINED
    out = the_one(replication(HERE), replication(THERE, **ILL, global_routing=False), **facts)
    assert out.reach.pods == {("web", "web-2")}


def test_a_pull_that_names_another_region_is_not():
    named = kubernetes(pod(host=f"contosoreg.{THERE}.geo.azurecr.io"))
    finding = the_one(replication(HERE, **ILL), replication(THERE), kubernetes=named)
    assert finding.explains == ()


def test_without_the_cluster_it_is_not_known_whom_it_serves():
    found = judged(replication(HERE, **ILL), replication(THERE), cluster=HIDDEN)
    assert [each.status for each in found] == [Status.WARN, Status.UNKNOWN]
    assert found[0].explains == ()
    assert "not known" in found[0].summary


def test_pods_that_were_not_read_change_nothing():
    found = the_one(replication(HERE, **ILL), replication(THERE), kubernetes=HIDDEN)
    assert set(found.explains) == EXPLAINED
