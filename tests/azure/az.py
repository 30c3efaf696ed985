"""Run the real ``az`` as a child process whose whole internet is the simulated cloud."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from .registry import hosts
from .server import serving
from .state import Cloud

PRELOAD = Path(__file__).parent / "preload"
NOT_INSTALLED = "acrpulldiag-no-such-command"
_ANOTHER = "ACRPULLDIAG_AZ_PYTHON"


@dataclass(frozen=True)
class Result:
    """What a run of ``az`` left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as JSON; fails with what ``az`` said when it is none."""
        try:
            return json.loads(self.out)
        except ValueError as error:
            raise AssertionError(f"exit {self.code}, no JSON on stdout:\n{self.out}\n{self.err}") from error


class Endpoint(Protocol):
    """Where a simulated cloud is served: a thread of this process, or a process of its own."""

    cloud: Cloud

    @property
    def proxy(self) -> str: ...

    @property
    def ca_pem(self) -> bytes: ...


class Az:
    """``az``, logged in as the cloud's caller, with a configuration folder of its own.

    The login happens before the first ``run``, so subscriptions are best added before it; after it, ``logged_in`` logs
    in anew. It trusts the simulated authority; where ``measured``, the public ones too, as an az of somebody's does: a
    file of them takes longer to parse than a request to answer.

    The interpreter is this one, or that of ``ACRPULLDIAG_AZ_PYTHON``. ``extensions`` is a folder as
    ``AZURE_EXTENSION_DIR`` takes it; ``dev_sources`` a folder that holds extension sources.
    """

    def __init__(
        self,
        server: Endpoint,
        folder: Path,
        extensions: Path | None = None,
        dev_sources: Path | None = None,
        measured: bool = False,
    ) -> None:
        self.server, self.folder = server, folder
        self.extensions = extensions or _folder(folder / "no-extensions")
        self.dev_sources = dev_sources
        self.config = folder / "azure"
        self._ready = False
        self.bundle = _bundle(server, folder / "ca.pem", measured)

    @property
    def cloud(self) -> Cloud:
        return self.server.cloud

    def run(
        self,
        *arguments: str,
        stdin: str | None = None,
        env: Mapping[str, str] | None = None,
        timeout: float = 300,
        cwd: Path | None = None,
    ) -> Result:
        """Run ``az`` with ``arguments``; without ``stdin`` its standard input is empty."""
        if not self._ready:
            self.logged_in()
        done = subprocess.run(
            [*az_command(), *arguments],
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            env=self.environment() | dict(env or {}),
            timeout=timeout,
            cwd=cwd,
        )
        return Result(done.returncode, done.stdout, done.stderr)

    def start(self, *arguments: str, **options: Any) -> subprocess.Popen[str]:
        """Start ``az`` and leave it running: for signals, time-outs and measurements of it."""
        if not self._ready:
            self.logged_in()
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        environment = self.environment() | dict(options.pop("env", {}))
        return subprocess.Popen([*az_command(), *arguments], env=environment, text=True, **(pipes | options))

    def pass_through(self, *arguments: str) -> int:
        """Run ``az`` on this process's own standard streams; returns its exit code."""
        return self.start(*arguments, stdin=None, stdout=None, stderr=None).wait()

    def environment(self) -> dict[str, str]:
        """The environment of the child: nothing of this process that could change what ``az`` does."""
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TMPDIR", "HOME") if name in os.environ}
        environment = kept | {
            "AZURE_CONFIG_DIR": str(self.config),
            "AZURE_EXTENSION_DIR": str(self.extensions),
            "AZURE_CORE_COLLECT_TELEMETRY": "no",
            "AZURE_CORE_NO_COLOR": "yes",
            "AZURE_CORE_SURVEY_MESSAGE": "no",
            # Older az asks a service of Microsoft's what a wrong command line may have meant.
            "AZURE_CORE_ERROR_RECOMMENDATION": "off",
            "AZURE_EXTENSION_USE_DYNAMIC_INSTALL": "no",
            "AZURE_AUTO-UPGRADE_ENABLE": "no",
            "HTTPS_PROXY": self.server.proxy,
            "HTTP_PROXY": self.server.proxy,
            "REQUESTS_CA_BUNDLE": str(self.bundle),
            # `az acr check-health` looks for Docker under this name, and starts it if it is there.
            "DOCKER_COMMAND": NOT_INSTALLED,
            "PYTHONUNBUFFERED": "1",
            "COLUMNS": "200",
            "PYTHONPATH": str(PRELOAD),
            "SIMULATED_HOSTS": " ".join(sorted(hosts(self.cloud))),
        }
        if self.dev_sources is not None:
            environment["AZURE_EXTENSION_DEV_SOURCES"] = str(self.dev_sources)
        return environment

    def login(self, tenant: str | None = None) -> Result:
        """``az login --service-principal`` as the cloud's caller, into its tenant or another."""
        cloud, self._ready = self.cloud, True
        arguments = ["-u", cloud.caller_app_id, "-p", cloud.caller_secret, "--tenant", tenant or cloud.tenant]
        return self.run("login", "--service-principal", *arguments, "--allow-no-subscriptions", "-o", "json")

    def logged_in(self) -> Az:
        """Be logged in: really once a process for each cloud and extension, then from a copy."""
        cloud = self.cloud
        identity = (cloud.tenant, cloud.caller_app_id, cloud.caller_object_id, cloud.caller_secret)
        known = tuple((key, each.name, each.tenant, each.state) for key, each in sorted(cloud.subscriptions.items()))
        shared = self.extensions if self.extensions.parent != self.folder else None
        key = (*az_command(), *identity, known, shared, self.dev_sources)
        if key not in _logins:
            _logins[key] = self._log_in_quietly(_folder(Path(_kept_logins().name) / str(len(_logins))))
        shutil.copytree(_logins[key], self.config, dirs_exist_ok=True)
        self._ready = True
        return self

    def _log_in_quietly(self, folder: Path) -> Path:
        """Log in where neither log nor latency nor faults of the cloud under test are touched."""
        cloud = self.cloud
        quiet = Cloud(
            tenant=cloud.tenant,
            subscriptions=cloud.subscriptions,
            caller_app_id=cloud.caller_app_id,
            caller_object_id=cloud.caller_object_id,
            caller_secret=cloud.caller_secret,
        )
        with serving(quiet) as server:
            az = Az(server, folder, self.extensions, self.dev_sources)
            steps = [az.login(tenant) for tenant in sorted({each.tenant for each in cloud.subscriptions.values()})]
            if len(cloud.subscriptions) > 1:
                steps.append(az.run("account", "set", "--subscription", next(iter(cloud.subscriptions))))
        for done in steps:
            if done.code != 0:
                raise AssertionError(f"az login: exit {done.code}\n{done.out}\n{done.err}\n{quiet.log.lines()}")
        return az.config


_logins: dict[tuple[object, ...], Path] = {}


@lru_cache(maxsize=1)
def _kept_logins() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="acrpulldiag-logins-")


def az_command() -> list[str]:
    """The start of every command line."""
    return [os.environ.get(_ANOTHER, sys.executable), "-m", "azure.cli"]


def is_another() -> bool:
    """Tell whether the ``az`` that is run is not this Python's."""
    return _ANOTHER in os.environ


def _bundle(server: Endpoint, path: Path, with_public: bool) -> Path:
    """Write the server's authority, and perhaps the public ones, as ``REQUESTS_CA_BUNDLE`` wants them."""
    import certifi

    path.write_bytes(server.ca_pem + (Path(certifi.where()).read_bytes() if with_public else b""))
    return path


def _folder(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    return path
