"""The QoS flows of a network as columns: what each asks for, what that takes, and what it holds."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

from nef.domain.admission import FlowNeed
from nef.network.simulator.cqi import Floats, Reliability
from nef.network.simulator.radio import Rates, UeRates
from nef.network.simulator.sharing import IMPOSSIBLE, Ints
from nef.network.simulator.spans import Span, are_on, is_on
from nef.ports.network import Levels, Reservation

#: The place of a flow in the order of importance; `FlowNeed.rank` in `nef/domain/admission.py`.
Rank = tuple[int, float, int, str, int]

_ALWAYS = Span(0.0, inf)
_ABSENT = -1
#: So many rows in a row are of one cell.
_TOGETHER = 32


@dataclass(frozen=True, slots=True, eq=False)
class Seat:
    """A session of the network, which heard of it as the so manieth.

    `rows` are those of its flows, in the order of their demands.
    """

    reservation: Reservation
    rows: tuple[int, ...]
    heard: int


@dataclass(frozen=True, slots=True)
class Flow:
    """What a flow asks for: the guaranteed rate of each rung, and how reliably it is sent.

    `span` is when it is there at all. What is `covered` by itself asks for nothing but its rate; a
    session's flow without any guarantee needs a UE that is reached.
    """

    ue: int
    rank: Rank
    ladder: tuple[tuple[int, Reliability], ...]
    span: Span = _ALWAYS
    covered: bool = False


class Flows:
    """The columns; a row that is free is used again.

    What is near to each other, as the flows of a cell are, has rows beside each other.
    """

    def __init__(self) -> None:
        """No flow yet."""
        self._rows = 0
        #: By where it is near, and where each `_TOGETHER` rows are.
        self._free: dict[int, list[int]] = defaultdict(list)
        self._near: list[int] = []
        self.ranks: list[Rank] = []
        self.owner: NDArray[np.object_] = np.empty(0, dtype=object)
        self.ue: Ints = np.empty(0, dtype=np.int64)
        self.priority: Ints = np.empty(0, dtype=np.int64)
        self.held: Ints = np.empty(0, dtype=np.int64)
        #: The rung that a flow holds, and the one that was told last; -1 for none.
        self.level: Ints = np.empty(0, dtype=np.int64)
        self.told: Ints = np.empty(0, dtype=np.int64)
        self._from_s = np.empty(0)
        self._lasts_s = np.empty(0)
        self._period_s = np.empty(0)
        self._covered = np.empty(0, dtype=bool)
        # A column a rung.
        self.blocks: Ints = np.empty((0, 1), dtype=np.int64)
        self._rate_bps: Ints = np.empty((0, 1), dtype=np.int64)
        self._kind: NDArray[np.int8] = np.empty((0, 1), dtype=np.int8)

    def add(self, flow: Flow, near: int) -> int:
        """Its row, which holds nothing yet; `near` is the cell in which it is."""
        row = self._row(len(flow.ladder), near)
        self.ranks[row], self.owner[row] = flow.rank, None
        self.ue[row], self.priority[row] = flow.ue, flow.rank[0]
        self.held[row], self.level[row], self.told[row] = 0, -1, -1
        self._from_s[row], self._lasts_s[row] = flow.span.from_s, flow.span.lasts_s
        self._period_s[row] = flow.span.period_s
        self._covered[row] = flow.covered
        self._rate_bps[row] = _ABSENT
        for rung, (rate_bps, kind) in enumerate(flow.ladder):
            self._rate_bps[row, rung], self._kind[row, rung] = rate_bps, kind
        return row

    def remove(self, rows: Iterable[int]) -> None:
        """Forget flows."""
        for row in rows:
            self._free[self._near[row // _TOGETHER]].append(row)
            self.owner[row], self.level[row], self.told[row] = None, -1, -1

    def needed(self, rows: Ints, ues: Ints, rates: Rates, time_s: float) -> Ints:
        """The blocks that each rung of flows takes, IMPOSSIBLE where nothing would do.

        `ues` has the column of each flow's UE in `rates`.
        """
        rate_bps = self._rate_bps[rows]
        a_block_bps = rates[self._kind[rows], ues[:, None]]
        blocks = -(-rate_bps // np.maximum(a_block_bps, 1))
        blocks[a_block_bps == 0] = IMPOSSIBLE
        blocks[rate_bps == 0] = 0
        reached = self._covered[rows] | (rates[Reliability.ORDINARY, ues] > 0)
        present = are_on(time_s, *(column[rows] for column in self._when))
        blocks[~(reached & present)] = IMPOSSIBLE
        blocks[rate_bps == _ABSENT] = IMPOSSIBLE
        return blocks

    def needed_by(self, row: int, rates: UeRates, time_s: float) -> list[int]:
        """The same for one flow, whose UE has these rates."""
        reached = self._covered[row] or rates[Reliability.ORDINARY] > 0
        if not (reached and is_on(time_s, *(float(column[row]) for column in self._when))):
            return [IMPOSSIBLE] * self.blocks.shape[1]
        rungs = zip(self._rate_bps[row].tolist(), self._kind[row].tolist(), strict=True)
        return [_blocks(rate_bps, rates[kind]) for rate_bps, kind in rungs]

    def need(self, row: int) -> FlowNeed:
        """What a flow needs now, for the rule that admits another one beside it."""
        priority, admitted_at_s, number, session_id, component = self.ranks[row]
        blocks = tuple(None if b == IMPOSSIBLE else b for b in self.blocks[row].tolist())
        return FlowNeed(session_id, component, priority, admitted_at_s, blocks, number)

    def levels(self, session: Seat) -> Levels:
        """What a session holds."""
        demands = zip(session.reservation.demands, session.rows, strict=True)
        return {d.component: _level(int(self.level[row])) for d, row in demands}

    @property
    def _when(self) -> tuple[Floats, Floats, Floats]:
        return self._from_s, self._lasts_s, self._period_s

    def _row(self, rungs: int, near: int) -> int:
        if rungs > self.blocks.shape[1]:
            self._widen(rungs - self.blocks.shape[1])
        free = self._free[near]
        if not free:
            free += range(self._rows, self._rows + _TOGETHER)[::-1]
            self._near.append(near)
            self._rows += _TOGETHER
            if self._rows > len(self.ue):
                self._lengthen(max(2 * _TOGETHER, len(self.ue)))
        return free.pop()

    def _widen(self, rungs: int) -> None:
        for name, empty in (("blocks", IMPOSSIBLE), ("_rate_bps", _ABSENT), ("_kind", 0)):
            column = getattr(self, name)
            more = np.full((len(column), rungs), empty, dtype=column.dtype)
            setattr(self, name, np.concatenate([column, more], axis=1))

    def _lengthen(self, rows: int) -> None:
        for name, column in vars(self).items():
            if isinstance(column, np.ndarray):
                more = np.zeros((rows, *column.shape[1:]), dtype=column.dtype)
                setattr(self, name, np.concatenate([column, more]))
        self.ranks += [(0, 0.0, 0, "", 0)] * rows


def _blocks(rate_bps: int, a_block_bps: int) -> int:
    if rate_bps == 0:
        return 0
    return IMPOSSIBLE if rate_bps == _ABSENT or a_block_bps == 0 else -(-rate_bps // a_block_bps)


def _level(level: int) -> int | None:
    return None if level < 0 else level
