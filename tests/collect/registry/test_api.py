"""The registry's own API, through the real pipeline, against the simulated login server and its faults."""

from __future__ import annotations

import json
import threading

import pytest

pytest.importorskip("azure.cli.core", reason="azure-cli is not installed")

from azext_acrpulldiag.collect.ask.arm import ReadError
from azext_acrpulldiag.collect.registry.api import (
    Absence,
    Anonymous,
    Basic,
    CliLogin,
    RegistryApi,
    RegistryRefusalError,
    repository_scope,
)
from azext_acrpulldiag.facts import Unreadable
from tests.azure import entra
from tests.azure.images import Repository, digest_of, encoded
from tests.azure.messages import Response, answer
from tests.azure.registry import BLOB_HOST
from tests.build import SUBSCRIPTION
from tests.collect.simulated import simulated_session

HOST = "contosoreg.azurecr.io"
CONFIG = json.dumps({"architecture": "arm64", "os": "linux"}).encode()
MANIFEST = {
    "schemaVersion": 2,
    "mediaType": "application/vnd.oci.image.manifest.v1+json",
    "config": {
        "mediaType": "application/vnd.oci.image.config.v1+json",
        "size": len(CONFIG),
        "digest": digest_of(CONFIG),
    },
    "layers": [],
}
DIGEST = digest_of(encoded(MANIFEST))


@pytest.fixture
def plane(cloud):
    plane = cloud.data_plane(HOST)
    plane.repositories.clear()
    plane.repositories["team/web"] = Repository({DIGEST: MANIFEST}, {"v1": DIGEST}, {digest_of(CONFIG): CONFIG})
    return plane


@pytest.fixture
def session(simulated_azure, plane, tmp_path, monkeypatch):
    with simulated_session(simulated_azure, tmp_path, monkeypatch) as session:
        yield session


@pytest.fixture
def api(session):
    return RegistryApi(session, HOST, CliLogin(SUBSCRIPTION))


def refused(read) -> RegistryRefusalError:
    with pytest.raises(RegistryRefusalError) as caught:
        read()
    return caught.value


def unread(read) -> Unreadable:
    with pytest.raises(ReadError) as caught:
        read()
    return caught.value.why


# --- content -----------------------------------------------------------------------------


def test_a_manifest_comes_with_its_digest_and_kind(api):
    for reference in ("v1", DIGEST):
        found = api.manifest("team/web", reference)
        assert (found.digest, found.media_type, found.body) == (DIGEST, MANIFEST["mediaType"], MANIFEST)


def test_what_is_absent_is_told_apart(api):
    assert api.manifest("team/web", "v9") is Absence.REFERENCE
    assert api.manifest("team/wbe", "v1") is Absence.REPOSITORY
    assert api.attributes("team/wbe") is Absence.REPOSITORY
    assert api.attributes("team/web", tag="v9") is Absence.REFERENCE
    assert api.tags("team/wbe") is Absence.REPOSITORY


def test_a_head_asks_for_pull_alone(api, cloud):
    assert api.has_manifest("team/web", "v1") is True
    assert api.has_manifest("team/web", "v9") is False
    asked = [entry.request.form.get("scope") for entry in cloud.log if entry.path == "/oauth2/token"]
    assert asked == ["repository:team/web:pull"]


def test_attributes_of_all_three_kinds(api):
    assert api.attributes("team/web")["imageName"] == "team/web"
    assert api.attributes("team/web", tag="v1")["tag"]["digest"] == DIGEST
    assert api.attributes("team/web", digest=DIGEST)["manifest"]["architecture"] == "arm64"


def test_lists_follow_relative_links_and_stop_in_time(api, plane, cloud):
    plane.repositories["team/web"].tags.update({f"t{number:03}": DIGEST for number in range(250)})
    listing = api.tags("team/web")
    assert (len(listing.names), listing.complete) == (251, True)
    assert [entry.query["n"] for entry in cloud.log if entry.path.endswith("/tags/list")] == ["100"] * 3
    some = api.tags("team/web", pages=2)
    assert (len(some.names), some.complete) == (200, False)


def test_repositories_are_listed_with_a_scope_of_their_own(api, cloud):
    assert api.repositories().names == ("team/web",)
    assert cloud.log.matching(lambda entry: entry.request.form.get("scope") == "registry:catalog:*")


@pytest.mark.parametrize(
    "link", ["<https://elsewhere.example/v2/_catalog?n=1>", "<//elsewhere.example/x>", "<http:/v2/_catalog>"]
)
def test_a_next_page_elsewhere_is_not_asked_for(api, monkeypatch, cloud, link):
    from tests.azure import registry

    page = answer({"repositories": ["a"]}, link=f'{link}; rel="next"')
    monkeypatch.setattr(registry, "_content", lambda *_: page)
    assert unread(api.repositories).reason == "malformed"
    assert {entry.host for entry in cloud.log} == {HOST}


