"""Checks on the image in the registry: is it there, and may it be read?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ...catalogue import Outcome, RemedyTemplate, check, skipped, unknown
from ...facts import CacheRule, Facts, ImageLookup, Registry, Unreadable, known
from ...model import Finding, Reach, SeenFrom, Severity
from .reference import NO_IMAGE

_LOCK = "https://learn.microsoft.com/azure/container-registry/container-registry-image-lock"
_ARTICLE = (
    "https://learn.microsoft.com/troubleshoot/azure/azure-kubernetes/extensions/"
    "cannot-pull-image-from-acr-to-aks-cluster"
)
NOT_OF_THE_REGISTRY = "No image that is named is of this registry."
_PUSH = RemedyTemplate("Push the image from where it was built", "docker push {image}")
_EXPLAINS = ("image-not-found", "unauthorized-401")

REPOSITORY_NOT_FOUND = Outcome(
    id="image.repository-not-found",
    severity=Severity.ERROR,
    summary="The registry {login_server} has no repository {repository}; the nearest names are: {near_misses}.",
    url=_ARTICLE,
    seen_from=SeenFrom.REGISTRY,
    evidence_keys=("image", "login_server", "registry", "subscription", "repository", "near_misses"),
    remedies=(
        RemedyTemplate(
            "Name a repository that exists; this lists them",
            "az acr repository list --name {registry} --subscription {subscription} --output table",
        ),
        _PUSH,
    ),
    explains=(*_EXPLAINS, "image.tag-not-found"),
    article="2",
)
TAG_NOT_FOUND = Outcome(
    id="image.tag-not-found",
    severity=Severity.ERROR,
    summary="The repository {repository} of {login_server} has no tag {tag}; the nearest tags are: {near_misses}.",
    url=_ARTICLE,
    seen_from=SeenFrom.REGISTRY,
    evidence_keys=(
        "image",
        "login_server",
        "registry",
        "subscription",
        "repository",
        "tag",
        "near_misses",
        "nearest",
        "path",
    ),
    remedies=(
        RemedyTemplate(
            "Name a tag that exists; this lists the newest",
            "az acr repository show-tags --name {registry} --repository {repository} --orderby time_desc --top 20 "
            "--subscription {subscription} --output table",
        ),
        _PUSH,
    ),
    explains=_EXPLAINS,
    article="2",
)
DIGEST_NOT_FOUND = Outcome(
    id="image.digest-not-found",
    severity=Severity.ERROR,
    summary="The repository {repository} of {login_server} has no manifest {digest}.",
    url="https://learn.microsoft.com/azure/container-registry/container-registry-retention-policy",
    seen_from=SeenFrom.REGISTRY,
    evidence_keys=(
        "image", "login_server", "registry", "subscription", "repository", "digest", "tag", "tag_digest",
        "untagged_deleted_after_days",
    ),
    remedies=(
        RemedyTemplate(
            "Name a manifest that exists; this lists the newest with their tags",
            "az acr manifest list-metadata --registry {registry} --name {repository} --orderby time_desc --top 20 "
            "--subscription {subscription}",
        ),
    ),
    explains=_EXPLAINS,
    article="2",
)  # fmt: skip
READ_LOCKED = Outcome(
    id="image.read-locked",
    severity=Severity.ERROR,
    summary="The {part} of the image {image} is locked against reading (readEnabled is false).",
    url=_LOCK,
    seen_from=SeenFrom.REGISTRY,
    evidence_keys=("image", "part", "registry", "subscription", "path"),
    remedies=(
        RemedyTemplate(
            "Let the {part} be read again",
            "az acr repository update --name {registry} --image {path} --read-enabled true "
            "--subscription {subscription}",
        ),
    ),
    explains=("image-not-found", "unauthorized-401", "forbidden-403"),
)
_UNLOCK_REPOSITORY = RemedyTemplate(
    "Let the {part} be read again",
    "az acr repository update --name {registry} --repository {path} --read-enabled true --subscription {subscription}",
)
QUARANTINED = Outcome(
    id="image.quarantined",
    severity=Severity.ERROR,
    summary="The image {image} is in quarantine, so the registry hides it from whoever pulls.",
    url="https://learn.microsoft.com/azure/container-registry/container-registry-faq",
    seen_from=SeenFrom.REGISTRY,
    evidence_keys=("image", "registry_id", "quarantine_policy"),
    remedies=(
        RemedyTemplate("Let the scanner that the registry waits for mark the image as passed"),
        RemedyTemplate(
            "Or stop quarantining new images",
            "az resource update --ids {registry_id} --set properties.policies.quarantinePolicy.status=disabled",
        ),
    ),
    explains=_EXPLAINS,
)


def reach_of(one: ImageLookup) -> Reach:
    """The pulls of this image."""
    return Reach(images=frozenset({one.reference}))


def looked_up(facts: Facts) -> Iterator[ImageLookup | Finding]:
    """Yield every image that was looked up, or the one finding that says why there is none."""
    if facts.images is None:
        yield skipped(facts.targets.registry.given, NO_IMAGE)
        return
    images = known(facts.images)
    yield from images or (skipped(facts.targets.registry.given, NOT_OF_THE_REGISTRY),)


@check(
    "image.existence",
    needs=("images", "registry", "cache_rules"),
    outcomes=(REPOSITORY_NOT_FOUND, TAG_NOT_FOUND, DIGEST_NOT_FOUND),
    seen_from=SeenFrom.REGISTRY,
)
def image_exists(facts: Facts) -> Iterator[Finding]:
    """The registry has the repository, and the tag or digest in it.

    Nobody can pull what is not there, and a node that pulls without a credential gets 401 for it, so that a
    misspelt name looks like a missing role. Decided by asking the registry with the CLI's own login: a 404 with
    code NAME_UNKNOWN or MANIFEST_UNKNOWN. What a cache rule covers may be missing until its first pull
    (https://learn.microsoft.com/azure/container-registry/artifact-cache-overview), and is not judged.
    """
    for one in looked_up(facts):
        if isinstance(one, Finding):
            yield one
            continue
        registry = known(facts.registry)
        missing = _missing(one, registry)
        if isinstance(missing, Finding) and missing.outcome != DIGEST_NOT_FOUND.id:
            yield _unless_cached(missing, one, facts.cache_rules)
        elif isinstance(missing, Finding):
            yield missing
        elif missing is not None:
            yield unknown(one.reference, missing)


@check("image.read-lock", needs=("images", "registry"), outcomes=(READ_LOCKED,), seen_from=SeenFrom.REGISTRY)
def image_is_readable(facts: Facts) -> Iterator[Finding]:
    """Neither the repository nor the tag nor the manifest is locked against reading.

    With readEnabled off nobody can pull, whatever role they have. Decided by the attributes that the registry's own
    API shows (https://learn.microsoft.com/azure/container-registry/container-registry-image-lock).
    """
    for one in looked_up(facts):
        if isinstance(one, Finding):
            yield one
        elif one.reference_exists is False:
            yield skipped(one.reference, "The registry does not have the image.")
        elif isinstance(one.unreadable_part, Unreadable):
            yield unknown(one.reference, one.unreadable_part)
        elif one.unreadable_part is not None:
            yield _locked(one, one.unreadable_part, known(facts.registry))


@check("image.quarantine", needs=("images", "registry"), outcomes=(QUARANTINED,), seen_from=SeenFrom.REGISTRY)
def image_is_released(facts: Facts) -> Iterator[Finding]:
    """The image is not in quarantine.

    A registry with a quarantine policy hides a new image until a scanner has passed it; a tag looks missing and a
    digest is disallowed. Decided by the policy as Azure Resource Manager shows it, and by the manifest's
    quarantineState or by what the registry hides (https://github.com/Azure/acr/tree/main/docs/preview/quarantine).
    """
    for one in looked_up(facts):
        if isinstance(one, Finding):
            yield one
        elif one.reference_exists is False:
            yield skipped(one.reference, "The registry does not have the image.")
        elif isinstance(one.quarantined, Unreadable):
            yield unknown(one.reference, one.quarantined)
        elif one.quarantined:
            registry = known(facts.registry)
            policy = None if isinstance(registry.quarantine_policy, Unreadable) else registry.quarantine_policy
            yield QUARANTINED.at(
                one.reference,
                reach=reach_of(one),
                image=one.reference,
                registry_id=registry.id,
                quarantine_policy=policy,
            )


def _missing(one: ImageLookup, registry: Registry) -> Finding | Unreadable | None:
    """What is not there, why that is not known, or ``None``: all is there."""
    if isinstance(one.repository_exists, Unreadable):
        return one.repository_exists
    evidence: dict[str, Any] = {
        "image": one.reference,
        "login_server": registry.login_server,
        "registry": registry.name,
        "subscription": registry.subscription,
        "repository": one.repository,
    }
    if not one.repository_exists:
        return REPOSITORY_NOT_FOUND.at(
            one.reference, reach=reach_of(one), near_misses=list(one.near_misses), **evidence
        )
    if one.reference_exists is not False:
        return one.reference_exists if isinstance(one.reference_exists, Unreadable) else None
    evidence["tag"] = one.tag
    if one.digest is not None:
        days = None if isinstance(registry.retention_days, Unreadable) else registry.retention_days
        return DIGEST_NOT_FOUND.at(
            one.reference,
            reach=reach_of(one),
            digest=one.digest,
            tag_digest=one.found_digest,
            untagged_deleted_after_days=days,
            **evidence,
        )
    nearest = one.near_misses[0] if one.near_misses else None
    finding = TAG_NOT_FOUND
    if nearest is not None:
        finding = replace(TAG_NOT_FOUND, remedies=(TAG_NOT_FOUND.remedies[0], _GIVE_THE_TAG, _PUSH))
    return finding.at(
        one.reference,
        reach=reach_of(one),
        near_misses=list(one.near_misses),
        nearest=nearest,
        path=f"{one.repository}:{one.tag}",
        **evidence,
    )


_GIVE_THE_TAG = RemedyTemplate(
    "Or, if {nearest} is the image that was meant, give it the missing tag",
    "az acr import --name {registry} --source {login_server}/{repository}:{nearest} --image {path} "
    "--subscription {subscription}",
)


def _unless_cached(missing: Finding, one: ImageLookup, rules: tuple[CacheRule, ...] | Unreadable) -> Finding:
    """A pull through a cache rule fetches what is missing, so its absence proves nothing."""
    if isinstance(rules, Unreadable):
        what = f"{one.reference} is not in the registry, and whether a cache rule would fetch it is not known"
        return unknown(one.reference, replace(rules, detail=f"{what}: {rules.detail}"))
    rule = next((rule for rule in rules if _covers(rule.target, one.repository)), None)
    if rule is None:
        return missing
    what = (
        f"{one.reference} is not in the registry yet; the cache rule {rule.name} fetches it from {rule.source} at "
        "the first pull, if it is there"
    )
    return unknown(one.reference, Unreadable("not-shown", what))


def _covers(target: str, repository: str) -> bool:
    """Cache rules end in at most one wildcard."""
    return repository.startswith(target[:-1]) if target.endswith("*") else target == repository


def _locked(one: ImageLookup, part: str, registry: Registry) -> Finding:
    digest = one.digest or one.found_digest
    path = {
        "repository": one.repository,
        "tag": f"{one.repository}:{one.tag}",
        "manifest": f"{one.repository}@{digest}" if digest else None,
    }.get(part)
    outcome = replace(READ_LOCKED, remedies=(_UNLOCK_REPOSITORY,)) if part == "repository" else READ_LOCKED
    return outcome.at(
        one.reference,
        reach=reach_of(one) if part != "repository" else Reach(),
        image=one.reference,
        part=part,
        registry=registry.name,
        subscription=registry.subscription,
        path=path,
    )
