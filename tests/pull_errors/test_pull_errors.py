from __future__ import annotations

import time

import pytest

from azext_acrpulldiag.pull_errors import SYMPTOM_CLASSES, classify
from azext_acrpulldiag.pull_errors.parse import Stage, entries
from tests.score import is_ambiguous, messages, score

RECORDED = messages("messages")
PARAPHRASED = messages("paraphrases")
NOVEMBER = [record for name in ("messages-2026-11-read", "messages-2026-11-unread") for record in messages(name)]
PUBLIC = messages("public-2026-11")
IMAGE = "contoso.azurecr.io/shop/web:1"
ANONYMOUS_401 = (
    f'rpc error: code = Unknown desc = failed to pull and unpack image "{IMAGE}": failed to '
    f'resolve reference "{IMAGE}": '
    "failed to authorize: failed to fetch anonymous token: unexpected status: 401 Unauthorized"
)


def pull(rest: str) -> str:
    return f'Failed to pull image "{IMAGE}": {rest}'


def resolve(rest: str) -> str:
    return (
        f'rpc error: code = Unknown desc = failed to pull and unpack image "{IMAGE}": '
        f'failed to resolve reference "{IMAGE}": {rest}'
    )


def layer(rest: str) -> str:
    return (
        f'rpc error: code = Unknown desc = failed to pull and unpack image "{IMAGE}": '
        f"failed to copy: httpReadSeeker: failed open: {rest}"
    )


@pytest.mark.parametrize(
    "record", [r for r in RECORDED + NOVEMBER + PUBLIC if not is_ambiguous(r)], ids=lambda r: str(r["id"])
)
def test_recorded_message(record):
    assert classify(record["message"]).symptom_class == record["label"]


@pytest.mark.parametrize("record", PARAPHRASED, ids=lambda r: f"{r['id']}-{r['label']}")
def test_paraphrased_message(record):
    assert classify(record["message"]).symptom_class == record["label"]


def test_ambiguous_messages_follow_their_text():
    whole, _ = score(RECORDED)
    assert (whole.ambiguous_right, whole.ambiguous) == (26, 26)


def test_every_class_is_recorded():
    assert {record["label"] for record in RECORDED + PARAPHRASED} == set(SYMPTOM_CLASSES)


@pytest.mark.parametrize(
    ("tail", "resolver"),
    [
        ("lookup contoso.azurecr.io on 169.254.10.10:53: no such host", "169.254.10.10"),
        ("lookup contoso.azurecr.io. on 169.254.10.10:53: server misbehaving", "169.254.10.10"),
        ("lookup contoso.azurecr.io on 168.63.129.16:53: no such host", "168.63.129.16"),
        ("lookup contoso.azurecr.io on [fd00::1]:53: i/o timeout", "fd00::1"),
        (
            "lookup contoso.azurecr.io on 169.254.10.10:53: read udp 10.1.0.4:4->169.254.10.10:53: i/o timeout",
            "169.254.10.10",
        ),
        ("lookup contoso.azurecr.io: no such host", None),
        ("dial tcp 169.254.10.10:443: connect: connection refused", None),
    ],
)
def test_the_dns_server_that_was_asked(tail, resolver):
    found = classify(resolve(f'failed to do request: Head "https://contoso.azurecr.io/v2/": dial tcp: {tail}'))
    assert found.resolver == resolver
    if resolver:
        assert (found.symptom_class, found.host, found.address) == ("dns-failure", "contoso.azurecr.io", None)


# --- the traps -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        (resolve(f"{IMAGE}: not found"), "image-not-found"),
        (layer('failed to do request: Get "https://x.blob.core.windows.net/y": EOF'), "blob-download"),
        (
            f'failed to pull and unpack image "{IMAGE}": no match for platform in manifest: not found',
            "platform-mismatch",
        ),
        (
            resolve("failed to authorize: failed to fetch oauth token: unexpected status: 401 Unauthorized"),
            "unauthorized-401",
        ),
        (resolve("unexpected status code: 429 Too Many Requests"), "registry-throttled"),
    ],
)
def test_the_entry_that_is_not_the_anonymous_retry_carries_the_cause(first, expected):
    error = classify(pull(f"[{first}, {ANONYMOUS_401}]"))
    assert error.symptom_class == expected
    assert [cause.symptom_class for cause in error.causes][1] == "unauthorized-401"
    assert error.causes[1].credential == "anonymous"
    assert error.credential == "credentialed"


