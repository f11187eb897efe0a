"""The pulse of a ticker, by a clock in the test's hands."""

from typing import Any

import pytest

from fakes.clock import FakeClock
from nef.telemetry.pulse import Pulse


class Rig:
    """A tick that takes as long as it is told, or fails."""

    def __init__(self, period_s: float = 0.5, **more: Any) -> None:
        self.clock = FakeClock()
        self.takes_s = 0.25
        self.fails = False
        self.pulse = Pulse(self._tick, period_s, now_s=self.clock.now_s, **more)

    def _tick(self) -> None:
        self.clock.advance(self.takes_s)
        if self.fails:
            raise RuntimeError("a bad moment")


def test_a_ticker_that_has_not_ticked_is_missing_until_it_has() -> None:
    rig = Rig()
    assert rig.pulse.missing() == "no tick was finished yet"
    rig.pulse()
    assert rig.pulse.missing() is None


def test_a_ticker_that_fails_or_hangs_is_missing_after_some_seconds() -> None:
    rig = Rig()
    rig.pulse()
    rig.fails, rig.takes_s = True, 10.0
    with pytest.raises(RuntimeError):
        rig.pulse()
    assert rig.pulse.missing() is None
    rig.clock.advance(0.25)
    assert rig.pulse.missing() == "no tick was finished for 10 s"


def test_a_slow_period_is_waited_for() -> None:
    rig = Rig(period_s=60.0)
    rig.pulse()
    rig.clock.advance(120.0)
    assert rig.pulse.missing() is None


def test_it_lags_by_what_the_last_tick_was_late_or_the_next_one_is() -> None:
    rig = Rig()
    assert rig.pulse.lag_s() == 0.0
    rig.pulse()
    rig.clock.advance(0.25)
    rig.pulse()
    assert rig.pulse.lag_s() == 0.0
    rig.clock.advance(1.25)
    assert rig.pulse.lag_s() == 1.0
    rig.pulse()
    assert rig.pulse.lag_s() == 1.0


def test_somebody_is_told_how_long_each_tick_took_that_was_finished() -> None:
    took: list[float] = []
    rig = Rig(timed=took.append)
    rig.pulse()
    rig.fails = True
    with pytest.raises(RuntimeError):
        rig.pulse()
    assert took == [0.25]
