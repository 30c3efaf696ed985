"""Checks on who pulls where the cluster uses managed identities."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ...arm_ids import name_of, parent_of, resource_parts, same_id
from ...catalogue import Outcome, check, skipped, unknown
from ...details import Details, internal
from ...effects._common import prepares
from ...effects.identity import identity_given_to_nodes, identity_made
from ...facts import Cluster, Facts, KubeletIdentity, ManagedIdentity, NodeHost, NotKnownError, Unreadable, known
from ...images.mirrors import is_mirrored
from ...model import Finding, Reach, Severity
from ...repairs import Step, option
from .._kubernetes import pod_names
from .._named import ClusterNames
from .._working_secrets import failing_of_registry
from ._reconcile import PULL_ROLE, RECONCILE_RIGHTS, reconcile
from .node_hosts import TROUBLESHOOT_URL, not_by_kubelet_identity

SERVICE_ACCOUNT_URL = (
    "https://learn.microsoft.com/javascript/api/@azure/arm-containerservice/serviceaccountimagepullprofile"
)


@dataclass(frozen=True)
class IdentityFault(Details):
    """What is wrong with the kubelet identity: the ids of the cluster's profile beside those that Azure shows."""

    fault: str
    identity: str | None = None
    profile_client_id: str | None = None
    profile_object_id: str | None = None
    client_id: str | None = None
    """That of the identity which is there now; ``None``: there is none."""
    object_id: str | None = None
    identity_subscription: str | None = None
    identity_group: str | None = None
    identity_name: str | None = None
    made_by_aks: bool = internal(default=True)
    """Whether it is AKS's own to make: what is in the node resource group, or not named at all."""

    @property
    def of_its_own(self) -> bool:
        """Whether the user made it."""
        return not self.made_by_aks

    @property
    def gone(self) -> bool:
        """Whether no identity of this name is there."""
        return self.client_id is None


@dataclass(frozen=True)
class OneInstance(Details):
    """What commands call an instance of a scale set."""

    instance_name: str
    instance_id: str
    scale_set: str
    instance_group: str
    instance_subscription: str

    @classmethod
    def of(cls, host: NodeHost) -> OneInstance | None:
        """Take its resource id apart; ``None``: that is not as it should be."""
        parts = resource_parts(parent_of(host.resource_id))
        if parts is None:
            return None
        subscription, group, scale_set = parts
        return cls(host.name, name_of(host.resource_id), scale_set, group, subscription)


@dataclass(frozen=True)
class OutdatedNodes(Details):
    """The nodes that use another kubelet identity than the cluster has now."""

    pools: tuple[str, ...]
    client_id: str
    node_client_ids: tuple[str, ...]
    hosts: tuple[str, ...]
    one_node: str | None = internal(default=None)
    """The node, in words, where it is about one that is not known to be an instance of a scale set."""
    instance: OneInstance | None = internal(default=None)
    """The node, where it is about one instance of a scale set, whose own model is not outdated."""

    @property
    def instances(self) -> tuple[OneInstance, ...]:
        """It alone, or none."""
        return (self.instance,) if self.instance else ()


@dataclass(frozen=True)
class ServiceAccountPulls(Details):
    """As whom pods pull whose service accounts name no identity, and pods that pull as nobody."""

    otherwise: str
    default_identity: str | None
    pods_without: tuple[str, ...]
    """Failing pods whose accounts name no identity, where there is no default one: their pulls are anonymous."""
    unbound: tuple[str, ...]
    """Identities of failing pods for which the cluster has no identity binding: their pulls are anonymous."""

    @property
    def so(self) -> str:
        """What that means for failing pods, a sentence after a space; empty: nothing."""
        told = []
        if self.pods_without:
            told.append(f"{', '.join(self.pods_without)} pull as nobody, since their service accounts name none")
        if self.unbound:
            told.append(
                f"the cluster has no identity binding for {', '.join(self.unbound)}, so its pods pull as nobody"
            )
        return f" Here {'; '.join(told)}." if told else ""


