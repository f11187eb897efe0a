"""The rule of `nef/domain/admission.py` for many cells at once, on arrays.

Cells do not feel each other, so the first flows of all of them are served together, then the
second ones, and so on. A test holds it equal to the rule itself.
"""

import numpy as np
from numpy.typing import NDArray

from nef.domain.admission import serve

Ints = NDArray[np.int64]

#: The blocks of a rung that is impossible: more than any cell has.
IMPOSSIBLE = 2**62
#: Up to so many flows of a cell the steps on arrays take longer than the rule itself.
_FEW = 16


def share_out(free_blocks: Ints, flows: Ints, blocks: Ints) -> tuple[Ints, Ints]:
    """The level of each flow, -1 for none, and the blocks that it holds.

    `free_blocks` and `flows` say of each cell what it has, and how many flows want it. `blocks`
    has a row a flow and a column a rung: one cell after the other, in the order of importance.
    """
    levels, held = np.full(len(blocks), -1), np.zeros(len(blocks), dtype=np.int64)
    largest_first = np.argsort(-flows, kind="stable")
    sizes, free = flows[largest_first], free_blocks[largest_first]
    starts = (np.cumsum(flows) - flows)[largest_first]
    # How many cells have a flow in each place of the order.
    waiting = np.searchsorted(-sizes, -np.arange(sizes[0] if len(sizes) else 0), side="left")
    for place, cells in enumerate(waiting.tolist()):
        rows = starts[:cells] + place
        needed = blocks[rows]
        best = np.argmax(needed <= free[:cells, None], axis=1)
        taken = needed[np.arange(cells), best]
        fits = taken <= free[:cells]
        levels[rows] = np.where(fits, best, -1)
        held[rows] = np.where(fits, taken, 0)
        free[:cells] -= held[rows]
    return levels, held


def share_out_alone(free_blocks: int, blocks: Ints) -> tuple[Ints, Ints]:
    """The same for one cell: by the rule itself, from the first flow on that may miss its best."""
    levels, held = np.zeros(len(blocks), dtype=np.int64), blocks[:, 0].copy()
    happy, left = 0, free_blocks
    if len(blocks) > _FEW:
        taken = np.cumsum(np.minimum(held, free_blocks + 1))
        happy = int(np.searchsorted(taken, free_blocks, side="right"))
        left -= int(taken[happy - 1] if happy else 0)
    needs = blocks[happy:].tolist()
    rungs = serve(left, needs)
    levels[happy:] = [-1 if rung is None else rung for rung in rungs]
    held[happy:] = [0 if r is None else need[r] for r, need in zip(rungs, needs, strict=True)]
    return levels, held
