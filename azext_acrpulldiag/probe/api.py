"""What a probe asks of the Kubernetes API beside what every run reads: may it, create, watch, delete.

Paths, parameters and answers are those of https://kubernetes.io/docs/reference/using-api/api-concepts/ and
https://kubernetes.io/docs/reference/kubernetes-api/authorization-resources/self-subject-access-review-v1/.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from ..collect.ask.arm import Json
from ..collect.ask.errors import ReadError
from ..collect.ask.kubernetes import ApiServer, KubernetesHttp
from ..collect.ask.session import Session
from ..collect.kubernetes.api import PAGE, KubeApi, object_in
from ..collect.kubernetes.objects import objects_in, text_at
from ..collect.members import member
from ..facts import Unreadable

_CREATE_SECONDS = 10
"""After which the API server gives up to make a pod, with an answer: sooner than it would be waited for, so that none
is made when nobody is there to delete it. Parameter ``timeout``, as ``WithRequestDeadline`` reads it in
``staging/src/k8s.io/apiserver/pkg/endpoints/filters/request_deadline.go`` of
https://github.com/kubernetes/kubernetes."""
_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


@dataclass(frozen=True)
class Refusal:
    """What the API server answered in place of making an object."""

    status: int
    message: str


class ProbeApi(KubeApi):
    """One API server, asked with what a probe may do; safe to use from many threads.

    Every method raises :class:`ReadError` where there is no answer, or none that says anything.
    """

    def __init__(self, session: Session, server: ApiServer) -> None:
        super().__init__(session, server)
        self._http = self._whole = KubernetesHttp(session, server)

    @property
    def clock(self) -> datetime:
        """The server's time."""
        return self._whole.clock

    def may(self, verb: str, namespace: str) -> bool:
        """Whether the login may do that to pods of the namespace."""
        attributes = {"namespace": namespace, "verb": verb, "group": "", "resource": "pods"}
        review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview"}
        review |= {"spec": {"resourceAttributes": attributes}}  # type: ignore[dict-item]
        what = f"whether one may {verb} pods in namespace {namespace}"
        allowed = member(
            object_in(*self._send("POST", _REVIEWS, review), what, "selfsubjectaccessreviews"), "status", "allowed"
        )
        if not isinstance(allowed, bool):
            raise ReadError(Unreadable("malformed", f"The answer to {what} does not say", what))
        return allowed

    def create(self, namespace: str, pod: Json) -> Json | Refusal:
        """Make a pod; returns it as it was stored, or why it was not."""
        status, payload = self._send("POST", _pods(namespace), pod, {"timeout": f"{_CREATE_SECONDS}s"})
        if status >= 400:
            return Refusal(status, text_at(_json(payload), "message"))
        return object_in(status, payload, "create pods", "pods")

    def delete(self, namespace: str, name: str) -> None:
        """Delete a pod at once: nothing of it runs that would have to end in order. One that is gone is no error."""
        path = f"{_pods(namespace)}/{quote(name, safe='')}"
        status, payload = self._whole.send("DELETE", path, {"gracePeriodSeconds": "0"})
        if status != 404:
            object_in(status, payload, f"delete pods in namespace {namespace}", "pods")

    def labelled(self, label: str, namespace: str | None = None) -> tuple[list[Json], str]:
        """The pods of a label, in one namespace or all, and the revision of that answer; at most a page of them."""
        what = "list pods" + (f" in namespace {namespace}" if namespace else "")
        listed = object_in(
            *self._http.get(_pods(namespace), {"labelSelector": label, "limit": str(PAGE)}), what, "pods"
        )
        if not isinstance(listed.get("items"), list):
            raise ReadError(Unreadable("malformed", f"The answer to {what} is not a list", what))
        return objects_in(listed["items"]), text_at(listed, "metadata", "resourceVersion")

    def changes(self, namespace: str, label: str, revision: str, seconds: float) -> Iterator[tuple[str, Json]]:
        """What happens to the pods of a label after a revision: ``ADDED``, ``MODIFIED`` or ``DELETED``, and the pod.

        Ends after ``seconds``, and where the revision is too old by now.
        """
        query = {"labelSelector": label, "watch": "1", "resourceVersion": revision}
        for line in self._whole.lines(_pods(namespace), query | {"timeoutSeconds": str(max(1, int(seconds)))}):
            change = _json(line)
            kind, pod = text_at(change, "type"), member(change, "object")
            if kind not in ("ADDED", "MODIFIED", "DELETED") or not isinstance(pod, dict):
                return
            yield kind, pod

    def _send(self, method: str, path: str, body: Json, query: Mapping[str, str] | None = None) -> tuple[int, bytes]:
        return self._whole.send(method, path, query, json.dumps(body).encode())


def _pods(namespace: str | None) -> str:
    return f"/api/v1/namespaces/{quote(namespace, safe='')}/pods" if namespace else "/api/v1/pods"


def _json(payload: bytes) -> Any:
    try:
        return json.loads(payload)
    except (ValueError, RecursionError):
        return None
