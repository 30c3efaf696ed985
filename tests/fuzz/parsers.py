"""What each reader of foreign text promises for any text; breaking it raises ``AssertionError``."""

from __future__ import annotations

import base64
import json
import shlex
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from dataclasses import fields, replace
from ipaddress import IPv4Address
from itertools import pairwise

from azext_acrpulldiag import wildcards
from azext_acrpulldiag.access.conditions import Answer, condition_holds, matches_operation
from azext_acrpulldiag.collect.secrets.docker_config import JSON_TYPE, MalformedSecretError, credentials_in
from azext_acrpulldiag.collect.secrets.docker_config import matches as key_matches
from azext_acrpulldiag.facts import FirewallRule
from azext_acrpulldiag.images.references import parse_reference, resembles, written
from azext_acrpulldiag.masking import masked
from azext_acrpulldiag.pasted import DocumentError, Reading
from azext_acrpulldiag.path.addresses import address_set
from azext_acrpulldiag.path.filters.firewall_rules import MAYBE, NO, YES, Traffic, addresses_of
from azext_acrpulldiag.path.filters.firewall_rules import matches as rule_matches
from azext_acrpulldiag.pull_errors import SYMPTOM_CLASSES, classify
from azext_acrpulldiag.quoting import fill_command, is_safe_argument, printable, quoted
from azext_acrpulldiag.snapshot.document import SnapshotError, from_json

HOST = "contosoreg.azurecr.io"
SECRET = "S3cr3t-canary-value"


def classifier(text: str) -> None:
    """A class of the list, and the same one each time."""
    found = classify(text)
    assert found.symptom_class in SYMPTOM_CLASSES
    assert classify(text) == found


def reference(text: str) -> None:
    """An image whose reference is read as itself, or a sentence that says what is wrong."""
    try:
        image = parse_reference(text)
    except ValueError as error:
        assert not isinstance(error, UnicodeError)
        assert str(error)
        return
    assert parse_reference(written(image)) == image
    resembles(image.host, HOST)


def docker_config(text: str) -> None:
    """Entries, or a sentence; neither shows a password."""
    documents = (
        text,
        json.dumps({"auths": {text: {"auth": text, "password": SECRET}}}),
        json.dumps({"auths": {HOST: {"username": text, "password": SECRET + text}}}),
    )
    for document in documents:
        data = base64.b64encode(document.encode("utf-8", "surrogatepass")).decode()
        try:
            entries = credentials_in({"type": JSON_TYPE, "data": {".dockerconfigjson": data}})
        except MalformedSecretError as error:
            assert SECRET not in str(error)
            continue
        assert SECRET not in repr(entries)
        for entry in entries:
            entry.serves(HOST, "team/app")
    key_matches(text, HOST, text)


def condition(text: str) -> None:
    """One of three answers; a text that denies itself is never met."""
    for repository in (None, "team/app", text):
        for operation in ("Microsoft.ContainerRegistry/registries/repositories/content/read", text):
            assert isinstance(condition_holds(text, operation, repository), Answer)
            both = condition_holds(f"({text}) AND (!({text}))", operation, repository)
            assert both is not Answer.YES or not text.strip()
    matches_operation(text, text)


def firewall_rule(text: str) -> None:
    """One of three answers, whichever member of a rule holds the text."""
    sources = address_set(("10.224.0.0/16",))
    for known in (None, address_set(("10.1.0.4",))):
        traffic = Traffic(HOST, sources, known, "azurecontainerregistry", frozenset(("westeurope",)))
        for kind in ("network", "application"):
            for name in _LISTS:
                rule = replace(_RULE, **{name: (text, text)})
                assert rule_matches(kind, rule, traffic) in (NO, MAYBE, YES)


_LISTS = [each.name for each in fields(FirewallRule) if each.name != "name"]
_RULE = FirewallRule("rule", *(("*",) for _ in _LISTS))


def addresses(text: str) -> None:
    """A set of IPv4 addresses that are in order and do not touch."""
    for texts in ((text,), tuple(text.split()), ("10.0.0.0/8", text)):
        spans = addresses_of(texts).spans
        assert all(0 <= first <= last <= int(IPv4Address("255.255.255.255")) for first, last in spans)
        assert all(one[1] + 1 < other[0] for one, other in pairwise(spans))


def wildcard(text: str) -> None:
    """A pattern covers what it is made of."""
    assert wildcards.matches("*", text)
    assert wildcards.matches(text, text.replace("*", ""))
    assert wildcards.matches(f"*{text}*", f"a{text.replace('*', 'b')}c")


def pasted(text: str) -> None:
    """Messages, or a sentence that says what is wrong with a document."""
    try:
        messages = list(Reading(iter(text.split("\n"))))
    except DocumentError as error:
        assert str(error)
        return
    for message in messages:
        classify(message.text)


def snapshot(text: str) -> None:
    """A snapshot, or a sentence."""
    for document in (text, json.dumps({"program": "acrpulldiag", "snapshotVersion": 1, "reports": text, text: text})):
        with suppress(SnapshotError):
            from_json(document, "The snapshot")


def shown(text: str) -> None:
    """Nothing that moves a cursor is left, and what is quoted fits."""
    assert not any(map(_moves, printable(text)))
    assert printable(printable(text)) == printable(text)
    assert len(quoted(text, 50)) <= 50 + len(" ...")
    assert not any(map(_moves, quoted(text, 50)))


def _moves(char: str) -> bool:
    """Whether a character is a control, a format, none at all, or ends a line."""
    return unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def mask(text: str) -> None:
    """What is masked stays masked, and a password at a known place is gone."""
    assert masked(masked(text)) == masked(text)
    assert SECRET not in masked(f"{text} https://{HOST}/v2/?sig={SECRET}&x=1")


def command(text: str) -> None:
    """One argument of a POSIX shell, or no command."""
    filled = fill_command("az acr show --name {name} --output none", {"name": text})
    assert (filled is not None) == is_safe_argument(text)
    if filled is not None:
        assert shlex.split(filled) == ["az", "acr", "show", "--name", text, "--output", "none"]


PARSERS: dict[str, Callable[[str], None]] = {
    each.__name__: each
    for each in (
        classifier, reference, docker_config, condition, firewall_rule, addresses, wildcard, pasted, snapshot, shown,
        mask, command,
    )
}  # fmt: skip