KUBELET_IDENTITY_MISSING = Outcome(
    id="identity.kubelet-identity-missing",
    severity=Severity.ERROR,
    summary="The kubelet identity {fault}.",
    url=TROUBLESHOOT_URL,
    details=(ClusterNames, IdentityFault),
    repairs=(
        reconcile(
            "Reconcile the cluster: AKS restores its kubelet identity",
            when="made_by_aks",
            untold="AKS makes the identity again with ids that only it knows, and roles and nodes have to follow.",
        ),
        option(
            Step(
                "A kubelet identity that you manage: create it again",
                "az identity create --subscription {identity_subscription} --resource-group {identity_group} "
                "--name {identity_name}",
                when="gone",
                requires=("Microsoft.ManagedIdentity/userAssignedIdentities/write",),
                effect=identity_made,
            ),
            Step(
                "Assign it to the cluster (needs a user-assigned control-plane identity)",
                "az aks update --resource-group {resource_group} --name {cluster} --subscription {subscription} "
                "--assign-kubelet-identity {identity} --yes",
                requires=(*RECONCILE_RIGHTS, "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action"),
                changes="every node is cordoned, drained and reimaged",
                effect=identity_given_to_nodes,
            ),
            PULL_ROLE,
            when="of_its_own",
        ),
    ),
    explains=(
        "unauthorized-401",
        "credential-provider",
        "nodes.kubelet-identity-unassigned",
        "identity.node-identity-outdated",
        "access.pull-role-missing",
        "access.pull-role-on-other-principal",
        "registry.check-acr-failed",
    ),
    article="1.4",
)

_INSTANCE = (
    "--subscription {instance_subscription} --resource-group {instance_group} --name {scale_set} "
    "--instance-ids {instance_id}"
)
_MADE_AGAIN = "Nodes are made again, and only they show what they sign in as then."
NODE_IDENTITY_OUTDATED = Outcome(
    id="identity.node-identity-outdated",
    severity=Severity.ERROR,
    summary="Nodes of {pools} still use the kubelet identity with client id {node_client_ids}; the cluster's is now "
    "{client_id}.",
    url=TROUBLESHOOT_URL,
    details=(ClusterNames, OutdatedNodes),
    repairs=(
        option(
            Step("Cordon and drain the node of instance {instance_name}", each="instances"),
            Step(
                "Update this one instance to its scale set's model",
                f"az vmss update-instances {_INSTANCE}",
                each="instances",
                requires=("Microsoft.Compute/virtualMachineScaleSets/manualUpgrade/action",),
                effect=prepares,
            ),
            Step(
                "and reimage it; then uncordon the node",
                f"az vmss reimage {_INSTANCE}",
                each="instances",
                requires=("Microsoft.Compute/virtualMachineScaleSets/reimage/action",),
                changes="what is on the node's OS disk is lost",
                untold=_MADE_AGAIN,
            ),
            when="instance",
        ),
        Step("Cordon and drain {one_node}, then reimage that one instance", when="one_node"),
        Step(
            "Upgrade the node images, which reimages every node with the current kubelet identity",
            "az aks upgrade --resource-group {resource_group} --name {cluster} --subscription {subscription} "
            "--node-image-only --yes",
            requires=("Microsoft.ContainerService/managedClusters/agentPools/upgradeNodeImageVersion/action",),
            changes="every node is cordoned, drained and reimaged",
            untold="Nodes are made again only where there is a newer image, which nobody can tell from here.",
        ),
        reconcile("If the node images are the newest already: reconcile the cluster", untold=_MADE_AGAIN),
    ),
    explains=(
        "unauthorized-401",
        "credential-provider",
        "nodes.kubelet-identity-unassigned",
        "registry.check-acr-failed",
    ),
    article="1.4",
)

