"""What pods report, and an API server that is hard to reach."""

from __future__ import annotations

from datetime import timedelta

from tests import build
from tests.azure.state import Cloud

from .stories import OF_EVENTS, OF_NODES, OF_PODS, story

IMAGE = "contosoreg.azurecr.io/team/app:1.2"
PULL_FAILED = f'Failed to pull image "{IMAGE}": '
LOGIN = "az aks get-credentials --name prod --resource-group rg-app "
KUBECTL = "kubectl --kubeconfig ./prod.kubeconfig"
LIST_PODS = "list pods (Kubernetes RBAC, or Azure Kubernetes Service RBAC Reader)"
ANSI = "\x1b[31mred\x1b[0m\r\n\u202e$(touch /tmp/owned) `id` '; rm -rf / #"


@story(
    verdict="broken",
    root_causes=("access.pull-role-missing",),
    symptoms=("unauthorized-401", "unauthorized-401"),
)
def pods_unauthorized(cloud: Cloud) -> None:
    """Pods report 401, in a container and in an init container, and nobody gave the identity a role."""
    cloud.node()
    cloud.failing_pod()
    cloud.failing_pod(name="api-0", kind="initContainers", container="migrate")


@story(
    verdict="broken",
    root_causes=("kubelet.pull-qps-exceeded",),
    symptoms=("kubelet-qps",),
    evidence={
        "kubelet.pull-qps-exceeded": {"alwaysPulling": ["web/web-5d4f8c9b7-x2x9z"], "workload": "deployment/web"}
    },
    commands=(LOGIN, f'{KUBECTL} patch deployment/web --namespace web --type strategic --patch \'{{"spec":'),
)
def pull_qps_exceeded(cloud: Cloud) -> None:
    """Kubelet refuses pulls itself, because pods pull at every start."""
    cloud.grant()
    cloud.node()
    cloud.failing_pod(message=f"{PULL_FAILED}pull QPS exceeded", policy="Always")


@story(
    verdict="broken",
    root_causes=("registry.throttled",),
    symptoms=("registry-throttled",),
    evidence={"registry.throttled": {"pods": ["web/web-5d4f8c9b7-x2x9z"]}},
)
def registry_throttled(cloud: Cloud) -> None:
    """The registry answers the nodes 429."""
    cloud.grant()
    cloud.node()
    cloud.failing_pod(
        message=f'{PULL_FAILED}failed to pull and unpack image "{IMAGE}": failed to copy: httpReadSeeker: failed open: '
        "unexpected status code https://contosoreg.azurecr.io/v2/team/app/blobs/sha256:0: 429 Too Many Requests - "
        "Server message: toomanyrequests: too many requests"
    )


@story(
    verdict="broken",
    root_causes=("symptom.unexplained",),
    symptoms=("disk-full",),
    evidence={"symptom.unexplained": {"symptomClass": "disk-full", "containers": 1}},
    commands=(LOGIN, f"{KUBECTL} describe pod web-5d4f8c9b7-x2x9z", f"{KUBECTL} describe node aks-pool1"),
)
def disk_full(cloud: Cloud) -> None:
    """The node's disk is full, which nothing that is read of Azure tells."""
    cloud.grant()
    cloud.node()
    cloud.failing_pod(message=f"{PULL_FAILED}write /var/lib/containerd/x: no space left on device")


@story(
    verdict="broken",
    root_causes=("symptom.unexplained",),
    symptoms=("backoff-only",),
    commands=(LOGIN, f"{KUBECTL} describe pod", f"{KUBECTL} get events"),
)
def backoff_only(cloud: Cloud) -> None:
    """The cause has expired from the events of an old pod, and nothing is wrong any more."""
    cloud.grant()
    cloud.node()
    text = f'Back-off pulling image "{IMAGE}"'
    pod = cloud.failing_pod(message=text, reason="ImagePullBackOff")
    cloud.event(pod, "BackOff", text, count=541)


@story(
    verdict="broken",
    root_causes=("image.login-server-typo",),
    symptoms=("dns-failure", "dns-failure"),
    evidence={"image.login-server-typo": {"suggestion": "contosoreg.azurecr.io/team/app:1.2"}},
    commands=("az acr repository show --name contosoreg --image team/app:1.2",),
)
def host_misspelt_in_pods(cloud: Cloud) -> None:
    """The pods' images name a host that does not exist."""
    cloud.grant()
    cloud.node()
    for pod, tag in (("web-0", "1.2"), ("web-1", "1.3")):
        image = f"contosoreg.azureacr.io/team/app:{tag}"
        unresolved = (
            f"{PULL_FAILED}failed to do request: Head https://contosoreg.azureacr.io/v2/: dial tcp: no such host"
        )
        cloud.failing_pod(image, unresolved.replace(IMAGE, image), name=pod)


@story(
    verdict="broken",
    root_causes=("image.invalid-reference",),
    symptoms=("invalid-image-name",),
)
def image_of_a_pod_invalid(cloud: Cloud) -> None:
    """The pod's image has capitals in it, which kubelet refuses."""
    cloud.grant()
    cloud.node()
    image = "contosoreg.azurecr.io/Team/app:1.2"
    text = f'Failed to apply default image tag "{image}": couldn\'t parse image name: repository name must be lowercase'
    cloud.failing_pod(image, text, reason="InvalidImageName")


@story(verdict="broken", root_causes=("access.pull-role-missing",), symptoms=("backoff-only",))
def backoff_only_and_no_role(cloud: Cloud) -> None:
    """The cause has expired from the events, and the role is still missing."""
    cloud.node()
    cloud.failing_pod(message=f'Back-off pulling image "{IMAGE}"', reason="ImagePullBackOff")


