"""Checks on the service principal of a cluster without managed identities, and on its secret."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from ...catalogue import Outcome, check, skipped
from ...details import Details
from ...facts import Cluster, Facts, NotKnownError, PasswordCredential, ServicePrincipal, Unreadable, known
from ...model import Confidence, Finding, Severity
from ...repairs import Step, option
from .._dates import dated
from .._named import ClusterNames, none_valid
from ._reconcile import RECONCILE_RIGHTS

UPDATE_CREDENTIALS_URL = "https://learn.microsoft.com/azure/aks/update-credentials"
SERVICE_PRINCIPAL_URL = "https://learn.microsoft.com/azure/aks/kubernetes-service-principal"
MANAGED_IDENTITIES = "The cluster uses managed identities."


@dataclass(frozen=True)
class PullsAs(Details):
    """The service principal that the cluster pulls as."""

    app_id: str


@dataclass(frozen=True)
class Disabled(Details):
    """A service principal that may not sign in."""

    object_id: str | None


@dataclass(frozen=True)
class Lost(Details):
    """What of a service principal does not exist."""

    lost: str
    object_id: str | None
    application_object_id: str | None


@dataclass(frozen=True)
class Ended(Details):
    """The client secrets, all of which have expired; there may be none."""

    count: int
    ended: str
    """When the last of them did, or ``none``."""
    key_ids: tuple[str, ...]

    @property
    def none_valid(self) -> str:
        """A clause that says so, for any number."""
        return none_valid("client secret", self.count, self.ended)


@dataclass(frozen=True)
class NewerThanNodes(Details):
    """The valid client secrets began after the newest node was created."""

    first_start: str
    newest_node: str
    live: int


@dataclass(frozen=True)
class Ends(Details):
    """When the last client secret expires."""

    ends: str
    days: int


_GRAPH_RIGHTS = ("Application.ReadWrite.All",)


def _give_to_nodes(description: str, app_id: str) -> Step:
    """Give the cluster a service principal's secret, which is in the variable SP_SECRET."""
    return Step(
        description,
        "az aks update-credentials --resource-group {resource_group} --name {cluster} --subscription {subscription} "
        f"--reset-service-principal --service-principal {app_id} "
        '--client-secret "${SP_SECRET:?unset}"',
        requires=("Microsoft.ContainerService/managedClusters/resetServicePrincipalProfile/action",),
        changes="every node is cordoned, drained and reimaged",
    )


_NEW_SECRET = option(
    Step(
        "Add a client secret beside the others",
        "SP_SECRET=$(az ad sp credential reset --id {app_id} --append --query password --output tsv)",
        requires=_GRAPH_RIGHTS,
    ),
    _give_to_nodes("Update the cluster with the new secret; this reimages the nodes, pool by pool", "{app_id}"),
)
_NO_MORE_SECRETS = Step(
    "Or change to a managed identity, which has no secret to renew (then upgrade the node images, and assign a pull "
    "role to the new kubelet identity)",
    "az aks update --resource-group {resource_group} --name {cluster} --subscription {subscription} "
    "--enable-managed-identity --yes",
    requires=RECONCILE_RIGHTS,
    changes="the control plane gets an identity of its own too",
)

_LOST = (
    "unauthorized-401",
    "aad-token",
    "access.pull-role-missing",
    "access.pull-role-on-other-principal",
    "registry.check-acr-failed",
)

SERVICE_PRINCIPAL_NOT_FOUND = Outcome(
    id="identity.service-principal-not-found",
    severity=Severity.ERROR,
    summary="The cluster pulls as service principal {app_id}, whose {lost} does not exist in its tenant.",
    url=SERVICE_PRINCIPAL_URL,
    details=(PullsAs, Lost, ClusterNames),
    repairs=(
        Step(
            "If the application still exists: create its service principal, then assign it a pull role at the "
            "registry, since it has a new object id",
            "az ad sp create --id {app_id}",
            requires=_GRAPH_RIGHTS,
        ),
        _give_to_nodes(
            "Else create a service principal, keep its id as SP_ID and its password as SP_SECRET, and give it to the "
            "cluster",
            '"${SP_ID:?unset}"',
        ),
        _NO_MORE_SECRETS,
    ),
    explains=(*_LOST, "identity.service-principal-secret-expired"),
    article="1.2",
)

