"""What a pull error means that is of the node: its streaming mirror, its storage, or how long it waits."""

from __future__ import annotations

import re

from .. import PullError
from .general import NO_ROLE, Explanation

_CANCELED = re.compile(
    r"context cancell?ed|context deadline exceeded|code = (?:canceled|deadlineexceeded)", re.IGNORECASE
)
# Of the registry's 404 (``Fetch`` in core/remotes/docker/fetcher.go of https://github.com/containerd/containerd).
_NOT_THERE = re.compile(
    r"could not fetch content descriptor [^\n]{1,300} from remote: not found|blob[ _]unknown|unknown blob",
    re.IGNORECASE,
)
_ASKED = re.compile(r"https?://|dial (?:tcp|udp|unix)|lookup ", re.IGNORECASE)


def ended_early(error: PullError) -> bool:
    """Tell whether the pull was given up, and no request, address or name is said to have failed.

    containerd and kubelet end a pull that makes no progress, or takes longer than they wait, so
    (``image_pull_progress_timeout`` in docs/cri/config.md of https://github.com/containerd/containerd;
    https://github.com/Azure/AKS/issues/245).
    """
    text = error.causes[0].text
    given_up = error.symptom_class in ("timeout-network", "blob-download") and _CANCELED.search(text) is not None
    return given_up and error.address is None and _ASKED.search(text) is None


def _of_streaming(error: PullError) -> bool:
    return error.mechanism == "artifact-streaming"


ENDED_EARLY = (
    ended_early,
    Explanation(
        "The pull was given up before it ended. The message names no request and no address, so it tells of no fault "
        "on the path: a transfer that takes longer than the node waits ends so, as with large layers, a slow disk or "
        "little bandwidth.",
        ("symptom.unexplained", "network.firewall-blocks-registry", "network.proxy-or-tls"),
        "How long the node waited, by its log; its VM size and OS disk, compared with the size of the image's layers.",
        "more",
    ),
)
STREAMING_MIRROR_FAILED = (
    lambda error: _of_streaming(error) and error.status == 503,
    Explanation(
        "The artifact streaming mirror on the node (localhost:8578) answered 503: it could not reach the registry, or "
        "not sign in to it. What the registry answered to the mirror, the message does not say.",
        (*NO_ROLE, "network.outbound-ip-not-allowed", "nodes.kubelet-identity-unassigned", "nodes.artifact-streaming"),
        "The role assignments of the kubelet identity and the path to the registry, as for any pull; then the mirror's "
        "log on the node (journalctl -u acr-mirror).",
        "1",
    ),
)
STREAMING_MIRROR_SILENT = (
    _of_streaming,
    Explanation(
        "The artifact streaming mirror on the node (localhost:8578) did not answer; the registry was not reached.",
        ("nodes.artifact-streaming",),
        "Whether artifact streaming is enabled for the node pool, and the mirror's log on the node (journalctl -u "
        "acr-mirror).",
        "more",
    ),
)
LOCAL_STORAGE = (
    lambda error: error.mechanism == "local-storage",
    Explanation(
        "The image was downloaded, but the container runtime could not unpack or store it. Where other nodes can, the "
        "fault is in this node's storage; where none can, it is in the image or in what all these nodes have in "
        "common.",
        ("symptom.unexplained",),
        "Whether another node can pull the same image.",
        "more",
        asks_other_nodes=True,
    ),
)
LAYER_NOT_THERE = (
    lambda error: error.mechanism == "content" and _NOT_THERE.search(error.causes[0].text) is not None,
    Explanation(
        "The manifest was pulled, and the registry answers that a layer or the configuration that it names is not "
        "there: the image is incomplete in the registry, or in the geo-replica that answered. Pushed or imported "
        "again, it is whole.",
        ("registry.replica-unhealthy", "symptom.unexplained"),
        "Whether the digest in the message is there: az acr manifest show lists what the image consists of, and docker "
        "pull from elsewhere fails alike where it is gone.",
    ),
)
DAMAGED = (
    lambda error: error.mechanism == "content",
    Explanation(
        "What was downloaded is incomplete or damaged, or the node lost its copy. Where other nodes can pull the "
        "image, the fault is in this node's image store; where none can, it is in what the registry or a proxy serves.",
        ("network.proxy-or-tls", "symptom.unexplained"),
        "Whether another node can pull the same image.",
        asks_other_nodes=True,
    ),
)
