"""A registry's own API: manifests, tags, attributes and configuration blobs.

Everything is asked of the login server that Resource Manager names.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from urllib.parse import quote, urljoin, urlsplit

from ...facts import Unreadable
from ..ask.arm import Json, ReadError
from ..ask.registry import Answer, RegistryHttp, malformed, plain
from ..ask.session import Session
from .errors import Absence, RegistryRefusalError, parsed, refusal_from
from .tokens import PULL_RIGHT, Anonymous, Basic, CliLogin, Credential, Tokens

__all__ = [
    "Absence",
    "Anonymous",
    "Basic",
    "CliLogin",
    "Listing",
    "Manifest",
    "RegistryApi",
    "RegistryRefusalError",
    "repository_scope",
]

CATALOG_RIGHT = "AcrPull, or Container Registry Repository Catalog Lister on a registry with repository permissions"
CATALOG_SCOPE = "registry:catalog:*"

# "*/*" last: indexes and single manifests of both kinds first, then whatever else there is.
MANIFEST_TYPES = ", ".join(
    (
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
        "*/*",
    )
)
PAGE_ITEMS = 100
MAX_PAGES = 10

_NEXT_PAGE = re.compile(r'<([^>]+)>\s*;\s*rel="?next"?', re.IGNORECASE)
_REDIRECTS = (301, 302, 303, 307, 308)


@dataclass(frozen=True)
class Manifest:
    """A manifest or an index, as the registry serves it."""

    digest: str
    media_type: str
    body: Json


@dataclass(frozen=True)
class Listing:
    """Names in the registry's order; ``complete``: there are no more."""

    names: tuple[str, ...]
    complete: bool


def repository_scope(repository: str, actions: str = "pull,metadata_read") -> str:
    """The scope of a token for one repository."""
    return f"repository:{repository}:{actions}"


