from __future__ import annotations

from dataclasses import replace

import pytest

from azext_acrpulldiag.facts import Managed, NetworkManager, Unreadable
from azext_acrpulldiag.path.managers import CONNECTIVITY, SECURITY, may_manage, on_network, unless
from tests import build

from .worlds import FORBIDDEN, NODES_ID, SHARED_ID

MANAGER = NetworkManager("/manager", ("Connectivity", "securityAdmin"), (build.SUBSCRIPTION,), False)
NOT_SHOWN = Unreadable("not-shown", "no")


def network(managers=(), **held):
    return build.network(managed=Managed(managers=managers, **held))


@pytest.mark.parametrize(
    ("managers", "expected"),
    [
        ((), False),
        ((MANAGER,), True),
        (None, True),
        (FORBIDDEN, True),
        ((replace(MANAGER, features=("Connectivity",)),), False),
        ((replace(MANAGER, features=()),), True),
        ((replace(MANAGER, features=NOT_SHOWN),), True),
        ((replace(MANAGER, subscriptions=("other",)),), False),
        ((replace(MANAGER, subscriptions=()), MANAGER), True),
        ((replace(MANAGER, subscriptions=(), beyond=True),), True),
        ((replace(MANAGER, subscriptions=(), beyond=NOT_SHOWN),), True),
        ((replace(MANAGER, subscriptions=NOT_SHOWN),), True),
    ],
)
def test_a_manager_in_sight_may_be_at_work_within_its_scope_and_features(managers, expected):
    assert may_manage(network(managers), NODES_ID, SECURITY) is expected


def test_what_was_not_asked_for_is_nothing():
    held = {NODES_ID.lower(): FORBIDDEN}
    assert on_network(held, NODES_ID) is FORBIDDEN
    assert on_network(held, SHARED_ID) == ()


def test_the_caveat_says_whether_a_manager_is_in_sight():
    read = network(groups={NODES_ID.lower(): ()})
    assert unless(read, CONNECTIVITY, NODES_ID, SHARED_ID, otherwise="joins them") == ""
    unread = {NODES_ID.lower(): FORBIDDEN}
    none = " Whether a Virtual Network Manager joins them could not be read, and none that could is seen"
    assert unless(network(groups=unread), CONNECTIVITY, NODES_ID, otherwise="joins them").startswith(none)
    seen = unless(network((MANAGER,), admin_rules=unread), SECURITY, NODES_ID, otherwise="allows it")
    assert seen == " Whether a Virtual Network Manager allows it could not be read."
