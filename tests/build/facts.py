"""Whole sets of facts: the healthy one, and those for branches that no change of one value reaches."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from azext_acrpulldiag.facts import (
    PROVIDER_FAILED,
    RefusedWorkload,
    AdminRule,
    AccountIdentity,
    AccountPull,
    AssignedIdentity,
    Bootstrap,
    EndpointPolicy,
    Facts,
    FailingContainer,
    Firewall,
    HealthReport,
    HostlessImage,
    HttpProxy,
    HubRouting,
    IdentityBinding,
    Image,
    ImageLookup,
    Kubernetes,
    LocalDns,
    Managed,
    ManagedIdentity,
    NetworkManager,
    NetworkRules,
    Offer,
    Options,
    PrivateEndpointConnection,
    Puller,
    PullSecret,
    RegistryToken,
    Replication,
    RouteTable,
    RuleCollection,
    RunningPod,
    RunningPods,
    SecurityGroup,
    SecurityRule,
    ServiceAccountPull,
    ServicePrincipal,
    Unreadable,
    UserRoute,
    VirtualNetwork,
    ZoneSearch,
)
from azext_acrpulldiag.facts.probe import LeftPod
from azext_acrpulldiag.targets import ClusterTarget, RegistryForm, RegistryTarget, Targets

from .access import ACCOUNT_CLIENT_ID, ACCOUNT_OBJECT_ID, access, account_pull, assignment
from .cluster import agent_pool, cluster, scale_set, service_principal
from .ids import (
    APP_ID,
    CONNECTION_ID,
    ENDPOINT_ID,
    FIREWALL_ID,
    HUB_NETWORK_ID,
    IDENTITY_ID,
    IMAGE,
    KUBELET_CLIENT_ID,
    KUBELET_OBJECT_ID,
    NODE_GROUP_ID,
    NOW,
    REGISTRY_ID,
    SP_OBJECT_ID,
    SUBNET_ID,
    SUBSCRIPTION,
    TENANT,
    VNET_ID,
)
from .image import lookup
from .kubernetes import (
    REFUSED_BY_POLICY,
    REFUSED_BY_PROVIDER,
    UNAUTHORIZED,
    UNREACHABLE,
    UNRESOLVED_AT_NODE,
    failing,
    failing_container,
    kubernetes,
    node,
    pulled,
    running_pod,
    refused_workload,
    waiting_container,
)
from .network import (
    admin_rule,
    allowing,
    firewall,
    forwarding,
    forwarding_rule,
    inbound_endpoint,
    mesh,
    network,
    network_manager,
    outbound,
    peering,
    private_endpoint,
    private_link_network,
    private_zone,
    ruleset,
    subnet,
    zone_link,
)
from .probe import pool_probe, probe_report
from .pull_secret import pull_secret, registry_token, roles_held, secret_entry
from .registry import private_registry, registry, replication


DENIED = (
    'failed to resolve reference "docker.io/shop/web:v1": pull access denied, repository does not exist or may require '
    "authorization: server message: insufficient_scope: authorization failed"
)
NO_WAY_TO_MCR = (
    'failed to do request: Head "https://mcr.microsoft.com/v2/oss/v2/kubernetes/coredns/manifests/v1.12.1-3": '
    "dial tcp 150.171.69.10:443: i/o timeout"
)


def streaming_mirror_facts() -> Facts:
    """Pods fail at the artifact streaming mirror on their node, which refuses connections."""
    asked = "http://localhost:8578/v2/team/app/manifests/1.2?ns=contosoreg.azurecr.io"
    silent = f'failed to do request: Head "{asked}": dial tcp 127.0.0.1:8578: connect: connection refused'
    return failing_pods_facts((failing(silent),), cluster=cluster(agent_pools=(agent_pool(artifact_streaming=True),)))


def several_identities_facts() -> Facts:
    """Pods pull without a credential on a node that carries two identities and does not name the one that it uses."""
    addon = AssignedIdentity(f"{IDENTITY_ID}-addon", "5d0d7a5e-6c1e-4b6e-9f0e-2f6a0c7b8d91", None)
    ours = AssignedIdentity(IDENTITY_ID, KUBELET_OBJECT_ID, KUBELET_CLIENT_ID)
    told = kubernetes(failing(), nodes=(node(kubelet_client_id=None),))
    return replace(healthy_facts(), kubernetes=told, node_hosts=(scale_set(identities=(ours, addon)),))


def refused_client_facts() -> Facts:
    """The registry refuses pods by an address that Azure does not show, and its firewall does not allow."""
    text = "unexpected status from HEAD request to https://contosoreg.azurecr.io/v2/: 403 Forbidden: denied: client with IP"
    return failing_pods_facts(
        (failing(f"{text} '20.88.7.6' is not allowed access"),),
        registry=registry(network_rules=NetworkRules("Deny", ("20.50.60.70",), ())),
        network=network(),
        outbound=outbound("20.50.60.70"),
    )


def private_link_facts(**changes: object) -> Facts:
    """A cluster that reaches a registry without public access by a private endpoint in its own network."""
    return replace(healthy_facts(), **{"registry": private_registry(), "network": private_link_network(), **changes})


def forwarded_facts(**changes: object) -> Facts:
    """As with private link, but the zone is linked to the hub alone, and a rule in the nodes' network forwards there."""
    way = private_link_network(
        zones=ZoneSearch((private_zone(links=(zone_link(HUB_NETWORK_ID, "hub"),)),), (SUBSCRIPTION,)),
        forwarding=forwarding({VNET_ID: ruleset(forwarding_rule())}, inbound_endpoint()),
    )
    return private_link_facts(**{"network": way, **changes})


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


