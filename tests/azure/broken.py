"""Is the fault that a story put in still there? A predicate for each outcome, on the raw state of the cloud.

None of them decides what is the matter: each is asked only where its outcome is what the story broke. They know nothing
of the product, and read the cloud as whoever made it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .state import Cloud

Fault = Callable[["Cloud"], bool]
"""True while the fault is there."""

FAULTS: dict[str, Fault] = {}
ROOMS = ("broken_access", "broken_network", "broken_registry", "broken_kubernetes", "broken_secrets")


def fault(*outcomes: str) -> Callable[[Fault], Fault]:
    """Register a predicate under the ids of the outcomes that it is about. Raises ``ValueError`` for a second one."""

    def register(predicate: Fault) -> Fault:
        for outcome in outcomes:
            if outcome in FAULTS:
                raise ValueError(f"There are two predicates of {outcome}")
            FAULTS[outcome] = predicate
        return predicate

    return register


def left(cloud: Cloud, outcomes: Iterable[str]) -> tuple[str, ...]:
    """Those of ``outcomes`` whose fault is still in the cloud. Raises ``KeyError`` for one without a predicate."""
    return tuple(each for each in outcomes if known()[each](cloud))


def known() -> dict[str, Fault]:
    """All predicates, of all rooms."""
    for room in ROOMS:
        if find_spec(f"{__package__}.{room}"):
            import_module(f"{__package__}.{room}")
    return FAULTS
