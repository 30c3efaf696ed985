"""Pull secrets as kubelet reads them."""

import base64
import json

import pytest

from azext_acrpulldiag.collect.secrets.docker_config import Credential, MalformedSecretError, credentials_in, matches
from tests.recordings import body

HOST = "contosoreg.azurecr.io"
PASSWORD = "Canary-0-pass+word"


def b64(text):
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


def modern(document, kind="kubernetes.io/dockerconfigjson", name=".dockerconfigjson"):
    content = document if isinstance(document, (str, bytes)) else json.dumps(document)
    return {"type": kind, "data": {name: b64(content)}}


def legacy(document):
    return modern(document, "kubernetes.io/dockercfg", ".dockercfg")


def with_entry(entry):
    return modern({"auths": {HOST: entry}})


@pytest.mark.parametrize(
    "secret",
    [
        with_entry({"username": "robot", "password": PASSWORD}),
        with_entry({"username": "robot", "password": PASSWORD, "auth": b64(f"robot:{PASSWORD}"), "email": "a@b"}),
        with_entry({"auth": b64(f"robot:{PASSWORD}")}),
        with_entry({"auth": b64(f"robot:{PASSWORD}").rstrip("=")}),
        with_entry({"auth": b64(f"robot:{PASSWORD}")[:8] + "\r\n" + b64(f"robot:{PASSWORD}")[8:]}),
        with_entry({"username": "old", "password": "old", "auth": b64(f"robot:{PASSWORD}")}),
        modern({"Auths": {HOST: {"Username": "robot", "PASSWORD": PASSWORD}}}),
        modern({"auths": {HOST: {"username": "robot", "password": PASSWORD}}, "credsStore": "desktop"}),
        legacy({HOST: {"username": "robot", "password": PASSWORD, "email": None}}),
    ],
)
def test_reads_user_and_password_as_kubelet_does(secret):
    (found,) = credentials_in(secret)
    assert (found.key, found.user, found.password) == (HOST, "robot", PASSWORD)
    assert found.unusable is None
    assert not found.stray_white_space


def test_a_password_may_hold_colons():
    (found,) = credentials_in(with_entry({"auth": b64("robot:a:b:c")}))
    assert (found.user, found.password) == ("robot", "a:b:c")


def test_the_documented_secret_has_one_host():
    document = body("k8s/docs_dockerconfigjson_decoded")
    document["auths"]["your.private.registry.example.com"]["auth"] = b64("janedoe:xxxxxxxxxxx")
    (found,) = credentials_in(modern(document))
    assert (found.key, found.user) == ("your.private.registry.example.com", "janedoe")


@pytest.mark.parametrize(
    ("secret", "word"),
    [
        ({"type": "Opaque", "data": {".dockerconfigjson": b64("{}")}}, "Opaque"),
        ({"data": {}}, "no type"),
        ({"type": "kubernetes.io/dockerconfigjson"}, ".dockerconfigjson"),
        ({"type": "kubernetes.io/dockerconfigjson", "data": {".dockercfg": b64("{}")}}, ".dockerconfigjson"),
        ({"type": "kubernetes.io/dockerconfigjson", "data": {".dockerconfigjson": ""}}, "no data"),
        (modern({"contosoreg.azurecr.io": {"auth": b64("a:b")}}), "no auths"),
        (modern({"auths": None}), "no auths"),
        (modern({"credHelpers": {HOST: "acr-env"}}), "helpers"),
        (modern({"auths": {}}), "no entry"),
        (legacy({}), "no entry"),
    ],
)
def test_kubelet_passes_over_these_in_silence(secret, word):
    with pytest.raises(MalformedSecretError, match=word) as caught:
        credentials_in(secret)
    assert not caught.value.breaks_every_pull


