"""Images that nodes get through another registry than they name, on network-isolated clusters. Pure.

With the artifact source ``Cache`` the containerd of every node asks the cluster's bootstrap registry, below
a prefix, for what pods name ``mcr.microsoft.com/...``, signed in as the kubelet identity: neither pull secrets nor
identities of service accounts are used for it. Only when that fails does it ask ``mcr.microsoft.com`` itself.

Sources: https://learn.microsoft.com/azure/aks/network-isolated (the prefix and the cache rule behind it);
``parts/linux/cloud-init/artifacts/cse_config.sh`` of https://github.com/Azure/AgentBaker (the mirror in containerd's
configuration); ``pkg/credentialprovider/azure_credentials.go`` of
https://github.com/kubernetes-sigs/cloud-provider-azure (``--registry-mirror``).
"""

from __future__ import annotations

from dataclasses import replace

from ..arm_ids import name_of, same_id
from ..facts import Bootstrap, Cluster, Facts, Image, Registry, Unreadable
from .references import parse_reference

MIRRORED = "mcr.microsoft.com"
CACHE = "Cache"
PREFIX = "aks-managed-repository"


def bootstrap_of(cluster: Cluster | Unreadable) -> str | Unreadable | None:
    """The id of the registry that nodes get AKS's images through; ``None``: there is none."""
    if isinstance(cluster, Unreadable):
        return cluster
    bootstrap = cluster.bootstrap
    if not isinstance(bootstrap, Bootstrap):
        return bootstrap
    return bootstrap.registry_id if bootstrap.source == CACHE else None


def is_bootstrap_registry(facts: Facts) -> bool:
    """Tell whether the registry that is judged is the one that nodes get AKS's images through."""
    bootstrap = bootstrap_of(facts.cluster)
    if not isinstance(bootstrap, str):
        return False
    if isinstance(facts.registry, Registry):
        return same_id(bootstrap, facts.registry.id)
    target = facts.targets.registry  # one that could not be read is known by what the user called it
    if target.subscription:
        return same_id(bootstrap, target.given)
    return target.is_named and name_of(bootstrap).lower() == target.probable_name.lower()


def is_mirrored(text: str) -> bool:
    """Tell whether a reference is of the host whose images a bootstrap registry has."""
    return text.partition("/")[0].lower() == MIRRORED


def mirrored_image(text: str, login_server: str) -> Image | None:
    """The image of a bootstrap registry that nodes ask for in the place of one of its own host; not valid: ``None``."""
    try:
        image = parse_reference(text)
    except ValueError:
        return None
    return replace(image, host=login_server, repository=f"{PREFIX}/{image.repository}")
