"""What all processes of a service see without asking."""

from typing import Any, cast

import pytest

from builders.forks import beside
from fakes.clock import FakeClock
from nef.domain.errors import NotReady
from nef.domain.faults import FaultName, Victim
from nef.network.simulator.clock import SimulationClock
from nef.processes.bulletin import _HEADER, Bulletin, Published, PublishedClock, PublishedFaults
from nef.processes.remote import Caller

VICTIM = Victim("af-1")


class Asked:
    """A caller that says what it is asked."""

    def call(self, *what: Any) -> Any:
        return what


def faults(bulletin: Bulletin) -> PublishedFaults:
    return PublishedFaults(cast("Caller", Asked()), "faults", bulletin)


def test_before_anything_is_published_nobody_is_ready() -> None:
    bulletin = Bulletin()
    assert bulletin.is_blank()
    with pytest.raises(NotReady):
        PublishedClock(bulletin, FakeClock().now_s).now_s()
    assert not faults(bulletin).may_strike(FaultName.RESPONSE_SLOW, VICTIM)


def test_another_process_publishes_for_this_one() -> None:
    bulletin, wall = Bulletin(), FakeClock()

    def publish() -> None:
        clock = SimulationClock(wall.now_s)
        clock.switch("manual")
        clock.advance(7)
        bulletin.publish(Published(clock.saved(), faults=True))

    with beside(publish):
        assert PublishedClock(bulletin, wall.now_s).now_s() == wall.now_s() + 7
        assert faults(bulletin).may_strike(FaultName.RESPONSE_SLOW, VICTIM)


@pytest.mark.parametrize("mode", ["real", "manual", "x10"])
def test_the_published_clock_shows_what_the_clock_of_the_network_shows(mode: str) -> None:
    bulletin, wall = Bulletin(), FakeClock()
    clock, published = SimulationClock(wall.now_s), PublishedClock(bulletin, wall.now_s)
    for seconds in (1, 2):
        clock.switch(mode)
        wall.advance(seconds)
        if mode == "manual":
            clock.advance(seconds)
        clock.catch_up(seconds)
        bulletin.publish(Published(clock.saved(), faults=False))
        assert published.now_s() == clock.now_s()
        wall.advance(3)
        assert published.now_s() == clock.now_s()


def test_where_no_fault_is_set_nobody_is_asked() -> None:
    bulletin = Bulletin()
    bulletin.publish(Published({}, faults=False))
    assert faults(bulletin).strike(FaultName.NOTIFICATION_LOST, VICTIM, 3) is None
    bulletin.publish(Published({}, faults=True))
    asked: Any = faults(bulletin).strike(FaultName.NOTIFICATION_LOST, VICTIM, 3)
    assert asked == ("faults", "strike", FaultName.NOTIFICATION_LOST, VICTIM, 3)


def test_a_page_that_was_left_half_written_breaks_no_request() -> None:
    """Who has the network was killed while it published; the next one publishes anew."""
    bulletin = Bulletin()
    bulletin.publish(Published({}, faults=True))
    torn = bulletin._page
    torn[_HEADER.size] ^= 0xFF
    with pytest.raises(NotReady):
        bulletin.read()
    assert not faults(bulletin).may_strike(FaultName.RESPONSE_SLOW, VICTIM)
    bulletin.publish(Published({}, faults=True))
    assert faults(bulletin).may_strike(FaultName.RESPONSE_SLOW, VICTIM)
