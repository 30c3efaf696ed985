"""Mirror of collect/registry.py: recorded answers to facts, and the search for a name."""

from __future__ import annotations

import pytest

from azext_acrpulldiag.collect.ask.arm import ReadError, VersionRefusedError
from azext_acrpulldiag.collect.registry.registry import (
    API_VERSION,
    PREVIEW_API_VERSION,
    READ,
    cache_rules_from,
    find_registry,
    private_endpoint_from,
    read_cache_rules,
    read_replications,
    registry_from,
    registry_of,
    replications_from,
)
from azext_acrpulldiag.facts import Unreadable
from azext_acrpulldiag.targets import parse_registry
from tests.build import registry
from tests.recordings import body

TENANT = "0f3c9a52-64b1-4d0c-9a55-8f6a2e1b3c47"
REGISTRY_TYPE_PATH = "/providers/Microsoft.ContainerRegistry/registries"


def mapped(name, **properties):
    answer = body(f"acr/{name}")
    answer["properties"].update(properties)
    return registry_from(answer, TENANT)


def reason(value) -> str | None:
    return value.reason if isinstance(value, Unreadable) else None


def test_the_newest_preview_shows_everything():
    found = mapped("registry_get_premium_2026_09_01_preview")
    assert (found.name, found.resource_group, found.location) == ("clireg000002", "clitest.rg000001", "westus")
    assert (found.login_server, found.sku, found.provisioning_state) == (
        "clireg000002.azurecr.io",
        "Premium",
        "Succeeded",
    )
    assert (found.role_assignment_mode, found.arm_audience_tokens) == ("LegacyRegistryPermissions", "enabled")
    assert (found.admin_enabled, found.anonymous_pull, found.public_network_access) == (False, False, "Enabled")
    rules = found.network_rules
    assert (rules.default_action, rules.ip_rules, rules.subnet_ids) == ("Allow", (), ())
    assert (found.private_endpoints, found.data_endpoint_hosts, found.regional_hosts) == ((), (), ())
    assert found.tenant_id == TENANT


def test_address_rules_and_unseen_network_rules():
    rules = mapped("registry_get_premium_iprules_deny").network_rules
    assert (rules.default_action, rules.ip_rules) == ("Deny", ("16.17.18.0/24",))
    assert reason(rules.subnet_ids) == "not-shown"
    seen = mapped("registry_get_premium_vnetrules_2021_08_01_preview").network_rules
    assert [one.rpartition("/")[2] for one in seen.subnet_ids] == ["cliregsubnet"]


@pytest.mark.parametrize(
    ("rules", "subnets"),
    [
        (body("acr/docs_registry_vnetrules_virtualNetworkSubnetResourceId_2026")["properties"], ["snet-a", "snet-b"]),
        ({"networkRuleSet": {"virtualNetworkRules": [{"action": "Deny", "id": "/a"}, {"id": "/b"}]}}, ["b"]),
        ({"networkRuleSet": {"virtualNetworkRules": [{"action": "Allow"}]}}, "not-shown"),
        ({"networkRuleSet": {"virtualNetworkRules": [{"virtualNetworkSubnetResourceId": 1}]}}, "malformed"),
    ],
)
def test_a_rule_names_its_subnet_under_either_member(rules, subnets):
    found = mapped(
        "registry_get_premium_iprules_deny",
        networkRuleSet={"defaultAction": "Deny", "ipRules": [], **rules["networkRuleSet"]},
    )
    told = found.network_rules.subnet_ids
    assert (reason(told) or [one.rpartition("/")[2] for one in told]) == subnets


@pytest.mark.parametrize("name", ["registry_get_standard_2023_07_01", "registry_put_basic_abac_2025_03_01_preview"])
def test_small_skus_definitely_have_no_firewall(name):
    assert mapped(name).network_rules is None


@pytest.mark.parametrize("sku", ["Premium", None])
def test_a_firewall_that_is_not_shown_elsewhere_is_unknown(sku):
    answer = body("acr/registry_get_standard_2023_07_01")
    answer["sku"] = {"name": sku}
    assert reason(registry_from(answer, TENANT).network_rules) == "not-shown"


