"""A request that waits for the network has its time, however fast the simulation runs."""

from typing import Any

import pytest

from builders.service import Served, served
from fakes.clock import FakeClock
from nef.network.simulator.faults import FaultyNetwork


def runs_on(nef: Served, wall: FakeClock) -> None:
    """Five seconds, in which the ticker does its work."""
    for _ in range(50):
        wall.advance(0.1)
        nef.nef.services.simulation.go_on()


def is_stepped(nef: Served, _wall: FakeClock) -> None:
    """Two days, the first of which shows it to the ticker."""
    for _ in range(2):
        nef.nef.services.simulation.step(86_400)


@pytest.mark.parametrize(("mode", "meanwhile"), [("x1000", runs_on), ("manual", is_stepped)])
def test_a_request_that_is_slow_in_real_time_only_is_carried_out(
    monkeypatch: pytest.MonkeyPatch, mode: str, meanwhile: Any
) -> None:
    wall = FakeClock()
    reserve = FaultyNetwork.reserve

    def slow(network: FaultyNetwork, *asked: Any) -> Any:
        levels = reserve(network, *asked)
        meanwhile(nef, wall)
        return levels

    monkeypatch.setattr(FaultyNetwork, "reserve", slow)
    with served(now_s=wall.now_s, mode=mode) as nef:
        document = nef.create()
        flows = nef.control("GET", "/flows")["flows"]
    name = document["self"].rsplit("/", 1)[1]
    assert [flow["flowKey"].split("/")[0] for flow in flows] == [name]
