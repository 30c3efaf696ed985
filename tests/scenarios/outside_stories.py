"""Pods just outside the ordinary: on virtual nodes, init containers, image volumes, pods that a policy refuses."""

from __future__ import annotations

import base64

from tests import build
from tests.azure import secrets as make
from tests.azure.state import Cloud

from .kubernetes_stories import KUBECTL, LOGIN
from .stories import story

HOST = "contosoreg.azurecr.io"
IMAGE = f"{HOST}/team/app:1.2"
NEEDS_SECRET = "pull-secret.virtual-node-needs-secret"
PAUSE = "mcr.microsoft.com/oss/v2/kubernetes/pause:3.6"
DENIED = (
    'admission webhook "validation.gatekeeper.sh" denied the request: '
    "[azurepolicy-k8sazurev2containerallowedimag-5ee1d79beab0bf8e481a] Container image {image} for container app has "
    "not been allowed."
)
NAMED = "ACR_USER=aks-pull-"
NEW_TOKEN = 'ACR_PASSWORD=$(az acr token create --name "${ACR_USER:?'
CREATE = f"{KUBECTL} create secret docker-registry acr-pull --namespace web --docker-server={HOST} "
PATCH = f"{KUBECTL} patch deployment/web --namespace web --type strategic --patch "


# --- virtual nodes -------------------------------------------------------------------------


@story(
    verdict="broken",
    root_causes=(NEEDS_SECRET,),
    symptoms=("unauthorized-401",),
    evidence={
        NEEDS_SECRET: {
            "workload": "deployment/web",
            "fault": "no pull secret is named",
            "node": "virtual-node-aci-linux",
        }
    },
    commands=(LOGIN, NAMED, NEW_TOKEN, CREATE, PATCH),
)
def virtual_node_without_secret(cloud: Cloud) -> None:
    """A pod on a virtual node names no pull secret; the kubelet identity, which may pull, is not used there."""
    cloud.grant()
    cloud.node()
    cloud.virtual_node()
    cloud.refused_by_provider()


@story(
    verdict="broken",
    root_causes=(NEEDS_SECRET,),
    symptoms=("credential-provider",),
    evidence={NEEDS_SECRET: {"secrets": ["regcred"], "workload": None}},
    commands=(LOGIN, NAMED, NEW_TOKEN, CREATE),
)
def virtual_node_without_username(cloud: Cloud) -> None:
    """A finished pod of a Job on a virtual node, of which only the event tells: its secret has ``auth`` alone."""
    cloud.grant()
    cloud.node()
    cloud.virtual_node()
    pod = cloud.refused_by_provider("", phase="Failed", imagePullSecrets=[{"name": "regcred"}])
    pod["metadata"]["ownerReferences"][0] |= {"kind": "Job", "name": "nightly"}
    cloud.api.add("pods", pod)
    cloud.provider_event(pod, f"no username present in auth config for server: {HOST}")
    cloud.registry["properties"]["adminUserEnabled"] = True
    auth = {"auth": base64.b64encode(b"contosoreg:sim-admin-one+ACRx1").decode()}
    make.raw_secret(cloud, {"auths": {HOST: auth}}, namespace="web")


@story(
    verdict="broken",
    root_causes=(NEEDS_SECRET,),
    symptoms=("unauthorized-401",),
    evidence={
        NEEDS_SECRET: {
            "fault": f"secret regcred is named, whose entry is for https://{HOST}, where Container Instances needs "
            f"{HOST} alone"
        }
    },
)
def virtual_node_with_a_url(cloud: Cloud) -> None:
    """The secret of a pod on a virtual node has the registry as a URL, which is right for kubelet only."""
    cloud.grant()
    cloud.node()
    cloud.virtual_node()
    cloud.registry["properties"]["adminUserEnabled"] = True
    cloud.refused_by_provider(imagePullSecrets=[{"name": "regcred"}])
    make.pull_secret(cloud, "contosoreg", "sim-admin-one+ACRx1", f"https://{HOST}", namespace="web")


@story(
    verdict="broken",
    root_causes=("symptom.unexplained",),
    symptoms=("other",),
)
def virtual_node_and_a_firewall(cloud: Cloud) -> None:
    """The registry answered Container Instances with an error, which tells nothing of the pod's secret."""
    cloud.grant()
    cloud.node()
    cloud.virtual_node()
    cloud.refused_by_provider('HTTP response status code 409 error code "RegistryErrorResponse"')


@story(verdict="inconclusive", unknowns={"pull-secret.virtual-nodes": None})
def virtual_node_of_another_kind(cloud: Cloud) -> None:
    """Virtual nodes of the Helm chart may pull with an identity: what fails there is left out, and never passed."""
    cloud.grant()
    cloud.node()
    cloud.virtual_node("virtualnode-0", virtualization="virtualnode2")
    cloud.failing_pod(node="virtualnode-0")


@story(verdict="healthy")
def virtual_node_without_quota(cloud: Cloud) -> None:
    """A provider refuses a pod for want of cores, which is no pull."""
    cloud.grant()
    cloud.node()
    cloud.virtual_node()
    cloud.refused_by_provider(
        'HTTP response status code 409 error code "ContainerGroupQuotaReached": Resource type StandardCores reached'
    )


@story(
    verdict="broken",
    root_causes=(NEEDS_SECRET, "access.pull-role-missing"),
    symptoms=("unauthorized-401", "unauthorized-401"),
)
def virtual_node_beside_a_pool_without_role(cloud: Cloud) -> None:
    """The same image fails on a pool for want of a role, and on a virtual node for want of a secret: two causes."""
    cloud.node()
    cloud.virtual_node()
    cloud.failing_pod()
    cloud.refused_by_provider(name="web-1")


