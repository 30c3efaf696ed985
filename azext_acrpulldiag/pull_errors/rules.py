"""The table from what a component says to a class of failure.

Two kinds of rules. A *mechanism* (a full disk, a failed name lookup, a missing platform) is
what it is wherever it stands in the chain, so the first rule that holds decides. An *answer*
(refused, absent, timed out) is often quoted by an outer error of another kind, so the one that
stands last in the chain decides: ``failed to authorize: ... dial tcp ...: i/o timeout`` is a
network failure. Who speaks comes before both (:mod:`.speakers`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    """Words that prove a class; ``mechanism`` tells apart what one class may have several of."""

    symptom_class: str
    pattern: re.Pattern[str]
    mechanism: str | None = None


def _rule(symptom_class: str, pattern: str, mechanism: str | None = None) -> Rule:
    return Rule(symptom_class, re.compile(pattern), mechanism)


MECHANISMS = (
    # Signatures. "certificate" is TLS, so the words stay with images and policies.
    _rule(
        "signature-verification",
        # the file of a runtime's policy on signatures (containers-policy.json)
        r"\binvalid policy in|"
        r"signature ?validation ?failed|image verification failed|no (?:valid|matching) signatures?|"
        r"failed verification|"
        r"signature (?:was required|not found|verification|does not match|for identity)|source image rejected|"
        r"rejected by policy|invalid gpg signature|no signatures? (?:found|exists?)|verif(?:y|"
        r"ying) (?:image )?signatures?",
    ),
    _rule(
        "admission-denied",
        r"denied (?:the )?request\b|violates podsecurity|image policy webhook .{0,80}denied|"
        r"denied by (?:the )?(?:admission|policy)",
    ),
    _rule("other", r"admission webhook", "admission"),
    _rule("other", r"dial unix|(?:containerd|crio|dockershim|cri-dockerd)\.sock", "runtime-down"),
    _rule("timeout-network", r"proxy authentication required|\b407\b", "proxy"),
    _rule("other", r"operation is disallowed on this registry", "locked"),
    _rule("kubelet-qps", r"pull qps|qps (?:limit )?exceeded"),
    _rule(
        "invalid-image-name",
        r"invalid reference format|invalidimagename|parse image (?:reference|name)|parsing image reference|"
        r"default image tag|repository name must|invalid repository name|64-byte hexadecimal|"
        r"could not parse reference|"
        r"failed to parse (?:image )?reference|invalid (?:checksum )?digest|unsupported digest algorithm|"
        r"short-name (?:resolution|<name>|\S{1,200} did not)|did not resolve to an alias|invalid image name|"
        r"not a valid (?:repository/tag|image)",
    ),
    _rule(
        "never-pull",
        r"errimageneverpull|pull ?policy of never|pull ?policy (?:is|set to) never|no such image\b",
    ),
    _rule(
        "disk-full",
        r"no space left|not enough (?:free )?(?:disk )?space|disk quota exceeded|disk (?:is )?full|"
        r"insufficient (?:disk|storage) space|"
        # kubelet deletes images when the disk is full, and found none to delete.
        r"garbage collect required amount of images|freediskspacefailed|imagegcfailed|"
        r"failed to reserve .{0,40}space",
    ),
    _rule(
        "platform-mismatch",
        r"no match(?:ing)? (?:for )?(?:platform|manifest for|image for platform)|exec format error|"
        r"operating system .{0,80}(?:does not match|cannot be used)|"
        r"no image found in (?:manifest list|image index) for|incompatible with .{0,60}\b(?:host|platform|"
        r"architecture)|"
        r"does not match the (?:detected )?host|no child with platform|not supported on this platform|"
        r"no suitable (?:child )?manifest|image platform .{0,80}does not match|platform .{0,60}is not supported",
    ),
    _rule(
        "unsupported-manifest",
        r"schema ?(?:version )?v?1\b|schema1|unsupported (?:manifest|media ?type|schema)|unknown (?:media ?)?type|"
        r"unsupported image-specific|manifest\.v1\+|media ?type in manifest|unexpected media ?type|manifest invalid|"
        r"unknown manifest|mismatched image rootfs|invalid rootfs in image|not a container image|"
        r"unsupported content type|media ?type .{0,60}(?:no longer|not) supported",
    ),
    _rule(
        "registry-throttled",
        r"toomanyrequests|too many requests|rate ?limit(?:ed|ing| exceeded)?\b|pull limit|rate exceeded|"
        r"quota exceeded|"
        r"(?:http|status|status ?code|response code|code)(?: ?[:=] ?| )[\"']?429\b|\b429 ",
    ),
    _rule("tls-trust", r"certificate is valid for|doesn't contain any ip sans|not valid for any names", "name"),
    _rule("tls-trust", r"certificate has expired|is not yet valid", "expired"),
    _rule(
        "tls-trust",
        r"http response to https client|does not look like a tls handshake|malformed http response",
        "plain-http",
    ),
    _rule(
        "tls-trust",
        r"x509|unknown (?:certificate )?authority|verify certificate|certificate (?:verify|signed|required|"
        r"unknown|relies)|"
        r"\btls: (?!handshake timeout|bad record mac)|self[- ]signed certificate|remote error: tls|"
        r"ssl(?:v3)? (?:alert|routines|certificate problem)|"
        r"local issuer certificate",
    ),
    _rule(
        "dns-failure",
        r"no such host|\blookup [\w.<>\[-]{1,253}[:,\s]|server misbehaving|name resolution|"
        r"could ?n.t resolve host|could not resolve|"
        r"name or service not known|nodename nor servname|getaddrinfo|no address associated|nxdomain|"
        r"[\d\]]:53(?:: |->|\b.{0,20}(?:refused|timeout|unreachable))",
    ),
    _rule(
        "aad-token",
        r"application not registered|invalid client ?id or client secret|aadsts7000\d{2}|aadsts700016",
        "application",
    ),
    _rule(
        "aad-token",
        r"aadsts\d|\badal: |"
        r"\"error\" ?: ?\"(?:invalid_(?:request|client|grant|resource|scope|tenant)|unauthorized_client)\"|"
        r"managedidentitycredential|defaultazurecredential|invalid_client|bearerauthorizer|"
        r"(?:arm|aad|entra|managed identity|service principal) (?:access )?token|sign in to aad|"
        r"expired client secret|"
        r"acquir(?:e|ing) (?:a |an )?(?:aad |arm |azure )?(?:access )?token|client ?secret.{0,60}(?:expired|invalid)",
    ),
    _rule(
        "credential-provider",
        r"retrieve (?:some )?(?:image )?pull secrets?|image pull secrets?\b|imagepullsecret|"
        r"parse auth field|illegal base64 data at input byte",
        "pull-secret",
    ),
    _rule(
        "credential-provider",
        r"credential ?provider|cri auth plugin|external registry credential|present in auth config|docker-credential-|"
        r"(?:parse|decode|unmarshal|read|get)\w* (?:the )?(?:auth ?config|docker ?config|dockerconfigjson)|"
        r"error getting credentials",
        "plugin",
    ),
    # The bytes of a layer or config arrived damaged, or are gone.
    _rule(
        "blob-download",
        r"unknown blob|blob[ _]unknown|"
        r"unexpected commit digest|failed commit on ref|content digest|failed size validation|"
        r"layer verification failed|"
        r"(?:digest|checksum|hash) (?:mismatch|did not match|does not match|verification failed)|"
        r"untar re-exec error|gzip: invalid|"
        r"invalid tar header|unpigz|zstd: |content descriptor|flate: corrupt|unexpected digest|"
        r"did not match its expected digest",
        "content",
    ),
    _rule("blob-download", r"authorizationfailure|not authorized to perform this operation", "storage-authorization"),
    # Local state of the runtime: neither the registry nor the way to it.
    _rule(
        "other",
        r"parent snapshot|failed to stat parent|locking ref|\block(?:ed)?: unavailable|snapshotter not loaded|"
        r"failed to (?:create|prepare|mount|lease)\b.{0,60}(?:snapshot|tmpmount|lease)|processbaselayer|"
        r"input/output error|"
        r"hcsshim::|failed to inspect image|read-only file system|operation not permitted|error creating overlay mount",
        "local-storage",
    ),
)

ANSWERS = (
    _rule("forbidden-403", r"client with ip|is not allowed access", "client-ip"),
    _rule("forbidden-403", r"\bforbidden\b|\bdenied\b|\b403\b"),
    _rule(
        "unauthorized-401",
        r"pull access denied.{0,200}|unauthori[sz]ed: .{0,80}denied|access to the resource is denied|"
        r"denied: (?:the security token|"
        r"unauthenticated|.{0,20}authentication)|"
        r"authori[sz]ation token has expired",
    ),
    _rule(
        "unauthorized-401",
        r"\bunauthori[sz]ed\b|\bunauthenticated\b|authentication (?:is )?required|no basic auth credentials|"
        r"insufficient_scope|may require (?:authorization|.docker login)|"
        r"authorization failed|(?:invalid|incorrect) username|not authorized|\b401\b|bad credentials|"
        r"authentication failed",
    ),
    _rule(
        "image-not-found",
        r"manifest[ _]unknown|name[ _]unknown|manifest for .{1,300} not found|(?<!desc )not found\b|\b404\b|"
        r"notfound:|"
        r"not known to registry|tag (?:\S{1,200} )?(?:does not exist|was deleted or has expired)|"
        r"no such manifest|does not exist in the registry",
    ),
    _rule(
        "server-error",
        r"internal server error|bad gateway|service (?:temporarily )?unavailable|gateway time-?out|"
        r"\b50[0234]\b(?! server error for)|"
        r"failed dependency|\b424\b|unexpected http status|registry is unavailable|registryunavailable|"
        r"services aren.t available|"
        r"server error\b(?! for)",
    ),
    _rule("timeout-network", r"connection (?:was )?(?:reset|aborted)|forcibly closed", "reset"),
    _rule(
        "timeout-network",
        r"i/o timeout|handshake timeout|bad record mac|"
        r"connection (?:was )?(?:refused|reset|closed|timed out|aborted|lost)|"
        r"no route to host|"
        r"network is (?:unreachable|down)|host is (?:down|unreachable)|deadline ?exceeded|code = 4\b|"
        r"context cancell?ed|"
        r"code = canceled|request cancell?ed|client\.timeout|\beof\b|connectex|wsarecv|wsasend|"
        r"forcibly closed|failed to respond|"
        r"(?:operation|request|connection|pull) timed out|broken pipe|use of closed network|proxyconnect|"
        r"stream error|"
        r"connect: \w+|dial tcp|(?:read|write) tcp|\btimed? ?out\b|unreachable|no progress|goaway|server closed",
    ),
)
