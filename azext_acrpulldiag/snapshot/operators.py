"""Words by which operators of registries and nodes are understood: no name takes their place in a sentence. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from ..pull_errors import asked, bodies, chain, classes, names, parse, rules, speakers, subject, virtual_nodes

_MODULES = (asked, bodies, chain, classes, names, parse, rules, speakers, subject, virtual_nodes)
_WORD = re.compile(r"[A-Za-z]{2,}")
_PLAIN = """
    about access account accounts admin allow allowed an and api are artifact as at azure back by cache cannot client
    cloud cluster code container containers controller could credential data default deny denied deployment desc
    direct dns does domain endpoint error event exist exists fail failed firewall for from get group has head host hub
    id identity image images in internal internet is it its job kubelet layer link list login manifest may mirror name
    names namespace network no node nodes none not object of off on only operation or other own permission pod pods
    policy pool private proxy public pull pulled pulling read record refused region registry replica repository
    request resource role route rpc rule rules secret server service set snapshot source state status storage
    subnet subscription tag tags tenant test that the there this to token type unknown url user version virtual
    webhook which with write zone
"""


@cache
def vocabulary() -> frozenset[str]:
    """In lower case: what any pattern of :mod:`~azext_acrpulldiag.pull_errors` looks for, and plain English."""
    return frozenset(_PLAIN.split()) | frozenset(
        word.lower() for pattern in _patterns() for word in _WORD.findall(pattern)
    )


def _patterns() -> Iterator[str]:
    for module in _MODULES:
        for value in vars(module).values():
            for each in value if isinstance(value, tuple) else (value,):
                found = getattr(each, "pattern", each)
                if isinstance(found, re.Pattern):
                    yield str(found.pattern)
                elif isinstance(each, re.Pattern):
                    yield str(each.pattern)
                elif isinstance(each, tuple):
                    yield from (str(part.pattern) for part in each if isinstance(part, re.Pattern))
