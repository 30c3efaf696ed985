"""Check on artifact cache: does what a rule asks its upstream for come through?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from ...arm_ids import name_of
from ...catalogue import Outcome, check, unknown
from ...details import Details, internal
from ...effects.registry import cache_rule_made
from ...facts import CacheRule, Facts, Registry, Unreadable, known
from ...images.cache_rules import meant_upstream, path_fault, rule_for, upstream_of
from ...model import Confidence, Finding, Reach, Severity
from ...quoting import printable
from ...repairs import Step
from ._cached import Cached, cached_images, words_of_rules

_WORDS = re.compile(r"[A-Za-z0-9]+")
_CREDENTIAL_RIGHT = "Microsoft.ContainerRegistry/registries/credentialSets/read"
_FAILED_DEPENDENCY = 424
_RULE_RIGHT = "Microsoft.ContainerRegistry/registries/cacheRules/write"
_UPSTREAM_ANSWERS = (
    "unauthorized-401",
    "forbidden-403",
    "image-not-found",
    "server-error",
    "registry-throttled",
    "other",
)


@dataclass(frozen=True)
class CacheRuleAtFault(Details):
    """A cache rule, what it asks for, and what came of it."""

    rule: str
    source: str | None
    """``None``: the rule is known by the registry's own words only."""
    target: str | None
    credential_set: str | None
    credential_set_name: str
    error: str
    """What the registry, or the health of the credential set, says."""
    registry: str
    subscription: str
    upstream: str | None
    """The repository that the rule asks its upstream for; ``None``: no image is known to be at fault."""
    status: int | None
    """Of HTTP, as the registry answered; ``None``: it was not asked."""
    images: tuple[str, ...]
    problem: str = internal(default="")
    target_repository: str | None = internal(default=None)
    meant: str | None = internal(default=None)
    """The upstream repository that was meant, where the rule asks for another."""
    credential: bool = internal(default=False)
    """Signing in upstream is what fails."""

    @property
    def named(self) -> str:
        """The rule, in words."""
        return f"{self.rule} ({self.source} as {self.target})" if self.source and self.target else self.rule

    @property
    def new_rule(self) -> str:
        """A name for a rule of the one repository: 5 to 50 letters, digits and hyphens."""
        return "-".join(_WORDS.findall(f"cache-{self.target_repository or ''}"))[-50:].strip("-")

    @property
    def mended_with_credential(self) -> bool:
        """A rule of its own for the one repository would do, and signs in upstream."""
        return self.meant is not None and bool(self.credential_set_name)

    @property
    def mended_without_credential(self) -> bool:
        """A rule of its own for the one repository would do."""
        return self.meant is not None and not self.credential_set_name

    @property
    def has_credential_set(self) -> bool:
        """There is a credential set to check."""
        return self.credential and bool(self.credential_set_name)

    @property
    def lacks_credential_set(self) -> bool:
        """The rule asks anonymously, and that is refused or limited."""
        return self.credential and not self.credential_set_name

    @property
    def otherwise(self) -> bool:
        """Neither the path nor the credential is known to be the fault."""
        return self.meant is None and not self.credential and self.upstream is not None


_OWN_RULE = "Give the repository a rule of its own, which goes before the wildcard"
_CREATE = (
    "az acr cache create --registry {registry} --subscription {subscription} --name {new_rule} "
    "--source-repo {meant} --target-repo {target_repository}"
)

_RULE_MADE = cache_rule_made("meant", "target_repository", name="new_rule", credential="credential_set")

