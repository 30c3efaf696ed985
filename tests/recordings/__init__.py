"""Recorded and official response bodies, as they came; see each file's ``provenance``."""

from __future__ import annotations

import copy
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent


@lru_cache
def _load(name: str) -> Any:
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def recording(name: str) -> Any:
    """The whole exchange ``area/file``: provenance, request, response."""
    return copy.deepcopy(_load(name))


def body(name: str) -> Any:
    """The response body of ``area/file``; a copy, so that a test may change it."""
    return recording(name)["response"]["body"]
