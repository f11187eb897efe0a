"""The 5QI table, held against rows read from TS 23.501 table 5.7.4-1."""

import pytest

from nef.domain.fiveqi import FIVE_QIS, ResourceType

GBR, CRITICAL, SHARED = ResourceType.GBR, ResourceType.DELAY_CRITICAL_GBR, ResourceType.NON_GBR


@pytest.mark.parametrize(
    ("value", "resource_type", "priority", "delay_ms", "per", "burst_bytes"),
    [
        (1, GBR, 20, 100, "1E-2", None),
        (3, GBR, 30, 50, "1E-3", None),
        (65, GBR, 7, 75, "1E-2", None),
        (76, GBR, 56, 500, "1E-4", None),
        (5, SHARED, 10, 100, "1E-6", None),
        (9, SHARED, 90, 300, "1E-6", None),
        (10, SHARED, 90, 1100, "1E-6", None),
        (80, SHARED, 68, 10, "1E-6", None),
        (82, CRITICAL, 19, 10, "1E-4", 255),
        (84, CRITICAL, 24, 30, "1E-5", 1354),
        (85, CRITICAL, 21, 5, "1E-5", 255),
        (90, CRITICAL, 25, 20, "1E-4", 63000),
    ],
)
def test_rows_of_the_table(
    value: int,
    resource_type: ResourceType,
    priority: int,
    delay_ms: int,
    per: str,
    burst_bytes: int | None,
) -> None:
    row = FIVE_QIS[value]
    assert (row.value, row.resource_type, row.priority) == (value, resource_type, priority)
    assert (row.delay_ms, str(row.per), row.max_burst_bytes) == (delay_ms, per, burst_bytes)


def test_the_standardised_values_are_these_and_no_others() -> None:
    by_type = {
        kind: {v for v, r in FIVE_QIS.items() if r.resource_type is kind} for kind in ResourceType
    }
    assert by_type[GBR] == {1, 2, 3, 4, 65, 66, 67, 71, 72, 73, 74, 76}
    assert by_type[SHARED] == {5, 6, 7, 8, 9, 10, 69, 70, 79, 80}
    assert by_type[CRITICAL] == set(range(82, 91))


def test_only_delay_critical_rows_have_a_burst_and_only_guaranteed_ones_a_window() -> None:
    for row in FIVE_QIS.values():
        assert (row.max_burst_bytes is not None) == (row.resource_type is CRITICAL)
        window_ms = None if row.resource_type is SHARED else 2000
        assert row.averaging_window_ms == window_ms


def test_nothing_waits_less_than_what_is_delay_critical() -> None:
    critical = [row.delay_ms for row in FIVE_QIS.values() if row.resource_type is CRITICAL]
    guaranteed = [row.delay_ms for row in FIVE_QIS.values() if row.resource_type is GBR]
    assert max(critical) < min(guaranteed)
