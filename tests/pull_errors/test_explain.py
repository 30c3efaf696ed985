from __future__ import annotations

import pytest

from azext_acrpulldiag.pasted import Pasted, same_but_for_ids
from azext_acrpulldiag.pull_errors import SYMPTOM_CLASSES, classify
from azext_acrpulldiag.pull_errors.explain import GENERAL, SPECIAL, explanation_of
from azext_acrpulldiag.pull_errors.explain.answers import Answers, TooManyError
from tests.pull_errors.answers import explain

# Of containerd 2.1.9, where storage answers 404.
LAYER_GONE = (
    "failed to copy: httpReadSeeker: failed open: could not fetch content descriptor sha256:aaaa "
    "(application/vnd.oci.image.config.v1+json) from remote: not found"
)
# Section 4 of the design, every id spelt out.
CATALOGUE = frozenset(
    [
        "cluster.stopped",
        "cluster.not-ready",
        "registry.not-ready",
        "registry.unhealthy",
        "registry.check-acr-failed",
        "registry.arm-token-refused",
        "registry.throttled",
        "registry.cache-upstream",
        "registry.replica-unhealthy",
        "identity.kubelet-identity-missing",
        "identity.node-identity-outdated",
        "identity.service-principal-not-found",
        "identity.service-principal-disabled",
        "identity.service-principal-secret-expired",
        "identity.service-principal-secret-replaced",
        "identity.service-account-pull",
        "identity.service-principal-secret-expiring",
        "nodes.artifact-streaming",
        "nodes.kubelet-identity-unassigned",
        "access.pull-role-missing",
        "access.pull-role-on-other-principal",
        "access.pull-role-wrong-mode",
        "access.condition-excludes-repository",
        "access.denied",
        "access.cross-tenant",
        "access.recently-granted",
        "pull-secret.missing",
        "pull-secret.malformed",
        "pull-secret.wrong-registry",
        "pull-secret.service-principal-unknown",
        "pull-secret.service-principal-expired",
        "pull-secret.service-principal-no-role",
        "pull-secret.credential-refused",
        "pull-secret.admin-disabled",
        "pull-secret.admin-password-mismatch",
        "pull-secret.token-unknown",
        "pull-secret.token-disabled",
        "pull-secret.token-expired",
        "pull-secret.token-scope-excludes-repository",
        "pull-secret.login-token-expired",
        "image.invalid-reference",
        "image.login-server-typo",
        "image.login-server-mismatch",
        "image.regional-host-unsupported",
        "image.repository-not-found",
        "image.tag-not-found",
        "image.digest-not-found",
        "image.manifest-missing",
        "image.not-an-image",
        "registry.cache-rule-missing",
        "image.read-locked",
        "image.quarantined",
        "image.platform-mismatch",
        "network.node-resolver",
        "network.public-access-disabled",
        "network.outbound-ip-not-allowed",
        "network.private-endpoint-not-approved",
        "network.private-dns-zone-missing",
        "network.private-dns-link-missing",
        "network.private-dns-record-missing",
        "network.private-dns-record-wrong",
        "network.custom-dns-unlinked",
        "network.dns-forwarded-elsewhere",
        "network.peering-missing",
        "network.peering-disconnected",
        "network.nsg-blocks-registry",
        "network.admin-rule-blocks-registry",
        "network.route-drops-registry",
        "network.firewall-blocks-registry",
        "network.service-endpoint-missing",
        "network.subnet-not-allowed",
        "network.storage-policy-blocks-layers",
        "network.proxy-or-tls",
        "kubelet.pull-qps-exceeded",
        "pull-secret.virtual-node-needs-secret",
        "symptom.admission-denied",
        "symptom.unexplained",
    ]
)
ARTICLE = {
    "start",
    "1",
    "1.1",
    "1.2",
    "1.3",
    "1.4",
    "1.5",
    "1.6",
    "1b",
    "2",
    "3",
    "3.1",
    "3.2",
    "4",
    "4.1",
    "4.2",
    "5",
    "6",
    "more",
}
EXPLANATIONS = [*GENERAL.items()] + [(name, case[1]) for name, cases in SPECIAL.items() for case in cases]


