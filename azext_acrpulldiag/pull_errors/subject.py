"""Recognise texts that report no cause, or no failed pull at all. Works on words of :func:`.parse.bare`."""

from __future__ import annotations

import re

from .names import requests

_BACKOFF = re.compile(
    r"errimagepull|imagepullbackoff|imagepullfailure|back-?off pulling|failing to pull image|"
    # az aks check-acr gives the reason in a line of its own
    r"image pull (?:errors?|failure|permission)|"
    r"failed to pull image|image can.?t be pulled"
)
_NO_CAUSE = re.compile(
    r"[\s\"'.\[\]()-]*(?:error|warning|failed|(?:warning|normal) .{0,120}|"
    r"error from server(?: \(\w{1,20}\))?|container .{0,300}(?:waiting to start|terminated).{0,100}|"
    r"error syncing pod.{0,400}|"
    r"spec\.\w{1,20}\{.{0,80}\}|<name>|<url>|\d{0,6})?[\s\"'.\[\]()-]*"
)


def is_backoff_only(words: str) -> bool:
    """Tell whether the text only says that a pull failed: every clause is a wrapper."""
    clauses = words.replace("please check <url>", "").split(": ")
    said = [clause for clause in clauses if not _BACKOFF.search(clause)]
    return len(said) < len(clauses) and all(_NO_CAUSE.fullmatch(clause) for clause in said)


