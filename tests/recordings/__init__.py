"""Recorded and official response bodies, as they came; see each file's ``provenance``."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent


@cache
def _text(name: str) -> str:
    return (FOLDER / f"{name}.json").read_text(encoding="utf-8")


@cache
def _text_of_body(name: str) -> str:
    return json.dumps(recording(name)["response"]["body"])


def recording(name: str) -> Any:
    """The whole exchange ``area/file``: provenance, request, response."""
    return json.loads(_text(name))


def body(name: str) -> Any:
    """The response body of ``area/file``; a copy, so that a test may change it: parsing it is the fastest."""
    return json.loads(_text_of_body(name))