@story(verdict="broken", root_causes=("access.pull-role-missing",), symptoms=("unauthorized-401",))
def cause_in_an_event(cloud: Cloud) -> None:
    """The status of a running pod's added container only says back-off; its older event has the cause."""
    cloud.node()
    pod = cloud.failing_pod(
        message="", reason="ImagePullBackOff", phase="Running", kind="ephemeralContainers", container="debugger"
    )
    cloud.event(
        pod, "Failed", build.UNAUTHORIZED, container="debugger", kind="ephemeralContainers", ago=timedelta(minutes=50)
    )
    cloud.event(pod, "Failed", "Error: ErrImagePull", container="debugger", kind="ephemeralContainers")


@story(verdict="healthy")
def other_registries_fail(cloud: Cloud) -> None:
    """Only pods of other registries fail: they are listed, and not judged."""
    cloud.grant()
    cloud.node()
    cloud.failing_pod("docker.io/library/nginx:nope", "manifest unknown")
    cloud.failing_pod("fabrikam.azurecr.io/a:1", "401 Unauthorized", name="other-0")


@story(
    verdict="broken",
    root_causes=("access.pull-role-missing",),
    unknowns=dict.fromkeys((*OF_PODS, *OF_NODES, *OF_EVENTS)),
)
def api_server_silent(cloud: Cloud) -> None:
    """The API server never answers, and the role is missing."""
    cloud.silence_api_server()


@story(verdict="healthy", unknowns=dict.fromkeys((*OF_PODS, *OF_NODES, *OF_EVENTS)))
def private_cluster_from_outside(cloud: Cloud) -> None:
    """The cluster is private and its API server out of reach; what Azure tells is in order."""
    cloud.grant()
    cloud.private_cluster()


@story(
    verdict="healthy",
    unknowns=dict.fromkeys(OF_PODS, LIST_PODS),
)
def pods_forbidden(cloud: Cloud) -> None:
    """The caller may not list pods in Kubernetes."""
    cloud.grant()
    cloud.node()
    cloud.forbid_in_cluster("list pods")


@story(
    verdict="healthy",
    unknowns=dict.fromkeys(
        (*OF_PODS, *OF_NODES, *OF_EVENTS), "Microsoft.ContainerService/managedClusters/listClusterUserCredential/action"
    ),
)
def cluster_credential_forbidden(cloud: Cloud) -> None:
    """The caller has Reader on the cluster, which gives no credential for its Kubernetes API."""
    cloud.grant()
    cloud.forbid("Microsoft.ContainerService/managedClusters/listClusterUserCredential/action")


@story(verdict="broken", root_causes=("access.pull-role-missing",), symptoms=("unauthorized-401",))
def entra_cluster(cloud: Cloud) -> None:
    """The cluster signs its users in with Entra ID, and there is no kubelogin here."""
    cloud.entra_cluster()
    cloud.node()
    cloud.failing_pod()


@story(verdict="broken", root_causes=("access.pull-role-missing",), symptoms=("unauthorized-401",), acr=None)
def registry_of_failing_pods(cloud: Cloud) -> None:
    """No registry is named; the failing pod names it."""
    cloud.node()
    cloud.failing_pod()
    cloud.failing_pod("docker.io/library/nginx:nope", "manifest unknown", name="other-0")


@story(
    verdict="broken",
    root_causes=("access.pull-role-missing",),
    symptoms=("unauthorized-401",),
    arguments=("--namespace", "web", "--pod", "web-5d4f8c9b7-x2x9z"),
)
def one_pod_only(cloud: Cloud) -> None:
    """Only one pod is looked at."""
    cloud.node()
    cloud.failing_pod()
    cloud.failing_pod(message="no space left on device", name="other-0")


@story(
    verdict="inconclusive",
    arguments=("--namespace", "wbe"),
    unknowns=dict.fromkeys(OF_PODS),
)
def no_such_namespace(cloud: Cloud) -> None:
    """The namespace is misspelt, so nothing is known of the pods that were meant."""
    cloud.grant()
    cloud.node()
    cloud.failing_pod()


@story(verdict="healthy", arguments=("--cluster-access", "none"))
def kubernetes_not_asked(cloud: Cloud) -> None:
    """The Kubernetes API is left alone, as the user asked."""
    cloud.grant()
    cloud.failing_pod()


@story(verdict="at-risk", other_outcomes=("cluster.not-ready",))
def node_not_ready(cloud: Cloud) -> None:
    """One of two nodes is not ready."""
    cloud.grant()
    cloud.node()
    cloud.node("aks-pool1-87752918-vmss000001", ready=False)


@story(
    verdict="broken",
    root_causes=("identity.node-identity-outdated",),
    evidence={"identity.node-identity-outdated": {"pools": ["burst"]}},
)
def provisioned_node_outdated(cloud: Cloud) -> None:
    """An auto-provisioned node, which no tag tells of, still has the former kubelet identity."""
    cloud.grant()
    cloud.node("aks-burst-k7x2p", "burst", client_id="7c1e9a30-55c2-4d0f-9e1b-3f0a2b4c6d80")


@story(verdict="broken", root_causes=("symptom.unexplained", "image.invalid-reference"), symptoms=("other",))
def hostile_texts(cloud: Cloud) -> None:
    """Names and messages hold escapes, shell and 64 kB of text."""
    cloud.grant()
    cloud.node()
    cloud.failing_pod(f"contosoreg.azurecr.io/team/app:{ANSI}", f"{ANSI} {'x' * 65536}", container=ANSI)
