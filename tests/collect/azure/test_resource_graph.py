"""Mirror of collect/resource_graph.py, on recorded pages."""

from __future__ import annotations

import pytest

from azext_acrpulldiag.collect.ask.arm import ReadError
from azext_acrpulldiag.collect.azure.resource_graph import find_resources
from tests.recordings import body


class Graph:
    def __init__(self, *pages):
        self.pages, self.asked = list(pages), []

    def post(self, path, version, query, subscription=None):
        self.asked.append((query, subscription))
        return self.pages.pop(0)


def test_the_token_decides_whether_there_is_more():
    first, last = body("resourcegraph/query_paged"), body("resourcegraph/query_skiptoken")
    assert first["resultTruncated"] == "false"  # and yet there is more
    token = first["$skipToken"]
    del last["$skipToken"]
    graph = Graph(first, last)
    rows = find_resources(graph, "Microsoft.ContainerRegistry/registries", ["s1", "s2"])
    assert rows == [*body("resourcegraph/query_paged")["data"], *last["data"]]
    (query, login), (following, _) = graph.asked
    assert (query["subscriptions"], login) == (["s1", "s2"], "s1")
    assert query["query"] == "resources | where type =~ 'Microsoft.ContainerRegistry/registries'"
    assert "$skipToken" not in query["options"] and following["options"]["$skipToken"] == token


def test_several_types_are_one_query():
    page = body("resourcegraph/query_skiptoken")
    del page["$skipToken"]
    graph = Graph(page)
    assert find_resources(graph, ("Microsoft.Network/a", "Microsoft.Network/b"), ["s1"]) == page["data"]
    assert graph.asked[0][0]["query"] == "resources | where type in~ ('Microsoft.Network/a', 'Microsoft.Network/b')"


@pytest.mark.parametrize("page", [None, {}, {"data": {"columns": [], "rows": []}}, {"data": [1]}])
def test_an_answer_of_another_form_is_no_empty_answer(page):
    with pytest.raises(ReadError):
        find_resources(Graph(page), "t", ["s1"])


def numbered(count):
    return [f"s{number}" for number in range(count)]


@pytest.mark.parametrize(
    ("count", "sizes"), [(1, [1]), (1000, [1000]), (1001, [1000, 1]), (2500, [1000, 1000, 500]), (0, [])]
)
def test_one_query_asks_for_a_thousand_subscriptions_at_most(count, sizes):
    graph = Graph(*({"data": [{"id": f"/r{number}"}]} for number in range(len(sizes))))
    rows = find_resources(graph, "t", numbered(count))
    assert rows == [{"id": f"/r{number}"} for number in range(len(sizes))]
    asked = [query["subscriptions"] for query, _ in graph.asked]
    assert [len(each) for each in asked] == sizes
    assert [one for each in asked for one in each] == numbered(count)
    assert [login for _, login in graph.asked] == [each[0] for each in asked]


def test_each_thousand_has_pages_of_its_own():
    pages = [{"data": [{"id": "/r1"}], "$skipToken": "more"}, {"data": [{"id": "/r2"}]}, {"data": [{"id": "/r3"}]}]
    graph = Graph(*pages)
    assert [row["id"] for row in find_resources(graph, "t", numbered(1001))] == ["/r1", "/r2", "/r3"]
    assert [len(query["subscriptions"]) for query, _ in graph.asked] == [1000, 1000, 1]
    assert [query["options"].get("$skipToken") for query, _ in graph.asked] == [None, "more", None]


def test_one_query_of_several_that_is_not_answered_leaves_nothing():
    with pytest.raises(ReadError):
        find_resources(Graph({"data": [{"id": "/r1"}]}, {}), "t", numbered(1001))


def test_an_answer_that_is_cut_off_without_a_page_that_follows_is_not_whole():
    rows = [{"id": "/r1"}]
    with pytest.raises(ReadError) as raised:
        find_resources(Graph({"data": rows, "resultTruncated": "true"}), "t", ["s1"])
    assert (raised.value.why.reason, raised.value.why.operation) == (
        "not-shown",
        "Microsoft.ResourceGraph/resources/read",
    )
    graph = Graph({"data": rows, "resultTruncated": "true", "$skipToken": "more"}, {"data": []})
    assert find_resources(graph, "t", ["s1"]) == rows


def test_pages_without_end_are_given_up():
    endless = {"data": [], "$skipToken": "again"}
    with pytest.raises(ReadError):
        find_resources(Graph(*[endless] * 100), "t", ["s1"])
