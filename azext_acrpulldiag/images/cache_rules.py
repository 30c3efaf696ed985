"""Which cache rule of a registry an image meets, and what the rule asks its upstream for. Pure.

Sources: https://learn.microsoft.com/azure/container-registry/artifact-cache-overview and
https://learn.microsoft.com/azure/container-registry/wildcards-artifact-cache (a rule matches by its target; an exact
rule may lie inside a wildcard, wildcards do not overlap; ``*`` stands at the end).
"""

from __future__ import annotations

from collections.abc import Iterable

from ..facts import CacheRule
from ..wildcards import matches

DOCKER_HUB = "docker.io"
_OFFICIAL = f"{DOCKER_HUB}/library/"


def rule_for(rules: Iterable[CacheRule], repository: str) -> CacheRule | None:
    """The rule that serves a repository: one for it alone before a wildcard, the longer wildcard before a shorter."""
    serving = [rule for rule in rules if matches(rule.target.lower(), repository.lower())]
    return max(serving, key=lambda rule: ("*" not in rule.target, len(rule.target)), default=None)


def upstream_of(rule: CacheRule, repository: str) -> str:
    """The repository that a rule asks its upstream for, with the upstream's host: ``docker.io/library/nginx``."""
    if not (rule.target.endswith("*") and rule.source.endswith("*")):
        return rule.source
    return rule.source[:-1] + repository[len(rule.target) - 1 :]


def path_fault(upstream: str) -> str | None:
    """Why an upstream has no such repository, where its path alone tells; ``None``: it may have one.

    Docker Hub keeps its official images, and nothing else, below ``library/``, and their names have one part
    (https://docs.docker.com/docker-hub/repos/).
    """
    if upstream.startswith(_OFFICIAL) and "/" in upstream[len(_OFFICIAL) :]:
        meant = f"{DOCKER_HUB}/{upstream[len(_OFFICIAL) :]}"
        return f"Docker Hub has only its official images below library/, and the image is {meant}"
    return None


def meant_upstream(upstream: str) -> str | None:
    """The repository that was meant, where :func:`path_fault` finds one at fault; ``None``: it finds none."""
    return f"{DOCKER_HUB}/{upstream[len(_OFFICIAL) :]}" if path_fault(upstream) else None
