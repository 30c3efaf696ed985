"""Details of a failure that no finding explains: what it is not, and what sets the nodes apart that meet it."""

from __future__ import annotations

from dataclasses import dataclass

from ..details import Details, internal
from ..images.manifests import Weight
from ..quoting import sentence

_SHOWN = 4
_COMPARED = {
    "pulled-the-image": "pulled the same image within the hour",
    "pulled": "pulled other images of the registry within the hour",
    "ready": "are ready and have no pod that fails to pull",
}


@dataclass(frozen=True)
class Passed(Details):
    """A check that passed, and so rules out what it looks for."""

    check: str
    passed: str
    """The healthy condition that it found."""
    by: str
    """What it was decided by."""


@dataclass(frozen=True)
class RuledOut(Details):
    """What this run has read and found sound, of all that could be behind such a failure; the likeliest first."""

    ruled_out: tuple[Passed, ...] = ()
    caveats: tuple[str, ...] = internal(default=())
    """What checks that passed say beyond their healthy condition, in sentences."""

    @property
    def ruled(self) -> str:
        """The checks in a sentence with a space before it, and what they say besides; empty: none."""
        names = [each.check for each in self.ruled_out]
        if not names:
            return ""
        said = "".join(f" {each}" for each in self.caveats)
        more = f" and {len(names) - _SHOWN} more (ruledOut in the evidence)" if len(names) > _SHOWN else ""
        return f"{said} Ruled out by what was read: {', '.join(names[:_SHOWN])}{more}."


@dataclass(frozen=True)
class Trait(Details):
    """Something that all nodes have on which it fails, and no other node that it is compared with."""

    what: str
    value: str
    others: tuple[str, ...]
    """What the others have, sorted."""


@dataclass(frozen=True)
class Apart(Details):
    """What sets failing nodes apart from others: an observation, no cause."""

    only_here: tuple[Trait, ...] = ()
    compared_with: str | None = None
    """``pulled-the-image``, ``pulled`` or ``ready``: what is known of the others; ``None``: there are none."""
    compared_nodes: tuple[str, ...] = ()
    """The first few of them."""

    @property
    def difference(self) -> str:
        """It in sentences with a space before them; empty: nothing is known to differ."""
        if not self.only_here or self.compared_with is None:
            return ""
        theirs = ", ".join(f"{each.what} {each.value}" for each in self.only_here)
        others = ", ".join(f"{each.what} {' or '.join(each.others)}" for each in self.only_here)
        return (
            f" Only the failing nodes have {theirs}; the nodes that {_COMPARED[self.compared_with]} have {others}. "
            "That is observed, and need not be the cause."
        )

    @property
    def other_image(self) -> bool:
        """Whether it may be the node image: what comes with it differs."""
        return any(each.what in OF_THE_IMAGE for each in self.only_here)


@dataclass(frozen=True)
class ImageSize(Details):
    """What a node downloads of an image, in bytes: of the largest of its platforms that nodes may take."""

    image: str
    layers: int
    total: int
    largest: int

    @property
    def words(self) -> str:
        """It in words."""
        return str(Weight(self.layers, self.total, self.largest))


@dataclass(frozen=True)
class Sizes(Details):
    """How much there is to download of the images that fail; the largest first."""

    sizes: tuple[ImageSize, ...] = ()

    @property
    def size(self) -> str:
        """The largest in a sentence with a space before it; empty: not known, or of no account."""
        return f" Image {self.sizes[0].image}: {self.sizes[0].words}." if self.sizes else ""


@dataclass(frozen=True)
class Answer(Details):
    """What the registry answers to this machine for an image, where pods report the bare status of theirs."""

    image: str
    status: int
    code: str
    message: str


@dataclass(frozen=True)
class Answers(Details):
    """The registry's own words for the requests that fail, as this machine got them."""

    answers: tuple[Answer, ...] = ()

    @property
    def answered(self) -> str:
        """The first in a sentence with a space before it; empty: there is none."""
        if not self.answers:
            return ""
        first = self.answers[0]
        said = f"{first.status} {first.code}".rstrip()
        return f" Asked for {first.image} from here, the registry answers {said}: {sentence(first.message)}"


POOL, OS, OS_SKU, NODE_IMAGE, CONTAINERD, ARCHITECTURE = (
    "node pool",
    "operating system",
    "OS SKU",
    "node image",
    "container runtime",
    "architecture",
)
OF_THE_IMAGE = (OS_SKU, NODE_IMAGE, CONTAINERD)
