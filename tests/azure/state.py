"""Everything that the simulated cloud knows: one object, edited by tests while it is served."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests import build
from tests.recordings import body

from . import resources as make
from .activity import ActivityChanges
from .changes_access import AccessChanges
from .changes_accounts import AccountChanges
from .changes_cluster import ClusterChanges
from .changes_firewall import FirewallChanges
from .changes_fleet import FleetChanges
from .changes_gateways import GatewayChanges
from .changes_images import ImageChanges
from .changes_isolated import IsolatedChanges
from .changes_kubernetes import KubernetesChanges
from .changes_manager import ManagerChanges
from .changes_network import NetworkChanges
from .changes_privatelink import PrivateLinkChanges
from .changes_reach import ReachChanges
from .changes_registry import RegistryChanges
from .changes_resolver import ResolverChanges
from .changes_service import ServiceChanges
from .changes_workloads import WorkloadChanges
from .commands import Commands
from .faults import Fault, Faults
from .images import DataPlane, Repository
from .log import RequestLog
from .store import Json, Resources
from .tiny_image import push

__all__ = [
    "CALLER_APP_ID",
    "CALLER_OBJECT_ID",
    "MANAGEMENT_GROUP",
    "OWNER",
    "Cloud",
    "DataPlane",
    "Grant",
    "Repository",
    "Subscription",
]

CALLER_OBJECT_ID = "4d7c1e7e-6a53-4f0c-9f55-2c6c2c8f1d0a"
CALLER_APP_ID = "11f2a0b3-94d6-4f63-8f39-6a0c1c5d7e21"
OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
MANAGEMENT_GROUP = "/providers/Microsoft.Management/managementGroups/contoso"


@dataclass
class Subscription:
    name: str
    tenant: str = build.TENANT
    state: str = "Enabled"
    management_group: str | None = MANAGEMENT_GROUP


@dataclass
class Grant:
    """Permissions that the caller (whoever runs ``az``) has at a scope and below."""

    scope: str
    actions: tuple[str, ...] = ("*",)
    not_actions: tuple[str, ...] = ()


@dataclass
class Cloud(
    AccessChanges,
    AccountChanges,
    ActivityChanges,
    ClusterChanges,
    FirewallChanges,
    FleetChanges,
    GatewayChanges,
    ImageChanges,
    IsolatedChanges,
    KubernetesChanges,
    ManagerChanges,
    NetworkChanges,
    PrivateLinkChanges,
    ReachChanges,
    RegistryChanges,
    ResolverChanges,
    ServiceChanges,
    WorkloadChanges,
):
    """The default cloud: cluster ``prod`` in ``rg-app``, registry ``contosoreg`` in ``rg-shared``, nothing broken
    but that nobody was given the role to pull; see ``grant``. Every registry has the image ``team/app:1.2``.
    All ids are those of ``tests.build``.
    """

    tenant: str = build.TENANT
    subscriptions: dict[str, Subscription] = field(
        default_factory=lambda: {build.SUBSCRIPTION: Subscription("Contoso")}
    )
    resources: Resources = field(default_factory=lambda: _default_resources())
    # Names by which types are paged or refused; see arm.py.
    page_size: int | None = None
    versions: dict[str, tuple[str, ...]] = field(default_factory=dict)
    # Those that refusals list beside them, as other regions know them, and the code of the refusals.
    versions_elsewhere: tuple[str, ...] = ()
    version_refusal: str = "NoRegisteredProviderFound"

    caller_object_id: str = CALLER_OBJECT_ID
    caller_app_id: str = CALLER_APP_ID
    caller_secret: str = "sim-caller-secret"
    caller_grants: list[Grant] = field(default_factory=lambda: [Grant("/")])
    forbidden: list[str] = field(default_factory=list)
    login_error: str | None = None
    assignments_hidden: bool = False

    role_assignments: list[Json] = field(default_factory=list)
    role_definitions: dict[str, Json] = field(default_factory=lambda: _builtin_roles())
    deny_assignments: list[Json] = field(default_factory=list)
    groups: dict[str, list[str]] = field(default_factory=dict)

    # Entries of the Activity Log of all subscriptions, see activity.py.
    activity_log: list[Json] = field(default_factory=list)

    applications: list[Json] = field(default_factory=list)
    service_principals: list[Json] = field(default_factory=list)
    graph_forbidden: bool = False

    data_planes: dict[str, DataPlane] = field(default_factory=dict)
    # What kubernetes.py serves; its meaning is that module's own.
    kubernetes: Any = None
    # The same by host, of the clusters that were added to the default one.
    fleet: dict[str, Any] = field(default_factory=dict)

    # What becomes of commands that are run inside the cluster.
    commands: Commands = field(default_factory=Commands)

    latency: float = 0.0
    faults: Faults = field(default_factory=Faults)
    log: RequestLog = field(default_factory=RequestLog)

    def __post_init__(self) -> None:
        # Whoever can read anything has a row of his own in the lists of assignments.
        if not self.role_assignments:
            self.grant(self.caller_object_id, OWNER, MANAGEMENT_GROUP)

    def fault(self, match: str, kind: str, times: int | None = None, retry_after: int = 1) -> Fault:
        """Make requests fail; see :class:`~tests.azure.faults.Fault`."""
        fault = Fault(match, kind, times, retry_after)
        self.faults.active.append(fault)
        return fault

    def remove(self, resource_id: str) -> None:
        """Delete a resource and all below it."""
        prefix = resource_id.lower()
        for key in [key for key in self.resources if key == prefix or key.startswith(f"{prefix}/")]:
            del self.resources[key]

    def ensure_group(self, name: str, subscription: str = build.SUBSCRIPTION) -> None:
        """Add a resource group, and its subscription, where they do not exist."""
        self.subscriptions.setdefault(subscription, Subscription(f"Contoso {len(self.subscriptions) + 1}"))
        group = make.resource_group(name, subscription)
        if group["id"] not in self.resources:
            self.resources.add(group)

    @property
    def cluster(self) -> Json:
        """The default cluster's resource."""
        return self.resources[build.CLUSTER_ID]

    @property
    def registry(self) -> Json:
        """The default registry's resource; ``registry_in`` may have moved it."""
        return next(self.resources.of_type("Microsoft.ContainerRegistry/registries"))

    @property
    def login_server(self) -> str:
        return str(self.registry["properties"]["loginServer"])

    def data_plane(self, login_server: str | None = None) -> DataPlane:
        """The data plane behind a login server (default: the default registry's)."""
        host = (login_server or self.login_server).lower()
        if host not in self.data_planes:
            plane = DataPlane()
            push(plane, "team/app", "1.2", "linux/amd64")
            self.data_planes.setdefault(host, plane)
        return self.data_planes[host]


def _default_resources() -> Resources:
    resources = Resources()
    for group in ("rg-app", "rg-shared", build.NODE_GROUP_ID.rpartition("/")[2]):
        resources.add(make.resource_group(group))
    resources.add(make.cluster())
    resources.add(make.scale_set())
    for instance in make.scale_set_vms():
        resources.add(instance)
    resources.add(make.kubelet_identity())
    resources.add(make.public_ip(make.OUTBOUND_IP_ID, make.OUTBOUND_IP))
    resources.add(make.virtual_network(make.VNET_ID))
    resources.add(make.subnet(build.SUBNET_ID))
    resources.add(make.registry())
    return resources


def _builtin_roles() -> dict[str, Json]:
    recorded = body("authz/roledefinitions_list_builtin_real_guids")["value"]
    return {definition["name"]: definition for definition in recorded}
