"""Kubeconfigs: what is taken out of them, what is refused, and that nothing is left of them."""

import base64
import json
import os
import ssl
import tempfile
from types import SimpleNamespace

import pytest

from azext_acrpulldiag.collect.ask.arm import ReadError
from azext_acrpulldiag.collect.kubernetes import login as kube_login
from azext_acrpulldiag.collect.kubernetes.login import (
    CREDENTIAL_PERMISSION,
    ENTRA_SERVER_APP,
    ClusterAccess,
    api_server_from,
    find_api_server,
    kubeconfig_from,
)
from azext_acrpulldiag.facts import Unreadable
from azext_acrpulldiag.targets import ClusterTarget
from tests.build import SUBSCRIPTION
from tests.collect.kube_here import TOKEN, kubeconfig
from tests.recordings import body

HOST = "prod-1.hcp.westeurope.azmk8s.io"
TARGET = ClusterTarget(SUBSCRIPTION, "rg-app", "prod")


def entra():
    return "entra-token"


def wire(config):
    return {"kubeconfigs": [{"name": "clusterUser", "value": base64.b64encode(json.dumps(config).encode()).decode()}]}


def refusal(call):
    with pytest.raises(ReadError) as caught:
        call()
    return caught.value.why


def pem_pair():
    """A client certificate with its key."""
    trustme = pytest.importorskip("trustme", reason="trustme makes the certificates")
    issued = trustme.CA().issue_cert("client@example.com")
    return {
        "client-certificate-data": base64.b64encode(b"".join(c.bytes() for c in issued.cert_chain_pems)).decode(),
        "client-key-data": base64.b64encode(issued.private_key_pem.bytes()).decode(),
    }


def test_the_recorded_structure_is_understood():
    config = body("aks/list_cluster_user_credential_decoded_structure")["kubeconfigs"][0]["value"]
    config["clusters"][0]["cluster"].pop("certificate-authority-data")  # masked in the recording
    config["users"][0]["user"]["token"] = TOKEN
    server = api_server_from(kubeconfig_from(wire(config)), entra)
    assert server.url == "https://test-force-conk8stest3l4tie-1bfbb5-1b3b01b5.hcp.eastus2euap.azmk8s.io:443"
    assert server.authorization() == f"Bearer {TOKEN}"
    assert TOKEN not in repr(server)


@pytest.mark.parametrize(
    "user",
    [
        {"exec": {"command": "kubelogin", "args": ["get-token", "--server-id", ENTRA_SERVER_APP]}},
        {"auth-provider": {"name": "azure", "config": {"apiserver-id": ENTRA_SERVER_APP, "tenant-id": "t"}}},
    ],
)
def test_entra_users_sign_in_with_the_login_of_az(user):
    assert api_server_from(kubeconfig(HOST, **user), entra).authorization() == "Bearer entra-token"


def test_a_token_is_preferred():
    asked = []
    server = api_server_from(kubeconfig(HOST, token=TOKEN, **pem_pair()), lambda: asked.append(1))
    assert server.authorization() == f"Bearer {TOKEN}"
    assert not asked


@pytest.mark.parametrize("has_memory_files", [True, False])
def test_a_client_certificate_leaves_no_file(monkeypatch, tmp_path, has_memory_files):
    if not has_memory_files:
        monkeypatch.delattr(os, "memfd_create", raising=False)
    elif not hasattr(os, "memfd_create"):
        pytest.skip("needs memory files (Linux)")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    loaded = []
    real = ssl.SSLContext.load_cert_chain
    monkeypatch.setattr(
        ssl.SSLContext, "load_cert_chain", lambda self, path: loaded.append(path) or real(self, path), raising=True
    )
    server = api_server_from(kubeconfig(HOST, **pem_pair()), entra)
    assert server.authorization() is None
    assert len(loaded) == 1
    assert list(tmp_path.iterdir()) == []
    assert loaded[0].startswith("/proc/") == has_memory_files


