"""What a registry itself says inside a pull error: the code and message of its error body, a cache rule, an address."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address


@dataclass(frozen=True)
class Said:
    """One error of a registry's own: ``code`` as the OCI distribution spec writes it (``DENIED``), and its message.

    ``code`` is ``None`` where the runtime passes on the message alone, as dockerd does since 29.
    """

    code: str | None
    message: str


@dataclass(frozen=True)
class CacheRule:
    """The artifact cache rule of ACR that an error names; ``source``: the repository upstream, where named."""

    name: str
    source: str | None


_JSON = re.compile(
    r"\"code\"\s{0,8}:\s{0,8}\"([A-Za-z_]{1,64})\"\s{0,8},\s{0,8}\"message\"\s{0,8}:\s{0,8}\"((?:[^\"\\]|\\.){0,4096})"
)
# Codes of https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes and of docker/distribution.
# containerd, dockerd and CRI-O write them in small letters, blanks for underscores.
_CODES = (
    r"unauthorized|denied|manifest unknown|manifest invalid|manifest unverified|manifest blob unknown|name unknown|"
    r"name invalid|tag invalid|blob unknown|digest invalid|toomanyrequests"
)
_ANY_CODE = rf"{_CODES}|unsupported|unavailable|unknown|size invalid|pagination number invalid"
_AS_TEXT = (
    re.compile(rf"[Ss]erver message: (?:errors:\s{{1,4}})?({_ANY_CODE}): (.+)", re.DOTALL),
    # containerd 2.x joins the body to the status by a line break.
    re.compile(rf"(?:^|: |[\"'\[]|errors:\s{{1,4}}|: \d{{3}} [\w ]{{2,40}}\s)({_CODES}): (?!\{{)(.+)", re.DOTALL),
    re.compile(r"error from registry(): (.+)", re.DOTALL),
)
_WRAPPED_BY_KUBELET = re.compile(r"(?:: (?:ErrImagePull|ImagePullBackOff))+$")
_CACHE_RULE = re.compile(r"\bfor cache rule [\"']([^\"'\s]{1,128})[\"']")
_SOURCE = re.compile(r"\bfrom source [\"']([^\"'\s]{1,512})[\"'] $")
_CLIENT = re.compile(r"client with ip [\"']?([0-9a-f:.]{3,45})", re.IGNORECASE)


def said_in(text: str) -> Said | None:
    """The registry's own error in one entry, whether as JSON or as a runtime writes it out."""
    bodies = _JSON.findall(text)
    if bodies:
        return Said(bodies[0][0].upper(), bodies[0][1])
    for pattern in _AS_TEXT:
        found = pattern.search(text)
        if found:
            code = found[1].upper().replace(" ", "_")
            return Said(code or None, _without_wrapping(found[2]))
    return None


def _without_wrapping(message: str) -> str:
    """Without what a log or kubelet puts behind an error: quotes, brackets, its own reason."""
    text = _WRAPPED_BY_KUBELET.sub("", message.strip())
    while text and text[-1] in '"]}' and text.count(text[-1]) % 2:
        text = text[:-1].rstrip()
    return text


def cache_rule_in(text: str) -> CacheRule | None:
    """The cache rule that the registry names in its error.

    Source: Azure/acr#754, #772, #891 (``... from source 's' for cache rule 'r' ...``, ``... source registry for cache
    rule 'r'``).
    """
    found = _CACHE_RULE.search(text)
    if found is None:
        return None
    source = _SOURCE.search(text[max(0, found.start() - 600) : found.start()])
    return CacheRule(found[1], source[1] if source else None)


def client_address_in(text: str) -> str | None:
    """The address that the registry's firewall saw and refused; a blackened one (``x.x.x.x``) is none.

    Source: https://learn.microsoft.com/troubleshoot/azure/azure-kubernetes/extensions/cannot-pull-image-from-acr-to-aks-cluster
    """
    for found in _CLIENT.findall(text):
        try:
            return str(ip_address(found.rstrip(".:")))
        except ValueError:
            continue
    return None
