"""Images that are pulled for real, by a pod on every node pool (``--probe``)."""

from __future__ import annotations

from datetime import timedelta

from tests import build
from tests.azure.kubernetes_state import Pulling
from tests.azure.state import Cloud

from .stories import story

IMAGE = "contosoreg.azurecr.io/team/app:1.2"
POOL2 = "aks-pool2-87752918-vmss000000"
PROBE = ("--probe", "--yes")
OF_IMAGE = ("--image", IMAGE, *PROBE)
FULL = f'failed to pull and unpack image "{IMAGE}": write /var/lib/containerd/x: no space left on device'
DENIED = (
    '"validation.gatekeeper.sh" denied the request: [azurepolicy-k8sazurev2containerallowedimag-12ab] Container image '
    f"{IMAGE} for container pull has not been allowed."
)


def two_pools(cloud: Cloud) -> None:
    cloud.grant()
    cloud.node()
    cloud.node(POOL2, "pool2")


@story(verdict="healthy", arguments=OF_IMAGE)
def probe_pulls_on_every_pool(cloud: Cloud) -> None:
    """Every node pool pulls the image for real."""
    two_pools(cloud)


@story(verdict="at-risk", arguments=OF_IMAGE, other_outcomes=("access.pull-role-missing",))
def probe_pulls_though_no_role_is_seen(cloud: Cloud) -> None:
    """No role is seen, and yet every node pool pulls: by what grants it, nobody could read."""
    cloud.node()


@story(
    verdict="broken",
    arguments=OF_IMAGE,
    root_causes=("access.pull-role-missing",),
    other_outcomes=("probe.pull-failed",),
    symptoms=("unauthorized-401",),
    evidence={"probe.pull-failed": {"pool": "pool1", "symptomClass": "unauthorized-401", "image": IMAGE}},
)
def probe_fails_for_want_of_a_role(cloud: Cloud) -> None:
    """The pull fails as what was read of roles says that it must."""
    cloud.node()
    cloud.api.pulling["pool1"] = Pulling(message=build.UNAUTHORIZED)


@story(
    verdict="broken",
    arguments=OF_IMAGE,
    root_causes=("symptom.unexplained",),
    other_outcomes=("probe.pull-failed",),
    symptoms=("disk-full",),
    evidence={"symptom.unexplained": {"symptomClass": "disk-full", "containers": 1}},
)
def probe_fails_on_one_pool(cloud: Cloud) -> None:
    """One node pool pulls, and the other cannot for a reason that Azure does not show."""
    two_pools(cloud)
    cloud.api.pulling["pool2"] = Pulling(message=FULL)


@story(verdict="healthy", arguments=OF_IMAGE)
def probe_of_an_image_without_windows(cloud: Cloud) -> None:
    """The image is one for Linux, so that the Windows pool pulls nothing, which is no fault."""
    cloud.grant()
    cloud.node()
    cloud.node(
        "akswin000000", "win", **{"kubernetes.io/os": "windows", "node.kubernetes.io/windows-build": "10.0.20348"}
    )
    text = f'failed to pull and unpack image "{IMAGE}": no match for platform in manifest: not found'
    cloud.api.pulling["win"] = Pulling(message=text)


@story(verdict="healthy", arguments=OF_IMAGE, unknowns={"probe.pull": None})
def probe_is_refused_by_a_policy(cloud: Cloud) -> None:
    """Admission takes no pod of the probe, which says nothing of the pull."""
    two_pools(cloud)
    cloud.api.denied_by = DENIED


@story(verdict="healthy", arguments=OF_IMAGE, unknowns={"probe.pull": None})
def probe_in_a_namespace_whose_quota_is_full(cloud: Cloud) -> None:
    """The quota of the namespace takes no further pod."""
    two_pools(cloud)
    cloud.api.pods_refused = "exceeded quota: small, requested: pods=1, used: pods=2, limited: pods=2"


@story(verdict="healthy", arguments=OF_IMAGE, unknowns={"probe.pull": None})
def probe_whose_image_is_rewritten(cloud: Cloud) -> None:
    """A webhook has the pods pull from a mirror, which says nothing of the registry; they are deleted at once."""
    two_pools(cloud)
    cloud.api.mutations = {"spec.containers.0.image": "mirror.contoso.com/team/app:1.2"}


