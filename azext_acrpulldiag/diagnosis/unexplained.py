"""What a run knows beside a failure that it cannot explain: what it is not, and what sets its nodes apart. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from ..catalogue import Check
from ..checks.symptom import UNEXPLAINED, Unexplained
from ..checks.unexplained import Answer, Answers, Apart, ImageSize, Passed, RuledOut, Sizes
from ..details import Details
from ..facts import ImageLookup
from ..images.manifests import heaviest
from ..images.references import image_key
from ..model import Finding, SeenFrom, Status, Symptom
from ..pull_errors import PullError, classify
from ..pull_errors.explain import ended_early
from .apart import Surroundings, apart
from .evaluate import LEFT_OUT

# Classes that many different faults share, or that tell none: a check of one of them rules out nothing.
_OF_MANY_KINDS = ("other", "backoff-only", "negative")
# What is judged of pods, images and the registry itself: Container Instances pulls by other ways than node pools.
_OF_VIRTUAL_NODES = ("image", "pull-secret", "registry")
_SENTENCE = re.compile(r"^Decided (.{1,400}?[.:])(?:\s|$)", re.DOTALL)


def completed(
    finding: Finding,
    symptoms: Sequence[Symptom],
    findings: Iterable[Finding],
    checks: Mapping[str, Check],
    around: Surroundings,
) -> Finding:
    """Return ``finding`` of :data:`~..checks.symptom.UNEXPLAINED`, about ``symptoms``, with what is known beside it.

    It no longer asks for a fact that checks of ``findings`` have read.
    """
    given = finding.detail(Unexplained)
    ruled_out, differs = _ruled_out(given, symptoms, findings, checks), apart(symptoms, around)
    answered = given.asks_other_nodes and differs.compared_with == "pulled-the-image"
    of_one_kind = bool(ruled_out.ruled_out) and given.likely == (UNEXPLAINED.id,)  # whose only check has passed
    read = answered or of_one_kind or _all_read(given, findings, checks)
    reported = dict.fromkeys((each.image, each.message) for each in symptoms)  # thousands of pods report alike
    errors = [(image, classify(message)) for image, message in reported]
    of_size = any(_is_of_size(error) for _, error in errors)
    known: dict[type[Details], Details] = {
        Unexplained: replace(given, decided_by=None if read else given.decided_by, meaning=_meaning(given, findings)),
        RuledOut: ruled_out,
        Apart: differs,
        Sizes: _sizes(around.images, symptoms) if of_size else Sizes(),
        Answers: _answers(around.images, errors),
    }
    details = tuple(known.get(type(each), each) for each in finding.details)
    told = UNEXPLAINED.at(finding.resource, *details, reach=finding.reach, explains=finding.explains)
    return replace(told, check=finding.check)


def _meaning(given: Unexplained, findings: Iterable[Finding]) -> str:
    check, words = given.narrower or ("", "")
    passed = any(each.check == check and each.status is Status.PASS for each in findings)
    return words if passed else given.meaning


def _ruled_out(
    given: Unexplained, symptoms: Sequence[Symptom], findings: Iterable[Finding], checks: Mapping[str, Check]
) -> RuledOut:
    """The checks that passed and one of whose outcomes explains the class; those of its likeliest outcomes first.

    What passed of node pools rules out nothing of virtual nodes, and nothing at all of who asked elsewhere.
    """
    if symptoms and all(each.elsewhere or each.virtual_node for each in symptoms):
        counted = _OF_VIRTUAL_NODES if any(each.virtual_node for each in symptoms) else ("image",)
        findings = [each for each in findings if each.category in counted]
    symptom_class, likely = given.symptom_class, given.likely
    if symptom_class in _OF_MANY_KINDS:
        return RuledOut()
    passed: dict[str, tuple[int, Passed]] = {}
    for each in findings:
        check = checks.get(each.check)
        if each.status is not Status.PASS or check is None or each.seen_from is SeenFrom.THIS_MACHINE:
            continue
        could = [outcome.id for outcome in check.outcomes if symptom_class in outcome.explains]
        if could and not any(outcome.id == UNEXPLAINED.id for outcome in check.outcomes):
            place = min(likely.index(each) if each in likely else len(likely) for each in could)
            passed[check.id] = (place, Passed(check.id, each.summary, _decided_by(check)))
    told = tuple(each for _, each in sorted(passed.values(), key=lambda item: (item[0], item[1].check)))
    return RuledOut(told, tuple(each.passed for each in told if each.passed != checks[each.check].title))


def _all_read(given: Unexplained, findings: Iterable[Finding], checks: Mapping[str, Check]) -> bool:
    """Whether all that it is known to come from was judged, so that nothing of it is left to look up.

    Where it mostly comes from something that no check looks for, the fact that decides is still to be asked for.
    """
    judged = {
        outcome.id
        for each in findings
        if each.status is not Status.UNKNOWN and each.reason != LEFT_OUT and each.check in checks
        for outcome in checks[each.check].outcomes
    }
    looked_for = set(given.likely) - {UNEXPLAINED.id}
    mostly = given.likely[:1] != (UNEXPLAINED.id,) and not given.asks_other_nodes
    return mostly and bool(looked_for) and looked_for <= judged


def _decided_by(check: Check) -> str:
    """The first sentence of the manual on how it decides, without its first word."""
    words = " ".join(check.how.replace("``", "").split())
    found = _SENTENCE.match(words)
    return (found[1] if found else words.removeprefix("Decided ")).rstrip(".:")


# --- what the registry tells of the images ---------------------------------------------------


def _answers(images: Iterable[ImageLookup], pulls: Iterable[tuple[str, PullError]]) -> Answers:
    """What the registry says to the same request of this machine's, where a pull has the same status and no words.

    ``pulls`` are images with what pods report of them. A refusal of this machine's own address is none of the nodes'.
    """
    bare = {(image_key(image), error.status) for image, error in pulls if error.status and error.said is None}
    found = []
    for each in images:
        refusal = each.refusal
        if refusal is None or not refusal.message or "client with ip" in refusal.message.lower():
            continue
        if (image_key(each.reference), refusal.status) in bare:
            found.append(Answer(each.reference, refusal.status, refusal.code, refusal.message))
    return Answers(tuple(found))


def _sizes(images: Iterable[ImageLookup], symptoms: Iterable[Symptom]) -> Sizes:
    """How much nodes download of the images of these symptoms, as far as the registry was asked for them."""
    wanted = {image_key(each.image) for each in symptoms}
    sizes = [told for each in images if image_key(each.reference) in wanted and (told := _size(each)) is not None]
    return Sizes(tuple(sorted(sizes, key=lambda told: -told.total)))


def _is_of_size(error: PullError) -> bool:
    """Whether a smaller image might have come through: not where what was asked for is damaged, gone or refused."""
    download = error.symptom_class == "blob-download" and error.mechanism in (None, "storage-unreachable")
    return download or error.symptom_class == "disk-full" or ended_early(error)


def _size(image: ImageLookup) -> ImageSize | None:
    found = heaviest(image)
    return (
        None
        if found is None or not found.total
        else ImageSize(image.reference, found.layers, found.total, found.largest)
    )