class RegistryApi:
    """Reads one registry as ``credential``; safe to use from many threads.

    Every method raises :class:`~.errors.ReadError`; where the registry answered and refused that
    is a :class:`RegistryRefusalError` with the HTTP status and the step.
    """

    def __init__(self, session: Session, login_server: str, credential: Credential) -> None:
        self.login_server = login_server
        self._http = RegistryHttp(session, login_server)
        self._tokens = Tokens(self._http, credential)
        self._is_cli_login = isinstance(credential, CliLogin)

    def token(self, scope: str) -> str:
        """Return an access token for ``scope`` (``repository:NAME:pull``), asked for once.

        It proves only that the credential is good: the registry answers 200 also where it
        grants nothing of the scope, and refuses what is asked with the token.
        """
        return self._tokens.get(scope)

    def manifest(self, repository: str, reference: str) -> Manifest | Absence:
        """GET the manifest or index of a tag or digest."""
        path = _manifest_path(repository, reference)
        answer = self._read(path, repository_scope(repository), {"Accept": MANIFEST_TYPES})
        if isinstance(answer, Absence):
            return answer
        body = self._object(answer, path)
        kind = str(body.get("mediaType") or answer.headers.get("content-type", "").partition(";")[0])
        return Manifest(answer.headers.get("docker-content-digest") or digest_of(answer.payload), kind, body)

    def has_manifest(self, repository: str, reference: str) -> bool:
        """HEAD the manifest with a token for ``pull`` alone, as a node asks. ``False``: HTTP 404."""
        path = _manifest_path(repository, reference)
        headers = self._bearer(repository_scope(repository, "pull")) | {"Accept": MANIFEST_TYPES}
        answer = self._http.ask("HEAD", path, headers)
        if answer.status in (200, 404):
            return answer.status == 200
        raise self._refusal(answer, path, PULL_RIGHT)

    def tags(self, repository: str, pages: int = MAX_PAGES) -> Listing | Absence:
        """List tags, at most so many pages of 100."""
        return self._list(f"/v2/{quote(repository)}/tags/list", repository_scope(repository), "tags", pages, PULL_RIGHT)

    def repositories(self, pages: int = MAX_PAGES) -> Listing | Absence:
        """List repositories, at most so many pages of 100; the catalog is a right of its own."""
        return self._list("/v2/_catalog", CATALOG_SCOPE, "repositories", pages, CATALOG_RIGHT)

    def attributes(self, repository: str, *, tag: str | None = None, digest: str | None = None) -> Json | Absence:
        """GET the attributes of a repository, or of one tag or manifest in it: locks, platform, quarantine."""
        path = f"/acr/v1/{quote(repository)}"
        if digest is not None:
            path += f"/_manifests/{quote(digest, safe=':')}"
        elif tag is not None:
            path += f"/_tags/{quote(tag)}"
        answer = self._read(path, repository_scope(repository), {})
        return answer if isinstance(answer, Absence) else self._object(answer, path)

    def config_blob(self, repository: str, digest: str) -> Json | Absence:
        """GET a configuration: the registry redirects to its storage, which gets no token of ours."""
        path = f"/v2/{quote(repository)}/blobs/{quote(digest, safe=':')}"
        answer = self._read(path, repository_scope(repository), {}, redirects=True)
        if isinstance(answer, Absence):
            return answer
        if answer.status in _REDIRECTS:
            answer = self._http.follow(answer.headers.get("location", ""), path)
        if digest.startswith("sha256:") and digest_of(answer.payload) != digest:
            raise malformed(self.login_server, path)
        return self._object(answer, path)

    def _list(self, path: str, scope: str, member: str, pages: int, right: str) -> Listing | Absence:
        names: list[str] = []
        url = f"{path}?n={PAGE_ITEMS}"
        for _ in range(pages):
            answer = self._read(url, scope, {}, right)
            if isinstance(answer, Absence):
                return answer
            found = self._object(answer, path).get(member)
            # A repository without tags shows null.
            if found is not None and not (isinstance(found, list) and all(isinstance(one, str) for one in found)):
                raise malformed(self.login_server, path)
            names.extend(found or ())
            following = self._following(answer.headers.get("link", ""), path)
            if following is None:
                return Listing(tuple(names), True)
            url = following
        return Listing(tuple(names), False)

    def _following(self, link: str, path: str) -> str | None:
        """The relative address of the next page, on this login server only."""
        match = _NEXT_PAGE.search(link)
        if match is None:
            return None
        target = urlsplit(urljoin(f"https://{self.login_server}{path}", match[1]))
        if (target.scheme, target.netloc.lower()) != ("https", self.login_server.lower()):
            raise ReadError(Unreadable("malformed", f"The next page of {self.login_server}{path} is on another host"))
        return f"{target.path}?{target.query}"

    def _bearer(self, scope: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token(scope)}"}

    def _read(
        self, path: str, scope: str, headers: dict[str, str], right: str = PULL_RIGHT, redirects: bool = False
    ) -> Answer | Absence:
        answer = self._http.ask("GET", path, headers | self._bearer(scope))
        if answer.status == 200 or (redirects and answer.status in _REDIRECTS):
            return answer
        absence = Absence.of(answer.status, answer.payload)
        if absence is not None:
            return absence
        raise self._refusal(answer, path, right)

    def _refusal(self, answer: Answer, path: str, right: str) -> RegistryRefusalError:
        lacking = right if self._is_cli_login else ""
        return refusal_from(answer.status, answer.payload, self.login_server, plain(path), "content", lacking)

    def _object(self, answer: Answer, path: str) -> Json:
        body = parsed(answer.payload)
        if body is None:
            raise malformed(self.login_server, path)
        return body


def digest_of(content: bytes) -> str:
    """The digest of a document: that of its very bytes."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _manifest_path(repository: str, reference: str) -> str:
    return f"/v2/{quote(repository)}/manifests/{quote(reference, safe=':')}"
