"""One healthy set of facts; a test changes the one thing it is about with ``replace``."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

from azext_acrpulldiag.facts import (
    Access,
    AgentPool,
    AssignedIdentity,
    Cluster,
    EndpointAddress,
    EndpointPolicy,
    Facts,
    FailingContainer,
    Firewall,
    FirewallRule,
    HealthReport,
    HttpProxy,
    HubRouting,
    Image,
    ImageLookup,
    KubeletIdentity,
    Kubernetes,
    ManagedIdentity,
    Network,
    NetworkRules,
    Node,
    NodeHost,
    NodePlace,
    Offer,
    Options,
    Outbound,
    PasswordCredential,
    Peering,
    Permission,
    Platform,
    PrivateEndpoint,
    PrivateEndpointConnection,
    PrivateZone,
    Puller,
    PullSecret,
    Registry,
    RegistryToken,
    RoleAssignment,
    RoleDefinition,
    RouteTable,
    RuleCollection,
    SecretEntry,
    ServicePrincipal,
    Subnet,
    Unreadable,
    UserRoute,
    VirtualNetwork,
    ZoneLink,
    ZoneSearch,
)
from azext_acrpulldiag.targets import ClusterTarget, RegistryForm, RegistryTarget, Targets

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=timezone.utc)
SUBSCRIPTION = "5c1f2a60-7a3e-4a53-8d0e-2f3e1c9b7a10"
TENANT = "0f3c9a52-64b1-4d0c-9a55-8f6a2e1b3c47"
CLUSTER_ID = (
    f"/subscriptions/{SUBSCRIPTION}/resourcegroups/rg-app/providers/Microsoft.ContainerService/managedClusters/prod"
)
REGISTRY_ID = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-shared"
    "/providers/Microsoft.ContainerRegistry/registries/contosoreg"
)
NODE_GROUP_ID = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/MC_rg-app_prod_westeurope"
IDENTITY_ID = f"{NODE_GROUP_ID}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/prod-agentpool"
SUBNET_ID = f"{NODE_GROUP_ID}/providers/Microsoft.Network/virtualNetworks/aks-vnet-14326078/subnets/aks-subnet"
KUBELET_OBJECT_ID = "b7d1d9ae-4f51-4c3e-9b51-0a4f6f3f9c21"
KUBELET_CLIENT_ID = "556252cf-f0a6-4392-bd99-6bf8b72a994b"
CONTROL_PLANE_OBJECT_ID = "c2a40f1d-9be5-4d1c-8a62-1c0f6f0b7d32"
APP_ID = "3a0b6e1c-52f3-4b0e-9e57-4b8d9b7c6a55"
APP_OBJECT_ID = "e1d2c3b4-0a1b-4c2d-8e3f-9a8b7c6d5e4f"
SP_OBJECT_ID = "9f8e7d6c-5b4a-4938-a271-605f4e3d2c1b"
ACR_PULL = "7f951dda-4ed3-4680-a7ca-43fe172d538d"
REPOSITORY_READER = "b93aa761-3e63-49ed-ac28-beffa264f7ac"


def role_definition(guid: str, name: str, custom: bool = False, **permission: tuple[str, ...]) -> RoleDefinition:
    return RoleDefinition(
        f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{guid}",
        name,
        custom,
        (Permission(**permission),),
    )


def acr_pull() -> RoleDefinition:
    return role_definition(ACR_PULL, "AcrPull", actions=("Microsoft.ContainerRegistry/registries/pull/read",))


def assignment(
    principal: str = KUBELET_OBJECT_ID,
    role: str = ACR_PULL,
    scope: str = REGISTRY_ID,
    condition: str | None = None,
    created: datetime | None = NOW - timedelta(days=90),
    principal_type: str = "ServicePrincipal",
) -> RoleAssignment:
    return RoleAssignment(
        id=f"{scope}/providers/Microsoft.Authorization/roleAssignments/6a5b{principal[4:]}",
        scope=scope,
        role_definition_id=f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{role}",
        principal_id=principal,
        principal_type=principal_type,
        condition=condition,
        created=created,
    )


def access(*effective: RoleAssignment, **changes: object) -> Access:
    held = effective or (assignment(),)
    return replace(
        Access(
            puller=Puller(KUBELET_OBJECT_ID, KUBELET_CLIENT_ID, "kubelet-identity", "prod-agentpool"),
            effective=held,
            at_scope=held,
            definitions={ACR_PULL: acr_pull()},
            denials=(),
        ),
        **changes,
    )


def agent_pool(name: str = "pool1", **changes: object) -> AgentPool:
    return replace(
        AgentPool(
            name=name,
            pool_type="VirtualMachineScaleSets",
            mode="System",
            os_type="Linux",
            os_sku="Ubuntu",
            power_state="Running",
            provisioning_state="Succeeded",
            node_image_version="AKSUbuntu-2204gen2containerd-202610.01.0",
            subnet_id=None,
            node_public_ip=False,
            count=2,
        ),
        **changes,
    )


def scale_set(pool: str = "pool1", **changes: object) -> NodeHost:
    name = f"aks-{pool}-87752918-vmss"
    return replace(
        NodeHost(
            resource_id=f"{NODE_GROUP_ID}/providers/Microsoft.Compute/virtualMachineScaleSets/{name}",
            name=name,
            kind="scale-set",
            pool=pool,
            identities=(AssignedIdentity(IDENTITY_ID, KUBELET_OBJECT_ID, KUBELET_CLIENT_ID),),
            tagged_kubelet_client_id=KUBELET_CLIENT_ID,
            subnet_ids=(SUBNET_ID,),
            public_ip_per_node=False,
            created=NOW - timedelta(days=100),
        ),
        **changes,
    )


def cluster(**changes: object) -> Cluster:
    return replace(
        Cluster(
            id=CLUSTER_ID,
            name="prod",
            resource_group="rg-app",
            subscription=SUBSCRIPTION,
            location="westeurope",
            tenant_id=TENANT,
            identity_type="SystemAssigned",
            power_state="Running",
            provisioning_state="Succeeded",
            node_resource_group="MC_rg-app_prod_westeurope",
            kubelet_identity=KubeletIdentity(IDENTITY_ID, KUBELET_CLIENT_ID, KUBELET_OBJECT_ID),
            service_principal_client_id=None,
            control_plane_principal_ids=(CONTROL_PLANE_OBJECT_ID,),
            outbound_type="loadBalancer",
            effective_outbound_ip_ids=(f"{NODE_GROUP_ID}/providers/Microsoft.Network/publicIPAddresses/out1",),
            node_auto_provisioning=False,
            service_account_pull=None,
            agent_pools=(agent_pool(),),
        ),
        **changes,
    )


def registry(**changes: object) -> Registry:
    return replace(
        Registry(
            id=REGISTRY_ID,
            name="contosoreg",
            resource_group="rg-shared",
            subscription=SUBSCRIPTION,
            location="westeurope",
            tenant_id=TENANT,
            login_server="contosoreg.azurecr.io",
            sku="Premium",
            provisioning_state="Succeeded",
            role_assignment_mode="LegacyRegistryPermissions",
            admin_enabled=False,
            anonymous_pull=False,
            public_network_access="Enabled",
            network_rules=NetworkRules("Allow", (), ()),
            private_endpoints=(),
            arm_audience_tokens="enabled",
            data_endpoint_hosts=(),
            regional_hosts=(),
        ),
        **changes,
    )


def network(**changes: object) -> Network:
    """The network that AKS makes: one subnet, Azure's own DNS, no security group and no route of anybody."""
    vnet = SUBNET_ID.rpartition("/subnets/")[0]
    return replace(
        Network(
            places=(NodePlace(("pool1",), SUBNET_ID),),
            networks={vnet.lower(): VirtualNetwork(vnet, ("10.224.0.0/12",), (), ())},
            subnets={SUBNET_ID.lower(): subnet()},
        ),
        **changes,
    )


