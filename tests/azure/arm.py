"""management.azure.com: resources by id, collections, actions that read."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tests.recordings import body, recording

from . import activity, authorization, commands, entra, managers, resourcegraph, views, writes
from .arm_errors import (
    authentication_failed,
    authorization_failed,
    missing_api_version,
    not_found,
    unsupported_version,
    wrong_tenant,
)
from .authorization import may
from .messages import Request, Response, answer, replay
from .resources_resolver import rulesets_of_a_network
from .store import Json, type_of

if TYPE_CHECKING:
    from .state import Cloud

CLUSTERS = "Microsoft.ContainerService/managedClusters"
REGISTRIES = "Microsoft.ContainerRegistry/registries"

_SUBSCRIPTION = re.compile(r"^/subscriptions/([^/]+)(/.*)?$", re.IGNORECASE)
_TYPE_FILTER = re.compile(r"resourceType\s+eq\s+'([^']*)'", re.IGNORECASE)
_NAME_FILTER = re.compile(r"\bname\s+eq\s+'([^']*)'", re.IGNORECASE)


def handle(cloud: Cloud, request: Request) -> Response:
    path = re.sub("/providers/", "/providers/", request.path.rstrip("/") or "/", flags=re.IGNORECASE)
    if path.lower() == "/metadata/endpoints":
        return answer(body("aad/cloud_metadata_endpoints"))
    return _refusal(cloud, request, path) or _answer(cloud, request, path)


def _refusal(cloud: Cloud, request: Request, path: str) -> Response | None:
    """What ARM itself checks before anything else."""
    match = _SUBSCRIPTION.match(path)
    subscription = match[1].lower() if match else None
    if subscription and subscription not in cloud.subscriptions:
        return replay(
            recording("arm-errors/404_subscriptionnotfound_unauthenticated"), **{"<SUBSCRIPTION_ID>": subscription}
        )
    claims = entra.claims(request.bearer)
    if claims is None or not str(claims["aud"]).rstrip("/").endswith(("management.azure.com", "core.windows.net")):
        return authentication_failed()
    if subscription and claims["tid"] != cloud.subscriptions[subscription].tenant:
        return wrong_tenant(claims["tid"], cloud.subscriptions[subscription].tenant)
    if "api-version" not in request.query:
        return missing_api_version()
    supported = cloud.versions.get(views.collection_type(path))
    if supported and request.query["api-version"] not in supported:
        return unsupported_version(cloud, path, request.query["api-version"], supported)
    return None


def _answer(cloud: Cloud, request: Request, path: str) -> Response:
    if authorization.owns(path):
        return authorization.handle(cloud, request, path)
    if path.lower() == "/providers/microsoft.resourcegraph/resources" and request.method == "POST":
        return resourcegraph.handle(cloud, request)
    if request.method == "POST":
        return _of_network(cloud, request, path) or writes.act(cloud, request, path) or _action(cloud, request, path)
    if request.method not in ("GET", "HEAD"):
        return writes.handle(cloud, request, path)
    if writes.is_operation(path):
        return writes.finished(cloud, request)
    if commands.is_result(path):
        return commands.result(cloud, path)
    for pattern, handler in _FIXED:
        if match := pattern.match(path):
            return handler(cloud, request, *match.groups())
    return _resource(cloud, request, path)


def _resource(cloud: Cloud, request: Request, path: str) -> Response:
    """One resource, or a collection of a type, below a group, a subscription or another resource."""
    parts = path.rpartition("/providers/")[2].split("/")
    if "/providers/" not in path or len(parts) % 2 == 0:
        return _collection(cloud, request, path)
    if not may(cloud, views.operation(path, "read"), path):
        return authorization_failed(cloud, views.operation(path, "read"), path)
    found = views.find(cloud, path)
    if found is None:
        return not_found(cloud, path)
    return answer(views.shown(cloud, found, request.query["api-version"]))


def _collection(cloud: Cloud, request: Request, path: str) -> Response:
    parent, _, name = path.rpartition("/")
    scope, _, types = path.rpartition("/providers/")
    operation = views.operation(path, "read")
    if "/" in types and types.count("/") > 1:
        # Children of a resource: one read permission covers the list.
        if views.find(cloud, parent) is None:
            return not_found(cloud, parent)
        if not may(cloud, operation, parent):
            return authorization_failed(cloud, operation, parent)
        items = views.children(cloud, parent, name)
    else:
        if "/resourcegroups/" in scope.lower() and scope not in cloud.resources:
            return not_found(cloud, scope)
        if any(authorization.forbids(rule, operation, scope) for rule in cloud.forbidden):
            return authorization_failed(cloud, operation, scope)
        # Lists over a group or a subscription show what the caller may read.
        wanted = f"{scope}/".lower()
        items = [each for each in cloud.resources.of_type(types) if each["id"].lower().startswith(wanted)]
        items = [each for each in items if may(cloud, operation, each["id"])]
    return page(cloud, request, [views.shown(cloud, item, request.query["api-version"]) for item in items])


def page(cloud: Cloud, request: Request, items: list[Any]) -> Response:
    """A list, in pages with an absolute ``nextLink`` where ``cloud.page_size`` is set; the last may be empty."""
    size = cloud.page_size
    if size is None:
        return answer({"value": items})
    start = int(request.query.get("$skiptoken", "0"))
    result: Json = {"value": items[start : start + size]}
    if len(items) >= start + size:
        rest = re.sub(r"[?&]\$skiptoken=\d+|[?&]%24skiptoken=\d+", "", request.target)
        result["nextLink"] = f"https://{request.host}{rest}&%24skiptoken={start + size}"
    return answer(result)


def _subscriptions(cloud: Cloud, request: Request) -> Response:
    visible = [
        _subscription_json(subscription_id, each.name, each.tenant, each.state)
        for subscription_id, each in cloud.subscriptions.items()
        if each.tenant == (entra.claims(request.bearer) or {}).get("tid")
    ]
    return page(cloud, request, visible)


def _subscription(cloud: Cloud, request: Request, subscription_id: str) -> Response:
    each = cloud.subscriptions[subscription_id.lower()]
    return answer(_subscription_json(subscription_id, each.name, each.tenant, each.state))


def _subscription_json(subscription_id: str, name: str, tenant: str, state: str) -> Json:
    return {
        "id": f"/subscriptions/{subscription_id}",
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
        "subscriptionId": subscription_id,
        "tenantId": tenant,
        "displayName": name,
        "state": state,
        "subscriptionPolicies": {
            "locationPlacementId": "Public_2014-09-01",
            "quotaId": "PayAsYouGo_2014-09-01",
            "spendingLimit": "Off",
        },
    }


def _tenants(cloud: Cloud, request: Request) -> Response:
    tenants = sorted({cloud.tenant, *(each.tenant for each in cloud.subscriptions.values())})
    return answer({"value": [{"id": f"/tenants/{each}", "tenantId": each} for each in tenants]})


def _groups(cloud: Cloud, request: Request, subscription: str) -> Response:
    prefix = f"/subscriptions/{subscription}/".lower()
    groups = cloud.resources.of_type("Microsoft.Resources/resourceGroups")
    operation = "Microsoft.Resources/subscriptions/resourceGroups/read"
    visible = [each for each in groups if each["id"].lower().startswith(prefix) and may(cloud, operation, each["id"])]
    return page(cloud, request, visible)


def _group(cloud: Cloud, request: Request, group_id: str) -> Response:
    operation = "Microsoft.Resources/subscriptions/resourceGroups/read"
    if not may(cloud, operation, group_id):
        return authorization_failed(cloud, operation, group_id)
    if group_id not in cloud.resources:
        return not_found(cloud, group_id)
    return answer(cloud.resources[group_id])


def _search(cloud: Cloud, request: Request, scope: str) -> Response:
    """``/resources?$filter=``: how ``az acr`` finds a registry by its name."""
    condition = request.query.get("$filter", "")
    wanted_type, wanted_name = _TYPE_FILTER.search(condition), _NAME_FILTER.search(condition)
    rows = []
    candidates = cloud.resources.of_type(wanted_type[1]) if wanted_type else list(cloud.resources.values())
    for resource in candidates:
        resource_id = resource["id"]
        if (
            not resource_id.lower().startswith(f"{scope}/".lower())
            or "/providers/" not in resource_id
            or (wanted_name and resource["name"].lower() != wanted_name[1].lower())
            or not may(cloud, views.operation(resource_id, "read"), resource_id)
        ):
            continue
        members = ("id", "name", "type", "sku", "kind", "location", "identity", "tags")
        rows.append({name: resource[name] for name in members if name in resource})
    return page(cloud, request, rows)


# What ``az resource`` looks up before it writes; the versions are those of ``tests.contracts``.
_PROVIDERS = {"microsoft.containerregistry": ("Microsoft.ContainerRegistry", "registries", "2025-11-01")}


def _provider(cloud: Cloud, request: Request, subscription: str, namespace: str) -> Response:
    """The types of a provider and their api-versions; ``Provider`` of the resources API."""
    if namespace.lower() not in _PROVIDERS:
        return not_found(cloud, request.path)
    name, resource_type, version = _PROVIDERS[namespace.lower()]
    shown = {"resourceType": resource_type, "locations": ["West Europe"], "apiVersions": [version]}
    path = f"/subscriptions/{subscription}/providers/{name}"
    return answer({"id": path, "namespace": name, "registrationState": "Registered", "resourceTypes": [shown]})


_FIXED: list[tuple[re.Pattern[str], Callable[..., Response]]] = [
    (re.compile(r"^/subscriptions$", re.IGNORECASE), _subscriptions),
    (re.compile(r"^/subscriptions/([^/]+)$", re.IGNORECASE), _subscription),
    (
        re.compile(
            r"^/subscriptions/([^/]+)/providers/microsoft\.insights/eventtypes/management/values$", re.IGNORECASE
        ),
        activity.handle,
    ),
    (re.compile(r"^/tenants$", re.IGNORECASE), _tenants),
    (re.compile(r"^/subscriptions/([^/]+)/providers/([^/]+)$", re.IGNORECASE), _provider),
    (re.compile(r"^/subscriptions/([^/]+)/resourcegroups$", re.IGNORECASE), _groups),
    (re.compile(r"^(/subscriptions/[^/]+/resourcegroups/[^/]+)$", re.IGNORECASE), _group),
    (re.compile(r"^(/subscriptions/[^/]+(?:/resourcegroups/[^/]+)?)/resources$", re.IGNORECASE), _search),
]


def _of_network(cloud: Cloud, request: Request, path: str) -> Response | None:
    """What Virtual Network Managers do to a network; ``None``: the action is another."""
    resource_id, _, action = path.rpartition("/")
    if type_of(resource_id) != "microsoft.network/virtualnetworks" or resource_id not in cloud.resources:
        return None
    # "This read permission, not .../action, is required to call" them:
    # https://learn.microsoft.com/azure/role-based-access-control/permissions/networking
    needed = views.operation(resource_id, f"{action}/read")
    if action.lower().startswith("listnetworkmanagereffective") and not may(cloud, needed, resource_id):
        return authorization_failed(cloud, needed, path)
    return managers.listed(cloud, action.lower(), resource_id, request)


def _action(cloud: Cloud, request: Request, path: str) -> Response:
    resource_id, _, action = path.rpartition("/")
    operation = views.operation(resource_id, f"{action}/action")
    known = {
        ("microsoft.containerservice/managedclusters", "listclusterusercredential"): _user_credential,
        ("microsoft.containerregistry/registries", "listcredentials"): _admin_credential,
        ("microsoft.network/virtualnetworks", "listdnsforwardingrulesets"): _rulesets,
    }.get((type_of(resource_id), action.lower()))
    if known is None or not may(cloud, operation, resource_id):
        return authorization_failed(cloud, operation, resource_id)
    if resource_id not in cloud.resources:
        return not_found(cloud, resource_id)
    return known(cloud, cloud.resources[resource_id])


def _rulesets(cloud: Cloud, network: Json) -> Response:
    """Whoever may ask sees all of them, also those that he could not read."""
    links = cloud.resources.of_type("Microsoft.Network/dnsForwardingRulesets/virtualNetworkLinks")
    wanted = network["id"].lower()
    return answer(
        rulesets_of_a_network([each for each in links if each["properties"]["virtualNetwork"]["id"].lower() == wanted])
    )


def _user_credential(cloud: Cloud, cluster: Json) -> Response:
    """A kubeconfig with the members of the recorded one, for the simulated API server."""
    from .certificates import authority

    exchange = body("aks/list_cluster_user_credential_decoded_structure")
    config = exchange["kubeconfigs"][0]["value"]
    properties, name = cluster["properties"], cluster["name"]
    host = properties.get("fqdn") or properties.get("privateFQDN")
    user = f"clusterUser_rg-app_{name}"
    config["clusters"][0] = {
        "cluster": {
            "certificate-authority-data": base64.b64encode(authority().pem).decode(),
            "server": f"https://{host}:443",
        },
        "name": name,
    }
    config["contexts"][0] = {"context": {"cluster": name, "user": user}, "name": name}
    config["current-context"] = name
    config["users"] = [{"name": user, "user": _entra_user(cloud) if "aadProfile" in properties else _TOKEN_USER}]
    value = base64.b64encode(json.dumps(config).encode()).decode()
    return answer({"kubeconfigs": [{"name": "clusterUser", "value": value}]})


USER_TOKEN = "sim-cluster-user-token-0123456789abcdef"
_TOKEN_USER = {"token": USER_TOKEN}


def _entra_user(cloud: Cloud) -> Json:
    """What AKS writes for a cluster with Entra ID: a program that signs the user in."""
    from .entra import AKS_SERVER_APP

    client = ["--client-id", "80faf920-1908-4b52-b5ef-a8e7bedfc67a", "--tenant-id", cloud.tenant]
    return {
        "exec": {
            "apiVersion": "client.authentication.k8s.io/v1beta1",
            "command": "kubelogin",
            "args": ["get-token", "--environment", "AzurePublicCloud", "--server-id", AKS_SERVER_APP, *client],
            "env": None,
            "provideClusterInfo": False,
        }
    }


def _admin_credential(cloud: Cloud, registry: Json) -> Response:
    if not registry["properties"].get("adminUserEnabled"):
        message = (
            f"Cannot perform credential operations for {registry['id']} as admin user is disabled. Kindly enable admin "
            "user as per docs: https://docs.microsoft.com/en-us/azure/container-registry/"
            "container-registry-authentication#admin-account"
        )
        return answer({"error": {"code": "UnAuthorizedForCredentialOperations", "message": message}}, 400)
    credentials = body("acr/spec_registry_list_credentials_2025_11_01")
    credentials["username"] = registry["name"]
    passwords = cloud.data_plane(registry["properties"]["loginServer"]).admin_passwords
    for entry, password in zip(credentials["passwords"], passwords, strict=True):
        entry["value"] = password
    return answer(credentials)