@story(verdict="healthy", arguments=OF_IMAGE, unknowns={"probe.pull": None})
def probe_in_a_namespace_that_ends(cloud: Cloud) -> None:
    """The namespace is being deleted, and its words, which try to be more than words, are shown as they are."""
    two_pools(cloud)
    cloud.api.pods_refused = (
        "unable to create new content in namespace default because it is being terminated\x1b[2J\r=HYPERLINK($(reboot))"
    )


@story(verdict="healthy", arguments=OF_IMAGE, unknowns={"probe.pull": None})
def probe_of_pools_without_a_node_for_it(cloud: Cloud) -> None:
    """One pool pulls; of the others one is scaled to 0, and the nodes are cordoned, removed, or not of kubelets."""
    cloud.grant()
    cloud.node()
    for number, name in enumerate(("cordoned", "going", "down"), 2):
        cloud.add_pool(name)
        cloud.node(f"aks-{name}-87752918-vmss00000{number}", name)
    cloud.add_pool("empty", count=0)
    cloud.node("virtual-node-aci-linux", "", type="virtual-kubelet")
    nodes = {item["metadata"]["name"].split("-")[1]: item for item in cloud.api.select("nodes", "")}
    nodes["cordoned"]["spec"]["unschedulable"] = True
    going = {"key": "ToBeDeletedByClusterAutoscaler", "value": "1796029800", "effect": "NoSchedule"}
    nodes["going"]["spec"]["taints"] = [going]
    nodes["down"]["spec"]["unschedulable"] = True


@story(verdict="healthy", arguments=OF_IMAGE, unknowns={"probe.pull": None})
def probe_finds_no_room(cloud: Cloud) -> None:
    """A node pool is full, and no node is added to it for the probe's sake."""
    two_pools(cloud)
    cloud.api.pulling["pool2"] = Pulling(full="cpu")


@story(verdict="healthy", arguments=OF_IMAGE, unknowns={"probe.pull": None})
def probe_is_evicted(cloud: Cloud) -> None:
    """The node evicts the probe's pod before it has pulled."""
    two_pools(cloud)
    cloud.api.pulling["pool2"] = Pulling(never_ends=True, evicts="The node was low on resource: ephemeral-storage.")


@story(verdict="inconclusive", arguments=(*OF_IMAGE, "--timeout", "25"), unknowns={"probe.pull": None})
def probe_does_not_end(cloud: Cloud) -> None:
    """A node pulls for longer than the run waits."""
    two_pools(cloud)
    cloud.api.pulling["pool2"] = Pulling(never_ends=True)


@story(
    verdict="at-risk",
    arguments=OF_IMAGE,
    other_outcomes=("probe.pod-left",),
    evidence={"probe.pod-left": {"namespace": "default"}},
)
def probe_pod_cannot_be_deleted(cloud: Cloud) -> None:
    """A pod of the probe is held by a finalizer, and is named."""
    cloud.grant()
    cloud.node()
    cloud.api.sticky = True


@story(verdict="healthy", arguments=PROBE)
def probe_pulls_what_failed_before(cloud: Cloud) -> None:
    """A pod failed before the role was there, and its image can be pulled now as its pods do."""
    two_pools(cloud)
    pod = cloud.failing_pod()
    cloud.event(pod, "Failed", build.UNAUTHORIZED, ago=timedelta(minutes=4))


@story(verdict="healthy", arguments=PROBE, unknowns={"probe.pull": None})
def probe_without_an_image(cloud: Cloud) -> None:
    """No image is named, and no pod fails that would name one."""
    two_pools(cloud)


@story(
    verdict="healthy",
    arguments=OF_IMAGE,
    unknowns={"probe.pull": "create pods in namespace default"},
)
def probe_without_the_right_to_create_pods(cloud: Cloud) -> None:
    """Nothing is started, since the login may not create pods."""
    two_pools(cloud)
    cloud.forbid_in_cluster("create pods")
