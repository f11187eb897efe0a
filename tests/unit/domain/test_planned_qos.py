"""The QoS that a plan is for, by name or by value, with its alternatives."""

from typing import Any

import pytest

from builders.plans import QOS, asking
from nef.domain.errors import InvalidRequest
from nef.domain.fiveqi import FIVE_QIS
from nef.domain.planned_qos import MOST_ALTERNATIVES, ladder_of, rate_of
from nef.domain.plans import PlanRequest
from nef.domain.qos import Catalogue, QosProfile
from nef.domain.units import BitRate, PacketErrorRate

GBR = FIVE_QIS[3]
NOTHING = Catalogue(())


def profile(name: str, mbps: int | None, five_qi: int = 3) -> QosProfile:
    rate = {} if mbps is None else {"gbr_dl": BitRate(mbps * 10**6)}
    return QosProfile.of(name, five_qi, **rate)


def named(*references: str, **changes: Any) -> PlanRequest:
    first, *others = references
    return asking(qosParamSet=None, qosReference=first, altQosRefs=others or None, **changes)


def by_value(*alternatives: dict[str, Any], **wish: Any) -> PlanRequest:
    return asking(qosParamSet=wish, altQosParamSets=list(alternatives) or None)


def fault(call: Any, *args: Any) -> tuple[str, str]:
    with pytest.raises(InvalidRequest) as refused:
        call(*args)
    [param] = refused.value.params
    return param.pointer, param.reason


# --- by value ---


def test_by_value_what_is_left_open_is_as_5qi_3() -> None:
    [level] = ladder_of(by_value(gfbrDl="30 Mbps"), NOTHING)
    assert (level.priority, level.delay_ms, level.per) == (GBR.priority, GBR.delay_ms, GBR.per)
    assert (level.gbr_dl, level.reference) == (BitRate(30 * 10**6), None)


def test_by_value_what_is_said_counts() -> None:
    wish = {"gfbrDl": "3 Mbps", "maxBitRateDl": "5 Mbps", "per": "1E-5", "priorLevel": 9, "pdb": 7}
    [level] = ladder_of(by_value(**wish), NOTHING)
    assert (level.priority, level.delay_ms, level.per) == (9, 7, PacketErrorRate(1, 5))
    assert (rate_of(level), level.mbr_dl) == (BitRate(3 * 10**6), BitRate(5 * 10**6))


def test_the_highest_rate_is_guaranteed_where_no_other_is() -> None:
    [level] = ladder_of(by_value(maxBitRateDl="5 Mbps"), NOTHING)
    assert rate_of(level) == BitRate(5 * 10**6)


def test_an_alternative_is_what_was_asked_for_but_for_what_it_says() -> None:
    request = by_value({"per": "1E-5"}, {"gfbrDl": "2 Mbps", "pdb": 9}, {}, **QOS, priorLevel=7)
    first, *others = ladder_of(request, NOTHING)
    rates = [(rate_of(one).bps // 10**6, one.per, one.delay_ms) for one in others]
    assert rates == [
        (30, PacketErrorRate(1, 5), GBR.delay_ms),
        (2, first.per, 9),
        (30, first.per, GBR.delay_ms),
    ]
    assert {one.priority for one in (first, *others)} == {7}


@pytest.mark.parametrize(
    ("request_", "pointer"),
    [
        (by_value(), "/qosParamSet/gfbrDl"),
        (by_value(gfbrUl="1 Mbps", pdb=5), "/qosParamSet/gfbrDl"),
        (by_value(gfbrDl="2 Mbps", maxBitRateDl="1 Mbps"), "/qosParamSet/gfbrDl"),
        (by_value(gfbrDl="1 Mbps", gfbrUl="2 Mbps", maxBitRateUl="1 Mbps"), "/qosParamSet/gfbrUl"),
        (
            by_value({}, {"gfbrDl": "9 Mbps"}, gfbrDl="1 Mbps", maxBitRateDl="5 Mbps"),
            "/altQosParamSets/1/gfbrDl",
        ),
        (by_value(*([{}] * (MOST_ALTERNATIVES + 1)), **QOS), "/altQosParamSets"),
        (asking(altQosRefs=["a"]), "/altQosRefs"),
    ],
)
def test_what_cannot_be_planned_by_value_is_refused_where_it_stands(
    request_: PlanRequest, pointer: str
) -> None:
    assert fault(ladder_of, request_, NOTHING)[0] == pointer


# --- by name ---


CATALOGUE = Catalogue(
    [profile("best", 50), profile("less", 5), profile("open", None), profile("chat", 1, 9)]
)


def test_by_name_the_ladder_is_that_of_the_profiles() -> None:
    ladder = ladder_of(named("best", "less"), CATALOGUE)
    assert [(one.reference, rate_of(one).bps // 10**6) for one in ladder] == [
        ("best", 50),
        ("less", 5),
    ]


@pytest.mark.parametrize(
    ("request_", "pointer"),
    [
        (named("worst"), "/qosReference"),
        (named(""), "/qosReference"),
        (named("open"), "/qosReference"),
        (named("chat"), "/qosReference"),
        (named("best", "less", "worst"), "/altQosRefs/1"),
        (named("best", "less", "less"), "/altQosRefs"),
        (named("best", "best"), "/altQosRefs"),
        (named("best", altQosParamSets=[{}]), "/altQosParamSets"),
    ],
)
def test_what_cannot_be_planned_by_name_is_refused_where_it_stands(
    request_: PlanRequest, pointer: str
) -> None:
    assert fault(ladder_of, request_, CATALOGUE)[0] == pointer
