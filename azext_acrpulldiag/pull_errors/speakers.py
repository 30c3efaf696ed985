"""Verdicts on texts of components whose words mean something of their own: who speaks decides, before any word does.

Each function takes one entry of a pull error as written (``text``) and as :func:`.names.bare` left it (``words``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .bodies import cache_rule_in
from .parse import status_in, urls


@dataclass(frozen=True)
class Verdict:
    """A class and, where the class has several, the mechanism."""

    symptom_class: str
    mechanism: str | None = None


def verdict_by_speaker(text: str, words: str) -> Verdict | None:
    """The verdict on what a special component says; ``None``: a runtime, kubelet or a registry speaks."""
    for judge in (_streaming_mirror, _cache_rule, _container_instances, _instance_metadata):
        found = judge(text, words)
        if found:
            return found
    return None


_STREAMING = re.compile(r"//localhost:8578/|127\.0\.0\.1:8578\b|open remote file as tar file|\boverlaybd\b")


def _streaming_mirror(text: str, _: str) -> Verdict | None:
    """The mirror of artifact streaming on the node, and the snapshotter behind it.

    Source: https://learn.microsoft.com/azure/container-registry/troubleshoot-artifact-streaming, Azure/acr#739, #763
    """
    return Verdict("other", "artifact-streaming") if _STREAMING.search(text) else None


_UPSTREAM_STATUS = re.compile(r"returned status code (\d{3})\b")
_OF_STATUS = {
    401: "unauthorized-401",
    403: "forbidden-403",
    404: "image-not-found",
    429: "registry-throttled",
}
_UPSTREAM_WORDS = (
    ("registry-throttled", re.compile(r"too many requests|rate limit")),
    ("unauthorized-401", re.compile(r"authentication required|unauthori[sz]ed|invalid credential|not authorized")),
    # dockerd says so of a 401 and of a 403, and shows neither.
    ("unauthorized-401", re.compile(r"pull access denied")),
    ("forbidden-403", re.compile(r"\bdenied\b|\bforbidden\b")),
    ("image-not-found", re.compile(r"not found|does not exist|\bunknown: manifest\b")),
)


def _cache_rule(text: str, words: str) -> Verdict | None:
    """ACR on the upstream of an artifact cache rule: what it says of the rule, before the status of its own answer.

    Source: Azure/acr#599, #754, #772, #891 (424 where the upstream did not answer as it should)
    """
    if cache_rule_in(text) is None and "source registry for cache rule" not in words:
        return None
    told = _UPSTREAM_STATUS.search(words)
    if told and int(told[1]) in _OF_STATUS:
        return Verdict(_OF_STATUS[int(told[1])], "artifact-cache")
    for symptom_class, pattern in _UPSTREAM_WORDS:
        if pattern.search(words):
            return Verdict(symptom_class, "artifact-cache")
    return Verdict(_OF_STATUS.get(status_in(words) or 0, "server-error"), "artifact-cache")


_INACCESSIBLE = re.compile(r"inaccessibleimage|in container group .{0,300}is not accessible")
_CREDENTIAL_MEMBER = re.compile(r"imageregistrycredentials")
_REGISTRY_ERROR = re.compile(r"registryerrorresponse|error response is received from the docker registry")


def _container_instances(_: str, words: str) -> Verdict | None:
    """Container Instances, which pulls for virtual nodes.

    Source: MicrosoftDocs/azure-docs#45129, virtual-kubelet/virtual-kubelet#383, virtual-kubelet/azure-aci#568
    """
    if _INACCESSIBLE.search(words):
        return Verdict("unauthorized-401", "container-instances")
    if _CREDENTIAL_MEMBER.search(words):
        return Verdict("credential-provider", "container-instances")
    return Verdict("other", "container-instances") if _REGISTRY_ERROR.search(words) else None


METADATA_HOST = "169.254.169.254"
_IDENTITY = re.compile(
    r"identity not found|no default identity|identity (?:[\w-]{1,64} )?(?:isn.t|is not|has not been|not) assigned|"
    r"(?:user|system)[- ]assigned (?:or delegated )?(?:managed )?identit|169\.254\.169\.254|\bimds\b|"
    r"metadata endpoint|/metadata/identity|identity with .{0,80}not found|"
    r"\bmsi\b.{0,60}(?:configured|available|failed|unavailable|not found|error)|(?:connect to|token from|using) msi\b"
)


def _instance_metadata(text: str, words: str) -> Verdict | None:
    """The instance metadata service, or one that asked it for a token of a managed identity.

    Source: https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token#error-handling
    """
    asked = any(host.partition(":")[0] == METADATA_HOST for host, _ in urls(text))
    return Verdict("aad-token", "identity") if asked or _IDENTITY.search(words) else None


_PLUGIN = re.compile(
    r"(?:error execing credential provider plugin [^:]{1,400}: |exit status \d{1,3}: )+(.+)", re.DOTALL
)


def words_of_plugin(text: str) -> str | None:
    """What a credential provider plugin itself wrote, where kubelet quotes it and it names a request.

    kubelet quotes the plugin's stderr behind its exit status since 1.28
    (https://github.com/kubernetes/kubernetes/blob/master/pkg/credentialprovider/plugin/plugin.go).
    """
    found = _PLUGIN.search(text) if "error execing credential provider" in text else None
    return found[1] if found and urls(found[1]) else None
