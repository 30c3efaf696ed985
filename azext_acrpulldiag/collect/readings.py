"""What is read when: every read of a run, begun as early as what it depends on allows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Any

from ..access.grants import definition_key
from ..access.principals import other_principals
from ..access.puller import puller_of
from ..facts import Cluster, Facts, FailingContainer, Kubernetes, Options, Registry, RoleDefinition, Unreadable
from ..targets import Targets
from .ask.arm import ArmReader
from .ask.session import Session
from .azure import access
from .azure.applications import read_service_principal
from .azure.cluster import read_cluster
from .azure.identity import read_managed_identity
from .azure.nodes import read_models, read_node_hosts
from .kubernetes.api import KubeApi
from .kubernetes.login import find_api_server
from .kubernetes.workloads import of_another_cluster, read_kubernetes
from .network.readings import NetworkReads
from .plan import Plan, Task, needing
from .registry.api import CliLogin, RegistryApi
from .registry.image_models import joined, references_of
from .registry.images import read_images
from .registry.registry import find_registry, read_cache_rules, registry_of
from .secrets.pull_secrets import Asked, AzureSide, read_pull_secrets
from .wanted import Wanted

MISSING = Unreadable("not-found", "The cluster does not exist")


class Reads:
    """Every read of Azure in a run, begun in the constructor."""

    def __init__(self, session: Session, targets: Targets, options: Options, plan: Plan, wanted: Wanted) -> None:
        self._session = session
        self._targets = targets
        self._options = options
        self._wanted = wanted
        self.reader = reader = ArmReader(session)
        target = targets.cluster
        self.registry_body = plan.start(
            "registry", lambda: find_registry(reader, session, targets.registry, target.subscription)
        )
        self.registry = plan.start(
            "registryFacts", needing(lambda body: registry_of(session, body)), self.registry_body
        )
        self.cluster = plan.start("cluster", lambda: read_cluster(reader, target))
        self.kube_api: Task[KubeApi | None] = plan.start("kubernetesLogin", self._find_kube_api)
        self.kubernetes: Task[Kubernetes | None] = plan.start(
            "kubernetes", self._read_kubernetes, self.kube_api, self.cluster
        )
        self.models = plan.start("scaleSets", _of_cluster(lambda cluster: read_models(reader, cluster)), self.cluster)
        self.hosts = plan.start("nodes", needing(lambda models: read_node_hosts(reader, models)), self.models)
        self.identity = plan.start("kubeletIdentity", _of_cluster(self._read_identity), self.cluster)
        self.principal = plan.start("servicePrincipal", _of_cluster(self._read_principal), self.cluster)
        self.cache_rules = plan.start(
            "cacheRules", needing(lambda registry: read_cache_rules(reader, registry)), self.registry
        )
        self.net = NetworkReads(plan, reader, session, self.registry, self.cluster, self.models, wanted.network)
        self._start_images(plan)
        self._start_access(plan)
        self.pull_secrets = plan.start(
            "pullSecrets", self._read_pull_secrets,
            self.kube_api, self.kubernetes, self.registry, self.at_scope, self.caller,
        )  # fmt: skip

    def _start_images(self, plan: Plan) -> None:
        """The argument's image does not wait for Kubernetes; both are asked for with the same tokens."""
        self.registry_api = plan.start("registryApi", needing(self._open_registry), self.registry)
        self.named_image = plan.start("image", self._read_named_image, self.registry, self.registry_api)
        self.failing_images = plan.start(
            "failingImages", self._read_failing_images, self.registry, self.registry_api, self.kubernetes
        )

    def _start_access(self, plan: Plan) -> None:
        session, registry = self._session, self.registry
        self.at_scope = plan.start(
            "roleAssignments", needing(lambda found: access.read_assignments_at(session, found.id)), registry
        )
        self.denials = plan.start(
            "denyAssignments", needing(lambda found: access.read_denials(session, found.id)), registry
        )
        self.caller = plan.start(
            "permissions", needing(lambda found: access.read_caller_permissions(self.reader, found.id)), registry
        )
        self.puller = plan.start("puller", _puller, self.cluster, self.principal)
        self.effective = plan.start("effectiveRoles", needing(self._read_effective), registry, self.puller)
        self.definitions: Task[Mapping[str, RoleDefinition | Unreadable]] = plan.start(
            "roleDefinitions", self._read_definitions, registry, self.effective, self.at_scope
        )
        # Apart, so that the definitions that decide do not wait for the nodes.
        self.other_definitions = plan.start(
            "otherDefinitions", self._read_other_definitions, registry, self.puller, self.at_scope,
            self.definitions, self.cluster, self.principal, self.hosts,
        )  # fmt: skip

    def facts(self, **others: Any) -> Facts:
        """Wait for every answer; ``others`` are the facts that this class does not read."""
        deadline = self._session.deadline
        cluster = self.cluster.answer(deadline)
        kubernetes = self.kubernetes.answer(deadline)
        definitions: dict[str, RoleDefinition | Unreadable] = {}
        for task in (self.definitions, self.other_definitions):
            answer = task.answer(deadline)
            definitions.update({} if isinstance(answer, Unreadable) else answer)
        return Facts(
            now=datetime.now(timezone.utc),
            targets=self._targets,
            cluster=MISSING if cluster is None else cluster,
            registry=self.registry.answer(deadline),
            node_hosts=self.hosts.answer(deadline),
            kubelet_identity_resource=self.identity.answer(deadline),
            service_principal=self.principal.answer(deadline),
            access=access.assemble(
                self.puller.answer(deadline),
                self.effective.answer(deadline),
                self.at_scope.answer(deadline),
                definitions,
                self.denials.answer(deadline),
                self.caller.answer(deadline),
            ),
            cache_rules=self.cache_rules.answer(deadline),
            outbound=self.net.outbound.answer(deadline),
            network=self.net.network(deadline),
            kubernetes=kubernetes,
            # What nobody names is known without a read, also where no time was left to say so.
            images=joined(
                None if self._options.image is None else self.named_image.answer(deadline),
                self.failing_images.answer(deadline) if _failing(kubernetes) else None,
            ),
            pull_secrets=self.pull_secrets.answer(deadline)
            if self._names_secrets(kubernetes)
            else self._no_secrets(kubernetes),
            **others,
        )

    def _find_kube_api(self) -> KubeApi | None:
        """``None``: not asked for."""
        wanted = self._wanted.access
        if wanted.mode == "none":
            return None
        if self._wanted.known is not None:
            return KubeApi(self._session, self._wanted.known[0])
        server = find_api_server(self.reader, self._session, self._targets.cluster, wanted)
        return KubeApi(self._session, server)

    def _read_kubernetes(self, api: Any, cluster: Any) -> Any:
        """Waits for the cluster too, which takes no longer than the login: a stopped one is not worth asking."""
        if api is None or cluster is None:
            return None
        if isinstance(cluster, Cluster) and str(cluster.power_state).lower() == "stopped":
            return Unreadable("unsupported", "The cluster is stopped, so its Kubernetes API does not answer")
        if self._wanted.known is not None:
            found: Any = self._wanted.known[1]
        else:
            found = api if isinstance(api, Unreadable) else read_kubernetes(api, self._wanted.scope)
        group = cluster.node_resource_group if isinstance(cluster, Cluster) else None
        if self._wanted.access.by_file and isinstance(found, Kubernetes) and isinstance(group, str):
            return of_another_cluster(found, group) or found
        return found

    def _read_pull_secrets(self, api: Any, kubernetes: Any, registry: Any, at_scope: Any, caller: Any) -> Any:
        """``None``: nobody names a secret, because pods were not seen and no argument does."""
        wanted = self._wanted
        if not self._names_secrets(kubernetes):
            return self._no_secrets(kubernetes)
        if isinstance(registry, Unreadable):
            return registry
        asked = Asked(
            failing=_failing(kubernetes) or (),
            namespace=wanted.scope.namespace or "default",
            pull_secret=wanted.pull_secret,
            image=self._options.image,
            offer=wanted.offer_credentials,
        )
        not_asked = Unreadable("unsupported", "The Kubernetes API was not to be asked (--cluster-access none)")
        azure = AzureSide(self._session, self.reader, registry, at_scope, caller)
        return read_pull_secrets(not_asked if api is None else api, azure, asked)

    def _names_secrets(self, kubernetes: Any) -> bool:
        """Whether pods that may name secrets were seen, or an argument names one."""
        wanted = self._wanted
        return wanted.pull_secrets and (wanted.pull_secret is not None or bool(_failing(kubernetes)))

    def _no_secrets(self, kubernetes: Any) -> tuple[()] | None:
        return () if self._wanted.pull_secrets and _failing(kubernetes) is not None else None

    def _read_identity(self, cluster: Any) -> Any:
        identity = cluster.kubelet_identity
        if identity is None or isinstance(identity, Unreadable):
            return identity
        return read_managed_identity(self._session, identity.resource_id)

    def _read_principal(self, cluster: Any) -> Any:
        app_id = cluster.service_principal_client_id
        if app_id is not None:
            return read_service_principal(self._session, cluster.subscription, app_id)
        # An answer that shows neither kind of identity is not one of a cluster with managed identities.
        unclear = isinstance(cluster.identity_type, Unreadable) and isinstance(cluster.kubelet_identity, Unreadable)
        return cluster.identity_type if unclear else None

    def _open_registry(self, registry: Registry) -> RegistryApi:
        return RegistryApi(self._session, registry.login_server, CliLogin(registry.subscription))

    def _read_named_image(self, registry: Any, api: Any) -> Any:
        """``None``: no image was given."""
        image = self._options.image
        if image is None or isinstance(api, Unreadable):
            return None if image is None else api
        return read_images(api, registry, references_of(image, (), registry.login_server))

    def _read_failing_images(self, registry: Any, api: Any, kubernetes: Any) -> Any:
        """``None``: no pod is known to wait for an image."""
        failing = _failing(kubernetes)
        if not failing:
            return None
        if isinstance(api, Unreadable):
            return api
        named = references_of(self._options.image, (), registry.login_server)
        images = references_of(None, failing, registry.login_server)
        return read_images(api, registry, [image for image in images if image not in named])

    def _read_effective(self, registry: Any, puller: Any) -> Any:
        """``()`` where the cluster has nobody to pull: then nothing can be granted to it."""
        return () if puller is None else access.read_effective(self._session, registry.id, puller.object_id)

    def _read_definitions(self, registry: Any, effective: Any, at_scope: Any) -> Any:
        if isinstance(registry, Unreadable):
            return registry
        wanted = access.wanted_definitions(registry.id, effective, at_scope)
        return access.read_definitions(self._session, registry.id, wanted)

    def _read_other_definitions(
        self, registry: Any, puller: Any, at_scope: Any, read: Any, cluster: Any, principal: Any, hosts: Any
    ) -> Any:
        """The roles of principals that may hold them by mistake, where they are not read yet."""
        if isinstance(registry, Unreadable) or isinstance(puller, Unreadable) or puller is None:
            return {}
        suspects = other_principals(puller, cluster, principal, hosts)
        wanted = access.wanted_definitions(registry.id, (), at_scope, suspects)
        known = {} if isinstance(read, Unreadable) else read
        missing = [role for role in wanted if definition_key(role) not in known]
        return access.read_definitions(self._session, registry.id, missing)


def _failing(kubernetes: Any) -> tuple[FailingContainer, ...] | None:
    """The containers that wait; ``None``: pods were not read."""
    failing = kubernetes.failing if isinstance(kubernetes, Kubernetes) else None
    return failing if isinstance(failing, tuple) else None


def _of_cluster(work: Callable[[Cluster], Any]) -> Callable[..., Any]:
    """Do ``work`` with the cluster; where it is missing or unreadable, answer that."""

    def guarded(cluster: Cluster | Unreadable | None) -> Any:
        if cluster is None:
            return MISSING
        return cluster if isinstance(cluster, Unreadable) else work(cluster)

    return guarded


def _puller(cluster: Cluster | Unreadable | None, principal: Any) -> Any:
    return _of_cluster(lambda found: puller_of(found, principal))(cluster)
