"""No value of a secret leaves the process: not in the report, not in the logs of ``--debug``, not in a file."""

from __future__ import annotations

import base64

import pytest

from tests import build
from tests.azure import secrets as make
from tests.azure.az import Az
from tests.azure.changes_access import ago
from tests.azure.state import Cloud

from .running import assert_clean, run

HOST = "contosoreg.azurecr.io"
CANARY = "CanarY~0+pass/word=="
USERS = ("contosoreg", "pull-app", build.APP_ID, "00000000-0000-0000-0000-000000000000", CANARY)


def _plant(cloud: Cloud) -> None:
    cloud.registry["properties"]["adminUserEnabled"] = True
    cloud.data_plane().admin_passwords = (f"{CANARY}1", f"{CANARY}2")
    cloud.application(secrets=[(ago(days=10), ago(days=-10))])
    make.application_password(cloud, build.APP_ID, CANARY)
    make.registry_token(cloud, password=CANARY)
    for number, user in enumerate(USERS):
        make.pull_secret(cloud, user, CANARY, name=f"s{number}")
        make.failing_pod(cloud, [f"s{number}"], f"p{number}")
    make.raw_secret(cloud, f'{{"auths": {{"{HOST}": {{"auth": "{CANARY}"}}}}}}', name="broken")
    make.raw_secret(cloud, {"auths": {HOST: {"username": "a", "password": [CANARY]}}}, name="odd")
    make.failing_pod(cloud, ["broken", "odd"], "p-broken")


def _forms() -> list[str]:
    """The value as it is, in base64 alone and behind each user, the ends that depend on padding left out."""
    plain = [CANARY[:12], base64.b64encode(CANARY.encode()).decode()[:20]]
    return plain + [base64.b64encode(f"{user}:{CANARY}".encode()).decode()[:-4] for user in USERS]


@pytest.mark.parametrize("output", ["json", "table"])
@pytest.mark.parametrize("fault", [None, "500", "html"])
def test_planted_values_are_nowhere(cloud: Cloud, az: Az, output: str, fault: str | None) -> None:
    _plant(cloud)
    if fault:
        cloud.fault(f"listCredentials|/tokens/|{HOST}/oauth2", fault)
    done = run(az, "--acr", "contosoreg", "--debug", output=output)
    assert_clean(done)
    assert f"POST https://management.azure.com{build.REGISTRY_ID}/listCredentials" in {
        f"POST https://{each.request.host}{each.request.path}" for each in done.requests
    }
    files = [path for path in az.folder.rglob("*") if path.is_file() and az.config not in path.parents]
    written = "".join(path.read_text(encoding="utf-8", errors="replace") for path in files if path.suffix != ".whl")
    for form in _forms():
        assert form not in done.result.out
        assert form not in done.result.err
        assert form not in written
