"""Texts of ``az aks check-acr``, as users posted them and as the commands really write them.

Sources: azure-cli pull request 16490 (service principal), a walk-through of 2025-04-13 (401),
one of 2021-02-25 (403), andyzhangx/demo (another region), AKS issue 4459 (policy warnings),
azure-cli issues 23771 and 30667 (crashes), aks-canipull v0.1.0 (the other lines).
"""

import pytest

from azext_acrpulldiag.collect.az.canipull import CREDENTIAL_PERMISSION, CutShort, check_acr_report_from, scrub
from azext_acrpulldiag.collect.az.child import Ended
from azext_acrpulldiag.facts import CheckAcrReport, Unreadable

HOST = "contosoreg.azurecr.io"
RESOLVED = f"""\
[2025-04-13T06:43:08Z] Checking host name resolution ({HOST}): SUCCEEDED
[2025-04-13T06:43:08Z] Canonical name for ACR ({HOST}): r0307eus2-az.eastus2.cloudapp.azure.com.
[2025-04-13T06:43:08Z] ACR location: eastus2
"""
IDENTITY = """\
[2025-04-13T06:43:08Z] Checking managed identity...
[2025-04-13T06:43:08Z] Kubelet managed identity client ID: d55c1efa-7418-42a5-9dc4-34467aba4ca0
[2025-04-13T06:43:08Z] Validating managed identity existance: SUCCEEDED
"""
PULLS = f"""\
[2025-04-13T06:43:08Z] Validating image pull permission: SUCCEEDED
[2025-04-13T06:43:08Z]
Your cluster can pull images from {HOST}!
"""
REFUSED = f"""\
[2025-04-13T06:43:08Z] Validating image pull permission: FAILED
[2025-04-13T06:43:08Z] ACR {HOST} rejected token exchange: ACR token exchange endpoint returned error status: 401. body:
"""
SERVICE_PRINCIPAL = "[2021-01-11T21:08:53Z] The cluster uses service principal.\n"
MERGED = 'WARNING: Merged "prod" as current context in /tmp/acrpulldiag-x/tmp5_kow9wy\n'
TIME = "[2025-04-13T06:43:08Z] "


def read(text, code=0):
    return check_acr_report_from(Ended(code, text), HOST)


def test_a_cluster_that_may_pull():
    report = read(MERGED + RESOLVED + IDENTITY + PULLS)
    assert report == CheckAcrReport(
        exit_code=0,
        failed_step=None,
        steps=(
            f"Checking host name resolution ({HOST}): SUCCEEDED",
            "Validating managed identity existance: SUCCEEDED",
            "Validating image pull permission: SUCCEEDED",
        ),
        message="",
    )


def test_colours_are_no_part_of_a_step():
    red = (
        RESOLVED.replace("SUCCEEDED", "\x1b[32mSUCCEEDED\x1b[0m")
        + IDENTITY
        + REFUSED.replace("FAILED", "\x1b[31mFAILED\x1b[0m")
    )
    report = read(red)
    assert (report.exit_code, report.failed_step) == (60, "Validating image pull permission")


