"""All that the extension keeps of a message that a pod reports."""

from __future__ import annotations

from azext_acrpulldiag.collect.kubernetes.workloads import failing_from
from azext_acrpulldiag.facts import FailingContainer
from azext_acrpulldiag.pull_errors.symptoms import symptoms_of
from tests.build import failing_pods_facts
from tests.scenarios.pulls import IMAGE


def told(message: str) -> str:
    """The facts and symptoms of a pod with this status, and of one with this event."""
    waiting = {"reason": "ImagePullBackOff"}
    of_status = _failing({**waiting, "message": message}, [])
    of_event = _failing(waiting, [{"reason": "Failed", "message": message, "involvedObject": _WEB}])
    assert of_status.message and of_event.message
    symptoms = symptoms_of(failing_pods_facts((of_status, of_event)))
    return repr((of_status, of_event, symptoms))


_POD = {"namespace": "shop", "name": "web-1"}
_WEB = _POD | {"fieldPath": "spec.containers{web}"}


def _failing(waiting: dict[str, str], events: list[dict[str, object]]) -> FailingContainer:
    container = {"name": "web", "image": IMAGE}
    pod = {
        "metadata": _POD,
        "spec": {"containers": [container]},
        "status": {"containerStatuses": [container | {"state": {"waiting": waiting}}]},
    }
    (found,) = failing_from([pod], events)
    return found