def test_every_class_is_explained():
    assert set(GENERAL) == set(SYMPTOM_CLASSES)
    assert set(SPECIAL) <= set(SYMPTOM_CLASSES)


@pytest.mark.parametrize(("name", "meaning"), EXPLANATIONS, ids=lambda value: value if isinstance(value, str) else "")
def test_outcomes_are_of_the_catalogue_and_sections_of_the_article(name, meaning):
    assert set(meaning.outcomes) <= CATALOGUE
    assert len(set(meaning.outcomes)) == len(meaning.outcomes)
    assert bool(meaning.outcomes) == (name != "negative")
    assert meaning.article is None or meaning.article in ARTICLE
    assert meaning.words.endswith(".") and meaning.decided_by.endswith(".")


@pytest.mark.parametrize(
    ("text", "likeliest", "article"),
    [
        (
            "failed to authorize: failed to fetch oauth token: unexpected status: 401 Unauthorized",
            "access.pull-role-missing",
            "1.1",
        ),
        (
            "failed to authorize: failed to fetch anonymous token: unexpected status: 401 Unauthorized",
            "nodes.kubelet-identity-unassigned",
            "1.4",
        ),
        (
            'Head "https://c.westeurope.geo.azurecr.io/v2/x": unauthorized: authentication required',
            "image.regional-host-unsupported",
            "1",
        ),
        ("unauthorized: authentication required", "access.pull-role-missing", "1"),
        ("denied: client with IP '20.61.4.9' is not allowed access", "network.outbound-ip-not-allowed", "3.2"),
        ("unexpected status: 403 Forbidden", "network.outbound-ip-not-allowed", "3"),
        ('Head "https://c.azurecr.io/v2/x": dial tcp 10.1.0.5:443: i/o timeout', "network.nsg-blocks-registry", "4"),
        (
            'Head "https://c.azurecr.io/v2/x": dial tcp 20.50.1.9:443: i/o timeout',
            "network.route-drops-registry",
            "4.2",
        ),
        ("lookup c.azurecr.io on 169.254.10.10:53: no such host", "network.private-dns-record-missing", "3.1"),
        ("lookup c.azureacr.io: no such host", "image.login-server-typo", "3.1"),
        ("toomanyrequests: too many requests to source registry for cache rule 'x'", "registry.cache-upstream", None),
        (
            "x509: certificate is valid for *.azurecr.io: Get https://c.privatelink.azurecr.io/v2/",
            "image.login-server-typo",
            "2",
        ),
        (
            "error pulling image configuration: <Code>AuthorizationFailure</Code>",
            "network.storage-policy-blocks-layers",
            None,
        ),
        (
            'failed to copy: Get "https://c.westeurope.data.azurecr.io/x": EOF',
            "network.private-dns-record-missing",
            "3.1",
        ),
        ('failed to copy: Get "https://x.blob.core.windows.net/x": EOF', "network.firewall-blocks-registry", "4.2"),
        ("failed commit on ref: unexpected commit digest", "network.proxy-or-tls", None),
        (
            "error execing credential provider plugin acr-credential-provider: exit status 1",
            "nodes.kubelet-identity-unassigned",
            "1.4",
        ),
        ("adal: Refresh request failed: Identity not found", "nodes.kubelet-identity-unassigned", "1.4"),
        (
            "AADSTS7000222: The provided client secret keys are expired",
            "identity.service-principal-secret-expired",
            "1.2",
        ),
        ('reading manifest: Get "https://registry-1.docker.io/v2/x": manifest unknown', "image.login-server-typo", "2"),
        ("The operation is disallowed on this registry, repository or image", "image.read-locked", None),
        ("pull QPS exceeded", "kubelet.pull-qps-exceeded", "6"),
        ("dial tcp: Proxy Authentication Required", "network.proxy-or-tls", None),
        ("read tcp 10.1.0.4:1->20.1.2.3:443: read: connection reset by peer", "network.firewall-blocks-registry", "4"),
        ("proxyconnect tcp: dial tcp 10.9.0.4:3128: i/o timeout", "network.proxy-or-tls", None),
        ('Head "https://c.azurecr.io/v2/a/manifests/1": Forbidden', "network.proxy-or-tls", None),
        ('failed to copy: Get "https://x.blob.core.windows.net/y": Forbidden', "network.proxy-or-tls", None),
        ("certificate has expired or is not yet valid", "network.proxy-or-tls", None),
        ("server gave HTTP response to HTTPS client", "network.proxy-or-tls", None),
        ("dial unix /run/containerd/containerd.sock: connect: connection refused", "symptom.unexplained", "more"),
        ("failed to extract layer sha256:1: operation not permitted", "symptom.unexplained", "more"),
        ("admission webhook error: context deadline exceeded", "symptom.unexplained", None),
        ('Head "https://localhost:8578/v2/x": context canceled', "nodes.artifact-streaming", "more"),
        (
            "unexpected status from HEAD request to http://localhost:8578/v2/x/manifests/1?ns=a.azurecr.io: 503",
            "access.pull-role-missing",
            "1",
        ),
        ("rpc error: code = Canceled desc = context canceled", "symptom.unexplained", "more"),
        ("failed to copy: context canceled", "symptom.unexplained", "more"),
        (
            "failed to unpack image on snapshotter overlayfs: unexpected media type text/html for sha256:1: not found",
            "network.proxy-or-tls",
            None,
        ),
        (LAYER_GONE, "registry.replica-unhealthy", None),
        ("failed to copy: unexpected commit digest sha256:1, expected sha256:2", "network.proxy-or-tls", None),
        ('Get "https://a.azurecr.io/v2/": context canceled', "network.nsg-blocks-registry", "4"),
        ("no match for platform in manifest: not found", "image.platform-mismatch", "5"),
    ],
)
def test_details_choose_the_likeliest_outcome(text, likeliest, article):
    meaning = explanation_of(classify(text))
    assert (meaning.outcomes[0], meaning.article) == (likeliest, article)