def test_the_order_of_a_list_does_not_hide_the_cause():
    error = classify(pull(f"[{ANONYMOUS_401}, {resolve(f'{IMAGE}: not found')}]"))
    assert error.symptom_class == "image-not-found"


def test_a_refused_credential_outranks_what_the_anonymous_attempt_met():
    refused = resolve("failed to authorize: failed to fetch oauth token: unexpected status: 401 Unauthorized")
    anonymous = resolve(
        "failed to authorize: failed to fetch anonymous token: unexpected status: 429 Too Many Requests"
    )
    assert classify(pull(f"[{refused}, {anonymous}]")).symptom_class == "unauthorized-401"


def test_docker_hub_cannot_tell_missing_from_private():
    text = (
        "pull access denied for web, repository does not exist or may require 'docker login': denied: requested access"
    )
    assert classify(pull(text + " to the resource is denied")).symptom_class == "unauthorized-401"


def test_only_the_client_address_proves_the_firewall():
    firewall = classify("denied: client with IP '20.61.4.9' is not allowed access. Refer https://aka.ms/acr/firewall")
    plain = classify(
        pull(resolve("failed to authorize: failed to fetch anonymous token: unexpected status: 403 Forbidden"))
    )
    assert (firewall.symptom_class, firewall.mechanism, firewall.address) == ("forbidden-403", "client-ip", "20.61.4.9")
    assert (plain.symptom_class, plain.mechanism, plain.status) == ("forbidden-403", None, 403)


@pytest.mark.parametrize(
    "tail",
    [
        "lookup contoso.azurecr.io: i/o timeout",
        "lookup contoso.azurecr.io on 10.0.0.10:53: read udp 10.1.0.4:40211->10.0.0.10:53: i/o timeout",
        "lookup contoso.azurecr.io on [::1]:53: read udp [::1]:1->[::1]:53: read: connection refused",
        "lookup contoso.azurecr.io on [fd00::1]:53: dial udp [fd00::1]:53: connect: network is unreachable",
    ],
)
def test_name_lookups_fail_with_the_words_of_tcp(tail):
    error = classify(pull(resolve(f'failed to do request: Head "https://contoso.azurecr.io/v2/": dial tcp: {tail}')))
    assert (error.symptom_class, error.host, error.address) == ("dns-failure", "contoso.azurecr.io", None)


@pytest.mark.parametrize("tail", ["EOF", "read: connection reset by peer", "net/http: TLS handshake timeout"])
def test_the_stage_tells_layers_from_the_login_server(tail):
    request = f'failed to do request: Get "https://x.example.com/v2/y": {tail}'
    assert classify(pull(resolve(request))).symptom_class == "timeout-network"
    assert classify(pull(layer(request))).symptom_class == "blob-download"


def test_an_address_without_a_host_after_attempts_is_the_storage():
    error = classify(
        pull("error pulling image configuration: download failed after attempts=6: dial tcp 20.1.2.3:443: i/o timeout")
    )
    assert (error.symptom_class, error.stage, error.address) == ("blob-download", Stage.LAYER, "20.1.2.3")


def test_a_timeout_behind_an_auth_phrase_is_the_network():
    text = (
        "failed to authorize: failed to fetch anonymous token: Get "
        '"https://contoso.azurecr.io/oauth2/token": dial tcp 10.1.0.5:443: i/o timeout'
    )
    error = classify(pull(resolve(text)))
    assert (error.symptom_class, error.stage, error.address) == ("timeout-network", Stage.TOKEN, "10.1.0.5")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("no match for platform in manifest: not found", "platform-mismatch"),
        ("failed to get reader from content store: content digest sha256:51f5: not found", "blob-download"),
        ("parent snapshot sha256:0b16 does not exist: not found", "other"),
        ("could not fetch content descriptor sha256:a8a1 from remote: not found", "blob-download"),
        ("image verification failed: no valid signature found: not found: not found", "signature-verification"),
    ],
)
def test_not_found_at_the_end_is_not_a_missing_image(text, expected):
    assert classify(pull(f"rpc error: code = NotFound desc = {text}")).symptom_class == expected


