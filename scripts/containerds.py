"""Fetch the containerds of Debian's suites beside the machine's own: ``python3 -m scripts.containerds``.

They are unpacked into ``build/containerd/SUITE`` and never installed. apt does the fetching, with a list of sources,
state and cache of its own and the mirror that this machine uses anyway; it verifies the signed index and the package's
sum. Needs Debian and its apt, and the standard library only. Exits with 1 if a suite's could not be had.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

FOLDER = Path(__file__).parent.parent / "build" / "containerd"
SUITES = ("trixie", "sid")
"""1.7 and 2.x; 1.6 is bookworm's own."""
_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_SECONDS = 300
_CONFIGURATION = """\
Dir::Etc::sourcelist "{folder}/sources.list";
Dir::Etc::sourceparts "-";
Dir::State "{folder}/state";
Dir::Cache "{folder}/cache";
Dir::Cache::pkgcache "packages.bin";
Dir::Cache::srcpkgcache "sources.bin";
Dir::State::status "/dev/null";
Acquire::Languages "none";
Acquire::Retries "2";
APT::Sandbox::User "root";
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
"""


class UnavailableError(Exception):
    """Why no containerd can be had here."""


def fetch(suites: tuple[str, ...] = SUITES) -> dict[str, str]:
    """Unpack the containerd of each suite that is not there yet; by suite, what its ``--version`` prints.

    Raises :class:`UnavailableError`.
    """
    missing = [suite for suite in suites if not program(suite).is_file()]
    if missing:
        with tempfile.TemporaryDirectory(prefix="acrpulldiag-apt-") as name:
            _unpack(missing, Path(name))
    return {suite: _run([str(program(suite)), "--version"]).strip() for suite in suites}


def program(suite: str) -> Path:
    """Where the containerd of a suite is, once it was fetched."""
    return FOLDER / suite / "usr" / "bin" / "containerd"


def _unpack(suites: list[str], folder: Path) -> None:
    (folder / "state" / "lists" / "partial").mkdir(parents=True)
    (folder / "cache" / "archives" / "partial").mkdir(parents=True)
    (folder / "apt.conf").write_text(_CONFIGURATION.format(folder=folder))
    signed = f"[signed-by={_KEYRING}] " if _KEYRING.is_file() else ""
    mirror = _mirror()
    (folder / "sources.list").write_text("".join(f"deb {signed}{mirror} {suite} main\n" for suite in suites))
    apt = ["apt-get", "--config-file", str(folder / "apt.conf"), "-qq"]
    _run([*apt, "update"], folder)
    for suite in suites:
        _run([*apt, "download", f"containerd/{suite}"], folder)
        (package,) = folder.glob("containerd_*.deb")
        (folder / suite).mkdir()
        _run(["dpkg-deb", "--extract", package.name, suite], folder)
        package.unlink()
        shutil.rmtree(FOLDER / suite, ignore_errors=True)
        shutil.move(folder / suite, FOLDER / suite)


def _mirror() -> str:
    """The address from which this machine has Debian's main archive, by apt's own reading of its sources."""
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise UnavailableError("This machine has no apt, so Debian's containerds cannot be fetched.")
    codename = _codename()
    targets = _run(["apt-get", "indextargets", "--format", "$(RELEASE) $(COMPONENT) $(REPO_URI)"])
    for line in targets.splitlines():
        release, component, address = line.split(" ", 2)
        if (release, component) == (codename, "main"):
            return address
    raise UnavailableError(f"None of this machine's package sources has the main archive of Debian {codename}.")


def _codename() -> str:
    lines = Path("/etc/os-release").read_text(encoding="utf-8").splitlines()
    release = dict(line.partition("=")[::2] for line in lines)
    if release.get("ID") != "debian":
        raise UnavailableError("This machine is not Debian, whose containerds these are.")
    return release.get("VERSION_CODENAME", "").strip('"')


def _run(command: list[str], folder: Path | None = None) -> str:
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=_SECONDS)
    except (OSError, subprocess.TimeoutExpired) as why:
        raise UnavailableError(f"{' '.join(command[:1])} did not end well: {why}") from None
    if done.returncode != 0:
        raise UnavailableError(f"{' '.join(command)} failed: {done.stderr.strip()}")
    return done.stdout


def main() -> int:
    """Fetch them; the exit code."""
    try:
        for suite, version in fetch().items():
            print(f"{suite}: {version}")
    except UnavailableError as why:
        print(why, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
