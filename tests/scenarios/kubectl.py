"""Does the real ``kubectl`` take the commands that a report tells its reader to run? Nothing is sent to any cluster.

``create`` has a dry run that needs no server. That of ``patch`` asks the server for the object, unless the object
comes from a file: here it is one that has what the patch names. ``delete`` and ``describe`` have none that works
without a server, so that these only get as far as looking for one, behind which are the flags and the arguments.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from functools import lru_cache
from typing import Any

_NOWHERE = "--server=http://127.0.0.1:1"
_NOT_REACHED = "connection to the server 127.0.0.1:1 was refused"
_SECRET = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a", "namespace": "some-namespace"}}
_ACCOUNT = {
    "apiVersion": "v1",
    "kind": "ServiceAccount",
    "metadata": {"name": "a"},
    "imagePullSecrets": [{"name": "old"}],
}
_KINDS = {
    "deployment": "Deployment",
    "statefulset": "StatefulSet",
    "daemonset": "DaemonSet",
    "replicaset": "ReplicaSet",
}


def have_kubectl() -> bool:
    return shutil.which("kubectl") is not None


@lru_cache(maxsize=4096)
def objection(words: tuple[str, ...]) -> str | None:
    """What ``kubectl`` has against a command line, its own name left out, or ``None``.

    One that names no kubeconfig and no context would act on whatever context is current.
    """
    if words[0] not in ("--kubeconfig", "--context"):
        return "the command does not say first which cluster it is for"
    while words[0] in ("--kubeconfig", "--context"):
        words = words[2:]
    if words[0] == "create":
        return _failure(_run(*words, "--dry-run=client", "-o", "name"))
    if words[0] == "apply":
        # With the server that is not there it gets as far as asking that for the object.
        done = _run(*words, "--validate=false", _NOWHERE, text=json.dumps(_SECRET))
        return None if "dial tcp 127.0.0.1:1: connect:" in done.stderr else _failure(done) or "apply asked no server"
    if words[0] == "patch":
        return _objection_to_patch(words)
    done = _run(*words, _NOWHERE)
    return None if _NOT_REACHED in done.stderr else _failure(done) or f"{words[0]} did not look for a server"


def _objection_to_patch(words: tuple[str, ...]) -> str | None:
    before_options = list(words[1 : next(at for at, word in enumerate(words) if word.startswith("-"))])
    kind, _, name = "/".join(before_options).partition("/")
    if kind not in (*_KINDS, "serviceaccount") or not name:
        return f"{kind}/{name} cannot be patched here"
    try:
        patch = json.loads(words[words.index("--patch") + 1])
    except ValueError as error:
        return f"the patch is no JSON: {error}"
    options = words[1 + len(before_options) :]
    if kind == "serviceaccount":
        return _failure(_run("patch", "--local", "-f", "-", *options, "-o", "json", text=json.dumps(_ACCOUNT)))
    # Only a merge by name shows whether the patch names its containers.
    done = _run("patch", "--local", "-f", "-", *options, "-o", "json", text=json.dumps(_manifest(kind, name, patch)))
    if done.returncode:
        return _failure(done)
    return None if _holds(json.loads(done.stdout), patch) else "the patch changes nothing"


def _manifest(kind: str, name: str, patch: Any) -> dict[str, Any]:
    """An object of that kind with the containers that the patch names."""
    wanted = patch["spec"]["template"]["spec"]
    labels = {"app": "web"}
    spec: dict[str, Any] = {"containers": [{"name": "app", "image": "app"}]}
    dropped = [{"name": each["name"]} for each in wanted.get("imagePullSecrets", ()) if each.get("$patch")]
    spec["imagePullSecrets"] = dropped
    for member in ("containers", "initContainers"):
        named = [{"name": each["name"], "image": "app"} for each in wanted.get(member, ()) if "name" in each]
        spec[member] = [*spec.get(member, ()), *(each for each in named if each["name"] != "app")]
    return {
        "apiVersion": "apps/v1",
        "kind": _KINDS[kind],
        "metadata": {"name": name},
        "spec": {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": spec}},
    }


def _holds(found: Any, wanted: Any) -> bool:
    """Whether everything of ``wanted`` is in ``found``; items of lists in any place, what is to be deleted in none."""
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(key in found and _holds(found[key], wanted[key]) for key in wanted)
    if isinstance(wanted, list):
        kept = [item for item in wanted if not (isinstance(item, dict) and item.get("$patch") == "delete")]
        gone = [item["name"] for item in wanted if item not in kept]
        return (
            isinstance(found, list)
            and all(any(_holds(each, item) for each in found) for item in kept)
            and not any(each["name"] in gone for each in found if gone)
        )
    return bool(found == wanted)


def _failure(done: subprocess.CompletedProcess[str]) -> str | None:
    return f"kubectl: exit {done.returncode} {done.stderr.strip()}" if done.returncode else None


def _run(*words: str, text: str = "") -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "KUBECONFIG": os.devnull}
    return subprocess.run(
        ["kubectl", *words], input=text, env=environment, capture_output=True, text=True, timeout=30, check=False
    )
