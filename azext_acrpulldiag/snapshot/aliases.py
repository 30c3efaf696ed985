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
_GUID = r"(?<![^\W_])[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}(?![^\W_])"
_DIGEST = rf"(?<![^\W_])(?:{'|'.join(f'[0-9a-fA-F]{{{length}}}' for length in (32, 40, 64, 96, 128))})(?![^\W_])"
"""The short ones are ids without hyphens and commits."""
_IPV4 = r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?:/\d{1,2})?(?![\w]|\.\d)"
_IPV6 = (
    r"(?<![\w:])::ffff:\d{1,3}(?:\.\d{1,3}){3}(?![\w]|\.\d)|"
    r"(?<![\w:])(?:[0-9a-fA-F]{1,4}:){2,7}[0-9a-fA-F:]*(?:/\d{1,3})?|(?<![\w:])::(?:[0-9a-fA-F]{1,4}:?)+(?:/\d{1,3})?"
)
_ID = r"/(?:subscriptions|providers)/[^\s'\",;?()\[\]{}<>]*[^\s'\",;:?()\[\]{}<>.]"
_ESCAPE = r"%[0-9a-fA-F]{2}"
_WORD = r"[^\W_]+"

_MEDIA_TYPE = r"""
    (?:application|text)/(?:vnd\.)?(?:oci|docker|cncf|wasm|fermyon\.spin|dev\.cosign|dev\.sigstore|in-toto
    |cyclonedx|spdx|json|octet-stream|html|plain)(?!\w)[\w.+-]*
"""
"""Those that everybody uses."""

# Hosts and names that are the same for everybody. Regions stand before ``.data.`` and ``.geo.`` of a registry's.
_EVERYBODYS = rf"""
    (?:(?<=\.)[a-z0-9]+\.)?(?:data|geo)\.azurecr\.(?:io|us|cn|de)|(?<=\.)[a-z0-9]+\.data(?![\w.])
    |azurecr\.(?:io|us|cn|de)|privatelink
    |blob\.core\.(?:windows\.net|usgovcloudapi\.net|chinacloudapi\.cn|cloudapi\.de)|core\.windows\.net
    |(?:[a-z0-9]+\.)?(?:data\.)?mcr\.microsoft\.com|(?:[a-z0-9-]{{1,63}}\.)?docker\.(?:io|com)
    |(?:(?<=\.)(?:hcp\.)?[a-z0-9]+\.)?azmk8s\.io
    |(?:registry\.|storage\.)?(?:k8s|gcr|quay|ghcr|googleapis)\.(?:io|com)|registry\.k8s\.io|cloudflarestorage
    |(?:management|graph|login)\.(?:azure|microsoft|microsoftonline|windows)\.(?:com|net)|svc\.cluster\.local|localhost
    |(?<![\w-])(?<!node-role\.)(?<!node-restriction\.)(?!node-role\.|node-restriction\.)
    (?:[a-z0-9-]{{1,63}}\.){{0,4}}(?:kubernetes\.io|kubernetes\.azure\.com|karpenter\.sh|karpenter\.azure\.com)
    /[a-z0-9_.-]+
    |aka\.ms/[\w/.-]*\w|(?:learn|docs)\.microsoft\.com/[\w/.#?=&-]*\w
    |Microsoft\.[A-Za-z]+(?:/[A-Za-z0-9]+)*|/services/[A-Za-z]+
    |{_MEDIA_TYPE}
    |aks-managed-(?:repository|mcr)|(?:^|(?<=/))library(?=/)|latest|_repositories_[a-z_]+
    |kube-(?:system|public|node-lease)|default|virtual-kubelet|virtualnode2
    |AzureFirewallSubnet|GatewaySubnet|RouteServerSubnet
    |(?:Allow|Deny)(?:Vnet|AzureLoadBalancer|Internet|All)(?:In|Out)Bound
    |linux|windows|amd64|arm64|https?(?=://|%3[aA])|v\d{{1,4}}|sha(?:256|384|512)|aks|vmss[0-9a-z]{{0,6}}
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
_LABELS_OF_HOST = r"(?:[\w-]{1,63}\.)"
# Domains that are no words of sentences and no ends of files' names; a host of three labels may end in any two letters.
_DOMAINS = """
    ai app arpa au bank biz br ca ch cloud cn com corp cz de dev dk edu es eu example fi fr gov hu ie info int internal
    intra io jp kr lan local mil mx net nl nz online org pt ro ru se sg tech test tr tw ua uk us za