def admin_rule_facts(*rules: AdminRule, **changes: object) -> Facts:
    """A security admin rule denies the nodes the internet, and a security group of their subnet does, too."""
    return _administered(rules or (admin_rule(),), (network_manager(),), **changes)


def unread_admin_rules_facts(**changes: object) -> Facts:
    """As :func:`admin_rule_facts`, where such rules may not be read, and no Virtual Network Manager is in sight."""
    name = "Microsoft.Network/virtualNetworks/listNetworkManagerEffectiveSecurityAdminRules/read"
    return _administered(Unreadable("forbidden", "No right to read the rules", name, name), (), **changes)


def _administered(
    rules: tuple[AdminRule, ...] | Unreadable, managers: tuple[NetworkManager, ...], **changes: object
) -> Facts:
    nodes_id = SUBNET_ID.rpartition("/subnets/")[0]
    group_id = f"{nodes_id.rpartition('/virtualNetworks/')[0]}/networkSecurityGroups/nsg"
    denial = SecurityRule("internet", 4000, "Outbound", "Deny", "*", ("*",), ("Internet",), ("*",), ("*",))
    way = network(
        subnets={SUBNET_ID.lower(): subnet(security_group_id=group_id)},
        security_groups={group_id.lower(): SecurityGroup(group_id, (denial,))},
        managed=Managed({nodes_id.lower(): rules}, managers=managers),
    )
    return replace(healthy_facts(network=way), **changes)


def connected_group_facts(**changes: object) -> Facts:
    """The registry's private endpoint is in another network, which a mesh joins with the nodes' one."""
    nodes_id, there = SUBNET_ID.rpartition("/subnets/")[0], f"{HUB_NETWORK_ID}/subnets/endpoints"
    way = private_link_network(
        networks={
            each.lower(): VirtualNetwork(each, (prefix,), (), (), location="westeurope")
            for each, prefix in ((nodes_id, "10.224.0.0/16"), (HUB_NETWORK_ID, "10.225.0.0/16"))
        },
        subnets={SUBNET_ID.lower(): subnet(), there.lower(): subnet(there, "10.225.0.0/24")},
        endpoints=(private_endpoint(subnet_id=there),),
        managed=Managed(
            groups={nodes_id.lower(): (mesh(),), HUB_NETWORK_ID.lower(): (mesh(),)}, managers=(network_manager(),)
        ),
    )
    return private_link_facts(network=way, **changes)


