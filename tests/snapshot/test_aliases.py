"""Names become aliases wherever they stand; what everybody's things are called stays."""

from __future__ import annotations

import time

import pytest

from azext_acrpulldiag.snapshot.aliases import ZERO_GUID, Aliases
from tests import build

NAMES = ("contosoreg", "team/app", "rg-app", "prod", "web-5d4f8c9b7-x2x9z", "pool1")


def known() -> Aliases:
    """Those that have got to know the names of a run, and number them in this order."""
    aliases = Aliases()
    for name in NAMES:
        aliases.note(name)
    for name in NAMES:
        aliases.name(name)
    return aliases


@pytest.mark.parametrize(
    ("original", "alias"),
    [
        ("contosoreg", "name1"),
        ("contosoreg.azurecr.io/team/app:1.2", "name1.azurecr.io/name2/name3:1.2"),
        ("contosoreg.westeurope.data.azurecr.io", "name1.westeurope.data.azurecr.io"),
        ("contosoreg.westeurope.data", "name1.westeurope.data"),
        ("contosoreg.privatelink.azurecr.io", "name1.privatelink.azurecr.io"),
        ("privatelink.azurecr.io", "privatelink.azurecr.io"),
        ("mcr.microsoft.com", "mcr.microsoft.com"),
        ("docker.io/library/app:latest", "docker.io/library/name3:latest"),
        ("team/*", "name2/*"),
        ("*.blob.core.windows.net", "*.blob.core.windows.net"),
        ("kube-system", "kube-system"),
        ("default", "default"),
        ("kubernetes.azure.com/agentpool", "kubernetes.azure.com/agentpool"),
        ("aks-pool1-12345678-vmss000003", "aks-name8-00000009-vmss000003"),
        (ZERO_GUID, ZERO_GUID),
        ("TEAM", "Name2"),
        ("https://contosoreg.azurecr.io/v1/", "https://name1.azurecr.io/v1/"),
        (
            "/subscriptions/5c1f2a60-7a3e-4a53-8d0e-2f3e1c9b7a10/resourceGroups/rg-app"
            "/providers/Microsoft.ContainerService/managedClusters/prod",
            "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/name4-name3"
            "/providers/Microsoft.ContainerService/managedClusters/name5",
        ),
    ],
)
def test_names(original: str, alias: str) -> None:
    aliases = known()
    said = aliases.name(original)
    if "vmss" in original:  # numbers come as they come
        said, alias = said.rpartition("-")[2], alias.rpartition("-")[2]
    assert said == alias
    assert aliases.name(original) == aliases.name(original)


@pytest.mark.parametrize(
    "kept",
    [
        "dial tcp: lookup on 168.63.129.16:53: no such host",
        "429 Too Many Requests (toomanyrequests)",
        "net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)",
        "no match for platform in manifest: application/vnd.oci.image.index.v1+json not found",
        "Refer https://aka.ms/acr/firewall to grant access.",
        "Pulling an app for prod is not a name that was noted: see the docs",
    ],
)
def test_operators_are_still_understood(kept: str) -> None:
    assert Aliases().text(kept) == kept


def test_sentences() -> None:
    said = known().text(
        'Failed to pull image "contosoreg.azurecr.io/team/app:1.2": HEAD '
        "https://contosoreg.azurecr.io/v2/team/app/manifests/1.2?scope=repository%3Ateam%2Fapp%3Apull: 403: client "
        f"with IP '20.61.97.5' of {build.SUBSCRIPTION} in rg-app and pod web-5d4f8c9b7-x2x9z on pool1"
    )
    assert said == (
        'Failed to pull image "name1.azurecr.io/name2/name3:1.2": HEAD '
        "https://name1.azurecr.io/v2/name2/name3/manifests/1.2?scope=repository%3Aname2%2Fname3%3Apull: 403: client "
        "with IP '16.0.0.1' of 00000000-0000-4000-8000-000000000001 in name4-name3 and pod name6-name7-name8 on name9"
    )


