"""How often an AF may ask: second by second, whatever the wall clock says."""

import time

import pytest

from builders.waiting import until
from fakes.clock import FakeClock
from nef.api.errors import TooManyRequests
from nef.api.limits import Rates


def accepted(rates: Rates, af_id: str = "af-1") -> bool:
    try:
        rates.take(af_id)
    except TooManyRequests:
        return False
    return True


def test_each_second_each_af_has_as_many_again() -> None:
    clock = FakeClock(10.0)
    rates = Rates(2, clock.now_s)
    assert [accepted(rates) for _ in range(3)] == [True, True, False]
    assert accepted(rates, "af-2")
    clock.advance(0.9)
    assert not accepted(rates)
    clock.advance(0.1)
    assert [accepted(rates) for _ in range(3)] == [True, True, False]


def test_nobody_is_shut_out_by_a_wall_clock_that_is_set_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rates, wall_s = Rates(1), time.time
    assert accepted(rates)
    monkeypatch.setattr(time, "time", lambda: wall_s() - 3600)
    until(lambda: accepted(rates))
