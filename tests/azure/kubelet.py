"""The simulated kubelets: what pods wait for is pulled again, and really asked for at the simulated registry.

Of the way from a node to the registry it knows nothing: that is for the predicates in ``broken.py``.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from . import broken, entra, keyring, registry
from .changes_access import ago, iso
from .kubernetes_state import Object
from .messages import Request
from .store import Json

if TYPE_CHECKING:
    from .state import Cloud

_STATUSES = {
    "containers": "containerStatuses",
    "initContainers": "initContainerStatuses",
    "ephemeralContainers": "ephemeralContainerStatuses",
}
# As https://github.com/distribution/reference has it, for a reference with a host.
_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REFERENCE = re.compile(
    rf"(?P<host>[\w.-]+\.[\w.-]+(?::\d+)?)/(?P<name>{_PART}(?:/{_PART})*)"
    r"(?::(?P<tag>\w[\w.-]{0,127}))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)
_IMAGE_LAYERS = ("application/vnd.oci.image.layer.", "application/vnd.docker.image.rootfs.")
_IMAGE_CONFIGS = ("application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json")
_PUBLIC = ("mcr.microsoft.com",)
_FAILURES = ("Failed", "BackOff", "InspectFailed", "ErrImageNeverPull", "ProviderCreateFailed")
_OF_A_POD = ("pull-secret.", "image.")
_OF_IDENTITIES = ("access.", "identity.", "nodes.kubelet-identity")
_UNAUTHORIZED = 401
_AUDIENCE = "https://containerregistry.azure.net"


@dataclass(frozen=True)
class Reference:
    """An image as a node asks for it."""

    host: str
    name: str
    what: str
    """A tag or a digest."""


def pull_again(cloud: Cloud, causes: Iterable[str]) -> None:
    """Let the pods that wait for an image pull it; who cannot goes on waiting.

    Of the outcomes in ``causes`` those of secrets and images show for each pod by itself. While one about identities is
    left, nobody pulls as a node; while any other is left, nobody pulls.
    """
    left = [each for each in causes if not each.startswith(_OF_A_POD) and broken.left(cloud, [each])]
    if not all(each.startswith(_OF_IDENTITIES) for each in left):
        return
    if not left and cloud.kubernetes is not None:
        # What pods that are created from now on meet.
        cloud.api.pulling = {name: how for name, how in cloud.api.pulling.items() if how.message is None}
    for pod in waiting(cloud):
        if can_pull(cloud, pod, as_node=not left):
            _run(cloud, pod)


def waiting(cloud: Cloud) -> list[Object]:
    """The pods that wait for an image."""
    pods = [] if cloud.kubernetes is None else cloud.api.select("pods", "")
    return [pod for pod in pods if any(_waits(pod)) and pod["spec"].get("nodeName")]


def can_pull(cloud: Cloud, pod: Object, as_node: bool = True) -> bool:
    """Whether the pod gets each of its images, as far as it is not there already."""
    return all(is_let_in(cloud, pod, image, as_node) and is_served(cloud, pod, image) for image in _waits(pod))


def images_of(pod: Object, missing: bool) -> list[str]:
    """The images of a pod: those that it waits for, or those of all its containers."""
    if missing:
        return list(_waits(pod))
    return [each["image"] for member in _STATUSES for each in pod["spec"].get(member, ())]


def is_let_in(cloud: Cloud, pod: Object, image: str, as_node: bool = True) -> bool:
    """Whether a registry lets a pod ask for an image: by a pull secret, else as its node, else as nobody."""
    reference = referenced(image)
    if reference is None or reference.host not in registry.hosts(cloud):
        return reference is not None
    try:
        found = keyring.credentials(secrets_of(cloud, pod), image)
    except ValueError:
        return False
    if _is_virtual(_node(cloud, pod)):
        # Container Instances pull with what a secret has in plain members, and no node has an identity:
        # ``getImagePullSecrets`` in https://github.com/virtual-kubelet/azure-aci.
        return any(_opens(cloud, reference, _token(cloud, reference, each)) for each in found if each.is_bare)
    by_secret = any(_opens(cloud, reference, _token(cloud, reference, each)) for each in found)
    by_node = as_node and not broken.left(cloud, ["access.pull-role-missing"])
    return by_secret or by_node or _opens(cloud, reference, _token(cloud, reference, None))


def is_served(cloud: Cloud, pod: Object, image: str) -> bool:
    """Whether there is such an image, and for the pod's node, for whoever is let in."""
    reference = referenced(image)
    if reference is None:
        return False
    if reference.host not in registry.hosts(cloud):
        return reference.host in _PUBLIC
    return _fits(_node(cloud, pod), _manifests(cloud, reference, _token_for_all(cloud, reference)))


