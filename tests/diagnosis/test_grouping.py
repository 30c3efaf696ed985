"""Where pulls fail, said only as far as it is earned."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from azext_acrpulldiag.diagnosis.grouping import grouped
from azext_acrpulldiag.facts import PulledImage, Unreadable
from azext_acrpulldiag.model import Grouping
from azext_acrpulldiag.pull_errors.symptoms import symptoms_of
from tests.build import NOW, failing, healthy_facts, kubernetes, node

APP, OTHER = "contosoreg.azurecr.io/team/app:1.2", "contosoreg.azurecr.io/team/other:3"
UNRESOLVED = "dial tcp: lookup contosoreg.azurecr.io: no such host"
UNREAD = Unreadable("forbidden", "HTTP 403")
NODES = (node("n1"), node("n2"), node("w1", "win", os="windows"), node("w2", "win", os="windows"))
POOL_OF = {each.name: each.pool for each in NODES}


def fails(
    number=0, on="w1", image=APP, namespace="web", message="dial tcp: lookup contosoreg.azurecr.io: no such host"
):
    return failing(message, pod=f"web-{number}", node=on, image=image, namespace=namespace)


def pulled(on="n1", image=APP, namespace="web", minutes=5):
    return PulledImage(image, on, POOL_OF[on], NOW - timedelta(minutes=minutes), namespace)


def grouping(*containers, pulls=(), **changes):
    seen = kubernetes(*containers, **{"nodes": NODES, "pulled": tuple(pulls), **changes})
    facts = replace(healthy_facts(), kubernetes=seen)
    return grouped(facts, symptoms_of(facts)[0])


THREE = (fails(0, "w1"), fails(1, "w2"), fails(2, "w2", image=OTHER))


def only(*containers, **changes):
    """What all symptoms have in common; they are of one class here."""
    (group,) = grouping(*containers, **changes).groups
    return group.only


def test_only_one_pool_where_another_pulled():
    found = grouping(*THREE, pulls=[pulled()])
    assert found.groups[0].only == "node-pool"
    assert found.where == (
        "Only node pool win (Windows) fails (3 pods); pool1 pulled from contosoreg.azurecr.io within the hour."
    )


def test_pods_of_one_pool_where_others_are_ready_and_nothing_is_known_of_pulls():
    found = grouping(*THREE)
    assert found.groups[0].only == "node-pool"
    assert found.where == "All 3 pods that fail are on node pool win (Windows); no pull by pool1 was seen."


@pytest.mark.parametrize(
    "containers, changes",
    [
        (THREE, {"nodes": tuple(each for each in NODES if each.pool == "win")}),
        (THREE, {"nodes": (*NODES[2:], replace(NODES[0], ready=False))}),
        (THREE, {"nodes": UNREAD}),
        (THREE, {"pulls": [pulled("w1", OTHER), pulled("n1")]}),
        ((*THREE, fails(3, "n1")), {}),
        ((*THREE, fails(3, None)), {"pulls": [pulled()]}),
        ((fails(),), {}),
        (THREE, {"pulls": [pulled()], "overlooked": UNREAD}),
    ],
    ids=["one pool", "others not ready", "nodes unread", "it pulled too", "others fail", "no node", "one pod", "part"],
)
def test_no_pool_is_singled_out_without_need(containers, changes):
    found = grouping(*containers, **changes)
    assert (found.where, {group.only for group in found.groups}) == (None, {None})


@pytest.mark.parametrize(
    "pull",
    [
        replace(pulled(), at=None),
        pulled(minutes=61),
        pulled(image="docker.io/library/nginx:1"),
    ],
)
def test_a_pull_counts_only_from_the_registry_and_within_the_hour(pull):
    assert "no pull by pool1 was seen" in grouping(*THREE, pulls=[pull]).where


def test_only_one_node_where_its_neighbour_pulled_the_image():
    found = grouping(fails(), pulls=[pulled("w2")])
    assert found.groups[0].only == "node"
    assert found.where.startswith("Only node w1 fails (1 pod); w2 of the same pool pulled from contosoreg.azurecr.io")


@pytest.mark.parametrize(
    "containers, pulls, expected",
    [
        ([fails()], [pulled("w2", OTHER)], "image"),
        ([fails(), fails(1, image=OTHER)], [pulled("w2", f"{OTHER}.1")], "node"),
        ([fails()], [pulled("w2"), pulled("w1", OTHER)], None),
    ],
)
def test_a_node_is_singled_out_by_the_same_image_or_by_several(containers, pulls, expected):
    assert only(*containers, pulls=pulls) == expected


def test_only_one_image_where_the_same_pools_pulled_others():
    found = grouping(fails(0, "w1"), fails(1, "n1"), pulls=[pulled("w2", OTHER), pulled("n1", OTHER)])
    assert found.groups[0].only == "image"
    assert found.where.startswith(f"Only image {APP} fails (2 pods); node pool pool1, win pulled from")


@pytest.mark.parametrize("pulls", [[], [pulled("n2", OTHER), pulled("n2")]])
def test_no_image_is_singled_out_where_a_pool_pulled_nothing_or_the_image_itself(pulls):
    assert only(fails(0, "w1"), fails(1, "n1"), pulls=[pulled("w2", OTHER), *pulls]) is None


def test_only_one_namespace_where_the_same_pool_pulled_for_another():
    containers = [fails(0, namespace="team"), fails(1, "w2", OTHER, namespace="team")]
    found = grouping(*containers, pulls=[pulled("w2"), pulled("w1", OTHER)])
    assert found.groups[0].only == "namespace"
    assert found.where.startswith("Only namespace team fails (2 pods); for pods of web the same node pool pulled from")


def test_groups_are_by_class_and_the_largest_comes_first():
    found = grouping(fails(0, "n1", message="no space left on device"), fails(1, "w1"), fails(2, "w2"))
    assert [(group.symptom_class, group.count, group.pods) for group in found.groups] == [
        ("dns-failure", 2, 2),
        ("disk-full", 1, 1),
    ]
    assert (found.groups[0].node_pools, found.groups[0].nodes) == (("win",), ("w1", "w2"))
    assert (found.groups[0].images, found.groups[0].namespaces) == ((APP,), ("web",))
    assert (found.groups[0].only, found.where) == ("node-pool", None)


def test_the_order_of_pods_does_not_matter():
    pulls = [pulled(), pulled("n2", OTHER)]
    assert grouping(*THREE, pulls=pulls) == grouping(*reversed(THREE), pulls=reversed(pulls))


@pytest.mark.parametrize("changes", [{"kubernetes": None}, {"kubernetes": UNREAD}, {"kubernetes": kubernetes()}])
def test_without_symptoms_there_is_nothing_to_group(changes):
    assert grouped(replace(healthy_facts(), **changes), ()) == Grouping()


def test_what_is_out_of_scope_is_grouped_by_host_and_class():
    images = ("nginx:1", "docker.io/library/redis:7", "quay.io/a:1")
    outside = [fails(number, image=image, message="no such host") for number, image in enumerate(images)]
    facts = replace(healthy_facts(), kubernetes=kubernetes(*outside, nodes=NODES))
    found = grouped(facts, *symptoms_of(facts))
    assert (found.groups, found.where) == ((), None)
    told = [(each.host, each.symptom_class, each.count, each.images) for each in found.outside]
    assert told == [
        ("docker.io", "dns-failure", 2, ("docker.io/library/redis:7", "nginx:1")),
        ("quay.io", "dns-failure", 1, ("quay.io/a:1",)),
    ]
    assert {each.only for each in found.outside} == {None}