def firewalled_endpoint_facts(**changes: object) -> Facts:
    """A registry with an approved private endpoint; its firewall does not know what the nodes leave by."""
    connection = PrivateEndpointConnection(CONNECTION_ID, "Approved", ENDPOINT_ID)
    return replace(
        healthy_facts(),
        **{
            "registry": registry(
                private_endpoints=(connection,), network_rules=NetworkRules("Deny", ("20.1.1.1",), ())
            ),
            "outbound": outbound("20.61.112.7"),
            "network": private_link_network(),
            **changes,
        },
    )


def service_endpoint_facts(**changes: object) -> Facts:
    """A registry whose firewall names the node subnet, which has the service endpoint."""
    here = subnet(service_endpoints=("microsoft.containerregistry",))
    return replace(
        healthy_facts(),
        **{
            "registry": registry(network_rules=NetworkRules("Deny", (), (SUBNET_ID,))),
            "outbound": outbound(),
            "network": network(subnets={SUBNET_ID.lower(): here}),
            **changes,
        },
    )


def node_resolver_facts(**changes: object) -> Facts:
    """LocalDNS is on, a private endpoint and its zone are right, and a pod fails to resolve at its node's resolver."""
    pool = agent_pool(local_dns=LocalDns("Required", "Enabled"))
    found = {"cluster": cluster(agent_pools=(pool,)), "kubernetes": kubernetes(failing(UNRESOLVED_AT_NODE))}
    return private_link_facts(**{**found, **changes})


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
            replications=(),
            outbound=None,
            check_health=HealthReport((), ("DNS lookup",)),
            check_acr=None,
            network=network(),
        ),
        **changes,
    )


def replicated_facts(*replicas: Replication, **changes: object) -> Facts:
    """A registry with a replica in the cluster's region that is degraded, and a pod that names it."""
    found = replicas or (replication("eastus"), replication("westeurope", display_status="Unavailable"))
    host = "contosoreg.northeurope.geo.azurecr.io"
    options = Options(image=Image(host, "team/app", "1.2", None), image_text=f"{host}/team/app:1.2")
    return replace(
        healthy_facts(),
        **{
            "registry": registry(location="eastus"),
            "replications": found,
            "network": network(replications=found),
            "kubernetes": kubernetes(failing(UNREACHABLE)),
            "options": options,
            **changes,
        },
    )


def failing_pods_facts(containers: tuple[FailingContainer, ...] = (), **changes: object) -> Facts:
    """The healthy cluster, whose pods do not get their image all the same."""
    return replace(healthy_facts(), kubernetes=kubernetes(*containers or (failing(),)), **changes)


def hostless_facts(there: bool | Unreadable = True, message: str = DENIED, **changes: object) -> Facts:
    """A pod that names an image without the registry, which the registry may have."""
    named = HostlessImage("shop/web:v1", Image("contosoreg.azurecr.io", "shop/web", "v1", None), there)
    waiting = failing_pods_facts((failing(message, image=named.text),))
    return replace(waiting, **{"hostless_images": (named,), **changes})


def virtual_node_facts(secrets: tuple[PullSecret, ...] | None = None, **changes: object) -> Facts:
    """A pod on a virtual node that the provider refused; it names ``secrets``, by default one that is good."""
    secrets = (pull_secret(secret_entry()),) if secrets is None else secrets
    names = tuple(secret.name for secret in secrets)
    where = {"node": "virtual-node-aci-linux", "namespace": "team"}
    refused = failing(REFUSED_BY_PROVIDER, reason=PROVIDER_FAILED, pull_secrets=names, **where)
    nodes = (node(), node("virtual-node-aci-linux", labels={"type": "virtual-kubelet"}, pool=None))
    pods = kubernetes(refused, nodes=nodes)
    return healthy_facts(**{"kubernetes": pods, "pull_secrets": secrets, **changes})


