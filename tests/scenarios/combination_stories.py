"""What decides between causes: two faults at once, a fault that looks like another, and where pulls still work."""

from __future__ import annotations

from unittest.mock import ANY

from tests import build
from tests.azure import secrets as make
from tests.azure.changes_access import ago
from tests.azure.resources import OUTBOUND_IP
from tests.azure.state import Cloud

from .access_stories import GRANT, GRANT_READER, ONE_REPOSITORY, READ_ASSIGNMENTS
from .secret_stories import TOKEN_PASSWORD
from .stories import OF_EVENTS, OF_NODES, OF_PODS, story

HOST = "contosoreg.azurecr.io"
IMAGE = f"{HOST}/team/app:1.2"
TOKEN_URL = f"https://{HOST}/oauth2/token?scope=repository%3Ateam%2Fapp%3Apull&service={HOST}"
ANONYMOUS = (
    f'failed to pull and unpack image "{IMAGE}": failed to resolve reference "{IMAGE}": failed to authorize: '
    f"failed to fetch anonymous token: unexpected status from GET request to {TOKEN_URL}: 401 Unauthorized"
)
NOT_THERE = f'failed to pull and unpack image "{IMAGE}": failed to resolve reference "{IMAGE}": {IMAGE}: not found'
NO_MATCH = f'failed to pull and unpack image "{IMAGE}": no match for platform in manifest: not found'
DENIED = (
    f'Failed to pull image "{IMAGE}": failed to resolve reference "{IMAGE}": failed to authorize: failed to fetch '
    f"oauth token: unexpected status from POST request to https://{HOST}/oauth2/token: 403 Forbidden: "
    f"denied: client with IP '{OUTBOUND_IP}' is not allowed access"
)
WINDOWS = {
    "osType": "Windows",
    "osSKU": "Windows2022",
    "nodeImageVersion": "AKSWindows-2022-containerd-20348.3091.260210",
}
WINDOWS_NODE = "akswin000000"
OTHER_NODE = "aks-pool1-87752918-vmss000001"


def tried(*attempts: str) -> str:
    """What kubelet reports after several attempts: with the node's credential, then without any."""
    listed = ", ".join(f"rpc error: code = Unknown desc = {each}" for each in attempts)
    return f'Failed to pull image "{IMAGE}": [{listed}]'


def windows_pool(cloud: Cloud, pods: int = 3) -> None:
    """Add a Windows pool on which pods fail."""
    cloud.add_pool("win", **WINDOWS)
    cloud.node(WINDOWS_NODE, "win", **{"kubernetes.io/os": "windows", "node.kubernetes.io/windows-build": "10.0.20348"})
    cloud.image("shop/iis", "1.0", "windows/amd64:10.0.20348.2966", index=True)
    for number in range(pods):
        cloud.failing_pod(f"{HOST}/shop/iis:1.0", name=f"web-{number}", node=WINDOWS_NODE)


# --- two faults --------------------------------------------------------------------------


@story(
    verdict="broken",
    root_causes=("access.pull-role-missing", "network.outbound-ip-not-allowed"),
)
def no_role_and_a_firewall(cloud: Cloud) -> None:
    """Nobody gave the identity a role, and the registry's firewall does not know the cluster."""
    cloud.firewall(["20.103.55.1"])


@story(
    verdict="broken",
    root_causes=("network.outbound-ip-not-allowed", "access.pull-role-missing"),
    symptoms=("forbidden-403",),
    evidence={"network.outbound-ip-not-allowed": {"refused": ANY}},
    unknowns={"network.outbound-ip": None},
)
def no_role_and_a_firewall_that_pods_meet(cloud: Cloud) -> None:
    """The pods are refused by the firewall; the role that is missing would be met behind it."""
    cloud.firewall(["20.103.55.1"])
    cloud.node()
    cloud.failing_pod(message=DENIED)


@story(
    verdict="broken",
    root_causes=("access.pull-role-on-other-principal", "identity.service-principal-secret-expired"),
    symptoms=("unauthorized-401",),
)
def secret_ended_and_role_on_the_former_principal(cloud: Cloud) -> None:
    """The cluster's client secret has ended, and the role was given to the application object."""
    cloud.service_principal_cluster([(ago(days=200), ago(days=1))])
    cloud.grant(principal_id=build.APP_OBJECT_ID)
    cloud.node(client_id="")
    cloud.failing_pod()


@story(
    verdict="broken",
    root_causes=("image.tag-not-found", "pull-secret.token-expired"),
    other_outcomes=("access.pull-role-missing", "pull-secret.credential-refused"),
    symptoms=("image-not-found", "unauthorized-401"),
)
def two_namespaces_two_reasons(cloud: Cloud) -> None:
    """In one namespace the pull secret's token has ended, in another the tag is missing."""
    cloud.node()
    make.registry_token(cloud, ends=(ago(days=1),))
    make.failing_pod(cloud)
    make.pull_secret(cloud, "pull-app", TOKEN_PASSWORD)
    make.registry_token(cloud, name="pull-shop")
    make.pull_secret(cloud, "pull-shop", TOKEN_PASSWORD, namespace="shop")
    image = f"{HOST}/team/app:9.9"
    make.failing_pod(cloud, name="shop-0", namespace="shop", image=image, message=NOT_THERE.replace(IMAGE, image))


