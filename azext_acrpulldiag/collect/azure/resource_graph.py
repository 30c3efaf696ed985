"""Find resources across subscriptions with Azure Resource Graph.

It lags behind and shows only what the login may read: good to find, never to assert that
something is there or is not. Queries select a type and whole rows; the logic stays here.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...facts import Unreadable
from ..ask.arm import ArmReader, Json, ReadError
from ..ask.errors import operation_of
from ..members import Body, shown

API_VERSION = "2022-10-01"
_PATH = "/providers/Microsoft.ResourceGraph/resources"
_PAGE = 1000
MOST_SUBSCRIPTIONS = 1000
"""That one query takes: https://learn.microsoft.com/azure/governance/resource-graph/troubleshoot/general."""
_MAX_PAGES = 20


def find_resources(reader: ArmReader, resource_type: str | tuple[str, ...], subscriptions: Sequence[str]) -> list[Json]:
    """Return whole rows of one type, or of several, in some subscriptions of one tenant.

    A type is one of ours, never a user's text. Of more than :data:`MOST_SUBSCRIPTIONS` it takes several queries, one
    after the other, since each counts towards the user's quota. Raises :class:`ReadError`, also where one query of
    several is not answered: the others would look like the whole.
    """
    types = (resource_type,) if isinstance(resource_type, str) else resource_type
    batches = [subscriptions[at : at + MOST_SUBSCRIPTIONS] for at in range(0, len(subscriptions), MOST_SUBSCRIPTIONS)]
    return [row for batch in batches for row in _find(reader, types, batch)]


def _find(reader: ArmReader, types: tuple[str, ...], subscriptions: Sequence[str]) -> list[Json]:
    named = ", ".join(types)
    wanted = f"=~ '{named}'" if len(types) == 1 else f"in~ ({', '.join(map(repr, types))})"
    options: Json = {"resultFormat": "objectArray", "$top": _PAGE}
    rows: list[Json] = []
    for _ in range(_MAX_PAGES):
        query = {
            "subscriptions": list(subscriptions),
            "query": f"resources | where type {wanted}",
            "options": options,
        }
        page = Body(reader.post(_PATH, API_VERSION, query, subscription=subscriptions[0]), "Resource Graph's query")
        found = shown(page.objects, "data")
        if isinstance(found, Unreadable):
            raise ReadError(found)
        rows.extend(row.json for row in found)
        # resultTruncated says "false" also where a token is there (recorded), so the token decides.
        token = shown(page.text, "$skipToken")
        if isinstance(token, Unreadable):
            if shown(page.text, "resultTruncated") == "true":
                cut = f"Resource Graph cut its answer about {named} off, and names no page that follows"
                raise ReadError(Unreadable("not-shown", cut, operation_of(_PATH)))
            return rows
        options = {**options, "$skipToken": token}
    raise ReadError(Unreadable("malformed", f"Resource Graph has more than {_MAX_PAGES} pages of {named}", _PATH))
