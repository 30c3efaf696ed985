"""The ways to a cluster's Kubernetes API: from this machine, or through commands inside the cluster."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from ...facts import Unreadable
from ...targets import ClusterTarget
from ..ask.arm import ArmReader
from ..ask.kubernetes import ApiServer
from ..ask.session import Session
from .api import KubeApi
from .invoked import InvokedApi, invoked_api
from .login import COMMAND_INVOKE, ClusterAccess, find_api_server

T = TypeVar("T")

Way = ApiServer | InvokedApi
"""What was found before the first question: where the API server is, or how commands are run, with their answers."""


def find_way(reader: ArmReader, session: Session, target: ClusterTarget, access: ClusterAccess) -> Way:
    """Return the way that the user chose, ready to be asked; raises :class:`ReadError`."""
    if access.mode == COMMAND_INVOKE:
        return invoked_api(reader, session, target)
    return find_api_server(reader, session, target, access)


def api_by(way: Way, session: Session) -> KubeApi:
    """The API, by a way that :func:`find_way` found."""
    return way if isinstance(way, InvokedApi) else KubeApi(session, way)


def naming_the_other_way(read: T | Unreadable, access: ClusterAccess) -> T | Unreadable:
    """Of an API server that is out of reach say what would reach it: it starts a pod, so that nobody else may choose.

    ``read`` is what was read of the whole.
    """
    if access.mode != "auto" or access.by_file or not isinstance(read, Unreadable):
        return read
    if read.reason not in ("unreachable", "timeout") or read.operation is not None:
        return read
    other = "--cluster-access command-invoke asks it from inside the cluster, in a pod that AKS starts"
    return replace(read, detail=f"{read.detail.rstrip('.')}; {other}")
