"""Read the pull secrets that failing pods, their service accounts or an argument name.

Secrets are fetched by name and never listed. Their content stays in this package: facts say
whose a credential is and what Azure and the registry say of it. A credential is offered to
its own registry only, at the login server that Resource Manager names, and only where a pod
that fails or ``--pull-secret`` names the secret; those of pods that run are only looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any, Protocol

from ...facts import (
    ACCOUNT,
    ARGUMENT,
    FAILING_POD,
    RUNNING_POD,
    FailingContainer,
    Image,
    Offer,
    Permission,
    PullSecret,
    Registry,
    RoleAssignment,
    RolesHeld,
    RunningPod,
    SecretEntry,
    ServicePrincipal,
    Unreadable,
)
from ...images.references import served_image
from ..ask.arm import ArmReader, Json, ReadError, in_parallel
from ..ask.session import Session
from ..azure import access
from ..azure.applications import read_service_principal
from ..members import Body, shown
from ..registry.api import Basic, RegistryApi, RegistryRefusalError
from .docker_config import Credential, MalformedSecretError, credentials_in
from .owners import owner_of_secret
from .users import (
    ADMIN,
    APPLICATION,
    LOGIN_TOKEN,
    OTHER,
    TOKEN,
    kind_of,
    matches_one,
    name_to_show,
    read_admin_passwords,
    read_token,
    times_of_login_token,
)

MAX_OFFERS = 5
MAX_SECRETS = 64
_MAX_ACCOUNTS = 64

_TOO_MANY = Unreadable(
    "unsupported", f"Pods name more than {MAX_SECRETS} pull secrets; give --namespace to read others"
)
_NO_IMAGE = Unreadable("not-shown", "No image is known to test this secret's credential with; give --image")


class SecretReader(Protocol):
    """What is needed of the Kubernetes API."""

    def secret(self, namespace: str, name: str) -> Json | None:
        """One secret; ``None``: it does not exist. Raises ``ReadError``."""

    def service_account(self, namespace: str, name: str) -> Json | None:
        """One service account; ``None``: it does not exist. Raises ``ReadError``."""


@dataclass(frozen=True)
class Asked:
    """What a run asks about pull secrets."""

    failing: tuple[FailingContainer, ...] = ()
    running: tuple[RunningPod, ...] = ()
    """Whose secrets to look at besides; they are not offered."""
    namespace: str = "default"
    """Where ``pull_secret`` is."""
    pull_secret: str | None = None
    image: Image | None = None
    offer: bool = True
    """Whether credentials may be offered to their registry."""


@dataclass(frozen=True)
class AzureSide:
    """The registry, and what was read of the rights at it."""

    session: Session
    reader: ArmReader
    registry: Registry
    at_scope: tuple[RoleAssignment, ...] | Unreadable
    caller_permissions: tuple[Permission, ...] | Unreadable


def read_pull_secrets(kube: SecretReader | Unreadable, azure: AzureSide, asked: Asked) -> tuple[PullSecret, ...]:
    """Read every secret that is named, once, and ask about each distinct user once.

    Sorted by namespace and name. What cannot be read is ``Unreadable`` in the secret's fact.
    """
    named = _named(kube, azure.registry, asked)
    # The user's own first, then those that most pods name.
    order = sorted(named, key=lambda key: (ARGUMENT not in named[key].named_by, -len(named[key].named_by), key))
    read = order[:MAX_SECRETS]
    contents = dict(zip(read, in_parallel([partial(_fetch, kube, *key) for key in read]), strict=True))
    fetched = [contents.get(key, _TOO_MANY) for key in named]
    opened = [_opened(each, content, azure.registry) for each, content in zip(named.values(), fetched, strict=True)]
    questions = {
        key: question
        for secret in opened
        for entry in secret.entries
        for key, question in _questions(azure, entry, asked.offer and secret.named.by_failing_pod_or_argument)
    }
    answers = dict(zip(questions, in_parallel(list(questions.values())), strict=True))
    return tuple(_fact(secret, answers, asked.offer) for secret in opened)


# --- which secrets ------------------------------------------------------------------------


@dataclass
class _Named:
    """A secret's name, who names it, and the images it is for."""

    namespace: str
    name: str
    named_by: dict[str, None] = field(default_factory=dict)
    images: dict[Image, None] = field(default_factory=dict)

    @property
    def by_failing_pod_or_argument(self) -> bool:
        """A service account alone gives a secret to pods to come, and a pod that runs has its image."""
        return any(each == ARGUMENT or each.startswith(FAILING_POD) for each in self.named_by)


