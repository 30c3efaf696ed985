"""Where a probe begins, and where it does not."""

import pytest

from azext_acrpulldiag.collect.kubernetes.login import ClusterAccess
from azext_acrpulldiag.facts import Options, Unreadable
from azext_acrpulldiag.images.references import parse_reference
from azext_acrpulldiag.probe.launch import Launch, launched
from azext_acrpulldiag.probe.subject import Named
from tests import build

STOPPED = Unreadable("unsupported", "The cluster is stopped, so its Kubernetes API does not answer")


def with_image(text):
    return Options(image=parse_reference(text), image_text=text)


def never(_):
    raise AssertionError("nothing is to be asked")


@pytest.mark.parametrize(
    ("kubernetes", "image", "words"),
    [
        (STOPPED, build.IMAGE, "No image was pulled: The cluster is stopped"),
        (None, build.IMAGE, "No image was pulled: The Kubernetes API was not asked"),
        (build.kubernetes(), None, "No image is known that could be pulled"),
    ],
)
def test_nothing_is_asked_where_nothing_can_be_pulled(kubernetes, image, words):
    options = build.healthy_facts().options if image is None else with_image(image)
    facts = build.healthy_facts(kubernetes=kubernetes, options=options)
    told = launched(never, Launch(Named(image), ClusterAccess(), 60), facts)
    assert isinstance(told.probe, Unreadable)
    assert told.probe.detail.startswith(words)
    assert told.kubernetes == kubernetes


def test_an_api_server_that_is_not_found_is_told():
    why = Unreadable("unreachable", "No answer")
    facts = build.healthy_facts(kubernetes=build.kubernetes(), options=with_image(build.IMAGE))
    assert launched(never, Launch(Named(build.IMAGE), ClusterAccess(), 60, why), facts).probe == why
