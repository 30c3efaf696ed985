"""What is asked of a Kubernetes API server, as a value, and where that is found."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote


@dataclass(frozen=True)
class Question:
    """A list of objects, or one object by its name."""

    resource: str
    """``pods`` and the like."""
    namespace: str | None = None
    """``None``: all of them, or the resource has none."""
    name: str | None = None
    """``None``: the list."""
    selector: str = ""
    """The field selector of a list."""

    @property
    def path(self) -> str:
        """Where the API has it."""
        return path_of(self.resource, self.namespace, self.name)


def path_of(resource: str, namespace: str | None, name: str | None = None) -> str:
    """Where a collection is, or one object in it; names are percent-encoded, slashes and all."""
    parts = (*(("namespaces", namespace) if namespace else ()), resource, *((name,) if name is not None else ()))
    return "/api/v1/" + "/".join(quote(part, safe="") for part in parts)