def _named(kube: SecretReader | Unreadable, registry: Registry, asked: Asked) -> dict[tuple[str, str], _Named]:
    pods = served_images(asked.failing, registry)
    # An account is no part of a pod that runs already, so that a few of them suffice.
    accounts = sorted({(each.namespace, each.service_account) for each, _ in pods if not each.pull_secrets})
    accounts = accounts[:_MAX_ACCOUNTS]
    found = in_parallel([partial(_secrets_of_account, kube, *account) for account in accounts])
    of_account = {
        account: () if isinstance(names, Unreadable) else names for account, names in zip(accounts, found, strict=True)
    }
    named: dict[tuple[str, str], _Named] = {}

    def add(namespace: str, name: str, by: str, images: Iterable[Image]) -> None:
        each = named.setdefault((namespace, name), _Named(namespace, name))
        each.named_by[by] = None
        each.images.update(dict.fromkeys(images))

    for pod, image in pods:
        for name in pod.pull_secrets:
            add(pod.namespace, name, f"{FAILING_POD}{pod.pod}", (image,))
        if not pod.pull_secrets:
            for name in of_account.get((pod.namespace, pod.service_account), ()):
                add(pod.namespace, name, f"{ACCOUNT}{pod.service_account}", (image,))
    for running in asked.running:
        asked_for = (served_image(text, registry.login_server) for text in running.images)
        served = [image for image in asked_for if image is not None]
        for name in running.pull_secrets if served else ():
            add(running.namespace, name, f"{RUNNING_POD}{running.name}", served)
    if asked.pull_secret is not None:
        add(asked.namespace, asked.pull_secret, ARGUMENT, _images_for_argument(asked, pods, registry))
    return dict(sorted(named.items()))


def served_images(failing: Iterable[FailingContainer], registry: Registry) -> list[tuple[FailingContainer, Image]]:
    """The containers whose images this registry serves, each with its parsed image."""
    return [(each, image) for each in failing if (image := served_image(each.image, registry.login_server)) is not None]


def _images_for_argument(
    asked: Asked, pods: Iterable[tuple[FailingContainer, Image]], registry: Registry
) -> list[Image]:
    """``--image`` where there is one, else what fails in the secret's namespace."""
    if asked.image is not None:
        image = asked.image
        served = served_image(f"{image.host}/{image.repository}", registry.login_server)
        return [image] if served else []
    return [image for pod, image in pods if pod.namespace == asked.namespace]


