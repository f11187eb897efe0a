"""From a request to what each QoS flow asks: who may go with whom, and who inherits from whom."""

from dataclasses import replace
from ipaddress import IPv4Address
from typing import Any

import pytest

from nef.domain.demands import demands_of
from nef.domain.errors import InvalidRequest
from nef.domain.fiveqi import ResourceType
from nef.domain.qos import Catalogue, QosProfile, ServiceDataFlow
from nef.domain.sessions import (
    AlternativeRequirement,
    MediaComponent,
    QosRequirement,
    RateRequirement,
    SessionRequest,
    UeAddress,
)
from nef.domain.units import BitRate, PacketErrorRate

RATE, PER = BitRate.parse, PacketErrorRate.parse
CATALOGUE = Catalogue(
    [
        QosProfile.of("gold", 3, gbr_dl=RATE("20 Mbps"), max_gbr_dl=RATE("40 Mbps")),
        QosProfile.of("silver", 4, gbr_dl=RATE("5 Mbps")),
        QosProfile.of("shared", 9),
        QosProfile.of("bare", 3),
    ]
)
BASE = SessionRequest(
    "http://af/", UeAddress(IPv4Address("10.45.0.2")), flows=(ServiceDataFlow(1),)
)
TEN = QosRequirement(RateRequirement(gbr_dl=RATE("10 Mbps")), 20, PER("1E-5"), priority=2)


def asked(**changes: Any) -> SessionRequest:
    return replace(BASE, **changes)


def part(number: int = 1, **changes: Any) -> MediaComponent:
    return replace(MediaComponent(number, (ServiceDataFlow(number),)), **changes)


def ladder(request: SessionRequest) -> list[tuple[str | None, str]]:
    (demand,) = demands_of(request, CATALOGUE)
    return [(level.reference, str(level.gbr_dl)) for level in demand.ladder]


def pointers(request: SessionRequest) -> list[str]:
    with pytest.raises(InvalidRequest) as refusal:
        demands_of(request, CATALOGUE)
    return [param.pointer for param in refusal.value.params]


def test_by_name_the_ladder_is_the_profiles_in_falling_priority() -> None:
    request = asked(qos_reference="gold", alternative_references=("silver",))
    assert ladder(request) == [("gold", "20 Mbps"), ("silver", "5 Mbps")]


def test_the_subscription_is_component_zero_with_its_own_flows() -> None:
    (demand,) = demands_of(asked(qos_reference="gold"), CATALOGUE)
    assert (demand.component, demand.flow_ids) == (0, (1,))


def test_by_value_what_an_alternative_leaves_open_is_as_in_the_request() -> None:
    other = AlternativeRequirement("half", gbr_dl=RATE("5 Mbps"))
    (demand,) = demands_of(asked(requirement=TEN, alternatives=(other,)), CATALOGUE)
    first, second = demand.ladder
    assert (first.reference, second.reference) == (None, "half")
    assert second == replace(first, reference="half", gbr_dl=RATE("5 Mbps"))
    assert (first.delay_ms, first.per, first.priority) == (20, PER("1E-5"), 20)


def test_by_value_a_flow_without_a_rate_shares_what_is_left() -> None:
    (demand,) = demands_of(asked(requirement=QosRequirement(per=PER("1E-2"))), CATALOGUE)
    assert demand.ladder[0].resource_type is ResourceType.NON_GBR
    assert demand.ladder[0].per == PER("1E-2")


def test_a_maximum_rate_alone_is_what_is_guaranteed() -> None:
    wanted = QosRequirement(RateRequirement(mbr_dl=RATE("3 Mbps")))
    assert ladder(asked(requirement=wanted)) == [(None, "3 Mbps")]


def test_components_ask_each_for_themselves() -> None:
    parts = (part(1, requirement=TEN), part(2, qos_reference="silver"))
    first, second = demands_of(asked(components=parts, flows=()), CATALOGUE)
    assert (first.component, second.component) == (1, 2)
    assert first.ladder[0].gbr_dl == RATE("10 Mbps")
    assert second.ladder[0].reference == "silver"