# What is about pulling or about letting a pod's image in: then all else in the text is around it.
_PULL = re.compile(
    r"failed to pull(?! secret| the secret)|errimage|imagepull|pullimage|pull and unpack|failed pulling|"
    r"pulling image failed|error pulling|failed to resolve|sandbox image|image pull|pull image|pull access|"
    r"failed to (?:copy|do request|authorize|fetch (?:anonymous|oauth))|httpread|"
    r"(?:retriev\w{1,5}|no|parse|invalid) (?:some )?(?:image )?pull secrets?|manifest (?:unknown|for)|"
    r"exec format error|operating system|back-off pulling|credential ?provider|cri auth plugin|docker-credential|"
    r"getting credentials - err|auth config|imageregistrycredentials|inaccessibleimage|"
    r"denied (?:the )?request\b|violates podsecurity|garbage collect required amount of images"
)
_OF_A_REGISTRY = re.compile(
    r"^/v2/|^/oauth2/(?:token|exchange)|scope=repository|/docker/registry/v2/|/metadata/identity"
)
# A registry's root, its API, its tokens and where layers are; and who gives tokens.
_MAY_BE_OF_A_PULL = re.compile(r"^/?[.:,;)\]]*$|^/v[12]\b|token|oauth2|/blobs/|/manifests/|/layers/|docker/registry")
_OF_TOKENS = ("login.", "management.azure.", "169.254.169.254", "sts.")
_GOOD_NEWS = re.compile(
    r"success\w* pulled|already present on machine|image is up to date|"
    r"^(?:spec\.\w{1,20}\{.{0,80}\}: )?pulling image\b[^:]*$|"
    r"(?:created|started|killing|stopping) container|successfully assigned|"
    # what a runtime logs of its work
    r"^(?:time=\S{1,60} )?level=(?:trace|debug|info)\b(?!.*\blevel=[wefp])"
)
# What a cluster reports besides pulls, by the thing that it is about.
_OTHER_SUBJECTS = {
    "probe": r"\b(?:liveness|readiness|startup) (?:probe|gate)|probe (?:failed|errored)",
    "volume": r"\bvolumes?\b|mount(?:volume|device)|\bpvcs?\b|persistent ?volume|storage ?class|failed(?:mount|attach)|"
    r"\bkey ?vault\b|secrets?[- ]store|\bfrom vault\b|kubernetes\.io/azure-",
    "scheduling": r"nodes are available|failedscheduling|\btaints?\b|untolerated|preempt|insufficient (?:cpu|memory|"
    r"ephemeral)|node affinity|exceeded quota",
    "eviction": r"low on resource|\bevict\w{0,4}\b|oom-?kill|out of memory|(?:disk|memory|pid)pressure",
    "container": r"crashloopbackoff|back-off (?:\S{1,12} )?restarting|containerd task|oci runtime|runc create|"
    r"executable file not found in \$path|runasnonroot|lifecycle hook|posthook|poststart|prestop|podsandbox\b|"
    r"container not found|find container|container status|"
    r"generate (?:container|spec)|no running task|kill\w{0,3} pod|killpod|pod sandbox|"
    r"(?:starting|exec(?:uting)? (?:command )?in) container",
    "network of pods": r"\bcni\b|networkplugin|(?:network|plugin) .{0,40}sandbox|sandbox .{0,60}network|plugin type=|"
    r"nameserver limits|load ?balancer|\bingress\b",
    "configuration": r"configmaps?\b|couldn't find key|^error: secret\b|\bsecrets? \"[^\"]{1,253}\" not found|"
    r"service ?accounts? ?[\"\w/-]{0,80} not found|looking up service account",
    "control plane": r"resource ?lock|leader ?elect|\betcd|unable to connect to the server|logged in to the server|"
    r"is forbidden: user|stopped posting|\bpleg\b|list(?:containers|podsandbox)|runtime service failed|"
    r"(?:update|acquire|renew) lease|failed to (?:list|watch) \*|node .{0,80}not ?ready|node status|getting node\b|"
    r"unable to upgrade connection|error dialing backend|failed calling webhook|is the docker daemon running|"
    r"cannot connect to the docker daemon|(?:container)?gcfailed|garbage collect|freed? .{0,40}bytes",
    "controllers": r"horizontalpodautoscaler|metrics api|get metrics|scaled (?:up|down)|backoff limit|"
    r"(?:created|deleted|deleting) pod\b|timed out waiting for the condition|progress deadline|"
    r"node ?groups?\b|autoscaler|\berror creating: |\bpods? \"[^\"]{1,253}\" is forbidden|client-side throttling",
    "machines": r"image filesystem|allocate failed|healthy devices|(?:rotate|kubelet client) certificate|"
    r"\bvhd\b|vmextension|custom ?script|\bvmss ?cse\b",
    "a client's login": r"device ?code",
    "packages": r"\b(?:err|ign|hit|get):\d{1,5}\s{1,4}<url>",
}
_OTHER_SUBJECT = re.compile("|".join(_OTHER_SUBJECTS.values()))
_MAY_BE_A_PULL = re.compile(
    r"image|manifest|layer|sha256|registr|repositor|\bblobs?\b|digest|docker|containerd|snapshot|\btags?\b|auth|login|"
    r"credential|token|certificate|hcsshim|oci\b|<name>|<url>|pull|disallowed"
)


def is_no_pull(text: str, words: str) -> bool:
    """Tell whether the text speaks of something else than a failed pull, or of a good one.

    A text about a volume, a probe or a node may be full of a pull's words (401, x509, i/o timeout): what it is about
    decides. Where something of a pull stands inside (an image volume, the image of a sandbox), it is about that.
    """
    if _GOOD_NEWS.search(words) and not re.search(r"fail|error|back-off", words):
        return True
    requested = requests(text)
    if _PULL.search(words) or any(_OF_A_REGISTRY.search(path) for _, path in requested):
        return False
    foreign = requested and not any(map(_may_be_of_a_pull, *zip(*requested, strict=True)))
    return bool(foreign or _OTHER_SUBJECT.search(words))


def _may_be_of_a_pull(host: str, path: str) -> bool:
    return bool(_MAY_BE_OF_A_PULL.search(path)) or host.startswith(_OF_TOKENS) or ".blob.core." in host


def may_be_a_pull(words: str) -> bool:
    """Tell whether a text without any known cause speaks of an image, a registry or a credential, or says nothing."""
    return not words.strip() or bool(_MAY_BE_A_PULL.search(words))