def subnet(subnet_id: str = SUBNET_ID, prefix: str = "10.224.0.0/16", **changes: object) -> Subnet:
    return replace(
        Subnet(
            id=subnet_id,
            prefixes=(prefix,),
            security_group_id=None,
            route_table_id=None,
            nat_gateway_id=None,
            service_endpoints=(),
            endpoint_policy_ids=(),
            endpoint_network_policies="Disabled",
            private=False,
        ),
        **changes,
    )


VNET_ID = SUBNET_ID.rpartition("/subnets/")[0]
ENDPOINT_ID = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-net/providers/Microsoft.Network/privateEndpoints/acr-pe"
ENDPOINT_SUBNET_ID = f"{VNET_ID}/subnets/endpoints"
CONNECTION_ID = f"{REGISTRY_ID}/privateEndpointConnections/contosoreg.3b8b0511c95e442bbacfaaced31dc64e"
ZONE_ID = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-net"
    "/providers/Microsoft.Network/privateDnsZones/privatelink.azurecr.io"
)
DATA_HOST = "contosoreg.westeurope.data.azurecr.io"


def private_endpoint(**changes: object) -> PrivateEndpoint:
    """An approved endpoint of the registry in the nodes' network; its zone group keeps the records in the zone."""
    return replace(
        PrivateEndpoint(
            connection_id=CONNECTION_ID,
            id=ENDPOINT_ID,
            status="Approved",
            subnet_id=ENDPOINT_SUBNET_ID,
            addresses=(
                EndpointAddress("10.225.0.5", "registry_data_westeurope", (DATA_HOST,)),
                EndpointAddress("10.225.0.6", "registry", ("contosoreg.azurecr.io",)),
            ),
            zone_ids=(ZONE_ID,),
        ),
        **changes,
    )


