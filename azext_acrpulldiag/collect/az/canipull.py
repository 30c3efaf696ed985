"""Read the text of ``az aks check-acr``: what canipull says, or why it could not.

canipull's exit codes (its ``pkg/exitcode``): 1 to 4 node configuration, 10 credential, 52
DNS, 60 exchange refused. ``kubectl run`` loses them (it waits for an exit code only with
``--restart=Never``, which the command does not pass), so that they are read from the steps
in the text and from the code only where one is told.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ...facts import CheckAcrReport, Unreadable
from ...quoting import quoted
from .child import Ended

OPERATION = "az aks check-acr"
_LONGEST = 300
"""Characters of what the command said last that a reason repeats."""
CREDENTIAL_PERMISSION = "Microsoft.ContainerService/managedClusters/listClusterUserCredential/action"

# What a code stands for where the text does not show the step that failed.
STEPS_OF_CODE = {
    **dict.fromkeys((1, 2, 3, 4), "node configuration"),
    10: "credential",
    52: "host name resolution",
    60: "token exchange",
}

# The lines with which canipull gives up, and the code it ends with.
_FAILURES: tuple[tuple[re.Pattern[str], int], ...] = (
    (re.compile(r"Checking host name resolution \(.*\): FAILED"), 52),
    (re.compile(r"Checking CNAME \(.*\): FAILED"), 52),
    (re.compile(r"Failed to load azure\.json"), 1),
    (re.compile(r"Failed to read azure\.json file: (?:invalid character|unexpected end of JSON|json: )"), 3),
    (re.compile(r"Failed to read azure\.json file"), 2),
    (re.compile(r"Unknown Azure cloud name"), 4),
    (re.compile(r"Validating managed identity existance: FAILED"), 10),
    (re.compile(r"Validating service principal credential: FAILED"), 10),
    (re.compile(r"Validating image pull permission: FAILED"), 60),
)
_CAN_PULL = re.compile(r"Your cluster can pull images from (?P<host>\S+)!")
_STEP = re.compile(r"^\[\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\] ?(?P<text>.*)$")
_STEP_RESULT = re.compile(r": (?:SUCCEEDED|FAILED)$")
_EXIT_STATUS = re.compile(r"(?:returned non-zero exit status|terminated with exit code) (?P<code>\d+)")
_HTTP_STATUS = re.compile(r"endpoint returned error status: (?P<status>\d{3})")
_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_TOKEN = re.compile(r"\b[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*")
_JWT_START = re.compile(r"\beyJ[A-Za-z0-9_-]{6,}(?:\.[A-Za-z0-9_-]*){0,4}")

_NO_API = (
    "kubectl cannot reach the cluster's API server from this machine (private cluster, authorized IP ranges, proxy); "
    "run it from a machine that can"
)

# Why there is no answer: the first that is found in the text. (pattern, reason, clause, permission)
_NO_ANSWER: tuple[tuple[re.Pattern[str], str, str, str | None], ...] = (
    (
        re.compile(r"Can not find kubectl executable"),
        "unsupported",
        "it needs kubectl on this machine; `az aks install-cli` installs it",
        None,
    ),
    (
        re.compile(
            r"kubelogin(?:\.exe)?\W[^\n]*(?:not found|no such file|cannot find)|kubelogin is not installed", re.I
        ),
        "unsupported",
        "the cluster signs in with Entra ID, and kubelogin is not on this machine; `az aks install-cli` installs it",
        None,
    ),
    (
        re.compile(r"To sign in, use a web browser|devicelogin|microsoft\.com/device"),
        "not-logged-in",
        "kubectl asked for a sign-in in a browser; run `kubelogin convert-kubeconfig -l azurecli` for your own "
        "kubeconfig, or set AAD_LOGIN_METHOD=azurecli, and try again",
        None,
    ),
    (
        re.compile(r"getting credentials: exec|exec plugin"),
        "not-logged-in",
        "the program that signs kubectl in failed",
        None,
    ),
    (
        re.compile(r"listClusterUserCredential|AuthorizationFailed"),
        "forbidden",
        "no permission to get the cluster's user credential",
        CREDENTIAL_PERMISSION,
    ),
    (
        re.compile(r"You must be logged in to the server|Unauthorized\b"),
        "not-logged-in",
        "the Kubernetes API refused the login",
        None,
    ),
    (
        re.compile(r"Error from server \(Forbidden\)[^\n]*cannot create resource|pods is forbidden", re.I),
        "forbidden",
        "no permission to create a pod in the namespace default",
        "Kubernetes: create pods in the namespace default",
    ),
    (
        re.compile(r"admission webhook|violates PodSecurity|Error from server \(Forbidden\)|validatingadmission", re.I),
        "forbidden",
        "a policy of the cluster denies its pod (root, host network, host paths)",
        "a policy exemption for the pod canipull in the namespace default",
    ),
    (
        re.compile(r"exec format error"),
        "unsupported",
        "its pod was placed on an arm64 node, and its image is for amd64 only; name an amd64 node with --node-name",
        None,
    ),
    (
        re.compile(r"timed out waiting for the condition"),
        "timeout",
        "its pod did not start within a minute (Linux nodes are full or tainted, or its image "
        "mcr.microsoft.com/aks/canipull cannot be pulled)",
        None,
    ),
    (
        re.compile(r"invalid literal for int\(\) with base 10: '(?P<what>[^']*)'"),
        "unsupported",
        "it cannot parse the cluster's version '{what}', a known bug of the command; no other check needs it",
        None,
    ),
    (
        re.compile(r"serverVersion|Unable to connect to the server|connection refused|no such host|i/o timeout", re.I),
        "unreachable",
        _NO_API,
        None,
    ),
    (re.compile(r"az login|AADSTS\d+"), "not-logged-in", "the az login is not valid for it", None),
    (re.compile(r"\(ResourceNotFound\)|\(ResourceGroupNotFound\)"), "not-found", "Azure has no such cluster", None),
)


@dataclass(frozen=True)
class CutShort:
    """How far the command had come when it was ended."""

    waited_for_api: bool = False
    """It had asked the Kubernetes API for its version, and had no answer."""
    started_pod: bool = False
    left_over_pod: str | None = None
    """Its pod, where that could not be deleted."""


def check_acr_report_from(
    ended: Ended, login_server: str, cut_short: CutShort | None = None
) -> CheckAcrReport | Unreadable:
    """Turn how the command ended, and its text, into a report on ``login_server``.

    Where canipull came to no end, the answer says why and what to do.
    """
    text = scrub(ended.text)
    steps = _steps(text)
    told = _exit_status(text)
    code = _code_of(steps, text, login_server)
    if code is None and steps and told in STEPS_OF_CODE:
        code = told
    if code is None:
        return _why_not(ended, text, steps, cut_short or CutShort())
    status = _HTTP_STATUS.search(text)
    return CheckAcrReport(
        exit_code=code,
        failed_step=_failed_step(steps, code),
        steps=tuple(step for step in steps if _STEP_RESULT.search(step)),
        message=_message(steps) if code else "",
        refused_status=int(status["status"]) if status and code == 60 else None,
    )


def scrub(text: str) -> str:
    """Take colours and everything that looks like a token out of ``text``."""
    return _TOKEN.sub(_unless_a_name, _JWT_START.sub("[token removed]", _ANSI.sub("", text)))


def _unless_a_name(match: re.Match[str]) -> str:
    """A host name has dots too; a token's parts are long and mixed."""
    return "[token removed]" if max(map(len, match[0].split("."))) > 40 else match[0]


