"""What is folded keeps every word, and what is pasted stays one command."""

from __future__ import annotations

import shlex
import subprocess

import pytest

from azext_acrpulldiag.present.folding import folded, folded_command, folded_id, words_of

CREATE = (
    "kubectl --kubeconfig ./prod.kubeconfig create secret docker-registry regcred --namespace team "
    '--docker-server=contosoreg.azurecr.io --docker-username=pull-app --docker-password="${ACR_PASSWORD:?is not set}" '
    "--dry-run=client -o yaml | kubectl --kubeconfig ./prod.kubeconfig apply --server-side --force-conflicts -f -"
)
PASSWORD = (
    "ACR_PASSWORD=$(az acr token credential generate --name pull-app --registry contosoreg --password1 "
    '--query "passwords[0].value" --output tsv)'
)


@pytest.mark.parametrize("width", [20, 40, 66, 100, 140])
def test_no_line_is_wider_unless_one_word_is(width: int) -> None:
    text = "Pull secret team/regcred signs in with token pull-app of contosoreg, whose two passwords have expired."
    lines = folded(text, width)
    assert " ".join(lines) == text
    assert all(len(line) <= width or " " not in line for line in lines)


def test_a_word_that_is_too_long_stands_alone() -> None:
    assert folded("See /subscriptions/5c1f2a60-7a3e now", 10) == ["See", "/subscriptions/5c1f2a60-7a3e", "now"]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("access.pull-role-missing", ["access.pull-role-missing"]),
        ("pull-secret.token-expired", ["pull-secret.", "token-expired"]),
        ("pull-secret.token-scope-excludes-repository", ["pull-secret.", "token-scope-excludes-", "repository"]),
        ("", [""]),
    ],
)
def test_an_id_is_broken_at_dots_and_hyphens(text: str, lines: list[str]) -> None:
    assert folded_id(text, 24) == lines


@pytest.mark.parametrize("command", [CREATE, PASSWORD])
@pytest.mark.parametrize("width", [30, 50, 66, 100, 400])
def test_a_folded_command_is_the_same_command(command: str, width: int) -> None:
    lines = folded_command(command, width)
    assert all(line.endswith(" \\") for line in lines[:-1])
    pasted = "\n".join(lines).replace("\\\n", "")
    assert shlex.split(pasted) == shlex.split(command)
    assert words_of(pasted) == words_of(command)


def test_a_folded_substitution_means_the_same() -> None:
    lines = folded_command(PASSWORD, 60)
    assert all(len(line) <= 60 for line in lines)
    printed = 'az() { printf "<%%s>" "$@"; }; %s; echo "$ACR_PASSWORD"'
    said = {
        subprocess.run(["bash", "-c", printed % each], capture_output=True, text=True, check=True).stdout
        for each in (PASSWORD, "\n".join(lines))
    }
    assert len(said) == 1
    assert "<passwords[0].value>" in said.pop()


def test_an_option_stays_with_its_value() -> None:
    command = "az acr network-rule add --name contosoreg --ip-address 20.61.112.7 --resource-group rg-shared"
    assert folded_command(command, 44) == [
        "az acr network-rule add --name contosoreg \\",
        "  --ip-address 20.61.112.7 \\",
        "  --resource-group rg-shared",
    ]


def test_a_shell_without_continuation_gets_one_line() -> None:
    assert folded_command(CREATE, 40, continued="") == [CREATE]
