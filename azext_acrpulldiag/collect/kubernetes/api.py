"""Ask a Kubernetes API server, within a few seconds or not at all.

Paths, parameters and authorization are kubernetes' client's; below it stands a transport of
our own, because the client's writes certificates to files, ignores ``NO_PROXY``, retries
without end and logs bodies, which here may be secrets. Answers stay JSON: 50,000 pods as model
objects would take minutes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from ...facts import Unreadable
from ..ask.arm import Json, ReadError
from ..ask.kubernetes import ApiServer, Transport
from ..ask.session import Session
from ..members import member

PAGE = 500
MAX_PAGES = 400

# Who is let in where the cluster has Azure RBAC for Kubernetes. RBAC Reader sees no secrets, and no nodes either:
# https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/containers
_READER = "Kubernetes RBAC, or Azure Kubernetes Service RBAC Reader"
_RIGHTS = {
    "nodes": "Kubernetes RBAC, or the Azure data action Microsoft.ContainerService/managedClusters/nodes/read",
    "secrets": "Kubernetes RBAC, or Azure Kubernetes Service RBAC Writer",
}


class KubeApi:
    """Reads of one API server; safe to use from many threads.

    Every method raises :class:`ReadError`. Once the server is known to be out of reach, all
    further calls raise the same at once. Items are JSON objects as the API shows them;
    those of a list have no ``kind``.
    """

    def __init__(self, session: Session, server: ApiServer) -> None:
        from kubernetes.client import ApiClient, Configuration, CoreV1Api

        self.server = server
        self._transport = Transport(session, server)
        configuration = Configuration(host=server.url)
        client = ApiClient(configuration)
        client.rest_client = self._transport
        self._core = CoreV1Api(client)

    def remaining(self) -> float:
        """Seconds that are left of the run."""
        return self._transport.remaining()

    def pods(self, namespace: str | None = None, field_selector: str | None = None) -> Iterator[Json]:
        """List pods, page by page, of all namespaces or of one."""
        core = self._core
        return self._list("pods", core.list_namespaced_pod, core.list_pod_for_all_namespaces, namespace, field_selector)

    def events(self, namespace: str | None = None, field_selector: str | None = None) -> Iterator[Json]:
        """List events, page by page, of all namespaces or of one."""
        core = self._core
        return self._list(
            "events", core.list_namespaced_event, core.list_event_for_all_namespaces, namespace, field_selector
        )

    def nodes(self) -> Iterator[Json]:
        """List nodes, page by page."""
        return self._list("nodes", None, self._core.list_node, None, None)

    def pod(self, namespace: str, name: str) -> Json | None:
        """One pod; ``None``: it does not exist (any more)."""
        found = self._get("pods", self._core.read_namespaced_pod, name, namespace)
        if found is not None and not _is_object(found, "pods"):
            what = f"get pods in namespace {namespace}"
            raise ReadError(Unreadable("malformed", f"The answer to {what} is no pod", what))
        return found

    def namespace(self, name: str) -> Json | None:
        """One namespace; ``None``: it does not exist."""
        return self._get("namespaces", self._core.read_namespace, name)

    def service_account(self, namespace: str, name: str) -> Json | None:
        """One service account; ``None``: it does not exist."""
        return self._get("serviceaccounts", self._core.read_namespaced_service_account, name, namespace)

    def secret(self, namespace: str, name: str) -> Json | None:
        """One secret, with its ``type`` and base64 ``data``; ``None``: it does not exist. Secrets are never listed."""
        return self._get("secrets", self._core.read_namespaced_secret, name, namespace)

    def _list(
        self,
        resource: str,
        of_namespace: Callable[..., Any] | None,
        of_all: Callable[..., Any],
        namespace: str | None,
        field_selector: str | None,
    ) -> Iterator[Json]:
        what = f"list {resource}" + (f" in namespace {namespace}" if namespace else "")
        options: dict[str, Any] = {"limit": PAGE}
        if field_selector:
            options["field_selector"] = field_selector
        for _ in range(MAX_PAGES):
            if namespace and of_namespace:
                page = self._asked(what, resource, of_namespace, namespace, **options)
            else:
                page = self._asked(what, resource, of_all, **options)
            # An API server shows an empty list as one: no list at all is no answer.
            items, metadata = page.get("items"), page.get("metadata")
            if not isinstance(items, list) or not all(_is_object(item, resource) for item in items):
                raise ReadError(Unreadable("malformed", f"The answer to {what} is no list of objects", what))
            yield from items
            following = metadata.get("continue") if isinstance(metadata, dict) else None
            if not following:
                return
            options["_continue"] = following
        raise ReadError(Unreadable("malformed", f"The answer to {what} has more than {MAX_PAGES} pages", what))

    def _get(self, resource: str, read: Callable[..., Any], name: str, *namespace: str) -> Json | None:
        what = " in namespace ".join((f"get {resource}", *namespace))
        try:
            return self._asked(what, resource, read, name, *namespace)
        except _AbsentError:
            return None

    def _asked(self, what: str, resource: str, call: Callable[..., Any], *names: str, **options: Any) -> Json:
        status, payload = call(*names, _preload_content=False, **options)
        if status == 404 and names:
            raise _AbsentError(_refusal(status, what, resource))
        if not 200 <= status < 300:
            raise ReadError(_refusal(status, what, resource))
        try:
            body = json.loads(payload)
        except (ValueError, RecursionError):
            body = None
        if not isinstance(body, dict):
            raise ReadError(Unreadable("malformed", f"The answer to {what} is no JSON object", what))
        return body


def _is_object(item: Any, resource: str) -> bool:
    """Whether an item shows what every object of its kind has, without which nothing in it can be called well."""
    if not isinstance(item, dict) or not isinstance(member(item, "metadata", "name"), str):
        return False
    return isinstance(item.get("involvedObject" if resource == "events" else "status"), dict)


class _AbsentError(ReadError):
    """The API says that there is no such object."""


def _refusal(status: int, what: str, resource: str) -> Unreadable:
    """Name a status of the API server that is no answer."""
    if status == 401:
        return Unreadable("not-logged-in", "HTTP 401: the API server refused the credential", what)
    if status == 403:
        right = f"{what} ({_RIGHTS.get(resource, _READER)})"
        return Unreadable("forbidden", f"HTTP 403: the API server does not let you {what}", what, right)
    if status == 429:
        return Unreadable("throttled", f"HTTP 429: the API server throttles {what}", what)
    if status == 404:
        return Unreadable("not-found", f"HTTP 404: the API server does not know {what}", what)
    reason = "server-error" if status >= 500 else "unsupported"
    return Unreadable(reason, f"HTTP {status} from the API server for {what}", what)
