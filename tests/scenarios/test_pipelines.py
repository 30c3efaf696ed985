"""docs/pipelines.md: its scripts, as they stand there, in bash, by the real ``az`` against the simulated cloud."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from junitparser import Error, Failure, JUnitXml

from tests.azure.az import Az, Result
from tests.azure.shell import paste
from tests.azure.state import Cloud

from .stories import STORIES

PAGE = Path(__file__).resolve().parents[2] / "docs" / "pipelines.md"
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
GITHUB, AZURE = (yaml.safe_load(text) for language, text in BLOCKS if language == "yaml")
(LOOP,) = (text for language, text in BLOCKS if language == "bash")
INSTALL = "az extension add --source tools/acrpulldiag-*.whl --yes"

# https://learn.microsoft.com/azure/devops/pipelines/tasks/reference/azure-cli-v2 and .../publish-test-results-v2
INPUTS = {
    "AzureCLI@2": {
        "azureSubscription", "scriptType", "scriptLocation", "scriptPath", "inlineScript", "arguments",
        "powerShellErrorActionPreference", "addSpnToEnvironment", "useGlobalConfig", "workingDirectory",
        "failOnStandardError", "powerShellIgnoreLASTEXITCODE", "visibleAzLogin", "keepAzSessionActive",
    },
    "PublishTestResults@2": {
        "testResultsFormat", "testResultsFiles", "searchFolder", "mergeTestResults", "failTaskOnFailedTests",
        "failTaskOnFailureToPublishResults", "failTaskOnMissingResultsFile", "testRunTitle", "buildPlatform",
        "buildConfiguration", "publishRunAttachments",
    },
}  # fmt: skip

needs_jq = pytest.mark.skipif(not shutil.which("jq"), reason="jq is not installed")


def in_bash(az: Az, script: str, **variables: str) -> Result:
    """Run a script of the page, as a pipeline runs it; without the installation, which has a test of its own."""
    told = [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
    return paste(az, [*told, script.replace(INSTALL, ":")])


def suites(path: Path) -> list[Any]:
    return list(JUnitXml.fromstring(path.read_bytes()))


def failed(path: Path) -> dict[str, set[str]]:
    """The tests that fail or are in error, by cluster."""
    return {
        suite.name.partition(" ")[0]: {
            case.name for case in suite if any(isinstance(each, (Failure, Error)) for each in case.result)
        }
        for suite in suites(path)
    }


# --- GitHub Actions ---------------------------------------------------------------------

_STEPS = GITHUB["jobs"]["deploy"]["steps"]
_SCRIPTS = [step["run"] for step in _STEPS if "run" in step]
GATE = _SCRIPTS[1]


def gate(az: Az, image: str = "contosoreg.azurecr.io/team/app:1.2") -> tuple[Result, str]:
    summary = az.folder / "step-summary"
    summary.write_text("Before.\n")
    variables = {"RESOURCE_GROUP": "rg-app", "CLUSTER": "prod", "IMAGE": image}
    assert set(variables) == set(GITHUB["env"])
    done = in_bash(az, GATE, GITHUB_STEP_SUMMARY=str(summary), **variables)
    return done, summary.read_text(encoding="utf-8")


def test_the_gate_stops_a_deployment_and_says_why(warm_az: Az, cloud: Cloud) -> None:
    done, summary = gate(warm_az)
    assert done.code == 4, done.err
    assert "access.pull-role-missing" in done.out
    assert summary.startswith("Before.\n## ❌ Broken: ") and "az role assignment create" in summary
    assert "access.pull-role" in failed(warm_az.folder / "results.xml")["prod"]
    assert (warm_az.folder / "page.html").read_text().endswith("</html>\n")


def test_the_gate_lets_pass_what_can_be_pulled(warm_az: Az, cloud: Cloud) -> None:
    STORIES["healthy"].tell(cloud)
    done, summary = gate(warm_az)
    assert done.code == 0, done.out + done.err
    assert summary.startswith("Before.\n## ✅ Healthy: ")
    assert failed(warm_az.folder / "results.xml") == {"prod": set()}


def test_an_error_of_az_is_that_of_the_gate(warm_az: Az) -> None:
    done, summary = gate(warm_az, "docker.io/library/nginx:1")
    assert (done.code, done.out, summary) == (1, "", "Before.\n")
    assert "docker.io" in done.err


def test_the_workflow_may_sign_in_and_nothing_else() -> None:
    assert GITHUB["permissions"] == {"contents": "read", "id-token": "write"}
    (login,) = (step["with"] for step in _STEPS if step.get("uses", "").startswith("azure/login@"))
    assert set(login) == {"client-id", "tenant-id", "subscription-id"}
    assert all(re.fullmatch(r"\$\{\{ vars\.\w+ \}\}", value) for value in login.values())


# --- Azure Pipelines --------------------------------------------------------------------


def test_the_tasks_take_these_inputs() -> None:
    for step in AZURE["steps"]:
        assert set(step["inputs"]) <= INPUTS[step["task"]]


def test_credentials_that_end_soon_are_failed_tests(warm_az: Az, cloud: Cloud) -> None:
    cloud.add_cluster("second")
    STORIES["service-principal-secret-expiring"].tell(cloud)
    script, publish = (step["inputs"] for step in AZURE["steps"])
    staging = warm_az.folder / "staging"
    staging.mkdir()
    variables = {name.upper(): "contosoreg" for name in AZURE["variables"]}
    done = in_bash(warm_az, script["inlineScript"], BUILD_ARTIFACTSTAGINGDIRECTORY=str(staging), **variables)
    assert done.code == 4, done.out + done.err
    assert f"##vso[task.uploadsummary]{staging}/summary.md\n" in done.out
    assert (staging / "summary.md").read_text(encoding="utf-8").startswith("# 2 reports of az aks diagnose-pull: ")
    assert publish["searchFolder"] == "$(Build.ArtifactStagingDirectory)"
    assert failed(staging / publish["testResultsFiles"]) == {
        "prod": {"identity.service-principal-secret-expiry"},
        "second": set(),
    }


# --- the loop ---------------------------------------------------------------------------


@needs_jq
@pytest.mark.parametrize("broken", [True, False])
def test_the_loop_asks_the_clusters_of_a_tag(warm_az: Az, cloud: Cloud, broken: bool) -> None:
    cloud.grant()
    for name in ("second", "third"):
        cloud.add_cluster(name)
    for name in ("prod", "second" if broken else "none"):
        for each in cloud.resources.values():
            if each.get("name") == name:
                each["tags"] = {"env": "prod"}
    done = in_bash(warm_az, LOOP, REGISTRY="contosoreg")
    assert done.code == (1 if broken else 0), done.out + done.err
    names = ["prod", "second"] if broken else ["prod"]
    assert [line.split("\t")[:2] for line in done.out.splitlines()] == [
        ["broken" if name == "second" else "healthy", name] for name in names
    ]
    folder = warm_az.folder / "reports"
    assert sorted(each.name for each in folder.iterdir()) == sorted(
        f"{name}.{suffix}" for name in names for suffix in ("html", "json", "xml")
    )
    for name in names:
        verdict = json.loads((folder / f"{name}.json").read_text())["verdict"]
        assert bool(failed(folder / f"{name}.xml")[name]) is (verdict == "broken")
    assert json.loads((warm_az.folder / "all-well.json").read_text()) is not broken


# --- the installation -------------------------------------------------------------------


def test_the_installation_is_that_of_every_run_here(tmp_path: Path) -> None:
    """``installed_extension`` runs the real one, for all of these tests."""
    assert _SCRIPTS[0] == INSTALL and INSTALL in AZURE["steps"][0]["inputs"]["inlineScript"].splitlines()
    wheel = tmp_path / "tools" / "acrpulldiag-1.0.0b1-py3-none-any.whl"
    wheel.parent.mkdir()
    wheel.touch()
    script = f'az() {{ printf "%s\\n" "$@"; }}\n{INSTALL}'
    done = subprocess.run(["bash", "-ec", script], cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout.split() == ["extension", "add", "--source", str(wheel.relative_to(tmp_path)), "--yes"]
