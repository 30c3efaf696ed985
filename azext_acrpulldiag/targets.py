"""Which cluster and which registry a run is about: parsed once, then one frozen value."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from enum import Enum

REGISTRY_TYPE = "Microsoft.ContainerRegistry/registries"
CLUSTER_TYPE = "Microsoft.ContainerService/managedClusters"

_REGISTRY_ID = re.compile(
    r"^/subscriptions/(?P<subscription>[0-9a-f-]{36})/resourceGroups/(?P<group>[^/]+)"
    r"/providers/Microsoft\.ContainerRegistry/registries/(?P<name>[^/]+)/?$",
    re.IGNORECASE,
)
# ARM allows 5 to 50 alphanumerics for a registry's name; a login server may add "-<hash>"
# (domain name label), see https://aka.ms/acr/dnl.
_REGISTRY_NAME = re.compile(r"^[a-z0-9]{5,50}$", re.IGNORECASE)
_LOGIN_LABEL = re.compile(r"^[a-z0-9]{5,50}(-[a-z0-9]+)?$", re.IGNORECASE)

# From this ratio on two endings differ by a slip of the finger: azureacr.io, azurecr.oi, azurcr.io.
_ALIKE = 0.75

REGISTRY_SYNTAX = (
    "Expected a registry name (contosoreg), a login server (contosoreg{suffix}) or a resource ID "
    "(/subscriptions/SUBSCRIPTION/resourceGroups/GROUP/providers/Microsoft.ContainerRegistry/registries/NAME)."
)


class RegistryForm(str, Enum):
    """How the user named the registry."""

    NAME = "name"
    LOGIN_SERVER = "login-server"
    RESOURCE_ID = "resource-id"


@dataclass(frozen=True)
class ClusterTarget:
    """The cluster to judge."""

    subscription: str
    resource_group: str
    name: str

    @property
    def id(self) -> str:
        """The ARM id of the cluster."""
        return (
            f"/subscriptions/{self.subscription}/resourceGroups/{self.resource_group}"
            f"/providers/{CLUSTER_TYPE}/{self.name}"
        )


@dataclass(frozen=True)
class RegistryTarget:
    """The registry to judge, as far as the user's words tell.

    ``subscription`` and ``resource_group`` are set for a resource ID only; ``name`` is not
    set for a login server, whose first label need not be the name.
    """

    given: str
    form: RegistryForm
    subscription: str | None = None
    resource_group: str | None = None
    name: str | None = None
    login_server: str | None = None

    @property
    def is_named(self) -> bool:
        """Whether there is a registry to judge at all."""
        return bool(self.given)

    @property
    def probable_name(self) -> str:
        """The registry's name, or what its login server suggests: the label, less a name hash after a hyphen."""
        return self.name or (self.login_server or self.given).split(".")[0].split("-")[0]


@dataclass(frozen=True)
class Targets:
    """What one run is about."""

    cluster: ClusterTarget
    registry: RegistryTarget


NO_REGISTRY = RegistryTarget("", RegistryForm.NAME)
"""The user named none, and no failing pod does."""


def parse_registry(given: str, login_server_suffix: str) -> RegistryTarget:
    """Read ``--acr``.

    ``login_server_suffix`` is the active cloud's (``.azurecr.io``, with its dot). Raises
    ``ValueError`` with a sentence that says what was expected; any other host than one of
    this cloud's registries is refused here, before anything is asked of Azure.
    """
    text = given.strip()
    expected = REGISTRY_SYNTAX.format(suffix=login_server_suffix)
    if not text:
        raise ValueError(f"The registry is empty. {expected}")
    if text.startswith("/"):
        match = _REGISTRY_ID.match(text)
        if match is None or not _REGISTRY_NAME.match(match["name"]):
            raise ValueError(f"{text!r} is not the resource ID of a registry. {expected}")
        return RegistryTarget(
            text, RegistryForm.RESOURCE_ID, match["subscription"].lower(), match["group"], match["name"]
        )
    if "." in text or ":" in text or "/" in text:
        return _login_server(text, login_server_suffix, expected)
    if not _REGISTRY_NAME.match(text):
        raise ValueError(f"{text!r} is not a registry name (5 to 50 letters and digits). {expected}")
    return RegistryTarget(text, RegistryForm.NAME, name=text)


def _login_server(text: str, suffix: str, expected: str) -> RegistryTarget:
    host = text.lower()
    if "/" in host.partition("://")[2] or ("/" in host and "://" not in host):
        raise ValueError(f"{text!r} is not a login server. Is it an image? Give that as --image. {expected}")
    if "://" in host or ":" in host:
        raise ValueError(f"{text!r} is not a login server: leave out scheme, port and path. {expected}")
    label = host.removesuffix(suffix.lower())
    if label == host or not _LOGIN_LABEL.match(label):
        near = _near_login_server(host, suffix.lower())
        hint = f"Did you mean {near}? " if near else ""
        raise ValueError(f"{text!r} is not a login server of this cloud, which end in {suffix!r}. {hint}{expected}")
    return RegistryTarget(text, RegistryForm.LOGIN_SERVER, login_server=host)


def _near_login_server(host: str, suffix: str) -> str | None:
    """The login server that a misspelt one was probably meant to be; ``None``: it resembles none."""
    label, dot, rest = host.partition(".")
    alike = difflib.SequenceMatcher(None, rest, suffix.lstrip(".")).ratio() if dot else 0.0
    return f"{label}{suffix}" if alike >= _ALIKE and _LOGIN_LABEL.match(label) else None
