"""Delete what a probe made, always; and what earlier ones left behind, once their own deadline has passed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from functools import partial

from ..collect.ask.arm import Json, by_key
from ..collect.ask.errors import ReadError
from ..collect.kubernetes.objects import key_of, text_at, time_of
from ..collect.members import member
from ..facts import Unreadable
from ..facts.probe import POD_PREFIX, LeftPod
from . import pending
from .api import ProbeApi
from .pod import LABEL, Pods

SECONDS = 10.0
INTERRUPTED_SECONDS = 5.0
_LOOK_SECONDS = 0.3

Connect = Callable[[float], AbstractContextManager[ProbeApi]]
"""Gives the way to the API server for so many seconds."""


@contextmanager
def deleted_at_end(
    connect: Connect, pods: Pods, names: Iterable[str], making: Callable[[], bool]
) -> Iterator[list[LeftPod]]:
    """Within: pods may be made; afterwards there are none, however it ended.

    Gives a list, which at the end has those that could not be deleted. ``making``: whether a request that makes one is
    still under way; after an interrupt such a one is waited for, so that what it makes is deleted too.
    """
    left: list[LeftPod] = []
    seconds = SECONDS
    pending.expect(pods.subject.namespace, pods.label)
    try:
        yield left
    except BaseException:
        seconds = INTERRUPTED_SECONDS
        raise
    finally:
        try:
            left += _deleted(connect, pods, names, making, seconds)
        except KeyboardInterrupt:  # while they were deleted
            left += _deleted(connect, pods, names, making, INTERRUPTED_SECONDS)
            raise


def _deleted(
    connect: Connect, pods: Pods, names: Iterable[str], making: Callable[[], bool], seconds: float
) -> tuple[LeftPod, ...]:
    with connect(seconds) as api:
        while making() and api.remaining() > seconds / 2:
            time.sleep(_LOOK_SECONDS / 10)
        left = delete_all(api, pods, names)
    if not left:
        pending.gone(pods.label)
    return left


def delete_all(api: ProbeApi, pods: Pods, names: Iterable[str]) -> tuple[LeftPod, ...]:
    """Delete the pods of one run by their names, and then by its label until none is left; returns those that are.

    By their names first: a pod may be there whose creation was never answered, and that no list shows yet.
    """
    namespace = pods.subject.namespace
    answers = by_key({name: partial(api.delete, namespace, name) for name in names})
    left = {name for name, answer in answers.items() if isinstance(answer, Unreadable)}
    while api.remaining() > 0:
        try:
            listed, _ = api.labelled(pods.label, namespace)
        except ReadError:
            if not left:
                break  # each deletion was confirmed
        else:
            left = {key_of(each)[1] for each in listed}
            if not left:
                break
        by_key({name: partial(api.delete, namespace, name) for name in sorted(left)})
        time.sleep(min(_LOOK_SECONDS, api.remaining()))
    return tuple(LeftPod(namespace, name) for name in sorted(left))


def swept(api: ProbeApi, namespace: str) -> tuple[LeftPod, ...]:
    """Delete pods of earlier runs whose own deadline has passed; returns those that could not be deleted.

    Of all namespaces, or where these may not be listed, of the one. A pod whose deadline has not passed is a running
    probe's, of whomever.
    """
    found: list[Json] = []
    for where in (None, namespace):
        try:
            found, _ = api.labelled(LABEL, where)
            break
        except ReadError:
            continue
    over = {key_of(each): each for each in found if _is_over(each, api)}
    answers = by_key({key: partial(api.delete, *key) for key in over})
    return tuple(LeftPod(*key) for key, answer in answers.items() if isinstance(answer, Unreadable))


def _is_over(pod: Json, api: ProbeApi) -> bool:
    made, seconds = time_of(member(pod, "metadata", "creationTimestamp")), member(pod, "spec", "activeDeadlineSeconds")
    if made is None or not isinstance(seconds, int) or not text_at(pod, "metadata", "name").startswith(POD_PREFIX):
        return False
    return made + timedelta(seconds=seconds) < api.clock
