"""Looking images up, through the real pipeline, in the simulated registry and through its faults."""

from __future__ import annotations

import pytest

pytest.importorskip("azure.cli.core", reason="azure-cli is not installed")

from azext_acrpulldiag.collect.registry.api import CliLogin, RegistryApi
from azext_acrpulldiag.collect.registry.images import MAX_IMAGES, read_images
from azext_acrpulldiag.facts import Platform, Unreadable
from azext_acrpulldiag.images.manifests import weight_of
from azext_acrpulldiag.images.references import parse_reference
from tests.azure.images import OCI_INDEX, digest_of, encoded
from tests.azure.registry import BLOB_HOST
from tests.build import registry
from tests.collect.simulated import simulated_session

HOST = "contosoreg.azurecr.io"
OPEN = registry(quarantine_policy="disabled")
AMD64 = (Platform("linux", "amd64"),)


@pytest.fixture
def look(simulated_azure, cloud, tmp_path, monkeypatch):
    """A function that looks up images by their path."""

    def look_up(*paths, found=OPEN, seconds=20.0):
        with simulated_session(simulated_azure, tmp_path, monkeypatch, seconds) as session:
            look_up.meter = session.meter
            api = RegistryApi(session, HOST, CliLogin(found.subscription))
            return read_images(api, found, [parse_reference(f"{HOST}/{path}") for path in paths])

    return look_up


def test_nothing_is_asked_for_no_image(look, cloud):
    assert look() == ()
    assert not cloud.log.entries


def test_an_image_for_one_platform(look, cloud):
    (found,) = look("team/app:1.2")
    assert (found.repository_exists, found.reference_exists, found.platforms) == (True, True, AMD64)
    assert (found.unreadable_part, found.quarantined, found.near_misses) == (None, False, ())
    assert found.is_index is False
    assert found.found_digest == cloud.data_plane().repositories["team/app"].tags["1.2"]
    # exchange, token, [manifest and attributes], [manifest's attributes and configuration, storage]
    assert look.meter.longest_chain == 5
    assert {entry.method for entry in cloud.log if not entry.path.startswith("/oauth2/")} == {"GET"}


def test_by_digest(look, cloud):
    digest = cloud.image("shop/web", None, "linux/arm64")
    (found,) = look(f"shop/web@{digest}")
    assert (found.reference_exists, found.platforms, found.tag) == (True, (Platform("linux", "arm64"),), None)


def test_every_platform_of_an_index_and_no_attestation(look, cloud):
    cloud.image("shop/web", "1.0", "linux/amd64", "linux/arm64", "windows/amd64:10.0.20348.2113")
    (found,) = look("shop/web:1.0")
    assert found.platforms == (
        Platform("linux", "amd64"),
        Platform("linux", "arm64"),
        Platform("windows", "amd64", "10.0.20348.2113"),
    )
    assert found.is_index is True
    assert not cloud.log.to(BLOB_HOST)


def test_an_index_within_an_index_and_entries_without_platform(look, cloud):
    there = cloud.data_plane().repositories
    inner = cloud.image("shop/web", None, "linux/arm64", "windows/amd64:10.0.20348.1")
    single = cloud.image("shop/web", None, "linux/amd64")
    rows = [{"mediaType": OCI_INDEX, "size": 1, "digest": digest} for digest in (inner, single)]
    outer = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": rows}
    there["shop/web"].manifests[digest_of(encoded(outer))] = outer
    there["shop/web"].tags["1.0"] = digest_of(encoded(outer))
    (found,) = look("shop/web:1.0")
    assert {platform.architecture for platform in found.platforms} == {"amd64", "arm64"}
    assert len(found.platforms) == 3


def test_an_index_of_itself_ends(look, cloud):
    there = cloud.data_plane().repositories["team/app"]
    looped = {"mediaType": OCI_INDEX, "manifests": [{"mediaType": OCI_INDEX, "digest": "sha256:" + "0" * 64}]}
    there.manifests["sha256:" + "0" * 64] = looped
    there.tags["loop"] = "sha256:" + "0" * 64
    (found,) = look("team/app:loop")
    assert isinstance(found.platforms, Unreadable)