@pytest.mark.parametrize(
    ("text", "code", "step", "said"),
    [
        (
            f"{TIME}Checking host name resolution ({HOST}): FAILED\n"
            f"{TIME}Failed to resolve specified fqdn {HOST}: lookup {HOST} on 10.0.0.10:53: no such host\n",
            52,
            "Checking host name resolution",
            "no such host",
        ),
        (
            f"{TIME}Checking host name resolution ({HOST}): SUCCEEDED\n{TIME}Checking CNAME ({HOST}): FAILED\n"
            f"{TIME}Failed to get CNAME of the ACR: server misbehaving\n",
            52,
            "Checking CNAME",
            "server misbehaving",
        ),
        (
            RESOLVED + f"{TIME}Failed to load azure.json. Are you running inside Kubernetes on Azure? \n\n",
            1,
            "Failed to load azure.json",
            "Failed to load azure.json",
        ),
        (
            RESOLVED + f"{TIME}Failed to read azure.json file: open /etc/kubernetes/azure.json: permission denied \n",
            2,
            "Failed to read azure.json file",
            "permission denied",
        ),
        (
            RESOLVED + f"{TIME}Failed to read azure.json file: invalid character 'x' looking for beginning of value\n",
            3,
            "Failed to read azure.json file",
            "invalid character",
        ),
        (
            RESOLVED + f"{TIME}Unknown Azure cloud name: AzureStackCloud\n",
            4,
            "Unknown Azure cloud name",
            "AzureStackCloud",
        ),
        (
            RESOLVED + f"{TIME}Validating managed identity existance: FAILED\n"
            f"{TIME}Getting managed identity token failed with: status 400. Identity not found\n",
            10,
            "Validating managed identity existance",
            "Identity not found",
        ),
        (
            RESOLVED + SERVICE_PRINCIPAL + f"{TIME}Validating service principal credential: FAILED\n"
            f"{TIME}Sign in to AAD failed with: AADSTS7000215: Invalid client secret provided.\n",
            10,
            "Validating service principal credential",
            "AADSTS7000215",
        ),
        (RESOLVED + IDENTITY + REFUSED, 60, "Validating image pull permission", "error status: 401"),
    ],
)
def test_each_step_that_fails_has_its_code_though_kubectl_exits_with_0(text, code, step, said):
    report = read(MERGED + text)
    assert report.exit_code == code
    assert report.failed_step.startswith(step)
    assert "FAILED" not in report.failed_step
    assert said in report.message
    assert report.steps[0].startswith("Checking host name resolution")


def test_a_refusal_tells_its_http_status_and_a_network_failure_has_none():
    assert read(RESOLVED + IDENTITY + REFUSED).refused_status == 401
    timeout = (
        f"{TIME}Validating image pull permission: FAILED\n{TIME}ACR {HOST} rejected token exchange: failed to "
        f'send token exchange request: Post "https://{HOST}/oauth2/exchange": dial tcp 10.1.0.4:443: i/o timeout\n'
    )
    report = read(RESOLVED + IDENTITY + timeout)
    assert (report.exit_code, report.refused_status) == (60, None)
    assert "i/o timeout" in report.message


def test_another_region_and_policy_warnings_are_no_failure():
    text = (
        "Warning: [azurepolicy-k8sazurev2containerenforceprob-522338862a403c1d15f6] Container <canipull-662b30cf> has "
        "no <livenessProbe>.\nWarning: couldn't attach to pod/canipull-662b30cf, falling back to streaming logs: "
        f"container not running\n{RESOLVED}{TIME}Checking ACR location matches cluster location: FAILED\n"
        f"{TIME}ACR location 'eastus' does not match your cluster location 'westus'. "
        f"This may result in slow image pulls and extra cost.\n"
    )
    report = read(text + IDENTITY + PULLS)
    assert (report.exit_code, report.failed_step, report.message) == (0, None, "")
    assert "Checking ACR location matches cluster location: FAILED" in report.steps


def test_a_code_that_is_told_counts_where_the_text_ends_early():
    wrapped = (
        "ERROR: Failed to check the ACR: Command '['/usr/bin/kubectl', 'run', '--kubeconfig', '/tmp/x/tmp1', '-it']' "
        f"returned non-zero exit status 10. Command output: {TIME}ACR location: eastus2\n{TIME}ACR location: eastus2\n"
    )
    report = read(wrapped + RESOLVED, code=1)
    assert (report.exit_code, report.failed_step) == (10, "credential")


def test_success_for_another_host_is_no_success():
    assert isinstance(read(RESOLVED + PULLS.replace(HOST, HOST + ".azurecr.io")), Unreadable)


def traceback_of(error):
    return (
        "ERROR: The command failed with an unexpected error. Here is the traceback:\nERROR: x\nTraceback (most "
        f'recent call last):\n  File "custom.py", line 2362, in aks_check_acr\n{error}\n'
        "To check existing issues, please visit: https://github.com/Azure/azure-cli/issues\n"
    )


def kubectl_failed(output):
    return (
        "ERROR: Failed to check the ACR: Command '['/usr/bin/kubectl', 'run', '--kubeconfig', '/tmp/x/tmpabc']' "
        f"returned non-zero exit status 1. Command output: {output}\n"
    )


