"""Answers to messages, whatever they say."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from azext_acrpulldiag.pasted import Pasted
from azext_acrpulldiag.pull_errors.explain.answers import Answers


def explain(messages: Iterable[str]) -> list[dict[str, Any]]:
    answers = Answers()
    for message in messages:
        answers.add(Pasted(message), always=True)
    return answers.report()[0]
