"""A session of this process whose whole internet is the simulated cloud."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from azext_acrpulldiag.collect.ask.arm import ArmReader
from azext_acrpulldiag.collect.ask.deadline import Deadline, Meter, begin_after
from azext_acrpulldiag.collect.ask.once import Once
from azext_acrpulldiag.collect.ask.session import Session
from azext_acrpulldiag.collect.plan import Plan
from azext_acrpulldiag.collect.reading import Reading, Underway
from azext_acrpulldiag.collect.request import ReadRequest, Run
from azext_acrpulldiag.facts import Options
from tests import build
from tests.azure import entra
from tests.azure.server import Server


class SimulatedSession(Session):
    """Logged in as the cloud's caller, in the tenants of all its subscriptions."""

    def __init__(self, server: Server, seconds: float) -> None:
        from azure.cli.core.mock import DummyCli

        super().__init__(DummyCli(), Deadline(seconds), Meter())
        self._server = server

    def subscriptions(self) -> list[dict[str, Any]]:
        known = self._server.cloud.subscriptions.items()
        return [{"id": one, "tenantId": each.tenant, "state": each.state} for one, each in known]

    def credential(self, subscription: str) -> tuple[Any, str]:
        cloud = self._server.cloud
        account = cloud.subscriptions.get(subscription.lower())
        if account is None:
            from knack.util import CLIError

            raise CLIError(f"Subscription '{subscription}' not found.")

        def get_token(*scopes: str, **_: Any) -> Any:
            token = entra.token(cloud, scopes[0].removesuffix("/.default"), account.tenant)
            return SimpleNamespace(token=token, expires_on=int(time.time()) + 3600)

        return SimpleNamespace(get_token=get_token), account.tenant


@contextmanager
def simulated_session(
    server: Server, folder: Path, monkeypatch: pytest.MonkeyPatch, seconds: float = 20.0
) -> Iterator[SimulatedSession]:
    """A session that lasts for the time of a test."""
    authority = folder / "simulated-ca.pem"
    authority.write_bytes(server.ca_pem)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority))
    monkeypatch.setenv("HTTPS_PROXY", server.proxy)
    for name in ("NO_PROXY", "no_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    begin_after(0)
    session = SimulatedSession(server, seconds)
    try:
        yield session
    finally:
        session.close()


class _Given(Underway):
    """Readings of a run of which some have answered already."""

    def __init__(self, run: Run, plan: Plan, readings: Sequence[Reading[Any]], given: Mapping[Reading[Any], object]):
        self._given = given
        super().__init__(run, plan, readings)

    def _begin(self, reading: Reading[object]) -> None:
        if reading in self._given:
            self._tasks[reading] = self._plan.start(reading.name, lambda: self._given[reading])
        else:
            super()._begin(reading)


@contextmanager
def underway(
    session: Session, readings: Sequence[Reading[Any]], given: Mapping[Reading[Any], object]
) -> Iterator[Underway]:
    """These readings; what is ``given`` is not read."""
    reader = ArmReader(session)
    request = ReadRequest(build.healthy_facts().targets, Options(), {})
    plan = Plan(session.deadline)
    try:
        yield _Given(Run(session, reader, Once(reader), request), plan, readings, given)
    finally:
        plan.close()
