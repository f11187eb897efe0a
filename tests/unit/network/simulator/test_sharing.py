"""Many cells at once get what each would get by the rule of admission."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nef.domain.admission import serve
from nef.network.simulator.sharing import IMPOSSIBLE, share_out, share_out_alone

RUNGS = 3
ladders = st.lists(st.none() | st.integers(0, 40), min_size=RUNGS, max_size=RUNGS)
cells = st.lists(st.tuples(st.integers(0, 100), st.lists(ladders, max_size=12)), max_size=8)


@given(cells)
def test_all_cells_together_are_served_as_each_by_itself(
    network: list[tuple[int, list[list[int | None]]]],
) -> None:
    flows = [ladder for _, own in network for ladder in own]
    blocks = [[IMPOSSIBLE if b is None else b for b in ladder] for ladder in flows]
    levels, held = share_out(
        np.array([free for free, _ in network], dtype=np.int64),
        np.array([len(own) for _, own in network], dtype=np.int64),
        np.array(blocks, dtype=np.int64).reshape(-1, RUNGS),
    )
    expected = [rung for free, own in network for rung in serve(free, own)]
    assert [None if level < 0 else level for level in levels.tolist()] == expected
    assert held.tolist() == [
        0 if rung is None else ladder[rung] for rung, ladder in zip(expected, flows, strict=True)
    ]


@given(st.integers(0, 300), st.lists(ladders, max_size=30))
def test_a_cell_alone_is_served_by_the_rule(
    free_blocks: int, flows: list[list[int | None]]
) -> None:
    blocks = [[IMPOSSIBLE if b is None else b for b in ladder] for ladder in flows]
    table = np.array(blocks, dtype=np.int64).reshape(-1, RUNGS)
    levels, held = share_out_alone(free_blocks, table)
    expected = serve(free_blocks, flows)
    assert [None if level < 0 else level for level in levels.tolist()] == expected
    assert held.tolist() == [
        0 if rung is None else ladder[rung] for rung, ladder in zip(expected, flows, strict=True)
    ]
