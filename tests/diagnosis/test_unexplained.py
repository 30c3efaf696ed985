"""What a run knows beside a failure that it cannot explain."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from azext_acrpulldiag.checks import ALL
from azext_acrpulldiag.diagnosis.apart import surroundings_of
from azext_acrpulldiag.diagnosis.evaluate import judge
from azext_acrpulldiag.diagnosis.root_causes import diagnose
from azext_acrpulldiag.facts import ImageManifest, Layer, Offered, Refusal, Unreadable
from azext_acrpulldiag.pull_errors.symptoms import symptoms_of
from tests.build import NOW, failing, failing_pods_facts, lookup, node, pulled


def unexplained(*containers, skip=(), **changes):
    facts = failing_pods_facts(containers, **changes)
    symptoms = symptoms_of(facts)[0]
    around = surroundings_of(facts, symptoms)
    diagnosis = diagnose(ALL, judge(ALL, facts, skip), symptoms, around=around)
    (found,) = [each for each in diagnosis.findings if each.outcome == "symptom.unexplained"]
    return found


def names(finding):
    return [each["check"] for each in finding.evidence["ruled_out"]]


@pytest.mark.parametrize(
    ("where", "counted"),
    [({"virtual_node": True}, {"image", "pull-secret", "registry"}), ({"elsewhere": True}, {"image"})],
)
def test_what_passed_of_node_pools_rules_out_nothing_of_pulls_that_went_another_way(where, counted):
    facts = failing_pods_facts((failing(),), images=(lookup(),))
    symptoms = [replace(each, **where) for each in symptoms_of(facts)[0]]
    diagnosis = diagnose(ALL, judge(ALL, facts), symptoms, around=surroundings_of(facts, symptoms))
    (finding,) = [each for each in diagnosis.findings if each.outcome == "symptom.unexplained"]
    assert names(finding)
    assert {each.partition(".")[0] for each in names(finding)} <= counted


def test_what_passed_and_could_explain_it_is_ruled_out():
    finding = unexplained(failing(), images=(lookup(),))
    assert names(finding)[:3] == ["nodes.kubelet-identity", "identity.kubelet-identity", "access.pull-role"]
    assert "kubelet.pull-qps" not in names(finding)
    first = finding.evidence["ruled_out"][2]
    assert first["passed"] == "A role assignment allows the identity that pulls to pull from the registry."
    assert first["by"] == "from the role assignments of that principal at the registry"
    assert "nodes.kubelet-identity, identity.kubelet-identity, access.pull-role" in finding.summary


def test_nothing_is_asked_for_that_was_read():
    read = unexplained(failing(), images=(lookup(),))
    assert read.evidence["decided_by"] is None
    assert not [each for each in read.remedies if each.description.startswith("What decides")]


def test_what_it_may_mean_is_narrowed_by_what_was_read():
    seen = unexplained(failing(), images=(lookup(),))
    assert seen.evidence["meaning"] == "The node sent no credential. The image exists, so it had none to send."
    assert "the image does not exist" in unexplained(failing(), skip=("image",)).evidence["meaning"]


def test_a_media_type_that_was_read_is_not_asked_for():
    schema1 = failing("mediaType in manifest should be application/vnd.oci.image.manifest.v1+json, not schema 1")
    finding = unexplained(schema1, images=(lookup(),))
    assert finding.evidence["symptom_class"] == "unsupported-manifest"
    assert (names(finding), finding.evidence["decided_by"]) == (["image.artifact"], None)


def test_what_was_left_out_is_no_pass_and_is_still_asked_for():
    finding = unexplained(failing("403 Forbidden"), skip=("network",))
    assert finding.evidence["decided_by"]
    assert not [each for each in names(finding) if each.startswith("network.")]


@pytest.mark.parametrize(
    "text", ['Back-off pulling image "contosoreg.azurecr.io/team/app:1.2"', "lease does not exist"]
)
def test_a_class_of_many_kinds_rules_out_nothing(text):
    assert names(unexplained(failing(text, reason="ErrImagePull"))) == []


def test_it_says_when_the_pod_tried_last():
    earlier = failing(pod="b", last_seen=NOW - timedelta(hours=1))
    finding = unexplained(failing(), earlier, images=(lookup(),))
    assert finding.evidence["last_tried"] == (NOW - timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert any(finding.evidence["last_tried"] in each.description for each in finding.remedies)
    unseen = unexplained(replace(failing(), last_seen=None), images=(lookup(),))
    assert unseen.evidence["last_tried"] is None
    assert not [each for each in unseen.remedies if "tries again" in each.description]


# --- what the registry tells of the images ------------------------------------------------

GIVEN_UP = "rpc error: code = Canceled desc = context canceled"
FORBIDDEN = (
    "unexpected status from HEAD request to https://contosoreg.azurecr.io/v2/team/app/manifests/1.2: 403 Forbidden"
)


LAYER_GONE = "could not fetch content descriptor sha256:a (application/x) from remote: not found"


def manifest(*sizes):
    layers = tuple(Layer("application/vnd.oci.image.layer.v1.tar+gzip", size) for size in sizes)
    return Offered("sha256:a", None, ImageManifest("", "", "", layers))


@pytest.mark.parametrize("text", [GIVEN_UP, f"failed to copy: {GIVEN_UP}", "write /x: no space left on device"])
def test_of_a_transfer_that_does_not_end_the_sizes_are_told(text):
    large = replace(lookup(), manifests=(manifest(10), manifest(1_100_000_000, 30_000_000)))
    finding = unexplained(failing(text), images=(large,))
    assert finding.evidence["sizes"] == [
        {"image": "contosoreg.azurecr.io/team/app:1.2", "layers": 2, "total": 1_130_000_000, "largest": 1_100_000_000}
    ]
    assert "2 layers, 1.1 GB compressed (the largest 1.1 GB)" in finding.summary


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ("dial tcp 20.61.97.5:443: i/o timeout", {"manifests": (manifest(5_000_000_000),)}),
        (f"failed to copy: {LAYER_GONE}", {"manifests": (manifest(5_000_000_000),)}),
        ("failed to copy: unexpected commit digest sha256:1", {"manifests": (manifest(5_000_000_000),)}),
        (GIVEN_UP, {"manifests": Unreadable("forbidden", "HTTP 403")}),
        (GIVEN_UP, {"manifests": (replace(manifest(5), manifest=None),)}),
        (GIVEN_UP, {"reference": "contosoreg.azurecr.io/team/other:1", "manifests": (manifest(5),)}),
    ],
)
def test_sizes_are_not_told_where_they_do_not_matter_or_are_not_known(text, changes):
    finding = unexplained(failing(text), images=(replace(lookup(), **changes),), skip=("image",))
    assert finding.evidence["sizes"] == []


def answered(text, refusal):
    return unexplained(failing(text), images=(replace(lookup(), refusal=refusal),), skip=("image", "network"))


def test_the_registrys_own_words_stand_beside_a_bare_status():
    finding = answered(FORBIDDEN, Refusal(403, "DENIED", "requested access to the resource is denied"))
    assert [each["code"] for each in finding.evidence["answers"]] == ["DENIED"]
    assert "the registry answers 403 DENIED: requested access to the resource is denied." in finding.summary


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        (FORBIDDEN, Refusal(401, "UNAUTHORIZED", "authentication required")),
        (FORBIDDEN, Refusal(403, "DENIED", "client with IP '198.51.100.7' is not allowed access")),
        (FORBIDDEN, Refusal(403, "DENIED", "")),
        (FORBIDDEN, None),
        ("dial tcp 20.61.97.5:443: i/o timeout", Refusal(403, "DENIED", "no")),
    ],
    ids=["another status", "this machine's address", "no words", "none", "no status"],
)
def test_words_about_something_else_do_not(text, refusal):
    assert answered(text, refusal).evidence["answers"] == []


@pytest.mark.parametrize(
    "text", ["unexpected commit digest sha256:1", "failed to extract layer: operation not permitted"]
)
def test_whether_another_node_pulls_it_is_not_asked_where_one_did(text):
    facts = failing_pods_facts((failing(text),))
    others = (node(), node("there", "b"))
    seen = pulled(image="contosoreg.azurecr.io/team/app:1.2", node="there")
    for pulls, asked in (((), True), ((seen,), False)):
        read = replace(facts, kubernetes=replace(facts.kubernetes, nodes=others, pulled=pulls))
        symptoms = symptoms_of(read)[0]
        diagnosis = diagnose(ALL, judge(ALL, read), symptoms, around=surroundings_of(read, symptoms))
        (found,) = [each for each in diagnosis.findings if each.outcome == "symptom.unexplained"]
        assert bool(found.evidence["decided_by"]) is asked
