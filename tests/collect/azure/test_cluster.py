"""Mirror of collect/cluster.py: recorded answers to facts."""

from __future__ import annotations

import threading

import pytest

from azext_acrpulldiag.collect.ask.arm import ReadError, VersionRefusedError
from azext_acrpulldiag.collect.azure.cluster import (
    API_VERSION,
    PREVIEW_API_VERSION,
    cluster_from,
    explain_missing_cluster,
    home_tenant,
    http_proxy_from,
    nearest,
    nearest_to,
    read_cluster,
    without_user,
)
from azext_acrpulldiag.facts import HttpProxy, KubeletIdentity, LocalDns, ServiceAccountPull, Unreadable
from azext_acrpulldiag.targets import ClusterTarget
from tests.recordings import body

TENANT = "0f3c9a52-64b1-4d0c-9a55-8f6a2e1b3c47"
PLACEHOLDER = "00000000-0000-0000-0000-000000000001"
GROUP = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups"


def mapped(name, change=None, preview=None, version=PREVIEW_API_VERSION):
    answer = body(f"aks/{name}")
    if change:
        change(answer)
    return cluster_from(answer, TENANT, answer if preview is None else preview, version)


def reason(value) -> str | None:
    return value.reason if isinstance(value, Unreadable) else None


def test_a_system_assigned_cluster():
    found = mapped("managedcluster_get_system_msi_lb")
    assert (found.name, found.resource_group, found.location) == ("testResource", "aks-cit-ManagedCluster", "eastus")
    assert found.subscription == "00000000-0000-0000-0000-000000000000"
    assert (found.power_state, found.provisioning_state, found.identity_type) == (
        "Running",
        "Succeeded",
        "SystemAssigned",
    )
    assert found.kubelet_identity.resource_id.endswith("/userAssignedIdentities/testResource-agentpool")
    assert found.service_principal_client_id is None
    assert found.control_plane_principal_ids == ("00000000-0000-0000-0000-000000000000",)
    assert found.outbound_type == "loadBalancer"
    assert len(found.effective_outbound_ip_ids) == 1
    assert (found.tenant_id, found.identity_tenant_id) == (TENANT, "tenantid")
    # This version does not show node provisioning at all: unknown, not off.
    assert reason(found.node_auto_provisioning) == "not-shown"


def test_its_node_pool():
    (pool,) = mapped("managedcluster_get_system_msi_lb").agent_pools
    assert (pool.name, pool.pool_type, pool.mode, pool.count) == ("agentpool1", "VirtualMachineScaleSets", "System", 3)
    assert (pool.os_type, pool.os_sku, pool.power_state) == ("Linux", "Ubuntu", "Running")
    assert pool.node_image_version == "AKSUbuntu-2204gen2containerd-202502.09.0"
    assert (pool.subnet_id, pool.node_public_ip, pool.provisioning_state) == (None, False, "Succeeded")


@pytest.mark.parametrize("name", ["user_assigned_msi", "user_assigned_msi_preview"])
def test_a_user_assigned_control_plane_is_not_the_kubelet_identity(name):
    found = mapped(f"managedcluster_get_{name}")
    assert found.identity_type == "UserAssigned"
    assert found.control_plane_principal_ids == (PLACEHOLDER,)
    assert isinstance(found.kubelet_identity, KubeletIdentity)
    assert found.kubelet_identity.resource_id.endswith("cliakstest000001-agentpool")
    # The identity of such a cluster names no tenant.
    assert (found.tenant_id, reason(found.identity_tenant_id)) == (TENANT, "not-shown")


@pytest.mark.parametrize(
    ("name", "source", "registry"),
    [
        ("managedcluster_get_outbound_none_bootstrap_cache", "Cache", "ad76684fa15a479a847161b6474d1f46"),
        ("managedcluster_get_outbound_block_bootstrap_cache", "Cache", "ad76684fa15a479a847161b6474d1f46"),
        ("managedcluster_get_bootstrap_cache_byo_registry_lb", "Cache", "clitest000005"),
        ("managedcluster_get_bootstrap_direct", "Direct", None),
    ],
)
def test_where_nodes_get_the_images_of_aks_from(name, source, registry):
    bootstrap = mapped(name).bootstrap
    assert bootstrap.source == source
    assert registry is None or bootstrap.registry_id.endswith(f"/registries/{registry}")
    assert registry is not None or bootstrap.registry_id is None