CACHE_UPSTREAM = Outcome(
    id="registry.cache-upstream",
    severity=Severity.ERROR,
    summary="Cache rule {named} {problem}",
    url="https://learn.microsoft.com/azure/container-registry/troubleshoot-artifact-cache",
    details=(CacheRuleAtFault,),
    repairs=(
        Step(
            _OWN_RULE,
            _CREATE + " --cred-set {credential_set_name}",
            when="mended_with_credential",
            requires=(_RULE_RIGHT,),
            effect=_RULE_MADE,
        ),
        Step(_OWN_RULE, _CREATE, when="mended_without_credential", requires=(_RULE_RIGHT,), effect=_RULE_MADE),
        Step(
            "Check the credential set: its Key Vault secrets, and its identity's permission to read them",
            "az acr credential-set show --registry {registry} --subscription {subscription} "
            "--name {credential_set_name}",
            when="has_credential_set",
            requires=(_CREDENTIAL_RIGHT,),
        ),
        Step(
            "Give the rule a credential set for its upstream (az acr credential-set create, az acr cache update): it "
            "asks anonymously",
            when="lacks_credential_set",
        ),
        Step(
            "Pull {upstream} from the upstream registry itself, with the rule's credential: what fails there fails "
            "through the rule too",
            when="otherwise",
        ),
    ),
    explains=(*_UPSTREAM_ANSWERS, "registry.throttled"),
)


@check(
    "registry.cache",
    needs=("registry", "cache_rules", "options", "kubernetes", "cluster", "images"),
    outcomes=(CACHE_UPSTREAM,),
)
def cache_rules_reach_their_upstream(facts: Facts) -> Iterator[Finding]:
    """The registry's cache rules get what they ask their upstream registries for.

    A pull through a cache rule fetches what is not cached yet from the upstream registry, with the
    rule's credential set. What the upstream refuses, the registry passes on under its own name, so that a 401, 403,
    404 or 429 looks like the registry's. Decided by what the registry itself says of a rule (to this run or in a
    pod's message: it names the rule; https://github.com/Azure/acr/issues/754, 772, 892), by HTTP 424, which it
    answers for nothing else, by the upstream path that follows from the rule, by an image that a pod waits for and the
    registry still lacks, and by the health that the credential set reports, which alone is no proof that
    it works. An image meets the rule for its very repository before a wildcard. Where an image is given, only
    the rule that serves its repository counts
    (https://learn.microsoft.com/azure/container-registry/troubleshoot-artifact-cache).
    """
    registry = known(facts.registry)
    if facts.cache_rules == ():
        return
    if isinstance(facts.kubernetes, Unreadable):
        yield unknown(registry.id, facts.kubernetes, decisive=False)  # pods may report of any rule
    cached = cached_images(facts)
    said = words_of_rules(facts)
    for name, words in said.items():
        rule = _named(facts.cache_rules, name)
        yield _said(registry, rule, replace(words, rule=rule or words.rule), name)
    image = facts.options.image
    rules = known(facts.cache_rules)
    asked = None if image is None else rule_for(rules, image.repository)
    for rule in rules:
        if rule.name in said or (image is not None and rule != asked):
            continue
        mine = [each for each in cached if each.rule == rule]
        at_fault = next((each for each in mine if _problem_of(each)), None)
        if isinstance(rule.unhealthy, str):
            yield _unhealthy(registry, rule, rule.unhealthy, mine)
        elif at_fault is not None:
            yield _asks_for_nothing(registry, rule, at_fault)
        else:
            ignorance = [rule.unhealthy, *(each.unread for each in mine)]
            why = next((each for each in ignorance if isinstance(each, Unreadable)), None)
            if why is not None:
                yield unknown(_id(registry, rule.name), why)


def _named(rules: tuple[CacheRule, ...] | Unreadable, name: str) -> CacheRule | None:
    return None if isinstance(rules, Unreadable) else next((rule for rule in rules if rule.name == name), None)


def _id(registry: Registry, rule: str) -> str:
    return f"{registry.id}/cacheRules/{printable(rule)}"


# --- what the registry says --------------------------------------------------------------


