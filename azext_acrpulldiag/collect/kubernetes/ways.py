"""The ways to a cluster's Kubernetes API: from this machine, or through commands inside the cluster."""

from __future__ import annotations

from ...facts import COMMAND_INVOKE
from ...targets import ClusterTarget
from ..ask.arm import ArmReader
from ..ask.kubernetes import ApiServer
from ..ask.session import Session
from .api import KubeApi
from .invoked import InvokedApi, invoked_api
from .login import ClusterAccess, find_api_server

Way = ApiServer | InvokedApi
"""What was found before the first question: where the API server is, or how commands are run, with their answers."""


def find_way(reader: ArmReader, session: Session, target: ClusterTarget, access: ClusterAccess) -> Way:
    """Return the way that the user chose, ready to be asked; raises :class:`ReadError`."""
    if access.mode == COMMAND_INVOKE:
        return invoked_api(reader, session, target)
    return find_api_server(reader, session, target, access)


def api_by(way: Way, reader: ArmReader) -> KubeApi:
    """The API, by a way that :func:`find_way` found, in this run or one before it."""
    return way.by(reader) if isinstance(way, InvokedApi) else KubeApi(reader.session, way)