def test_old_versions_do_not_show_the_permissions_mode():
    assert reason(mapped("registry_get_standard_2023_07_01").role_assignment_mode) == "not-shown"
    assert mapped("registry_put_basic_abac_2025_03_01_preview").role_assignment_mode == "AbacRepositoryPermissions"


@pytest.mark.parametrize(
    ("name", "field", "expected"),
    [
        ("registry_get_anonymous_pull_enabled", "anonymous_pull", True),
        ("registry_get_public_network_access_disabled", "public_network_access", "Disabled"),
        (
            "registry_get_data_endpoint_enabled_two_regions",
            "data_endpoint_hosts",
            ("testreg000002.southcentralus.data.azurecr.io", "testreg000002.westus.data.azurecr.io"),
        ),
        (
            "registry_get_regional_endpoints_2026_03_01_preview",
            "regional_hosts",
            ("clitestre000002.westus.geo.azurecr.io",),
        ),
        ("registry_put_basic_abac_2025_03_01_preview", "provisioning_state", "Creating"),
    ],
)
def test_single_members(name, field, expected):
    assert getattr(mapped(name), field) == expected


def test_an_old_version_shows_no_policy_for_arm_tokens():
    assert reason(mapped("registry_get_premium_vnetrules_2021_08_01_preview").arm_audience_tokens) == "not-shown"


def test_private_endpoint_connections():
    pending, approved = body("acr/private_endpoint_connections_list_pending_and_approved")["value"]
    found = mapped("registry_get_premium_public_default", privateEndpointConnections=[pending, approved])
    assert [one.status for one in found.private_endpoints] == ["Pending", "Approved"]
    assert found.private_endpoints[0].private_endpoint_id.endswith("/privateEndpoints/priv_endpoint000007")
    assert reason(private_endpoint_from({"id": "x"}).status) == "not-shown"


def test_a_row_of_a_list_is_a_whole_registry():
    for row in body("acr/registries_list_subscription")["value"]:
        assert registry_from(row, TENANT).login_server == row["properties"]["loginServer"]


def test_a_registry_without_a_login_server_is_unreadable():
    assert reason(mapped("registry_get_standard_2023_07_01", loginServer=None)) == "not-shown"


@pytest.mark.parametrize(
    "wrong",
    [
        {"networkRuleSet": []},
        {"networkRuleSet": {"defaultAction": 1, "ipRules": []}},
        {"networkRuleSet": {"defaultAction": "Deny", "ipRules": [{"value": 7}]}},
        {"networkRuleSet": {"defaultAction": "Deny", "ipRules": ["10.0.0.0/8"]}},
    ],
)
def test_mistyped_rules_are_malformed(wrong):
    assert reason(mapped("registry_get_premium_public_default", **wrong).network_rules) == "malformed"


# --- artifact cache --------------------------------------------------------------------


def test_a_rule_carries_the_ailment_of_its_credential_set():
    rules, sets = body("acr/cacherules_list")["value"], body("acr/credentialsets_list_unhealthy")["value"]
    (found,) = cache_rules_from(rules, sets)
    assert (found.name, found.source, found.target) == ("test1", "docker.io/library/ubuntu", "ubuntu")
    assert found.unhealthy.startswith("unauthorized_client: AADSTS700016")
    assert "\n" not in found.unhealthy


def test_healthy_missing_and_unreadable_credential_sets():
    rules = body("acr/spec_cacherules_list_2025_11_01")["value"]
    healthy = body("acr/spec_credentialset_get_2025_11_01")
    healthy["id"] = healthy["id"].upper()
    assert cache_rules_from(rules, [healthy])[0].unhealthy is None
    assert reason(cache_rules_from(rules, [])[0].unhealthy) == "not-shown"
    hidden = Unreadable("forbidden", "No right")
    assert cache_rules_from(rules, hidden)[0].unhealthy is hidden
    healthy["properties"]["authCredentials"][0].pop("credentialHealth")
    assert reason(cache_rules_from(rules, [healthy])[0].unhealthy) == "not-shown"
    rules[0]["properties"]["credentialSetResourceId"] = None
    assert cache_rules_from(rules, hidden)[0].unhealthy is None


