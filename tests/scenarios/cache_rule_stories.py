"""Images that come through cache rules, whose upstream answers in the registry's name."""

from __future__ import annotations

from unittest.mock import ANY

from tests.azure.changes_isolated import AKS_IMAGE
from tests.azure.state import Cloud
from tests.build import SUBSCRIPTION

from .stories import story

HOST = "contosoreg.azurecr.io"
PULUMI = f"{HOST}/docker.io/pulumi/pulumi-dotnet:3.116.1"
NGINX = f"{HOST}/hub/nginx:1.27"
OF_IMAGES = ("image.existence", "image.manifest", "image.artifact", "image.platform")
UNREAD_IMAGE = dict.fromkeys(OF_IMAGES, None)


def _answered(image: str, answer: str) -> str:
    """What containerd says: the status, and nothing of what the registry says."""
    path = f"https://{image.rpartition(':')[0].replace(f'{HOST}/', f'{HOST}/v2/')}/manifests/{image.rpartition(':')[2]}"
    wanted = f'Failed to pull image "{image}": failed to pull and unpack image "{image}": failed to resolve reference'
    return f'{wanted} "{image}": unexpected status from HEAD request to {path}: {answer}'


def _with_hub(cloud: Cloud, source: str = "docker.io/library/*", target: str = "hub/*") -> None:
    cloud.grant()
    cloud.node()
    cloud.cache_rule("hub", source, target, healthy=True)


@story(
    verdict="broken",
    root_causes=("registry.cache-upstream",),
    symptoms=("forbidden-403",),
    evidence={
        "registry.cache-upstream": {
            "rule": "docker-io-rule",
            "upstream": "docker.io/library/pulumi/pulumi-dotnet",
            "status": 403,
            "images": [PULUMI],
        }
    },
    commands=(
        f"az acr cache create --registry contosoreg --subscription {SUBSCRIPTION} --name "
        "cache-docker-io-pulumi-pulumi-dotnet --source-repo docker.io/pulumi/pulumi-dotnet --target-repo "
        "docker.io/pulumi/pulumi-dotnet --cred-set docker-io-rule",
    ),
    unknowns=UNREAD_IMAGE,
)
def cache_rule_asks_for_another_path(cloud: Cloud) -> None:
    """A rule asks Docker Hub for everything below library/, where this image is not; nodes see a bare 403."""
    cloud.grant()
    cloud.node()
    cloud.cache_rule("docker-io-rule", "docker.io/library/*", "docker.io/*", healthy=True)
    cloud.refuse_upstream(
        "docker.io/pulumi/pulumi-dotnet", "docker-io-rule", "docker.io/library/pulumi/pulumi-dotnet", 403
    )
    cloud.failing_pod(PULUMI, _answered(PULUMI, "403 Forbidden"))


@story(
    verdict="broken",
    arguments=("--image", f"{HOST}/hub/grafana/grafana:11.0"),
    root_causes=("registry.cache-upstream",),
    evidence={"registry.cache-upstream": {"upstream": "docker.io/library/grafana/grafana", "status": None}},
    unknowns={"image.existence": None},
)
def cache_rule_for_another_path_before_any_pod(cloud: Cloud) -> None:
    """An image that is to be deployed meets a rule that asks for another path; nothing has refused it yet."""
    _with_hub(cloud)


@story(verdict="healthy", arguments=("--image", f"{HOST}/hub/grafana/grafana:11.0"))
def exact_rule_within_a_wildcard(cloud: Cloud) -> None:
    """A rule for the very repository goes before the wildcard, whose path would be wrong and whose login is broken."""
    cloud.grant()
    cloud.cache_rule("hub", "docker.io/library/*", "hub/*", healthy=False)
    cloud.cache_rule("grafana", "docker.io/grafana/grafana", "hub/grafana/grafana", healthy=True)
    cloud.image("hub/grafana/grafana", "11.0")


@story(
    verdict="broken",
    root_causes=("registry.cache-upstream",),
    symptoms=("registry-throttled",),
    other_outcomes=("registry.throttled",),
    evidence={"registry.cache-upstream": {"rule": "hub", "status": 429}},
    unknowns=UNREAD_IMAGE,
)
def cache_rule_throttled_upstream(cloud: Cloud) -> None:
    """Docker Hub throttles a rule, which nodes see as the registry's 429."""
    _with_hub(cloud)
    cloud.refuse_upstream("hub/nginx", "hub", "docker.io/library/nginx", 429)
    cloud.failing_pod(NGINX, _answered(NGINX, "429 Too Many Requests"))