def refused_workload_facts(workloads: tuple[RefusedWorkload, ...] | None = None, **changes: object) -> Facts:
    """Workloads whose pods a policy refuses; by default one of this registry's image, and one of AKS's own."""
    of_aks = refused_workload(REFUSED_BY_POLICY.replace("contosoreg.azurecr.io", "mcr.microsoft.com"), controller="DaemonSet/csi")
    pods = kubernetes(refused=(refused_workload(), of_aks) if workloads is None else workloads)
    return healthy_facts(**{"kubernetes": pods, **changes})


def probed_facts(**changes: object) -> Facts:
    """Two pools of which one could not pull for real, one that was not seen to, and a pod that is left."""
    refused = pool_probe("refused", "pool3", policy="azurepolicy-images", message="not allowed")
    failed = pool_probe("failed", "pool2", message=UNAUTHORIZED)
    left = (LeftPod("web", "acr-pull-probe-0a1b2c3d-1"),)
    return healthy_facts(**{"probe": probe_report(pool_probe(), failed, refused, left=left), **changes})


def account_pull_facts(pulls: tuple[AccountPull, ...] = (), **changes: object) -> Facts:
    """A pod that fails, and pulls as the identity of its service account, which may pull; the kubelet identity may not.

    A second one pulls as nobody.
    """
    nobody = account_pull(accounts=(("team", "default"),), identity=None, access=access(puller=None, effective=()))
    held = access(by_account=pulls or (account_pull(), nobody), effective=(), at_scope=())
    profile = cluster(service_account_pull=ServiceAccountPull(True, None))
    bound = IdentityBinding(IDENTITY_ID, ACCOUNT_CLIENT_ID, ACCOUNT_OBJECT_ID, TENANT)
    named = tuple(
        AccountIdentity(each.accounts, each.identity, bound if each.access.puller else None) for each in held.by_account
    )
    waiting = failing_pods_facts((failing(), failing_container()))
    return replace(waiting, **{"cluster": profile, "access": held, "account_identities": named, **changes})


def isolated_facts(**changes: object) -> Facts:
    """A network-isolated cluster whose bootstrap registry is judged, and a pod of AKS that waits for its image."""
    waiting = failing(NO_WAY_TO_MCR, image="mcr.microsoft.com/oss/v2/kubernetes/coredns:v1.12.1-3")
    isolated = cluster(bootstrap=Bootstrap("Cache", REGISTRY_ID), outbound_type="none")
    return replace(failing_pods_facts((waiting,)), **{"cluster": isolated, **changes})


def throttled_pods_facts() -> Facts:
    """Pods that run into the limits of kubelet and of the registry."""
    limited = failing("pull QPS exceeded", pull_policy="Always")
    throttled = failing("unexpected status from HEAD request: 429 Too Many Requests: toomanyrequests", pod="other")
    return failing_pods_facts((limited, throttled))


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


def image_facts(found: ImageLookup | None = None, **changes: object) -> Facts:
    """A healthy cluster, asked about an image that it can run."""
    image = Image("contosoreg.azurecr.io", "team/app", "1.2", None)
    options = Options(image=image, image_text=IMAGE)
    return replace(healthy_facts(), **{"images": (found or lookup(),), "options": options, **changes})


def waiting_facts(found: ImageLookup | None = None, **changes: object) -> Facts:
    """As :func:`image_facts`, and a pod waits on that image."""
    seen = Kubernetes(nodes=(node(),), failing=(waiting_container(),), pulled=())
    return image_facts(found, kubernetes=changes.pop("kubernetes", seen), **changes)


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
        roles=roles_held(),
        offers=(),
    )
    return pull_secret_facts((pull_secret(replace(entry, **changes)),))


def admin_secret_facts(**changes: object) -> Facts:
    """A pull secret of the admin account, which is on and has that password."""
    entry = secret_entry("contosoreg", "admin", admin_password_matches=True, offers=())
    return pull_secret_facts((pull_secret(replace(entry, **changes)),), registry=registry(admin_enabled=True))