def test_a_bootstrap_registry_that_is_not_shown_is_not_none():
    def hide(answer):
        del answer["properties"]["bootstrapProfile"]["containerRegistryId"]

    assert reason(mapped("managedcluster_get_bootstrap_cache_byo_registry_lb", hide).bootstrap.registry_id) is not None
    assert reason(mapped("managedcluster_get_system_msi_lb").bootstrap) == "not-shown"


def test_a_pool_in_a_network_of_the_users():
    (pool,) = mapped("managedcluster_get_user_assigned_msi").agent_pools
    assert pool.subnet_id.endswith("/subnets/clisubnet000006")


def test_a_pool_whose_addresses_come_from_a_prefix():
    (pool,) = mapped("managedcluster_get_node_public_ip_prefix").agent_pools
    assert pool.node_public_ip is True
    assert pool.node_public_ip_prefix_id.endswith("/publicIPPrefixes/cliaksipprefix000003")


def test_a_service_principal_cluster():
    found = mapped("managedcluster_get_service_principal")
    assert (found.identity_type, found.service_principal_client_id) == ("ServicePrincipal", PLACEHOLDER)
    assert (found.kubelet_identity, found.control_plane_principal_ids) == (None, ())
    assert found.tenant_id == TENANT


def test_the_literal_msi_is_a_managed_identity_even_where_the_answer_shows_none():
    def strip(answer):
        del answer["identity"]

    found = mapped("managedcluster_get_system_msi_lb", strip)
    assert found.service_principal_client_id is None
    assert reason(found.identity_type) == reason(found.control_plane_principal_ids) == "not-shown"
    assert isinstance(found.kubelet_identity, KubeletIdentity)


def test_an_answer_without_any_identity_tells_nothing():
    def strip(answer):
        del answer["identity"], answer["properties"]["servicePrincipalProfile"]
        del answer["properties"]["identityProfile"]

    found = mapped("managedcluster_get_system_msi_lb", strip)
    assert reason(found.kubelet_identity) == reason(found.identity_type) == "not-shown"


def test_while_a_cluster_is_created_its_kubelet_identity_is_not_known_yet():
    found = mapped("managedcluster_get_creating")
    assert found.provisioning_state == "Creating"
    assert reason(found.kubelet_identity) == reason(found.effective_outbound_ip_ids) == "not-shown"


@pytest.mark.parametrize("profile", [None, {}])
def test_a_managed_cluster_that_lost_its_kubelet_identity_has_none(profile):
    def lose(answer):
        answer["properties"]["identityProfile"] = profile

    assert mapped("managedcluster_get_system_msi_lb", lose).kubelet_identity is None


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"identityProfile": "text"}, "malformed"),
        ({"identityProfile": None, "provisioningState": None}, "not-shown"),
        ({"identityProfile": {}, "provisioningState": ["list"]}, "not-shown"),
    ],
)
def test_an_answer_that_is_not_whole_proves_no_absence(changes, expected):
    def mangle(answer):
        answer["properties"].update(changes)

    assert reason(mapped("managedcluster_get_system_msi_lb", mangle).kubelet_identity) == expected


@pytest.mark.parametrize("name", ["resourceId", "clientId", "objectId"])
def test_half_a_kubelet_identity_is_unknown(name):
    def halve(answer):
        del answer["properties"]["identityProfile"]["kubeletidentity"][name]

    assert reason(mapped("managedcluster_get_system_msi_lb", halve).kubelet_identity) == "not-shown"


@pytest.mark.parametrize(
    ("name", "outbound_type", "last_segments"),
    [
        ("lb_customer_outbound_ips", "loadBalancer", ("cliakstest000003",)),
        ("managed_natgateway", "managedNATGateway", ("64608ae2-2069-4713-aa60-4175966d9a22",)),
        ("automatic_sku", "managedNATGateway", ("cddb92fe-5918-46ae-a0a1-51834c32b1d8",)),
        (
            "managed_natgateway_two_ips",
            "managedNATGateway",
            ("362fa1fd-c440-4d00-91c6-9c0d91156c7b", "b8171280-d31f-4355-9375-5ab67fd65e07"),
        ),
        ("outbound_block_bootstrap_cache", "block", ()),
        ("outbound_none_bootstrap_cache", "none", ()),
    ],
)
def test_outbound_addresses_come_from_the_profile_of_the_outbound_type(name, outbound_type, last_segments):
    found = mapped(f"managedcluster_get_{name}")
    assert found.outbound_type == outbound_type
    assert tuple(one.rpartition("/")[2] for one in found.effective_outbound_ip_ids) == last_segments


