"""What a probe pulls, and as whom."""

import pytest

from azext_acrpulldiag.facts import Options, Unreadable
from azext_acrpulldiag.facts.probe import ProbeSubject
from azext_acrpulldiag.images.references import parse_reference
from azext_acrpulldiag.probe.subject import NO_IMAGE, Named, subject_of
from tests import build
from tests.build.kubernetes import failing

OTHER = "contosoreg.azurecr.io/team/other:3"


def subject(*pods, image=None, **named):
    options = Options(image=parse_reference(image) if image else None, image_text=image)
    facts = build.healthy_facts(kubernetes=build.kubernetes(*pods), options=options)
    return subject_of(facts, Named(image, **named))


def test_that_of_the_failing_pod_as_it_pulls():
    pod = failing(pull_secrets=("regcred",), service_account="builder", owner="Deployment/web")
    assert subject(pod) == ProbeSubject(pod.image, "web", "builder", ("regcred",), "Deployment/web")


def test_that_of_the_most_pods_that_pull_alike():
    pods = [failing(pod=f"b-{number}", image=OTHER) for number in range(2)]
    assert subject(failing(), *pods).image == OTHER


def test_the_image_that_was_named_as_a_pod_that_fails_to_pull_it():
    pods = (failing(), failing(pod="b", image=OTHER, namespace="jobs"))
    assert subject(*pods, image=OTHER) == ProbeSubject(OTHER, "jobs", "default", (), pods[1].owner)
    unknown = "contosoreg.azurecr.io/team/new:1"
    assert subject(*pods, image=unknown) == ProbeSubject(unknown, "default", "default")


def test_the_namespace_and_pull_secret_that_were_named():
    named = {"namespace": "web", "pull_secret": "mine"}
    assert subject(image=OTHER, **named) == ProbeSubject(OTHER, "web", "default", ("mine",))
    assert subject(failing(pull_secrets=("theirs",)), pull_secret="mine").pull_secrets == ("mine",)


def test_a_pod_of_a_workload_comes_before_those_that_a_killed_probe_left():
    left = [failing(pod=f"acr-pull-probe-0a1b2c3d-{number}", image=OTHER, owner=None) for number in range(3)]
    pod = failing(owner="Deployment/web")
    assert subject(*left, pod) == ProbeSubject(pod.image, "web", "default", (), "Deployment/web")
    assert subject(*left).image == OTHER


def test_no_image_is_known():
    assert subject() is NO_IMAGE
    assert subject(failing("manifest unknown", image="quay.io/a/b:1")) is NO_IMAGE
    assert "Give --image" in NO_IMAGE.sentence


@pytest.mark.parametrize("text", ["contosoreg.azurecr.io/Team/App:1", "contosoreg.azurecr.io/a:@"])
def test_a_reference_that_is_none_is_not_pulled(text):
    facts = build.healthy_facts(options=Options(image=None, image_text=text))
    found = subject_of(facts, Named(text))
    assert isinstance(found, Unreadable)
    assert "not a valid one" in found.sentence
