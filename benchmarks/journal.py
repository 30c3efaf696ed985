"""A journal of a node whose pods cannot pull: what kubelet, containerd and systemd write, in their proportions.

Most lines are of other things; those of pulls repeat what they say, with other ids and times.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

MEGABYTES = 50
_SEED = 11
_IMAGES = 40

Writer = Callable[[random.Random, str], str]


def write(path: Path, megabytes: int = MEGABYTES) -> int:
    """Write a journal of at least that size; returns the number of its lines."""
    left, count = megabytes * 1_000_000, 0
    with path.open("w", encoding="utf-8") as file:
        for line in _lines():
            file.write(line)
            left, count = left - len(line), count + 1
            if left <= 0:
                return count
    return count


def _lines() -> Iterator[str]:
    chance = random.Random(_SEED)
    second = 0
    while True:
        second += chance.randrange(2)
        clock = f"{second // 3600 % 24:02}:{second // 60 % 60:02}:{second % 60:02}"
        (writer,) = chance.choices(_WRITERS, _SHARES)
        yield f"Nov 22 {clock} aks-pool1-12345678-vmss000000 {writer(chance, clock)}\n"


def _kubelet(chance: random.Random, clock: str, severity: str, where: str) -> str:
    return f"kubelet[3021]: {severity}1122 {clock}.{chance.randrange(10**6):06}    3021 {where}] "


def _containerd(chance: random.Random, clock: str, level: str) -> str:
    return f'containerd[1822]: time="2026-11-22T{clock}.{chance.randrange(10**9):09}Z" level={level} '


def _hexadecimal(chance: random.Random, digits: int) -> str:
    return f"{chance.getrandbits(4 * digits):0{digits}x}"


def _uid(chance: random.Random) -> str:
    return "-".join(_hexadecimal(chance, digits) for digits in (8, 4, 4, 4, 12))


def _image(chance: random.Random) -> str:
    return f"contosoreg.azurecr.io/team/app{chance.randrange(_IMAGES)}:1.2"


def _volumes(chance: random.Random, clock: str) -> str:
    uid = _uid(chance)
    said = f'"Cleaned up orphaned pod volumes dir" podUID="{uid}" path="/var/lib/kubelet/pods/{uid}/volumes"'
    return _kubelet(chance, clock, "I", "kubelet_volumes.go:163") + said


def _probe(chance: random.Random, clock: str) -> str:
    said = f'"Probe failed" probeType="Readiness" pod="web/api-{_hexadecimal(chance, 5)}" podUID="{_uid(chance)}"'
    return f'{_kubelet(chance, clock, "I", "prober.go:107")}{said} output="HTTP probe failed with statuscode: 503"'


def _lease(chance: random.Random, clock: str) -> str:
    said = '"Failed to update lease" err="Put \\"https://prod-dns-1a2b3c4d.hcp.westeurope.azmk8s.io:443/apis/x\\": '
    return f'{_kubelet(chance, clock, "E", "controller.go:195")}{said}dial tcp 20.50.1.2:443: i/o timeout"'


def _back_off(chance: random.Random, clock: str) -> str:
    said = f'failed to \\"StartContainer\\" for \\"app\\" with ImagePullBackOff: \\"Back-off pulling {_image(chance)}'
    pod = f'pod="web/web-{_hexadecimal(chance, 5)}" podUID="{_uid(chance)}"'
    return f'{_kubelet(chance, clock, "E", "pod_workers.go:1301")}"Error syncing pod, skipping" err="{said}\\"" {pod}'


def _refused(chance: random.Random, clock: str) -> str:
    image = _image(chance)
    said = (
        f'failed to pull and unpack image \\"{image}\\": failed to resolve reference \\"{image}\\": '
        "failed to authorize: failed to fetch anonymous token: unexpected status from GET request to https://contosoreg.azurecr.io/oauth2/"
        "token?scope=repository%3Ateam%2Fapp%3Apull&service=contosoreg.azurecr.io: 401 Unauthorized"
    )
    head = _kubelet(chance, clock, "E", "kuberuntime_image.go:55")
    return f'{head}"Failed to pull image" err="{said}" image="{image}"'


def _started(chance: random.Random, clock: str) -> str:
    said = f'msg="StartContainer for \\"{_hexadecimal(chance, 64)}\\" returns successfully"'
    return _containerd(chance, clock, "info") + said


def _pulled(chance: random.Random, clock: str) -> str:
    said = f'msg="PullImage \\"{_image(chance)}\\" returns image reference \\"sha256:{_hexadecimal(chance, 64)}\\""'
    return _containerd(chance, clock, "info") + said


def _stopped(chance: random.Random, clock: str) -> str:
    said = f'msg="stop pulling image {_image(chance)}: active requests=0, bytes read={chance.randrange(10**8)}"'
    return _containerd(chance, clock, "info") + said


def _mount(chance: random.Random, _: str) -> str:
    return f"systemd[1]: run-containerd-{_hexadecimal(chance, 64)}-rootfs.mount: Deactivated successfully."


_WRITERS: tuple[Writer, ...] = (_volumes, _probe, _lease, _back_off, _refused, _started, _pulled, _stopped, _mount)
_SHARES = (20, 10, 8, 8, 3, 15, 6, 6, 20)
