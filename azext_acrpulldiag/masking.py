"""Mask what opens a door in a text that others wrote: signatures, tokens, passwords. Pure, linear, never raises.

All else stays as it is, byte for byte, and a masked text masked again is itself. In an address stands
``%5BREDACTED%5D`` for what was masked, as containerd writes since 1.7.30, 2.0.8 and 2.1.6
(``internal/cri/util/sanitize.go``), elsewhere ``[REDACTED]``. A text may be cut off anywhere: what is open at its
end is masked to the end.
"""

from __future__ import annotations

import base64
import re

MASK = "[REDACTED]"
URL_MASK = "%5BREDACTED%5D"
_DONE = re.compile(r"\[(?:REDACTED|MASKED)\]?|%5B(?:REDACTED|MASKED)%5D|REDACTED|\*{3,64}|x{3,64}", re.IGNORECASE)
_ENDS_A_SENTENCE = ":,.;)]}"


def masked(text: str) -> str:
    """Return ``text`` without the value of any signature, token, password or basic credential in it."""
    lower = text.lower()
    for hints, mask in _STEPS:
        if any(hint in lower for hint in hints):
            text = mask(text)
    return text


def _masked_value(value: str, mask: str = MASK) -> str:
    """A value that may carry the end of a sentence, which is kept."""
    said = value.rstrip(_ENDS_A_SENTENCE)
    return value if not said or _DONE.fullmatch(value) or _DONE.fullmatch(said) else mask + value[len(said) :]


_TOKEN = re.compile(r"(?=[^\d+=]*[\d+=])[\w.~+/-]{16,}={0,2}")


