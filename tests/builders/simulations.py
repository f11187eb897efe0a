"""A simulated network in manual time, and a scenario of one's own."""

from typing import Any

from fakes.clock import FakeClock
from nef.domain.courses import UeMoment
from nef.domain.units import PacketErrorRate
from nef.network.simulator.clock import SimulationClock
from nef.network.simulator.information import SimulatedInformation
from nef.network.simulator.network import SimulatedNetwork
from nef.ports.information import FlowClass


class Simulated(SimulatedNetwork):
    """A simulated network with the clock in its pocket."""

    def __init__(self, scenario: str | dict[str, Any] = "steady") -> None:
        self.wall = FakeClock()
        self.clock = SimulationClock(self.wall.now_s)
        super().__init__(self.clock)
        self.information = SimulatedInformation(self.stage)
        self.load(scenario, None, "manual", self.now_s)

    @property
    def now_s(self) -> float:
        return self.clock.now_s()

    def seen_by(self, ue_id: str, per: str = "1E-3", priority: int = 30) -> UeMoment:
        """How a UE stands, and what a new flow of it could get."""
        flow = FlowClass(PacketErrorRate.parse(per), priority)
        course = self.information.ue_course(ue_id, flow, self.now_s, self.now_s, self.now_s)
        assert course is not None
        return course.moments[-1]


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


def street() -> dict[str, Any]:
    """Of everything that a scenario can do something, and two things at once here and there."""
    radios: list[dict[str, Any]] = [
        {"path": [[1, 30, 0], [31.3, 700, 100]]},
        {"trace": [[0, 20], [3.017, 4], [7, -30], [7.25, 12], [20, 20]]},
        {"trace": [[t, (20, 5, 11)[t % 3]] for t in range(40)]},
        {"sinr_db": 15},
    ]
    ues: list[dict[str, Any]] = [
        {
            "id": f"ue-{n}",
            "gpsi": f"msisdn-3000{n}",
            "supi": f"imsi-3000{n}",
            "cell": f"cell-{n % 2}",
            "radio": radio,
        }
        for n, radio in enumerate(radios)
    ]
    ues[3]["background"] = [{"rate": "40 Mbps", "priority": 5, "from_s": 9, "until_s": 17.5}]
    cells: list[dict[str, Any]] = [
        {"id": f"cell-{n}", "bandwidth_mhz": 20, "site": {"environment": "umi"}} for n in range(2)
    ]
    cells[0]["outages"] = [{"from_s": 25, "until_s": 26.5}]
    return {"name": "street", "cells": cells, "ues": ues}
