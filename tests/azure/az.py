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
from typing import Any

from .certificates import authority
from .server import Server
from .state import Cloud

NSS_WRAPPER = "libnss_wrapper.so"
NOT_INSTALLED = "acrpulldiag-no-such-command"


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


class Az:
    """``az``, logged in as the cloud's caller, with a configuration folder of its own.

    The interpreter is this one, or that of ``ACRPULLDIAG_AZ_PYTHON``. ``extensions`` is a folder as
    ``AZURE_EXTENSION_DIR`` takes it; ``dev_sources`` a folder that holds extension sources.
    """

    def __init__(
        self,
        server: Server,
        folder: Path,
        extensions: Path | None = None,
        dev_sources: Path | None = None,
    ) -> None:
        self.server, self.folder = server, folder
        self.extensions = extensions or _folder(folder / "no-extensions")
        self.dev_sources = dev_sources
        self.config = folder / "azure"
        self.bundle = authority().write_bundle(folder / "ca.pem")

    @property
    def cloud(self) -> Cloud:
        return self.server.cloud

    def run(
        self,
        *arguments: str,
        stdin: str | None = None,
        env: Mapping[str, str] | None = None,
        timeout: float = 120,
        cwd: Path | None = None,
    ) -> Result:
        """Run ``az`` with ``arguments``; without ``stdin`` its standard input is empty."""
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

    def environment(self) -> dict[str, str]:
        """The environment of the child: nothing of this process that could change what ``az`` does."""
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TMPDIR", "HOME") if name in os.environ}
        environment = kept | {
            "AZURE_CONFIG_DIR": str(self.config),
            "AZURE_EXTENSION_DIR": str(self.extensions),
            "AZURE_CORE_COLLECT_TELEMETRY": "no",
            "AZURE_CORE_NO_COLOR": "yes",
            "AZURE_CORE_SURVEY_MESSAGE": "no",
            "AZURE_EXTENSION_USE_DYNAMIC_INSTALL": "no",
            "AZURE_AUTO-UPGRADE_ENABLE": "no",
            "HTTPS_PROXY": self.server.proxy,
            "HTTP_PROXY": self.server.proxy,
            "REQUESTS_CA_BUNDLE": str(self.bundle),
            # `az acr check-health` looks for Docker under this name, and starts it if it is there.
            "DOCKER_COMMAND": NOT_INSTALLED,
            "PYTHONUNBUFFERED": "1",
            "COLUMNS": "200",
        }
        if self.dev_sources is not None:
            environment["AZURE_EXTENSION_DEV_SOURCES"] = str(self.dev_sources)
        if have_nss_wrapper():
            environment |= {"LD_PRELOAD": NSS_WRAPPER, "NSS_WRAPPER_HOSTS": str(self._hosts_file())}
        return environment

    def login(self) -> Result:
        """``az login --service-principal`` as the cloud's caller."""
        cloud = self.cloud
        arguments = ["-u", cloud.caller_app_id, "-p", cloud.caller_secret, "--tenant", cloud.tenant]
        return self.run("login", "--service-principal", *arguments, "-o", "json")

    def logged_in(self) -> Az:
        """Be logged in: once a process for each cloud and extension, then from a copy."""
        key = (
            self.cloud.caller_app_id,
            self.cloud.tenant,
            *((name, each.tenant, each.name) for name, each in sorted(self.cloud.subscriptions.items())),
            str(self.extensions) if self.extensions.parent != self.folder else "",
            str(self.dev_sources),
        )
        if key not in _logins:
            latency, self.cloud.latency = self.cloud.latency, 0.0
            logged, self.cloud.log.entries[:] = list(self.cloud.log.entries), []
            done = self.login()
            self.cloud.latency, self.cloud.log.entries[:] = latency, logged
            if done.code != 0:
                raise AssertionError(f"az login: exit {done.code}\n{done.out}\n{done.err}\n{self.cloud.log.lines()}")
            _logins[key] = _folder(Path(_kept_logins().name) / str(len(_logins)))
            shutil.copytree(self.config, _logins[key], dirs_exist_ok=True)
        else:
            shutil.copytree(_logins[key], self.config, dirs_exist_ok=True)
        return self

    def _hosts_file(self) -> Path:
        """Names that the child resolves itself: the login servers, to loopback."""
        from .registry import hosts

        path = self.folder / "hosts"
        path.write_text("".join(f"127.0.0.1 {host}\n" for host in sorted(hosts(self.cloud))))
        return path


_logins: dict[tuple[object, ...], Path] = {}


@lru_cache(maxsize=1)
def _kept_logins() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="acrpulldiag-logins-")


def az_command() -> list[str]:
    """The start of every command line."""
    return [os.environ.get("ACRPULLDIAG_AZ_PYTHON", sys.executable), "-m", "azure.cli"]


@lru_cache(maxsize=1)
def have_nss_wrapper() -> bool:
    """Whether a child can be given its own host names (Debian: libnss-wrapper)."""
    if not sys.platform.startswith("linux"):
        return False
    # A preload that cannot be found makes the loader complain on stderr.
    probe = subprocess.run(["true"], env={"LD_PRELOAD": NSS_WRAPPER, **os.environ}, capture_output=True)
    return not probe.stderr


def _folder(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    return path
