"""What each class of pull errors means."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Explanation:
    """What a class of messages means. ``outcomes`` are ids of the catalogue, likeliest first."""

    words: str
    outcomes: tuple[str, ...]
    decided_by: str
    article: str | None = None
    asks_other_nodes: bool = False
    """Whether ``decided_by`` asks if another node can pull the same image."""
    narrower: tuple[str, str] | None = None
    """A check, and the words where it has passed."""


NO_ROLE = (
    "access.pull-role-missing",
    "access.pull-role-wrong-mode",
    "access.condition-excludes-repository",
    "access.pull-role-on-other-principal",
)
SERVICE_PRINCIPAL = (
    "identity.service-principal-secret-expired",
    "identity.service-principal-secret-replaced",
    "identity.service-principal-not-found",
    "identity.service-principal-disabled",
)
PULL_SECRET = (
    "pull-secret.credential-refused",
    "pull-secret.service-principal-expired",
    "pull-secret.admin-password-mismatch",
    "pull-secret.admin-disabled",
    "pull-secret.token-expired",
    "pull-secret.login-token-expired",
)

GENERAL: dict[str, Explanation] = {
    "unauthorized-401": Explanation(
        "The registry did not accept the credential, or its identity may not pull this repository.",
        (
            *NO_ROLE,
            "nodes.kubelet-identity-unassigned",
            "identity.kubelet-identity-missing",
            *SERVICE_PRINCIPAL,
            *PULL_SECRET,
            "access.recently-granted",
            "image.repository-not-found",
        ),
        "The role assignments of the kubelet identity at the registry, and the registry's role assignment mode.",
        "1",
    ),
    "forbidden-403": Explanation(
        "The registry denies the request: its firewall does not allow the outbound IP, or, at registries other than "
        "ACR, the identity may not pull.",
        (
            "network.outbound-ip-not-allowed",
            "network.public-access-disabled",
            "network.private-dns-link-missing",
            "network.private-dns-record-missing",
            "network.dns-forwarded-elsewhere",
            "network.subnet-not-allowed",
            "network.service-endpoint-missing",
            "network.private-endpoint-not-approved",
            "access.denied",
            "registry.cache-upstream",
        ),
        "Whether public network access is enabled, and whether the registry's network rules allow the nodes' outbound "
        "IP.",
        "3",
    ),
    "image-not-found": Explanation(
        "The registry has no such repository, tag or digest.",
        (
            "image.tag-not-found",
            "image.repository-not-found",
            "image.digest-not-found",
            "image.manifest-missing",
            "image.login-server-mismatch",
            "image.quarantined",
            "image.read-locked",
            "registry.cache-upstream",
            "registry.cache-rule-missing",
        ),
        "Whether the registry lists the tag for your own login (az acr repository show-tags).",
        "2",
    ),
    "timeout-network": Explanation(
        "The host's name resolves, but the node got no complete response from its address.",
        (
            "network.nsg-blocks-registry",
            "network.firewall-blocks-registry",
            "network.route-drops-registry",
            "network.peering-missing",
            "network.peering-disconnected",
            "network.admin-rule-blocks-registry",
            "network.private-dns-record-wrong",
            "network.proxy-or-tls",
            "registry.replica-unhealthy",
        ),
        "The address that the node connected to. Private: check the path to the private endpoint. Public: check the "
        "outbound path of the cluster's network.",
        "4",
    ),
    "dns-failure": Explanation(
        "The node could not resolve the host's name.",
        (
            "image.login-server-typo",
            "image.login-server-mismatch",
            "network.private-dns-record-missing",
            "network.custom-dns-unlinked",
            "network.dns-forwarded-elsewhere",
            "network.private-dns-link-missing",
            "network.private-dns-zone-missing",
            "network.node-resolver",
        ),
        "Whether the host is exactly the registry's login server. If so, whether its A record is missing in a private "
        "DNS zone that is linked to the network.",
        "3.1",
    ),
    "platform-mismatch": Explanation(
        "The image has no manifest for the operating system, architecture or Windows build of this node.",
        ("image.platform-mismatch",),
        "The platforms of the image, compared with the node's labels kubernetes.io/os, kubernetes.io/arch and "
        "node.kubernetes.io/windows-build.",
        "5",
    ),
    "kubelet-qps": Explanation(
        "Kubelet throttled the pull: too many pulls started on this node at once. No request was sent to the registry.",
        ("kubelet.pull-qps-exceeded",),
        "How many containers on the node have imagePullPolicy Always.",
        "6",
    ),
    "registry-throttled": Explanation(
        "The registry answered 429: too many requests for its tier, or from this address or identity.",
        ("registry.throttled", "registry.cache-upstream"),
        "Which host answered: limits of your own registry depend on its SKU, those of Docker Hub on the outbound IP.",
    ),
    "tls-trust": Explanation(
        "The node does not trust the server's certificate, or the server does not speak TLS.",
        ("network.proxy-or-tls", "image.login-server-typo", "network.firewall-blocks-registry"),
        "The issuer of the certificate: a company's own CA means that a proxy or firewall inspects TLS.",
    ),
    "invalid-image-name": Explanation(
        "The image reference is not valid, so no request was sent to a registry.",
        ("image.invalid-reference",),
        "The reference itself: no scheme, a lower-case repository, one tag, a whole digest.",
        "2",
    ),
    "disk-full": Explanation(
        "The image was found, but the node's disk is full.",
        ("symptom.unexplained",),
        "Free space and free inodes on the node's OS disk. The registry and the path to it work.",
    ),
    "blob-download": Explanation(
        "The manifest was pulled; a layer or the image configuration was not. They are downloaded from another host "
        "than the login server: the registry's data endpoint or Azure Storage.",
        (
            "network.firewall-blocks-registry",
            "network.private-dns-record-missing",
            "network.storage-policy-blocks-layers",
            "network.nsg-blocks-registry",
            "network.proxy-or-tls",
            "registry.throttled",
        ),
        "The host in the message, REGISTRY.REGION.data.azurecr.io or *.blob.core.windows.net, and whether the node "
        "can reach it.",
    ),
    "unsupported-manifest": Explanation(
        "The registry has the reference, but not as an image that this container runtime supports: it is an old "
        "schema 1 manifest, or another kind of artifact.",
        ("image.not-an-image", "symptom.unexplained"),
        "The media types of the manifest, its configuration and its layers (az acr manifest show).",
    ),
    "credential-provider": Explanation(
        "Kubelet could not obtain a credential for the image, so it pulls without one.",
        (
            "pull-secret.missing",
            "pull-secret.malformed",
            "pull-secret.wrong-registry",
            "identity.kubelet-identity-missing",
            "nodes.kubelet-identity-unassigned",
        ),
        "Whether the pod's namespace has every secret that the pod and its service account name.",
        "1.5",
    ),
    "never-pull": Explanation(
        "The container's imagePullPolicy is Never, and the node has no copy of the image that the pod may use.",
        ("symptom.unexplained",),
        "The imagePullPolicy in the pod's template.",
    ),
    "backoff-only": Explanation(
        "Kubelet waits before it tries again. The message does not say why the pull failed.",
        ("symptom.unexplained",),
        "The earlier event with reason Failed, or the container's waiting message (Kubernetes 1.32 and newer).",
        "start",
    ),
    "server-error": Explanation(
        "The registry, or a proxy in front of it, answered with a server error.",
        (
            "registry.not-ready",
            "registry.replica-unhealthy",
            "registry.unhealthy",
            "registry.cache-upstream",
            "network.proxy-or-tls",
        ),
        "Whether it goes away within minutes, the registry's resource health, and which host answered.",
        "start",
    ),
    "aad-token": Explanation(
        "Microsoft Entra ID or the instance metadata service issued no token: the fault is in the identity or its "
        "client secret. The registry was not reached yet.",
        (
            *SERVICE_PRINCIPAL,
            "nodes.kubelet-identity-unassigned",
            "identity.kubelet-identity-missing",
            "identity.node-identity-outdated",
            "access.cross-tenant",
            "pull-secret.service-principal-unknown",
            "pull-secret.service-principal-expired",
        ),
        "Whether the cluster pulls as a service principal or as a managed identity, and that principal's state.",
        "1",
    ),
    "signature-verification": Explanation(
        "A policy on the node or in the cluster requires a signature; the image has none, or none that it accepts.",
        ("symptom.unexplained",),
        "Which policy denied it: admission (Ratify, Gatekeeper) or that of the container runtime.",
    ),
    "admission-denied": Explanation(
        "A policy or a webhook of the cluster denied the pod: no node has tried to pull.",
        ("symptom.admission-denied",),
        "The policy or webhook named in the message, and whom it says it denied.",
    ),
    "other": Explanation(
        "This message is no known kind of pull failure.",
        ("symptom.unexplained",),
        "The whole message, together with the containerd and kubelet logs of the node.",
        "more",
    ),
    "negative": Explanation(
        "This message does not report a failed image pull.",
        (),
        "Nothing here: look for an event with reason Failed whose message begins with 'Failed to pull image'.",
    ),
}
