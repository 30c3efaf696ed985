"""What a pull error means where its details tell more than its class.

Of each class the first case that applies holds.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable

from .. import PullError
from .general import NO_ROLE, PULL_SECRET, SERVICE_PRINCIPAL, Explanation


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


def _at_docker_hub(error: PullError) -> bool:
    return (error.host or "").endswith("docker.io")


Special = tuple[Callable[[PullError], bool], Explanation]
SPECIAL: dict[str, tuple[Special, ...]] = {
    "unauthorized-401": (
        (
            _regional_host,
            Explanation(
                "A regional host was asked without a credential: older node images do not offer one for such hosts.",
                ("image.regional-host-unsupported", *NO_ROLE),
                "The node image's version: 202607.29 or newer knows regional hosts.",
                "1",
            ),
        ),
        (
            _only_anonymous,
            Explanation(
                "The node asked without any credential: it had none to offer, or the image does not exist (a "
                "registry "
                "answers 401 for both).",
                (
                    "nodes.kubelet-identity-unassigned",
                    "identity.kubelet-identity-missing",
                    *NO_ROLE,
                    "image.repository-not-found",
                    "pull-secret.wrong-registry",
                    "pull-secret.missing",
                    "identity.service-account-pull",
                ),
                "Whether the node's scale set or machine carries the kubelet identity; then, whether the repository "
                "exists when asked with your own login.",
                "1.4",
            ),
        ),
        (
            lambda error: error.credential == "credentialed",
            Explanation(
                "A credential was offered and the registry did not let it pull this repository.",
                (
                    *NO_ROLE,
                    *SERVICE_PRINCIPAL,
                    *PULL_SECRET,
                    "pull-secret.token-scope-excludes-repository",
                    "access.recently-granted",
                ),
                "The registry's role assignment mode, and what the kubelet identity's assignments there allow.",
                "1.1",
            ),
        ),
    ),
    "forbidden-403": (
        (
            _mechanism("client-ip"),
            Explanation(
                "The registry's firewall refused the address in the text.",
                (
                    "network.outbound-ip-not-allowed",
                    "network.private-dns-link-missing",
                    "network.public-access-disabled",
                    "network.subnet-not-allowed",
                ),
                "That address against the registry's network rules. With a private endpoint it should never be seen: "
                "then DNS still gives the public address.",
                "3.2",
            ),
        ),
    ),
    "timeout-network": (
        (
            _mechanism("proxy"),
            Explanation(
                "A proxy between the node and the registry wants a login of its own.",
                ("network.proxy-or-tls",),
                "The cluster's HTTP proxy settings (az aks show, httpProxyConfig).",
            ),
        ),
        (
            _mechanism("proxy-refused"),
            Explanation(
                "A proxy between the node and the registry does not let it connect: the registry was never asked.",
                ("network.proxy-or-tls",),
                "Whether the proxy lets the nodes reach the host in the text, or noProxy names it (az aks show, "
                "httpProxyConfig).",
            ),
        ),
        (
            _mechanism("proxy-unreachable"),
            Explanation(
                "The node cannot reach the proxy that it is told to use: the registry was never asked.",
                ("network.proxy-or-tls",),
                "Whether the address in the text is the proxy's (az aks show, httpProxyConfig) and answers the nodes.",
            ),
        ),
        (
            _mechanism("reset"),
            Explanation(
                "The host was reached, and the connection was cut off, as a firewall on the way does that does not "
                "allow the host's name.",
                ("network.firewall-blocks-registry", "network.proxy-or-tls"),
                "The firewall's log for the node's address, and its rules for the registry's hosts.",
                "4",
            ),
        ),
        (
            _dialled_private,
            Explanation(
                "The node dialled a private address, which is the private endpoint's or should be, and "
                "nothing answered.",
                (
                    "network.nsg-blocks-registry",
                    "network.firewall-blocks-registry",
                    "network.peering-missing",
                    "network.peering-disconnected",
                    "network.private-dns-record-wrong",
                    "network.route-drops-registry",
                ),
                "Whether the dialled address is that of the private endpoint's network interface; then rules "
                "and peering.",
                "4",
            ),
        ),
        (
            _dialled_public,
            Explanation(
                "The node dialled a public address, and nothing answered: traffic does not leave the "
                "cluster's network.",
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
                "A cache rule of the registry was throttled by the registry that it copies from.",
                ("registry.cache-upstream",),
                "The rule named in the text, and whether it has a credential set.",
            ),
        ),
    ),
    "tls-trust": (
        (
            _private_link_host,
            Explanation(
                "The image is named by its privatelink host, which the registry's certificate does not cover.",
                ("image.login-server-typo",),
                "The image's host: it must be the login server; private DNS adds privatelink by itself.",
                "2",
            ),
        ),
        (
            _mechanism("expired"),
            Explanation(
                "The certificate is outside its validity, or the node's clock is.",
                ("network.proxy-or-tls",),
                "The node's clock against the dates in the text.",
            ),
        ),
        (
            _mechanism("plain-http"),
            Explanation(
                "The registry speaks plain HTTP, and the node expects TLS.",
                ("network.proxy-or-tls",),
                "The host and port in the text; Azure registries always speak TLS.",
            ),
        ),
    ),
    "blob-download": (
        (
            _mechanism("proxy-refused", "proxy-unreachable"),
            Explanation(
                "The manifest came; the proxy does not let the node through to the host that keeps the layers.",
                ("network.proxy-or-tls",),
                "Whether the proxy lets the nodes reach the host in the text, or noProxy names it (az aks show, "
                "httpProxyConfig).",
            ),
        ),
        (
            _mechanism("storage-authorization", "storage-refused"),
            Explanation(
                "The manifest came; the storage that keeps the layers refused the node.",
                ("network.storage-policy-blocks-layers", "network.firewall-blocks-registry"),
                "The service endpoint policies for Microsoft.Storage on the node subnet.",
            ),
        ),
        (
            _mechanism("content"),
            Explanation(
                "A layer arrived incomplete or damaged, or the node lost its copy.",
                ("network.proxy-or-tls", "symptom.unexplained"),
                "Whether another node pulls the same image: then the first node's store is at fault.",
            ),
        ),
        (
            _data_endpoint,
            Explanation(
                "The manifest came, and the registry's data endpoint, where the layers are, did not answer.",
                (
                    "network.private-dns-record-missing",
                    "network.firewall-blocks-registry",
                    "network.nsg-blocks-registry",
                ),
                "The record of the data endpoint in the private DNS zone, and rules for its host.",
                "3.1",
            ),
        ),
        (
            _storage_host,
            Explanation(
                "The manifest came, and Azure Storage, where the layers are, did not answer.",
                (
                    "network.firewall-blocks-registry",
                    "network.storage-policy-blocks-layers",
                    "network.nsg-blocks-registry",
                    "network.route-drops-registry",
                ),
                "Whether the firewall lets *.blob.core.windows.net through; dedicated data endpoints narrow that host.",
                "4.2",
            ),
        ),
    ),
    "credential-provider": (
        (
            _mechanism("plugin"),
            Explanation(
                "The plugin that fetches the node's credential failed, so kubelet pulls without one.",
                (
                    "nodes.kubelet-identity-unassigned",
                    "identity.kubelet-identity-missing",
                    "identity.service-principal-secret-expired",
                ),
                "The kubelet log on the node, and whether the node carries the kubelet identity.",
                "1.4",
            ),
        ),
    ),
    "aad-token": (
        (
            _mechanism("identity"),
            Explanation(
                "The instance metadata service does not know the identity that was asked for on this machine.",
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
                "Microsoft Entra ID does not accept the application id or its secret.",
                (
                    *SERVICE_PRINCIPAL,
                    "pull-secret.service-principal-unknown",
                    "pull-secret.service-principal-expired",
                    "access.cross-tenant",
                ),
                "Whether the application still exists in the tenant, and when its secrets end.",
                "1.2",
            ),
        ),
    ),
    "image-not-found": (
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
    "other": (
        (
            _mechanism("locked"),
            Explanation(
                "The registry holds the image and does not let it be read: it is locked, or quarantined.",
                ("image.read-locked", "image.quarantined", "access.denied"),
                "readEnabled of the repository and the tag (az acr repository show).",
            ),
        ),
        (
            _mechanism("artifact-streaming"),
            Explanation(
                "The node asked its own artifact-streaming mirror (localhost:8578), which did not answer; "
                "the registry "
                "was not reached.",
                ("symptom.unexplained",),
                "Whether artifact streaming is on for the node pool, and the mirror's log on the node.",
                "more",
            ),
        ),
        (
            _mechanism("runtime-down"),
            Explanation(
                "The container runtime on the node did not answer kubelet; no registry was asked.",
                ("symptom.unexplained",),
                "The state of containerd on the node.",
                "more",
            ),
        ),
        (
            _mechanism("local-storage"),
            Explanation(
                "The image came, and the runtime could not lay it down on the node: its local store is at fault.",
                ("symptom.unexplained",),
                "Whether another node pulls the same image.",
                "more",
            ),
        ),
        (
            _mechanism("admission"),
            Explanation(
                "An admission webhook refused the pod; no node has tried to pull.",
                ("symptom.unexplained",),
                "The webhook named in the text.",
            ),
        ),
    ),
}
