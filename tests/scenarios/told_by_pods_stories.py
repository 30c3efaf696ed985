"""What pods, nodes and the registry's own words tell, where Azure shows nothing wrong or does not show it at all."""

from __future__ import annotations

from tests import build
from tests.azure.registry import THIS_MACHINE
from tests.azure.resources import OUTBOUND_IP
from tests.azure.state import Cloud

from .combination_stories import ANONYMOUS, IMAGE, WINDOWS, WINDOWS_NODE, tried
from .stories import story

AZURE_LINUX = {"osSKU": "AzureLinux", "nodeImageVersion": "AKSAzureLinux-V3gen2-202607.20.0"}
AZURE_LINUX_NODE = "aks-azl-87752918-vmss000000"
OS_SKU, NODE_IMAGE = "kubernetes.azure.com/os-sku", "kubernetes.azure.com/node-image-version"


def _two_pools(cloud: Cloud) -> None:
    """A role, an Ubuntu pool that pulls the image, and an Azure Linux pool beside it."""
    cloud.grant()
    cloud.image("team/app", "1.2")
    cloud.node(runtime="containerd://1.7.34-1")
    cloud.pulled(IMAGE)
    cloud.add_pool("azl", **AZURE_LINUX)
    cloud.node(
        AZURE_LINUX_NODE,
        "azl",
        runtime="containerd://2.2.4",
        **{OS_SKU: "AzureLinux", NODE_IMAGE: AZURE_LINUX["nodeImageVersion"]},
    )


# --- what sets the nodes apart that fail -------------------------------------------------


@story(
    verdict="broken",
    root_causes=("symptom.unexplained",),
    symptoms=("unauthorized-401",),
    evidence={
        "symptom.unexplained": {
            "decidedBy": None,
            "comparedWith": "pulled-the-image",
            "onlyHere": [
                {"what": "node pool", "value": "azl", "others": ["pool1"]},
                {"what": "OS SKU", "value": "AzureLinux", "others": ["Ubuntu"]},
                {
                    "what": "node image",
                    "value": "AKSAzureLinux-V3gen2-202607.20.0",
                    "others": ["AKSUbuntu-2204gen2containerd-202505.14.0"],
                },
                {"what": "container runtime", "value": "containerd://2.2.4", "others": ["containerd://1.7.34-1"]},
            ],
        }
    },
)
def one_node_image_sends_no_credential(cloud: Cloud) -> None:
    """Pods on an Azure Linux pool are refused without a credential; the Ubuntu pool pulls the same image."""
    _two_pools(cloud)
    cloud.failing_pod(message=tried(ANONYMOUS), node=AZURE_LINUX_NODE)


@story(
    verdict="broken",
    root_causes=("symptom.unexplained",),
    symptoms=("unauthorized-401", "unauthorized-401"),
    evidence={
        "symptom.unexplained": {
            "comparedWith": "pulled-the-image",
            "onlyHere": [
                {
                    "what": "container runtime",
                    "value": "containerd://2.3.3",
                    "others": ["containerd://1.7.34-1", "containerd://2.2.4"],
                }
            ],
        }
    },
)
def one_version_of_containerd_fails_in_two_pools(cloud: Cloud) -> None:
    """Two nodes of two pools fail that share nothing but the version of containerd, which no other node has."""
    _two_pools(cloud)
    cloud.pulled(IMAGE, node=AZURE_LINUX_NODE)
    for number, pool in enumerate(("pool1", "azl"), 1):
        name = f"aks-{pool}-87752918-vmss00000{number}"
        cloud.node(name, pool, runtime="containerd://2.3.3")
        cloud.failing_pod(message=tried(ANONYMOUS), node=name, name=f"web-{number}")


@story(
    verdict="broken",
    root_causes=("symptom.unexplained",),
    symptoms=("timeout-network",),
    evidence={
        "symptom.unexplained": {
            "comparedWith": "pulled",
            "onlyHere": [
                {"what": "node pool", "value": "win", "others": ["pool1"]},
                {"what": "operating system", "value": "windows", "others": ["linux"]},
            ],
        }
    },
)
def windows_nodes_alone_time_out(cloud: Cloud) -> None:
    """Pods on Windows nodes get no answer, and the Linux nodes of the same subnet pulled another image."""
    cloud.grant()
    cloud.image("team/app", "1.2", "windows/amd64:10.0.20348.2966")
    cloud.node()
    cloud.pulled()
    cloud.add_pool("win", **WINDOWS)
    cloud.node(WINDOWS_NODE, "win", **{"kubernetes.io/os": "windows", "node.kubernetes.io/windows-build": "10.0.20348"})
    cloud.failing_pod(
        message=f'failed to do request: Head "https://{IMAGE.partition("/")[0]}/v2/team/app/manifests/1.2": '
        "net/http: TLS handshake timeout",
        node=WINDOWS_NODE,
    )


