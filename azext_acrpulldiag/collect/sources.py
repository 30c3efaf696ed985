"""The functions behind the table's rows, but for those about the network and about pods.

Each takes the run and the answers of the rows that it comes after, and asks one source.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from ..access.grants import definition_key
from ..access.principals import other_principals
from ..access.puller import accounts_pull, default_identity, puller_of
from ..facts import (
    Access,
    AccountIdentity,
    AccountPull,
    ActivityLog,
    CacheRule,
    CheckAcrReport,
    Cluster,
    DenyAssignment,
    HealthReport,
    ManagedIdentity,
    NodeHost,
    Permission,
    Puller,
    Registry,
    Replication,
    RoleAssignment,
    RoleDefinition,
    ServicePrincipal,
    Unreadable,
)
from .activity.log import read_log
from .ask.arm import Json, in_parallel
from .az.check_acr import run_check_acr
from .azure import access as rbac
from .azure.accounts import AtRegistry, Bindings, pulls_of, read_account_pull, read_identity_bindings
from .azure.applications import read_service_principal
from .azure.cluster import read_cluster
from .azure.identity import read_managed_identity
from .azure.nodes import read_models, read_node_hosts
from .registry.registry import find_registry, read_cache_rules, read_replications, registry_of
from .request import Run

MISSING = Unreadable("not-found", "The cluster does not exist")

Clients = Mapping[tuple[str, str], str | Unreadable | None]
Hosts = tuple[NodeHost, ...]
Assignments = tuple[RoleAssignment, ...]
Definitions = Mapping[str, RoleDefinition | Unreadable]
Denials = tuple[DenyAssignment, ...]
Permissions = tuple[Permission, ...]


# --- cluster, nodes and registry -----------------------------------------------------------


def cluster(run: Run) -> Cluster | Unreadable:
    """The cluster; :data:`MISSING`: Azure says that it does not exist."""
    if run.request.known is not None:
        return run.request.known.cluster
    found = read_cluster(run.arm, run.request.targets.cluster)
    return MISSING if found is None else found


def host_models(run: Run, found: Cluster) -> Hosts | Unreadable:
    """Scale sets, and machines outside them."""
    return read_models(run.arm, found)


def hosts(run: Run, models: Hosts) -> Hosts:
    """The same with the instances of scale sets."""
    return read_node_hosts(run.arm, models)


def kubelet_identity(run: Run, found: Cluster) -> ManagedIdentity | Unreadable | None:
    """The identity that the profile names; ``None``: it is gone, or none is named."""
    identity = found.kubelet_identity
    if identity is None or isinstance(identity, Unreadable):
        return identity
    return read_managed_identity(run.session, identity.resource_id)


def service_principal(run: Run, found: Cluster) -> ServicePrincipal | Unreadable | None:
    """The service principal that the cluster pulls as; ``None``: it uses managed identities."""
    app_id = found.service_principal_client_id
    if app_id is not None:
        return read_service_principal(run.session, found.subscription, app_id)
    # An answer that shows neither kind of identity is not one of a cluster with managed identities.
    if isinstance(found.identity_type, Unreadable) and isinstance(found.kubelet_identity, Unreadable):
        return found.identity_type
    return None


def registry_body(run: Run) -> Json | Unreadable:
    """The registry as Resource Manager tells it."""
    targets = run.request.targets
    return find_registry(run.arm, run.session, targets.registry, targets.cluster.subscription)


def registry(run: Run, body: Json) -> Registry | Unreadable:
    """The registry."""
    return registry_of(run.session, body)


def cache_rules(run: Run, found: Registry) -> tuple[CacheRule, ...] | Unreadable:
    """The registry's cache rules."""
    return read_cache_rules(run.arm, found)


def replications(run: Run, found: Registry) -> tuple[Replication, ...] | Unreadable:
    """The regions that the registry is in."""
    return read_replications(run.arm, found)


# --- who may pull --------------------------------------------------------------------------


def assignments_at(run: Run, found: Registry) -> Assignments | Unreadable:
    """Every role assignment at the registry."""
    return rbac.read_assignments_at(run.session, found.id)


def denials(run: Run, found: Registry) -> Denials | Unreadable:
    """Every deny assignment at the registry."""
    return rbac.read_denials(run.session, found.id)


def own_permissions(run: Run, found: Registry) -> Permissions | Unreadable:
    """What the login itself may do at the registry."""
    return rbac.read_caller_permissions(run.arm, found.id)


def puller(
    _: Run, found: Cluster | Unreadable, principal: ServicePrincipal | Unreadable | None
) -> Puller | Unreadable | None:
    """Who pulls; ``None``: nobody. Asks for nothing."""
    return puller_of(found, principal)


def effective(run: Run, found: Registry, who: Puller | None) -> Assignments | Unreadable:
    """The puller's assignments; ``()`` where there is none: nothing can be granted to it then."""
    return () if who is None else rbac.read_effective(run.session, found.id, who.object_id)


