"""From the NEF's answer to the table."""

import threading
from ipaddress import ip_address
from typing import Any

import pytest

from nef.domain.errors import InvalidValue
from nef.network.userplane.grants import GrantPoller, table_of

UE4, UE6 = ip_address("10.45.0.2").packed, ip_address("2001:db8::2").packed


def entry(**changes: Any) -> dict[str, Any]:
    return {
        "flowKey": "s/1",
        "ueId": "camera-1",
        "ueIpv4Addr": "10.45.0.2",
        "component": 1,
        "filters": [],
        "rateDlBps": 8_000_000,
        "per": "1E-3",
        "delayMs": 8.5,
        "guaranteed": True,
        "level": 0,
        "priority": 10,
    } | changes


def answer(*flows: dict[str, Any], **changes: Any) -> dict[str, Any]:
    bearer = {"ueId": "camera-1", "ueIpv4Addr": "10.45.0.2", "rateDlBps": 500, "per": "1E-6"}
    bearer["delayMs"] = 0
    return {"version": 3, "seed": 7, "flows": flows, "defaultBearers": [bearer]} | changes


def test_a_flow_has_its_rate_and_error_rate_and_the_table_its_seed() -> None:
    table = table_of(answer(entry()))
    granted, bearer = table.by_address[UE4]
    assert table.seed == 7
    assert (granted.key, granted.rate_bps, granted.error_rate) == ("s/1", 8_000_000, 0.001)
    assert (bearer.key, bearer.rate_bps, bearer.error_rate) == ("default/camera-1", 500, 1e-6)
    assert (granted.delay_ns, bearer.delay_ns) == (8_500_000, 0)


def test_flows_are_tried_by_priority_then_component_whatever_their_order() -> None:
    flows = [
        entry(flowKey="b/3", component=3, priority=10),
        entry(flowKey="a/1", component=1, priority=20),
        entry(flowKey="c/2", component=2, priority=10),
    ]
    for order in (flows, flows[::-1]):
        keys = [flow.key for flow in table_of(answer(*order)).by_address[UE4]]
        assert keys == ["c/2", "b/3", "a/1", "default/camera-1"]


def test_a_ue_is_found_by_each_of_its_addresses_in_any_notation() -> None:
    dual = entry(ueIpv6Addr="2001:0DB8:0::2")
    table = table_of(answer(dual))
    assert table.by_address[UE6] == table.by_address[UE4][:1]


def test_filters_and_traffic_classes_are_read() -> None:
    rule = "permit out 17 from any to 10.45.0.2 7001"
    filters = [{"flowDescriptions": [rule]}, {"flowDescriptions": [], "tosTC": "b8fc"}]
    first, second = table_of(answer(entry(filters=filters))).flows["s/1"].selectors
    assert first.filters[0].destination.ports == ((7001, 7001),)
    assert first.tos is None
    assert str(second.tos) == "b8fc"
    assert second.filters == ()


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ({}, "flows"),
        ([], "not an answer"),
        (answer(seed=None), "seed|int"),
        (answer(entry(per="0.001")), "packet error rate"),
        (answer(entry(delayMs=-1)), "delay of s/1"),
        (answer(entry(delayMs=1e9)), "0 to 10000"),
        (answer(entry(rateDlBps=-1)), "s/1 is -1"),
        (answer(entry(ueIpv4Addr="10.45.0.256")), "10.45.0.256"),
        (answer(entry(filters=[{"flowDescriptions": ["deny all"]}])), "IPFilterRule"),
        (answer(entry(filters=[{"tosTC": "xyz"}])), "traffic class"),
        (answer(entry(filters=["permit"])), "not an answer"),
    ],
)
def test_what_is_no_answer_is_refused_with_its_reason(document: Any, why: str) -> None:
    with pytest.raises(InvalidValue, match=why):
        table_of(document)


def test_a_nef_that_is_not_there_is_said_in_a_sentence(caplog: pytest.LogCaptureFixture) -> None:
    stop = threading.Event()
    poller = GrantPoller("http://127.0.0.1:9", 0.01)
    asking = threading.Thread(target=poller.run, args=(stop,))
    asking.start()
    while not caplog.messages:
        assert asking.is_alive()
    stop.set()
    asking.join()
    [told] = caplog.messages
    why = "nobody listens at http://127.0.0.1:9; nef serve starts a NEF, --nef-url names another"
    assert told == f"no grants, nothing is carried until there are: {why}"
