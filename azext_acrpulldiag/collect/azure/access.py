"""Read who may pull: role assignments, their definitions, deny assignments.

Through azure-mgmt-authorization, made by the CLI's client factory. Of the package's two
generations (4.x with one module an api-version, 5.x with typed dictionaries) only what both
have is used: ``list_for_scope``, ``get`` and the names of the models' attributes.
Every ``read_*`` function answers its facts, or ``Unreadable``; none raises for a failed read.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar
from urllib.parse import urlsplit

from ...access.conditions import Answer
from ...access.grants import Operation, allows, definition_key
from ...arm_ids import same_id, subscription_of
from ...facts import Access, DenyAssignment, Permission, Puller, RoleAssignment, RoleDefinition, Unreadable
from ..ask.arm import MAX_PAGES, ArmReader, ReadError, in_parallel, operation_of, translated_errors
from ..ask.session import Session
from ..members import MemberError
from .access_models import assignment_from, definition_from, denial_from, permissions_from

T = TypeVar("T")

PERMISSIONS_API = "2022-04-01"
READ_ASSIGNMENTS = Operation("Microsoft.Authorization/roleAssignments/read")
READ_DENIALS = Operation("Microsoft.Authorization/denyAssignments/read")

Assignments = tuple[RoleAssignment, ...] | Unreadable


# --- reads -----------------------------------------------------------------------------


def read_assignments_at(session: Session, registry_id: str) -> Assignments:
    """Every role assignment in force at the registry, inherited ones up to the tenant's root included."""
    return _listed(session, registry_id, "role_assignments", "roleAssignments", "atScope()", assignment_from)


def read_effective(session: Session, registry_id: str, principal_object_id: str) -> Assignments:
    """The assignments in force at the registry for one service principal or identity.

    ``assignedTo`` includes those of its groups, nested ones too; the object id must be a
    user's or service principal's (https://learn.microsoft.com/azure/role-based-access-control/role-assignments-list-rest).
    """
    only = f"atScope() and assignedTo('{principal_object_id}')"
    return _listed(session, registry_id, "role_assignments", "roleAssignments", only, assignment_from)


def read_denials(session: Session, registry_id: str) -> tuple[DenyAssignment, ...] | Unreadable:
    """Every deny assignment at the registry or above it, whomever it names."""
    return _listed(session, registry_id, "deny_assignments", "denyAssignments", "atScope()", denial_from)


def read_definitions(session: Session, registry_id: str, ids: Iterable[str]) -> dict[str, RoleDefinition | Unreadable]:
    """Role definitions by the lower-case GUID that ends their id: one GET each, all at once.

    They are asked for at the registry's subscription, where every role that is assigned at
    or above the registry can be seen, whatever form its id has.
    """
    keys = sorted({definition_key(role_id) for role_id in ids})
    if not keys:
        return {}
    try:
        with _understood(_definition_path(registry_id, keys[0])):
            client = _client(session, registry_id)
    except ReadError as error:
        return {key: error.why for key in keys}
    reads = [
        partial(session.once, (registry_id, key), partial(_read_definition, session, client, registry_id, key))
        for key in keys
    ]
    return dict(zip(keys, in_parallel(reads), strict=True))


def read_caller_permissions(reader: ArmReader, scope: str) -> tuple[Permission, ...] | Unreadable:
    """The permissions of this run's login at ``scope``."""
    path = f"{scope}/providers/Microsoft.Authorization/permissions"
    try:
        with _understood(path):
            found = reader.list(path, PERMISSIONS_API)
            if found is None:
                raise ReadError(Unreadable("not-found", f"{scope} was not found", operation_of(path)))
            return permissions_from(found)
    except ReadError as error:
        return error.why


def _read_definition(session: Session, client: Any, registry_id: str, key: str) -> RoleDefinition:
    with _understood(_definition_path(registry_id, key)):
        scope = f"/subscriptions/{subscription_of(registry_id)}"
        with _decoded(_definition_path(registry_id, key)):
            model = client.role_definitions.get(scope=scope, role_definition_id=key, **session.deadline.limits())
        return definition_from(model)


