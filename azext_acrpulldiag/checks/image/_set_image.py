"""The repair of an image's name, where it is written: at the workload, as far as that is known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ...details import Details, internal
from ...effects.workloads import image_set
from ...facts import SANDBOX, FailingContainer
from ...repairs import Repairs, Step, option
from .._kubectl import GET_CREDENTIALS

_MOST_WORKLOADS = 20
# Workloads that replace their pods when their template changes; a Job's template cannot be changed.
_REPLACES_PODS = ("Deployment", "DaemonSet", "StatefulSet")
_POD = "Pod"
_EPHEMERAL = "ephemeralContainers"


@dataclass(frozen=True)
class SetImage(Details):
    """A workload, or a pod that none owns, with the container whose image is to be written otherwise."""

    workload: str
    """``deployment/web`` or ``pod/web``."""
    namespace: str
    container: str


@dataclass(frozen=True)
class OtherName(Details):
    """An image of the registry that pods name otherwise."""

    image: str
    host: str
    """The host that nodes take it for an image of."""
    login_server: str
    suggestion: str
    """The image at the login server."""
    pods: tuple[str, ...]
    set_images: tuple[SetImage, ...] = internal()


_DECLARED = "where the workload is declared: its manifest, Helm values or pipeline"
BY_ITS_WHOLE_NAME: Repairs = (
    option(
        GET_CREDENTIALS,
        Step(
            "Name the registry in the image of {workload}",
            "kubectl {kubectl} set image {workload} {container}={suggestion} --namespace {namespace}",
            each="set_images",
            requires=(*(f"patch {kind.lower()}s" for kind in _REPLACES_PODS), "patch pods"),
            changes="its pods are replaced",
            effect=image_set,
        ),
        Step(f"Write {{suggestion}} {_DECLARED} too"),
        when="set_images",
    ),
    Step(f"Write {{suggestion}} {_DECLARED}"),
)
"""Repairs of what carries :class:`OtherName` beside :class:`~.._kubectl.Kubectl`."""


def set_images(containers: Iterable[FailingContainer]) -> tuple[SetImage, ...]:
    """What is to be changed for these containers, each workload once; nothing is guessed of an owner."""
    changes = dict.fromkeys(change for each in containers if (change := _change(each)))
    return tuple(changes)[:_MOST_WORKLOADS]


def _change(container: FailingContainer) -> SetImage | None:
    """``None``: what owns the pod would not take the change, or the container is its sandbox or was added to debug."""
    kind, _, name = (container.owner or f"{_POD}/{container.pod}").partition("/")
    if container.kind in (_EPHEMERAL, SANDBOX) or kind not in (*_REPLACES_PODS, _POD):
        return None
    return SetImage(f"{kind.lower()}/{name}", container.namespace, container.container)