def zone_link(network_id: str = VNET_ID, name: str = "nodes", **changes: object) -> ZoneLink:
    link = ZoneLink(f"{ZONE_ID}/virtualNetworkLinks/{name}", name, network_id, False, "Completed")
    return replace(link, **changes)


def private_zone(**changes: object) -> PrivateZone:
    """The private DNS zone with the registry's records, linked to the nodes' network."""
    records = {"contosoreg": ("10.225.0.6",), "contosoreg.westeurope.data": ("10.225.0.5",)}
    return replace(PrivateZone(ZONE_ID, "privatelink.azurecr.io", (zone_link(),), records), **changes)


def private_link_network(**changes: object) -> Network:
    """The nodes' network with a private endpoint of the registry, and its zone."""
    of_endpoint = subnet(ENDPOINT_SUBNET_ID, "10.225.0.0/24")
    return replace(
        network(
            subnets={SUBNET_ID.lower(): subnet(), ENDPOINT_SUBNET_ID.lower(): of_endpoint},
            endpoints=(private_endpoint(),),
            zones=ZoneSearch((private_zone(),), (SUBSCRIPTION,)),
        ),
        **changes,
    )


def private_registry(status: str = "Approved", **changes: object) -> Registry:
    """A registry without public access, and with one private endpoint."""
    connection = PrivateEndpointConnection(CONNECTION_ID, status, ENDPOINT_ID)
    return registry(
        **{
            "public_network_access": "Disabled",
            "private_endpoints": (connection,),
            "data_endpoint_hosts": (DATA_HOST,),
            **changes,
        }
    )


def private_link_facts(**changes: object) -> Facts:
    """A cluster that reaches a registry without public access by a private endpoint in its own network."""
    return replace(healthy_facts(), **{"registry": private_registry(), "network": private_link_network(), **changes})


HUB_NETWORK_ID = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-hub/providers/Microsoft.Network/virtualNetworks/hub"
FIREWALL_ID = f"{HUB_NETWORK_ID.rpartition('/virtualNetworks/')[0]}/azureFirewalls/fw-hub"


def firewall_rule(**changes: object) -> FirewallRule:
    """An application rule for HTTPS from anywhere; it names no target."""
    rule = FirewallRule("registry", ("*",), (), (), (), (), (), ("Https:443",), ())
    return replace(rule, **changes)


