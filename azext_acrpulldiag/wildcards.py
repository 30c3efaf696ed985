"""Names with ``*`` in them, matched in one place: hosts, repositories, actions. Pure.

Azure's wildcards stand for any text, none at all and dots or slashes included: in an FQDN of a firewall's rule
(https://learn.microsoft.com/azure/firewall/rule-processing), in an action of a role
(https://learn.microsoft.com/azure/role-based-access-control/role-definitions), in a repository of a scope map
(https://learn.microsoft.com/azure/container-registry/container-registry-token-based-repository-permissions).
"""

from __future__ import annotations


def matches(pattern: str, text: str) -> bool:
    """Tell whether ``pattern``, in which every ``*`` stands for any text, covers all of ``text``.

    Nothing else in a pattern is special. Case counts: whoever compares without it folds both first. Takes time
    in proportion to the lengths, whatever the pattern is.
    """
    first, *others = pattern.split("*")
    if not others:
        return pattern == text
    *between, last = others
    at, end = len(first), len(text) - len(last)
    if end < at or not text.startswith(first) or not text.endswith(last):
        return False
    for part in between:
        found = text.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True
