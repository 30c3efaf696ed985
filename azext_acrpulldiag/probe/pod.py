"""The pod that has a node pull an image without running any of it, from the typed models of kubernetes' client.

kubelet fetches the image as the workload's service account with its pull secrets, and then finds no such command in it.
The pod meets Pod Security *restricted* (https://kubernetes.io/docs/concepts/security/pod-security-standards/); on
Windows without the members that the API refuses there (``os`` in
https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..collect.ask.arm import Json
from ..facts.probe import POD_PREFIX, ProbeSubject
from .plan import Host

MANAGED_BY = "az-aks-diagnose-pull"
LABEL = f"app.kubernetes.io/managed-by={MANAGED_BY}"
"""Selects the pods of all runs."""
_RUN = "app.kubernetes.io/instance"
CONTAINER = "pull"
_NO_COMMAND = {
    "linux": "/.acr-pull-probe/no-such-command",
    "windows": "C:\\.acr-pull-probe\\no-such-command.exe",
}
_NOBODY = 65534
_NEVER_SECONDS = 3600
_PURPOSE = (
    "Started by 'az aks diagnose-pull --probe' to see whether this node can pull the image. No line of the image runs, "
    "and the pod is deleted when the command ends; it may be deleted at any time."
)


@dataclass(frozen=True)
class Pods:
    """What the pods of one run have in common."""

    run: str
    """A word of its own in every run."""
    subject: ProbeSubject
    deadline_seconds: int
    """After which kubelet ends a pod by itself; one that no kubelet has is left to the next probe."""

    @property
    def label(self) -> str:
        """Selects the pods of this run."""
        return f"{_RUN}={self.run}"

    def name(self, number: int) -> str:
        """The name of the pod of that number."""
        return f"{POD_PREFIX}{self.run}-{number}"


def body_of(pods: Pods, number: int, host: Host) -> Json:
    """Return the pod for a node, as the API takes it."""
    from kubernetes import client

    body: Json = client.ApiClient().sanitize_for_serialization(_pod(client, pods, number, host))
    return body


def _pod(client: Any, pods: Pods, number: int, host: Host) -> Any:
    subject, windows = pods.subject, host.node.os == "windows"
    metadata = client.V1ObjectMeta(
        name=pods.name(number),
        namespace=subject.namespace,
        labels={
            "app.kubernetes.io/name": "acr-pull-probe",
            "app.kubernetes.io/managed-by": MANAGED_BY,
            _RUN: pods.run,
            # A mesh's own containers would be pulled and run before ours.
            "sidecar.istio.io/inject": "false",
        },
        annotations={
            "acrpulldiag/purpose": _PURPOSE,
            "linkerd.io/inject": "disabled",
            # A pod without a controller keeps the autoscaler from taking its node away.
            "cluster-autoscaler.kubernetes.io/safe-to-evict": "true",
        },
    )
    secrets = [client.V1LocalObjectReference(name=each) for each in subject.pull_secrets]
    spec = client.V1PodSpec(
        containers=[_container(client, subject.image, windows)],
        restart_policy="Never",
        active_deadline_seconds=pods.deadline_seconds,
        termination_grace_period_seconds=0,
        service_account_name=subject.service_account,
        automount_service_account_token=False,
        enable_service_links=False,
        image_pull_secrets=secrets or None,
        os=client.V1PodOS(name="windows" if windows else "linux"),
        security_context=_security(client, windows),
        tolerations=[
            client.V1Toleration(key=each.key, operator="Equal", value=each.value, effect=each.effect)
            for each in host.taints
        ]
        or None,
        affinity=_pinned(client, host.node.name),
    )
    return client.V1Pod(api_version="v1", kind="Pod", metadata=metadata, spec=spec)


def _pinned(client: Any, node: str) -> Any:
    """To a node that there is, as pods of a DaemonSet are: no other would do, so no autoscaler adds one."""
    by_name = client.V1NodeSelectorRequirement(key="metadata.name", operator="In", values=[node])
    terms = client.V1NodeSelector(node_selector_terms=[client.V1NodeSelectorTerm(match_fields=[by_name])])
    return client.V1Affinity(
        node_affinity=client.V1NodeAffinity(required_during_scheduling_ignored_during_execution=terms)
    )


def _container(client: Any, image: str, windows: bool) -> Any:
    command = [_NO_COMMAND["windows" if windows else "linux"]]
    # Some policies refuse a pod without these. Nothing lives for them to look at, and none is asked in time.
    probe = client.V1Probe(
        _exec=client.V1ExecAction(command=command),
        initial_delay_seconds=_NEVER_SECONDS,
        period_seconds=_NEVER_SECONDS,
    )
    security = None
    if not windows:
        security = client.V1SecurityContext(
            allow_privilege_escalation=False,
            capabilities=client.V1Capabilities(drop=["ALL"]),
            read_only_root_filesystem=True,
        )
    return client.V1Container(
        name=CONTAINER,
        image=image,
        image_pull_policy="Always",
        command=command,
        resources=client.V1ResourceRequirements(
            requests={"cpu": "10m", "memory": "16Mi"}, limits={"cpu": "100m", "memory": "100Mi"}
        ),
        liveness_probe=probe,
        readiness_probe=probe,
        security_context=security,
    )


def _security(client: Any, windows: bool) -> Any:
    if windows:
        options = client.V1WindowsSecurityContextOptions(run_as_user_name="ContainerUser")
        return client.V1PodSecurityContext(run_as_non_root=True, windows_options=options)
    return client.V1PodSecurityContext(
        run_as_non_root=True,
        run_as_user=_NOBODY,
        run_as_group=_NOBODY,
        seccomp_profile=client.V1SeccompProfile(type="RuntimeDefault"),
    )
