"""Check on the cache rule through which nodes of a network-isolated cluster get AKS's own images."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ...catalogue import Outcome, check, skipped, unknown
from ...details import Details
from ...effects.registry import cache_rule_made
from ...facts import CacheRule, Facts, ImageLookup, Registry, Unreadable, known
from ...images.cache_rules import rule_for, upstream_of
from ...images.mirrors import MIRRORED, PREFIX, bootstrap_of, is_bootstrap_registry, is_mirrored
from ...images.references import written
from ...model import Confidence, Finding, Reach, Severity
from ...pull_errors.symptoms import FailedPull, failed_pulls
from ...quoting import printable
from ...repairs import Step, option
from .._kubernetes import pod_names

_TARGET, _SOURCE = f"{PREFIX}/*", f"{MIRRORED}/*"


@dataclass(frozen=True)
class MissingRule(Details):
    """The rule that nodes need, and those that are there."""

    registry: str
    subscription: str
    needed_target: str
    needed_source: str
    rules: tuple[str, ...]
    """``SOURCE as TARGET`` of the rules that there are."""
    overlapping: str | None
    """The rule that a further wildcard would overlap; ``None``: there is none."""
    images: tuple[str, ...]
    pods: tuple[str, ...]

    @property
    def instead(self) -> str:
        """A clause about a rule that asks for another path; empty: there is none."""
        return f"; rule {self.overlapping} asks for other paths" if self.overlapping else ""


CACHE_RULE_MISSING = Outcome(
    id="registry.cache-rule-missing",
    severity=Severity.ERROR,
    summary="Nodes ask registry {registry} for AKS's own images below "
    f"{PREFIX}/, and no cache rule gets these from {MIRRORED}" + "{instead}.",
    url="https://learn.microsoft.com/azure/aks/network-isolated",
    details=(MissingRule,),
    repairs=(
        option(
            Step(
                "Create the rule that nodes need",
                "az acr cache create --registry {registry} --subscription {subscription} --name aks-managed-mcr "
                "--source-repo {needed_source} --target-repo {needed_target}",
                requires=("Microsoft.ContainerRegistry/registries/cacheRules/write",),
                effect=cache_rule_made("needed_source", "needed_target"),
            ),
            Step(
                "If Azure refuses it, since wildcards may not overlap, rule {overlapping} has to go first (what it has "
                "cached stays): see that nobody needs more images through it",
                when="overlapping",
                untold="Azure may refuse the rule beside one that overlaps it, and who needs that one nobody can tell "
                "from here.",
            ),
        ),
    ),
    explains=("image-not-found", "registry.cache-upstream"),
)


@check(
    "registry.bootstrap-rule",
    needs=("cluster", "registry", "cache_rules", "kubernetes", "images"),
    outcomes=(CACHE_RULE_MISSING,),
)
def nodes_get_the_images_of_aks(facts: Facts) -> Iterator[Finding]:
    """A cache rule serves what nodes of a network-isolated cluster ask the registry for.

    With the artifact source Cache, nodes ask the bootstrap registry for what pods name mcr.microsoft.com, below
    aks-managed-repository/; nodes made by earlier releases of AKS ask without that prefix
    (https://learn.microsoft.com/azure/aks/network-isolated). A rule that does not map it to mcr.microsoft.com, such as
    one with the target ``*``, asks its upstream for a path that is not there.

    Decided by the rules and the sources that follow from them: an error for the images that pods wait for and no
    rule gets; without such pods an inferred one where no rule is about mcr.microsoft.com, and a warning where rules
    serve other targets only, which is enough for nodes that ask without the prefix.
    """
    bootstrap = bootstrap_of(facts.cluster)
    if isinstance(bootstrap, Unreadable):
        yield unknown(facts.targets.cluster.id, bootstrap, decisive=False)
        return
    if not is_bootstrap_registry(facts):
        yield skipped(facts.targets.registry.given, "Nodes do not get AKS's own images through this registry.")
        return
    registry, rules = known(facts.registry), known(facts.cache_rules)
    waiting = [pull for pull in failed_pulls(facts)[0] if _is_unserved(pull, rules, facts)]
    if waiting:
        reach = Reach(images=frozenset(pull.container.image for pull in waiting))
        yield CACHE_RULE_MISSING.at(registry.id, _missing(registry, rules, waiting), reach=reach)
    elif not any(_serves_aks(rule) for rule in rules):
        of_mcr = any(_host(rule) == MIRRORED for rule in rules)
        severity = Severity.WARNING if of_mcr else Severity.ERROR
        yield CACHE_RULE_MISSING.at(
            registry.id, _missing(registry, rules, []), severity=severity, confidence=Confidence.INFERRED
        )


def _is_unserved(pull: FailedPull, rules: tuple[CacheRule, ...], facts: Facts) -> bool:
    """Tell whether a node asked for one of AKS's images that no rule gets and the registry does not have."""
    asked = pull.asked
    if asked is None or not is_mirrored(pull.container.image) or not asked.repository.startswith(f"{PREFIX}/"):
        return False
    rule = rule_for(rules, asked.repository)
    wanted = f"{MIRRORED}/{asked.repository.removeprefix(f'{PREFIX}/')}"
    if rule is not None and upstream_of(rule, asked.repository) == wanted:
        return False
    images = facts.images if isinstance(facts.images, tuple) else ()
    return not any(_is_there(one, asked.repository) for one in images)


def _is_there(one: ImageLookup, repository: str) -> bool:
    """An image that was imported needs no rule."""
    return one.repository == repository and one.reference_exists is True


def _serves_aks(rule: CacheRule) -> bool:
    """Tell whether a rule gets some of what nodes ask for below the prefix."""
    return rule.target.startswith(f"{PREFIX}/") and _host(rule) == MIRRORED


def _host(rule: CacheRule) -> str:
    return rule.source.partition("/")[0].lower()


def _missing(registry: Registry, rules: tuple[CacheRule, ...], waiting: list[FailedPull]) -> MissingRule:
    overlapping = next((rule.name for rule in rules if rule.target == "*"), None)
    asked = tuple(sorted({written(pull.asked) for pull in waiting if pull.asked}))
    return MissingRule(
        registry=registry.name,
        subscription=registry.subscription,
        needed_target=_TARGET,
        needed_source=_SOURCE,
        rules=tuple(printable(f"{rule.source} as {rule.target}") for rule in rules),
        overlapping=printable(overlapping) if overlapping else None,
        images=tuple(map(printable, asked)),
        pods=pod_names(pull.container for pull in waiting),
    )
