"""Clusters that pull with secrets, where nobody gave the nodes' identity a role."""

from __future__ import annotations

from unittest.mock import ANY

from tests.azure import secrets as make
from tests.azure.changes_access import ago
from tests.azure.state import Cloud

from .cache_rule_stories import OF_IMAGES
from .secret_stories import NO_ROLE, QPS, ROLE, SECRETS_RIGHT, TOKEN_PASSWORD
from .stories import story

OTHER_IMAGE = "mcr.microsoft.com/oss/nginx/nginx:1.25"
PAGE = 500


def _pulls_with_secret(cloud: Cloud, pods: int = 2, **token: object) -> None:
    """Pods run whose service account gave them a pull secret, and one of them has just pulled with it."""
    cloud.node()
    make.registry_token(cloud, **token)  # type: ignore[arg-type]
    make.service_account(cloud, ["regcred"])
    make.pull_secret(cloud, "pull-app", TOKEN_PASSWORD)
    for number in range(pods):
        pod = make.running_pod(cloud, f"web-{number}")
    make.pulled(cloud, pod)


@story(
    verdict="at-risk",
    other_outcomes=NO_ROLE,
    evidence={"access.pull-role-missing": {"rolesHeld": []}},
)
def everything_pulls_with_secrets(cloud: Cloud) -> None:
    """The identity has no role, and nobody needs it: every pod brings a secret, and nodes pulled with it."""
    _pulls_with_secret(cloud)


@story(verdict="broken", root_causes=NO_ROLE, commands=(ROLE, "az aks update -n prod"))
def one_pod_brings_no_secret(cloud: Cloud) -> None:
    """Pods bring a pull secret that works, but for one, which runs from an image that was there."""
    _pulls_with_secret(cloud)
    make.running_pod(cloud, "old-1", secrets=())


@story(verdict="broken", root_causes=NO_ROLE)
def nobody_pulled_with_the_secret_of_late(cloud: Cloud) -> None:
    """Every pod brings a pull secret, and none pulled within the hour, so that nothing shows that it works."""
    _pulls_with_secret(cloud)
    (event,) = cloud.api.select("events", "")
    event["lastTimestamp"] = ago(hours=2).strftime("%Y-%m-%dT%H:%M:%SZ")


@story(verdict="inconclusive", unknowns={"access.pull-role": None})
def more_pods_than_one_page(cloud: Cloud) -> None:
    """All pods that were read bring a pull secret, and more run than fit on a page."""
    _pulls_with_secret(cloud, pods=PAGE + 1)


@story(verdict="broken", root_causes=NO_ROLE)
def the_image_of_a_running_pod_has_no_entry_in_its_secret(cloud: Cloud) -> None:
    """A pod brings a pull secret, but only for another registry."""
    _pulls_with_secret(cloud)
    make.pull_secret(cloud, "someone", "x", host="otherreg.azurecr.io", name="elsewhere")
    make.running_pod(cloud, "batch-1", secrets=("elsewhere",))


@story(
    verdict="broken",
    root_causes=("pull-secret.token-expired",),
    other_outcomes=NO_ROLE,
    evidence={"pull-secret.token-expired": {"namedBy": ["running-pod/web-0", "running-pod/web-1"]}},
)
def the_secret_of_running_pods_has_expired(cloud: Cloud) -> None:
    """Every pod brings a pull secret; its token expired two minutes ago, after the last pull."""
    _pulls_with_secret(cloud, ends=(ago(minutes=2),))


@story(verdict="inconclusive", unknowns={"access.pull-role": SECRETS_RIGHT, "pull-secret.existence": SECRETS_RIGHT})
def secrets_of_running_pods_forbidden(cloud: Cloud) -> None:
    """Every pod brings a pull secret and one has just pulled with it, but the caller may not read secrets."""
    _pulls_with_secret(cloud)
    cloud.forbid_in_cluster("get secrets")


@story(verdict="broken", root_causes=NO_ROLE)
def only_pods_of_other_registries_run(cloud: Cloud) -> None:
    """Nothing of this registry runs yet: the first pod that comes without a secret needs the role."""
    make.running_pod(cloud, "proxy-1", image=OTHER_IMAGE)


@story(verdict="at-risk", other_outcomes=(*NO_ROLE, "pull-secret.expiring"))
def everything_pulls_with_a_token_that_ends_soon(cloud: Cloud) -> None:
    """Every pod brings a pull secret that works, whose token expires within a week."""
    _pulls_with_secret(cloud, ends=(ago(days=-7),))


@story(
    verdict="broken",
    root_causes=("kubelet.pull-qps-exceeded",),
    other_outcomes=(*NO_ROLE, "registry.unhealthy"),
    symptoms=("kubelet-qps",),
    unknowns=dict.fromkeys((*OF_IMAGES, "image.read-lock", "image.quarantine", "pull-secret.credential"), ANY),
)
def a_pod_with_a_secret_fails_for_another_reason(cloud: Cloud) -> None:
    """Every pod brings a pull secret; one waits for kubelet's own limit, and the registry cannot be asked from here."""
    _pulls_with_secret(cloud)
    make.failing_pod(cloud, name="web-9", message=QPS)
    cloud.refuse_this_machine()