def allowing(*fqdns: str) -> RuleCollection:
    """A collection that lets HTTPS to these names through."""
    return RuleCollection("web", "application", True, (firewall_rule(fqdns=fqdns),), 200)


def firewall(*collections: RuleCollection, **changes: object) -> Firewall:
    """A firewall with classic rules in the hub network, at 10.100.0.4."""
    given = Firewall(FIREWALL_ID, ("10.100.0.4",), HUB_NETWORK_ID, None, (), None, collections)
    return replace(given, **changes)


def firewall_facts(*collections: RuleCollection, **changes: object) -> Facts:
    """The node subnet's route leads everything to a firewall in a peered hub; without rules given, it allows all."""
    return appliance_facts(firewall(*(collections or (allowing("*"),))), **changes)


def appliance_facts(found: Firewall | Unreadable | None = None, **changes: object) -> Facts:
    """The node subnet's route leads everything to an address in a peered hub, which is no Azure Firewall."""
    nodes_id = SUBNET_ID.rpartition("/subnets/")[0]
    table_id = f"{nodes_id.rpartition('/virtualNetworks/')[0]}/routeTables/rt"
    sides = {
        here.lower(): VirtualNetwork(here, (prefix,), (), (peering(here, there, remote),))
        for here, prefix, there, remote in (
            (nodes_id, "10.224.0.0/12", HUB_NETWORK_ID, "10.100.0.0/16"),
            (HUB_NETWORK_ID, "10.100.0.0/16", nodes_id, "10.224.0.0/12"),
        )
    }
    route = UserRoute("default", "0.0.0.0/0", "VirtualAppliance", "10.100.0.4")
    way = network(
        networks=sides,
        subnets={SUBNET_ID.lower(): subnet(route_table_id=table_id)},
        route_tables={table_id.lower(): RouteTable(table_id, (route,), False)},
        firewalls={f"{nodes_id} 10.100.0.4".lower(): found},
    )
    return replace(healthy_facts(network=way), **changes)


def virtual_hub_facts(*collections: RuleCollection, **changes: object) -> Facts:
    """As :func:`firewall_facts`, by the default route that a hub of Virtual WAN announces, without any route table."""
    nodes_id = SUBNET_ID.rpartition("/subnets/")[0]
    hub_id = HUB_NETWORK_ID.replace("/virtualNetworks/", "/virtualHubs/")
    found = firewall(*(collections or (allowing("*"),)), network_id=None, hub_id=hub_id, private_ips=("10.9.0.4",))
    here = VirtualNetwork(
        nodes_id, ("10.224.0.0/12",), (), (peering(nodes_id, f"{HUB_NETWORK_ID[:-3]}HV_hub_1", "10.9.0.0/24"),)
    )
    way = network(networks={nodes_id.lower(): here}, hubs={nodes_id.lower(): HubRouting(hub_id, FIREWALL_ID, found)})
    return replace(healthy_facts(network=way), **changes)


def peering(here: str, there: str, prefix: str, **changes: object) -> Peering:
    """The side of ``here`` of a peering that is in order."""
    name = f"to-{there.rpartition('/')[2]}"
    path = f"{here}/virtualNetworkPeerings/{name}"
    return replace(Peering(path, name, there, "Connected", True, True, False, (prefix,)), **changes)


def firewalled_endpoint_facts(**changes: object) -> Facts:
    """A registry with an approved private endpoint; its firewall does not know what the nodes leave by."""
    connection = PrivateEndpointConnection(CONNECTION_ID, "Approved", ENDPOINT_ID)
    return replace(
        healthy_facts(),
        **{
            "registry": registry(
                private_endpoints=(connection,), network_rules=NetworkRules("Deny", ("20.1.1.1",), ())
            ),
            "outbound": (outbound("20.61.112.7"),),
            "network": private_link_network(),
            **changes,
        },
    )


def outbound(*addresses: str, **changes: object) -> Outbound:
    """The way that the nodes of ``pool1`` leave by."""
    way = Outbound(("pool1",), SUBNET_ID, "load-balancer", addresses or ("20.61.112.7",), service_endpoint=False)
    return replace(way, **changes)


