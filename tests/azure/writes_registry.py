"""What a registry does besides keeping what was written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import resources as make
from .images import Repository
from .messages import Request, Response
from .store import Json
from .writes_network import refused

if TYPE_CHECKING:
    from .state import Cloud


def _registry(cloud: Cloud, made: Json, old: Json | None, request: Request) -> Response | None:
    """A new tier brings its members; data endpoints have names; a registry that is closed lets nobody in.

    ``az acr update`` writes rules about subnets as ``id``; they are shown as recorded in
    ``acr/docs_registry_vnetrules_virtualNetworkSubnetResourceId_2026``.
    """
    properties = made["properties"]
    made["sku"]["tier"] = made["sku"]["name"]
    if made["sku"]["name"] == "Premium" and not properties.get("networkRuleSet"):
        properties["networkRuleSet"] = make.registry()["properties"]["networkRuleSet"]
    label, _, suffix = properties["loginServer"].partition(".")
    if properties.get("dataEndpointEnabled"):
        homes = {made["location"], *(each["location"] for each in cloud.resources.children(made["id"], "replications"))}
        properties["dataEndpointHostNames"] = [f"{label}.{region}.data.{suffix}" for region in sorted(homes)]
    for rule in (properties.get("networkRuleSet") or {}).get("virtualNetworkRules") or ():
        if "id" in rule and "virtualNetworkSubnetResourceId" not in rule and "preview" not in str(rule):
            rule.setdefault("action", "Allow")
    return None


def _cache_rule(cloud: Cloud, made: Json, old: Json | None, request: Request) -> Response | None:
    """Two rules may not have the same target."""
    properties = made["properties"]
    if properties.get("credentialSetResourceId") is None:
        properties.pop("credentialSetResourceId", None)
    properties.setdefault("creationDate", "2026-11-22T12:00:00.0000000+00:00")
    registry_id = made["id"].rsplit("/", 2)[0]
    for each in cloud.resources.children(registry_id, "cacheRules"):
        if each["name"] != made["name"] and each["properties"]["targetRepository"] == properties["targetRepository"]:
            return refused("CacheRuleConflict", f"Cache rule {each['name']} has the same target repository.", 409)
    return None


TYPES: dict[str, Any] = {
    "microsoft.containerregistry/registries": _registry,
    "microsoft.containerregistry/registries/cacherules": _cache_rule,
}


def _import_image(cloud: Cloud, request: Request, registry: Json) -> Response | None:
    """``az acr import``: the manifest, and the tags that it is to have. ``NoForce`` moves no tag that there is."""
    sent = request.json or {}
    source = sent["source"]
    server = source.get("registryUri") or cloud.resources[source["resourceId"]]["properties"]["loginServer"]
    name, _, tag = source["sourceImage"].partition(":")
    found = cloud.data_plane(server).repositories.get(name)
    if found is None or tag not in found.tags:
        return refused("ImportSourceNotFound", f"{source['sourceImage']} was not found in {server}.", 404)
    plane = cloud.data_plane(registry["properties"]["loginServer"])
    for target in sent.get("targetTags") or ():
        repository, _, wanted = target.partition(":")
        kept = plane.repositories.setdefault(repository, Repository())
        if wanted in kept.tags and sent.get("mode") != "Force":
            return refused("ImportTagConflict", f"Tag {target} already exists in target registry.", 409)
        kept.manifests |= found.manifests
        kept.blobs |= found.blobs
        kept.tags[wanted] = found.tags[tag]
    return None


ACTIONS: dict[tuple[str, str], Any] = {("microsoft.containerregistry/registries", "importimage"): _import_image}
