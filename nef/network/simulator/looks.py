"""A look at a cell at a moment: what a new flow could get there, and how loaded it is."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from nef.domain.courses import CellMoment, RoomMoment, UeMoment
from nef.domain.units import BitRate
from nef.network.simulator.cqi import Reliability
from nef.network.simulator.delays import path_delay_ms
from nef.network.simulator.flows import Seat
from nef.network.simulator.needs import is_covered
from nef.network.simulator.radio import Rates, UeRates
from nef.network.simulator.scenario import Cell, Ue
from nef.network.simulator.sharing import Ints
from nef.ports.information import FlowClass


@dataclass(frozen=True, eq=False)
class Look:
    """A cell with all that it serves.

    Of each of `ues`, in this order, `block_rates` is what a block carries, and `present` whether it
    has a PDU session. Of each flow `owners` is its session with its UE, None for a background one,
    with its priority and the blocks that it holds. Nothing of it changes afterwards; names are
    looked for only where somebody asks.
    """

    cell: Cell
    out: bool
    ues: Sequence[Ue]
    block_rates: Rates
    present: NDArray[np.bool_]
    owners: NDArray[np.object_]
    priorities: Ints
    held_blocks: Ints

    @cached_property
    def rates(self) -> Mapping[str, UeRates]:
        """What a block carries for each UE."""
        columns = self.block_rates.T.tolist()
        return {ue.id: tuple(column) for ue, column in zip(self.ues, columns, strict=True)}

    @cached_property
    def attached(self) -> frozenset[str]:
        """The UEs that have a PDU session."""
        return frozenset(self.ues[place].id for place in np.flatnonzero(self.present).tolist())

    @cached_property
    def held(self) -> Mapping[int, int]:
        """The blocks that flows hold, by their priority."""
        return self._held_by(lambda _: "").get("", {})

    @cached_property
    def held_by(self) -> Mapping[str | None, Mapping[int, int]]:
        """The same of each session that has any flow."""
        return self._held_by(lambda owner: owner.reservation.session_id if owner else None)

    @cached_property
    def held_of(self) -> Mapping[str | None, Mapping[int, int]]:
        """The same of the sessions of each UE that has any."""
        return self._held_by(lambda owner: owner.reservation.ue_id if owner else None)

    def _held_by(self, key: Callable[[Seat | None], str | None]) -> dict[str | None, Counter[int]]:
        held: dict[str | None, Counter[int]] = defaultdict(Counter)
        columns = (self.owners, self.priorities, self.held_blocks)
        for owner, priority, blocks in zip(*(column.tolist() for column in columns), strict=True):
            held[key(owner)][priority] += blocks
        return held

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
