"""Mirror of checks/registry/cache.py."""

from __future__ import annotations

from dataclasses import replace

import pytest

from azext_acrpulldiag.checks.registry.cache import cache_rules_reach_their_upstream
from azext_acrpulldiag.diagnosis.evaluate import evaluate
from azext_acrpulldiag.facts import CacheRule, Image, Kubernetes, Options, Refusal, Unreadable
from azext_acrpulldiag.model import Confidence
from tests.build import REGISTRY_ID, healthy_facts, lookup, waiting_container

HOST = "contosoreg.azurecr.io"
HIDDEN = Unreadable("forbidden", "No right", permission="Microsoft.ContainerRegistry/registries/cacheRules/read")
SET_ID = f"{REGISTRY_ID}/credentialSets/hub"
NGINX, PULUMI = f"{HOST}/hub/nginx:1", f"{HOST}/hub/pulumi/base:1"
WORDS = {
    401: "authentication required with source registry for cache rule 'hub'.",
    403: "requested access to pull from source 'docker.io/library/nginx' for cache rule 'hub' has been denied.",
    404: "manifest not found with source 'docker.io/library/nginx' for cache rule 'hub'",
    424: "request to pull from source 'docker.io/library/nginx' for cache rule 'hub' has failed",
    429: "too many requests to source registry for cache rule 'hub'.",
}


def rule(unhealthy=None, target="hub/*", source="docker.io/library/*", credential_set=SET_ID, name="hub"):
    return CacheRule(name, source, target, credential_set, unhealthy)


def judged(*rules, **changes):
    return evaluate(cache_rules_reach_their_upstream, replace(healthy_facts(), **{"cache_rules": rules, **changes}))


def asked(path="hub/nginx"):
    return Options(image=Image(HOST, path, "1", None))


def looked(path="hub/nginx", status=None, exists=False):
    refusal = Refusal(status, "X", WORDS[status]) if status else None
    return lookup(
        repository=path, tag="1", reference_exists=exists, repository_exists=exists, refusal=refusal, manifests=()
    )


def pods(image=NGINX, message="unexpected status from HEAD request to x: 404 Not Found"):
    waiting = replace(waiting_container(image=image), message=f"failed to resolve reference: {message}")
    return Kubernetes((), (waiting,), ())


# --- health ----------------------------------------------------------------------------


def test_an_unhealthy_credential_set_fails_its_rule():
    (finding,) = judged(rule(name="well", target="x/*"), rule("unauthorized_client: AADSTS700016"))
    assert (finding.status, finding.outcome) == ("fail", "registry.cache-upstream")
    assert finding.resource == f"{REGISTRY_ID}/cacheRules/hub"
    assert finding.summary == (
        "Cache rule hub (docker.io/library/* as hub/*) cannot sign in to its upstream registry: unauthorized_client: "
        "AADSTS700016"
    )
    assert finding.remedies[0].command.endswith("--name hub")
    assert "forbidden-403" not in finding.explains


def test_a_rule_that_does_not_serve_the_image_is_left_out():
    assert judged(rule("broken"), options=asked("app"))[0].status == "pass"
    assert judged(rule("broken"), options=asked())[0].status == "fail"
    assert judged(rule("broken"), rule(target="hub/nginx", name="own"), options=asked())[0].status == "pass"


def test_health_or_rules_that_could_not_be_read_are_unknown():
    assert judged(rule(HIDDEN))[0].status == "unknown"
    assert judged(cache_rules=HIDDEN)[0].status == "unknown"
    assert judged(registry=HIDDEN)[0].status == "unknown"


def test_rules_that_nothing_is_known_against_pass():
    assert judged(rule(), options=asked(), images=(looked(exists=True),))[0].status == "pass"
    assert judged(rule(), options=asked(), images=(looked(),))[0].status == "pass"  # not pulled yet
    assert judged()[0].status == "pass"


