from __future__ import annotations

import pytest

from azext_acrpulldiag.facts import Image
from azext_acrpulldiag.images.references import (
    Resemblance,
    is_pinned_from,
    is_same_image,
    parse_reference,
    resemblance_of,
    resembles,
)

F64 = "f" * 64
F128 = "f" * 128
ID = "1a3f5e7d9c1b3a5f7e9d1c3b5a7f9e1d3c5b7a9f1e3d5d7c9b1a3f5e7d9c1b3a"

# The cases of github.com/distribution/reference, normalize_test.go and reference_test.go (Apache-2.0), read as
# ParseNormalizedNamed does: the last column is host, repository, tag, digest.
VALID = [
    ("docker/docker", "docker.io", "docker/docker", "latest", None),
    ("library/debian", "docker.io", "library/debian", "latest", None),
    ("debian", "docker.io", "library/debian", "latest", None),
    ("docker.io/docker/docker", "docker.io", "docker/docker", "latest", None),
    ("docker.io/debian", "docker.io", "library/debian", "latest", None),
    ("index.docker.io/docker/docker", "docker.io", "docker/docker", "latest", None),
    ("index.docker.io/debian", "docker.io", "library/debian", "latest", None),
    ("127.0.0.1:5000/library/debian", "127.0.0.1:5000", "library/debian", "latest", None),
    ("127.0.0.1:5000/debian", "127.0.0.1:5000", "debian", "latest", None),
    ("192.168.0.1", "docker.io", "library/192.168.0.1", "latest", None),
    ("192.168.0.1:80", "docker.io", "library/192.168.0.1", "80", None),
    ("192.168.0.1:8/debian", "192.168.0.1:8", "debian", "latest", None),
    ("[fc00::1]:5000/docker/docker", "[fc00::1]:5000", "docker/docker", "latest", None),
    ("[2001:db8::1]/repo", "[2001:db8::1]", "repo", "latest", None),
    (f"docker.io/{ID}", "docker.io", f"library/{ID}", "latest", None),
    ("Docker/docker", "Docker", "docker", "latest", None),
    ("FOO/bar", "FOO", "bar", "latest", None),
    ("docker---rules/docker", "docker.io", "docker---rules/docker", "latest", None),
    ("d/docker", "docker.io", "d/docker", "latest", None),
    ("jess/t", "docker.io", "jess/t", "latest", None),
    ("dock__er/docker", "docker.io", "dock__er/docker", "latest", None),
    ("test_com/foo", "docker.io", "test_com/foo", "latest", None),
    ("test-com:8080/foo", "test-com:8080", "foo", "latest", None),
    ("xn--n3h.com/myimage:xn--n3h.com", "xn--n3h.com", "myimage", "xn--n3h.com", None),
    (f"xn--7o8h.com/myimage:t@sha512:{F128}", "xn--7o8h.com", "myimage", "t", f"sha512:{F128}"),
    ("test:5000/repo:tag", "test:5000", "repo", "tag", None),
    (f"test:5000/repo@sha256:{F64}", "test:5000", "repo", None, f"sha256:{F64}"),
    (f"test:5000/repo:tag@sha256:{F64}", "test:5000", "repo", "tag", f"sha256:{F64}"),
    ("lowercase:Uppercase", "docker.io", "library/lowercase", "Uppercase", None),
    ("sub-dom1.foo.com/bar/baz/quux:some-long-tag", "sub-dom1.foo.com", "bar/baz/quux", "some-long-tag", None),
    (
        "b.gcr.io/test.example.com/my-app:test.example.com",
        "b.gcr.io",
        "test.example.com/my-app",
        "test.example.com",
        None,
    ),
    ("foo_bar.com:8080", "docker.io", "library/foo_bar.com", "8080", None),
    ("foo/foo_bar.com:8080", "docker.io", "foo/foo_bar.com", "8080", None),
    ("localhost/x", "localhost", "x", "latest", None),
    ("my_reg.azurecr.io/team/web:1", "my_reg.azurecr.io", "team/web", "1", None),
    ("my_reg.azurecr.io/" + "a" * 237, "my_reg.azurecr.io", "a" * 237, "latest", None),
    ("ContosoReg.azurecr.io/web:1", "ContosoReg.azurecr.io", "web", "1", None),
    ("c.azurecr.io/" + "a" * 255, "c.azurecr.io", "a" * 255, "latest", None),
    ("c.azurecr.io/web:" + "t" * 128, "c.azurecr.io", "web", "t" * 128, None),
]
INVALID = [
    "",
    "///:::",
    ":justtag",
    f"@sha256:{F64}",
    "https://github.com/docker/docker",
    "docker/Docker",
    "-docker",
    "-docker/docker",
    "-docker.io/docker/docker",
    "docker///docker",
    "docker.io/docker/Docker",
    "docker.io/docker///docker",
    "[fc00::1]",
    "[fc00::1]:5000",
    "fc00::1:5000/debian",
    "[fe80::1%eth0]:5000/debian",
    "[2001:db8:3:4::192.0.2.33]:5000/debian",
    ID,
    "docker-/docker",
    "-docker-/docker",
    "____/____",
    "_docker/_docker",
    "dock..er/docker",
    "dock_.er/docker",
    "dock-.er/docker",
    "docker/",
    "Uppercase:tag",
    "test:5000/Uppercase/lowercase:tag",
    "repo@sha256:ffffffffffffffffffffffffffffffffff",
    f"validname@invaliddigest:{F64}",
    "aa/asdf$$^/aa",
    "a/" * 128 + "a:tag",
    "c.azurecr.io/" + "a" * 256,
    "c.azurecr.io/web:" + "t" * 129,
    "c.azurecr.io/web:-1",
    "c.azurecr.io/web:",
    "c.azurecr.io/web@",
    f"c.azurecr.io/web@sha256:{F64.upper()}",
    "c.azurecr.io/web:1:2",
    "c.azurecr.io/web:1\n",
    "c.azurecr.io/we b:1",
    "c.azurecr.io/web:１",  # noqa: RUF001 - a full-width digit
    "c.azurecr.io/web;reboot",
    "my_reg.azurecr.io:443/web",
    "My_reg.azurecr.io/web",
    "my_.azurecr.io/web",
    "my_reg.azurecr.io/" + "a" * 238,
]


