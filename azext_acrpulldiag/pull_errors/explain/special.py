"""What a pull error means where its details tell more than its class.

Of each class the first case that applies holds.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable

from .. import PullError
from ..parse import NODE_RESOLVER
from ..speakers import METADATA_HOST
from .general import NO_ROLE, PULL_SECRET, SERVICE_PRINCIPAL, Explanation
from .on_node import (
    DAMAGED,
    ENDED_EARLY,
    LAYER_NOT_THERE,
    LOCAL_STORAGE,
    STREAMING_MIRROR_FAILED,
    STREAMING_MIRROR_SILENT,
)

_NO_ANSWER = re.compile(r"\bdial tcp |i/o timeout|deadline exceeded|Client\.Timeout|connection (?:refused|reset)|EOF\b")


def _mechanism(*names: str) -> Callable[[PullError], bool]:
    return lambda error: error.mechanism in names


def _dialled_private(error: PullError) -> bool:
    try:
        return ipaddress.ip_address((error.address or "").partition("%")[0]).is_private
    except ValueError:
        return False


def _dialled_public(error: PullError) -> bool:
    try:
        return ipaddress.ip_address((error.address or "").partition("%")[0]).is_global
    except ValueError:
        return False


def _regional_host(error: PullError) -> bool:
    return ".geo.azurecr." in (error.host or "")


def _private_link_host(error: PullError) -> bool:
    return ".privatelink." in (error.host or "")


def _only_anonymous(error: PullError) -> bool:
    return error.credential == "anonymous" and len(error.causes) == 1


def _storage_host(error: PullError) -> bool:
    return ".blob.core." in (error.host or "")


def _data_endpoint(error: PullError) -> bool:
    return ".data.azurecr." in (error.host or "")


def _at_node_resolver(error: PullError) -> bool:
    return error.resolver == NODE_RESOLVER


def _metadata_silent(error: PullError) -> bool:
    """No HTTP answer: the address was dialled in vain. Requests to it must not go through a proxy.

    Source: https://learn.microsoft.com/azure/virtual-machines/instance-metadata-service#proxies
    """
    asked = error.host == METADATA_HOST and error.status is None
    return asked and bool(_NO_ANSWER.search(error.causes[0].text))


def _at_docker_hub(error: PullError) -> bool:
    return (error.host or "").endswith("docker.io")


_UPSTREAM = (
    _mechanism("artifact-cache"),
    Explanation(
        "The registry could not get the image from the upstream of a cache rule: the refusal is the upstream's, not "
        "the registry's.",
        ("registry.cache-upstream",),
        "The cache rule and the source in the message: whether the source has that repository, and takes the rule's "
        "credential set.",
    ),
)
_CONTAINER_INSTANCES = (
    _mechanism("container-instances"),
    Explanation(
        "Container Instances, which runs the pods of virtual nodes, could not get the image. It pulls with the pod's "
        "image pull secrets only, from outside the node network: a registry that admits only the nodes' network or "
        "addresses does not let it in.",
        ("pull-secret.virtual-node-needs-secret", "image.repository-not-found"),
        "Whether the pod names an image pull secret with a user name for exactly this login server.",
    ),
)

Special = tuple[Callable[[PullError], bool], Explanation]
SPECIAL: dict[str, tuple[Special, ...]] = {
    "backoff-only": (STREAMING_MIRROR_FAILED,),
    "dns-failure": (
        (
            _at_node_resolver,
            Explanation(
                "The node's own resolver (LocalDNS, 169.254.10.10) could not turn the host's name into an address. It "
                "passes on what the network's DNS servers answer, and keeps that for up to an hour.",
                (
                    "network.private-dns-record-missing",
                    "network.custom-dns-unlinked",
                    "network.node-resolver",
                    "image.login-server-typo",
                    "image.login-server-mismatch",
                ),
                "Whether the network's DNS servers resolve the name now: then the resolver has kept an old answer, or "
                "asks servers that the network had when the node was made.",
                "3.1",
            ),
        ),
    ),
    "unauthorized-401": (
        _UPSTREAM,
        _CONTAINER_INSTANCES,
        (
            _regional_host,
            Explanation(
                "A regional host got no credential: older node images send none to regional hosts.",
                ("image.regional-host-unsupported", *NO_ROLE),
                "The node image version: 202607.29 and newer support regional hosts.",
                "1",
            ),
        ),
        (
            _only_anonymous,
            Explanation(
                "The node sent no credential: it had none, or the image does not exist (a registry answers 401 to "
                "both).",
                (
                    "nodes.kubelet-identity-unassigned",
                    "identity.kubelet-identity-missing",
                    *NO_ROLE,
                    "image.repository-not-found",
                    "pull-secret.wrong-registry",
                    "pull-secret.missing",
                    "identity.service-account-pull",
                ),
                "Whether the kubelet identity is assigned to the node's scale set or VM; then, whether the repository "
                "exists for your own login (az acr repository list).",
                "1.4",
                narrower=("image.existence", "The node sent no credential. The image exists, so it had none to send."),
            ),
        ),
        (
            lambda error: error.credential == "credentialed",
            Explanation(
                "The node sent a credential, but it may not pull this repository.",
                (
                    *NO_ROLE,
                    *SERVICE_PRINCIPAL,
                    *PULL_SECRET,
                    "pull-secret.token-scope-excludes-repository",
                    "access.recently-granted",
                ),
                "The registry's role assignment mode, and the role assignments of the kubelet identity at the "
                "registry.",
                "1.1",
            ),
        ),
    ),
    "forbidden-403": (
        _UPSTREAM,
        (
            _mechanism("client-ip"),
            Explanation(
                "The registry's firewall denied the address in the message. Where that is a public one, the node came "
                "to the registry's public endpoint.",
                (
                    "network.outbound-ip-not-allowed",
                    "network.private-dns-link-missing",
                    "network.public-access-disabled",
                    "network.subnet-not-allowed",
                ),
                "Whether the registry's network rules allow that address. Where there is a private endpoint: what the "
                "registry's name resolves to on the node (nslookup), which wrongly is the public endpoint.",
                "3.2",
            ),
        ),
    ),
    "timeout-network": (
        ENDED_EARLY,
        (
            _mechanism("proxy"),
            Explanation(
                "A proxy between the node and the registry requires authentication.",
                ("network.proxy-or-tls",),
                "The cluster's HTTP proxy settings (az aks show, httpProxyConfig).",
            ),
        ),
        (
            _mechanism("proxy-refused"),
            Explanation(
                "A proxy between the node and the registry denied the connection: the registry was not reached.",
                ("network.proxy-or-tls",),
                "Whether the proxy allows the host in the message, or noProxy names it (az aks show, httpProxyConfig).",
            ),
        ),
        (
            _mechanism("proxy-unreachable"),
            Explanation(
                "The node cannot reach its HTTP proxy: the registry was not reached either.",
                ("network.proxy-or-tls",),
                "Whether the address in the message is the proxy's (az aks show, httpProxyConfig), and nodes can "
                "reach it.",
            ),
        ),
        (
            _mechanism("reset"),
            Explanation(
                "The host was reached, but the connection was reset or closed, as by a firewall on the path that does "
                "not allow the host's name.",
                ("network.firewall-blocks-registry", "network.proxy-or-tls"),
                "The firewall's log for the node's address, and its rules for the registry's host names.",
                "4",
            ),
        ),
        (
            _dialled_private,
            Explanation(
                "The node connected to a private address, which should be the private endpoint's, and got no answer.",
                (
                    "network.nsg-blocks-registry",
                    "network.firewall-blocks-registry",
                    "network.peering-missing",
                    "network.peering-disconnected",
                    "network.private-dns-record-wrong",
                    "network.route-drops-registry",
                ),
                "Whether the address is that of the private endpoint's network interface; then security group rules, "
                "routes and peering.",
                "4",
            ),
        ),
        (
            _dialled_public,
            Explanation(
                "The node connected to a public address and got no answer: outbound traffic of the cluster is dropped "
                "or denied.",
                (
                    "network.route-drops-registry",
                    "network.firewall-blocks-registry",
                    "network.nsg-blocks-registry",
                    "network.private-dns-link-missing",
                ),
                "The node subnet's route for 0.0.0.0/0 and the cluster's outbound type.",
                "4.2",
            ),
        ),
    ),
    "registry-throttled": (
        (
            _mechanism("artifact-cache"),
            Explanation(
                "The upstream registry throttles a cache rule of the registry.",
                ("registry.cache-upstream",),
                "The cache rule in the message, and whether it has a credential set.",
            ),
        ),
    ),
    "tls-trust": (
        (
            _private_link_host,
            Explanation(
                "The image is named by its privatelink host, which the registry's certificate does not cover.",
                ("image.login-server-typo",),
                "The host in the image reference: it must be the login server, without privatelink.",
                "2",
            ),
        ),
        (
            _mechanism("expired"),
            Explanation(
                "The certificate has expired or is not valid yet, or the node's clock is wrong.",
                ("network.proxy-or-tls",),
                "The node's clock, compared with the dates in the message.",
            ),
        ),
        (
            _mechanism("plain-http"),
            Explanation(
                "The registry speaks plain HTTP, and the node expects TLS.",
                ("network.proxy-or-tls",),
                "The host and port in the message; Azure registries always use TLS.",
            ),
        ),
    ),
    "blob-download": (
        ENDED_EARLY,
        (
            _mechanism("proxy-refused", "proxy-unreachable"),
            Explanation(
                "The manifest was pulled; the proxy does not connect the node to the host that layers are downloaded "
                "from.",
                ("network.proxy-or-tls",),
                "Whether the proxy allows the host in the message, or noProxy names it (az aks show, httpProxyConfig).",
            ),
        ),
        (
            _mechanism("storage-authorization", "storage-refused"),
            Explanation(
                "The manifest was pulled; Azure Storage, which layers are downloaded from, denied the request.",
                ("network.storage-policy-blocks-layers", "network.firewall-blocks-registry"),
                "The service endpoint policies for Microsoft.Storage on the node subnet.",
            ),
        ),
        LAYER_NOT_THERE,
        DAMAGED,
        (
            _data_endpoint,
            Explanation(
                "The manifest was pulled; the registry's data endpoint, which layers are downloaded from, did not "
                "answer.",
                (
                    "network.private-dns-record-missing",
                    "network.firewall-blocks-registry",
                    "network.nsg-blocks-registry",
                ),
                "The A record of the data endpoint in the private DNS zone, and firewall and security group rules for "
                "it.",
                "3.1",
            ),
        ),
        (
            _storage_host,
            Explanation(
                "The manifest was pulled; Azure Storage, which layers are downloaded from, did not answer.",
                (
                    "network.firewall-blocks-registry",
                    "network.storage-policy-blocks-layers",
                    "network.nsg-blocks-registry",
                    "network.route-drops-registry",
                ),
                "Whether the firewall allows *.blob.core.windows.net; dedicated data endpoints replace that wildcard.",
                "4.2",
            ),
        ),
    ),
    "unsupported-manifest": (
        (
            lambda error: "unexpected media type text/" in error.causes[0].text.lower(),
            # https://github.com/containerd/containerd/issues/7400, https://github.com/k3s-io/k3s/issues/5502
            Explanation(
                "What answered with a web page is no registry: a proxy, firewall or sign-in page on the path, or a "
                "mirror that passes requests on wrongly.",
                ("network.proxy-or-tls", "symptom.unexplained"),
                "Who answers on the node (curl -i https://REGISTRY/v2/): ACR answers 401 with an error in JSON. The "
                "mirrors in /etc/containerd/certs.d on the node.",
            ),
        ),
    ),
    "credential-provider": (
        _CONTAINER_INSTANCES,
        (
            _mechanism("plugin"),
            Explanation(
                "The credential provider plugin of the node failed, so kubelet pulls without a credential.",
                (
                    "nodes.kubelet-identity-unassigned",
                    "identity.kubelet-identity-missing",
                    "identity.service-principal-secret-expired",
                ),
                "The kubelet log on the node, and whether the kubelet identity is assigned to the node.",
                "1.4",
            ),
        ),
    ),
    "aad-token": (
        (
            _metadata_silent,
            Explanation(
                "The node got no answer from the instance metadata service, which gives the kubelet identity its "
                "tokens. The registry was not reached yet.",
                ("symptom.unexplained",),
                "Whether 169.254.169.254 answers on the node, and what on it stands in the way: a rule of iptables or "
                "of a firewall agent, or a proxy that 169.254.169.254 is not an exception of.",
                "1.4",
            ),
        ),
        (
            _mechanism("identity"),
            Explanation(
                "The instance metadata service says that the requested identity is not assigned to this machine.",
                (
                    "nodes.kubelet-identity-unassigned",
                    "identity.node-identity-outdated",
                    "identity.kubelet-identity-missing",
                ),
                "The user-assigned identities of the node's scale set or machine.",
                "1.4",
            ),
        ),
        (
            _mechanism("application"),
            Explanation(
                "Microsoft Entra ID does not accept the application ID or its client secret.",
                (
                    *SERVICE_PRINCIPAL,
                    "pull-secret.service-principal-unknown",
                    "pull-secret.service-principal-expired",
                    "access.cross-tenant",
                ),
                "Whether the application still exists in the tenant, and when its client secrets expire.",
                "1.2",
            ),
        ),
    ),
    "image-not-found": (
        _UPSTREAM,
        (
            _at_docker_hub,
            Explanation(
                "Docker Hub has no such image. A name without a host means Docker Hub, not your registry.",
                ("image.login-server-typo", "image.invalid-reference", "symptom.unexplained"),
                "Whether the image was meant to begin with your registry's login server.",
                "2",
            ),
        ),
    ),
    "server-error": (_UPSTREAM,),
    "other": (
        _CONTAINER_INSTANCES,
        (
            _mechanism("locked"),
            Explanation(
                "The registry has the image but does not allow reading it: it is locked or quarantined.",
                ("image.read-locked", "image.quarantined", "access.denied"),
                "readEnabled of the repository and the tag (az acr repository show).",
            ),
        ),
        STREAMING_MIRROR_FAILED,
        STREAMING_MIRROR_SILENT,
        (
            _mechanism("runtime-down"),
            Explanation(
                "The container runtime on the node did not answer kubelet; no request was sent to a registry.",
                ("symptom.unexplained",),
                "The state of containerd on the node.",
                "more",
            ),
        ),
        LOCAL_STORAGE,
        (
            _mechanism("admission"),
            Explanation(
                "An admission webhook failed over the pod; no node has tried to pull.",
                ("symptom.unexplained",),
                "The webhook named in the message.",
            ),
        ),
    ),
}
