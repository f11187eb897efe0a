"""Profiles, the catalogue, and what a QoS flow asks."""

import pytest

from nef.domain.errors import InvalidValue
from nef.domain.qos import Catalogue, FlowDemand, QosProfile, ServiceDataFlow
from nef.domain.units import BitRate

RATE = BitRate.parse


def test_a_profile_is_a_row_with_what_it_says_otherwise() -> None:
    profile = QosProfile.of("gold", 3, priority=5, gbr_dl=RATE("20 Mbps"), description="d")
    assert profile.reference == profile.level.reference == "gold"
    assert (profile.level.priority, profile.level.delay_ms) == (5, 50)
    assert profile.description == "d"


def test_a_request_may_name_a_rate_within_the_bounds_of_the_profile() -> None:
    profile = QosProfile.of(
        "gold", 3, gbr_dl=RATE("20 Mbps"), min_gbr_dl=RATE("5 Mbps"), max_gbr_dl=RATE("40 Mbps")
    )
    assert profile.at(None).gbr_dl == RATE("20 Mbps")
    assert profile.at(RATE("40 Mbps")).gbr_dl == RATE("40 Mbps")
    assert profile.at(RATE("5 Mbps"), RATE("1 Mbps")).gbr_ul == RATE("1 Mbps")
    for rate in ("4.999 Mbps", "40.001 Mbps"):
        with pytest.raises(InvalidValue, match="5 Mbps to 40 Mbps"):
            profile.at(RATE(rate))


def test_a_rate_that_a_request_leaves_open_is_that_of_the_profile() -> None:
    both = QosProfile.of("both", 2, gbr_dl=RATE("4 Mbps"), gbr_ul=RATE("3 Mbps"))
    assert both.at(None) == both.level
    assert both.at(RATE("5 Mbps")).gbr_ul == RATE("3 Mbps")
    assert both.at(None, RATE("5 Mbps")).gbr_dl == RATE("4 Mbps")


def test_a_profile_without_bounds_takes_any_rate() -> None:
    assert QosProfile.of("open", 3).at(RATE("9 Gbps")).gbr_dl == RATE("9 Gbps")


def test_a_profile_that_guarantees_no_rate_cannot_be_asked_for_one() -> None:
    shared = QosProfile.of("shared", 9)
    assert shared.at(None) == shared.level
    for rates in ((RATE("1 Mbps"), None), (None, RATE("1 Mbps"))):
        with pytest.raises(InvalidValue, match="shared guarantees no rate"):
            shared.at(*rates)


def test_an_unknown_5qi_is_refused() -> None:
    with pytest.raises(InvalidValue, match="5QI 11"):
        QosProfile.of("x", 11)


def test_the_catalogue_knows_its_profiles_by_name_and_in_order() -> None:
    profiles = [QosProfile.of(name, 3) for name in ("b", "a")]
    catalogue = Catalogue(profiles)
    assert list(catalogue) == profiles
    assert catalogue.profile("a") is profiles[1]


def test_a_name_that_is_not_there_is_refused_with_the_names_that_are() -> None:
    with pytest.raises(InvalidValue, match="'gold'; there are: a, b"):
        Catalogue([QosProfile.of("a", 3), QosProfile.of("b", 3)]).profile("gold")


def test_a_name_may_stand_only_once() -> None:
    with pytest.raises(InvalidValue, match="'a' is defined twice"):
        Catalogue([QosProfile.of("a", 3), QosProfile.of("a", 4)])


def test_a_long_name_is_not_repeated_in_full() -> None:
    with pytest.raises(InvalidValue) as refusal:
        Catalogue([]).profile("x" * 10_000)
    assert str(refusal.value).endswith("there are: none")
    assert len(str(refusal.value)) < 200


def test_a_demand_knows_the_flows_it_is_for() -> None:
    level = QosProfile.of("gold", 3).level
    demand = FlowDemand(1, (ServiceDataFlow(4), ServiceDataFlow(2)), (level,))
    assert demand.flow_ids == (4, 2)
