"""Texts that nobody means well with: of real messages, pieces of the formats we read, and every kind of character."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.score import messages as recorded

# What moves a cursor, turns a line around, starts a formula, ends a string, loads a file or runs a command.
HOSTILE = (
    "\x1b[2J", "\x1b]0;title\x07", "\x00", "\r", "\n", "\t", "\x7f", "\x85", "\u2028", "\u202e", "\u2066", "\u200f",
    "\ufeff", "\ud800", "\uffff", "\U0010ffff", "İ", "ß", "ﬁ", "\u0661", "=cmd()", "@file", "-o", "--yes", "$(id)",
    "`id`", "'", '"', "\\", "\\u0026", "\\x1b", "%00", "%5B", "%zz", "<b>", "&amp;", "]]>", "{0}", "{name}",
    "${NAME:?}", "|", ";", "&&",
)  # fmt: skip

# Of references, addresses, documents, conditions and rules.
PIECES = (
    ":", "/", "@", "*", ".", "..", "__", "--", "sha256:", "a" * 64, "0" * 4300, "://", "https://",
    "http://[::1]:443/v2/", "contosoreg.azurecr.io", "contosoreg.azurecr.io/team/app:1.2", "docker.io/library/",
    "localhost:5000", "[fe80::1%eth0]", "10.0.0.0/8", "10.0.0.9-10.0.0.1", "0.0.0.0/0", "255.255.255.255",
    "1.2.3.4/33", "AzureContainerRegistry.westeurope", "rpc error: code = Unknown desc = ",
    "failed to pull and unpack image ", "failed to resolve reference ", "unexpected status from HEAD request to ",
    ": 401 Unauthorized", ": not found", "dial tcp ", "lookup ", " on ", ": i/o timeout", "x509: ",
    '{"errors":[{"code":"', '"message":"', "client with IP '", "Back-off pulling image ", "{", "}", "[", "]", '{"a":',
    "null", "true", "1e999", "-", "NaN", '"auths":', '"auth":', "apiVersion: v1\n", "- a\n", "kind: Event\n",
    "Events:\n", "LAST SEEN   TYPE   REASON   OBJECT   MESSAGE\n", "  Warning  Failed  3m (x4)  kubelet  ",
    "I1128 10:00:00.000000    1 file.go:1] ", "time=\"2026-11-28T10:00:00Z\" level=error msg=\"",
    "@Request[Microsoft.ContainerRegistry/registries/repositories:name]", " StringStartsWithIgnoreCase ",
    "ForAnyOfAnyValues:", "!(ActionMatches{'*'})", "(", ")", " AND ", " OR ", "!", "'team/'", "sig=abc&", "?se=",
    "Bearer ", "password=",
)  # fmt: skip


MESSAGES = tuple(record["message"] for record in recorded("messages"))
"""The recorded messages of pull errors."""


def _parts() -> st.SearchStrategy[str]:
    return st.one_of(
        st.sampled_from(HOSTILE),
        st.sampled_from(PIECES),
        st.sampled_from(MESSAGES),
        st.sampled_from(MESSAGES).flatmap(_cut),
        st.text(max_size=40),
        st.characters(),
    )


def _cut(message: str) -> st.SearchStrategy[str]:
    ends = st.integers(0, len(message))
    return st.tuples(ends, ends).map(lambda cut: message[min(cut) : max(cut)])


def texts() -> st.SearchStrategy[str]:
    """Any text; most are made of pieces, so that they get past the first character that a parser looks at."""
    joined = st.lists(_parts(), max_size=12).map("".join)
    repeated = st.tuples(_parts(), st.integers(1, 200)).map(lambda each: each[0] * each[1])
    return st.one_of(joined, repeated, st.text())


def json_values() -> st.SearchStrategy[object]:
    """Any value of JSON, of the texts above."""
    leaves = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), texts())
    return st.recursive(
        leaves,
        lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(texts(), inner, max_size=4)),
        max_leaves=10,
    )