# --- the client's address in the registry's own refusal -----------------------------------

NAMED = "20.88.7.6"
ALLOW = f"az acr network-rule add --name contosoreg --resource-group rg-shared --subscription {build.SUBSCRIPTION}"


def _denied(address: str) -> str:
    """What a pull reports where the registry's firewall denies ``address``."""
    host = IMAGE.partition("/")[0]
    return (
        f'Failed to pull image "{IMAGE}": failed to resolve reference "{IMAGE}": unexpected status from HEAD request '
        f"to https://{host}/v2/team/app/manifests/1.2: 403 Forbidden: denied: client with IP '{address}' is not "
        "allowed access. Refer https://aka.ms/acr/firewall to grant access."
    )


@story(
    verdict="broken",
    root_causes=("network.outbound-ip-not-allowed",),
    symptoms=("forbidden-403",),
    evidence={
        "network.outbound-ip-not-allowed": {
            "path": "registry-answer",
            "uncovered": [NAMED],
            "shownAddresses": [OUTBOUND_IP],
            "rules": [OUTBOUND_IP],
        }
    },
    commands=(f"{ALLOW} --ip-address {NAMED}",),
    other_outcomes=("registry.unhealthy",),
    unknowns=dict.fromkeys(
        (
            "image.artifact",
            "image.existence",
            "image.manifest",
            "image.platform",
            "image.quarantine",
            "image.read-lock",
        ),
        f"network access from this machine ({THIS_MACHINE}) to contosoreg.azurecr.io",
    )
    | {"network.outbound-ip": None},
)
def registry_names_another_address_than_azure(cloud: Cloud) -> None:
    """The firewall allows the outbound IP that Azure shows; the registry, which refuses us too, names another."""
    cloud.grant()
    cloud.image("team/app", "1.2")
    cloud.firewall([OUTBOUND_IP])
    cloud.refuse_this_machine()
    cloud.node()
    cloud.failing_pod(message=f"403 Forbidden: denied: client with IP '{NAMED}' is not allowed access")


@story(
    verdict="broken",
    root_causes=("network.outbound-ip-not-allowed",),
    symptoms=("forbidden-403", "forbidden-403"),
    evidence={"network.outbound-ip-not-allowed": {"uncovered": ["2603:1020:206::5", NAMED]}},
    commands=(f"{ALLOW} --ip-address {NAMED}",),
    unknowns={"network.outbound-ip": None},
)
def registry_names_an_ipv6_address_too(cloud: Cloud) -> None:
    """Nodes come by IPv4 and by IPv6, for which the registry's firewall takes no rule."""
    cloud.grant()
    cloud.image("team/app", "1.2")
    cloud.firewall([OUTBOUND_IP])
    cloud.node()
    cloud.failing_pod(message=_denied("2603:1020:206::5"), name="web-1")
    cloud.failing_pod(message=_denied(NAMED), name="web-2")


@story(
    verdict="broken",
    root_causes=("symptom.unexplained",),
    symptoms=("forbidden-403",),
    unknowns={"network.outbound-ip": None},
)
def address_was_allowed_since(cloud: Cloud) -> None:
    """The registry refused an address that its rules allow by now: the next try will tell."""
    cloud.grant()
    cloud.image("team/app", "1.2")
    cloud.firewall([OUTBOUND_IP, NAMED])
    cloud.node()
    cloud.failing_pod(message=_denied(NAMED))


# --- what nodes do between kubelet and the registry ---------------------------------------


def _through_the_mirror(then: str) -> str:
    """What a pull reports that went through the artifact streaming mirror, and ended so."""
    return f'Failed to pull image "{IMAGE}": failed to resolve reference "{IMAGE}": {then}'


REFUSED_BY_MIRROR = _through_the_mirror(
    'failed to do request: Head "http://localhost:8578/v2/team/app/manifests/1.2?ns=contosoreg.azurecr.io": dial tcp '
    "127.0.0.1:8578: connect: connection refused"
)
MIRROR_503 = _through_the_mirror(
    "unexpected status from HEAD request to "
    "http://localhost:8578/v2/team/app/manifests/1.2?ns=contosoreg.azurecr.io: 503 Service Unavailable"
)
OF_POOL = f"--resource-group rg-app --cluster-name prod --name pool1 --subscription {build.SUBSCRIPTION}"


def _stream(cloud: Cloud) -> None:
    """Turn artifact streaming on for the first node pool."""
    cloud.image("team/app", "1.2")
    cloud.node()
    for number, pool in enumerate(cloud.cluster["properties"]["agentPoolProfiles"]):
        pool["artifactStreamingProfile"] = {"enabled": number == 0}


