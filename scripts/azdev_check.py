"""Run azdev's style check and linter over the extension, without any network.

Run it with a Python that has azdev and azure-cli (``make lint`` does). azdev expects a clone
of the Azure CLI and one of its extensions repository; all it takes from them is a file of
regular expressions and an egg-info folder, so a stand-in for both is built under ``build/azdev``.
Exits with 1 if either check complains.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from configparser import ConfigParser
from importlib import import_module
from pathlib import Path

EXTENSION = "acrpulldiag"
PACKAGE = "azext_acrpulldiag"

# Not command_test_coverage: its three rules compare two branches of a repository laid out like
# azure-cli, and missing_command_example downloads its thresholds besides. tests/test_contract.py
# asks every command for examples instead.
RULES = ("help_entries", "command_groups", "commands", "params")

# Beside what the Azure CLI's own settings leave out.
NOT_FOR_US = (
    "too-many-instance-attributes",  # facts.py: one frozen record has the fields that Azure has
    "too-few-public-methods",  # a policy of azure-core's pipeline has one method
    "too-many-positional-arguments",  # too-many-arguments is off for the same reason: commands have many options
    "too-many-locals",  # every option of a command counts as one
    "too-many-return-statements",  # ruff counts branches
    "line-too-long",  # ruff does, and lets a long address pass
    "consider-using-with",  # a child process outlives the function that starts it
    "redefined-builtin",  # id is Azure's own word
    "no-member",  # mypy knows the types that pylint guesses
    "broad-exception-caught",  # where a defect becomes an unknown; ruff's S110 refuses to swallow one
)

# azdev.operations.regex reads these from cmdcov.yml of a clone, and downloads that file where
# there is no clone; operations.constant has the same patterns.
PATTERNS = ("CMD_PATTERN", "QUO_PATTERN", "END_PATTERN", "DOCS_END_PATTERN", "NOT_END_PATTERN", "NUMBER_SIGN_PATTERN")


def main(project: Path) -> int:
    """Check the working copy at ``project``; return the exit status."""
    folder = project / "build" / "azdev"
    shutil.rmtree(folder, ignore_errors=True)
    extension = copy_extension(project, folder / "extensions" / EXTENSION)
    os.environ.update(write_config(folder))
    run = [sys.executable, "-m", "azdev"]
    style = subprocess.run([*run, "style", EXTENSION], cwd=extension)
    linter = subprocess.run([*run, "linter", EXTENSION, "--min-severity", "low", "--rule-types", *RULES], cwd=extension)
    return int(style.returncode != 0 or linter.returncode != 0)


def copy_extension(project: Path, target: Path) -> Path:
    """Copy what a wheel would hold to ``target``, with the egg-info that marks a development extension.

    A copy, because azdev takes every ``*-info`` folder beneath the repository for an extension.
    """
    target.mkdir(parents=True)
    for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE", "linter_exclusions.yml"):
        if (project / name).exists():
            shutil.copy(project / name, target)
    shutil.copytree(project / PACKAGE, target / PACKAGE, ignore=shutil.ignore_patterns("__pycache__"))
    subprocess.run([sys.executable, "setup.py", "--quiet", "egg_info"], cwd=target, check=True)
    return target


def write_config(folder: Path) -> dict[str, str]:
    """Write what azdev reads from the two repositories; return the environment that points to them.

    azdev takes its settings from ``AZDEV_<SECTION>_<OPTION>`` before any configuration file.
    """
    import azdev
    import yaml

    cli, extensions = folder / "azure-cli", folder / "extensions"
    settings = Path(azdev.__file__).with_name("config")
    pylint = ConfigParser()
    pylint.read(settings / "ext_pylintrc", encoding="utf-8")
    pylint["MESSAGES CONTROL"]["disable"] += "".join(f",\n{message}" for message in NOT_FOR_US)
    with (extensions / "pylintrc").open("w", encoding="utf-8") as file:
        pylint.write(file)
    flake8 = ConfigParser()
    flake8.read(settings / "ext.flake8", encoding="utf-8")
    flake8["flake8"]["ignore"] += ",\nE203"  # a space before the colon of a slice is the formatter's
    with (extensions / ".flake8").open("w", encoding="utf-8") as file:
        flake8.write(file)
    patterns = cli / "scripts" / "ci" / "cmdcov.yml"
    patterns.parent.mkdir(parents=True)
    constants = import_module("azdev.operations.constant")
    patterns.write_text(yaml.safe_dump({name: getattr(constants, name) for name in PATTERNS}), encoding="utf-8")
    return {
        "VIRTUAL_ENV": sys.prefix,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "AZDEV_CONFIG_DIR": str(folder / "config"),
        "AZDEV_CLI_REPO_PATH": str(cli),
        "AZDEV_EXT_REPO_PATHS": str(extensions),
        "AZURE_CONFIG_DIR": str(folder / "azure"),
        "AZURE_EXTENSION_DIR": str(folder / "no-extensions"),
        "AZURE_EXTENSION_DEV_SOURCES": str(extensions),
        "AZURE_CORE_COLLECT_TELEMETRY": "no",
    }


if __name__ == "__main__":
    sys.exit(main(Path(__file__).resolve().parent.parent))