def _listed(
    session: Session, scope: str, group: str, collection: str, only: str, convert: Callable[[Any], T]
) -> tuple[T, ...] | Unreadable:
    path = f"{scope}/providers/Microsoft.Authorization/{collection}"

    def ask() -> tuple[T, ...]:
        with _understood(path):
            operations = getattr(_client(session, scope), group)
            return tuple(convert(model) for model in _items(session, operations, scope, only, path))

    try:
        return session.once((path, only), ask)
    except ReadError as error:
        return error.why


def _items(session: Session, operations: Any, scope: str, only: str, path: str) -> Iterator[Any]:
    """All pages, under the deadline, from Resource Manager's own host only."""
    answers: list[Any] = []
    limits = session.deadline.limits()
    listing = operations.list_for_scope(scope=scope, filter=only, raw_response_hook=answers.append, **limits)
    pages = listing.by_page()
    for _ in range(MAX_PAGES):
        with _decoded(path):
            items = list(next(pages, ()))
        if not items and answers:
            _require_list(answers[-1], path)
        answers.clear()
        yield from items
        if not pages.continuation_token:
            return
        if urlsplit(pages.continuation_token).netloc.lower() != urlsplit(session.arm_endpoint).netloc.lower():
            raise ReadError(Unreadable("malformed", f"The next page of {path} points to another host", path))
        if session.deadline.remaining() <= 0:
            raise ReadError(Unreadable("timeout", f"The pages of {path} came too slowly", operation_of(path)))
    raise ReadError(Unreadable("malformed", f"{path} has more than {MAX_PAGES} pages", operation_of(path)))


def _require_list(answer: Any, path: str) -> None:
    """Tell an empty list from an answer that has none: the 5.x package takes both for empty."""
    page = json.loads(answer.http_response.text())
    if not isinstance(page, dict) or not isinstance(page.get("value"), list):
        raise ReadError(Unreadable("malformed", f"The answer for {path} is not a list of objects", operation_of(path)))


def _client(session: Session, scope: str) -> Any:
    from azure.cli.core.profiles import ResourceType

    return session.management_client(ResourceType.MGMT_AUTHORIZATION, subscription_of(scope) or "")


@contextmanager
def _understood(path: str) -> Iterator[None]:
    """Translate what a read raises. Models leave out what they cannot hold, so that nothing tells that from absence:
    both are ``malformed``."""
    with translated_errors(path):
        try:
            yield
        except MemberError as error:
            raise ReadError(Unreadable("malformed", error.why.detail, operation_of(path))) from error


@contextmanager
def _decoded(path: str) -> Iterator[None]:
    """Translate what the SDK, and nothing else, raises over JSON of another form: whatever comes."""
    from azure.core.exceptions import DecodeError

    try:
        yield
    except (DecodeError, AttributeError, KeyError, TypeError) as error:
        if isinstance(error, DecodeError) and (error.status_code or 0) >= 400:
            raise
        why = Unreadable("malformed", f"The answer for {path} has an unexpected shape", operation_of(path))
        raise ReadError(why) from error


def _definition_path(registry_id: str, key: str) -> str:
    return f"/subscriptions/{subscription_of(registry_id)}/providers/Microsoft.Authorization/roleDefinitions/{key}"


# --- from reads to one fact ------------------------------------------------------------


def wanted_definitions(
    registry_id: str, effective: Assignments, at_scope: Assignments, suspects: Collection[str] = ()
) -> set[str]:
    """The role definition ids that judgement needs, of those that the lists name.

    All that the puller holds, all that ``suspects`` hold (see ``principals.other_principals``),
    and what anybody was given on the registry itself, which is the evidence where the puller
    holds nothing. Roles that others inherit from above say nothing about this cluster.
    """
    held = () if isinstance(effective, Unreadable) else effective
    around = () if isinstance(at_scope, Unreadable) else at_scope
    known = {principal.lower() for principal in suspects}
    near = (
        assignment
        for assignment in around
        if same_id(assignment.scope, registry_id) or assignment.principal_id.lower() in known
    )
    distinct = {definition_key(assignment.role_definition_id): assignment for assignment in (*near, *held)}
    return {assignment.role_definition_id for assignment in distinct.values()}


