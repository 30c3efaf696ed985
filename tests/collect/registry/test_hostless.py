"""Asking a registry for images that pods name without a host, in the simulated registry."""

from __future__ import annotations

import pytest

pytest.importorskip("azure.cli.core", reason="azure-cli is not installed")

from azext_acrpulldiag.collect.registry.api import CliLogin, RegistryApi
from azext_acrpulldiag.collect.registry.hostless import read_hostless_images
from azext_acrpulldiag.collect.registry.images import MAX_IMAGES
from azext_acrpulldiag.facts import Unreadable
from azext_acrpulldiag.pull_errors.left_out import hostless_image
from tests.build import registry
from tests.collect.simulated import simulated_session

HOST = "contosoreg.azurecr.io"


@pytest.fixture
def look(simulated_azure, cloud, tmp_path, monkeypatch):
    """A function that looks up texts that pods have for images."""

    def look_up(*texts):
        with simulated_session(simulated_azure, tmp_path, monkeypatch, 20.0) as session:
            api = RegistryApi(session, HOST, CliLogin(registry().subscription))
            return read_hostless_images(api, {text: hostless_image(text, HOST) for text in texts})

    return look_up


def test_a_tag_and_a_digest_that_are_there_and_what_is_not(look, cloud):
    digest = cloud.image("shop/web", "v1")
    found = look("shop/web:v1", f"shop/web@{digest}", "shop/web:v2", "shop/nothing:v1")
    assert [(each.text, each.there) for each in found] == [
        ("shop/web:v1", True),
        (f"shop/web@{digest}", True),
        ("shop/web:v2", False),
        ("shop/nothing:v1", False),
    ]
    # The attributes alone: a manifest that is asked for may be fetched through a cache rule.
    assert not [entry.path for entry in cloud.log if entry.path.startswith("/v2/")]


def test_a_registry_that_gives_no_token_leaves_all_of_them_unknown(look, cloud):
    cloud.refuse_this_machine()
    found = look("shop/web:v1", "shop/other:v1")
    assert [each.there.reason for each in found] == ["forbidden", "forbidden"]
    assert len([entry for entry in cloud.log if entry.host == HOST]) == 1


def test_more_than_so_many_are_not_asked_for(look):
    found = look(*(f"shop/web{number}:v1" for number in range(MAX_IMAGES + 1)))
    assert [isinstance(each.there, Unreadable) for each in found] == [False] * MAX_IMAGES + [True]