@pytest.mark.parametrize(
    ("kind", "sku", "expected"),
    [
        ("managedNATGateway", "StandardV2", "managedNATGatewayV2"),
        ("managedNATGateway", "Standard", "managedNATGateway"),
        ("managedNATGateway", None, "managedNATGateway"),
        ("managedNATGatewayV2", None, "managedNATGatewayV2"),
    ],
)
def test_a_second_generation_nat_gateway_is_told_by_the_type_or_by_the_sku(kind, sku, expected):
    def change(answer):
        answer["properties"]["networkProfile"]["outboundType"] = kind
        answer["properties"]["networkProfile"]["natGatewayProfile"]["sku"] = sku

    found = mapped("managedcluster_get_managed_natgateway_two_ips", change)
    assert (found.outbound_type, len(found.effective_outbound_ip_ids)) == (expected, 2)


@pytest.mark.parametrize("kind", ["userDefinedRouting", "userAssignedNATGateway", "none"])
def test_other_outbound_types_have_no_addresses_of_the_clusters_own(kind):
    def change(answer):
        answer["properties"]["networkProfile"]["outboundType"] = kind

    assert mapped("managedcluster_get_system_msi_lb", change).effective_outbound_ip_ids == ()


def with_pool(name):
    """A cluster whose only pool has the members of a recorded one."""

    def change(answer):
        recorded = body(f"aks/{name}")
        answer["properties"]["agentPoolProfiles"] = [{"name": recorded["name"], **recorded["properties"]}]

    return change


@pytest.mark.parametrize(
    ("name", "expected"),
    [("required", LocalDns("Required", "Enabled")), ("disabled", LocalDns("Disabled", "Disabled"))],
)
def test_local_dns_of_a_node_pool(name, expected):
    (pool,) = mapped("managedcluster_get_system_msi_lb", with_pool(f"agentpool_get_localdns_{name}")).agent_pools
    assert pool.local_dns == expected


def test_local_dns_that_is_not_shown_is_not_off():
    (pool,) = mapped("managedcluster_get_system_msi_lb").agent_pools
    assert reason(pool.local_dns) == "not-shown"

    def without_state(answer):
        with_pool("agentpool_get_localdns_required")(answer)
        del answer["properties"]["agentPoolProfiles"][0]["localDNSProfile"]["state"]

    (pool,) = mapped("managedcluster_get_system_msi_lb", without_state).agent_pools
    assert (pool.local_dns.mode, reason(pool.local_dns.state)) == ("Required", "not-shown")


@pytest.mark.parametrize(
    ("enabled", "expected"), [(True, True), (False, False), ("yes", "malformed"), (None, "not-shown")]
)
def test_artifact_streaming(enabled, expected):
    """As ``AgentPoolArtifactStreamingProfile`` of azure-mgmt-containerservice shows it."""
    answer = body("aks/managedcluster_get_system_msi_lb")
    if enabled is not None:
        answer["properties"]["agentPoolProfiles"][0]["artifactStreamingProfile"] = {"enabled": enabled}
    found = cluster_from(answer, TENANT, answer).agent_pools[0].artifact_streaming
    assert expected == (found if isinstance(found, bool) else reason(found))


@pytest.mark.parametrize(("name", "expected"), [("automatic_sku", True), ("creating", False)])
def test_node_auto_provisioning(name, expected):
    assert mapped(f"managedcluster_get_{name}").node_auto_provisioning is expected


def test_service_account_pull_comes_from_the_preview_answer_only():
    preview = body("aks/managedcluster_get_preview_2025_09_02_lb_msi")
    assert mapped("managedcluster_get_system_msi_lb", preview=preview).service_account_pull is None
    profile = {"enabled": True, "defaultManagedIdentityId": f"{GROUP}/rg/x"}
    preview["properties"]["securityProfile"]["serviceAccountImagePullProfile"] = profile
    found = mapped("managedcluster_get_system_msi_lb", preview=preview).service_account_pull
    assert found == ServiceAccountPull(True, f"{GROUP}/rg/x")
    profile.pop("defaultManagedIdentityId")
    assert mapped("managedcluster_get_system_msi_lb", preview=preview).service_account_pull == ServiceAccountPull(
        True, None
    )
    profile["enabled"] = None
    assert reason(mapped("managedcluster_get_system_msi_lb", preview=preview).service_account_pull) == "not-shown"