_GRANT_THE_DEFAULT = "See which identity is the default, and assign it a pull role at the registry"
SERVICE_ACCOUNT_PULL = Outcome(
    id="identity.service-account-pull",
    severity=Severity.WARNING,
    summary="Pods pull by service account identity (preview), so roles of the kubelet identity do not count; pods "
    "whose service accounts name no identity pull {otherwise}.{so}",
    url=SERVICE_ACCOUNT_URL,
    details=(ClusterNames, ServiceAccountPulls),
    repairs=(
        Step(
            "Annotate their service accounts with kubernetes.azure.com/acr-client-id, the client id of an identity "
            "that has an identity binding of the cluster and a pull role at the registry; or give the cluster a "
            "default identity",
            when="pods_without",
        ),
        Step(
            "Create an identity binding of the cluster for {unbound} (az aks identity-binding, of the extension "
            "aks-preview), and let the service accounts use it",
            when="unbound",
        ),
        Step(_GRANT_THE_DEFAULT, "az identity show --ids {default_identity}", instead=_GRANT_THE_DEFAULT),
    ),
    explains=("unauthorized-401",),
)


@check(
    "identity.kubelet-identity",
    needs=("cluster", "kubelet_identity_resource"),
    outcomes=(KUBELET_IDENTITY_MISSING,),
)
def the_kubelet_identity_exists(facts: Facts) -> Iterator[Finding]:
    """The kubelet identity that the cluster's profile names exists, with the same ids.

    Nodes sign in to the registry as this identity (never as the control plane's). Without
    it they get no token and pull anonymously. One that was deleted and created again under
    the same name has a new client and object id: nodes ask for the old one, and role
    assignments were made to the old one.

    Decided by ``identityProfile.kubeletidentity`` of the cluster and a GET of the identity
    that it names: absent from the profile, absent from Azure, or with other ids. A cluster
    that is being created has no profile yet. Does not apply to clusters that pull as a
    service principal or by service account.
    """
    cluster = known(facts.cluster)
    reason = not_by_kubelet_identity(cluster)
    if reason:
        yield skipped(cluster.id, reason)
        return
    state = cluster.provisioning_state
    if isinstance(state, str) and state.lower() == "creating":
        yield skipped(cluster.id, "The cluster is being created; its kubelet identity does not exist yet.")
        return
    named = known(cluster.kubelet_identity)
    if named is None:
        yield _missing(cluster, IdentityFault("is not in the cluster's profile"))
        return
    existing = known(facts.kubelet_identity_resource)
    if existing is None:
        yield _missing(cluster, _fault(cluster, named, "was deleted"))
        return
    there, profile = (existing.client_id, existing.principal_id), (named.client_id, named.object_id)
    if tuple(map(str.lower, there)) != tuple(map(str.lower, profile)):
        yield _missing(cluster, _fault(cluster, named, "was deleted and created again with other ids", existing))


def _fault(
    cluster: Cluster, named: KubeletIdentity, fault: str, existing: ManagedIdentity | None = None
) -> IdentityFault:
    subscription, group, name = resource_parts(named.resource_id) or (None, None, None)
    aks_group = cluster.node_resource_group
    return IdentityFault(
        fault=f"({named.resource_id}) {fault}",
        identity=named.resource_id,
        profile_client_id=named.client_id,
        profile_object_id=named.object_id,
        client_id=existing.client_id if existing else None,
        object_id=existing.principal_id if existing else None,
        identity_subscription=subscription,
        identity_group=group,
        identity_name=name,
        made_by_aks=group is None or (isinstance(aks_group, str) and same_id(group, aks_group)),
    )


def _missing(cluster: Cluster, fault: IdentityFault) -> Finding:
    return KUBELET_IDENTITY_MISSING.at(cluster.id, ClusterNames.of(cluster), fault)


