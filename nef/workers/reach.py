"""How the processes of one service reach each other: made by whoever forks them."""

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from nef.live import Seams
from nef.notifications.websocket import WebsocketHub
from nef.ports.metering import Metering
from nef.ports.network import Network
from nef.ports.simulation import SimulationStatus
from nef.processes.answering import Answering
from nef.processes.bulletin import Bulletin, PublishedClock, PublishedFaults
from nef.processes.metrics import TARGET, MetricsOfAll
from nef.processes.remote import Caller, Remote
from nef.processes.succession import succeed
from nef.processes.websockets import RemoteHolders
from nef.services.analytics import Analyst
from nef.services.faults import FaultService
from nef.services.monitoring_events import Lookout
from nef.services.plans import Planner
from nef.services.simulation import SimulationService
from nef.telemetry.metrics import Metrics
from nef.telemetry.pulse import Pulse
from nef.workers.folder import own_folder

#: How long a request waits for a network that is about to be there.
PATIENCE_S = 3.0
#: How long the network may take to answer, and what drives it: a step may be a long one.
_ANSWER_S, _DRIVEN_S = 10.0, 600.0
#: And to say that it ticks.
_PULSE_S = 1.0


@dataclass(frozen=True)
class Reach:
    """A folder that only this user can enter, a secret, a page that all see, and the time.

    `now_s` is real time, the same in all processes; a request waits for `patience_s` for a network
    that is about to be there.
    """

    folder: Path
    now_s: Callable[[], float]
    patience_s: float
    bulletin: Bulletin = field(default_factory=Bulletin)
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)

    @classmethod
    @contextmanager
    def made(cls, now_s: Callable[[], float], patience_s: float = PATIENCE_S) -> Iterator["Reach"]:
        """It is gone at the end of the block."""
        with own_folder() as folder:
            for kind in ("websockets", "metrics"):
                (folder / kind).mkdir()
            yield cls(folder, now_s, patience_s)

    def succeed(self) -> None:
        """Have the network from now on, until this process ends; who had it before is no more."""
        succeed(self.folder / "network.lock")

    def seen_s(self) -> float:
        """The time of the simulation as all see it."""
        return PublishedClock(self.bulletin, self.now_s).now_s()

    def answer_for_network(self, seams: Seams, pulse: Pulse) -> None:
        """From now on this process has the network, and answers all others."""
        targets = {
            "network": seams.network,
            "metering": seams.metering,
            "analyst": seams.analyst,
            "lookout": seams.lookout,
            "planner": seams.planner,
            "faults": seams.faults,
            "simulation": seams.simulation,
            "pulse": pulse,
        }
        Answering(self._network, self.secret, targets)

    def status(self) -> SimulationStatus:
        """Where the simulation stands; raises NotReady at once where there is no network yet."""
        status: SimulationStatus = self._asked_once("simulation", "status", _ANSWER_S)
        return status

    def missing_ticker(self) -> str | None:
        """What is wrong with the ticker; raises NotReady at once where nobody has the network."""
        missing: str | None = self._asked_once("pulse", "missing", _PULSE_S)
        return missing

    def seams(self) -> Seams:
        """The network, in whichever process it is."""
        asking, driving = self._caller(_ANSWER_S), self._caller(_DRIVEN_S, repeats=False)
        simulation = cast("SimulationService", Remote(driving, "simulation"))
        return Seams(
            clock=PublishedClock(self.bulletin, self.now_s),
            network=cast("Network", Remote(asking, "network")),
            metering=cast("Metering", Remote(asking, "metering")),
            analyst=cast("Analyst", Remote(asking, "analyst")),
            lookout=cast("Lookout", Remote(asking, "lookout")),
            planner=cast("Planner", Remote(asking, "planner")),
            faults=cast("FaultService", PublishedFaults(driving, "faults", self.bulletin)),
            simulation=simulation,
            profiles=lambda: simulation.of_scenario() if self.bulletin.read().profiles else (),
        )

    def answer_for_websockets(self, hub: WebsocketHub) -> None:
        """From now on the others may write to the websockets that are open in this process."""
        Answering(self._holders / str(os.getpid()), self.secret, {"websockets": hub})

    def other_websockets(self) -> RemoteHolders:
        """The websockets that are open in the other processes."""
        return RemoteHolders(self._holders, self.secret, str(os.getpid()))

    def answer_for_metrics(self, name: str, metrics: Metrics) -> None:
        """From now on whoever reads the metrics of all has those of this process, by its name."""
        Answering(self._metrics / name, self.secret, {TARGET: metrics})

    def metrics_of_all(self) -> MetricsOfAll:
        """The metrics of all processes."""
        return MetricsOfAll(self._metrics, self.secret)

    def forget(self, pid: int) -> None:
        """A process is gone, and its websockets with it."""
        (self._holders / str(pid)).unlink(missing_ok=True)

    def _asked_once(self, target: str, name: str, answer_s: float) -> Any:
        caller = Caller(self._network, self.secret, patience_s=0.0, answer_s=answer_s)
        try:
            return caller.call(target, name)
        finally:
            caller.close()

    @property
    def _metrics(self) -> Path:
        return self.folder / "metrics"

    @property
    def _holders(self) -> Path:
        return self.folder / "websockets"

    def _caller(self, answer_s: float, *, repeats: bool = True) -> Caller:
        return Caller(
            self._network,
            self.secret,
            patience_s=self.patience_s,
            answer_s=answer_s,
            repeats=repeats,
        )

    @property
    def _network(self) -> Path:
        return self.folder / "network"
