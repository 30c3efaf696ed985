"""Who wraps whom, who speaks, what it is about: read before any word is looked for."""

from __future__ import annotations

import json
import random
import textwrap
import time

import pytest

from azext_acrpulldiag.pull_errors import SYMPTOM_CLASSES, classify
from azext_acrpulldiag.pull_errors.chain import entries, readable
from azext_acrpulldiag.pull_errors.parse import Stage
from tests.score import COLLECTIONS, is_ambiguous, messages

HOST = "contosoreg.azurecr.io"
IMAGE = f"{HOST}/shop/web:v1"
PULL = f'Failed to pull image "{IMAGE}": failed to pull and unpack image "{IMAGE}": '
LAYER = f"{PULL}failed to copy: httpReadSeeker: failed open: unexpected status from GET request to "
STORE = "https://weumanaged193.blob.core.windows.net/0f//docker/registry/v2/blobs/sha256/ab/data?sig=%5BREDACTED%5D"
TAG = f"https://{HOST}/v2/shop/web/manifests/v1"
FIREWALL = "denied: client with IP '20.88.7.6' is not allowed access."


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\\n", "\\r\\n", "\\\\n"])
def test_a_message_with_line_breaks_is_one_message(line_break: str) -> None:
    error = classify(f"{LAYER}https://{HOST}/v2/shop/web/blobs/sha256:ab: 403 Forbidden{line_break}{FIREWALL}")
    assert (error.symptom_class, error.mechanism, error.stage) == ("forbidden-403", "client-ip", Stage.LAYER)
    assert error.client_address == "20.88.7.6"
    assert error.said and error.said.code == "DENIED"


def test_a_path_of_windows_has_no_line_break() -> None:
    assert readable(r"open C:\new\nested\file: denied") == r"open C:\new\nested\file: denied"


@pytest.mark.parametrize(
    ("address", "expected", "host"),
    [
        (f"https://{HOST}/v2/shop/web/blobs/sha256:ab", ("forbidden-403", None), HOST),
        (STORE, ("blob-download", "storage-refused"), "weumanaged193.blob.core.windows.net"),
    ],
)
def test_the_address_that_answered_in_the_end_tells_who_refused(address, expected, host) -> None:
    error = classify(f"{LAYER}{address}: 403 Forbidden")
    assert (error.symptom_class, error.mechanism) == expected
    assert error.host == host


def test_a_list_is_parted_whatever_its_entries_begin_with() -> None:
    parts = ("unexpected status from HEAD request to https://a.io/v2/: 403", 'image "x": not found', "dial tcp: EOF")
    assert entries(f"{PULL}[{', '.join(parts)}]: ErrImagePull") == parts


def test_commas_of_one_error_do_not_part_it() -> None:
    one = "pull access denied, repository does not exist or may require authorization, visit https://aka.ms/x"
    assert entries(f"[{one}]") == (one,)


def test_a_mirror_is_asked_for_the_image_of_another_registry() -> None:
    error = classify(
        f"{PULL}unexpected status from HEAD request to https://{HOST}/v2/aks-managed-repository/oss/coredns/manifests/"
        "v1.12?ns=mcr.microsoft.com: 404 Not Found"
    )
    assert (error.symptom_class, error.host, error.asked_for) == ("image-not-found", HOST, "mcr.microsoft.com")
    streaming = classify(f'{PULL}Head "http://localhost:8578/v2/shop/web/manifests/v1?ns={HOST}": EOF')
    assert (streaming.host, streaming.asked_for) == ("localhost:8578", HOST)
    assert classify(f"{PULL}Head {TAG}: EOF").asked_for is None


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("401 Unauthorized\nunauthorized: authentication required with source registry for", "unauthorized-401"),
        ("403 Forbidden\ndenied: requested access to pull from source 's/i' for", "forbidden-403"),
        ("429 Too Many Requests\ntoomanyrequests: too many requests to source registry for", "registry-throttled"),
        ("424 Failed Dependency\nunknown: request to pull from source 's/i' for", "server-error"),
        ("404 Not Found\nunknown: request to pull from source 's/i' for", "image-not-found"),
    ],
)
def test_a_cache_rule_fails_as_its_upstream_does(said: str, expected: str) -> None:
    error = classify(f"{PULL}unexpected status from HEAD request to {TAG}: {said} cache rule 'r1' has failed")
    assert (error.symptom_class, error.mechanism) == (expected, "artifact-cache")
    assert error.cache_rule and error.cache_rule.name == "r1"