# --- beside the main container ---------------------------------------------------------------


@story(
    verdict="broken",
    root_causes=("image.tag-not-found",),
    symptoms=("image-not-found", "image-not-found"),
)
def sidecar_and_init_container(cloud: Cloud) -> None:
    """An init container and a restartable one (a sidecar) wait for a tag that the registry lacks."""
    cloud.grant()
    cloud.node()
    image = f"{HOST}/team/app:9.9"
    text = f'Failed to pull image "{image}": failed to resolve reference "{image}": {image}: not found'
    cloud.failing_pod(image, text, kind="initContainers", container="migrate", name="api-0")
    pod = cloud.failing_pod(image, text, kind="initContainers", container="proxy", name="api-1")
    pod["spec"]["initContainers"][0]["restartPolicy"] = "Always"
    cloud.api.add("pods", pod)


@story(
    verdict="broken",
    root_causes=("access.pull-role-missing",),
    symptoms=("unauthorized-401",),
)
def image_volume_unauthorized(cloud: Cloud) -> None:
    """The container's image is public; the one that it mounts as a volume is the registry's, and nobody may pull it."""
    cloud.node()
    cloud.mounted_image(IMAGE, build.UNAUTHORIZED)


@story(verdict="broken", root_causes=("image.tag-not-found",), symptoms=("image-not-found",))
def image_volume_missing(cloud: Cloud) -> None:
    """The status says back-off only; the event, which names no container, quotes the volume's image."""
    cloud.grant()
    cloud.node()
    image = f"{HOST}/team/app:9.9"
    pod = cloud.mounted_image(image, f'Back-off pulling image "{image}"', reason="ImagePullBackOff")
    text = f'Failed to pull image "{image}": failed to resolve reference "{image}": {image}: not found'
    event = cloud.event(pod, "Failed", text)
    event["involvedObject"].pop("fieldPath")
    cloud.api.add("events", event)


# --- the image of the sandbox ----------------------------------------------------------------


def _sandbox(then: str) -> str:
    wanted = f'failed to get sandbox image "{PAUSE}": failed to pull image "{PAUSE}": failed to pull and unpack image'
    return f'Failed to create pod sandbox: rpc error: code = Unknown desc = {wanted} "{PAUSE}": {then}'


@story(
    verdict="broken",
    acr=None,
    root_causes=("access.pull-role-missing",),
    symptoms=("unauthorized-401",),
    unknowns={"image.existence": None},
)
def sandbox_image_of_an_isolated_cluster(cloud: Cloud) -> None:
    """Nodes get no pause image from the bootstrap registry, so that no container of a pod is begun."""
    cloud.network_isolated()
    cloud.node()
    pod = cloud.failing_pod(message="", reason="ContainerCreating")
    path = f"https://{HOST}/v2/aks-managed-repository/oss/v2/kubernetes/pause/manifests/3.6?ns=mcr.microsoft.com"
    refused = f'failed to resolve reference "{PAUSE}": unexpected status from HEAD request to {path}: 401 Unauthorized'
    cloud.event(pod, "FailedCreatePodSandBox", _sandbox(refused))


# --- refused by a policy ---------------------------------------------------------------------


@story(
    verdict="broken",
    root_causes=("symptom.admission-denied",),
    evidence={
        "symptom.admission-denied": {
            "controller": "daemonset/agent", "policy": "validation.gatekeeper.sh", "image": IMAGE, "running": 0
        }
    },
    commands=(LOGIN, f"{KUBECTL} describe daemonset/agent --namespace web"),
)  # fmt: skip
def policy_refuses_a_daemon_set(cloud: Cloud) -> None:
    """A policy refuses every pod of a daemon set, so that no pod of it is there to fail."""
    cloud.grant()
    cloud.node()
    cloud.refused_workload("DaemonSet", "agent", DENIED.format(image=IMAGE))


@story(
    verdict="at-risk",
    other_outcomes=("symptom.admission-denied",),
    evidence={"symptom.admission-denied": {"controller": "replicaset/web-77b9", "running": 2, "image": None}},
)
def policy_refuses_an_update(cloud: Cloud) -> None:
    """A policy refuses the pods of an update, and those of the older replica set still run."""
    cloud.grant()
    cloud.node()
    unsigned = (
        "ValidatingAdmissionPolicy 'signed-images' with binding 'signed-images-prod' denied request: the image of "
        "container app has no signature"
    )
    cloud.refused_workload("ReplicaSet", "web-77b9", unsigned)
    for name in ("web-5d4f8-a", "web-5d4f8-b"):
        cloud.running_pod("ReplicaSet", "web-5d4f8", name)


@story(verdict="healthy")
def policy_about_something_else(cloud: Cloud) -> None:
    """Policies refuse an image of another registry, and pods without probes; a quota is no policy."""
    cloud.grant()
    cloud.node()
    cloud.refused_workload("ReplicaSet", "other-1", DENIED.format(image="quay.io/jetstack/cert-manager:v1.12.2"))
    probes = 'admission webhook "validation.gatekeeper.sh" denied the request: [azurepolicy-k8sazurev3] Container app '
    cloud.refused_workload("StatefulSet", "db", f"{probes}in your Pod db-0 has no livenessProbe.")
    cloud.refused_workload("Job", "nightly", 'pods "nightly-1" is forbidden: exceeded quota: compute')
