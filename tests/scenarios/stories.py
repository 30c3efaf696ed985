"""A story makes of the default cloud the one that it tells of, and carries what a run must say of it.

::

    @story(
        verdict="broken",
        root_causes=("access.pull-role-missing",),
        evidence={"access.pull-role-missing": {"principal": KUBELET_OBJECT_ID}},
    )
    def pull_role_missing(cloud: Cloud) -> None:
        \"\"\"Nobody gave the kubelet identity a role on the registry.\"\"\"

What is expected is the whole: an outcome, a symptom or an unknown check that is not named must not be there.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.azure.state import Cloud

Teller = Callable[[Cloud], None]

KUBECTL = "kubectl"
_MEANS: dict[str, Callable[[], bool]] = {
    KUBECTL: lambda: shutil.which("kubectl") is not None,
}
# Every check that asks what pods or nodes report.
OF_PODS = (
    "kubelet.pull-qps", "network.client-address", "network.node-resolver", "network.proxy", "network.storage-policy",
    "nodes.artifact-streaming", "nodes.identity", "pull-secret.virtual-nodes", "registry.throttling", "symptom.pods",
)  # fmt: skip
OF_EVENTS = ("symptom.admission",)
OF_NODES = ("cluster.ready-nodes", "identity.node-labels")

_EXIT_CODES = {"broken": 4, "inconclusive": 5, "at-risk": 0, "healthy": 0}


@dataclass(frozen=True)
class Story:
    """``tell`` changes the cloud; ``arguments`` are those of ``az aks diagnose-pull`` for the default cluster.

    ``root_causes`` are outcome ids in order, ``other_outcomes`` those of all other failures and warnings,
    ``symptoms`` the classes of the symptoms in scope (both in any order, one word for each finding). ``evidence``
    has, for an outcome, what its first finding's evidence must contain, in the report's own keys. ``unknowns`` has
    the permission, or ``None``, for every check that is to be unknown (``unittest.mock.ANY`` where it does not
    matter). ``commands`` are the beginnings of the first root cause's repair commands, in order; empty: not compared.
    ``where`` is what the summary says of where pulls fail; ``None``: not compared. ``changes`` are what was done before
    the first root cause, the newest first: whether that is proven to be about it, and words of its summary; ``None``:
    not compared. ``needs`` are means of this machine without which the story cannot be told.
    """

    name: str
    tell: Teller
    verdict: str
    arguments: tuple[str, ...]
    root_causes: tuple[str, ...]
    other_outcomes: tuple[str, ...]
    symptoms: tuple[str, ...]
    evidence: Mapping[str, Mapping[str, Any]]
    unknowns: Mapping[str, Any]
    commands: tuple[str, ...]
    where: str | None
    changes: tuple[tuple[bool, str], ...] | None
    exit_code: int
    needs: tuple[str, ...]

    @property
    def title(self) -> str:
        """One sentence, for lists."""
        return (self.tell.__doc__ or "").strip().splitlines()[0]

    @property
    def outcomes(self) -> tuple[str, ...]:
        """Every outcome that a run must find."""
        return self.root_causes + self.other_outcomes

    @property
    def starts_a_pod(self) -> bool:
        """Whether its run does more than read."""
        return "--check-acr" in self.arguments or "--probe" in self.arguments

    @property
    def missing(self) -> str | None:
        """Which of the story's needs this machine lacks."""
        return next((need for need in self.needs if not _MEANS[need]()), None)

    def told(self) -> Cloud:
        """A fresh cloud, of which this is true."""
        cloud = Cloud()
        self.tell(cloud)
        return cloud


STORIES: dict[str, Story] = {}


def story(
    *,
    verdict: str,
    root_causes: tuple[str, ...] = (),
    other_outcomes: tuple[str, ...] = (),
    symptoms: tuple[str, ...] = (),
    evidence: Mapping[str, Mapping[str, Any]] | None = None,
    unknowns: Mapping[str, Any] | None = None,
    commands: tuple[str, ...] = (),
    where: str | None = None,
    changes: tuple[tuple[bool, str], ...] | None = None,
    acr: str | None = "contosoreg",
    arguments: tuple[str, ...] = (),
    exit_code: int | None = None,
    needs: tuple[str, ...] = (),
) -> Callable[[Teller], Story]:
    """Register a story under its function's name, with hyphens; its docstring's first line is its title.

    ``acr`` becomes ``--acr``; ``arguments`` follow it. The exit code follows from the verdict unless it is given.
    """
    given = (() if acr is None else ("--acr", acr)) + arguments
    code = _EXIT_CODES[verdict] if exit_code is None else exit_code

    def register(tell: Teller) -> Story:
        name = tell.__name__.replace("_", "-")  # type: ignore[attr-defined]
        if name in STORIES:
            raise ValueError(f"There are two stories named {name}")
        STORIES[name] = Story(
            name=name,
            tell=tell,
            verdict=verdict,
            arguments=given,
            root_causes=root_causes,
            other_outcomes=other_outcomes,
            symptoms=symptoms,
            evidence=evidence or {},
            unknowns=unknowns or {},
            commands=commands,
            where=where,
            changes=changes,
            exit_code=code,
            needs=needs,
        )
        return STORIES[name]

    return register


def told(name: str) -> Cloud:
    """A fresh cloud, with the story of that name told."""
    return STORIES[name].told()
