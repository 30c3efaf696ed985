"""The Kubernetes API through commands that AKS runs inside the cluster, for one that this machine does not reach.

Each command is a pod, and takes seconds to start: what is known to be asked is asked for at once, and few times.
No Secret is read that way, since the output of a command is kept in its pod's log and by Azure.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from ...facts import Unreadable
from ...targets import ClusterTarget
from ..ask.arm import ArmReader, Json, ReadError
from ..ask.session import Session
from ..azure.run_command import OPERATION, CommandRunner, read_command_access
from .api import KubeApi
from .commands import Answer, Refused, Section, answers_in, named, script, sections_of
from .login import entra_token
from .questions import Question

MOST_COMMANDS = 3
"""In one run."""
_TRIES = 2
"""Commands for one set of questions: what a first one's output had no room for may fit alone."""
_MOST_SECTIONS = 12
# Of the time that is left: images and rights hang on the answers.
_SHARE = 0.75

NO_SECRETS = Unreadable(
    "unsupported",
    "No Secret is read through --cluster-access command-invoke: the output of its commands is kept in the log of a "
    "pod and by Azure",
)


@dataclass(frozen=True)
class Begun:
    """The beginning of a list, and why the rest of it was not read."""

    items: tuple[Json, ...]
    why: Unreadable


Kept = Answer | Unreadable | Begun
"""What is known of a question that was asked."""


@dataclass
class Told:
    """The commands that were run, and what they told."""

    scripts: list[str] = field(default_factory=list)
    answers: dict[tuple[str, str], Kept] = field(default_factory=dict)
    """By path and selector."""


class InClusterHttp:
    """Answers GETs of an API server with what commands in the cluster printed; asks only by :meth:`ahead`.

    ``run`` runs a command within so many seconds and returns its output, or raises :class:`ReadError`.
    """

    def __init__(
        self, run: Callable[[str, float], str], remaining: Callable[[], float], told: Told | None = None
    ) -> None:
        self._run = run
        self._remaining = remaining
        self._told = told or Told()
        self._answers = self._told.answers

    def remaining(self) -> float:
        """Seconds that are left of the run."""
        return self._remaining()

    def ahead(self, questions: Iterable[Question]) -> None:
        """Ask all of them in one command; those that its output had no room for in a second one.

        Why there is no answer to a question is kept as its answer.
        """
        new = [each for each in questions if _key(each) not in self._answers]
        self._answers.update((_key(each), ()) for each in new if not each.is_possible)
        asked = sections_of(new)
        wanted = list(asked[:_MOST_SECTIONS])
        self._keep(asked[_MOST_SECTIONS:], _limited("It is more than one command asks"))
        for _ in range(_TRIES):
            if not wanted:
                return
            if len(self._told.scripts) == MOST_COMMANDS:
                break
            self._told.scripts.append(script(wanted))
            try:
                output = answers_in(wanted, self._run(self._told.scripts[-1], _SHARE * self._remaining()))
            except ReadError as error:
                self._keep(wanted, error.why)
                return
            for section, answer in output.whole.items():
                self._keep([section], answer)
                wanted.remove(section)
            if not output.whole and output.cut is None:
                self._keep(wanted, Unreadable("malformed", "The command in the cluster printed no answer", OPERATION))
                return
            if not output.whole and output.cut is not None:  # it had all of the room
                self._keep([output.cut], Begun(output.begun, _too_long(output.cut)))
                wanted.remove(output.cut)
        for section in wanted:
            self._keep([section], _too_long(section))

    def by(self, run: Callable[[str, float], str], remaining: Callable[[], float]) -> InClusterHttp:
        """The same answers, now and later; what is asked further is asked with another run's time."""
        return InClusterHttp(run, remaining, self._told)

    def get(self, path: str, query: Mapping[str, str] | None = None) -> tuple[int, bytes]:
        """Answer from what was asked ahead; a GET without a query is for one object. Raises :class:`ReadError`.

        A list of which the end was cut off has one page, and another that cannot be read.
        """
        if query is None:
            return self._one(path)
        found = self._answer_to((path, query.get("fieldSelector", "")))
        if not isinstance(found, Begun):
            return _shown(found, {"items": found, "metadata": {}})
        if "continue" in query:
            raise ReadError(found.why)
        return _shown(found.items, {"items": found.items, "metadata": {"continue": "cut"}})

    def _one(self, path: str) -> tuple[int, bytes]:
        """One object: asked for by its name, or in a list of all there are in its namespace, or anywhere."""
        collection, _, name = path.rpartition("/")
        *_, resource = collection.split("/")
        namespace = collection.split("/")[4] if "/namespaces/" in collection else None
        found = self._answer_to((path, _ONE), (collection, ""), (f"/api/v1/{resource}", ""))
        found = found.why if isinstance(found, Begun) else found
        one = named(found, Question(resource, namespace, name)) if isinstance(found, tuple) else None
        return (404, b"{}") if one is None and isinstance(found, tuple) else _shown(found, one)

    def _answer_to(self, *keys: tuple[str, str]) -> Kept:
        return next((self._answers[key] for key in keys if key in self._answers), _limited("It is not asked"))

    def _keep(self, sections: Iterable[Section], answer: Kept) -> None:
        for section in sections:
            self._answers.update(dict.fromkeys(map(_key, section.questions), answer))