@pytest.mark.parametrize("properties", [{}, {"credentialSetResourceId": None, "sourceRepository": None}])
def test_a_rule_that_shows_nothing_is_not_known_to_be_well(properties):
    (found,) = cache_rules_from([{"name": "hub", "properties": properties}], [])
    assert reason(found.unhealthy) == "not-shown"


# --- finding ---------------------------------------------------------------------------

HERE, THERE, FOREIGN = (f"{digit * 8}-0000-0000-0000-000000000000" for digit in "123")
REFUSED = ReadError(Unreadable("unsupported", "HTTP 400 NoRegisteredProviderFound"))
FORBIDDEN = ReadError(Unreadable("forbidden", "HTTP 403 AuthorizationFailed"))


def row(subscription, name, login_server=None):
    answer = body("acr/registry_get_premium_2026_09_01_preview")
    answer["id"] = f"/subscriptions/{subscription}/resourceGroups/rg-shared{REGISTRY_TYPE_PATH}/{name}"
    answer["name"] = name
    answer["properties"]["loginServer"] = login_server or f"{name}.azurecr.io"
    return answer


class Azure:
    """A reader over registries by subscription; ``faults`` by (verb, subscription or graph, version)."""

    def __init__(self, rows, faults=None, stale=()):
        self.rows, self.faults, self.stale, self.asked = rows, faults or {}, stale, []

    def _ask(self, verb, where, version):
        self.asked.append((verb, where, version))
        for key in ((verb, where, version), (verb, where, None), (verb, None, version)):
            if key in self.faults:
                raise self.faults[key]

    def get(self, path, version, **query):
        self._ask("get", path.split("/")[2], version)
        found = [row for row in self.rows if row["id"].lower() == path.lower()]
        return found[0] if found else None

    def list(self, path, version, **query):
        subscription = path.split("/")[2]
        self._ask("list", subscription, version)
        return [row for row in self.rows if subscription in row["id"]]

    def post(self, path, version, body=None, subscription=None):
        self._ask("post", subscription, version)
        assert subscription in body["subscriptions"]
        rows = [row for row in (*self.rows, *self.stale) if row["id"].split("/")[2] in body["subscriptions"]]
        start = int(body["options"].get("$skipToken", 0))
        page = {"data": rows[start : start + 1], "resultTruncated": "false"}
        return page if start + 1 >= len(rows) else {**page, "$skipToken": str(start + 1)}


class Login:
    def __init__(self, *subscriptions):
        self._subscriptions = subscriptions or (
            {"id": HERE, "tenantId": "t1", "state": "Enabled"},
            {"id": THERE, "tenantId": "t1", "state": "Enabled"},
            {"id": FOREIGN, "tenantId": "t2", "state": "Enabled"},
        )

    def subscriptions(self):
        return list(self._subscriptions)


def find(azure, given, login=None):
    session = login or Login()
    found = find_registry(azure, session, parse_registry(given, ".azurecr.io"), HERE)
    return found if isinstance(found, Unreadable) else registry_of(session, found)


@pytest.mark.parametrize("given", ["contosoreg", "CONTOSOREG", "contosoreg.azurecr.io"])
@pytest.mark.parametrize("subscription", [HERE, THERE, FOREIGN])
def test_found_by_name_or_login_server_in_any_subscription(given, subscription):
    azure = Azure([row(HERE, "other"), row(subscription, "contosoreg"), row(THERE, "third")])
    found = find(azure, given)
    assert (found.subscription, found.name) == (subscription, "contosoreg")


def test_a_registry_of_another_subscription_is_read_again_before_it_is_believed():
    azure = Azure([row(THERE, "contosoreg")])
    find(azure, "contosoreg")
    assert ("get", THERE, PREVIEW_API_VERSION) in azure.asked
    stale = Azure([row(HERE, "contosoreg1")], stale=[row(THERE, "contosoreg")])
    assert reason(find(stale, "contosoreg")) == "not-found"