def service_endpoint_facts(**changes: object) -> Facts:
    """A registry whose firewall names the node subnet, which has the service endpoint."""
    here = subnet(service_endpoints=("microsoft.containerregistry",))
    return replace(
        healthy_facts(),
        **{
            "registry": registry(network_rules=NetworkRules("Deny", (), (SUBNET_ID,))),
            "outbound": (outbound(service_endpoint=True),),
            "network": network(subnets={SUBNET_ID.lower(): here}),
            **changes,
        },
    )


def storage_policy_facts(*resources: str, **changes: object) -> Facts:
    """A node subnet with a service endpoint policy for storage, under which layers do not come through."""
    policy_id = f"{NODE_GROUP_ID}/providers/Microsoft.Network/serviceEndpointPolicies/only-ours"
    here = subnet(service_endpoints=("microsoft.storage",), endpoint_policy_ids=(policy_id,))
    allowed = resources or (f"/subscriptions/{SUBSCRIPTION}",)
    found = network(
        subnets={SUBNET_ID.lower(): here},
        endpoint_policies={policy_id.lower(): EndpointPolicy(policy_id, allowed)},
    )
    return replace(healthy_facts(), **{"network": found, **changes})


def proxied_facts(*no_proxy: str, **changes: object) -> Facts:
    """A cluster with an HTTP proxy, and a registry with an approved private endpoint in the nodes' network."""
    proxy = HttpProxy("http://proxy.corp:3128", "http://proxy.corp:3128", ("localhost", *no_proxy), False)
    connection = PrivateEndpointConnection(CONNECTION_ID, "Approved", ENDPOINT_ID)
    return replace(
        healthy_facts(),
        **{
            "cluster": cluster(http_proxy=proxy),
            "registry": registry(private_endpoints=(connection,)),
            "network": private_link_network(),
            **changes,
        },
    )


def healthy_facts(**changes: object) -> Facts:
    """A managed-identity cluster with AcrPull on a Premium registry that is open."""
    return replace(
        Facts(
            now=NOW,
            targets=Targets(
                ClusterTarget(SUBSCRIPTION, "rg-app", "prod"),
                RegistryTarget("contosoreg", RegistryForm.NAME, name="contosoreg"),
            ),
            cluster=cluster(),
            registry=registry(),
            node_hosts=(scale_set(),),
            kubelet_identity_resource=ManagedIdentity(IDENTITY_ID, KUBELET_CLIENT_ID, KUBELET_OBJECT_ID, TENANT),
            service_principal=None,
            access=access(),
            cache_rules=(),
            outbound=None,
            check_health=HealthReport((), ("DNS lookup",)),
            check_acr=None,
            network=network(),
        ),
        **changes,
    )


UNAUTHORIZED = (
    'Failed to pull image "contosoreg.azurecr.io/team/app:1.2": failed to pull and unpack image '
    '"contosoreg.azurecr.io/team/app:1.2": failed to resolve image: failed to authorize: failed to fetch anonymous '
    "token: unexpected status from GET request to https://contosoreg.azurecr.io/oauth2/token?scope=repository%3Ateam"
    "%2Fapp%3Apull&service=contosoreg.azurecr.io: 401 Unauthorized"
)


def node(name: str = "aks-pool1-87752918-vmss000000", pool: str = "pool1", **changes: object) -> Node:
    labels = {"kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64", "kubernetes.azure.com/agentpool": pool}
    return replace(
        Node(name, pool, "linux", "amd64", None, KUBELET_CLIENT_ID, True, NOW - timedelta(days=30), labels), **changes
    )


def failing(message: str = UNAUTHORIZED, **changes: object) -> FailingContainer:
    return replace(
        FailingContainer(
            namespace="web",
            pod="web-5d4f-x2x9z",
            container="app",
            image="contosoreg.azurecr.io/team/app:1.2",
            node="aks-pool1-87752918-vmss000000",
            reason="ErrImagePull",
            message=message,
            count=4,
            last_seen=NOW - timedelta(minutes=1),
            service_account="default",
            pull_secrets=(),
            pull_policy="IfNotPresent",
            owner="Deployment/web",
        ),
        **changes,
    )


