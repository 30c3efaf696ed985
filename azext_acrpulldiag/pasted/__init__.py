"""Read what people paste of a failed pull: messages out of the output of kubectl, journals and documents.

Pure and streaming: lines in, messages out, nothing kept but the block that is being read. :mod:`.reading` tells by
structure what a line begins: a document (:mod:`.documents`, whose messages :mod:`.objects` finds), a table of kubectl
(:mod:`.tables`), a log line (:mod:`.logs`), or a message as it is. :mod:`.relevance` says which texts may be of a pull
at all, and :mod:`.folding` which of them are the same but for times and ids.
"""

from __future__ import annotations

from .documents import LARGEST, DocumentError, opens_json
from .folding import same_but_for_ids
from .reading import Reading
from .relevance import is_failure, is_said_of_pull, is_success, may_be_of_pull
from .text import Pasted

__all__ = [
    "LARGEST",
    "DocumentError",
    "Pasted",
    "Reading",
    "is_failure",
    "is_said_of_pull",
    "is_success",
    "may_be_of_pull",
    "opens_json",
    "same_but_for_ids",
]
