"""Who gets the resource blocks of a cell: a pure function of its flows, without a history.

Strict priority, greedily: in the order of importance each flow takes the best rung of its ladder
that fits in what is left, or none. The same flows in the same radio always get the same, so a
restart or a recovery gives everybody what they had.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf

#: A session's id and the number of its component.
FlowKey = tuple[str, int]


@dataclass(frozen=True, slots=True)
class FlowNeed:
    """What a QoS flow needs of its cell now.

    `blocks` has an entry for each rung of its ladder: resource blocks, None where the rung is
    impossible in the present radio. A lower `priority` is more important (TS 23.501 5.7.3.3).
    `number` tells who was first of those who came at the same moment.
    """

    session_id: str
    component: int
    priority: int
    admitted_at_s: float
    blocks: tuple[int | None, ...]
    number: int = 0

    @property
    def key(self) -> FlowKey:
        """What names the flow in its cell."""
        return self.session_id, self.component

    @property
    def rank(self) -> tuple[int, float, int, str, int]:
        """Its place in the order of importance; of equals, the first who came."""
        return self.priority, self.admitted_at_s, self.number, self.session_id, self.component

    def held(self, level: int | None) -> int:
        """The blocks that it holds at a rung."""
        return 0 if level is None else self.blocks[level] or 0


@dataclass(frozen=True, slots=True)
class Allocation:
    """The rung of each flow, None where nothing is guaranteed, and the blocks nobody holds."""

    levels: Mapping[FlowKey, int | None]
    free_blocks: int


def allocate(cell_blocks: int, flows: Iterable[FlowNeed]) -> Allocation:
    """Share out the blocks of a cell."""
    ranked = sorted(flows, key=lambda f: f.rank)
    rungs = serve(cell_blocks, [flow.blocks for flow in ranked])
    levels = {flow.key: level for flow, level in zip(ranked, rungs, strict=True)}
    held = sum(flow.held(levels[flow.key]) for flow in ranked)
    return Allocation(levels, cell_blocks - held)


def serve(free_blocks: int, ladders: Iterable[Sequence[int | None]]) -> list[int | None]:
    """The rung that each flow gets of what those before it have left; the rule in short.

    A ladder has the blocks of each rung, None where the rung is impossible.
    """
    rungs: list[int | None] = []
    for blocks in ladders:
        for level, needed in enumerate(blocks):
            if needed is not None and needed <= free_blocks:
                rungs.append(level)
                free_blocks -= needed
                break
        else:
            rungs.append(None)
    return rungs


def admit(
    cell_blocks: int, present: Sequence[FlowNeed], newcomer: Sequence[FlowNeed]
) -> Allocation | None:
    """Share out the blocks with a new session among the present flows; None refuses it.

    All its flows must get a rung, and no flow of equal or better importance may lose by it;
    one of worse importance may fall to its alternatives, or to nothing.
    """
    after = allocate(cell_blocks, (*present, *newcomer))
    if any(after.levels[flow.key] is None for flow in newcomer):
        return None
    passed = [flow for flow in present if any(_passes(new, flow) for new in newcomer)]
    if passed:
        last = [replace(flow, admitted_at_s=inf) for flow in newcomer]
        fair = allocate(cell_blocks, (*present, *last))
        if any(_worse(after.levels[f.key], fair.levels[f.key]) for f in passed):
            return None
    return after


def _passes(new: FlowNeed, flow: FlowNeed) -> bool:
    """Whether a newcomer that is no more important stands before a present flow.

    That happens to those who came at the very same moment, or in a race of two requests.
    """
    return new.priority == flow.priority and new.rank < flow.rank


def _worse(level: int | None, than: int | None) -> bool:
    return than is not None and (level is None or level > than)


def acceptable_blocks(
    cell_blocks: int, present: Sequence[FlowNeed], newcomer: Sequence[FlowNeed]
) -> dict[int, int]:
    """Blocks for each flow of a refused session with which all of it could have been admitted.

    No flow is offered more than it asked for. The more important one is served first, and leaves
    the others their last rung where it can: not where that alone keeps it below its own last one,
    and where theirs do not fit at all, it leaves their share by what was asked for. A component
    is absent where not even one block would do; the offers are those of a session without it.
    """
    settled: list[FlowNeed] = []
    waiting = sorted(newcomer, key=lambda f: f.rank)
    while waiting:
        flow = waiting.pop(0)
        modest = [replace(other, blocks=other.blocks[-1:]) for other in waiting]
        beside = _most_blocks(cell_blocks, present, flow, (*settled, *modest))
        alone = _most_blocks(cell_blocks, present, flow, settled)
        share = replace(flow, blocks=(_share(alone, flow, waiting),))
        most = beside or _most_blocks(cell_blocks, present, share, settled)
        if most < (flow.blocks[-1] or 0) <= alone:
            most = alone
        if most:
            settled.append(replace(flow, blocks=(most,)))
    return {flow.component: flow.blocks[0] or 0 for flow in settled}


def _share(blocks: int, flow: FlowNeed, others: Sequence[FlowNeed]) -> int:
    asked = [other.blocks[0] or 0 for other in (flow, *others)]
    return -(-blocks * asked[0] // sum(asked)) if blocks else 0


def _most_blocks(
    cell_blocks: int, present: Sequence[FlowNeed], flow: FlowNeed, others: Sequence[FlowNeed]
) -> int:
    # Not a bisection: where this flow takes less, one of the middle may climb a rung and leave
    # too little for those behind, so that more can be admitted where less cannot.
    better = (other for other in (*present, *others) if other.rank < flow.rank)
    upper = min(flow.blocks[0] or 0, allocate(cell_blocks, better).free_blocks)
    for blocks in range(upper, 0, -1):
        offered = replace(flow, blocks=(blocks,))
        if admit(cell_blocks, present, (*others, offered)) is not None:
            return blocks
    return 0