@pytest.mark.parametrize(
    ("secret", "word"),
    [
        (body("k8s/docs_secret_dockerconfigjson"), "not JSON"),
        ({"type": "kubernetes.io/dockerconfigjson", "data": {".dockerconfigjson": "%%%"}}, "base64"),
        ({"type": "kubernetes.io/dockerconfigjson", "data": {".dockerconfigjson": ["e30="]}}, "base64"),
        (modern(b64(json.dumps({"auths": {}}))), "twice"),
        (modern(b"\xff\xfe{}"), "not JSON"),
        (modern("[" * 100_000), "not JSON"),
        (modern("[]"), "object"),
        (modern({"auths": [HOST]}), "auths"),
        (with_entry("robot"), "entry"),
        (with_entry({"username": 7}), "username"),
        (with_entry({"auth": PASSWORD}), "base64"),
        (with_entry({"auth": b64("robot")}), "user:password"),
        (with_entry({"auth": b64("robot:x") + " "}), "base64"),
        (legacy({HOST: {"auth": "c3R...zE2"}}), "base64"),
    ],
)
def test_kubelet_gives_up_the_pull_over_these(secret, word):
    with pytest.raises(MalformedSecretError, match=word) as caught:
        credentials_in(secret)
    assert caught.value.breaks_every_pull
    assert caught.value.__cause__ is None
    assert PASSWORD not in str(caught.value)


@pytest.mark.parametrize(
    ("entry", "word"),
    [
        ({"auth": b64("00000000-0000-0000-0000-000000000000:"), "identitytoken": "e.y.J"}, "identitytoken"),
        ({}, "neither"),
        (None, "neither"),
        ({"username": "robot"}, "no password"),
        ({"password": PASSWORD}, "no user"),
        ({"auth": b64(f":{PASSWORD}")}, "no user"),
    ],
)
def test_an_entry_without_user_or_password_says_so(entry, word):
    (found,) = credentials_in(with_entry(entry))
    assert word in found.unusable


def test_a_password_with_a_line_break_is_noticed():
    (found,) = credentials_in(with_entry({"username": "robot", "password": PASSWORD + "\n"}))
    assert found.stray_white_space


def test_half_a_surrogate_pair_can_still_be_sent():
    (found,) = credentials_in(with_entry({"username": "robot", "password": "a\ud800"}))
    assert found.password.encode()


def test_a_credential_does_not_show_itself():
    shown = repr(Credential(HOST, "robot", PASSWORD))
    assert PASSWORD not in shown
    assert "robot" not in shown


@pytest.mark.parametrize(
    "key",
    [
        HOST,
        f"https://{HOST}",
        f"http://{HOST}/",
        f"https://{HOST}/v1/",
        f"https://{HOST}/v2/",
        f"{HOST}/team",
        f"{HOST}/team/app",
        f"{HOST}/te",
        f"https://{HOST}/v2/team",
        f"https://someone@{HOST}",
        f"{HOST}?x=1",
        "*.azurecr.io",
        "contoso*.azurecr.io",
        "*.*.*",
    ],
)
def test_these_keys_are_for_the_image(key):
    assert matches(key, HOST, "team/app")


@pytest.mark.parametrize(
    "key",
    [
        "",
        "contosoreg",
        "otherreg.azurecr.io",
        "contosoreg.azurecr.us",
        "*.io",
        "*.westeurope.geo.azurecr.io",
        "ContosoReg.azurecr.io",
        f"{HOST}:443",
        f"{HOST}.",
        f"{HOST} ",
        f"https://{HOST}/v1",
        f"https://{HOST}/v2",
        f"HTTPS://{HOST}",
        f"oci://{HOST}",
        f"{HOST}/team/app:1.2",
        f"{HOST}/other",
        f"{HOST}//team",
        "contosore?.azurecr.io",
        "[c]ontosoreg.azurecr.io",
        "[contosoreg.azurecr.io",
        "https://index.docker.io/v1/",
        "\x1b[31m.azurecr.io",
    ],
)
def test_these_keys_are_not_for_the_image(key):
    assert not matches(key, HOST, "team/app")


def test_a_port_must_be_on_both_sides():
    assert matches(f"{HOST}:443", f"{HOST}:443", "app")
    assert not matches(HOST, f"{HOST}:443", "app")
    assert not matches(f"{HOST}:5000", f"{HOST}:443", "app")


def test_regional_hosts_have_more_labels():
    assert matches("*.*.geo.azurecr.io", "contosoreg.westeurope.geo.azurecr.io", "app")
    assert not matches("*.azurecr.io", "contosoreg.westeurope.geo.azurecr.io", "app")


def test_without_a_repository_paths_are_not_looked_at():
    assert Credential(f"{HOST}/other", "robot", "x").serves(HOST, None)
    assert not Credential(f"{HOST}/other", "robot", "x").serves(HOST, "team/app")
