"""Texts of ``az acr check-health --ignore-errors``, as 2.91 and 2.75 write them."""

import json
import sys
import textwrap
import time

import pytest

from azext_acrpulldiag.collect.ask.deadline import Deadline
from azext_acrpulldiag.collect.az.check_health import HealthCheck, Shown, child_environment, health_report_from
from azext_acrpulldiag.collect.az.child import Ended
from azext_acrpulldiag.facts import HealthCode, HealthReport, Unreadable
from tests import build
from tests.collect import in_az

HOST = "contosoreg.azurecr.io"
NO_DOCKER = """\
ERROR: 2026-11-22 12:00:00.000001 An error occurred: DOCKER_COMMAND_ERROR
Please verify if Docker client is installed and running.
WARNING: Azure CLI version: 2.91.0
"""
RESOLVED = f"WARNING: DNS lookup to {HOST} at IP 20.1.2.3 : OK\n"
TOKENS = f"""\
WARNING: Challenge endpoint https://{HOST}/v2/ : OK
WARNING: Fetch refresh token for registry '{HOST}' : OK
WARNING: Fetch access token for registry '{HOST}' : OK
"""
NO_HELM = """\
ERROR: 2026-11-22 12:00:01.000001 An error occurred: HELM_COMMAND_ERROR
Please verify if Helm is installed.
"""
NO_NOTARY = """\
ERROR: 2026-11-22 12:00:01.000002 An error occurred: NOTARY_COMMAND_ERROR
Please verify if Notary is installed.
"""
FAQ = "WARNING: \nPlease refer to https://aka.ms/acr/health-check for more information.\n"


def error(code, message):
    return f"ERROR: 2026-11-22 12:00:01.5 An error occurred: {code}\n{message}\n"


def read(text, code=0):
    return health_report_from(Ended(code, text), HOST)


def test_a_registry_that_this_machine_reaches():
    assert read(NO_DOCKER + RESOLVED + TOKENS + NO_HELM + NO_NOTARY + FAQ) == HealthReport(
        codes=(),
        passed=(
            f"DNS lookup to {HOST} at IP 20.1.2.3",
            f"Challenge endpoint https://{HOST}/v2/",
            f"Fetch refresh token for registry '{HOST}'",
            f"Fetch access token for registry '{HOST}'",
        ),
    )


@pytest.mark.parametrize(
    ("before", "code", "message"),
    [
        ("", "CONNECTIVITY_DNS_ERROR", f"Failed to reach DNS for registry '{HOST}'. Please check if the spelling is"),
        (RESOLVED, "CONNECTIVITY_FORBIDDEN_ERROR", f"Looks like you don't have access to registry '{HOST}'."),
        (RESOLVED, "CONNECTIVITY_CHALLENGE_ERROR", f"Registry '{HOST}' did not issue a challenge."),
        (RESOLVED, "CONNECTIVITY_REFRESH_TOKEN_ERROR", f"Access to registry '{HOST}' was denied. Response code: 401."),
        (RESOLVED + TOKENS, "CMK_ERROR", "The identity used for registry 'contosoreg' encryption doesn't exist."),
        ("", "LOGIN_SERVER_ERROR", "An error occurred while retrieving the login server for registry 'contosoreg'."),
        ("", "UNEXPECTED_ERROR", "An unexpected error occurred."),
    ],
)
def test_the_registry_s_codes_are_kept_and_the_local_tools_dropped(before, code, message):
    report = read(NO_DOCKER + before + error(code, message) + NO_HELM + NO_NOTARY + FAQ)
    assert report.codes == (HealthCode(code, message),)
    assert len(report.passed) == before.count(": OK")


def test_a_code_counts_though_the_command_went_no_further():
    text = NO_DOCKER + RESOLVED + error("CONNECTIVITY_SSL_ERROR", "Unable to establish a secure connection")
    assert [code.code for code in read(text, code=1).codes] == ["CONNECTIVITY_SSL_ERROR"]
    assert [code.code for code in read(text, code=None).codes] == ["CONNECTIVITY_SSL_ERROR"]


