"""Each network resource is asked for once, and subnets come with their networks."""

from __future__ import annotations

import threading
import time

import pytest

from azext_acrpulldiag.collect.ask.arm import ReadError
from azext_acrpulldiag.collect.ask.deadline import Meter, begin_after, chain_length
from azext_acrpulldiag.collect.ask.once import NETWORK_API, Once
from azext_acrpulldiag.facts import Unreadable
from tests.build import SUBNET_ID
from tests.recordings import body

NETWORK = SUBNET_ID.rpartition("/subnets/")[0]
TABLE = f"{NETWORK.rpartition('/virtualNetworks/')[0]}/routeTables/rt"
REFUSED = ReadError(Unreadable("forbidden", "no"))


class Reader:
    """Answers by path, after a moment; an exception is raised."""

    def __init__(self, **answers):
        self.answers = answers
        self.asked = []
        self.meter = Meter()
        self.moment = 0.0

    def get(self, path, api_version):
        assert api_version == NETWORK_API
        return self._answer(path)

    def list(self, path, api_version):
        self.asked.append(api_version)
        return self._answer(path)

    def query(self, path, api_version):
        assert api_version == NETWORK_API
        return self._answer(path)

    def _answer(self, path):
        self.asked.append(path)
        self.meter.count()
        time.sleep(self.moment)
        answer = self.answers.get(path)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture(autouse=True)
def fresh_chain():
    begin_after(0)


def network(*subnets):
    answer = body("network/vnet_get_2025_05_01") | {"id": NETWORK}
    answer["properties"]["subnets"] = list(subnets)
    return answer


def subnet(**properties):
    answer = body("network/subnet_get_2025_05_01") | {"id": SUBNET_ID}
    answer["properties"] |= properties
    return answer


def test_whatever_the_casing_a_resource_is_asked_for_once():
    reader = Reader(**{TABLE: {"id": TABLE}})
    once = Once(reader)
    assert once.get(TABLE) == once.get(TABLE.upper()) == {"id": TABLE}
    assert once.ask([TABLE, TABLE.lower()]) == {TABLE.lower(): {"id": TABLE}}
    assert reader.asked == [TABLE]


def test_many_threads_wait_for_one_answer():
    reader = Reader(**{TABLE: {"id": TABLE}})
    reader.moment = 0.05
    once = Once(reader)
    found = []
    threads = [threading.Thread(target=lambda: found.append(once.get(TABLE))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (found, reader.asked) == ([{"id": TABLE}] * 8, [TABLE])


def test_absence_and_refusals_are_remembered_too():
    reader = Reader(**{TABLE: REFUSED})
    once = Once(reader)
    for _ in range(2):
        assert once.ask([TABLE, "/gone"]) == {TABLE.lower(): REFUSED.why, "/gone": None}
    assert sorted(reader.asked) == ["/gone", TABLE]


def test_actions_that_list_are_remembered_too():
    reader = Reader(**{f"{NETWORK}/listThings": [{"n": 1}]})
    once = Once(reader)
    for _ in range(2):
        assert once.ask(queries=[f"{NETWORK}/listThings"]) == {f"{NETWORK}/listThings".lower(): [{"n": 1}]}
    assert reader.asked == [f"{NETWORK}/listThings"]


def test_a_defect_reaches_everybody_who_asks():
    once = Once(Reader(**{TABLE: ZeroDivisionError()}))
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            once.get(TABLE)


def test_a_subnet_comes_with_its_network():
    reader = Reader(**{NETWORK: network(subnet(addressPrefix="10.9.0.0/24"))})
    once = Once(reader)
    answers = once.ask([NETWORK, SUBNET_ID.upper()])
    assert answers[SUBNET_ID.lower()]["properties"]["addressPrefix"] == "10.9.0.0/24"
    assert len(reader.asked) == 1


@pytest.mark.parametrize("answer", [REFUSED, network(), {"id": NETWORK}, {"id": NETWORK, "properties": {"subnets": 5}}])
def test_a_subnet_that_its_network_does_not_show_is_asked_for(answer):
    reader = Reader(**{NETWORK: answer, SUBNET_ID: subnet()})
    assert Once(reader).get(SUBNET_ID) == subnet()
    assert reader.asked == [NETWORK, SUBNET_ID]


def test_a_subnet_of_a_network_that_does_not_exist_is_not_asked_for():
    reader = Reader()
    assert Once(reader).get(SUBNET_ID) is None
    assert reader.asked == [NETWORK]


def test_what_a_list_showed_is_not_asked_for():
    reader = Reader()
    once = Once(reader)
    once.keep(network(subnet()))
    assert once.get(SUBNET_ID.lower()) == subnet()
    assert reader.asked == []


def test_addresses_of_instances_have_a_version_of_their_own():
    reader = Reader()
    compute, firewalls = "/x/providers/Microsoft.Compute/a/b/publicIPAddresses", "/x/providers/Microsoft.Network/f"
    Once(reader).list(compute)
    Once(reader).list(firewalls)
    assert reader.asked == ["2018-10-01", compute, NETWORK_API, firewalls]


def test_who_reads_a_remembered_answer_has_waited_as_long():
    reader = Reader(**{TABLE: {"id": TABLE}})
    once = Once(reader)
    begin_after(4)
    once.get(TABLE)
    begin_after(1)
    once.get(TABLE)
    assert chain_length() == 5
    begin_after(7)
    once.get(TABLE)
    assert chain_length() == 7
