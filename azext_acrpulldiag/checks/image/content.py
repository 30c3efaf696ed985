"""Checks on the image in the registry: is it there, and may it be read?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ...catalogue import Outcome, check, skipped, unknown
from ...details import Details
from ...effects.image import quarantine_ended, tagged, unlocked
from ...facts import CacheRule, Facts, ImageLookup, Offered, Registry, Unreadable, known
from ...images.cache_rules import rule_for
from ...model import Finding, Reach, SeenFrom, Severity
from ...repairs import Step
from .reference import NO_IMAGE

_LOCK = "https://learn.microsoft.com/azure/container-registry/container-registry-image-lock"
_ARTICLE = (
    "https://learn.microsoft.com/troubleshoot/azure/azure-kubernetes/extensions/"
    "cannot-pull-image-from-acr-to-aks-cluster"
)
NOT_OF_THE_REGISTRY = "None of the images that are named is in this registry."
_EXPLAINS = ("image-not-found", "unauthorized-401")


@dataclass(frozen=True)
class Asked(Details):
    """The image that was asked for, and the registry that was asked."""

    image: str
    login_server: str
    registry: str
    subscription: str
    repository: str

    @classmethod
    def of(cls, one: ImageLookup, registry: Registry) -> Asked:
        """Name an image and its registry."""
        return cls(one.reference, registry.login_server, registry.name, registry.subscription, one.repository)


@dataclass(frozen=True)
class NearMisses(Details):
    """Names that are there, and resemble the one that is not."""

    near_misses: tuple[str, ...]

    @property
    def nearby(self) -> str:
        """A clause that names them; empty: none was found to resemble it."""
        return f"; the nearest names are: {', '.join(self.near_misses)}" if self.near_misses else ""


@dataclass(frozen=True)
class NoRepository(NearMisses):
    """A repository that is not there."""


@dataclass(frozen=True)
class NoTag(NearMisses):
    """A tag that is not there."""

    tag: str | None
    nearest: str | None
    path: str
    """Repository and tag."""


@dataclass(frozen=True)
class NoDigest(Details):
    """A manifest that is not there."""

    digest: str
    tag: str | None
    tag_digest: str | None
    """What the tag points to."""
    untagged_deleted_after_days: int | None


@dataclass(frozen=True)
class Locked(Details):
    """What may not be read."""

    image: str
    part: str
    """``repository``, ``tag`` or ``manifest``."""
    registry: str
    subscription: str
    path: str | None
    """What commands call the part; ``None``: no digest of the manifest is known."""

    @property
    def is_whole_repository(self) -> bool:
        """Every image of the repository is locked with it."""
        return self.part == "repository"

    @property
    def is_one_image(self) -> bool:
        """A tag or a manifest is locked."""
        return not self.is_whole_repository


@dataclass(frozen=True)
class Quarantined(Details):
    """An image that a scanner has not passed."""

    image: str
    registry_id: str
    quarantine_policy: str | None


_PUSH = Step(
    "Push the image from where it was built",
    "docker push {image}",
    requires=("Microsoft.ContainerRegistry/registries/push/write",),
    untold="What is pushed, and for which platforms, is known only once it is there.",
)

REPOSITORY_NOT_FOUND = Outcome(
    id="image.repository-not-found",
    severity=Severity.ERROR,
    summary="The registry {login_server} has no repository {repository}{nearby}.",
    url=_ARTICLE,
    seen_from=SeenFrom.REGISTRY,
    details=(Asked, NoRepository),
    repairs=(
        Step(
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
    summary="The repository {repository} of {login_server} has no tag {tag}{nearby}.",
    url=_ARTICLE,
    seen_from=SeenFrom.REGISTRY,
    details=(Asked, NoTag),
    repairs=(
        Step(
            "Name a tag that exists; this lists the newest",
            "az acr repository show-tags --name {registry} --repository {repository} --orderby time_desc --top 20 "
            "--subscription {subscription} --output table",
        ),
        Step(
            "Or, if {nearest} is the image that was meant, give it the missing tag",
            "az acr import --name {registry} --source {login_server}/{repository}:{nearest} --image {path} "
            "--subscription {subscription}",
            when="nearest",
            requires=("Microsoft.ContainerRegistry/registries/importImage/action",),
            effect=tagged,
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
    details=(Asked, NoDigest),
    repairs=(
        Step(
            "Name a manifest that exists; this lists the newest with their tags",
            "az acr manifest list-metadata --registry {registry} --name {repository} --orderby time_desc --top 20 "
            "--subscription {subscription}",
        ),
    ),
    explains=_EXPLAINS,
    article="2",
)
_UNLOCK = "Unlock the {part} for reading"
_MAY_UNLOCK = ("Microsoft.ContainerRegistry/registries/metadata/write",)
READ_LOCKED = Outcome(
    id="image.read-locked",
    severity=Severity.ERROR,
    summary="The {part} of the image {image} is locked against reading (readEnabled is false).",
    url=_LOCK,
    seen_from=SeenFrom.REGISTRY,
    details=(Locked,),
    repairs=(
        Step(
            _UNLOCK,
            "az acr repository update --name {registry} --image {path} --read-enabled true "
            "--subscription {subscription}",
            when="is_one_image",
            instead=_UNLOCK,
            requires=_MAY_UNLOCK,
            effect=unlocked,
        ),
        Step(
            _UNLOCK,
            "az acr repository update --name {registry} --repository {path} --read-enabled true "
            "--subscription {subscription}",
            when="is_whole_repository",
            requires=_MAY_UNLOCK,
            changes="every image of the repository can be read again",
            effect=unlocked,
        ),
    ),
    explains=("image-not-found", "unauthorized-401", "forbidden-403"),
)
QUARANTINED = Outcome(
    id="image.quarantined",
    severity=Severity.ERROR,
    summary="The image {image} is in quarantine, so it cannot be pulled.",
    url="https://learn.microsoft.com/azure/container-registry/container-registry-faq",
    seen_from=SeenFrom.REGISTRY,
    details=(Quarantined,),
    repairs=(
        Step("Have the scanner that the registry waits for mark the image as passed"),
        Step(
            "Or stop quarantining new images",
            "az resource update --ids {registry_id} --set properties.policies.quarantinePolicy.status=disabled",
            requires=("Microsoft.ContainerRegistry/registries/write",),
            changes="every new image of the registry can be pulled before a scanner has passed it",
            effect=quarantine_ended,
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


def manifests_read(facts: Facts) -> Iterator[tuple[ImageLookup, tuple[Offered, ...]] | Finding]:
    """Yield every image that was looked up with what nodes may take of it, or why that cannot be judged."""
    for one in looked_up(facts):
        if isinstance(one, Finding):
            yield one
        elif one.reference_exists is False:
            yield skipped(one.reference, "The registry does not have the image.")
        elif isinstance(one.unreadable_part, str):
            yield skipped(one.reference, f"The {one.unreadable_part} is locked against reading.")
        elif isinstance(one.manifests, Unreadable):
            yield unknown(one.reference, one.manifests)
        else:
            yield one, one.manifests


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
        else:
            yield from _absence(facts, one, known(facts.registry))


@check("image.read-lock", needs=("images", "registry"), outcomes=(READ_LOCKED,), seen_from=SeenFrom.REGISTRY)
def image_is_readable(facts: Facts) -> Iterator[Finding]:
    """Neither the repository nor the tag nor the manifest is locked against reading.

    With readEnabled false nobody can pull, whatever role they have. Decided by the attributes that the registry's own
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
            yield QUARANTINED.at(one.reference, Quarantined(one.reference, registry.id, policy), reach=reach_of(one))


