"""Which flow a downlink packet rides."""

from ipaddress import ip_address

import pytest

from nef.domain.filters import TosTrafficClass, parse_ip_filter_rule
from nef.network.userplane.classification import GrantTable, QosFlow, TrafficSelector
from nef.network.userplane.packets import InnerHeader

SERVER, UE, OTHER_UE = (ip_address(a).packed for a in ("10.60.0.1", "10.45.0.2", "10.45.0.3"))
DOWN = "permit out 17 from 10.60.0.1 7000 to 10.45.0.2 7001"
UP = "permit in 17 from 10.45.0.2 7001 to 10.60.0.1 7000"
TOPOLOGY, WEIGHTS = 0xB8, 0x28


def selector(*rules: str, tos: str | None = None) -> TrafficSelector:
    parsed = tuple(parse_ip_filter_rule(rule) for rule in rules)
    return TrafficSelector(parsed, TosTrafficClass.parse(tos) if tos else None)


def table(*flows: QosFlow) -> GrantTable:
    return GrantTable(1, {UE: (*flows, QosFlow("default/ue", 10**6, 1e-6))})


def flow(key: str, *selectors: TrafficSelector) -> QosFlow:
    return QosFlow(key, 10**6, 1e-3, selectors)


def header(tos: int = 0, source_port: int = 7000, destination: bytes = UE) -> InnerHeader:
    return InnerHeader(tos, 17, SERVER, source_port, destination, 7001)


def ridden(grants: GrantTable, packet: InnerHeader) -> str | None:
    found = grants.flow_of(packet)
    return None if found is None else found.key


def test_the_traffic_class_tells_flows_of_one_five_tuple_apart() -> None:
    grants = table(flow("s/1", selector(DOWN, tos="b8fc")), flow("s/2", selector(DOWN, tos="28fc")))
    assert ridden(grants, header(TOPOLOGY)) == "s/1"
    assert ridden(grants, header(WEIGHTS)) == "s/2"
    assert ridden(grants, header(TOPOLOGY | 0b11)) == "s/1"  # ECN is outside the mask


@pytest.mark.parametrize("packet", [header(0), header(TOPOLOGY, source_port=7009)])
def test_what_no_filter_matches_rides_the_default_bearer(packet: InnerHeader) -> None:
    assert ridden(table(flow("s/1", selector(DOWN, tos="b8fc"))), packet) == "default/ue"


def test_a_traffic_class_without_filters_decides_alone() -> None:
    grants = table(flow("s/1", selector(tos="b8fc")))
    assert ridden(grants, header(TOPOLOGY, source_port=1)) == "s/1"
    assert ridden(grants, header(WEIGHTS)) == "default/ue"


def test_a_flow_without_selectors_takes_all_of_its_ue() -> None:
    assert ridden(table(flow("s/1")), header(0x33, source_port=1)) == "s/1"


def test_the_first_flow_in_the_order_of_evaluation_wins() -> None:
    assert ridden(table(flow("s/1"), flow("s/2")), header()) == "s/1"


def test_any_of_several_filters_and_selectors_is_enough() -> None:
    elsewhere = "permit out 17 from 10.60.0.9 to any"
    assert ridden(table(flow("s/1", selector(elsewhere, DOWN))), header()) == "s/1"
    assert ridden(table(flow("s/1", selector(elsewhere), selector(DOWN))), header()) == "s/1"


def test_an_uplink_filter_selects_nothing_downlink() -> None:
    backwards = "permit in 17 from 10.60.0.1 7000 to 10.45.0.2 7001"
    assert ridden(table(flow("s/1", selector(UP, backwards))), header()) == "default/ue"


def test_a_destination_that_is_no_ue_has_no_flow() -> None:
    assert ridden(table(flow("s/1")), header(destination=OTHER_UE)) is None


def test_a_flow_of_two_addresses_is_listed_once() -> None:
    shared = flow("s/1")
    assert GrantTable(1, {UE: (shared,), OTHER_UE: (shared,)}).flows == {"s/1": shared}
