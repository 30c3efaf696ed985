"""Aliases for names in texts, word by word, so that whatever holds between names holds between their aliases. Pure.

A word (letters and digits) is the same alias wherever it stands: ``team/app:1.2`` and ``contosoreg.azurecr.io`` keep
their form, and equal stays equal, the beginning a beginning. What Azure, Kubernetes and public registries are called
stays. Aliases are numbered as they come, and say nothing of what they stand for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from .addresses import Turned
from .operators import vocabulary

ZERO_GUID = "00000000-0000-0000-0000-000000000000"
_GUID = r"(?<![\w-])[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}(?![\w-])"
_DIGEST = r"(?<![\w])(?:[0-9a-fA-F]{64}|[0-9a-fA-F]{96}|[0-9a-fA-F]{128})(?!\w)"
_IPV4 = r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?:/\d{1,2})?(?![\w]|\.\d)"
_IPV6 = (
    r"(?<![\w:])(?:[0-9a-fA-F]{1,4}:){2,7}[0-9a-fA-F:]*(?:/\d{1,3})?|(?<![\w:])::(?:[0-9a-fA-F]{1,4}:?)+(?:/\d{1,3})?"
)
_ID = r"/(?:subscriptions|providers)/[^\s'\",;?()\[\]{}<>]*[^\s'\",;:?()\[\]{}<>.]"
_ESCAPE = r"%[0-9a-fA-F]{2}"
_WORD = r"[^\W_]+"

# Hosts and names that are the same for everybody. Regions stand before ``.data.`` and ``.geo.`` of a registry's.
_EVERYBODYS = r"""
    (?:[a-z0-9]+\.)?(?:data|geo)\.azurecr\.(?:io|us|cn|de)|[a-z0-9]+\.data(?![\w.])|azurecr\.(?:io|us|cn|de)|privatelink
    |blob\.core\.(?:windows\.net|usgovcloudapi\.net|chinacloudapi\.cn|cloudapi\.de)|core\.windows\.net
    |(?:[a-z0-9]+\.)?(?:data\.)?mcr\.microsoft\.com|(?:[a-z0-9-]+\.)?docker\.(?:io|com)|(?:hcp\.)?[a-z0-9]+\.azmk8s\.io
    |(?:registry\.|storage\.)?(?:k8s|gcr|quay|ghcr|googleapis)\.(?:io|com)|registry\.k8s\.io|cloudflarestorage
    |(?:management|graph|login)\.(?:azure|microsoft|microsoftonline|windows)\.(?:com|net)|svc\.cluster\.local|localhost
    |(?:[a-z0-9-]+\.)*(?:kubernetes\.io|kubernetes\.azure\.com|karpenter\.sh|karpenter\.azure\.com)/[a-z0-9_.-]+
    |aka\.ms/[\w/.-]*\w|(?:learn|docs)\.microsoft\.com/[\w/.#?=&-]*\w
    |Microsoft\.[A-Za-z]+(?:/[A-Za-z0-9]+)*|/services/[A-Za-z]+
    |(?:application|text)/[\w.+-]+
    |aks-managed-(?:repository|mcr)|(?:^|(?<=/))library(?=/)|latest|_repositories_[a-z_]+
    |kube-(?:system|public|node-lease)|default|virtual-kubelet|virtualnode2
    |AzureFirewallSubnet|GatewaySubnet|RouteServerSubnet
    |(?:Allow|Deny)(?:Vnet|AzureLoadBalancer|Internet|All)(?:In|Out)Bound
    |linux|windows|amd64|arm64|https?(?=://|%3[aA])|v\d{1,4}|sha(?:256|384|512)|aks|vmss[0-9a-z]{0,6}
    |(?:com|net|org|io|cn|us|de|local|internal|arpa|com?)(?=[/:]|$)
"""
_BOUND = rf"(?<![^\W_])(?:{''.join(_EVERYBODYS.split())})(?![^\W_])"
# In addresses that are asked, beside the names in them.
_PROTOCOL_WORDS = """
    account api appid applications authorize blobs code docker exchange head get layers list manifests metadata ns
    oauth oauth2 pull push query realm registry repositories repository scope service serviceprincipals tags token
    tokens uploads
"""
_PROTOCOL = frozenset(_PROTOCOL_WORDS.split())
_IN_NAMES = re.compile(
    "|".join(
        f"(?P<{name}>{pattern})"
        for name, pattern in {
            "id": _ID, "guid": _GUID, "digest": _DIGEST, "ipv4": _IPV4, "ipv6": _IPV6, "kept": _BOUND,
            "escape": _ESCAPE, "word": _WORD,
        }.items()
    ),
    re.IGNORECASE,
)  # fmt: skip
_HOST = (
    r"(?:\*\.)?(?:[\w-]{1,63}\.)+(?:com|net|org|io|us|cn|de|local|internal|corp|cloud|dev|arpa|example|test|intra|lan)"
    r"(?![\w-])(?:[:/@][^\s\"'<>,;)\]]*[^\s\"'<>,;:.)\]])?"
)
_CALLED = (
    r"(?<=no namespace )[\w.-]+|(?<=nearest names are )[\w.-]+(?:, [\w.-]+)*"
    r"|(?<=image \")[^\s\"]+|(?<=rule ')[^\s']+|(?<=rule \")[^\s\"]+|(?<=webhook \")[^\s\"]+"
)
"""Behind words of ours, and of operators' that no name stands without."""
_IN_TEXTS = re.compile(
    "|".join(
        f"(?P<{name}>{pattern})"
        for name, pattern in {
            "id": _ID, "asked": rf"https?://[^\s\"'<>\\]+|{_HOST}", "guid": _GUID, "digest": _DIGEST, "ipv4": _IPV4,
            "ipv6": _IPV6,
            "quoted": r"(?<=[\"'])[^\s\"'\\{}\[\]=,]*[/:@][^\s\"'\\{}\[\]=,]*(?=[\"'\\])",
            "called": _CALLED,
            "kept": _BOUND, "words": rf"{_WORD}(?:[-_./]+{_WORD})*",
        }.items()
    ),
    re.IGNORECASE,
)  # fmt: skip
_QUOTED = re.compile(r"'([^']*)'")
_SCOPED = re.compile(r"repositories/(?P<name>.+)/(?P<what>[a-z]+/[a-z]+)", re.IGNORECASE)
_LABELS = ("agentpool", "type", "virtualization", "metadata.name")
"""Keys without a domain that mean something."""
_FEW_DIGITS = 5
"""Numbers of no more digits are versions, ports and counts."""


@dataclass
class Aliases:
    """The aliases of one run; the same for the same original, whatever text it stands in."""

    _words: dict[str, str] = field(default_factory=dict)
    _guids: dict[str, str] = field(default_factory=dict)
    _digests: dict[str, str] = field(default_factory=dict)
    _turned: Turned = field(default_factory=Turned)
    _kept: set[str] = field(default_factory=lambda: {ZERO_GUID})
    _taken: set[str] = field(default_factory=set)
    _named: set[str] = field(default_factory=set)
    _count: int = 0

    def keep(self, word: str) -> None:
        """Leave a word or GUID as it is: a region, a built-in role."""
        self._kept.add(word.lower())

    def note(self, name: str) -> None:
        """Get to know a name before any text is rewritten, so that sentences that hold it are, too."""
        words = [word.lower() for word in re.findall(_WORD, name)]
        self._taken.update(words)
        self._named.update(words)
        for part in re.split(r"[/\s:@]+", name.lower()):
            self._named.add(part)

    # --- texts of each kind ------------------------------------------------------------------

    def name(self, text: str) -> str:
        """Rewrite what consists of names alone: an id, a host, an image, a path."""
        return _IN_NAMES.sub(self._part_of_name, text)

    def text(self, text: str) -> str:
        """Rewrite sentences: ids, addresses, what is asked for, and the names that were noted."""
        return _IN_TEXTS.sub(self._part_of_text, text)

    def address(self, text: str) -> tuple[str, ...]:
        """Rewrite an address or a range; a service tag and ``*`` stay."""
        return self._turned.aliases(text) or (text,)

    def condition(self, text: str) -> str:
        """Rewrite the names in quotes, and ids."""
        quoted = _QUOTED.sub(
            lambda match: match[0] if match[1].startswith("Microsoft.") else f"'{self.name(match[1])}'", text
        )
        return re.sub(_GUID, lambda match: self._guid(match[0]), quoted)

    def owned(self, text: str) -> str:
        """Rewrite what follows the first slash, of ``Deployment/web``; a lone word stays."""
        kind, slash, name = text.partition("/")
        return f"{kind}/{self.name(name)}" if slash else text

    def label(self, text: str) -> str:
        """Rewrite the key or value of a label."""
        return text if text in _LABELS else self.name(text)

    def action(self, text: str) -> str:
        """Rewrite the repository of ``repositories/team/app/content/read``."""
        match = _SCOPED.fullmatch(text)
        return f"repositories/{self.name(match['name'])}/{match['what']}" if match else text

    # --- their parts -------------------------------------------------------------------------

    def _part_of_name(self, match: re.Match[str], asked: bool = False) -> str:
        found, text = match.lastgroup, match[0]
        if found == "id":
            return self._id(text)
        if found == "guid":
            return self._guid(text)
        if found == "digest":
            return self._digest(text)
        if found in ("ipv4", "ipv6"):
            return self._turned.alias(text) or text
        if found == "word" and not (asked and text.lower() in _PROTOCOL):
            return self._word(text)
        return text

    def _part_of_text(self, match: re.Match[str]) -> str:
        found, text = match.lastgroup, match[0]
        if found == "asked":
            return _IN_NAMES.sub(lambda part: self._part_of_name(part, asked=True), text)
        if found in ("quoted", "called"):
            return self.name(text)
        if found == "words":
            return self._spoken(text)
        return self._part_of_name(match)

    def _spoken(self, text: str) -> str:
        """Words of a sentence, joined by hyphens and the like: a name that was noted, or words that are such names."""
        compound = not text.isalnum()
        if compound and text.lower() in self._named:
            return self.name(text)
        return re.sub(_WORD, lambda word: self._noted(word[0]), text)

    def _noted(self, word: str) -> str:
        lower = word.lower()
        return self.name(word) if lower in self._named and lower not in vocabulary() else word

    def _id(self, text: str) -> str:
        """Types stand where types stand; the rest are names."""
        parts: list[str] = []
        is_type = True
        for part in text.split("/")[1:]:
            parts.append(part if is_type or part.lower().startswith("microsoft.") else self.name(part))
            is_type = not is_type or (len(parts) > 1 and parts[-2].lower() == "providers")
        return "/" + "/".join(parts)

    def _guid(self, text: str) -> str:
        lower = text.lower()
        if lower in self._kept:
            return text
        return self._guids.setdefault(lower, f"00000000-0000-4000-8000-{len(self._guids) + 1:012x}")

    def _digest(self, text: str) -> str:
        return self._digests.setdefault(text.lower(), f"{len(self._digests) + 1:0{len(text)}x}")

    def _word(self, text: str) -> str:
        lower = text.lower()
        if lower in self._kept or (text.isdigit() and len(text) <= _FEW_DIGITS):
            return text
        alias = self._words.get(lower)
        if alias is None:
            alias = self._words[lower] = self._next(lower)
        return alias if text == lower else alias.capitalize()

    def _next(self, word: str) -> str:
        """Digits for digits; never what is in use for something else."""
        while True:
            self._count += 1
            alias = f"{self._count:0{len(word)}}" if word.isdigit() else f"name{self._count}"
            if alias not in self._taken:
                return alias