def test_each_answer_stands_once_in_the_order_of_its_first_message():
    answers = explain(["pull QPS exceeded", "Liveness probe failed: x", "pull QPS exceeded"])
    assert [(answer["class"], answer["count"]) for answer in answers] == [("kubelet-qps", 2), ("negative", 1)]
    assert list(answers[0]) == [
        "message",
        "class",
        "stage",
        "host",
        "image",
        "status",
        "address",
        "credential",
        "words",
        "likelyOutcomes",
        "decidedBy",
        "articleSection",
        "count",
        "page",
        "next",
    ]


IMAGE = "contosoreg.azurecr.io/team/app:1.2"
REFUSED = f'Failed to pull image "{IMAGE}": failed to fetch anonymous token: unexpected status: 401 Unauthorized'
BACK_OFF = f'Back-off pulling image "{IMAGE}"'


def answered(*messages: Pasted) -> tuple[list[tuple[str, int]], int]:
    answers = Answers()
    for message in messages:
        answers.add(message)
    report, folded = answers.report()
    return [(answer["class"], answer["count"]) for answer in report], folded


@pytest.mark.parametrize("trace", ["sig=AbC%2B1", "2026-11-22T12:00:01.5Z", "b1a2c3d4-0000-4000-8000-0123456789ab"])
def test_messages_that_differ_in_times_and_ids_are_the_same(trace):
    assert same_but_for_ids(f"{REFUSED} {trace}") == same_but_for_ids(f"{REFUSED} {trace.replace('1', '9')}")


@pytest.mark.parametrize(("one", "other"), [("401", "403"), (":1.2", ":1.3"), ("team", "ream"), ("anonymous", "oauth")])
def test_statuses_images_and_credentials_tell_messages_apart(one, other):
    assert answered(Pasted(REFUSED), Pasted(REFUSED.replace(one, other)))[0][0][1] == 1


def test_a_text_without_a_cause_is_left_out_where_another_says_why():
    texts = [Pasted(text) for text in (BACK_OFF, "Error: ImagePullBackOff", REFUSED, REFUSED)]
    assert answered(*texts) == ([("unauthorized-401", 2)], 2)
    assert answered(*texts[:2]) == ([("backoff-only", 1), ("backoff-only", 1)], 0)
    of_another = BACK_OFF.replace("team", "other")
    assert answered(Pasted(of_another), *texts)[0] == [("backoff-only", 1), ("unauthorized-401", 2)]