def test_a_virtual_node_names_the_registry_by_its_image() -> None:
    error = classify(
        "api call to https://management.azure.com/subscriptions/0/providers/Microsoft.ContainerInstance/containerGroups"
        f"/g?api-version=1: got HTTP response status code 400 error code \"InaccessibleImage\": The image '{IMAGE}' in "
        "container group 'g' is not accessible. Please check the image and registry credential."
    )
    assert (error.symptom_class, error.mechanism) == ("unauthorized-401", "container-instances")
    assert (error.image, error.host) == (IMAGE, HOST)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("context deadline exceeded", "credential-provider"),
        ("exit status 1: E0216 azure.go:3] could not read /etc/kubernetes/azure.json", "credential-provider"),
        (f'exit status 1: reaching registry: Get "https://{HOST}/v2/": dial tcp 20.1.2.3:443: EOF', "timeout-network"),
        (f'exit status 1: Get "https://{HOST}/v2/": dial tcp: lookup {HOST}: no such host', "dns-failure"),
        ('exit status 1: Get "http://169.254.169.254/metadata/identity/oauth2/token": dial tcp: EOF', "aad-token"),
        ("exit status 1: AADSTS7000222: expired", "aad-token"),
    ],
)
def test_kubelet_quotes_the_plugin(written: str, expected: str) -> None:
    outer = "error execing credential provider plugin acr-credential-provider for image contosoreg.azurecr.io/shop/web"
    assert classify(f'"Failed getting credential" err="{outer}: {written}"').symptom_class == expected


OUTER = (
    'MountVolume.SetUp failed for volume "v"',
    "Readiness probe failed",
    "Error getting node",
    'Failed to create pod sandbox: plugin type="azure-vnet" failed (add)',
    "Error syncing load balancer",
    "failed to list *v1.Pod",
)
INNER = (
    'Get "https://10.0.0.1:443/api/v1/x": x509: certificate signed by unknown authority',
    "dial tcp 10.0.0.1:443: i/o timeout",
    "lookup x.hcp.westeurope.azmk8s.io: no such host",
    "401 Unauthorized",
    "no space left on device",
)


@pytest.mark.parametrize("outer", OUTER)
@pytest.mark.parametrize("inner", INNER)
def test_what_a_text_is_about_counts_not_its_words(outer: str, inner: str) -> None:
    assert classify(f"{outer}: {inner}").symptom_class == "negative"


@pytest.mark.parametrize("outer", OUTER)
def test_a_pull_inside_is_a_pull(outer: str) -> None:
    inner = f'failed to pull image "{IMAGE}": failed to resolve reference: Head "{TAG}": 401 Unauthorized'
    assert classify(f"{outer}: {inner}").symptom_class == "unauthorized-401"


def test_a_host_may_have_an_underscore() -> None:
    error = classify('Failed to pull image "my_reg.contoso.com/a:1": dial tcp: lookup my_reg.contoso.com: no such host')
    assert (error.symptom_class, error.host) == ("dns-failure", "my_reg.contoso.com")


def test_mixed_up_texts_have_a_class() -> None:
    texts = [record["message"] for name in COLLECTIONS for record in messages(name)]
    pick = random.Random(11)
    for _ in range(1500):
        parts = [text[pick.randint(0, len(text)) :][: pick.randint(1, 200)] for text in pick.choices(texts, k=4)]
        error = classify(pick.choice(("", "\n", ": ", "\\", "[", ", ")).join(parts))
        assert error.symptom_class in SYMPTOM_CLASSES
        assert error.causes


