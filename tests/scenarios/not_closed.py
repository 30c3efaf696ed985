"""What no loop is closed of, each with the reason: outcomes with a repair that changes something, and stories."""

from __future__ import annotations

_EXTENSION = "its commands are of an extension of az that is not installed here"
_BUILDS = "its commands build or push an image, for which no program is here"
_RECONCILE = "nothing published says what AKS makes of it, so that simulating it would be a guess"

NOT_CLOSED = {
    "identity.kubelet-identity-missing": f"AKS reconciles the cluster: {_RECONCILE}",
    "identity.node-identity-outdated": f"node images are upgraded: {_RECONCILE} of the scale sets' tags",
    "identity.service-principal-not-found": "a new one's role is assigned by an object id that a person has to look up",
    "identity.service-principal-secret-replaced": "a node is to be asked first which secret it has",
    "image.manifest-missing": _BUILDS,
    "image.platform-mismatch": _BUILDS,
    "image.quarantined": "nothing published says whether images that wait are let go where the policy ends",
    "image.repository-not-found": _BUILDS,
    "network.admin-rule-blocks-registry": "a configuration has to be deployed again by whoever knows its others",
    "network.firewall-blocks-registry": _EXTENSION,
    "network.node-resolver": "what nodes keep in their cache is not in the simulated cloud",
    "network.proxy-or-tls": "a file is to be written first: the proxy's settings, or certificates",
    "nodes.artifact-streaming": "what nodes run is not in the simulated cloud",
    "registry.throttled": "whether a larger tier or fewer pulls are meant is for a person",
}

_CACHES = "no registry is simulated from which a cache rule could fetch what pods wait for"

STORIES_NOT_CLOSED = {
    "cache-rule-asks-for-another-path": _CACHES,
}
