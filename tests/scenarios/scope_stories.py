"""What pods fail at that is written without the registry's host, asked of it by another name, or another registry's."""

from __future__ import annotations

from tests.azure.state import Cloud

from .stories import story

HOST = "contosoreg.azurecr.io"
SET_IMAGE = (
    "az aks get-credentials --name prod ",
    "kubectl --kubeconfig ./prod.kubeconfig set image deployment/web app=contosoreg.azurecr.io/shop/web:v1 "
    "--namespace shop",
)


def denied(image: str) -> str:
    """What containerd reports of a name that Docker Hub does not have, or shows to its owners only."""
    resolved = image if image.startswith("docker.io/") else f"docker.io/{image}"
    return (
        f'Failed to pull image "{image}": failed to pull and unpack image "{resolved}": failed to resolve reference '
        f'"{resolved}": pull access denied, repository does not exist or may require authorization: server message: '
        "insufficient_scope: authorization failed"
    )


def waits(cloud: Cloud, image: str, message: str | None = None, name: str = "web-5d4f8c9b7-x2x9z") -> None:
    """A pod of namespace ``shop`` waits for the image, in a cluster where nothing else is wrong."""
    cloud.grant()
    cloud.node()
    cloud.failing_pod(image, denied(image) if message is None else message, name=name, namespace="shop")


# --- the registry's host was left out ------------------------------------------------------


@story(
    verdict="broken",
    root_causes=("image.registry-left-out",),
    symptoms=("unauthorized-401",),
    evidence={
        "image.registry-left-out": {
            "image": "shop/web:v1",
            "host": "docker.io",
            "suggestion": f"{HOST}/shop/web:v1",
            "pods": ["shop/web-5d4f8c9b7-x2x9z"],
        }
    },
    commands=SET_IMAGE,
)
def image_without_its_registry(cloud: Cloud) -> None:
    """The pod names an image of the registry without its host, so nodes ask Docker Hub."""
    cloud.image("shop/web", "v1")
    waits(cloud, "shop/web:v1")


@story(
    verdict="broken",
    root_causes=("image.registry-left-out",),
    symptoms=("timeout-network",),
    evidence={"image.registry-left-out": {"suggestion": f"{HOST}/web:latest"}},
)
def image_of_one_word_without_a_way_out(cloud: Cloud) -> None:
    """The name has one word and no tag, and nodes have no way to Docker Hub."""
    cloud.image("web", "latest")
    message = (
        'failed to resolve reference "docker.io/library/web:latest": failed to do request: Head '
        '"https://registry-1.docker.io/v2/library/web/manifests/latest": dial tcp 54.198.86.24:443: i/o timeout'
    )
    waits(cloud, "web", message)


@story(
    verdict="broken",
    acr=None,
    root_causes=("image.registry-left-out",),
    symptoms=("unauthorized-401",),
    commands=SET_IMAGE,
)
def image_without_its_registry_beside_pulls(cloud: Cloud) -> None:
    """No registry is named; the one that nodes pulled from within the hour has the image."""
    cloud.image("shop/web", "v1")
    waits(cloud, "shop/web:v1")
    cloud.pulled()


@story(verdict="healthy", acr=None)
def image_without_any_registry(cloud: Cloud) -> None:
    """No registry is named, and the cluster makes none known that the image may be meant for."""
    waits(cloud, "shop/web:v1")


@story(verdict="healthy")
def image_that_the_registry_lacks(cloud: Cloud) -> None:
    """The registry has the repository without that tag, so the name is another registry's."""
    cloud.image("shop/web", "v2")
    waits(cloud, "shop/web:v1")


@story(verdict="healthy")
def image_that_names_docker_hub(cloud: Cloud) -> None:
    """The pod names Docker Hub itself; that the registry has such an image too tells nothing."""
    cloud.image("shop/web", "v1")
    waits(cloud, "docker.io/shop/web:v1")


