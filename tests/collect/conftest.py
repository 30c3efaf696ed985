"""Fixtures of the tests that send real requests to a local server."""

from __future__ import annotations

import threading
import time
from types import SimpleNamespace

import pytest

from tests.collect import local_azure


@pytest.fixture(scope="session")
def authority():
    return pytest.importorskip("trustme", reason="trustme makes the certificates").CA()


@pytest.fixture
def azure(authority, tmp_path, monkeypatch):
    pytest.importorskip("azure.cli.core", reason="azure-cli is not installed")
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = local_azure.LocalAzure(authority)
    yield server
    server.close()


@pytest.fixture
def cli_ctx(azure):
    endpoints = SimpleNamespace(
        resource_manager=azure.url + "/", active_directory_resource_id="https://management.core.windows.net/"
    )
    data = {"headers": {"x-ms-client-request-id": "id-1"}, "command": "aks diagnose-pull", "completer_active": False}
    return SimpleNamespace(cloud=SimpleNamespace(endpoints=endpoints, name="AzureCloud", profile="latest"), data=data)


@pytest.fixture
def open_reader(cli_ctx, monkeypatch):
    """Return a function that makes a reader with so many seconds; its session is closed at the end."""
    from azext_acrpulldiag.collect.ask.arm import ArmReader
    from azext_acrpulldiag.collect.ask.deadline import Deadline, Meter, begin_after
    from azext_acrpulldiag.collect.ask.session import Session

    monkeypatch.setattr("azure.cli.core._profile.Profile", local_azure.Login)
    sessions = []
    begin_after(0)

    def make(seconds: float = 20, credential=None):
        local_azure.Login.credential = credential or local_azure.Credential()
        session = Session(cli_ctx, Deadline(seconds), Meter())
        sessions.append(session)
        return ArmReader(session)

    before = set(threading.enumerate())
    yield make
    for session in sessions:
        session.close()
    late = time.monotonic() + 20
    ours = [one for one in threading.enumerate() if one not in before and one.name.startswith("ThreadPool")]
    for worker in ours:
        worker.join(max(0.0, late - time.monotonic()))
    assert not [worker for worker in ours if worker.is_alive()], "a worker outlived its run"


@pytest.fixture
def waits(monkeypatch):
    """The seconds that azure-core's pipeline wanted to wait, in order; no test waits for them."""
    pytest.importorskip("azure.core", reason="azure-cli is not installed")
    from azure.core.pipeline.transport import HttpTransport

    asked: list[float] = []
    monkeypatch.setattr(HttpTransport, "sleep", lambda _, seconds: asked.append(seconds))
    return asked
