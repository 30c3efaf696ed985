"""Ctrl-C at every moment of a run, from its first request on."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.azure.az import Az, is_another
from tests.azure.state import Cloud
from tests.collect.in_az import processes_of

from .running import CLUSTER

RUN = (*CLUSTER, "--acr", "contosoreg", "--image", "contosoreg.azurecr.io/shop/web:1.2")
# As many as a run sends before it waits for nothing but the registry; what does not come any more is not waited for.
# On another az, where its own signal handling is all that may differ, some of them.
REQUESTS = (1, 8, 16, 24) if is_another() else range(1, 25)
QUIET_SECONDS = 3.0
# It takes a fraction of one on an idle machine.
MOST_SECONDS = 5.0


@pytest.fixture
def hanging(az: Az, cloud: Cloud) -> Az:
    """A healthy pair whose registry accepts connections and never answers."""
    cloud.grant()
    cloud.fault(r"contosoreg\.azurecr\.io", "timeout")
    return az.logged_in()


def started(az: Az, *arguments: str) -> subprocess.Popen[str]:
    temporary = az.folder / "tmp"
    temporary.mkdir(exist_ok=True)
    return az.start(*RUN, *arguments, env={"TMPDIR": str(temporary)}, cwd=az.folder)


def wait_until(what: Callable[[], bool], seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.01)


def wait_for_requests(cloud: Cloud, count: int) -> None:
    """Wait for so many requests, or until no further ones come."""
    last = [time.monotonic(), 0.0]

    def come() -> bool:
        if len(cloud.log) != last[1]:
            last[:] = [time.monotonic(), len(cloud.log)]
        quiet = bool(len(cloud.log)) and time.monotonic() - last[0] > QUIET_SECONDS
        return len(cloud.log) >= count or quiet

    wait_until(come)


def assert_ended(
    process: subprocess.Popen[str],
    az: Az,
    since: float,
    record: Callable[[str, object], None],
    codes: tuple[int, ...] = (1,),
) -> None:
    out, err = process.communicate(timeout=30)
    seconds = time.monotonic() - since
    record("seconds", round(seconds, 2))
    assert process.returncode in codes
    assert out == ""
    assert "Traceback" not in err and "Exception" not in err, err
    assert seconds < MOST_SECONDS
    wait_until(lambda: not list(processes_of(az)), 2)
    assert list((az.folder / "tmp").rglob("*")) == []


@pytest.mark.parametrize("count", REQUESTS)
def test_ctrl_c_after_each_request(
    hanging: Az, cloud: Cloud, count: int, record_property: Callable[[str, object], None]
) -> None:
    process = started(hanging)
    wait_for_requests(cloud, count)
    since = time.monotonic()
    process.send_signal(signal.SIGINT)
    assert_ended(process, hanging, since, record_property)


@pytest.mark.parametrize("count", [1, 8, 24])
@pytest.mark.parametrize("pause", [0.0, 0.02, 0.1])
def test_a_second_ctrl_c(
    hanging: Az, cloud: Cloud, count: int, pause: float, record_property: Callable[[str, object], None]
) -> None:
    process = started(hanging)
    wait_for_requests(cloud, count)
    since = time.monotonic()
    for _ in range(2):
        process.send_signal(signal.SIGINT)
        time.sleep(pause)
    # While the interpreter takes itself down no handler of Python's runs any more.
    assert_ended(process, hanging, since, record_property, (1, -signal.SIGINT))


def test_a_silent_host_does_not_keep_the_prompt(hanging: Az, cloud: Cloud) -> None:
    """The report is there at the deadline, and the process is gone a moment later."""
    process = started(hanging, "--timeout", "4")
    assert process.stdout is not None
    out = os.read(process.stdout.fileno(), 1)
    since = time.monotonic()
    rest, err = process.communicate(timeout=30)
    assert (out + rest.encode()).startswith(b"{")
    assert process.returncode == 5 or process.returncode == 0, err
    assert time.monotonic() - since < MOST_SECONDS
    wait_until(lambda: not list(processes_of(hanging)), 2)


def test_a_reader_that_has_gone_is_no_failure(az: Az, cloud: Cloud, tmp_path: Path) -> None:
    cloud.grant()
    process = az.logged_in().start(*RUN, "--only-show-errors", cwd=az.folder)
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == ""
    assert process.wait(30) in (0, 4, 5)
