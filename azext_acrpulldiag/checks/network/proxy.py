"""The check on the cluster's HTTP proxy, and on certificates that nodes do not trust."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum

from ...catalogue import Outcome, check, unknown
from ...details import Details, internal
from ...effects.network.proxy import hosts_excepted
from ...facts import Cluster, Facts, HttpProxy, Kubernetes, Network, Registry, Unreadable, known
from ...model import Confidence, Finding, SeenFrom, Severity
from ...path import Walk, walks, why_lost
from ...path.proxy import goes_past
from ...pull_errors.symptoms import FailedPull, failed_pulls, pool_of
from ...quoting import printable, quoted
from ...repairs import Step
from .._kubernetes import LONGEST_MESSAGE, pod_names
from .._named import ClusterNames

# What a request that the proxy carries astray ends in.
_ASTRAY = ("timeout-network", "forbidden-403", "blob-download")
# As Go's crypto/x509 words it.
_AUTHORITY = re.compile(r"candidate authority certificate \\{0,8}\"([^\"\\]{1,200})")
_VALID_FOR = re.compile(r"certificate is valid for (.{1,200}?), not ")
_FILE = "aks-proxy-config.json"


class _Fault(Enum):
    """What a proxy, or something in its place, does to a pull."""

    CARRIES_ASTRAY = "it is asked for hosts that it ought not to be asked for"
    REFUSES = "it refuses"
    IS_NOT_TRUSTED = "it answers with a certificate that nodes do not trust"


@dataclass(frozen=True)
class Answering(Details):
    """What answers the nodes in the registry's place, and the cluster's proxy setting."""

    problem: str
    """A whole sentence."""
    pools: tuple[str, ...]
    """Of the pods that report it."""
    hosts: tuple[str, ...]
    proxy: str | None
    no_proxy: tuple[str, ...]
    trusted_ca: bool | None
    file: str
    content: str | None
    """What the file of a setting that excepts the hosts holds; ``None``: none has to be excepted."""
    pods: tuple[str, ...]
    message: str | None
    fault: _Fault = internal()
    has_no_setting: bool = internal()
    """The cluster has no proxy setting."""

    @property
    def is_opaque(self) -> bool:
        """A look from a node has to tell what it is."""
        return self.fault is not _Fault.CARRIES_ASTRAY

    @property
    def may_be_trusted(self) -> bool:
        """Nodes learn whom to trust from a file of its own."""
        return self.fault is _Fault.IS_NOT_TRUSTED and self.has_no_setting


_CHANGE_CLUSTER = ("Microsoft.ContainerService/managedClusters/write",)

PROXY_OR_TLS = Outcome(
    id="network.proxy-or-tls",
    severity=Severity.ERROR,
    summary="{problem}",
    url="https://learn.microsoft.com/azure/aks/http-proxy",
    details=(Answering, ClusterNames),
    repairs=(
        Step(
            "Add {hosts} to noProxy. Write the whole proxy configuration to {file}: {content}. If "
            "`az aks show --query httpProxyConfig.trustedCa` prints a value, add it as trustedCa. AKS then reimages "
            "every node pool, one node after the other",
            "az aks update --name {cluster} --resource-group {resource_group} --subscription {subscription} "
            "--http-proxy-config {file}",
            when="content",
            requires=_CHANGE_CLUSTER,
            changes="every node is reimaged",
            effect=hosts_excepted,
        ),
        Step(
            "Check from a node what answers: the TLS certificate, or the status that the proxy returns (a debug pod "
            "needs an image that the node already has). Exclude {hosts} from TLS inspection on the proxy or firewall, "
            "or add its certificate authority to trustedCa of the cluster's HTTP proxy configuration",
            when="is_opaque",
        ),
        Step(
            "The cluster has no HTTP proxy configuration: add the certificate authority to the nodes from a file with "
            "its certificates. AKS then reimages every node pool",
            "az aks update --name {cluster} --resource-group {resource_group} --subscription {subscription} "
            "--custom-ca-trust-certificates ca-certificates.pem",
            when="may_be_trusted",
            requires=_CHANGE_CLUSTER,
            changes="every node is reimaged",
            untold="Whether the file has the authority of the certificate that answers, nobody can tell from here.",
        ),
    ),
    explains=("tls-trust", *_ASTRAY),
)


@check(
    "network.proxy",
    needs=("registry", "cluster", "network", "kubernetes"),
    outcomes=(PROXY_OR_TLS,),
)
def the_proxy_leaves_private_hosts_alone(facts: Facts) -> Iterator[Finding]:
    """Nodes reach the registry's private endpoint without the HTTP proxy, and trust the certificate that answers.

    With an HTTP proxy configured on the cluster, containerd and kubelet use it for every host that
    noProxy does not list. The proxy may be in a network where the registry's name resolves to the
    public endpoint, which denies it. noProxy follows the rules of Go: a name covers itself and its
    subdomains, and is compared with the host that is requested. The address range of the endpoint, or
    its ``privatelink`` name, has no effect.

    Decided from the cluster's HTTP proxy configuration and the hosts that resolve to a private
    endpoint for the nodes. A host that is missing from noProxy is a warning, because the proxy may
    reach the endpoint too; it is an error where pulls from the registry time out or get 403. Pods that
    report an untrusted certificate, or a proxy that refuses, are an error by themselves: Azure's own
    certificates are trusted, so something on the path answers in place of the registry. An image that
    is named by its ``privatelink`` host is left to another check.

    Sources: https://learn.microsoft.com/azure/aks/http-proxy,
    https://pkg.go.dev/golang.org/x/net/http/httpproxy
    """
    registry, cluster = known(facts.registry), known(facts.cluster)
    pulls = failed_pulls(facts)[0]
    left_out = _left_out(facts, cluster, registry)
    named = () if isinstance(left_out, Unreadable) else left_out
    untrusted = [pull for pull in pulls if pull.symptom_class == "tls-trust" and not _is_misnamed(pull)]
    refused = [pull for pull in pulls if (pull.error.mechanism or "").startswith("proxy")]
    if untrusted:
        yield _untrusted(untrusted, named, facts, cluster, registry)
    if named:
        yield _carried(named, refused, [pull for pull in pulls if pull.symptom_class in _ASTRAY], facts, cluster)
    elif refused:
        yield _refused(refused, facts, cluster, registry)
    if isinstance(left_out, Unreadable):
        # In a preflight it is a warning at most.
        yield unknown(cluster.id, left_out, decisive=None if pulls else False)
    kubernetes = facts.kubernetes
    unread = kubernetes.failing if isinstance(kubernetes, Kubernetes) else kubernetes
    if isinstance(unread, Unreadable):
        yield unknown(cluster.id, unread, decisive=False)


def _left_out(facts: Facts, cluster: Cluster, registry: Registry) -> tuple[str, ...] | Unreadable:
    """The hosts that DNS leads the nodes to a private endpoint for, and that they ask a proxy for."""
    proxy = cluster.http_proxy
    if isinstance(proxy, Unreadable):
        return proxy
    if proxy is None or proxy.https is None or registry.private_endpoints == () or facts.network is None:
        return ()
    if isinstance(facts.network, Unreadable):
        return facts.network
    found = walks(facts)
    private = tuple(dict.fromkeys(host for walk in found for host in _private_hosts(walk)))
    if not private:
        return _unclear(registry, facts.network, [walk for walk in found if walk.destination is None])
    if isinstance(proxy.no_proxy, Unreadable):
        return proxy.no_proxy
    return tuple(host for host in private if not goes_past(host, known(proxy.no_proxy)))


def _unclear(registry: Registry, network: Network, lost: list[Walk]) -> tuple[str, ...] | Unreadable:
    """Why it is not known whether the hosts of some ways lead to a private endpoint; empty: there are no such."""
    if not lost:
        return ()
    hosts = ", ".join(dict.fromkeys(walk.host for walk in lost))
    detail = f"Whether {hosts} resolves to a private endpoint is not known"
    why = next(filter(None, (why_lost(registry, network, walk) for walk in lost)), None)
    return replace(why, detail=f"{detail}: {why.detail}") if why else Unreadable("not-shown", detail)


def _private_hosts(walk: Walk) -> Iterator[str]:
    """The host, and those that the endpoint answers for besides: layers come from its data endpoints."""
    destination = walk.destination
    if destination is None or not destination.private:
        return
    yield walk.host
    addresses = destination.endpoint.addresses if destination.endpoint else ()
    for each in () if isinstance(addresses, Unreadable) else addresses:
        yield from (fqdn.lower() for fqdn in each.fqdns if ".privatelink." not in fqdn.lower())


def _is_misnamed(pull: FailedPull) -> bool:
    """The image is named by a host that no certificate is for, which image.login-server-typo tells."""
    return ".privatelink." in (pull.error.host or "").lower()


def _carried(
    left_out: tuple[str, ...], refused: list[FailedPull], astray: list[FailedPull], facts: Facts, cluster: Cluster
) -> Finding:
    proxy = cluster.http_proxy
    url = proxy.https if isinstance(proxy, HttpProxy) else None
    problem = (
        f"The cluster's noProxy list does not include {', '.join(left_out)}: nodes use HTTP proxy {url} instead of the "
        "private endpoint."
    )
    pulls = refused or astray
    return PROXY_OR_TLS.at(
        cluster.id,
        _answering(_Fault.CARRIES_ASTRAY, problem, pulls, left_out, left_out, facts, cluster),
        ClusterNames.of(cluster),
        severity=Severity.ERROR if pulls else Severity.WARNING,
        confidence=Confidence.OBSERVED if refused else Confidence.INFERRED,
        explains=_ASTRAY,
    )


def _refused(refused: list[FailedPull], facts: Facts, cluster: Cluster, registry: Registry) -> Finding:
    hosts = _hosts(refused, registry)
    problem = f"A proxy on the path from the nodes to {', '.join(hosts)} refuses the request or does not answer."
    return PROXY_OR_TLS.at(
        cluster.id,
        _answering(_Fault.REFUSES, problem, refused, hosts, (), facts, cluster),
        ClusterNames.of(cluster),
        seen_from=SeenFrom.KUBERNETES,
        explains=("timeout-network", "blob-download"),
    )


def _untrusted(
    untrusted: list[FailedPull], left_out: tuple[str, ...], facts: Facts, cluster: Cluster, registry: Registry
) -> Finding:
    hosts = _hosts(untrusted, registry)
    problem = (
        f"Something on the path answers for {', '.join(hosts)} in place of the registry: {_objection(untrusted[0])}."
    )
    return PROXY_OR_TLS.at(
        cluster.id,
        _answering(_Fault.IS_NOT_TRUSTED, problem, untrusted, hosts, left_out, facts, cluster),
        ClusterNames.of(cluster),
        seen_from=SeenFrom.KUBERNETES,
        explains=("tls-trust",),
    )


def _objection(pull: FailedPull) -> str:
    """What nodes have against the certificate, with the name in it where the text tells."""
    text = pull.container.message
    if pull.error.mechanism == "expired":
        return "its certificate has expired or is not valid yet (or the clock of the node is wrong)"
    if pull.error.mechanism == "plain-http":
        return "it answers in plain HTTP"
    if pull.error.mechanism == "name":
        named = _VALID_FOR.search(text)
        return f"its certificate is for {printable(named[1])}" if named else "its certificate is for another name"
    named = _AUTHORITY.search(text)
    return "the certificate authority is not trusted" + (f" ({printable(named[1])})" if named else "")


def _hosts(pulls: Iterable[FailedPull], registry: Registry) -> tuple[str, ...]:
    return tuple(sorted({(pull.error.host or registry.login_server).lower() for pull in pulls}))


def _answering(
    fault: _Fault,
    problem: str,
    pulls: list[FailedPull],
    hosts: tuple[str, ...],
    left_out: tuple[str, ...],
    facts: Facts,
    cluster: Cluster,
) -> Answering:
    """Describe a fault; ``left_out`` are the hosts that a new setting has to except."""
    proxy = cluster.http_proxy if isinstance(cluster.http_proxy, HttpProxy) else None
    excepted = proxy.no_proxy if proxy is not None and not isinstance(proxy.no_proxy, Unreadable) else ()
    return Answering(
        problem=problem,
        pools=tuple(sorted({pool for pull in pulls if (pool := pool_of(pull.container.node, facts))})),
        hosts=tuple(printable(host) for host in hosts),
        proxy=proxy.https if proxy else None,
        no_proxy=excepted,
        trusted_ca=proxy.trusted_ca if proxy else None,
        file=_FILE,
        content=_content(proxy, (*excepted, *left_out)) if proxy and left_out else None,
        pods=pod_names(pull.container for pull in pulls),
        message=quoted(pulls[0].container.message, LONGEST_MESSAGE) if pulls else None,
        fault=fault,
        has_no_setting=cluster.http_proxy is None,
    )


def _content(proxy: HttpProxy, excepted: Iterable[str]) -> str:
    """What the file of the new setting holds, but for the certificate authority."""
    found = {"httpProxy": proxy.http, "httpsProxy": proxy.https, "noProxy": list(excepted)}
    return json.dumps({name: value for name, value in found.items() if value is not None})
