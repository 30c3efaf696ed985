"""What is masked in a text of others, and that all else stays."""

from __future__ import annotations

import base64
import random
import time

import pytest

from azext_acrpulldiag.masking import MASK, URL_MASK, masked
from tests.score import messages

CANARY = "Canary9"
SIGNATURE = f"{CANARY}%2Bx%3D"
JWT = f"eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.{CANARY}-_sig"
BASIC = base64.b64encode(f"user:{CANARY}/+pass".encode()).decode()
CONFIG = base64.b64encode(f'{{"auths":{{"h":{{"auth":"{BASIC}"}}}}}}'.encode()).decode()
STORE = "https://weumanaged193.blob.core.windows.net/0123/docker/registry/v2/blobs/sha256/ab/data"
MASKED = [
    (f"https://user:a/@{CANARY}@host/x", f"https://user:{URL_MASK}@host/x"),
    ("://:/@@", f"://:{URL_MASK}@"),
    (f"{STORE}?se=2026-11-28T10%3A00%3A00Z&sig={SIGNATURE}&sp=r: 403 Forbidden",
     f"{STORE}?se={URL_MASK}&sig={URL_MASK}&sp={URL_MASK}: 403 Forbidden"),
    (f'Get "{STORE}?sig={SIGNATURE}&ns=contosoreg.azurecr.io": EOF',
     f'Get "{STORE}?sig={URL_MASK}&ns=contosoreg.azurecr.io": EOF'),
    (f"{STORE}?se=2026\\u0026sig={SIGNATURE}\\u0026sp=r",
     f"{STORE}?se={URL_MASK}\\u0026sig={URL_MASK}\\u0026sp={URL_MASK}"),
    (f"<a>{STORE}?se=1&amp;sig={SIGNATURE}</a>", f"<a>{STORE}?se={URL_MASK}&amp;sig={URL_MASK}</a>"),
    (f'"GET /0123/data?sv=1&sig={SIGNATURE} HTTP/1.1" 403', f'"GET /0123/data?sv=1&sig={URL_MASK} HTTP/1.1" 403'),
    (f"u=https%3A%2F%2Fx%3Fsig%3D{SIGNATURE} end", f"u=https%3A%2F%2Fx%3Fsig%3D{URL_MASK} end"),
    (f"(https://x.io/y?{CANARY}abc).", f"(https://x.io/y?{URL_MASK})."),
    (f"pull https://bob:{CANARY}@reg.azurecr.io/v2/: EOF", f"pull https://bob:{URL_MASK}@reg.azurecr.io/v2/: EOF"),
    (f"proxy http://bob:a@{CANARY}@proxy:3128/", f"proxy http://bob:{URL_MASK}@proxy:3128/"),
    (f"proxy http://bob:a/{CANARY}?@proxy:3128/", f"proxy http://bob:{URL_MASK}@proxy:3128/"),
    (f"clone https://{CANARY * 3}@host/x", f"clone https://{URL_MASK}@host/x"),
    (f"token {JWT}, next", f"token {MASK}, next"),
    (f"cut {JWT[:24]}", f"cut {MASK}"),
    (f".dockerconfigjson: {CONFIG}", f".dockerconfigjson: {MASK}"),
    (f"Authorization: Basic {BASIC}", f"Authorization: Basic {MASK}"),
    (f"map[Authorization:[Bearer {CANARY}] Accept:[*/*]]", f"map[Authorization:[Bearer {MASK}] Accept:[*/*]]"),
    (f"sent basic {BASIC} to it", f"sent basic {MASK} to it"),
    (f'{{"auths":{{"h":{{"auth":"{BASIC}"}}}}}}', f'{{"auths":{{"h":{{"auth":"{MASK}"}}}}}}'),
    (f'{{\\"auth\\":\\"{BASIC}\\"}}', f'{{\\"auth\\":\\"{MASK}\\"}}'),
    (f'{{"password": "a\\"{CANARY}"}}', f'{{"password": "{MASK}"}}'),
    (f'"{{\\"password\\":\\"a\\\\\\"{CANARY}\\",\\"b\\":1}}"', f'"{{\\"password\\":\\"{MASK}\\",\\"b\\":1}}"'),
    (f'{{"refresh_token": "{CANARY}', f'{{"refresh_token": "{MASK}'),
    (f"client_id=1&client_secret={CANARY}&scope=x", f"client_id=1&client_secret={MASK}&scope=x"),
    (f"grant_type=refresh_token&refresh_token=0.A{CANARY}", f"grant_type=refresh_token&refresh_token={MASK}"),
    (f"AccountName=a;AccountKey={CANARY}==;Suffix=b", f"AccountName=a;AccountKey={MASK};Suffix=b"),
    (f"{{Username:bob Password:{CANARY} Auth: ServerAddress:x}}",
     f"{{Username:bob Password:{MASK} Auth: ServerAddress:x}}"),
    (f"a:\n  password: {CANARY}\n  b: c", f"a:\n  password: {MASK}\n  b: c"),
    (f'  password: "{CANARY}"\n', f'  password: "{MASK}"\n'),
    (f"az acr login --username a --password {CANARY} -n b", f"az acr login --username a --password {MASK} -n b"),
    (f"kubectl create secret x --docker-password='{CANARY}'", f"kubectl create secret x --docker-password='{MASK}'"),
    (f"docker login h -u a -p {CANARY} && x", f"docker login h -u a -p {MASK} && x"),
    (f"secret abc8Q~{CANARY}{'x' * 27} used", f"secret {MASK} used"),
    (f"{'a' * 42}+ACR{'b' * 6} is it", f"{MASK} is it"),
]  # fmt: skip
UNCHANGED = [
    "unauthorized: authentication required, visit https://aka.ms/acr/authorization for more information.",
    "invalid username/password: unauthorized: incorrect username or password",
    "failed to authorize: failed to fetch oauth token: unexpected status from POST request to "
    "https://contosoreg.azurecr.io/oauth2/token: 401 Unauthorized",
    "GET request to https://c.azurecr.io/oauth2/token?scope=repository%3Aa%2Fb%3Apull&service=c.azurecr.io: 401",
    'Head "https://localhost:8578/v2/a/manifests/v1?ns=contosoreg.azurecr.io": EOF',
    f"{STORE}?se={URL_MASK}&sig={URL_MASK}",
    'Www-Authenticate: Bearer realm="https://c.azurecr.io/oauth2/token",service="c.azurecr.io",scope="a:pull"',
    "no basic auth credentials; basic authentication failed; bearer authentication is required",
    "https://registry:5000/team/web@sha256:0123456789abcdef; https://registry/team/web@sha256:0123",
    "contoso.azurecr.io/auth/refresh-token:1.2 and shop/api-key:v1, token:v1, password:latest",
    'Unable to retrieve some image pull secrets (acr-secret); secret "acr-secret" not found',
    "failed to fetch anonymous token: EOF",
    '"imagePullSecrets": [{"name": "acr-secret"}], "serviceAccountToken": {"path": "token"}',
    "AADSTS7000222: The provided client secret keys for app '0000' are expired.",
    "mailto:someone@contoso.com, https://contoso.com/a/@b",
    "what? a=b",
    "auth: failed",
]


