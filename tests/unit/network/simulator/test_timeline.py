"""What a scenario does by itself."""

from math import isnan

import pytest

from builders.simulations import one_cell
from nef.network.simulator.timeline import timeline_of


def test_every_change_is_in_it_at_its_very_moment() -> None:
    radio = {"trace": [[0, 22], [7.123, 2]]}
    timeline = timeline_of(one_cell(radio, outages=[{"from_s": 31.4, "until_s": 41.5}]))
    rates = dict(zip(timeline.times_s, timeline.rates_bps["ue-1"], strict=True))
    loads = dict(zip(timeline.times_s, timeline.loads["cell-1"], strict=True))
    assert (rates[0.0], rates[7.123], rates[31.4]) == (123_876_807, 17_446_845, 0)
    assert [isnan(loads[t]) for t in (0.0, 31.4, 41.5)] == [False, True, False]
    assert {rates[t] for t in rates if t < 7.123} == {rates[0.0]}


def test_a_load_is_a_share_of_the_blocks_and_its_mean_is_over_time() -> None:
    flow = {"rate": "10 Mbps", "from_s": 15, "until_s": 45}  # 5 of 51 blocks (docs/radio-model.md)
    timeline = timeline_of(one_cell({"sinr_db": 22}, ue={"background": [flow]}))
    assert set(timeline.loads["cell-1"]) == {0.0, 5 / 51}
    assert timeline.mean(timeline.loads["cell-1"]) == pytest.approx(5 / 51 / 2)


def test_it_may_end_before_the_scenario_does_or_after() -> None:
    for until_s in (10, 100):
        timeline = timeline_of(one_cell(), until_s)
        assert 0.95 * until_s < timeline.times_s[-1] < until_s
