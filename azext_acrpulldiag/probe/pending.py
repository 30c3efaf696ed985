"""The pods that this process made and has not deleted yet, for whoever has to end it at once."""

from __future__ import annotations

from ..quoting import fill_command

_DELETE = "kubectl delete pods --namespace {namespace} --selector {label}"
_pending: dict[str, str] = {}


def expect(namespace: str, label: str) -> None:
    """Note that pods of a label may be there from now on."""
    _pending[label] = namespace


def gone(label: str) -> None:
    """Note that there are none of it any more."""
    _pending.pop(label, None)


def what_is_left() -> str:
    """A sentence that names them and says how to delete them; empty: there are none. Takes no lock."""
    values = [{"namespace": where, "label": label} for label, where in _pending.items()]
    commands = [fill_command(_DELETE, each) or f"those with label {each['label']}" for each in values]
    if not commands:
        return ""
    return (
        f"Pods of the probe may be left; nothing runs in them, and the next --probe deletes those whose time is over. "
        f"To delete them now: {'; '.join(commands)}"
    )
