"""``az aks explain-pull-error`` as people run it: the real ``az``, the wheel, and whatever a terminal gave."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.azure.az import Az, Result
from tests.azure.state import Cloud
from tests.record_pull_errors import recorded
from tests.recordings import body

Explain = Callable[..., Result]
LONG = f'Failed to pull image "contosoreg.azurecr.io/a:1": {"x" * 65_000} dial tcp 20.1.2.3:443: i/o timeout'
COLOURED = "\x1b]0;title\x07\x1b[31mdial tcp: lookup contosoreg.azurecr.io: no such host\x1b[0m \x9b31m\u202e"
SHELL = '$(touch pwned) `touch pwned` "; touch pwned # pull QPS exceeded'
NOT_ASCII = 'Failed to pull image "contosoreg.azurecr.io/café:1": no match for platform in manifest: not found'
MESSAGES = (LONG, COLOURED, SHELL, NOT_ASCII)
CLASSES = ["timeout-network", "dns-failure", "kubelet-qps", "platform-mismatch"]


@pytest.fixture
def explain(az: Az, cloud: Cloud, tmp_path: Path) -> Explain:
    """Run the command where nobody ever logged in."""
    nobody = {"AZURE_CONFIG_DIR": str(tmp_path / "nobody")}

    def run(*arguments: str, env: dict[str, str] | None = None, stdin: str | None = None) -> Result:
        done = az.run("aks", "explain-pull-error", *arguments, env=nobody | (env or {}), stdin=stdin, cwd=tmp_path)
        assert not cloud.log.matching(lambda entry: not entry.host.startswith("azcliprod.")), "only az's own version"
        assert not (tmp_path / "pwned").exists()
        assert "Traceback" not in done.err
        return done

    return run


@pytest.mark.parametrize(("separator", "encoding"), [("\n", "utf-8"), ("\r\n", "utf-8-sig"), ("\r\n\r\n", "utf-16")])
def test_a_file_from_any_terminal(separator: str, encoding: str, explain: Explain, tmp_path: Path) -> None:
    file = tmp_path / "events"
    file.write_bytes(separator.join(MESSAGES).encode(encoding))
    done = explain("--file", str(file), "-o", "json")
    assert [answer["class"] for answer in done.json] == CLASSES, done.err
    assert all(answer["message"].isprintable() for answer in done.json)
    assert done.json[3]["image"] == "contosoreg.azurecr.io/café:1"


@pytest.mark.parametrize("arguments", [("--file", "-"), ()])
def test_standard_input(arguments: tuple[str, ...], explain: Explain) -> None:
    assert [answer["class"] for answer in explain(*arguments, stdin="\n".join(MESSAGES)).json] == CLASSES


def test_a_description_is_explained_and_the_next_command_stands_beside_it(explain: Explain) -> None:
    described = body("k8s/kubectl_describe_pod_image_pull_backoff").replace("yourcompany/", "contosoreg.azurecr.io/")
    answer, *others = explain(stdin=described).json
    assert (others, answer["class"], answer["count"]) == ([], "unauthorized-401", 1)
    done = explain("-o", "table", stdin=described)
    assert answer["next"] in done.err and answer["next"] not in done.out
    assert answer["next"].endswith("--acr contosoreg --image contosoreg.azurecr.io/crw:latest")
    assert "Skipped 5" in done.err and "lines that say nothing of an image pull that fails." in done.err
    assert "Left out 2 texts" in done.err


def test_commands_that_go_on_are_commands_of_az(az: Az, explain: Explain, tmp_path: Path) -> None:
    (answer,) = explain("--message", f"{SHELL} contosoreg.azurecr.io").json
    page = az.run(*shlex.split(answer["page"])[1:], env={"AZURE_CONFIG_DIR": str(tmp_path / "nobody")})
    assert page.code == 0 and "kubelet.pull-qps-exceeded" in page.out


def test_no_secret_of_a_text_is_told_or_logged(az: Az, tmp_path: Path) -> None:
    canary = "Canary0123456789abcdef"
    address = f"https://contoso.blob.core.windows.net/layer?sv=2019-12-12&sig={canary}%3D&se=2026-11-22"
    event = {"kind": "Event", "reason": "Failed", "message": f"failed to pull image: failed to copy: {address}: EOF"}
    broken = f"kind: Pod\n{canary}: [sig={canary}"
    for content in (json.dumps(event), json.dumps(event, indent=1), f"{event['message']}\n{SHELL}", broken):
        file = tmp_path / "events"
        file.write_text(content)
        done = az.run("aks", "explain-pull-error", "--file", str(file), "--debug")
        assert "explain-pull-error" in done.err
        assert canary not in done.out + done.err


def test_lines_of_logs_are_counted(explain: Explain) -> None:
    lines = "".join(
        f"Nov 22 12:00:01 node kubelet[1]: I1122 12:00:01.1 1 a.go:1] {number}\n" for number in range(50_000)
    )
    done = explain(stdin=f"{lines}pull QPS exceeded\n")
    assert [answer["class"] for answer in done.json] == ["kubelet-qps"]
    assert "Skipped 50,000 lines" in done.err


@pytest.mark.parametrize(("message", "expected"), list(zip(MESSAGES[:3], CLASSES[:3], strict=True)))
def test_one_message(message: str, expected: str, explain: Explain) -> None:
    (answer,) = explain("--message", message).json
    assert answer["class"] == expected


def test_a_table_keeps_its_columns(explain: Explain, tmp_path: Path) -> None:
    file = tmp_path / "events"
    texts = [text for of in recorded().values() for text in of.values()]
    file.write_text("\n".join([*MESSAGES, *texts]))
    lines = explain("--file", str(file), "-o", "table").out.splitlines()
    assert len(lines) > len(CLASSES)
    assert max(map(len, lines)) <= 180
    assert all(line.isprintable() for line in lines)


@pytest.mark.parametrize("output", ["json", "table", "tsv", "yaml"])
def test_a_terminal_that_knows_no_more_than_ascii(output: str, explain: Explain, tmp_path: Path) -> None:
    file = tmp_path / "events"
    file.write_text(NOT_ASCII)
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"}
    done = explain("--file", str(file), "-o", output, env=ascii_only)
    assert done.code == 0, done.err
    assert "platform-mismatch" in done.out


@pytest.mark.parametrize(
    "arguments", [(), ("--message", " "), ("--file", "/"), ("--file", "absent"), ("--message", "x", "--file", "-")]
)
def test_wrong_arguments_are_usage_errors(arguments: tuple[str, ...], explain: Explain) -> None:
    done = explain(*arguments)
    assert (done.code in (1, 2), done.out) == (True, "")
    assert done.err.count("ERROR: ") == 1
