"""What a run may cost, in what can be counted: requests, their longest chain, imports. Times are for the benchmarks."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter

import pytest

from tests.azure.az import az_command

DIAGNOSE = ("aks", "diagnose-pull", "-g", "rg-app", "-n", "prod", "--acr", "contosoreg", "-o", "json")
ARM, REGISTRY, LOGIN = "management.azure.com", "contosoreg.azurecr.io", "login.microsoftonline.com"
# What azure-cli imports of an extension when it loads the commands of `az aks`.
LOADER = {
    "azext_acrpulldiag",
    "azext_acrpulldiag._help",
    "azext_acrpulldiag._format",
    "azext_acrpulldiag._validators",
    "azext_acrpulldiag.commands",
    "azext_acrpulldiag.messages",
}
# Elsewhere check-health is an az of its own, with requests of its own.
FORKS = pytest.mark.skipif(sys.platform != "linux", reason="forks on Linux")
_IMPORTED = re.compile(r"^import time:.*\| +(azext_acrpulldiag\S*)$", re.MULTILINE)


@pytest.fixture
def installed(az, extension_dir):
    if extension_dir is None:
        pytest.skip("the extension is not installed")
    return az


def imported(az, *arguments):
    """The modules of the extension that one command imports."""
    start, *rest = az_command()
    done = subprocess.run(
        [start, "-X", "importtime", *rest, *arguments],
        env=az.logged_in().environment(),
        cwd=az.folder,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    assert "azure.cli.core" in done.stderr
    return set(_IMPORTED.findall(done.stderr))


@FORKS
def test_the_default_run_of_a_healthy_pair(installed, cloud):
    cloud.grant()
    done = installed.run(*DIAGNOSE, cwd=installed.folder)
    assert (done.code, done.json["verdict"]) == (0, "healthy"), done.json["unknowns"]
    elapsed = done.json["elapsed"]
    assert (elapsed["requests"], elapsed["longestChain"]) == (22, 3)
    kubernetes = cloud.cluster["properties"]["fqdn"]
    # check-health's four follow on the request that finds the registry, and on its token where az has kept none
    assert Counter(entry.host for entry in cloud.log) - Counter({LOGIN: 1}) == {ARM: 17, kubernetes: 5, REGISTRY: 4}
    assert not [entry for entry in cloud.log.to(ARM) if "AZURECLI" not in entry.user_agent]


@FORKS
def test_no_connection_is_opened_where_one_is_free(installed, cloud):
    """As many as there are requests at once, and one for check-health."""
    cloud.grant()
    cloud.latency = 0.05
    assert installed.run(*DIAGNOSE, cwd=installed.folder).code == 0
    assert len({entry.connection for entry in cloud.log.to(REGISTRY)}) == 1
    assert len({entry.connection for entry in cloud.log.to(ARM)}) <= 10


def test_a_run_without_the_network_asks_for_none(installed, cloud):
    cloud.grant()
    cloud.firewall([])
    done = installed.run(*DIAGNOSE, "--skip", "network", "registry.health", cwd=installed.folder)
    assert done.json["verdict"] == "healthy", done.json["unknowns"]
    assert not [entry for entry in cloud.log if "/Microsoft.Network/" in entry.path]


def test_other_commands_import_nothing_beyond_the_loader(installed):
    imported(installed, "aks", "list")  # the first command after an installation writes az's index of commands
    assert imported(installed, "account", "show") == set()
    assert imported(installed, "acr", "list") == set()
    assert imported(installed, "aks", "list") <= LOADER
