"""Filters that can never meet a packet of their UE are refused by name."""

from dataclasses import replace
from ipaddress import ip_address

import pytest

from builders.sessions import request
from nef.domain.addressing import check_addressing
from nef.domain.errors import InvalidRequest
from nef.domain.qos import ServiceDataFlow
from nef.domain.sessions import MediaComponent

V4, V6 = ip_address("10.45.0.2"), ip_address("2001:db8::2")


def flow(*rules: str) -> ServiceDataFlow:
    return ServiceDataFlow(1, rules)


def check(*rules: str, addresses: tuple[str, ...] = (str(V4),)) -> None:
    asked = replace(request(), flows=(flow(*rules),))
    check_addressing(asked, [ip_address(address) for address in addresses])


@pytest.mark.parametrize(
    "rule",
    [
        "permit out ip from any to any",
        "permit out 17 from 10.60.0.1 to 10.45.0.2 7001",
        "permit out 17 from 10.60.0.1 to 10.45.0.0/16",
        "permit in 17 from 10.45.0.2 to 10.60.0.1",
        "permit out 17 from 10.60.0.1 to any",
    ],
)
def test_what_can_meet_a_packet_of_the_ue_passes(rule: str) -> None:
    check(rule)


@pytest.mark.parametrize(
    "rule",
    [
        "permit out 17 from 10.45.0.2 to 10.60.0.1",
        "permit out 17 from 10.60.0.1 to 10.45.0.3",
        "permit in 17 from 10.60.0.1 to 10.45.0.2",
        "permit out 17 from 2001:db8::1 to 2001:db8::2",
        "permit out 17 from 2001:db8::1 to any",
        "permit in ip from any to ::/0",
    ],
)
def test_what_never_can_is_refused(rule: str) -> None:
    with pytest.raises(InvalidRequest, match=r"address.* is 10\.45\.0\.2"):
        check(rule)


def test_each_address_that_the_ue_has_will_do() -> None:
    rule = "permit out 17 from 2001:db8::1 to 2001:db8::2"
    check(rule, addresses=("10.45.0.2", "2001:db8::2"))
    check(rule, addresses=())


def test_each_filter_is_named_where_it_stands() -> None:
    good, bad = "permit out ip from any to any", "permit out ip from any to 10.9.9.9"
    part = MediaComponent(7, (flow(good), flow(good, bad)))
    asked = replace(request(), flows=(flow(bad),), components=(part,))
    with pytest.raises(InvalidRequest) as refusal:
        check_addressing(asked, [V4])
    assert [param.pointer for param in refusal.value.params] == [
        "/flowInfo/0/flowDescriptions/0",
        "/multiModDatFlows/7/flowInfos/1/flowDescriptions/1",
    ]