def kubernetes(*containers: FailingContainer, **changes: object) -> Kubernetes:
    return replace(Kubernetes(nodes=(node(),), failing=containers, pulled=()), **changes)


def failing_pods_facts(containers: tuple[FailingContainer, ...] = (), **changes: object) -> Facts:
    """The healthy cluster, whose pods do not get their image all the same."""
    return replace(healthy_facts(), kubernetes=kubernetes(*containers or (failing(),)), **changes)


def throttled_pods_facts() -> Facts:
    """Pods that run into the limits of kubelet and of the registry."""
    limited = failing("pull QPS exceeded", pull_policy="Always")
    throttled = failing("unexpected status from HEAD request: 429 Too Many Requests: toomanyrequests", pod="other")
    return failing_pods_facts((limited, throttled))


def service_principal(**changes: object) -> ServicePrincipal:
    return replace(
        ServicePrincipal(
            app_id=APP_ID,
            object_id=SP_OBJECT_ID,
            enabled=True,
            application_object_id=APP_OBJECT_ID,
            home_tenant_id=TENANT,
            passwords=(PasswordCredential("key-1", NOW - timedelta(days=200), NOW + timedelta(days=165)),),
        ),
        **changes,
    )


def service_principal_facts(principal: ServicePrincipal | None = None, **changes: object) -> Facts:
    """A cluster that pulls as a service principal whose secret still holds."""
    held = assignment(principal=SP_OBJECT_ID)
    return replace(
        healthy_facts(),
        cluster=cluster(
            identity_type="ServicePrincipal",
            kubelet_identity=None,
            service_principal_client_id=APP_ID,
            control_plane_principal_ids=(),
        ),
        node_hosts=(scale_set(identities=(), tagged_kubelet_client_id=None),),
        kubelet_identity_resource=None,
        service_principal=principal or service_principal(),
        access=access(held, puller=Puller(SP_OBJECT_ID, APP_ID, "service-principal", APP_ID)),
        **changes,
    )


IMAGE = "contosoreg.azurecr.io/team/app:1.2"


def lookup(**changes: object) -> ImageLookup:
    """An image that is there, may be read and is for amd64."""
    return replace(
        ImageLookup(
            reference=IMAGE,
            repository="team/app",
            repository_exists=True,
            reference_exists=True,
            platforms=(Platform("linux", "amd64"),),
            is_index=True,
            tag="1.2",
            found_digest="sha256:" + "5e" * 32,
        ),
        **changes,
    )


def image_facts(found: ImageLookup | None = None, **changes: object) -> Facts:
    """A healthy cluster, asked about an image that it can run."""
    image = Image("contosoreg.azurecr.io", "team/app", "1.2", None)
    options = Options(image=image, image_text=IMAGE)
    return replace(healthy_facts(), **{"images": (found or lookup(),), "options": options, **changes})


def waiting_container(name: str = "web-1", image: str = IMAGE, **changes: object) -> FailingContainer:
    """A container of a deployment that backs off, on the node that :func:`node` makes."""
    backing_off = {"namespace": "shop", "reason": "ImagePullBackOff", "count": None, "last_seen": NOW}
    return failing("Back-off pulling image", **{**backing_off, "pod": name, "image": image, **changes})


def waiting_facts(found: ImageLookup | None = None, **changes: object) -> Facts:
    """As :func:`image_facts`, and a pod waits on that image."""
    seen = Kubernetes(nodes=(node(),), failing=(waiting_container(),), pulled=())
    return image_facts(found, kubernetes=changes.pop("kubernetes", seen), **changes)


def failing_container(pod: str = "web-1", **changes: object) -> FailingContainer:
    """A container that is refused though its pod names a pull secret."""
    refused = "failed to authorize: failed to fetch oauth token: unexpected status: 401 Unauthorized"
    return failing(refused, **{"namespace": "team", "pod": pod, "pull_secrets": ("regcred",), **changes})