def test_an_artifact_has_no_platform(look, cloud):
    digest = cloud.image("charts/web", "1.0")
    manifest = cloud.data_plane().repositories["charts/web"].manifests[digest]
    manifest["config"]["mediaType"] = "application/vnd.cncf.helm.config.v1+json"
    (found,) = look("charts/web:1.0")
    assert (found.reference_exists, found.platforms) == (True, ())


def test_what_nodes_may_take_of_an_index(look, cloud):
    cloud.image("shop/web", "1.0", "linux/amd64", "linux/arm64", "linux/s390x")
    cloud.purge("shop/web", "1.0", "linux/amd64")
    (found,) = look("shop/web:1.0")
    amd64, arm64, s390x = found.manifests
    assert (amd64.platform, amd64.manifest) == (Platform("linux", "amd64"), None)
    assert weight_of(arm64.manifest).layers == 1
    assert isinstance(s390x.manifest, Unreadable)  # no node of AKS is one, so it was not asked for
    assert not [entry for entry in cloud.log if s390x.digest in entry.path]
    assert found.platforms == tuple(each.platform for each in found.manifests)


def test_a_manifest_that_is_refused_is_not_gone(look, cloud):
    cloud.image("shop/web", "1.0", "linux/amd64", "linux/arm64")
    there = cloud.data_plane().repositories["shop/web"]
    amd64 = there.manifests[there.tags["1.0"]]["manifests"][0]["digest"]
    cloud.fault(f"/manifests/{amd64}", "403")
    (found,) = look("shop/web:1.0")
    assert isinstance(found.manifests[0].manifest, Unreadable)
    assert found.manifests[1].manifest is not None


@pytest.mark.parametrize("gone", ["the index within", "a manifest of it"])
def test_what_is_gone_below_an_index_within_an_index(look, cloud, gone):
    inner = cloud.image("shop/web", "1.0", "linux/amd64", "linux/arm64")
    cloud.wrap("shop/web", "1.0")
    there = cloud.data_plane().repositories["shop/web"]
    lost = inner if gone == "the index within" else there.manifests[inner]["manifests"][0]["digest"]
    del there.manifests[lost]
    (found,) = look("shop/web:1.0")
    assert [(each.digest, each.manifest) for each in found.manifests if each.manifest is None] == [(lost, None)]


def test_of_many_manifests_only_some_are_asked_for(look, cloud):
    builds = [f"windows/amd64:10.0.20348.{number}" for number in range(30)]
    cloud.image("shop/iis", "1.0", *builds)
    (found,) = look("shop/iis:1.0")
    assert len(found.manifests) == len(builds)
    assert sum(isinstance(each.manifest, Unreadable) for each in found.manifests) == 6


def test_what_an_artifact_says_of_itself(look, cloud):
    cloud.artifact(
        "charts/web", "1.0", "application/vnd.cncf.helm.config.v1+json", "application/vnd.cncf.helm.chart.content.v1"
    )
    (found,) = look("charts/web:1.0")
    (chart,) = (each.manifest for each in found.manifests)
    assert (chart.config_type, chart.unpacked_layers) == ("application/vnd.cncf.helm.config.v1+json", 0)
    assert [layer.media_type for layer in chart.layers] == ["application/vnd.cncf.helm.chart.content.v1"]


def test_the_registrys_own_words_are_kept(look, cloud):
    cloud.fault("GET .*/v2/team/app/manifests/", "403")
    (found,) = look("team/app:1.2")
    assert (found.refusal.status, found.refusal.code) == (403, "DENIED")
    assert found.refusal.message == "an error that the test asked for"