@story(verdict="healthy")
def image_that_docker_hub_throttles(cloud: Cloud) -> None:
    """Docker Hub has the image, and throttles; the registry has a copy."""
    cloud.image("shop/web", "v1")
    waits(
        cloud,
        "shop/web:v1",
        "failed to pull and unpack image: failed to copy: httpReadSeeker: failed open: unexpected status code "
        "https://registry-1.docker.io/v2/shop/web/manifests/v1: 429 Too Many Requests - Server message: "
        "toomanyrequests: You have reached your unauthenticated pull rate limit.",
    )


@story(
    verdict="inconclusive",
    unknowns={"image.registry-host": "network access from this machine (203.0.113.40) to contosoreg.azurecr.io"},
    other_outcomes=("registry.unhealthy",),
)
def image_without_a_host_that_cannot_be_looked_up(cloud: Cloud) -> None:
    """Docker Hub does not have the image, and whether the registry does cannot be asked from here."""
    cloud.image("shop/web", "v1")
    waits(cloud, "shop/web:v1")
    cloud.refuse_this_machine()


@story(
    verdict="broken",
    arguments=("--image", "contosoreg-h2bqfzdzd4g6c8a5.azurecr.io/team/app:1.2"),
    root_causes=("image.login-server-mismatch",),
    evidence={"image.login-server-mismatch": {"suggestion": f"{HOST}/team/app:1.2"}},
)
def image_of_a_registry_with_another_label(cloud: Cloud) -> None:
    """The image that is to be deployed is at a registry of the same name with another domain name label."""
    cloud.grant()


@story(verdict="healthy", acr=None, arguments=("--image", "contosoreg.westeurope.geo.azurecr.io/team/app:1.2"))
def image_of_a_regional_host_tells_the_registry(cloud: Cloud) -> None:
    """No registry is named but by the regional host of the image."""
    cloud.grant()


# --- another registry's --------------------------------------------------------------------


@story(verdict="healthy")
def direct_cluster_without_a_way_to_mcr(cloud: Cloud) -> None:
    """Pods of the registry are well; those of AKS and of other registries fail, each for its own reason."""
    cloud.pod_of_aks()
    waits(cloud, "quay.io/team/app:1", "dial tcp: lookup quay.io on 168.63.129.16:53: no such host")


# --- the registry was asked by another name ------------------------------------------------


@story(
    verdict="broken",
    root_causes=("image.tag-not-found",),
    symptoms=("image-not-found",),
    evidence={"image.tag-not-found": {"image": f"{HOST}/hub/library/nginx:1.27"}},
)
def image_through_a_mirror_of_docker_hub(cloud: Cloud) -> None:
    """Nodes get images of Docker Hub through the registry, and it lacks the tag."""
    cloud.image("hub/library/nginx", "1.26")
    waits(
        cloud,
        "nginx:1.27",
        'failed to resolve reference "docker.io/library/nginx:1.27": unexpected status from HEAD request to '
        f"https://{HOST}/v2/hub/library/nginx/manifests/1.27?ns=docker.io: 404 Not Found",
    )


@story(
    verdict="broken",
    acr=None,
    root_causes=("image.host-without-credential",),
    symptoms=("unauthorized-401",),
    evidence={"image.host-without-credential": {"host": "docker.io", "suggestion": f"{HOST}/hub/library/nginx:1.27"}},
    commands=(
        "az aks get-credentials --name prod ",
        f"kubectl --kubeconfig ./prod.kubeconfig set image deployment/web app={HOST}/hub/library/nginx:1.27 ",
    ),
)
def image_through_a_mirror_as_nobody(cloud: Cloud) -> None:
    """No registry is named; a pod's message shows that nodes have this one as a mirror, and ask it as nobody."""
    cloud.grant()
    cloud.image("hub/library/nginx", "1.27")
    cloud.node()
    cloud.failing_pod(
        "nginx:1.27",
        'failed to resolve reference "docker.io/library/nginx:1.27": failed to authorize: failed to fetch anonymous '
        f"token: unexpected status from GET request to https://{HOST}/oauth2/token?scope=repository%3Ahub%2Flibrary"
        f"%2Fnginx%3Apull&service={HOST}: 401 Unauthorized",
        namespace="shop",
    )