@pytest.mark.parametrize(
    ("text", "code", "reason"),
    [
        (NO_DOCKER, 0, "malformed"),
        ("", 0, "malformed"),
        (NO_DOCKER + NO_HELM + FAQ, 0, "malformed"),
        (NO_DOCKER + RESOLVED, None, "timeout"),
        ("", None, "timeout"),
        (NO_DOCKER + RESOLVED + "ERROR: AADSTS700082: The refresh token has expired.\n", 1, "not-logged-in"),
        ("ERROR: Please run 'az login' to setup account.\n", 1, "not-logged-in"),
        (NO_DOCKER + RESOLVED + "ERROR: The command failed with an unexpected error.\nTraceback\n", 1, "malformed"),
        ("ERROR: No tty available.\n", 1, "malformed"),
    ],
)
def test_what_did_not_come_to_its_end_is_no_healthy_report(text, code, reason):
    answer = read(text, code)
    assert isinstance(answer, Unreadable)
    assert answer.reason == reason
    assert "DOCKER" not in answer.detail
    assert ("20.1.2.3" in answer.detail) == (RESOLVED in text)


def test_a_test_of_another_host_is_no_answer():
    """Without the right to find the registry, the command tries its name and the suffix."""
    text = error("CONNECTIVITY_DNS_ERROR", f"Failed to reach DNS for registry '{HOST}'. Please check")
    answer = health_report_from(Ended(0, text), "contosoreg-a1b2c3.azurecr.io")
    assert isinstance(answer, Unreadable)
    assert (answer.reason, answer.permission) == ("unsupported", "Microsoft.ContainerRegistry/registries/read")


def test_it_runs_once_a_registry_whoever_asks(monkeypatch):
    ran = []

    def child(_, arguments, deadline):
        ran.append((arguments[3], deadline.seconds))
        return Ended(0, RESOLVED.replace("contosoreg", arguments[3]))

    monkeypatch.setattr(HealthCheck, "_run_child", child)
    body = {"properties": {"loginServer": HOST}}
    other = build.registry(id=build.REGISTRY_ID + "2", name="other", login_server="other.azurecr.io")
    with HealthCheck(Deadline(600), "") as health:
        first = health.run(build.registry(), body)
        assert health.run(build.registry(id=build.REGISTRY_ID.upper()), body, Deadline(5)) is first
        assert isinstance(health.run(other, body, Deadline(5)), HealthReport)
    assert ran == [("contosoreg", 600), ("other", 5)]


def test_the_child_finds_no_docker():
    environment = child_environment({"PATH": "/usr/bin", "HTTPS_PROXY": "http://proxy"})
    assert environment["DOCKER_COMMAND"] == "/nonexistent/docker"
    assert environment["PATH"] == "/nonexistent"
    assert environment["HTTPS_PROXY"] == "http://proxy"


SCRIPT = f"""
if "{{mode}}" == "child":
    check_health.fork_is_sound = lambda: False
from tests import build
BODY = {{{{"properties": {{{{"loginServer": "{HOST}", **{{properties}}}}}}, **{{others}}}}}}
with check_health.HealthCheck(Deadline({{seconds}}), "contosoreg") as health:
    result = health.run(build.registry(), BODY)
"""
FORKS = pytest.mark.skipif(sys.platform != "linux", reason="forks on Linux")
DEFAULTS = {"seconds": 60, "properties": {}, "others": {}}
MODES = pytest.mark.parametrize("mode", [pytest.param("fork", marks=FORKS), "child"])


@pytest.fixture
def run(az, tmp_path):
    """Run check-health in a process like az's own, and see that nothing is left of it."""

    def for_registry(mode, seconds=60, properties=None, others=None, **changes):
        script = SCRIPT.format(mode=mode, seconds=seconds, properties=properties or {}, others=others or {})
        collected = in_az.collect(az, tmp_path, script, **changes)
        assert (collected.out, collected.err) == ("", "")
        return collected.answer

    return for_registry


@MODES
def test_the_real_command_passes(run, cloud, mode):
    answer = run(mode)
    assert (answer["type"], answer["codes"]) == ("HealthReport", [])
    assert [what.split()[0] for what in answer["passed"]] == ["DNS", "Challenge", "Fetch", "Fetch"]
    assert cloud.log.refused == []


@MODES
def test_the_real_command_is_refused_by_the_registry_s_firewall(run, cloud, mode):
    cloud.data_plane().refuses_this_machine = True
    assert [code["code"] for code in run(mode)["codes"]] == ["CONNECTIVITY_FORBIDDEN_ERROR"]


@FORKS
def test_the_fork_takes_the_registry_from_this_run(run, cloud):
    """The token of the registry's own tenant, no lookup, and one connection for all four requests."""
    assert run("fork")["codes"] == []
    assert cloud.log.to("management.azure.com") == []
    requests = cloud.log.to(HOST)
    assert [entry.path for entry in requests] == ["/v2/", "/v2/", "/oauth2/exchange", "/oauth2/token"]
    assert len({entry.connection for entry in requests}) == 1