# --- configuration blobs -----------------------------------------------------------------


def test_a_configuration_is_fetched_from_storage_without_any_token(api, cloud):
    assert api.config_blob("team/web", digest_of(CONFIG)) == json.loads(CONFIG)
    (stored,) = cloud.log.to(BLOB_HOST)
    assert "authorization" not in stored.request.headers


def test_the_signature_of_the_storage_address_is_not_logged(api, debug_log):
    api.config_blob("team/web", digest_of(CONFIG))
    assert BLOB_HOST in debug_log.text
    assert "sig=" not in debug_log.text


@pytest.mark.parametrize("kind", ["reset", "timeout"])
def test_storage_out_of_reach_is_told_without_its_address(simulated_azure, plane, tmp_path, monkeypatch, cloud, kind):
    cloud.fault(BLOB_HOST, kind)
    with simulated_session(simulated_azure, tmp_path, monkeypatch, seconds=5 if kind == "timeout" else 20) as session:
        api = RegistryApi(session, HOST, CliLogin(SUBSCRIPTION))
        why = unread(lambda: api.config_blob("team/web", digest_of(CONFIG)))
    assert why.reason in ("unreachable", "timeout")
    assert "sig=" not in why.sentence


@pytest.mark.parametrize(
    ("stored", "reason"),
    [
        (Response(200, b"{}"), "malformed"),
        (Response(404, b"<?xml?>"), "unsupported"),
        (Response(503, b""), "server-error"),
    ],
)
def test_other_content_than_the_digest_says_is_not_believed(api, monkeypatch, stored, reason):
    from tests.azure import registry

    monkeypatch.setattr(registry, "handle_blob", lambda *_: stored)
    assert unread(lambda: api.config_blob("team/web", digest_of(CONFIG))).reason == reason


@pytest.mark.parametrize("location", ["", "http://plain.example/x", "/relative", "https:///"])
def test_only_an_https_address_is_followed(api, monkeypatch, location):
    from tests.azure import registry

    redirect = Response(307, b"", {"location": location})
    monkeypatch.setattr(registry, "_content", lambda *_: redirect)
    assert unread(lambda: api.config_blob("team/web", digest_of(CONFIG))).reason == "malformed"


# --- tokens ------------------------------------------------------------------------------


def test_the_cli_login_is_exchanged_for_the_registrys_own_audience(api, cloud):
    api.manifest("team/web", "v1")
    exchange, token, _ = cloud.log
    assert entra.claims(exchange.request.form["access_token"])["aud"] == "https://containerregistry.azure.net"
    assert (exchange.request.form["service"], exchange.request.form["tenant"]) == (HOST, cloud.tenant)
    assert token.request.form["scope"] == "repository:team/web:pull,metadata_read"
    assert {entry.host for entry in cloud.log} == {HOST}


def test_another_audience_can_be_configured_as_for_az_acr(api, session, cloud):
    session.cli_ctx.config.set_value("acr", "audience_resource", "https://acr.disconnected.example/")
    try:
        api.token(repository_scope("team/web"))
    finally:
        session.cli_ctx.config.remove_option("acr", "audience_resource")
    assert entra.claims(next(iter(cloud.log)).request.form["access_token"])["aud"] == "https://acr.disconnected.example"