@pytest.mark.parametrize(("text", "host", "repository", "tag", "digest"), VALID, ids=lambda value: str(value)[:40])
def test_valid_reference(text, host, repository, tag, digest):
    assert parse_reference(text) == Image(host, repository, tag, digest)


@pytest.mark.parametrize("text", INVALID, ids=lambda value: ascii(value)[:40])
def test_invalid_reference(text):
    with pytest.raises(ValueError, match=r"\.$"):
        parse_reference(text)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("https://c.azurecr.io/web:1", "scheme"),
        ("c.azurecr.io/Web:1", "upper-case"),
        ("c.azurecr.io//web", "between slashes"),
        ("c.azurecr.io/web:", "tag"),
        ("c.azurecr.io/web@sha256:12", "digest"),
        ("c.azurecr.io/web@md9:" + F64, "md9"),
        ("c.azurecr.io/web 1", "white space"),
    ],
)
def test_the_sentence_names_the_fault(text, named):
    with pytest.raises(ValueError, match=named):
        parse_reference(text)


def test_a_long_reference_is_parsed_in_no_time():
    with pytest.raises(ValueError, match="characters long"):
        parse_reference("c.azurecr.io/" + "a-" * 100_000 + "!")


PLAIN = "contosoreg.azurecr.io"
LABELLED = "contosoreg-a1b2c3.azurecr.io"


