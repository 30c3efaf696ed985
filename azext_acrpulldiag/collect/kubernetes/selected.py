"""What is asked of the API server whatever it answers, by field selectors: of all pods and events those that tell."""

from __future__ import annotations

from collections.abc import Iterator

from .questions import Question

# One list for what is written of failures, whoever writes it. Warnings that are many and of other things are left out.
WARNINGS = "type=Warning," + ",".join(
    f"reason!={reason}"
    for reason in (
        *("BackOff", "Unhealthy", "FailedScheduling", "FailedMount", "FailedAttachVolume"),
        *("FailedToRetrieveImagePullSecret", "FailedGetResourceMetric", "FailedComputeMetricsReplicas", "NodeNotReady"),
        *("DNSConfigForming", "FailedToUpdateEndpoint", "FailedToUpdateEndpointSlices", "Evicted", "PolicyViolation"),
    )
)
BACKED_OFF = "involvedObject.kind=Pod,reason=BackOff"
PULLS = "involvedObject.kind=Pod,reason=Pulled"
PENDING = "status.phase=Pending"


def asked_at_once(namespace: str | None, pod: str | None) -> Iterator[Question]:
    """What a run asks first, of a namespace or of one pod in it; what decides most comes first."""
    if pod is not None:
        yield Question("pods", namespace, pod)
    else:
        if namespace is not None:
            yield Question("namespaces", name=namespace)
        yield Question("pods", namespace, selector=PENDING)
    yield Question("events", namespace, selector=of_pod(WARNINGS, pod))
    yield Question("events", namespace, selector=of_pod(BACKED_OFF, pod))
    yield Question("nodes")
    yield Question("serviceaccounts", namespace)
    yield Question("events", namespace, selector=of_pod(PULLS, pod))


def of_pod(selector: str, pod: str | None) -> str:
    """The selector of events, for those about one pod where one is named."""
    return f"{selector},involvedObject.name={pod}" if pod else selector