@story(
    verdict="broken",
    root_causes=("access.pull-role-missing", "pull-secret.token-expired"),
    other_outcomes=("pull-secret.credential-refused",),
    symptoms=("unauthorized-401", "unauthorized-401"),
    commands=(GRANT, "az aks update"),
)
def bad_secret_in_one_namespace_and_no_role_for_the_other(cloud: Cloud) -> None:
    """One namespace's pull secret has ended; the other has none, so that its pods need the role that is missing."""
    cloud.node()
    make.registry_token(cloud, ends=(ago(days=1),))
    make.failing_pod(cloud)
    make.pull_secret(cloud, "pull-app", TOKEN_PASSWORD)
    cloud.failing_pod()


@story(
    verdict="broken",
    root_causes=("cluster.stopped", "access.pull-role-missing"),
    unknowns=dict.fromkeys((*OF_PODS, *OF_NODES, *OF_EVENTS)),
)
def stopped_and_no_role(cloud: Cloud) -> None:
    """The cluster is stopped, and would not be let in when it is started."""
    cloud.stop_cluster()


# --- a fault behind another's text -------------------------------------------------------


@story(
    verdict="broken",
    root_causes=("image.tag-not-found",),
    symptoms=("image-not-found",),
)
def missing_tag_behind_an_anonymous_401(cloud: Cloud) -> None:
    """The node's identity is told that the tag is not there, and then nobody is let in without a credential."""
    cloud.grant()
    cloud.node()
    missing = tried(NOT_THERE, ANONYMOUS).replace("app:1.2", "app:9.9")
    cloud.failing_pod(f"{HOST}/team/app:9.9", missing)


@story(
    verdict="broken",
    root_causes=("image.tag-not-found",),
    symptoms=("unauthorized-401",),
)
def missing_tag_that_shows_only_as_401(cloud: Cloud) -> None:
    """Only the anonymous attempt is left in the message, and what is missing is the tag."""
    cloud.grant()
    cloud.node()
    cloud.failing_pod(f"{HOST}/team/app:9.9", tried(ANONYMOUS).replace("app:1.2", "app:9.9"))


@story(
    verdict="broken",
    root_causes=("image.platform-mismatch",),
    symptoms=("platform-mismatch", "unauthorized-401"),
)
def wrong_architecture_behind_a_401(cloud: Cloud) -> None:
    """The image is for arm64 only: the node finds no match, and is refused without a credential."""
    cloud.grant()
    cloud.node()
    cloud.image("team/arm", "1.0", "linux/arm64", index=True)
    arm = f"{HOST}/team/arm:1.0"
    cloud.failing_pod(arm, tried(NO_MATCH, ANONYMOUS).replace(IMAGE, arm))
    cloud.failing_pod(arm, tried(ANONYMOUS).replace(IMAGE, arm), name="web-1")


@story(
    verdict="broken",
    root_causes=("access.pull-role-wrong-mode",),
    symptoms=("unauthorized-401",),
    commands=(GRANT_READER,),
)
def acr_pull_in_abac_mode_and_pods_refused(cloud: Cloud) -> None:
    """The registry is in ABAC mode, the identity has AcrPull, and pods are refused: attaching again would not help."""
    cloud.abac()
    cloud.grant()
    cloud.node()
    cloud.failing_pod()


@story(
    verdict="broken",
    root_causes=("access.recently-granted",),
    symptoms=("unauthorized-401",),
    evidence={"access.recently-granted": {"minutes": 2, "until": ANY}},
)
def role_granted_two_minutes_ago(cloud: Cloud) -> None:
    """The role was given two minutes ago, and pods are still refused: wait."""
    cloud.grant(created=ago(minutes=2))
    cloud.node()
    cloud.failing_pod()


@story(
    verdict="broken",
    root_causes=("access.pull-role-missing",),
    symptoms=("unauthorized-401",),
    commands=(GRANT, "az aks update"),
)
def no_role_and_other_registries_fail(cloud: Cloud) -> None:
    """Pods of another registry fail too: they are listed, and change nothing."""
    cloud.node()
    cloud.failing_pod()
    cloud.failing_pod("fabrikam.azurecr.io/a:1", ANONYMOUS.replace("contosoreg", "fabrikam"), name="other-0")


@story(
    verdict="broken",
    root_causes=("access.condition-excludes-repository",),
    symptoms=("unauthorized-401", "unauthorized-401"),
    evidence={
        "access.condition-excludes-repository": {"repository": "shop/cart", "leftOut": ["shop/cart", "shop/web"]}
    },
    commands=("az role assignment update --role-assignment",),
)
def condition_leaves_out_what_pods_pull(cloud: Cloud) -> None:
    """The registry is in ABAC mode, and the only grant is for another repository than the failing pods'."""
    cloud.abac()
    cloud.grant(role=build.REPOSITORY_READER, condition=ONE_REPOSITORY)
    cloud.node()
    for name in ("web", "cart"):
        cloud.image(f"shop/{name}")
        refused = build.UNAUTHORIZED.replace("team/app:1.2", f"shop/{name}:1.0")
        cloud.failing_pod(f"{HOST}/shop/{name}:1.0", refused, name=f"{name}-0")


