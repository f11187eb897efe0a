"""The 5QI table, profiles and the catalogue."""

import pytest

from nef.domain.errors import InvalidValue
from nef.domain.fiveqi import FIVE_QIS, ResourceType
from nef.domain.qos import Catalogue, QosProfile
from nef.domain.units import BitRate

RATE = BitRate.parse


@pytest.mark.parametrize(
    ("value", "resource_type", "priority", "delay_ms", "per"),
    [
        (1, ResourceType.GBR, 20, 100, "1E-2"),
        (3, ResourceType.GBR, 30, 50, "1E-3"),
        (9, ResourceType.NON_GBR, 90, 300, "1E-6"),
        (80, ResourceType.NON_GBR, 68, 10, "1E-6"),
        (84, ResourceType.DELAY_CRITICAL_GBR, 24, 30, "1E-5"),
        (85, ResourceType.DELAY_CRITICAL_GBR, 21, 5, "1E-5"),
    ],
)
def test_rows_of_the_table(
    value: int, resource_type: ResourceType, priority: int, delay_ms: int, per: str
) -> None:
    row = FIVE_QIS[value]
    assert (row.resource_type, row.priority, row.delay_ms) == (resource_type, priority, delay_ms)
    assert str(row.per) == per


def test_only_delay_critical_rows_have_a_burst_and_only_guaranteed_ones_a_window() -> None:
    for row in FIVE_QIS.values():
        critical = row.resource_type is ResourceType.DELAY_CRITICAL_GBR
        assert (row.max_burst_bytes is not None) == critical
        guaranteed = row.resource_type is not ResourceType.NON_GBR
        assert (row.averaging_window_ms is not None) == guaranteed


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


def test_a_profile_without_bounds_takes_any_rate() -> None:
    assert QosProfile.of("open", 3).at(RATE("9 Gbps")).gbr_dl == RATE("9 Gbps")


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
