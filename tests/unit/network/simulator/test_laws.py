"""The laws of the simulated network, whatever happens to it and in whichever order."""

from collections.abc import Callable
from typing import Any
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from builders.reservations import demand, reservation
from builders.simulations import Simulated
from nef.domain.admission import Allocation, FlowNeed, allocate
from nef.domain.errors import Conflict, ResourcesRefused
from nef.network.simulator import cells as cells_of_the_network
from nef.network.simulator.ledger import Ledger
from nef.network.simulator.needs import flow_needs
from nef.network.simulator.radio import blocks_for
from nef.ports.network import Holdings

CELLS, UES = 3, 6
#: Enough cells that they are shared out together, and few enough that each is by itself.
SIZES = st.sampled_from([CELLS, 40])

Answers = dict[str, Holdings]
#: Something that happens; what it answered to sessions, if it was for any.
Act = Callable[[Simulated], Answers | None]


def document(cells: int) -> dict[str, Any]:
    """Every UE has a radio of its own, and one has a flow of its own for a while."""
    ues: list[dict[str, Any]] = [
        {
            "id": f"ue-{n}",
            "gpsi": f"msisdn-2000{n}",
            "supi": f"imsi-2000{n}",
            "cell": f"cell-{n % CELLS}",
            "radio": {"trace": [[t, (3, 22, -30, 12)[(n + t) % 4]] for t in range(n % 2, 12)]},
        }
        for n in range(UES)
    ]
    ues[0]["background"] = [{"rate": "8 Mbps", "priority": 15, "from_s": 2, "until_s": 6.5}]
    carriers = [{"id": f"cell-{n}", "bandwidth_mhz": 5} for n in range(cells)]
    carriers[1]["outages"] = [{"from_s": 4, "until_s": 5}]
    return {"name": "laws", "cells": carriers, "ues": ues}


def reserve(number: int, ue: int, mbps: list[float], priority: int, per: str) -> Act:
    def act(network: Simulated) -> Answers:
        flows = [demand(*mbps, component=c, priority=priority + c, per=per) for c in (1, 2)]
        wanted = reservation(f"s{number}", *flows, ue=f"ue-{ue}", since_s=number % 3)
        try:
            got = network.reserve(wanted, network.now_s)
        except (ResourcesRefused, Conflict):  # it is not to come again after it was released
            return {}
        covered = network._ledger.rates(f"ue-{ue}")[0] > 0
        run = network._ledger.run
        attached = run.is_attached(run.ues[f"ue-{ue}"])
        assert (None not in got.values()) == (covered and attached), "all or nothing"
        return {wanted.session_id: got}

    return act


numbers, ues = st.integers(0, 5), st.integers(0, UES - 1)
rates = st.lists(st.floats(0.1, 12), min_size=1, max_size=3)
acts = st.one_of(
    st.builds(
        reserve, numbers, ues, rates, st.sampled_from([10, 20]), st.sampled_from(["1E-3", "1E-5"])
    ),
    numbers.map(lambda n: lambda network: network.release(f"s{n}", network.now_s)),
    st.floats(0.01, 4).map(lambda s: lambda network: network.step(round(s, 3))),
    st.builds(
        lambda n, db: lambda network: network.force_sinr(f"ue-{n}", db, network.now_s),
        ues,
        st.sampled_from([None, -30.0, 1.0, 9.0, 22.0]),
    ),
    st.builds(
        lambda n, there: lambda network: network.attach(f"ue-{n}", there, network.now_s),
        ues,
        st.booleans(),
    ),
    st.builds(
        lambda n, out: lambda network: network.set_outage(f"cell-{n}", out, network.now_s),
        st.integers(0, CELLS - 1),
        st.booleans(),
    ),
)


def by_the_rule(ledger: Ledger, cell_id: str) -> tuple[list[FlowNeed], Allocation]:
    """What the plain rule of admission makes of a cell."""
    needs = [
        FlowNeed(
            f"background/{ue.id}",
            index,
            flow.priority,
            float("-inf"),
            (blocks_for(flow.rate_dl.bps, ledger.rates(ue.id)[0]),),
        )
        for ue in ledger.ues_of(cell_id)
        for index, flow in enumerate(ue.background)
        if ledger.time_s in flow.span
    ]
    for wanted in ledger.reservations_of(cell_id):
        needs += flow_needs(wanted, ledger.rates(wanted.ue_id))
    return needs, allocate(ledger.run.cells[cell_id].carrier.blocks, needs)


def check(network: Simulated) -> None:
    ledger = network._ledger
    for cell in ledger.run.scenario.cells:
        needs, expected = by_the_rule(ledger, cell.id)
        look = ledger.look(cell.id)
        assert look.free_blocks() == expected.free_blocks >= 0, "no block is granted twice"
        for wanted in ledger.reservations_of(cell.id):
            levels = {
                d.component: expected.levels[wanted.session_id, d.component] for d in wanted.demands
            }
            assert ledger.levels(wanted.session_id) == levels
        held: dict[str, int] = {}
        for need in needs:
            held[need.session_id] = held.get(need.session_id, 0) + need.held(
                expected.levels[need.key]
            )
        own = {name: sum(by.values()) for name, by in look.held_by.items() if name is not None}
        assert own == {n: b for n, b in held.items() if not n.startswith("background/")}
        here = {ue.id for ue in ledger.ues_of(cell.id) if ledger.run.is_attached(ue)}
        assert look.attached == here
        assert look.rates == {ue.id: ledger.rates(ue.id) for ue in ledger.ues_of(cell.id)}


@given(SIZES, st.lists(acts, max_size=25))
def test_whatever_happens_everybody_holds_what_the_rule_gives(cells: int, story: list[Act]) -> None:
    network = Simulated(document(cells))
    for act in story:
        act(network)
        network.stage.move(network.now_s)
        check(network)


@given(SIZES, st.lists(acts, max_size=25))
def test_what_is_told_adds_up_to_what_is_held(cells: int, story: list[Act]) -> None:
    network = Simulated(document(cells))
    known: dict[str, Holdings] = {}
    for act in story:
        known |= act(network) or {}
        changes = network.tick(network.now_s)
        times = [step.time_s for step in changes.steps]
        assert times == sorted(times)
        for step in changes.steps:
            known |= {one.session_id: levels for one, levels in step.moved}
        known = {name: told for name, told in known.items() if network.levels(name) is not None}
        assert {name: network.levels(name) for name in known} == known


@given(st.lists(acts, max_size=15))
def test_what_changes_alone_is_worked_out_as_what_changes_together(story: list[Act]) -> None:
    told = []
    for few in (0, UES):
        network = Simulated(document(CELLS))
        with patch.object(cells_of_the_network, "_FEW", few):
            for act in story:
                act(network)
        told.append((network.ues(network.now_s), network.tick(network.now_s).levels))
    assert told[0] == told[1]


@given(st.lists(acts, max_size=15))
def test_everything_that_is_released_is_available_again(story: list[Act]) -> None:
    network = Simulated(document(CELLS))
    for act in story:
        act(network)
    for number in range(6):
        network.release(f"s{number}", network.now_s)
    empty = Simulated(document(CELLS))
    empty.resume(network.saved())
    assert network.cells(network.now_s) == empty.cells(empty.now_s)
    assert network.ues(network.now_s) == empty.ues(empty.now_s)