SERVICE_PRINCIPAL_DISABLED = Outcome(
    id="identity.service-principal-disabled",
    severity=Severity.ERROR,
    summary="The cluster pulls as service principal {app_id}, which is disabled.",
    url=SERVICE_PRINCIPAL_URL,
    details=(PullsAs, Disabled, ClusterNames),
    repairs=(
        Step("Enable it again", "az ad sp update --id {app_id} --set accountEnabled=true", requires=_GRAPH_RIGHTS),
        _NO_MORE_SECRETS,
    ),
    explains=("unauthorized-401", "aad-token", "registry.check-acr-failed"),
    article="1.2",
)

SECRET_EXPIRED = Outcome(
    id="identity.service-principal-secret-expired",
    severity=Severity.ERROR,
    summary="The cluster pulls as service principal {app_id}, {none_valid}.",
    url=UPDATE_CREDENTIALS_URL,
    details=(PullsAs, Ended, ClusterNames),
    repairs=(_NEW_SECRET, _NO_MORE_SECRETS),
    explains=("unauthorized-401", "aad-token", "registry.check-acr-failed"),
    article="1.2",
)

SECRET_REPLACED = Outcome(
    id="identity.service-principal-secret-replaced",
    severity=Severity.WARNING,
    confidence=Confidence.INFERRED,
    summary="Every valid client secret of service principal {app_id} is newer ({first_start}) than the newest node "
    "({newest_node}), so the nodes may still use one that was replaced.",
    url=UPDATE_CREDENTIALS_URL,
    details=(PullsAs, NewerThanNodes, ClusterNames),
    repairs=(
        option(
            Step("To verify first: az aks check-acr signs in with the credential that a node really has"),
            _give_to_nodes("Update the cluster with the valid secret, as SP_SECRET", "{app_id}"),
        ),
    ),
    explains=("unauthorized-401", "aad-token"),
    article="1.2",
)

SECRET_EXPIRING = Outcome(
    id="identity.service-principal-secret-expiring",
    severity=Severity.WARNING,
    summary="The last client secret of service principal {app_id} expires on {ends}, in {days} days.",
    url=UPDATE_CREDENTIALS_URL,
    details=(PullsAs, Ends, ClusterNames),
    repairs=(_NEW_SECRET, _NO_MORE_SECRETS),
    article="1.2",
)


@check(
    "identity.service-principal",
    needs=("cluster", "service_principal"),
    outcomes=(SERVICE_PRINCIPAL_NOT_FOUND, SERVICE_PRINCIPAL_DISABLED),
)
def the_service_principal_exists_and_is_enabled(facts: Facts) -> Iterator[Finding]:
    """The service principal that the cluster pulls as exists and is enabled.

    Nodes of such a cluster send its application id and secret to the registry, which asks
    Microsoft Entra ID. A deleted application or service principal, or a disabled one, is
    refused whatever its roles.

    Decided by Microsoft Graph in the cluster's tenant, which answers
    ``Request_ResourceNotFound`` for what does not exist. The application object of another
    tenant's (multi-tenant) application is never visible here, which is no fault.
    """
    cluster = known(facts.cluster)
    principal = known(facts.service_principal)
    if principal is None:
        yield skipped(cluster.id, MANAGED_IDENTITIES)
        return
    object_id = known(principal.object_id)
    pulls_as, names = PullsAs(principal.app_id), ClusterNames.of(cluster)
    if principal.enabled is False:
        yield SERVICE_PRINCIPAL_DISABLED.at(cluster.id, pulls_as, Disabled(object_id), names)
    lost = "service principal" if object_id is None else _lost_application(cluster, principal)
    if lost:
        application = principal.application_object_id
        what = Lost(lost, object_id, application if isinstance(application, str) else None)
        yield SERVICE_PRINCIPAL_NOT_FOUND.at(cluster.id, pulls_as, what, names)
    else:
        known(principal.enabled)


@check(
    "identity.service-principal-secret",
    needs=("cluster", "service_principal"),
    outcomes=(SECRET_EXPIRED,),
)
def the_service_principal_has_a_secret_that_holds(facts: Facts) -> Iterator[Finding]:
    """The service principal has a valid client secret.

    Nodes sign in with the client secret that the cluster was given, and are refused once it
    has expired.

    Decided by Microsoft Graph, which lists the secrets of application and service principal
    with their end dates, but never says which one the cluster has. So only *all expired* proves
    a fault: a valid one beside expired ones is ordinary rotation, and certificates do not
    count, since kubelet cannot use them. Where a part of the secrets is not visible (an
    application of another tenant), one visible secret that is valid settles it.
    """
    cluster = known(facts.cluster)
    principal = known(facts.service_principal)
    if principal is None or principal.object_id is None:
        yield _no_secret(cluster, principal)
        return
    if _live(principal, facts.now):
        return
    passwords = known(principal.passwords)
    ended = sorted(one.end for one in passwords if one.end is not None)
    secrets = Ended(
        count=len(passwords),
        ended=dated(ended[-1]) if ended else "none",
        key_ids=tuple(sorted(one.key_id for one in passwords)),
    )
    yield SECRET_EXPIRED.at(cluster.id, PullsAs(principal.app_id), secrets, ClusterNames.of(cluster))