@story(
    verdict="broken",
    root_causes=("registry.cache-upstream",),
    symptoms=("unauthorized-401",),
    evidence={"registry.cache-upstream": {"rule": "hub", "status": 401, "credentialSetName": "hub"}},
    commands=("az acr credential-set show --registry contosoreg ",),
    unknowns=UNREAD_IMAGE,
)
def cache_rule_cannot_sign_in(cloud: Cloud) -> None:
    """A rule cannot sign in upstream though its credential set reports health; nodes see the registry's 401."""
    _with_hub(cloud)
    cloud.refuse_upstream("hub/nginx", "hub", "docker.io/library/nginx", 401)
    cloud.failing_pod(NGINX, _answered(NGINX, "401 Unauthorized"))


@story(
    verdict="broken",
    root_causes=("registry.cache-upstream",),
    symptoms=("server-error",),
    evidence={"registry.cache-upstream": {"status": 424, "upstream": "docker.io/library/nginx"}},
    other_outcomes=("registry.unhealthy",),
    unknowns=dict.fromkeys((*OF_IMAGES, "image.read-lock", "image.quarantine"), ANY),
)
def cache_rule_failed_dependency(cloud: Cloud) -> None:
    """Nodes get HTTP 424, and the registry does not talk to this machine."""
    _with_hub(cloud)
    cloud.refuse_this_machine()
    cloud.failing_pod(NGINX, _answered(NGINX, "424 Failed Dependency"))


@story(
    verdict="broken",
    root_causes=("registry.cache-upstream",),
    symptoms=("image-not-found",),
    evidence={"registry.cache-upstream": {"rule": "hub", "upstream": "docker.io/library/nginx"}},
    unknowns={"image.existence": None},
)
def cached_repository_deleted(cloud: Cloud) -> None:
    """What a rule had cached was deleted, and is not fetched again."""
    _with_hub(cloud)
    cloud.failing_pod(NGINX, _answered(NGINX, "404 Not Found").replace("unexpected status from HEAD request to", ""))


# --- the rule that nodes of isolated clusters need ---------------------------------------


@story(
    verdict="broken",
    acr=None,
    root_causes=("registry.cache-rule-missing",),
    other_outcomes=("registry.cache-upstream",),
    symptoms=("image-not-found",),
    evidence={"registry.cache-rule-missing": {"overlapping": "old", "rules": ["mcr.microsoft.com/* as *"]}},
    commands=(
        f"az acr cache create --registry contosoreg --subscription {SUBSCRIPTION} "
        "--name aks-managed-mcr --source-repo 'mcr.microsoft.com/*' --target-repo 'aks-managed-repository/*'",
    ),
    unknowns={"image.existence": None},
)
def isolated_cluster_with_an_old_rule(cloud: Cloud) -> None:
    """The bootstrap registry's rule has the target of earlier clusters, and nodes ask below a prefix."""
    cloud.network_isolated()
    cloud.without_cache_rules()
    cloud.cache_rule("old", "mcr.microsoft.com/*", "*")
    cloud.grant()
    cloud.node()
    path = f"https://{HOST}/v2/aks-managed-repository/oss/v2/kubernetes/coredns/manifests/v1.12.1-3"
    cloud.pod_of_aks(
        f'Failed to pull image "{AKS_IMAGE}": failed to pull and unpack image "{AKS_IMAGE}": failed to resolve '
        f'reference "{AKS_IMAGE}": unexpected status from HEAD request to {path}?ns=mcr.microsoft.com: 404 Not Found'
    )


@story(verdict="broken", acr=None, root_causes=("registry.cache-rule-missing",))
def isolated_cluster_without_a_rule(cloud: Cloud) -> None:
    """The bootstrap registry has no cache rule at all, and no pod has met that yet."""
    cloud.network_isolated()
    cloud.without_cache_rules()
    cloud.grant()
    cloud.node()


@story(verdict="at-risk", acr=None, other_outcomes=("registry.cache-rule-missing",))
def isolated_cluster_with_an_old_rule_before_any_pod(cloud: Cloud) -> None:
    """The rule's target is that of earlier clusters, which serves nodes that ask without the prefix."""
    cloud.network_isolated()
    cloud.without_cache_rules()
    cloud.cache_rule("old", "mcr.microsoft.com/*", "*")
    cloud.grant()
    cloud.node()
