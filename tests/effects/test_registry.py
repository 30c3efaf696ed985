from __future__ import annotations

from dataclasses import replace

import pytest

from azext_acrpulldiag.effects.registry import arm_tokens_accepted, cache_rule_made, routed
from azext_acrpulldiag.facts import CacheRule, Facts, Image, ImageLookup, Options, Refusal, Unreadable
from tests import build

from .trying import HEALTHY, leads_to, not_told

UNREAD = Unreadable("forbidden", "no")
HOST = "contosoreg.azurecr.io"

# --- settings ----------------------------------------------------------------------------


def test_a_registry_that_accepts_tokens_of_resource_manager_lets_old_nodes_pull():
    old = build.agent_pool(node_image_version="AKSUbuntu-2204gen2containerd-202401.09.0")
    facts = build.failing_pods_facts(
        cluster=build.cluster(agent_pools=(old,)), registry=build.registry(arm_audience_tokens="disabled")
    )
    assert leads_to(facts, "registry.arm-token-refused", 2) == HEALTHY
    assert leads_to(facts, "registry.arm-token-refused") == HEALTHY
    unread = build.healthy_facts(registry=UNREAD)
    assert arm_tokens_accepted({}, unread) == unread


def test_limits_are_left_to_the_pods():
    facts = replace(build.throttled_pods_facts(), registry=build.registry(sku="Basic"))
    assert "higher tier" in not_told(facts, "registry.throttled")
    assert "pulls" in not_told(facts, "kubelet.pull-qps-exceeded")


# --- cache rules -------------------------------------------------------------------------

PULUMI = "hub/pulumi/base"
WILDCARD = CacheRule("hub", "docker.io/library/*", "hub/*", None, None)
REFUSAL = "requested access to pull from source 'docker.io/library/pulumi/base' for cache rule 'hub' has been denied."
MESSAGE = f"failed to resolve reference: unexpected status from HEAD request to x: 403 Forbidden: {REFUSAL}"
UPSTREAM = "registry.cache-upstream"


def through_a_wildcard(refusal: str | None = REFUSAL, *rules: CacheRule, **changes: object) -> Facts:
    """A rule that asks Docker Hub for an image below library/, where it is not."""
    answer = Refusal(403, "DENIED", refusal) if refusal else None
    found = build.lookup(
        reference=f"{HOST}/{PULUMI}:1",
        repository=PULUMI,
        tag="1",
        repository_exists=False,
        reference_exists=False,
        refusal=answer,
        platforms=(),
        manifests=(),
        found_digest=None,
    )
    options = Options(image=Image(HOST, PULUMI, "1", None), image_text=f"{HOST}/{PULUMI}:1")
    changed = {"cache_rules": rules or (WILDCARD,), "images": (found,), "options": options, **changes}
    return replace(build.healthy_facts(), **changed)


def pods(message: str = MESSAGE) -> object:
    return build.kubernetes(build.failing(message, image=f"{HOST}/{PULUMI}:1"))


@pytest.mark.parametrize("refusal", [REFUSAL, None])
@pytest.mark.parametrize("kubernetes", [None, pods()])
def test_a_rule_of_its_own_asks_for_another_path_and_what_comes_is_not_known(refusal, kubernetes):
    facts = through_a_wildcard(refusal, kubernetes=kubernetes)
    assert leads_to(facts, UPSTREAM) == ("inconclusive", ())


def test_a_rule_of_its_own_has_the_credential_set_of_the_wildcard():
    held = f"{build.REGISTRY_ID}/credentialSets/hub"
    facts = through_a_wildcard(REFUSAL, replace(WILDCARD, credential_set=held))
    assert leads_to(facts, UPSTREAM) == ("inconclusive", ())
    made = cache_rule_made("meant", "target", name="rule", credential="set")
    values = {"meant": "docker.io/pulumi/base", "target": PULUMI, "rule": "new", "set": held}
    after = made(values, facts)
    assert after.cache_rules[1:] == (CacheRule("new", "docker.io/pulumi/base", PULUMI, held, None),)


