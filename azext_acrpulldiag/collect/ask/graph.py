"""Read Microsoft Graph as JSON, in the tenant of the login."""

from __future__ import annotations

from functools import partial
from urllib.parse import urlencode

from .arm import (
    MAX_BODY_BYTES,
    Json,
    ReadError,
    answered,
    error_code,
    interpret,
    pipeline,
    read_body,
    refusal,
    translated_errors,
)
from .session import Session

PERMISSION = "Application.Read.All (Microsoft Graph)"
_ABSENT = "Request_ResourceNotFound"


class GraphReader:
    """Reads Microsoft Graph v1.0 in the tenant of a subscription; safe to use from many threads."""

    def __init__(self, session: Session, subscription: str) -> None:
        from azure.cli.core.auth.util import resource_to_scopes
        from azure.core import PipelineClient
        from azure.core.pipeline.policies import BearerTokenCredentialPolicy

        resource = session.cli_ctx.cloud.endpoints.microsoft_graph_resource_id
        credential, self.tenant_id = session.credential(subscription)
        self.session = session
        self.endpoint = resource.rstrip("/")
        settings = session.policies()
        authentication = BearerTokenCredentialPolicy(credential, *resource_to_scopes(resource))
        self._client = PipelineClient(
            self.endpoint, policies=pipeline(settings, authentication), transport=settings["transport"]
        )

    def get(self, path: str, **query: str) -> Json | None:
        """GET one object (``applications(appId='...')``). ``None``: Graph says that it does not exist.

        Raises :class:`~.arm.ReadError`.
        """
        # Graph names its options "$select"; a "$" cannot be a keyword here.
        options = urlencode({f"${name}": value for name, value in query.items()}, safe="$,")
        url = f"{self.endpoint}/v1.0/{path}?{options}"
        named = f"{self.endpoint}/{path}"
        ask = partial(answered, self.session, path, partial(self._exchange, url, named))
        return self.session.once((self.tenant_id, url), ask)

    def _exchange(self, url: str, path: str) -> Json | None:
        from azure.core.rest import HttpRequest

        with translated_errors(path, PERMISSION):
            response = self._client.send_request(HttpRequest("GET", url), stream=True)
            return answer_of(response.status_code, read_body(response, self.session, path, MAX_BODY_BYTES), path)


def answer_of(status: int, payload: bytes, path: str) -> Json | None:
    """Turn Graph's status and body into JSON, an absence or a :class:`~.arm.ReadError`."""
    if status < 300:
        return interpret(status, payload, path)
    code = error_code(payload)
    if status == 404 and code == _ABSENT:
        return None
    raise ReadError(refusal(status, code, path, PERMISSION))
