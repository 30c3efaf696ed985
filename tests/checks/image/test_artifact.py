"""Mirror of checks/image/artifact.py."""

from __future__ import annotations

import pytest

from azext_acrpulldiag.checks.image.artifact import the_registry_holds_an_image
from azext_acrpulldiag.diagnosis.evaluate import evaluate
from azext_acrpulldiag.facts import Layer, Unreadable
from azext_acrpulldiag.model import Status
from tests.build import IMAGE, image_facts, image_manifest, lookup, offered

FORBIDDEN = Unreadable("forbidden", "HTTP 403", "x", "y/read")
CHART = image_manifest(
    config_type="application/vnd.cncf.helm.config.v1+json",
    layers=(Layer("application/vnd.cncf.helm.chart.content.v1.tar+gzip", 10),),
    unpacked_layers=0,
)
WASM = image_manifest(
    config_type="application/vnd.wasm.config.v0+json", layers=(Layer("application/wasm", 10),), unpacked_layers=0
)


def one(facts):
    (finding,) = evaluate(the_registry_holds_an_image, facts)
    return finding


def alone(manifest):
    return lookup(is_index=False, platforms=(), manifests=(offered(None, manifest=manifest),))


def test_an_image_passes():
    assert one(image_facts()).status is Status.PASS
    assert one(image_facts(alone(image_manifest()))).status is Status.PASS


def test_a_chart_is_no_image():
    finding = one(image_facts(alone(CHART)))
    assert (finding.status, finding.outcome) == (Status.FAIL, "image.not-an-image")
    assert finding.summary == (
        f"The image {IMAGE} is none that a node can run: the registry holds a Helm chart, by its configuration's media "
        "type application/vnd.cncf.helm.config.v1+json."
    )
    assert [remedy.command is None for remedy in finding.remedies] == [False, True]
    assert "oci://contosoreg.azurecr.io/team/app" in finding.remedies[1].description


def test_what_is_no_chart_is_not_installed():
    signature = image_manifest(layers=(Layer("application/vnd.dev.cosign.simplesigning.v1+json", 10),))
    assert len(one(image_facts(alone(signature))).remedies) == 1


def test_webassembly_is_a_warning_since_some_nodes_run_it():
    assert one(image_facts(alone(WASM))).status is Status.WARN


def test_of_an_index_what_nodes_take_is_judged():
    image, chart = offered(), offered("linux/arm64", "sha256:chart", manifest=CHART)
    assert one(image_facts(lookup(manifests=(image, chart)))).status is Status.PASS
    swapped = (offered(manifest=CHART), offered("linux/arm64"))
    assert one(image_facts(lookup(manifests=swapped))).outcome == "image.not-an-image"


@pytest.mark.parametrize(
    ("found", "decisive"),
    [(lookup(manifests=FORBIDDEN), None), (alone(image_manifest(layers=FORBIDDEN)), False)],
)
def test_what_could_not_be_read_is_unknown(found, decisive):
    finding = one(image_facts(found))
    assert (finding.status, finding.decisive) == (Status.UNKNOWN, decisive)


def test_an_image_that_is_not_there_is_skipped():
    assert one(image_facts(lookup(reference_exists=False))).status is Status.SKIPPED


def test_text_of_the_registry_is_made_printable():
    hostile = image_manifest(config_type="a/\x1b[31mb" + "c" * 500, layers=(), unpacked_layers=0)
    finding = one(image_facts(alone(hostile)))
    assert "\x1b" not in finding.summary
    assert len(finding.evidence["config_media_type"]) < 200