@pytest.mark.parametrize(
    "change",
    [
        lambda config: config.update({"current-context": "gone"}),
        lambda config: config.update(contexts="text"),
        lambda config: config["clusters"][0]["cluster"].pop("server"),
        lambda config: config["clusters"][0]["cluster"].update(server="http://plain.example"),
        lambda config: config["clusters"][0]["cluster"].update({"certificate-authority-data": "!!!"}),
        lambda config: config["clusters"][0]["cluster"].update({"certificate-authority-data": "Z2FyYmFnZQ=="}),
        lambda config: config["users"][0].update(user={}),
        lambda config: config["users"][0].update(
            user={"exec": {"command": "kubelogin", "args": ["--server-id", "other"]}}
        ),
        lambda config: config["users"][0].update(user={"client-certificate-data": "eA==", "client-key-data": "eA=="}),
    ],
)
def test_what_cannot_be_used_is_said_without_its_content(change):
    config = kubeconfig(HOST)
    change(config)
    why = refusal(lambda: api_server_from(config, entra))
    assert (why.reason, why.operation) == ("malformed", CREDENTIAL_PERMISSION)
    assert TOKEN not in why.detail


@pytest.mark.parametrize(
    "answer",
    [{}, {"kubeconfigs": []}, {"kubeconfigs": [{"value": 7}]}, {"kubeconfigs": [{"value": "###"}]}, wire("text")],
)
def test_an_answer_without_a_kubeconfig(answer):
    assert refusal(lambda: kubeconfig_from(answer)).reason == "malformed"


def test_a_cluster_without_credentials_does_not_exist():
    reader = SimpleNamespace(post=lambda *_: None)
    assert refusal(lambda: find_api_server(reader, None, TARGET, ClusterAccess())).reason == "not-found"


def test_a_refused_credential_stays_what_it_was():
    why = Unreadable("forbidden", "HTTP 403", CREDENTIAL_PERMISSION, CREDENTIAL_PERMISSION)

    def post(*_):
        raise ReadError(why)

    assert refusal(lambda: find_api_server(SimpleNamespace(post=post), None, TARGET, ClusterAccess())) is why


class TestKubeconfigFile:
    """``--kubeconfig`` and ``--context``, read by kubernetes' own loader."""

    @pytest.fixture(autouse=True)
    def _kubernetes(self, tmp_path, monkeypatch):
        pytest.importorskip("kubernetes", reason="kubernetes is not installed")
        (tmp_path / "temporary").mkdir()
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
        self.path = tmp_path / "config"
        yield
        assert list((tmp_path / "temporary").iterdir()) == []

    def read(self, config, context=None):
        self.path.write_text(json.dumps(config), encoding="utf-8")
        return find_api_server(None, None, TARGET, ClusterAccess(kubeconfig=str(self.path), context=context))

    def test_nothing_is_asked_of_azure(self):
        server = self.read(kubeconfig(HOST))
        assert (server.url, server.authorization()) == (f"https://{HOST}:443", f"Bearer {TOKEN}")
        assert server.tls.verify_mode is ssl.CERT_REQUIRED

    def test_a_client_certificate_is_loaded_and_its_files_removed(self):
        assert self.read(kubeconfig(HOST, **pem_pair())).authorization() is None

    def test_verification_is_off_only_where_the_file_says_so(self):
        config = kubeconfig(HOST)
        config["clusters"][0]["cluster"] = {"server": f"https://{HOST}", "insecure-skip-tls-verify": True}
        assert self.read(config).tls.verify_mode is ssl.CERT_NONE

    def test_another_name_in_the_certificate(self):
        config = kubeconfig(HOST)
        config["clusters"][0]["cluster"]["tls-server-name"] = "kubernetes.default"
        assert self.read(config).server_name == "kubernetes.default"

    @pytest.mark.parametrize("context", ["gone", None])
    def test_a_file_that_cannot_be_used(self, context):
        config = kubeconfig(HOST) if context else {"kind": "Config"}
        assert refusal(lambda: self.read(config, context)).reason == "malformed"

    def test_the_default_file_is_meant_by_a_context_alone(self, monkeypatch):
        assert ClusterAccess(context="prod").by_file
        assert not ClusterAccess().by_file


def test_the_certificate_of_the_cluster_is_the_only_one_trusted():
    server = api_server_from(kubeconfig(HOST), entra)
    assert len(server.tls.get_ca_certs()) == 1
    assert server.tls.check_hostname
    # Python 3.13's strict checks refuse the authorities of clusters, which name no key.
    assert not server.tls.verify_flags & ssl.VERIFY_X509_STRICT
    assert kube_login.ENTRA_SERVER_APP == "6dae42f8-4368-4678-94ff-3960e28e3630"
