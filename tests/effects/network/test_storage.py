from __future__ import annotations

from azext_acrpulldiag.effects.network.storage import policies_removed
from azext_acrpulldiag.facts import Unreadable
from tests import build

from ..trying import HEALTHY, leads_to

OUTCOME = "network.storage-policy-blocks-layers"
UNREAD = Unreadable("forbidden", "no right to read it", "Some/read", "Some/read")
# https://github.com/Azure/AKS/issues/1383
REFUSED = (
    'Failed to pull image "contosoreg.azurecr.io/team/app:1.2": rpc error: code = Unknown desc = error pulling image '
    'configuration: error parsing HTTP 403 response body: "<Error><Code>AuthorizationFailure</Code><Message>This '
    'request is not authorized to perform this operation.</Message></Error>"'
)
VALUES = {"subnet": build.SUBNET_ID, "pools": ("pool1",)}


def test_layers_come_once_the_policies_are_removed_or_data_endpoints_are_there():
    for pods in (None, build.kubernetes(build.failing(REFUSED))):
        for option in (1, 2):
            assert leads_to(build.storage_policy_facts(kubernetes=pods), OUTCOME, option) == HEALTHY


def test_pods_that_storage_refuses_get_layers_from_data_endpoints():
    assert leads_to(build.failing_pods_facts((build.failing(REFUSED),)), OUTCOME) == HEALTHY


def test_pods_of_other_nodes_are_refused_as_before():
    nodes = (build.node(), build.node("other", pool="batch"))
    pods = build.kubernetes(build.failing(REFUSED, node="other"), nodes=nodes)
    facts = build.storage_policy_facts(kubernetes=pods)
    assert policies_removed(VALUES, facts).kubernetes == pods
    assert policies_removed({**VALUES, "pools": ("batch",)}, facts).kubernetes.failing == ()


def test_what_was_not_read_stays_unread():
    for found in (UNREAD, build.network(subnets={build.SUBNET_ID.lower(): UNREAD})):
        facts = build.healthy_facts(network=found)
        assert policies_removed(VALUES, facts) == facts
