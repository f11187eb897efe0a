"""The simulated network: the ports `Network` and `Simulation`, for any number of threads."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from nef.domain.errors import NotFound
from nef.domain.faultplan import FaultPlan
from nef.domain.filters import AddressOrPrefix, IpAddress
from nef.domain.qos import QosProfile
from nef.domain.sessions import UeAddress
from nef.network.simulator.carrying import carried_flows
from nef.network.simulator.clock import SimulationClock, speed_of
from nef.network.simulator.ledger import Ledger
from nef.network.simulator.moments import Moments
from nef.network.simulator.run import MOST_STRIDES, Run, Source, uncollected
from nef.network.simulator.scenario import shipped_scenarios
from nef.network.simulator.stage import Stage
from nef.network.simulator.statuses import cell_statuses, simulation_status, ue_statuses
from nef.ports.network import Levels, NetworkChanges, Reservation
from nef.ports.simulation import CarriedFlow, CellStatus, SimulationStatus, UeStatus

#: What runs until another scenario is loaded.
FIRST_SCENARIO = "steady"
#: Of the UEs or cells that there are, so many are told to who asks for another.
_TOLD = 8


class SimulatedNetwork:
    """Implements the ports `Network` and `Simulation`; times are those of the clock."""

    def __init__(self, clock: SimulationClock) -> None:
        """Begin with the scenario `steady`."""
        self._clock = clock
        self.stage = Stage(Run.begun(FIRST_SCENARIO, None, clock.now_s()))
        self._lock = self.stage.lock
        self._carried: tuple[CarriedFlow, ...] = ()
        self._carried_revision = -1

    @property
    def _ledger(self) -> Ledger:
        return self.stage.ledger

    # --- the port Network ---

    def find_ue(self, ue: UeAddress) -> str:
        """The id of an attached UE; raises UeNotFound."""
        with self._lock:
            return self._ledger.run.attached_ue(ue).id

    def addresses(self, ue: UeAddress) -> Sequence[IpAddress]:
        """See the port."""
        with self._lock:
            return self._ledger.run.addresses(ue)

    def ues_at(self, places: Collection[AddressOrPrefix]) -> Collection[str]:
        """See the port."""
        with self._lock:
            return {ue.id for ue in self._ledger.run.ues_at(places)}

    def reserve(self, reservation: Reservation, now_s: float) -> Levels:
        """See the port."""
        with self._lock:
            self.stage.move(now_s)
            levels = self._ledger.reserve(reservation)
            self.stage.changed(self._ledger.cell_of(reservation.session_id))
            return levels

    def hold(self, reservation: Reservation, now_s: float) -> None:
        """See the port."""
        with self._lock:
            self.stage.move(now_s)
            self._ledger.hold(reservation)

    def release(self, session_id: str, now_s: float) -> None:
        """See the port."""
        with self._lock:
            self.stage.move(now_s)
            cell_id = self._ledger.cell_of(session_id)
            reservation = self._ledger.reservation(session_id)
            self._ledger.release(session_id)
            if reservation is not None and reservation.is_over(now_s):
                self.stage.history.record()  # every forecast knew it
            elif cell_id is not None:
                self.stage.changed(cell_id)

    def restore(self, reservations: Iterable[Reservation], now_s: float) -> None:
        """See the port."""
        with self._lock:
            self.stage.move(now_s)
            self._ledger.take_over(reservations)

    def tick(self, now_s: float) -> NetworkChanges:
        """See the port."""
        with self._lock:
            self.stage.move(now_s)
            return self._ledger.changes()

    def levels(self, session_id: str) -> Levels | None:
        """See the port."""
        with self._lock:
            return self._ledger.levels(session_id)

    # --- the port Simulation ---

    def scenarios(self) -> Sequence[str]:
        """See the port."""
        return shipped_scenarios()

    def load(self, scenario: Source, seed: int | None, mode: str | None, now_s: float) -> None:
        """See the port; without a mode the clock goes on as it is."""
        if mode is not None:
            speed_of(mode)
        with uncollected():
            run = Run.begun(scenario, seed, now_s)
        with uncollected(), self._lock:
            if mode is not None:
                self._clock.switch(mode)
                run.started_s = self._clock.now_s()
            self.stage.play(run, run.started_s)

    def reset(self, now_s: float) -> None:
        """See the port."""
        run = self._ledger.run
        again = Run.begun(run.source, run.seed, now_s)
        with self._lock:
            self.stage.play(again, now_s)

    def wait_s(self) -> float:
        """See the port."""
        with self._lock:
            self.stage.move(self._clock.now_s())
            return self._ledger.next_s - self._ledger.time_s

    def step(self, seconds: float) -> None:
        """See the port."""
        self._clock.advance(seconds)

    def is_stepped(self) -> bool:
        """See the port."""
        return self._clock.is_stepped

    def behind_s(self) -> float:
        """See the port."""
        return self._clock.behind_s()

    def catch_up(self, seconds: float) -> None:
        """See the port."""
        self._clock.catch_up(seconds)

    def quiet_s(self) -> float:
        """See the port."""
        with self._lock:
            next_s = self._ledger.run.started_s + self._ledger.next_s
        return self._clock.until_s(next_s)

    def force_sinr(self, ue_id: str, sinr_db: float | None, now_s: float) -> None:
        """See the port; raises NotFound."""

        def force(run: Run) -> None:
            check_known("UE", ue_id, run.ues)
            if sinr_db is None:
                run.sinr_db.pop(ue_id, None)
            else:
                run.sinr_db[ue_id] = sinr_db

        self._override(force, now_s, ue_id=ue_id)

    def attach(self, ue_id: str, attached: bool, now_s: float) -> None:
        """See the port; raises NotFound."""

        def attach(run: Run) -> None:
            check_known("UE", ue_id, run.ues)
            run.attached[ue_id] = attached
            if not attached:
                self._ledger.end_sessions_of(ue_id)

        self._override(attach, now_s, ue_id=ue_id)

    def set_outage(self, cell_id: str, outage: bool, now_s: float) -> None:
        """See the port; raises NotFound. Wins over the scenario until the next reset."""

        def set_outage(run: Run) -> None:
            check_known("cell", cell_id, run.cells)
            run.outages[cell_id] = outage

        self._override(set_outage, now_s, cell_id=cell_id)

    def time_s(self, now_s: float) -> float:
        """Seconds since the scenario began."""
        return self._ledger.run.time_s(now_s)

    def profiles(self) -> tuple[QosProfile, ...]:
        """The QoS profiles that the running scenario brings."""
        return self._ledger.run.scenario.profiles

    def has_ue(self, ue_id: str) -> bool:
        """Whether the scenario has a UE, attached or not."""
        return ue_id in self._ledger.run.ues

    def planned_faults(self) -> FaultPlan:
        """See the port."""
        run = self._ledger.run
        return FaultPlan.of(run.seed, run.scenario.faults)

    def status(self, now_s: float) -> SimulationStatus:
        """See the port."""
        with self._lock:
            self.stage.move(now_s)
            return simulation_status(self._ledger, self._clock.mode)

    def changes_s(self) -> Sequence[float]:
        """See the port."""
        scenario = self._ledger.run.scenario
        moments = Moments(scenario.ues, scenario.cells, 0.0)
        return moments.first_s(scenario.duration_s, MOST_STRIDES)

    def ues(self, now_s: float) -> Sequence[UeStatus]:
        """See the port."""
        with self._lock:
            self.stage.move(now_s)
            return ue_statuses(self._ledger, self._ledger.run.scenario.ues)

    def ue(self, ue_id: str, now_s: float) -> UeStatus:
        """See the port; raises NotFound."""
        with self._lock:
            self.stage.move(now_s)
            known = self._ledger.run.ues
            check_known("UE", ue_id, known)
            return ue_statuses(self._ledger, (known[ue_id],))[0]

    def cells(self, now_s: float) -> Sequence[CellStatus]:
        """See the port."""
        with self._lock:
            self.stage.move(now_s)
            return cell_statuses(self._ledger)

    def carried(self, now_s: float) -> tuple[int, Sequence[CarriedFlow]]:
        """See the port; the version counts from the start of the process."""
        with self._lock:
            self.stage.move(now_s)
            if self._carried_revision != self._ledger.revision:
                self._carried = carried_flows(self._ledger)
                self._carried_revision = self._ledger.revision
            return self._carried_revision, self._carried

    def saved(self) -> dict[str, Any]:
        """See the port."""
        with self._lock:
            return {"run": self._ledger.run.saved(), "clock": self._clock.saved()}

    def resume(
        self,
        state: dict[str, Any],
        lived_until_s: float | None = None,
        seen_s: float | None = None,
    ) -> None:
        """See the port; raises InvalidRequest where the scenario is no longer valid."""
        with uncollected():
            run = Run(**state["run"])
        with uncollected(), self._lock:
            self._clock.resume(state["clock"], max(lived_until_s or 0.0, seen_s or 0.0))
            if lived_until_s is not None and lived_until_s < self._clock.now_s():
                self._clock.hold(max(lived_until_s, run.started_s))
            self.stage.play(run, self._clock.now_s())

    def missed(self) -> Iterator[None]:
        """See the port."""
        try:
            for time_s in self.stage.moments_s(self._clock.now_s(), self._clock.present_s()):
                self._clock.hold(time_s)
                yield
        finally:
            self._clock.hold(None)

    def present_s(self) -> float:
        """See the port."""
        return self._clock.present_s()

    def revision(self) -> int:
        """See the port."""
        with self._lock:
            return self._ledger.revision

    # --- how; the lock is held ---

    def _override(self, change: Callable[[Run], None], now_s: float, **of_whom: str) -> None:
        with self._lock:
            self.stage.move(now_s)
            change(self._ledger.run)
            self._ledger.look_again(**of_whom)
            self.stage.changed()


def check_known(noun: str, name: str, known: Collection[str]) -> None:
    """Raise NotFound, with the first of those that there are."""
    if name not in known:
        there_are = ", ".join(islice(known, _TOLD)) + (" …" if len(known) > _TOLD else "")
        raise NotFound(f"the scenario has no {noun} {name}, but {there_are}")