@pytest.mark.parametrize(
    ("host", "server", "expected"),
    [
        ("contosoreg.azurecr.io", PLAIN, Resemblance.SAME),
        ("ContosoReg.AzureCR.io", PLAIN, Resemblance.SAME),
        ("contosoreg.azurecr.io:443", PLAIN, Resemblance.PORT),
        ("contosoreg.azureacr.io", PLAIN, Resemblance.SUFFIX_TYPO),
        ("contosoreg.azurecr.com", PLAIN, Resemblance.SUFFIX_TYPO),
        ("contosoreg.azurerc.io", PLAIN, Resemblance.SUFFIX_TYPO),
        ("contosoreg.azure.io", PLAIN, Resemblance.SUFFIX_TYPO),
        ("contosoreg", PLAIN, Resemblance.SUFFIX_MISSING),
        ("contosoreg.azurecr.us", PLAIN, Resemblance.OTHER_CLOUD),
        ("contosoreg.azurecr.cn", PLAIN, Resemblance.OTHER_CLOUD),
        ("contosoreg.azurecr.io", "contosoreg.azurecr.us", Resemblance.OTHER_CLOUD),
        ("contosoreg.privatelink.azurecr.io", PLAIN, Resemblance.PRIVATE_LINK),
        ("contosoreg.westeurope.data.privatelink.azurecr.io", PLAIN, Resemblance.PRIVATE_LINK),
        ("contosoreg.westeurope.geo.azurecr.io", PLAIN, Resemblance.REGIONAL),
        ("contosoreg.westeurope.data.azurecr.io", PLAIN, Resemblance.DATA_ENDPOINT),
        ("contosoreg.azurecr.io", LABELLED, Resemblance.SHORT_NAME),
        ("contosoreg-a1b2c3.azurecr.io", LABELLED, Resemblance.SAME),
        ("contosoreg-a1b2c3.westeurope.geo.azurecr.io", LABELLED, Resemblance.REGIONAL),
        ("contosoreg-a1b2c3.azureacr.io", LABELLED, Resemblance.SUFFIX_TYPO),
        ("contosreg.azurecr.io", PLAIN, Resemblance.NEAR_MISS),
        ("contosorge.azurecr.io", PLAIN, Resemblance.NEAR_MISS),
        ("contosoreg2.azurecr.io", PLAIN, None),
        ("contosoprod.azurecr.io", PLAIN, None),
        ("fabrikam.azurecr.io", PLAIN, None),
        ("contosoreg.example.com", PLAIN, None),
        ("acme1.azurecr.io", "acme2.azurecr.io", None),
        ("mcr.microsoft.com", PLAIN, None),
        ("docker.io", PLAIN, None),
        ("", PLAIN, None),
    ],
)
def test_resemblance(host, server, expected):
    assert resembles(host, server) is expected


@pytest.mark.parametrize(
    ("text", "server", "expected"),
    [
        ("contosoreg/web:1", PLAIN, Resemblance.SUFFIX_MISSING),
        ("contosoreg/web:1", LABELLED, Resemblance.SUFFIX_MISSING),
        ("Contosoreg/web:1", PLAIN, Resemblance.SUFFIX_MISSING),
        ("contosoreg:1", PLAIN, None),
        ("nginx:1", PLAIN, None),
        ("contosoreg.azurecr.io/web:1", PLAIN, Resemblance.SAME),
    ],
)
def test_resemblance_of_an_image(text, server, expected):
    assert resemblance_of(parse_reference(text), server) is expected


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("ContosoReg.azurecr.io/a:1", "contosoreg.azurecr.io/a:1", True),
        ("contosoreg.azurecr.io/a", "contosoreg.azurecr.io/a:latest", True),
        ("contosoreg.azurecr.io/a:1", "fabrikamreg.azurecr.io/a:1", False),
        ("contosoreg.azurecr.io/a:1", "contosoreg.azurecr.io/a:2", False),
        ("contosoreg.azurecr.io/A:1", "contosoreg.azurecr.io/A:1", True),
        ("contosoreg.azurecr.io/A:1", "contosoreg.azurecr.io/a:1", False),
    ],
)
def test_two_references_of_one_image(one, other, same):
    assert is_same_image(one, other) is same


DIGEST = f"sha256:{'1' * 64}"


@pytest.mark.parametrize(
    ("text", "tagged", "pinned"),
    [
        (f"contosoreg.azurecr.io/a:1@{DIGEST}", "contosoreg.azurecr.io/a:1", True),
        (f"contosoreg.azurecr.io/a@{DIGEST}", "contosoreg.azurecr.io/a:1", True),
        (f"contosoreg.azurecr.io/a:2@{DIGEST}", "contosoreg.azurecr.io/a:1", False),
        (f"mirror.contoso.com/a:1@{DIGEST}", "contosoreg.azurecr.io/a:1", False),
        (f"contosoreg.azurecr.io/b@{DIGEST}", "contosoreg.azurecr.io/a:1", False),
        (f"contosoreg.azurecr.io/a@{DIGEST}", f"contosoreg.azurecr.io/a@sha256:{'2' * 64}", False),
        ("contosoreg.azurecr.io/a:1", "contosoreg.azurecr.io/a:1", False),
        ("None", "contosoreg.azurecr.io/A:1", False),
    ],
)
def test_a_digest_in_the_place_of_a_tag(text, tagged, pinned):
    assert is_pinned_from(text, tagged) is pinned