@pytest.mark.parametrize(
    ("text", "reason", "way_out"),
    [
        ("ERROR: Can not find kubectl executable in PATH", "unsupported", "az aks install-cli"),
        (
            "Unable to connect to the server: dial tcp 10.0.0.1:443: i/o timeout\n"
            + traceback_of("KeyError: 'serverVersion'"),
            "unreachable",
            "authorized IP ranges",
        ),
        (
            traceback_of("ValueError: invalid literal for int() with base 10: '100-akslts'"),
            "unsupported",
            "version '100-akslts'",
        ),
        (
            "Unable to connect to the server: getting credentials: exec: executable kubelogin not found\n"
            + traceback_of("KeyError: 'serverVersion'"),
            "unsupported",
            "kubelogin is not on this machine",
        ),
        (
            "To sign in, use a web browser to open the page https://microsoft.com/devicelogin and enter the code X\n",
            "not-logged-in",
            "azurecli",
        ),
        (
            "error: You must be logged in to the server (Unauthorized)\n" + traceback_of("KeyError: 'serverVersion'"),
            "not-logged-in",
            "refused the login",
        ),
        (
            kubectl_failed(
                'Error from server (Forbidden): admission webhook "validation.gatekeeper.sh" denied the request'
            ),
            "forbidden",
            "policy of the cluster denies",
        ),
        (
            kubectl_failed(
                'Error from server (Forbidden): pods is forbidden: User "u" cannot create resource "pods" in API group'
            ),
            "forbidden",
            "no permission to create a pod",
        ),
        (kubectl_failed("error: timed out waiting for the condition"), "timeout", "did not start within a minute"),
        (kubectl_failed("exec /canipull: exec format error"), "unsupported", "--node-name"),
        (
            "ERROR: (AuthorizationFailed) The client does not have authorization to perform action "
            "'Microsoft.ContainerService/managedClusters/listClusterUserCredential/action'",
            "forbidden",
            "credential",
        ),
        ("ERROR: Failed to check the ACR.", "malformed", "Failed to check the ACR."),
        ("", "malformed", "no output"),
    ],
)
def test_a_run_without_a_result_is_unknown_with_the_way_out(text, reason, way_out):
    answer = read(text, code=1)
    assert isinstance(answer, Unreadable)
    assert answer.reason == reason
    assert way_out in answer.detail
    assert "/tmp/x" not in answer.detail


def test_the_missing_right_is_named():
    text = (
        "ERROR: (AuthorizationFailed) ... 'Microsoft.ContainerService/managedClusters/listClusterUserCredential/action'"
    )
    assert read(text, code=1).permission == CREDENTIAL_PERMISSION


POD = "canipull-0f8fad5b-d9cb-469f-a165-70867728950e"


@pytest.mark.parametrize(
    ("text", "cut", "reason", "said"),
    [
        (RESOLVED, CutShort(started_pod=True, left_over_pod=POD), "timeout", f"kubectl delete pod {POD} -n default"),
        (RESOLVED, CutShort(started_pod=True), "timeout", "after: ACR location: eastus2"),
        (MERGED, CutShort(started_pod=True), "timeout", "pod did not complete"),
        (MERGED, CutShort(waited_for_api=True), "unreachable", "authorized IP ranges"),
        ("", CutShort(), "timeout", "timed out"),
    ],
)
def test_a_run_that_was_cut_short_tells_how_far_it_came_and_what_it_left(text, cut, reason, said):
    answer = check_acr_report_from(Ended(None, text), HOST, cut)
    assert answer.reason == reason
    assert said in answer.detail


@pytest.mark.parametrize(
    "token",
    [
        "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJhdWQiOiJodHRwczovL21hbmFnZW1lbnQifQ.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg",
        "eyJhbGciOiJSUzI1NiJ9",
        "A" * 43 + ".bbbbbbbbbbbbbbbb." + "c" * 64,
    ],
)
def test_no_token_is_kept(token):
    text = REFUSED.rstrip() + f" {{token: {token}}}\n"
    report = read(RESOLVED + IDENTITY + text)
    assert report.exit_code == 60
    assert token not in report.message
    assert token[:12] not in scrub(f"ARM access token: {token}")


def test_host_names_are_kept():
    assert scrub(RESOLVED) == RESOLVED
