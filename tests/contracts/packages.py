"""Which of Microsoft's packages has the definitions, and where it lies.

What ships with az is read there. Of the rest, ``make setup-contracts`` keeps the wheels of
``requirements-contracts.txt``. All are read as text and never imported: so several versions of one package can stand
beside each other, and nothing has to be installed with them.
"""

from __future__ import annotations

import re
import sysconfig
import zipfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[2]
WHEELS = PROJECT / ".wheels-contracts"
REQUIREMENTS = PROJECT / "requirements-contracts.txt"
INSTALLED = Path(sysconfig.get_paths()["purelib"])

_LINE = re.compile(r"^(azure-[a-z-]+)==([0-9a-z.]+)$", re.MULTILINE)
# Of a package with several versions, the one that we ask with.
_FOLDERS = {("azure-mgmt-authorization", "4.0.0"): "azure/mgmt/authorization/v2022_04_01"}


@dataclass(frozen=True)
class Source:
    """The definitions of one version of one package: ``folder`` has its ``operations`` and ``models``."""

    package: str
    version: str
    folder: str
    shipped: bool

    @property
    def title(self) -> str:
        """How it is called in messages."""
        return f"{self.package} {self.version}"

    @property
    def root(self) -> Any:
        """The folder: a ``Path``, or its like in a wheel. Raises ``FileNotFoundError``."""
        if self.shipped:
            return INSTALLED / self.folder
        found = sorted(WHEELS.glob(f"{self.package.replace('-', '_')}-{self.version}-*.whl"))
        if not found:
            raise FileNotFoundError(f"{self.title} is not installed: make setup-contracts")
        return zipfile.Path(found[0], f"{self.folder}/")


def _with_az(package: str, folder: str) -> Source:
    return Source(package, version(package), f"azure/mgmt/{folder}", shipped=True)


def sources() -> tuple[Source, ...]:
    """Every source, those of az first. Raises ``PackageNotFoundError`` where az is not installed."""
    return (
        _with_az("azure-mgmt-authorization", "authorization"),
        _with_az("azure-mgmt-compute", "compute/v2024_11_01"),
        _with_az("azure-mgmt-containerregistry", "containerregistry"),
        _with_az("azure-mgmt-containerservice", "containerservice"),
        _with_az("azure-mgmt-monitor", "monitor"),
        _with_az("azure-mgmt-msi", "msi/v2024_11_30"),
        _with_az("azure-mgmt-resource", "resource/resources/v2022_09_01"),
        *(
            Source(package, number, _FOLDERS.get((package, number), package.replace("-", "/")), shipped=False)
            for package, number in _LINE.findall(REQUIREMENTS.read_text(encoding="utf-8"))
        ),
    )