def _said(registry: Registry, rule: CacheRule | None, words: Cached, name: str) -> Finding:
    upstream = words.upstream or (upstream_of(rule, words.repository) if rule else None)
    fault = path_fault(upstream) if upstream else None
    problem, credential = _in_words(words.status, words.message, printable(upstream or "what is asked for"))
    detail = replace(
        _of_rule(registry, rule, name, printable(words.message)),
        upstream=printable(upstream) if upstream else None,
        status=words.status,
        images=tuple(map(printable, words.images)),
        problem=f"{problem}: {printable(fault or words.message).rstrip('.')}.",
        target_repository=words.repository,
        meant=meant_upstream(upstream) if upstream else None,
        credential=credential and fault is None,
    )
    return CACHE_UPSTREAM.at(_id(registry, name), detail, reach=Reach(images=frozenset(words.images)))


def _in_words(status: int | None, message: str, upstream: str) -> tuple[str, bool]:
    """What became of a request to the upstream, and whether it is a matter of signing in there."""
    lower = message.lower()
    if status == 429 or "too many requests" in lower:
        return f"is throttled by its upstream when it asks for {upstream}", True
    if status == 401 or "authentication required" in lower:
        return f"cannot sign in to its upstream for {upstream}", True
    if status == 403 or "denied" in lower:
        return f"asks its upstream for {upstream}, which it is denied", False
    if status == 404 or "not found" in lower:
        return f"asks its upstream for {upstream}, which is not there", False
    return f"gets no answer of use from its upstream for {upstream}", False


# --- what follows from the rule ----------------------------------------------------------


def _problem_of(image: Cached) -> tuple[str, Confidence] | None:
    """What is wrong with an image that meets a rule; ``None``: nothing that is known."""
    if image.is_there or image.rule is None:
        return None
    upstream = printable(upstream_of(image.rule, image.repository))
    fault = path_fault(upstream)
    if fault is not None:
        return f"asks its upstream for {upstream}: {fault}.", Confidence.INFERRED
    if image.status == _FAILED_DEPENDENCY:
        said = f"the registry answers HTTP {_FAILED_DEPENDENCY}, which it answers for nothing else"
        return f"gets no answer of use from its upstream for {upstream}: {said}.", Confidence.OBSERVED
    if image.is_missing:
        why = "The upstream may lack it, or what was cached was deleted here and is not fetched again"
        return f"brings no {upstream}: the registry answers that it is not there. {why}.", Confidence.INFERRED
    return None


def _asks_for_nothing(registry: Registry, rule: CacheRule, image: Cached) -> Finding:
    problem, confidence = _problem_of(image) or ("", Confidence.INFERRED)
    upstream = upstream_of(rule, image.repository)
    detail = replace(
        _of_rule(registry, rule, rule.name, problem),
        upstream=printable(upstream),
        status=image.status,
        images=tuple(map(printable, image.images)),
        problem=problem,
        target_repository=image.repository,
        meant=meant_upstream(upstream),
    )
    reach = Reach(images=frozenset(image.images))
    return CACHE_UPSTREAM.at(_id(registry, rule.name), detail, reach=reach, confidence=confidence)


def _unhealthy(registry: Registry, rule: CacheRule, error: str, mine: list[Cached]) -> Finding:
    images = tuple(dict.fromkeys(image for each in mine for image in each.images))
    detail = replace(
        _of_rule(registry, rule, rule.name, error),
        images=tuple(map(printable, images)),
        problem=f"cannot sign in to its upstream registry: {error}",
        credential=True,
    )
    return CACHE_UPSTREAM.at(
        _id(registry, rule.name),
        detail,
        reach=Reach(images=frozenset(images or {rule.target})),
        explains=tuple(each for each in CACHE_UPSTREAM.explains if each not in ("forbidden-403", "other")),
    )


def _of_rule(registry: Registry, rule: CacheRule | None, name: str, error: str) -> CacheRuleAtFault:
    credential_set = rule.credential_set if rule else None
    return CacheRuleAtFault(
        rule=printable(name),
        source=printable(rule.source) if rule else None,
        target=printable(rule.target) if rule else None,
        credential_set=credential_set,
        credential_set_name=name_of(credential_set or ""),
        error=error,
        registry=registry.name,
        subscription=registry.subscription,
        upstream=None,
        status=None,
        images=(),
    )
