"""The faults that are set, and the pure decision whether one strikes."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from nef.domain.breakdowns import Breakdown
from nef.domain.faults import OF_BEARERS, Fault, FaultName, Strike, Victim, chance, check_times


@dataclass(frozen=True, slots=True)
class FaultState:
    """A fault and its past: `left` is how many strikes on demand are still to come.

    Occasions that have numbers of their own count them from `origin`.
    """

    fault: Fault
    left: int
    occasions: int = 0
    strikes: int = 0
    origin: int = 0

    def asked(
        self, seed: int, *, number: int | None, by_chance: bool, on_demand: bool
    ) -> tuple["FaultState", Strike | None]:
        """Whether it strikes; its chances go on whatever is demanded."""
        after = replace(self, occasions=self.occasions + by_chance)
        number = after.occasions if number is None else number - self.origin
        if on_demand and self.left:
            return replace(after, left=self.left - 1).struck(seed)
        probable = by_chance and self.fault.probability > 0
        if probable and chance(seed, self.fault.name, number) < self.fault.probability:
            return after.struck(seed)
        return after, None

    def struck(self, seed: int) -> tuple["FaultState", Strike]:
        """It strikes."""
        after = replace(self, strikes=self.strikes + 1)
        luck = chance(seed, f"{self.fault.name}/luck", after.strikes)
        return after, Strike(self.fault, luck)


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """The faults that are set, at most one of each name, and the sessions they have broken."""

    seed: int = 1
    states: Mapping[FaultName, FaultState] = field(default_factory=dict)
    breakdowns: Mapping[str, Breakdown] = field(default_factory=dict)

    @classmethod
    def of(cls, seed: int, faults: Collection[Fault]) -> "FaultPlan":
        """Faults that have not struck yet."""
        return cls(seed, {fault.name: FaultState(fault, fault.times) for fault in faults})

    def since(self, origin: int) -> "FaultPlan":
        """Count what has numbers of its own from a number on, in all faults."""
        states = {name: replace(state, origin=origin) for name, state in self.states.items()}
        return replace(self, states=states)

    def with_fault(self, fault: Fault, origin: int = 0) -> "FaultPlan":
        """Set a fault; its chances begin anew."""
        return self._with(FaultState(fault, fault.times, origin=origin))

    def without(self, *names: FaultName) -> "FaultPlan":
        """Clear faults; what they have broken runs its course."""
        kept = {name: state for name, state in self.states.items() if name not in names}
        return replace(self, states=kept)

    def triggered(self, name: FaultName, times: int) -> "FaultPlan":
        """Let a fault strike so many times more, whether it was set or not; raises UnfitRule."""
        check_times(times)
        state = self.states.get(name) or FaultState(Fault.of(name), 0)
        return self._with(replace(state, left=state.left + times))

    def is_demanded(self, name: FaultName) -> bool:
        """Whether a fault is to strike on demand."""
        return name in self.states and self.states[name].left > 0

    def concerns(self, name: FaultName, victim: Victim, time_s: float) -> bool:
        """Whether there is such a fault for this victim now."""
        return name in self.states and self.states[name].fault.concerns(victim, time_s)

    def asked(
        self,
        name: FaultName,
        victim: Victim,
        time_s: float,
        *,
        number: int | None = None,
        by_chance: bool = True,
        on_demand: bool = True,
    ) -> tuple["FaultPlan", Strike | None]:
        """Decide on an occasion, of which there may be others by chance or on demand.

        What is not asked about in its order has a `number` of its own.
        """
        if not self.concerns(name, victim, time_s):
            return self, None
        state = self.states[name]
        seed = self.seed if state.fault.seed is None else state.fault.seed
        after, strike = state.asked(seed, number=number, by_chance=by_chance, on_demand=on_demand)
        return self._with(after), strike

    def wait_s(self, now_s: float, time_s: float) -> float | None:
        """How long until a fault does something by itself; None where none will.

        `now_s` is a moment of the clock, `time_s` the same from the start of the scenario.
        """
        waits = [m - now_s for one in self.breakdowns.values() for m in one.moments_s(now_s)]
        demanded = (state.fault for state in self.states.values() if state.left)
        waits += [f.from_s - time_s for f in demanded if f.name in OF_BEARERS and f.from_s > time_s]
        return round(min(waits), 6) if waits else None

    def broken(self, breakdown: Breakdown) -> "FaultPlan":
        """A session breaks down."""
        return replace(self, breakdowns={**self.breakdowns, breakdown.session_id: breakdown})

    def mended(self, session_ids: Collection[str]) -> "FaultPlan":
        """Sessions are well again, or over."""
        left = {key: one for key, one in self.breakdowns.items() if key not in session_ids}
        return replace(self, breakdowns=left)

    def _with(self, state: FaultState) -> "FaultPlan":
        return replace(self, states={**self.states, state.fault.name: state})
