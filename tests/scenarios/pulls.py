"""Pulls that fail in the simulated cloud, and what their error text must be understood as."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TypeVar

from azext_acrpulldiag.pull_errors.parse import Stage
from tests.azure.state import Cloud
from tests.azure.tiny_image import push

HOST = "contosoreg.azurecr.io"
BLOB_HOST = "weumanaged193.blob.core.windows.net"
IMAGE = f"{HOST}/team/web:v1"
ADMIN = ("contosoreg", "sim-admin-one+ACRx1")
WRONG = ("contosoreg", "rotated-away")
NOBODY = ("", "")

Prepare = Callable[[Cloud], None]
P = TypeVar("P", bound=Prepare)


@dataclass(frozen=True)
class Expected:
    """The fields of ``pull_errors.PullError`` that the text decides."""

    symptom_class: str
    stage: Stage = Stage.RESOLVE
    host: str | None = HOST
    status: int | None = None
    credential: str | None = None
    mechanism: str | None = None


@dataclass(frozen=True)
class Pull:
    """``prepare`` breaks the cloud; then ``image`` is pulled once a credential, as kubelet does."""

    name: str
    prepare: Prepare
    expected: Expected
    image: str = IMAGE
    credentials: tuple[tuple[str, str], ...] = field(default=(ADMIN,))
    node: str = "proxied"

    def expected_of(self, text: str) -> Expected:
        """What this text of it is to be understood as: containerd 2 names the host of the storage, 1.x hardly does."""
        return replace(self.expected, host=BLOB_HOST) if BLOB_HOST in text else self.expected


PULLS: dict[str, Pull] = {}


def _pull(expected: Expected, image: str = IMAGE, *credentials: tuple[str, str]) -> Callable[[P], P]:
    def register(prepare: P) -> P:
        name = prepare.__name__
        PULLS[name] = Pull(name, prepare, expected, image, credentials or (ADMIN,))
        return prepare

    return register


def tidy(cloud: Cloud) -> None:
    """A registry that has the image, and an admin account that may pull it."""
    cloud.registry["properties"]["adminUserEnabled"] = True
    push(cloud.data_plane(HOST), "team/web", "v1")


def _answer(status: int, stage: Stage = Stage.RESOLVE, credential: str | None = None) -> Expected:
    names = {401: "unauthorized-401", 403: "forbidden-403", 429: "registry-throttled"}
    return Expected(names.get(status, "server-error"), stage, status=status, credential=credential)


# --- who asks ---------------------------------------------------------------------------


@_pull(_answer(401, Stage.TOKEN, "anonymous"), IMAGE, NOBODY)
def no_credential(cloud: Cloud) -> None:
    """Nobody offers anything, and the registry wants something."""


@_pull(_answer(401, Stage.TOKEN, "credentialed"), IMAGE, WRONG)
def credential_refused(cloud: Cloud) -> None:
    """A password of yesterday."""


@_pull(_answer(401, Stage.TOKEN, "credentialed"), IMAGE, WRONG, NOBODY)
def credential_refused_then_none(cloud: Cloud) -> None:
    """What kubelet makes of it: the pull secret first, then without."""


@_pull(_answer(401))
def token_without_the_right(cloud: Cloud) -> None:
    cloud.fault("HEAD .*/manifests/", "401")


@_pull(_answer(401))
def token_refused_behind_the_tag(cloud: Cloud) -> None:
    cloud.fault("GET .*/manifests/", "401")


# --- the firewall -----------------------------------------------------------------------


@_pull(_answer(403))
def firewall(cloud: Cloud) -> None:
    cloud.refuse_this_machine()


@_pull(_answer(403, Stage.TOKEN, "anonymous"), IMAGE, NOBODY)
def firewall_at_the_token(cloud: Cloud) -> None:
    cloud.fault("/oauth2/token", "403")


@_pull(Expected("forbidden-403", Stage.LAYER, status=403, mechanism="client-ip"))
def firewall_at_the_layer(cloud: Cloud) -> None:
    """The address that asks changed, or the rules did, while the pull was under way."""
    cloud.fault(f"{HOST}/v2/.*/blobs/", "client-ip")


@_pull(_answer(403))
def refused_behind_the_tag(cloud: Cloud) -> None:
    """``failed to copy``, and yet it is the manifest that the registry refuses."""
    cloud.fault("GET .*/manifests/", "403")


@_pull(_answer(403, Stage.LAYER))
def refused_at_the_layer(cloud: Cloud) -> None:
    """The registry itself refuses, before it sends anybody to the storage."""
    cloud.fault(f"{HOST}/v2/.*/blobs/", "403")


# --- what does not exist ----------------------------------------------------------------


@_pull(Expected("image-not-found"), f"{HOST}/team/web:v2")
def tag_missing(cloud: Cloud) -> None:
    """No such tag."""


@_pull(Expected("image-not-found", credential="credentialed"), f"{HOST}/team/web:v2", ADMIN, NOBODY)
def tag_missing_then_refused(cloud: Cloud) -> None:
    """The trap: the last error of the list speaks of a token."""


@_pull(Expected("image-not-found"), f"{HOST}/team/wep:v1")
def repository_missing(cloud: Cloud) -> None:
    """No such repository."""


@_pull(Expected("image-not-found"), f"{HOST}/team/web@sha256:{'0' * 64}")
def digest_missing(cloud: Cloud) -> None:
    """No such digest."""


@_pull(Expected("image-not-found"))
def manifest_missing_behind_the_tag(cloud: Cloud) -> None:
    """The tag is there, what it points at is not."""
    cloud.fault("GET .*/manifests/", "404")


@_pull(Expected("image-not-found"))
def manifest_purged_below_the_index(cloud: Cloud) -> None:
    """What an index names for this platform is gone; what it names for others is there."""
    cloud.image("team/web", "v1", "linux/amd64", "linux/arm64")
    cloud.purge("team/web", "v1", "linux/amd64")


@_pull(Expected("image-not-found"))
def manifest_purged_below_an_index_within_an_index(cloud: Cloud) -> None:
    manifest_purged_below_the_index(cloud)
    cloud.wrap("team/web", "v1")


@_pull(Expected("other", Stage.TOKEN, status=404, credential="credentialed"))
def token_service_missing(cloud: Cloud) -> None:
    """A 404 that is not the image's."""
    cloud.fault("/oauth2/token", "404")