def test_a_login_server_with_a_hash_is_matched_by_what_arm_says():
    azure = Azure([row(HERE, "contosoreg", "contosoreg-abc123.azurecr.io")])
    assert find(azure, "contosoreg-abc123.azurecr.io").name == "contosoreg"
    plain = find(azure, "contosoreg.azurecr.io")
    assert reason(plain) == "not-found"
    assert "contosoreg-abc123.azurecr.io" in plain.detail


def test_a_login_with_one_subscription_asks_once():
    azure = Azure([row(HERE, "contosoreg")])
    login = Login({"id": HERE, "tenantId": "t1", "state": "Enabled"})
    assert find(azure, "contosoreg", login).name == "contosoreg"
    assert azure.asked == [("list", HERE, PREVIEW_API_VERSION)]


def test_the_stable_version_answers_where_the_preview_is_refused():
    faults = {("list", None, PREVIEW_API_VERSION): REFUSED, ("get", None, PREVIEW_API_VERSION): REFUSED}
    azure = Azure([row(HERE, "contosoreg")], faults)
    assert find(azure, "contosoreg").name == "contosoreg"
    assert ("list", HERE, API_VERSION) in azure.asked
    assert find(azure, azure.rows[0]["id"]).name == "contosoreg"


def test_another_preview_answers_where_the_pinned_one_is_gone():
    gone = VersionRefusedError(REFUSED.why, "The supported api-versions are '2025-11-01, 2026-03-01-preview'.")
    azure = Azure([row(HERE, "contosoreg")], {(each, None, PREVIEW_API_VERSION): gone for each in ("list", "get")})
    login = Login({"id": HERE, "tenantId": "t1", "state": "Enabled"})
    assert find(azure, "contosoreg", login).name == "contosoreg"
    assert azure.asked == [("list", HERE, PREVIEW_API_VERSION), ("list", HERE, "2026-03-01-preview")]
    assert find(azure, azure.rows[0]["id"]).name == "contosoreg"
    assert azure.asked[-1] == ("get", HERE, "2026-03-01-preview")


def test_subscriptions_are_listed_one_by_one_where_resource_graph_is_refused():
    azure = Azure([row(THERE, "contosoreg")], {("post", THERE, None): FORBIDDEN})
    assert find(azure, "contosoreg").subscription == THERE
    assert ("list", THERE, PREVIEW_API_VERSION) in azure.asked
    # The other tenant's query was answered: its subscription is not listed again.
    assert ("list", FOREIGN, PREVIEW_API_VERSION) not in azure.asked


def test_a_registry_that_is_nowhere_names_the_right_and_the_near_misses():
    azure = Azure([row(HERE, "contosoreg1"), row(THERE, "kontosoreg"), row(HERE, "zzzzzz")])
    found = find(azure, "contosoreg")
    assert (found.reason, found.permission) == ("not-found", READ)
    assert "contosoreg1" in found.detail and "kontosoreg" in found.detail and "zzzzzz" not in found.detail


def test_a_subscription_that_could_not_be_read_is_said_instead_of_not_found():
    found = find(Azure([row(THERE, "contosoreg9")], {("list", HERE, None): FORBIDDEN}), "contosoreg")
    assert (found.reason, found.permission) == ("forbidden", READ)
    assert "contosoreg9" in found.detail
    reachable = Azure([row(THERE, "contosoreg")], {("list", HERE, None): FORBIDDEN})
    assert find(reachable, "contosoreg").name == "contosoreg"


def test_by_resource_id_one_request_is_enough():
    azure = Azure([row(FOREIGN, "contosoreg")])
    found = find(azure, azure.rows[0]["id"])
    assert (found.subscription, found.tenant_id) == (FOREIGN, "t2")
    assert azure.asked == [("get", FOREIGN, PREVIEW_API_VERSION)]


