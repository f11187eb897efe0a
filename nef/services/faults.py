"""The faults that are set: asked by the adapters, set by the control API, and kept in the store."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager

from nef.domain.breakdowns import Breakdown, breakdown_of
from nef.domain.errors import NotFound
from nef.domain.faultplan import FaultPlan, FaultState
from nef.domain.faults import Fault, FaultName, Strike, UnfitRule, Victim
from nef.ports.storage import Storage, UnitOfWork


class FaultService:
    """Implements the port `Faults`; every strike is written before it takes effect."""

    def __init__(
        self,
        storage: Storage,
        planned: Callable[[], FaultPlan],
        time_s: Callable[[], float],
        tick: Callable[[], None],
        knows: Callable[[str], bool],
    ) -> None:
        """`planned` is what the running scenario brings, `time_s` the time since its start.

        `tick` moves the sessions along after each change; `knows` says whether the scenario has a
        UE.
        """
        self._storage, self._planned, self._time_s, self._tick = storage, planned, time_s, tick
        self._knows = knows
        # Replaced inside of transactions that hold the simulation, and read anywhere.
        self._plan = FaultPlan()

    # --- with the simulation ---

    def begin(self, work: UnitOfWork) -> None:
        """A scenario begins, with its faults and no others; `work` holds the simulation."""
        self._keep(work, self._planned().since(_last_notification(work)))

    def resume(self) -> None:
        """Go on from what was kept."""
        with self._storage.reading() as work:
            self._plan = work.simulations.load_faults() or self._planned()

    def wait_s(self, now_s: float) -> float | None:
        """How long until a fault does something by itself; None where none will."""
        return self._plan.wait_s(now_s, self._time_s())

    # --- the control API ---

    def all(self) -> Sequence[FaultState]:
        """The faults that are set."""
        return tuple(self._plan.states.values())

    def set(self, fault: Fault) -> FaultState:
        """Set a fault, instead of one of the same name; its chances begin anew.

        Raises UnfitRule where it is about a UE that there is not.
        """
        if fault.ue_id is not None and not self._knows(fault.ue_id):
            raise UnfitRule("ue_id", "the scenario has no such UE")
        with self._turn() as work:
            self._keep(work, self._plan.with_fault(fault, _last_notification(work)))
        return self._moved(fault.name)

    def trigger(self, name: FaultName, times: int) -> FaultState:
        """Let a fault strike on the next occasions, whether it was set or not; raises UnfitRule."""
        with self._turn() as work:
            self._keep(work, self._plan.triggered(name, times))
        return self._moved(name)

    def clear(self, *names: FaultName) -> None:
        """Clear faults, set or not; what they have broken runs its course."""
        with self._turn() as work:
            self._keep(work, self._plan.without(*names))

    # --- the port ---

    def strike(self, name: FaultName, victim: Victim, number: int | None = None) -> Strike | None:
        """See the port."""
        if not self.may_strike(name, victim):
            return None
        with self._turn() as work:
            plan, strike = self._plan.asked(name, victim, self._time_s(), number=number)
            self._keep(work, plan)
        return strike

    def any_set(self) -> bool:
        """See the port."""
        return bool(self._plan.states)

    def may_strike(self, name: FaultName, victim: Victim) -> bool:
        """See the port."""
        return self.any_set() and self._plan.concerns(name, victim, self._time_s())

    def is_demanded(self, name: FaultName) -> bool:
        """See the port."""
        return self._plan.is_demanded(name)

    def break_down(
        self,
        name: FaultName,
        victim: Victim,
        session_id: str,
        components: Sequence[int],
        now_s: float,
        *,
        by_chance: bool = True,
        on_demand: bool = True,
    ) -> bool:
        """See the port."""
        if not self.may_strike(name, victim):
            return False
        with self._turn() as work:
            plan, strike = self._plan.asked(
                name, victim, self._time_s(), by_chance=by_chance, on_demand=on_demand
            )
            if strike is not None:
                plan = plan.broken(
                    breakdown_of(strike, session_id, components, now_s, at_once=not by_chance)
                )
            self._keep(work, plan)
        return strike is not None

    def breakdowns(self) -> Mapping[str, Breakdown]:
        """See the port."""
        return self._plan.breakdowns

    def mend(self, session_ids: Collection[str]) -> None:
        """See the port."""
        if self._plan.breakdowns.keys().isdisjoint(session_ids):
            return
        with self._turn() as work:
            self._keep(work, self._plan.mended(session_ids))

    # --- how ---

    @contextmanager
    def _turn(self) -> Iterator[UnitOfWork]:
        """A transaction in which nobody else replaces the plan."""
        with self._storage.transaction() as work:
            work.simulations.hold()
            yield work

    def _keep(self, work: UnitOfWork, plan: FaultPlan) -> None:
        work.simulations.save_faults(plan)
        self._plan = plan

    def _moved(self, name: FaultName) -> FaultState:
        self._tick()
        found = self._plan.states.get(name)
        if found is None:
            raise NotFound(f"the fault {name} was cleared by somebody else")
        return found


def _last_notification(work: UnitOfWork) -> int:
    return max((delivery.id for delivery in work.outbox.find(None, None, 1)), default=0)