# --- the registry's own words ------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "said", "first"),
    [
        (401, "cannot sign in to its upstream for docker.io/library/nginx", "az acr credential-set show"),
        (403, "asks its upstream for docker.io/library/nginx, which it is denied", None),
        (404, "asks its upstream for docker.io/library/nginx, which is not there", None),
        (424, "gets no answer of use from its upstream for docker.io/library/nginx", None),
        (429, "is throttled by its upstream when it asks for docker.io/library/nginx", "az acr credential-set show"),
    ],
)
def test_what_the_registry_says_of_a_rule(status, said, first):
    (finding,) = judged(rule(), options=asked(), images=(looked(status=status),))
    assert (finding.outcome, finding.confidence) == ("registry.cache-upstream", Confidence.OBSERVED)
    assert said in finding.summary
    assert finding.evidence["status"] == status
    assert "for cache rule 'hub'" in finding.evidence["error"]
    command = finding.remedies[0].command
    assert command is None if first is None else command.startswith(first)


def test_a_rule_without_a_credential_set_is_given_one():
    (finding,) = judged(rule(credential_set=None), options=asked(), images=(looked(status=429),))
    assert [remedy.command for remedy in finding.remedies] == [None]
    assert "asks anonymously" in finding.remedies[0].description


def test_words_in_a_pods_message():
    message = f"toomanyrequests: {WORDS[429]}"
    (finding,) = judged(rule(), kubernetes=pods(message=message))
    assert finding.outcome == "registry.cache-upstream"
    assert finding.reach.images == {NGINX}


def test_words_name_a_rule_that_was_not_read():
    first = judged(cache_rules=HIDDEN, options=asked(), images=(looked(status=403),))[0]
    assert first.summary == (
        "Cache rule hub asks its upstream for docker.io/library/nginx, which it is denied: " + WORDS[403]
    )
    assert (first.evidence["source"], first.evidence["target"]) == (None, None)


# --- what follows from a rule ------------------------------------------------------------


def test_a_path_that_the_upstream_does_not_have():
    (finding,) = judged(rule(), options=asked("hub/pulumi/base"), images=(looked("hub/pulumi/base"),))
    assert (finding.status, finding.confidence) == ("fail", Confidence.INFERRED)
    assert finding.evidence["upstream"] == "docker.io/library/pulumi/base"
    assert [remedy.command for remedy in finding.remedies] == [
        "az acr cache create --registry contosoreg --subscription 5c1f2a60-7a3e-4a53-8d0e-2f3e1c9b7a10 --name "
        "cache-hub-pulumi-base --source-repo docker.io/pulumi/base --target-repo hub/pulumi/base --cred-set hub"
    ]


def test_the_path_is_of_no_account_for_what_is_cached():
    cached = looked("hub/pulumi/base", exists=True)
    assert judged(rule(), options=asked("hub/pulumi/base"), images=(cached,))[0].status == "pass"


def test_a_path_that_is_denied_is_told_with_the_path():
    refused = looked("hub/pulumi/base", status=403)
    (finding,) = judged(rule(), options=asked("hub/pulumi/base"), images=(refused,), kubernetes=pods(PULUMI))
    assert finding.evidence["status"] == 403


def test_failed_dependency_is_of_a_rule_alone():
    message = f"unexpected status from HEAD request to https://{HOST}/v2/hub/nginx/manifests/1: 424 Failed Dependency"
    (finding,) = judged(rule(), kubernetes=pods(message=message), images=HIDDEN)
    assert (finding.outcome, finding.evidence["status"]) == ("registry.cache-upstream", 424)


def test_what_pods_wait_for_and_the_registry_lacks():
    message = f'failed to resolve reference "{NGINX}": {NGINX}: not found'
    (finding,) = judged(rule(), kubernetes=pods(message=message), images=(looked(),))
    assert (finding.outcome, finding.confidence) == ("registry.cache-upstream", Confidence.INFERRED)


def test_whether_a_rule_gets_what_was_not_looked_up_is_unknown():
    for found in (HIDDEN, (replace(looked(), reference_exists=HIDDEN, repository_exists=True),)):
        assert judged(rule(), kubernetes=pods(), images=found)[0].status == "unknown"
        assert judged(rule(target="other/*"), kubernetes=pods(), images=found)[0].status == "pass"


def test_the_name_of_a_new_rule_is_one_that_azure_takes():
    long = "hub/" + "a-very_long.name/" * 10 + "x"
    (finding,) = judged(rule(), options=asked(long), images=(looked(long),))
    name = finding.remedies[0].command.split("--name ")[1].split()[0]
    assert len(name) <= 50
    assert name.replace("-", "").isalnum()