# --- where it fails, and where it works --------------------------------------------------


@story(
    verdict="broken",
    root_causes=("nodes.kubelet-identity-unassigned",),
    symptoms=("unauthorized-401",) * 3,
    evidence={"nodes.kubelet-identity-unassigned": {"pool": "win"}},
    where=f"Only node pool win (Windows) fails (3 pods); pool1 pulled from {HOST} within the hour.",
)
def only_the_windows_pool(cloud: Cloud) -> None:
    """The Windows pool lost the kubelet identity, and the other pool pulls."""
    cloud.grant()
    cloud.node()
    cloud.pulled()
    windows_pool(cloud)
    cloud.unassign_kubelet_identity("win")


@story(
    verdict="broken",
    root_causes=("symptom.unexplained", "nodes.kubelet-identity-unassigned"),
    symptoms=("unauthorized-401", "unauthorized-401"),
    evidence={"symptom.unexplained": {"pods": ["web/web-5d4f8c9b7-x2x9z"]}},
)
def a_pool_does_not_explain_another(cloud: Cloud) -> None:
    """The Windows pool lost the kubelet identity; the pod that fails on the other pool has another cause."""
    cloud.grant()
    cloud.node()
    cloud.failing_pod()
    windows_pool(cloud, pods=1)
    cloud.unassign_kubelet_identity("win")


@story(
    verdict="broken",
    root_causes=("network.proxy-or-tls",),
    symptoms=("tls-trust", "tls-trust"),
    where=f"Only node {OTHER_NODE} fails (2 pods); aks-pool1-87752918-vmss000000 of the same pool pulled from {HOST} "
    "within the hour.",
)
def only_one_node(cloud: Cloud) -> None:
    """One node trusts no certificate any more; its neighbour pulls the same image."""
    cloud.grant()
    cloud.node()
    cloud.node(OTHER_NODE)
    cloud.pulled(IMAGE)
    untrusted = f"{build.UNAUTHORIZED.partition(': failed to authorize')[0]}: tls: failed to verify certificate: x509: "
    for number in range(2):
        name = f"web-{number}"
        cloud.failing_pod(name=name, node=OTHER_NODE, message=f"{untrusted}certificate signed by unknown authority")


@story(
    verdict="broken",
    root_causes=("image.tag-not-found",),
    symptoms=("image-not-found", "image-not-found"),
    where=f"Only image {HOST}/team/app:9.9 fails (2 pods); node pool pool1 pulled from {HOST} within the hour, "
    "other images.",
)
def only_one_image(cloud: Cloud) -> None:
    """Two pods want a tag that is not there; other images are pulled."""
    cloud.grant()
    cloud.node()
    cloud.pulled()
    for number in range(2):
        missing = NOT_THERE.replace(IMAGE, f"{HOST}/team/app:9.9")
        cloud.failing_pod(f"{HOST}/team/app:9.9", missing, name=f"web-{number}")


# --- nothing is found --------------------------------------------------------------------


@story(
    verdict="broken",
    root_causes=("symptom.unexplained",),
    symptoms=("unauthorized-401",),
    evidence={"symptom.unexplained": {"symptomClass": "unauthorized-401"}},
)
def all_is_well_and_pods_are_refused(cloud: Cloud) -> None:
    """Everything that is read is in order, and pods are refused all the same: never healthy."""
    cloud.grant()
    cloud.node()
    cloud.failing_pod()


@story(verdict="healthy")
def all_is_well_and_nodes_pull(cloud: Cloud) -> None:
    """Everything is in order, and the nodes have just pulled."""
    cloud.grant()
    cloud.node()
    cloud.pulled()


@story(
    verdict="inconclusive",
    unknowns=dict.fromkeys(("access.pull-role", "access.propagation"), READ_ASSIGNMENTS),
)
def nothing_fails_and_assignments_are_forbidden(cloud: Cloud) -> None:
    """Nodes have just pulled and nothing fails; whether the next pull is let in, nobody may read."""
    cloud.grant()
    cloud.node()
    cloud.pulled()
    cloud.forbid(READ_ASSIGNMENTS)


@story(
    verdict="inconclusive",
    symptoms=("unauthorized-401",),
    unknowns=dict.fromkeys(("access.pull-role", "access.propagation"), READ_ASSIGNMENTS),
)
def pods_are_refused_and_assignments_are_forbidden(cloud: Cloud) -> None:
    """Pods are refused, and whether they have a role may not be read: that is named, and nothing guessed."""
    cloud.grant()
    cloud.node()
    cloud.failing_pod()
    cloud.forbid(READ_ASSIGNMENTS)
