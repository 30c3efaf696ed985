"""What the API server refuses of a pod: Pod Security *restricted*, and members that a Windows pod must not have.

Sources: https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted with the words of
``k8s.io/pod-security-admission/policy``, and ``validateWindows`` in ``pkg/apis/core/validation/validation.go`` of
https://github.com/kubernetes/kubernetes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Object = dict[str, Any]

_VOLUMES = ("configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret")
_PROFILES = ("RuntimeDefault", "Localhost")
_NOT_ON_WINDOWS = {
    "spec": ("hostPID", "hostIPC", "hostUsers", "shareProcessNamespace", "resources"),
    "pod": (
        *("appArmorProfile", "fsGroup", "fsGroupChangePolicy", "runAsGroup", "runAsUser", "seLinuxOptions"),
        *("seccompProfile", "supplementalGroups", "supplementalGroupsPolicy", "sysctls"),
    ),
    "container": (
        *("allowPrivilegeEscalation", "appArmorProfile", "capabilities", "privileged", "procMount"),
        *("readOnlyRootFilesystem", "runAsGroup", "runAsUser", "seLinuxOptions", "seccompProfile"),
    ),
}


def restricted(spec: Object) -> list[str]:
    """What the policy has against a pod; empty: it lets it in."""
    return [*_of_pod(spec), *(each for container in _containers(spec) for each in _of_container(spec, container))]


def _of_pod(spec: Object) -> Iterator[str]:
    for member in ("hostNetwork", "hostPID", "hostIPC"):
        if spec.get(member):
            yield "host namespaces"
    for volume in spec.get("volumes") or ():
        if not set(volume) - {"name"} <= set(_VOLUMES):
            yield "restricted volume types"
    if (spec.get("securityContext") or {}).get("sysctls"):
        yield "forbidden sysctls"


def _of_container(spec: Object, container: Object) -> Iterator[str]:
    pod, own = spec.get("securityContext") or {}, container.get("securityContext") or {}
    windows = (spec.get("os") or {}).get("name") == "windows"
    if own.get("privileged") or (own.get("windowsOptions") or pod.get("windowsOptions") or {}).get("hostProcess"):
        yield "privileged"
    if any(port.get("hostPort") for port in container.get("ports") or ()):
        yield "hostPort"
    if own.get("runAsNonRoot", pod.get("runAsNonRoot")) is not True:
        yield "runAsNonRoot != true"
    if own.get("runAsUser", pod.get("runAsUser")) == 0:
        yield "runAsUser=0"
    if windows:
        return
    if own.get("allowPrivilegeEscalation") is not False:
        yield "allowPrivilegeEscalation != false"
    capabilities = own.get("capabilities") or {}
    if "ALL" not in capabilities.get("drop", ()) or set(capabilities.get("add", ())) - {"NET_BIND_SERVICE"}:
        yield "unrestricted capabilities"
    profile = own.get("seccompProfile") or pod.get("seccompProfile") or {}
    if profile.get("type") not in _PROFILES:
        yield "seccompProfile"


def not_on_windows(spec: Object) -> list[str]:
    """The members that a pod for Windows must not have, and has."""
    if (spec.get("os") or {}).get("name") != "windows":
        return []
    found = [f"spec.{each}" for each in _NOT_ON_WINDOWS["spec"] if each in spec]
    pod = spec.get("securityContext") or {}
    found += [f"spec.securityContext.{each}" for each in _NOT_ON_WINDOWS["pod"] if each in pod]
    for number, container in enumerate(_containers(spec)):
        own = container.get("securityContext") or {}
        where = f"spec.containers[{number}].securityContext"
        found += [f"{where}.{each}" for each in _NOT_ON_WINDOWS["container"] if each in own]
    return found


def _containers(spec: Object) -> list[Object]:
    return [*(spec.get("initContainers") or ()), *spec["containers"]]
