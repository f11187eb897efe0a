"""The use cases of the control API: every change is saved, and takes effect at once."""

import logging
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from nef.domain.errors import Unfinished
from nef.domain.qos import Catalogue, QosProfile
from nef.domain.subscriptions import Due
from nef.ports.clock import Clock
from nef.ports.metering import FlowCount, FlowId, MeteredFlow, Recorder
from nef.ports.simulation import CarriedFlow, CellStatus, Simulation, SimulationStatus, UeStatus
from nef.ports.storage import Storage
from nef.services.faults import FaultService

_LOG = logging.getLogger(__name__)
#: The moment is noted this often where nothing changes, and whenever something may have.
NOTED_EVERY_S = 1.0
#: So far time goes at once past changes of the scenario that nobody waits for.
STRIDE_S = 60.0
#: In real time: what is left of a step then is for another one.
LONGEST_STEP_S = 60.0


@dataclass
class Diary:
    """Notes until when the simulation was lived through, for a restart to go on from there."""

    simulation: Simulation
    storage: Storage
    clock: Clock
    noted_s: float = float("-inf")
    revision: int = -1

    def note(self) -> None:
        """Everything up to now has been followed."""
        now_s, revision = self.clock.now_s(), self.simulation.revision()
        is_other = revision != self.revision or self.simulation.is_stepped()
        is_other = is_other and now_s > self.noted_s
        if not is_other and now_s < self.noted_s + NOTED_EVERY_S:
            return
        with self.storage.at_once() as work:
            work.simulations.note_moment(now_s)
        self.noted_s, self.revision = now_s, revision


class Tick(Protocol):
    """Moves sessions and subscriptions along after a change, one thread at a time."""

    def __call__(self, move: Callable[[], None] | None = None) -> None:
        """Let `move` move the clock before: it stands still while somebody else ticks."""
        ...


