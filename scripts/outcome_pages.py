"""The pages of docs/reference: an index of the checks, an index by symptom, and a page for every outcome."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from azext_acrpulldiag.catalogue import Check, Outcome
from azext_acrpulldiag.model import Severity
from azext_acrpulldiag.permissions import rights_of
from azext_acrpulldiag.pull_errors import SYMPTOM_CLASSES
from azext_acrpulldiag.pull_errors.explain import GENERAL, SPECIAL, Explanation
from azext_acrpulldiag.repairs import Option, Repairs, Step
from azext_acrpulldiag.report import camel
from azext_acrpulldiag.rights import Right

from .markdown import code, named, page, prose, table

ARTICLE = "https://learn.microsoft.com/troubleshoot/azure/azure-kubernetes/extensions/cannot-pull-image-from-acr-to-aks-cluster"
SECTIONS = {
    "start": "Initial troubleshooting",
    "1": "Cause 1, 401 Unauthorized",
    "1.1": "Cause 1, 401 Unauthorized, solution 1: the AcrPull role",
    "1.2": "Cause 1, 401 Unauthorized, solution 2: the service principal's secret",
    "1.3": "Cause 1, 401 Unauthorized, solution 3: the role is on the wrong principal",
    "1.4": "Cause 1, 401 Unauthorized, solution 4: the kubelet identity on the scale sets",
    "1.5": "Cause 1, 401 Unauthorized, solution 5: a pull secret of a service principal",
    "1.6": "Cause 1, 401 Unauthorized, solution 6: a pull secret of the admin account",
    "1b": "Cause 1b, 401 for an image of another architecture",
    "2": "Cause 2, image not found",
    "3": "Cause 3, 403 Forbidden",
    "3.1": "Cause 3, 403 Forbidden, solution 1: the network's link to the private DNS zone",
    "3.2": "Cause 3, 403 Forbidden, solution 2: the registry's allowed addresses",
    "4": "Cause 4, time-out",
    "4.1": "Cause 4, time-out, solution 1: peering",
    "4.2": "Cause 4, time-out, solution 2: Azure Firewall",
    "5": "Cause 5, no match for platform in manifest",
    "6": "Cause 6, kubelet's pull limit",
    "more": "More information",
}
SYMPTOMS = "symptoms.md"
RESULT = {Severity.ERROR: "it stops the pull", Severity.WARNING: "it may stop the pull"}


def outcome_pages(checks: Sequence[Check]) -> dict[str, str]:
    """Return the pages by file name; ``checks`` are in order."""
    reported_by: dict[str, list[Check]] = {}
    outcomes: dict[str, Outcome] = {}
    for checked in checks:
        for outcome in checked.outcomes:
            outcomes[outcome.id] = outcome
            reported_by.setdefault(outcome.id, []).append(checked)
    written = {"README.md": _index(checks), SYMPTOMS: _symptoms(outcomes)}
    for each in outcomes.values():
        written[f"{each.id}.md"] = _page(each, reported_by[each.id], outcomes)
    return written


# --- indexes -------------------------------------------------------------------------------


def _index(checks: Sequence[Check]) -> str:
    rows = [(code(each.id), prose(each.title), "<br>".join(_link(one.id) for one in each.outcomes)) for each in checks]
    return page(
        "# Checks",
        "Every check with the healthy condition that it tests, and what it reports where that does not hold.\n"
        "`--skip` takes the ids of checks and their categories, the part before the dot.\n"
        "`az aks list-pull-checks` prints the same list.",
        f"Where to begin with what a pod reports: [by symptom]({SYMPTOMS}).\n"
        "What all of it needs to read: [permissions](../permissions.md).",
        table(("check", "healthy when", "outcomes"), rows),
    )


def _symptoms(outcomes: dict[str, Outcome]) -> str:
    classes = [each for each in SYMPTOM_CLASSES if each != "negative"]
    overview = [
        (f"[{code(each)}](#{each})", GENERAL[each].words, _first(_likely(each, GENERAL[each], outcomes)))
        for each in classes
    ]
    return page(
        "# By symptom",
        "What a pod's event or container status says, by the class that `az aks explain-pull-error` and the report\n"
        "give it. Outcomes stand in the order of how often they are behind such a text.",
        table(("class", "means", "likeliest"), overview),
        *(_symptom(each, outcomes) for each in classes),
    )


def _symptom(name: str, outcomes: dict[str, Outcome]) -> str:
    meaning = GENERAL[name]
    special = [
        (each.words, _linked(_known(each, outcomes)) or "-", each.decided_by) for _, each in SPECIAL.get(name, ())
    ]
    return page(
        f"## {name}",
        meaning.words,
        f"Decided by: {meaning.decided_by}",
        _numbered(_likely(name, meaning, outcomes), outcomes) or "No check looks for what is behind it.",
        f"Article: [{SECTIONS[meaning.article]}]({ARTICLE})." if meaning.article else "",
        table(("where the text tells more", "likeliest", "decided by"), special),
    ).rstrip("\n")


def _known(meaning: Explanation, outcomes: dict[str, Outcome]) -> list[str]:
    return [each for each in meaning.outcomes if each in outcomes]


def _likely(name: str, meaning: Explanation, outcomes: dict[str, Outcome]) -> list[str]:
    """The outcomes that such a text is ascribed to, likeliest first, then all others that may explain it."""
    named_ones = _known(meaning, outcomes)
    others = sorted(each.id for each in outcomes.values() if name in each.explains and each.id not in named_ones)
    return [*named_ones, *others]


def _numbered(ids: Sequence[str], outcomes: dict[str, Outcome]) -> str:
    return "\n".join(f"{number}. {_link(each)}: {named(outcomes[each].summary)}" for number, each in enumerate(ids, 1))


def _first(ids: Sequence[str]) -> str:
    return _linked(ids[:3]) or "-"


def _linked(ids: Iterable[str]) -> str:
    return ", ".join(_link(each) for each in ids)


def _link(outcome_id: str) -> str:
    return f"[{code(outcome_id)}]({outcome_id}.md)"


# --- one outcome ---------------------------------------------------------------------------


def _page(outcome: Outcome, checks: Sequence[Check], outcomes: dict[str, Outcome]) -> str:
    """What to do about it stands first; what is only of use to whoever hands out permissions stands last."""
    return page(
        f"# {outcome.id}",
        f"> {named(outcome.summary)}",
        f"{outcome.severity.value.capitalize()}: {RESULT[outcome.severity]}. "
        f"Confidence: {outcome.confidence.value}. Seen from: {outcome.seen_from.value}.",
        *_options(outcome.repairs),
        *(_of_check(checked, outcome) for checked in checks),
        *_explained(outcome, outcomes),
        f"## Evidence\n\n{', '.join(code(camel(key)) for key in outcome.evidence_keys) or 'None.'}",
        "## More",
        f"* <{outcome.url}>" + (f"\n* [{SECTIONS[outcome.article]}]({ARTICLE})" if outcome.article else ""),
        "## Permissions",
        _permissions(rights_of(need for checked in checks for need in checked.needs)),
    )


def _permissions(rights: Sequence[Right]) -> str:
    """One line for what every run reads with, one for what only some do."""
    if not rights:
        return "None: the arguments are enough."
    always, sometimes = (
        ", ".join(code(right.name) for right in rights if bool(right.when) is conditional)
        for conditional in (False, True)
    )
    lines = [f"{when}: {names}." for when, names in (("Every run", always), ("Some runs", sometimes)) if names]
    return "\n\n".join(
        [*lines, "Where each has to hold, and what stays unknown without it: [permissions](../permissions.md)."]
    )


def _of_check(checked: Check, outcome: Outcome) -> str:
    return page(
        f"## {'Why it stops a pull' if outcome.severity is Severity.ERROR else 'Why it matters'}",
        f"Check {code(checked.id)}, healthy when: {prose(checked.title)}",
        prose(checked.why),
        "## How it is decided",
        prose(checked.how),
    ).rstrip("\n")


def _options(repairs: Repairs) -> list[str]:
    """Options are alternatives, the best first; the steps of one are taken in order."""
    if not repairs:
        return []
    lines = [
        "## Repair",
        "The report fills in what stands in braces, quoted for a shell, and gives the options that apply.",
    ]
    for number, each in enumerate(repairs, 1):
        steps = each.steps if isinstance(each, Option) else (each,)
        if len(repairs) > 1:
            lines.append(f"### Option {number}")
        lines += [_step(*step) for step in enumerate(steps, 1)]
    return lines


def _step(number: int, step: Step) -> str:
    command = f"\n\n   ```\n   {step.command}\n   ```" if step.command else ""
    takes = f"\n\n   Needs {', '.join(map(code, step.requires))}." if step.requires else ""
    besides = f" Besides: {named(step.changes)}." if step.changes else ""
    return f"{number}. {named(step.description.rstrip('.'))}.{besides}{command}{takes}"


def _explained(outcome: Outcome, outcomes: dict[str, Outcome]) -> list[str]:
    if not outcome.explains:
        return []
    symptoms = [f"[{code(each)}]({SYMPTOMS}#{each})" for each in outcome.explains if "." not in each]
    folded = [_link(each) if each in outcomes else code(each) for each in outcome.explains if "." in each]
    lines = [f"Pods report: {', '.join(symptoms)}."] if symptoms else []
    lines += [f"Folded beneath it, as its consequences: {', '.join(folded)}."] if folded else []
    return ["## What it explains", "\n\n".join(lines)]
