"""What the real kubectl prints of pods whose pulls fail as a real containerd's did, read as it was meant."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator

import pytest

from azext_acrpulldiag.pasted import Reading
from azext_acrpulldiag.pull_errors.explain.answers import Answers
from tests.azure.server import Server
from tests.azure.state import Cloud
from tests.pull_errors.answers import explain
from tests.record_pull_errors import recorded
from tests.scenarios.kubectl import have_kubectl

pytestmark = pytest.mark.skipif(not have_kubectl(), reason="kubectl is not installed")

IMAGE = "contosoreg.azurecr.io/team/web:v1"
BELOW = (
    f'Failed to pull image "{IMAGE}": failed to pull and unpack image "{IMAGE}": failed to copy: httpReadSeeker: '
    "failed open: unexpected status from GET request to "
    f"https://contosoreg.azurecr.io/v2/team/web/manifests/sha256:{64 * 'a'}: "
    "403 Forbidden\ndenied: client with IP '203.0.113.40' is not allowed access. Refer https://aka.ms/acr/firewall to "
    "grant access."
)
INDENTED = (
    "rpc error: code = Unknown desc = 1 error(s) occurred:\n\timage verification failed: no valid signature found"
)
TEXTS = (BELOW, INDENTED, *sorted({text for of in recorded().values() for text in of.values()}))
OTHERS = {
    "Scheduled": "Successfully assigned web/web-0 to aks-pool1-87752918-vmss000000",
    "Pulling": f'Pulling image "{IMAGE}"',
    "Unhealthy": "Readiness probe failed: HTTP probe failed with statuscode: 503",
    "FailedMount": 'MountVolume.SetUp failed for volume "x" : dial tcp 10.1.0.5:443: i/o timeout',
}
Kubectl = Callable[..., str]


@pytest.fixture(scope="module")
def kubectl(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kubectl]:
    cloud = Cloud()
    for number, text in enumerate(TEXTS):
        pod = cloud.failing_pod(IMAGE, text, name=f"web-{number}", kind=_kind(number), container="app")
        for reason, said in {**OTHERS, "Failed": text, "BackOff": f'Back-off pulling image "{IMAGE}"'}.items():
            cloud.event(pod, reason, said, kind=_kind(number))
    folder = tmp_path_factory.mktemp("kubectl")
    server = Server(cloud).start()
    (folder / "ca.pem").write_bytes(server.ca_pem)
    host = cloud.cluster["properties"]["fqdn"]
    flags = ["--server", f"https://{host}", "--certificate-authority", str(folder / "ca.pem"), "--token", "any"]
    environment = os.environ | {"HTTPS_PROXY": server.proxy, "KUBECONFIG": os.devnull, "HOME": str(folder)}

    def run(*arguments: str) -> str:
        done = subprocess.run(
            ["kubectl", *flags, *arguments], env=environment, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    yield run
    server.stop()


def _kind(number: int) -> str:
    return ("containers", "initContainers", "ephemeralContainers")[number % 3]


def told(text: str) -> set[tuple[str, ...]]:
    """What is answered to a paste."""
    answers = Answers()
    reading = Reading(text.split("\n"))
    for message in reading:
        if not answers.add(message):
            reading.skip(message)
    assert reading.skipped_lines + reading.skipped_messages >= len(TEXTS) or "status" in text
    return essence(answers.report()[0])


def essence(answers: list[dict[str, str]]) -> set[tuple[str, ...]]:
    keys = ("class", "stage", "host", "image", "status", "address", "credential")
    return {tuple(answer[key] for key in keys) for answer in answers if answer["class"] != "backoff-only"}


def meant(texts: tuple[str, ...] = TEXTS) -> set[tuple[str, ...]]:
    return given(essence(explain(texts)))


def given(said: set[tuple[str, ...]]) -> set[tuple[str, ...]]:
    """Pods name the image that a text does not, and events do not."""
    return {(*each[:2], each[2] or IMAGE.partition("/")[0], each[3] or IMAGE, *each[4:]) for each in said}


@pytest.mark.parametrize(
    "arguments",
    [
        ("describe", "pods", "--namespace", "web"),
        ("get", "events", "--all-namespaces", "--output", "json"),
        ("get", "events", "--all-namespaces", "--output", "yaml"),
        ("get", "pods", "--namespace", "web", "--output", "json"),
        ("get", "pods", "--namespace", "web", "--output", "yaml"),
        ("get", "pod", "web-0", "web-1", "web-2", "--namespace", "web", "--output", "yaml"),
        ("get", "events", "--namespace", "web", "--output", "custom-columns=SEEN:.lastTimestamp,MESSAGE:.message"),
        ("get", "events", "--namespace", "web", "--output", "jsonpath={range .items[*]}{.message}{'\\n'}{end}"),
    ],
    ids=" ".join,
)
def test_every_text_is_read_whole(arguments: tuple[str, ...], kubectl: Kubectl) -> None:
    wanted = TEXTS[:3] if "web-0" in arguments else TEXTS
    assert given(told(kubectl(*arguments))) == meant(wanted)


@pytest.mark.parametrize(
    "arguments",
    [
        ("get", "events", "--namespace", "web"),
        ("get", "events", "--all-namespaces"),
        ("get", "events", "--all-namespaces", "--output", "wide"),
        ("get", "events", "--namespace", "web", "--no-headers"),
        ("events", "--all-namespaces"),
    ],
    ids=" ".join,
)
def test_tables_of_events_end_a_text_at_its_first_break(arguments: tuple[str, ...], kubectl: Kubectl) -> None:
    cut = tuple(f"{text.partition(chr(10))[0]}..." if "\n" in text else text for text in TEXTS if text != INDENTED)
    assert given(told(kubectl(*arguments))) in (meant(cut), meant())


@pytest.mark.parametrize("width", [100, 120, 237])
def test_a_terminal_breaks_the_rows(width: int, kubectl: Kubectl) -> None:
    lines = kubectl("describe", "pods", "--namespace", "web").split("\n")
    wrapped = [line[at : at + width] for line in lines for at in range(0, max(len(line), 1), width)]
    # Two lines only may be broken between words as well.
    whole = tuple(text for text in TEXTS if "\n" not in text and len(text) > 2 * width)
    assert given(told("\n".join(wrapped))) >= meant(whole)


def test_several_outputs_one_after_the_other(kubectl: Kubectl) -> None:
    pod = ("get", "pod", "web-0", "--namespace", "web", "--output")
    parts = [kubectl(*pod, "json"), "---", kubectl(*pod, "yaml"), "", "$ kubectl describe pod web-0"]
    answers = Answers()
    for message in Reading("\n".join([*parts, kubectl("describe", "pod", "web-0", "--namespace", "web")]).split("\n")):
        answers.add(message)
    (answer,) = answers.report()[0]
    assert (answer["class"], answer["address"], answer["count"]) == ("forbidden-403", "203.0.113.40", 3)
