"""Debian's containerds, private to the tests: they pull through their CRI as kubelet does and give true error texts.

Root, state, socket, configuration and mounts are their own, so that the machine's containerd is never met. Beside the
one that is installed there are those of other suites, which ``scripts.containerds`` unpacks into the build's folder.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts import containerds

INSTALLED = "installed"
RUNTIMES = (INSTALLED, *containerds.SUITES)
START_SECONDS = 30.0
PULL_SECONDS = 60.0
# Only what an image pull needs: no tasks, no cgroups, no snapshotters but the one that copies.
_WITHOUT = (
    *("grpc.v1.events", "grpc.v1.healthcheck", "internal.v1.opt", "internal.v1.restart", "internal.v1.tracing"),
    *(f"snapshotter.v1.{name}" for name in ("aufs", "btrfs", "devmapper", "overlayfs", "zfs")),
    *("monitor.v1.cgroups", "tracing.processor.v1.otlp"),
)
_CONFIGURATION = """\
version = 2
root = "{folder}/root"
state = "{folder}/state"
disabled_plugins = [{without}]

[grpc]
  address = "{folder}/containerd.sock"

[plugins."io.containerd.grpc.v1.cri"]
  disable_apparmor = true
  disable_cgroup = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{folder}/cni/bin"
    conf_dir = "{folder}/cni/net.d"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "native"

# The same for 2.x; older ones do not read it.
[plugins."io.containerd.cri.v1.images"]
  snapshotter = "native"

[[plugins."io.containerd.transfer.v1.local".unpack_config]]
  platform = "linux"
  snapshotter = "native"

# Its socket has one place for all.
[plugins."io.containerd.nri.v1.nri"]
  disable = true
"""


class UnavailableError(Exception):
    """Why containerd cannot be used here."""


@dataclass
class PullError(Exception):
    """The status of a refused ``PullImage``; its text is what the Go client that kubelet uses prints."""

    code: str
    desc: str

    def __str__(self) -> str:
        return f"rpc error: code = {self.code} desc = {self.desc}"


def events(image: str, *errors: PullError) -> dict[str, str]:
    """What kubelet writes of these errors, by the version since which it does.

    One error a credential that it tried, the last without any. Since 1.29 a status of code ``Unknown`` goes bare, and
    since 1.32 the back-off repeats the cause.
    """
    wrapped, bare = _told(errors, bare=False), _told(errors, bare=True)
    return {
        "1.6": f'Failed to pull image "{image}": {wrapped}',
        "1.29": f'Failed to pull image "{image}": {bare}',
        "1.32": f'Back-off pulling image "{image}": ErrImagePull: {bare}: ImagePullBackOff',
    }


def _told(errors: Sequence[PullError], bare: bool) -> str:
    texts = [error.desc if bare and error.code == "Unknown" else str(error) for error in errors]
    return texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"


class Containerd:
    """A running containerd."""

    def __init__(self, folder: Path, channel: Any) -> None:
        self._folder, self._channel = folder, channel

    def pull(self, image: str, user: str = "", password: str = "", seconds: float = PULL_SECONDS) -> str:
        """Pull with a credential, or without; the image's id, or :class:`PullError`."""
        auth = _field(2, _field(1, user.encode()) + _field(2, password.encode())) if user else b""
        request = _field(1, _field(1, image.encode())) + auth
        return _text(self._call("ImageService/PullImage", request, seconds), 1)

    def error(self, image: str, user: str = "", password: str = "", seconds: float = PULL_SECONDS) -> PullError:
        """The error of a pull that must fail."""
        try:
            reference = self.pull(image, user, password, seconds)
        except PullError as error:
            return error
        raise AssertionError(f"{image} was pulled: {reference}")

    def version(self) -> str:
        """containerd's own version, without the packager's suffix."""
        return re.split("[~+]", _text(self._call("RuntimeService/Version", b"", 10), 3))[0]

    def log(self) -> str:
        """What it has logged so far."""
        return (self._folder / "log").read_text(encoding="utf-8", errors="replace")

    def _call(self, method: str, request: bytes, seconds: float) -> bytes:
        import grpc

        try:
            return bytes(self._channel.unary_unary(f"/runtime.v1.{method}")(request, timeout=seconds))
        except grpc.RpcError as error:
            raise PullError(error.code().name.title().replace("_", ""), error.details() or "") from None


