"""The commands that go on from an answer. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ...images.references import CLOUD_SUFFIXES, parse_reference, served_image
from ...quoting import fill_command

_PAGE = "az aks list-pull-checks --outcome {outcome} --output table"
# What nobody can tell from a text is named as the documentation of az names it, and no shell reads it as anything else.
_DIAGNOSE = "az aks diagnose-pull --resource-group MyResourceGroup --name MyManagedCluster --acr {registry}"
_SUFFIX = "|".join(map(re.escape, CLOUD_SUFFIXES))
# The login server, a replica's regional name for it, a data endpoint, the name in a private DNS zone.
_HOST = re.compile(
    rf"([a-z0-9]{{5,50}}(?:-[a-z0-9]{{1,63}})?)(?:\.[a-z0-9]{{1,40}}\.(?:geo|data)|\.privatelink)?\.({_SUFFIX})"
)


def page_of(outcomes: Sequence[str]) -> str | None:
    """The command that shows the page of the likeliest outcome."""
    return fill_command(_PAGE, {"outcome": outcomes[0]}) if outcomes else None


def diagnosis_of(image: str | None, host: str | None) -> str | None:
    """The command that finds the cause in a cluster; ``None``: no registry of Azure's is named.

    ``image`` is the reference that failed, ``host`` whom the failing request went to. Their cluster and its resource
    group are left to the reader.
    """
    server = _login_server(_registry_host(image)) or _login_server(host)
    if server is None:
        return None
    label = server.partition(".")[0]
    registry = server if "-" in label else label  # behind a hyphen is a hash, which the registry's name lacks
    if image is None or served_image(image, server) is None:
        return fill_command(_DIAGNOSE, {"registry": registry})
    whole = fill_command(_DIAGNOSE + " --image {image}", {"registry": registry, "image": image})
    return whole or fill_command(_DIAGNOSE, {"registry": registry})


def _registry_host(image: str | None) -> str | None:
    try:
        return parse_reference(image or "").host
    except ValueError:
        return None


def _login_server(host: str | None) -> str | None:
    """The login server that a host belongs to; ``None``: it is no registry of Azure's."""
    found = _HOST.fullmatch((host or "").lower().rstrip(".").removesuffix(":443"))
    return None if found is None else f"{found[1]}.{found[2]}"
