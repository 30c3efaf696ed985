"""The cluster's HTTP proxy."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ...facts import Cluster, Facts, HttpProxy
from ...pull_errors.symptoms import FailedPull, login_server_of
from ...repairs import UntoldError
from ..workloads import pulled_where


def hosts_excepted(values: Mapping[str, Any], facts: Facts) -> Facts:
    """``az aks update --http-proxy-config`` with the file of the detail ``content``: its noProxy is in force.

    Nodes ask the proxy for none of these hosts any more, so that pods which it refused them report what was. Raises
    :class:`~azext_acrpulldiag.repairs.UntoldError` where somebody answers with a certificate that nodes do not trust:
    it may be the proxy, or something behind it.
    """
    if values["is_opaque"]:
        raise UntoldError("Whether it is the proxy that answers in the registry's place nobody can tell from here.")
    cluster = facts.cluster
    if not isinstance(cluster, Cluster) or not isinstance(cluster.http_proxy, HttpProxy):
        return facts
    proxy = replace(cluster.http_proxy, no_proxy=tuple(json.loads(values["content"])["noProxy"]))

    def by_the_proxy(pull: FailedPull) -> bool:
        host = (pull.error.host or login_server_of(facts) or "").lower()
        return (pull.error.mechanism or "").startswith("proxy") and host in values["hosts"]

    return replace(pulled_where(facts, by_the_proxy), cluster=replace(cluster, http_proxy=proxy))