def test_a_preview_version_that_knows_service_account_pull_leaves_it_out_where_it_was_never_set():
    """Recorded: an answer without ``securityProfile``."""
    preview = body("aks/managedcluster_get_user_assigned_msi_preview")
    assert "securityProfile" not in preview["properties"]
    assert mapped("managedcluster_get_user_assigned_msi_preview").service_account_pull is None
    older = mapped("managedcluster_get_user_assigned_msi_preview", version="2025-09-02-preview")
    assert reason(older.service_account_pull) == "not-shown"
    preview["properties"]["securityProfile"] = None
    assert reason(mapped("managedcluster_get_system_msi_lb", preview=preview).service_account_pull) == "not-shown"
    preview["properties"]["securityProfile"] = []
    assert reason(mapped("managedcluster_get_system_msi_lb", preview=preview).service_account_pull) == "malformed"
    assert reason(mapped("managedcluster_get_system_msi_lb", preview={}).service_account_pull) == "not-shown"


def test_service_account_pull_is_unknown_where_the_preview_version_is_refused():
    refused = Unreadable("unsupported", "HTTP 400 NoRegisteredProviderFound")
    assert mapped("managedcluster_get_system_msi_lb", preview=refused).service_account_pull is refused


def test_nulls_of_the_official_example_are_unknown_not_absent():
    found = mapped("spec_managedcluster_get_2025_10_01", version="2025-10-01")
    assert reason(found.power_state) == reason(found.service_account_pull) == "not-shown"
    assert found.service_principal_client_id == "clientid"
    (pool,) = found.agent_pools
    assert {reason(pool.pool_type), reason(pool.mode), reason(pool.power_state), reason(pool.node_public_ip)} == {
        "not-shown"
    }


@pytest.mark.parametrize("wrong", [[], "text", 7, {"powerState": 3, "agentPoolProfiles": {}, "networkProfile": []}])
def test_mistyped_properties_are_unknown_and_no_error(wrong):
    def change(answer):
        answer["properties"] = wrong

    found = mapped("managedcluster_get_system_msi_lb", change)
    assert reason(found.provisioning_state) == "not-shown"
    assert reason(found.agent_pools) in ("not-shown", "malformed")


@pytest.mark.parametrize("wrong", [None, 5, "prod"])
def test_an_answer_without_an_id_is_no_cluster(wrong):
    answer = {**body("aks/managedcluster_get_system_msi_lb"), "id": wrong}
    assert reason(cluster_from(answer, TENANT, answer)) == "malformed"


# --- what a missing cluster may have been meant to be ----------------------------------

TARGET = ClusterTarget("00000000-0000-0000-0000-000000000000", "rg-app", "prod")


def row(group, name):
    return {"id": f"{GROUP}/{group}/providers/Microsoft.ContainerService/managedClusters/{name}", "name": name}


def test_nearest_clusters_put_the_same_name_elsewhere_first():
    clusters = [row("rg-app", "prod1"), row("rg-other", "prod"), row("rg-app", "zebra")]
    found = nearest_to(TARGET, clusters, [{"name": "RG-App"}, {"name": "rg-apps"}])
    assert found.clusters == (("rg-other", "prod"), ("rg-app", "prod1"))
    assert (found.group_exists, found.groups) == (True, ())


def test_a_missing_group_gets_the_nearest_groups():
    found = nearest_to(TARGET, [], [{"name": "rg-apps"}, {"name": "zebra"}])
    assert (found.group_exists, found.groups, found.clusters) == (False, ("rg-apps",), ())


def test_lists_that_the_caller_may_not_read_stay_unknown():
    hidden = Unreadable("forbidden", "No right")
    found = nearest_to(TARGET, hidden, hidden)
    assert found.clusters is found.groups is found.group_exists is hidden


def test_nearest_compares_without_case_and_keeps_azures_spelling():
    assert nearest("PRODUCTION", ["Production", "production", "prod"]) == ("Production",)


class Login:
    def __init__(self, *subscriptions):
        self._subscriptions = subscriptions

    def subscriptions(self):
        return list(self._subscriptions)


def test_the_tenant_of_a_subscription():
    login = Login({"id": "A", "tenantId": "managing", "homeTenantId": "home"}, {"id": "b", "tenantId": "only"})
    assert home_tenant(login, "a") == "home"
    assert home_tenant(login, "B") == "only"
    assert reason(home_tenant(login, "c")) == "not-shown"