@FORKS
@pytest.mark.parametrize(
    ("identity", "codes"),
    [({"principalId": "p1"}, []), ({"userAssignedIdentities": {}}, ["CMK_ERROR"])],
)
def test_the_fork_sees_the_registry_s_own_key(run, identity, codes):
    encryption = {"status": "enabled", "keyVaultProperties": {"identity": "system"}}
    answer = run("fork", properties={"encryption": encryption}, others={"identity": identity})
    assert [code["code"] for code in answer["codes"]] == codes


@FORKS
def test_a_version_that_looks_the_registry_up_in_another_way_is_left_to_do_so(az, cloud, tmp_path):
    script = """
    from azure.cli.command_modules.acr import check_health as theirs
    del theirs.get_registry_by_name
    """
    collected = in_az.collect(az, tmp_path, textwrap.dedent(script) + SCRIPT.format(**DEFAULTS, mode="fork"))
    assert (collected.answer["type"], collected.answer["reason"]) == ("Unreadable", "malformed")
    assert "get_registry_by_name" in collected.answer["detail"]


def test_a_registry_s_json_is_read_as_the_sdk_s_models_are():
    encryption = {"keyVaultProperties": {"identity": "system"}}
    identity = {"userAssignedIdentities": {"/id": {"clientId": "c"}}}
    body = {"name": "a", "properties": {"loginServer": "h", "encryption": encryption}, "identity": identity}
    registry = json.loads(json.dumps(body), object_hook=Shown)
    assert (registry.name, registry.login_server, registry.role_assignment_mode) == ("a", "h", None)
    assert registry.encryption.key_vault_properties.identity == "system"
    assert [one.client_id for one in registry.identity.user_assigned_identities.values()] == ["c"]


@MODES
def test_a_registry_that_never_answers_does_not_hold_the_run(run, cloud, mode):
    cloud.fault("GET contosoreg.azurecr.io/v2/", "timeout")
    began = time.monotonic()
    answer = run(mode, seconds=5)
    assert time.monotonic() - began < 120
    assert (answer["type"], answer["reason"]) == ("Unreadable", "timeout")


@MODES
def test_no_docker_and_no_helm_is_started(run, tmp_path, mode):
    """Not even under the name that older versions fall back to."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("docker", "docker.exe", "podman", "helm", "notary"):
        (programs / name).write_text(f"#!/bin/sh\ntouch {tmp_path}/started\n")
        (programs / name).chmod(0o755)
    answer = run(mode, PATH=f"{programs}:/usr/bin:/bin")
    assert answer["codes"] == []
    assert not (tmp_path / "started").exists()


@MODES
def test_the_user_s_own_log_settings_do_not_hide_what_passed(run, mode):
    assert len(run(mode, AZURE_CORE_ONLY_SHOW_ERRORS="true", AZURE_CORE_NO_COLOR="false")["passed"]) == 4


@MODES
def test_a_check_that_is_never_run_leaves_nothing(az, tmp_path, mode):
    script = f"""
    if "{mode}" == "child":
        check_health.fork_is_sound = lambda: False
    with check_health.HealthCheck(Deadline(600), "contosoreg"):
        result = child.Ended(0, "")
    """
    assert in_az.collect(az, tmp_path, script).answer["code"] == 0


@MODES
def test_a_check_that_is_closed_while_it_runs_ends_at_once(cloud, az, tmp_path, mode):
    cloud.fault("GET contosoreg.azurecr.io/v2/", "timeout")
    script = f"""
    import threading
    from tests import build
    if "{mode}" == "child":
        check_health.fork_is_sound = lambda: False
    with check_health.HealthCheck(Deadline(600), "contosoreg") as health:
        threading.Timer(2, health.close).start()
        result = health.run(build.registry(), {{"properties": {{"loginServer": "{HOST}"}}}})
    """
    began = time.monotonic()
    assert in_az.collect(az, tmp_path, script).answer["reason"] == "timeout"
    assert time.monotonic() - began < 55


@MODES
def test_a_check_that_was_closed_does_not_begin(az, tmp_path, mode):
    script = f"""
    from tests import build
    if "{mode}" == "child":
        check_health.fork_is_sound = lambda: False
    health = check_health.HealthCheck(Deadline(600), "contosoreg")
    health.close()
    result = health.run(build.registry(), {{"properties": {{"loginServer": "{HOST}"}}}})
    """
    assert in_az.collect(az, tmp_path, script).answer["reason"] == "timeout"
