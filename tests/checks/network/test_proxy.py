"""Mirror of checks/network_proxy.py."""

from __future__ import annotations

import json

import pytest

from azext_acrpulldiag.checks.network.proxy import PROXY_OR_TLS, the_proxy_leaves_private_hosts_alone
from azext_acrpulldiag.diagnosis.evaluate import evaluate
from azext_acrpulldiag.diagnosis.root_causes import diagnose
from azext_acrpulldiag.facts import HttpProxy, Unreadable
from azext_acrpulldiag.model import Confidence, SeenFrom, Status, Verdict
from azext_acrpulldiag.path import UNKNOWN, Destination, Hop
from azext_acrpulldiag.pull_errors.symptoms import symptoms_of
from tests.build import (
    SUBSCRIPTION,
    cluster,
    failing,
    failing_pods_facts,
    healthy_facts,
    kubernetes,
    private_endpoint,
    proxied_facts,
    registry,
)

NOT_READ = Unreadable("forbidden", "no right to read it", "Microsoft.X/read", "Microsoft.X/read")
LOGIN = "contosoreg.azurecr.io"
DATA = "contosoreg.westeurope.data.azurecr.io"
PRIVATE = Destination(LOGIN, ("10.225.0.5",), private_endpoint())
HEAD = f'failed to do request: Head "https://{LOGIN}/v2/team/app/manifests/1.2": '
TIMEOUT = f"{HEAD}dial tcp 20.61.97.129:443: i/o timeout"
FORBIDDEN = f"unexpected status from HEAD request to https://{LOGIN}/v2/team/app/manifests/1.2: 403 Forbidden"
PROXY_DOWN = f"{HEAD}proxyconnect tcp: dial tcp 10.1.0.4:3128: connect: connection refused"
PROXY_AUTH = f"{HEAD}Proxy Authentication Required"
UNTRUSTED = (
    f"{HEAD}tls: failed to verify certificate: x509: certificate signed by unknown authority (possibly because of "
    '"x509: invalid signature" while trying to verify candidate authority certificate "Contoso TLS Inspection")'
)


@pytest.fixture
def led(monkeypatch):
    """Lets every name lead to a destination."""

    def lead(destination, *hops):
        monkeypatch.setattr("azext_acrpulldiag.path.walk.resolved", lambda *_: (hops, destination))

    return lead


def judged(facts):
    return evaluate(the_proxy_leaves_private_hosts_alone, facts)


def statuses(facts):
    return [finding.status for finding in judged(facts)]


# --- the proxy setting -----------------------------------------------------------------


def test_a_private_host_that_is_not_excepted_is_a_warning(led):
    led(PRIVATE)
    (finding,) = judged(proxied_facts("10.224.0.0/12", "contosoreg.privatelink.azurecr.io"))
    assert (finding.outcome, finding.status) == (PROXY_OR_TLS.id, Status.WARN)
    assert (finding.seen_from, finding.confidence) == (SeenFrom.AZURE, Confidence.INFERRED)
    assert finding.evidence["hosts"] == [LOGIN, DATA]
    assert finding.evidence["proxy"] == "http://proxy.corp:3128"
    (remedy,) = finding.remedies
    assert remedy.command == (
        f"az aks update --name prod --resource-group rg-app --subscription {SUBSCRIPTION} "
        "--http-proxy-config aks-proxy-config.json"
    )
    setting = json.loads(finding.evidence["content"])
    assert setting["noProxy"] == ["localhost", "10.224.0.0/12", "contosoreg.privatelink.azurecr.io", LOGIN, DATA]
    assert setting["httpsProxy"] == "http://proxy.corp:3128"
    assert finding.evidence["content"] in remedy.description


@pytest.mark.parametrize(("no_proxy", "left_out"), [((LOGIN,), [DATA]), ((".data.azurecr.io",), [LOGIN])])
def test_layers_have_a_host_of_their_own(led, no_proxy, left_out):
    led(PRIVATE)
    (finding,) = judged(proxied_facts(*no_proxy))
    assert finding.evidence["hosts"] == left_out


@pytest.mark.parametrize("no_proxy", [(LOGIN, DATA), (".azurecr.io",), ("*",)])
def test_a_setting_that_excepts_them_is_healthy(led, no_proxy):
    led(PRIVATE)
    findings = judged(proxied_facts(*no_proxy))
    assert [finding.status for finding in findings] == [Status.PASS]
    assert diagnose((the_proxy_leaves_private_hosts_alone,), findings).verdict is Verdict.HEALTHY


def test_the_proxy_may_ask_for_a_public_registry(led):
    led(Destination(LOGIN))
    assert statuses(proxied_facts()) == [Status.PASS]
    assert statuses(proxied_facts(registry=registry())) == [Status.PASS]


@pytest.mark.parametrize("proxy", [None, HttpProxy("http://proxy.corp:3128", None, (), False)])
def test_without_a_proxy_for_https_there_is_nothing_to_except(led, proxy):
    led(PRIVATE)
    assert statuses(proxied_facts(cluster=cluster(http_proxy=proxy))) == [Status.PASS]


@pytest.mark.parametrize(
    ("message", "confidence"),
    [
        (TIMEOUT, Confidence.INFERRED),
        (FORBIDDEN, Confidence.INFERRED),
        (PROXY_DOWN, Confidence.OBSERVED),
        (PROXY_AUTH, Confidence.OBSERVED),
    ],
)
def test_pods_make_it_an_error(led, message, confidence):
    led(PRIVATE)
    facts = proxied_facts(kubernetes=kubernetes(failing(message)))
    findings = judged(facts)
    assert [(each.status, each.confidence) for each in findings] == [(Status.FAIL, confidence)]
    assert findings[0].evidence["pods"] == ["web/web-5d4f-x2x9z"]
    assert findings[0].evidence["pools"] == ["pool1"]
    told = diagnose((the_proxy_leaves_private_hosts_alone,), findings, symptoms_of(facts)[0])
    assert [cause.finding.outcome for cause in told.root_causes] == [PROXY_OR_TLS.id]
    assert set(told.root_causes[0].explains) == {each.symptom_class for each in told.symptoms}