# --- reading ---------------------------------------------------------------------------


class Reader:
    """Answers by (last segment of the path, version)."""

    def __init__(self, **answers):
        self.session = Login({"id": TARGET.subscription, "tenantId": TENANT})
        self.answers, self.asked = answers, []

    def get(self, path, version, **query):
        self.asked.append((path, version))
        answer = self.answers["preview" if version == PREVIEW_API_VERSION else "stable"]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def list(self, path, version, **query):
        return self.answers[path.rpartition("/")[2]]


REFUSED = ReadError(Unreadable("unsupported", "HTTP 400 NoRegisteredProviderFound"))
FORBIDDEN = ReadError(Unreadable("forbidden", "HTTP 403 AuthorizationFailed"))


def gone(*supported):
    message = f"The supported api-versions are '{', '.join(supported)}'." if supported else ""
    return VersionRefusedError(Unreadable("unsupported", "HTTP 400 NoRegisteredProviderFound"), message)


def test_a_cluster_is_read_twice_at_once():
    stable = body("aks/managedcluster_get_system_msi_lb")
    reader = Reader(stable=stable, preview=body("aks/managedcluster_get_preview_2025_09_02_lb_msi"))
    found = read_cluster(reader, TARGET)
    assert (found.name, found.service_account_pull) == ("testResource", None)
    assert sorted(reader.asked) == sorted([(TARGET.id, API_VERSION), (TARGET.id, PREVIEW_API_VERSION)])


@pytest.mark.parametrize(
    ("preview", "expected"), [(REFUSED, "unsupported"), (FORBIDDEN, "forbidden"), (None, "not-shown")]
)
def test_a_preview_that_fails_costs_one_field(preview, expected):
    found = read_cluster(Reader(stable=body("aks/managedcluster_get_system_msi_lb"), preview=preview), TARGET)
    assert (found.provisioning_state, reason(found.service_account_pull)) == ("Succeeded", expected)


OTHERS = ("2025-09-02-preview", "2026-01-01", "2026-02-02-preview", "2026-09-01")


@pytest.mark.parametrize(
    ("supported", "asked", "expected"),
    [
        (OTHERS, "2026-02-02-preview", "None"),
        # A version before the profile shows nothing of it, and that is no absence.
        (OTHERS[:2], "2025-09-02-preview", "not-shown"),
        (("2026-01-01",), None, "unsupported"),
        ((), None, "unsupported"),
    ],
)
def test_another_preview_stands_in_for_one_that_is_gone(supported, asked, expected):
    class Moved(Reader):
        def get(self, path, version, **query):
            if version != PREVIEW_API_VERSION:
                return super().get(path, version, **query)
            self.asked.append((path, version))
            raise gone(*supported)

    reader = Moved(stable=body("aks/managedcluster_get_system_msi_lb"))
    found = read_cluster(reader, TARGET)
    assert (reason(found.service_account_pull) or str(found.service_account_pull)) == expected
    versions = [PREVIEW_API_VERSION, API_VERSION, *([asked] if asked else [])]
    assert sorted(reader.asked) == sorted((TARGET.id, version) for version in versions)


def test_a_cloud_that_lags_is_asked_with_the_newest_stable_version_that_it_has():
    class Lagging(Reader):
        def get(self, path, version, **query):
            if version in (PREVIEW_API_VERSION, API_VERSION):
                raise gone("2025-05-01", "2025-10-01")
            return super().get(path, version, **query)

    reader = Lagging(stable=body("aks/managedcluster_get_system_msi_lb"))
    found = read_cluster(reader, TARGET)
    assert (found.provisioning_state, reason(found.service_account_pull)) == ("Succeeded", "unsupported")
    assert reader.asked == [(TARGET.id, "2025-10-01")]


def test_a_type_that_no_version_knows_is_no_cluster_that_is_missing():
    found = read_cluster(Reader(stable=gone(), preview=gone()), TARGET)
    assert reason(found) == "unsupported"


def test_nobody_waits_for_a_preview_that_hangs(monkeypatch):
    monkeypatch.setattr("azext_acrpulldiag.collect.azure.cluster.PREVIEW_PATIENCE", 0.05)
    hung = threading.Event()

    class Hanging(Reader):
        def get(self, path, version, **query):
            if version == PREVIEW_API_VERSION:
                hung.wait(60)
            return super().get(path, version, **query)

    found = read_cluster(Hanging(stable=body("aks/managedcluster_get_system_msi_lb"), preview=None), TARGET)
    hung.set()
    assert (found.provisioning_state, reason(found.service_account_pull)) == ("Succeeded", "timeout")


