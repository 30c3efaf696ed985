"""Faults: each breaks one thing of a cloud that is well, and tells what must then be found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from azext_acrpulldiag.facts import Cluster, Facts, Kubernetes, Registry
from azext_acrpulldiag.images.cache_rules import rule_for
from azext_acrpulldiag.images.mirrors import is_bootstrap_registry
from tests import build
from tests.azure.changes_access import ago
from tests.azure.state import Cloud

from ..scenarios.access_stories import OTHER_TENANT, STRANGER

Teller = Callable[[Cloud], None]
Applies = Callable[[Facts], bool]


@dataclass(frozen=True)
class Fault:
    """``tell`` breaks a healthy cloud; ``applies`` says of a healthy cloud's facts whether that does any harm.

    ``about`` is what it takes away. Of two faults about the same thing one may hide the other, so they are no pair.
    """

    outcome: str
    about: frozenset[str]
    tell: Teller
    applies: Applies
    image: str
    """What pods ask the registry for and do not get."""

    @property
    def name(self) -> str:
        return self.tell.__name__.replace("_", "-")  # type: ignore[attr-defined]


FAULTS: dict[str, Fault] = {}


def fault(
    outcome: str, *about: str, applies: Applies = lambda _: True, image: str = "team/app:1.2"
) -> Callable[[Teller], Fault]:
    """Register a fault under its function's name, with hyphens."""

    def register(tell: Teller) -> Fault:
        made = Fault(outcome, frozenset(about), tell, applies, image)
        if made.name in FAULTS:
            raise ValueError(f"There are two faults named {made.name}")
        FAULTS[made.name] = made
        return made

    return register


# --- what a healthy cloud is -----------------------------------------------------------


def pulls_as_identity(facts: Facts) -> bool:
    return isinstance(facts.cluster, Cluster) and facts.cluster.service_principal_client_id is None


def pulls_as_service_principal(facts: Facts) -> bool:
    return not pulls_as_identity(facts)


def _registry(facts: Facts) -> Registry:
    assert isinstance(facts.registry, Registry)
    return facts.registry


def in_legacy_mode(facts: Facts) -> bool:
    return _registry(facts).role_assignment_mode == "LegacyRegistryPermissions"


def no_image_named(facts: Facts) -> bool:
    return facts.options.image is None


def image_in_the_registry(facts: Facts) -> bool:
    """An image of this registry is named, and it was found."""
    image = facts.options.image
    return image is not None and image.host.lower() == _registry(facts).login_server


def registry_can_be_asked(facts: Facts) -> bool:
    """An image was looked up from here, and pods were read."""
    looked_up = isinstance(facts.images, tuple) and any(each.reference_exists is True for each in facts.images)
    return looked_up and isinstance(facts.kubernetes, Kubernetes) and isinstance(facts.kubernetes.failing, tuple)


def pushed_image_in_the_registry(facts: Facts) -> bool:
    """And no cache rule would fetch it again."""
    image, rules = facts.options.image, facts.cache_rules
    return image_in_the_registry(facts) and isinstance(rules, tuple) and rule_for(rules, image.repository) is None


def index_in_the_registry(facts: Facts) -> bool:
    """An index of this registry is named."""
    images = facts.images if isinstance(facts.images, tuple) else ()
    return image_in_the_registry(facts) and any(one.is_index for one in images)


def without_endpoint(facts: Facts) -> bool:
    return _registry(facts).private_endpoints == ()


def _puller(cloud: Cloud) -> str:
    """The object id that pulls."""
    if "identityProfile" in cloud.cluster["properties"]:
        return str(cloud.cluster["properties"]["identityProfile"]["kubeletidentity"]["objectId"])
    return build.SP_OBJECT_ID


def _grant(cloud: Cloud, principal: str) -> None:
    """Give a principal the role to pull that fits the registry's mode."""
    abac = cloud.registry["properties"].get("roleAssignmentMode") == "AbacRepositoryPermissions"
    cloud.grant(principal, build.REPOSITORY_READER if abac else build.ACR_PULL)


def _groups_of(cloud: Cloud, member: str) -> set[str]:
    found = {group for group, members in cloud.groups.items() if member in members}
    return found.union(*(_groups_of(cloud, group) for group in found)) if found else found


def _revoke(cloud: Cloud) -> None:
    holders = {_puller(cloud), *_groups_of(cloud, _puller(cloud))}
    cloud.role_assignments[:] = [
        each for each in cloud.role_assignments if each["properties"]["principalId"] not in holders
    ]


# --- cluster and identities ------------------------------------------------------------


@fault("cluster.stopped", "nodes")
def cluster_stopped(cloud: Cloud) -> None:
    cloud.stop_cluster()


@fault("identity.kubelet-identity-missing", "identity", applies=pulls_as_identity)
def kubelet_identity_deleted(cloud: Cloud) -> None:
    cloud.delete_kubelet_identity()


@fault("identity.kubelet-identity-missing", "identity", applies=pulls_as_identity)
def kubelet_identity_recreated(cloud: Cloud) -> None:
    cloud.recreate_kubelet_identity()


@fault("identity.node-identity-outdated", "nodes", applies=pulls_as_identity)
def nodes_of_an_older_identity(cloud: Cloud) -> None:
    cloud.outdate_nodes()


