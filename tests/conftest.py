"""The simulated cloud and the real ``az`` for every test."""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from queue import SimpleQueue

    from tests.azure.az import Az
    from tests.azure.server import Server
    from tests.azure.state import Cloud
    from tests.azure.warm import WarmProcess
    from tests.contracts.table import Noted
    from tests.scenarios.engines import Engine


# Failed comparisons of stories show both sides.
pytest.register_assert_rewrite("tests.scenarios.running")


def pytest_configure() -> None:
    """A shell starts its background jobs with Ctrl-C ignored, and children inherit that; some tests send it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


pytest_plugins = (
    "tests.score",
    "tests.metamorphic.inverse",
    "tests.metamorphic.table",
    "tests.scenarios.savings",
    "tests.path.invariant",
    "tests.pull_errors.runtimes",
    "tests.contracts.table",
)


@pytest.fixture
def debug_log(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> pytest.LogCaptureFixture:
    """All that ``--debug`` could show. What ran earlier in this process may have silenced loggers for good:
    the kubernetes client sets urllib3's level, and knack keeps its own records from the root.
    """
    monkeypatch.setattr(logging.getLogger("cli"), "propagate", True)
    for name in (None, "cli", "azure", "urllib3", "kubernetes"):
        caplog.set_level(logging.DEBUG, logger=name)
    return caplog


@pytest.fixture
def noted(record_property: Callable[[str, object], None]) -> Noted:
    """Counts what is held against Microsoft's definitions."""
    from tests.contracts.table import Noted

    return Noted(record_property)


@pytest.fixture(scope="session")
def simulated_azure() -> Iterator[Server]:
    """One server a session; each test gives it a cloud of its own."""
    from tests.azure.server import Server

    server = Server().start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleQueue[Engine]]:
    """Engines that nobody uses at the moment: see ``lent`` beside them."""
    pytest.importorskip("azure.cli", reason="azure-cli is not installed for this Python")
    from tests.scenarios.engines import running_engines

    with running_engines(tmp_path_factory.mktemp("engines")) as free:
        yield free


@pytest.fixture
def cloud(simulated_azure: Server) -> Iterator[Cloud]:
    """The default cloud, fresh; nobody has been given the role to pull yet."""
    from tests.azure.state import Cloud

    simulated_azure.cloud = cloud = Cloud()
    yield cloud
    assert not cloud.log.errors, "the simulated cloud itself failed"


@pytest.fixture(scope="session")
def extension_dir() -> Path:
    """The folder that ``AZURE_EXTENSION_DIR`` is to name: this checkout's wheel, installed."""
    from tests.azure.extension import installed_extension

    return installed_extension()


@pytest.fixture
def az(simulated_azure: Server, cloud: Cloud, extension_dir: Path, tmp_path: Path) -> Iterator[Az]:
    """The real ``az``, which logs in to ``cloud`` before its first command and asks nobody else."""
    from tests.azure.az import Az, is_another

    if not is_another():
        pytest.importorskip("azure.cli", reason="azure-cli is not installed for this Python")
    yield Az(simulated_azure, tmp_path, extension_dir)
    assert not cloud.log.refused, "az wanted hosts that are not simulated"


@pytest.fixture(scope="session")
def warm_process(
    simulated_azure: Server, extension_dir: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[WarmProcess]:
    """One process a session that has imported what ``az`` does."""
    from tests.azure.state import Cloud
    from tests.azure.warm import WarmAz, warm_process
    from tests.scenarios.running import CLUSTER

    with warm_process(simulated_azure, tmp_path_factory.mktemp("warm"), extension_dir) as process:
        # A whole run: whatever run comes first would decide what the others find imported.
        simulated_azure.cloud, told = Cloud(), simulated_azure.cloud
        WarmAz(process, tmp_path_factory.mktemp("first")).run(*CLUSTER, "--acr", "contosoreg")
        simulated_azure.cloud = told
        yield process


@pytest.fixture
def warm_az(az: Az, warm_process: WarmProcess) -> Az:
    """The same ``az``, forked from that process: for hundreds of runs that differ in the cloud alone."""
    from tests.azure.warm import WarmAz

    return WarmAz(warm_process, az.folder)
