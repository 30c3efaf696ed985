from __future__ import annotations

from azext_acrpulldiag.diagnosis.whole import proven
from azext_acrpulldiag.effects.network.proxy import hosts_excepted
from azext_acrpulldiag.facts import HttpProxy, Unreadable
from tests import build

from ..trying import leads_to, not_told

OUTCOME = "network.proxy-or-tls"
UNREAD = Unreadable("forbidden", "no right to read it", "Some/read", "Some/read")
HEAD = 'failed to do request: Head "https://contosoreg.azurecr.io/v2/team/app/manifests/1.2": '
TIMEOUT = f"{HEAD}dial tcp 20.61.97.129:443: i/o timeout"
PROXY_DOWN = f"{HEAD}proxyconnect tcp: dial tcp 10.1.0.4:3128: connect: connection refused"
UNTRUSTED = f"{HEAD}tls: failed to verify certificate: x509: certificate signed by unknown authority"


def test_hosts_that_the_proxy_is_not_asked_for_lead_to_the_endpoint():
    assert leads_to(build.proxied_facts(), OUTCOME) == ("healthy", ())


def test_pods_that_the_proxy_kept_from_the_registry_pull():
    for message in (TIMEOUT, PROXY_DOWN):
        facts = build.proxied_facts(kubernetes=build.kubernetes(build.failing(message)))
        assert leads_to(facts, OUTCOME) == ("healthy", ())


def test_who_answers_with_a_certificate_is_not_known():
    facts = build.proxied_facts(kubernetes=build.kubernetes(build.failing(UNTRUSTED)))
    untrusted = next(each for each in proven(facts).findings if each.summary.startswith("Something"))
    assert "answers" in untrusted.remedies[0].not_told


def test_which_authority_is_in_a_file_is_not_known():
    facts = build.failing_pods_facts((build.failing(UNTRUSTED),))
    assert "authority" in not_told(facts, OUTCOME, 2)


def test_a_cluster_or_setting_that_was_not_read_stays_unread():
    for found in (UNREAD, build.cluster(http_proxy=UNREAD), build.cluster(http_proxy=None)):
        facts = build.healthy_facts(cluster=found)
        assert hosts_excepted({"is_opaque": False, "content": '{"noProxy": []}', "hosts": ()}, facts) == facts


def test_the_setting_is_the_one_of_the_file():
    values = {"is_opaque": False, "content": '{"noProxy": ["localhost", "a.io"]}', "hosts": ("a.io",)}
    proxy = hosts_excepted(values, build.proxied_facts()).cluster.http_proxy
    assert proxy == HttpProxy("http://proxy.corp:3128", "http://proxy.corp:3128", ("localhost", "a.io"), False)
