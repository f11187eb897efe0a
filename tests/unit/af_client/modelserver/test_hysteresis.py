"""A network that comes and goes does not become a download each time."""

from collections.abc import Callable

import pytest

from af_client.modelserver.hysteresis import Hysteresis
from af_client.modelserver.policy import Policy
from af_client.modelserver.selection import Rung, select
from af_client.modelserver.steps import Decision
from builders.negotiations import (
    ENOUGH_BPS,
    LARGE,
    MEDIUM,
    SMALL,
    guaranteed,
    not_guaranteed,
    serving,
    variants_of,
)
from builders.oscillations import Course, square

BEST, MIDDLE, LEAST = select((SMALL, MEDIUM, LARGE), 10**9, 1.0).ladder
HIGH, LOW = ENOUGH_BPS["large"], ENOUGH_BPS["medium"]


def after(*carried: tuple[float, Rung | None], **policy: float) -> Hysteresis:
    hysteresis = Hysteresis(Policy(**policy))  # type: ignore[arg-type] # its floats only
    for now_s, rung in carried:
        hysteresis.follow(rung, now_s)
    return hysteresis


def test_what_is_less_is_right_at_once() -> None:
    hysteresis = after((0, BEST), (1, LEAST))
    assert hysteresis.limited(LEAST) == LEAST


def test_before_the_first_fall_what_is_better_is_right_at_once() -> None:
    assert after((0, LEAST), (1, BEST)).limited(BEST) == BEST


def test_after_a_fall_what_is_better_is_right_when_it_has_lasted() -> None:
    hysteresis = after((0, BEST), (10, LEAST), (11, BEST))
    assert (hysteresis.limited(BEST), hysteresis.wake_s) == (LEAST, 13.0)
    hysteresis.follow(BEST, 13.0)
    assert hysteresis.limited(BEST) == BEST


@pytest.mark.parametrize("gap", [LEAST, None])
def test_a_break_begins_the_wait_anew(gap: Rung | None) -> None:
    hysteresis = after((0, BEST), (10, LEAST), (11, BEST), (12, gap), (12.5, BEST), (14, BEST))
    assert hysteresis.limited(BEST) == LEAST
    assert hysteresis.wake_s == 14.5


def test_nothing_is_nothing_at_once_and_no_way_around_the_wait() -> None:
    hysteresis = after((0, BEST), (10, LEAST), (11, None), (11.5, BEST))
    assert hysteresis.limited(None) is None
    assert hysteresis.limited(BEST) == LEAST


def test_a_rise_that_does_not_last_doubles_the_next_wait_up_to_a_bound() -> None:
    hysteresis, now_s, waits_s = after((0, BEST)), 0.0, []
    for _ in range(7):
        hysteresis.follow(LEAST, now_s)
        hysteresis.follow(BEST, now_s)
        waits_s.append(hysteresis.dwell_s)
        now_s += hysteresis.dwell_s
        hysteresis.follow(BEST, now_s)
    assert waits_s == [2.0, 4.0, 8.0, 16.0, 32.0, 32.0, 32.0]


def test_steps_down_after_one_rise_are_one_fall() -> None:
    assert after((0, BEST), (1, MIDDLE), (2, LEAST)).dwell_s == 2.0


def test_a_rise_that_lasted_is_forgiven() -> None:
    flapped = [(0, BEST), (1, LEAST), (1, BEST), (3, BEST), (4, LEAST), (4, BEST), (8, BEST)]
    assert after(*flapped, (9, LEAST)).dwell_s == 8.0
    assert after(*flapped, (39, LEAST)).dwell_s == 2.0


# --- what comes of it ---


def test_a_guarantee_that_is_gone_is_followed_at_once_and_one_that_is_back_later() -> None:
    negotiation = serving("large")
    assert variants_of(negotiation.notified(not_guaranteed("medium"), 1.0)) == ["medium"]
    (told,) = negotiation.notified(guaranteed(), 1.5)
    assert variants_of([told]) == ["medium"]
    assert isinstance(told, Decision)
    assert "medium stays until that has lasted 2 s" in told.reason
    assert negotiation.wake_s <= 3.5
    assert variants_of(negotiation.due(3.4)) == []
    assert variants_of(negotiation.due(3.5)) == ["large"]


@pytest.mark.parametrize("half_period_s", [0.5, 1.0, 2.0])
def test_a_bandwidth_that_swings_faster_than_the_wait_costs_one_download_more(
    half_period_s: float,
) -> None:
    swinging = square(HIGH, LOW, half_period_s, half_period_s)
    assert Course(swinging).play(60).variants() == ["large", "medium"]


def test_without_a_wait_each_swing_is_a_download() -> None:
    assert len(Course(square(HIGH, LOW, 1, 1), dwell_s=0).play(60).downloads) == 60


def test_a_network_that_falls_whenever_it_is_trusted_costs_ten_downloads_and_then_four() -> None:
    course = Course(lambda _: 0)
    course.bandwidth_bps = spiteful(course)
    course.play(180)
    counts = [sum(start <= at_s < start + 60 for at_s, _ in course.downloads) for start in (0, 60)]
    assert counts[0] <= 10
    assert counts[1] <= 4
    assert len(course.downloads) <= 10 + 4 + 4


def spiteful(course: Course) -> Callable[[float], int]:
    """Carry the large model as long as it is not believed."""
    return lambda _: LOW if course.variants()[-1:] == ["large"] else HIGH


def test_a_network_that_recovers_for_good_has_its_best_model_soon() -> None:
    course = Course(lambda now_s: LOW if 10 <= now_s < 20 else HIGH).play(30)
    assert course.variants() == ["large", "medium", "large"]
    assert course.downloads[-1][0] == pytest.approx(22, abs=0.5)