@pytest.mark.parametrize(("text", "expected"), MASKED)
def test_what_opens_a_door_is_masked(text: str, expected: str) -> None:
    assert masked(text) == expected
    assert masked(expected) == expected
    assert CANARY not in masked(f"x\n{text}")


@pytest.mark.parametrize("text", UNCHANGED)
def test_all_else_stays(text: str) -> None:
    assert masked(text) == text


@pytest.mark.parametrize("name", ["messages", "paraphrases", "containerd-1.6.20"])
def test_messages_of_pulls_keep_their_words(name: str) -> None:
    for record in messages(name):
        text = record["message"]
        if "?" not in text and "eyJ" not in text:
            assert masked(text) == text


def test_masking_twice_is_masking_once() -> None:
    fragments = [part for text, _ in MASKED for part in (text, *text.split("=", 1))] + UNCHANGED
    fragments += [*"\"'\\&=:?@ \n;,]})", MASK, URL_MASK, "sig=", "password=", '"token":"', "://", "auth"]
    pick = random.Random(7)
    for _ in range(3000):
        text = "".join(pick.choices(fragments, k=pick.randint(1, 6)))
        once = masked(text)
        assert masked(once) == once, text


@pytest.mark.parametrize(
    "piece",
    ["://", "://a:", "?sig=", "eyJ", '"password":"', "\\", "password=", "basic ", "login -p ", "a@", "token: ", "&",
     "--password ", "://a?", "authorization ", "'auth':'", "sig%3d", "A", "\n password"],
)  # fmt: skip
def test_time_grows_with_the_length(piece: str) -> None:
    seconds = []
    for length in (20_000, 200_000):
        start = time.process_time()
        masked(piece * (length // len(piece)))
        seconds.append(time.process_time() - start)
    assert seconds[1] < 0.5 + 40 * seconds[0], "ten times the text, a hundred times the time?"