@_pull(Expected("platform-mismatch"))
def other_platforms(cloud: Cloud) -> None:
    push(cloud.data_plane(HOST), "team/web", "v1", "linux/s390x", "windows/amd64")


@_pull(Expected("platform-mismatch", credential="credentialed"), IMAGE, ADMIN, NOBODY)
def other_platforms_then_refused(cloud: Cloud) -> None:
    """The article's cause 1b: a 401 at the end, and every right in place."""
    other_platforms(cloud)


# --- throttled, down, or broken ---------------------------------------------------------


@_pull(_answer(429))
def throttled(cloud: Cloud) -> None:
    cloud.fault("HEAD .*/manifests/", "429")


@_pull(_answer(429, Stage.TOKEN, "credentialed"))
def throttled_at_the_token(cloud: Cloud) -> None:
    cloud.fault("/oauth2/token", "429")


@_pull(_answer(429, Stage.LAYER))
def throttled_at_the_layer(cloud: Cloud) -> None:
    cloud.fault(f"{HOST}/v2/.*/blobs/", "429")


@_pull(_answer(503))
def down(cloud: Cloud) -> None:
    cloud.fault("HEAD .*/manifests/", "503")


@_pull(_answer(500, Stage.TOKEN, "credentialed"))
def token_service_broken(cloud: Cloud) -> None:
    cloud.fault("/oauth2/token", "500")


@_pull(_answer(503, Stage.LAYER))
def storage_busy(cloud: Cloud) -> None:
    cloud.fault(BLOB_HOST, "503")


