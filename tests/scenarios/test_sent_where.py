"""What README and SECURITY.md say is sent where, and with what it is not."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pytest

from tests.azure import secrets as make
from tests.azure.extension import PROJECT
from tests.azure.log import Entry
from tests.azure.state import Cloud

from .running import run

HOST = "contosoreg.azurecr.io"
PASSWORD = "SentNowhereElse~0"
# The hosts of the table: sign-in, Resource Manager, Graph, registry, storage, cluster; and az's look for its version.
KNOWN = re.compile(
    r"login\.microsoftonline\.com|management\.azure\.com|graph\.microsoft\.com|azcliprod\.[\w.]+"
    rf"|{re.escape(HOST)}|[\w-]+\.blob\.core\.windows\.net|[\w.-]+\.azmk8s\.io"
)
NOTHING_TO_THE_REGISTRY = re.findall(
    r"`(--skip [\w.,-]+)`: nothing of yours is sent to the registry",
    (PROJECT / "README.md").read_text(encoding="utf-8"),
)


def offers(entries: Iterable[Entry]) -> set[str]:
    """The hosts that were sent a user and a password."""
    return {each.host for each in entries if each.request.headers.get("authorization", "").startswith("Basic ")}


@pytest.fixture
def with_a_secret(cloud: Cloud) -> Cloud:
    """A pod fails and names a pull secret for the registry."""
    make.registry_token(cloud, password=PASSWORD)
    make.pull_secret(cloud, "pull-app", PASSWORD)
    make.failing_pod(cloud)
    return cloud


def test_credentials_are_offered_to_their_own_registry(with_a_secret: Cloud, warm_az) -> None:
    done = run(warm_az, "--acr", "contosoreg")
    assert {each.host for each in done.requests if not KNOWN.fullmatch(each.host)} == set()
    assert offers(done.requests) == {HOST}


def test_without_the_test_no_credential_is_sent(with_a_secret: Cloud, warm_az) -> None:
    assert offers(run(warm_az, "--acr", "contosoreg", "--no-credential-test").requests) == set()


def test_what_nothing_is_sent_to_the_registry_with(with_a_secret: Cloud, warm_az) -> None:
    assert len(NOTHING_TO_THE_REGISTRY) == 1
    done = run(warm_az, "--acr", "contosoreg", *NOTHING_TO_THE_REGISTRY[0].split())
    assert {each.host for each in done.requests} & {HOST} == set()
    assert done.report["findings"]
