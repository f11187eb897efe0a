"""The radio model against the figures of the specifications it cites."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nef.commands.references import LINK_LEVEL_DB
from nef.domain.units import PacketErrorRate
from nef.network.simulator.cqi import (
    TABLE_1E5,
    TABLE_64QAM,
    TABLE_256QAM,
    CqiTable,
    Reliability,
)
from nef.network.simulator.radio import (
    RESOURCE_BLOCKS,
    Carrier,
    block_rates_bps,
    block_rates_of_one_bps,
    blocks_for,
    elements_a_second,
    peak_rate_bps,
    radio_delay_ms,
)

WIDE = Carrier(100, 30, 4, 1.0)
SMALL = Carrier(20, 30, 2, 0.75)
ORDINARY, HIGH = Reliability.ORDINARY, Reliability.HIGH

# The efficiency columns as TS 38.214 prints them.
PUBLISHED = {
    TABLE_64QAM: "0.1523 0.2344 0.3770 0.6016 0.8770 1.1758 1.4766 1.9141 2.4063 2.7305 3.3223 "
    "3.9023 4.5234 5.1152 5.5547",
    TABLE_256QAM: "0.1523 0.3770 0.8770 1.4766 1.9141 2.4063 2.7305 3.3223 3.9023 4.5234 5.1152 "
    "5.5547 6.2266 6.9141 7.4063",
    TABLE_1E5: "0.0586 0.0977 0.1523 0.2344 0.3770 0.6016 0.8770 1.1758 1.4766 1.9141 2.4063 "
    "2.7305 3.3223 3.9023 4.5234",
}

sinrs = st.floats(-40, 50)


def rates(sinr_db: float, carrier: Carrier = SMALL) -> tuple[int, int]:
    found = block_rates_bps(np.array([sinr_db]), np.array([elements_a_second(carrier)]))
    return int(found[ORDINARY, 0]), int(found[HIGH, 0])


@pytest.mark.parametrize(
    ("spacing_khz", "width_mhz", "blocks"),
    [(30, 100, 273), (30, 20, 51), (30, 5, 11), (15, 20, 106), (15, 50, 270), (60, 100, 135)],
)
def test_resource_blocks_are_those_of_ts_38_101_1(
    spacing_khz: int, width_mhz: int, blocks: int
) -> None:
    assert Carrier(width_mhz, spacing_khz, 1, 1.0).blocks == blocks


@pytest.mark.parametrize("pair", [(15, 60), (60, 5), (30, 7)])
def test_a_width_that_a_spacing_does_not_have_is_not_in_the_table(pair: tuple[int, int]) -> None:
    assert pair not in RESOURCE_BLOCKS


def test_blocks_never_fill_more_than_the_channel() -> None:
    for (spacing_khz, width_mhz), blocks in RESOURCE_BLOCKS.items():
        assert 0.75 < blocks * 12 * spacing_khz / (width_mhz * 1000) < 1


def test_the_peak_rate_is_that_of_ts_38_306() -> None:
    """273 blocks, 4 layers, 256QAM, code rate 948/1024, overhead 0.14."""
    assert peak_rate_bps(WIDE) == pytest.approx(2.34e9, rel=0.002)


def test_tdd_and_layers_scale_the_peak() -> None:
    half = Carrier(100, 30, 2, 0.5)
    assert peak_rate_bps(half) == pytest.approx(peak_rate_bps(WIDE) / 4)


def test_the_best_radio_comes_to_nine_tenths_of_the_peak() -> None:
    """One transmission in ten is sent again at BLER 0.1."""
    assert rates(50, WIDE)[0] * WIDE.blocks == pytest.approx(peak_rate_bps(WIDE) * 0.9, rel=1e-5)


@pytest.mark.parametrize("table", PUBLISHED, ids=lambda table: table.name)
def test_the_efficiencies_of_a_table_are_as_published(table: CqiTable) -> None:
    column = [float(word) for word in PUBLISHED[table].split()]
    assert table.efficiencies[0] == 0
    assert table.efficiencies[1:] == pytest.approx(column, abs=5e-5)


def test_the_thresholds_are_within_a_decibel_of_published_link_level_results() -> None:
    assert np.abs(TABLE_64QAM.thresholds_db - LINK_LEVEL_DB).max() < 1


@pytest.mark.parametrize("table", [TABLE_64QAM, TABLE_256QAM, TABLE_1E5], ids=lambda t: t.name)
def test_a_cqi_begins_exactly_at_its_threshold(table: CqiTable) -> None:
    thresholds = table.thresholds_db
    assert (np.diff(thresholds) > 0).all()
    assert table.cqi(thresholds).tolist() == list(range(1, 16))
    assert table.cqi(thresholds - 1e-9).tolist() == list(range(15))


def test_four_nines_more_cost_five_decibels() -> None:
    """A diversity order of 8 turns four decades of outage into 40/8 dB."""
    same = {round(e, 4): t for e, t in zip(TABLE_256QAM.efficiencies[1:],
            TABLE_256QAM.thresholds_db, strict=True)}  # fmt: skip
    gaps = [t - same[round(e, 4)] for e, t in zip(TABLE_1E5.efficiencies[1:],
            TABLE_1E5.thresholds_db, strict=True) if round(e, 4) in same]  # fmt: skip
    assert len(gaps) == 10
    assert gaps == pytest.approx([5.0] * 10)


@given(sinrs)
def test_reliability_is_never_cheaper(sinr_db: float) -> None:
    ordinary, high = rates(sinr_db)
    assert high <= ordinary


@given(st.floats(-2, 50))
def test_reliability_has_a_price_in_blocks(sinr_db: float) -> None:
    ordinary, high = (blocks_for(50_000_000, rate) for rate in rates(sinr_db))
    assert ordinary is not None
    assert high is not None
    assert high > ordinary


@given(sinrs, st.floats(0, 10))
def test_better_radio_never_carries_less(sinr_db: float, more_db: float) -> None:
    worse, better = rates(sinr_db), rates(sinr_db + more_db)
    assert worse[0] <= better[0]
    assert worse[1] <= better[1]


def test_beyond_reach_a_block_carries_nothing() -> None:
    assert rates(float(TABLE_256QAM.thresholds_db[0]) - 0.01) == (0, 0)


@given(st.integers(0, 10**10), st.integers(1, 10**7))
def test_a_guarantee_takes_the_fewest_blocks_that_carry_it(rate: int, block: int) -> None:
    blocks = blocks_for(rate, block)
    assert blocks is not None
    assert blocks * block >= rate
    assert (blocks - 1) * block < rate


def test_a_guarantee_is_impossible_where_a_block_carries_nothing() -> None:
    assert blocks_for(1, 0) is None
    assert blocks_for(0, 0) == 0


@pytest.mark.parametrize(
    ("per", "kind"), [("1E-2", ORDINARY), ("2E-5", ORDINARY), ("1E-5", HIGH), ("1E-6", HIGH)]
)
def test_five_nines_and_better_go_by_the_table_for_them(per: str, kind: Reliability) -> None:
    assert Reliability.of(PacketErrorRate.parse(per)) is kind
    assert Reliability.of(PacketErrorRate.parse(per), guaranteed=False) is ORDINARY


def test_the_radio_delay_is_a_few_slots_and_shorter_without_retransmissions() -> None:
    assert radio_delay_ms(SMALL, ORDINARY) == pytest.approx(0.5 * 3.8 / 0.75)
    assert radio_delay_ms(SMALL, HIGH) == pytest.approx(0.5 * 3 / 0.75, rel=1e-3)


def test_many_ues_are_one_calculation() -> None:
    sinr_db = np.linspace(-20, 40, 1000)
    at_once = block_rates_bps(sinr_db, np.full(1000, elements_a_second(SMALL)))
    assert at_once.shape == (2, 1000)
    each = [block_rates_of_one_bps(s, elements_a_second(SMALL)) for s in sinr_db.tolist()]
    assert [tuple(column) for column in at_once.T.tolist()] == each
