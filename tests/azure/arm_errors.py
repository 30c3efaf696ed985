"""Refusals and absences in the shapes that were recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.recordings import body, recording

from .messages import Response, answer, replay

if TYPE_CHECKING:
    from .state import Cloud


def _gateway(code: str, message: str, status: int) -> Response:
    return answer({"error": {"code": code, "message": message}}, status, x_ms_failure_cause="gateway")


def authentication_failed() -> Response:
    response = _gateway("AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing.", 401)
    response.headers["www-authenticate"] = (
        'Bearer authorization_uri="https://login.windows.net/", error="invalid_token", '
        "error_description=\"The authentication failed because of missing 'Authorization' header.\""
    )
    return response


def wrong_tenant(token_tenant: str, subscription_tenant: str) -> Response:
    return replay(
        recording("arm-errors/401_invalidauthenticationtokentenant"),
        **{
            "72f988bf-86f1-41af-91ab-2d7cd011db47": token_tenant,
            "0483643a-cb2f-462a-bc27-1a270e5bdc0a": subscription_tenant,
        },
    )


def authorization_failed(cloud: Cloud, operation: str, scope: str) -> Response:
    message = (
        f"The client '{cloud.caller_app_id}' with object id '{cloud.caller_object_id}' does not have authorization "
        f"to perform action '{operation}' over scope '{scope}' or the scope is invalid. If access was recently "
        "granted, please refresh your credentials."
    )
    return _gateway("AuthorizationFailed", message, 403)


def missing_api_version() -> Response:
    message = "The api-version query parameter (?api-version=) is required for all requests."
    return _gateway("MissingApiVersionParameter", message, 400)


def unsupported_version(cloud: Cloud, path: str, version: str, supported: tuple[str, ...]) -> Response:
    """A refusal in one of the three recorded forms; that of a missing type is a 404 and may list nothing."""
    provider, *types = path.rpartition("/providers/")[2].split("/")
    listed = ", ".join((*supported, *cloud.versions_elsewhere))
    if cloud.version_refusal == "InvalidResourceType":
        where = f"in the namespace '{provider}' for api version '{version}'"
        message = f"The resource type could not be found {where}. The supported api-versions are '{listed}'."
        return _gateway(cloud.version_refusal, message, 404)
    if cloud.version_refusal == "InvalidApiVersionParameter":
        message = f"The api-version '{version}' is invalid. The supported versions are '{listed.replace(' ', '')}'."
        return _gateway(cloud.version_refusal, message, 400)
    message = (
        f"No registered resource provider found for location 'westeurope' and API version '{version}' for type "
        f"'{'/'.join(types[0::2])}'. The supported api-versions are '{listed}'. "
        "The supported locations are 'westeurope, northeurope'."
    )
    return _gateway(cloud.version_refusal, message, 400)


def not_found(cloud: Cloud, path: str) -> Response:
    """The absence of a resource, of its group, or of a child of an existing resource."""
    before, marker, types = path.rpartition("/providers/")
    group_id = before if "/resourcegroups/" in before.lower() else path
    group = group_id.rpartition("/")[2]
    if not marker or ("/resourcegroups/" in before.lower() and before not in cloud.resources):
        return _gateway("ResourceGroupNotFound", f"Resource group '{group}' could not be found.", 404)
    parts = types.split("/")
    parent = path.rsplit("/", 2)[0]
    if len(parts) > 3 and parent in cloud.resources and parts[0].lower() == "microsoft.network":
        error = body("network/subnet_get_404_notfound_code")
        error["error"]["message"] = f"Resource {path} not found."
        return answer(error, 404)
    kind = "/".join([parts[0], *parts[1::2]])
    name = "/".join(parts[2::2])
    message = (
        f"The Resource '{kind}/{name}' under resource group '{group}' was not found. "
        "For more details please go to https://aka.ms/ARMResourceNotFoundFix"
    )
    return _gateway("ResourceNotFound", message, 404)


def precondition_failed(path: str) -> Response:
    """Another state than ``If-Match`` names, or one at all where ``If-None-Match`` wants none; RFC 9110, 15.5.13."""
    message = f"The condition in the request's headers was not satisfied for {path}."
    return answer({"error": {"code": "PreconditionFailed", "message": message}}, 412)