def _steps(text: str) -> list[str]:
    """The lines canipull wrote, without their times; of a repeated run of lines, each once."""
    found = (match["text"].strip() for line in text.splitlines() if (match := _STEP.match(line.strip())))
    return list(dict.fromkeys(step for step in found if step))


def _code_of(steps: Sequence[str], text: str, login_server: str) -> int | None:
    for pattern, code in _FAILURES:
        if any(pattern.match(step) for step in steps):
            return code
    sentence = _CAN_PULL.search(text)
    return 0 if sentence and sentence["host"].lower() == login_server.lower() else None


def _exit_status(text: str) -> int | None:
    match = _EXIT_STATUS.search(text)
    return int(match["code"]) if match else None


def _failing_line(steps: Sequence[str]) -> int | None:
    """Which of the lines is the one with which canipull gave up."""
    return next((at for at, step in enumerate(steps) if any(line.match(step) for line, _ in _FAILURES)), None)


def _failed_step(steps: Sequence[str], code: int) -> str | None:
    at = _failing_line(steps)
    return STEPS_OF_CODE.get(code) if at is None else steps[at].removesuffix(": FAILED")


def _message(steps: Sequence[str]) -> str:
    """What canipull says about the failure: the lines from the failing one on."""
    at = _failing_line(steps)
    if at is None:
        return ""
    rest = [line for line in steps[at + 1 :] if not _STEP_RESULT.search(line)]
    return " ".join(rest or [steps[at]])[:1000]


def _why_not(ended: Ended, text: str, steps: Sequence[str], cut: CutShort) -> Unreadable:
    left = (
        f". Its pod may still be there: kubectl delete pod {cut.left_over_pod} -n default" if cut.left_over_pod else ""
    )
    for pattern, reason, clause, permission in _NO_ANSWER:
        match = pattern.search(text)
        if match:
            clause = clause.format_map(match.groupdict())
            return Unreadable(reason, f"{OPERATION} gave no result: {clause}{left}", OPERATION, permission)
    if cut.waited_for_api:
        return Unreadable("unreachable", f"{OPERATION} gave no result: {_NO_API}", OPERATION)
    if ended.cut_short:
        stage = f" after: {steps[-1]}" if steps else "; its pod did not complete" if cut.started_pod else ""
        return Unreadable("timeout", f"{OPERATION} timed out{stage}{left}", OPERATION)
    said = _last_line(text)
    return Unreadable("malformed", f"{OPERATION} ended with exit code {ended.code} and no result: {said}", OPERATION)


def _last_line(text: str) -> str:
    """The last line, but never the command that the error echoes: it names the kubeconfig."""
    lines = [line.strip() for line in text.splitlines() if line.strip() and "--kubeconfig" not in line]
    return quoted(lines[-1], _LONGEST) if lines else "no output"