@pytest.mark.parametrize(
    "piece",
    [
        "error execing credential provider plugin x: ",
        "exit status 1: ",
        "for cache rule 'r' ",
        "from source 's' ",
        "in container group ",
        'get "https://a/',
        "server message: denied: ",
        ": 403 Forbidden denied: ",
        '"code":"A","message":"',
        "client with ip 1.1.1.1 ",
        "C:\\n",
        "network sandbox ",
        "node ",
        "msi ",
        "?ns=a",
        "identity with ",
    ],
)
def test_time_grows_with_the_text(piece: str) -> None:
    seconds = []
    for length in (6_000, 60_000):
        started = time.process_time()
        classify(piece * (length // len(piece)))
        seconds.append(time.process_time() - started)
    assert seconds[1] < 0.5 + 30 * seconds[0], "ten times the text, thirty times the time?"


ANONYMOUS = (
    f'failed to pull and unpack image "{IMAGE}": failed to resolve reference "{IMAGE}": failed to authorize: '
    f"failed to fetch anonymous token: unexpected status from GET request to https://{HOST}/oauth2/token: 401"
)
ROW = "42s (x4 over 2m10s)"
NEUTRAL = {
    "journal": lambda text: f"Nov 28 10:00:00 aks-a-0 kubelet[3456]: {text}",
    "klog": lambda text: f"E1128 10:00:00.123456    3456 pod_workers.go:1298] {text}",
    "describe": lambda text: f"  Warning  Failed     {ROW}  kubelet            spec.containers{{web}}: {text}",
    "old describe": lambda text: f"  Warning  Failed     {ROW}  kubelet, aks-a-0   {text}",
    "events": lambda text: f"42s         Warning   Failed      pod/web-1      {text}",
    "combined": lambda text: f"(combined from similar events): {text}",
    "json": lambda text: json.dumps({"reason": "Failed", "message": text}),
    "wrapped by a terminal": lambda text: "\n".join(
        textwrap.wrap(text, 80, break_long_words=False, break_on_hyphens=False, replace_whitespace=False)
    ),
}
AROUND_A_PULL = {
    "logged by kubelet": lambda text: (
        'E1128 10:00:00.123456    3456 pod_workers.go:1298] "Error syncing pod, skipping" err="failed to '
        f'\\"StartContainer\\" for \\"web\\" with ErrImagePull: {json.dumps(json.dumps(text))[1:-1]}" pod="shop/web-1"'
    ),
    "logged by containerd": lambda text: (
        f'time="2026-11-28T10:00:00Z" level=error msg="PullImage failed" error={json.dumps(text)}'
    ),
    "backed off": lambda text: f'Back-off pulling image "{IMAGE}": ErrImagePull: {text}: ImagePullBackOff',
    "the anonymous attempt behind it": lambda text: (
        f'Failed to pull image "{IMAGE}": [rpc error: code = Unknown desc = {text}, rpc error: code = Unknown desc = '
        f"{ANONYMOUS}]: ErrImagePull"
    ),
}
LABELLED = [
    record
    for name in COLLECTIONS
    for record in messages(name)
    if not is_ambiguous(record) and record["message"] and classify(record["message"]).symptom_class == record["label"]
]


@pytest.mark.parametrize("frame", NEUTRAL)
def test_what_stands_around_a_message_changes_nothing(frame: str) -> None:
    for record in LABELLED:
        assert classify(NEUTRAL[frame](record["message"])).symptom_class == record["label"], record["id"]


@pytest.mark.parametrize("frame", AROUND_A_PULL)
def test_who_wraps_a_failed_pull_changes_nothing(frame: str) -> None:
    for record in LABELLED:
        if record["label"] not in ("negative", "backoff-only"):
            assert classify(AROUND_A_PULL[frame](record["message"])).symptom_class == record["label"], record["id"]


@pytest.mark.parametrize(
    ("message", "image"),
    [
        (f"Get https://{HOST}/v2/shop/web/manifests/v1: Get https://{HOST}/oauth2/token: EOF", IMAGE),
        (f"unexpected status from HEAD request to https://{HOST}/v2/shop/web/manifests/v1: 424", IMAGE),
        (f"Head https://{HOST}/v2/shop/web/manifests/v1:x509: certificate has expired", IMAGE),
        (f"Head https://{HOST}/v2/shop/web/manifests/sha256:{'0a' * 32}: EOF", f"{HOST}/shop/web@sha256:{'0a' * 32}"),
        (f"failed to pull image {IMAGE}: output: Error response from daemon: EOF", IMAGE),
        (f"{IMAGE} not found: manifest unknown", IMAGE),
        (f"{IMAGE}: not found", IMAGE),
    ],
)
def test_an_image_is_read_without_what_follows_it(message: str, image: str) -> None:
    assert classify(message).image == image


@pytest.mark.parametrize("written", ["localhost:5001", "localhost%3A5001", "localhost%3a5001"])
def test_a_mirror_is_asked_for_a_registry_with_its_port(written: str) -> None:
    error = classify(f'{PULL}Head "http://mirror:5000/v2/a/manifests/1?ns={written}": connect: connection refused')
    assert (error.host, error.asked_for) == ("mirror:5000", "localhost:5001")


def test_an_exchange_of_tokens_is_one() -> None:
    assert classify(f"Post https://{HOST}/oauth2/exchange: dial tcp 10.1.2.3:443: i/o timeout").stage is Stage.TOKEN


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('time="2025" level=debug msg="PullImage with snapshotter overlayfs"', "negative"),
        ('level=debug msg="fetch response received" response.status="401 Unauthorized"', "negative"),
        ('level=info msg="trying next host" error="failed to do request: 429 Too Many Requests"', "registry-throttled"),
        ('level=info msg="PullImage" error="rpc error: code = Unknown desc = 401 Unauthorized"', "unauthorized-401"),
        ('level=debug msg="do request"\nlevel=warning msg="401 Unauthorized"', "unauthorized-401"),
    ],
)
def test_what_a_runtime_logs_of_its_work_is_no_failed_pull(line: str, expected: str) -> None:
    assert classify(line).symptom_class == expected


def test_the_image_of_a_mirrors_address_is_that_of_the_registry_it_stands_for() -> None:
    error = classify(f'Head "http://localhost:8578/v2/shop/web/manifests/v1?ns={HOST}": connect: connection refused')
    assert (error.image, error.host) == (IMAGE, "localhost:8578")


def test_a_failed_check_of_the_pull_permission_gives_no_cause() -> None:
    line = "[2026-11-27T14:41:37Z] Validating image pull permission: FAILED"
    assert classify(line).symptom_class == "backoff-only"