@check(
    "identity.service-principal-secret-replacement",
    needs=("cluster", "service_principal", "node_hosts"),
    outcomes=(SECRET_REPLACED,),
)
def the_nodes_can_hold_a_secret_that_holds(facts: Facts) -> Iterator[Finding]:
    """A valid client secret is older than the newest node.

    ``az ad sp credential reset`` replaces the secret and updates no cluster. Where every
    valid secret began after the newest node was created, the nodes may still have the
    replaced one. That date is no proof (``az aks update-credentials`` may reimage a node
    on the same machine), so this is a warning, which pods that get 401 make a cause.

    Decided by ``timeCreated`` of instances and machines and ``startDateTime`` of the
    secrets. A secret without a start is taken as old.
    """
    cluster = known(facts.cluster)
    principal = known(facts.service_principal)
    if principal is None or principal.object_id is None:
        yield _no_secret(cluster, principal)
        return
    live = _live(principal, facts.now)
    starts = [one.start for one in live if one.start is not None]
    if not live and not isinstance(principal.passwords, Unreadable):
        yield skipped(cluster.id, "No client secret is valid.")
        return
    if live and len(starts) < len(live):
        return
    # Instances and machines are nodes; a scale set is not.
    nodes = [host.created for host in known(facts.node_hosts) if host.kind != "scale-set" or host.unread]
    created = [moment for moment in nodes if isinstance(moment, datetime)]
    if starts and created and min(starts) <= max(created):
        return
    known(principal.passwords)
    for moment in nodes:
        if isinstance(moment, Unreadable):
            raise NotKnownError(moment)
    if not created:
        yield skipped(cluster.id, "The cluster has no node at the moment.")
        return
    newer = NewerThanNodes(dated(min(starts)), dated(max(created)), len(live))
    yield SECRET_REPLACED.at(cluster.id, PullsAs(principal.app_id), newer, ClusterNames.of(cluster))


@check(
    "identity.service-principal-secret-expiry",
    needs=("cluster", "service_principal", "options"),
    outcomes=(SECRET_EXPIRING,),
)
def the_service_principal_has_a_secret_that_will_hold(facts: Facts) -> Iterator[Finding]:
    """A client secret of the service principal is valid beyond the days to be warned of.

    When the last one expires, every node is refused at once. Decided by the latest
    ``endDateTime`` among the valid ones, against ``--expiry-days``.
    """
    cluster = known(facts.cluster)
    principal = known(facts.service_principal)
    if principal is None or principal.object_id is None:
        yield _no_secret(cluster, principal)
        return
    limit = facts.now + timedelta(days=facts.options.expiry_days)
    live = _live(principal, facts.now)
    if any(one.end is None or one.end > limit for one in live):
        return
    known(principal.passwords)
    ends = [one.end for one in live if one.end is not None]
    if not ends:
        yield skipped(cluster.id, "No client secret is valid.")
        return
    last = max(ends)
    ends_on = Ends(dated(last), (last - facts.now).days)
    yield SECRET_EXPIRING.at(cluster.id, PullsAs(principal.app_id), ends_on, ClusterNames.of(cluster))


def _no_secret(cluster: Cluster, principal: ServicePrincipal | None) -> Finding:
    if principal is None:
        return skipped(cluster.id, MANAGED_IDENTITIES)
    return skipped(cluster.id, "The service principal does not exist, so it has no secret to judge.")


def _live(principal: ServicePrincipal, now: datetime) -> list[PasswordCredential]:
    """The secrets that were shown and are valid; there may be more where not all were shown."""
    shown = principal.seen_passwords if isinstance(principal.passwords, Unreadable) else principal.passwords
    return [one for one in shown if one.end is None or one.end > now]


def _lost_application(cluster: Cluster, principal: ServicePrincipal) -> str | None:
    if known(principal.application_object_id) is not None:
        return None
    home = known(principal.home_tenant_id)
    if home is None:
        raise NotKnownError(Unreadable("not-shown", f"Microsoft Graph names no home tenant of {principal.app_id}"))
    return "application" if home.lower() == known(cluster.tenant_id).lower() else None