@contextmanager
def containerd(
    ca_pem: bytes | None,
    proxy: str | None,
    name_server: str = "127.0.0.1",
    lines: Sequence[str] = (),
    runtime: str = INSTALLED,
) -> Iterator[Containerd]:
    """Start the containerd of :data:`RUNTIMES`, with this proxy and trusting only this authority.

    Raises :class:`UnavailableError` where it cannot run.

    ``name_server`` is the only one that its own resolver asks, with further ``lines`` of resolv.conf.
    """
    program = _program(runtime)
    import grpc

    with tempfile.TemporaryDirectory(prefix="acrpulldiag-containerd-") as name:
        folder = Path(name)
        resolver = _prepared(folder, ca_pem, name_server, lines)
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "SSL_CERT_FILE": str(folder / "ca.pem"),
            "SSL_CERT_DIR": str(folder / "no-certificates"),
            "GODEBUG": "netdns=go",
            **({"HTTPS_PROXY": proxy} if proxy else {}),
        }
        # A mount namespace of its own: mounts end with it, and it has its own resolv.conf.
        script = 'mount --bind "$1" "$(realpath /etc/resolv.conf)" && exec "$2" --config "$3"'
        own_mounts = ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh"]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [*own_mounts, str(resolver), program, str(folder / "config.toml")],
                env=environment,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            with grpc.insecure_channel(f"unix://{folder}/containerd.sock") as channel:
                running = Containerd(folder, channel)
                _await(running, process)
                yield running
        finally:
            _stop(process)


def _program(runtime: str) -> str:
    program = shutil.which("containerd" if runtime == INSTALLED else containerds.program(runtime))
    if program is None and runtime == INSTALLED:
        raise UnavailableError("containerd is not installed (Debian's package containerd)")
    if program is None:
        raise UnavailableError(f"containerd of Debian's {runtime} was not fetched (make containerds)")
    if shutil.which("unshare") is None:
        raise UnavailableError("unshare is not installed (Debian's package util-linux)")
    if importlib.util.find_spec("grpc") is None:
        raise UnavailableError("grpcio is not installed for this Python")
    if os.geteuid() != 0:
        raise UnavailableError("containerd needs root")
    return program


def _prepared(folder: Path, ca_pem: bytes | None, name_server: str, lines: Sequence[str]) -> Path:
    """Write the configuration; the path of its own resolv.conf."""
    without = ", ".join(f'"io.containerd.{plugin}"' for plugin in _WITHOUT)
    (folder / "config.toml").write_text(_CONFIGURATION.format(folder=folder, without=without))
    (folder / "no-certificates").mkdir()
    (folder / "ca.pem").write_bytes(ca_pem or b"")
    resolver = folder / "resolv.conf"
    resolver.write_text("\n".join([f"nameserver {name_server}", *lines, ""]))
    return resolver


def _await(running: Containerd, process: subprocess.Popen[bytes]) -> None:
    """Wait until the image service answers."""
    end = time.monotonic() + START_SECONDS
    why: PullError | None = None
    while time.monotonic() < end and process.poll() is None:
        try:
            running._call("ImageService/ListImages", b"", 5)
            return
        except PullError as error:
            why = error
            if error.code == "Unimplemented":
                break  # the CRI plugin did not load
            time.sleep(0.05)
    complaints = [line for line in running.log().splitlines() if "level=info" not in line]
    raise UnavailableError(f"containerd does not start here: {why}; it says: {' | '.join(complaints[-3:])}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(timeout=10)
        return
    process.kill()
    process.wait()


# --- the few bytes of protocol buffers that the CRI's messages here consist of ---------


def _field(number: int, value: bytes) -> bytes:
    """A length-delimited field."""
    return _varint(number << 3 | 2) + _varint(len(value)) + value


def _varint(number: int) -> bytes:
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*encoded, number])


def _text(message: bytes, number: int) -> str:
    """A text field of a message whose fields are all texts."""
    rest = iter(message)
    while (key := next(rest, None)) is not None:
        length = shift = 0
        while (byte := next(rest)) & 0x80:
            length, shift = length | (byte & 0x7F) << shift, shift + 7
        value = bytes(next(rest) for _ in range(length | byte << shift))
        if key >> 3 == number:
            return value.decode()
    return ""