def _secrets_of_account(kube: SecretReader | Unreadable, namespace: str, name: str) -> tuple[str, ...]:
    account = known_reader(kube).service_account(namespace, name) or {}
    listed = account.get("imagePullSecrets")
    names = [one.get("name") for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    return tuple(each for each in names if isinstance(each, str) and each)


def known_reader(kube: SecretReader | Unreadable) -> SecretReader:
    """Return the reader, or raise :class:`~.arm.ReadError` with why there is none."""
    if isinstance(kube, Unreadable):
        raise ReadError(kube)
    return kube


def _fetch(kube: SecretReader | Unreadable, namespace: str, name: str) -> Json | None:
    return known_reader(kube).secret(namespace, name)


# --- what is in them ----------------------------------------------------------------------


@dataclass(frozen=True)
class _Entry:
    """A credential for this registry; ``images`` are those that kubelet would use it for."""

    credential: Credential = field(repr=False)
    kind: str
    images: tuple[Image, ...]

    @property
    def user_key(self) -> Hashable:
        """One question for all entries of one user."""
        return (self.kind, None if self.kind == ADMIN else self.credential.user)

    def offer_key(self, image: Image) -> Hashable:
        """One offer for all entries of one user and password, and one image."""
        return ("offer", self.credential.user, self.credential.password, image)

    @property
    def offered_images(self) -> list[Image]:
        """One image a repository."""
        return list({image.repository: image for image in reversed(self.images)}.values())[:MAX_OFFERS]


@dataclass(frozen=True)
class _Opened:
    """A secret as far as it could be read and parsed."""

    named: _Named
    exists: bool | Unreadable
    secret_type: str | None = None
    immutable: bool = False
    owner: str | None = None
    created: datetime | None = None
    malformed: MalformedSecretError | None = None
    hosts: tuple[str, ...] = ()
    entries: tuple[_Entry, ...] = ()


def _opened(named: _Named, content: Json | Unreadable | None, registry: Registry) -> _Opened:
    if content is None or isinstance(content, Unreadable):
        return _Opened(named, False if content is None else content)
    kind = content.get("type") if isinstance(content.get("type"), str) else None
    made = shown(Body(content).moment, "metadata", "creationTimestamp")
    opened = _Opened(
        named,
        True,
        kind,
        immutable=content.get("immutable") is True,
        owner=owner_of_secret(content),
        created=None if isinstance(made, Unreadable) else made,
    )
    try:
        credentials = credentials_in(content)
    except MalformedSecretError as error:
        return replace(opened, malformed=error)
    entries = []
    for credential in credentials:
        images = tuple(image for image in named.images if credential.serves(image.host, image.repository))
        # No image is known: any of the registry may come.
        if images or (not named.images and credential.serves(registry.login_server, None)):
            entries.append(_Entry(credential, kind_of(credential.user, registry.name), images))
    hosts = tuple(each.key for each in credentials)
    return replace(opened, hosts=hosts, entries=tuple(entries))


# --- what is said of their users ----------------------------------------------------------


Answers = Mapping[Hashable, Any]
"""By :attr:`_Entry.user_key` and :meth:`_Entry.offer_key`: what was read, or ``Unreadable``."""


@dataclass(frozen=True)
class _Application:
    principal: ServicePrincipal | Unreadable
    roles: RolesHeld | None = None


def _questions(azure: AzureSide, entry: _Entry, offered: bool) -> Iterator[tuple[Hashable, Callable[[], Any]]]:
    """What is to be read of an entry, by what tells it from other questions."""
    user = entry.credential.user
    if entry.credential.unusable:
        return
    if entry.kind == APPLICATION:
        yield entry.user_key, partial(_read_application, azure, user)
    elif entry.kind == ADMIN:
        yield entry.user_key, partial(read_admin_passwords, azure.reader, azure.registry)
    elif entry.kind == TOKEN:
        yield entry.user_key, partial(read_token, azure.reader, azure.registry, user)
    for image in entry.offered_images if offered else ():
        yield entry.offer_key(image), partial(_offer, azure, entry.credential, image)


def _read_application(azure: AzureSide, app_id: str) -> _Application:
    registry = azure.registry
    principal = read_service_principal(azure.session, registry.subscription, app_id)
    if isinstance(principal, Unreadable) or not isinstance(principal.object_id, str):
        return _Application(principal)
    found = access.read_effective(azure.session, registry.id, principal.object_id)
    effective, _ = access.settle_emptiness(found, azure.at_scope, azure.caller_permissions)
    roles = set() if isinstance(effective, Unreadable) else {each.role_definition_id for each in effective}
    return _Application(principal, RolesHeld(effective, access.read_definitions(azure.session, registry.id, roles)))


def _offer(azure: AzureSide, credential: Credential, image: Image) -> Offer:
    """Do what a node does: ask for a token with the credential, then for the manifest with the token.

    A 404 is an acceptance: whoever may not read is told 401. Raises :class:`~.arm.ReadError` where
    the registry cannot be asked from here, or refuses this machine's address.
    """
    api = RegistryApi(azure.session, azure.registry.login_server, Basic(credential.user, credential.password))
    try:
        api.token(f"repository:{image.repository}:pull")
        found = api.has_manifest(image.repository, image.digest or image.tag or "latest")
        return Offer(True, 200 if found else 404, "manifest", image.repository)
    except RegistryRefusalError as refusal:
        if refusal.status != 401:
            raise
        return Offer(False, 401, "token" if refusal.step == "token" else "manifest", image.repository)


# --- facts --------------------------------------------------------------------------------


def _fact(secret: _Opened, answers: Answers, offer: bool) -> PullSecret:
    offered = offer and secret.named.by_failing_pod_or_argument
    return PullSecret(
        namespace=secret.named.namespace,
        name=secret.named.name,
        named_by=tuple(sorted(secret.named.named_by)),
        exists=secret.exists,
        malformed=str(secret.malformed) if secret.malformed else None,
        hosts=secret.hosts,
        entries=tuple(_entry_fact(entry, answers, offered) for entry in secret.entries),
        breaks_every_pull=secret.malformed is not None and secret.malformed.breaks_every_pull,
        secret_type=secret.secret_type,
        immutable=secret.immutable,
        owner=secret.owner,
        created=secret.created,
    )


def _entry_fact(entry: _Entry, answers: Answers, offered: bool) -> SecretEntry:
    credential = entry.credential
    about: dict[str, Any] = {}
    if credential.unusable is None:
        about = _about_user(entry, answers)
        if offered:
            about["offers"] = tuple(answers[entry.offer_key(image)] for image in entry.offered_images) or (_NO_IMAGE,)
    return SecretEntry(
        host=credential.key,
        user=name_to_show(credential.user, entry.kind),
        user_kind=entry.kind,
        repositories=tuple(sorted({image.repository for image in entry.images})),
        unusable=credential.unusable,
        stray_white_space=credential.stray_white_space,
        **about,
    )


def _about_user(entry: _Entry, answers: Answers) -> dict[str, Any]:
    user, password = entry.credential.user, entry.credential.password
    if entry.kind == LOGIN_TOKEN:
        times = times_of_login_token(password)
        return {"login_token_ends": times.ends, "login_token_issued": times.issued}
    if entry.kind == OTHER:
        return {}
    found = answers[entry.user_key]
    if entry.kind == TOKEN:
        return {"token": found}
    if entry.kind == ADMIN:
        unread = found is None or isinstance(found, Unreadable)
        return {"admin_password_matches": found if unread else matches_one(found, password)}
    application = _Application(found) if isinstance(found, Unreadable) else found
    return {"application_id": user.lower(), "principal": application.principal, "roles": application.roles}