@fault("nodes.kubelet-identity-unassigned", "nodes", applies=pulls_as_identity)
def identity_taken_off_the_nodes(cloud: Cloud) -> None:
    cloud.unassign_kubelet_identity()


@fault("identity.service-principal-not-found", "identity", "right", applies=pulls_as_service_principal)
def service_principal_deleted(cloud: Cloud) -> None:
    cloud.applications.clear()
    cloud.service_principals.clear()


@fault("identity.service-principal-disabled", "identity", applies=pulls_as_service_principal)
def service_principal_disabled(cloud: Cloud) -> None:
    for principal in cloud.service_principals:
        principal["accountEnabled"] = False


@fault("identity.service-principal-secret-expired", "identity", applies=pulls_as_service_principal)
def every_secret_expired(cloud: Cloud) -> None:
    for owner in (*cloud.applications, *cloud.service_principals):
        for secret in owner.get("passwordCredentials", ()):
            secret["endDateTime"] = ago(days=1).strftime("%Y-%m-%dT%H:%M:%SZ")


# --- access ----------------------------------------------------------------------------


@fault("access.pull-role-missing", "right")
def role_taken_away(cloud: Cloud) -> None:
    _revoke(cloud)


@fault("access.pull-role-missing", "right")
def role_given_to_a_stranger(cloud: Cloud) -> None:
    _revoke(cloud)
    _grant(cloud, STRANGER)


@fault("access.pull-role-on-other-principal", "right", applies=pulls_as_identity)
def role_given_to_the_control_plane(cloud: Cloud) -> None:
    _revoke(cloud)
    _grant(cloud, str(cloud.cluster["identity"]["principalId"]))


@fault("access.pull-role-wrong-mode", "right", applies=in_legacy_mode)
def registry_switched_to_abac(cloud: Cloud) -> None:
    cloud.abac()


@fault("access.cross-tenant", "identity", "right", applies=pulls_as_identity)
def subscription_moved_to_another_directory(cloud: Cloud) -> None:
    _revoke(cloud)
    cloud.moved_out_of(OTHER_TENANT)


@fault("access.denied", "right")
def pull_denied(cloud: Cloud) -> None:
    cloud.deny(_puller(cloud), data_actions=("Microsoft.ContainerRegistry/registries/repositories/content/read",))


@fault("access.denied", "right")
def everything_denied_to_everyone(cloud: Cloud) -> None:
    cloud.deny(None, ("*",), data_actions=("*",))


# --- registry and image ----------------------------------------------------------------


@fault("registry.not-ready", "registry")
def registry_being_deleted(cloud: Cloud) -> None:
    cloud.registry_state("Deleting")


@fault("registry.cache-upstream", "cache", applies=no_image_named, image="metamorphic/nginx:1.29")
def cache_rule_with_a_dead_credential(cloud: Cloud) -> None:
    cloud.cache_rule("metamorphic", "docker.io/library/*", "metamorphic/*", False)


@fault("registry.cache-rule-missing", "cache", applies=is_bootstrap_registry)
def cache_rule_of_aks_deleted(cloud: Cloud) -> None:
    cloud.without_cache_rules()


@fault("image.repository-not-found", "image", applies=pushed_image_in_the_registry)
def repository_deleted(cloud: Cloud) -> None:
    cloud.data_plane().repositories.clear()


@fault("image.registry-left-out", "kubernetes", applies=registry_can_be_asked)
def registry_left_out(cloud: Cloud) -> None:
    cloud.image("shop/web", "v1")
    cloud.failing_pod("shop/web:v1", build.DENIED)


@fault("image.tag-not-found", "image", applies=pushed_image_in_the_registry)
def tag_deleted(cloud: Cloud) -> None:
    for repository in cloud.data_plane().repositories.values():
        repository.tags.clear()


@fault("image.manifest-missing", "image", applies=index_in_the_registry)
def manifests_of_indexes_purged(cloud: Cloud) -> None:
    for repository in cloud.data_plane().repositories.values():
        for index in [each for each in repository.manifests.values() if "manifests" in each]:
            for entry in index["manifests"]:
                repository.manifests.pop(entry["digest"], None)


@fault("image.not-an-image", "image", applies=image_in_the_registry)
def charts_in_the_place_of_images(cloud: Cloud) -> None:
    for repository in cloud.data_plane().repositories.values():
        for manifest in [each for each in repository.manifests.values() if "layers" in each]:
            manifest["config"]["mediaType"] = "application/vnd.cncf.helm.config.v1+json"
            for layer in manifest["layers"]:
                layer["mediaType"] = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"


@fault("image.read-locked", "image", applies=image_in_the_registry)
def repository_locked(cloud: Cloud) -> None:
    for name in cloud.data_plane().repositories:
        cloud.lock(name)


@fault("image.quarantined", "image", applies=image_in_the_registry)
def image_quarantined(cloud: Cloud) -> None:
    for name, repository in cloud.data_plane().repositories.items():
        for tag in repository.tags:
            cloud.quarantine(name, tag)


# --- network ---------------------------------------------------------------------------


@fault("network.public-access-disabled", "way", applies=without_endpoint)
def public_access_switched_off(cloud: Cloud) -> None:
    cloud.public_access(False)
