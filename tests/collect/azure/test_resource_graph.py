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


@pytest.mark.parametrize("page", [None, {}, {"data": {"columns": [], "rows": []}}, {"data": [1]}])
def test_an_answer_of_another_form_is_no_empty_answer(page):
    with pytest.raises(ReadError):
        find_resources(Graph(page), "t", ["s1"])


def test_pages_without_end_are_given_up():
    endless = {"data": [], "$skipToken": "again"}
    with pytest.raises(ReadError):
        find_resources(Graph(*[endless] * 100), "t", ["s1"])
