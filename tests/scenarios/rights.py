"""Which right each request of a run needs: what the table of readings declares, told from the other side."""

from __future__ import annotations

import re
from collections.abc import Iterable

from azext_acrpulldiag.collect.ask.errors import operation_of
from azext_acrpulldiag.permissions import every_right
from tests.azure import commands, registry
from tests.azure.log import Entry
from tests.azure.state import Cloud

ABAC = "AbacRepositoryPermissions"
_REGISTRIES = "Microsoft.ContainerRegistry/registries"
# az itself asks for these: the login's subscriptions, and what cloud this is.
_OF_AZ = re.compile(r"^/(metadata/endpoints|tenants|subscriptions(/[^/]+)?)/?$", re.IGNORECASE)
# What kubectl asks before anything else; every user of a cluster may.
# So may every user ask what he may do.
_DISCOVERY = re.compile(
    r"^/(apis/authorization\.k8s\.io/v1/selfsubjectaccessreviews|version|api|apis|api/v1|apis/[^/]+/v1|openapi/.*)/?$"
)
_OBJECT = re.compile(r"^/api/v1/(?:namespaces/[^/]+/)?(?P<plural>[a-z]+)(?:/(?P<name>[^/]+)(?P<part>/[a-z]+)?)?$")
_NAMESPACE = re.compile(r"^/api/v1/namespaces/[^/]+$")
_VERBS = {"POST": "create", "DELETE": "delete"}


def right_of(entry: Entry, cloud: Cloud) -> str | None:
    """The name of the right without which a request is refused; ``None``: it takes a login, or not even that."""
    if entry.host == "management.azure.com":
        return None if _OF_AZ.match(entry.path) else operation_of(entry.path, entry.method)
    if entry.host == "graph.microsoft.com":
        return "Application.Read.All"
    if entry.host in registry.hosts(cloud):
        return _of_registry(entry, cloud)
    if entry.host.endswith(".azmk8s.io") or entry.host == commands.HOST:
        return _of_kubernetes(entry)
    return None


def undeclared(entries: Iterable[Entry], cloud: Cloud) -> set[str]:
    """The rights that requests need and nothing declares; in lower case, as Azure compares them."""
    return asked_for(entries, cloud) - {right.name.lower() for right in every_right()}


def asked_for(entries: Iterable[Entry], cloud: Cloud) -> set[str]:
    """The rights that requests need, in lower case."""
    return {right.lower() for each in entries if (right := right_of(each, cloud)) is not None}


def _of_registry(entry: Entry, cloud: Cloud) -> str | None:
    """A registry is asked for tokens with a login that may pull; what a HEAD asks for, a pull secret pays for."""
    if entry.method == "HEAD" or entry.path in ("/oauth2/token", "/v2/"):
        return None
    if cloud.registry["properties"].get("roleAssignmentMode") != ABAC:
        return f"{_REGISTRIES}/pull/read"
    if entry.path.endswith("/_catalog"):
        return f"{_REGISTRIES}/catalog/read"
    of_metadata = entry.path.startswith("/acr/v1/") or entry.path.endswith("/tags/list")
    return f"{_REGISTRIES}/repositories/{'metadata' if of_metadata else 'content'}/read"


def _of_kubernetes(entry: Entry) -> str | None:
    if _DISCOVERY.match(entry.path):
        return None
    if _NAMESPACE.match(entry.path):
        return "get namespaces"
    match = _OBJECT.match(entry.path)
    assert match, entry.path
    verb = _VERBS.get(entry.method) or ("get" if match["name"] else "list")
    if entry.query.get("watch") in ("1", "true"):
        verb = "watch"
    return f"{verb} {match['plural']}{match['part'] or ''}"