class InvokedApi(KubeApi):
    """The same reads as :class:`KubeApi`, of what was asked ahead."""

    def __init__(self, http: InClusterHttp, runner: CommandRunner | None = None) -> None:
        # pylint: disable=super-init-not-called
        self._http = self._in_cluster = http
        self._runner = runner

    def by(self, reader: ArmReader) -> InvokedApi:
        """The same answers, and what is asked further through another run's reader."""
        if self._runner is None:
            return self
        runner = replace(self._runner, reader=reader)
        return InvokedApi(self._in_cluster.by(runner.run, reader.session.deadline.remaining), runner)

    def ahead(self, *questions: Question) -> None:
        """Ask them, in as few commands as there may be."""
        self._in_cluster.ahead(questions)

    def some_pods(self, namespace: str | None, field_selector: str) -> tuple[list[Json], bool]:
        """All of them, or as many as the output of one command has room for."""
        self.ahead(Question("pods", namespace, selector=field_selector))
        return super().some_pods(namespace, field_selector)

    def secret(self, namespace: str, name: str) -> Json | None:
        """Refused."""
        raise ReadError(NO_SECRETS)


def invoked_api(reader: ArmReader, session: Session, target: ClusterTarget) -> InvokedApi:
    """Return the API of a cluster through commands, none of which is run yet. Raises :class:`ReadError`.

    One GET, and for a cluster with Entra ID a token.
    """
    access = read_command_access(reader, target)
    if access is None:
        raise ReadError(Unreadable("not-found", f"Azure has no cluster {target.name}"))
    if access.disabled:
        raise ReadError(
            Unreadable(
                "unsupported",
                f"Commands are switched off for cluster {target.name} (disableRunCommand); az aks update "
                "--enable-run-command allows them",
                OPERATION,
            )
        )
    token = entra_token(session, target.subscription) if access.entra else None
    runner = CommandRunner(reader, target.id, token)
    return InvokedApi(InClusterHttp(runner.run, session.deadline.remaining), runner)


_ONE = "\0"
"""In place of a selector, for one object: no selector is like it."""


def _key(question: Question) -> tuple[str, str]:
    return question.path, question.selector if question.name is None else _ONE


def _shown(found: Answer | Unreadable, body: object) -> tuple[int, bytes]:
    """The HTTP answer that stands for what kubectl said; ``body`` where it printed objects."""
    if isinstance(found, Unreadable):
        raise ReadError(found)
    if isinstance(found, Refused):
        if found.status is None:
            raise ReadError(Unreadable("server-error", f"kubectl in the cluster says: {found.text}", OPERATION))
        return found.status, b"{}"
    return 200, json.dumps(body).encode()


def _limited(what: str) -> Unreadable:
    return Unreadable(
        "limited", f"{what} through --cluster-access command-invoke; give --namespace or --pod", OPERATION
    )


def _too_long(section: Section) -> Unreadable:
    first = section.questions[0]
    where = f" of namespace {first.namespace}" if first.namespace else ""
    return Unreadable(
        "unsupported",
        f"The {first.resource}{where} are more than the 512 kB that a command in the cluster may print; give "
        "--namespace or --pod",
        OPERATION,
    )