def test_by_resource_id_missing_or_forbidden():
    azure = Azure([row(HERE, "contosoreg1")])
    found = find(azure, row(HERE, "contosoreg")["id"])
    assert (found.reason, found.permission) == ("not-found", READ)
    assert "contosoreg1" in found.detail
    azure.faults = {("get", HERE, None): FORBIDDEN}
    assert (find(azure, azure.rows[0]["id"]).reason, find(azure, azure.rows[0]["id"]).permission) == ("forbidden", READ)


class Lists:
    def __init__(self, **answers):
        self.answers = answers

    def list(self, path, version, **query):
        answer = self.answers[path.rpartition("/")[2]]
        if isinstance(answer, Exception):
            raise answer
        return answer


def test_cache_rules_are_read_with_their_credential_sets():
    rules, sets = body("acr/cacherules_list")["value"], body("acr/credentialsets_list_unhealthy")["value"]
    (found,) = read_cache_rules(Lists(cacheRules=rules, credentialSets=sets), registry())
    assert isinstance(found.unhealthy, str)
    (blind,) = read_cache_rules(Lists(cacheRules=rules, credentialSets=FORBIDDEN), registry())
    assert reason(blind.unhealthy) == "forbidden"
    assert read_cache_rules(Lists(cacheRules=[], credentialSets=FORBIDDEN), registry()) == ()
    assert reason(read_cache_rules(Lists(cacheRules=FORBIDDEN, credentialSets=[]), registry())) == "forbidden"
    assert reason(read_cache_rules(Lists(cacheRules=None, credentialSets=[]), registry())) == "not-found"


def test_cache_rules_in_a_cloud_that_lags():
    class Lagging(Lists):
        def list(self, path, version, **query):
            if version == API_VERSION:
                raise VersionRefusedError(
                    REFUSED.why, "The supported api-versions are '2025-04-01, 2025-03-01-preview'."
                )
            assert version == "2025-04-01"
            return super().list(path, version, **query)

    (found,) = read_cache_rules(Lagging(cacheRules=body("acr/cacherules_list")["value"], credentialSets=[]), registry())
    assert found.name


# --- replications --------------------------------------------------------------------------


def test_a_replicated_registry_lists_its_home_region_too():
    found = replications_from(body("acr/replications_list_two_regions_second_sample")["value"])
    assert [(each.name, each.location) for each in found] == [("southcentralus",) * 2, ("westus",) * 2]
    assert {(each.display_status, each.provisioning_state, each.global_routing) for each in found} == {
        ("Ready", "Succeeded", True)
    }
    assert body("acr/registry_get_data_endpoint_enabled_two_regions")["location"] == "westus"
    assert replications_from(body("acr/replications_list_empty_single_region")["value"]) == ()


def test_a_replica_out_of_routing_is_ready_all_the_same():
    (found,) = replications_from([body("acr/replication_get_region_endpoint_disabled")])
    assert (found.display_status, found.status_message, found.global_routing) == ("Ready", "", False)


def test_what_a_replication_does_not_show_is_not_known():
    whole = body("acr/replication_get_2026_09_01_preview")
    (found,) = replications_from([{**whole, "properties": {"status": None}}])
    assert {reason(each) for each in (found.display_status, found.provisioning_state, found.global_routing)} == {
        "not-shown"
    }
    (odd,) = replications_from(
        [{**whole, "location": "Central US", "properties": {"status": {"displayStatus": "Ill"}}}]
    )
    assert (odd.location, odd.display_status) == ("centralus", "Ill")
    assert reason(replications_from([{**whole, "location": None}])) == "not-shown"


def test_replications_are_asked_for_where_a_registry_can_have_some():
    rows = body("acr/replications_list_two_regions_second_sample")["value"]
    assert len(read_replications(Lists(replications=rows), registry())) == 2
    assert len(read_replications(Lists(replications=rows), registry(sku=FORBIDDEN.why))) == 2
    assert read_replications(Lists(), registry(sku="Standard")) == ()
    assert reason(read_replications(Lists(replications=None), registry())) == "not-found"