def test_names_that_are_near(look, cloud):
    for tag in ("1.0.0", "v1.0.0", "stable"):
        cloud.image("shop/web", tag)
    repository, tag, none = look("shop/wbe:1.0.0", "shop/web:1.0.1", "shop/web:zzz")
    assert (repository.repository_exists, repository.near_misses) == (False, ("shop/web",))
    assert (tag.reference_exists, tag.near_misses) == (False, ("1.0.0", "v1.0.0"))
    assert (none.reference_exists, none.near_misses) == (False, ())


def test_a_catalog_that_is_refused_costs_only_the_names(look, cloud):
    cloud.fault("/v2/_catalog", "401")
    (found,) = look("team/ap:1.2")
    assert (found.repository_exists, found.near_misses) == (False, ())


@pytest.mark.parametrize("part", ["repository", "tag", "manifest"])
def test_locks(look, cloud, part):
    digest = cloud.image("shop/web", "1.0", "linux/arm64")
    cloud.lock("shop/web", {"repository": None, "tag": "1.0", "manifest": digest}[part])
    (found,) = look("shop/web:1.0")
    assert (found.reference_exists, found.unreadable_part) == (True, part)
    assert found.platforms == (Platform("linux", "arm64"),)  # by the attributes


@pytest.mark.parametrize("by_digest", [False, True])
def test_quarantine(look, cloud, by_digest):
    digest = cloud.image("shop/web", "1.0")
    cloud.quarantine("shop/web", "1.0")
    (found,) = look(f"shop/web@{digest}" if by_digest else "shop/web:1.0", found=registry(quarantine_policy="enabled"))
    assert (found.reference_exists, found.quarantined) == (True, True)


def test_a_storage_out_of_reach_leaves_the_attributes(look, cloud):
    cloud.image("shop/web", "1.0", "linux/arm64")
    cloud.image("shop/iis", "1.0", "windows/amd64:10.0.20348.1")
    cloud.fault(BLOB_HOST, "503")
    web, iis = look("shop/web:1.0", "shop/iis:1.0", seconds=20)
    assert web.platforms == (Platform("linux", "arm64"),)
    assert isinstance(iis.platforms, Unreadable)
    assert "sig=" not in iis.platforms.sentence


@pytest.mark.parametrize(("tell", "reason"), [("refuse_this_machine", "forbidden"), ("refuse_exchange", "forbidden")])
def test_a_registry_that_gives_no_token_is_unreadable_as_a_whole(look, cloud, tell, reason):
    getattr(cloud, tell)()
    found = look("team/app:1.2", "team/app:1.3")
    assert isinstance(found, Unreadable)
    assert found.reason == reason
    assert len(cloud.log.entries) == 1


@pytest.mark.parametrize("kind", ["401", "403", "429", "500", "html", "truncated", "text", "reset"])
def test_no_failure_is_an_absence(look, cloud, kind):
    cloud.fault("GET contosoreg.azurecr.io/(v2|acr)/", kind)
    (found,) = look("team/app:1.2", seconds=20)
    parts = (found.repository_exists, found.reference_exists, found.unreadable_part, found.platforms)
    assert all(isinstance(part, Unreadable) for part in parts)


@pytest.mark.parametrize("kind", ["nulls", "mistyped", "text", "list"])
def test_documents_of_another_shape_prove_nothing_broken(look, cloud, kind):
    cloud.fault("GET .*/(v2|acr)/", kind)
    (found,) = look("team/app:1.2", seconds=20)
    assert found.reference_exists is not False
    assert not isinstance(found.unreadable_part, str)
    assert found.quarantined is False


def test_each_image_once_and_not_endlessly_many(look, cloud):
    paths = [f"team/app:{number}" for number in range(MAX_IMAGES + 2)]
    cloud.fault("/tags/list", "401")
    found = look(*paths, paths[0])
    assert len(found) == MAX_IMAGES + 2
    assert [one.reference_exists for one in found[:MAX_IMAGES]] == [False] * MAX_IMAGES
    assert all(isinstance(one.reference_exists, Unreadable) for one in found[MAX_IMAGES:])