def after_rule(facts: Facts, target: str = PULUMI) -> Facts:
    return cache_rule_made("meant", "target")({"meant": "docker.io/pulumi/base", "target": target}, facts)


def test_only_what_the_new_rule_serves_is_asked_for_anew():
    other = build.lookup(repository="hub/other", reference_exists=False)
    facts = through_a_wildcard(kubernetes=pods())
    facts = replace(facts, images=(*facts.images, other))
    after = after_rule(facts)
    served, left = after.images
    assert (served.refusal, left) == (None, other)
    assert isinstance(served.reference_exists, Unreadable)
    assert after.kubernetes.failing == ()
    assert after_rule(facts, "hub/elsewhere").kubernetes == facts.kubernetes


def test_what_is_cached_already_stays_there():
    there = build.lookup(repository=PULUMI)
    (after,) = after_rule(through_a_wildcard(images=(there,))).images
    assert after == there
    assert isinstance(after, ImageLookup)


def test_pods_that_report_something_else_still_do():
    facts = through_a_wildcard(kubernetes=pods(build.UNREACHABLE))
    assert after_rule(facts).kubernetes == facts.kubernetes


def test_rules_that_were_not_read_stay_unread():
    facts = through_a_wildcard(kubernetes=pods(), cache_rules=UNREAD, images=UNREAD)
    assert after_rule(facts) == facts


def test_the_rule_that_nodes_need_gets_the_images_of_aks():
    facts = build.isolated_facts(cache_rules=(), kubernetes=None)
    assert leads_to(facts, "registry.cache-rule-missing") == HEALTHY


def test_beside_a_rule_that_overlaps_it_is_not_told():
    facts = build.isolated_facts(cache_rules=(CacheRule("all", "mcr.microsoft.com/*", "*", None, None),))
    assert "overlaps" in not_told(facts, "registry.cache-rule-missing")


# --- replicas ----------------------------------------------------------------------------

ILL = "registry.replica-unhealthy"
HERE = build.replication("westeurope", display_status="Unavailable")
THERE = build.replication("northeurope")


def of_region(host: str = HOST, asked: str = HOST) -> object:
    message = build.UNREACHABLE.replace(f"{HOST}/v2", f"{asked}/v2")
    return build.kubernetes(build.failing(message, image=f"{host}/team/app:1.2"))


def degraded(**changes: object) -> Facts:
    replicas = (HERE, THERE)
    base = build.replicated_facts(*replicas, registry=build.registry(location="eastus"), options=Options())
    return replace(base, **{"kubernetes": of_region(), **changes})


@pytest.mark.parametrize("asked", [HOST, "contosoreg.westeurope.data.azurecr.io"])
def test_out_of_global_routing_a_replica_stops_no_pull(asked):
    assert leads_to(degraded(kubernetes=of_region(asked=asked)), ILL) == ("at-risk", ())


def test_who_names_the_region_still_goes_there():
    own = "contosoreg.westeurope.geo.azurecr.io"
    facts = degraded(kubernetes=of_region(own, own))
    assert leads_to(facts, ILL) == ("broken", (ILL,))


def test_pods_of_other_regions_still_report_what_they_do():
    facts = degraded(kubernetes=of_region(asked="contosoreg.northeurope.data.azurecr.io"))
    values = {"replica": "westeurope", "region": "westeurope"}
    assert routed(False)(values, facts).kubernetes == facts.kubernetes


def test_a_replica_that_is_well_is_brought_back():
    out = (build.replication("westeurope", global_routing=False), THERE)
    facts = replace(build.healthy_facts(), replications=out, network=build.network(replications=out))
    assert leads_to(facts, ILL) == HEALTHY
    after = routed(True)({"replica": "WestEurope", "region": "westeurope"}, facts)
    assert [each.global_routing for each in after.replications] == [True, True]
    assert after.network.replications == after.replications


def test_replicas_that_were_not_read_stay_unread():
    facts = degraded(replications=UNREAD, network=UNREAD, kubernetes=UNREAD)
    assert routed(False)({"replica": "westeurope", "region": "westeurope"}, facts) == facts
