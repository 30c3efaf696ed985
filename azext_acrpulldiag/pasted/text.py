"""One message as it stood in what was pasted."""

from __future__ import annotations

from dataclasses import dataclass

# What kubelet calls events and waiting containers that tell of a pull.
# Source: pkg/kubelet/events/event.go and pkg/kubelet/images/types.go of https://github.com/kubernetes/kubernetes
WAITING_REASONS = frozenset(
    (
        "ErrImagePull",
        "ImagePullBackOff",
        "ErrImageNeverPull",
        "InvalidImageName",
        "ImageInspectError",
        "RegistryUnavailable",
        "SignatureValidationFailed",
    )
)
PULL_REASONS = WAITING_REASONS | {"Failed", "BackOff", "InspectFailed"}


@dataclass(frozen=True)
class Pasted:
    """A text and what stood around it.

    ``image`` is the reference that the surroundings name, for texts that name none. ``is_alone``: nothing around it
    tells what the text is about, or it is about a pull; else (a log line, an event of another reason) only words of
    pulls in it make it one. ``units`` is how many lines of the input, or messages of a document, it was.
    """

    text: str
    image: str | None = None
    is_alone: bool = True
    units: int = 1
    in_document: bool = False


def of_reason(reason: str | None) -> bool:
    """Tell whether an event or status of this reason may tell of a pull in any words; an unknown one may."""
    return reason is None or reason in PULL_REASONS