def test_what_an_admission_webhook_says_is_kept_word_by_word():
    texts = [Pasted(f'Error creating: admission webhook "w" denied the request: image {name}') for name in "ab"]
    assert [count for _, count in answered(*texts)[0]] == [1, 1]


@pytest.mark.parametrize(
    ("message", "says"),
    [
        (Pasted("Liveness probe failed: x"), False),
        (Pasted("Reconciler started"), False),
        (Pasted("dial tcp 10.1.0.5:443: i/o timeout"), True),
        (Pasted("dial tcp 10.1.0.5:443: i/o timeout", is_alone=False), False),
        (Pasted("failed to update the image list"), True),
        (Pasted(REFUSED, is_alone=False), True),
    ],
)
def test_what_is_of_a_pull_is_answered(message, says):
    assert Answers().add(message) is says


def test_the_surroundings_name_the_image_that_a_text_does_not():
    answers = Answers()
    answers.add(Pasted("unexpected status: 401 Unauthorized", IMAGE))
    ((answer,), _) = answers.report()
    assert (answer["image"], answer["host"]) == (IMAGE, "contosoreg.azurecr.io")
    assert answer["next"].endswith(f"--acr contosoreg --image {IMAGE}")


def test_too_many_different_answers_are_refused(monkeypatch):
    monkeypatch.setattr("azext_acrpulldiag.pull_errors.explain.answers.MOST", 2)
    answers = Answers()
    for number in (1, 2, 1):
        assert answers.add(Pasted(REFUSED.replace("1.2", f"v{number}")))
    with pytest.raises(TooManyError):
        answers.add(Pasted(REFUSED))


SECRETS = (
    "https://x.blob.core.windows.net/c/d?sv=2019&sig=qK1v%2FCanary0123456789abcdef%3D&se=2026-11-22T13%3A00%3A00Z",
    "Authorization: Basic Y29udG9zbzpDYW5hcnkwMTIzNDU2Nzg5",
    "Authorization: Bearer eyJhbGciOiJSUzI1NiJ9.eyJDYW5hcnkiOiIwMTIzNDU2Nzg5In0.Q2FuYXJ5MDEyMzQ1Njc4OQ",
)


@pytest.mark.parametrize("secret", SECRETS)
def test_no_signature_token_or_credential_is_in_an_answer(secret):
    (answer,) = explain([f"{REFUSED}; failed to copy: httpReadSeeker: failed open: {secret}"])
    told = str(answer)
    assert all(part not in told for part in ("Canary", "Y2FuYXJ5", "Q2FuYXJ5", "Y29udG9zbzpD", "eyJDYW5h"))
    assert "REDACTED" in answer["message"]


def test_what_is_shown_is_printable():
    answer = explain(['\x1b[2J\rFailed to pull image "c.azurecr.io/\u202eweb:1": 403 Forbidden'])[0]
    shown = [value for value in answer.values() if isinstance(value, str)]
    assert all(value.isprintable() for value in shown)
    assert "\\x1b" in answer["message"]


def test_the_nodes_own_resolver_is_no_dns_server_of_the_network():
    (report,) = explain(["lookup contosoreg.azurecr.io on 169.254.10.10:53: no such host"])
    assert report["class"] == "dns-failure" and "LocalDNS" in report["words"]
    assert "network.node-resolver" in report["likelyOutcomes"]
    assert report["address"] is None and report["host"] == "contosoreg.azurecr.io"


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ("dial tcp 169.254.169.254:80: i/o timeout", "got no answer from the instance metadata service"),
        ('400 Bad Request: {"error":"invalid_request","error_description":"Identity not found"}', "is not assigned"),
    ],
)
def test_a_metadata_service_that_is_not_reached_says_nothing_of_identities(answer, says):
    asked = 'Get "http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01"'
    (report,) = explain([f"{asked}: {answer}"])
    assert report["class"] == "aad-token" and says in report["words"]
