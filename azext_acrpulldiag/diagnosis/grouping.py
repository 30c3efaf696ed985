"""Where pulls fail and where they work: "only the Windows pool" is the best clue there is. Pure.

"Only" must be earned: something of the same kind is known to have pulled from the registry within
the hour, and the one that fails is not. Between node pools it is enough that there are others with
nodes that are ready, and then the words say no more than that.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ..facts import Facts, Kubernetes, Node, PulledImage
from ..images.references import host_of, image_key
from ..model import Grouping, Symptom, SymptomGroup
from ..pull_errors.symptoms import login_server_of, recent_pulls
from ..quoting import printable

_MOST_NAMES = 3


@dataclass(frozen=True)
class _Clue:
    only: str
    statement: str


@dataclass(frozen=True)
class _Around:
    """What is known of what does not fail."""

    server: str
    pulls: tuple[PulledImage, ...]
    nodes: tuple[Node, ...]


def grouped(facts: Facts, symptoms: Sequence[Symptom], outside: Sequence[Symptom] = ()) -> Grouping:
    """Group the live symptoms of the registry by class, and say where they are; those ``outside`` by host and class.

    Nothing is claimed where not all pods were read.
    """
    kubernetes = facts.kubernetes
    elsewhere = _by_host(outside)
    if not symptoms or not isinstance(kubernetes, Kubernetes):
        return Grouping(outside=elsewhere)
    nodes = kubernetes.nodes if isinstance(kubernetes.nodes, tuple) else ()
    around = None
    if kubernetes.overlooked is None:
        around = _Around(login_server_of(facts), recent_pulls(facts), nodes)
    by_class: dict[str, list[Symptom]] = {}
    for symptom in symptoms:
        by_class.setdefault(symptom.symptom_class, []).append(symptom)
    groups = [_group(alike, around) for alike in by_class.values()]
    groups.sort(key=lambda group: (-group.count, group.symptom_class))
    clue = _clue(symptoms, around)
    return Grouping(tuple(groups), elsewhere, None if clue is None else printable(clue.statement))


def _by_host(symptoms: Iterable[Symptom]) -> tuple[SymptomGroup, ...]:
    """Groups of what the registry that is judged has no part in."""
    found: dict[tuple[str, str], list[Symptom]] = {}
    for symptom in symptoms:
        found.setdefault((host_of(symptom.image), symptom.symptom_class), []).append(symptom)
    groups = [replace(_group(alike, None), host=host) for (host, _), alike in found.items()]
    return tuple(sorted(groups, key=lambda group: (-group.count, group.host or "", group.symptom_class)))


def _group(symptoms: Sequence[Symptom], around: _Around | None) -> SymptomGroup:
    clue = _clue(symptoms, around)
    return SymptomGroup(
        symptom_class=symptoms[0].symptom_class,
        count=len(symptoms),
        pods=_pods(symptoms),
        node_pools=_names(symptom.node_pool for symptom in symptoms),
        nodes=_names(symptom.node for symptom in symptoms),
        images=_names(symptom.image for symptom in symptoms),
        namespaces=_names(symptom.namespace for symptom in symptoms),
        only=None if clue is None else clue.only,
    )


def _clue(symptoms: Sequence[Symptom], around: _Around | None) -> _Clue | None:
    """The narrowest statement that is earned; ``None`` around: too little is known for any."""
    if around is None:
        return None
    return (
        _one_node(symptoms, around)
        or _one_image(symptoms, around)
        or _one_namespace(symptoms, around)
        or _one_pool(symptoms, around)
    )


def _one_node(symptoms: Sequence[Symptom], around: _Around) -> _Clue | None:
    """Other nodes of its pool pulled what fails here; or anything, where several images fail here."""
    node = _single(symptom.node for symptom in symptoms)
    pool = _single(symptom.node_pool for symptom in symptoms)
    if node is None or pool is None or any(_is(pull.node, node) for pull in around.pulls):
        return None
    images = {image_key(symptom.image) for symptom in symptoms}
    elsewhere = [
        pull
        for pull in around.pulls
        if pull.node_pool == pool and pull.node and (len(images) > 1 or image_key(pull.image) in images)
    ]
    if not elsewhere:
        return None
    others = _listed(printable(pull.node or "") for pull in elsewhere)
    return _Clue("node", f"Only node {node} fails ({_counted(symptoms)}); {others} of the same pool {_did(around)}.")


def _one_image(symptoms: Sequence[Symptom], around: _Around) -> _Clue | None:
    """Nobody pulled it, and the pools on which it fails pulled others."""
    images = {image_key(symptom.image): symptom.image for symptom in symptoms}
    pools = {symptom.node_pool for symptom in symptoms}
    if len(images) != 1 or any(image_key(pull.image) in images for pull in around.pulls):
        return None
    others = {pull.node_pool for pull in around.pulls if pull.node_pool}
    if not pools <= others:
        return None
    (image,) = images.values()
    return _Clue(
        "image",
        f"Only image {image} fails ({_counted(symptoms)}); node pool {_listed(filter(None, pools))} {_did(around)}, "
        "other images.",
    )


def _one_namespace(symptoms: Sequence[Symptom], around: _Around) -> _Clue | None:
    """Nobody pulled for its pods, and the pools on which they fail pulled for others."""
    namespace = _single(symptom.namespace for symptom in symptoms)
    if namespace is None or any(pull.namespace in (None, namespace) for pull in around.pulls):
        return None
    pools = {symptom.node_pool for symptom in symptoms}
    elsewhere = [pull for pull in around.pulls if pull.node_pool in pools]
    if not pools <= {pull.node_pool for pull in elsewhere if pull.node_pool}:
        return None
    others = _listed(printable(pull.namespace or "") for pull in elsewhere)
    return _Clue(
        "namespace",
        f"Only namespace {namespace} fails ({_counted(symptoms)}); for pods of {others} the same node pool "
        f"{_did(around)}.",
    )


def _one_pool(symptoms: Sequence[Symptom], around: _Around) -> _Clue | None:
    """Other pools pulled; or they are there and ready, which says less."""
    pool = _single(symptom.node_pool for symptom in symptoms)
    if pool is None or any(pull.node_pool in (None, pool) for pull in around.pulls):
        return None
    name = f"node pool {pool}{_of_windows(pool, around)}"
    pulled = [pull.node_pool for pull in around.pulls if pull.node_pool]
    if pulled:
        return _Clue("node-pool", f"Only {name} fails ({_counted(symptoms)}); {_listed(pulled)} {_did(around)}.")
    ready = [node.pool for node in around.nodes if node.ready and node.pool and node.pool != pool]
    if ready and _pods(symptoms) > 1:
        words = f"All {_counted(symptoms)} that fail are on {name}; no pull by {_listed(ready)} was seen."
        return _Clue("node-pool", words)
    return None


# --- words -------------------------------------------------------------------------------


def _did(around: _Around) -> str:
    return f"pulled from {around.server} within the hour"


def _of_windows(pool: str, around: _Around) -> str:
    return " (Windows)" if any(node.pool == pool and node.os == "windows" for node in around.nodes) else ""


def _counted(symptoms: Sequence[Symptom]) -> str:
    pods = _pods(symptoms)
    return f"{pods} pod{'s' if pods > 1 else ''}"


def _pods(symptoms: Iterable[Symptom]) -> int:
    return len({(symptom.namespace, symptom.pod) for symptom in symptoms})


def _single(values: Iterable[str | None]) -> str | None:
    """The value that all have; ``None``: they differ, or one is not known."""
    found = set(values)
    return found.pop() if len(found) == 1 else None


def _is(raw: str | None, shown: str) -> bool:
    return raw is None or printable(raw) == shown


def _names(values: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(sorted({value for value in values if value is not None}))


def _listed(values: Iterable[str | None]) -> str:
    names = _names(values)
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return ", ".join(names[:_MOST_NAMES]) + more
