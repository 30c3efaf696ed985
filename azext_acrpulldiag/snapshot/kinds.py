"""What each text of facts carries: the table that redaction goes by. A field that is not in it is refused."""

from __future__ import annotations

from enum import Enum


class Kind(Enum):
    """What a text carries."""

    WORD = "a word of Azure's or Kubernetes' own"
    NAME = "names, ids, hosts, images: words that somebody chose"
    TEXT = "sentences with names in them"
    ADDRESS = "an address, a range, a service tag or *"
    CONDITION = "the condition of an assignment, with names in quotes"
    OWNER = "a kind, a slash, and a name"
    ACTION = "an action of a scope map, with a repository in it"
    LABEL = "the key or value of a label"
    MEDIA_TYPE = "the type of a manifest, its configuration or a layer"


_WORDS = """
    access action actions architecture arm_audience_tokens cluster_access code connectivity data_actions
    default_action destination_ports direction display_status endpoint_network_policies features filtered_by fqdn_tags
    identity_type kind location member mode next_hop node_image_version not_actions not_data_actions operator
    os os_sku os_type os_version outbound_type pool_type ports power_state principal_type protocol protocols
    provisioning_state public_network_access pull_policy quarantine_policy reason result role_assignment_mode runtime
    service_endpoints sku source_ports state status step topology unreadable_part user_kind variant
    web_categories windows_build
"""
_NAMES = """
    accounts admin_rules app_id application_id application_object_id by client_id configuration_id connection_id
    container context control_plane_principal_ids correlation_id credential_set data_endpoint_hosts default_identity_id
    definitions destination_groups digest domain effective_outbound_ip_ids endpoint_policies endpoint_policy_ids
    excluded_principal_ids firewalls found_digest fqdns gateways given group_id group_ids groups home_tenant_id
    host hosts http https hub_id hubs id identity identity_tenant_id image image_text images interface_group_ids
    internet key_id kubeconfig kubelet_client_id linked login_server name namespace nat_gateway_id near_misses
    network_id networks no_proxy node node_pool node_public_ip_prefix_id node_resource_group object_id pod policy
    policy_id pool pools principal_id principal_ids private_endpoint_id public_ip_ids pull_secrets reference
    regional_hosts registry_id remote_network_id repositories repository resource_group resource_id
    role_definition_id route_table_id route_tables scope scope_map security_group_id security_group_ids
    security_groups service_account service_principal_client_id service_resources source source_groups subnet_id
    subnet_ids subnets subscription subscriptions tag tagged_kubelet_client_id target target_urls tenant_id text
    user value whole zone_ids
"""
_ADDRESSES = """
    address addresses cluster destinations dns_servers ip_groups ip_rules nat_gateways prefix prefixes
    private_ips records remote_prefixes sources targets
"""
_TEXTS = "detail failed_step malformed message operation passed permission status_message steps unhealthy unusable"
_KINDS: dict[str, Kind] = {
    **dict.fromkeys(_WORDS.split(), Kind.WORD),
    **dict.fromkeys(_NAMES.split(), Kind.NAME),
    **dict.fromkeys(_ADDRESSES.split(), Kind.ADDRESS),
    **dict.fromkeys(_TEXTS.split(), Kind.TEXT),
    "artifact_type": Kind.MEDIA_TYPE,
    "condition": Kind.CONDITION,
    "config_type": Kind.MEDIA_TYPE,
    "controller": Kind.OWNER,
    "key": Kind.LABEL,
    "labels": Kind.LABEL,
    "media_type": Kind.MEDIA_TYPE,
    "named_by": Kind.OWNER,
    "node_selector": Kind.LABEL,
    "owner": Kind.OWNER,
    "scope_map_actions": Kind.ACTION,
    "secret_type": Kind.LABEL,
    "values": Kind.LABEL,
    # The same word, of another thing.
    "Bootstrap.source": Kind.WORD,
    "PoolProbe.node_image": Kind.WORD,
    "Change.operation": Kind.WORD,
    "LogQuestion.operations": Kind.WORD,
    "Outbound.firewalls": Kind.ADDRESS,
}


def kind_of_field(owner: type, name: str) -> Kind:
    """What a field's texts carry; in a mapping its values', and its keys' too where they are labels.

    Raises ``TypeError`` for a field of which nobody has said so.
    """
    kind = _KINDS.get(f"{owner.__name__}.{name}") or _KINDS.get(name)
    if kind is None:
        raise TypeError(f"Say in {__name__} what {owner.__name__}.{name} carries.")
    return kind
