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
        "The registry did not accept who asked, or gave that identity no right to pull this repository.",
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
        "The registry knows the request and refuses it: its firewall does not allow the address that it came from, "
        "or, at other registries, the identity may not pull.",
        (
            "network.outbound-ip-not-allowed",
            "network.public-access-disabled",
            "network.private-dns-link-missing",
            "network.private-dns-record-missing",
            "network.subnet-not-allowed",
            "network.service-endpoint-missing",
            "network.private-endpoint-not-approved",
            "access.denied",
        ),
        "Whether public network access is on, and the address that the nodes leave by against the registry's rules.",
        "3",
    ),
    "image-not-found": Explanation(
        "The registry answered, and has no such repository, tag or digest.",
        (
            "image.tag-not-found",
            "image.repository-not-found",
            "image.digest-not-found",
            "image.login-server-mismatch",
            "image.quarantined",
            "image.read-locked",
            "registry.cache-upstream",
        ),
        "Whether the registry lists the tag when it is asked with your own login.",
        "2",
    ),
    "timeout-network": Explanation(
        "The node found an address for the host, and got no complete answer from it.",
        (
            "network.nsg-blocks-registry",
            "network.firewall-blocks-registry",
            "network.route-drops-registry",
            "network.peering-missing",
            "network.peering-disconnected",
            "network.private-dns-record-wrong",
            "network.proxy-or-tls",
        ),
        "The address that was dialled: a private one points at the way to the private endpoint, a public one at the "
        "way out of the cluster's network.",
        "4",
    ),
    "dns-failure": Explanation(
        "The node could not turn the host's name into an address.",
        (
            "image.login-server-typo",
            "image.login-server-mismatch",
            "network.private-dns-record-missing",
            "network.custom-dns-unlinked",
            "network.private-dns-link-missing",
            "network.private-dns-zone-missing",
        ),
        "Whether the host is the registry's login server to the letter; if so, whether a private DNS zone that the "
        "network is linked to lacks its record.",
        "3.1",
    ),
    "platform-mismatch": Explanation(
        "The image exists, and holds nothing for the operating system, architecture or Windows build of this node.",
        ("image.platform-mismatch",),
        "The platforms of the image's manifest against the node's labels kubernetes.io/os, kubernetes.io/arch and "
        "node.kubernetes.io/windows-build.",
        "5",
    ),
    "kubelet-qps": Explanation(
        "Kubelet itself held the pull back: too many pulls started on this node at once. The registry was not asked.",
        ("kubelet.pull-qps-exceeded",),
        "How many containers on the node have imagePullPolicy Always.",
        "6",
    ),
    "registry-throttled": Explanation(
        "The registry answered 429: too many requests for its tier, or from this address or identity.",
        ("registry.throttled", "registry.cache-upstream"),
        "The host that answered: your own registry's limits follow its SKU, Docker Hub's follow the address.",
    ),
    "tls-trust": Explanation(
        "The node does not trust the certificate that it was shown, or spoke TLS with something that does not.",
        ("network.proxy-or-tls", "image.login-server-typo", "network.firewall-blocks-registry"),
        "Who issued the certificate: a company's own issuer means that a proxy or firewall opens TLS.",
    ),
    "invalid-image-name": Explanation(
        "The image reference breaks the rules for references, so no registry was asked.",
        ("image.invalid-reference",),
        "The reference itself: no scheme, a lower-case repository, one tag, a whole digest.",
        "2",
    ),
    "disk-full": Explanation(
        "The image was found, and the node's disk has no room for it.",
        ("symptom.unexplained",),
        "Free space and free inodes on the node's OS disk; the registry and the way to it are in order.",
    ),
    "blob-download": Explanation(
        "The manifest came, and a layer or the configuration did not. Layers come from another host than the login "
        "server: the registry's data endpoint or Azure Storage.",
        (
            "network.firewall-blocks-registry",
            "network.private-dns-record-missing",
            "network.storage-policy-blocks-layers",
            "network.nsg-blocks-registry",
            "network.proxy-or-tls",
            "registry.throttled",
        ),
        "The host in the text: REGISTRY.REGION.data.azurecr.io or *.blob.core.windows.net, and whether the node "
        "may reach it.",
    ),
    "unsupported-manifest": Explanation(
        "The registry has the reference, and what it holds is no image that this runtime can read: an old schema 1 "
        "manifest, or another kind of artifact.",
        ("symptom.unexplained",),
        "The media type of the manifest; push the image again with a current tool.",
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
        "The container's imagePullPolicy is Never, and the node has no copy of the image that it may use.",
        ("symptom.unexplained",),
        "The imagePullPolicy in the pod's template.",
    ),
    "backoff-only": Explanation(
        "Kubelet waits before it tries again. The text does not say what went wrong before.",
        ("symptom.unexplained",),
        "The older event with reason Failed, or the container's waiting message (Kubernetes 1.32 and newer).",
        "start",
    ),
    "server-error": Explanation(
        "The registry, or something in front of it, failed while it answered.",
        ("registry.not-ready", "registry.unhealthy", "registry.cache-upstream", "network.proxy-or-tls"),
        "Whether it passes within minutes, the registry's resource health, and which host answered.",
        "start",
    ),
    "aad-token": Explanation(
        "Microsoft Entra ID or the instance metadata service gave no token: the identity or its secret is at fault, "
        "not yet the registry.",
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
        "A policy on the node or in the cluster wants a signature that the image lacks, or does not accept it.",
        ("symptom.unexplained",),
        "The policy that refused: admission (Ratify, Gatekeeper) or the runtime's own.",
    ),
    "other": Explanation(
        "No known kind of pull failure is in this text.",
        ("symptom.unexplained",),
        "The whole text, read beside the node's containerd and kubelet logs.",
        "more",
    ),
    "negative": Explanation(
        "This text does not report a failed image pull.",
        (),
        "Nothing: look for an event with reason Failed whose text begins with 'Failed to pull image'.",
    ),
}