@dataclass(frozen=True)
class SimulationService:
    """Drives the simulated network, whose `faults` begin with each scenario.

    `is_behind` and `next_due` are those of the subscriptions; `of_scenario` gives the QoS profiles
    that the running scenario brings, `real_s` the time as it passes outside. Once it `is_leaving`
    no more time passes than up to the next moment.
    """

    simulation: Simulation
    recorder: Recorder
    storage: Storage
    clock: Clock
    catalogue: Catalogue
    faults: FaultService
    is_behind: Callable[[], bool]
    next_due: Callable[[], Due]
    tick: Tick
    of_scenario: Callable[[], Sequence[QosProfile]]
    real_s: Callable[[], float]
    is_leaving: Callable[[], bool] = lambda: False

    def resume(self, seen_s: float | None = None) -> bool:
        """Go on from the saved state, at the moment noted last; False where there is none.

        Until `seen_s` others have seen the time go on.
        """
        with self.storage.reading() as work:
            state, lived_until_s = work.simulations.load(), work.simulations.lived_until_s()
        if state is None:
            return False
        self.simulation.resume(state, lived_until_s, seen_s)
        self.faults.resume()
        return True

    def relive(self) -> None:
        """Live through what has happened since the moment noted last, and tell of it in order.

        The network is a function of time, so what nobody saw is played again.
        """
        for _ in self.simulation.missed():
            try:
                self.tick()
            except Exception:
                # What cannot be followed now is compared again by the next tick.
                _LOG.exception("a moment that was missed could not be followed")

    def present_s(self) -> float:
        """The time when nothing is missed any more."""
        return self.simulation.present_s()

    def load(
        self, scenario: str | dict[str, Any], seed: int | None = None, mode: str | None = None
    ) -> SimulationStatus:
        """Start a scenario; raises InvalidRequest where it is not valid."""
        return self._begun(lambda: self.simulation.load(scenario, seed, mode, self.clock.now_s()))

    def reset(self) -> SimulationStatus:
        """Start the running scenario again."""
        return self._begun(lambda: self.simulation.reset(self.clock.now_s()))

    def step(self, seconds: float) -> SimulationStatus:
        """Move a manual clock on; raises Conflict where the clock runs by itself.

        Others have their turn between its moments. Raises Unfinished where there are too many, or
        the service is about to end.
        """
        end_s = self.real_s() + LONGEST_STEP_S
        left_s = self._go(
            seconds, self.simulation.step, lambda: self.is_leaving() or self.real_s() > end_s
        )
        if left_s:
            limit = f"a step takes {LONGEST_STEP_S:g} s at most, and much happens in them"
            why = "the service ends" if self.is_leaving() else limit
            # In full, and not rounded as numbers of a step of months would be: it is stepped next.
            whole, done, left = (f"{one:.12g}" for one in (seconds, seconds - left_s, left_s))
            raise Unfinished(
                f"the time went on by {done} s of the {whole} s, since {why};"
                f" {left} s are left to step"
            )
        return self.status()

    def go_on(self) -> None:
        """Tick, for the thread that does it again and again; accelerated time catches up.

        It goes as a step does: so what happens is the same however fast time runs.
        """
        behind_s = self.simulation.behind_s()
        if behind_s:
            self._go(behind_s, self.simulation.catch_up, self.is_leaving)
        else:
            self.tick()

    def quiet_s(self) -> float:
        """How long it takes until the scenario changes something; infinite where nothing will."""
        return self.simulation.quiet_s()

    def force_sinr(self, ue_id: str, sinr_db: float | None) -> UeStatus:
        """Fix the radio condition of a UE, or give it back to the scenario."""
        self.simulation.force_sinr(ue_id, sinr_db, self.clock.now_s())
        self._moved()
        return self.ue(ue_id)

    def attach(self, ue_id: str, *, attached: bool) -> UeStatus:
        """Attach a UE, or detach it, which ends its sessions."""
        self.simulation.attach(ue_id, attached, self.clock.now_s())
        self._moved()
        return self.ue(ue_id)

    def set_outage(self, cell_id: str, *, outage: bool) -> CellStatus:
        """Take a cell out of service, or bring it back."""
        self.simulation.set_outage(cell_id, outage, self.clock.now_s())
        self._moved()
        return next(cell for cell in self.cells() if cell.cell_id == cell_id)

    def scenarios(self) -> Sequence[str]:
        """The names of the scenarios that ship."""
        return self.simulation.scenarios()

    def status(self) -> SimulationStatus:
        """Where the simulation stands."""
        return self.simulation.status(self.clock.now_s())

    def changes_s(self) -> Sequence[float]:
        """When the scenario changes something, in seconds from its start."""
        return self.simulation.changes_s()

    def ues(self) -> Sequence[UeStatus]:
        """Every UE."""
        return self.simulation.ues(self.clock.now_s())

    def ue(self, ue_id: str) -> UeStatus:
        """One UE; raises NotFound."""
        return self.simulation.ue(ue_id, self.clock.now_s())

    def cells(self) -> Sequence[CellStatus]:
        """Every cell."""
        return self.simulation.cells(self.clock.now_s())

    def carried(self) -> tuple[int, Sequence[CarriedFlow]]:
        """What the user plane must carry now, and the version of it."""
        return self.simulation.carried(self.clock.now_s())

    def record(self, run_id: str, counts: Mapping[FlowId, FlowCount]) -> int:
        """Take what a run of the user plane has counted; says how many of the flows are known."""
        return self.recorder.record(run_id, counts, self.clock.now_s())

    def measurements(self) -> Sequence[MeteredFlow]:
        """What was counted of each flow."""
        return self.recorder.flows(self.clock.now_s())

    def profiles(self) -> Sequence[QosProfile]:
        """The QoS profiles that are offered, those of the scenario among them."""
        return tuple(self.catalogue)

    def _go(
        self,
        seconds: float,
        move: Callable[[float], None],
        is_over: Callable[[], bool],
    ) -> float:
        """Let time pass, from one moment at which somebody has to look to the next.

        What was left when it was over, else 0.
        """
        if self.is_behind():
            # What requests have done has happened now, and not when time stops next.
            self.tick()
        left_s, stride_s = seconds, 0.0
        while left_s or not stride_s:
            # What happens on the way decides when to look next.
            stride_s = min(left_s, self._wait_s()) if math.isfinite(left_s) else left_s
            left_s -= stride_s
            self.tick(partial(move, stride_s))
            if is_over():
                break
        return left_s

    def _wait_s(self) -> float:
        """How long nobody has to look.

        Sessions follow the scenario by themselves, moment by moment, however far time goes. What
        waits for any change has to be looked at where there is one.
        """
        now_s, due = self.clock.now_s(), self.next_due()
        broken_s = self.faults.wait_s(now_s) or math.inf
        due_s = math.inf if due.at_s is None else due.at_s - now_s
        changes_s = self.simulation.wait_s()
        return min(broken_s, due_s, changes_s if due.on_change else max(changes_s, STRIDE_S))

    def _begun(self, begin: Callable[[], None]) -> SimulationStatus:
        def move() -> None:
            begin()
            with self.storage.transaction() as work:
                # What is saved last is what there is last.
                work.simulations.hold()
                work.simulations.save(self.simulation.saved())
                self.faults.begin(work)

        # In its turn: who ticks meanwhile would look at this scenario at a time before it began.
        self.tick(move)
        return self.status()

    def _moved(self) -> SimulationStatus:
        with self.storage.transaction() as work:
            # What is saved last is what there is last.
            work.simulations.hold()
            work.simulations.save(self.simulation.saved())
        self.tick()
        return self.status()