def settle_emptiness(
    effective: Assignments, at_scope: Assignments, caller_permissions: tuple[Permission, ...] | Unreadable
) -> tuple[Assignments, Assignments]:
    """Tell "there is no assignment" from "this login may not see assignments".

    Azure filters lists by what the caller may read, so that an empty list alone proves
    nothing. It counts as empty when the caller's own permissions at the registry hold
    ``Microsoft.Authorization/roleAssignments/read``. Where those could not be had, a row in
    the unfiltered list settles it: every caller that can reach the registry by a role has at
    least its own row there, so that a list with rows is one that is shown, and one without
    any is one that is withheld. Permissions that lack the right outweigh rows, which may
    then be the caller's own alone. A list that has rows stays what it is: they exist.

    Takes the puller's list, the unfiltered list and the caller's permissions; returns the
    two lists, an empty one replaced by ``Unreadable`` where it is not proven.
    """
    seen_rows = not isinstance(at_scope, Unreadable) and bool(at_scope)
    return (
        _settled(effective, READ_ASSIGNMENTS, caller_permissions, seen_rows),
        _settled(at_scope, READ_ASSIGNMENTS, caller_permissions, False),
    )


def settle_denials(
    denials: tuple[DenyAssignment, ...] | Unreadable, caller_permissions: tuple[Permission, ...] | Unreadable
) -> tuple[DenyAssignment, ...] | Unreadable:
    """The same for deny assignments, whose list is rightly empty nearly everywhere."""
    return _settled(denials, READ_DENIALS, caller_permissions, False)


def _settled(
    found: tuple[T, ...] | Unreadable,
    right: Operation,
    caller_permissions: tuple[Permission, ...] | Unreadable,
    seen_rows: bool,
) -> tuple[T, ...] | Unreadable:
    if isinstance(found, Unreadable) or found:
        return found
    if isinstance(caller_permissions, Unreadable):
        if seen_rows:
            return found
        detail = "The list is empty, and whether this login has the permission to read it is not known: "
        missing = caller_permissions.permission or right.name
        return Unreadable(caller_permissions.reason, detail + caller_permissions.detail, right.name, missing)
    allowed = allows(caller_permissions, right)
    if allowed is Answer.YES:
        return found
    detail = "The list is empty, as it is for a login without the permission to read it"
    return Unreadable("forbidden", detail, right.name, right.name)


def assemble(
    puller: Puller | Unreadable | None,
    effective: Assignments,
    at_scope: Assignments,
    definitions: Mapping[str, RoleDefinition | Unreadable],
    denials: tuple[DenyAssignment, ...] | Unreadable,
    caller_permissions: tuple[Permission, ...] | Unreadable,
) -> Access:
    """Put the reads together, empty lists settled.

    Without a puller ``effective`` was not asked for: it is empty where the cluster has none,
    and unreadable for the same reason as the puller where that is not known.
    """
    settled, around = settle_emptiness(effective, at_scope, caller_permissions)
    if not isinstance(puller, Puller):
        settled = puller if isinstance(puller, Unreadable) else ()
    return Access(
        puller=puller,
        effective=settled,
        at_scope=around,
        definitions=dict(definitions),
        denials=settle_denials(denials, caller_permissions),
        group_ids=_groups(puller, settled),
    )


def _groups(puller: Puller | Unreadable | None, effective: Assignments) -> tuple[str, ...] | Unreadable:
    """Who holds the puller's effective assignments, other than itself: its groups."""
    if isinstance(effective, Unreadable):
        return effective
    own = puller.object_id.lower() if isinstance(puller, Puller) else ""
    holders = {assignment.principal_id for assignment in effective}
    return tuple(sorted(holder for holder in holders if holder.lower() != own))
