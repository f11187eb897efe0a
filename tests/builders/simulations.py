"""A simulated network in manual time, and a scenario of one's own."""

from typing import Any

from fakes.clock import FakeClock
from nef.domain.sessions import UeAddress
from nef.domain.units import PacketErrorRate
from nef.network.simulator.clock import SimulationClock
from nef.network.simulator.network import SimulatedNetwork
from nef.ports.network import Performance


class Simulated(SimulatedNetwork):
    """A simulated network with the clock in its pocket."""

    def __init__(self, scenario: str | dict[str, Any] = "steady") -> None:
        self.wall = FakeClock()
        self.clock = SimulationClock(self.wall.now_s)
        super().__init__(self.clock)
        self.load(scenario, None, "manual", self.now_s)

    @property
    def now_s(self) -> float:
        return self.clock.now_s()

    def seen_by(self, ue_id: str, per: str = "1E-3") -> Performance:
        """What a UE could get."""
        gpsi = next(ue.gpsi for ue in self.ues(self.now_s) if ue.ue_id == ue_id)
        return self.performance(UeAddress(gpsi=gpsi), PacketErrorRate.parse(per), self.now_s)


def one_cell(*radios: dict[str, Any], ue: Any = None, **cell: Any) -> dict[str, Any]:
    """A scenario of one 20 MHz cell with a UE for each radio; `ue` is said of the first."""
    ues = [
        {
            "id": f"ue-{n}",
            "gpsi": f"msisdn-1000{n}",
            "supi": f"imsi-1000{n}",
            "ipv4": f"10.45.0.{n + 1}",
            "cell": "cell-1",
            "radio": radio,
        }
        | (ue if ue and n == 1 else {})
        for n, radio in enumerate(radios or ({"sinr_db": 22},), 1)
    ]
    return {"name": "mine", "cells": [{"id": "cell-1", "bandwidth_mhz": 20} | cell], "ues": ues}
