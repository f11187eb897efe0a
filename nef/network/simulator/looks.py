"""A look at a cell at a moment: what a new flow could get there, and how loaded it is."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from nef.domain.admission import Allocation, FlowNeed
from nef.domain.courses import CellMoment, RoomMoment, UeMoment
from nef.domain.units import BitRate
from nef.network.simulator.cqi import Reliability
from nef.network.simulator.delays import path_delay_ms
from nef.network.simulator.needs import Served, UeRates, is_covered
from nef.network.simulator.run import Run
from nef.network.simulator.scenario import Cell
from nef.ports.information import FlowClass


@dataclass(frozen=True)
class Look:
    """A cell with all that it serves.

    `held` maps a priority to the blocks that flows of it hold; `held_of` says the same of the
    sessions of each UE that has any, `held_by` of each session. `rates` has every UE of the cell,
    `attached` those that have a PDU session.
    """

    cell: Cell
    out: bool
    held: Mapping[int, int]
    held_of: Mapping[str, Mapping[int, int]]
    held_by: Mapping[str, Mapping[int, int]]
    rates: Mapping[str, UeRates]
    attached: frozenset[str]

    def free_blocks(self, priority: int | None = None) -> int:
        """The blocks nobody holds; with a priority those that nobody as important holds.

        A new flow comes after all of its own priority, and takes from those of worse ones
        (`nef/domain/admission.py`), so this is exactly what it would be admitted with.
        """
        return self.cell.carrier.blocks - _blocks(self.held, priority)

    def rate_bps(self, ue_id: str, flow: FlowClass) -> int:
        """What a new guaranteed flow of a UE could get."""
        return self.free_blocks(flow.priority) * self._block_rate_bps(ue_id, flow)

    def total_rate_bps(self, ue_id: str, flow: FlowClass) -> int:
        """What a guaranteed flow could get in place of all sessions of its UE."""
        own_blocks = _blocks(self.held_of.get(ue_id, {}), flow.priority)
        blocks = self.free_blocks(flow.priority) + own_blocks
        return blocks * self._block_rate_bps(ue_id, flow)

    def _block_rate_bps(self, ue_id: str, flow: FlowClass) -> int:
        return self.rates[ue_id][Reliability.of(flow.per)]

    def ue_moment(self, ue_id: str, flow: FlowClass, time_s: float) -> UeMoment:
        """How a UE stands."""
        attached = ue_id in self.attached
        return UeMoment(
            time_s=time_s,
            cell_id=self.cell.id if attached else None,
            reachable=attached and is_covered(self.rates[ue_id]),
            rate_dl=BitRate(self.rate_bps(ue_id, flow)),
            total_rate_dl=BitRate(self.total_rate_bps(ue_id, flow)),
            free_blocks=self.free_blocks(flow.priority),
            delay_ms=path_delay_ms(self.cell, Reliability.of(flow.per)),
        )

    def room_moment(self, flow: FlowClass, beside: Collection[str], time_s: float) -> RoomMoment:
        """What the cell leaves to new flows; what the sessions `beside` hold counts as free."""
        own = sum(_blocks(self.held_by.get(name, {}), flow.priority) for name in beside)
        free_blocks = self.free_blocks(flow.priority) + own
        return RoomMoment(time_s, free_blocks, self.ues_at[Reliability.of(flow.per)])

    @cached_property
    def ues_at(self) -> tuple[Mapping[int, int], ...]:
        """How many attached UEs a block carries which rate for, by reliability class."""
        attached = [self.rates[ue_id] for ue_id in self.attached]
        return tuple(Counter(rates[kind] for rates in attached) for kind in Reliability)

    @cached_property
    def load(self) -> tuple[int, int, bool, int]:
        """Blocks, blocks held, whether it is in service, and the UEs it serves."""
        blocks = self.cell.carrier.blocks
        return blocks, blocks - self.free_blocks(), not self.out, len(self.attached)

    def cell_moment(self, time_s: float) -> CellMoment:
        """How the cell stands."""
        return CellMoment(time_s, *self.load)


def _blocks(held: Mapping[int, int], priority: int | None) -> int:
    return sum(n for p, n in held.items() if priority is None or p <= priority)


def look_of(
    run: Run,
    cell: Cell,
    time_s: float,
    served: Served,
    rates: Mapping[str, UeRates],
    needs: Iterable[FlowNeed],
    allocation: Allocation,
) -> Look:
    """A look at a cell whose blocks were shared out among the needs of all that it serves."""
    attached = frozenset(ue_id for ue_id in rates if run.is_attached(ue_id))
    sessions = served.sessions
    held: Counter[int] = Counter()
    held_of: dict[str, Counter[int]] = defaultdict(Counter)
    held_by: dict[str, Counter[int]] = defaultdict(Counter)
    for need in needs:
        blocks = need.held(allocation.levels[need.key])
        held[need.priority] += blocks
        if need.session_id in sessions:
            held_of[sessions[need.session_id].ue_id][need.priority] += blocks
            held_by[need.session_id][need.priority] += blocks
    return Look(cell, run.is_out(cell, time_s), held, held_of, held_by, rates, attached)
