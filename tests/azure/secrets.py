"""Pull secrets: the pods that name them, and the tokens and applications that sign in with them."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests.recordings import body

from .changes_access import ago, iso
from .changes_kubernetes import NODE

if TYPE_CHECKING:
    from .state import Cloud


def namespace(cloud: Cloud, name: str = "team") -> None:
    """Add a namespace without any pod."""
    cloud.api.add("namespaces", {"metadata": {"name": name}})


def failing_pod(cloud: Cloud, secrets: Iterable[str] = ("regcred",), name: str = "web-1", **changes: Any) -> None:
    """Add a pod in ``team`` that waits on its image and names these pull secrets."""
    named = [{"name": each} for each in secrets]
    cloud.failing_pod(name=name, **{"namespace": "team", "imagePullSecrets": named, **changes})


def running_pod(
    cloud: Cloud,
    name: str = "web-1",
    secrets: Iterable[str] = ("regcred",),
    image: str = "contosoreg.azurecr.io/team/app:1.2",
    namespace: str = "team",
    owner: str = "web-5d4f8c9b7",
) -> Any:
    """Add a pod that runs, of a deployment; ``secrets`` are those that it got when it was created."""
    item = body("k8s/podlist_image_pull_fail")["items"][0]
    item["metadata"] |= {"name": name, "namespace": namespace}
    item["metadata"].pop("uid")
    item["metadata"]["labels"]["pod-template-hash"] = owner.rpartition("-")[2]
    item["metadata"]["ownerReferences"][0] |= {"name": owner}
    item["spec"] |= {"nodeName": NODE, "imagePullSecrets": [{"name": each} for each in secrets]}
    item["spec"]["containers"] = [{"name": "app", "image": image, "imagePullPolicy": "IfNotPresent"}]
    started = {"running": {"startedAt": iso(ago(minutes=4))}}
    item["status"] = {
        "phase": "Running",
        "containerStatuses": [{"name": "app", "image": image, "imageID": "", "ready": True, "state": started}],
    }
    cloud.api.add("namespaces", {"metadata": {"name": namespace}})
    return cloud.api.add("pods", item)


def pulled(cloud: Cloud, pod: Any) -> None:
    """Add the event that a node fetched the image of a pod five minutes ago."""
    image = pod["spec"]["containers"][0]["image"]
    said = f'Successfully pulled image "{image}" in 3.2s (3.2s including waiting). Image size: 29112312 bytes.'
    cloud.event(pod, "Pulled", said, ago=timedelta(minutes=5), count=1)


def service_account(cloud: Cloud, secrets: Iterable[str], name: str = "default", namespace: str = "team") -> None:
    """Add a service account with pull secrets."""
    account = body("k8s/docs_serviceaccount_imagepullsecrets")
    account["metadata"] = {"name": name, "namespace": namespace}
    account["imagePullSecrets"] = [{"name": each} for each in secrets]
    cloud.api.add("serviceaccounts", account)


def pull_secret(
    cloud: Cloud,
    user: str,
    password: str,
    host: str = "contosoreg.azurecr.io",
    name: str = "regcred",
    namespace: str = "team",
) -> None:
    """Add a pull secret as ``kubectl create secret docker-registry`` makes it."""
    auth = base64.b64encode(f"{user}:{password}".encode()).decode()
    raw_secret(cloud, {"auths": {host: {"username": user, "password": password, "auth": auth}}}, name, namespace)


def raw_secret(
    cloud: Cloud,
    document: Any,
    name: str = "regcred",
    namespace: str = "team",
    kind: str = "kubernetes.io/dockerconfigjson",
) -> None:
    """Add a pull secret with any content."""
    text = document if isinstance(document, str) else json.dumps(document)
    secret = body("k8s/docs_secret_dockerconfigjson")
    key = ".dockercfg" if kind == "kubernetes.io/dockercfg" else ".dockerconfigjson"
    secret |= {
        "metadata": {"name": name, "namespace": namespace},
        "type": kind,
        "data": {key: base64.b64encode(text.encode()).decode()},
    }
    cloud.api.add("secrets", secret)


def registry_token(
    cloud: Cloud,
    name: str = "pull-app",
    password: str = "sim-token-password+ACRt1",
    actions: Iterable[str] = ("repositories/team/app/content/read",),
    status: str = "enabled",
    ends: Iterable[datetime | None] = (None,),
) -> None:
    """Add a token of the default registry with one password for each of ``ends``, and its scope map."""
    registry_id = cloud.registry["id"]
    scope_map = body("acr/scopemap_get_user_defined")
    scope_map |= {"id": f"{registry_id}/scopeMaps/{name}-scope-map", "name": f"{name}-scope-map"}
    scope_map["properties"]["actions"] = list(actions)
    token = body("acr/token_get_new_no_password")
    token |= {"id": f"{registry_id}/tokens/{name}", "name": name}
    passwords: list[dict[str, Any]] = []
    for number, end in enumerate(ends, 1):
        # As Azure SDKs document TokenPassword; an expiry that is not set is left out.
        passwords.append({"creationTime": "2026-01-01T00:00:00+00:00", "name": f"password{number}"})
        if end is not None:
            passwords[-1]["expiry"] = iso(end).replace("Z", "+00:00")
    token["properties"] |= {
        "scopeMapId": scope_map["id"],
        "status": status,
        "credentials": {"passwords": passwords},
    }
    cloud.resources.add(scope_map)
    cloud.resources.add(token)
    cloud.data_plane().tokens[name] = password


def application_password(cloud: Cloud, app_id: str, password: str) -> None:
    """Let an application sign in to the registry with this client secret, while it holds."""
    cloud.data_plane().tokens[app_id] = password
