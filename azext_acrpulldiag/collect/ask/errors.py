"""Say in a fact's words why a read gave no answer, whatever raised: azure-core, msal, requests or the CLI."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from ...facts import Unreadable
from ...masking import masked

# As recorded: "The supported api-versions are 'a, b, c'." and "The supported versions are 'a,b,c'."
_SUPPORTED = re.compile(r"\bsupported (?:api-)?versions are '([^']*)'", re.IGNORECASE)
# POSTs that take a right to read, see operation_of.
_READING_POSTS = (
    "listnetworkmanagereffectiveconnectivityconfigurations",
    "listnetworkmanagereffectivesecurityadminrules",
)
_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(?:-[a-z]+)?", re.IGNORECASE)


class ReadError(Exception):
    """A read that gave no answer; ``why`` says so in a fact's words."""

    def __init__(self, why: Unreadable) -> None:
        super().__init__(why.sentence)
        self.why = why


class VersionRefusedError(ReadError):
    """Resource Manager does not know the api-version for this type, here or at the moment."""

    def __init__(self, why: Unreadable, message: str) -> None:
        super().__init__(why)
        self.supported = supported_versions(message)
        """Those that it says to know for the type, of whatever region; empty: it lists none."""


def supported_versions(message: str) -> tuple[str, ...]:
    """The api-versions that the message of such a refusal lists, as they stand there."""
    listed = _SUPPORTED.search(message)
    words = (each.strip() for each in listed[1].split(",")) if listed else ()
    return tuple(each for each in words if _VERSION.fullmatch(each))


@contextmanager
def translated_errors(path: str, permission: str | None = None, method: str = "GET") -> Iterator[None]:
    """Turn what azure-core, msal and the CLI raise within into :class:`ReadError`.

    ``permission`` names the right that a refusal asks for, where it is not the operation's.
    """
    try:
        yield
    except ReadError:
        raise
    except Exception as error:
        why = explain_exception(error, path, permission, method)
        if why is None:
            raise
        raise ReadError(why) from error


def explain_exception(
    error: Exception, path: str, permission: str | None = None, method: str = "GET"
) -> Unreadable | None:
    """Say in a fact's words why a call failed, or ``None`` for an error that is not a read's."""
    from azure.core.exceptions import AzureError, HttpResponseError, ServiceRequestError, ServiceResponseError
    from knack.util import CLIError
    from urllib3.exceptions import HTTPError

    operation = operation_of(path, method)
    if isinstance(error, HttpResponseError) and error.status_code:
        if error.status_code < 400:  # an SDK could not decode its answer
            what = f"The answer to {operation} could not be read: {first_line(error)}"
            return Unreadable("malformed", what, operation)
        code = getattr(getattr(error, "error", None), "code", None)
        return refusal(error.status_code, code, path, permission, method)
    if isinstance(error, CLIError):  # azclierror's classes are CLIErrors, too
        return Unreadable("not-logged-in", f"The login cannot be used for {path}: {first_line(error)}", operation)
    # OSError: msal lets those of requests through, an older msal that of a status too.
    # An HttpResponseError without a status is a body that broke off.
    status = getattr(getattr(error, "response", None), "status_code", None)
    if isinstance(error, OSError) and isinstance(status, int) and status >= 500:
        return Unreadable("server-error", f"HTTP {status} from the login service for {operation}", operation)
    if isinstance(error, (ServiceResponseError, ServiceRequestError, HttpResponseError, OSError, HTTPError)):
        reason = "timeout" if _is_timeout(error) else "unreachable"
        return Unreadable(reason, f"No answer to {operation}: {first_line(error)}", operation)
    if isinstance(error, (AzureError, ValueError)):
        return Unreadable("malformed", f"The answer to {operation} could not be read: {first_line(error)}", operation)
    return None


def refusal(status: int, code: str | None, path: str, permission: str | None = None, method: str = "GET") -> Unreadable:
    """Name an HTTP status that is no answer."""
    operation = operation_of(path, method)
    said = f"HTTP {status}" + (f" {code}" if code else "")
    if status == 401:
        return Unreadable("not-logged-in", f"{said}: the login was refused for {path}", operation)
    if status == 403:
        return Unreadable("forbidden", f"{said}: no permission to read {path}", operation, permission or operation)
    if status == 429:
        return Unreadable("throttled", f"{said}: Azure throttles {operation}", operation)
    if status >= 500:
        return Unreadable("server-error", f"{said} from {operation}", operation)
    return Unreadable("unsupported", f"{said} from {operation}", operation)


def operation_of(path: str, method: str = "GET") -> str:
    """Name the Azure operation of a request: ``Provider/type/subtype/read``, or ``.../action`` for a POST.

    A few POSTs take a right to read: "This read permission, not .../action, is required to call" them, in
    https://learn.microsoft.com/azure/role-based-access-control/permissions/networking.
    """
    _, marker, tail = path.split("?")[0].rpartition("/providers/")
    if not marker:
        kind = next((each for each in ("resourceGroups", "resources") if f"/{each.lower()}" in path.lower()), None)
        return f"Microsoft.Resources/subscriptions/{kind}/read" if kind else path
    parts = tail.strip("/").split("/")
    # Provider and pairs of type and name; one part more is a collection or, in a POST, an action.
    acts = method == "POST" and len(parts) > 2 and len(parts) % 2 == 0 and parts[-1].lower() not in _READING_POSTS
    ending = "action" if acts else "read"
    return "/".join([parts[0], *parts[1::2], ending])


def first_line(error: Exception) -> str:
    """What an exception says, secrets masked, in a line of at most 300 characters; where it says nothing, its type."""
    return masked((str(error).strip() or type(error).__name__).splitlines()[0])[:300]


def _is_timeout(error: Exception) -> bool:
    return isinstance(error, TimeoutError) or "timeout" in type(error).__name__.lower() or "timed out" in str(error)