def token_secret_facts(token: RegistryToken | None = None, **changes: object) -> Facts:
    """A pull secret of a token that is enabled, holds and may pull the image."""
    entry = secret_entry(token=token or registry_token(), offers=())
    return pull_secret_facts((pull_secret(replace(entry, **changes)),))


def login_token_secret_facts(ends: datetime | None = NOW + timedelta(hours=1), **changes: object) -> Facts:
    """A pull secret with a token of ``az acr login`` that still holds."""
    nobody = "00000000-0000-0000-0000-000000000000"
    entry = secret_entry(nobody, "login-token", login_token_ends=ends, offers=())
    return pull_secret_facts((pull_secret(replace(entry, **changes)),))


def running_pods_facts(*pods: RunningPod, complete: bool = True, **changes: object) -> Facts:
    """Nobody gave the identity a role, and pods run that bring a pull secret, with which one has just pulled."""
    running = pods or (running_pod(), running_pod("web-2"))
    fetched = pulled(namespace=running[0].namespace, pod=running[0].name)
    names = tuple(f"running-pod/{pod.name}" for pod in running if "regcred" in pod.pull_secrets)
    found = {
        "access": access(effective=(), at_scope=()),
        "running": RunningPods(running, complete),
        "kubernetes": kubernetes(pulled=(fetched,)),
        "pull_secrets": (pull_secret(secret_entry(offers=()), named_by=names),),
    }
    return replace(healthy_facts(), **{**found, **changes})


def older_pod_facts(*pods: FailingContainer, **changes: object) -> Facts:
    """A pod that was created before its service account named a pull secret, and an identity without a role."""
    older = failing_container(pull_secrets=(), created=NOW - timedelta(minutes=30))
    made = NOW - timedelta(minutes=10)
    secret = pull_secret(secret_entry(offers=()), named_by=("serviceaccount/default",), created=made)
    found = {"access": access(effective=(), at_scope=()), "kubernetes": kubernetes(*(pods or (older,)))}
    return pull_secret_facts((secret,), **{**found, **changes})


def pulling_with_secrets_facts() -> Facts:
    """Those of :func:`running_pods_facts`, of two pods."""
    return running_pods_facts()


def pod_before_its_secret_facts() -> Facts:
    """Those of :func:`older_pod_facts`, of one pod."""
    return older_pod_facts()


def service_principal_secret_facts(**changes: object) -> Facts:
    """A cluster that pulls as a service principal, with every fault of a secret, and a pod that is older than one."""
    older = failing_container("web-2", pull_secrets=(), created=NOW - timedelta(minutes=30))
    ends = registry_token(password_ends=(NOW + timedelta(days=3),))
    expiring = pull_secret(secret_entry(token=ends, offers=()), name="ends", named_by=("serviceaccount/default",))
    secrets = (*bad_secret_facts().pull_secrets, expiring)  # type: ignore[misc]
    found = {"pull_secrets": secrets, "kubernetes": kubernetes(older)}
    return replace(service_principal_facts(), **{**found, **changes})


def bad_secret_facts(**changes: object) -> Facts:
    """A pull secret that the user names, with one entry of each kind, all bad, and an identity without a role."""
    entries = (
        secret_entry(APP_ID, "application", principal=service_principal(object_id=None), repositories=(), offers=()),
        secret_entry("contosoreg", "admin", admin_password_matches=False, repositories=(), offers=()),
        secret_entry(token=None, repositories=(), offers=(Offer(False, 401, "token"),)),
        secret_entry("0", "login-token", login_token_ends=NOW, repositories=(), offers=()),
    )
    secrets = (
        pull_secret(*entries, named_by=("argument",)),
        pull_secret(name="gone", named_by=("argument",), exists=False, entries=(), hosts=()),
        pull_secret(name="broken", named_by=("argument",), malformed="it has no auths", entries=(), hosts=()),
        pull_secret(name="other", named_by=("argument",), entries=(), hosts=("otherreg.azurecr.io",)),
    )
    return pull_secret_facts(secrets, **{"access": access(effective=(), at_scope=()), **changes})
