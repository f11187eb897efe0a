"""The laws of admission, whatever the flows."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from nef.domain.admission import Allocation, FlowNeed, acceptable_blocks, admit, allocate

CELL = 50


def flow(
    session: str = "s1",
    blocks: tuple[int | None, ...] = (10,),
    priority: int = 20,
    since: float = 0.0,
    component: int = 1,
) -> FlowNeed:
    return FlowNeed(session, component, priority, since, blocks)


rungs = st.lists(st.none() | st.integers(0, 60), min_size=1, max_size=4).map(tuple)
needs = st.builds(
    FlowNeed,
    session_id=st.sampled_from("abcdefgh"),
    component=st.integers(0, 3),
    priority=st.sampled_from([10, 20, 30]),
    admitted_at_s=st.sampled_from([0.0, 1.0, 2.0]),
    blocks=rungs,
)
crowds = st.lists(needs, max_size=12, unique_by=lambda f: f.key)
cells = st.integers(0, 100)


@st.composite
def newcomers(draw: st.DrawFn) -> list[FlowNeed]:
    """A session of one or two flows that comes with or after everybody else."""
    since = draw(st.sampled_from([2.0, 3.0]))
    flows = draw(st.lists(needs, min_size=1, max_size=2, unique_by=lambda f: f.component))
    name = draw(st.sampled_from(["A", "new"]))
    return [replace(f, session_id=name, admitted_at_s=since) for f in flows]


def held(flows: list[FlowNeed], allocation: Allocation) -> int:
    return sum(f.held(allocation.levels[f.key]) for f in flows)


@given(cells, crowds)
def test_blocks_granted_and_free_are_exactly_those_of_the_cell(
    cell: int, flows: list[FlowNeed]
) -> None:
    allocation = allocate(cell, flows)
    assert allocation.free_blocks >= 0
    assert held(flows, allocation) + allocation.free_blocks == cell


@given(cells, crowds, st.randoms())
def test_the_result_is_a_function_of_the_flows_not_of_their_order(
    cell: int, flows: list[FlowNeed], random: object
) -> None:
    shuffled = list(flows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert allocate(cell, shuffled).levels == allocate(cell, flows).levels


@given(cells, crowds, needs)
def test_nobody_feels_a_flow_of_less_importance(
    cell: int, flows: list[FlowNeed], other: FlowNeed
) -> None:
    last = replace(other, session_id="last", priority=99)
    with_it = allocate(cell, [*flows, last])
    assert {f.key: with_it.levels[f.key] for f in flows} == allocate(cell, flows).levels


@given(cells, crowds)
def test_no_flow_is_at_a_worse_rung_than_what_is_left_for_it(
    cell: int, flows: list[FlowNeed]
) -> None:
    allocation = allocate(cell, flows)
    for f in flows:
        level = allocation.levels[f.key]
        better = f.blocks if level is None else f.blocks[:level]
        stronger = [o for o in flows if o.rank < f.rank]
        left = cell - held(stronger, allocation)
        assert all(b is None or b > left for b in better)


@given(cells, st.integers(1, 50), crowds.filter(bool))
def test_more_capacity_never_worsens_the_most_important_flow(
    cell: int, more: int, flows: list[FlowNeed]
) -> None:
    first = min(flows, key=lambda f: f.rank).key
    before, after = (allocate(c, flows).levels[first] for c in (cell, cell + more))
    assert before is None or (after is not None and after <= before)


@given(cells, crowds, newcomers())
def test_what_is_released_is_available_again(
    cell: int, flows: list[FlowNeed], newcomer: list[FlowNeed]
) -> None:
    before = allocate(cell, flows)
    admit(cell, flows, newcomer)
    assert allocate(cell, flows) == before


@given(cells, crowds, newcomers())
def test_a_newcomer_gets_all_its_flows_or_is_refused(
    cell: int, flows: list[FlowNeed], newcomer: list[FlowNeed]
) -> None:
    admitted = admit(cell, flows, newcomer)
    if admitted is not None:
        assert all(admitted.levels[f.key] is not None for f in newcomer)


@given(cells, crowds, newcomers())
def test_a_newcomer_harms_nobody_of_equal_or_better_importance(
    cell: int, flows: list[FlowNeed], newcomer: list[FlowNeed]
) -> None:
    admitted = admit(cell, flows, newcomer)
    if admitted is None:
        return
    for f in flows:
        stronger = [n for n in newcomer if n.priority < f.priority]
        before = allocate(cell, [*flows, *stronger]).levels[f.key]
        after = admitted.levels[f.key]
        assert before is None or (after is not None and after <= before)


@given(cells, crowds, newcomers())
def test_what_is_said_to_be_acceptable_is_accepted_all_together(
    cell: int, flows: list[FlowNeed], newcomer: list[FlowNeed]
) -> None:
    if admit(cell, flows, newcomer) is not None:
        return
    offers = acceptable_blocks(cell, flows, newcomer)
    offered = [replace(f, blocks=(offers[f.component],)) for f in newcomer if f.component in offers]
    assert all(0 < offers[f.component] <= (f.blocks[0] or 0) for f in newcomer if f in offered)
    if offered:
        assert admit(cell, flows, offered)
    for f in newcomer:
        if f.component not in offers:
            for blocks in range(1, (f.blocks[0] or 0) + 1):
                assert admit(cell, flows, [*offered, replace(f, blocks=(blocks,))]) is None


def test_the_best_rung_that_fits_is_taken() -> None:
    first, second = flow("a", (40,)), flow("b", (None, 20, 8, 2), since=1)
    allocation = allocate(CELL, [second, first])
    assert allocation.levels == {("a", 1): 0, ("b", 1): 2}
    assert allocation.free_blocks == 2


def test_a_more_important_newcomer_pushes_a_worse_flow_down_its_ladder() -> None:
    present = [flow("old", (40, 10))]
    admitted = admit(CELL, present, [flow("new", (30,), priority=10, since=9)])
    assert admitted
    assert admitted.levels == {("old", 1): 1, ("new", 1): 0}


def test_of_two_equals_the_first_who_came_stays() -> None:
    assert admit(CELL, [flow("old", (40, 10))], [flow("new", (30,), since=9)]) is None


def test_an_equal_of_the_same_moment_is_not_pushed_out_by_the_alphabet() -> None:
    assert admit(CELL, [flow("b", (40,))], [flow("a", (30,))]) is None


def test_a_session_is_refused_whole_where_one_of_its_flows_finds_no_room() -> None:
    newcomer = [flow("new", (30,)), flow("new", (30,), component=2)]
    assert admit(CELL, [], newcomer) is None


def test_a_refusal_says_what_all_components_could_have_had_together() -> None:
    newcomer = [flow("new", (45, 5)), flow("new", (60, 20), component=2)]
    assert acceptable_blocks(CELL, [], newcomer) == {1: 30, 2: 20}


def test_where_the_rest_is_too_large_the_more_important_flow_goes_first() -> None:
    newcomer = [flow("new", (20,)), flow("new", (40,), component=2)]
    assert acceptable_blocks(CELL, [], newcomer) == {1: 20, 2: 30}


def test_two_flows_that_are_each_too_large_are_offered_what_there_is() -> None:
    newcomer = [flow("new", (60,)), flow("new", (70,), component=2)]
    assert acceptable_blocks(CELL, [], newcomer) == {1: 24, 2: 26}


def test_no_component_is_offered_more_than_it_asked_for() -> None:
    newcomer = [flow("new", (10,)), flow("new", (70,), component=2)]
    assert acceptable_blocks(CELL, [], newcomer) == {1: 10, 2: 40}


def test_an_impossible_component_is_absent_and_the_offer_is_that_of_the_others() -> None:
    newcomer = [flow("new", (70,)), flow("new", (None,), component=2)]
    assert acceptable_blocks(CELL, [], newcomer) == {1: 50}
