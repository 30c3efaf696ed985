"""Mirror of accounts.py: who pulls where service accounts do."""

from __future__ import annotations

import pytest

from azext_acrpulldiag.collect.ask.arm import ReadError
from azext_acrpulldiag.collect.azure.accounts import (
    client_id_of,
    identity_binding_from,
    pulls_of,
    read_identity_bindings,
)
from azext_acrpulldiag.collect.members import MemberError
from azext_acrpulldiag.facts import AccountIdentity, IdentityBinding, Unreadable
from tests.build import ACCOUNT_CLIENT_ID, ACCOUNT_OBJECT_ID, TENANT
from tests.recordings import body

EXAMPLE = "aks/spec_identitybindings_list_2025_10_02_preview"
NO = Unreadable("forbidden", "HTTP 403")
BOUND = IdentityBinding("/ids/web", ACCOUNT_CLIENT_ID, ACCOUNT_OBJECT_ID, TENANT)
WEB, TEAM = ("web", "default"), ("team", "default")


class Reader:
    def __init__(self, answer):
        self.answer = answer

    def list(self, path, api_version):
        assert path == "/cluster/identityBindings"
        assert api_version.endswith("-preview")
        if isinstance(self.answer, Unreadable):
            raise ReadError(self.answer)
        return self.answer


def test_the_official_example():
    (found,) = read_identity_bindings(Reader(body(EXAMPLE)["value"]), "/cluster")
    assert found.resource_id.endswith("/userAssignedIdentities/identity1")
    assert found.client_id == found.object_id == found.tenant_id == "00000000-0000-0000-0000-000000000000"


@pytest.mark.parametrize("name", ["clientId", "objectId", "resourceId"])
def test_a_binding_without_an_id_makes_the_list_unreadable(name):
    rows = body(EXAMPLE)["value"]
    del rows[0]["properties"]["managedIdentity"][name]
    assert read_identity_bindings(Reader(rows), "/cluster").reason == "not-shown"


def test_a_tenant_that_is_not_shown_is_unknown():
    row = body(EXAMPLE)["value"][0]
    del row["properties"]["managedIdentity"]["tenantId"]
    assert identity_binding_from(row).tenant_id.reason == "not-shown"


@pytest.mark.parametrize(("answer", "reason"), [(NO, "forbidden"), (None, "not-found")])
def test_what_cannot_be_listed(answer, reason):
    assert read_identity_bindings(Reader(answer), "/cluster").reason == reason


def test_none():
    assert read_identity_bindings(Reader([]), "/cluster") == ()


@pytest.mark.parametrize(
    ("metadata", "client"),
    [
        ({}, None),
        ({"annotations": None}, None),
        ({"annotations": {}}, None),
        ({"annotations": {"kubernetes.azure.com/acr-client-id": ""}}, None),
        ({"annotations": {"kubernetes.azure.com/acr-client-id": ACCOUNT_CLIENT_ID}}, ACCOUNT_CLIENT_ID),
    ],
)
def test_the_annotation(metadata, client):
    assert client_id_of({"metadata": metadata}) == client


def test_an_annotation_of_another_type():
    with pytest.raises(MemberError):
        client_id_of({"metadata": {"annotations": {"kubernetes.azure.com/acr-client-id": 1}}})


@pytest.mark.parametrize(
    ("clients", "default", "pulls"),
    [
        ({}, None, ()),
        ({}, "/IDS/web", (((), "/IDS/web", BOUND),)),
        ({WEB: ACCOUNT_CLIENT_ID.upper()}, None, (((WEB,), ACCOUNT_CLIENT_ID.upper(), BOUND),)),
        ({WEB: None, TEAM: None}, "/ids/web", (((TEAM, WEB), "/ids/web", BOUND),)),
        ({WEB: None}, None, (((WEB,), None, None),)),
        ({WEB: "another"}, None, (((WEB,), "another", None),)),
        ({WEB: NO}, None, (((WEB,), NO, None),)),
        ({WEB: ACCOUNT_CLIENT_ID}, "/ids/x", (((), "/ids/x", None), ((WEB,), ACCOUNT_CLIENT_ID, BOUND))),
    ],
)
def test_who_pulls_for_which_accounts(clients, default, pulls):
    assert pulls_of(clients, default, [BOUND]) == tuple(AccountIdentity(*each) for each in pulls)