def test_pods_that_report_something_else_leave_it_a_warning(led):
    led(PRIVATE)
    assert statuses(proxied_facts(kubernetes=kubernetes(failing()))) == [Status.WARN]


@pytest.mark.parametrize(
    "changes",
    [
        {"cluster": cluster(http_proxy=NOT_READ)},
        {"cluster": NOT_READ},
        {"registry": NOT_READ},
        {"network": NOT_READ},
        {"kubernetes": NOT_READ},
        {"kubernetes": kubernetes(failing=NOT_READ)},
    ],
)
def test_what_is_not_read_is_unknown(led, changes):
    led(PRIVATE)
    assert statuses(proxied_facts(LOGIN, DATA, **changes)) == [Status.UNKNOWN]


def test_exceptions_that_are_not_shown(led):
    led(PRIVATE)
    proxy = HttpProxy("http://proxy.corp:3128", "http://proxy.corp:3128", NOT_READ, False)
    assert statuses(proxied_facts(cluster=cluster(http_proxy=proxy))) == [Status.UNKNOWN]


def test_where_the_name_leads_may_not_be_known(led):
    led(None, Hop("dns-server", "10.0.0.4", None, UNKNOWN, "Not read.", unread=NOT_READ))
    (finding,) = judged(proxied_facts())
    assert (finding.status, finding.decisive) == (Status.UNKNOWN, False)
    assert (finding.operation, finding.permission) == (NOT_READ.operation, NOT_READ.permission)


def test_where_the_name_leads_is_decisive_for_pods_that_fail(led):
    led(None, Hop("dns-server", "10.0.0.4", None, UNKNOWN, "Not read.", unread=NOT_READ))
    (finding,) = judged(proxied_facts(kubernetes=kubernetes(failing(TIMEOUT))))
    assert (finding.status, finding.decisive) == (Status.UNKNOWN, None)


# --- what pods report ------------------------------------------------------------------


@pytest.mark.parametrize("message", [PROXY_DOWN, PROXY_AUTH])
def test_a_proxy_that_refuses_is_seen_whatever_the_setting(message):
    (finding,) = judged(failing_pods_facts((failing(message),)))
    assert (finding.status, finding.seen_from, finding.confidence) == (
        Status.FAIL,
        SeenFrom.KUBERNETES,
        Confidence.OBSERVED,
    )
    assert finding.evidence["hosts"] == [LOGIN]
    assert "timeout-network" in finding.explains


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (UNTRUSTED, "(Contoso TLS Inspection)"),
        (f"{HEAD}x509: certificate signed by unknown authority", "certificate authority is not trusted"),
        (f"{HEAD}x509: certificate has expired or is not yet valid: current time", "clock of the node"),
        (f"{HEAD}x509: certificate is valid for block.corp, not {LOGIN}", "for block.corp"),
        (f"{HEAD}http: server gave HTTP response to HTTPS client", "plain HTTP"),
    ],
)
def test_a_certificate_that_is_not_trusted(message, said):
    facts = failing_pods_facts((failing(message),))
    (finding,) = judged(facts)
    assert (finding.outcome, finding.status, finding.explains) == (PROXY_OR_TLS.id, Status.FAIL, ("tls-trust",))
    assert said in finding.summary
    assert finding.evidence["hosts"] == [LOGIN]
    assert [remedy.command and remedy.command.split()[-2] for remedy in finding.remedies] == [
        None,
        "--custom-ca-trust-certificates",
    ]
    told = diagnose((the_proxy_leaves_private_hosts_alone,), (finding,), symptoms_of(facts)[0])
    assert [cause.explains for cause in told.root_causes] == [("tls-trust",)]


def test_with_a_proxy_its_setting_carries_the_authority(led):
    led(PRIVATE)
    findings = judged(proxied_facts(kubernetes=kubernetes(failing(UNTRUSTED))))
    assert [finding.status for finding in findings] == [Status.FAIL, Status.WARN]
    assert [(remedy.option, remedy.step) for remedy in findings[0].remedies] == [(1, 1), (2, 1)]
    assert findings[0].remedies[0].changes == "every node is reimaged"
    assert [remedy.command and remedy.command.split()[-2] for remedy in findings[0].remedies] == [
        "--http-proxy-config",
        None,
    ]


def test_an_image_named_by_its_private_link_host_is_a_typo():
    host = "contosoreg.privatelink.azurecr.io"
    message = f'Get "https://{host}/v2/": x509: certificate is valid for *.azurecr.io, not {host}'
    assert statuses(failing_pods_facts((failing(message, image=f"{host}/team/app:1.2"),))) == [Status.PASS]


def test_other_failures_are_no_proxys():
    assert statuses(failing_pods_facts()) == [Status.PASS]


def test_a_certificate_of_another_registry_is_out_of_scope():
    other = failing("x509: certificate signed by unknown authority", image="harbor.corp/app:1")
    assert statuses(failing_pods_facts((other,))) == [Status.PASS]


def test_texts_of_pods_are_made_printable():
    evil = f'{HEAD}x509: candidate authority certificate "\x1b[31mRoot\u202e" x509: unknown authority'
    (finding,) = judged(failing_pods_facts((failing(evil),)))
    assert finding.summary.isprintable()
    assert finding.evidence["message"].isprintable()


def test_a_healthy_cluster_without_a_proxy():
    assert statuses(healthy_facts()) == [Status.PASS]
