"""Read which pods run and what pull secrets they have: one page of them, which tells who pulls.

A pod without pull secrets of its own gets those of its service account when it is created, so that what it shows is
what kubelet pulls with (https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/).
"""

from __future__ import annotations

from ...facts import RunningPod, RunningPods
from ..ask.arm import Json
from ..members import Body, or_empty, shown
from .api import KubeApi
from .owners import owner_of
from .workloads import Scope

_LISTS = ("containers", "initContainers", "ephemeralContainers")


def read_running_pods(api: KubeApi, scope: Scope) -> RunningPods:
    """Read one page of the pods that run, in one request. Raises ``ReadError``."""
    selector = "status.phase=Running" + (f",metadata.name={scope.pod}" if scope.pod else "")
    namespace = scope.namespace or ("default" if scope.pod else None)
    items, complete = api.some_pods(namespace, selector)
    return RunningPods(tuple(map(running_pod_from, items)), complete)


def running_pod_from(item: Json) -> RunningPod:
    """Map a pod; what it does not show is empty."""
    pod = Body(item)
    images = [or_empty(each.text, "image") for kind in _LISTS for each in _objects(pod, "spec", kind)]
    secrets = [or_empty(each.text, "name") for each in _objects(pod, "spec", "imagePullSecrets")]
    return RunningPod(
        namespace=or_empty(pod.text, "metadata", "namespace"),
        name=or_empty(pod.text, "metadata", "name"),
        images=tuple(dict.fromkeys(filter(None, images))),
        pull_secrets=tuple(filter(None, secrets)),
        owner=owner_of(item),
    )


def _objects(pod: Body, *path: str) -> tuple[Body, ...]:
    found = shown(pod.objects, *path)
    return found if isinstance(found, tuple) else ()