def definitions(
    run: Run, found: Registry | Unreadable, held: Assignments | Unreadable, at_scope: Assignments | Unreadable
) -> Definitions | Unreadable:
    """The roles that decide; they do not wait for the nodes."""
    if isinstance(found, Unreadable):
        return found
    return rbac.read_definitions(run.session, found.id, rbac.wanted_definitions(found.id, held, at_scope))


def other_definitions(
    run: Run,
    found: Registry | Unreadable,
    who: Puller | Unreadable | None,
    at_scope: Assignments | Unreadable,
    read: Definitions | Unreadable,
    of_cluster: Cluster | Unreadable,
    principal: ServicePrincipal | Unreadable | None,
    nodes: Hosts | Unreadable,
) -> Definitions:
    """The roles of principals that may hold them by mistake, where they are not read yet."""
    if isinstance(found, Unreadable) or isinstance(who, Unreadable) or who is None:
        return {}
    suspects = other_principals(who, of_cluster, principal, nodes)
    wanted = rbac.wanted_definitions(found.id, (), at_scope, suspects)
    known = {} if isinstance(read, Unreadable) else read
    missing = [role for role in wanted if definition_key(role) not in known]
    return rbac.read_definitions(run.session, found.id, missing)


def access(
    _: Run,
    who: Puller | Unreadable | None,
    held: Assignments | Unreadable,
    at_scope: Assignments | Unreadable,
    roles: Definitions | Unreadable,
    other_roles: Definitions | Unreadable,
    denied: Denials | Unreadable,
    own: Permissions | Unreadable,
    by_account: tuple[AccountPull, ...] | Unreadable | None,
    found: Cluster | Unreadable,
) -> Access:
    """Put together who may pull, empty lists settled.

    Where pods do not pull as their service accounts, it does not matter that those were not read in time.
    """
    both = [{} if isinstance(each, Unreadable) else each for each in (roles, other_roles)]
    together = rbac.assemble(who, held, at_scope, {**both[0], **both[1]}, denied, own)
    alike = isinstance(found, Cluster) and not accounts_pull(found)
    return together if alike else replace(together, by_account=by_account)


def held_by_identity(
    run: Run,
    who: Puller | Unreadable | None,
    held: Assignments | Unreadable,
    at_scope: Assignments | Unreadable,
    roles: Definitions | Unreadable,
    denied: Denials | Unreadable,
    own: Permissions | Unreadable,
    found: Cluster | Unreadable,
) -> Access:
    """What the puller holds, without the roles of others that may hold them by mistake. Asks for nothing."""
    return access(run, who, held, at_scope, roles, {}, denied, own, None, found)


def identity_bindings(run: Run, found: Cluster) -> Bindings | Unreadable:
    """The identities that pods may use; none where pods do not pull as those."""
    return read_identity_bindings(run.arm, found.id) if accounts_pull(found) else ()


def account_identities(
    _: Run,
    found: Cluster | Unreadable,
    of_registry: Registry | Unreadable,
    clients: Clients | Unreadable,
    bindings: Bindings | Unreadable,
) -> tuple[AccountIdentity, ...] | Unreadable | None:
    """Who pulls in the place of the kubelet identity; ``None``: that identity pulls. Asks for nothing."""
    if not isinstance(found, Cluster) or not isinstance(of_registry, Registry) or not accounts_pull(found):
        return None
    if isinstance(clients, Unreadable):
        return clients
    return bindings if isinstance(bindings, Unreadable) else pulls_of(clients, default_identity(found), bindings)


def account_pulls(
    run: Run,
    of_registry: Registry | Unreadable,
    identities: tuple[AccountIdentity, ...] | Unreadable | None,
    at_scope: Assignments | Unreadable,
    denied: Denials | Unreadable,
    own: Permissions | Unreadable,
) -> tuple[AccountPull, ...] | Unreadable | None:
    """The same, each with what it holds."""
    if identities is None or isinstance(identities, Unreadable):
        return identities
    if isinstance(of_registry, Unreadable):
        return of_registry
    there = AtRegistry(run.session, of_registry.id, at_scope, denied, own)
    read = in_parallel([partial(read_account_pull, there, each) for each in identities])
    unread = next((each for each in read if isinstance(each, Unreadable)), None)
    return unread or tuple(each for each in read if not isinstance(each, Unreadable))


# --- what changed before -------------------------------------------------------------------


def changes(run: Run) -> ActivityLog:
    """What the Activity Log answers to the questions of the run."""
    return read_log(run.arm, run.request.questions)


# --- commands of az ------------------------------------------------------------------------


def check_health(run: Run, found: Registry, body: Json) -> HealthReport | Unreadable | None:
    """What ``az acr check-health`` says."""
    return None if run.health is None else run.health.run(found, body, run.session.deadline)


def check_acr(run: Run, found: Registry, _: Cluster) -> CheckAcrReport | Unreadable:
    """What ``az aks check-acr`` says. Starts a pod."""
    return run_check_acr(run.request.targets.cluster, found.login_server, run.session.deadline)


def left_to_the_probe(_: Run) -> None:
    """What a probe tells is read after all else, see :mod:`azext_acrpulldiag.probe`; the table has its rights."""
