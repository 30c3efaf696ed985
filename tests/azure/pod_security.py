"""What the API server refuses of a pod: Pod Security *restricted*, and members that a Windows pod must not have.

Sources: the tables "Baseline" and "Restricted" of https://kubernetes.io/docs/concepts/security/pod-security-standards/
(its state with the control "Host Probes / Lifecycle Hooks (v1.34+)"), each control of them below, with the words of
``k8s.io/pod-security-admission/policy``; and ``validateWindows`` in ``pkg/apis/core/validation/validation.go`` of
https://github.com/kubernetes/kubernetes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Object = dict[str, Any]

_VOLUMES = ("configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret")
_PROFILES = ("RuntimeDefault", "Localhost")
_SELINUX = ("", "container_t", "container_init_t", "container_kvm_t", "container_engine_t")
APP_ARMOR = "container.apparmor.security.beta.kubernetes.io/"
_SYSCTLS = (
    *("kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_unprivileged_port_start"),
    *("net.ipv4.tcp_syncookies", "net.ipv4.ping_group_range", "net.ipv4.ip_local_reserved_ports"),
    *("net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl"),
    "net.ipv4.tcp_keepalive_probes",
)
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


def restricted(pod: Object) -> list[str]:
    """What the policy has against a pod, that of *baseline* included; empty: it lets it in."""
    spec = pod["spec"]
    of_pod = [*_of_pod(spec), *_of_annotations(pod.get("metadata", {}).get("annotations") or {})]
    return [*of_pod, *(each for container in _containers(spec) for each in _of_container(spec, container))]


def _of_pod(spec: Object) -> Iterator[str]:
    if any(spec.get(member) for member in ("hostNetwork", "hostPID", "hostIPC")):
        yield "host namespaces"
    for volume in spec.get("volumes") or ():
        if not set(volume) - {"name"} <= set(_VOLUMES):
            yield "restricted volume types"
    context = spec.get("securityContext") or {}
    if any(each["name"] not in _SYSCTLS for each in context.get("sysctls") or ()):
        yield "forbidden sysctls"
    if context.get("runAsUser") == 0:
        yield "runAsUser=0"
    yield from _of_profiles(context)


def _of_annotations(annotations: Object) -> Iterator[str]:
    for key, value in annotations.items():
        if key.startswith(APP_ARMOR) and value != "runtime/default" and not value.startswith("localhost/"):
            yield "forbidden AppArmor profile"


def _of_container(spec: Object, container: Object) -> Iterator[str]:
    pod, own = spec.get("securityContext") or {}, container.get("securityContext") or {}
    if own.get("privileged"):
        yield "privileged"
    if (own.get("windowsOptions") or pod.get("windowsOptions") or {}).get("hostProcess"):
        yield "hostProcess"
    if any(port.get("hostPort") for port in container.get("ports") or ()):
        yield "hostPort"
    if any(_names_a_host(each) for each in _handlers(container)):
        yield "probe or lifecycle host"
    if own.get("procMount") not in (None, "Default"):
        yield "procMount"
    if own.get("runAsNonRoot", pod.get("runAsNonRoot")) is not True:
        yield "runAsNonRoot != true"
    if own.get("runAsUser") == 0:
        yield "runAsUser=0"
    yield from _of_profiles(own)
    if (spec.get("os") or {}).get("name") != "windows":
        yield from _of_linux(pod, own)


def _of_linux(pod: Object, own: Object) -> Iterator[str]:
    if own.get("allowPrivilegeEscalation") is not False:
        yield "allowPrivilegeEscalation != false"
    capabilities = own.get("capabilities") or {}
    if "ALL" not in capabilities.get("drop", ()) or set(capabilities.get("add", ())) - {"NET_BIND_SERVICE"}:
        yield "unrestricted capabilities"
    if (own.get("seccompProfile") or pod.get("seccompProfile") or {}).get("type") not in _PROFILES:
        yield "seccompProfile"


def _of_profiles(context: Object) -> Iterator[str]:
    """What a security context, a pod's or a container's, must not name."""
    if (context.get("appArmorProfile") or {"type": "RuntimeDefault"}).get("type") not in _PROFILES:
        yield "forbidden AppArmor profile"
    if (context.get("seccompProfile") or {"type": "RuntimeDefault"}).get("type") not in _PROFILES:
        yield "seccompProfile"
    options = context.get("seLinuxOptions") or {}
    if options.get("type", "") not in _SELINUX or options.get("user") or options.get("role"):
        yield "seLinuxOptions"


def _handlers(container: Object) -> list[Object]:
    found = [container.get(each) for each in ("livenessProbe", "readinessProbe", "startupProbe")]
    hooks = container.get("lifecycle") or {}
    return [each for each in (*found, hooks.get("postStart"), hooks.get("preStop")) if each]


def _names_a_host(handler: Object) -> bool:
    return any((handler.get(each) or {}).get("host") for each in ("httpGet", "tcpSocket"))


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
    return [*(spec.get("initContainers") or ()), *spec["containers"], *(spec.get("ephemeralContainers") or ())]
