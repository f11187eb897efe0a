"""What a fault makes of the QoS flows of a session, over time."""

from nef.domain.breakdowns import Breakdown, breakdown_of
from nef.domain.faults import Fault, FaultName, Strike
from nef.domain.qos import NoBearer


def broken(name: FaultName, *, luck: float = 0.0, at_once: bool = False) -> Breakdown:
    """A session of the components 1 and 2, struck at 100 s."""
    return breakdown_of(Strike(Fault.of(name), luck), "s", (1, 2), 100.0, at_once=at_once)


def test_an_allocation_is_awaited_and_then_has_failed_for_good() -> None:
    breakdown = broken(FaultName.ALLOCATION_FAILED)
    assert breakdown.absent(100.0) == {1: NoBearer.AWAITED, 2: NoBearer.AWAITED}
    assert breakdown.absent(101.0) == breakdown.absent(9e9) == {1: None, 2: None}
    assert not breakdown.is_over(9e9)


def test_a_bearer_is_lost_after_a_while_and_comes_back() -> None:
    breakdown = broken(FaultName.BEARER_LOST)
    assert breakdown.absent(100.9) == {}
    assert breakdown.absent(101.0) == {1: NoBearer.LOST, 2: NoBearer.LOST}
    assert not breakdown.is_over(102.9)
    assert breakdown.absent(103.0) == {}
    assert breakdown.is_over(103.0)


def test_what_is_demanded_happens_at_once() -> None:
    assert broken(FaultName.BEARER_LOST, at_once=True).absent(100.0) != {}
    assert broken(FaultName.BEARER_RELEASED, at_once=True).absent(100.0) != {}


def test_one_flow_is_released_for_good_by_luck() -> None:
    assert broken(FaultName.BEARER_RELEASED).absent(9e9) == {1: NoBearer.RELEASED}
    assert broken(FaultName.BEARER_RELEASED, luck=0.99).absent(9e9) == {2: NoBearer.RELEASED}
