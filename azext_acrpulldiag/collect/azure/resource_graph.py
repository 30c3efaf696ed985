"""Find resources across subscriptions with Azure Resource Graph.

It lags behind and shows only what the login may read: good to find, never to assert that
something is there or is not. Queries select a type and whole rows; the logic stays here.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...facts import Unreadable
from ..ask.arm import ArmReader, Json, ReadError
from ..members import Body, shown

API_VERSION = "2022-10-01"
_PATH = "/providers/Microsoft.ResourceGraph/resources"
_PAGE = 1000
_MAX_PAGES = 20


def find_resources(reader: ArmReader, resource_type: str, subscriptions: Sequence[str]) -> list[Json]:
    """Return whole rows of one type in some subscriptions of one tenant.

    ``resource_type`` is one of ours, never a user's text. Raises :class:`ReadError`.
    """
    options: Json = {"resultFormat": "objectArray", "$top": _PAGE}
    rows: list[Json] = []
    for _ in range(_MAX_PAGES):
        query = {
            "subscriptions": list(subscriptions),
            "query": f"resources | where type =~ '{resource_type}'",
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
            return rows
        options = {**options, "$skipToken": token}
    raise ReadError(
        Unreadable("malformed", f"Resource Graph has more than {_MAX_PAGES} pages of {resource_type}", _PATH)
    )
