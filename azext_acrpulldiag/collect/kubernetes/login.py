"""Which API server a cluster has, and the credential for it: from Resource Manager, or from a kubeconfig file.

What Resource Manager hands out stays in memory. kubernetes' own loader writes certificates to
files, so it reads only the file that the user names, and what it wrote is removed at once.
Clusters with Entra ID are signed in to with the CLI's own login, so kubelogin is not needed.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from ...facts import Unreadable
from ...targets import ClusterTarget
from ..ask.arm import ArmReader, Json, ReadError, translated_errors
from ..ask.errors import first_line
from ..ask.kubernetes import ApiServer
from ..ask.session import Session
from ..ask.tls import tls_of, tls_of_files
from ..azure.cluster import API_VERSION
from ..azure.versions import ask_in
from ..members import Body, member, or_empty, shown

CREDENTIAL_PERMISSION = "Microsoft.ContainerService/managedClusters/listClusterUserCredential/action"
# The one application of all clusters with AKS-managed Entra ID, in every cloud:
# https://learn.microsoft.com/azure/aks/kubelogin-authentication
ENTRA_SERVER_APP = "6dae42f8-4368-4678-94ff-3960e28e3630"


@dataclass(frozen=True)
class ClusterAccess:
    """How the user wants the Kubernetes API to be reached."""

    mode: str = "auto"
    """``auto``, ``direct``, ``command-invoke`` or ``none``."""
    kubeconfig: str | None = None
    context: str | None = None

    @property
    def by_file(self) -> bool:
        """Whether a kubeconfig file of the user's is meant, be it the default one."""
        return self.kubeconfig is not None or self.context is not None


KUBECONFIG = "--kubeconfig"
"""The operation of what the user's own kubeconfig file, or context in it, made impossible."""


def find_api_server(reader: ArmReader, session: Session, target: ClusterTarget, access: ClusterAccess) -> ApiServer:
    """Return the API server of a cluster, ready to be asked; raises :class:`ReadError`.

    One POST, and for a cluster with Entra ID a token; with a kubeconfig file, neither.
    """
    if access.by_file:
        return _from_file(access)
    answer, _ = ask_in(API_VERSION, partial(reader.post, f"{target.id}/listClusterUserCredential"))
    if answer is None:
        raise ReadError(Unreadable("not-found", f"Azure has no user credential for cluster {target.name}"))
    return api_server_from(kubeconfig_from(answer), lambda: entra_token(session, target.subscription))


def kubeconfig_from(answer: Json) -> Json:
    """Decode the kubeconfig in an answer of ``listClusterUserCredential``; raises :class:`ReadError`."""
    import yaml

    listed = shown(Body(answer).objects, "kubeconfigs")
    try:
        first = () if isinstance(listed, Unreadable) else listed[:1]
        texts = [base64.b64decode(or_empty(each.text, "value"), validate=True) for each in first]
        config = yaml.safe_load(texts[0]) if texts else None
    except (ValueError, RecursionError, yaml.YAMLError):
        config = None
    if not isinstance(config, dict):
        raise ReadError(Unreadable("malformed", "Azure's answer has no kubeconfig", CREDENTIAL_PERMISSION))
    return config


def api_server_from(config: Json, sign_in: Callable[[], str]) -> ApiServer:
    """Take server and credential out of a kubeconfig of AKS; raises :class:`ReadError`.

    A token is preferred, then the sign-in that an ``exec`` or ``auth-provider`` user stands
    for (``sign_in``), then the client certificate.
    """
    context = _named(config, "contexts", "context", member(config, "current-context"))
    cluster = _named(config, "clusters", "cluster", context.get("cluster"))
    user = _named(config, "users", "user", context.get("user"))
    url, token = cluster.get("server"), user.get("token")
    if not isinstance(url, str) or not url.startswith("https://"):
        raise ReadError(_malformed("names no server"))
    try:
        tls = tls_of(cluster, None if token or _is_entra(user) else user)
    except (ValueError, OSError, TypeError) as error:  # ssl.SSLError is an OSError, binascii's a ValueError
        raise ReadError(_malformed(f"has certificates that cannot be read ({type(error).__name__})")) from None
    if isinstance(token, str) and token:
        return ApiServer(url.rstrip("/"), tls, lambda: f"Bearer {token}")
    if _is_entra(user):
        return ApiServer(url.rstrip("/"), tls, _once(lambda: f"Bearer {sign_in()}"))
    if "client-certificate-data" in user:
        return ApiServer(url.rstrip("/"), tls, lambda: None)
    raise ReadError(_malformed("has no token, client certificate or Entra ID sign-in"))


def _named(config: Json, collection: str, kind: str, name: Any) -> Json:
    """The entry of that name in one of a kubeconfig's lists."""
    listed = config.get(collection)
    for entry in listed if isinstance(listed, list) else ():
        if member(entry, "name") == name and isinstance(member(entry, kind), dict):
            return dict(entry[kind])
    raise ReadError(_malformed(f"has no {kind} of the name that it uses"))


def _is_entra(user: Json) -> bool:
    """Whether the user signs in through kubelogin or the ``azure`` provider that came before it.

    A server application of the cluster's own (the integration that AKS retired) is another's.
    """
    named = member(user, "exec", "args") or [member(user, "auth-provider", "config", "apiserver-id")]
    return ENTRA_SERVER_APP in named if isinstance(named, list) else False


def entra_token(session: Session, subscription: str) -> str:
    """A token of the login for the API servers of clusters with Entra ID. Raises :class:`ReadError`."""
    with translated_errors("the Kubernetes API (Entra ID)"):
        credential, _ = session.credential(subscription)
        return str(credential.get_token(f"{ENTRA_SERVER_APP}/.default").token)


def _once(make: Callable[[], str]) -> Callable[[], str]:
    """Call ``make`` now, so that whoever waits for the API server finds the sign-in done."""
    value = make()
    return lambda: value


def _malformed(what: str) -> Unreadable:
    return Unreadable("malformed", f"The kubeconfig from Azure {what}", CREDENTIAL_PERMISSION)


# --- a kubeconfig file -------------------------------------------------------------------


def _from_file(access: ClusterAccess) -> ApiServer:
    """Read the user's kubeconfig with kubernetes' own loader, which also runs what its ``exec`` names."""
    from kubernetes.client import Configuration
    from kubernetes.config import kube_config
    from kubernetes.config.config_exception import ConfigException
    from yaml import YAMLError

    configuration = Configuration()
    where = access.kubeconfig or "the default kubeconfig"
    try:
        kube_config.load_kube_config(access.kubeconfig, access.context, configuration, persist_config=False)
        tls = tls_of_files(configuration)
    except (ConfigException, YAMLError, OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ReadError(Unreadable("malformed", f"{where} cannot be used: {first_line(error)}", KUBECONFIG)) from None
    finally:
        kube_config._cleanup_temp_files()  # pylint: disable=protected-access
    return ApiServer(
        configuration.host.rstrip("/"),
        tls,
        lambda: configuration.get_api_key_with_prefix("authorization"),
        configuration.tls_server_name,
    )
