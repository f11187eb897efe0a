"""Plans: what may be asked for, and how candidates come, are chosen and go."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders.plans import asking
from nef.domain.errors import InvalidRequest
from nef.domain.plans import (
    MOST_WINDOWS,
    Candidate,
    Plan,
    Window,
    check_request,
    check_warnings,
    merged,
)


def fault(call: Any, *args: Any) -> tuple[str, str]:
    with pytest.raises(InvalidRequest) as refused:
        call(*args)
    [param] = refused.value.params
    return param.pointer, param.reason


def plan(*windows: tuple[float, float], **changes: Any) -> Plan:
    """A plan with these candidates, as they were offered at 0."""
    made = Plan(asking(0.0, (0, 100), **changes), ())
    return made.offering([Window(*one) for one in windows], 0, 0.0)


def offered(one: Plan) -> list[tuple[int, float, float]]:
    return [(c.id, c.window.from_s, c.window.until_s) for c in one.candidates]


# --- windows ---


def test_what_is_left_of_a_window() -> None:
    assert Window(10, 20).after(5) == Window(10, 20)
    assert Window(10, 20).after(15) == Window(15, 20)
    assert Window(10, 20).length_s == 10


@pytest.mark.parametrize(
    ("given_s", "written_s"),
    [
        ((1.0, 2.0), (1.0, 2.0)),
        ((1.0001, 2.0009), (1.001, 2.0)),
        ((1.8e9 + 0.25, 1.8e9 + 7.125), (1.8e9 + 0.25, 1.8e9 + 7.125)),
        # The float of an epoch is a hair beside the millisecond that is meant.
        ((1.8e9 + 30.1, 1.8e9 + 30.7), (1.8e9 + 30.1, 1.8e9 + 30.7)),
    ],
)
def test_a_window_in_whole_milliseconds_lies_inside(
    given_s: tuple[float, float], written_s: tuple[float, float]
) -> None:
    assert Window(*given_s).in_whole_ms() == Window(*written_s)


@given(st.floats(1.6e9, 2e9), st.floats(0.01, 1e6))
def test_nothing_but_the_noise_of_a_float_is_added_by_whole_milliseconds(
    from_s: float, length_s: float
) -> None:
    window = Window(from_s, from_s + length_s)
    found = window.in_whole_ms()
    assert window.from_s - 1e-5 <= found.from_s < window.from_s + 1.1e-3
    assert window.until_s - 1.1e-3 < found.until_s <= window.until_s + 1e-5
    assert found.in_whole_ms() == found


def test_windows_that_overlap_or_touch_become_one_and_what_is_over_is_gone() -> None:
    windows = [Window(*w) for w in ((50, 60), (5, 10), (8, 20), (20, 30), (0, 4), (52, 55))]
    assert merged(windows, 0) == [Window(0, 4), Window(5, 30), Window(50, 60)]
    assert merged(windows, 7) == [Window(7, 30), Window(50, 60)]
    assert merged(windows, 60) == []


spells = st.lists(st.tuples(st.integers(0, 50), st.integers(1, 20)), max_size=6)


@given(spells, st.integers(0, 60))
def test_merged_windows_hold_the_same_moments(spans: list[tuple[int, int]], now_s: int) -> None:
    windows = [Window(a, a + length) for a, length in spans]
    found = merged(windows, now_s)
    for second in range(80):
        within = any(w.from_s <= second < w.until_s for w in windows) and second >= now_s
        assert any(w.from_s <= second < w.until_s for w in found) == within
    assert all(a.until_s < b.from_s for a, b in pairwise(found))


# --- what may be asked for ---


def test_a_plan_has_so_many_desired_times_and_no_more() -> None:
    check_request(asking(0.0, *[(n, n + 1) for n in range(MOST_WINDOWS)]), 0.0)
    many = asking(0.0, *[(n, n + 1) for n in range(MOST_WINDOWS + 1)])
    assert fault(check_request, many, 0.0)[0] == "/desTimeInts"


@pytest.mark.parametrize("window", [(5, 5), (5, 4)])
def test_a_time_ends_after_it_begins(window: tuple[float, float]) -> None:
    request = asking(0.0, (1, 2), window)
    assert fault(check_request, request, 0.0)[0] == "/desTimeInts/1/stopTime"


def test_one_of_the_times_must_be_to_come() -> None:
    check_request(asking(0.0, (1, 2), (3, 9)), 8.9)
    assert fault(check_request, asking(0.0, (3, 9), (1, 2)), 9.0)[0] == "/desTimeInts"


def test_a_plan_ends_with_the_last_of_its_times_in_whatever_order() -> None:
    assert asking(0.0, (3, 9), (1, 2)).ends_s == 9


def test_who_wants_to_be_warned_says_where() -> None:
    check_warnings(asking(warnNotifEnabled=False))
    check_warnings(asking(warnNotifEnabled=True, notificationDestination="http://af.example/x"))
    with pytest.raises(InvalidRequest) as refused:
        check_warnings(asking(warnNotifEnabled=True))
    [param] = refused.value.params
    assert (param.pointer, param.missing) == ("/notificationDestination", True)


# --- candidates ---


def test_candidates_are_numbered_in_their_order() -> None:
    assert offered(plan((20, 60), (70, 100))) == [(1, 20, 60), (2, 70, 100)]


def test_a_candidate_that_was_there_before_keeps_its_id_and_a_new_one_gets_a_new_one() -> None:
    before = plan((20, 60), (70, 100))
    after = before.offering([Window(80, 90), Window(70, 100)], 0, 0.0)
    assert offered(after) == [(3, 80, 90), (2, 70, 100)]
    again = after.offering([Window(20, 60)], 0, 0.0)
    assert offered(again) == [(4, 20, 60)], "an id is not given twice"


def test_what_has_begun_is_the_same_candidate_as_before() -> None:
    after = plan((20, 60)).offering([Window(30, 60)], 0, 30.0)
    assert offered(after) == [(1, 20, 60)]


def test_the_same_window_for_another_qos_is_another_candidate() -> None:
    after = plan((20, 60)).offering([Window(20, 60)], 1, 0.0)
    assert (offered(after), after.rung) == ([(2, 20, 60)], 1)


def test_a_choice_lasts_as_long_as_it_is_offered() -> None:
    chosen = plan((20, 60), (70, 100)).choosing(2, 0.0)
    assert chosen.chosen == Candidate(2, Window(70, 100))
    assert chosen.offering([Window(70, 100)], 0, 0.0).selected == 2
    assert chosen.offering([Window(70, 99)], 0, 0.0).selected is None


def test_what_is_relied_on_is_the_choice_or_all_there_is_to_choose_of() -> None:
    before = plan((20, 60), (70, 100))
    assert [one.id for one in before.relied_on] == [1, 2]
    assert [one.id for one in before.choosing(2, 0.0).relied_on] == [2]


def test_no_other_can_be_chosen() -> None:
    pointer, reason = fault(plan((20, 60), (70, 100)).choosing, 3, 0.0)
    assert pointer == "/selectedPolicy"
    assert reason.endswith("1, 2")
    assert fault(plan().choosing, 1, 0.0)[1].endswith("none")


# --- time goes on ---


def test_a_candidate_that_is_over_is_gone() -> None:
    before = plan((20, 60), (70, 100))
    assert [one.id for one in before.at(59.9).candidates] == [1, 2]
    assert [one.id for one in before.at(60.0).candidates] == [2]


def test_a_plan_ends_with_what_was_chosen_or_else_with_the_last_time() -> None:
    before = plan((20, 60))
    assert (before.ends_s, before.choosing(1, 0.0).ends_s) == (100, 60)


def test_the_transfer_begins_with_the_chosen_window_or_with_the_choice() -> None:
    before = plan((20, 60), (70, 100))
    assert before.at(99.0).begun_s is None, "nothing was chosen"
    early, late = before.choosing(1, 5.0), before.choosing(1, 31.0)
    assert (early.begun_s, early.at(19.9).begun_s, early.at(25.0).begun_s) == (None, None, 20)
    assert (late.begun_s, late.at(40.0).begun_s) == (31.0, 31.0)


def test_what_has_begun_has_begun_whatever_is_chosen_later() -> None:
    begun = plan((20, 60), (70, 100)).choosing(1, 5.0).at(25.0)
    assert begun.choosing(2, 30.0).at(80.0).begun_s == 20