@check(
    "identity.node-identity",
    needs=("cluster", "node_hosts"),
    outcomes=(NODE_IDENTITY_OUTDATED,),
)
def nodes_were_set_up_for_the_present_kubelet_identity(facts: Facts) -> Iterator[Finding]:
    """Every node uses the kubelet identity that the cluster has now.

    A node asks the metadata service for a token of the client id that it was created with.
    After the cluster got another kubelet identity, nodes that were not reimaged still ask
    for the former one, which has no role assignment or no longer exists.

    Decided by the tag ``aks-managed-kubeletIdentityClientID`` of scale sets, instances and
    machines against the client id in the cluster's profile. A host without the tag is no
    fault: older and auto-provisioned ones have none.
    """
    cluster = known(facts.cluster)
    reason = not_by_kubelet_identity(cluster)
    if reason:
        yield skipped(cluster.id, reason)
        return
    identity = known(cluster.kubelet_identity)
    if identity is None:
        yield skipped(cluster.id, "The cluster's profile names no kubelet identity to compare with.")
        return
    hosts = known(facts.node_hosts)
    outdated = [
        host
        for host in hosts
        if host.tagged_kubelet_client_id and host.tagged_kubelet_client_id.lower() != identity.client_id.lower()
    ]
    if outdated:
        only = outdated[0] if len(outdated) == 1 and not any(host.unread for host in hosts) else None
        yield NODE_IDENTITY_OUTDATED.at(
            cluster.id,
            ClusterNames.of(cluster),
            OutdatedNodes(
                pools=tuple(sorted({host.pool for host in outdated})),
                client_id=identity.client_id,
                node_client_ids=tuple(sorted({str(host.tagged_kubelet_client_id).lower() for host in outdated})),
                hosts=tuple(sorted(host.name for host in outdated)),
                one_node=f"the node of machine {only.name}" if only and only.kind == "virtual-machine" else None,
                instance=OneInstance.of(only) if only and only.kind == "instance" else None,
            ),
        )
    _all_read(hosts)


@check(
    "identity.service-account-pull",
    needs=("cluster", "account_identities", "kubernetes", "registry"),
    outcomes=(SERVICE_ACCOUNT_PULL,),
)
def pods_pull_by_the_kubelet_identity(facts: Facts) -> Iterator[Finding]:
    """Pods pull by the cluster's own identity, not by identities of their service accounts.

    With service-account image pull (preview) kubelet signs in to the registry as the
    identity that the pod's service account names, else as the cluster-wide default
    identity, else anonymously; the kubelet identity is not used. Role assignments of the
    kubelet identity then prove nothing.

    Decided by ``securityProfile.serviceAccountImagePullProfile``, which only preview
    versions of the cluster's answer show; for failing pods by the annotation ``kubernetes.azure.com/acr-client-id`` of
    their service accounts and the identity bindings of the cluster, without which no token is handed out. Whether
    those identities may pull is another check's. It is a cause where failing pods pull as nobody. Where no such
    version could be read, that alone leaves no verdict open; what is wrong with the kubelet identity is then an
    error, inferred, where pods report just what it would cause, and else unknown.

    Source: https://learn.microsoft.com/azure/aks/identity-bindings
    """
    cluster = known(facts.cluster)
    profile = cluster.service_account_pull
    if isinstance(profile, Unreadable):
        yield unknown(cluster.id, profile, decisive=False)
        return
    if profile is None or not profile.enabled:
        return
    default = profile.default_identity_id
    named = facts.account_identities if isinstance(facts.account_identities, tuple) else ()
    nobody = [each for each in named if each.is_nobody]
    pods = [
        (pod, str(each.identity or ""))
        for each in nobody
        for pod, _ in failing_of_registry(facts)
        if (pod.namespace, pod.service_account) in each.accounts and not is_mirrored(pod.image)
    ]
    pods.sort(key=lambda each: (each[0].namespace, each[0].pod, each[1]))
    pulls = ServiceAccountPulls(
        otherwise=f"as {default}" if default else "anonymously",
        default_identity=default,
        pods_without=pod_names(pod for pod, identity in pods if not identity),
        unbound=tuple(dict.fromkeys(identity for _, identity in pods if identity)),
    )
    reach = Reach(pods=frozenset((pod.namespace, pod.pod) for pod, _ in pods))
    explains = SERVICE_ACCOUNT_PULL.explains if pods else ()
    yield SERVICE_ACCOUNT_PULL.at(cluster.id, ClusterNames.of(cluster), pulls, reach=reach, explains=explains)


def _all_read(hosts: Iterable[NodeHost]) -> None:
    for host in hosts:
        if host.unread is not None:
            raise NotKnownError(host.unread)