"""
_HOST = (
    rf"(?:\*\.)?(?:{_LABELS_OF_HOST}+(?:{'|'.join(_DOMAINS.split())})(?![\w-])"
    rf"|{_LABELS_OF_HOST}{{2,}}[a-z]{{2}}(?![\w-])|{_LABELS_OF_HOST}+[a-z]{{2,24}}(?=:\d{{1,5}}(?!\w))"
    rf"|(?<=lookup ){_LABELS_OF_HOST}+[a-z]{{2,24}}(?![\w-]))"
    r"(?:[:/@][^\s\"'<>,;)\]]*[^\s\"'<>,;:.)\]])?"
)
_MAIL = rf"[\w.+%-]{{1,64}}@{_LABELS_OF_HOST}+[a-z]{{2,24}}(?![\w-])"
_CALLED = (
    r"(?<=no namespace )[\w.-]+|(?<=nearest names are )[\w.-]+(?:, [\w.-]+)*"
    r"|(?<=image \")[^\s\"]+|(?<=rule ')[^\s']+|(?<=rule \")[^\s\"]+|(?<=webhook \")[^\s\"]+|(?<=user \")[^\s\"]+"
    r"|(?<=secret \")[^\s\"]+|(?<=secrets \")[^\s\"]+|(?<=namespace \")[^\s\"]+"
)
"""Behind words of ours, and of operators' that no name stands without."""
_IN_TEXTS = re.compile(
    "|".join(
        f"(?P<{name}>{pattern})"
        for name, pattern in {
            "id": _ID, "asked": rf"https?://[^\s\"'<>\\]+|{_MAIL}|{_HOST}", "guid": _GUID, "digest": _DIGEST,
            "ipv4": _IPV4, "ipv6": _IPV6,
            "quoted": r"(?<=[\"'])[^\s\"'\\{}\[\]=,]*[/:@][^\s\"'\\{}\[\]=,]*(?=[\"'\\])",
            "called": _CALLED,
            "home": r"(?:/home/|/users/|\\users\\)[^\s/\\\"']+",
            "looked_up": r"(?<=lookup )[\w-]+(?=:| on )",
            "kept": _BOUND, "escape": _ESCAPE, "words": rf"{_WORD}(?:[-_./]+{_WORD})*",
        }.items()
    ),
    re.IGNORECASE,
)  # fmt: skip
_IN_WORDS = re.compile(rf"(?P<guid>{_GUID})|(?P<digest>{_DIGEST})|(?P<word>{_WORD})")
_QUOTED = re.compile(r"'([^']*)'")
_PUBLIC_MEDIA_TYPE = re.compile("".join(_MEDIA_TYPE.split()), re.IGNORECASE)
_SCOPED = re.compile(r"repositories/(?P<name>.+)/(?P<what>[a-z]+/[a-z]+)", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"(?<=CustomSecurityAttributes/Id:)\w+", re.IGNORECASE)
_LABELS = ("agentpool", "type", "virtualization", "metadata.name", "Opaque")
"""Keys without a domain that mean something, and the type of a secret that has none."""
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
        attributes = _ATTRIBUTE.sub(lambda match: self.name(match[0]), quoted)
        return re.sub(_GUID, lambda match: self._guid(match[0]), attributes)

    def owned(self, text: str) -> str:
        """Rewrite what follows the first slash, of ``Deployment/web``; a lone word stays."""
        kind, slash, name = text.partition("/")
        return f"{kind}/{self.name(name)}" if slash else text

    def label(self, text: str) -> str:
        """Rewrite the key or value of a label."""
        return text if text in _LABELS else self.name(text)

    def media_type(self, text: str) -> str:
        """Rewrite what stands behind the slash of a media type that somebody chose."""
        kind, slash, name = text.partition("/")
        return text if _PUBLIC_MEDIA_TYPE.fullmatch(text) else f"{kind}{slash}{self.name(name)}"

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
        if found == "home":
            return re.sub(r"[^/\\]+$", lambda user: self.name(user[0]), text)
        if found == "looked_up":
            return text if text.lower() in vocabulary() else self.name(text)
        if found == "words":
            return self._spoken(text)
        return self._part_of_name(match)

    def _spoken(self, text: str) -> str:
        """Words of a sentence, joined by hyphens and the like: a name that was noted, or words that are such names."""
        compound = not text.isalnum()
        if compound and text.lower() in self._named:
            return self.name(text)
        return _IN_WORDS.sub(
            lambda part: self._noted(part[0]) if part.lastgroup == "word" else self._part_of_name(part), text
        )

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
