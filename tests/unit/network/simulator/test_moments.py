"""The moments of a scenario, in order, and what they touch."""

from itertools import pairwise
from math import inf
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from builders.simulations import one_cell
from nef.network.simulator.cqi import TABLES
from nef.network.simulator.moments import Moments
from nef.network.simulator.run import scenario_of

WALK = {"path": [[2, 20, 0], [12.05, 900, 0]]}
SITE = {"site": {"environment": "umi"}}


def timeline(document: dict[str, Any], from_s: float = 0.0) -> Moments:
    scenario = scenario_of(document)
    return Moments(scenario.ues, scenario.cells, from_s)


def story(line: Moments, until_s: float = 1e6) -> list[tuple[float, set[int]]]:
    told = []
    while line.next_s <= until_s:
        time_s = line.next_s
        told.append((time_s, line.advance(time_s)))
    return told


def test_steps_of_traces_and_edges_of_spans_come_in_order_with_what_they_touch() -> None:
    traces = ({"trace": [[0, 20], [5, 8], [9, 2]]}, {"trace": [[1, 20], [5, 8]]})
    own = {"background": [{"rate": "1 Mbps", "from_s": 3, "until_s": 9}, {"rate": "1 Mbps"}]}
    document = one_cell(*traces, ue=own, outages=[{"from_s": 4, "until_s": 5}])
    first, second, cell = 0, 1, 2
    assert story(timeline(document)) == [
        (1, {second}),
        (3, {first}),
        (4, {cell}),
        (5, {first, second, cell}),
        (9, {first}),
    ]
    assert story(timeline(document, 5.0)) == [(9, {first})]


def test_what_follows_the_hour_is_touched_at_the_same_hours_of_every_day() -> None:
    hours = {"background": [{"rate": "8 Mbps", "by_hour": [[6, 1], [20, 0.5]]}]}
    document = one_cell({"sinr_db": 20}, ue=hours)
    years_s, hour_s = 3650 * 86400, 3600
    assert story(timeline(document), 86400) == [(6 * hour_s, {0}), (20 * hour_s, {0})]
    late = story(timeline(document, years_s + 7 * hour_s), years_s + 86400)
    assert late == [(years_s + 20 * hour_s, {0})]


def test_a_leap_touches_all_that_lies_in_between() -> None:
    line = timeline(one_cell({"trace": [[0, 20], [5, 8]]}, {"trace": [[0, 20], [7, 8]]}))
    assert line.advance(8.0) == {0, 1}
    assert line.next_s == inf
    assert line.advance(9.0) == set()


def test_a_ue_that_moves_is_taken_anew_at_the_periods_at_which_its_cqi_changes() -> None:
    document = one_cell(WALK, **SITE)
    [ue] = scenario_of(document).ues
    moments = [time_s for time_s, _ in story(timeline(document))]

    def cqis(time_s: float) -> list[int]:
        return [int(table.cqi(ue.condition.sinr_db(time_s))) for table in TABLES.values()]  # type: ignore[arg-type]

    periods = [n / 10 for n in range(140)]
    changes = [b for a, b in pairwise(periods) if cqis(a) != cqis(b)]
    assert moments == changes
    assert len(moments) > 10


def test_between_two_periods_a_moving_ue_is_where_it_was() -> None:
    [ue] = scenario_of(one_cell(WALK, **SITE)).ues
    assert ue.condition.sinr_db(5.0) == ue.condition.sinr_db(5.099999)
    assert ue.condition.sinr_db(5.1) < ue.condition.sinr_db(5.0)


@given(st.floats(0, 15), st.floats(0, 15))
def test_who_begins_later_has_the_same_moments_ahead(early_s: float, late_s: float) -> None:
    early_s, late_s = sorted((round(early_s, 6), round(late_s, 6)))
    document = one_cell(WALK, {"trace": [[n, 20 - n] for n in range(10)]}, **SITE)
    before, after = timeline(document, early_s), timeline(document, late_s)
    before.advance(late_s)
    assert story(before) == story(after)
