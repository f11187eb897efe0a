from dataclasses import replace
from ipaddress import ip_address

import pytest

from af_client import FlowFilter, UeAddress
from af_client.delivery.marking import Marking
from af_client.delivery.tunnel import Endpoint
from af_client.modelserver.flows import (
    acceptable_bps,
    media_flows,
    session_request,
    topology_rate_bps,
    transfer_qos,
    ue_address,
)
from af_client.modelserver.selection import ladders, select
from builders.negotiations import DEVICE, LARGE, MEDIUM, SERVER, SMALL

LADDER = select((SMALL, MEDIUM, LARGE), 10**9, 1.0).ladder


def test_the_two_flows_ask_for_the_reliability_of_the_requirement() -> None:
    topology, weights = media_flows(SERVER, DEVICE, LADDER)
    assert (topology.number, topology.per, topology.priority) == (1, "1E-5", 1)
    assert (weights.number, weights.per, weights.priority) == (2, "1E-3", 2)


def test_flows_of_one_five_tuple_are_told_apart_by_their_tos() -> None:
    rule = "permit out 17 from 10.60.0.1 7000 to 10.45.0.2 7001"
    topology, weights = media_flows(SERVER, DEVICE, LADDER)
    assert topology.filters == (FlowFilter(1, (rule,), "b8fc"),)
    assert weights.filters == (FlowFilter(2, (rule,), "28fc"),)


def test_flows_of_two_ports_are_told_apart_by_these_alone() -> None:
    topology, weights = media_flows(SERVER, DEVICE, LADDER, Marking.PORTS)
    rule = "permit out 17 from 10.60.0.1 {} to 10.45.0.2 7001"
    assert topology.filters == (FlowFilter(1, (rule.format(7000),), None),)
    assert weights.filters == (FlowFilter(2, (rule.format(7001),), None),)


def test_each_smaller_variant_is_an_alternative_that_bears_its_name() -> None:
    _, weights = media_flows(SERVER, DEVICE, LADDER)
    rates = [(a.ref, a.gbr_dl_bps, a.per) for a in weights.alternatives]
    assert rates == [(r.variant.name, r.weights_rate_bps, "1E-3") for r in LADDER[1:]]
    assert weights.min_rate_dl_bps == weights.max_rate_dl_bps == LADDER[0].weights_rate_bps


def test_the_topology_flow_suffices_for_every_rung_and_for_what_is_said_beside() -> None:
    assert topology_rate_bps(LADDER) == 200_000
    heavy = select((LARGE, SMALL), 10**9, 1.0).ladder[0]
    slow = replace(heavy, topology_rate_bps=300_000)
    assert topology_rate_bps((heavy, slow)) == 300_000


def test_the_session_hears_of_every_event_that_moves_the_choice() -> None:
    request = session_request(SERVER, DEVICE, LADDER)
    assert set(request.events) >= {
        "SUCCESSFUL_RESOURCES_ALLOCATION",
        "FAILED_RESOURCES_ALLOCATION",
        "QOS_GUARANTEED",
        "QOS_NOT_GUARANTEED",
        "SESSION_TERMINATION",
    }


def test_a_ue_is_named_by_the_address_of_its_version() -> None:
    assert ue_address(DEVICE) == UeAddress(ipv4="10.45.0.2")
    six = Endpoint(ip_address("2001:db8:45::2"), 7001)
    assert ue_address(six) == UeAddress(ipv6="2001:db8:45::2")


def test_a_plan_asks_for_both_flows_of_the_first_rung_as_one() -> None:
    ladder = ladders((SMALL, MEDIUM, LARGE), 1.0, 0.2)[1].ladder
    qos = transfer_qos(ladder)
    flows = media_flows(SERVER, DEVICE, ladder)
    assert qos.gbr_dl_bps == sum(flow.min_rate_dl_bps or 0 for flow in flows)
    assert qos.per == flows[1].per


@pytest.mark.parametrize(
    ("offers", "together"),
    [({}, None), ({0: 7}, 7), ({2: 5_000}, 5_000), ({1: 10**9, 2: 5_000}, 205_000)],
)
def test_what_both_flows_would_be_given(offers: dict[int, int], together: int | None) -> None:
    ladder = ladders((SMALL,), 1.0)[0].ladder
    assert acceptable_bps(offers, ladder) == together


def test_weights_that_may_lose_more_say_so_on_every_rung_and_in_a_plan() -> None:
    topology, weights = media_flows(SERVER, DEVICE, LADDER, weights_per="1E-2")
    assert topology.per == "1E-5"
    assert {weights.per, *(rung.per for rung in weights.alternatives)} == {"1E-2"}
    assert transfer_qos(LADDER, "1E-2").per == "1E-2"
