"""Which of the pulls that fail a finding accounts for: those of a class that it explains, within its reach. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable

from ..images.references import image_key
from ..model import Finding, Reach, Status, Symptom
from ..quoting import printable

# What pods report when the cause has expired: any error may be behind it.
SAYS_NOTHING = frozenset({"backoff-only"})

Numbers = frozenset[int]
"""Symptoms, by their place among the live ones."""


class LiveSymptoms:
    """The symptoms of one registry, looked up by class and by where they are.

    A symptom whose node pool is not known may be of any. On virtual nodes nobody pulls as node pools do: only what is
    about their pods or images accounts for what fails there.
    """

    def __init__(self, symptoms: Iterable[Symptom]) -> None:
        self.all = tuple(symptoms)
        self.elsewhere = frozenset(number for number, symptom in enumerate(self.all) if symptom.elsewhere)
        """Those whose nodes never asked the registry."""
        self.of_virtual_nodes = frozenset(n for n, symptom in enumerate(self.all) if symptom.virtual_node)
        self._of_class = self._index(lambda symptom: symptom.symptom_class)
        self._of_pool = self._index(lambda symptom: symptom.node_pool and symptom.node_pool.lower())
        self._of_pod = self._index(lambda symptom: (symptom.namespace, symptom.pod))
        self._of_image = self._index(lambda symptom: image_key(symptom.image))
        self._of_asked = self._index(lambda symptom: symptom.asked and image_key(symptom.asked))

    def __bool__(self) -> bool:
        return bool(self.all)

    @property
    def numbers(self) -> Numbers:
        """Every symptom."""
        return frozenset(range(len(self.all)))

    def chosen(self, numbers: Numbers) -> tuple[Symptom, ...]:
        """The symptoms of these numbers, in their order."""
        return tuple(self.all[number] for number in sorted(numbers))

    def classes(self, numbers: Numbers) -> set[str]:
        """The classes of these symptoms."""
        return {self.all[number].symptom_class for number in numbers}

    def of_classes(self, classes: Iterable[str], stops: bool = False) -> Numbers:
        """The symptoms of these classes; with ``stops``, of an error, also those that say nothing."""
        wanted = {*classes, *(SAYS_NOTHING if stops else ())}
        return frozenset().union(*(self._of_class.get(each, frozenset()) for each in wanted))

    def explained_by(self, finding: Finding) -> Numbers:
        """The symptoms that a finding accounts for."""
        found = self.of_classes(finding.explains, finding.status is Status.FAIL)
        return found & self.reached(finding.reach) if found else found

    def reached(self, reach: Reach) -> Numbers:
        """The symptoms that something of this reach may be about."""
        found = self.numbers
        if not reach.images:
            found -= self.elsewhere
        if reach.pools or not (reach.pods or reach.images):
            found -= self.of_virtual_nodes
        if reach.pools:
            found &= _union(self._of_pool, [None, *(pool.lower() for pool in reach.pools)])
        if reach.pods:
            found &= _union(self._of_pod, [(printable(namespace), printable(pod)) for namespace, pod in reach.pods])
        if reach.images:
            images = [image_key(image) for image in reach.images]
            found &= _union(self._of_image, images) | _union(self._of_asked, images)
        return found

    def _index(self, key: Callable[[Symptom], Hashable]) -> dict[Hashable, Numbers]:
        found: dict[Hashable, list[int]] = defaultdict(list)
        for number, symptom in enumerate(self.all):
            found[key(symptom)].append(number)
        return {each: frozenset(numbers) for each, numbers in found.items()}


def _union(index: dict[Hashable, Numbers], keys: Iterable[Hashable]) -> Numbers:
    return frozenset().union(*(index.get(key, frozenset()) for key in keys))