def test_a_component_by_name_may_name_its_rate_within_the_profile() -> None:
    rates = QosRequirement(RateRequirement(gbr_dl=RATE("30 Mbps"), mbr_dl=RATE("35 Mbps")))
    wanted = part(qos_reference="gold", alternative_references=("silver",), requirement=rates)
    assert ladder(asked(components=(wanted,))) == [("gold", "30 Mbps"), ("silver", "5 Mbps")]


def test_a_component_without_qos_has_the_alternatives_of_the_subscription_too() -> None:
    half = AlternativeRequirement("half", gbr_dl=RATE("5 Mbps"))
    request = asked(requirement=TEN, alternatives=(half,), components=(part(),))
    assert ladder(request) == [(None, "10 Mbps"), ("half", "5 Mbps")]


def test_the_maximum_rate_of_a_profile_holds_unless_the_request_names_its_own() -> None:
    capped = Catalogue([QosProfile.of("capped", 3, gbr_dl=RATE("2 Mbps"), mbr_dl=RATE("9 Mbps"))])
    (demand,) = demands_of(asked(qos_reference="capped"), capped)
    assert demand.ladder[0].mbr_dl == RATE("9 Mbps")
    lower = part(
        qos_reference="capped", requirement=QosRequirement(RateRequirement(mbr_dl=RATE("4 Mbps")))
    )
    (demand,) = demands_of(asked(components=(lower,)), capped)
    assert demand.ladder[0].mbr_dl == RATE("4 Mbps")


def test_an_alternative_may_name_whatever_it_has_of_its_own() -> None:
    other = AlternativeRequirement("slow", RATE("1 Mbps"), RATE("2 Mbps"), 300, PER("1E-2"))
    (demand,) = demands_of(asked(requirement=TEN, alternatives=(other,)), CATALOGUE)
    slow = demand.ladder[1]
    assert (slow.gbr_dl, slow.gbr_ul) == (RATE("1 Mbps"), RATE("2 Mbps"))
    assert (slow.delay_ms, slow.per, slow.priority) == (300, PER("1E-2"), 20)


def test_flows_are_numbered_within_their_component() -> None:
    same = (ServiceDataFlow(1),)
    parts = (part(1, flows=same, requirement=TEN), part(2, flows=same, requirement=TEN))
    assert [d.flow_ids for d in demands_of(asked(components=parts), CATALOGUE)] == [(1,), (1,)]


def test_a_component_that_names_no_qos_has_that_of_the_subscription() -> None:
    request = asked(qos_reference="gold", components=(part(),))
    assert ladder(request) == [("gold", "20 Mbps")]


SPEED = QosRequirement(RateRequirement(gbr_dl=RATE("50 Mbps")))
BACKWARDS = QosRequirement(RateRequirement(gbr_dl=RATE("2 Mbps"), mbr_dl=RATE("1 Mbps")))
BACKWARDS_UP = QosRequirement(RateRequirement(gbr_ul=RATE("2 Mbps"), mbr_ul=RATE("1 Mbps")))
CAPPED = QosRequirement(RateRequirement(gbr_dl=RATE("1 Mbps"), mbr_dl=RATE("2 Mbps")))
OTHER = AlternativeRequirement("a")
ABOVE = AlternativeRequirement("above", gbr_dl=RATE("3 Mbps"))