def _looks_secret(value: str) -> bool:
    """Tell a token from words: long and with a digit, or base64 of ``user:password``."""
    if _TOKEN.fullmatch(value):
        return True
    try:
        decoded = base64.b64decode(value.rstrip("=")[: len(value.rstrip("=")) // 4 * 4], validate=True)
    except ValueError:
        return False
    return len(decoded) >= 6 and b":" in decoded and decoded.isascii() and decoded.decode().isprintable()


# --- addresses ------------------------------------------------------------------------------

_HARMLESS_MEMBERS = ("ns", "scope", "service")
_QUERY = re.compile(r"(://[^\s\"'<>`\\?]{1,4096}\?)((?:[^\s\"'<>`\\]|\\u0026)*)")
_AND = re.compile(r"((?:&|\\u0026)(?:amp;)?)")
# Of an address cut off before its host, of a path in a log line, of an address inside another's member.
_SIGNATURE = re.compile(
    r"((?:(?<![a-z])|(?<=%3f))(?:sig|x-(?:amz|goog)-(?:signature|credential|security-token))(?:=|%3d))([^\s\"'<>`\\&]+)",
    re.I,
)
_USER = re.compile(r"(://[^\s/?#:@\"'<>`\\]{0,256}:)([^\s/?#\"'<>`\\]{1,1024})(?=@)")
# A password may hold what an address may not; a port and an image's digest are none.
_ODD_USER = re.compile(r"(://[^\s/?#:@\"'<>`\\]{0,256}:)(?!\d{1,5}[/?#])([^\s@\"'<>`\\]{1,1024})(?=@(?!sha\d{3}:))")
_LONE_TOKEN = re.compile(r"(://)([^\s/?#:@\"'<>`\\]{16,256})(?=@)")


def _mask_queries(text: str) -> str:
    return _QUERY.sub(lambda match: match[1] + "".join(map(_member, _AND.split(match[2]))), text)


def _member(member: str) -> str:
    name, equals, value = member.partition("=")
    if not member.strip(_ENDS_A_SENTENCE) or name in _HARMLESS_MEMBERS or _AND.fullmatch(member):
        return member
    return name + equals + _masked_value(value, URL_MASK) if equals else _masked_value(member, URL_MASK)


def _mask_signatures(text: str) -> str:
    return _SIGNATURE.sub(lambda match: match[1] + _masked_value(match[2], URL_MASK), text)


def _mask_users(text: str) -> str:
    # Once more behind the odd ones: of "u:a/@b@host" the first leaves all, and the second leaves b.
    for pattern in (_USER, _ODD_USER, _USER, _LONE_TOKEN):
        text = pattern.sub(lambda match: match[1] + (match[2] if _DONE.fullmatch(match[2]) else URL_MASK), text)
    return text


# --- tokens by their form -------------------------------------------------------------------

_BASE64_OF_JSON = re.compile(r"(?<![A-Za-z0-9])(eyJ[A-Za-z0-9+/=_.%-]{13,})")
# Forms that their makers publish for scanners: Entra client secrets, passwords of ACR, keys of Azure Storage, tokens
# of GitHub, Docker Hub and GitLab.
_KNOWN_FORM = re.compile(
    r"(?<![A-Za-z0-9_~.-])[A-Za-z0-9_~.-]{3}\dQ~[A-Za-z0-9_~.-]{31,34}|"
    r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{42}\+ACR[A-Za-z0-9+/]{5,6}|(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{76}\+ASt[\w+/]{5,6}==|"
    r"\b(?:gh[pousr]_|github_pat_|dckr_[po]at_|glpat-)[\w-]{16,255}"
)
_SCHEME = re.compile(r"(\b(?:basic|bearer)[ \t]{1,4})([\w.~+/-]+=*)", re.I)


def _mask_json_in_base64(text: str) -> str:
    return _BASE64_OF_JSON.sub(lambda match: _masked_value(match[1]), text)


def _mask_known_forms(text: str) -> str:
    return _KNOWN_FORM.sub(MASK, text)


def _mask_credentials(text: str) -> str:
    return _SCHEME.sub(_credential, text)


def _credential(match: re.Match[str]) -> str:
    value = match[2]
    in_header = "authorization" in match.string[max(0, match.start() - 24) : match.start()].lower()
    secret = re.search(r"[A-Z0-9=]", value) if in_header else _looks_secret(value)
    return match[1] + (_masked_value(value) if secret else value)


# --- members by their name ------------------------------------------------------------------

_UNMISTAKABLE = (
    *("clientsecret", "appsecret", "secretkey", "secretvalue", "secrettext", "clientassertion", "xregistryauth"),
    *("accesstoken", "refreshtoken", "identitytoken", "registrytoken", "idtoken"),
    *("accountkey", "accesskey", "apikey", "sharedaccesskey", "sharedaccesssignature"),
)
_NAMES = (*_UNMISTAKABLE, "password", "passwd", "passphrase", "token")
_LONGEST_NAME = 48
_ASSIGNED = re.compile(r"([\"'][ \t]{0,4}:|=|:(?=[ \t]))([ \t]{0,4})(\\{0,8}[\"'])?")
_VALUE = re.compile(r"[^\s\"'&;<>\\]*")
_STARTS_A_LINE = re.compile(r"[ \t-]*[\w.-]*")
_ENDS_A_LINE = re.compile(r"[\"']?[ \t]*\r?(?:\n|\Z)")
# Go prints a structure of credentials so; an image may be called token:v1, in small letters.
_GO_MEMBER = re.compile(r"((?<=[{\s])(?:Password|IdentityToken|RegistryToken|Auth):)([^\s\"'}]+)")
_OPTION = re.compile(r"(--[\w-]{1,48}[ \t]{1,4})([\"']?)([^\s\"'-][^\s\"']*)")
_LOGIN = re.compile(r"(\blogin\b.{0,300}?\s-p[ \t]{1,4}[\"']?)([^\s\"']+)")


def _mask_members(text: str) -> str:
    """``password=x``, ``"password": "x"`` at any depth of quoting, and ``password: x`` where it is a line of YAML."""
    parts, at = [], 0
    for match in _ASSIGNED.finditer(text):
        if match.start() < at:
            continue
        before = text[max(0, match.start() - _LONGEST_NAME) : match.start()].rstrip("\\ \t")
        name = re.sub(r"\d?\Z", "", before).replace("_", "").replace("-", "").lower()
        sure = name.endswith(_NAMES)
        if not sure and not (name.endswith("auth") and re.search(r"(?:\A|[^\w-])auth\Z", before, re.I)):
            continue
        end = _end_of_value(text, match)
        value = text[match.end() : end]
        if match[1] == ":":
            alone = _STARTS_A_LINE.fullmatch(before.rpartition("\n")[2]) and _ENDS_A_LINE.match(text, end)
            sure = sure and bool(alone or (name.endswith(_UNMISTAKABLE) and _looks_secret(value)))
        quoted = match[3] is not None
        if (sure or _looks_secret(value)) and (quoted or _is_of_a_member(match)):
            whole = MASK if value and not _DONE.fullmatch(value) else value
            parts += [text[at : match.end()], whole if quoted else _masked_value(value)]
            at = end
    return "".join([*parts, text[at:]])


def _is_of_a_member(match: re.Match[str]) -> bool:
    """Tell an unquoted value that belongs to its name from a comparison written with blanks (``a = b``)."""
    return match[1] == ":" or (match[1] == "=" and not match[2])


def _end_of_value(text: str, match: re.Match[str]) -> int:
    if match[3] is None:
        value = _VALUE.match(text, match.end())
        return value.end() if value else match.end()
    closed = re.compile(r"(?<!\\)" + re.escape(match[3])).search(text, match.end())
    return closed.start() if closed else len(text)


def _mask_go_members(text: str) -> str:
    return _GO_MEMBER.sub(lambda match: match[1] + _masked_value(match[2]), text)


def _mask_options(text: str) -> str:
    text = _OPTION.sub(_option, text)
    return _LOGIN.sub(lambda match: match[1] + _masked_value(match[2]), text)


def _option(match: re.Match[str]) -> str:
    sure = match[1].rstrip().replace("-", "").lower().endswith(_NAMES)
    return match[1] + match[2] + (_masked_value(match[3]) if sure else match[3])


_MEMBERS = ("passw", "passph", "token", "secret", "key", "auth", "assertion", "signature")
_STEPS = (
    (("@",), _mask_users),
    (("?",), _mask_queries),
    (("sig=", "sig%3d", "x-amz-", "x-goog-"), _mask_signatures),
    (("eyj",), _mask_json_in_base64),
    (("q~", "+acr", "+ast", "gh", "dckr_", "glpat-"), _mask_known_forms),
    (("basic", "bearer"), _mask_credentials),
    (_MEMBERS, _mask_members),
    (("password:", "token:", "auth:"), _mask_go_members),
    (("--", "login"), _mask_options),
)
