"""No value of a secret leaves the process: not in the report, not in the logs of ``--debug``, not in a file."""

from __future__ import annotations

import base64

import pytest

from tests import build
from tests.azure import secrets as make
from tests.azure.az import Az
from tests.azure.changes_access import ago
from tests.azure.faults import TOLD
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


def _let_others_tell(cloud: Cloud) -> None:
    """Signatures, tokens and passwords in whatever Kubernetes, Resource Manager and the registry say in words."""
    told = f"failed to copy: httpReadSeeker: failed open: {TOLD}: 403 Forbidden\ndenied: {TOLD}"
    cloud.failing_pod(message=told)
    pod = cloud.failing_pod(name="web-2", message='Back-off pulling image "contosoreg.azurecr.io/team/app:1.2"')
    cloud.event(pod, "Failed", f'Failed to pull image "contosoreg.azurecr.io/team/app:1.2": {told}')
    cloud.failing_pod(f"https://user:ToldCanary4@{HOST}/team/app:1", f"invalid reference: {TOLD}", name="web-3")
    cloud.replica("westus", "Unavailable", message=TOLD)
    cloud.cache_rule("hub", "docker.io/library/*", "hub/*", healthy=False)
    credential = cloud.resources[f"{build.REGISTRY_ID}/credentialSets/hub"]["properties"]["authCredentials"][0]
    credential["credentialHealth"]["errorMessage"] = TOLD
    cloud.fault(f"{HOST}/v2/", "telling")


@pytest.mark.parametrize("output", ["json", "table"])
def test_what_others_tell_is_masked(cloud: Cloud, az: Az, output: str) -> None:
    _let_others_tell(cloud)
    done = run(az, "--acr", "contosoreg", "--debug", output=output)
    assert_clean(done)
    assert "weumanaged193.blob.core.windows.net" in done.result.out, "the words are shown, but for what they gave away"
    for shown in (done.result.out, done.result.err):
        told = [line for line in shown.splitlines() if "ToldCanary" in line]
        assert not told, told[0][:500]


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
