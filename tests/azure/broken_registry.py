"""Faults of the registry itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .broken import fault

if TYPE_CHECKING:
    from .state import Cloud


@fault("registry.cache-rule-missing")
def _no_rule_caches_microsofts_images(cloud: Cloud) -> bool:
    rules = cloud.resources.children(cloud.registry["id"], "cacheRules")
    return not any(
        each["properties"]["sourceRepository"] == "mcr.microsoft.com/*"
        and each["properties"]["targetRepository"] == "aks-managed-repository/*"
        for each in rules
    )


@fault("registry.replica-unhealthy")
def _a_replica_in_use_is_ill(cloud: Cloud) -> bool:
    """One that requests are led to."""
    replicas = [each["properties"] for each in cloud.resources.children(cloud.registry["id"], "replications")]
    return any(each["regionEndpointEnabled"] and each["status"]["displayStatus"] != "Ready" for each in replicas)


@fault("image.quarantined")
def _images_wait_in_quarantine(cloud: Cloud) -> bool:
    return bool(cloud.registry["properties"]["policies"]["quarantinePolicy"]["status"] == "enabled")


@fault("registry.not-ready")
def _registry_is_going(cloud: Cloud) -> bool:
    return bool(cloud.registry["properties"]["provisioningState"] != "Succeeded")