@pytest.mark.parametrize(
    ("request_", "pointer"),
    [
        (asked(), "/qosReference"),
        (asked(qos_reference="gold", requirement=TEN), "/tscQosReq"),
        (asked(requirement=TEN, alternative_references=("gold",)), "/altQoSReferences"),
        (asked(qos_reference="gold", alternatives=(OTHER,)), "/altQosReqs"),
        (asked(qos_reference="bronze"), "/qosReference"),
        (asked(qos_reference="bare"), "/qosReference"),
        (asked(qos_reference="gold", alternative_references=("bare",)), "/altQoSReferences/0"),
        (asked(qos_reference="gold", alternative_references=("gold",)), "/altQoSReferences/0"),
        (asked(requirement=QosRequirement()), "/tscQosReq"),
        (
            asked(qos_reference="gold", alternative_references=("silver", "bronze")),
            "/altQoSReferences/1",
        ),
        (asked(qos_reference="gold", flows=()), "/flowInfo"),
        (asked(qos_reference="gold", flows=(ServiceDataFlow(1), ServiceDataFlow(1))), "/flowInfo"),
        (asked(requirement=TEN, alternatives=(OTHER, OTHER)), "/altQosReqs"),
        (asked(requirement=BACKWARDS), "/tscQosReq"),
        (asked(requirement=QosRequirement(delay_ms=5), alternatives=(OTHER,)), "/altQosReqs"),
        (asked(components=(part(3),)), "/multiModDatFlows/3"),
        (asked(components=(part(3, alternatives=(OTHER,)),)), "/multiModDatFlows/3/altSerReqsData"),
        (
            asked(components=(part(3, requirement=TEN, alternative_references=("gold",)),)),
            "/multiModDatFlows/3/altSerReqs",
        ),
        (
            asked(components=(part(3, qos_reference="gold", requirement=SPEED),)),
            "/multiModDatFlows/3/qosReference",
        ),
        (
            asked(components=(part(3, flows=(ServiceDataFlow(1),) * 2, requirement=TEN),)),
            "/multiModDatFlows/3/flowInfos",
        ),
        (asked(components=(part(3, requirement=BACKWARDS),)), "/multiModDatFlows/3/mirBwDl"),
        (asked(requirement=BACKWARDS_UP), "/tscQosReq"),
        (asked(requirement=CAPPED, alternatives=(OTHER, ABOVE)), "/altQosReqs/1"),
        (
            asked(components=(part(3, requirement=CAPPED, alternatives=(ABOVE,)),)),
            "/multiModDatFlows/3/altSerReqsData/0",
        ),
        (
            asked(components=(part(3, qos_reference="gold", alternatives=(OTHER,)),)),
            "/multiModDatFlows/3/altSerReqsData",
        ),
        *(
            (
                asked(components=(part(3, qos_reference="gold", requirement=values),)),
                "/multiModDatFlows/3/tsnQos",
            )
            for values in (
                QosRequirement(delay_ms=5),
                QosRequirement(per=PacketErrorRate.parse("1E-3")),
                QosRequirement(priority=1),
            )
        ),
        (
            asked(components=(part(3, qos_reference="shared", requirement=SPEED),)),
            "/multiModDatFlows/3/qosReference",
        ),
        (asked(qos_reference="shared", alternative_references=("gold",)), "/altQoSReferences/0"),
        (asked(components=(part(0, requirement=TEN),)), "/multiModDatFlows/0/medCompN"),
        (asked(components=(part(-1, requirement=TEN),)), "/multiModDatFlows/-1/medCompN"),
    ],
)
def test_what_contradicts_itself_is_refused_at_the_attribute(
    request_: SessionRequest, pointer: str
) -> None:
    assert pointers(request_) == [pointer]


def test_a_request_is_bounded_in_components_and_alternatives() -> None:
    parts = tuple(part(number, requirement=TEN) for number in range(1, 66))
    assert len(demands_of(asked(components=parts[:64]), CATALOGUE)) == 64
    assert pointers(asked(components=parts)) == ["/multiModDatFlows"]
    others = tuple(AlternativeRequirement(str(number)) for number in range(33))
    assert len(ladder(asked(requirement=TEN, alternatives=others[:32]))) == 33
    assert pointers(asked(requirement=TEN, alternatives=others)) == ["/altQosReqs"]
    wanted = part(3, requirement=TEN, alternatives=others)
    assert pointers(asked(components=(wanted,))) == ["/multiModDatFlows/3/altSerReqsData"]


def test_an_application_id_says_which_traffic_is_meant_too() -> None:
    request = asked(qos_reference="gold", flows=(), external_app_id="app")
    assert ladder(request) == [("gold", "20 Mbps")]
