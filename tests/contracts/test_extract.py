"""Definitions out of the text of SDK packages, of both generations of their generator."""

from __future__ import annotations

from pathlib import Path

import pytest

from .compare import of_type
from .definitions import Definitions, Models, Operation
from .extract import definitions
from .packages import Source

BUILDER = """
def build_{group}_{name}_request(vault_name: str, **kwargs: Any) -> HttpRequest:
    api_version: str = kwargs.pop("api_version", _params.pop("api-version", "2024-05-01"))
    _url = {url}
    _params["api-version"] = _SERIALIZER.query("api_version", api_version, "str")
    if expand is not None:
        _params["$expand"] = _SERIALIZER.query("expand", expand, "str")
    return HttpRequest(method="{verb}", url=_url, params=_params, headers=_headers, **kwargs)
"""
OPERATIONS = (
    BUILDER.format(
        group="vaults",
        name="get",
        verb="GET",
        url='kwargs.pop(\n        "template_url",\n        "/a/{vaultName}",\n    )',
    )
    + BUILDER.format(group="vaults", name="list", verb="GET", url='"/a"')
    + BUILDER.format(group="vaults", name="check", verb="POST", url='"/a/{vaultName}/check"')
    + """
class VaultsOperations:
    def get(self, vault_name: str, **kwargs: Any) -> _models.Vault:
        _request = build_vaults_get_request(vault_name=vault_name)

    def list(self, **kwargs: Any) -> ItemPaged["_models.Vault"]:
        _request = build_vaults_list_request()

    def _check_initial(self, vault_name: str, body: Union[_models.Check, JSON, IO[bytes]]) -> Iterator[bytes]:
        _request = build_vaults_check_request(vault_name=vault_name)

    def begin_check(self, vault_name: str) -> LROPoller[_models.Vault]:
        raw_result = self._check_initial(vault_name=vault_name)
"""
)
MSREST = """
class Resource(_serialization.Model):
    _attribute_map = {"id": {"key": "id", "type": "str"}}

class Vault(Resource):
    _validation = {"location": {"required": True}, "name": {"readonly": True, "max_length": MAX}}
    _attribute_map = {
        "id": {"key": "id", "type": "str"},
        "location": {"key": "location", "type": "str"},
        "tags": {"key": "tags", "type": "{str}"},
        "rules": {"key": "properties.rules", "type": "[Rule]"},
        "created": {"key": "properties.created", "type": "iso-8601"},
        "count": {"key": "properties.inner.count", "type": "long"},
        "next_link": {"key": "odata\\\\.nextLink", "type": "str"},
    }

class Rule(_serialization.Model):
    _attribute_map = {"rule_type": {"key": "ruleType", "type": "str"}}
    _subtype_map = {"rule_type": {"Deny": "DenyRule"}}

class DenyRule(Rule):
    _attribute_map = {"rule_type": {"key": "ruleType", "type": "str"}, "why": {"key": "why", "type": "str"}}
"""
TYPESPEC = """
class Resource(_Model):
    id: Optional[str] = rest_field(visibility=["read"])

class Vault(Resource):
    location: str = rest_field(visibility=["read"])
    tags: Optional[dict[str, str]] = rest_field(visibility=["read"])
    properties: Optional["_models.VaultProperties"] = rest_field(visibility=["read"])
    next_link: Optional[str] = rest_field(name="odata.nextLink", visibility=["read"])

class VaultProperties(_Model):
    rules: Optional[list["_models.Rule"]] = rest_field(visibility=["read"])
    created: Optional[datetime.datetime] = rest_field(visibility=["read"], format="rfc3339")
    inner: Optional["_models.Inner"] = rest_field(visibility=["read"])

class Inner(_Model):
    count: Optional[int] = rest_field(visibility=["read"])

class Rule(_Model):
    __mapping__: dict[str, _Model] = {}
    rule_type: str = rest_discriminator(name="ruleType", visibility=["read"])

class DenyRule(Rule, discriminator="Deny"):
    why: Optional[Union[str, "_models.Reason"]] = rest_field(visibility=["read"])
"""


def package(folder: Path, models: str) -> dict:
    for name, text in (("operations/_operations.py", OPERATIONS), ("models/_models.py", models)):
        file = folder / name
        file.parent.mkdir()
        file.write_text(text, encoding="utf-8")
    return definitions(folder)


@pytest.mark.parametrize("models", [MSREST, TYPESPEC], ids=["msrest", "typespec"])
def test_both_generations_say_the_same(tmp_path, models):
    found = Models(package(tmp_path, models)["models"])
    good = {
        "id": "x",
        "location": "here",
        "tags": {"any": "text"},
        "properties": {"rules": [{"ruleType": "Deny", "why": "x"}], "created": "2026-01-01", "inner": {"count": 1}},
        "odata.nextLink": "x",
    }
    assert not list(of_type(found, "Vault", good, ""))
    bad = {
        "tags": {"any": 1},
        "properties": {"rules": [{"ruleType": "Allow", "why": "x"}], "created": 5, "inner": {"count": True}},
        "odata": {},
    }
    assert sorted(map(str, of_type(found, "Vault", bad, ""))) == [
        "form properties.created",
        "form properties.inner.count",
        "form tags.{}",
        "missing location",
        "unknown odata",
        "unknown properties.rules[].why",
    ]


def test_operations_have_what_they_take_and_answer(tmp_path):
    raw = package(tmp_path, TYPESPEC)
    assert sorted(
        (each["method"], each["path"], each["answer"], each["listed"], each["body"]) for each in raw["operations"]
    ) == [
        ("GET", "/a", "Vault", True, None),
        ("GET", "/a/{vaultName}", "Vault", False, None),
        ("POST", "/a/{vaultName}/check", "Vault", False, "Check"),
    ]
    assert {each["version"] for each in raw["operations"]} == {"2024-05-01"}
    assert all(each["query"] == ["$expand", "api-version"] for each in raw["operations"])


def operation(path: str, version: str, answer: str = "Thing") -> Operation:
    source = Source("azure-mgmt-x", "1.0", "azure/mgmt/x", shipped=False)
    return Operation(source, Models({}), "GET", path, version, (), answer, False, None)


def test_the_operation_whose_path_is_spelled_out_most_is_found():
    zone = "/subscriptions/{s}/providers/P/zones/{z}"
    links, records = operation(f"{zone}/links/{{l}}", "2024-01-01"), operation(f"{zone}/{{type}}/{{r}}", "2024-01-01")
    found = Definitions([records, links])
    path = "/SUBSCRIPTIONS/1/providers/p/zones/z.example"
    assert found.find("GET", f"{path}/Links/x", "2024-01-01") is links
    assert found.find("GET", f"{path}/A/x", "2024-01-01") is records
    assert found.find("GET", f"{path}/A/x", "2024-01-02") is None
    assert found.find("POST", f"{path}/A/x", "2024-01-01") is None


def test_another_version_is_one_of_the_same_kind():
    versions = [operation("/a/{b}", each) for each in ("2024-01-01", "2025-01-01", "2025-02-01-preview")]
    found = Definitions(versions)
    assert [
        found.beside("GET", "/a/x", each).version for each in ("2024-01-01", "2023-01-01", "2023-01-01-preview")
    ] == [
        "2024-01-01",
        "2025-01-01",
        "2025-02-01-preview",
    ]
    assert found.beside("GET", "/b/x", "2024-01-01") is None