# --- the way there ----------------------------------------------------------------------


@_pull(Expected("timeout-network", mechanism="reset"))
def reset(cloud: Cloud) -> None:
    cloud.fault("HEAD .*/manifests/", "reset")


@_pull(Expected("timeout-network", Stage.TOKEN, credential="credentialed", mechanism="reset"))
def reset_at_the_token(cloud: Cloud) -> None:
    cloud.fault("/oauth2/token", "reset")


@_pull(Expected("timeout-network", mechanism="reset"))
def reset_behind_the_tag(cloud: Cloud) -> None:
    cloud.fault("GET .*/manifests/", "reset")


@_pull(Expected("timeout-network", Stage.TOKEN, credential="credentialed"))
def token_cut_short(cloud: Cloud) -> None:
    cloud.fault("/oauth2/token", "cut")


@_pull(Expected("timeout-network", host="elsewhere.azurecr.io", mechanism="proxy-refused"), "elsewhere.azurecr.io/a:1")
def proxy_does_not_let_through(cloud: Cloud) -> None:
    """``Forbidden``, but by the proxy: no registry was ever asked."""


# --- layers -----------------------------------------------------------------------------


@_pull(Expected("blob-download", Stage.LAYER, status=403, mechanism="storage-authorization"))
def storage_refuses(cloud: Cloud) -> None:
    cloud.fault(BLOB_HOST, "403")


@_pull(Expected("blob-download", Stage.LAYER, host=BLOB_HOST, mechanism="storage-unreachable"))
def storage_resets(cloud: Cloud) -> None:
    cloud.fault(BLOB_HOST, "reset")


@_pull(
    Expected("blob-download", Stage.LAYER, BLOB_HOST, None, "credentialed", "storage-unreachable"), IMAGE, ADMIN, NOBODY
)
def storage_resets_then_refused(cloud: Cloud) -> None:
    """The same trap: the anonymous attempt gets no further than the token."""
    storage_resets(cloud)


@_pull(Expected("blob-download", Stage.LAYER, mechanism="storage-unreachable"))
def layer_cut_short(cloud: Cloud) -> None:
    cloud.fault(BLOB_HOST, "cut")


@_pull(Expected("blob-download", Stage.LAYER, mechanism="content"))
def layer_missing(cloud: Cloud) -> None:
    """``not found``, and the image is there."""
    cloud.fault(BLOB_HOST, "404")


@_pull(Expected("blob-download", Stage.LAYER, mechanism="content"))
def layer_damaged(cloud: Cloud) -> None:
    """As many bytes as promised, but others."""
    for digest, content in cloud.data_plane(HOST).repositories["team/web"].blobs.items():
        cloud.data_plane(HOST).repositories["team/web"].blobs[digest] = content[::-1]


# --- ways of the network, each with a node of its own: see tests.azure.nodes --------------


def _on(node: str, expected: Expected, image: str = IMAGE) -> None:
    name = node if image == IMAGE else f"{node}_{image.partition('.')[0]}"
    PULLS[name] = Pull(name, lambda cloud: None, expected, image, node=node)


def _direct(name: str, symptom_class: str, mechanism: str | None = None) -> None:
    host = f"{name}.azurecr.io"
    _on("direct", Expected(symptom_class, host=host, mechanism=mechanism), f"{host}/team/web:v1")


_on("distrusting", Expected("tls-trust"))
_on("without_name_server", Expected("dns-failure"))
_on("without_proxy", Expected("timeout-network", mechanism="proxy-unreachable"))
_direct("no-such-name", "dns-failure")
_direct("resolver-fails", "dns-failure")
_direct("resolver-silent", "dns-failure")
_direct("refuses-connections", "timeout-network")
_direct("hangs-up", "timeout-network")
_direct("resets", "timeout-network", "reset")
_direct("speaks-http", "tls-trust", "plain-http")
_direct("other-name", "tls-trust", "name")
_direct("expired", "tls-trust", "expired")
