"""Judgement: one module a category of checks, each a pure function from facts to findings."""