def test_concurrent_readers_share_their_tokens(api, cloud):
    readers = [threading.Thread(target=api.attributes, args=("team/web",)) for _ in range(6)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert len([entry for entry in cloud.log if entry.path.startswith("/oauth2/")]) == 2
    assert api.token("registry:catalog:*")
    assert len([entry for entry in cloud.log if entry.path == "/oauth2/exchange"]) == 1


def test_tokens_are_nowhere_in_the_debug_log(api, debug_log, cloud):
    api.manifest("team/web", "v1")
    exchange, token, content = cloud.log
    secrets = [exchange.request.form["access_token"], token.request.form["refresh_token"], content.request.bearer]
    assert all(secret and secret not in debug_log.text for secret in secrets)


@pytest.mark.parametrize(
    ("user", "password", "good"),
    [("puller", "sim-token", True), ("puller", "wrong", False), ("nobody", "sim-token", False), ("puller", "", False)],
)
def test_a_user_and_password_are_offered_as_containerd_does(session, plane, cloud, user, password, good):
    plane.tokens["puller"] = "sim-token"
    api = RegistryApi(session, HOST, Basic(user, password))
    if good:
        assert api.has_manifest("team/web", "v1")
    else:
        error = refused(lambda: api.token(repository_scope("team/web", "pull")))
        assert (error.status, error.step, error.why.permission) == (401, "token", None)
    first = next(iter(cloud.log))
    assert (first.method, first.query["scope"], first.body) == ("GET", "repository:team/web:pull", b"")
    assert first.request.headers["authorization"].startswith("Basic ")


def test_a_password_shows_in_no_representation():
    assert "sim-token" not in repr(Basic("puller", "sim-token"))


def test_nobody_may_pull_where_that_is_on(session, cloud):
    assert refused(lambda: RegistryApi(session, HOST, Anonymous()).has_manifest("team/web", "v1")).status == 401
    cloud.anonymous_pull()
    assert RegistryApi(session, HOST, Anonymous()).has_manifest("team/web", "v1")


# --- refusals ----------------------------------------------------------------------------


def test_a_firewall_that_refuses_this_machine_says_nothing_about_nodes(api, cloud):
    cloud.refuse_this_machine()
    error = refused(lambda: api.manifest("team/web", "v1"))
    assert (error.status, error.step, error.firewall, error.why.reason) == (403, "exchange", True, "forbidden")
    assert "203.0.113.40" in error.why.detail
    assert "nothing about the nodes" in error.why.detail


def test_a_login_without_any_role_is_told_which_one_it_lacks(api, cloud):
    cloud.refuse_exchange()
    error = refused(lambda: api.manifest("team/web", "v1"))
    assert (error.status, error.step, error.code, error.firewall) == (401, "exchange", "UNAUTHORIZED", False)
    assert "AcrPull" in error.why.permission
    assert "Container Registry Repository Reader" in error.why.permission


def test_a_scope_that_is_not_granted_is_refused_at_the_content(api, cloud):
    cloud.fault("GET .*/manifests/", "401")
    error = refused(lambda: api.manifest("team/web", "v1"))
    assert (error.status, error.step, error.why.reason) == (401, "content", "forbidden")
    cloud.fault("GET .*/_catalog", "401")
    assert "Catalog Lister" in refused(api.repositories).why.permission


def test_an_operation_that_is_disallowed_is_no_firewall(api, monkeypatch):
    from tests.azure import registry

    said = "The operation is disallowed on this registry, repository or image. View troubleshooting steps"
    locked = answer({"errors": [{"code": "DENIED", "message": said}]}, 403)
    monkeypatch.setattr(registry, "_content", lambda *_: locked)
    error = refused(lambda: api.manifest("team/web", "v1"))
    assert (error.disallowed, error.firewall) == (True, False)


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("403", "forbidden"),
        ("429", "throttled"),
        ("503", "server-error"),
        ("reset", "unreachable"),
        ("html", "malformed"),
        ("truncated", "malformed"),
        ("text", "malformed"),
        ("nulls", "malformed"),
        ("drip", "timeout"),
        ("timeout", "timeout"),
    ],
)
@pytest.mark.parametrize("step", ["/oauth2/exchange", "/oauth2/token"])
def test_no_failure_of_a_token_request_is_an_absence(
    simulated_azure, plane, tmp_path, monkeypatch, waits, cloud, kind, reason, step
):
    cloud.fault(step, kind)
    seconds = 2.5 if reason == "timeout" else 20.0
    with simulated_session(simulated_azure, tmp_path, monkeypatch, seconds) as session:
        api = RegistryApi(session, HOST, CliLogin(SUBSCRIPTION))
        assert unread(lambda: api.manifest("team/web", "v1")).reason == reason


@pytest.mark.parametrize(
    ("kind", "reason"),
    [("429", "throttled"), ("html", "malformed"), ("truncated", "malformed"), ("500", "server-error")],
)
def test_no_failure_of_a_read_is_an_absence(simulated_azure, plane, tmp_path, monkeypatch, waits, cloud, kind, reason):
    cloud.fault("GET .*(/v2/|/acr/v1/)", kind)
    with simulated_session(simulated_azure, tmp_path, monkeypatch) as session:
        api = RegistryApi(session, HOST, CliLogin(SUBSCRIPTION))
        for read in (
            lambda: api.manifest("team/web", "v1"),
            lambda: api.tags("team/web"),
            lambda: api.attributes("team/web"),
        ):
            assert unread(read).reason == reason


def test_a_404_of_something_else_than_a_registry_is_no_absence(api, monkeypatch):
    from tests.azure import registry

    page = Response(404, b"<html>", {"content-type": "text/html"})
    monkeypatch.setattr(registry, "_content", lambda *_: page)
    assert unread(lambda: api.manifest("team/web", "v1")).reason == "unsupported"


def test_a_host_that_does_not_resolve_is_out_of_reach(session, cloud):
    api = RegistryApi(session, "gonereg.azurecr.io", CliLogin(SUBSCRIPTION))
    assert unread(lambda: api.manifest("web", "v1")).reason == "unreachable"
    assert cloud.log.refused == ["gonereg.azurecr.io:443"] * len(cloud.log.refused)
    cloud.log.refused.clear()


def test_names_stay_in_their_place_in_the_address(api, cloud):
    assert api.manifest("team/web", "v1?x=y#z") is Absence.REFERENCE
    assert cloud.log.entries[-1].request.target.startswith("/v2/team/web/manifests/v1%3Fx%3Dy%23z")
