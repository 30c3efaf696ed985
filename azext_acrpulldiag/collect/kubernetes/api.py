"""Read what a Kubernetes API server shows: lists page by page, single objects by name.

Paths and parameters are those of the API's reference (https://kubernetes.io/docs/reference/kubernetes-api/),
all of its core group. Answers stay JSON: 50,000 pods as model objects would take minutes, and the import of
kubernetes' client a quarter of a second of processor time.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from ...facts import Unreadable
from ..ask.arm import Json, ReadError
from ..ask.kubernetes import ApiServer, KubernetesHttp
from ..ask.session import Session
from ..members import member
from .questions import Question, path_of

PAGE = 500
MAX_PAGES = 400

# Who is let in where the cluster has Azure RBAC for Kubernetes. RBAC Reader sees no secrets, and no nodes either:
# https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/containers
_READER = "Kubernetes RBAC, or Azure Kubernetes Service RBAC Reader"
_RIGHTS = {
    "nodes": "Kubernetes RBAC, or the Azure data action Microsoft.ContainerService/managedClusters/nodes/read",
    "secrets": "Kubernetes RBAC, or Azure Kubernetes Service RBAC Writer",
}


class Http(Protocol):
    """What GETs of an API server go through."""

    def remaining(self) -> float:
        """Seconds that are left of the run."""

    def get(self, path: str, query: Mapping[str, str] | None = None) -> tuple[int, bytes]:
        """GET ``path``, which is percent-encoded already; any status is an answer. Raises :class:`ReadError`."""


class KubeApi:
    """Reads of one API server; safe to use from many threads.

    Every method raises :class:`ReadError`. Once the server is known to be out of reach, all
    further calls raise the same at once. Items are JSON objects as the API shows them;
    those of a list have no ``kind``.
    """

    def __init__(self, session: Session, server: ApiServer) -> None:
        self._http: Http = KubernetesHttp(session, server)

    def remaining(self) -> float:
        """Seconds that are left of the run."""
        return self._http.remaining()

    def ahead(self, *questions: Question) -> None:
        """Be told what will be asked next, for where one question costs as much as many. Here none does."""

    def pods(self, namespace: str | None = None, field_selector: str | None = None) -> Iterator[Json]:
        """List pods, page by page, of all namespaces or of one."""
        return self._list("pods", namespace, field_selector)

    def some_pods(self, namespace: str | None, field_selector: str) -> tuple[list[Json], bool]:
        """One page of pods, in one request, and whether there are no others."""
        query = {"limit": str(PAGE), "fieldSelector": field_selector}
        items, following = self._page("pods", namespace, query)
        return items, not following

    def events(self, namespace: str | None = None, field_selector: str | None = None) -> Iterator[Json]:
        """List events, page by page, of all namespaces or of one."""
        return self._list("events", namespace, field_selector)

    def nodes(self) -> Iterator[Json]:
        """List nodes, page by page."""
        return self._list("nodes")

    def pod(self, namespace: str, name: str) -> Json | None:
        """One pod; ``None``: it does not exist (any more)."""
        found = self._get("pods", name, namespace)
        if found is not None and not _is_object(found, "pods"):
            what = f"get pods in namespace {namespace}"
            raise ReadError(Unreadable("malformed", f"The answer to {what} is not a pod", what))
        return found

    def namespace(self, name: str) -> Json | None:
        """One namespace; ``None``: it does not exist."""
        return self._get("namespaces", name)

    def service_account(self, namespace: str, name: str) -> Json | None:
        """One service account; ``None``: it does not exist."""
        return self._get("serviceaccounts", name, namespace)

    def secret(self, namespace: str, name: str) -> Json | None:
        """One secret, with its ``type`` and base64 ``data``; ``None``: it does not exist. Secrets are never listed."""
        return self._get("secrets", name, namespace)

    def _list(self, resource: str, namespace: str | None = None, field_selector: str | None = None) -> Iterator[Json]:
        query = {"limit": str(PAGE)} | ({"fieldSelector": field_selector} if field_selector else {})
        for _ in range(MAX_PAGES):
            items, following = self._page(resource, namespace, query)
            yield from items
            if not following:
                return
            query["continue"] = following
        what = _listing(resource, namespace)
        raise ReadError(Unreadable("malformed", f"The answer to {what} has more than {MAX_PAGES} pages", what))

    def _page(self, resource: str, namespace: str | None, query: dict[str, str]) -> tuple[list[Json], str]:
        """The items of one page, and where the next one begins; empty: there is none."""
        what = _listing(resource, namespace)
        status, payload = self._http.get(path_of(resource, namespace), query)
        page = object_in(status, payload, what, resource)
        # An API server shows an empty list as one: no list at all is no answer.
        items, metadata = page.get("items"), page.get("metadata")
        if not isinstance(items, list) or not all(_is_object(item, resource) for item in items):
            raise ReadError(Unreadable("malformed", f"The answer to {what} is not a list of objects", what))
        following = metadata.get("continue") if isinstance(metadata, dict) else None
        return items, str(following or "")

    def _get(self, resource: str, name: str, namespace: str | None = None) -> Json | None:
        what = f"get {resource}" + (f" in namespace {namespace}" if namespace else "")
        status, payload = self._http.get(path_of(resource, namespace, name))
        return None if status == 404 else object_in(status, payload, what, resource)


def _listing(resource: str, namespace: str | None) -> str:
    """What a list of a resource is called in words."""
    return f"list {resource}" + (f" in namespace {namespace}" if namespace else "")


def object_in(status: int, payload: bytes, what: str, resource: str) -> Json:
    """The object that an answer is. Raises :class:`ReadError`."""
    if not 200 <= status < 300:
        raise ReadError(_refusal(status, what, resource))
    try:
        body = json.loads(payload)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise ReadError(Unreadable("malformed", f"The answer to {what} is not a JSON object", what))
    return body


def _is_object(item: Any, resource: str) -> bool:
    """Whether an item shows what every object of its kind has, without which nothing in it can be called well."""
    if not isinstance(item, dict) or not isinstance(member(item, "metadata", "name"), str):
        return False
    return isinstance(item.get("involvedObject" if resource == "events" else "status"), dict)


def _refusal(status: int, what: str, resource: str) -> Unreadable:
    """Name a status of the API server that is no answer."""
    if status == 401:
        return Unreadable("not-logged-in", "HTTP 401: the API server refused the credential", what)
    if status == 403:
        right = f"{what} ({_RIGHTS.get(resource, _READER)})"
        return Unreadable("forbidden", f"HTTP 403: no permission to {what}", what, right)
    if status == 429:
        return Unreadable("throttled", f"HTTP 429: the API server throttles {what}", what)
    if status == 404:
        return Unreadable("not-found", f"HTTP 404 from the API server for {what}", what)
    reason = "server-error" if status >= 500 else "unsupported"
    return Unreadable(reason, f"HTTP {status} from the API server for {what}", what)