@story(
    verdict="broken",
    root_causes=("nodes.artifact-streaming",),
    symptoms=("other",),
    evidence={"nodes.artifact-streaming": {"pools": ["pool1"], "streamingPools": ["pool1"]}},
    commands=(
        f"az aks nodepool upgrade {OF_POOL} --node-image-only",
        f"az aks nodepool update {OF_POOL} --disable-artifact-streaming",
    ),
)
def streaming_mirror_does_not_answer(cloud: Cloud) -> None:
    """The mirror of artifact streaming on a node refuses connections."""
    cloud.grant()
    _stream(cloud)
    cloud.failing_pod(message=REFUSED_BY_MIRROR)


@story(
    verdict="broken",
    root_causes=("symptom.unexplained",),
    symptoms=("forbidden-403",),
    unknowns={"network.private-dns": None},
)
def public_address_past_a_private_endpoint(cloud: Cloud) -> None:
    """Azure leads the nodes to the private endpoint, and the registry names the public address that they came from."""
    cloud.grant()
    cloud.image("team/app", "1.2")
    cloud.private_link()
    cloud.node()
    cloud.failing_pod(message=_denied(NAMED))


@story(
    verdict="broken",
    root_causes=("access.pull-role-missing",),
    symptoms=("backoff-only",),
)
def streaming_mirror_may_not_sign_in(cloud: Cloud) -> None:
    """The mirror answers 503 because the kubelet identity has no role, which is the cause."""
    _stream(cloud)
    cloud.failing_pod(message=MIRROR_503)


@story(
    verdict="broken",
    root_causes=("nodes.identity-ambiguous",),
    symptoms=("unauthorized-401",),
)
def auto_provisioned_machine_with_two_identities(cloud: Cloud) -> None:
    """An auto-provisioned machine carries two identities, and pods on it pull without a credential."""
    cloud.grant()
    cloud.image("team/app", "1.2")
    machine = cloud.resources[cloud.add_machine("aks-auto-x7k2p")]
    other = build.IDENTITY_ID.replace("prod-agentpool", "secretsprovider-prod")
    machine["identity"]["userAssignedIdentities"][other] = {
        "principalId": "0d9f4f2e-2b1a-4f6b-8a44-6b5f0a7c1e90",
        "clientId": "7c1e9a30-55c2-4d0f-9e1b-3f0a2b4c6d80",
    }
    node = cloud.node("aks-auto-x7k2p", "auto", client_id="")
    node["metadata"]["labels"].pop("kubernetes.azure.com/agentpool")
    node["metadata"]["labels"]["karpenter.sh/nodepool"] = "auto"
    cloud.failing_pod(message=tried(ANONYMOUS), node="aks-auto-x7k2p")


# --- a transfer that does not end in time -------------------------------------------------


@story(
    verdict="broken",
    root_causes=("symptom.unexplained",),
    symptoms=("timeout-network",),
    evidence={
        "symptom.unexplained": {
            "comparedWith": "pulled-the-image",
            "sizes": [{"image": IMAGE, "layers": 1, "total": 1_100_000_000, "largest": 1_100_000_000}],
        }
    },
)
def large_image_that_is_given_up(cloud: Cloud) -> None:
    """Pulls of a layer of 1.1 GB are given up on one pool; another pool pulled the image."""
    _two_pools(cloud)
    cloud.layers("team/app", "1.2", 1_100_000_000)
    cloud.failing_pod(
        message=f'Failed to pull image "{IMAGE}": rpc error: code = Canceled desc = context canceled',
        node=AZURE_LINUX_NODE,
    )


@story(
    verdict="broken",
    root_causes=("symptom.unexplained",),
    symptoms=("blob-download",),
    evidence={
        "symptom.unexplained": {
            "comparedWith": "ready",
            "sizes": [{"image": IMAGE, "layers": 1, "total": 9_000_000_000, "largest": 9_000_000_000}],
        }
    },
)
def large_layer_that_nobody_has_pulled(cloud: Cloud) -> None:
    """A single layer of 9 GB is given up while it is copied, and no node has pulled anything of late."""
    cloud.grant()
    cloud.image("team/app", "1.2")
    cloud.layers("team/app", "1.2", 9_000_000_000)
    cloud.node()
    cloud.add_pool("edge")
    cloud.node("aks-edge-87752918-vmss000000", "edge")
    cloud.failing_pod(
        message=f'Failed to pull image "{IMAGE}": rpc error: code = Canceled desc = failed to pull and unpack image '
        f'"{IMAGE}": failed to copy: context canceled'
    )
