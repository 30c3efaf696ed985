"""Secrets as kubectl's typed client writes them: ``application/vnd.kubernetes.protobuf``.

The envelope and the numbers of fields are those of ``staging/src/k8s.io/apimachinery/pkg/runtime/generated.proto``
(Unknown, TypeMeta), ``.../apis/meta/v1/generated.proto`` (ObjectMeta) and ``staging/src/k8s.io/api/core/v1/
generated.proto`` (Secret) in https://github.com/kubernetes/kubernetes. Answers are JSON, which the client takes too.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator

from .kubernetes_state import Object

CONTENT_TYPE = "application/vnd.kubernetes.protobuf"
_MAGIC = b"k8s\x00"
_VARINT, _BYTES = 0, 2

Field = tuple[int, int | bytes]


def secret(content: bytes) -> Object:
    """A Secret out of the body of a request. Raises ``ValueError`` for another kind, or what is no protobuf."""
    if not content.startswith(_MAGIC):
        raise ValueError("no envelope of Kubernetes")
    envelope = dict(_fields(content[len(_MAGIC) :]))
    kind = {number: _text(value) for number, value in _fields(_bytes(envelope[1]))}
    if kind.get(2) != "Secret":
        raise ValueError(f"{kind.get(2)} is not read as protobuf here")
    item: Object = {"apiVersion": kind[1], "kind": kind[2], "metadata": {}, "data": {}}
    for number, value in _fields(_bytes(envelope[2])):
        if number == 1:
            item["metadata"] = _metadata(_bytes(value))
        elif number == 2:
            key, content_of = _entry(value)
            item["data"][_text(key)] = base64.b64encode(_bytes(content_of)).decode()
        elif number == 3:
            item["type"] = _text(value)
        elif number == 5:
            item["immutable"] = bool(value)
    return item


def _metadata(content: bytes) -> Object:
    metadata: Object = {}
    for number, value in _fields(content):
        if number in (1, 3) and value:
            metadata["name" if number == 1 else "namespace"] = _text(value)
        elif number in (11, 12):
            key, text = _entry(value)
            metadata.setdefault("labels" if number == 11 else "annotations", {})[_text(key)] = _text(text)
    return metadata


def _entry(value: int | bytes) -> tuple[int | bytes, int | bytes]:
    """Key and value of a map's entry; what is empty is left out of the message."""
    found = dict(_fields(_bytes(value)))
    return found.get(1, b""), found.get(2, b"")


def _fields(content: bytes) -> Iterator[Field]:
    at = 0
    while at < len(content):
        tag, at = _varint(content, at)
        number, at = _varint(content, at)
        if tag & 7 == _BYTES:
            yield tag >> 3, content[at : at + number]
            at += number
        elif tag & 7 == _VARINT:
            yield tag >> 3, number
        else:
            raise ValueError(f"a field of wire type {tag & 7}")


def _varint(content: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = content[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def _bytes(value: int | bytes) -> bytes:
    if not isinstance(value, bytes):
        raise ValueError("a number where bytes were to be")
    return value


def _text(value: int | bytes) -> str:
    return _bytes(value).decode()