def signs_in(cloud: Cloud, credential: keyring.Credential) -> bool:
    """Whether the registry of that name takes a credential, whatever it may pull with it."""
    return _token(cloud, Reference(credential.place, "any", "latest"), credential) is not None


def secrets_of(cloud: Cloud, pod: Object) -> list[Object]:
    """The pull secrets that a pod names and that are there."""
    namespace = pod["metadata"]["namespace"]
    named = [("secrets", namespace, each["name"]) for each in pod["spec"].get("imagePullSecrets") or ()]
    return [cloud.api.objects[key] for key in named if key in cloud.api.objects]


def referenced(image: str) -> Reference | None:
    """The parts of a name that begins with a host; ``None``: containerd takes it for none, or it has no host."""
    match = _REFERENCE.fullmatch(image)
    return Reference(match["host"], match["name"], match["digest"] or match["tag"] or "latest") if match else None


def _node(cloud: Cloud, pod: Object) -> Object:
    """The node of a pod; empty where a story tells of none."""
    return cloud.api.objects.get(("nodes", "", pod["spec"].get("nodeName", "")), {})


# --- asking the registry ---------------------------------------------------------------


def _token(cloud: Cloud, image: Reference, credential: keyring.Credential | None) -> str | None:
    """An access token for a user with a password, or for nobody; ``None``: refused."""
    headers = {}
    if credential is not None:
        both = f"{credential.user}:{credential.password}".encode()
        headers = {"authorization": f"Basic {base64.b64encode(both).decode()}"}
    query = urlencode({"service": image.host, "scope": f"repository:{image.name}:pull"})
    answer = _asked(cloud, Request("GET", image.host, f"/oauth2/token?{query}", headers))
    return answer["access_token"] if answer else None


def _token_for_all(cloud: Cloud, image: Reference) -> str | None:
    """An access token with which everything that is in the repository can be had."""
    own = entra.token(cloud, _AUDIENCE)
    form = {"grant_type": "access_token", "service": image.host, "access_token": own}
    exchanged = _asked(cloud, Request("POST", image.host, "/oauth2/exchange", {}, urlencode(form).encode()))
    if exchanged is None:
        return None
    form = {"grant_type": "refresh_token", "service": image.host, "refresh_token": exchanged["refresh_token"]}
    form["scope"] = f"repository:{image.name}:pull"
    answer = _asked(cloud, Request("POST", image.host, "/oauth2/token", {}, urlencode(form).encode()))
    return answer["access_token"] if answer else None


def _opens(cloud: Cloud, image: Reference, token: str | None) -> bool:
    """Whether a token is one for the repository; what is asked for need not be there."""
    if token is None:
        return False
    headers = {"authorization": f"Bearer {token}"}
    request = Request("GET", image.host, f"/v2/{image.name}/manifests/{image.what}", headers)
    return registry.handle_node(cloud, request).status != _UNAUTHORIZED


def _manifests(cloud: Cloud, image: Reference, token: str | None) -> list[tuple[Json, Json]]:
    """The manifests of an image, each with the platform that it says it is for; empty: the registry gives none."""
    if token is None:
        return []
    whole = _manifest(cloud, image, image.what, token)
    if whole is None:
        return []
    if "manifests" not in whole:
        return [(whole, _platform(cloud, image, whole))]
    found = []
    for entry in whole["manifests"]:
        manifest = _manifest(cloud, image, entry["digest"], token)
        if manifest is not None:
            found.append((manifest, entry.get("platform") or _platform(cloud, image, manifest)))
    return found


def _manifest(cloud: Cloud, image: Reference, what: str, token: str) -> Json | None:
    path = f"/v2/{image.name}/manifests/{what}"
    found: Json | None = _asked(cloud, Request("GET", image.host, path, {"authorization": f"Bearer {token}"}))
    return found


def _platform(cloud: Cloud, image: Reference, manifest: Json) -> Json:
    """What the configuration of a manifest says; empty where it says nothing."""
    repository = cloud.data_plane(image.host).repositories[image.name]
    content = repository.blobs.get(manifest.get("config", {}).get("digest", ""))
    told = json.loads(content) if content else {}
    return {key: told[key] for key in ("os", "architecture", "os.version") if key in told}


def _asked(cloud: Cloud, request: Request) -> Any:
    """The registry's answer to a node, or ``None`` where it refuses."""
    answer = registry.handle_node(cloud, request)
    return json.loads(answer.body) if answer.status == 200 and isinstance(answer.body, bytes) else None


