"""How commands of ``kubectl`` name the cluster: never by whatever context is current."""

from __future__ import annotations

from dataclasses import dataclass

from ..details import Details, internal
from ..facts import Facts
from ..quoting import Arguments
from ..repairs import Step


@dataclass(frozen=True)
class Kubectl(Details):
    """The options of ``kubectl`` that name the cluster, and how to get the file that they name."""

    kubectl: Arguments = internal()
    kubeconfig_file: str | None = internal()
    """The file that is made for the commands; ``None``: the user gave one, or a context."""
    aks_name: str = internal()
    aks_resource_group: str = internal()
    aks_subscription: str = internal()

    @classmethod
    def of(cls, facts: Facts) -> Kubectl:
        """Name the cluster as the user did, else by a file of its own in the current folder."""
        cluster, options = facts.targets.cluster, facts.options
        given = (("--kubeconfig", options.kubeconfig), ("--context", options.context))
        own = tuple((name, value) for name, value in given if value)
        file = None if own else f"./{cluster.name}.kubeconfig"
        return cls(
            kubectl=Arguments(own or (("--kubeconfig", f"./{cluster.name}.kubeconfig"),)),
            kubeconfig_file=file,
            aks_name=cluster.name,
            aks_resource_group=cluster.resource_group,
            aks_subscription=cluster.subscription,
        )


GET_CREDENTIALS = Step(
    "Get credentials for the cluster, in a separate kubeconfig file",
    "az aks get-credentials --name {aks_name} --resource-group {aks_resource_group} --subscription {aks_subscription} "
    "--file {kubeconfig_file}",
    when="kubeconfig_file",
    requires=("Microsoft.ContainerService/managedClusters/listClusterUserCredential/action",),
)
"""The step before the first command of ``kubectl``."""