def test_a_cluster_that_is_missing_or_hidden():
    assert read_cluster(Reader(stable=None, preview=None), TARGET) is None
    assert reason(read_cluster(Reader(stable=FORBIDDEN, preview=FORBIDDEN), TARGET)) == "forbidden"


def test_names_for_a_missing_cluster_come_from_the_subscription():
    reader = Reader(managedClusters=[row("rg-app", "prod1")], resourcegroups=[{"name": "rg-app"}])
    found = explain_missing_cluster(reader, TARGET)
    assert (found.clusters, found.group_exists) == ((("rg-app", "prod1"),), True)


# --- the proxy -------------------------------------------------------------------------

# As `az aks show` printed it of such a cluster, and as the documents show it
# (https://learn.microsoft.com/azure/aks/http-proxy).
PROXY = {
    "httpProxy": "http://proxyvm2:3128/",
    "httpsProxy": "https://proxyvm2:3129/",
    "noProxy": ["localhost", "127.0.0.1"],
    "trustedCa": None,
}
NODES_RANGE = "10.224.0.0/12"


def proxied(preview=None, **changes):
    answer = {"id": "/cluster", "properties": {"httpProxyConfig": PROXY | changes}}
    return http_proxy_from(answer, preview or answer)


@pytest.mark.parametrize("name", ["system_msi_lb", "preview_2025_09_02_lb_msi", "service_principal"])
def test_a_cluster_without_a_proxy_does_not_show_one(name):
    assert mapped(f"managedcluster_get_{name}").http_proxy is None


def test_a_proxy():
    found = proxied()
    assert found == HttpProxy("http://proxyvm2:3128/", "https://proxyvm2:3129/", ("localhost", "127.0.0.1"), False)
    assert proxied(trustedCa="LS0t").trusted_ca is True
    assert proxied(enabled=True) == found


def test_one_proxy_serves_both():
    assert proxied(httpsProxy=None).https == "http://proxyvm2:3128/"
    assert proxied(httpProxy=None) == HttpProxy(None, "https://proxyvm2:3129/", ("localhost", "127.0.0.1"), False)


def test_what_aks_excepts_is_added_where_it_is_shown():
    preview = {"properties": {"httpProxyConfig": PROXY | {"effectiveNoProxy": ["localhost", NODES_RANGE]}}}
    assert proxied(preview).no_proxy == ("localhost", "127.0.0.1", NODES_RANGE)
    assert proxied(preview, noProxy=None).no_proxy == ("localhost", NODES_RANGE)
    refused = Unreadable("unsupported", "no such version")
    assert proxied(refused).no_proxy == ("localhost", "127.0.0.1")
    assert reason(proxied(refused, noProxy=None).no_proxy) == "not-shown"


@pytest.mark.parametrize("changes", [{"enabled": False}, {"httpProxy": None, "httpsProxy": None}])
def test_a_proxy_that_is_off(changes):
    assert proxied(**changes) is None


def test_a_proxy_that_only_the_preview_shows_to_be_off():
    """Stable versions before 2026-01-01 show the proxy and not whether it is on."""
    assert proxied({"properties": {"httpProxyConfig": PROXY | {"enabled": False}}}) is None
    assert proxied({"properties": {"httpProxyConfig": PROXY | {"enabled": True}}}) is not None


@pytest.mark.parametrize("config", [["http://proxy"], {"httpProxy": 3128}])
def test_a_proxy_of_another_form(config):
    answer = {"id": "/cluster", "properties": {"httpProxyConfig": config}}
    assert reason(http_proxy_from(answer, answer)) == "malformed"


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("http://user:pass@proxy:3128/", "http://proxy:3128/"),
        ("user:p@ss@proxy:3128", "proxy:3128"),
        ("http://user:pa://ss@proxy:3128", "http://proxy:3128"),
        ("u:pa://ss@proxy", "proxy"),
        ("https://proxy:3128/", "https://proxy:3128/"),
        ("proxy", "proxy"),
    ],
)
def test_who_logs_in_to_a_proxy_stays_in_the_collector(url, kept):
    assert without_user(url) == kept
    assert kept in (proxied(httpProxy=url).http, proxied(httpsProxy=url).https)
    assert "ss@" not in repr(proxied(httpProxy=url, httpsProxy=url))