def test_an_application_that_entra_does_not_know_is_no_plain_401():
    text = 'Head "https://contoso.azurecr.io/v2/web/manifests/1": unauthorized: Application not registered with AAD.'
    assert classify(text).symptom_class == "aad-token"


def test_a_client_login_by_device_code_is_no_pull():
    assert (
        classify(
            "Failed to acquire a token: device code authentication: dial tcp: lookup x: no such host"
        ).symptom_class
        == "negative"
    )


def test_a_warning_about_pull_secrets_is_told_from_a_missing_image():
    error = classify(
        'Unable to retrieve pull secret default/regcred for default/web due to secrets "regcred" not found.'
    )
    assert (error.symptom_class, error.mechanism) == ("credential-provider", "pull-secret")


def test_a_daemons_own_500_is_not_the_registrys():
    text = (
        "Error - 500 Server Error for http+docker://localhost/v1.43/images/create: Internal Server "
        'Error ("Get "https://r.example.com/v2/": dial tcp 1.2.3.4:443: connect: no route to host")'
    )
    error = classify(text)
    assert (error.symptom_class, error.status) == ("timeout-network", None)


@pytest.mark.parametrize(
    "text", ["Response code: 429. access was denied, run az login", "error parsing HTTP 429 response body: x"]
)
def test_throttling_without_its_usual_word(text):
    error = classify(text)
    assert (error.symptom_class, error.status) == ("registry-throttled", 429)


@pytest.mark.parametrize(("status", "expected"), [(401, "unauthorized-401"), (403, "forbidden-403")])
def test_the_number_outranks_the_words_of_a_refusal(status, expected):
    for words in ("denied: access denied", "unauthorized: authentication required"):
        assert classify(pull(resolve(f"unexpected status code: {status}: {words}"))).symptom_class == expected


def test_a_runtime_that_is_down_is_no_network_failure():
    error = classify(pull("dial unix /run/containerd/containerd.sock: connect: connection refused"))
    assert (error.symptom_class, error.mechanism) == ("other", "runtime-down")


def test_an_outage_may_come_as_400():
    assert classify(pull("400 Our services aren't available right now")).symptom_class == "server-error"


@pytest.mark.parametrize(
    ("text", "mechanism"),
    [
        ("x509: certificate is valid for *.azurecr.io, not c.privatelink.azurecr.io", "name"),
        ("tls: failed to verify certificate: x509: certificate has expired or is not yet valid", "expired"),
        ("http: server gave HTTP response to HTTPS client", "plain-http"),
        ("x509: certificate signed by unknown authority", None),
    ],
)
def test_tls_failures_are_told_apart(text, mechanism):
    error = classify(pull(resolve(text)))
    assert (error.symptom_class, error.mechanism) == ("tls-trust", mechanism)


def test_a_wrong_architecture_shows_after_the_pull():
    error = classify("exec /usr/bin/web: exec format error")
    assert (error.symptom_class, error.stage) == ("platform-mismatch", Stage.START)


def test_a_backoff_that_repeats_the_cause_is_not_only_a_backoff():
    head = f'Back-off pulling image "{IMAGE}"'
    assert classify(head).symptom_class == "backoff-only"
    assert classify(f"{head}: ErrImagePull: {ANONYMOUS_401}: ImagePullBackOff").symptom_class == "unauthorized-401"
    assert classify(f"{head}: ErrImagePull: the quux went sideways: ImagePullBackOff").symptom_class == "other"


# --- structure -------------------------------------------------------------------------


