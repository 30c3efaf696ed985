"""Generated references, as a real containerd and as ours reads them.

CRI parses the name before it asks anybody (``distribution/reference``, as kubelet does), and names in its error what
became of it. Of containerd 1.6 the grammar is older: no IPv6 address, no host that is only upper case, and the host
counts for the length of a name.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from azext_acrpulldiag.images.references import parse_reference, written
from tests.azure.containerd import RUNTIMES, Containerd, UnavailableError
from tests.azure.nodes import running
from tests.azure.server import Server
from tests.pull_errors.runtimes import is_before

COUNT = 800
HOSTS = (
    *("contosoreg.azurecr.io", "ContosoReg.azurecr.io", "docker.io", "index.docker.io", "INDEX.docker.io", "localhost"),
    *("LOCALHOST", "Registry", "registry", "10.0.0.4", "[::1]", "[fd00::a]", "my_reg.azurecr.io", "my__reg.azurecr.io"),
    *("my_" + "h" * 80 + ".io", "h" * 64 + ".io", "a--b.io", "xn--n3h.com"),
)
ODD_HOSTS = (
    *("[fe80::1%25eth0]", "[10.0.0.4]", "[]", "my_reg_.io", "my___reg.io", "_dmarc.io", "My_reg.io", "my-_reg.io"),
    *("a..io", "a-.io", "-a.io", "azurecr.io.", "b\N{LATIN SMALL LETTER U WITH DIAERESIS}cher.io"),
)
PORTS = ("", "", "", ":5000", ":443", ":99999")
ODD_PORTS = (":0", ":", ":http", ":-1")
PATHS = (
    *("web", "team/web", "library/web", "w_eb", "w__eb", "w---eb", "w.eb/0", "docker.io/web", "w" * 64, "a" * 64),
    *("a" * 237, "a/" * 118 + "b"),
)
ODD_PATHS = (
    *("Web", "team/Web", "w___eb", "w..eb", "w.-eb", "web-", "_web", "team//web", "", "/", "web/", "w eb", "a" * 238),
    *("a" * 255, "a" * 256, "a/" * 127 + "b", "a/" * 128 + "b", "w\N{LATIN SMALL LETTER E WITH ACUTE}b"),
)
TAGS = ("", "", ":1", ":v1.2", ":V_1", ":_", ":" + "t" * 128)
ODD_TAGS = (":.1", ":-1", ":", ":a:b", ":" + "t" * 129, ":1+2")
DIGESTS = ("", "", "@sha256:" + "0a" * 32, "@sha384:" + "b1" * 48, "@sha512:" + "c2" * 64)
ODD_DIGESTS = (
    *("@sha256:" + "0A" * 32, "@SHA256:" + "0a" * 32, "@md5:" + "0a" * 16, "@sha256+b64:" + "0a" * 32, "@sha256"),
    *("@sha256:" + "0" * 63, "@sha256:" + "0" * 65, "@sha256:" + "0" * 31, "@:" + "0a" * 32, "@sha256:" + "xyz" * 22),
)
PARTS = ((PORTS, ODD_PORTS), (("/",), ("/",)), (PATHS, ODD_PATHS), (TAGS, ODD_TAGS), (DIGESTS, ODD_DIGESTS))
CHARACTERS = ("", *"abzAZ019._-/:@[]%~+ \t\n\"'")


def generated(seed: int) -> Iterator[str]:
    """References of all parts; in most, one part is odd, or a character another, one too many or too few."""
    chance = random.Random(seed)
    for _ in range(COUNT):
        odd = chance.randrange(12)
        parts = ((HOSTS, ODD_HOSTS), *PARTS) if chance.random() < 0.8 else PARTS[2:]
        text = "".join(
            chance.choice(strange if number == odd else plain) for number, (plain, strange) in enumerate(parts)
        )
        if odd > len(parts) + 2:
            place = chance.randrange(len(text) + 1)
            text = text[:place] + chance.choice(CHARACTERS) + text[place + chance.randrange(2) :]
        if text:
            yield text


@pytest.fixture(scope="module", params=RUNTIMES)
def node(request: pytest.FixtureRequest, simulated_azure: Server) -> Iterator[Containerd]:
    """One that reaches nobody, so that a valid name ends at once too."""
    with running(simulated_azure, request.param) as nodes:
        try:
            version = nodes["without_proxy"].version()
        except UnavailableError as why:
            pytest.skip(str(why))
        if is_before(version, "1.7"):
            pytest.skip(f"the grammar of containerd {version} is older than ours")
        yield nodes["without_proxy"]


def of_containerd(node: Containerd, text: str) -> str | None:
    """What it makes of a reference; ``None``: it is not valid."""
    said = node.error(text).desc
    if said.startswith("failed to parse image reference"):
        return None
    found = re.match(r'failed to pull and unpack image "([^"]*)"', said)
    assert found, f"{text!r}: {said}"
    return found[1]


def of_ours(text: str) -> str | None:
    """The same of ours; where there is a digest, containerd leaves the tag out."""
    try:
        image = parse_reference(text)
    except ValueError:
        return None
    return written(replace(image, tag=None) if image.digest else image)


def test_containerd_and_we_read_a_reference_alike(node: Containerd) -> None:
    read = {text: (of_containerd(node, text), of_ours(text)) for text in generated(seed=1)}
    assert {text: both for text, both in read.items() if both[0] != both[1]} == {}
    valid = [text for text, (theirs, _) in read.items() if theirs]
    assert len(read) * 0.3 < len(valid) < len(read) * 0.7, "generate others: these are nearly all valid, or invalid"