def secret_entry(user: str = "pull-app", kind: str = "token", **changes: object) -> SecretEntry:
    """An entry for the registry of :func:`registry`, which accepts it."""
    entry = SecretEntry(
        host="contosoreg.azurecr.io",
        user=user,
        user_kind=kind,
        repositories=("team/app",),
        token=registry_token() if kind == "token" else None,
        offer=Offer(True, 200, "manifest", "team/app"),
    )
    return replace(entry, **changes)


def pull_secret(*entries: SecretEntry, **changes: object) -> PullSecret:
    held = entries or (secret_entry(),)
    return replace(
        PullSecret(
            namespace="team",
            name="regcred",
            named_by=("pod/web-1",),
            exists=True,
            hosts=tuple(entry.host for entry in held),
            entries=held,
            secret_type="kubernetes.io/dockerconfigjson",
        ),
        **changes,
    )


def pull_secret_facts(secrets: tuple[PullSecret, ...] | None = None, **changes: object) -> Facts:
    """A pod that fails though the identity may pull and its pull secret is accepted."""
    failing = Kubernetes(nodes=(), failing=(failing_container(),), pulled=())
    held = (pull_secret(),) if secrets is None else secrets
    return replace(healthy_facts(), **{"kubernetes": failing, "pull_secrets": held, **changes})


def application_secret_facts(principal: ServicePrincipal | None = None, **changes: object) -> Facts:
    """A pull secret of an application that exists, has a client secret that holds, and may pull."""
    entry = secret_entry(
        APP_ID,
        "application",
        application_id=APP_ID,
        principal=principal or service_principal(),
        may_pull=True,
        offer=None,
    )
    return pull_secret_facts((pull_secret(replace(entry, **changes)),))


def admin_secret_facts(**changes: object) -> Facts:
    """A pull secret of the admin account, which is on and has that password."""
    entry = secret_entry("contosoreg", "admin", admin_password_matches=True, offer=None)
    return pull_secret_facts((pull_secret(replace(entry, **changes)),), registry=registry(admin_enabled=True))


def token_secret_facts(token: RegistryToken | None = None, **changes: object) -> Facts:
    """A pull secret of a token that is enabled, holds and may pull the image."""
    entry = secret_entry(token=token or registry_token(), offer=None)
    return pull_secret_facts((pull_secret(replace(entry, **changes)),))


def login_token_secret_facts(ends: datetime | None = NOW + timedelta(hours=1), **changes: object) -> Facts:
    """A pull secret with a token of ``az acr login`` that still holds."""
    nobody = "00000000-0000-0000-0000-000000000000"
    entry = secret_entry(nobody, "login-token", login_token_ends=ends, offer=None)
    return pull_secret_facts((pull_secret(replace(entry, **changes)),))


def bad_secret_facts(**changes: object) -> Facts:
    """A pull secret that the user names, with one entry of each kind, all bad, and an identity without a role."""
    entries = (
        secret_entry(APP_ID, "application", principal=service_principal(object_id=None), repositories=(), offer=None),
        secret_entry("contosoreg", "admin", admin_password_matches=False, repositories=(), offer=None),
        secret_entry(token=None, repositories=(), offer=Offer(False, 401, "token")),
        secret_entry("0", "login-token", login_token_ends=NOW, repositories=(), offer=None),
    )
    secrets = (
        pull_secret(*entries, named_by=("argument",)),
        pull_secret(name="gone", named_by=("argument",), exists=False, entries=(), hosts=()),
        pull_secret(name="broken", named_by=("argument",), malformed="it has no auths", entries=(), hosts=()),
        pull_secret(name="other", named_by=("argument",), entries=(), hosts=("otherreg.azurecr.io",)),
    )
    return pull_secret_facts(secrets, **{"access": access(effective=(), at_scope=()), **changes})


def registry_token(**changes: object) -> RegistryToken:
    return replace(
        RegistryToken(
            name="pull-app",
            status="enabled",
            password_ends=(NOW - timedelta(days=3), NOW + timedelta(days=30)),
            scope_map_actions=("repositories/team/app/content/read", "repositories/other/metadata/read"),
            scope_map="pull-app-scope-map",
        ),
        **changes,
    )
