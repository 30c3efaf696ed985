"""What ``az aks command invoke`` asks for: commands that run inside a cluster, and what they printed.

In place of the pod the real kubectl runs here, with the words of the command and no shell, against the state of the
simulated API server: from inside it is reached whatever keeps others out. Of a shell there is ``;``, ``2>&1`` and
``echo`` with ``$?``. Results are shaped as recorded (``aks/run_command_*``).
"""

from __future__ import annotations

import base64
import json
import shlex
import subprocess
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.recordings import body

from . import views
from .arm_errors import authorization_failed, not_found
from .authorization import may
from .messages import Request, Response, answer
from .store import Json, type_of

if TYPE_CHECKING:
    from .state import Cloud

HOST = "kubernetes.default.svc"
RESULTS = "microsoft.containerservice/managedclusters/commandresults"
MOST_OUTPUT = 512 * 1024
PERFORMANCE = (
    "Failed to run command due to cluster perf issue, container command-357ebsdfsd342869 in aks-command namespace did "
    "not start within 30s on your cluster, retry may helps. If issue persist, you may need to tune your cluster with "
    "better performance (larger node/paid tier)."
)
"""Of https://learn.microsoft.com/troubleshoot/azure/azure-kubernetes/resolve-az-aks-command-invoke-failures."""


@dataclass
class Commands:
    """What becomes of the commands of a cluster. ``ran`` are those that were run, in order.

    ``reason``: the pod does not come to run. ``error``: code and message of the answer in place of a result.
    ``endless``: they do not end. ``most`` bytes of their output are kept, the first or, with ``keeps_end``, the last.
    """

    reason: str | None = None
    error: tuple[str, str] | None = None
    endless: bool = False
    most: int = MOST_OUTPUT
    keeps_end: bool = False
    ran: list[str] = field(default_factory=list)
    results: dict[str, Json] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)


def run(cloud: Cloud, request: Request, cluster: Json) -> Response:
    """POST runCommand: 202, and where the result will be."""
    if (cluster["properties"].get("apiServerAccessProfile") or {}).get("disableRunCommand"):
        return answer({"code": "BadRequest", "message": "Run command is disabled (simulated)."}, 400)
    sent, number = request.json, uuid.uuid4().hex
    cloud.commands.ran.append(sent["command"])
    done: Json = body("aks/run_command_result_200_succeeded")["properties"]
    if cloud.commands.reason is not None:
        done = {"provisioningState": "failed", "reason": cloud.commands.reason}
    elif cloud.commands.error is None and not cloud.commands.endless:
        output = output_of(cloud, cluster, sent["command"], sent.get("clusterToken") or "").encode()
        most = cloud.commands.most
        kept = output[-most:] if cloud.commands.keeps_end else output[:most]
        done["logs"] = kept.decode(errors="replace")
    cloud.commands.results[number] = {"id": number, "properties": done}
    # Azure writes this segment of the path in lower case (recorded).
    there = cluster["id"].replace("managedClusters", "managedclusters")
    version = request.query["api-version"]
    where = f"https://{request.host}{there}/commandResults/{number}?api-version={version}"
    return Response(202, b"", {"location": where})


def is_result(path: str) -> bool:
    """Whether a path is that of a command's result."""
    return type_of(path) == RESULTS


def result(cloud: Cloud, path: str) -> Response:
    """GET a result: under way the first time, and done the second."""
    operation = views.operation(path, "read")
    if not may(cloud, operation, path):
        return authorization_failed(cloud, operation, path)
    number = path.rpartition("/")[2]
    if number not in cloud.commands.results:
        return not_found(cloud, path)
    if cloud.commands.error is not None:
        code, message = cloud.commands.error
        return answer({"code": code, "message": message}, 400)
    if cloud.commands.endless or number not in cloud.commands.asked:
        cloud.commands.asked.append(number)
        return answer({"id": number, "properties": {"provisioningState": "Running"}}, 202)
    return answer(cloud.commands.results[number])


def output_of(cloud: Cloud, cluster: Json, command: str, token: str = "") -> str:
    """What the real kubectl prints for a command that runs in the cluster."""
    words = shlex.shlex(command, posix=True, punctuation_chars=";")
    words.whitespace_split = True
    words.commenters = ""
    told, code = "", 0
    with tempfile.TemporaryDirectory(prefix="acrpulldiag-command-") as name, _api_server(cloud, cluster) as port:
        folder = Path(name)
        (folder / "config").write_text(json.dumps(_kubeconfig(port, token)))
        for each in _commands(list(words)):
            if each[0] == "echo":
                told += " ".join(each[1:]).replace("$?", str(code)) + "\n"
                continue
            assert each[0] == "kubectl" and each[-1] == "2>&1", each
            done = subprocess.run(
                ["kubectl", *each[1:-1]],
                env={"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": name, "KUBECONFIG": str(folder / "config")},
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                text=True, timeout=60, check=False,
            )  # fmt: skip
            told, code = told + done.stdout, done.returncode
    return told


def _commands(words: list[str]) -> Iterator[list[str]]:
    at: list[str] = []
    for word in [*words, ";"]:
        if word != ";":
            at.append(word)
        elif at:
            yield at
            at = []


def _kubeconfig(port: int, token: str) -> Json:
    from .certificates import authority  # what it needs is not where az alone is

    certificate = base64.b64encode(authority().pem).decode()
    server = {"server": f"https://127.0.0.1:{port}", "tls-server-name": HOST, "certificate-authority-data": certificate}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "here",
        "contexts": [{"name": "here", "context": {"cluster": "here", "user": "here"}}],
        "clusters": [{"name": "here", "cluster": server}],
        "users": [{"name": "here", "user": {"token": token or "of-the-administrator"}}],
    }


@contextmanager
def _api_server(cloud: Cloud, cluster: Json) -> Iterator[int]:
    """The port at which a cluster's API server is reached from inside; its requests stand in the log."""
    from .kubernetes import handle

    outside = cluster["properties"].get("fqdn", HOST)  # by which the API server is told from those of other clusters

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            request = Request("GET", HOST, self.path, {name.lower(): value for name, value in self.headers.items()})
            entry = cloud.log.begin(request, 0)
            response = handle(replace(request, host=outside), cloud)
            assert isinstance(response.body, bytes)
            entry.ended, entry.status = time.monotonic(), response.status
            self.send_response(response.status)
            for name, value in {**response.headers, "content-length": str(len(response.body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(response.body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    from .certificates import authority

    server.socket = authority().context(HOST).wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


ACTIONS = {("microsoft.containerservice/managedclusters", "runcommand"): run}
