"""All that the extension keeps or says of a message that a pod reports."""

from __future__ import annotations

import json

from azext_acrpulldiag.collect.kubernetes.workloads import failing_from
from azext_acrpulldiag.facts import FailingContainer
from azext_acrpulldiag.pull_errors.explain import explain
from azext_acrpulldiag.pull_errors.symptoms import symptoms_of
from tests.build import failing_pods_facts
from tests.scenarios.pulls import IMAGE


def told(message: str) -> str:
    """The facts and symptoms of a pod with this status, of one with this event, and the explanation of the message."""
    waiting = {"reason": "ImagePullBackOff"}
    of_status = _failing({**waiting, "message": message}, [])
    of_event = _failing(waiting, [{"reason": "Failed", "message": message, "involvedObject": _POD | {"fieldPath": ""}}])
    assert of_status.message and of_event.message
    symptoms = symptoms_of(failing_pods_facts((of_status, of_event)))
    return json.dumps([repr(of_status), repr(of_event), repr(symptoms), explain([message])])


_POD = {"namespace": "shop", "name": "web-1"}


def _failing(waiting: dict[str, str], events: list[dict[str, object]]) -> FailingContainer:
    container = {"name": "web", "image": IMAGE}
    pod = {
        "metadata": _POD,
        "spec": {"containers": [container]},
        "status": {"containerStatuses": [container | {"state": {"waiting": waiting}}]},
    }
    (found,) = failing_from([pod], events)
    return found
