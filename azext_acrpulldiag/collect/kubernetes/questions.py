"""What is asked of a Kubernetes API server, as a value, and where that is found."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote

# https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-subdomain-names
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?")


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

    @property
    def is_possible(self) -> bool:
        """Whether its names are such as an object can have; events name what whoever writes them likes."""
        return all(each is None or _NAME.fullmatch(each) for each in (self.namespace, self.name))


def path_of(resource: str, namespace: str | None, name: str | None = None) -> str:
    """Where a collection is, or one object in it; names are percent-encoded, slashes and all."""
    parts = (*(("namespaces", namespace) if namespace else ()), resource, *((name,) if name is not None else ()))
    return "/api/v1/" + "/".join(quote(part, safe="") for part in parts)