def _absence(facts: Facts, one: ImageLookup, registry: Registry) -> Iterator[Finding]:
    """What is not there, or why that is not known."""
    exists = one.reference_exists if one.repository_exists is True else one.repository_exists
    if isinstance(exists, Unreadable):
        yield unknown(one.reference, exists)
    elif not exists and one.repository_exists and one.digest is not None:
        yield _no_digest(one, registry, one.digest)
    elif not exists:
        fetched = _may_be_fetched(one, facts.cache_rules)
        yield _not_found(one, registry) if fetched is None else unknown(one.reference, fetched)


def _no_digest(one: ImageLookup, registry: Registry, digest: str) -> Finding:
    days = None if isinstance(registry.retention_days, Unreadable) else registry.retention_days
    missing = NoDigest(digest, one.tag, one.found_digest, days)
    return DIGEST_NOT_FOUND.at(one.reference, Asked.of(one, registry), missing, reach=reach_of(one))


def _not_found(one: ImageLookup, registry: Registry) -> Finding:
    asked, reach = Asked.of(one, registry), reach_of(one)
    if not one.repository_exists:
        return REPOSITORY_NOT_FOUND.at(one.reference, asked, NoRepository(one.near_misses), reach=reach)
    nearest = next(iter(one.near_misses), None)
    missing = NoTag(one.near_misses, one.tag, nearest, f"{one.repository}:{one.tag}")
    return TAG_NOT_FOUND.at(one.reference, asked, missing, reach=reach)


def _may_be_fetched(one: ImageLookup, rules: tuple[CacheRule, ...] | Unreadable) -> Unreadable | None:
    """Why the absence proves nothing: a pull through a cache rule fetches what is missing."""
    if isinstance(rules, Unreadable):
        what = f"{one.reference} is not in the registry, and whether a cache rule would fetch it is not known"
        return replace(rules, detail=f"{what}: {rules.detail}")
    rule = rule_for(rules, one.repository)
    if rule is None:
        return None
    asked = f"and the registry answers: {one.refusal.message}" if one.refusal else "if it is there"
    what = (
        f"{one.reference} is not in the registry yet; the cache rule {rule.name} fetches it from {rule.source} at "
        f"the first pull, {asked}"
    )
    return Unreadable("not-shown", what)


def _locked(one: ImageLookup, part: str, registry: Registry) -> Finding:
    digest = one.digest or one.found_digest
    path = {
        "repository": one.repository,
        "tag": f"{one.repository}:{one.tag}",
        "manifest": f"{one.repository}@{digest}" if digest else None,
    }.get(part)
    locked = Locked(one.reference, part, registry.name, registry.subscription, path)
    return READ_LOCKED.at(one.reference, locked, reach=Reach() if locked.is_whole_repository else reach_of(one))