@pytest.mark.parametrize(
    ("original", "alias"),
    [
        ("ask platform.team@acme.eu", "ask name1.name2@name3.name4"),
        ("client live.com#jane@acme.com has", "client name1.com#name2@name3.com has"),
        ("lookup proxy.acme.ai on 10.0.0.10:53: x", "lookup name1.name2.name3 on 10.0.0.10:53: x"),
        ("lookup squid: no such host", "lookup name1: no such host"),
        ("DNS lookup failed: x", "DNS lookup failed: x"),
        ("valid for *.acme.tech, a.acme.it, not b", "valid for *.name1.name2, name3.name1.name4, not b"),
        ("to cache.acme.industries:8443.", "to name1.name2.name3:8443."),
        (f"of spn-{build.SUBSCRIPTION}", "of spn-00000000-0000-4000-8000-000000000001"),
        (f"oid_{build.SUBSCRIPTION}_x", "oid_00000000-0000-4000-8000-000000000001_x"),
        ("tenant " + "ab" * 16, f"tenant {1:032x}"),
        ("from ::ffff:20.61.97.5 port 443", "from ::ffff:16.0.0.1 port 443"),
        ("open /Users/jane/.kube/config", "open /Users/name1/.kube/config"),
        ("open C:\\Users\\jane\\config", "open C:\\Users\\name1\\config"),
        ('User "jane" cannot list in namespace "shop"', 'User "name1" cannot list in namespace "name2"'),
    ],
)
def test_what_stands_in_a_sentence_alone_is_known_by_its_form(original: str, alias: str) -> None:
    assert Aliases().text(original) == alias


def test_escaped_names_are_names() -> None:
    assert known().text("scope=repository%3Ateam%2Fapp%3Apull") == "scope=repository%3Aname2%2Fname3%3Apull"


@pytest.mark.parametrize(
    ("original", "alias"),
    [
        ("x.azurecr.io/application/payments", "name1.azurecr.io/name2/name3"),
        ("text/payments:1", "name1/name2:1"),
        ("shop.data", "name1.name2"),
        ("shop.geo.azurecr.io", "name1.geo.azurecr.io"),
        ("shop.azmk8s.io", "name1.azmk8s.io"),
        ("*.hcp.westeurope.azmk8s.io", "*.hcp.westeurope.azmk8s.io"),
        ("node-role.kubernetes.io/payments", "name1-name2.name3.io/name4"),
        ("node-restriction.kubernetes.io/shop", "name1-name2.name3.io/name4"),
        ("topology.kubernetes.io/zone", "topology.kubernetes.io/zone"),
        ("kubernetes.io/dockerconfigjson", "kubernetes.io/dockerconfigjson"),
    ],
)
def test_what_only_begins_or_ends_like_everybodys_names_does_not_stay(original: str, alias: str) -> None:
    assert Aliases().name(original) == alias


@pytest.mark.parametrize(
    ("original", "alias"),
    [
        ("application/vnd.oci.image.config.v1+json", "application/vnd.oci.image.config.v1+json"),
        ("application/vnd.cncf.helm.config.v1+json", "application/vnd.cncf.helm.config.v1+json"),
        ("application/vnd.in-toto+json", "application/vnd.in-toto+json"),
        ("application/spdx", "application/spdx"),
        ("application/wasm", "application/wasm"),
        ("", ""),
        ("application/vnd.acme.payments", "application/name1.name2.name3"),
    ],
)
def test_media_types_that_somebody_chose(original: str, alias: str) -> None:
    assert Aliases().media_type(original) == alias


def test_conditions_scope_maps_and_owners() -> None:
    aliases = known()
    condition = "@Request[Microsoft.ContainerRegistry/registries/repositories:name] StringEqualsIgnoreCase 'team/app'"
    assert aliases.condition(condition) == condition.replace("team/app", "name2/name3")
    assert aliases.condition("ActionMatches{'Microsoft.ContainerRegistry/x'}").endswith(
        "{'Microsoft.ContainerRegistry/x'}"
    )
    custom = "@Principal[Microsoft.Directory/CustomSecurityAttributes/Id:team_prod] StringEquals 'app'"
    assert aliases.condition(custom).endswith("/Id:name2_name5] StringEquals 'name3'")
    assert aliases.label("Opaque") == "Opaque"
    assert aliases.action("repositories/team/app/content/read") == "repositories/name2/name3/content/read"
    assert aliases.owned("Deployment/prod") == "Deployment/name5"
    assert aliases.owned("argument") == "argument"


def test_no_alias_is_somebodys_name() -> None:
    aliases = Aliases()
    for name in ("name1", "name2", "web"):
        aliases.note(name)
    assert {aliases.name(name) for name in ("web", "name1", "name2")} == {"name3", "name4", "name5"}


def test_digests_keep_their_form() -> None:
    aliases, digest = Aliases(), "sha256:" + "ab" * 32
    assert aliases.name(f"app@{digest}").endswith(f"@sha256:{1:064x}")
    assert aliases.text(f"unexpected digest {digest}").endswith(f"sha256:{1:064x}")


@pytest.mark.parametrize("part", ["a.", "a-", "1:", "a@", "x.y ", "lookup "])
def test_a_long_text_takes_no_long_time(part: str) -> None:
    began = time.process_time()
    Aliases().name(part * 4000)
    Aliases().text(part * 4000)
    assert time.process_time() - began < 1