def _fits(node: Object, manifests: Iterable[tuple[Json, Json]]) -> bool:
    """Whether one of the manifests is an image for the node's platform. A node that is not told of takes any."""
    return any(_is_image(manifest) and _runs(node, platform) for manifest, platform in manifests)


def _is_image(manifest: Json) -> bool:
    layers = [each["mediaType"] for each in manifest.get("layers", ())]
    config = manifest.get("config", {}).get("mediaType")
    return config in _IMAGE_CONFIGS and all(each.startswith(_IMAGE_LAYERS) for each in layers)


def _runs(node: Object, platform: Json) -> bool:
    labels = node.get("metadata", {}).get("labels") or {}
    wanted = {"os": labels.get("kubernetes.io/os"), "architecture": labels.get("kubernetes.io/arch")}
    if any(value and platform.get(key, value) != value for key, value in wanted.items()):
        return False
    build = labels.get("node.kubernetes.io/windows-build")
    return not build or platform.get("os.version", build).startswith(build)


# --- what becomes of the pod -----------------------------------------------------------


def _waits(pod: Object) -> Iterator[str]:
    """The images that a pod does not have yet."""
    if pod["status"].get("reason") == "ProviderFailed":
        yield from (each["image"] for each in pod["spec"]["containers"])
    for member, statuses in _STATUSES.items():
        images = {each["name"]: each["image"] for each in pod["spec"].get(member, ())}
        for status in pod["status"].get(statuses, ()):
            if "waiting" in status.get("state", {}) and not status.get("imageID"):
                yield images.get(status["name"], status["image"])
    if pod["status"].get("phase") == "Pending":
        yield from (each["image"]["reference"] for each in pod["spec"].get("volumes", ()) if "image" in each)


def _run(cloud: Cloud, pod: Object) -> None:
    """The pod runs, its failing events are gone, and there is one for each image that was fetched."""
    for event in cloud.api.select("events", pod["metadata"]["namespace"]):
        is_gone = ("pods", pod["metadata"]["namespace"], event["involvedObject"]["name"]) not in cloud.api.objects
        about = event["involvedObject"]["name"] == pod["metadata"]["name"] or is_gone
        if about and event["involvedObject"]["kind"] == "Pod" and event["reason"] in _FAILURES:
            cloud.api.remove("events", event["metadata"]["namespace"], event["metadata"]["name"])
    status = pod["status"]
    for key in ("reason", "message"):
        status.pop(key, None)
    for member, statuses in _STATUSES.items():
        if member in pod["spec"] and (status.get(statuses) or member == "containers"):
            status[statuses] = [_started(cloud, pod, member, each) for each in pod["spec"][member]]
    status["phase"] = "Running"
    for condition in status.get("conditions", ()):
        condition |= {"status": "True", "lastTransitionTime": iso(ago(), 0)}
        condition.pop("reason", None)
        condition.pop("message", None)
    cloud.api.update("pods", pod)


def _started(cloud: Cloud, pod: Object, member: str, container: Object) -> Object:
    """The status of a container that has its image; an event of the pull, as ``pkg/kubelet/images`` words it."""
    image = container["image"]
    said = f'Successfully pulled image "{image}" in 1.204s (1.204s including waiting). Image size: 29112312 bytes.'
    event = {"container": container["name"], "ago": timedelta(seconds=1), "count": 1}
    node = pod["spec"]["nodeName"]
    cloud.api.update("events", cloud.event(pod, "Pulled", said, node=node, kind=member, **event) | {"type": "Normal"})
    now = iso(ago(), 0)
    ended = {"exitCode": 0, "reason": "Completed", "startedAt": now, "finishedAt": now}
    state = {"terminated": ended} if member == "initContainers" else {"running": {"startedAt": now}}
    return {
        "name": container["name"],
        "image": image,
        "imageID": f"{image.partition('@')[0].rpartition(':')[0]}@{_digest(cloud, image)}",
        "ready": True,
        "restartCount": 0,
        "started": member != "initContainers",
        "state": state,
        "lastState": {},
    }


def _digest(cloud: Cloud, image: str) -> str:
    reference = referenced(image)
    plane = cloud.data_planes.get(reference.host) if reference else None
    repository = plane.repositories.get(reference.name) if plane and reference else None
    what = reference.what if reference else ""
    return repository.tags.get(what, what) if repository else f"sha256:{'0' * 64}"


def _is_virtual(node: Object) -> bool:
    return (node.get("metadata", {}).get("labels") or {}).get("type") == "virtual-kubelet"
