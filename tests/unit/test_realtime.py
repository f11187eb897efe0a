"""Real time begins with the wall clock, passes, and does not jump with it."""

import time

import pytest

from fakes.clock import FakeClock
from nef.realtime import real_time


@pytest.mark.parametrize("jump_s", [3600.0, -3600.0])
def test_who_sets_the_wall_clock_moves_nothing(jump_s: float) -> None:
    wall = FakeClock()
    now_s = real_time(wall.now_s)
    before_s = now_s()
    assert before_s == pytest.approx(wall.time_s, abs=10)
    wall.time_s += jump_s
    assert before_s <= now_s() < before_s + 60


def test_it_passes_as_time_does(monkeypatch: pytest.MonkeyPatch) -> None:
    passed = FakeClock(7.0)
    monkeypatch.setattr(time, "clock_gettime", lambda _: passed.now_s())
    now_s = real_time(FakeClock(1_800_000_000.0).now_s)
    assert now_s() == 1_800_000_000.0
    passed.advance(2.5)
    assert now_s() == 1_800_000_002.5