def test_the_structure_of_a_list():
    token = "https://contoso.azurecr.io/oauth2/token?scope=repository%3Ashop%2Fweb%3Apull&service=contoso.azurecr.io"
    refused = resolve(
        f"failed to authorize: failed to fetch oauth token: unexpected status from GET request to "
        f"{token}: 401 Unauthorized"
    )
    error = classify(pull(f"[{refused}, {ANONYMOUS_401}]"))
    assert (error.stage, error.host, error.image) == (Stage.TOKEN, "contoso.azurecr.io", IMAGE)
    assert (error.status, error.credential, len(error.causes)) == (401, "credentialed", 2)


def test_the_host_is_the_one_that_failed():
    error = classify(
        pull(
            layer(
                'failed to do request: Get "https://contoso.westeurope.data.azurecr.io/x": dial tcp '
                "10.1.0.6:443: i/o timeout"
            )
        )
    )
    assert (error.host, error.address, error.image) == ("contoso.westeurope.data.azurecr.io", "10.1.0.6", IMAGE)


@pytest.mark.parametrize("name", ["forbidden-403", "not-found/401", "x509-i/o-timeout", "no-such-host/qps-exceeded"])
def test_words_in_an_image_name_say_nothing(name):
    image = f"contoso.azurecr.io/{name}:unauthorized"
    text = (
        f'Failed to pull image "{image}": failed to pull and unpack image "{image}": failed to resolve '
        f'reference "{image}": unexpected status from HEAD request to '
        f"https://contoso.azurecr.io/v2/{name}/manifests/unauthorized: 503 Service Unavailable"
    )
    error = classify(text)
    assert (error.symptom_class, error.image, error.status) == ("server-error", image, 503)


def test_commas_inside_one_entry_do_not_split_it():
    one = (
        'Error response from daemon: Head "https://c.azurecr.io/v2/": unauthorized: authentication '
        "required, visit https://aka.ms/acr/authorization"
    )
    assert len(entries(f"[rpc error: code = Unknown desc = {one}, rpc error: code = Unknown desc = {one}]")) == 2
    assert entries(one) == (one,)


def test_artifact_and_mirror_errors_of_crio_are_not_the_cause():
    artifact = classify(
        pull(
            "pull image err: reading manifest 1 in r.io/x: unauthorized: authentication required; "
            "artifact err: manifest unknown"
        )
    )
    mirror = classify(
        pull(
            "(Mirrors also failed: [m.example.com/x: dial tcp 1.2.3.4:443: i/o timeout]): reading "
            "manifest 1 in r.io/x: manifest unknown"
        )
    )
    assert artifact.symptom_class == "unauthorized-401"
    assert mirror.symptom_class == "image-not-found"


# --- hostile text ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\x00",
        "\x1b[31mError: ErrImagePull\x1b[0m",
        "[",
        "[[[[",
        '"',
        "\\",
        "\ud800",
        "$(reboot)",
        "]): ",
        "(Mirrors also failed: [",
    ],
)
def test_any_text_has_a_class(text):
    assert classify(text).symptom_class in SYMPTOM_CLASSES


def test_colours_do_not_hide_the_words():
    assert classify("\x1b[31mError: ErrImagePull\x1b[0m").symptom_class == "backoff-only"


@pytest.mark.parametrize(
    "piece",
    [
        "a.",
        "a/",
        "[",
        '"',
        "x: ",
        "lookup ",
        "failed to ",
        "manifest for ",
        "a.b/c:",
        "\\",
        "https://",
        "tag ",
        "0.",
        ", rpc error: code",
        "denied ",
        "operating system ",
        "container ",
        "not found: ",
        'image "',
        "volume ",
    ],
)
def test_time_grows_with_the_text_and_no_faster(piece):
    text = (piece * 65536)[:65536]
    started = time.process_time()
    classify(text)
    assert time.process_time() - started < 20


def test_a_long_text_keeps_its_end():
    assert classify(pull("x" * 500_000 + " dial tcp 1.2.3.4:443: i/o timeout")).symptom_class == "timeout-network"
