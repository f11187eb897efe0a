"""A simulated network with faults around it, on a store that outlives it."""

from typing import Any

from builders.simulations import Simulated
from fakes.storage import MemoryStorage
from nef.domain.faults import Fault, FaultName
from nef.network.simulator.faults import FaultyNetwork
from nef.services.faults import FaultService


class Faulty:
    """The network inside, its faults, and the network with them."""

    def __init__(
        self, scenario: str | dict[str, Any] = "steady", storage: MemoryStorage | None = None
    ) -> None:
        self.storage = storage or MemoryStorage()
        self.inside = Simulated(scenario)
        inside = self.inside
        self.faults = FaultService(
            self.storage,
            inside.planned_faults,
            lambda: inside.time_s(inside.now_s),
            lambda: None,
            inside.has_ue,
        )
        self.network = FaultyNetwork(inside, self.faults)

    @property
    def now_s(self) -> float:
        return self.inside.now_s

    def begin(self) -> None:
        """The scenario's own faults begin."""
        with self.storage.transaction() as work:
            self.faults.begin(work)

    def set(self, name: FaultName, **attributes: Any) -> None:
        """Set a fault."""
        self.faults.set(Fault.of(name, **attributes))
