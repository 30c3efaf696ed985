"""Name the mechanism of one error: who speaks, what is said, and at which stage of the pull."""

from __future__ import annotations

import re

from .names import bare, urls
from .parse import Stage, stage_of, status_in
from .rules import ANSWERS, MECHANISMS
from .speakers import Verdict, verdict_by_speaker, words_of_plugin

SYMPTOM_CLASSES = (
    "unauthorized-401",
    "forbidden-403",
    "image-not-found",
    "timeout-network",
    "dns-failure",
    "platform-mismatch",
    "kubelet-qps",
    "registry-throttled",
    "tls-trust",
    "invalid-image-name",
    "disk-full",
    "blob-download",
    "unsupported-manifest",
    "credential-provider",
    "never-pull",
    "backoff-only",
    "server-error",
    "aad-token",
    "signature-verification",
    "admission-denied",
    "other",
    "negative",
)


UNDECIDED = Verdict("other")
_BY_STATUS = {401: "unauthorized-401", 403: "forbidden-403"}
# Go's HTTP client reports a proxy's refusal to connect by the bare phrase of its status line; what a
# registry answers comes with its number or, from dockerd, in lower case with more words behind it.
_REFUSED_BY_PROXY = re.compile(
    r"https?://[^\s\"']{1,2048}[\"']?: (?:Forbidden|Bad Gateway|Service Unavailable|Gateway Time-?[Oo]ut)"
    r"(?=\s*(?:$|[\"'\],]|: ImagePullBackOff))"
)


def verdict_of(text: str, words: str, stage: Stage) -> Verdict:
    """Name the mechanism of one entry: ``text`` as written, ``words`` as :func:`.parse.bare` left it."""
    speaker = verdict_by_speaker(text, words)
    if speaker:
        return speaker
    inner = words_of_plugin(text)
    if inner:
        return verdict_of(inner, bare(inner), stage_of(inner, bare(inner)))
    for rule in MECHANISMS:
        if rule.pattern.search(words):
            return Verdict(rule.symptom_class, rule.mechanism)
    if _REFUSED_BY_PROXY.search(text):
        return _at_stage(Verdict("timeout-network", "proxy-refused"), stage, words, text)
    answer = _last_answer(words)
    if answer.symptom_class == "timeout-network" and "proxyconnect" in words:
        answer = Verdict("timeout-network", "proxy-unreachable")
    return _at_stage(answer, stage, words, text)


def _last_answer(words: str) -> Verdict:
    """The answer that ends last in the chain; of two that end together, the one that starts first."""
    best, best_key = UNDECIDED, (-1, 0)
    for rule in ANSWERS:
        for match in rule.pattern.finditer(words):
            key = (match.end(), -match.start())
            if key > best_key:
                best, best_key = Verdict(rule.symptom_class, rule.mechanism), key
    if best.symptom_class not in _BY_STATUS.values():
        return best
    if "client with ip" in words:
        return Verdict("forbidden-403", "client-ip")
    # Servers describe 401 and 403 in each other's words; the number is what they meant.
    return Verdict(_BY_STATUS.get(status_in(words) or 0, best.symptom_class), best.mechanism)


def _at_stage(answer: Verdict, stage: Stage, words: str, text: str) -> Verdict:
    """What an answer means at the stage that the pull had come to.

    Once the manifest is there and layers are on their way, the registry's own refusal, 429 and
    5xx keep their class; everything else is the host that keeps the layers. Unpacking is local:
    only a text that says the bytes ended is a download.
    """
    kind = answer.symptom_class
    if stage is Stage.LAYER and kind in ("other", "timeout-network", "image-not-found", "forbidden-403"):
        if kind == "forbidden-403" and _refused_by_registry(answer, words, text):
            return answer
        if (answer.mechanism or "").startswith("proxy"):
            return Verdict("blob-download", answer.mechanism)
        return Verdict("blob-download", "storage-refused" if kind == "forbidden-403" else "storage-unreachable")
    if stage is Stage.TOKEN and kind == "image-not-found":
        return UNDECIDED  # what is absent is the token service
    if stage is Stage.UNPACK:
        return Verdict("blob-download", "content") if kind == "timeout-network" else Verdict("other", "local-storage")
    if stage is Stage.START:
        return UNDECIDED
    return answer


def _refused_by_registry(answer: Verdict, words: str, text: str) -> bool:
    """Tell the registry's refusal of a layer from that of the storage that it redirects to.

    containerd quotes only errors in the registry's JSON; storage answers in XML. Since 2.1.6 it names the address that
    answered in the end (``unexpected status from GET request to ...``), before that the first one.
    """
    if answer.mechanism == "client-ip" or "server message:" in words:
        return True
    requested = urls(text)
    return "unexpected status from get request" in words and bool(requested) and requested[-1][1].startswith("/v2/")
